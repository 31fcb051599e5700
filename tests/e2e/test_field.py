"""Faults met in the field, where a real kubelet can play them; tests/scenarios/field.py plays the others."""
import json
import socket
import threading
import time

from objects import condition, degraded, ready, status
from pretend import PretendNode
from webhook import Webhook

FAST = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 10,
        "failureBackoff": {"initial": "2s", "max": "4s"}}
RESTRICTED = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "runAsUser": 65534,
              "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
GRACE = 20  # seconds without a heartbeat, one each 10 s, after which the node controller of node_lost gives a node up; else 50
NODE_LOST = 150  # after GRACE and up to 5 s the operator waits 40 s more
GONE = "nobody/has-this:1"


def agent(t, image):
    return {"name": "agent", "image": image, "command": ["true"], "securityContext": RESTRICTED}


def test_sidecar(t):
    """8: a webhook adds a container that sorts before ours. What it pulled proves nothing of our image, and what it
    lacks keeps nothing from being Ready."""
    t.running()
    t.policy("fast", **FAST)
    there = "docker.io/library/alpine:3.19"
    with Webhook(t, [{"op": "add", "path": "/spec/containers/0", "value": agent(t, there)}]) as hook:
        t.image("missing", f"{t.cluster.registry}/{GONE}", policyRef="fast")
        obj = t.image_is("missing", degraded, "is Degraded although the sidecar's image was pulled")
        t.equal(condition(obj)["message"], "image not found", "with its own cause")
        t.check(status(obj).get("resolvedDigest") is None, "and no digest", status(obj))
        t.check(hook.asked > 0, "the webhook was asked", hook.asked)
    with Webhook(t, [{"op": "add", "path": "/spec/containers/0",
                      "value": agent(t, f"{t.cluster.registry}/{GONE}")}]):
        t.image("present", "docker.io/library/redis:7-alpine", policyRef="fast")
        obj = t.image_is("present", ready, "is Ready although the sidecar's image is missing")
        t.equal(status(obj).get("resolvedDigest"), t.cluster.digest("library/redis", "7-alpine"),
                "with its own digest")


def test_init_container(t):
    """8: an init container of a webhook that cannot be pulled is the cause that is shown."""
    t.running()
    t.policy("fast", **FAST)
    init = {**agent(t, f"{t.cluster.registry}/{GONE}"), "name": "setup"}
    with Webhook(t, [{"op": "add", "path": "/spec/initContainers", "value": [init]}]):
        t.image("behind", "docker.io/library/redis:7-alpine", policyRef="fast")
        obj = t.image_is("behind", degraded, "is Degraded")
        t.equal(condition(obj)["message"], "init container setup: image not found", "and names the init container")


class Silent:
    """A registry that takes connections and never says a word: a pull from it lasts until somebody gives up."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.held = []
        threading.Thread(target=self._accept, daemon=True).start()
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def _accept(self):
        try:
            while True:
                self.held.append(self.socket.accept()[0])
        except OSError:
            pass

    def __exit__(self, *_):
        self.socket.close()
        for one in self.held:
            one.close()


def test_changed_timeout(t):
    """9: a shorter pullTimeout counts for the pull in flight."""
    t.running()
    t.policy("slow", **FAST, pullTimeout="30m")
    with Silent() as host:
        t.image("hangs", f"{host}/team/app:1", policyRef="slow")
        t.image_is("hangs", lambda o: status(o).get("phase") == "Pulling", "is Pulling")
        t.eventually("the kubelet has taken the pod", 30, lambda: [
            p for p in t.api.list("pod") if (p.get("status") or {}).get("startTime")])
        t.policy("slow", **FAST, pullTimeout="3s")
        t.image_is("hangs", lambda o: degraded(o, "Timeout"), "ends as a Timeout")
        t.api.delete("cachedimage", "hangs")


class Impatient:
    """A node controller that gives nodes up after GRACE seconds."""

    def __init__(self, t):
        self.t = t

    def _restart(self, *flags):
        self.t.cluster.ctl("stop-controller-manager")
        self.t.cluster.ctl("start-controller-manager", *flags)

    def __enter__(self):
        self._restart(f"--node-monitor-grace-period={GRACE}s")

    def __exit__(self, *_):
        self._restart()


def test_node_lost(t):
    """3: the kubelet dies in mid-pull. The image tolerates all and one node pulls at a time: the next node starts 40 s
    after the node is called NotReady, not after pullTimeout; the image is not to blame."""
    t.running()
    t.policy("one", **FAST)
    with Silent() as host, PretendNode(t.api, "zz-other"), Impatient(t):
        began = time.monotonic()
        t.image("survives", f"{host}/team/app:1", policyRef="one", tolerations=[{"operator": "Exists"}])
        t.eventually("the kubelet has taken the pod", 30, lambda: [
            p for p in t.api.list("pod") if p["spec"]["nodeName"] == t.cluster.node and p["status"].get("startTime")])
        t.cluster.ctl("freeze-kubelet")
        try:
            obj = t.image_is("survives", lambda o: status(o).get("cachedNodes") == ["zz-other"],
                             "is on the other node", NODE_LOST)
            t.diag(f"{time.monotonic() - began:.0f} s after the image was applied")
            t.check(obj and status(obj)["phase"] == "Pulling", "is not Degraded", json.dumps(status(obj))[:400])
            t.check(obj and f"NodeNotReady on {t.cluster.node}" in condition(obj)["message"], "names the node",
                    condition(obj or {}))
        finally:
            t.cluster.ctl("thaw-kubelet")
        t.eventually("the node is Ready again", 60, lambda: any(
            c["type"] == "Ready" and c["status"] == "True"
            for c in t.api.get("node", t.cluster.node)["status"]["conditions"]))
        t.api.delete("cachedimage", "survives")
        t.wait_no_pods(60)
