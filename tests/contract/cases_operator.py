"""The lists and watches of drop-watcher to the letter, for each kind that it reads.

What they bring depends on what else is in the cluster: compared are the answers' form, that the
initial events come to their end, and that a change is told after it. shapes.py holds that nothing the
operator asks is missing here.
"""
from steps import (DISCOVERIES, GROUP, IMAGES, META_ONLY, NODES, NS, PODS, POLICIES, SETS, Case, Step,
                   delete, get, image, image_set, merge, policy, post, pull_pod, put, watch)

OURS = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Ddrop"
DISCOVERY = {"apiVersion": GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": "ct-d"},
             "spec": {"sources": [{"type": "registry", "registry": {
                 "url": "http://registry", "repositories": ["a"]}}]}}
READ = (  # collection, selector, an object to be there, a change of it
    (IMAGES, "", image("ct-a"), {"spec": {"tag": "2"}}),
    (SETS, "", image_set("ct-set"), {"metadata": {"labels": {"a": "b"}}}),
    (POLICIES, "", policy("ct-p"), {"spec": {"maxConcurrentNodes": 2}}),
    (DISCOVERIES, "", DISCOVERY, {"spec": {"maxImages": 2}}),
    (NODES, "", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ct-node"}},
     {"metadata": {"labels": {"a": "b"}}}),
    (PODS, OURS, pull_pod("pull-ct"), {"metadata": {"labels": {"a": "b"}}}),
)
FORM = ("kind", "apiVersion")
META = ("metadata.name", "metadata.generation")
NO_UID = "99999999-9999-4999-8999-999999999999"
CHILD = {"labels": {"drop.corewire.io/imageset": "ct-set"}, "ownerReferences": [
    {"apiVersion": GROUP, "kind": "CachedImageSet", "name": "ct-set", "uid": "${set}",
     "controller": True, "blockOwnerDeletion": True}]}


def gone(uid):
    return {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": {"uid": uid}}


def together(*parts):
    return "&".join(filter(None, parts))


def streamed(selector, limit="300"):
    return together("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
                    f"&timeoutSeconds={limit}", selector)


def resumed(selector):
    return together("allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${rv}", selector)


def change_of(name):
    """The next event about the object with that name; others may come before it."""
    return Step("find", want=name, name="w", show=FORM + ("metadata.name",))


def case_of(path, selector, obj, change):
    name = obj["metadata"]["name"]
    return Case(f"the watcher reads {path.rpartition('/')[2]}", [
        post(path, obj, show=()),
        watch(path, streamed(selector)),
        Step("initial", name="w"),
        merge(f"{path}/{name}", change, show=()),
        change_of(name),
        get(path, together("limit=500", selector), show=FORM, keep={"rv": "metadata.resourceVersion"}),
        get(path, together("limit=1", selector), show=FORM),
        watch(path, resumed(selector)),
        merge(f"{path}/{name}", {"metadata": {"labels": {"a": "c"}}}, show=()),
        change_of(name),
    ])


PULLED = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "ct-pulled", "namespace": NS},
          "involvedObject": {"kind": "Pod", "namespace": NS, "name": "w", "fieldPath": "spec.containers{w}"},
          "reason": "Pulled", "message": 'Container image "a:1" already present on machine', "type": "Normal", "count": 1,
          "source": {"component": "kubelet", "host": "ct-node"},
          "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z"}
ALL_EVENTS = "/api/v1/events"
SELECTED = "fieldSelector=reason%3DPulled"
CONFIGMAPS = f"/api/v1/namespaces/{NS}/configmaps"


