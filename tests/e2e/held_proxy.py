"""A TCP proxy before the API server that can hold back what a client sends, and send it on later, also when the client has given up
meanwhile: for the server, a client whose machine slept in the middle of a write. Answers and watches pass at any time.
"""
import contextlib
import socket
import threading
import urllib.parse

CHUNK = 65536


class HeldProxy:
    """with HeldProxy(server URL) as p: p.url; p.hold(), p.held() bytes so far, p.let_go(). Ends of a client are passed on at the end."""

    def __init__(self, server):
        url = urllib.parse.urlsplit(server)
        self.server = (url.hostname, url.port)
        self.open = threading.Event()
        self.open.set()
        self.waiting = {}  # thread -> bytes that it holds back
        self.sockets = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.open.set()
        for one in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def hold(self):
        self.open.clear()

    def held(self):
        return sum(self.waiting.values())

    def let_go(self):
        self.open.set()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
                self.sockets += [client, server]
                threading.Thread(target=self._send_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server), daemon=True).start()

    def _send_on(self, client, server):
        held, me = [], threading.get_ident()
        client.settimeout(0.1)
        with contextlib.suppress(OSError):
            while True:
                try:
                    data = client.recv(CHUNK)
                    if not data:
                        break
                    held.append(data)
                except TimeoutError:
                    pass
                if self.open.is_set():
                    server.sendall(b"".join(held))
                    held.clear()
                self.waiting[me] = sum(map(len, held))
        with contextlib.suppress(OSError):
            self.open.wait()
            server.sendall(b"".join(held))
        self.waiting[me] = 0

    @staticmethod
    def _answer(client, server):
        with contextlib.suppress(OSError):
            while data := server.recv(CHUNK):
                client.sendall(data)
