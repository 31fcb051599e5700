#!/usr/bin/env python3
"""The pipeline form against real servers (behaviour 55); prints TAP:

    real_servers.py --build DIR [--keep]

Debian's Prometheus with a recorded day, also below a base path behind a proxy, and its docker-registry with 3,000 tags of
several version schemes, whole and in pages. What each policy comes to is computed a second time here, of what was
recorded and of the times and tags that the server was asked for.
"""
import collections
import datetime
import json
import math
import os
import shutil
import subprocess
import sys
import time
import types
import urllib.parse
import urllib.request
import zoneinfo

import rig as rigs  # first: it says where the folders of the others are
import found
import processes
from objects import GROUP
from registry import free_port
from rig import Rig, arguments, condition, status
from wait import Late, until

SETTLED = 120        # seconds; only a broken product needs them
HOURS = 30           # recorded
ZONE = "America/New_York"
RECENT = 6 * 3600 + 60  # seconds, between two steps
BASE = "/mimir/prometheus"
PAGE = 100
MANY = "many/app"
TAGS = 3000


def policy(name, query, signals=(), ranking=None, **spec):
    whole = {"queries": [query], "signals": list(signals), **spec}
    if ranking:
        whole["ranking"] = ranking
    return {"apiVersion": GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name}, "spec": whole}


def signal(name, kind, **block):
    return {"name": name, "query": "q", "type": kind, kind: block}


def usage(endpoint, query="usage", **more):
    return {"name": "q", "type": "prometheus", "prometheus": {"endpoint": endpoint, "query": query, **more}}


def tags(url, **more):
    return {"name": "q", "type": "registry", "registry": {"url": url, "repositories": [MANY], **more}}


def result(obj):
    return (status(obj).get("queryResults") or [{}])[0]


# ---- Prometheus ----

SERIES = [("usage", {"image": f"registry.example/i{n % 6}:1", "pod": f"p{n}"}, n) for n in range(9)]


