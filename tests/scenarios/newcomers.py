#!/usr/bin/env python3
"""Two hundred nodes with a startup taint join within 10 s, on drop-sim with the real processes (behaviour 45, 46);
prints TAP:

    newcomers.py --build DIR [--keep] [--nodes N] [PATTERN]...

joining      an old node has all images, so that nobody waits for slow start (behaviour 14). Under the default PullPolicy, which
             pulls on one node at a time with 10 s between two, each new node gets the 20 gating images at once and opens; what
             does not gate comes later and is paced
killed       the same, while the operator's processes are killed again and again
new-set      a gating set makes its children, which takes a while, as nodes join: they wait for what it is about to make
What is checked is the order and the number of pods and writes, and each Node before and after its write; how long it took
is told, and judges nothing but that it is far below what pacing would take.
"""
import collections
import functools
import json
import os
import queue
import sys
import threading
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

import processes
from audit import Audit
from objects import image, image_set, status
from pods import NODES
from runner import play_cases
from trial import DROP, IMAGES, Trial
from wait import until
from expectation import scenario_text

KEY = "drop.corewire.io/images-not-ready"
GATING, OTHERS = 20, 3
SET_IMAGES = 5
JOIN_SECONDS = 10
WAIT = 480           # seconds; only a broken product needs them
DELAY = 10           # seconds, and one node at a time: the default policy
PULLS_PER_NODE = 2   # its maxPullsPerNode
KILLS = ("puller", "reconciler", "watcher", "puller", "reconciler")
KEPT = [{"key": "example.com/kept", "value": "x", "effect": "PreferNoSchedule"}]


