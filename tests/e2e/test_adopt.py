"""CachedImages without their set (rule 58): orphaned by kubectl, restored from a backup in any order, with the real
garbage collector. No image is there twice, and nothing is lost."""
import json
import time

import objects
from objects import condition, owner, ready
from wait import until

FAST = {"minDelayBetweenPulls": "0s", "maxPullsPerNode": 10, "failureBackoff": {"initial": "1s", "max": "2s"}}
NAME = "family"


def references(t):
    return [f"{t.cluster.registry}/test/myapp:v1", f"{t.cluster.registry}/test/myapp:v2"]


def children(t):
    return [i for i in t.api.list("cachedimage") if (i["metadata"].get("labels") or {}).get(
        "drop.corewire.io/imageset") == NAME]


def whole(t):
    """Exactly one child an image, all of them of the set that is there."""
    made = t.api.get("cachedimageset", NAME)
    found = children(t)
    assert made is not None and len(found) == 2, (made is not None, len(found))
    assert len({i["spec"]["tag"] for i in found}) == 2, [objects.brief(i) for i in found]
    assert all(owner(i) == made["metadata"]["uid"] for i in found), "not of the set"
    return found


def begin(t):
    t.collector_follows()
    t.policy("fast", **FAST)
    t.api.create("cachedimageset", objects.image_set(NAME, references(t), policyRef="fast"))
    return t.eventually("the set has its children", 30, lambda: whole(t))


def backup(obj, owners):
    """As a backup tool keeps it: without what the server makes; owners as told."""
    meta = {k: obj["metadata"][k] for k in ("name", "labels") if k in obj["metadata"]}
    if owners is not None:
        meta["ownerReferences"] = owners
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": meta, "spec": obj["spec"]}


def remove_all(t):
    """What has another owner, too, outlives the set: the collector only takes our reference away."""
    t.kubectl("delete", "cachedimageset", NAME, "--ignore-not-found")
    t.kubectl("delete", "cachedimages", "-l", f"drop.corewire.io/imageset={NAME}")
    until(60, lambda: not children(t))


def test_orphaned(t):
    """Rule 58: kubectl delete --cascade=orphan, then the set again: the children that are there become its own."""
    t.running()
    before = {i["metadata"]["uid"] for i in begin(t) or []}
    for name in [i["metadata"]["name"] for i in children(t)]:
        t.image_is(name, ready, "is Ready", 60)
    t.kubectl("delete", "cachedimageset", NAME, "--cascade=orphan")
    until(30, lambda: t.api.get("cachedimageset", NAME) is None)
    t.check(len(children(t)) == 2 and not any(owner(i) for i in children(t)), "the children are orphans")
    began = time.time()
    t.api.create("cachedimageset", objects.image_set(NAME, references(t), policyRef="fast"))
    found = t.eventually("the orphans are adopted", 30, lambda: whole(t)) or []
    t.equal({i["metadata"]["uid"] for i in found}, before, "they are the same objects, none was made")
    t.image_is(found[0]["metadata"]["name"] if found else "none", ready, "stays Ready")
    patches = t.audit.since(began, process="reconciler", verb="patch", resource="cachedimages", sub="")
    t.equal(len(patches), 2, "one patch an adoption, and none beside")
    remove_all(t)


def test_restored(t):
    """Rule 58: a restore without, with and with foreign ownerReferences, children first and sets first."""
    t.running()
    begin(t)
    kept = children(t)
    made = t.api.get("cachedimageset", NAME)
    uid = made["metadata"]["uid"]
    stale = [{"apiVersion": objects.GROUP, "kind": "CachedImageSet", "name": NAME, "uid": uid, "controller": True}]
    foreign = [{"apiVersion": "v1", "kind": "Namespace", "name": "default",
                "uid": t.api.get("namespace", "default")["metadata"]["uid"]}]
    for what, owners in (("without owners", None), ("with the former owner", stale), ("with another owner", foreign)):
        for first in ("children", "set"):
            remove_all(t)
            parts = {"children": [backup(i, owners) for i in kept], "set": [backup(made, None)]}
            for part in (first, "set" if first == "children" else "children"):
                for obj in parts[part]:
                    kind = "cachedimageset" if obj["kind"] == "CachedImageSet" else "cachedimage"
                    try:
                        t.api.create(kind, obj)
                    except AssertionError as error:  # a restore skips what is there already
                        if getattr(error, "code", 0) != 409:
                            raise
            t.eventually(f"{what}, {first} first: each image once, of the set", 90, lambda: whole(t))
    found = whole(t)
    t.check(all(any(o["kind"] == "Namespace" for o in i["metadata"]["ownerReferences"]) or first == "set"
                for i in found), "another owner that is no controller stays",
            [i["metadata"]["ownerReferences"] for i in found])
    remove_all(t)


def test_ambiguous(t):
    """Rule 58: a copy of what the set has, and what it does not want, are named in a condition and left alone."""
    t.running()
    found = begin(t) or []
    label = found[0]["metadata"]["labels"]
    for name, reference in (("copy", references(t)[0]), ("unwanted", f"{t.cluster.registry}/test/app:v3")):
        obj = objects.image(name, reference, policyRef="fast")
        obj["metadata"]["labels"] = label
        t.api.create("cachedimage", obj)
    def told():
        c = condition(t.api.get("cachedimageset", NAME), "Children")
        assert c["status"] == "False" and c["reason"] == "Ambiguous" and "(copy, unwanted)" in c["message"], c
        return c
    t.eventually("both are named in condition Children", 30, told)
    t.check(not owner(t.get("copy")) and not owner(t.get("unwanted")), "and are left alone")
    t.api.delete("cachedimage", "copy")
    t.api.delete("cachedimage", "unwanted")
    t.eventually("the condition goes with them", 30, lambda: condition(
        t.api.get("cachedimageset", NAME), "Children")["status"] == "")
    t.diag(json.dumps(objects.status(t.api.get("cachedimageset", NAME)).get("conditions")))
    remove_all(t)
