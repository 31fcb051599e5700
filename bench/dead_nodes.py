#!/usr/bin/env python3
"""How long a new image takes to reach 160 good nodes, with and without 40 bad ones, under the default policy.

    bench/dead_nodes.py --build DIR [--delay 10s]

Three runs of the real processes on drop-sim, side by side: `good` has 160 nodes; `known` has 20 nodes that are NotReady
and 20 that are Ready and take no pods besides, which an earlier image has met; `unknown` has them and no earlier image.
The bad ones sort before the good ones. Prints seconds and the ratio to `good`. With the default delay of 10 s a run takes
27 minutes; --delay sets minDelayBetweenPulls to something shorter, and the ratio says less then.
"""
import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", "tests", folder) for folder in ("scenarios", "e2e", "contract")]

from objects import image, status
from runner import tools_of
from trial import Trial
from wait import until
from expectation import policy, scenario_text

GOOD, BAD = 160, 20
HOUR = 3600
MET = {"maxConcurrentNodes": 40, "minDelayBetweenPulls": "0s"}


def nodes(bad):
    groups = [{"name": "good", "count": GOOD}]
    if bad:
        groups += [{"name": "a-deaf", "count": BAD, "byHand": True, "labels": {"bad": "yes"}},
                   {"name": "a-dead", "count": BAD}]
    return groups


def run(tools, folder, name, delay):
    objects = [policy("met", **MET)]
    spec = {}
    if delay:
        objects.append(policy("paced", maxConcurrentNodes=1, minDelayBetweenPulls=delay))
        spec = {"policyRef": "paced"}
    text = scenario_text({"title": name, "seed": 1, "nodes": nodes(name != "good"),
                          "timeline": [{"at": "1s", "do": "node-notready", "node": "a-dead"}] if name != "good" else []},
                         objects)
    trial = Trial(tools, os.path.join(folder, name), text)
    try:
        trial.start("warn")
        time.sleep(3)
        if name == "known":
            trial.do({"do": "apply", "object": image("old", "registry.example/old:1", policyRef="met",
                                                     nodeSelector={"bad": "yes"})})
            until(HOUR, lambda: len(status(trial.images()["old"]).get("failedNodes") or []) == BAD, 1)
        began = time.monotonic()
        trial.do({"do": "apply", "object": image("new", "registry.example/new:1", **spec)})
        until(3 * HOUR, lambda: len(status(trial.images()["new"]).get("cachedNodes") or []) == GOOD, 1)
        return time.monotonic() - began
    finally:
        trial.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--delay", metavar="DURATION")
    args = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="drop-dn-")
    tools = tools_of(args.build, scratch)
    names = ("good", "known", "unknown")
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        took = dict(zip(names, pool.map(lambda name: run(tools, scratch, name, args.delay), names)))
    for name in names:
        print(f"{name:8} {took[name]:7.0f} s   {took[name] / took['good']:.2f}", flush=True)
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
