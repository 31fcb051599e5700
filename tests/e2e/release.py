"""The operator as an administrator has it: the image built from the tree and pushed to the cluster's registry, the chart
installed by the real helm, two pods with an account of their own.

Owns what only this cluster needs: its pods reach the API server through a gate (gate.py) and know it by a host alias.
"""
import calendar
import fcntl
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import time

import yaml

import processes
from cluster import SCRIPTS
from gate import Gate, pods_gateway
from kubeapi import NAMESPACE
from wait import until

ROOT = os.path.dirname(os.path.dirname(SCRIPTS))
DEPLOY = os.path.join(ROOT, "deploy")
CHART = os.path.join(DEPLOY, "helm", "drop")
CACHE = os.environ.get("DROP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "drop")
IMAGE_KEPT = 6 * 3600  # seconds since its last use
NAME = "drop"
LEASE = "b889acf8.corewire.io"
API_NAME = "kubernetes.default.svc"
REGISTRY_NAME = "registry.e2e"
USER = f"system:serviceaccount:{NAMESPACE}:"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SELECTOR = "app.kubernetes.io%2Fname%3Ddrop"


def run(*words, timeout=900, **more):
    """Its output; what it started ends with it, also when this run is interrupted."""
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True, **more) as process:
        try:
            out, errors = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        said = f"{out[-3000:]}{errors[-3000:]}"
        raise RuntimeError(f"{' '.join(map(str, words))[:200]}: {process.returncode}\n{said}")
    return out


def helm():
    return os.path.join(run(os.path.join(SCRIPTS, "build.sh"), "helm").strip(), "helm")


