"""CachedImageSets on the real cluster (behaviour 23, 24, 25): children that pull on the real kubelet,
the real garbage collector, edits by hand, a DiscoveryPolicy whose status the test plays."""
import signal
import time

import objects
import processes
from objects import FAST, condition, ready, status
from wait import never, until

LABEL = "drop.corewire.io/imageset"


def fast(t):
    t.running()
    t.policy("fast", **FAST)
    return "fast"


def make(t, name, references, **spec):
    return t.api.create("cachedimageset", objects.image_set(name, references, **spec))


def children(t, of):
    """{name: object} of a set's children; of: the set."""
    return {i["metadata"]["name"]: i for i in t.api.list("cachedimage")
            if objects.owner(i) == of["metadata"]["uid"]}


def set_is(t, name, phase, what, seconds=30, reason=None, message=None):
    """A check that the set comes to the phase; returns it, or None."""
    def probe():
        obj = t.api.get("cachedimageset", name)
        c = condition(obj)
        assert (status(obj).get("phase") == phase and c["reason"] == (reason or c["reason"])
                and c["message"] == (message or c["message"])
                and status(obj)["observedGeneration"] == obj["metadata"]["generation"]), status(obj)
        return obj
    return t.eventually(f"{name} {what}", seconds, probe)


def becomes(t, what, of, names, seconds=20):
    """A check that the set comes to have exactly these children."""
    def probe():
        got = sorted(children(t, of))
        assert got == sorted(names), got
        return True
    return t.eventually(what, seconds, probe)


