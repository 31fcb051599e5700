#!/usr/bin/env python3
"""Metrics servers as they really are, played to the discoverer; prints TAP:

    prometheus.py --build DIR [--keep]

Each row of quirks_prometheus.py is a policy; all run at once, and each must come to its reason, its words and
its images (behaviour 26, 27, 30, 31). What the largest of them costs is printed.
"""
import sys
import time

import rig as rigs  # first: it says where the folders of the others are
import quirks_prometheus as quirks
from rig import MIB, Rig, arguments, condition, images, policy, prometheus, reason, registry
from server import Server
from wait import Late, until

SETTLED = 60         # seconds; only a broken product needs them
RSS_MAX = 32 * MIB   # KiB
HOSTILE_TAG = "1" * 127 + "_"
FILTER = r"^v?(\d+\.?)+(-[a-z]+)?$"


def words(obj):
    healthy = condition(obj, "SourceHealthy") if reason(obj) != "InvalidSpec" else {"message": ""}
    return condition(obj)["message"] + " " + healthy["message"]


def as_wanted(one, rig, served):
    assert served.given[one.name] >= one.until, served.given[one.name]
    obj = rig.get(one.name)
    assert reason(obj) == one.reason, condition(obj)
    missing = [text for text in one.says if text not in words(obj)]
    assert not missing, f"{missing} not in: {words(obj)}"
    got = sorted(image for image, _ in images(obj))
    assert got == sorted(one.found), f"{len(got)}: {got[:5]}"
    return True


def check_rows(tap, rig, served):
    """They are waited for together."""
    end = time.monotonic() + SETTLED
    for one in quirks.ROWS:
        name = f"{one.rule}: {one.name}: {one.reason}"
        try:
            until(max(1, end - time.monotonic()), lambda one=one: as_wanted(one, rig, served), every=0.2, least=0)
            tap.check(True, name)
        except Late as late:
            tap.check(False, name, late)


def tags_of_strangers(client, _):
    client.reply({"name": "x", "tags": ["v1.0", HOSTILE_TAG, "v1.1-rc"], "manifest": {
        f"sha256:{i}": {"tag": [f"{i}"], "imageSizeBytes": "1"} for i in range(10_000)}})
    return True


def check_tags(tap, rig, server):
    """18: whoever may push a tag can't stop a policy."""
    try:
        obj = until(SETTLED, lambda: rig.until_reason("tags-of-strangers", ("Synced",)), every=0.2)
        tap.equal(sorted(image for image, _ in images(obj)), [f"{server.host}/a:v1.0", f"{server.host}/a:v1.1-rc"],
                  "18: a long tag stops no policy; 10,000 extra fields")
    except Late as late:
        tap.check(False, "18: a long tag stops no policy; 10,000 extra fields", late)


def check_metric(tap, rig):
    shown = rig.ctl("stats", "discoverer").stdout
    line = next((line for line in shown.splitlines() if "filter_limit" in line), "")
    tap.check("a-name-made-for-the-filter" in line and line.split()[-1] != "0", "18: names over the limit are counted",
              line or shown[-300:])


def cost(tap, rig, served):
    """16: what a week of 400 images costs, alone."""
    cpu, before = rigs.processes.cpu_s(rig.pid), rig.most_rss()
    tap.diag(f"{sum(served.given.values())} answers; the discoverer had {before / MIB:.1f} MiB resident at most, "
             f"{cpu:.1f} s CPU")
    tap.check(before < RSS_MAX, f"16: its memory is bounded by {RSS_MAX // MIB} MiB", before)


def run(tap, rig):
    served, strangers = quirks.Quirks(), Server(tags_of_strangers)
    began = time.monotonic()
    try:
        for one in quirks.ROWS:
            rig.create(policy(one.name, prometheus(served.endpoint(one), **one.block), **one.spec))
        rig.create(policy("tags-of-strangers", registry(strangers.url, "a", tagFilter=FILTER)))
        check_rows(tap, rig, served)
        check_tags(tap, rig, strangers)
        check_metric(tap, rig)
        cost(tap, rig, served)
        tap.diag(f"{time.monotonic() - began:.1f} s")
    finally:
        served.close()
        strangers.close()


def main():
    args = arguments(__doc__)
    tap = rigs.TestTap()
    with Rig(args.build, keep=args.keep) as rig:
        run(tap, rig)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
