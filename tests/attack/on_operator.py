#!/usr/bin/env python3
"""Attacks by objects: on the whole operator with drop-sim, by somebody who may create CachedImages. Prints figures,
and TAP: on_operator.py --build DIR. Part of make attack.
"""
import argparse
import http.client
import os
import pathlib
import shutil
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent / folder) for folder in ("e2e", "contract", "scenarios")]

# pylint: disable=wrong-import-position
import load
import objects
import processes
from programs import Supervisor, bin_folder
from registry import free_port
from side import Side
from simulator import Simulator
from tap import Tap
from wait import until

IMAGES = "/apis/drop.corewire.io/v1alpha1/cachedimages"
WATCHER_MIB = 64    # of the watcher, whatever objects there are
CRAFTED = 4000
GIANTS = 150
GIANT_BYTES = 400_000
# FNV-1a, by which maps were hashed before they had a key (base/hash.h).
FNV_START, FNV_PRIME, LOW_BITS = 0xcbf29ce484222325, 0x100000001b3, 0xffff


class Scene:
    def __init__(self, build, folder):
        os.makedirs(folder)
        self.folder = folder
        self.sim = Simulator(os.path.join(build, "sim", "drop-sim"), folder=folder, words=["--nodes", "3"])
        self.sim.__enter__()
        self.side = Side("drop-sim", self.sim.kubeconfig)
        self.metrics, self.health = free_port(), free_port()
        self.tree = Supervisor(
            bin_folder(build, os.path.join(folder, "bin")), os.path.join(folder, "t"), self.sim.kubeconfig,
            [f"--metrics-bind-address=127.0.0.1:{self.metrics}", "--metrics-secure=false",
             f"--health-probe-bind-address=127.0.0.1:{self.health}"], mark=folder)
        self.tree.wait_up()
        until(30, lambda: self.ask(self.health, "/readyz") == 200)

    @staticmethod
    def ask(port, path):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            c.request("GET", path)
            answer = c.getresponse()
            answer.read()
            return answer.status
        finally:
            c.close()

    def _well(self, port, path):
        status = self.ask(port, path)
        if status != 200:
            raise AssertionError(status)

    def watch(self, attack, pid):
        return load.Watch(attack, pid, 0, {
            "readyz": lambda: self._well(self.health, "/readyz"), "healthz": lambda: self._well(self.health, "/healthz"),
            "scrape": lambda: self._well(self.metrics, "/metrics")})

    def create(self, name, selector):
        return self.side.ask("POST", IMAGES, body=objects.image(name, "registry.example/x:1", nodeSelector=selector)).code

    def cpu_s(self, name):
        return processes.cpu_s(self.tree.pids()[name])

    def works(self):
        """An honest image gets its status, within a minute."""
        self.side.ask("POST", IMAGES, body=objects.image("honest", "registry.example/honest:1"))

        def ready():
            got = self.side.ask("GET", f"{IMAGES}/honest").body
            return (got.get("status") or {}).get("phase") == "Ready"
        until(60, ready, every=0.2)

    def close(self):
        self.tree.stop()
        processes.kill_marked(self.folder)
        self.sim.__exit__()


def fnv(state, text):
    for c in text.encode():
        state = ((state ^ c) * FNV_PRIME) & LOW_BITS
    return state


def crafted_names(n):
    """Names that FNV-1a puts into one run of slots: of blocks that leave its low bits as they were."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    start = FNV_START & LOW_BITS
    # All that three letters come to, and for each two more letters what they want to begin with.
    heads = {fnv(start, a + b + c): a + b + c for a in letters for b in letters for c in letters}
    back = pow(FNV_PRIME, -1, LOW_BITS + 1)
    blocks = []
    for a in letters:
        for b in letters:
            want = (((start * back) & LOW_BITS) ^ ord(b)) & LOW_BITS
            want = (((want * back) & LOW_BITS) ^ ord(a)) & LOW_BITS
            if want in heads:
                blocks.append(heads[want] + a + b)
    blocks = blocks[:16]
    assert len(blocks) == 16 and all(fnv(start, one) == start for one in blocks)
    names = [blocks[i % 16] + blocks[i // 16 % 16] + blocks[i // 256 % 16] for i in range(n)]
    assert len(set(names)) == n
    return names


def names_cost(build, scratch, attack, names):
    """(figures, CPU seconds of watcher and reconciler)."""
    s = Scene(build, os.path.join(scratch, attack.replace(" ", "-")))
    try:
        before = s.cpu_s("watcher") + s.cpu_s("reconciler")
        with s.watch(attack, s.tree.pids()["reconciler"]) as figures:
            for name in names:
                assert s.create(name, {"no": "where"}) == 201
            s.works()
        return figures, s.cpu_s("watcher") + s.cpu_s("reconciler") - before
    finally:
        s.close()


def check_crafted_names(tap, build, scratch):
    plain, plain_s = names_cost(build, scratch, f"{CRAFTED} plain names", [f"{i:x}-{i * 7919:015}" for i in range(CRAFTED)])
    crafted, crafted_s = names_cost(build, scratch, f"{CRAFTED} crafted names", crafted_names(CRAFTED))
    for figures, seconds in ((plain, plain_s), (crafted, crafted_s)):
        tap.diag(f"{figures.row()}   reconciler; CPU of it and the watcher {seconds:.2f} s")
    tap.check(crafted_s < 2 * plain_s + 0.5, "crafted names cost no more than others", f"{crafted_s:.2f} s, {plain_s:.2f} s")
    tap.check(not crafted.faults(), "health and scrapes are answered beside crafted names", "; ".join(crafted.faults()[:3]))


def check_giants(tap, build, scratch):
    selector = {f"k{i:05}-{'x' * 40}": "v" * 60 for i in range(GIANT_BYTES // 112)}
    s = Scene(build, os.path.join(scratch, "giants"))
    try:
        with s.watch(f"{GIANTS} objects of {GIANT_BYTES // 1000} KB", s.tree.pids()["watcher"]) as figures:
            codes = [s.create(f"giant-{i}", selector) for i in range(GIANTS)]
            s.works()
        tap.diag(f"{figures.row()}   watcher; {codes.count(201)} were accepted, {codes.count(422)} refused")
        tap.check(figures.most_mib < WATCHER_MIB, "the watcher's memory is bounded", f"{figures.most_mib:.0f} MiB")
        tap.check(s.tree.restarts() == 0, "no process has ended", str(s.tree.status()))
        tap.check(not figures.faults(), "health and scrapes are answered beside giant objects",
                  "; ".join(figures.faults()[:3]))
    finally:
        s.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    tap, scratch = Tap(), tempfile.mkdtemp(prefix="drop-attack-")
    began = time.monotonic()
    try:
        tap.diag(load.HEADER)
        check_crafted_names(tap, args.build, scratch)
        check_giants(tap, args.build, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    tap.diag(f"{time.monotonic() - began:.0f} s")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