def test_sample(t):
    """The set of the samples: dev-set, paced by its policy."""
    began = time.time()
    t.running()
    t.policy("dev-conservative", maxConcurrentNodes=1, minDelayBetweenPulls="5s", repullInterval="1h",
             failureBackoff={"initial": "30s", "max": "5m"})
    made = make(t, "dev-set", ["docker.io/library/alpine:3.19", "docker.io/library/busybox:1.36"],
                policyRef="dev-conservative")
    becomes(t, "rule 23: a child an image", made, ["dev-set-alpine-3.19", "dev-set-busybox-1.36"])
    obj = set_is(t, "dev-set", "Ready", "becomes Ready", 60, "Ready", "All 2 images are cached")
    s = status(obj)
    t.equal((s["imagesManaged"], s["imagesReady"], condition(obj)["status"]), (2, 2, "True"),
            "rule 24: counts 2 and 2")
    child = children(t, made)["dev-set-alpine-3.19"]
    meta = child["metadata"]
    t.equal(meta["ownerReferences"], [{
        "apiVersion": objects.GROUP, "kind": "CachedImageSet", "name": "dev-set",
        "uid": made["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}],
        "rule 23: controller ownerReference")
    t.equal(meta["labels"], {LABEL: "dev-set"}, "rule 23: label")
    t.equal(child["spec"], {"image": "docker.io/library/alpine", "tag": "3.19",
                            "imagePullPolicy": "Always", "policyRef": {"name": "dev-conservative"}},
            "rule 23: the spec is propagated")
    t.check(ready(child, 1), "its child is Ready on the node", objects.brief(child))
    t.once_each(began, 2, "each image was pulled once")
    table = t.kubectl("get", "cachedimagesets")
    t.diag(table if isinstance(table, str) else str(table))


def test_thirty_to_ten(t):
    """A set of 30 images edited to 10 others."""
    tags = [f"e2e/set:{i}" for i in range(40)]
    t.cluster.push(*tags)
    refs = [f"{t.cluster.registry}/{tag}" for tag in tags]
    began = time.time()
    made = make(t, "many", refs[:30], policyRef=fast(t))
    set_is(t, "many", "Ready", "of 30 becomes Ready", 120, "Ready", "All 30 images are cached")
    t.equal(len(children(t, made)), 30, "30 children")
    edited = time.time()
    spec = objects.image_set("many", refs[30:])["spec"]
    t.api.patch("cachedimageset", "many", {"spec": spec})
    becomes(t, "the 30 are gone, 10 others there", made, [f"many-set-{i}" for i in range(30, 40)], 60)
    set_is(t, "many", "Ready", "of 10 becomes Ready", 90, "Ready", "All 10 images are cached")
    t.wait_no_pods()
    asked = t.audit.since(edited, process="reconciler", resource="cachedimages", sub="")
    verbs = [(r.verb, r.code) for r in asked]
    t.equal((verbs.count(("create", 201)), verbs.count(("delete", 200))), (10, 30),
            "10 creates, 30 deletes")
    t.once_each(began, 40, "each of the 40 images was pulled once")
    writes = t.audit.since(began, process="reconciler", resource="cachedimagesets", sub="status")
    minutes = (time.time() - began) / 60
    t.diag(f"status writes of the set: {len(writes)} in {minutes:.1f} minutes")
    t.check(len(writes) <= 30 * minutes + 10, "rule 21: at most one status write in 2 s",
            len(writes))


def test_drift(t):
    """Rule 23: what the set owns is put back, what it does not own is left."""
    made = make(t, "drift", [f"{t.cluster.registry}/test/myapp:v1"], policyRef=fast(t))
    name = "drift-myapp-v1"
    set_is(t, "drift", "Ready", "becomes Ready")
    t.api.patch("cachedimage", name, {
        "metadata": {"labels": {LABEL: None, "mine": "1"}},
        "spec": {"imagePullPolicy": "Never", "nodeSelector": {"no": "where"}, "priority": 7,
                 "policyRef": None, "tolerations": [{"key": "x", "operator": "Exists"}]}})

    def mended():
        obj = t.get(name)
        assert obj["spec"] == {"image": f"{t.cluster.registry}/test/myapp", "tag": "v1",
                               "imagePullPolicy": "Always", "policyRef": {"name": "fast"},
                               "priority": 7}, obj["spec"]
        assert obj["metadata"]["labels"] == {LABEL: "drift", "mine": "1"}, obj["metadata"]["labels"]
        return obj
    t.eventually("the set's fields are put back, priority is left", 10, mended)
    t.api.patch("cachedimageset", "drift", {"spec": {"imagePullPolicy": "IfNotPresent",
                                                     "nodeSelector": {"kubernetes.io/os": "linux"}}})

    def followed():
        spec = t.get(name)["spec"]
        assert spec["imagePullPolicy"] == "IfNotPresent", spec
        assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}, spec
        return spec["priority"] == 7
    t.eventually("a changed set changes its child", 10, followed)
    # Another reference by hand: that child goes, the image gets one again.
    uid = t.get(name)["metadata"]["uid"]
    t.api.patch("cachedimage", name, {"spec": {"tag": "v2"}})
    t.eventually("a child with another reference is replaced", 20, lambda: (
        (o := t.api.get("cachedimage", name)) is not None and o["spec"]["tag"] == "v1"
        and o["metadata"]["uid"] != uid))
    t.api.delete("cachedimage", name)
    becomes(t, "a child deleted by hand comes back", made, [name])
    set_is(t, "drift", "Ready", "is Ready again")


def test_deletion(t):
    """Rule 25, with the real garbage collector: background, foreground, orphan."""
    t.collector_follows()
    refs = [f"{t.cluster.registry}/test/myapp:v{i}" for i in range(1, 4)]
    for policy in ("Background", "Foreground"):
        made = make(t, "dies", refs, policyRef=fast(t))
        becomes(t, f"{policy}: children", made, [f"dies-myapp-v{i}" for i in range(1, 4)])
        began = time.time()
        t.api.must("DELETE", "/apis/drop.corewire.io/v1alpha1/cachedimagesets/dies",
                   {"propagationPolicy": policy})
        becomes(t, f"rule 25: {policy} deletion takes the children", made, [], 40)
        t.eventually(f"{policy}: the set is gone", 20,
                     lambda: t.api.get("cachedimageset", "dies") is None)
        t.equal([r.name for r in t.audit.since(began, process="reconciler", verb="create",
                                               resource="cachedimages")], [],
                f"{policy}: no new child once it is being deleted")
    made = make(t, "dies", refs[:1], policyRef="fast")
    becomes(t, "Orphan: child", made, ["dies-myapp-v1"])
    t.api.must("DELETE", "/apis/drop.corewire.io/v1alpha1/cachedimagesets/dies",
               {"propagationPolicy": "Orphan"})
    t.eventually("Orphan: the set is gone", 20, lambda: t.api.get("cachedimageset", "dies") is None)
    t.check(not never(1, lambda: t.api.get("cachedimage", "dies-myapp-v1") is None),
            "Orphan: the child stays")
    # Somebody's object has the name of the other child; a new set of that name adopts the one and not the other.
    uid = t.get("dies-myapp-v1")["metadata"]["uid"]
    taken = t.image("dies-myapp-v2", refs[2], policyRef="fast")["metadata"]["uid"]
    made = make(t, "dies", refs[:2], policyRef="fast")
    until(10, lambda: len(children(t, made)) == 2)
    names = sorted(children(t, made))
    t.check(names[0] == "dies-myapp-v1" and t.get(names[0])["metadata"]["uid"] == uid,
            "rule 58: the orphan of the former set is adopted", names)
    t.check(names[1].startswith("dies-myapp-v2-") and len(names[1]) == len("dies-myapp-v2-") + 8,
            "rule 23: a taken name gets a hash", names)
    t.equal(t.get("dies-myapp-v2")["metadata"]["uid"], taken, "rule 23: what is not ours is left")


def test_recreated_at_once(t):
    """A set deleted and made again: its children keep their plain names."""
    ref = f"{t.cluster.registry}/test/myapp:v1"
    make(t, "again", [ref], policyRef=fast(t))
    set_is(t, "again", "Ready", "becomes Ready")
    t.api.delete("cachedimageset", "again")
    made = make(t, "again", [ref], policyRef="fast")
    becomes(t, "the child of the new set has the plain name", made, ["again-myapp-v1"], 30)


def test_upstream_child(t):
    """Rule 23: children are known by owner and reference: upstream's are kept, under their names."""
    fast(t)
    t.stop_tree()
    made = make(t, "older", [f"{t.cluster.registry}/test/myapp:v1"], policyRef="fast")
    child = objects.image("older-0-abc", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast",
                          imagePullPolicy="Always")
    child["metadata"] |= {"labels": {LABEL: "older"}, "ownerReferences": [{
        "apiVersion": objects.GROUP, "kind": "CachedImageSet", "name": "older", "controller": True,
        "uid": made["metadata"]["uid"], "blockOwnerDeletion": True}]}
    uid = t.api.create("cachedimage", child)["metadata"]["uid"]
    began = time.time()
    t.running()
    set_is(t, "older", "Ready", "becomes Ready", 40)
    t.equal(list(children(t, made)), ["older-0-abc"], "it is the only child")
    t.equal(t.get("older-0-abc")["metadata"]["uid"], uid, "and still the same")
    t.equal(t.audit.since(began, process="reconciler", verb="create", resource="cachedimages"), [],
            "nothing was created")


def discovery(t, images, ready_status="True", reason="Synced"):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    t.api.patch("discoverypolicy", "found", {"status": {
        "imageCount": len(images), "sourceCount": 1, "lastSyncTime": now,
        "discoveredImages": [{"image": i, "score": n, "source": "registry"}
                             for n, i in enumerate(images)],
        "conditions": [{"type": "Ready", "status": ready_status, "reason": reason, "message": "",
                        "lastTransitionTime": now}]}}, "status")


def test_discovery(t):
    """Rules 23, 24 with a DiscoveryPolicy whose status this test writes: the discoverer is held."""
    policy_ref = fast(t)
    held = t.tree.pids()["discoverer"]
    processes.kill(held, signal.SIGSTOP)
    try:
        follow_a_status(t, policy_ref)
    finally:
        processes.kill(held, signal.SIGCONT)


def follow_a_status(t, policy_ref):
    app = f"{t.cluster.registry}/test/myapp"
    policy = {"apiVersion": objects.GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": "found"},
              "spec": {"sources": [{"type": "registry", "registry": {
                  "url": f"http://{t.cluster.registry}", "repositories": ["test/myapp"]}}]}}
    made = make(t, "disc", [f"{app}:v1"], policyRef=policy_ref,
                discoveryPolicyRef={"name": "found"})
    set_is(t, "disc", "Degraded", "is Degraded without its DiscoveryPolicy",
           reason="DiscoveryPolicyNotFound")
    t.api.create("discoverypolicy", policy)
    set_is(t, "disc", "Pending", "is Pending before the first sync", reason="Progressing")
    digest = t.cluster.digest("test/myapp", "v3")
    discovery(t, [f"{app}:v2", f"{app}:v1", f"{app}:v9@{digest}", "sha256:" + "0" * 64, "NOT/an:image:"])
    becomes(t, "discovered images get children", made,
            ["disc-myapp-v1", "disc-myapp-v2", f"disc-myapp-{digest[7:19]}"])
    set_is(t, "disc", "Ready", "becomes Ready", 40, "Ready",
           "All 3 images are cached; 2 discovered images skipped")
    discovery(t, [], "False", "DNSError")
    set_is(t, "disc", "Ready", "says that discovery fails", 20, "Ready",
           "All 3 images are cached; DiscoveryPolicy found is failing: DNSError")
    t.equal(len(children(t, made)), 3, "children stay while it fails")
    discovery(t, [f"{app}:v2"])
    becomes(t, "what is not found any more goes", made, ["disc-myapp-v1", "disc-myapp-v2"])
    t.api.delete("discoverypolicy", "found")
    set_is(t, "disc", "Degraded", "is Degraded when it is deleted", reason="DiscoveryPolicyNotFound")
    t.equal(len(children(t, made)), 2, "children stay without it")
    t.api.patch("cachedimageset", "disc", {"spec": {"discoveryPolicyRef": None}})
    becomes(t, "and go when the set does without", made, ["disc-myapp-v1"])
    set_is(t, "disc", "Ready", "is Ready again")


def test_degraded(t):
    """Rule 24: a failing child, named; mended, the set is Ready."""
    app = f"{t.cluster.registry}/test/myapp"
    tag = f"nope{int(time.time())}"  # not in the registry, nor on the node of an earlier run
    make(t, "bad", [f"{app}:v1", f"{app}:{tag}"], policyRef=fast(t))
    set_is(t, "bad", "Degraded", "is Degraded", 30, "Degraded",
           f"1/2 images cached, failing: 1 (bad-myapp-{tag})")
    t.cluster.push(f"test/myapp:{tag}")
    set_is(t, "bad", "Ready", "is Ready when it can be pulled", 60)


def test_crashes(t):
    """Killed after each of its first effects: never two children for an image, none missing."""
    app = f"{t.cluster.registry}/test/myapp"
    names = [f"crash-myapp-v{i}" for i in range(1, 6)]
    fast(t)
    for after in range(1, 25) if t.full else (2, 3, 5, 8, 12, 17):
        folder = t.folder("once")
        tree = t.supervisor(name=f"set-crash-{after}", env={
            "DROP_CRASH_PROC": "reconciler", "DROP_CRASH_AFTER": str(after),
            "DROP_CRASH_ONCE": f"{folder}/done"}).wait_up()
        made = make(t, "crash", [f"{app}:v{i}" for i in range(1, 6)], policyRef="fast")
        set_is(t, "crash", "Ready", f"becomes Ready, killed after {after}", 60)
        t.equal(sorted(children(t, made)), names, f"five children, killed after {after}")
        spec = objects.image_set("crash", [f"{app}:v5"])["spec"]
        t.api.patch("cachedimageset", "crash", {"spec": spec})
        becomes(t, f"one child, killed after {after}", made, names[4:], 30)
        t.api.delete("cachedimageset", "crash")
        becomes(t, f"none, killed after {after}", made, [], 40)
        tree.stop()
        t.drop_lease()
