"""Where a measurement takes place: a real API server with pretend nodes, or drop-sim alone.

Owns what is started for it, and ends it. Both give the same things: `api` to ask, `kubeconfig` for
the programs, `audit` (the audit log's path), `nodes` (names). Nothing is measured here.
"""
import base64
import http.client
import json
import os
import re
import ssl
import subprocess
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
CLUSTER = os.path.join(TREE, "tests", "cluster")
NAMESPACE = "drop-system"
START_SECONDS = 120


class Api:
    """JSON over one connection, with the credentials of a kubeconfig."""

    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            text = file.read()
        self.url = urllib.parse.urlsplit(self.item(text, "server"))
        self.token = self.item(text, "token")
        self.context = None
        if self.url.scheme == "https":
            self.context = ssl.create_default_context(cadata=self.data(
                text, "certificate-authority").decode())
            cert = self.data(text, "client-certificate")
            if cert:
                with tempfile.NamedTemporaryFile() as pair:
                    pair.write(cert + b"\n" + self.data(text, "client-key"))
                    pair.flush()
                    self.context.load_cert_chain(pair.name)
        self.connection = None

    @staticmethod
    def item(text, key):
        found = re.search(rf'"?\b{key}"?:\s*"?([^"\s,}}]+)', text)
        return found.group(1) if found else None

    def data(self, text, key):
        """The bytes of KEY-data, or of the file KEY names."""
        inline = self.item(text, key + "-data")
        if inline:
            return base64.b64decode(inline)
        path = self.item(text, key)
        if not path:
            return b""
        with open(path, "rb") as file:
            return file.read()

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection(self.url.netloc, timeout=60, context=self.context)
        return http.client.HTTPConnection(self.url.netloc, timeout=60)

    def ask(self, method, path, body=None, kind="application/json"):
        """(status, decoded body); a connection that broke is made anew once."""
        headers = {"User-Agent": "bench", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if body is not None:
            headers["Content-Type"] = kind
            body = json.dumps(body)
        for attempt in (1, 2):
            try:
                self.connection = self.connection or self.connect()
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                text = answer.read()
                return answer.status, json.loads(text) if text else None
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 2:
                    raise
        return None

    def want(self, method, path, body=None, codes=(200, 201, 202)):
        end = time.monotonic() + 60
        while True:
            code, answer = self.ask(method, path, body)
            if code in codes:
                return answer
            # While the storage of a new kind is set up the server says 429, or 404.
            if code not in (429, 404, 500, 503) or time.monotonic() > end:
                raise RuntimeError(f"{method} {path}: {code} {answer}")
            time.sleep(0.3)


class World:
    def __init__(self, build, folder, count):
        self.build = build
        self.folder = folder
        self.count = count
        self.nodes = []
        self.started = []

    def start(self, *words):
        log = open(os.path.join(self.folder, "pretend.log"), "ab")
        self.started.append(subprocess.Popen(
            [os.path.join(self.build, "sim", "drop-sim"), *words], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log))
        log.close()

    def await_nodes(self):
        end = time.monotonic() + START_SECONDS + self.count / 10
        while True:
            got = self.api.want("GET", "/api/v1/nodes")["items"]
            ready = [n["metadata"]["name"] for n in got if any(
                c["type"] == "Ready" and c["status"] == "True"
                for c in n.get("status", {}).get("conditions", []))]
            if len(ready) >= self.count:
                self.nodes = sorted(ready)
                return
            if time.monotonic() > end or self.started[-1].poll() is not None:
                raise RuntimeError(f"{len(ready)} of {self.count} nodes; see {self.folder}")
            time.sleep(0.5)

    def __exit__(self, *_):
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Real(World):
    """etcd and kube-apiserver (tests/cluster), the nodes by drop-sim --nodes-only.

    No kubelet, and no node lifecycle controller: instant nodes renew no leases.
    """
    name = "real API server"

    def __init__(self, build, folder, count, sharing=False):
        super().__init__(build, folder, count)
        self.sharing = sharing

    def pretend(self):
        """The nodes. With sharing images are small, and the first node soon tells all that it has."""
        if not self.sharing:
            return ["--nodes", str(self.count)]
        path = os.path.join(self.folder, "scenario.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write("imageSizeMiB: 20\n"
                       "nodes:\n"
                       "- {name: first, heartbeatSeconds: 2, maxImages: -1}\n"
                       f"- {{name: node, count: {self.count - 1}}}\n")
        return ["--scenario", path]

    def __enter__(self):
        done = subprocess.run(
            [os.path.join(CLUSTER, "up.sh"), self.cluster(), "--no-kubelet", "--no-images",
             "--controller-manager-flags", "--controllers=*,-node-lifecycle-controller"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        try:
            self.fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def cluster(self):
        return os.path.join(self.folder, "cluster")

    def fill(self):
        with open(os.path.join(self.cluster(), "env"), encoding="utf-8") as file:
            env = dict(re.findall(r"(\w+)=(\S+)", file.read()))
        self.kubeconfig, self.audit = env["KUBECONFIG"], env["AUDIT_LOG"]
        self.api = Api(self.kubeconfig)
        kubectl = [*env["KUBECTL"].split(), "--kubeconfig", self.kubeconfig]
        subprocess.run([*kubectl, "apply", "-f", os.path.join(TREE, "deploy", "crds")],
                       check=True, capture_output=True)
        subprocess.run([*kubectl, "wait", "--for=condition=Established", "--timeout=60s", "crd",
                        "--all"], check=True, capture_output=True)
        self.api.want("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        end = time.monotonic() + START_SECONDS  # pods are refused before it
        account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
        while self.api.ask("GET", account)[0] != 200 and time.monotonic() < end:
            time.sleep(0.2)
        self.start("--nodes-only", "--kubeconfig", self.kubeconfig, "--instant", *self.pretend())
        self.await_nodes()

    def __exit__(self, *_):
        super().__exit__()
        subprocess.run([os.path.join(CLUSTER, "down.sh"), self.cluster()], capture_output=True,
                       stdin=subprocess.DEVNULL)


class Sim(World):
    """drop-sim alone: its own API over TLS, and its nodes."""
    name = "drop-sim"

    def cluster_words(self):
        """What cluster it plays."""
        return ["--nodes", str(self.count)]

    def __enter__(self):
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        self.audit = os.path.join(self.folder, "audit.log")
        self.start(*self.cluster_words(), "--instant", "--tls", "--kubeconfig-out",
                   self.kubeconfig, "--audit-log", self.audit, "--log-level", "warn")
        try:
            end = time.monotonic() + START_SECONDS
            while not os.path.exists(self.kubeconfig):
                if time.monotonic() > end or self.started[-1].poll() is not None:
                    raise RuntimeError(f"drop-sim did not come up; see {self.folder}")
                time.sleep(0.05)
            self.api = Api(self.kubeconfig)
            self.await_nodes()
        except BaseException:
            self.__exit__()
            raise
        return self
