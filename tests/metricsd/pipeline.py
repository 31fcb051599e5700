#!/usr/bin/env python3
"""drop-metricsd as a real process, between peers of the same main loop (tests/pipeline/testproc.c) and a
scripted API server, and clients good and bad. Usage: pipeline.py METRICSD TESTPROC [TEST]... Prints TAP.
"""
import concurrent.futures
import gzip
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from scene import DEADLINE, SCRAPE_SECONDS, Api, Scene, samples, wait_for
from tap import functions_of, run_functions


def up(found, process):
    return found[f'drop_process_up{{process="{process}"}}']


PLAIN = "--metrics-secure=false"


def test_everybody_is_asked():
    with Scene(PLAIN) as s:
        everybody = ("watcher", "reconciler", "puller", "metricsd")
        found = s.scrape(*everybody)
        for name in everybody:
            assert found[f'drop_turns_total{{process="{name}"}}'] > 0
            assert found[f'drop_process_resident_memory_bytes{{process="{name}"}}'] > 1e6
        later = s.scrape(*everybody)
        for name, value in found.items():
            if "_total" in name:
                assert later[name] >= value, name


def test_forms_and_compression():
    with Scene(PLAIN) as s:
        _, text, headers = s.get()
        assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
        _, om, headers = s.get(headers={"Accept": "application/openmetrics-text;version=1.0.0"})
        assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), headers
        assert om.endswith(b"# EOF\n")
        _, packed, headers = s.get(headers={"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert len(packed) < len(text) / 3
        assert set(samples(gzip.decompress(packed).decode())) >= set(samples(text.decode()))
        promtool = shutil.which("promtool")
        if promtool:
            done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
            assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr


def test_who_does_not_answer_is_down_and_keeps_its_last_values():
    with Scene(PLAIN) as s:
        turns = s.scrape("puller")['drop_turns_total{process="puller"}']
        s.processes["puller"].send_signal(signal.SIGSTOP)
        found = s.scrape("watcher")
        assert up(found, "puller") == 0
        assert found['drop_turns_total{process="puller"}'] == turns
        s.processes["puller"].send_signal(signal.SIGCONT)
        s.scrape("puller")
        s.processes["puller"].kill()
        s.processes["puller"].wait()
        found = s.scrape()
        assert up(found, "puller") == 0
        assert found['drop_turns_total{process="puller"}'] >= turns
        s.start("puller")
        s.scrape("puller")


def test_a_stuck_peer_does_not_end_us():
    """The main loop restarts a process whose peer is silent for 15 s; not one that asks everybody."""
    with Scene(PLAIN) as s:
        s.processes["puller"].send_signal(signal.SIGSTOP)
        end = time.monotonic() + 17
        while time.monotonic() < end:
            assert up(s.scrape(), "puller") == 0
            time.sleep(0.5)
        assert s.processes["metricsd"].poll() is None


def test_nobody_there():
    with Scene(PLAIN, peers=()) as s:
        found = s.scrape()
        assert up(found, "watcher") == 0 and up(found, "metricsd") == 1
        assert found["drop_supervisor_up"] == 1


def cost(s, what):
    """The time, size and CPU of a scrape, for the log; a second is the most."""
    pids = [s.processes[name].pid for name in ("metricsd", "reconciler")]

    def cpu():
        ticks = [pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
        return [sum(map(int, t)) / os.sysconf("SC_CLK_TCK") for t in ticks]
    s.get(timeout=DEADLINE)
    times, before = [], cpu()
    for _ in range(10):
        began = time.monotonic()
        status, packed, _ = s.get(headers={"Accept-Encoding": "gzip"}, timeout=DEADLINE)
        times.append(time.monotonic() - began)
        assert status == 200
    used = [(b - a) / 10 for a, b in zip(before, cpu())]
    text = gzip.decompress(packed).decode()
    print(f"# {what}: {len(samples(text))} series, {len(text) / 1e6:.2f} MB, {len(packed) / 1e6:.2f} MB packed, "
          f"{sorted(times)[5]:.3f} s, CPU {used[0]:.3f} s of metricsd and {used[1]:.3f} s of the reconciler, "
          f"metricsd {s.rss_mb():.1f} MB")
    return samples(text), sorted(times)[5]


def test_many_series():
    """500 images on 2,000 nodes, as they are by default, and named by node: as many as a process keeps."""
    for nodes, series in ((0, 500 * 5), (2000, 65536)):
        with Scene(PLAIN, peers=("watcher", "puller")) as s:
            s.start("reconciler", "--images", "500", "--nodes", str(nodes))
            wait_for("the reconciler", lambda s=s: up(samples(s.get(timeout=DEADLINE)[1].decode()), "reconciler") == 1)
            found, seconds = cost(s, f"500 images, {nodes or 'no'} names of nodes")
            assert len(found) > series and seconds < 2 * SCRAPE_SECONDS
            refused = found['drop_series_refused_total{process="reconciler"}']
            assert (refused > 0) == (nodes > 0), "what is above the bound is counted"


def raw(port, data, seconds=DEADLINE):
    """What comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as c:
        c.sendall(data)
        got = b""
        while True:
            piece = c.recv(65536)
            if not piece:
                return got
            got += piece


def test_bad_requests():
    with Scene(PLAIN) as s:
        s.scrape()
        assert s.get("/no-such")[0] == 404
        assert s.get("/healthz")[0] == 404, "not on the port of metrics"
        assert s.get("/metrics", health=True)[0] == 404, "not on the port of probes"
        assert s.get("/metrics?a=b&c[]=d")[0] == 200
        close = b"Host: x\r\nConnection: close\r\n"
        assert b" 405 " in raw(s.port, b"POST /metrics HTTP/1.1\r\n" + close + b"Content-Length: 0\r\n\r\n")
        head, _, body = raw(s.port, b"HEAD /metrics HTTP/1.1\r\n" + close + b"\r\n").partition(b"\r\n\r\n")
        assert b" 200 " in head and b"text/plain" in head and not body, (head, body[:100])
        big = b"GET /metrics HTTP/1.1\r\n" + close + b"X: " + b"x" * 100000 + b"\r\n\r\n"
        try:
            assert b" 200 " not in raw(s.port, big)
        except ConnectionError:
            pass
        body = b"POST /metrics HTTP/1.1\r\n" + close + b"Content-Length: 10000000\r\n\r\n"
        try:
            assert b" 200 " not in raw(s.port, body + b"x" * 200000)
        except ConnectionError:
            pass
        for junk in (b"\r\n\r\n", b"\0" * 1000, b"GET\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0", b"GET / HTTP/9.9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", s.port), timeout=DEADLINE) as c:
                c.sendall(junk)
                c.shutdown(socket.SHUT_WR)
                try:
                    c.recv(4096)
                except ConnectionError:
                    pass
        s.scrape()


def idle_connections(s):
    """2,000 that say nothing, and some that say a little now and then; scrapes go on beside them."""
    s.get(headers={"Authorization": "Bearer good"})
    before = s.rss_mb()
    idle = []
    slowest = 0
    try:
        for i in range(2000):
            c = socket.socket()
            c.setblocking(False)
            c.connect_ex(("127.0.0.1", s.port))
            idle.append(c)
            if i % 100 == 99:
                for talker in idle[-20:]:
                    try:
                        talker.send(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
                    except OSError:
                        pass
                began = time.monotonic()
                assert s.get(headers={"Authorization": "Bearer good"}, timeout=DEADLINE)[0] == 200
                slowest = max(slowest, time.monotonic() - began)
        print(f"# beside 2,000 idle connections: slowest scrape {slowest:.3f} s, "
              f"memory {before:.1f} -> {s.rss_mb():.1f} MB")
        assert slowest < SCRAPE_SECONDS
        # A sanitizer keeps what was freed for a while.
        assert s.sanitized() or s.rss_mb() < before + 16
        fds = len(os.listdir(f"/proc/{s.processes['metricsd'].pid}/fd"))
        assert fds < 300, fds
    finally:
        for c in idle:
            c.close()


def test_two_thousand_idle_connections():
    with Scene(PLAIN) as s:
        idle_connections(s)


def test_two_thousand_idle_connections_to_tls():
    api = Api()
    with Scene(api=api) as s:
        idle_connections(s)


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-keyout", folder / "new.key", "-out", folder / "new.crt"],
                   check=True, capture_output=True)
    os.rename(folder / "new.key", folder / "tls.key")
    os.rename(folder / "new.crt", folder / "tls.crt")


def served(s):
    return ssl.get_server_certificate(("127.0.0.1", s.port))


def test_certificate_rotates_under_load():
    api = Api()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        certificate(folder, "first")
        with Scene("--metrics-cert-path", str(folder), api=api) as s:
            stop = threading.Event()

            def load():
                done = 0
                while not stop.is_set():
                    assert s.get(headers={"Authorization": "Bearer good"}, timeout=DEADLINE)[0] == 200
                    done += 1
                return done
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                loads = [pool.submit(load) for _ in range(3)]
                try:
                    for i in range(3):
                        was = served(s)
                        certificate(folder, f"next {i}")
                        wait_for("the new certificate", lambda was=was: served(s) != was)
                    # What cannot be used is not used.
                    (folder / "tls.crt").write_text("nonsense")
                    was = served(s)
                    s.wait_log("certificate cannot be loaded, keeping the old one")
                    assert served(s) == was
                finally:
                    stop.set()
                scrapes = sum(load.result() for load in loads)
            print(f"# {scrapes} scrapes while the certificate changed")
            assert scrapes > 10


def test_tls_is_at_least_1_2():
    api = Api()
    with Scene(api=api) as s:
        for most in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl._create_unverified_context()  # pylint: disable=protected-access
            context.maximum_version = most
            with socket.create_connection(("127.0.0.1", s.port)) as c, context.wrap_socket(c) as t:
                assert t.version() in ("TLSv1.2", "TLSv1.3")
        old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{s.port}", "-tls1_1", "-cipher",
                              "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=DEADLINE, check=False)
        assert old.returncode != 0


def test_tokens():
    api = Api()
    with Scene("--log-level=debug", api=api) as s:
        def status(token):
            return s.get(headers={"Authorization": f"Bearer {token}"} if token else {})[0]
        assert status(None) == 401
        assert s.get(headers={"Authorization": "Basic Z29vZDo="})[0] == 401
        assert s.get(headers={"Authorization": "Bearer "})[0] == 401
        assert not api.asked, "without a token there is nothing to ask"
        assert status("good") == 200
        assert status("stranger") == 401
        assert status("poor") == 403
        asked = len(api.asked)
        assert asked == 5, api.asked
        for _ in range(5):
            assert (status("good"), status("poor"), status("stranger")) == (200, 403, 401)
        assert len(api.asked) == asked, "answers are remembered"
        # Many at once with a new token: it is asked about once.
        api.broken = False
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            got = list(pool.map(lambda _: status("another"), range(10)))
        assert got == [401] * 10, got
        assert len(api.asked) == asked + 1
        api.broken = True
        assert s.get(headers={"Authorization": "Bearer unlucky"}, timeout=DEADLINE)[0] == 503
        assert status("good") == 200, "who is known is let in"
        for token in ("good", "poor", "stranger", "unlucky"):
            assert f'"{token}"' not in s.text() and f" {token}" not in s.text(), "a token in the log"


def test_health():
    with Scene(PLAIN) as s:
        status, body, _ = s.get("/healthz", health=True)
        assert status == 200 and b"[+]supervisor ok: no supervisor" in body, body
        def readyz():
            status, body, _ = s.get("/readyz", health=True)
            assert status == 500 and b"[-]lease failed" in body and b"[+]puller ok" in body, body
            return True
        wait_for("the puller has answered", readyz)
        boot_ms = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
        (s.sockets / "supervisor.beat").write_text(f"{boot_ms - 5000:020d}\n")
        (s.sockets / "supervisor.status").write_text("watcher 1 settled 3\npuller 0 backing-off 7\n")
        assert s.get("/healthz", health=True)[0] == 200
        found = s.scrape()
        assert found['drop_process_restarts_total{process="puller"}'] == 7
        assert found["drop_supervisor_up"] == 1
        (s.sockets / "supervisor.beat").write_text(f"{boot_ms - 25000:020d}\n")
        status, body, _ = s.get("/healthz", health=True)
        assert status == 500 and b"[-]supervisor failed: main loop is stuck" in body, body
        assert s.scrape()["drop_supervisor_up"] == 0
        s.processes["puller"].kill()
        wait_for("the puller is missed",
                 lambda: b"[-]puller failed" in s.get("/readyz", health=True)[1])
        assert b"stuck" in s.get("/healthz", health=True)[1]


def test_the_page_is_off_unless_asked_for():
    api = Api()
    with Scene(PLAIN) as s:
        assert s.get("/")[0] == 404 and s.get("/status.json")[0] == 404
    with Scene(PLAIN, "--status-page") as s:
        status, body, headers = s.get("/", timeout=DEADLINE)
        assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<!doctype html>" in body and b"A process does not answer" in body, "these peers explain nothing"
        told = json.loads(s.get("/status.json", timeout=DEADLINE)[1])
        assert {p["process"]: p["up"] for p in told["processes"]}["puller"] is True, told
        assert told["whole"] is False and told["images"] == []
    with Scene("--status-page", api=api) as s:
        assert s.get("/")[0] == 401
        assert s.get("/", headers={"Authorization": "Bearer poor"})[0] == 403
        assert s.get("/", headers={"Authorization": "Bearer good"}, timeout=DEADLINE)[0] == 200


def test_the_page_of_this_machine():
    def page(s, host, path="/"):
        port = int(s.wait_log(r"serving the status page .*port=(\d+)")[1])
        browser = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        browser.putrequest("GET", path, skip_host=True)
        if host is not None:
            browser.putheader("Host", host.replace("PORT", str(port)))
        browser.endheaders()
        reply = browser.getresponse()
        body = reply.read()
        browser.close()
        return reply.status, body

    api = Api()
    with Scene("--status-page-bind-address=127.0.0.1:0", api=api) as s:
        for host in ("127.0.0.1:PORT", "localhost:PORT", "localhost"):
            status, body = page(s, host)
            assert status == 200 and b"<!doctype html>" in body, (host, status)
        assert json.loads(page(s, "localhost", "/status.json")[1])["processes"]
        assert page(s, "rebound.example:PORT")[0] == 403 and page(s, None)[0] in (400, 403)
        assert page(s, "localhost", "/metrics")[0] == 404 and page(s, "localhost", "/readyz")[0] == 404
        assert not api.asked, "nobody is asked about tokens"
        assert s.get("/")[0] == 404 and s.get()[0] == 401, "the port of metrics is as without it"
    with Scene(PLAIN, "--status-page-bind-address=127.0.0.1:0", "--metrics-bind-address=127.0.0.1:0") as s:
        for _ in range(3):
            assert page(s, "localhost")[0] == 200 and s.get()[0] == 200, "both at once"


def test_wrong_usage():
    with tempfile.TemporaryDirectory() as folder:
        for words, says, code in (
                (["--metrics-bind-address=8443"], "not an address such as :8443", 100),
                (["--health-probe-bind-address=x:1"], "not an address", 100),
                (["--metrics-bind-address=127.0.0.1:0", "--metrics-cert-path=/no-such", "--kubeconfig",
                  f"{folder}/kc"], "no such file", 100)):
            pathlib.Path(folder, "kc").write_text(json.dumps({
                "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "users": [{"name": "u", "user": {"token": "t"}}]}))
            done = subprocess.run(
                [Scene.metricsd, "--socket-dir", folder, *(["--health-probe-bind-address=0"] if len(words) > 1 else []),
                 *words], stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)
            assert done.returncode == code and says in done.stderr, (done.returncode, done.stderr)


if __name__ == "__main__":
    Scene.metricsd, Scene.testproc = sys.argv[1:3]
    sys.exit(run_functions(functions_of(globals()), sys.argv[3:]))
