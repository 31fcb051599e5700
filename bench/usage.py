#!/usr/bin/env python3
"""What usage costs (behaviour 52): CPU and memory of watcher and discoverer at 100 events a second, and with 5,000 images.

    bench/usage.py --build DIR [--seconds 60] [--rate 100] [--images 5000] [--no-history]

drop-sim serves events that this program writes as kubelets do; nodes list all images. The same tree without --usage is
measured beside it. The result is printed and kept as a line of history.jsonl.
"""
import argparse
import json
import os
import sys
import time

from run import keep  # of this folder: before the paths of others that have a run.py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "tests", folder) for folder in ("discovery", "e2e")]

import processes
from rig import Rig, images, policy
from wait import until

EVENTS = "/api/v1/namespaces/shop/events"
A_NODE = 1000
SETTLED = 120  # seconds until all events are folded; only a broken product needs them
USED = 'drop_usage_events_total{outcome="used"}'


def name_of(n):
    return f"registry.example.com/team-{n % 40}/service-{n}:1.{n % 9}"


class World(Rig):
    """Nodes that have 1,000 images each from the start, and list all of them."""

    def __init__(self, build, count, watcher):
        text = "title: many images\nnodes:\n"
        for first in range(0, count, A_NODE):
            text += f"- name: n{first // A_NODE}\n  maxImages: -1\n  images:\n"
            text += "".join(f"  - {name_of(n)}\n" for n in range(first, min(first + A_NODE, count)))
        super().__init__(build, level="info", watcher=watcher, scenario=text)

    def __enter__(self):
        super().__enter__()
        self.must("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        return self

    def event(self, n, image):
        text = (f'Successfully pulled image "{image}" in {1 + n % 30}.5s (40s including waiting). Image size: 52428800 bytes.'
                if n % 7 == 0 else f'Container image "{image}" already present on machine')
        self.must("POST", EVENTS, {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"e-{n}", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": f"p-{n}", "uid": f"u-{n}",
                               "fieldPath": "spec.containers{c}"},
            "reason": "Pulled", "type": "Normal", "message": text, "count": 1,
            "source": {"component": "kubelet", "host": "n0-000"},
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z"})

    def used(self):
        return json.loads(self.ctl("stats", "watcher").stdout).get(USED, 0)

    def until_used(self, n):
        def probe():
            assert self.used() >= n, self.used()
            return True
        until(SETTLED, probe, every=0.2)

    def cpu(self, name):
        """Seconds since its start."""
        return processes.cpu_s(self.programs[name].pid)

    def pss(self, name):
        return round(processes.pss_kb(self.programs[name].pid) / 1024, 1)


def at_rate(world, first, seconds, rate, count):
    """Writes events for so long; returns the CPU seconds of the watcher for each second of it."""
    before, began, n = world.cpu("watcher"), time.monotonic(), first
    while time.monotonic() - began < seconds:
        for _ in range(max(1, rate // 10)):
            world.event(n, name_of(n % count))
            n += 1
        time.sleep(max(0, began + (n - first) / rate - time.monotonic()))
    took = time.monotonic() - began
    return n, (n - first) / took, (world.cpu("watcher") - before) / took


def measure(options, usage):
    words = ["--usage"] if usage else []
    with World(options.build, options.images, words) as world:
        until(60, lambda: "watching" in world.programs["watcher"].log() and world.ctl("stats", "watcher").stdout)
        time.sleep(3)
        idle = world.pss("watcher")
        n, rate, cpu = at_rate(world, 0, options.seconds, options.rate, 200)
        row = {"rate": round(rate, 1), "watcher_cpu_percent": round(100 * cpu, 2), "watcher_idle_mb": idle}
        if not usage:
            return row
        world.until_used(n)
        row["watcher_200_images_mb"] = world.pss("watcher")
        for k in range(options.images):
            world.event(n + k, name_of(k))
        world.until_used(n + options.images)
        row["watcher_all_images_mb"] = world.pss("watcher")
        before = world.cpu("watcher"), world.cpu("discoverer"), world.pss("discoverer")
        world.create(policy("all", {"type": "cluster"}, maxImages=50))
        until(60, lambda: len(images(world.get("all"))) == 50)
        row["sync_watcher_cpu_s"] = round(world.cpu("watcher") - before[0], 3)
        row["sync_discoverer_cpu_s"] = round(world.cpu("discoverer") - before[1], 3)
        row["discoverer_before_after_mb"] = [before[2], world.pss("discoverer")]
        world.programs.pop("discoverer").stop()
        stored = world.must("GET", "/api/v1/namespaces/drop-system/configmaps")["items"]
        row["stored_bytes"] = [len(one["binaryData"]["usage"]) * 3 // 4 for one in stored if "usage" in one["metadata"]["name"]]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--no-history", action="store_true")
    options = parser.parse_args()
    result = {"images": options.images, "without": measure(options, False), "with": measure(options, True)}
    for key in ("without", "with"):
        print(f"{key} --usage:")
        for name, value in result[key].items():
            print(f"  {name:28} {value}")
    keep("usage", result, not options.no_history)
    return 0


if __name__ == "__main__":
    sys.exit(main())
