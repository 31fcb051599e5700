"""Whatever our programs have asked of the API server in this run is a case of tests/contract, so that
drop-sim is held to the real answer. Runs last: its subject is the audit log of all the others.
"""
from release import USER
from test_contract import play
from upstream import NAME as UPSTREAM

# Who is refused what in tests that are about just that (test_deploy.switch, test_events).
REFUSED = {(USER + UPSTREAM, "events"), ("plain", "events")}


def test_shapes(t):
    play(t, "shapes.py", "--audit", t.cluster.env["AUDIT_LOG"])


def test_forbidden(t):
    """Issue 8: in the whole suite no request of ours was forbidden, but where a test took the rights away."""
    def known(r):
        return (r.user, r.resource) in REFUSED or any(
            r.user == user and since <= r.at <= until for user, since, until in t.lawless)
    asked = t.audit.since(0)
    refused = [(r.user, r.verb, r.resource, r.uri) for r in asked if r.decision == "forbid" and not known(r)]
    t.check(asked and not refused, f"none of {len(asked)} requests was forbidden", refused[:5])
