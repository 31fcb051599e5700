#!/usr/bin/env python3
"""10,000 images with 2,000 samples each in one sync (behaviour 27, 55); prints TAP:

    many_samples.py --build DIR [--keep] [--images N] [--samples N]

The samples are folded as they arrive, so that their number costs time and no memory. Values of the signals are compared
with the same computed here. What it took is printed and not judged; the memory is bounded.
"""
import math
import sys
import time
import urllib.parse

import rig as rigs  # first: it says where the folders of the others are
from objects import GROUP
from rig import MIB, Rig, arguments, condition, status
from server import Server

SETTLED = 600           # seconds; only a broken product needs them
RSS_MAX = 48 * MIB      # KiB; of the whole process: each image has its name and its states, no sample
STEP = 300
MAX_IMAGES = 50
NAME = "registry.example/team-{0:02}/service-{1:05}:v1.{0}"


def name_of(i):
    return NAME.format(i % 100, i)


class Answer:
    """The same points for each image, times a factor of its own; made once, sent in pieces."""

    def __init__(self, images, samples):
        self.images, self.samples, self.bytes, self.begin = images, samples, 0, 0

    def points(self, factor):
        return [(self.begin + STEP * k, factor * (k % 7 + 1)) for k in range(self.samples)]

    def __call__(self, client, asked):
        words = urllib.parse.parse_qs(urllib.parse.urlparse(asked.path).query)
        self.begin = math.floor(float(words["start"][0])) + 1
        client.head()
        client.chunk(b'{"status":"success","data":{"resultType":"matrix","result":[')
        texts = ["[" + ",".join(f'[{at},"{value}"]' for at, value in self.points(factor)) + "]}" for factor in range(1, 10)]
        for i in range(self.images):
            series = f'{"," if i else ""}{{"metric":{{"image":"{name_of(i)}"}},"values":{texts[i % 9]}'.encode()
            self.bytes += len(series)
            client.chunk(series)
        client.chunk(b"]}}")
        client.chunk(b"")
        return True


def the_policy(url):
    signals = [("sum", "aggregate", {"method": "sum"}), ("peak", "aggregate", {"method": "max"}),
               ("recent", "windowAggregate", {"method": "count", "relativeWindow": "24h"}),
               ("weighted", "timeWeightedAggregate", {
                   "method": "sum", "timezone": "Europe/Berlin", "defaultWeight": "1",
                   "windows": [{"startHour": 22, "endHour": 6, "weight": "0.5"}]})]
    return {"apiVersion": GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": "large"}, "spec": {
        "queries": [{"name": "usage", "type": "prometheus", "prometheus": {
            "endpoint": url, "query": "up", "lookback": "168h", "step": f"{STEP}s"}}],
        "signals": [{"name": n, "query": "usage", "type": kind, kind: block} for n, kind, block in signals],
        "ranking": {"strategy": "weightedSum", "weightedSum": {"terms": [
            {"signal": "sum", "weight": "1"}, {"signal": "peak", "weight": "1"}, {"signal": "recent", "weight": "1"},
            {"signal": "weighted", "weight": "1"}]}},
        "maxImages": MAX_IMAGES}}


def run(tap, rig, images, samples):
    answer = Answer(images, samples)
    server = Server(answer)
    try:
        began, cpu = time.monotonic(), rigs.processes.cpu_s(rig.pid)
        rig.create(the_policy(server.url))
        rig.until_reason("large", ("Synced",), SETTLED)
        took, cpu, most = time.monotonic() - began, rigs.processes.cpu_s(rig.pid) - cpu, rig.most_rss()
        obj = rig.get("large")
        tap.diag(f"{images} images, {images * samples} samples, {answer.bytes / 1e6:.0f} MB: {took:.1f} s, {cpu:.1f} s "
                 f"CPU of the discoverer; {most / MIB:.1f} MiB resident at most")
        found = status(obj)["discoveredImages"]
        # The factor 9 is the best in each signal; of equal scores the first by name.
        best = sorted(name_of(i) for i in range(images) if i % 9 == 8)[:MAX_IMAGES]
        tap.equal([one["image"] for one in found], best, "55: the best of all of them")
        values = {v["name"]: float(v["value"]) for v in found[0]["signals"]}
        points = answer.points(9)
        tap.equal(values["sum"], float(sum(v for _, v in points)), "55: sum")
        tap.equal(values["peak"], float(max(v for _, v in points)), "55: max")
        tap.check(0 < values["weighted"] < values["sum"], "55: the nights count half", values)
        tap.check(most < RSS_MAX, f"55: its memory is bounded by {RSS_MAX // MIB} MiB", f"{most} KiB, {condition(obj)}")
    finally:
        server.close()


def main():
    args = arguments(__doc__, images=10_000, samples=2_000)
    tap = rigs.TestTap()
    with Rig(args.build, keep=args.keep) as rig:
        run(tap, rig, args.images, args.samples)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
