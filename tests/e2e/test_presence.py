"""What the real kubelet says of its images (behaviour 17, 18): what is there is not pulled, and
what is lost is noticed and pulled again."""
import json
import os
import subprocess
import time

from objects import FAST, ready, status
from pretend import TARGET, PretendNode, pulled
from tap import NotApplicable
from wait import until

REPORT = 90   # a kubelet looks at its images every 30 s, and writes within 10 s of a change
PROOF = 65    # a heartbeat proves nothing of a pull that ended less than 60 s before it


def ctr(t, *words):
    if not t.cluster.env["CTR"]:
        raise NotApplicable("images are removed and loaded with containerd's client")
    path = os.path.join(t.cluster.dir, "nodes", t.cluster.node, "ctr")
    return subprocess.run([path, *words], check=True, capture_output=True, text=True,
                          timeout=60).stdout


def names_by_digest(t):
    """{digest: [names]} of containerd's images."""
    found = {}
    for line in ctr(t, "images", "ls").splitlines()[1:]:
        name, _, digest = line.split()[:3]
        found.setdefault(digest, []).append(name)
    return found


def remove(t, wanted):
    """Removes the images of which wanted(names) is true, under all their names."""
    for names in names_by_digest(t).values():
        if wanted(names):
            ctr(t, "images", "rm", "--sync", *names)


def listed(t):
    """All names that the node reports."""
    node = t.api.get("node", t.cluster.node)
    return [n for image in node["status"].get("images", []) for n in image["names"]]


def only_ours(t):
    """Many tags of one content hide each other (five names an image): then nothing is proven."""
    remove(t, lambda names: not any("pause" in n or "presence/" in n for n in names))


def prepare(t, *images):
    t.running()
    t.policy("fast", **FAST)
    return t.cluster.push(*[word for image in images for word in image])


def test_there(t):
    """Rule 17: an IfNotPresent image, and a digest, that the node has cost no pod; 17a: but one each where the kubelet wants to know
    whose it is, and no registry that the operator can ask tells that all may have it."""
    pushed = prepare(t, ("presence/there:1", 2000), ("presence/pinned:1", 1500))
    digest = pushed["presence/there:1"]
    reference = f"{t.cluster.registry}/presence/there"
    pinned = f"{t.cluster.registry}/presence/pinned@{pushed['presence/pinned:1']}"
    t.image("pinned", pinned, policyRef="fast")
    obj = t.image_is("pinned", ready, "becomes Ready")
    t.equal(status(obj).get("resolvedDigest"), pushed["presence/pinned:1"], "it is what was pinned")
    t.image("puts-it-there", f"{reference}:1", policyRef="fast")
    t.image_is("puts-it-there", ready, "becomes Ready")
    t.eventually("the kubelet reports both", REPORT, lambda: {f"{reference}:1", pinned} <= set(listed(t)), 1)
    t.wait_no_pods()
    began = time.time()
    t.image("if-not-present", f"{reference}:1", policyRef="fast", imagePullPolicy="IfNotPresent")
    t.image("by-digest", f"{reference}@{digest}", policyRef="fast")
    t.image("pinned-too", pinned, policyRef="fast")
    t.image("always", f"{reference}:1", policyRef="fast")
    names = ("if-not-present", "by-digest", "pinned-too", "always")
    for name in names:
        t.image_is(name, ready, "becomes Ready")
    t.equal(status(t.get("by-digest")).get("resolvedDigest"), digest, "a digest resolves to itself")
    asked = names if t.cluster.asks_credentials else ("always",)
    uids = {t.get(name)["metadata"]["uid"]: name for name in names}
    t.equal(sorted(uids.get(pull.uid) for _, pull in t.audit.creates(began)), sorted(asked), "only what may have moved was pulled")


def test_lost(t):
    """18: an image that was removed by hand is noticed, told, and pulled again."""
    prepare(t, ("presence/lost:1", 3000), ("presence/stays:1", 1000))
    reference = f"{t.cluster.registry}/presence/lost:1"
    t.image("lost", reference, policyRef="fast")
    t.image("stays", f"{t.cluster.registry}/presence/stays:1", policyRef="fast")
    t.image_is("lost", ready, "becomes Ready")
    pulled = time.time()
    t.image_is("stays", ready, "becomes Ready")
    only_ours(t)
    t.eventually("the kubelet reports it", REPORT, lambda: reference in listed(t), 1)
    time.sleep(max(0, pulled + PROOF - time.time()))
    t.wait_no_pods()
    removed = time.time()
    remove(t, lambda names: reference in names)
    until(REPORT, lambda: reference not in listed(t), 1)

    def again():
        creates = t.audit.creates(removed)
        return len(creates) == 1 and creates[0][1].attempt
    attempt = t.eventually("it is pulled again, once", 30, again, 0.5)
    t.check(attempt and attempt.startswith("r"), "as another attempt than the first", attempt)
    t.image_is("lost", ready, "is Ready again")
    t.check(reference in sum(names_by_digest(t).values(), []), "the node has it again")
    told = until(30, lambda: [e for e in json.loads(t.kubectl("get", "events", "-o", "json"))["items"]
                              if e["involvedObject"]["name"] == "lost" and e["reason"] == "Evicted"])
    t.equal(len(told), 1, "one event Evicted")
    lost_again(t, reference)


def lost_again(t, reference):
    """9: the second time within the hour it is said, and the pull waits for the back-off."""
    only_ours(t)
    pulled = time.time()
    t.eventually("the kubelet reports it again", REPORT, lambda: reference in listed(t), 1)
    time.sleep(max(0, pulled + PROOF - time.time()))
    t.wait_no_pods()
    remove(t, lambda names: reference in names)
    t.image_is("lost", lambda o: [(f["reason"], f["attempts"]) for f in status(o).get("failedNodes") or []] ==
               [("Evicting", 2)], "is said to be lost for the second time", REPORT + PROOF)
    t.image_is("lost", ready, "is Ready again after a back-off")
    t.check(status(t.get("lost"))["failedNodes"][0]["reason"] == "Evicting", "and the losses stay visible")


def pulled_as_id(pod):
    """What a runtime says that tells no digest in imageID."""
    said = pulled(pod)
    said["containerStatuses"][0]["imageID"] = f"sha256:{'1' * 64}"
    return said


def test_digest_of_node(t):
    """19: where the pods tell no digest it is read from a node that lists the tag, once for the image."""
    t.running()
    t.policy("fast", **{**FAST, "maxConcurrentNodes": 9})
    began, digest = time.time(), f"sha256:{'2' * 64}"
    images = [{"names": [f"registry.test/e2e/id@{digest}", "registry.test/e2e/id:1"], "sizeBytes": 1000}]
    with PretendNode(t.api, "pretend-1", pulled_as_id), PretendNode(t.api, "pretend-2", pulled_as_id):
        t.image("by-id", "registry.test/e2e/id:1", policyRef="fast", **TARGET)
        obj = t.image_is("by-id", lambda o: ready(o, 2), "becomes Ready on two nodes")
        t.equal(status(obj).get("resolvedDigest"), None, "no digest that nobody told")
        for name in ("pretend-1", "pretend-2"):
            t.api.patch("node", name, {"status": {"images": images}}, "status")
        t.image_is("by-id", lambda o: status(o).get("resolvedDigest") == digest, "has the node's digest")
    reads = t.audit.since(began, verb="get", resource="nodes", process="reconciler", code=200)
    t.equal(len(reads), 1, "by one request")
