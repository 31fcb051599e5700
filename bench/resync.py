#!/usr/bin/env python3
"""A resync of many fat nodes: does the operator keep its lease meanwhile, and what does it take?

    bench/resync.py --build DIR [--nodes 5000] [--kib 30] [--rounds 3]

drop-sim plays the nodes and, each round, forgets its history and drops the watches of nodes, so that the
watcher must list them all again. The audit log says how far apart the renewals of the lease came; the
operator's log, whether it ever stopped acting. Exit status 1: a renewal took 10 s (behaviour.md 32) or the
lead was lost. With --nodes 5000 --kib 30 a list is 150 MB.
"""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time

from measure import Tree, moment
from run import link_programs
from world import NAMESPACE, Sim

GIVE_UP_SECONDS = 10
ROUND_SECONDS = 120
LEASES = "leases"

SCENARIO = """title: {count} nodes of {kib} KiB
nodes:
- {{name: node, count: {count}, padKiB: {kib}}}
"""


class FatSim(Sim):
    def __init__(self, build, folder, count, kib):
        super().__init__(build, folder, count)
        self.scenario = os.path.join(folder, "scenario.yaml")
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(SCENARIO.format(count=count, kib=kib))

    def cluster_words(self):
        return ["--scenario", self.scenario]


def audit(world):
    with open(world.audit, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def renewals(world):
    return sorted(moment(e["requestReceivedTimestamp"]) for e in audit(world)
                  if e["objectRef"]["resource"] == LEASES and e["verb"] in ("update", "patch")
                  and e["responseStatus"]["code"] == 200 and e["objectRef"].get("name", "").startswith("b889"))


def resync(world, tree):
    """Seconds until the watcher has every node again and the operator acts on it."""
    before = os.path.getsize(tree.log)
    begun = time.monotonic()
    # Something that the watch of nodes does not see: what it has read is then too old.
    world.api.want("POST", f"/api/v1/namespaces/{NAMESPACE}/configmaps",
                   {"metadata": {"generateName": "resync-"}})
    for kind in ("expire", "drop-watch"):
        world.api.want("POST", "/sim/do", {"do": "api-fault", "api": {"kind": kind, "resources": ["nodes"]}})
    while True:
        with open(tree.log, encoding="utf-8", errors="replace") as file:
            file.seek(before)
            text = file.read()
        if re.search(r"listed kind=Node\b", text):
            return time.monotonic() - begun
        if time.monotonic() - begun > ROUND_SECONDS:
            raise RuntimeError(f"no resync within {ROUND_SECONDS} s; see {tree.log}")
        time.sleep(0.1)


def play(words):
    folder = tempfile.mkdtemp(prefix="drop-bench-")
    programs = link_programs(os.path.abspath(words.build), folder)
    with FatSim(os.path.abspath(words.build), folder, words.nodes, words.kib) as world:
        tree = Tree(programs, world, ["--log-level", "debug"])
        try:
            tree.await_lead(0)
            rounds = [resync(world, tree) for _ in range(words.rounds)]
            time.sleep(3)
            with open(tree.log, encoding="utf-8", errors="replace") as file:
                acting = file.read().count("reconciler: leading")
            cpu = sum(tree.cpu().values())
            pss, _ = tree.memory()
            at = renewals(world)
        finally:
            tree.stop()
    gap = max((b - a for a, b in zip(at, at[1:])), default=float("inf"))
    print(f"{words.nodes} nodes of {words.kib} KiB: resync {', '.join(f'{r:.1f}' for r in rounds)} s; "
          f"{len(at)} renewals, at most {gap:.2f} s apart; began to act {acting} time(s); CPU {cpu:.1f} s, PSS {pss:.0f} MB")
    good = gap < GIVE_UP_SECONDS and acting == 1
    if good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the lease was not kept; see {folder}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--kib", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    return 0 if play(parser.parse_args()) else 1


if __name__ == "__main__":
    sys.exit(main())