def stored(text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ct-usage-0"}, "binaryData": {"usage": text}}


CASES = [case_of(*row) for row in READ] + [
    Case("the watcher reads the events of kubelets", [
        get(ALL_EVENTS, together("limit=500", SELECTED), show=FORM, keep={"rv": "metadata.resourceVersion"}),
        watch(ALL_EVENTS, together("allowWatchBookmarks=true&timeoutSeconds=60&resourceVersion=${rv}", SELECTED)),
        post(f"/api/v1/namespaces/{NS}/events", {**PULLED, "metadata": {"name": "ct-other", "namespace": NS},
                                                "reason": "Started"}, show=()),
        post(f"/api/v1/namespaces/{NS}/events", PULLED, show=()),
        change_of("ct-pulled"),
        get(ALL_EVENTS, "limit=1", show=FORM),
    ]),
    Case("usage is kept in a ConfigMap", [
        get(f"{CONFIGMAPS}/ct-usage-0"),
        put(f"{CONFIGMAPS}/ct-usage-0", stored("AAEC"), accept=META_ONLY),
        post(CONFIGMAPS, stored("AAEC"), accept=META_ONLY),
        put(f"{CONFIGMAPS}/ct-usage-0", stored("AAECAw=="), accept=META_ONLY),
        get(f"{CONFIGMAPS}/ct-usage-0", show=("kind", "metadata.name", "binaryData")),
    ]),
    Case("the reconciler keeps a set and its children", [
        post(SETS, image_set("ct-set"), keep={"set": "metadata.uid"}, show=META),
        merge(f"{SETS}/ct-set/status", {"metadata": {"uid": "${set}"}, "status": {
            "observedGeneration": 1, "phase": "Pending", "imagesManaged": 1, "imagesReady": 0}},
              accept=META_ONLY),
        merge(f"{SETS}/ct-set/status", {"metadata": {"uid": NO_UID}, "status": {"phase": "Ready"}},
              accept=META_ONLY),
        post(IMAGES, image("ct-a", CHILD), accept=META_ONLY, keep={"child": "metadata.uid"}),
        post(IMAGES, image("ct-a", CHILD), accept=META_ONLY),
        merge(f"{IMAGES}/ct-a", {"metadata": {"uid": "${child}"}, "spec": {"tag": "2"}}, accept=META_ONLY),
        merge(f"{IMAGES}/ct-a", {"metadata": {"uid": NO_UID}, "spec": {"tag": "3"}}, accept=META_ONLY),
        delete(f"{IMAGES}/ct-a", gone(NO_UID), accept=META_ONLY),
        delete(f"{IMAGES}/ct-a", gone("${child}"), accept=META_ONLY),
        delete(f"{IMAGES}/ct-a", gone("${child}"), accept=META_ONLY),
        merge(f"{IMAGES}/ct-a", {"spec": {"tag": "3"}}, accept=META_ONLY),
        merge(f"{SETS}/ct-none/status", {"status": {"phase": "Ready"}}, accept=META_ONLY),
    ]),
    Case("the discoverer writes what a policy has found", [
        post(DISCOVERIES, DISCOVERY, keep={"policy": "metadata.uid"}, show=META),
        merge(f"{DISCOVERIES}/ct-d/status", {"metadata": {"uid": "${policy}"}, "status": {
            "imageCount": 1, "sourceCount": 1, "lastSyncTime": "2026-01-01T00:00:00Z", "discoveredImages": [
                {"image": "registry/a:1", "score": 1, "source": "registry"}]}}, accept=META_ONLY),
        get(f"{DISCOVERIES}/ct-d", show=("metadata.generation", "status")),
        merge(f"{DISCOVERIES}/ct-d/status", {"metadata": {"uid": NO_UID}, "status": {"imageCount": 2}},
              accept=META_ONLY),
        merge(f"{DISCOVERIES}/ct-none/status", {"status": {"imageCount": 2}}, accept=META_ONLY),
    ]),
    Case("the reconciler reads a node for a digest", [
        post(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ct-node"}}, show=()),
        merge(f"{NODES}/ct-node/status", {"status": {"images": [
            {"names": [f"registry.test/a@sha256:{'1' * 64}", "registry.test/a:1"], "sizeBytes": 7}]}},
              show=()),
        get(f"{NODES}/ct-node", show=("kind", "metadata.name", "status.images")),
        get(f"{NODES}/ct-none"),
    ]),
    # Before a watch goes on: without the selector, so that an old server need not search.
    Case("the watcher asks for the version of all pods", [get(PODS, "limit=1", show=FORM)]),
    Case("a pull pod that an admission plugin refuses", [
        post(PODS, pull_pod("pull-ct", priorityClassName="ct-no-such-class")),
    ]),
]
