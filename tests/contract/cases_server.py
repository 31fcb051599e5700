"""What the server says of requests as such, and what it does by itself: garbage collection."""
from steps import (DISCOVERIES, DROP, GROUP, IMAGES, LEASES, MERGE, META_ONLY, NODES, NS, PODS,
                   POLICIES, SETS, TABLE, Case, ask, delete, get, image, image_set, merge, policy,
                   post, pull_pod, put, until)

CI = f"{IMAGES}/ct-a"
STRATEGIC = "application/strategic-merge-patch+json"

REQUESTS = [
    Case("nothing is there", [
        get("/nothing"), get("/api/v2"), get("/apis/nothing.example.com/v1/things"),
        get(f"{DROP}/nothings"), get("/api/v1/nothings"), get(f"{DROP}/nothings/x"),
        get(f"{CI}/nothing"), get("/apis/drop.corewire.io/v2/cachedimages"),
        get(f"{DROP}/namespaces/{NS}/cachedimages"), get(f"{IMAGES}/ct-none"), get(f"{NODES}/ct-none"),
        get("/api/v1/namespaces/ct-none"), post(f"{DROP}/nothings", {}), delete(f"{IMAGES}/ct-none"),
        get(f"{PODS}/ct-none/status"),
    ]),
    Case("methods that do not fit", [
        ask("PATCH", IMAGES, {}, kind=MERGE), put(IMAGES, image("ct-a")),
        put(PODS, pull_pod("pull-a")), post(f"{PODS}/pull-a", pull_pod("pull-a")),
        delete(f"{CI}/status"), ask("POST", f"{CI}/status", {}),
    ]),
    Case("types of bodies", [
        post(IMAGES, image("ct-a"), show=()),
        *(ask("POST", path, body, kind=kind)
          for path, body in ((IMAGES, image("ct-b")), (PODS, pull_pod("pull-b")))
          for kind in ("text/plain", "application/x-www-form-urlencoded")),
        merge(CI, {"spec": {"tag": "2"}}, kind="application/json"),
        merge(CI, {"spec": {"tag": "2"}}, kind=STRATEGIC),
        merge(CI, {"spec": {"tag": "2"}}, kind=f"{MERGE}; charset=utf-8", show=("spec.tag",)),
        merge(f"{PODS}/ct-none", {}, kind="application/json"),
        get(CI, accept="text/html"), get(CI, accept="*/*", show=()), get(CI, accept="image/png"),
        get(CI, accept="application/*", show=()),
        get(CI, accept="application/json;as=Nothing;g=x;v=v1"),
    ]),
    Case("bodies that are not what they should be", [
        *(step for path in (IMAGES, PODS, LEASES) for step in (
            ask("POST", path, b'{"a":', kind="application/json"),
            ask("POST", path, b"", kind="application/json"),
            ask("POST", path, b"[]", kind="application/json"),
            ask("POST", path, b'"text"', kind="application/json"),
            ask("POST", path, {}),
            ask("POST", path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ct-x"}}))),
        post(IMAGES, {**image("ct-a"), "apiVersion": "drop.corewire.io/v9"}),
        post(IMAGES, {**image("ct-a"), "kind": "PullPolicy"}),
        post(IMAGES, {**image("ct-a"), "metadata": "text"}),
        post(PODS, {**pull_pod("pull-a"), "metadata": {"name": "pull-a", "namespace": "other"}}),
        post(PODS, {**pull_pod("pull-a"), "spec": "text"}),
        post(IMAGES, image("ct-a"), show=()),
        ask("PATCH", CI, b'{"a":', kind=MERGE), ask("PATCH", CI, b"[]", kind=MERGE),
        ask("PATCH", CI, b"", kind=MERGE),
        merge(CI, {"kind": "PullPolicy"}), merge(CI, {"apiVersion": "v1"}),
    ]),
    Case("fields that nobody knows", [
        post(IMAGES, image("ct-a", tag="1", extra=1)),
        post(IMAGES, image("ct-b", tag="1", extra=1), query="fieldValidation=Strict"),
        post(IMAGES, image("ct-b", tag="1", extra=1), query="fieldValidation=Ignore"),
        merge(CI, {"more": 1}, show=("spec", "more")),
        merge(CI, {"spec": {"extra": 2}}, show=("spec",)),
        post(PODS, {**pull_pod("pull-a"), "extra": 1}, show=("extra",)),
    ]),
    Case("names of objects", [
        post(IMAGES, image("Upper")), post(IMAGES, image("with/slash")), post(IMAGES, image("-a")),
        post(IMAGES, image("a" * 254)), post(IMAGES, image("a.b-c"), show=("metadata.name",)),
        post(IMAGES, image("ct-a", {"labels": {"a b": "c"}})),
        post(IMAGES, image("ct-a", {"labels": {"a": "b c"}})),
        post(IMAGES, image("ct-a", {"annotations": {"a b": "c"}})),
        post(IMAGES, image("ct-a", {"labels": {"a": 1}})),
    ]),
    Case("a dry run changes nothing", [
        post(IMAGES, image("ct-a", tag="1"), query="dryRun=All", show=("spec", "metadata.name")),
        get(CI),
        post(IMAGES, image("ct-a", tag="1"), show=()),
        merge(f"{CI}?dryRun=All", {"spec": {"tag": "2"}}, show=("spec.tag",)),
        delete(f"{CI}?dryRun=All"),
        get(CI, show=("spec.tag",)),
    ]),
]

OWNER = {"apiVersion": GROUP, "kind": "CachedImageSet", "name": "ct-set", "uid": "${set}",
         "controller": True, "blockOwnerDeletion": True}
OWNED = {"ownerReferences": [OWNER]}
MAKE = [post(SETS, image_set("ct-set"), keep={"set": "metadata.uid"}, show=("metadata.name",)),
        post(IMAGES, image("ct-a", OWNED), show=("metadata.ownerReferences",)),
        post(IMAGES, image("ct-b", OWNED), show=("metadata.ownerReferences",))]
SET, CB = f"{SETS}/ct-set", f"{IMAGES}/ct-b"
HELD = ("metadata.name", "metadata.finalizers", "metadata.deletionTimestamp")


def options(policy_name):
    return {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy_name}


GARBAGE = [
    Case("background: the owner goes at once, then its children", [
        *MAKE, delete(SET, options("Background")), get(SET), until(CI, 404), until(CB, 404)]),
    Case("no policy is background", [
        *MAKE, delete(SET), get(SET), until(CI, 404), until(CB, 404)]),
    Case("foreground: the children first", [
        *MAKE,
        merge(CI, {"metadata": {"finalizers": ["ct.example.com/hold"]}}, show=()),
        delete(SET, options("Foreground"), show=HELD),
        until(CB, 404),
        until(CI, {"metadata.deletionGracePeriodSeconds": 0}, show=HELD),
        get(SET, show=HELD),
        merge(CI, {"metadata": {"finalizers": None}}, show=()),
        until(CI, 404), until(SET, 404)]),
    Case("orphan: the children stay, and forget their owner", [
        *MAKE, delete(SET, options("Orphan"), show=HELD), until(SET, 404),
        until(CI, {"metadata.ownerReferences": None}, show=("metadata.ownerReferences",)),
        get(CB, show=("metadata.ownerReferences",))]),
    Case("a child whose owner is not there goes", [
        post(IMAGES, image("ct-a", {"ownerReferences": [
            {**OWNER, "uid": "77777777-7777-4777-8777-777777777777"}]}), show=("metadata.name",)),
        until(CI, 404)]),
    Case("a child with one owner left stays", [
        *MAKE,
        post(SETS, image_set("ct-two"), keep={"two": "metadata.uid"}, show=("metadata.name",)),
        post(IMAGES, image("ct-c", {"ownerReferences": [
            {**OWNER, "controller": False}, {**OWNER, "name": "ct-two", "uid": "${two}"}]}), show=()),
        delete(SET, options("Background")), until(CI, 404),
        until(f"{IMAGES}/ct-c", {"metadata.ownerReferences[].name": ["ct-two"]},
              show=("metadata.ownerReferences[].name",))]),
    Case("owner references that are refused", [
        post(IMAGES, image("ct-a", {"ownerReferences": [{**OWNER, "uid": ""}]})),
        post(IMAGES, image("ct-a", {"ownerReferences": [{**OWNER, "uid": "x", "name": ""}]})),
        post(IMAGES, image("ct-a", {"ownerReferences": [{**OWNER, "uid": "x", "kind": ""}]})),
        post(IMAGES, image("ct-a", {"ownerReferences": [
            {**OWNER, "uid": "x"}, {**OWNER, "uid": "y", "name": "z"}]})),
        post(SETS, image_set("ct-set"), show=()),
        delete(SET, options("Sideways")),
        delete(SET, {"orphanDependents": True, "propagationPolicy": "Orphan"}),
    ]),
]


def resource(name):
    return tuple(f"resources[name={name}].{key}" for key in (
        "singularName", "namespaced", "kind", "shortNames", "categories"))


DISCOVERY_LIST = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
DISCOVERY = [
    Case("discovery, as kubectl reads it", [
        get("/version", show=("major", "platform")),
        get("/api", show=("kind", "versions")),
        get("/api", accept=DISCOVERY_LIST, show=("kind", "apiVersion")),
        get("/apis", accept=DISCOVERY_LIST, show=("kind", "apiVersion")),
        get("/apis", show=("kind", "apiVersion", "groups[name=drop.corewire.io].preferredVersion",
                           "groups[name=drop.corewire.io].versions",
                           "groups[name=coordination.k8s.io].preferredVersion")),
        get("/apis/drop.corewire.io", show=("kind", "name", "preferredVersion", "versions")),
        get("/api/v1", show=("kind", "groupVersion", *resource("pods"), *resource("nodes"),
                             *resource("secrets"), *resource("namespaces"), *resource("events"),
                             *resource("pods/status"))),
        get("/apis/coordination.k8s.io/v1", show=("kind", "groupVersion", *resource("leases"))),
        get("/apis/events.k8s.io/v1", show=("kind", "groupVersion", *resource("events"))),
        get(DROP, show=("kind", "groupVersion", *(
            path for name in ("cachedimages", "cachedimagesets", "discoverypolicies", "pullpolicies",
                              "cachedimages/status") for path in resource(name)))),
    ]),
    Case("tables, as kubectl get asks for them", [
        post(IMAGES, image("ct-a", {"labels": {"ct": "table"}}, tag="1", policyRef={"name": "p"}), show=()),
        post(SETS, image_set("ct-set"), show=()),
        post(POLICIES, policy("ct-p"), show=()),
        post(DISCOVERIES, {"apiVersion": GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": "ct-d"},
                           "spec": {"sources": [{"type": "registry", "registry": {
                               "url": "http://registry", "repositories": ["a"]}}]}}, show=()),
        *(get(path, accept=TABLE, show=(
            "kind", "apiVersion", "columnDefinitions[].name", "columnDefinitions[].type",
            "columnDefinitions[].priority", "columnDefinitions[].format", "rows[].cells[]",
            "rows[].object.kind", "rows[].object.apiVersion", "rows[].object.metadata.name"))
          for path in (f"{IMAGES}?labelSelector=ct%3Dtable", f"{SETS}/ct-set", f"{POLICIES}/ct-p",
                       f"{DISCOVERIES}/ct-d")),
        get(IMAGES, "labelSelector=ct%3Dnone", accept=TABLE, show=("kind", "rows", "columnDefinitions[].name")),
        get(f"{IMAGES}/ct-none", accept=TABLE),
        post(PODS, pull_pod("pull-a", labels={"ct": "table"}), show=()),
        get(PODS, "labelSelector=ct%3Dtable", accept=TABLE, show=(
            "kind", "columnDefinitions[].name", "columnDefinitions[].priority", "rows[].cells[]")),
        get(NODES, accept=TABLE, show=("kind", "columnDefinitions[].name")),
    ]),
]

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ct-node", "labels": {"ct": "node"}}}
NODE_CASES = [
    Case("a node: made, labelled, tainted, its status, deleted", [
        post(NODES, NODE, show=("metadata.name", "metadata.labels", "metadata.generation", "spec",
                                "status")),
        post(NODES, NODE),
        merge(f"{NODES}/ct-node", {"metadata": {"labels": {"a": "b"}}}, show=("metadata.labels.a",)),
        merge(f"{NODES}/ct-node", {"spec": {"taints": [
            {"key": "k", "value": "v", "effect": "NoSchedule"}]}},
              show=("spec.taints", "metadata.generation")),
        merge(f"{NODES}/ct-node", {"spec": {"taints": [{"key": "k", "effect": "Sometimes"}]}}),
        merge(f"{NODES}/ct-node/status", {"status": {
            "images": [{"names": ["a:1"], "sizeBytes": 5}],
            "conditions": [{"type": "Ready", "status": "True"}]}},
              show=("status.images", "status.conditions[type=Ready].status")),
        merge(f"{NODES}/ct-node", {"status": {"images": None}}, show=("status.images",)),
        delete(f"{NODES}/ct-node", show=("status", "kind")),
        get(f"{NODES}/ct-node"),
    ]),
    Case("metadata alone of everything we write", [
        post(IMAGES, image("ct-a", tag="1"), accept=META_ONLY),
        merge(CI, {"spec": {"tag": "2"}}, accept=META_ONLY),
        delete(CI, accept=META_ONLY),
    ]),
]

CASES = REQUESTS + GARBAGE + DISCOVERY + NODE_CASES
