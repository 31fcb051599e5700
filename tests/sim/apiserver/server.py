#!/usr/bin/env python3
"""drop-sim as a server, asked over sockets: TLS and its token, limits, clients that do not read,
faults as a client meets them, and our whole operator against it. TAP.

server.py DROP-SIM PROGRAM...: the PROGRAMs are the operator's. Waits are polls with a deadline.
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "e2e"))

import wait
from tap import functions_of, run_functions

DEADLINE = 180  # seconds, under sanitizers and load
MAPS = "/api/v1/namespaces/drop-system/configmaps"
IMAGES = "/apis/drop.corewire.io/v1alpha1/cachedimages"
# Memory is measured: a sanitizer must not keep what was freed.
ENVIRONMENT = {**os.environ, "no_proxy": "*", "ASAN_OPTIONS": os.environ.get(
    "ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}
BINARIES = {pathlib.Path(p).name: pathlib.Path(p).resolve() for p in sys.argv[1:]}


def until(what, condition, process=None):
    """process: must live meanwhile."""
    def look():
        if process and process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}, before: {what}")
        return condition()
    return wait.until(DEADLINE, look, 0.02, what)


class Sim:
    """with Sim("--tls") as sim: a drop-sim with a folder of its own."""

    def __init__(self, *options, descriptors=None):
        self.options = options
        self.limit = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        self.scratch = tempfile.TemporaryDirectory(prefix="drop-server-")
        self.folder = pathlib.Path(self.scratch.name)

    def __enter__(self):
        config = self.folder / "kubeconfig"
        self.log = open(self.folder / "sim.log", "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [*self.limit, BINARIES["drop-sim"], "--kubeconfig-out", config, "--audit-log",
             self.folder / "audit.log", *self.options],
            stderr=self.log, env=ENVIRONMENT)
        until("drop-sim serves", config.exists, self.process)
        self.text = config.read_text()
        url = urllib.parse.urlsplit(self.value("server"))
        self.host, self.port, self.token = url.hostname, url.port, self.value("token")
        self.context = None
        if url.scheme == "https":
            self.context = ssl.create_default_context(
                cadata=base64.b64decode(self.value("certificate-authority-data")).decode())
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE)
        self.log.close()
        said = (self.folder / "sim.log").read_text(errors="replace")
        self.scratch.cleanup()
        assert code == 0, f"drop-sim ended with {code}: {said[:2000]}"

    def value(self, key):
        for line in self.text.splitlines():
            if line.strip().startswith(key + ": "):
                return line.split(": ", 1)[1]
        return None

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection(self.host, self.port, timeout=DEADLINE,
                                               context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)

    def raw(self):
        return socket.create_connection((self.host, self.port), DEADLINE)

    def ask(self, method, path, body=None, headers=None, connection=None):
        """(code, answer, headers)"""
        own = connection or self.connect()
        data = json.dumps(body) if body is not None else None
        auth = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        own.request(method, path, data, {"Content-Type": "application/json", **auth,
                                         **(headers or {})})
        reply = own.getresponse()
        text = reply.read()
        if connection is None:
            own.close()
        is_json = reply.headers.get("Content-Type", "").startswith("application/json")
        return reply.status, json.loads(text) if is_json else text, reply.headers

    def fault(self, kind, **more):
        code, answer, _ = self.ask("POST", "/sim/do", {
            "do": "api-fault", "api": {"kind": kind, **more}})
        assert code == 200, answer

    def heal(self):
        assert self.ask("POST", "/sim/do", {"do": "api-heal"})[0] == 200

    def make(self, name, data=None):
        return self.ask("POST", MAPS, {"metadata": {"name": name}, "data": data or {}})

    def there(self, name):
        return self.ask("GET", f"{MAPS}/{name}", headers={"User-Agent": "looker"})[0] == 200

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024  # MiB


def test_tls_wants_the_token():
    with Sim("--tls", "--nodes", "1") as sim:
        assert sim.ask("GET", "/api/v1/nodes")[0] == 200
        assert sim.ask("GET", "/readyz", headers={"Authorization": ""})[0] == 200
        token, sim.token = sim.token, None
        code, answer, _ = sim.ask("GET", "/api/v1/nodes")
        assert (code, answer["reason"]) == (401, "Unauthorized")
        sim.token = token[:-1] + ("0" if token[-1] != "0" else "1")
        assert sim.ask("GET", "/api/v1/nodes")[0] == 401
        sim.token = token
        sim.context = ssl.create_default_context()  # which does not know the authority
        try:
            sim.ask("GET", "/api/v1/nodes")
            raise AssertionError("an unknown authority is believed")
        except ssl.SSLError:
            pass
        mode = (sim.folder / "kubeconfig").stat().st_mode & 0o777
        assert mode == 0o600, oct(mode)


def test_limits():
    with Sim("--nodes", "1") as sim:
        code = sim.ask("POST", MAPS, {"data": {"a": "x" * (4 << 20)}})[0]
        assert code == 413, code
        code = sim.ask("POST", MAPS, {"metadata": {"name": "large"}, "data": {"a": "x" * (2 << 20)}})[0]
        assert code == 413, code
        with sim.raw() as s:
            s.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n")
            assert b"200" not in s.recv(64)
        with sim.raw() as s:
            s.sendall(b"\x16\x03\x01nonsense\r\n\r\n")
            assert b"200" not in s.recv(64)
        idle = [sim.raw() for _ in range(300)]
        assert sim.ask("GET", "/api/v1/nodes")[0] == 200
        for s in idle:
            s.close()


def test_descriptors_run_out():
    with Sim("--nodes", "1", descriptors=60) as sim:
        probe = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        clients = [sim.raw() for _ in range(100)]
        clients[0].sendall(probe)
        assert b" 200 " in clients[0].recv(64)
        clients[-1].sendall(probe)  # waits until others leave
        for s in clients[:-1]:
            s.close()
        assert b" 200 " in clients[-1].recv(64)
        clients[-1].close()


def test_a_client_that_does_not_read():
    with Sim("--nodes", "1") as sim:
        stuck = sim.raw()
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.sendall(f"GET {MAPS}?watch=true HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until("the watch is open", lambda: sim.ask("GET", MAPS)[0] == 200)
        keep = sim.connect()
        before = sim.memory()
        assert sim.ask("POST", MAPS, {"metadata": {"name": "m"}}, connection=keep)[0] == 201
        for i in range(400):  # 40 MB of events
            code = sim.ask("PATCH", f"{MAPS}/m", {"data": {"a": str(i) + "x" * 100_000}},
                           {"Content-Type": "application/merge-patch+json"}, keep)[0]
            assert code == 200
        grown = sim.memory() - before
        # The history keeps the texts (40 MB); the stuck client costs only its buffer.
        assert grown < 150, f"{grown} MiB for one client that does not read"
        keep.close()
        stuck.close()


def test_faults_as_a_client_meets_them():
    with Sim("--nodes", "1") as sim:
        only = {"verbs": ["create"], "resources": ["configmaps"]}
        sim.fault("status", code=429, retryAfterSeconds=7, **only)
        code, answer, headers = sim.make("a")
        assert (code, answer["reason"], headers["Retry-After"]) == (429, "TooManyRequests", "7")
        sim.heal()
        for kind, done in (("reset", False), ("reset-after", True), ("truncate", True)):
            sim.fault(kind, **only)
            try:
                sim.make(kind)
                raise AssertionError(f"{kind}: there was an answer")
            except (ConnectionError, http.client.HTTPException):
                pass
            sim.heal()
            assert sim.there(kind) == done, kind
        sim.fault("hang", **only)
        with sim.raw() as s:
            body = b'{"metadata":{"name":"hang"}}'
            s.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                      % (MAPS.encode(), len(body), body))
            until("it was done", lambda: sim.there("hang"))
            s.settimeout(0.2)
            try:
                raise AssertionError(f"an answer: {s.recv(10)}")
            except TimeoutError:
                pass
        sim.heal()
        sim.fault("slow", delay="300ms", **only)
        began = time.monotonic()
        assert sim.make("slow")[0] == 201
        assert time.monotonic() - began >= 0.3


def test_watches_are_cut_and_expire():
    with Sim("--nodes", "1") as sim:
        stream = sim.connect()
        stream.request("GET", f"{MAPS}?watch=true")
        reply = stream.getresponse()
        assert sim.make("a")[0] == 201
        assert json.loads(reply.readline())["type"] == "ADDED"
        sim.fault("drop-watch", resources=["configmaps"])
        assert reply.readline() == b""
        stream.close()
        version = sim.ask("GET", MAPS)[1]["metadata"]["resourceVersion"]
        sim.heal()
        assert sim.make("b")[0] == 201
        sim.fault("expire")
        _, text, _ = sim.ask("GET", f"{MAPS}?watch=true&resourceVersion={version}&timeoutSeconds=1")
        assert text["object"]["code"] == 410, text


def ready(sim, count):
    items = sim.ask("GET", IMAGES)[1]["items"]
    return count == sum(any(c["type"] == "Ready" and c["status"] == "True"
                            for c in (i.get("status") or {}).get("conditions") or []) for i in items)


@contextlib.contextmanager
def operator_on(sim):
    """Our operator, which must end well."""
    bins, sockets = sim.folder / "bin", sim.folder / "sockets"
    bins.mkdir()
    sockets.mkdir(mode=0o700)
    for name, path in BINARIES.items():
        (bins / name).symlink_to(path)
    with open(sim.folder / "drop.log", "wb") as log:
        operator = subprocess.Popen(
            [bins / "drop-supervisor", "--bin-dir", bins, "--kubeconfig", sim.folder / "kubeconfig",
             "--socket-dir", sockets, "--health-probe-bind-address=0"], stderr=log, env=ENVIRONMENT)
    try:
        yield operator
    finally:
        operator.terminate()
        code = operator.wait(DEADLINE)
    assert code == 0, f"the operator ended with {code}"


def operate(*options):
    nodes, images = 5, 3
    with Sim("--nodes", str(nodes), *options) as sim:
        policy = {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy",
                  "metadata": {"name": "p"}, "spec": {"maxConcurrentNodes": nodes,
                                                      "minDelayBetweenPulls": "0s"}}
        assert sim.ask("POST", IMAGES.replace("cachedimages", "pullpolicies"), policy)[0] == 201
        for i in range(images):
            assert sim.ask("POST", IMAGES, {
                "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage",
                "metadata": {"name": f"i{i}"}, "spec": {
                    "image": f"docker.io/library/i{i}", "tag": "1", "policyRef": {"name": "p"}}})[0] == 201
        with operator_on(sim) as operator:
            until("all images are Ready", lambda: ready(sim, images), operator)
            until("no pod is left", lambda: not sim.ask("GET", "/api/v1/pods")[1]["items"], operator)
        lines = [json.loads(line) for line in (sim.folder / "audit.log").read_text().splitlines()]
        made = [e["requestObject"]["metadata"]["name"] for e in lines
                if e["verb"] == "create" and e["objectRef"]["resource"] == "pods"
                and e["responseStatus"]["code"] == 201]
        assert len(made) == len(set(made)) == nodes * images, made


SOURCES = """
anyImage: false
nodes: [{name: n}]
images: [{ref: 'slow.example/a:1'}, {ref: 'slow.example/a:2'}, {ref: 'slow.example/a:3'}]
registries: [{host: slow.example, delay: 300ms}]
metrics: [{image: 'slow.example/a:1', value: 4}]
---
apiVersion: drop.corewire.io/v1alpha1
kind: DiscoveryPolicy
metadata: {name: p}
spec: {sources: [{type: prometheus, prometheus: {endpoint: $SERVER/prometheus, query: up}}]}
"""


PULL_PODS = "/api/v1/namespaces/drop-system/pods"


def pull_pod(name, node, image="registry.example/a:1"):
    return {"metadata": {"name": name}, "spec": {"nodeName": node, "restartPolicy": "Never", "containers": [
        {"name": "pull", "image": image, "command": ["true"]}]}}


def statuses(sim, name):
    """{container: reason of its state}, init containers too; {} while there is no status."""
    pod = sim.ask("GET", f"{PULL_PODS}/{name}")[1]
    rows = [*pod["status"].get("containerStatuses", []), *pod["status"].get("initContainerStatuses", [])]
    return {one["name"]: next(iter(one["state"].values()), {}).get("reason") for one in rows}


def scenario(sim_folder, **parts):
    path = pathlib.Path(sim_folder) / "scenario.json"
    path.write_text("---\n" + json.dumps({"title": "by hand", **parts}))
    return path


def test_pods_by_hand_and_mutated():
    with tempfile.TemporaryDirectory(prefix="drop-hand-") as folder:
        path = scenario(folder, nodes=[{"name": "hand", "byHand": True}, {"name": "n"}],
                        registries=[{"host": "bad.example", "fault": "dns"}])
        with Sim("--scenario", str(path)) as sim:
            def do(**step):
                return sim.ask("POST", "/sim/do", step)
            until("both nodes are there", lambda: len(sim.ask("GET", "/api/v1/nodes")[1]["items"]) == 2)
            assert sim.ask("POST", PULL_PODS, pull_pod("a", "hand-000"))[0] == 201
            said = {"phase": "Pending", "startTime": "$NOW", "containerStatuses": [
                {"name": "pull", "state": {"waiting": {"reason": "ErrImagePull", "message": "as I like it"}}}]}
            assert do(do="pod-status", node="hand-000", status=said)[0] == 200
            assert statuses(sim, "a") == {"pull": "ErrImagePull"}
            assert do(do="pod-status", node="n", status=said)[0] == 400, "there is no pod"
            assert sim.ask("DELETE", f"{PULL_PODS}/a")[0] == 200
            until("a deleted pod goes", lambda: sim.ask("GET", f"{PULL_PODS}/a")[0] == 404)
            patch = {"spec": {"initContainers": [{"name": "setup", "image": "bad.example/setup:1"}],
                              "containers": [{"name": "agent", "image": "registry.example/agent:1"}]}}
            assert do(do="pod-mutate", node="n", pod=patch)[0] == 200
            assert sim.ask("POST", PULL_PODS, pull_pod("b", "n-000"))[0] == 201
            until("the init container fails", lambda: statuses(sim, "b") == {
                "setup": "ErrImagePull", "pull": "PodInitializing", "agent": "PodInitializing"})
            assert do(do="pod-mutate", node="n", pod=patch, end=True)[0] == 200
            assert sim.ask("POST", PULL_PODS, pull_pod("c", "n-000"))[0] == 201
            until("it ends", lambda: statuses(sim, "c") == {"pull": "Completed"})


def test_etcd_is_restored():
    with Sim("--nodes", "1") as sim:
        def do(**step):
            return sim.ask("POST", "/sim/do", step)[0]
        node = until("the node is there", lambda: sim.ask("GET", "/api/v1/nodes")[1]["items"])[0]
        assert sim.ask("POST", PULL_PODS, pull_pod("a", node["metadata"]["name"]))[0] == 201
        assert sim.make("kept")[0] == 201
        assert do(do="etcd-restore") == 400, "there is no backup"
        assert do(do="etcd-backup") == 200
        until("its pull ends", lambda: statuses(sim, "a") == {"pull": "Completed"})
        for i in range(50):
            assert sim.make(f"lost-{i}")[0] == 201
        high = int(sim.ask("GET", MAPS)[1]["metadata"]["resourceVersion"])
        connection = sim.connect()
        connection.request("GET", f"{MAPS}?watch=true&resourceVersion={high}")
        stream = connection.getresponse()
        assert do(do="etcd-restore") == 200
        assert stream.read() == b"", "the watch ends, and told nothing"
        connection.close()
        code, answer, _ = sim.ask("GET", MAPS)
        assert [one["metadata"]["name"] for one in answer["items"]] == ["kept"]
        assert int(answer["metadata"]["resourceVersion"]) < high
        assert sim.ask("GET", f"{MAPS}?watch=true&resourceVersion={high}")[0] == 504
        until("the kubelet plays the older pod", lambda: statuses(sim, "a") == {"pull": "Completed"})
        again = sim.ask("GET", "/api/v1/nodes")[1]["items"][0]
        assert again["metadata"]["uid"] == node["metadata"]["uid"]


def lists_over(sim, resource):
    """How many watches that began with a list of it are over: each is followed by another."""
    lines = [json.loads(line) for line in (sim.folder / "audit.log").read_text().splitlines()]
    return sum(f"/{resource}?" in e["requestURI"] and "sendInitialEvents=true" in e["requestURI"]
               and e["userAgent"].startswith("drop-watcher") for e in lines)


def test_the_operator_after_a_restore():
    """Statuses are right again, also where a write was answered while the lists were under way: that is
    why all kinds are listed twice."""
    with tempfile.TemporaryDirectory(prefix="drop-restore-") as folder:
        objects = [{"apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage",
                    "metadata": {"name": f"i-{i}"}, "spec": {"image": "registry.example/a", "tag": f"{i}"}}
                   for i in range(3)]
        path = scenario(folder, nodes=[{"name": "n", "count": 2}])
        path.write_text(path.read_text() + "".join("\n---\n" + json.dumps(one) for one in objects))
        with Sim("--scenario", str(path)) as sim:
            assert sim.ask("POST", "/sim/do", {"do": "etcd-backup"})[0] == 200
            with operator_on(sim) as operator:
                until("all images are Ready", lambda: ready(sim, 3), operator)
                for i in range(60):  # versions go up: those of the restored past are lower
                    sim.make(f"lost-{i}")
                before = lists_over(sim, "cachedimages")
                assert sim.ask("POST", "/sim/do", {"do": "etcd-restore"})[0] == 200
                assert not ready(sim, 3), "the backup is older than the operator"
                until("all images are Ready again", lambda: ready(sim, 3), operator)
                until("all is listed once more", lambda: lists_over(sim, "cachedimages") >= before + 2, operator)
                until("and they still are", lambda: ready(sim, 3), operator)


def test_what_discovery_asks():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as scene:
        scene.write(SOURCES)
        scene.flush()
        with Sim("--scenario", scene.name) as sim:
            policy = "/apis/drop.corewire.io/v1alpha1/discoverypolicies/p"
            endpoint = sim.ask("GET", policy)[1]["spec"]["sources"][0]["prometheus"]["endpoint"]
            assert endpoint == f"http://{sim.host}:{sim.port}/prometheus", endpoint
            tags, path, pages = [], "/v2/slow.example/a/tags/list?n=2", 0
            while path:  # a late answer has its Link all the same
                code, answer, headers = sim.ask("GET", path)
                assert code == 200, answer
                tags += answer["tags"]
                path, pages = headers.get("Link", "").partition(">")[0].lstrip("<"), pages + 1
            assert (tags, pages) == (["1", "2", "3"], 2), (tags, pages)
            own = sim.connect()
            own.request("POST", "/prometheus/api/v1/query", "query=up",
                        {"Content-Type": "application/x-www-form-urlencoded"})
            found = json.loads(own.getresponse().read())["data"]["result"]
            own.close()
            assert [(one["metric"]["image"], one["value"][1]) for one in found] == [
                ("slow.example/a:1", "4")], found


def test_the_operator_over_http():
    operate()


def test_the_operator_over_tls():
    operate("--tls")


if __name__ == "__main__":
    sys.exit(run_functions(functions_of(globals())))
