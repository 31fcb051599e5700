"""What discovery asks, for real: a Prometheus with a recorded day, a token server for docker-registry, and
a front that sits before either: a base path, wanted headers, pages of tags.
"""
import base64
import http.client
import http.server
import json
import os
import secrets
import subprocess
import threading
import time
import urllib.parse

import processes
from registry import free_port
from wait import until

STEP = 60          # seconds between two recorded samples
AHEAD = 30 * 60    # seconds that are recorded beyond now: so long the series are alive
TOKEN_SECONDS = 300
HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive", "host", "content-length", "date", "server")


class Prometheus:
    """with Prometheus(t, address, port, series): series is [(labels, value)], as they were every minute of
    the last `hours`; a value may be a function of the second. begin: the first second."""

    def __init__(self, t, series, address="127.0.0.1", port=None, hours=2):
        self.t, self.series, self.hours = t, series, hours
        self.host = f"{address}:{port or free_port()}"
        self.url = f"http://{self.host}"

    def __enter__(self):
        folder = self.t.folder("prometheus")
        text, data = os.path.join(folder, "series"), os.path.join(folder, "data")
        now = int(time.time())
        self.begin = now - self.hours * 3600
        with open(text, "w", encoding="utf-8") as out:
            name = self.series[0][0]
            out.write(f"# TYPE {name} gauge\n")
            for _, labels, value in self.series:
                inner = ",".join(f'{key}="{text}"' for key, text in labels.items())
                out.writelines(f"{name}{{{inner}}} {value(at) if callable(value) else value} {at}\n" for at in
                               range(self.begin, now + AHEAD, STEP))
            out.write("# EOF\n")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, data],
                       check=True, capture_output=True)
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as out:
            out.write("{}\n")
        with open(os.path.join(folder, "prometheus.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
                 f"--web.listen-address={self.host}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], processes.MARK: self.t.scratch})
        until(30, lambda: ask(self.url, "/-/ready")[0] == 200)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def ask(url, path, headers=None):
    """(code, body)"""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


class _Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def parse_request(self):
        good = super().parse_request()
        if self.server.owner.gone:
            self.close_connection = True
            return False
        return good

    def send(self, code, body, headers=()):
        self.send_response(code)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a client that leaves


class _Served:
    """with it: an HTTP server of ours is up; asked: (path, headers) of each request, in order."""

    def __init__(self, handler, address="127.0.0.1"):
        self.server = _Server((address, 0), handler)
        self.server.daemon_threads = True
        self.server.owner = self
        self.host = f"{address}:{self.server.server_port}"
        self.url = f"http://{self.host}"
        self.asked = []
        self.gone = False

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        """Answers nobody any more, also not those who are connected."""
        self.gone = True
        self.server.shutdown()
        self.server.server_close()

    def __exit__(self, *_):
        if not self.gone:
            self.stop()


class Front(_Served):
    """Hands on what comes below `base` to the server at `url`. want: a header and its value, else 401.
    pages: lists of tags come so many at a time, with a Link to the next, as of the large registries."""

    def __init__(self, url, base="", want=None, pages=0):
        super().__init__(_FrontHandler)
        self.target, self.base, self.want, self.pages = url, base, want, pages


class _FrontHandler(_Quiet):
    def serve(self):
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        owner.asked.append((self.path, dict(self.headers)))
        if not self.path.startswith(owner.base + "/"):
            self.send(404, b"not here")
        elif owner.want and self.headers.get(owner.want[0]) != owner.want[1]:
            self.send(401, b"who are you?")
        else:
            self.hand_on(owner, self.path[len(owner.base):], body)

    do_GET = do_POST = serve

    def hand_on(self, owner, path, body):
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(owner.target).netloc, timeout=30)
        connection.request(self.command, path, body or None, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        back = [(key, value) for key, value in reply.getheaders() if key.lower() not in HOP_BY_HOP]
        if owner.pages and reply.status == 200 and "/tags/list" in path:
            text, link = page(path, json.loads(text), owner.pages)
            back += [("Link", link)] if link else []
        self.send(reply.status, text, back)


def page(path, answer, most):
    """The tags after `last`, at most so many: (body, Link or None)."""
    split = urllib.parse.urlsplit(path)
    query = dict(urllib.parse.parse_qsl(split.query))
    size = min(most, int(query.get("n", most)))
    tags = answer["tags"]
    start = tags.index(query["last"]) + 1 if "last" in query else 0
    cut = tags[start:start + size]
    link = None
    if start + size < len(tags):
        link = f'<{split.path}?{urllib.parse.urlencode({"last": cut[-1], "n": size})}>; rel="next"'
    return json.dumps({**answer, "tags": cut}).encode(), link


class TokenServer(_Served):
    """Gives tokens that a docker-registry believes: signed with a key whose certificate it was given.
    credentials: (name, password) that may; asked with none or others: 401."""

    def __init__(self, folder, credentials):
        super().__init__(_TokenHandler)
        self.credentials = base64.b64encode(":".join(credentials).encode()).decode()
        self.key, self.cert = os.path.join(folder, "token.key"), os.path.join(folder, "token.crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key,
                        "-days", "2", "-subj", "/CN=tokens", "-out", self.cert],
                       check=True, capture_output=True)
        self.service, self.issuer = "registry.e2e", "tokens.e2e"
        self.given = []

    def config(self):
        """For docker-registry."""
        return {"auth": {"token": {"realm": f"{self.url}/token", "service": self.service,
                                   "issuer": self.issuer, "rootcertbundle": self.cert}}}

    def token(self, scopes):
        with open(self.cert, encoding="utf-8") as file:
            der = "".join(file.read().splitlines()[1:-1])
        now = int(time.time())
        access = [dict(zip(("type", "name", "actions"), (*scope.split(":")[:2], scope.split(":")[2].split(","))))
                  for scope in scopes]
        parts = [encoded(json.dumps(one).encode()) for one in (
            {"typ": "JWT", "alg": "RS256", "x5c": [der]},
            {"iss": self.issuer, "sub": "drop", "aud": self.service, "iat": now - 5, "nbf": now - 5,
             "exp": now + TOKEN_SECONDS, "jti": secrets.token_hex(8), "access": access})]
        signed = ".".join(parts)
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                              check=True, capture_output=True).stdout
        self.given.append(f"{signed}.{encoded(made)}")
        return self.given[-1]


class _TokenHandler(_Quiet):
    def do_GET(self):
        owner = self.server.owner
        owner.asked.append((self.path, dict(self.headers)))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if self.headers.get("Authorization") != f"Basic {owner.credentials}":
            self.send(401, b"{}")
        elif query.get("service") != [owner.service]:
            self.send(400, b"{}")
        else:
            self.send(200, json.dumps({"token": owner.token(query.get("scope", [])),
                                       "expires_in": TOKEN_SECONDS}).encode())


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
