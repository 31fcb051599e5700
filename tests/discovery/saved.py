#!/usr/bin/env python3
"""What pre-pulling saved (behaviour 56) among real processes; prints TAP:

    saved.py --build DIR

drop-sim's kubelets pull for workloads and for drop, and write the events. saved_truth.py compares larger numbers with what a cluster
without drop waits.
"""
import argparse
import base64
import json
import os
import re
import sys
import time

from rig import GROUP, Rig, TestTap
from wait import until

WAIT = int(os.environ.get("WAIT", "180"))
IMAGES = "/apis/drop.corewire.io/v1alpha1/cachedimages"
PULLPOLICIES = "/apis/drop.corewire.io/v1alpha1/pullpolicies"
CONFIGMAPS = "/api/v1/namespaces/drop-system/configmaps"
MAGIC = b"drop report 1"
PODS = "/api/v1/namespaces/{}/pods"
TOOK = re.compile(r'Successfully pulled image "[^"]+" in \S+ \((\S+) including waiting\)')
# Pulls that take seconds, as real ones do: the watcher takes what is shorter for a look at the registry.
NODES = "title: nodes with a slow line\nnodes:\n- {{name: node, count: {}, bandwidthMiB: 12}}\n"
UNITS = {"ms": 0.001, "s": 1, "m": 60}


def seconds(text):
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m)", text))


class Kept:
    """The saved report, as far as it is read here; bytes: reconciler/report/stored.h."""

    NAMES = ("rv", "newest", "since", "complete", "lost", "pulled", "avoided", "avoided_bytes", "hits")

    def __init__(self, rig):
        self.rig = rig
        self.obj = next(one for one in rig.must("GET", CONFIGMAPS)["items"] if one["metadata"]["name"].endswith("-2"))
        rest = base64.b64decode(self.obj["binaryData"]["usage"])
        assert rest.startswith(MAGIC), rest[:20]
        rest = rest[len(MAGIC):]
        for name in self.NAMES:
            value, shift = 0, 0
            while rest[0] >= 128:
                value, shift, rest = value | (rest[0] & 127) << shift, shift + 7, rest[1:]
            setattr(self, name, value | rest[0] << shift)
            rest = rest[1:]
        self.rest = rest

    def write(self):
        out = bytearray(MAGIC)
        for name in self.NAMES:
            value = getattr(self, name)
            while value >= 128:
                out.append(value & 127 | 128)
                value >>= 7
            out.append(value)
        self.obj["binaryData"]["usage"] = base64.b64encode(bytes(out) + self.rest).decode()
        self.rig.must("PUT", f"{CONFIGMAPS}/{self.obj['metadata']['name']}", self.obj)


