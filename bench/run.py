#!/usr/bin/env python3
"""Measures the operator; see bench/README.md for how to read it.

    run.py --build DIR [--real NxI,...] [--sharing NxIxB,...] [--sim NxI,...] [--growth [N,N,...]]
           [--rounds R] [--no-history]

--real    nodes x images on a real API server, next to the floor, alternating, R rounds
--sharing nodes x images on a real API server, with maxImagesPerPod B and 1, alternating, R rounds
--sim     nodes x images on drop-sim alone
--growth  at 500, 1,000, 2,000 and 5,000 nodes x 20 images on drop-sim: slopes of CPU, memory, time
Without any of them: --real 200x5,1000x10. A result is printed, and kept as a line of history.jsonl.
"""
import argparse
import datetime
import json
import math
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import measure
from world import HERE, TREE, Real, Sim

HISTORY = os.path.join(HERE, "history.jsonl")
PROGRAMS = {"watcher": "watcher", "reconciler": "reconciler", "puller": "puller",
            "discoverer": "discoverer", "metricsd": "metricsd", "supervisor": "supervisor"}
GROWTH_NODES, GROWTH_IMAGES = (500, 1000, 2000, 5000), 20

# Targets of the project.
TARGETS = {"ratio_converged": 1.2, "requests_a_pull": 2.05, "pss_idle_mb": 25, "slope": 1.1}
# Of images that share pods (42): CPU a pull, as a part of what it is with one image a pod; requests a
# pull without events, by images a pod.
SHARING_CPU = 0.35
SHARING_REQUESTS = {5: 0.45, 20: 0.15}
PEAK_MB = {"real": 35, "sim": 80}
# CPU seconds of upstream's operator (Go), from the project's targets: measured once, elsewhere, by
# others. Not paired with anything here; for orientation only.
UPSTREAM_CPU_S = {(200, 5): 2.0, (1000, 10): 24.9}


def machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) // 1024
    return {"cpus": os.cpu_count(), "kernel": platform.release(), "memory_mb": memory,
            "arch": platform.machine(), "load": round(os.getloadavg()[0], 1)}


def git(*words):
    return subprocess.run(["git", "-C", TREE, *words], capture_output=True, text=True).stdout.strip()


