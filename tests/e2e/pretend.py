"""A pretend node: a Node object of the real API server whose kubelet is a thread of ours.

It says of each pull pod what the test wants, at once, so that hundreds of runs fit into minutes
and any outcome can be had. It carries a taint and a label of its own: only images that ask for
pretend nodes (TARGET) are pulled onto them, and the real node is left to the others.
"""
import datetime
import hashlib
import queue
import threading
import time

from kubeapi import PATHS, ApiError, Watch

LABEL = "drop-e2e/pretend"
TARGET = {  # spec fields of an image that is for pretend nodes only
    "nodeSelector": {LABEL: "true"},
    "tolerations": [{"key": LABEL, "operator": "Exists", "effect": "NoSchedule"}],
}
TAINT = {"key": LABEL, "value": "true", "effect": "NoSchedule"}
RENEW = 5  # seconds between heartbeats; the controller manager gives a node 40


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ended(container):
    image = container["image"]
    digest = hashlib.sha256(image.encode()).hexdigest()
    state = {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now(),
             "containerID": f"containerd://{digest}"}
    return {"name": container["name"], "image": image,
            "imageID": f"{image.partition('@')[0]}@sha256:{digest}", "containerID": state["containerID"],
            "ready": False, "restartCount": 0, "state": {"terminated": state}}


def pulled(pod):
    """The status of a pod whose images were pulled and whose containers ran to their end."""
    return {"phase": "Succeeded", "startTime": now(),
            "containerStatuses": [ended(container) for container in pod["spec"]["containers"]]}


def pulled_later(pod):
    """As pulled(), but not in the second in which the pod, and perhaps its node, was created: what was pulled in that second
    is pulled again after a restart (rule 16)."""
    created = datetime.datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
    time.sleep(max(0, created + 1.05 - time.time()))
    return pulled(pod)


def waiting(reason, message):
    """An outcome for PretendNode.behave: the containers wait, as a kubelet says of a failed pull."""
    def status(pod):
        return {"phase": "Pending", "startTime": now(), "containerStatuses": [{
            "name": container["name"], "image": container["image"], "imageID": "",
            "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": message}}}
            for container in pod["spec"]["containers"]]}
    return status


class PretendNode:
    """behave(pod) -> a status to write, or None to say nothing (yet); may be replaced any time."""

    def __init__(self, api, name, behave=pulled, arch="amd64", os_name="linux"):
        self.api = api
        self.arch, self.os_name = arch, os_name
        self.name = name
        self.behave = behave
        self.stop = threading.Event()
        self.todo = queue.Queue()
        self.seen = {}  # pod uid -> (phase written, when)
        self.threads = []
        self.watch = None

    def __enter__(self):
        self.api.create("node", {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": {
                LABEL: "true", "kubernetes.io/hostname": self.name,
                "kubernetes.io/os": self.os_name, "kubernetes.io/arch": self.arch}},
            "spec": {"taints": [TAINT]}})
        self.set_ready(True)
        return self.attend()

    def attend(self):
        """The kubelet begins: the Node is there."""
        self.beat()
        for work in (self._watch, self._answer, self._answer, self._beat):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self.threads.append(thread)
        return self

    def __exit__(self, *_):
        self.stop.set()
        if self.watch is not None:
            self.watch.close()
        for thread in self.threads:
            thread.join(10)
        for kind in ("node", "nodelease"):
            self.api.delete(kind, self.name)

    def set_ready(self, good):
        """The Ready condition, and the taint that goes with it: the controller manager sets and
        removes it too, but may take a minute to come back after an outage."""
        taints = [TAINT] if good else [TAINT, {"key": "node.kubernetes.io/not-ready",
                                               "effect": "NoSchedule"}]
        self.api.patch("node", self.name, {"spec": {"taints": taints}})
        self.api.patch("node", self.name, {"status": {
            "nodeInfo": {"operatingSystem": self.os_name, "architecture": self.arch},
            "capacity": {"pods": "500", "cpu": "8", "memory": "8Gi"},
            "conditions": [{"type": "Ready", "status": "True" if good else "False",
                            "reason": "Pretended", "lastHeartbeatTime": now(),
                            "lastTransitionTime": now()}]}}, "status")

    def lists(self, sizes):
        """The Node says that it has these images: {reference: bytes}."""
        self.api.patch("node", self.name, {"status": {"images": [
            {"names": [reference], "sizeBytes": size} for reference, size in sizes.items()]}}, "status")

    def beat(self):
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                 "metadata": {"name": self.name, "namespace": "kube-node-lease"},
                 "spec": {"holderIdentity": self.name, "leaseDurationSeconds": 40,
                          "renewTime": datetime.datetime.now(datetime.UTC).strftime(
                              "%Y-%m-%dT%H:%M:%S.%fZ")}}
        self.api.apply("nodelease", lease)

    def _beat(self):
        while not self.stop.wait(RENEW):
            try:
                self.beat()
            except (OSError, ApiError):
                pass  # the API server is away, as in some tests

    def _watch(self):
        while not self.stop.is_set():
            try:
                self.watch = Watch(self.api, "pod", f"fieldSelector=spec.nodeName%3D{self.name}")
                for event in self.watch:
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self.todo.put(event["object"])
            except OSError:
                time.sleep(0.2)

    def _answer(self):
        while not self.stop.is_set():
            try:
                pod = self.todo.get(timeout=0.2)
            except queue.Empty:
                continue
            uid = pod["metadata"]["uid"]
            status = None if uid in self.seen else self.behave(pod)
            if status is None:
                continue
            self.seen[uid] = (status.get("phase"), time.time())
            path = f"{PATHS['pod']}/{pod['metadata']['name']}/status"
            try:
                self.api.ask("PATCH", path, {"metadata": {"uid": uid}, "status": status},
                             "application/strategic-merge-patch+json")
            except OSError:
                del self.seen[uid]
                self.todo.put(pod)
                time.sleep(0.2)

    def again(self):
        """Asks behave once more about every pod on this node that had no answer."""
        for pod in self.api.list("pod"):
            if pod["spec"].get("nodeName") == self.name:
                self.todo.put(pod)
