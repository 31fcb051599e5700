"""One side of a comparison: an API server that a kubeconfig names, asked over plain sockets.

Nothing here hides what the server says: no retries but for a new connection, the answer as it came.
Understands as much YAML as our kubeconfigs have: one cluster, one user, `key: value` lines or JSON.
"""
import base64
import collections
import http.client
import json
import os
import queue
import re
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse

AGENT = "contract"
TIMEOUT = 60      # seconds for one answer
EVENTS_MAX = 10_000  # of one watch, kept for who takes them

Answer = collections.namedtuple("Answer", "code headers body")


class KubeConfig:
    """server, and the files or texts that make the TLS context; never printed."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.folder = os.path.dirname(os.path.abspath(path))
        self.server = self.value("server")

    def value(self, key):
        found = re.search(rf'(?:^|[\s{{,"-]){key}"?\s*:\s*("[^"]*"|\'[^\']*\'|[^\s,}}]+)', self.text)
        return found[1].strip("\"'") if found else None

    def material(self, key):
        """PEM text of certificate-authority, client-certificate or client-key, or None."""
        if data := self.value(f"{key}-data"):
            return base64.b64decode(data).decode()
        if name := self.value(key):
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                return file.read()
        return None

    def context(self):
        """For https; None: the server speaks plain http."""
        if not self.server.startswith("https:"):
            return None
        context = ssl.create_default_context(cadata=self.material("certificate-authority"))
        cert, key = self.material("client-certificate"), self.material("client-key")
        if cert and key:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:  # ssl reads files only
                pem.write(cert + "\n" + key)
                pem.flush()
                context.load_cert_chain(pem.name)
        return context


class Side:
    def __init__(self, name, kubeconfig):
        self.name = name
        config = KubeConfig(kubeconfig)
        self.host = urllib.parse.urlsplit(config.server).netloc
        self.context = config.context()
        self.token = config.value("token")
        self.local = threading.local()

    def connect(self, timeout=TIMEOUT):
        if self.context is None:
            return http.client.HTTPConnection(self.host, timeout=timeout)
        return http.client.HTTPSConnection(self.host, timeout=timeout, context=self.context)

    def headers(self, more):
        found = {"User-Agent": AGENT, "Accept": "application/json", **(more or {})}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        return {key: value for key, value in found.items() if value is not None}

    def ask(self, method, path, headers=None, body=None):
        """body: bytes, or anything that JSON can say. A connection that died idle is opened again."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = self.headers(headers)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        for fresh in (False, True):
            connection = getattr(self.local, "connection", None)
            if connection is None or fresh:
                connection = self.local.connection = self.connect()
            try:
                connection.request(method, path, data, headers)
                reply = connection.getresponse()
                text = reply.read()
                return Answer(reply.status, reply.headers, _decoded(text))
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def watch(self, path, headers=None):
        return Stream(self, path, self.headers(headers))


class Stream:
    """A watch that is open. Its events are read by a thread, so that none is missed while a case
    does something else; None in the queue is the end of the stream."""

    def __init__(self, side, path, headers):
        for _ in range(TIMEOUT):
            self.connection = side.connect()
            self.connection.request("GET", path, headers=headers)
            self.reply = self.connection.getresponse()
            self.code, self.headers = self.reply.status, self.reply.headers
            if self.code != 429:
                break
            self.connection.close()  # a server (1.36) that has just started: its watch cache is not filled yet
            time.sleep(1)
        self.events = queue.Queue(EVENTS_MAX)
        self.text = b""
        self.ended = self.code != 200
        if self.ended:
            self.text = self.reply.read()
            self.connection.close()
            return
        self.connection.sock.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        pending = b""
        try:
            while piece := self.reply.read1(65536):
                *lines, pending = (pending + piece).split(b"\n")
                for line in lines:
                    self.events.put(json.loads(line))
        except (http.client.HTTPException, OSError, ValueError, AttributeError):
            pass  # AttributeError: http.client's own, when the connection is closed under it
        if pending.strip():
            self.events.put({"type": "HALF", "object": {}})
        self.events.put(None)

    def take(self, seconds):
        """The next event; None: the stream ended; queue.Empty: nothing came in time."""
        if self.ended and self.events.empty():
            return None
        event = self.events.get(timeout=seconds)
        self.ended = event is None
        return event

    def close(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # ended by itself
        self.connection.close()


def _decoded(text):
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
