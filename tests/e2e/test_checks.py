"""Rules 37 to 39 on a real registry: on the real kubelet a repull that changes nothing makes no pod, a tag that was pushed
again is pulled once, and what is there already is not pulled; nodes without an image for their platform are left out."""
import hashlib
import http.client
import json
import os
import subprocess
import time

import processes
from objects import ready, status
from pretend import TARGET, PretendNode
from test_presence import REPORT, ctr, listed
from wait import until

# Longer than a kubelet takes until its Node lists a new image (see REPORT): a node that does not list it gets a pod.
EVERY = {"minDelayBetweenPulls": "0s", "repullInterval": "50s", "maxConcurrentNodes": 9}
CHECKED = 110


def registry_of(obj):
    return status(obj).get("registry") or {}


def checked_after(t, name, before, what):
    """Until the registry was asked after what `before` says; the object."""
    return t.image_is(name, lambda o: registry_of(o).get("checkedAt", "") > registry_of(before).get("checkedAt", ""),
                      what, CHECKED)


def pulled(t, since):
    """Images of the pull pods that were created."""
    return sorted(one[0].body["spec"]["containers"][0]["image"] for one in t.audit.creates(since))


def dropctl_status(t, tree):
    """Rows of `dropctl status -o json`."""
    done = subprocess.run([os.path.join(t.bin, "dropctl"), "status", "-o", "json", "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=60, env={processes.MARK: t.scratch}, check=False)
    return json.loads(done.stdout)["images"]


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
    t.image_is("moves", lambda o: status(o).get("resolvedDigest") == digest, "the tag that was pushed again is pulled", CHECKED)
    obj = t.image_is("moves", lambda o: registry_of(o).get("digest") == digest and
                     registry_of(o).get("settledAt") == registry_of(o).get("checkedAt"),
                     "and settled with the new digest of the registry", CHECKED)
    t.check(ready(obj), "and Ready all the time", status(obj))
    t.equal(pulled(t, began), sorted([*first, first[0]]), "by one pod; the other image has none")
    before = {name: t.get(name) for name in ("moves", "stays")}
    t.stop_tree()

    t.supervisor(words=words).wait_up()
    for name, obj in before.items():
        checked_after(t, name, obj, "is looked for again after a restart")
    t.equal(pulled(t, began), sorted([*first, first[0]]), "after a restart, none more")


def preload(t, name, digest):
    """On the node by ctr, as an image of the node's disk would be."""
    source = f"{t.cluster.registry}/checks/{name}:1"
    ctr(t, "images", "pull", "--plain-http", source)
    wanted = [f"docker.io/checks/{name}:1", f"docker.io/checks/{name}@{digest}"]
    for to in wanted:
        ctr(t, "images", "tag", "--force", source, to)
    def shown():
        missing = set(wanted) - set(listed(t))
        assert not missing, missing
        return True
    until(REPORT, shown, every=1)


def test_there_already(t):
    """Rule 38: with policy Always an image that somebody else put onto the node is Ready without a pod while its digest is
    the tag's; once the tag has moved, it is pulled."""
    pushed = t.cluster.push("checks/there:1", 500, "checks/behind:1", 600)
    for name in ("there", "behind"):
        preload(t, name, pushed[f"checks/{name}:1"])
    moved = t.cluster.push("checks/behind:1", 700)["checks/behind:1"]
    began = time.time()
    t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"]).wait_up()
    t.policy("once", minDelayBetweenPulls="0s", maxConcurrentNodes=9)
    for name in ("there", "behind"):
        t.image(name, f"docker.io/checks/{name}:1", policyRef="once")
    t.all_ready(["there", "behind"], 60)
    t.equal(pulled(t, began), ["docker.io/checks/behind:1"], "only what is another one by now is pulled")
    t.equal(status(t.get("there")).get("resolvedDigest"), pushed["checks/there:1"], "the other has the registry's digest")
    t.equal(status(t.get("behind")).get("resolvedDigest"), moved, "and the pulled one its new one")


def push_index(t, repo, of, *platforms):
    """repo:index, an index that offers the manifest `of` on these platforms."""
    index = "application/vnd.oci.image.index.v1+json"
    registry = http.client.HTTPConnection(t.cluster.registry, timeout=10)
    registry.request("GET", f"/v2/{repo}/manifests/{of}", headers={"Accept": MANIFEST_TYPES})
    answer = registry.getresponse()
    kind, manifest = answer.headers["Content-Type"], answer.read()
    entries = [{"mediaType": kind, "digest": "sha256:" + hashlib.sha256(manifest).hexdigest(), "size": len(manifest),
                "platform": dict(zip(("os", "architecture"), one.split("/"), strict=True))} for one in platforms]
    body = json.dumps({"schemaVersion": 2, "mediaType": index, "manifests": entries})
    registry.request("PUT", f"/v2/{repo}/manifests/index", body, {"Content-Type": index})
    answer = registry.getresponse()
    assert answer.status == 201, (answer.status, answer.read())
    registry.close()


MANIFEST_TYPES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def condition(obj, kind):
    return next((one for one in status(obj).get("conditions", []) if one["type"] == kind), {})


def test_platforms(t):
    """Rule 39: nodes for whose platform the index has nothing are left out, and get no pod; without any of ours it is
    NoPlatform."""
    t.cluster.push("checks/amd:1", 100, "checks/mainframe:1", 100)
    push_index(t, "checks/amd", "1", "linux/amd64")
    push_index(t, "checks/mainframe", "1", "linux/s390x")
    began = time.time()
    with PretendNode(t.api, "pretend-amd"), PretendNode(t.api, "pretend-arm", arch="arm64"):
        tree = t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"])
        tree.wait_up()
        t.policy("once", minDelayBetweenPulls="0s", maxConcurrentNodes=9)
        for name in ("amd", "mainframe"):
            t.image(name, f"docker.io/checks/{name}:index", policyRef="once", **TARGET)
        obj = t.image_is("amd", ready, "Ready without the arm64 node", 60)
        t.equal(status(obj).get("nodesSkipped"), 1, "which is counted")
        t.equal(status(obj).get("ready"), "1/1", "apart from those that it is for")
        t.equal(condition(obj, "PlatformsMatched").get("message"), "1 node left out: image is linux/amd64 only",
                "and the condition says why")
        obj = t.image_is("mainframe", lambda o: condition(o, "Ready").get("reason") == "NoPlatform",
                         "an image without any of our platforms is told to be so", 60)
        t.equal(status(obj).get("nodesSkipped"), 2, "with both nodes left out")
        rows = {one["image"]: one for one in dropctl_status(t, tree)}
        t.equal((rows["amd"]["nodes_skipped"], rows["amd"]["reason"]), (1, None), "dropctl status counts it, too")
        t.equal((rows["mainframe"]["nodes_skipped"], rows["mainframe"]["reason"]), (2, "Platform"),
                "and says why where no node is left")
        t.equal(pulled(t, began), ["docker.io/checks/amd:index"], "there was one pod in all")
        t.stop_tree()
