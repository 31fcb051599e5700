"""Rule 42 with an image of 1.5 GB on the real registry and kubelet: small images share a pod, the large one has its own. Which
of the pods is pulled first is the kubelet's decision: by default it pulls one image at a time (serializeImagePulls).

It writes and unpacks 1.5 GB, so it runs when it is named, and in make test-matrix."""
import time

from objects import ready, status
from pretend import LABEL, PretendNode

MB = 1000 * 1000
SMALL, LARGE_MB = 5, 1500
TARGETED = "drop-e2e/large"
TARGET = {"nodeSelector": {TARGETED: "true"},
          "tolerations": [{"key": LABEL, "operator": "Exists", "effect": "NoSchedule"}]}
MINUTES = 10 * 60


def known(t, node, references):
    """Another node has pulled them, and lists their sizes: without that each image goes alone."""
    t.api.patch("node", node, {"metadata": {"labels": {TARGETED: "true"}}})
    for name, (reference, _) in references.items():
        t.image(name, reference, policyRef="large", **TARGET)
    t.all_ready(list(references), 120, "another node has all images")
    t.api.patch("node", node, {"status": {"images": [
        {"names": [reference], "sizeBytes": size} for reference, size in references.values()]}}, "status")


def there(t, name):
    def cached(obj):
        return ready(obj) and t.cluster.node in status(obj)["cachedNodes"]
    t.image_is(name, cached, "is Ready with the real node", MINUTES)


def test_large_alone(t):
    """The real node becomes a target of all six images at once."""
    small = {f"small-{i}": (f"docker.io/large/small{i}:1", MB) for i in range(SMALL)}
    large = {"large": ("docker.io/large/large:1", LARGE_MB * MB)}
    for reference, size in [*small.values(), *large.values()]:
        t.cluster.push(reference.removeprefix("docker.io/"), size // 1000)
    t.running()
    t.policy("large", minDelayBetweenPulls="0s", maxConcurrentNodes=9, maxPullsPerNode=9, maxImagesPerPod=20)
    with PretendNode(t.api, "large-old") as old:
        known(t, old.name, small | large)
        began = time.time()
        t.api.patch("node", t.cluster.node, {"metadata": {"labels": {TARGETED: "true"}}})
        try:
            for name in small:
                there(t, name)
            first = time.time()
            there(t, "large")
        finally:
            t.api.patch("node", t.cluster.node, {"metadata": {"labels": {TARGETED: None}}})
        created = [r.body["spec"]["containers"] for r in t.audit.since(began, verb="create", resource="pods", code=201) if r.body]
        images = sorted(sorted(c["image"] for c in containers) for containers in created)
        t.equal(images, [["docker.io/large/large:1"], sorted(reference for reference, _ in small.values())],
                "the large image has its own pod, the others share one")
        t.diag(f"small images Ready after {first - began:.1f} s, the large one after {time.time() - began:.1f} s")
        for name in small | large:
            t.api.delete("cachedimage", name)
        t.wait_no_pods()
