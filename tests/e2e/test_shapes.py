"""Whatever our programs have asked of the API server in this run is a case of tests/contract, so that
drop-sim is held to the real answer. Runs last: its subject is the audit log of all the others.
"""
from test_contract import play


def test_shapes(t):
    play(t, "shapes.py", "--audit", t.cluster.env["AUDIT_LOG"])
