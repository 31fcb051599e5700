#!/usr/bin/env python3
"""What pre-pulling saved, against the truth (behaviour 56); prints TAP, or a table:

    saved_truth.py --build DIR [--seeds N] [--first SEED] [--jobs N] [--table]

Two drop-sims have the same nodes and images and get the same pods at the same time; the operator runs in one of them only.
What a start waited for its image in one and in the other is what it waits with and without drop. Nodes are replaced, the
operator is restarted or killed, kubelets lose events, images and pods have either pull policy, images share layers.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import sys
import time

from rig import Rig, TestTap
from saved import World
from simulator import Simulator
from side import Side
from wait import until

WAIT = int(os.environ.get("WAIT", "180"))
READ = 12  # seconds in which the reconciler has read the last starts, unless the machine is slow
NODES, IMAGES, STEPS = 10, 8, 100
PROGRAMS = ("watcher", "reconciler", "puller", "discoverer")
COLUMNS = "seed  starts  hits  counted  rate  counted  points  saved  counted  percent  waited  counted  in all  what happened"


def scenario(chance, lost):
    """Images of 1.2 to 4 seconds; half of them have a layer in common with others. Shorter pulls are not told from a look at the
    registry by an event that comes late (docs/value.md)."""
    lines = ["title: the truth", "nodes:",
             f"- {{name: node, count: {NODES}, bandwidthMiB: 24, lostEventsPercent: {lost}}}", "images:"]
    for i in range(IMAGES):
        layers = [f"{{name: own-{i}, sizeMiB: {chance.randint(28, 70)}}}"]
        if i % 2:
            layers.append(f"{{name: base-{i % 4}, sizeMiB: 24}}")
        lines.append(f"- {{ref: '{name_of(i)}', layers: [{', '.join(layers)}]}}")
    return "\n".join(lines) + "\n"


def name_of(i):
    return f"registry.example/app-{i}:1"


class Run:
    """One seed. self.kept: when the pods of an image began to count; self.lives: how often a node was replaced."""

    def __init__(self, rig, twin, chance):
        self.rig, self.twin, self.chance = rig, twin, chance
        self.world = World(rig)
        self.world.policy("p", "0s", chance.randint(2, 5))
        twin.ask("POST", "/api/v1/namespaces", body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        self.kept, self.pods, self.lives, self.cuts, self.happened = {}, {}, {}, [], []

    def keep(self, i):
        self.kept[name_of(i)] = len(self.pods)
        self.world.keep(f"app-{i}", name_of(i), "p", self.chance.choice(("Always", "IfNotPresent")))
        time.sleep(1)  # times of objects are whole seconds: whether a start of the same one came before is not known

    def start(self):
        """A pod of an image that is kept, rarely of one that will be; in both clusters."""
        known = len(self.kept) if self.chance.random() < 0.9 else IMAGES
        image, node = name_of(self.chance.randrange(known)), self.chance.choice(self.world.nodes)
        name = f"w-{len(self.pods)}"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"nodeName": node, "containers": [
            {"name": "c", "image": image, "imagePullPolicy": self.chance.choice(("Always", "IfNotPresent"))}]}}
        for side in (self.twin, self.rig.side):
            answer = side.ask("POST", "/api/v1/namespaces/shop/pods", body=pod)
            assert answer.code == 201, answer.body
        self.pods[name] = (image, node, self.lives.get(node, 0))

    def settled(self):
        """All pods that are still there have begun: in both clusters."""
        def probe():
            for side in (self.twin, self.rig.side):
                told = {one["pod"] for one in self.starts(side)}
                left = [name for name, (_, node, life) in self.pods.items()
                        if name not in told and life == self.lives.get(node, 0)]
                assert not left, left[:3]
            return True
        until(WAIT, probe)

    @staticmethod
    def starts(side):
        said = side.ask("GET", "/sim/starts").body
        assert said["whole"], "too many starts"
        return said["starts"]

    def replace(self):
        """A node with the same name and nothing on it; no pod is pulling then, so that both clusters lose the same."""
        self.settled()
        node = self.chance.choice(self.world.nodes)
        self.lives[node] = self.lives.get(node, 0) + 1
        self.cuts.append((node, len(self.starts(self.rig.side))))
        for side in (self.twin, self.rig.side):
            Simulator.do(side, {"do": "node-replace", "node": node})
        self.happened.append("node")

    def restart(self):
        kill = self.chance.random() < 0.5
        for name in ("reconciler", "puller", "discoverer", "watcher"):
            program = self.rig.programs.pop(name)
            if kill:
                program.kill()
            else:
                program.stop()
        self.happened.append("kill" if kill else "restart")
        time.sleep(self.chance.random() * 4)
        for name in PROGRAMS:
            self.rig.start(name, *(["--usage"] if name == "watcher" else []))

    def play(self):
        moments = {self.chance.randrange(STEPS // 3, STEPS): self.replace for _ in range(2)}
        if self.chance.random() < 0.6:
            moments[self.chance.randrange(STEPS // 4, STEPS)] = self.restart
        for i in range(IMAGES // 2):
            self.keep(i)
        time.sleep(self.chance.random() * 30)
        for step in range(STEPS):
            if len(self.kept) < IMAGES and self.chance.random() < 0.1:
                self.keep(len(self.kept))
            self.start()
            moments.get(step, lambda: None)()
            time.sleep(self.chance.random() * 2)
        self.settled()

    # ---- the truth ----

    def truth(self):
        """Of each first start of a kept image on a node: did it wait, and what would it have without drop?"""
        brought, there, counted = {}, set(), set()  # by drop, when; a workload had it; first starts
        without = {one["pod"]: one["waitedMs"] / 1000 for one in self.starts(self.twin)}
        sums = {"starts": 0, "hits": 0, "misses": 0, "saved": 0.0, "waited": 0.0, "all": 0.0, "first": []}
        for place_in_time, one in enumerate(self.starts(self.rig.side)):
            waited, cold = one["waitedMs"] / 1000, one["fetchedBytes"] > 0
            life = sum(node == one["node"] and place_in_time >= cut for node, cut in self.cuts)
            place = (one["node"], life, one["image"])
            if one["namespace"] != "shop":
                if cold:
                    brought[place] = one["atMs"]
                continue
            # It waited for its own pull, or at least a second for the end of drop's (docs/value.md).
            cold = cold or (waited >= 1 and brought.get(place, 0) > one["atMs"] - one["waitedMs"])
            kept = int(one["pod"].split("-")[1]) >= self.kept.get(one["image"], len(self.pods))
            if kept:
                sums["all"] += without[one["pod"]] - waited
            if place in counted or (place in there and not cold):
                continue
            there.add(place)
            if not kept or not (cold or place in brought):
                continue
            counted.add(place)
            sums["starts"] += 1
            sums["first"].append(("miss" if cold else "hit", one["pod"], one["image"], one["node"], waited, without[one["pod"]]))
            if cold:
                sums["misses"] += 1
                sums["waited"] += waited
            else:
                sums["hits"] += 1
                sums["saved"] += without[one["pod"]] - waited
        return sums


def rate(sums):
    return 100 * sums["hits"] / max(1, sums["hits"] + sums["misses"])


def logged(text):
    """What the reconciler counted, by its log: (result, image, node). After a kill it counts again what was not saved."""
    counted = []
    for line in text.splitlines():
        said = dict(re.findall(r'(\w+)="?([^" ]+)', line))
        if "first start" in line:
            counted.append((said["result"], f"registry.example/{said['image']}:1", said["node"]))
        elif "report restored" in line:
            del counted[int(said["hits"]) + int(said["misses"]):]
    return counted


def differences(run, truth):
    """The starts that one of truth and report has and the other has not."""
    true = collections.Counter((one[0], *one[2:4]) for one in truth["first"])
    counted = collections.Counter(logged(run.rig.programs["reconciler"].log()))
    return {"counted only": sorted((counted - true).elements()), "true only": sorted((true - counted).elements())}


def compare(run):
    """(row of the table, how far off)."""
    truth = run.truth()
    if run.rig.keep:
        with open(os.path.join(run.rig.folder, "starts.json"), "w", encoding="utf-8") as file:
            json.dump({"with": run.starts(run.rig.side), "without": run.starts(run.twin), "first": truth["first"],
                       **differences(run, truth)}, file)
    got = run.world.report()
    points = rate(got) - rate(truth)
    percent = 100 * (got["savedSeconds"] - truth["saved"]) / max(0.1, truth["saved"])
    row = (f"{truth['starts']:6}  {truth['hits']:4}  {got['hits']:7}  {rate(truth):3.0f}%  {rate(got):6.0f}%  {points:+6.1f}  "
           f"{truth['saved']:5.0f}  {got['savedSeconds']:7.0f}  {percent:+6.1f}%  {truth['waited']:6.0f}  "
           f"{got['waitedSeconds']:7.0f}  {truth['all']:6.0f}  {', '.join(run.happened)}")
    return row, points, percent


def one_seed(options, seed):
    """(error, row)."""
    chance = random.Random(seed)
    lost = chance.choice((0, 0, 3))
    text = scenario(chance, lost)
    with Rig(options.build, programs=PROGRAMS, keep=options.keep, scenario=text, watcher=["--usage"]) as rig:
        folder = os.path.join(rig.folder, "twin")
        os.mkdir(folder)
        path = os.path.join(folder, "scenario.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        with Simulator(os.path.join(options.build, "sim", "drop-sim"), path, folder) as sim:
            run = Run(rig, Side("twin", sim.kubeconfig), chance)
            if lost:
                run.happened.append(f"{lost} % of events lost")
            until(WAIT, run.world.report)
            run.play()
            time.sleep(READ)
            said = {}

            def close():
                said["row"], points, percent = compare(run)
                assert abs(points) <= options.points, f"hit rate {points:+.1f} points off"
                assert abs(percent) <= options.percent, f"seconds saved {percent:+.1f} % off"
                return True
            try:
                until(options.patience, close)
            except AssertionError as problem:
                return str(problem)[:300], said.get("row", "") + (f"  {rig.folder}" if options.keep else "")
            return "", said["row"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="a table for docs/decisions/saved.md")
    parser.add_argument("--points", type=float, default=2, help="that the hit rate may be off")
    parser.add_argument("--percent", type=float, default=10, help="that the seconds saved may be off")
    parser.add_argument("--patience", type=int, default=WAIT, help="seconds for the report to come true at the end")
    parser.add_argument("--keep", action="store_true", help="keep the folder; its starts.json has what differs, start by start")
    options = parser.parse_args()
    tap = TestTap()
    seeds = range(options.first, options.first + options.seeds)
    if options.table:
        print(COLUMNS)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for seed, (error, row) in zip(seeds, pool.map(lambda seed: one_seed(options, seed), seeds)):
            if options.table:
                print(f"{seed:4}  {row}{'  ' + error if error else ''}", flush=True)
            else:
                tap.diag(f"seed {seed}: {row}")
                tap.check(not error, f"seed {seed} against the truth", error)
    return 0 if options.table else tap.end()


if __name__ == "__main__":
    sys.exit(main())
