"""Rule 41 on the real registry and kubelet: what does not fit onto the node's share for images waits, and is pulled as soon as
there is room. The kubelets of the test cluster tell no ephemeral storage, and leave alone what somebody else writes there."""
import json
import os
import subprocess
import time

from objects import ready, status
from test_presence import REPORT, listed, only_ours, remove

MB = 1000 * 1000
CAPACITY, PERCENT = 1000 * MB, 20
# Unpacked, 4 times as much: they fit alone, and not together.
FIRST_KB, SECOND_KB = 25000, 32000


def tell_capacity(t, text):
    patch = {"status": {"capacity": {"ephemeral-storage": text}}}
    t.kubectl("patch", "node", t.cluster.node, "--subresource=status", "--type=merge", "-p", json.dumps(patch))


def why(t, tree, image):
    done = subprocess.run([os.path.join(t.bin, "dropctl"), "why", image, "-o", "json", "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=20, check=True)
    return [one["reason"] for one in json.loads(done.stdout)["nodes"]]


def share(t, tree):
    t.cluster.push("disk/first:1", FIRST_KB, "disk/second:1", SECOND_KB)
    t.policy("disk", maxConcurrentNodes=9, maxPullsPerNode=9, minDelayBetweenPulls="0s",
             maxNodeImageDiskPercent=PERCENT)
    t.image("first", "docker.io/disk/first:1", policyRef="disk")
    t.image_is("first", ready, "fits and becomes Ready", 120)
    t.eventually("the kubelet lists it", REPORT, lambda: any("disk/first" in name for name in listed(t)), 1)
    began = time.time()
    t.image("second", "docker.io/disk/second:1", policyRef="disk")
    t.eventually("the other waits for room", 30, lambda: why(t, tree, "second") == ["DiskBudget"])
    t.equal(list(t.audit.creates(began)), [], "and has no pod")
    t.api.delete("cachedimage", "first")
    remove(t, lambda names: any("disk/first" in name for name in names))
    t.image_is("second", ready, "has room when the first is gone, and becomes Ready", REPORT + 120)
    pulls = [pull.reference for _, pull in t.audit.creates(began)]
    t.equal(pulls, ["docker.io/disk/second:1"], "by one pull")
    t.equal(status(t.get("second")).get("nodesSkipped", 0), 0, "and no node is left out")
    remove(t, lambda names: any("disk/second" in name for name in names))


def test_share(t):
    """Rule 41: two images that fit alone, and not together."""
    tree = t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"]).wait_up()
    only_ours(t)
    tell_capacity(t, str(CAPACITY))
    try:
        share(t, tree)
    finally:
        tell_capacity(t, None)
