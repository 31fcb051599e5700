"""Watcher and discoverer on a drop-sim, in a scratch folder: what the tests of discovery share. Owns the
processes; what they did is read from the API, from /proc and from their logs, never asked of them.
"""
import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract", "scenarios")]

import processes
from objects import GROUP, condition, status
from programs import Program
from runner import SharedTap
from side import Side
from simulator import Simulator
from wait import until

POLICIES = "/apis/drop.corewire.io/v1alpha1/discoverypolicies"
SECRETS = "/api/v1/namespaces/drop-system/secrets"
STARTED = 30  # seconds; only a broken product needs them
MIB = 1024    # KiB


def arguments(doc, **numbers):
    """Of a program: --build, --keep and further numbers."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--keep", action="store_true")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def policy(name, *sources, **spec):
    return {"apiVersion": GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name},
            "spec": {"sources": list(sources), **spec}}


def with_secret(source, secret):
    return {**source, "secretRef": {"name": secret}} if secret else source


def registry(url, repository, secret=None, **more):
    return with_secret({"type": "registry", "registry": {
        "url": url, "repositories": [repository], **more}}, secret)


def prometheus(endpoint, secret=None, **more):
    return with_secret({"type": "prometheus", "prometheus": {
        "endpoint": endpoint, "query": "up", **more}}, secret)


def reason(obj):
    return condition(obj)["reason"]


def images(obj):
    """[(image, score)] as its status has them."""
    return [(one["image"], one["score"]) for one in status(obj).get("discoveredImages") or []]


class Rig:
    """with Rig(build) as rig: watcher and discoverer run; rig.side is the API."""

    def __init__(self, build, programs=("watcher", "discoverer"), level="debug", keep=False, words=(), nodes=0, scenario=None,
                 watcher=()):
        """words, watcher: further ones for the discoverer and for the watcher; scenario: its text, instead of nodes that
        are alike."""
        self.build, self.names, self.level, self.keep = os.path.abspath(build), programs, level, keep
        self.words, self.nodes, self.scenario = {"discoverer": words, "watcher": watcher}, nodes, scenario
        self.scenario = scenario
        self.programs = {}

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="drop-disc-")
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self):
        self.bin = os.path.join(self.folder, "bin")
        os.mkdir(self.bin)
        for folder, program in ((("dropctl", "dropctl"),) + tuple((n, f"drop-{n}") for n in self.names)):
            os.symlink(os.path.join(self.build, folder, program), os.path.join(self.bin, program))
        self.sockets = os.path.join(self.folder, "s")
        os.mkdir(self.sockets, 0o700)
        path = os.path.join(self.folder, "scenario.yaml")
        if self.scenario:
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.scenario)
        self.sim = Simulator(os.path.join(self.build, "sim", "drop-sim"), path if self.scenario else None, self.folder, [
            "--nodes", str(self.nodes), "--audit-log", os.path.join(self.folder, "audit.log")])
        self.sim.__enter__()
        self.side = Side("drop-sim", self.sim.kubeconfig)
        for name in self.names:
            self.start(name, *self.words.get(name, ()))

    def start(self, name, *words):
        common = ["--socket-dir", self.sockets, "--kubeconfig", self.sim.kubeconfig,
                  "--log-level", self.level]
        self.programs[name] = Program(self.bin, name, os.path.join(self.folder, f"{name}.log"),
                                      [*common, *words], {"DROP_IDENTITY": "test"}, self.folder)
        return self.programs[name]

    def tap(self):
        """All that the processes say to each other, into a file of the folder."""
        with open(os.path.join(self.folder, "tap.jsonl"), "wb") as out:
            self.programs["tap"] = Program(self.bin, "ctl", os.path.join(self.folder, "tap.log"),
                                           ["tap", "--socket-dir", self.sockets], {}, self.folder, out)

    def ctl(self, *words):
        """The ended process of a dropctl command."""
        return subprocess.run([os.path.join(self.bin, "dropctl"), *words, "--socket-dir", self.sockets],
                              capture_output=True, text=True, timeout=60, check=False)

    def __exit__(self, *_):
        for program in self.programs.values():
            program.stop()
        processes.kill_marked(self.folder)
        if getattr(self, "sim", None):
            self.sim.__exit__()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the world ----

    def must(self, method, path, body=None):
        answer = self.side.ask(method, path, body=body)
        if answer.code >= 300:
            raise AssertionError(f"{method} {path}: {answer.code} {answer.body}")
        return answer.body

    def create(self, obj):
        return self.must("POST", POLICIES, obj)

    def secret(self, name, data):
        """data: key to text."""
        self.must("POST", SECRETS, {
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}})

    def policies(self):
        return {one["metadata"]["name"]: one for one in self.must("GET", POLICIES)["items"]}

    def get(self, name):
        return self.policies().get(name)

    def until_reason(self, name, wanted, seconds=STARTED):
        def probe():
            obj = self.get(name)
            assert reason(obj) in wanted, f"{name}: {condition(obj)}"
            return obj
        return until(seconds, probe)

    # ---- the discoverer as the kernel sees it ----

    @property
    def pid(self):
        return self.programs["discoverer"].pid

    def pss(self):
        """KiB, now."""
        return processes.pss_kb(self.pid)

    def most_rss(self):
        """KiB that were ever resident."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


class TestTap(SharedTap):
    def equal(self, got, want, name):
        return self.check(got == want, name, f"got {got!r}, want {want!r}"[:600])
