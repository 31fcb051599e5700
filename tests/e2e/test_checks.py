"""Rule 37 on the real kubelet and a real registry: a repull that changes nothing makes no pod; a tag that was pushed
again is pulled once."""
import time

from objects import ready, status

# Longer than a kubelet takes until its Node lists a new image (10 s).
EVERY = {"minDelayBetweenPulls": "0s", "repullInterval": "20s", "maxConcurrentNodes": 9}


def registry_of(obj):
    return status(obj).get("registry") or {}


def checked_after(t, name, before, what):
    """Until the registry was asked after what `before` says; the object."""
    return t.image_is(name, lambda o: registry_of(o).get("checkedAt", "") > registry_of(before).get("checkedAt", ""),
                      what, 60)


def pulled(t, since):
    """Images of the pull pods that were created."""
    return sorted(one[0].body["spec"]["containers"][0]["image"] for one in t.audit.creates(since))


def test_unchanged(t):
    """Rule 37: while nothing changes at the registry there is no pod; a moved tag is pulled once, by the image whose
    tag it is; after a restart in between nothing is pulled twice."""
    words = ["--registries", f"docker.io=http://{t.cluster.registry}"]
    t.supervisor(words=words).wait_up()
    began = time.time()
    t.cluster.push("checks/moves:1", 300, "checks/stays:1", 200)
    t.policy("checks", **EVERY)
    for name in ("moves", "stays"):
        t.image(name, f"docker.io/checks/{name}:1", policyRef="checks")
    t.all_ready(["moves", "stays"], 60)
    first = [f"docker.io/checks/{name}:1" for name in ("moves", "stays")]
    for name in ("moves", "stays"):
        obj = checked_after(t, name, {}, "is looked for at the registry")
        t.equal(registry_of(obj).get("digest"), t.cluster.digest(f"checks/{name}", "1"), f"{name}: the registry's digest")
    t.equal(pulled(t, began), first, "and nothing was pulled again")

    digest = t.cluster.push("checks/moves:1", 400)["checks/moves:1"]
    t.image_is("moves", lambda o: status(o).get("resolvedDigest") == digest, "the tag that was pushed again is pulled", 60)
    obj = t.image_is("moves", lambda o: registry_of(o).get("settledAt") == registry_of(o).get("checkedAt"),
                     "and settled", 60)
    t.check(ready(obj), "and Ready all the time", status(obj))
    t.equal(registry_of(obj).get("digest"), digest, "with the new digest of the registry")
    t.equal(pulled(t, began), sorted([*first, first[0]]), "by one pod; the other image has none")
    before = {name: t.get(name) for name in ("moves", "stays")}
    t.stop_tree()

    t.supervisor(words=words).wait_up()
    for name, obj in before.items():
        checked_after(t, name, obj, "is looked for again after a restart")
    t.equal(pulled(t, began), sorted([*first, first[0]]), "after a restart, none more")