def gating(i):
    """Priorities against the order of names, so that each of the two shows."""
    return image(f"gate-{i:02}", f"registry.example/gate/i{i:02}:1", gateNodes=True, priority=50 - i // 2)


def other(i):
    return image(f"other-{i}", f"registry.example/other/i{i}:1", priority=0)  # before the others, if it were not for the gate


def scenario(count):
    objects = [gating(i) for i in range(GATING)] + [other(i) for i in range(OTHERS)]
    return scenario_text({
        "title": "nodes with a startup taint", "seed": 1, "imageSizeMiB": 10,
        "nodes": [{"name": "old", "bandwidthMiB": 400}, {"name": "new", "count": count, "absent": True, "bandwidthMiB": 400, "padKiB": 2,
                   "labels": {"pool": "a"}, "taints": KEPT, "startupTaints": [{"key": KEY, "value": "v"}]}]}, objects)


def tainted(node):
    return any(one["key"] == KEY for one in node["spec"].get("taints", []))


def all_but_taints(node):
    """Everything that is stored, without the startup taint and the version of the object."""
    copy = json.loads(json.dumps(node))
    del copy["metadata"]["resourceVersion"]
    copy["spec"]["taints"] = [one for one in copy["spec"].get("taints", []) if one["key"] != KEY]
    return copy


class Nodes(threading.Thread):
    """Every version of every Node, in order."""

    def __init__(self, side):
        super().__init__(daemon=True)
        self.versions = collections.defaultdict(list)
        self.stream = side.watch(f"{NODES}?watch=true&resourceVersion=0")
        self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            try:
                event = self.stream.take(0.5)
            except queue.Empty:
                continue
            if event is None:
                return
            if event["type"] in ("ADDED", "MODIFIED"):
                self.versions[event["object"]["metadata"]["name"]].append(event["object"])

    def close(self):
        self.ended = True
        self.stream.close()
        self.join(10)

    def opened(self):
        return sum(name.startswith("new") and not tainted(said[-1]) for name, said in list(self.versions.items()))

    def openings(self):
        """{node: [(before, after)]} of each write that removed the taint."""
        return {name: [(a, b) for a, b in zip(said, said[1:]) if tainted(a) and not tainted(b)]
                for name, said in self.versions.items() if name.startswith("new")}

    def uids(self):
        """Of the new nodes."""
        return {said[0]["metadata"]["uid"] for name, said in self.versions.items() if name.startswith("new")}


class Run:
    def __init__(self, tap, name, tools, folder, count):
        self.tap, self.name, self.count = tap, name, count
        self.trial = Trial(tools._replace(words=("--startup-taint", KEY)), folder, scenario(count))
        self.nodes = Nodes(self.trial.side)
        self.audit = Audit(os.path.join(folder, "audit.log"))

    def close(self, keep):
        self.nodes.close()
        self.trial.close(keep=keep)

    def check(self, good, what, why=""):
        self.tap.check(good, f"{self.name}: {what}", str(why)[:600])

    def equal(self, got, want, what):
        self.check(got == want, what, f"got {got!r}, want {want!r}")

    def open_are(self, count):
        return self.nodes.opened() >= count

    def play(self, kills):
        self.trial.start()
        until(WAIT, lambda: all(status(one).get("ready") == "1/1" for one in self.trial.images().values()))
        self.trial.do(*({"at": f"{1 + i * JOIN_SECONDS * 1000 // self.count}ms", "do": "node-join", "node": f"new-{i:03}"}
                        for i in range(self.count)))
        began = time.monotonic()
        for i, process in enumerate(kills, 1):
            share = i * self.count // (len(kills) + 1)
            until(WAIT, functools.partial(self.open_are, share))
            pid = self.trial.tree.pids().get(process)
            if pid:
                processes.kill(pid, 9)
        until(WAIT, lambda: self.nodes.opened() == self.count)
        took = time.monotonic() - began
        self.check(True, f"all {self.count} nodes open")
        self.tap.diag(f"{self.name}: {self.count} nodes, {GATING} gating images, default policy: all open {took:.1f} s after the "
                      f"first joins, of which they take {JOIN_SECONDS} s to join")
        return took

    def creates(self):
        """[(seconds, uid of a new node, name of the image)] in order of time."""
        new = self.nodes.uids()
        names = {one["metadata"]["uid"]: name for name, one in self.trial.images().items()}
        return [(request.at, pull.node_uid, names[pull.uid]) for request, pull in self.audit.creates(0)
                if pull.node_uid in new]


def check_writes(run):
    """No lost or double write; nothing but the taint is changed."""
    openings = run.nodes.openings()
    run.check({len(found) for found in openings.values()} == {1} and len(openings) == run.count,
              "each Node lost the taint in one write", {n: len(f) for n, f in openings.items() if len(f) != 1})
    changed = [name for name, found in openings.items() for a, b in found if all_but_taints(a) != all_but_taints(b)]
    run.check(not changed, "which changed nothing else of the Node", changed[:5])
    kept = [name for name, found in openings.items() for _, b in found if b["spec"]["taints"] != KEPT]
    run.check(not kept, "and left the other taint", kept[:5])
    patched = collections.Counter(r.name for r in run.audit.since(0, verb="patch", resource="nodes", code=200)
                                  if r.process == "puller")
    run.check(set(patched) == set(openings) and set(patched.values()) == {1}, "by one request of the puller for each node",
              [one for one in patched.items() if one[1] != 1][:5])
    strange = [r.process for r in run.audit.writes(0, resource="nodes") if r.process != "puller"]
    run.check(not strange, "and of nobody else", strange[:5])


def check_order(run, strict):
    """Gating images come first on each node, by priority and name; others are paced."""
    by_node = collections.defaultdict(list)
    creates = run.creates()
    for _, node, name in creates:
        by_node[node].append(name)
    wanted = [one["metadata"]["name"] for one in sorted(
        (gating(i) for i in range(GATING)), key=lambda one: (one["spec"]["priority"], one["metadata"]["name"]))]
    wrong = {node: names[:GATING] for node, names in by_node.items() if sorted(names[:GATING]) != sorted(wanted)}
    run.check(not wrong and len(by_node) == run.count, "on each node the gating images come first", list(wrong.items())[:1])
    if strict:
        wrong = {node: names[:GATING] for node, names in by_node.items() if names[:GATING] != wanted}
        run.check(not wrong, "in the order of priority and name", list(wrong.items())[:1])
    twice = [node for node, names in by_node.items() if len(set(names)) != len(names)]
    run.check(not twice, "each is pulled once", twice[:3])
    paced = [at for at, _, name in creates if name.startswith("other")]
    nodes = [node for _, node, name in creates if name.startswith("other")]
    hasty = [b - a for a, b, x, y in zip(paced, paced[1:], nodes, nodes[1:]) if x != y and b - a < DELAY - 0.5]
    run.check(not hasty, "what does not gate is paced by the policy", hasty[:5])


def check_reasons(run):
    """None opened at its deadline."""
    found = run.trial.get("/apis/events.k8s.io/v1/namespaces/default/events")["items"]
    late = [one["note"] for one in found if one["reason"] == "GateTimedOut"]
    run.check(not late, "all because their images are there", late[:3])


def joining(run):
    took = run.play(())
    check_writes(run)
    check_reasons(run)
    check_order(run, True)
    most = run.trial.pods.most()
    run.check(most[1] <= PULLS_PER_NODE, "never more than maxPullsPerNode on one node", most)
    run.check(most[0] > 1, "many nodes at once", most)
    run.check(took < run.count * DELAY / 2, "none waited for the pacing of another", took)
    run.tap.diag(f"most at any create: {most[0]} nodes at once, {most[1]} pulls on one node")


def killed(run):
    run.play(KILLS)
    check_writes(run)
    check_reasons(run)
    check_order(run, False)


def new_set(run):
    run.trial.start()
    until(WAIT, lambda: all(status(one).get("ready") == "1/1" for one in run.trial.images().values()))
    for name in run.trial.images():
        run.trial.side.ask("DELETE", f"{IMAGES}/{name}")
    entries = [f"registry.example/set/i{i}:1" for i in range(SET_IMAGES)]
    run.trial.do({"do": "api-fault", "api": {"kind": "slow", "delay": "5s", "verbs": ["create"], "resources": ["cachedimages"]}},
                 {"do": "apply", "object": image_set("ops", entries, gateNodes=True)})
    # Nodes and sets come by watches of their own: only of a set that it has seen can it know what is to come.
    until(WAIT, lambda: status(run.trial.get(f"{DROP}/cachedimagesets/ops")).get("phase"))
    run.trial.do({"do": "node-join", "node": "new"})
    until(WAIT, lambda: run.nodes.opened() == run.count)
    run.check(True, f"all {run.count} nodes open")

    def told():
        found = run.trial.get("/apis/events.k8s.io/v1/namespaces/default/events")["items"]
        notes = [one["note"] for one in found if one["reason"] == "ImagesReady"]
        return notes if len(notes) == run.count else None
    notes = until(WAIT, told)
    wanted = f"Startup taint removed: {SET_IMAGES} of {SET_IMAGES} gating images are there"
    run.equal(set(notes), {wanted}, "each when it has all images of the set")


CASES = {"joining": joining, "killed": killed, "new-set": new_set}


def play(tap, tools, folder, name, args):
    run = Run(tap, name, tools, folder, args.nodes)
    try:
        CASES[name](run)
    except AssertionError as error:
        run.check(False, "comes to its end", error)
        tap.diag("\n".join(run.trial.trouble()))
    finally:
        run.close(args.keep or tap.failed)


if __name__ == "__main__":
    sys.exit(play_cases(__doc__, CASES, play, "drop-nn-", nodes={"type": int, "default": 200}))