class World:
    def __init__(self, rig):
        self.rig = rig
        self.count = 0
        self.nodes = sorted(one["metadata"]["name"] for one in rig.must("GET", "/api/v1/nodes")["items"])
        rig.side.ask("POST", "/api/v1/namespaces", body={
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})

    def policy(self, name, delay, nodes=1):
        self.rig.must("POST", PULLPOLICIES, {
            "apiVersion": GROUP, "kind": "PullPolicy", "metadata": {"name": name},
            "spec": {"maxConcurrentNodes": nodes, "minDelayBetweenPulls": delay}})

    def keep(self, name, image, policy, pull_policy="IfNotPresent"):
        repository, tag = image.rsplit(":", 1)
        self.rig.must("POST", IMAGES, {
            "apiVersion": GROUP, "kind": "CachedImage", "metadata": {"name": name},
            "spec": {"image": repository, "tag": tag, "imagePullPolicy": pull_policy, "policyRef": {"name": policy}}})

    def ready(self, name, n):
        """Waits until n nodes have it; which ones is not said by the status, but by the nodes."""
        def probe():
            status = self.rig.must("GET", f"{IMAGES}/{name}").get("status") or {}
            assert status.get("nodesReady", 0) >= n, status
            return True
        until(WAIT, probe)

    def having(self, image):
        nodes = self.rig.must("GET", "/api/v1/nodes")["items"]
        return {one["metadata"]["name"] for one in nodes
                if any(image in name for i in one["status"].get("images", []) for name in i["names"])}

    def start(self, image, node):
        """A workload; returns what its kubelet said of the image."""
        self.count += 1
        name = f"w-{self.count}"
        self.rig.must("POST", PODS.format("shop"), {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": image}]}})

        def probe():
            events = self.rig.must("GET", "/api/v1/namespaces/shop/events")["items"]
            said = [one["message"] for one in events
                    if one["involvedObject"]["name"] == name and one["reason"] == "Pulled"]
            assert said, f"no event about {name}"
            return said[0]
        return until(WAIT, probe)

    def report(self):
        done = self.rig.ctl("report", "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def until_report(self, **wanted):
        def probe():
            got = self.report()
            assert {key: got[key] for key in wanted} == wanted, got
            return got
        return until(WAIT, probe)


def a_hit_and_a_miss(world):
    """One node is warmed, the other has to wait for the delay of the policy: there the workload pulls."""
    image = "registry.example/shop/web:1"
    world.until_report(hits=0, misses=0)
    world.policy("slow", "24h")
    world.keep("web", image, "slow")
    world.ready("web", 1)
    warm = until(WAIT, lambda: world.having(image)).pop()
    cold = next(node for node in world.nodes if node != warm)
    assert "already present" in world.start(image, warm)
    got = world.until_report(hits=1, misses=0)
    assert got["savedSeconds"] > 0, got
    waited = seconds(TOOK.match(world.start(image, cold))[1])
    got = world.until_report(hits=1, misses=1)
    assert abs(got["waitedSeconds"] - waited) <= 0.05 * waited + 0.01, (got, waited)
    assert [one["image"] for one in got["images"]] == ["web"], got


def counted_once_a_node(world):
    image = "registry.example/shop/web:1"
    for node in world.nodes:
        assert "already present" in world.start(image, node)
    world.start("registry.example/shop/nobody-keeps:1", world.nodes[0])
    text = world.rig.ctl("report").stdout
    assert "all images" in text and "50%" in text, text
    got = world.report()
    assert (got["hits"], got["misses"]) == (1, 1), got


def complete_only_while_nobody_counts(world):
    """What a leader saves when it stops is complete, until the next one counts; and a clock that was ahead stops nothing."""
    for _ in range(5):  # it has 4 s for the last write
        world.rig.programs.pop("reconciler").stop()
        kept = Kept(world.rig)
        if kept.complete:
            break
        world.rig.start("reconciler")
        world.until_report(hits=1, misses=1)
    assert kept.complete == 1 and kept.rv > 0, vars(kept)
    kept.since = int(time.time()) + 30 * 24 * 60 * 60
    kept.write()
    world.rig.start("reconciler")

    def counts_again():
        assert Kept(world.rig).complete == 0
        return True
    until(WAIT, counts_again)
    got = world.until_report(hits=1, misses=1)
    assert got["sinceSeconds"] <= time.time(), got


def unreadable_is_said_once(world):
    """A saved report and saved usage that cannot be read are one warning each, and one line when they can be."""
    rig = world.rig
    logs = {"reconciler": "the saved report", "watcher": "the saved usage"}
    rig.sim.do(rig.side, {"do": "api-fault", "api": {
        "kind": "status", "code": 500, "verbs": ["get"], "resources": ["configmaps"]}})
    for name in logs:
        rig.programs.pop(name).stop()
    began = {name: os.path.getsize(os.path.join(rig.folder, f"{name}.log")) for name in logs}
    rig.start("watcher", "--usage")
    rig.start("reconciler")

    def lines(name, text):
        log = rig.programs[name].log()[began[name]:]
        return [line.split()[1] for line in log.splitlines() if f"{logs[name]} {text}" in line]

    def twice():
        for name in logs:
            got = lines(name, "cannot be read")
            assert len(got) > 1, (name, got)
        return True
    until(WAIT, twice)
    rig.sim.do(rig.side, {"do": "api-heal"})

    def again():
        for name in logs:
            assert lines(name, "can be read again") == ["info"], (name, lines(name, "can be read again"))
        return True
    until(WAIT, again)
    for name in logs:
        got = lines(name, "cannot be read")
        assert got == ["warn"] + ["debug"] * (len(got) - 1), (name, got)
    world.until_report(hits=1, misses=1)


def a_kill_loses_little(world):
    """What a kill would lose is saved within a minute: bytes that were pulled, and starts on a node that goes."""
    rig, image = world.rig, "registry.example/shop/api:1"
    gone = world.nodes[-1]
    before = Kept(rig).pulled
    world.start(image, world.nodes[0])  # then the bytes of the pull on the other node are known
    until(WAIT, lambda: world.having(image))
    world.policy("brisk", "0s", 2)
    world.keep("api", image, "brisk")
    world.ready("api", len(world.nodes))

    def saved():
        got, kept = world.report(), Kept(rig)
        assert kept.pulled == got["pulledBytes"] > before, (kept.pulled, got)
        return kept.hits
    assert until(WAIT, saved) == 1
    world.start(image, gone)
    world.until_report(hits=2)
    rig.must("DELETE", f"/api/v1/nodes/{gone}")

    def counted():
        assert Kept(rig).hits == 2
        return True
    until(WAIT, counted)
    rig.programs.pop("reconciler").kill()
    rig.start("reconciler")
    got = world.until_report(hits=2, misses=1)
    assert got["pulledBytes"] > before, (before, got)


def refused_at_the_end_is_said_once(world):
    """As by helm uninstall, which deletes the Role before the pod: one line of each that saves, and no warning."""
    rig = world.rig
    rig.sim.do(rig.side, {"do": "api-fault", "api": {
        "kind": "status", "code": 403, "verbs": ["create", "update"], "resources": ["configmaps"]}})
    for name in ("reconciler", "discoverer"):
        program = rig.programs.pop(name)
        program.stop()
        said = [line for line in program.log().rpartition(" stopping signal=")[2].splitlines() if "not written" in line]
        assert len(said) <= 1 and all(" info " in line for line in said), said


TESTS = [a_hit_and_a_miss, counted_once_a_node, complete_only_while_nobody_counts, unreadable_is_said_once, a_kill_loses_little,
         refused_at_the_end_is_said_once]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    tap = TestTap()

    def run(name, nodes, test):
        error = ""
        with Rig(options.build, programs=("watcher", "reconciler", "puller", "discoverer"), keep=options.keep, scenario=NODES.format(nodes),
                 watcher=["--usage"]) as rig:
            world = World(rig)
            try:
                until(WAIT, world.report)
                said = test(world)
                if said:
                    tap.diag(f"{name}: {said}")
            except AssertionError as problem:
                error = str(problem)[:900]
        if options.keep:
            tap.diag(rig.folder)
        tap.check(not error, name, error)

    run("a hit and a miss; counted once a node; saved", 2, lambda world: [test(world) for test in TESTS] and None)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
