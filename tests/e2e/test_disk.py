"""Rule 41 on the real registry and kubelet: what does not fit onto the node's share for images waits, and is pulled as soon as
there is room."""
import json
import os
import subprocess
import time

from objects import ready, status
from test_presence import REPORT, listed, only_ours, remove

KB = 1000
UNPACKED = 4  # times the compressed bytes, as rule 41 estimates


def share(t):
    """Bytes of one percent of the node's disk."""
    text = t.api.get("node", t.cluster.node)["status"]["capacity"]["ephemeral-storage"]
    return int(text.removesuffix("Ki")) * 1024 // 100 if text.endswith("Ki") else int(text) // 100


def why(t, tree, image):
    done = subprocess.run([os.path.join(t.bin, "dropctl"), "why", image, "-o", "json", "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=20, check=True)
    return [one["reason"] for one in json.loads(done.stdout)["nodes"]]


def test_share(t):
    """Rule 41: two images that fit alone, and not together."""
    tree = t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"]).wait_up()
    only_ours(t)
    first, second = (int(share(t) * part / UNPACKED / KB) for part in (0.5, 0.65))
    t.cluster.push("disk/first:1", first, "disk/second:1", second)
    t.policy("disk", maxConcurrentNodes=9, maxPullsPerNode=9, minDelayBetweenPulls="0s", maxNodeImageDiskPercent=1)
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
