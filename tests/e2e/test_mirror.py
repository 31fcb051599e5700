"""Rule 37 with a node whose mirror is behind: the registry that the operator asks has moved the tag, what the node pulls from
serves the old image for a while. The node must not be pulled again and again for that, and must have the new image in the end."""
import json
import os
import shutil
import time

from objects import ready, status
from registry import Registry
from tap import NotApplicable
from test_checks import CHECKED, checked_after, pulled, registry_of
from test_presence import REPORT, listed

FAST = {"minDelayBetweenPulls": "0s", "maxConcurrentNodes": 9}
EVERY_S, TO_LIST_S = 20, 50  # the second is longer than a kubelet takes to list a new image (REPORT)
REPO, NAME = "mirrored", "mirror.test"
V2 = ("docker", "registry", "v2")


class Mirror(Registry):
    """What nodes pull NAME from. Its tags of REPO are those of the cluster's registry when it began, or caught up; the
    blobs are the registry's own."""

    def __init__(self, t):
        super().__init__(t, name=NAME)
        self.root = os.path.join(t.folder("mirror"), *V2)
        self.source = os.path.join(super().images(), *V2)

    def images(self):
        return self.root.removesuffix(os.path.join("", *V2))

    def __enter__(self):
        os.makedirs(self.root)
        os.symlink(os.path.join(self.source, "blobs"), os.path.join(self.root, "blobs"))
        self.catch_up()
        return super().__enter__()

    def catch_up(self):
        """Blobs and manifests first, then where the tag points to: at no moment it points to what is not there."""
        have, tags = (os.path.join(root, "repositories", REPO) for root in (self.root, self.source))
        shutil.copytree(tags, have, dirs_exist_ok=True, ignore=shutil.ignore_patterns("current"))
        for folder, _, files in os.walk(tags):
            if os.path.basename(folder) == "current" and files:
                to = os.path.join(have, os.path.relpath(folder, tags))
                os.makedirs(to, exist_ok=True)
                shutil.copy(os.path.join(folder, "link"), os.path.join(to, "next"))
                os.replace(os.path.join(to, "next"), os.path.join(to, "link"))


def behind(t, new):
    """The tag has moved to `new`, the mirror has not."""
    began = time.time()
    t.policy("mirror", repullInterval=f"{EVERY_S}s", **FAST)
    t.image_is("image", lambda o: registry_of(o).get("digest") == new, "the registry tells another digest", CHECKED)
    t.eventually("the node is pulled, and then again as without checks", 6 * CHECKED,
                 lambda: len(t.audit.creates(began)) >= 3, every=1)
    at = [request.at for request, _ in t.audit.creates(began)]
    gaps = [later - earlier for earlier, later in zip(at, at[1:], strict=False)]
    # A pull that ended within a second counts from that second's beginning.
    t.check(min(gaps) >= EVERY_S - 1, "one pull for the move, the others when repulls are due", gaps)
    obj = t.get("image")
    t.check(ready(obj), "the image is Ready all the time", status(obj))


def test_behind(t):
    """One pull in vain, then rule 15, until the mirror has it: then right, and no pod any more."""
    if not t.cluster.env["CTR"]:
        raise NotApplicable("the test configures the mirror in containerd")
    repo = f"{REPO}/image"
    old = t.cluster.push(f"{repo}:1", 300)[f"{repo}:1"]
    with Mirror(t) as mirror:
        t.supervisor(words=["--registries", f"{NAME}=http://{t.cluster.registry}"]).wait_up()
        t.policy("mirror", **FAST)
        t.image("image", f"{NAME}/{repo}:1", policyRef="mirror")
        obj = t.image_is("image", ready, "is pulled from the mirror", 60)
        t.equal(status(obj).get("resolvedDigest"), old, "what both have")
        t.eventually("the kubelet lists it", REPORT, lambda: f"{NAME}/{repo}:1" in listed(t), 1)
        new = t.cluster.push(f"{repo}:1", 400)[f"{repo}:1"]
        behind(t, new)
        t.equal(status(t.get("image")).get("resolvedDigest"), old, "the node still gets the old one")
        mirror.catch_up()
        t.image_is("image", lambda o: status(o).get("resolvedDigest") == new, "gets the new one from the mirror", CHECKED)
        right = time.time()
        t.policy("mirror", repullInterval=f"{TO_LIST_S}s", **FAST)
        obj = checked_after(t, "image", t.get("image"), "is looked for again")
        t.equal(registry_of(obj).get("digest"), new, "with the digest of the registry")
        t.equal(pulled(t, right), [], "and no pod any more")
        events = json.loads(t.kubectl("get", "events", "-o", "json"))["items"]
        t.equal([e["involvedObject"]["name"] for e in events if e["reason"] == "TagMoved" and e.get("count", 1) == 1],
                ["image"], "the move was told once")
        t.stop_tree()
