"""Whatever our programs have asked of the API server in this run is a case of tests/contract, so that
drop-sim is held to the real answer. Runs last (plan.WHOLE): its subject is the audit logs of all the others, on all
clusters of the run.
"""
from audit import deprecated
from release import USER
from test_contract import play
from upstream import NAME as UPSTREAM

# Who is refused what in tests that are about just that (test_deploy.switch, test_events).
REFUSED = {(USER + UPSTREAM, "events"), (USER + UPSTREAM, "pullpolicies"), ("plain", "events")}


def test_shapes(t):
    play(t, "shapes.py", *(word for log in t.audit_logs for word in ("--audit", log)))


def test_forbidden(t):
    """In the whole suite no request of ours was forbidden, but where a test took the rights away."""
    def known(r, trace):
        return (r.user, r.resource) in REFUSED or any(
            r.user == user and since <= r.at <= until for user, since, until in trace.lawless)
    asked = t.requests()
    refused = [(r.user, r.verb, r.resource, r.uri) for r, trace in asked
               if r.decision == "forbid" and not known(r, trace)]
    t.check(asked and not refused, f"none of {len(asked)} requests was forbidden", refused[:5])


def test_deprecated(t):
    """No request of the whole suite was to an API that is deprecated or removed."""
    marked = [one for log in t.audit_logs for one in deprecated(log)]
    t.check(t.audit_logs and not marked, "none was to a deprecated API", marked[:5])
