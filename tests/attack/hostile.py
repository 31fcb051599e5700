#!/usr/bin/env python3
"""The operator between an API server and registries whose answers are changed at random; prints TAP:

    hostile.py --build DIR [--minutes N] [--seed N] [--only h1|h2] [--keep]

DIR: a build with sanitizers. Half of the time the API server speaks HTTP/1.1, half HTTP/2 (where nghttpx is
installed). What it must come to: no report of a sanitizer, no process ended by itself, and once the servers behave all
is well again: images are ready, policies are synced. Of a repaired server everything is listed again.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent / folder) for folder in ("e2e", "contract", "scenarios", "discovery")]

# pylint: disable=wrong-import-position
import objects
import pki
import processes
from hostile_api import HostileApi, HostileTls
from mutate import Mutator
from programs import Supervisor, bin_folder
from server import Server
from side import KubeConfig, Side
from simulator import Simulator
from tap import Tap

API = "/apis/drop.corewire.io/v1alpha1"
NODES = 5
HOSTILE = 0.25       # of the answers
HOSTILE_H2 = 0.02    # of the pieces of a connection, each of which ends it
RECOVERED = 150      # seconds; the back-offs of the product are below
REPORTS = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "UndefinedBehaviorSanitizer")


class Registry:
    """Answers as a registry and a Prometheus; changed at random while `hostile` is above 0."""

    def __init__(self, seed):
        self.mutator, self.hostile, self.count = Mutator(seed), 0.0, 0
        self.server = Server(self.answer)

    def answer(self, client, asked):
        m = self.mutator
        if "/tags/list" in asked.path:
            body = {"name": "team/app", "tags": ["1", "2", "3"]}
        else:
            body = {"status": "success", "data": {"resultType": "vector", "result": [
                {"metric": {"image": f"r.example/prom:{i}"}, "value": [1, str(i)]} for i in range(3)]}}
        body = json.dumps(body).encode()
        if not m.chance(self.hostile):
            client.reply(body)
            return True
        self.count += 1
        kind = m.random.randrange(6)
        if kind == 0:
            client.reply(body, m.random.choice((301, 302, 401, 403, 404, 429, 500, 503)),
                         [m.random.choice(("Location: /x", "Location: http://127.0.0.2:1/", "Retry-After: 99999999999",
                                           'WWW-Authenticate: Bearer realm="http://[::1", service=""',
                                           f"WWW-Authenticate: {'Basic ' * 1000}", "Link: </v2/x>; rel=next"))])
        elif kind < 4:
            client.reply(m.document(body))
        elif kind == 4:
            client.send(m.bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                % (len(body), body)))
            client.reset()
        else:
            client.head()
            client.chunk(m.bytes(body))
            client.reset()
        return True


class World:
    """drop-sim with objects that change all the while."""

    def __init__(self, build, folder, registry, seed):
        self.sim = Simulator(os.path.join(build, "sim", "drop-sim"), folder=folder, words=["--nodes", str(NODES)])
        self.sim.__enter__()
        self.side = Side("drop-sim", self.sim.kubeconfig)
        self.random, self.stop = random.Random(seed), threading.Event()
        self.must("POST", f"{API}/pullpolicies", objects.policy(
            "fast", maxConcurrentNodes=NODES, minDelayBetweenPulls="0s", failureBackoff={"initial": "1s", "max": "5s"}))
        for i in range(6):
            self.must("POST", f"{API}/cachedimages",
                      objects.image(f"image-{i}", f"registry.example/team/i{i}:1", policyRef="fast"))
        self.must("POST", f"{API}/cachedimagesets", objects.image_set(
            "set", ["registry.example/team/s1:1", "registry.example/team/s2:1"], policyRef="fast"))
        url = registry.server.url
        for name, source in (
                ("tags", {"type": "registry", "registry": {"url": url, "repositories": ["team/app"]}}),
                ("query", {"type": "prometheus", "prometheus": {"endpoint": url, "query": "up"}})):
            self.must("POST", f"{API}/discoverypolicies", {
                "apiVersion": objects.GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name},
                "spec": {"sources": [source], "syncInterval": "1s"}})
        self.thread = threading.Thread(target=self._change, daemon=True)
        self.thread.start()

    def must(self, method, path, body=None):
        answer = self.side.ask(method, path, body=body)
        if answer.code >= 300:
            raise AssertionError(f"{method} {path}: {answer.code} {answer.body}")
        return answer.body

    def _change(self):
        """Another tag, another image, all the time."""
        side, number = Side("drop-sim", self.sim.kubeconfig), 1
        while not self.stop.wait(0.4):
            number += 1
            one = f"{API}/cachedimages/image-{self.random.randrange(6)}"
            if self.random.random() < 0.2:
                side.ask("DELETE", one)
                name = one.rsplit("/", 1)[1]
                side.ask("POST", f"{API}/cachedimages",
                         body=objects.image(name, f"registry.example/team/{name}:{number}", policyRef="fast"))
            else:
                got = side.ask("GET", one).body
                if got.get("spec"):
                    got["spec"]["tag"] = str(number)
                    side.ask("PUT", one, body=got)

    def settle(self):
        self.stop.set()
        self.thread.join()

    def unwell(self):
        """What is not as it should be; empty when all is well."""
        out = []
        for one in self.must("GET", f"{API}/cachedimages")["items"]:
            status = one.get("status") or {}
            if status.get("phase") != "Ready" or status.get("nodesReady") != NODES:
                out.append(f"{one['metadata']['name']}: {status.get('phase')} {status.get('nodesReady')}")
        children = [one for one in self.must("GET", f"{API}/cachedimages")["items"] if objects.owner(one)]
        if len(children) != 2:
            out.append(f"{len(children)} children of the set")
        want = {"tags": {f"/team/app:{t}" for t in "123"}, "query": {f"r.example/prom:{i}" for i in range(3)}}
        for one in self.must("GET", f"{API}/discoverypolicies")["items"]:
            found = {i["image"] for i in objects.status(one).get("discoveredImages") or []}
            name, ready = one["metadata"]["name"], objects.condition(one)
            if ready["reason"] != "Synced" or len(found) != 3 or not all(
                    any(image.endswith(end) for image in found) for end in want[name]):
                out.append(f"{name}: {ready['reason']} {sorted(found)}")
        return out


def reports(folder):
    """Lines of sanitizers in every file of the folder."""
    out = []
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 28:
            text = path.read_text(errors="replace") if path.suffix == ".log" or path.name.startswith("report") else ""
            out += [f"{path.name}: {line[:300]}" for line in text.splitlines() if any(r in line for r in REPORTS)]
    return out


def kubeconfig(path, server, ca=None):
    cluster = {"server": server, **({"certificate-authority": ca} if ca else {})}
    pathlib.Path(path).write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "drop-system"}}]}))
    return path


class Round:
    """One operator for so many seconds among hostile servers, and until all is well again."""

    def __init__(self, build, folder, seed, over_h2):
        os.makedirs(folder)
        self.folder = folder
        self.registry = Registry(seed)
        self.world = World(build, folder, self.registry, seed)
        host, port = KubeConfig(self.world.sim.kubeconfig).server.split("//")[1].rsplit(":", 1)
        self.api = HostileApi((host.strip("[]"), int(port)), seed)
        self.tls, server, ca = None, f"http://127.0.0.1:{self.api.server_port}", None
        if over_h2:
            authority = pki.Authority(folder)
            self.tls = HostileTls(self.api, folder, *authority.issue("api", "IP:127.0.0.1"), seed)
            server, ca = f"https://127.0.0.1:{self.tls.port}", authority.cert
        env = {"ASAN_OPTIONS": f"log_path={folder}/report:detect_leaks=1:allocator_may_return_null=0",
               "UBSAN_OPTIONS": f"log_path={folder}/report:print_stacktrace=1"}
        self.tree = Supervisor(bin_folder(build, os.path.join(folder, "bin")), os.path.join(folder, "t"),
                               kubeconfig(os.path.join(folder, "config"), server, ca), env=env, mark=folder)
        self.tree.wait_up(60)

    def run(self, seconds):
        self.registry.hostile = HOSTILE
        self.api.hostile = HOSTILE
        if self.tls:
            self.tls.hostile = HOSTILE_H2
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.tree.running():
            time.sleep(0.2)
        self.registry.hostile = 0
        if self.tls:
            self.tls.hostile = 0
        self.world.settle()
        self.api.behave()

    def recover(self):
        """(seconds, what is still wrong)."""
        began, wrong = time.monotonic(), ["never looked"]
        while wrong and time.monotonic() - began < RECOVERED and self.tree.running():
            time.sleep(0.5)
            wrong = self.world.unwell()
        return time.monotonic() - began, wrong

    def explain(self):
        """What the operator itself says of its images, and the pods that there are."""
        ctl = os.path.join(self.folder, "bin", "dropctl")
        out = []
        for one in self.world.must("GET", f"{API}/cachedimages")["items"]:
            if (one.get("status") or {}).get("phase") != "Ready":
                done = subprocess.run([ctl, "why", one["metadata"]["name"], "--socket-dir", self.tree.sockets],
                                      capture_output=True, text=True, timeout=20, check=False)
                out.append(done.stdout + done.stderr)
        for pod in self.world.must("GET", "/api/v1/namespaces/drop-system/pods")["items"]:
            out.append(f"{pod['metadata']['name']} {pod['spec'].get('nodeName')} {json.dumps(pod['status'])[:300]}")
        return "\n".join(out)

    def close(self):
        self.tree.stop()
        processes.kill_marked(self.folder)
        if self.tls:
            self.tls.close()
        self.api.shutdown()
        self.registry.server.close()
        self.world.settle()
        self.world.sim.__exit__()


def play(tap, args, scratch, over_h2):
    name = "HTTP/2" if over_h2 else "HTTP/1.1"
    r = Round(args.build, os.path.join(scratch, "h2" if over_h2 else "h1"), args.seed, over_h2)
    try:
        r.run(args.minutes * 60 / 2)
        seconds, wrong = r.recover()
        restarts, log = r.tree.restarts(), r.tree.log()
        tap.diag(f"{name}: {r.api.count} answers changed, {r.tls.count if r.tls else 0} pieces of connections, "
                 f"{r.registry.count} answers of sources; {log.count('Z error ')} errors and "
                 f"{log.count('Z warn ')} warnings in the log; well again after {seconds:.1f} s")
        tap.check(r.api.count > 5 and r.registry.count > 5, f"{name}: the servers were hostile")
        if over_h2:
            tap.check(r.tls.chosen == {"h2"} and r.tls.count > 0, f"{name}: it was spoken", str(r.tls.chosen))
        tap.check(not wrong, f"{name}: all is well once they behave", "; ".join(wrong)[:1000])
        if wrong:
            tap.diag(r.explain())
        tap.check(restarts == 0 and r.tree.running(), f"{name}: no process has ended", str(r.tree.status()))
    finally:
        r.close()
    found = reports(r.folder)
    tap.check(not found, f"{name}: no report of a sanitizer", "; ".join(found)[:2000])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=("h1", "h2"))
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    tap, scratch = Tap(), tempfile.mkdtemp(prefix="drop-hostile-")
    tap.diag(f"seed {args.seed}" + (f", in {scratch}" if args.keep else ""))
    try:
        if args.only != "h2":
            play(tap, args, scratch, False)
        if args.only == "h1":
            pass
        elif HostileTls.program():
            play(tap, args, scratch, True)
        else:
            tap.diag("HTTP/2: not done, nghttpx is not installed (nghttp2-proxy)")
    finally:
        if not args.keep:
            shutil.rmtree(scratch, ignore_errors=True)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