def template(folder, values, version="1.34.0"):
    """The objects that the chart makes with these values, for an API server of that version."""
    path = os.path.join(folder, "values.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"image": {"repository": "example.com/drop"}, **values}, out)
    text = run(helm(), "template", NAME, CHART, "--namespace", NAMESPACE, "--kube-version", version, "--values", path)
    return [one for one in yaml.safe_load_all(text) if one]


def build_image(folder, tag, platform=None):
    """Builds into the folder; returns what build.sh says of it. platform: another than the machine's."""
    env = {**os.environ, **({"PLATFORM": platform} if platform else {})}
    said = run(os.path.join(DEPLOY, "image", "build.sh"), "--out", folder, "--tag", tag, env=env)
    run("buildah", "rmi", tag)
    return said


def tree_key():
    """Names the content of the tree, committed or not."""
    head = run("git", "rev-parse", "HEAD", cwd=ROOT)
    changed = run("git", "diff", "HEAD", "--", ".", ":!tests/e2e", cwd=ROOT)
    return hashlib.sha256((head + changed).encode()).hexdigest()[:12]


def remove_old_images():
    """Another run on this machine may use one of the last hours."""
    for name in os.listdir(CACHE):
        path = os.path.join(CACHE, name)
        if name.startswith("image-") and time.time() - os.stat(path).st_mtime > IMAGE_KEPT:
            shutil.rmtree(path)


def image(platform=None):
    """The folder of an image of this tree, built once and kept outside of it; older ones are removed. Tests on another
    cluster of this run wait for it."""
    folder = os.path.join(CACHE, f"image-{tree_key()}" + (f"-{platform.replace('/', '-')}" if platform else ""))
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "image.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(folder, "digest")):
            remove_old_images()
            half = folder + ".half"
            shutil.rmtree(half, ignore_errors=True)
            build_image(half, "localhost/drop-e2e:first", platform)
            os.rename(half, folder)
        os.utime(folder)
    return folder


def digest(folder):
    with open(os.path.join(folder, "digest"), encoding="utf-8") as file:
        return file.read().strip()


class Release:
    """with Release(t) as release: the gate and the pushed image; install() and apply() bring the operator up."""

    def __init__(self, t):
        self.t = t
        self.folder = t.folder("release")
        self.image = f"{t.cluster.registry}/drop/operator:e2e"
        self.gate = Gate(pods_gateway(t.cluster), t.cluster.env["APISERVER"])
        self.registry_gate = Gate(self.gate.address, t.cluster.registry)
        self.env = {**os.environ, "KUBECONFIG": t.cluster.kubeconfig, "HELM_CACHE_HOME": self.folder,
                    "HELM_CONFIG_HOME": self.folder, "HELM_DATA_HOME": self.folder}
        self.helm_path = helm()
        self.installed = False

    def __enter__(self):
        run("skopeo", "copy", "--dest-tls-verify=false", f"oci-archive:{image()}/drop.oci.tar",
            f"docker://{self.image}")
        self.gate.__enter__()
        self.registry_gate.__enter__()
        return self

    def __exit__(self, *_):
        try:
            if self.installed:
                self.uninstall()
            self.until_gone()
        finally:
            self.gate.__exit__()
            self.registry_gate.__exit__()
            self.t.drop_lease()

    # ---- helm ----

    def values(self, **more):
        repository, _, tag = self.image.rpartition(":")
        path = os.path.join(self.folder, "values.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"image": {"repository": repository, "tag": tag}, **self.network(), **more}, out)
        return path

    def network(self):
        return {"hostAliases": [{"ip": self.gate.address, "hostnames": [API_NAME, REGISTRY_NAME]}],
                "extraEnv": [{"name": "KUBERNETES_SERVICE_HOST", "value": API_NAME},
                             {"name": "KUBERNETES_SERVICE_PORT", "value": str(self.gate.port)}]}

    def helm(self, *words):
        return run(self.helm_path, *words, env=self.env, timeout=120)

    def install(self, **values):
        """Or upgrade. The CRDs are there already, as after upstream's chart."""
        self.installed = True
        self.helm("upgrade", "--install", NAME, CHART, "--namespace", NAMESPACE, "--take-ownership",
                  "--values", self.values(**values))

    def uninstall(self):
        self.helm("uninstall", NAME, "--namespace", NAMESPACE, "--ignore-not-found")
        self.installed = False

    # ---- pods ----

    def pods(self):
        """Those that are not on their way out, oldest first."""
        items = self.t.api.must("GET", f"{PODS}?labelSelector={SELECTOR}")["items"]
        living = [p for p in items if "deletionTimestamp" not in p["metadata"]]
        return sorted(living, key=lambda p: p["metadata"]["creationTimestamp"])

    def until_gone(self, seconds=60):
        until(seconds, lambda: not self.t.api.must("GET", f"{PODS}?labelSelector={SELECTOR}")["items"])

    def ready(self, count):
        """The pods, once there are just so many and all are Ready."""
        pods = self.pods()
        assert len(pods) == count and all(is_ready(p) for p in pods), [brief(p) for p in pods]
        return pods

    def rolled_out(self, count=2):
        """The same, all of them of the newest template."""
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}"
        deployment = self.t.api.must("GET", path)
        s = deployment["status"]
        assert s.get("observedGeneration") == deployment["metadata"]["generation"], s
        assert s.get("updatedReplicas") == s.get("availableReplicas") == s.get("replicas") == count, s
        return self.ready(count)

    def leader(self):
        """The name of the pod that holds the lease."""
        lease = self.t.api.get("lease", LEASE)
        holder = ((lease or {}).get("spec") or {}).get("holderIdentity") or ""
        return holder.partition("_")[0] or None

    def log(self, pod):
        """The lines of its log, decoded; those of the container before a restart too."""
        lines = []
        for words in (("--previous",), ()):
            try:
                lines += self.t.kubectl("-n", NAMESPACE, "logs", *words, pod).splitlines()
            except RuntimeError:
                continue
        return [json.loads(line) for line in lines if line.startswith("{")]

    def pid(self, pod):
        """The supervisor of that pod, as a process of this machine."""
        uid = pod["metadata"]["uid"]
        for pid in processes.pids():
            try:
                with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
                    ours = uid in file.read()
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    name = file.read().split(b"\0")[0]
            except OSError:
                continue
            if ours and name in (b"/manager", b"drop-supervisor"):
                return int(pid)
        raise LookupError(f"no supervisor of pod {pod['metadata']['name']} on this machine")

    def memory(self, pod):
        """(bytes the container is charged with, of these anonymous) as its cgroup says."""
        with open(f"/proc/{self.pid(pod)}/cgroup", encoding="utf-8") as file:
            lines = dict(line.rstrip("\n").split(":", 2)[1:] for line in file)
        if "memory" in lines:
            folder, charged, anon = "/sys/fs/cgroup/memory" + lines["memory"], "memory.usage_in_bytes", "total_rss"
        else:
            folder, charged, anon = "/sys/fs/cgroup" + lines[""], "memory.current", "anon"
        with open(os.path.join(folder, charged), encoding="utf-8") as file:
            total = int(file.read())
        with open(os.path.join(folder, "memory.stat"), encoding="utf-8") as file:
            return total, int(re.search(rf"^{anon} (\d+)", file.read(), re.M)[1])

    def show_memory(self, when):
        """Prints it of each pod; returns the most that one is charged with."""
        most = 0
        for pod in self.pods():
            total, anon = self.memory(pod)
            most = max(most, total)
            role = "leader" if pod["metadata"]["name"] == self.leader() else "standby"
            self.t.diag(f"cgroup memory {when}, {role}: {total / 1e6:.1f} MB, anonymous {anon / 1e6:.1f} MB")
        return most


def scrape(pod, token):
    """(HTTP status, text) of its metrics, read with that token."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its own, made at start
    port = next(p["containerPort"] for p in pod["spec"]["containers"][0]["ports"] if p["name"] == "metrics")
    server = http.client.HTTPSConnection(pod["status"]["podIP"], port, timeout=10, context=context)
    try:
        server.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})
        reply = server.getresponse()
        return reply.status, reply.read().decode()
    finally:
        server.close()


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or [])


def brief(pod):
    states = [c.get("state") for c in pod["status"].get("containerStatuses") or []]
    return pod["metadata"]["name"], pod["status"].get("phase"), states


def moment(line):
    """The time of a line of the log, in seconds since 1970."""
    whole, _, fraction = line["time"].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")
