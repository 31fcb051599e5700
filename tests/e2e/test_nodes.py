"""A real node that goes and comes back: what is known of it lives as long as its uid."""
import time

from objects import ready, status

FAST = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 10,
        "failureBackoff": {"initial": "1s", "max": "2s"}}


def test_recreated(t):
    """Rules 3, 16: a node that was deleted leaves the counts; the one that registers under its name is
    another node, and is pulled to once more."""
    t.running()
    t.policy("fast", **FAST)
    began = time.time()
    obj = t.image("recreated", "docker.io/library/alpine:3.19", policyRef="fast")
    t.image_is("recreated", ready, "becomes Ready")
    first = t.api.get("node", t.cluster.node)["metadata"]["uid"]
    t.cluster.ctl("stop-kubelet")
    try:
        t.api.delete("node", t.cluster.node)
        t.image_is("recreated", lambda o: status(o).get("ready") == "0/0", "loses the node")
    finally:
        t.cluster.ctl("start-kubelet")
    second = t.api.get("node", t.cluster.node)["metadata"]["uid"]
    t.image_is("recreated", lambda o: ready(o, 1), "is Ready on the new node", 60)
    pulls = [pull.node_uid for _, pull in t.audit.creates(began, obj["metadata"]["uid"])]
    t.equal(pulls, [first, second], "one pull for each of the two")
