"""What the attacks share: clients that open many connections, and a watch that measures the victim meanwhile.

Attackers run in a process of their own, so that what they cost does not count as latency of the answers that the
watch measures. Everything ends after a given number of seconds.
"""
import contextlib
import dataclasses
import http.client
import multiprocessing
import os
import pathlib
import re
import selectors
import socket
import ssl
import threading
import time

MIB = 1 << 20


# ---- attackers ----

def _open(port, payload, small, number):
    c = socket.socket()
    if small:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.setblocking(False)
    # Several addresses, so that ports of clients do not run out.
    c.bind((f"127.0.0.{2 + number % 8}", 0))
    c.connect_ex(("127.0.0.1", port))
    return c, payload


def hold(port, at_once, total, seconds, payload=b"", small=False, pause_s=0):
    """Keeps connections open that sent the payload and read nothing; replaces those that were closed, until `total`
    were opened. small: with a receive buffer of a few KiB."""
    selector = selectors.DefaultSelector()
    end, opened, live = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        for _ in range(50):
            if live >= at_once or opened >= total:
                break
            c, rest = _open(port, payload, small, opened)
            selector.register(c, selectors.EVENT_WRITE, rest)
            opened, live = opened + 1, live + 1
            if pause_s:
                time.sleep(pause_s)
                break
        for key, what in selector.select(0.02):
            try:
                if what & selectors.EVENT_WRITE:
                    rest = key.data[key.fileobj.send(key.data):] if key.data else b""
                    error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if error:
                        raise OSError(error, "connect")
                    # Without reading: the end of the connection shows as an error of the socket.
                    want = selectors.EVENT_WRITE if rest else 0 if small else selectors.EVENT_READ
                    selector.unregister(key.fileobj)
                    if want:
                        selector.register(key.fileobj, want, rest)
                    else:
                        _idle.append(key.fileobj)
                elif not key.fileobj.recv(65536):
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                with contextlib.suppress(KeyError):
                    selector.unregister(key.fileobj)
                key.fileobj.close()
                live -= 1


_idle = []  # keeps sockets alive that are not looked at any more


def with_tokens(port, at_once, seconds, path="/metrics"):
    """That many clients over TLS, each with another made-up token for each request."""
    trusting = ssl._create_unverified_context()  # pylint: disable=protected-access
    end = time.monotonic() + seconds

    def client(number):
        asked = 0
        while time.monotonic() < end:
            asked += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                c = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trusting)
                c.request("GET", path, headers={"Authorization": f"Bearer made-up-{number}-{asked}"})
                c.getresponse().read()
                c.close()
            time.sleep(0.1)
    threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(at_once)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(max(0, end + 1 - time.monotonic()))


@contextlib.contextmanager
def attacker(function, *args, **more):
    process = multiprocessing.get_context("fork").Process(target=function, args=args, kwargs=more, daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


# ---- the watch ----

def pss_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024


def sockets(pid):
    """Inodes of the sockets that the process has."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found


def connections(pid, port):
    """Connections that the process has accepted at this port: those that wait in the kernel do not count. Nor do those
    that came or went while this looked, so that never more are counted than were open at one moment."""
    seen, before = set(), sockets(pid)
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if int(words[1].rsplit(":", 1)[1], 16) == port and words[3] != "0A":
                    seen.add(words[9])
    return len(seen & before & sockets(pid))


@dataclasses.dataclass
class Answers:
    """What one question was answered with."""
    seconds: list = dataclasses.field(default_factory=list)
    faults: list = dataclasses.field(default_factory=list)

    def slowest(self):
        return max(self.seconds, default=float("inf"))

    def median(self):
        return sorted(self.seconds)[len(self.seconds) // 2] if self.seconds else float("inf")


@dataclasses.dataclass
class Figures:
    """One row of the table."""
    attack: str
    before_mib: float
    most_connections: int = 0
    most_mib: float = 0
    answers: dict = dataclasses.field(default_factory=dict)

    def row(self):
        cells = [f"{self.attack:<34}", f"{self.most_connections:>6}", f"{self.before_mib:6.1f} -> {self.most_mib:5.1f}"]
        for name in ("readyz", "healthz", "scrape"):
            a = self.answers.get(name)
            cells.append(f"{a.median() * 1000:6.0f} {a.slowest() * 1000:6.0f} {len(a.faults):3}/{len(a.seconds):<4}"
                         if a else " " * 22)
        return "  ".join(cells)

    def faults(self):
        return [f"{name}: {fault}" for name, a in self.answers.items() for fault in a.faults]


HEADER = "  ".join([f"{'attack':<34}", "connec", "  PSS, MiB     ",
                    *(f"{name + ': median, most ms, bad/ok':<22}" for name in ("readyz", "healthz", "scrape"))])


class Watch:
    """Asks the probes again and again, one thread each, and samples the victim, while the block runs.
    probes: {name: function that raises when the answer is wrong}."""

    def __init__(self, attack, pid, port, probes):
        self.pid, self.port, self.probes = pid, port, probes
        self.figures = Figures(attack, pss_mib(pid), answers={name: Answers() for name in probes})
        self.stop = threading.Event()
        self.threads = []

    def _probe(self, name):
        answers = self.figures.answers[name]
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self.probes[name]()
                answers.seconds.append(time.monotonic() - began)
            except Exception as e:  # pylint: disable=broad-except
                answers.faults.append(f"{type(e).__name__}: {e}"[:200])
            self.stop.wait(0.1)

    def _sample(self):
        while not self.stop.is_set():
            f = self.figures
            f.most_connections = max(f.most_connections, connections(self.pid, self.port))
            f.most_mib = max(f.most_mib, pss_mib(self.pid))
            self.stop.wait(0.05)

    def __enter__(self):
        self.threads = [threading.Thread(target=self._sample, daemon=True)]
        self.threads += [threading.Thread(target=self._probe, args=(name,), daemon=True) for name in self.probes]
        for t in self.threads:
            t.start()
        return self.figures

    def __exit__(self, kind, *_):
        self.stop.set()
        for t in self.threads:
            t.join(30)
