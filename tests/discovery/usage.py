#!/usr/bin/env python3
"""Usage and sources of type cluster (behaviour 52, 53) among real processes; prints TAP:

    usage.py --build DIR

drop-sim runs the pods of workloads on its nodes, whose status lists what was pulled. Events are written by this test as
kubelets write them, so that it knows what has to be counted.
"""
import argparse
import collections
import json
import os
import sys

from rig import POLICIES, Rig, TestTap, condition, images, policy, reason
from wait import until

WAIT = int(os.environ.get("WAIT", "180"))
PODS = "/api/v1/namespaces/{}/pods"
EVENTS = "/api/v1/namespaces/{}/events"
CONFIGMAPS = "/api/v1/namespaces/drop-system/configmaps"
CLUSTER = {"type": "cluster"}
METRIC = "drop_usage_events_total"


class World:
    """A drop-sim with two nodes, a watcher with --usage, a discoverer."""

    def __init__(self, rig):
        self.rig = rig
        self.count = 0
        nodes = rig.must("GET", "/api/v1/nodes")["items"]
        self.node = sorted(one["metadata"]["name"] for one in nodes)[0]

    def stop(self, *names):
        """In this order."""
        for name in names:
            self.rig.programs.pop(name).stop()

    def start(self, *words):
        self.rig.start("watcher", *words)
        self.rig.start("discoverer")

    def patch(self, path, body):
        answer = self.rig.side.ask("PATCH", path, {"Content-Type": "application/merge-patch+json"}, body)
        assert answer.code == 200, answer.body

    def namespace(self, name):
        self.rig.side.ask("POST", "/api/v1/namespaces", body={
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def pod(self, image, ns="shop", node=None):
        """A workload's pod: its node pulls the image and lists it."""
        self.namespace(ns)
        self.count += 1
        name = f"w-{self.count}"
        self.rig.must("POST", PODS.format(ns), {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"nodeName": node or self.node, "containers": [{"name": "c", "image": image}]}})
        return name

    def listed(self, image):
        def probe():
            nodes = self.rig.must("GET", "/api/v1/nodes")["items"]
            names = [n for one in nodes for i in one["status"].get("images", []) for n in i["names"]]
            assert any(image in n for n in names), names
            return True
        until(WAIT, probe)

    def event(self, image, ns="shop", **how):
        """One event Pulled, as a kubelet writes it."""
        event = self.event_object(image, ns, **how)
        self.rig.must("POST", EVENTS.format(ns), event)
        return event["metadata"]["name"]

    def event_object(self, image, ns="shop", took=None, node=None, **fields):
        self.namespace(ns)
        self.count += 1
        text = (f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 52428800 bytes.'
                if took else f'Container image "{image}" already present on machine')
        return {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"e-{self.count}", "namespace": ns},
            "involvedObject": {"kind": "Pod", "namespace": ns, "name": f"p-{self.count}", "uid": f"u-{self.count}",
                               "fieldPath": "spec.containers{c}"},
            "reason": "Pulled", "type": "Normal", "message": fields.pop("prefix", "") + text, "count": 1,
            "source": {"component": "kubelet", "host": node or self.node},
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", **fields}

    def stats(self):
        done = self.rig.ctl("stats", "watcher", "--all")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def outcomes(self):
        """What the watcher's events came to, by outcome."""
        counts = collections.Counter()
        for name, value in self.stats().items():
            if name.startswith(METRIC + "{"):
                counts[name.split('"')[1]] = value
        return counts

    def shown(self):
        done = self.rig.ctl("usage", "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def until_outcome(self, outcome, n):
        def probe():
            got = self.outcomes()
            assert got[outcome] >= n, dict(got)
            return got
        return until(WAIT, probe)

    def uses(self):
        """All that a source of type cluster finds, by a dry run."""
        path = os.path.join(self.rig.folder, "dry.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**policy("dry"), "spec": {"queries": [{"name": "starts", **CLUSTER}]}}, file)

        def probe():
            done = self.rig.ctl("discover", "-f", path, "-o", "json")
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)["policies"][0]["sources"][0]["samples"]
        return until(WAIT, probe)

    def until_uses(self, n):
        def probe():
            got = self.uses()
            assert got == n, (got, n)
            return got
        return until(WAIT, probe)

    def sync(self, name, wanted, **spec):
        """A new policy finds these images, in any order."""
        self.rig.create(policy(name, CLUSTER, **spec))

        def probe():
            got = [image for image, _ in images(self.rig.get(name))]
            assert sorted(got) == sorted(wanted), (got, condition(self.rig.get(name)))
            return self.rig.get(name)
        return until(WAIT, probe)


def finds_what_workloads_start(world):
    """Three lines of YAML; the images are ranked by what was waited for."""
    world.pod("registry.example/shop/web:1")
    world.pod("registry.example/shop/db:2")
    world.listed("shop/web:1")
    world.listed("shop/db:2")
    world.event("registry.example/shop/web:1", took="20s")
    world.event("registry.example/shop/db:2", took="2s")
    for _ in range(3):
        world.event("registry.example/shop/web:1")
    world.until_outcome("used", 5)
    obj = world.sync("three-lines", ["registry.example/shop/web:1", "registry.example/shop/db:2"])
    got = images(obj)
    assert got[0][0].endswith("web:1") and got[0][1] > got[1][1] > 0, got
    assert reason(obj) == "Synced", condition(obj)


def what_no_node_has_is_not_found(world):
    """Forged events: of images that were never pulled, of other components, of nodes that do not exist."""
    world.event("registry.example/evil:1", took="3s")
    world.event("registry.example/shop/db:2", source={"component": "attacker", "host": world.node})
    world.event("registry.example/shop/db:2", node="no-such-node")
    world.event("registry.example/shop/db:2", message='Container image "" already present')
    world.until_outcome("other", 2)
    world.until_outcome("unknown_node", 1)
    world.sync("forged", ["registry.example/shop/web:1", "registry.example/shop/db:2"])


def namespaces_decide(world):
    before = world.outcomes()["used"]
    world.event("registry.example/shop/db:2", ns="ci-7")
    world.until_outcome("used", before + 1)
    db = ["registry.example/shop/db:2"]
    for name, block in (("in", {"namespaces": ["ci-*"]}), ("two", {"minNamespaces": 2}),
                        ("out", {"excludeNamespaces": ["shop"]})):
        world.rig.create(policy(name, {**CLUSTER, "cluster": block}, syncInterval="1s"))

        def probe(name=name):
            assert [image for image, _ in images(world.rig.get(name))] == db, world.rig.get(name)
            return True
        until(WAIT, probe)


def own_pods_are_no_uses(world):
    before = world.outcomes()
    world.event("registry.example/shop/api:3", ns="drop-system", took="9s",
                involvedObject={"kind": "Pod", "namespace": "drop-system", "name": "x", "uid": "x",
                                "fieldPath": "spec.containers{pull}"})
    got = world.until_outcome("own", before["own"] + 1)
    assert got["used"] == before["used"], (before, got)


def counts_of_repeated_events(world):
    """A higher count adds what is new; a combined event names one image of those that it stands for. (A kubelet writes an
    event with count 1 first, so of the 12 one counts as seen.)"""
    before = world.outcomes()
    name = world.event("registry.example/shop/web:1")
    world.until_outcome("used", before["used"] + 1)
    path = EVENTS.format("shop") + f"/{name}"
    world.patch(path, {"count": 4})
    got = world.until_outcome("used", before["used"] + 4)
    assert got["used"] == before["used"] + 4, got
    world.event("registry.example/shop/web:1", prefix="(combined from similar events): ", count=12)
    got = world.until_outcome("uncovered", before["uncovered"] + 10)
    assert got["used"] == before["used"] + 5, got


def a_restart_loses_nothing(world):
    """What came while nobody watched is listed; what was folded before is not counted again."""
    known = world.outcomes()["used"] - 1  # the forged image's use is none
    before = world.until_uses(known)
    world.stop("discoverer")  # it saves usage
    names = {one["metadata"]["name"] for one in world.rig.must("GET", CONFIGMAPS)["items"]}
    assert {"drop-usage-0", "drop-usage-1"} <= names, names
    world.rig.programs.pop("watcher").kill()
    world.event("registry.example/shop/db:2")
    world.start("--usage")
    assert world.until_outcome("used", 1)["repeated"] > 0
    world.until_uses(before + 1)
    world.sync("restarted", ["registry.example/shop/web:1", "registry.example/shop/db:2"])


def expired_versions_are_listed_again(world):
    """The API server has forgotten the version that the watch goes on from: 410, a new list, in which each event counts once."""
    def expired():
        return sum("path=/api/v1/events " in line and "code=410" in line
                   for line in world.rig.programs["watcher"].log().splitlines())
    before, since, known = world.outcomes(), world.shown()["sinceSeconds"], expired()
    # One request: no watch sees the events, and none can go on before their versions are forgotten.
    missed = [{"do": "apply", "object": world.event_object("registry.example/shop/db:2")} for _ in range(5)]
    world.rig.sim.do(world.rig.side, {"do": "api-fault", "api": {"kind": "drop-watch", "resources": ["events"]}}, *missed,
                     {"do": "api-fault", "api": {"kind": "expire"}})
    until(WAIT, lambda: expired() > known)
    world.until_outcome("used", before["used"] + 5)
    world.event("registry.example/shop/db:2")
    got = world.until_outcome("used", before["used"] + 6)
    assert got["used"] == before["used"] + 6, (before, got)
    assert got["repeated"] > before["repeated"], (before, got)  # those of before were listed, too

    def live():
        shown = world.shown()
        assert shown["trouble"] is None and shown["gaps"] == [] and shown["sinceSeconds"] == since, shown
        return True
    until(WAIT, live)


def people_are_told(world):
    """dropctl usage."""
    shown = world.shown()
    by_name = {one["image"]: one for one in shown["images"]}
    web, evil = by_name["registry.example/shop/web:1"], by_name["registry.example/evil:1"]
    assert web["onNode"] and not evil["onNode"], shown
    assert web["starts"] >= 4 and web["waitedSeconds"] >= 20 and web["bytes"] == 52428800, web
    assert web["valueSeconds"] > 0 and evil["valueSeconds"] == 0, shown
    assert by_name["registry.example/shop/db:2"]["namespaces"] == 2, by_name
    assert [pool["nodes"] for pool in shown["pools"]] == [2], shown
    assert shown["starts"] == sum(one["starts"] for one in shown["images"]), shown
    assert shown["allImages"] == len(shown["images"]) >= 3, shown
    text = world.rig.ctl("usage", "--limit", "1").stdout
    assert f"The first 1 of {shown['allImages']} images." in text and "Events were seen from" in text, text
    assert "not on a node" in world.rig.ctl("usage").stdout


def deleted_config_maps_drop_nothing(world):
    world.stop("discoverer", "watcher")
    for name in ("drop-usage-0", "drop-usage-1"):
        world.rig.must("DELETE", f"{CONFIGMAPS}/{name}")
    for one in world.rig.must("GET", "/api/v1/events")["items"]:
        world.rig.must("DELETE", EVENTS.format(one["metadata"]["namespace"]) + "/" + one["metadata"]["name"])
    world.start("--usage")
    # A new spec is synced at once.
    world.patch(f"{POLICIES}/three-lines", {"spec": {"syncInterval": "31m"}})

    def probe():
        obj = world.rig.get("three-lines")
        assert condition(obj)["observedGeneration"] == obj["metadata"]["generation"], condition(obj)
        assert len(images(obj)) == 2, images(obj)
        return obj
    obj = until(WAIT, probe)
    assert "nothing is dropped yet" in condition(obj)["message"], condition(obj)


def forbidden_events_are_said(world):
    """Metrics, of which the alert DropUsageUnknown is made, and dropctl usage; once they are allowed, all goes on."""
    world.stop("discoverer", "watcher")
    for name in ("drop-usage-0", "drop-usage-1"):
        world.rig.side.ask("DELETE", f"{CONFIGMAPS}/{name}")
    refused = {"kind": "status", "code": 403, "verbs": ["list"], "resources": ["events"]}
    world.rig.sim.do(world.rig.side, {"do": "api-fault", "api": refused})
    world.start("--usage")

    def forbidden():
        shown, stats = world.shown(), world.stats()
        assert "not allowed" in (shown["trouble"] or ""), shown
        assert shown["sinceSeconds"] == 0 and shown["images"] == [], shown
        assert stats["drop_usage_enabled"] == 1 and stats["drop_usage_seen_timestamp_seconds"] == 0, stats
        return True
    until(WAIT, forbidden)
    assert "Events are not read at the moment: /api/v1/events: not allowed" in world.rig.ctl("usage").stdout
    world.rig.sim.do(world.rig.side, {"do": "api-heal"})

    def allowed():
        shown, stats = world.shown(), world.stats()
        assert shown["trouble"] is None and shown["seenSeconds"] > 0, shown
        assert stats["drop_usage_seen_timestamp_seconds"] >= shown["seenSeconds"], (stats, shown)
        return True
    until(WAIT, allowed)


def disabled_usage_is_said(world):
    world.stop("discoverer", "watcher")
    world.start()
    until(WAIT, lambda: world.stats()["drop_usage_enabled"] == 0)
    world.rig.create(policy("off", CLUSTER))
    world.rig.until_reason("off", ["UsageDisabled"], WAIT)
    done = world.rig.ctl("usage")
    assert done.returncode == 1 and "set --usage" in done.stderr, done


TESTS = [finds_what_workloads_start, what_no_node_has_is_not_found, namespaces_decide, own_pods_are_no_uses,
         counts_of_repeated_events, people_are_told, expired_versions_are_listed_again, a_restart_loses_nothing,
         deleted_config_maps_drop_nothing, forbidden_events_are_said, disabled_usage_is_said]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    tap = TestTap()
    with Rig(options.build, keep=options.keep, nodes=2, watcher=["--usage"]) as rig:
        world = World(rig)
        for test in TESTS:
            error = ""
            try:
                test(world)
            except AssertionError as problem:
                error = str(problem)[:900]
            tap.check(not error, f"{test.__name__.replace('_', ' ')}", error)
        if options.keep:
            tap.diag(rig.folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
