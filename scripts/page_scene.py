#!/usr/bin/env python3
"""The scene of the pictures of the status page: that of the demo, and a week of workloads before it.

page_scene.py SCENE CLOCK     prints the scene; CLOCK becomes a file of sim/clockshim.c: everything that preloads it is a week
                              behind at first
page_scene.py --play CLOCK    moves that clock to now, in WEEK_S seconds, once the images are there
"""
import random
import struct
import sys
import time

WEEK_S = 34.0     # the week takes so long
FIRST_S = 26.0    # until then the first images are pulled
HOURS = 168
# They are there during the week; the others are applied at its end, when the demo's own timeline begins.
EARLY = ("brisk", "ops", "postgres", "redis", "golang", "ml-training")
WORKLOADS = ("registry.example/ops/agent:5", "registry.example/ops/exporter:1.8", "registry.example/ops/logs:3",
             "docker.io/library/postgres:16", "docker.io/library/redis:7", "docker.io/library/golang:1.24")


def set_clock(path, behind_s):
    with open(path, "r+b" if path_exists(path) else "wb") as file:
        file.write(struct.pack("=qq", int(-behind_s * 1e9), 0))


def path_exists(path):
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False


def seconds(text):
    return float(text.removesuffix("ms")) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))


def starts(rng):
    """Steps: workloads start, more of them by day; now and then on a node that has lost the image."""
    pairs = [(image, f"worker-{node:03}") for image in WORKLOADS for node in range(46)]
    rng.shuffle(pairs)
    weights = [(1 if 7 <= hour % 24 <= 19 else 0.15) for hour in range(HOURS)]
    hours = sorted(rng.choices(range(HOURS), weights, k=len(pairs)))
    for number, (hour, (image, node)) in enumerate(zip(hours, pairs)):
        at = f"{int(1000 * (FIRST_S + WEEK_S * (hour + rng.random()) / HOURS))}ms"
        name = image.rsplit("/", 1)[1].split(":")[0]
        if rng.random() < 0.12:
            yield f"- {{at: {at}, do: evict-image, node: {node}, image: '{image}'}}"
        yield (f"- at: {at}\n  do: apply\n  object: {{apiVersion: v1, kind: Pod, metadata: {{name: {name}-{number}, namespace: shop}}, "
               f"spec: {{nodeName: {node}, containers: [{{name: {name}, image: '{image}'}}]}}}}")


def scene(path):
    with open(path, encoding="utf-8") as file:
        head, *objects = file.read().split("\n---\n")
    before, timeline = head.split("timeline:\n")
    timeline, _ = timeline.split("expect:\n")
    shift = FIRST_S + WEEK_S
    late = [f"{{at: {shift + seconds(line.split('at: ')[1].split(',')[0])}s,{line.split(',', 1)[1]}"
            for line in timeline.strip().splitlines()]
    steps = list(starts(random.Random(56))) + [f"- {line}" for line in late]
    kept = []
    for text in objects:
        name = text.split("metadata: {name: ", 1)[-1].split("metadata:\n  name: ")[-1].split("}")[0]
        if name in EARLY:
            kept.append(text)
        else:
            body = "\n".join("    " + line for line in text.strip().splitlines() if not line.startswith("#"))
            steps.append(f"- at: {shift}s\n  do: apply\n  object:\n{body}")
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"
    # Never met: it ends when the picture is taken.
    expect = "expect:\n- {name: never, phase: Ready}"
    return "\n---\n".join([before + "timeline:\n" + "\n".join(steps) + "\n" + expect, namespace, *kept]) + "\n"


def play(clock):
    time.sleep(FIRST_S)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < WEEK_S:
        set_clock(clock, HOURS * 3600 * (1 - passed / WEEK_S))
        time.sleep(0.05)
    set_clock(clock, 0)


if __name__ == "__main__":
    if sys.argv[1] == "--play":
        play(sys.argv[2])
    else:
        set_clock(sys.argv[2], HOURS * 3600)
        sys.stdout.write(scene(sys.argv[1]))
