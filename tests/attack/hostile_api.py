"""An API server whose answers cannot be trusted: a proxy before drop-sim. Requests are passed on as they are,
answers are changed at random while `hostile` is above 0. Also before it, for HTTP/2: TLS with ALPN h2, whose
bytes are changed at random, and nghttpx, which speaks HTTP/1.1 to the proxy.
"""
import contextlib
import http.client
import http.server
import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

from mutate import Mutator

CODES = (200, 201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503, 504, 599)
EXPIRED = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410,
                      "message": "too old resource version"}).encode()
KEPT = 50  # answers that are given again to somebody else


class Cut(Exception):
    """The connection ends here."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _bad(self, share=1.0):
        return self.server.mutator.chance(self.server.hostile * share)

    def _raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def _head(self, code, headers):
        lines = [f"HTTP/1.1 {code} Answer", *(f"{k}: {v}" for k, v in headers)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def _whole(self, answer):
        """An answer with a length."""
        m, r = self.server.mutator, self.server.mutator.random
        body, code = answer.read(), answer.status
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding")]
        if not self._bad():
            self._raw(self._head(code, [*headers, ("Content-Length", len(body))]) + body)
            self.server.keep(body)
            return
        self.server.count += 1
        kind = r.randrange(10)
        if kind < 4:
            body = m.document(body)
        elif kind == 4:
            body = m.bytes(body)
        elif kind == 5:
            code = r.choice(CODES)
        elif kind == 6:
            body = r.choice(self.server.kept or [b""])
        elif kind == 7:
            headers.append(r.choice([("Content-Length", 3), ("Transfer-Encoding", "chunked"), ("Retry-After", "99999999999"),
                                     ("X-Long", "x" * 300_000), ("Content-Encoding", "gzip"), ("Warning", "\x01\x1b[2J"),
                                     ("Location", "http://127.0.0.1:1/")]))
        elif kind == 8:
            time.sleep(r.choice((0.2, 1, 3)))
            raise Cut
        whole = self._head(code, [*headers, ("Content-Length", len(body))]) + body
        if kind == 9:
            self._raw(m.bytes(whole))
            raise Cut
        self._raw(whole)

    def _stream(self, answer):
        """A watch: line by line."""
        m = self.server.mutator
        self._raw(self._head(answer.status, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]))
        while line := answer.readline():
            if self._bad(0.5):
                self.server.count += 1
                line = (m.document(line) + b"\n", m.bytes(line), line + line, b"")[m.random.randrange(4)]
                if m.chance(0.1):
                    raise Cut
            if line:
                self._raw(b"%x\r\n%s\r\n" % (len(line), line))
        self._raw(b"0\r\n\r\n")

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection(*self.server.upstream, timeout=700)
        # A watch that ends here must end there as well.
        self.server.remember(upstream)
        try:
            upstream.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
            answer = upstream.getresponse()
            if "watch=" in self.path and self.server.is_expired(self.path.split("?")[0]):
                self._raw(self._head(410, [("Content-Type", "application/json"), ("Content-Length", len(EXPIRED))]) + EXPIRED)
                raise Cut
            if "watch=" in self.path and answer.status == 200:
                self._stream(answer)
            else:
                self._whole(answer)
        except (Cut, OSError, http.client.HTTPException, ValueError):
            self.close_connection = True
        finally:
            self.server.forget(upstream)
            upstream.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


class HostileApi(http.server.ThreadingHTTPServer):
    """upstream: (host, port) of drop-sim. hostile: the share of answers that are changed."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, upstream, seed):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.mutator, self.hostile, self.count = upstream, Mutator(seed), 0.0, 0
        self.kept, self.open, self.lock = [], set(), threading.Lock()
        self.behaves, self.known_again = False, set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, body):
        if len(self.kept) < KEPT:
            self.kept.append(body)
        elif self.mutator.chance(0.1):
            self.kept[self.mutator.random.randrange(KEPT)] = body

    def remember(self, upstream):
        with self.lock:
            self.open.add(upstream)

    def forget(self, upstream):
        with self.lock:
            self.open.discard(upstream)

    def handle_error(self, request, client_address):
        pass

    def is_expired(self, path):
        """A repaired server has no history: the first watch of each kind is refused."""
        with self.lock:
            if not self.behaves or path in self.known_again:
                return False
            self.known_again.add(path)
            return True

    def behave(self):
        """From now on. What a watch said and was well formed nobody can doubt, so all watches end and everything
        has to be listed again."""
        self.hostile, self.behaves = 0.0, True
        with self.lock:
            left = list(self.open)
        for upstream in left:
            with contextlib.suppress(OSError, AttributeError):
                upstream.sock.shutdown(socket.SHUT_RDWR)


class HostileTls:
    """TLS with ALPN h2 before nghttpx before the API; what nghttpx says is changed byte by byte. cert, key: files."""

    def __init__(self, api, folder, cert, key, seed):
        self.mutator, self.hostile, self.count = Mutator(seed), 0.0, 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port_behind = free.getsockname()[1]
        self.log = open(os.path.join(folder, "nghttpx.log"), "wb")
        self.nghttpx = subprocess.Popen(
            [self.program(), f"--frontend=127.0.0.1,{self.port_behind};no-tls",
             f"--backend=127.0.0.1,{api.server_port}", "--workers=1", "--backend-read-timeout=1h",
             "--frontend-http2-read-timeout=1h", "--conf=/dev/null", "--errorlog-file=/dev/stderr"],
            stdout=self.log, stderr=self.log)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.chosen = set()  # protocols that clients have agreed to
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def program():
        return shutil.which("nghttpx", path=f"{os.environ['PATH']}:/usr/sbin")

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError, ValueError), sock:
            sock.settimeout(10)
            with self.context.wrap_socket(sock, server_side=True) as front, \
                    socket.create_connection(("127.0.0.1", self.port_behind)) as behind:
                self.chosen.add(front.selected_alpn_protocol())
                self._pump(front, behind)

    def _pump(self, front, behind):
        while True:
            ready = [front] if front.pending() else select.select([front, behind], [], [], 60)[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                if one is behind and self.mutator.chance(self.hostile):
                    self.count += 1
                    data = self.mutator.bytes(data)
                (behind if one is front else front).sendall(data)

    def close(self):
        self.listener.close()
        self.nghttpx.terminate()
        self.nghttpx.wait()
        self.log.close()
