"""Images of a registry that asks for a password: the kubelet gets it from the pod's imagePullSecrets, and
our programs never see it."""
import base64
import os
import time

from kubeapi import NAMESPACE
from objects import FAST, PULL_FAILS, condition, degraded, ready, status
from registry import PrivateRegistry, basic
from wait import until

SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
REPORT = 90  # seconds: a kubelet looks at its images every 30 s, and writes within 10 s of a change
WRONG = "open-sesame-9c41e7d05b"
DENIED = "unauthorized: check imagePullSecrets"


class Secret:
    """A Secret of the kind that kubelets log in with; gone after the test."""

    def __init__(self, t, name, text):
        self.t, self.name = t, name
        self.data = base64.b64encode(text.encode()).decode()

    def __enter__(self):
        self.t.api.must("POST", SECRETS, {
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": self.name},
            "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": self.data}})
        return self

    def __exit__(self, *_):
        self.t.api.ask("DELETE", f"{SECRETS}/{self.name}")


def files_with(folder, words):
    """Files below the folder in which one of the words is; the copy of the tree that test_install makes is none of ours."""
    found = []
    for path, folders, names in os.walk(folder):
        if "meson.build" in names:
            folders.clear()
            continue
        for name in names:
            full = os.path.join(path, name)
            if os.path.isfile(full) and not os.path.islink(full):
                with open(full, "rb") as file:
                    data = file.read()
                found += [full] if any(word.encode() in data for word in words) else []
    return found


def told(t):
    """All that a user sees of it: the objects with their status, the pods, the events of everybody."""
    return "".join(t.kubectl("get", kind, "-A", "-o", "yaml") for kind in
                   ("cachedimages", "pods", "events", "events.events.k8s.io"))


def test_pull_secret(t):
    """Rules 5, 14, 20: without a secret, or with a wrong one, the image is Degraded and says what to look
    at; with it, Ready. The credentials show up nowhere."""
    tree = t.supervisor(level="debug").wait_up()
    began = time.time()
    t.policy("fast", **FAST)
    digest = t.cluster.push("private/app:1", 500)["private/app:1"]
    with PrivateRegistry(t) as registry, \
            Secret(t, "right", registry.docker_config(registry.password)) as right, \
            Secret(t, "wrong", registry.docker_config(WRONG)) as wrong:
        reference = f"{registry.host}/private/app:1"
        t.image("no-secret", reference, policyRef="fast")
        t.image("wrong-secret", reference, policyRef="fast", imagePullSecrets=[{"name": "wrong"}])
        for name in ("no-secret", "wrong-secret"):
            obj = t.image_is(name, lambda o: degraded(o, *PULL_FAILS), "becomes Degraded")
            t.equal(condition(obj)["message"], DENIED, f"{name} says what to look at")
        t.image("secret", reference, policyRef="fast", imagePullSecrets=[{"name": "right"}])
        t.image_is("secret", ready, "becomes Ready")
        t.equal(status(t.get("secret")).get("resolvedDigest"), digest, "its digest is the registry's")
        t.api.patch("cachedimage", "no-secret", {"spec": {"imagePullSecrets": [{"name": "right"}]}})
        t.image_is("no-secret", ready, "becomes Ready once it has the secret")
        never_seen(t, tree, began, [registry.password, WRONG, basic(registry.password), basic(WRONG),
                                    right.data, wrong.data])


def never_seen(t, tree, began, words):
    """The words are in the Secrets, and nowhere else."""
    stored = t.kubectl("get", "secrets", "-n", NAMESPACE, "-o", "yaml")
    t.check(words[-1] in stored and words[-2] in stored, "the credentials are in the Secrets")
    t.check(DENIED in tree.log(), "the log tells of the failure")
    t.equal(files_with(t.scratch, words), [], "the credentials are in no log of ours")
    seen = told(t)
    t.check("private/app" in seen and not any(word in seen for word in words),
            "they are in no status, pod or event")
    sent = [r for r in t.audit.since(began) if any(word in str(r.body) + r.uri for word in words)]
    t.equal(sent, [], "they are in nothing that we sent")
    asked = {(r.process, r.verb, r.name) for r in t.audit.since(began, resource="secrets")}
    t.check(asked <= {("discoverer", "get", name) for name in ("right", "wrong")},
            "only the discoverer reads Secrets, to ask the registry, and only those that an image names", asked)


def workload(t, name, reference, secret=None):
    """A pod that a user might start; returns the phase or the reason in which it settles."""
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "runAsUser": 65534,
                  "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"nodeName": t.cluster.node, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": reference, "imagePullPolicy": "IfNotPresent", "command": ["true"],
                            "securityContext": restricted}],
            **({"imagePullSecrets": [{"name": secret}]} if secret else {})}
    t.api.must("POST", PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})

    def settled():
        said = t.api.must("GET", f"{PODS}/{name}")["status"]
        waiting = [c["state"].get("waiting", {}).get("reason", "") for c in said.get("containerStatuses", [])]
        assert said["phase"] in ("Succeeded", "Failed") or set(waiting) & set(PULL_FAILS), said
        return said["phase"] if said["phase"] != "Pending" else PULL_FAILS[0]
    try:
        return until(60, settled)
    finally:
        t.api.must("DELETE", f"{PODS}/{name}", {"gracePeriodSeconds": 0})


def listed(t, reference):
    node = t.api.get("node", t.cluster.node)
    return any(reference in image["names"] for image in node["status"].get("images") or [])


def test_pre_pulled(t):
    """Rule 17a, and what docs/compatibility.md says of pre-pulled private images: whom the kubelet gives them to once the registry
    is away, and that an image is not called Ready for credentials with which nobody could use it."""
    verifies = t.cluster.asks_credentials
    t.running()
    t.policy("fast", **FAST)
    t.cluster.push("private/kept:1", 500)
    registry = PrivateRegistry(t)
    login = registry.docker_config(registry.password)
    reference = f"{registry.host}/private/kept:1"
    with Secret(t, "right", login), Secret(t, "copy", login):
        with registry:
            t.image("kept", reference, policyRef="fast", imagePullPolicy="IfNotPresent", imagePullSecrets=[{"name": "right"}])
            t.image_is("kept", ready, "becomes Ready", 60)
            until(REPORT, lambda: listed(t, reference), every=1)
            t.image("bare", reference, policyRef="fast", imagePullPolicy="IfNotPresent")
            if verifies:
                obj = t.image_is("bare", lambda o: degraded(o, *PULL_FAILS), "is Degraded although the node lists it", 60)
                t.equal(condition(obj)["message"], DENIED, "and says why")
            else:
                t.image_is("bare", ready, "is Ready, since the node lists it", 60)
            t.equal(workload(t, "asks", reference), PULL_FAILS[0] if verifies else "Succeeded",
                    "what a pod without a secret gets while the registry is there")
        t.equal(workload(t, "same", reference, "right"), "Succeeded", "without the registry, a pod with the same secret runs")
        t.equal(workload(t, "copied", reference, "copy"), "Succeeded", "and so does one with another secret of the same content")
        t.equal(workload(t, "none", reference), PULL_FAILS[0] if verifies else "Succeeded", "what a pod without a secret gets then")
