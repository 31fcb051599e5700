"""The vocabulary of the cases: what is asked, and what of the answer counts. Data only.

A case is a name and a list of steps; the names of its objects begin with "ct-". A path, query or body
may hold ${name}: what an earlier step kept, or NODE, the node that takes pods. What a case creates is
removed after it.
"""
import dataclasses

NS = "drop-contract"
GROUP = "drop.corewire.io/v1alpha1"
DROP = f"/apis/{GROUP}"
IMAGES, SETS = f"{DROP}/cachedimages", f"{DROP}/cachedimagesets"
POLICIES, DISCOVERIES = f"{DROP}/pullpolicies", f"{DROP}/discoverypolicies"
PODS = f"/api/v1/namespaces/{NS}/pods"
SECRETS = f"/api/v1/namespaces/{NS}/secrets"
NODES = "/api/v1/nodes"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NS}/leases"
EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"

MERGE = "application/merge-patch+json"
META_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
META_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

WHOLE = None  # of Step.show: the whole normalised body


@dataclasses.dataclass
class Step:
    do: str             # ask, until, watch, take, shut, expire, pull
    method: str = "GET"
    path: str = ""
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    show: object = WHOLE        # WHOLE, or the paths that count; () is code and type alone
    message: bool = False       # the text of a Status counts too
    keep: dict = dataclasses.field(default_factory=dict)  # name -> path in the body
    want: object = None         # until: the code to wait for, or {path: value}
    name: str = ""              # of a watch
    count: int = 0              # events to take
    sort: bool = False          # events of one take have no order


@dataclasses.dataclass
class Case:
    name: str
    steps: list


def _query(path, query):
    return path if not query else f"{path}?{query}"


def ask(method, path, body=None, query="", kind=None, accept=None, **more):
    headers = {}
    if kind is not None:
        headers["Content-Type"] = kind
    if accept is not None:
        headers["Accept"] = accept
    return Step("ask", method, _query(path, query), body, headers, **more)


def get(path, query="", **more):
    return ask("GET", path, query=query, **more)


def post(path, body, **more):
    return ask("POST", path, body, **more)


def put(path, body, **more):
    return ask("PUT", path, body, **more)


def merge(path, body, kind=MERGE, **more):
    return ask("PATCH", path, body, kind=kind, **more)


def delete(path, body=None, **more):
    return ask("DELETE", path, body, **more)


def until(path, want, query="", show=(), **more):
    """Asks until the answer has the code (a number) or the values ({path: value}); then it counts."""
    return Step("until", "GET", _query(path, query), want=want, show=show, **more)


def watch(path, query="", name="w", accept=None):
    return Step("watch", "GET", _query(path, "&".join(filter(None, ("watch=true", query)))),
                headers={"Accept": accept} if accept else {}, name=name)


def take(count, name="w", show=("metadata.name",), sort=False):
    """The next events. Bookmarks count only if they end the initial events; 0: the stream's end."""
    return Step("take", count=count, name=name, show=show, sort=sort)


def shut(name="w"):
    return Step("shut", name=name)


def expire():
    """Every resourceVersion and continue token so far becomes too old."""
    return Step("expire")


# ---- objects ----

def image(name, meta=None, **spec):
    spec.setdefault("image", "docker.io/library/nginx")
    return {"apiVersion": GROUP, "kind": "CachedImage", "metadata": {"name": name, **(meta or {})},
            "spec": spec}


def image_set(name, meta=None, **spec):
    return {"apiVersion": GROUP, "kind": "CachedImageSet", "metadata": {"name": name, **(meta or {})},
            "spec": spec or {"images": [{"image": "docker.io/library/nginx"}]}}


def policy(name, **spec):
    return {"apiVersion": GROUP, "kind": "PullPolicy", "metadata": {"name": name}, "spec": spec}


def lease(name, holder="me", version=None, **spec):
    meta = {"name": name, "namespace": NS}
    if version is not None:
        meta["resourceVersion"] = version
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta,
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 1,
                     "acquireTime": "2026-01-02T03:04:05.000000Z",
                     "renewTime": "2026-01-02T03:04:05.123456Z", **spec}}


NO_NODE = "ct-no-such-node"  # pods there are nobody's: the API server alone has a say


def pull_pod(name, reference="docker.io/library/alpine:3.19", node=NO_NODE, labels=None, **spec):
    """What puller/podspec.c writes. shapes.py compares it with the pods of a real run."""
    cached = name.removeprefix("pull-")
    body = pull_body(cached, node, reference, "00000000-0000-4000-8000-000000000000",
                     "00000000-0000-4000-8000-000000000001", "0")
    body["metadata"] |= {"name": name, "namespace": NS}
    body["metadata"]["labels"] |= labels or {}
    policy_ = spec.pop("imagePullPolicy", None)
    if policy_:
        body["spec"]["containers"][0]["imagePullPolicy"] = policy_
    body["spec"] |= spec
    return body


def for_windows(pod):
    """The same pod for a Windows node (behaviour 49)."""
    pod["spec"] |= {"os": {"name": "windows"},
                    "securityContext": {"runAsNonRoot": True, "windowsOptions": {"runAsUserName": "ContainerUser"}}}
    for container in pod["spec"]["containers"]:
        del container["securityContext"]
    return pod


def pull_body(cached, node, reference, image_uid, node_uid, attempt):
    note = "drop.corewire.io/"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "labels": {"app.kubernetes.io/managed-by": "drop", f"{note}cachedimage": cached,
                       f"{note}node": node, "sidecar.istio.io/inject": "false"},
            "annotations": {f"{note}cachedimage": cached, f"{note}cachedimage-uid": image_uid,
                            f"{note}node-uid": node_uid, f"{note}reference": reference,
                            f"{note}attempt": attempt, "sidecar.istio.io/inject": "false",
                            "linkerd.io/inject": "disabled",
                            "cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}},
        "spec": {
            "nodeName": node, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False, "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534,
                                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "pull", "image": reference, "imagePullPolicy": "Always", "command": ["true"],
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"},
                              "limits": {"memory": "64Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                    "capabilities": {"drop": ["ALL"]}}}]}}


def eviction(name, **options):
    """What `kubectl drain` posts; options: of its DeleteOptions."""
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NS},
            "deleteOptions": options}


def uid_delete(uid):
    """The body of our pod deletes (puller/pull.c)."""
    return {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "propagationPolicy": "Background", "preconditions": {"uid": uid}}
