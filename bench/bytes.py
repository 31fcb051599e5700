#!/usr/bin/env python3
"""maxBytesPerSecond (behaviour 40) over images from 5 MiB to 1,000 MiB, on drop-sim with nodes that need time to pull.

    bench/bytes.py --build DIR [--nodes 10] [--rate 200] [--no-history]

Printed and kept: the bytes of a plan of new references, the bytes that the nodes then pulled, the metric; the rate over
the run, and by how much the bytes started were ever ahead of it. Exit status 1: the plan is not what was pulled, the
rate was missed by more than 5 %, or the bytes started were ahead by more than the largest image.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from checks import HOST, Registries, until
from measure import DROP, Tree, audited, moment
from run import keep, link_programs

MIB = 1024 * 1024
SIZES = (5, 20, 60, 120, 250, 500, 1000)
SCENARIO = """seed: 1
nodes:
- {{name: node, count: {nodes}, bandwidthMiB: 400, parallelPulls: true}}
images:
{images}
"""
POLICY = {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": "p"}}


class Sizes(Registries):
    def __init__(self, build, folder, nodes):
        super().__init__(build, folder, nodes, 0)
        rows = "\n".join(f"- {{ref: '{HOST}/mib{size}:1', sizeMiB: {size}}}" for size in SIZES)
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(SCENARIO.format(nodes=nodes, images=rows))


def image(size):
    return {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": f"mib{size}"},
            "spec": {"image": f"{HOST}/mib{size}", "tag": "1", "policyRef": {"name": "p"}}}


def ctl(programs, tree, *words, text=None):
    done = subprocess.run([os.path.join(programs, "dropctl"), *words, "--socket-dir", tree.sockets],
                          input=text, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def plan(programs, tree):
    """The bytes of all images in all, and the pulls of unknown bytes."""
    text = "\n---\n".join(json.dumps(image(size)) for size in SIZES)
    images = json.loads(ctl(programs, tree, "plan", "-f", "-", "-o", "json", text=text))["images"]
    return sum(one["bytes"] for one in images), sum(one["unknown"] for one in images)


def metric(programs, tree, name):
    found = re.search(rf'"{name}[^"]*":\s*(\d+)', ctl(programs, tree, "stats", "reconciler"))
    return int(found.group(1)) if found else 0


def starts(world):
    """(moment, bytes) of each pod, in order."""
    out = []
    for event in audited(world.audit, 0, b'"userAgent":"drop-puller'):
        if event["verb"] == "create" and event["objectRef"]["resource"] == "pods":
            name = event["requestObject"]["metadata"]["labels"]["drop.corewire.io/cachedimage"]
            out.append((moment(event["requestReceivedTimestamp"]), int(name.removeprefix("mib")) * MIB))
    return sorted(out)


def pace(pods, rate):
    """The rate from the first start to the last, and the most that was ever started ahead of the rate."""
    begun, started, ahead = pods[0][0], 0, 0
    for at, size in pods:
        started += size
        ahead = max(ahead, started - rate * (at - begun))
    return (started - pods[-1][1]) / (pods[-1][0] - begun), ahead


def play(words):
    folder = tempfile.mkdtemp(prefix="drop-bench-")
    programs = link_programs(os.path.abspath(words.build), folder)
    os.symlink(os.path.abspath(os.path.join(words.build, "dropctl", "dropctl")), os.path.join(programs, "dropctl"))
    rate, all_bytes = words.rate * MIB, words.nodes * sum(SIZES) * MIB
    with Sizes(os.path.abspath(words.build), folder, words.nodes) as world:
        tree = Tree(programs, world, ["--registries", world.registries()])
        try:
            tree.await_lead(0)
            world.api.want("POST", f"{DROP}/pullpolicies", {**POLICY, "spec": {
                "maxConcurrentNodes": 1000, "maxPullsPerNode": 10, "minDelayBetweenPulls": "0s",
                "maxBytesPerSecond": f"{words.rate}Mi"}})
            planned, unknown = plan(programs, tree)
            for size in SIZES:
                world.api.want("POST", f"{DROP}/cachedimages", image(size))
            until(600 + 2 * all_bytes / rate, lambda: all(
                one.get("status", {}).get("phase") == "Ready"
                for one in world.api.want("GET", f"{DROP}/cachedimages")["items"]), "all are Ready")
            pulled = world.api.want("GET", "/sim/truth")["counts"]["bytesPulled"]
            said = metric(programs, tree, "drop_pulled_bytes_total")
        finally:
            tree.stop()
        held, ahead = pace(starts(world), rate)
    shutil.rmtree(folder, ignore_errors=True)
    return {"planned": planned, "unknown": unknown, "pulled": pulled, "metric": said, "rate": rate,
            "held": round(held), "off_percent": round(100 * (held / rate - 1), 2), "ahead": round(ahead)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--nodes", type=int, default=10)
    parser.add_argument("--rate", type=int, default=200, help="MiB a second")
    parser.add_argument("--no-history", dest="history", action="store_false")
    words = parser.parse_args()
    result = play(words)
    print(json.dumps(result))
    keep("bytes", {"nodes": words.nodes, "images": len(SIZES), **result}, words.history)
    good = (result["planned"] == result["pulled"] and abs(result["off_percent"]) <= 5
            and result["ahead"] <= max(SIZES) * MIB * 1.01)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
