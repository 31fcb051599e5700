"""A real node that goes and comes back: what is known of it lives as long as its uid."""
import time

from kubeapi import NAMESPACE
from objects import FAST, ready, status
from pretend import TARGET, PretendNode
from wait import until


def test_recreated(t):
    """Rules 3, 16: a node that was deleted leaves the counts; the one that registers under its name is
    another node, and is pulled to once more."""
    t.running()
    t.policy("fast", **FAST)
    began = time.time()
    obj = t.image("recreated", "docker.io/library/alpine:3.19", policyRef="fast")
    t.image_is("recreated", ready, "becomes Ready")
    first = t.api.get("node", t.cluster.node)["metadata"]["uid"]
    t.cluster.ctl("stop-kubelet")
    try:
        t.api.delete("node", t.cluster.node)
        t.image_is("recreated", lambda o: status(o).get("ready") == "0/0", "loses the node")
    finally:
        t.cluster.ctl("start-kubelet")
    second = t.api.get("node", t.cluster.node)["metadata"]["uid"]
    t.image_is("recreated", lambda o: ready(o, 1), "is Ready on the new node", 60)
    pulls = [pull.node_uid for _, pull in t.audit.creates(began, obj["metadata"]["uid"])]
    t.equal(pulls, [first, second], "one pull for each of the two")


def windows_pods(t, name):
    """The pull pods of an image, as the API server has them."""
    return [pod["spec"] for pod in t.api.list("pod")
            if (pod["metadata"].get("labels") or {}).get("drop.corewire.io/cachedimage") == name]


def test_windows(t):
    """Rule 49: a pull pod of a Windows node passes the API server's validation and Pod Security restricted, which the
    namespace enforces. There is no Windows kubelet behind it."""
    labels = t.api.get("namespace", NAMESPACE)["metadata"]["labels"]
    t.equal(labels.get("pod-security.kubernetes.io/enforce"), "restricted", "the namespace enforces restricted")
    t.running()
    t.policy("fast", **FAST)
    with PretendNode(t.api, "pretend-windows", os_name="windows", behave=lambda pod: None):
        t.image("one", "registry.example/one:1", policyRef="fast", **TARGET)
        found = until(30, lambda: windows_pods(t, "one")[0])
        t.equal(found["os"], {"name": "windows"}, "the pod says that it is for Windows")
        t.equal(found["securityContext"], {"runAsNonRoot": True, "windowsOptions": {"runAsUserName": "ContainerUser"}},
                "of the security context it has what Windows has")
        t.equal([c.get("securityContext") for c in found["containers"]], [None], "and its container has none")
        t.equal(found["nodeName"], "pretend-windows", "it is on that node")
        t.check(any(x.get("key") == "drop-e2e/pretend" for x in found["tolerations"]), "its tolerations are as on Linux")
        t.api.delete("cachedimage", "one")
    t.wait_no_pods()