def keep(kind, result, history):
    row = {"at": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
           "commit": git("rev-parse", "--short", "HEAD"), "kind": kind, "machine": machine(),
           **result}
    if history:
        with open(HISTORY, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def link_programs(build, folder):
    """All programs in one folder, as the supervisor wants them."""
    into = os.path.join(folder, "bin")
    os.makedirs(into)
    for name, place in PROGRAMS.items():
        os.symlink(os.path.join(build, place, f"drop-{name}"), os.path.join(into, f"drop-{name}"))
    return into


def middle(rows):
    """The median of each number over the rounds."""
    return {key: round(statistics.median(row[key] for row in rows), 3)
            for key, value in rows[0].items() if isinstance(value, (int, float))}


def show(label, value, target=None, unit=""):
    outcome = ""
    if target is not None:
        outcome = f"   target <= {target}{unit}: {'met' if value <= target else 'MISSED'}"
    print(f"  {label:34} {value:10.2f}{unit}{outcome}", flush=True)


def show_peaks(result):
    print("  anonymous memory of each process         "
          + ", ".join(f"{name} {mb}" for name, mb in result["anon_peaks_mb"].items()) + " MB")


def show_operator(result, kind):
    show("converged", result["converged_s"], unit=" s")
    show("pods all deleted", result["deleted_s"], unit=" s")
    show("CPU of our processes", result["cpu_s"], unit=" s")
    show("CPU a pull", 1000 * result["cpu_s"] / result["pulls"], unit=" ms")
    show("PSS idle", result["pss_idle_mb"], TARGETS["pss_idle_mb"] if kind == "real" else None, " MB")
    show("PSS peak", result["pss_peak_mb"], PEAK_MB[kind], " MB")
    show("anonymous memory, idle", result["anon_idle_mb"], unit=" MB")
    show("anonymous memory, peak", result["anon_peak_mb"], unit=" MB")
    show_peaks(result)
    show("API requests a pull", result["requests_a_pull"], TARGETS["requests_a_pull"])
    for what, n in result.get("requests", {}).items():
        print(f"    {what:32} {n:10}")
    show("bytes written a pull", result["bytes_a_pull"])
    show("status writes an image a minute", result["status_writes_an_object_a_minute"])


def seconds_for(pulls):
    return 300 + pulls / 20


def size(text):
    return tuple(map(int, text.split("x")))


class Bench:
    def __init__(self, words):
        self.words = words
        self.build = os.path.abspath(words.build)
        self.run = 0

    def scratch(self):
        folder = tempfile.mkdtemp(prefix="drop-bench-")
        return folder, link_programs(self.build, folder)

    def operator(self, world, programs, images):
        self.run += 1
        return measure.operator(world, programs, self.run, images,
                                seconds_for(images * len(world.nodes)))

    def real(self, nodes, images):
        print(f"{nodes} nodes x {images} images, real API server, {self.words.rounds} rounds "
              f"next to the floor; load {os.getloadavg()[0]:.1f}", flush=True)
        folder, programs = self.scratch()
        ours, floors = [], []
        limit = seconds_for(nodes * images)
        with Real(self.build, folder, nodes) as world:
            for i in range(self.words.rounds):
                if i % 2 == 0:
                    floors.append(measure.floor(world, images, limit))
                ours.append(self.operator(world, programs, images))
                if i % 2 == 1:
                    floors.append(measure.floor(world, images, limit))
                print(f"  round {i + 1}: converged {ours[-1]['converged_s']:.2f} s, floor "
                      f"{floors[-1]['ended_s']:.2f} s; deleted {ours[-1]['deleted_s']:.2f} s, "
                      f"floor {floors[-1]['deleted_s']:.2f} s; CPU {ours[-1]['cpu_s']:.2f} s, "
                      f"floor {floors[-1]['cpu_s']:.2f} s",
                      flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        result, base = middle(ours), middle(floors)
        ratios = {name: round(statistics.median(o[mine] / f[theirs] for o, f in zip(ours, floors)), 3)
                  for name, mine, theirs in (("ratio_converged", "converged_s", "deleted_s"),
                                             ("ratio_deleted", "deleted_s", "deleted_s"),
                                             ("ratio_cpu", "cpu_s", "cpu_s"))}
        show_operator({**ours[-1], **result}, "real")
        show("floor: created, ended, deleted", base["deleted_s"], unit=" s")
        show("converged / floor", ratios["ratio_converged"], TARGETS["ratio_converged"])
        show("pods deleted / floor", ratios["ratio_deleted"])
        show("CPU / floor", ratios["ratio_cpu"])
        upstream = UPSTREAM_CPU_S.get((nodes, images))
        if upstream:
            show("upstream's CPU (unpaired constant)", upstream, unit=" s")
            show("ours / that", result["cpu_s"] / upstream)
        keep("real", {"nodes": nodes, "images": images, "rounds": self.words.rounds, **ratios,
                      "floor": base, "operator": result, "cpu": ours[-1]["cpu"],
                      "requests": ours[-1]["requests"]}, self.words.history)

    def sharing(self, nodes, images, batch):
        print(f"{nodes} nodes x {images} images, real API server, {self.words.rounds} rounds, "
              f"{batch} images a pod next to one; load {os.getloadavg()[0]:.1f}", flush=True)
        folder, programs = self.scratch()
        rows = {1: [], batch: []}
        with Real(self.build, folder, nodes, sharing=True) as world:
            for i in range(self.words.rounds):
                for n in (1, batch) if i % 2 == 0 else (batch, 1):
                    self.run += 1
                    rows[n].append(measure.sharing(world, programs, self.run, images, n,
                                                   seconds_for(images * nodes)))
                    last = rows[n][-1]
                    print(f"  round {i + 1}, {n} a pod: {last['pods']} pods, "
                          f"{last['requests_a_pull_without_events']:.3f} requests a pull, CPU "
                          f"{last['cpu_s']:.2f} s, PSS {last['pss_peak_mb']:.1f} MB, "
                          f"converged {last['converged_s']:.2f} s", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        one, shared = middle(rows[1]), middle(rows[batch])
        ratio = round(statistics.median(s["cpu_s"] / o["cpu_s"]
                                        for s, o in zip(rows[batch], rows[1])), 3)
        show("requests a pull without events", shared["requests_a_pull_without_events"],
             SHARING_REQUESTS.get(batch))
        show("the same with one image a pod", one["requests_a_pull_without_events"])
        show("CPU a pull", 1000 * shared["cpu_s"] / shared["pulls"], unit=" ms")
        show("CPU / CPU with one image a pod", ratio, SHARING_CPU)
        show("PSS peak", shared["pss_peak_mb"], PEAK_MB["real"], " MB")
        show("the same with one image a pod", one["pss_peak_mb"], unit=" MB")
        show("anonymous memory, peak", shared["anon_peak_mb"], unit=" MB")
        show_peaks(rows[batch][-1])
        show("the same with one image a pod", one["anon_peak_mb"], unit=" MB")
        show_peaks(rows[1][-1])
        show("converged", shared["converged_s"], unit=" s")
        show("the same with one image a pod", one["converged_s"], unit=" s")
        keep("sharing", {"nodes": nodes, "images": images, "batch": batch,
                         "rounds": self.words.rounds, "ratio_cpu": ratio, "one": one,
                         "shared": shared, "cpu": rows[batch][-1]["cpu"],
                         "anon_peaks_mb": rows[batch][-1]["anon_peaks_mb"],
                         "requests": rows[batch][-1]["requests"]}, self.words.history)

    def sim(self, nodes, images):
        print(f"{nodes} nodes x {images} images, drop-sim alone; load {os.getloadavg()[0]:.1f}",
              flush=True)
        folder, programs = self.scratch()
        with Sim(self.build, folder, nodes) as world:
            result = self.operator(world, programs, images)
        shutil.rmtree(folder, ignore_errors=True)
        show_operator(result, "sim")
        keep("sim", {"nodes": nodes, "images": images, "operator": result}, self.words.history)
        return result

    def growth(self, nodes):
        rows = [(n, self.sim(n, GROWTH_IMAGES)) for n in nodes]
        slopes = {key: slope([(n, r[key]) for n, r in rows])
                  for key in ("cpu_s", "pss_peak_mb", "converged_s")}
        print(f"growth with the number of nodes, {GROWTH_IMAGES} images each, log-log slope")
        show("CPU", slopes["cpu_s"], TARGETS["slope"])
        show("PSS peak", slopes["pss_peak_mb"], TARGETS["slope"])
        show("convergence", slopes["converged_s"])
        keep("growth", {"nodes": list(nodes), "images": GROWTH_IMAGES, "slopes": slopes,
                        "rows": [{"nodes": n, **{k: r[k] for k in slopes}} for n, r in rows]},
             self.words.history)


def slope(points):
    """Of the line through the logarithms that has the least squares."""
    xs = [math.log(n) for n, _ in points]
    ys = [math.log(max(v, 1e-3)) for _, v in points]
    mx, my = statistics.mean(xs), statistics.mean(ys)
    return round(sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs), 3)


def main():
    sizes = {"type": lambda text: [size(one) for one in text.split(",")], "default": []}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--real", **sizes)
    parser.add_argument("--sharing", **sizes)
    parser.add_argument("--sim", **sizes)
    parser.add_argument("--growth", nargs="?", const=GROWTH_NODES, default=(),
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-history", dest="history", action="store_false")
    words = parser.parse_args()
    if not (words.real or words.sharing or words.sim or words.growth):
        words.real = [(200, 5), (1000, 10)]
    # A bench that is ended takes down what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(words)
    for one in words.real:
        bench.real(*one)
    for one in words.sharing:
        bench.sharing(*one)
    for one in words.sim:
        bench.sim(*one)
    if words.growth:
        bench.growth(words.growth)
    return 0


if __name__ == "__main__":
    sys.exit(main())