def value_at(n, minute):
    """Of series n; minute since 1970."""
    return (minute // 7 * (n + 3)) % 23 / 4


def recorded():
    """As found.Prometheus wants them: a value is a function of the second."""
    return [(name, labels, lambda at, n=n: value_at(n, at // found.STEP)) for name, labels, n in SERIES]


def samples(asked, base):
    """image -> [(second, value)] that the server had to answer."""
    words = {k: float(v[0]) for k, v in urllib.parse.parse_qs(urllib.parse.urlparse(asked).query).items() if k != "query"}
    wanted, steps = collections.defaultdict(list), int((words["end"] - words["start"]) / words["step"]) + 1
    for k in range(steps):
        at = words["start"] + k * words["step"]
        # The newest recorded sample, if it is not older than the server looks back.
        recorded_at = int(base + (at - base) // found.STEP * found.STEP)
        for _, labels, n in SERIES:
            if recorded_at >= base:
                wanted[labels["image"]].append((at, value_at(n, recorded_at // found.STEP)))
    return wanted


def computed(wanted):
    def local(at):
        return datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(ZONE))

    def weighted(at):
        hour = local(at).hour
        return 2.5 if hour >= 22 or hour < 5 else 1 if 9 <= hour < 12 else 0.25

    def night(at):
        clock = local(at).hour * 60 + local(at).minute
        return clock >= 23 * 60 + 30 or clock < 6 * 60 + 15

    numbers = {}
    for image, points in wanted.items():
        values = [v for _, v in points]
        nights = [v for at, v in points if night(at)]
        numbers[image] = {"sum": sum(values), "avg": sum(values) / len(values), "count": len(values), "max": max(values),
                          "min": min(values), "weighted": sum(v * weighted(at) for at, v in points),
                          "nights": sum(nights) / len(nights),
                          "recent": max(v for at, v in points if at >= points[-1][0] - RECENT)}
    return numbers


def wrong_values(obj, numbers):
    """The first value of the status that is another than computed, or None."""
    found_images = status(obj)["discoveredImages"]
    if {one["image"] for one in found_images} != set(numbers):
        return sorted(one["image"] for one in found_images)
    for one in found_images:
        want = numbers[one["image"]]
        got = {v["name"]: float(v["value"]) for v in one["signals"]}
        if set(got) != set(want) or not all(math.isclose(got[k], want[k], rel_tol=1e-9) for k in want):
            return one, want
    return None


def check_prometheus(tap, rig):
    shim = types.SimpleNamespace(scratch=rig.folder, folder=lambda name: made(rig, name))
    with found.Prometheus(shim, recorded(), hours=HOURS) as served, found.Front(served.url, BASE) as front:
        base = served.begin
        kinds = [signal(m, "aggregate", method=m) for m in ("sum", "avg", "count", "max", "min")]
        kinds += [signal("weighted", "timeWeightedAggregate", method="sum", timezone=ZONE, defaultWeight="250m", windows=[
            {"startHour": 22, "endHour": 5, "weight": "2.5"}, {"startHour": 9, "endHour": 12, "weight": 1}]),
                  signal("nights", "windowAggregate", method="avg", timezone=ZONE, window={"start": "23:30", "end": "06:15"}),
                  signal("recent", "windowAggregate", method="max", relativeWindow=f"{RECENT}s")]
        ranking = {"strategy": "weightedSum", "weightedSum": {"terms": [{"signal": s["name"], "weight": "1"} for s in kinds]}}
        rig.create(policy("range", usage(front.url + BASE + "/", lookback="24h", step="15m"), kinds, ranking))
        obj = rig.until_reason("range", ("Synced",), SETTLED)
        path = front.asked[0][0]
        tap.check(path.startswith(BASE + "/api/v1/query_range?"), "55: a range query keeps the base path", path)
        tap.equal(wrong_values(obj, computed(samples(path, base))), None, "55: signals of a real Prometheus as computed in Python")
        rig.create(policy("instant", usage(served.url, "sum by (image) (usage)", queryType="instant")))
        obj = rig.until_reason("instant", ("Synced",), SETTLED)
        tap.equal(len(status(obj)["discoveredImages"]), 6, "55: an instant query, the highest raw value first")
        scores = [float(one["finalScore"]) for one in status(obj)["discoveredImages"]]
        tap.equal(scores, sorted(scores, reverse=True), "55: in that order")
        long = "usage or " * 600 + "usage"
        rig.create(policy("long", usage(front.url + BASE, long, queryType="instant")))
        rig.until_reason("long", ("Synced",), SETTLED)
        tap.check(front.asked[-1][0] == BASE + "/api/v1/query", "55: a query that is too long for a URL is posted", front.asked[-1])
        rig.create(policy("wrong", usage(served.url, "sum(")))
        obj = until(SETTLED, lambda: failed(rig, "wrong"))
        tap.check("parse error" in result(obj)["message"], "55: the server's own words for a wrong query", result(obj))
        rig.create(policy("steps", usage(served.url, lookback="24h", step="1s")))
        obj = until(SETTLED, lambda: failed(rig, "steps"))
        tap.check("11,000 points" in result(obj)["message"], "55: and for too many points", result(obj))


def made(rig, name):
    path = os.path.join(rig.folder, name)
    os.mkdir(path)
    return path


def failed(rig, name):
    obj = rig.get(name)
    assert result(obj).get("status") == "failed" and result(obj).get("message"), status(obj)
    assert "has not answered yet" not in result(obj)["message"], result(obj)
    return obj


# ---- docker-registry ----

def mixed_tags():
    names = [f"v{a}.{b}.{c}" for a in range(10) for b in range(10) for c in range(10)]
    names += [f"{a}.{b}.0-rc.{c}" for a in range(10) for b in range(10) for c in range(9, 14)]
    names += [f"app-{a}.{b}" for a in range(20) for b in range(50)]
    names += [f"sha-{i:06x}" for i in range(450)] + [f"build{i}" for i in range(50)]
    return names


def version(tag):
    """For comparison by semver's precedence; None: it has none."""
    text = tag.removeprefix("app-").removeprefix("v")
    if not text[0].isdigit():
        return None
    numbers, _, pre = text.partition("-rc.")
    parts = [int(part) for part in numbers.split(".")]
    return (*parts, *[0] * (3 - len(parts)), int(pre) if pre else math.inf)


class Registry:
    """docker-registry with one repository, made in its own folders: to push 3,000 tags would take minutes."""

    def __init__(self, rig):
        self.host, self.folder = f"127.0.0.1:{free_port()}", made(rig, "registry")
        self.url, self.mark = f"http://{self.host}", rig.folder

    def __enter__(self):
        kept = os.path.join(self.folder, "docker", "registry", "v2", "repositories", *MANY.split("/"), "_manifests", "tags")
        for tag in mixed_tags():
            os.makedirs(os.path.join(kept, tag, "current"))
            with open(os.path.join(kept, tag, "current", "link"), "w", encoding="utf-8") as out:
                out.write("sha256:" + "0" * 64)
        config = os.path.join(self.folder, "config.json")
        with open(config, "w", encoding="utf-8") as out:  # JSON is YAML
            json.dump({"version": 0.1, "log": {"level": "error"}, "http": {"addr": self.host},
                       "storage": {"filesystem": {"rootdirectory": self.folder}}}, out)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={"PATH": os.environ["PATH"], processes.MARK: self.mark})
        until(SETTLED, lambda: len(self.listed()) == TAGS)
        return self

    def listed(self):
        with urllib.request.urlopen(f"{self.url}/v2/{MANY}/tags/list", timeout=10) as answer:
            return json.load(answer)["tags"]

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def newest_first(names, order):
    """By version; equal ones and those without, which come last, the later of the list first."""
    place = {name: i for i, name in enumerate(order)}
    return sorted((n for n in names if version(n)), key=lambda n: (version(n), place[n]), reverse=True) + sorted(
        (n for n in names if not version(n)), key=place.get, reverse=True)


def tags_of(obj):
    return [one["image"].rpartition(":")[2] for one in status(obj).get("discoveredImages") or []]


def check_registry(tap, rig):
    with Registry(rig) as served, found.Front(served.url, pages=PAGE) as front:
        order = served.listed()
        tap.check(order != sorted(order), "docker-registry lists tags in no order", order[:5])
        rows = [
            ("all", served.url, {"maxScan": 5000}, 2000, lambda n: True),
            ("pages", front.url, {"maxScan": 5000}, 2000, lambda n: True),
            ("filter", served.url, {"maxScan": 5000, "tagFilter": "^v[0-4]"}, 600, lambda n: n[0] == "v" and n[1] in "01234"),
            # docker-registry does not know `last`: what is not after tagSeek by name is left out here.
            ("seek", served.url, {"maxScan": 5000, "tagSeek": "sha-000100"}, 2000, lambda n: n > "sha-000100"),
        ]
        for name, url, more, most, keep in rows:
            rig.create(policy(name, tags(url, **more), maxImages=most))
            obj = rig.until_reason(name, ("Synced",), SETTLED)
            want = newest_first([n for n in order if keep(n)], order)[:most]
            got = tags_of(obj)
            tap.check(got == want, f"55: versions of a real registry: {name}",
                      (len(got), len(want), [pair for pair in zip(got, want) if pair[0] != pair[1]][:3]))
            host = url.removeprefix("http://")
            tap.check(all(one["image"].startswith(f"{host}/{MANY}:") for one in status(obj)["discoveredImages"]),
                      f"55: an image has the registry without its scheme: {name}", status(obj)["discoveredImages"][:1])
        rig.create(policy("top", tags(served.url, maxScan=5000, topX=3)))
        tap.equal(tags_of(rig.until_reason("top", ("Synced",), SETTLED)), newest_first(order, order)[:3], "55: topX newest")
        rig.create(policy("group", tags(served.url, maxScan=5000, topX=2, tagFilter="^build", versionPattern="^build([0-9]+)$")))
        tap.equal(tags_of(rig.until_reason("group", ("Synced",), SETTLED)), ["build49", "build48"], "55: the group is the version")
        rig.create(policy("scan", tags(served.url), maxImages=2500))
        obj = rig.until_reason("scan", ("Synced",), SETTLED)
        tap.equal(tags_of(obj), newest_first(order[:1000], order), "55: maxScan is 1000, the first of the list")
        tap.check("only the first 1000 were read" in result(obj)["message"], "55: which is said", result(obj))
        rig.create(policy("gone", {"name": "q", "type": "registry", "registry": {"url": served.url, "repositories": ["no/such"]}}))
        obj = until(SETTLED, lambda: failed(rig, "gone"))
        tap.check(condition(obj)["reason"] == "NotFound", "55: a repository that is not there", condition(obj))


def main():
    args = arguments(__doc__)
    tap = rigs.TestTap()
    with Rig(args.build, keep=args.keep) as rig:
        for check, programs in ((check_prometheus, ("prometheus", "promtool")), (check_registry, ("docker-registry",))):
            missing = [name for name in programs if not shutil.which(name)]
            if missing:
                tap.check(False, f"{missing[0]} is installed (scripts/setup.sh)")
                continue
            began = time.monotonic()
            try:
                check(tap, rig)
            except Late as late:
                tap.check(False, check.__name__, late)
            tap.diag(f"{check.__name__}: {time.monotonic() - began:.1f} s")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
