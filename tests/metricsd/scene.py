"""drop-metricsd as a real process: between peers of the same main loop (tests/pipeline/testproc.c), with a
scripted API server, for tests/metricsd and tests/attack.

Clients want an answer within a second; what is slower is a failure of ours. On a machine that is busy otherwise
the second is multiplied by DROP_TEST_PATIENCE.
"""
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from wait import until

DEADLINE = 120  # seconds, under sanitizers and load
# A scrape's time; the processes have a quarter of a second of it.
SCRAPE_SECONDS = 1.0 * float(os.environ.get("DROP_TEST_PATIENCE", "8"))


def wait_for(what, condition, seconds=DEADLINE):
    return until(seconds, condition, 0.02, what)


class Api(http.server.ThreadingHTTPServer):
    """Knows three tokens: `good` and `better` may, `poor` may not. Counts what it is asked."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ApiHandler)
        self.asked = []
        self.broken = False
        self.delay_s = 0  # of each answer
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class ApiHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        time.sleep(self.server.delay_s)
        status = {}
        if self.path == "/apis/authentication.k8s.io/v1/tokenreviews":
            name = body["spec"]["token"]
            status = {"authenticated": name in ("good", "better", "poor"),
                      "user": {"username": name, "groups": ["system:authenticated"]}}
        elif self.path == "/apis/authorization.k8s.io/v1/subjectaccessreviews":
            assert body["spec"]["nonResourceAttributes"] == {"path": "/metrics", "verb": "get"}
            status = {"allowed": body["spec"]["user"] in ("good", "better")}
        code = 500 if self.server.broken else 201
        text = json.dumps({"status": status}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Scene:
    """metricsd with these options, and testproc as the processes named."""
    metricsd = testproc = None  # programs

    def __init__(self, *options, peers=("watcher", "reconciler", "puller"), api=None, cluster=None, user=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="drop-metricsd-"))
        self.sockets = self.dir / "s"
        self.sockets.mkdir(mode=0o700)
        self.processes = {}
        self.log = open(self.dir / "log", "wb")
        words = [self.metricsd, "--socket-dir", str(self.sockets), "--health-probe-bind-address=127.0.0.1:0",
                 "--metrics-bind-address=127.0.0.1:0", *options]
        if api:
            config = self.dir / "kubeconfig"
            config.write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "c",
                "clusters": [{"name": "c", "cluster": cluster or {"server": f"http://127.0.0.1:{api.server_port}"}}],
                "users": [{"name": "u", "user": user or {"token": "t"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))
            words += ["--kubeconfig", str(config)]
        self.processes["metricsd"] = subprocess.Popen(words, stderr=self.log)
        for name in peers:
            self.start(name)
        self.port = int(self.wait_log(r"serving metrics .*port=(\d+)")[1])
        self.health_port = int(self.wait_log(r"serving health .*port=(\d+)")[1])
        self.secure = "--metrics-secure=false" not in options
        for name in peers:
            self.wait_log(f"connected to {name}")

    def start(self, name, *words):
        self.processes[name] = subprocess.Popen(
            [self.testproc, "--socket-dir", str(self.sockets), *words], env={**os.environ, "TEST_ROLE": name},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def text(self):
        return (self.dir / "log").read_text()

    def wait_log(self, pattern):
        return wait_for(f"{pattern} in the log", lambda: re.search(pattern, self.text()))

    def get(self, path="/metrics", headers=None, health=False, timeout=SCRAPE_SECONDS, source=None):
        """(status, body, headers). source: address of the client."""
        port = self.health_port if health else self.port
        source = (source, 0) if source else None
        if self.secure and not health:
            trusting = ssl._create_unverified_context()  # pylint: disable=protected-access
            c = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=trusting, source_address=source)
        else:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=source)
        try:
            c.request("GET", path, headers=headers or {})
            answer = c.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            c.close()

    def scrape(self, *up):
        """up: processes that must have answered; on a busy machine one may be too late for a scrape."""
        def whole():
            status, body, _ = self.get()
            assert status == 200, (status, body)
            found = samples(body.decode())
            assert all(found[f'drop_process_up{{process="{name}"}}'] == 1 for name in up), up
            return found
        return wait_for(f"a scrape with {up}", whole)

    def rss_mb(self):
        status = pathlib.Path(f"/proc/{self.processes['metricsd'].pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def sanitized(self):
        return "libasan" in pathlib.Path(f"/proc/{self.processes['metricsd'].pid}/maps").read_text()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self.log.close()
        if kind:
            sys.stderr.write(self.text())
        shutil.rmtree(self.dir)


def samples(text):
    """{"name{labels}": value}; each name and labels once."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name not in found, f"twice: {name}"
            found[name] = float(value)
    return found
