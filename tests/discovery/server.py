"""An HTTP server that does what it is told, down to the bytes: honest answers, and every misbehaviour of
hostile.py. One thread a connection; everything that is asked is kept, with its headers, so that a test can
say what went over the wire.
"""
import collections
import json
import socket
import ssl
import struct
import threading
import time

HEAD_MAX = 1 << 20
ASKED_MAX = 200_000  # requests that are kept
CHUNK = 64 * 1024
TLS_HELLO = b"\x16"

Asked = collections.namedtuple("Asked", "at host path headers body method")


class Gone(Exception):
    """The client has left, or the server is closed."""


class Client:
    """One connection, as a misbehaviour sees it."""

    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.pending = b""

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def recv(self):
        try:
            piece = self.sock.recv(CHUNK)
        except OSError as error:
            raise Gone from error
        if not piece:
            raise Gone
        return piece

    def request(self):
        """The next request, or Gone."""
        while b"\r\n\r\n" not in self.pending:
            if len(self.pending) > HEAD_MAX:
                raise Gone
            if self.pending[:1] == TLS_HELLO:
                self.reply(b"this is plain HTTP", 400)
                raise Gone
            self.pending += self.recv()
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        want = int(headers.get("content-length", 0))
        while len(self.pending) < want:
            self.pending += self.recv()
        body, self.pending = self.pending[:want], self.pending[want:]
        asked = Asked(time.monotonic(), self.server.host, first.split(" ")[1], headers, body, first.split(" ")[0])
        self.server.note(asked)
        return asked

    def head(self, code=200, headers=(), length=None, kind="application/json"):
        """Status line and headers; length None: chunked, False: until the connection closes."""
        lines = [f"HTTP/1.1 {code} X", f"Content-Type: {kind}", *headers]
        if length is None:
            lines.append("Transfer-Encoding: chunked")
        elif length is not False:
            lines.append(f"Content-Length: {length}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def chunk(self, data):
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def reply(self, body=b"", code=200, headers=(), kind="application/json"):
        """A whole answer. body: bytes, or what JSON can say."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.head(code, headers, len(body), kind)
        self.send(body)

    def hang(self):
        """Says nothing more, until the client gives up."""
        with self.server.lock:
            self.server.hanging += 1
        try:
            while True:
                self.recv()
        finally:
            with self.server.lock:
                self.server.hanging -= 1

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


class Server:
    """answer(client, asked): called for each request in the connection's thread; a true value keeps the
    connection. None: whoever connects is never told anything. context: TLS. address 0.0.0.0: at() gives it a host for each n."""

    def __init__(self, answer, address="127.0.0.1", context=None, port=0, backlog=1024):
        self.answer, self.context = answer, context
        self.lock = threading.Lock()
        self.asked = collections.deque(maxlen=ASKED_MAX)
        self.hanging = self.count = 0
        self.open = set()
        self.closed = False
        self.listener = socket.create_server((address, port), backlog=backlog)
        self.port = self.listener.getsockname()[1]
        self.host = f"{address}:{self.port}"
        self.url = f"{'https' if context else 'http'}://{self.host}"
        threading.Thread(target=self._accept, daemon=True).start()

    def at(self, n, net=1):
        """host:port that is another origin for each n: all of 127.0.0.0/8 is this machine."""
        return f"127.{net}.{n // 250}.{n % 250 + 1}:{self.port}"

    def note(self, asked):
        with self.lock:
            self.asked.append(asked)
            self.count += 1

    def seen(self, path=""):
        """What was asked of paths that begin so."""
        with self.lock:
            return [one for one in self.asked if one.path.startswith(path)]

    def _accept(self):
        while not self.closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with self.lock:
            self.open.add(sock)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            client = Client(self, sock)
            if not self.answer:
                client.hang()
            while self.answer(client, client.request()):
                pass
        except (Gone, OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def close(self):
        self.closed = True
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for sock in left:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def tls_context(cert, key, ca=None):
    """ca: clients must show a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
