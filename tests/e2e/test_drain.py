"""`kubectl drain`, the real one, while a pull runs: it evicts the pull pod as any other that has a
controller, without --force, and the pull is made on the other node, and here again once it may be."""
from objects import ready, status
from pretend import TARGET, PretendNode, pulled, waiting

POLICY = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "failureBackoff": {"initial": "1s", "max": "2s"}}
STUCK = waiting("ContainerCreating", "")


def test_while_a_pull_runs(t):
    """Rule 5."""
    with PretendNode(t.api, "drained", STUCK) as node, PretendNode(t.api, "other") as other:
        other.set_ready(False)  # the first pull goes to the node that will be drained
        t.running()
        t.policy("one", **POLICY)
        t.image("drain", "pretend.local/drain:1", policyRef="one", **TARGET)
        pods = t.eventually("a pull is under way", 30, lambda: [
            p for p in t.api.list("pod") if p["spec"]["nodeName"] == "drained" and p.get("status", {}).get("startTime")])
        refs = pods[0]["metadata"].get("ownerReferences") or []
        t.equal([(r["kind"], r["name"], r.get("controller"), r.get("blockOwnerDeletion")) for r in refs],
                [("CachedImage", "drain", True, None)], "its controller is the CachedImage: we run outside of the cluster")
        other.set_ready(True)
        said = t.kubectl("drain", "drained", "--timeout=55s")
        t.check(f"pod/{pods[0]['metadata']['name']} evicted" in said, "kubectl drain evicts it", said)
        t.image_is("drain", lambda o: status(o).get("cachedNodes") == ["other"], "is pulled on the other node", 60)
        t.check(not [p for p in t.api.list("pod") if p["spec"]["nodeName"] == "drained"], "none on the drained node")
        node.behave = pulled
        t.kubectl("uncordon", "drained")
        t.image_is("drain", lambda o: ready(o) and status(o)["ready"] == "2/2", "is pulled there too", 60)


def test_owner_deleted(t):
    """Its owner never blocks, and never outlives, anything: the image is deleted in the foreground."""
    t.collector_follows()
    with PretendNode(t.api, "drained", STUCK):
        t.running()
        t.image("owner", "pretend.local/owner:1", **TARGET)
        t.eventually("a pull is under way", 30, lambda: t.api.list("pod"))
        t.kubectl("delete", "cachedimage", "owner", "--cascade=foreground", "--timeout=55s")
        t.eventually("the pod went with it", 30, lambda: not t.api.list("pod"))
