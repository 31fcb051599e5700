#!/usr/bin/env python3
"""Two hundred policies of three sources each, synced again and again; prints TAP:

    soak.py --build DIR [--syncs N] [--interval SECONDS]

Requests must be spread in time (behaviour 26) and memory must not grow with the number of syncs. The
default is what fits into `make test`; `make soak` does 10,000 syncs. A sync of a policy is counted by the
requests of its first source.
"""
import collections
import statistics
import sys
import time

import hostile
import rig as rigs
from rig import MIB, Rig, arguments, policy, prometheus, reason, registry
from server import Server
from wait import Late, until

POLICIES = 200
SOURCES = 3
SYNCS, INTERVAL = 1600, 2  # that fit into about 20 s
BIN = 0.25             # seconds, of the histogram
WARM = 0.25            # of the syncs: as many are before the first looks at memory, and are the last looks
BIN_MAX = 4            # times the mean: the bins of the histogram have no more, but one in twenty: the machine may stall
GROWTH_MAX = 2 * MIB   # KiB of PSS, the median of the first looks to that of the last
PSS_MAX = 24 * MIB     # KiB


def answer(client, asked):
    if "/tags/list" in asked.path:
        client.reply(hostile.tags(*(f"v{i}" for i in range(20))))
    else:
        client.reply(hostile.vector(*((f"r.example/prom/{i}:1", str(i)) for i in range(20))))
    return True


class Counter:
    """Syncs of each policy, and the time of every request."""

    def __init__(self, server):
        self.server = server

    def syncs(self):
        return sum(1 for one in self.server.seen("/v2/a"))

    def bins(self, since):
        found = collections.Counter(int((one.at - since) / BIN) for one in self.server.seen() if one.at >= since)
        return [found[i] for i in range(max(found) if found else 0)]  # the last one is not full


def create(rig, server, interval):
    for i in range(POLICIES):
        rig.create(policy(f"p{i:03}", registry(server.url, f"a{i:03}"), registry(server.url, f"b{i:03}", topX=3),
                          prometheus(f"{server.url}/c{i:03}", lookback="1h"), syncInterval=f"{interval}s"))


def all_synced(rig):
    found = [reason(one) for one in rig.policies().values()]
    assert len(found) == POLICIES and set(found) == {"Synced"}, collections.Counter(found)
    return True


def run(tap, rig, server, args):
    counter = Counter(server)
    create(rig, server, args.interval)
    until(60, lambda: all_synced(rig))
    began, first = time.monotonic(), counter.syncs()
    deadline = 5 * args.interval * args.syncs / POLICIES + 60
    until(deadline, lambda: counter.syncs() - first >= WARM * args.syncs, every=0.25)
    spread, looks = time.monotonic(), []

    def enough():
        """Memory goes up and down with what is under way: many looks."""
        done = counter.syncs() - first
        looks.append((done / args.syncs, rig.pss()))
        return done >= args.syncs
    until(deadline, enough, every=0.25)
    took = time.monotonic() - began
    warm, last = (statistics.median(pss for part, pss in looks if low <= part <= low + WARM)
                  for low in (WARM, 1 - WARM))
    bins = counter.bins(spread)
    mean = sum(bins) / max(1, len(bins))
    done = counter.syncs() - first
    tap.diag(f"{done} syncs of {SOURCES} sources in {took:.1f} s; PSS {warm / MIB:.2f} -> {last / MIB:.2f} MiB, "
             f"RSS at most {rig.most_rss() / MIB:.1f} MiB")
    tap.diag(f"requests a {BIN} s: mean {mean:.0f}, most {max(bins)}, least {min(bins)}")
    most = sorted(bins)[int(0.95 * len(bins))]
    tap.check(most <= BIN_MAX * mean, "rule 26: requests are spread in time", f"{most} of mean {mean:.0f}")
    tap.check(last - warm <= GROWTH_MAX, "memory does not grow with the syncs", f"{warm} -> {last} KiB")
    tap.check(last <= PSS_MAX, f"nor is it more than {PSS_MAX // MIB} MiB", last)
    per_policy = collections.Counter(one.path.split("/")[2] for one in server.seen("/v2/a"))
    tap.check(len(per_policy) == POLICIES and min(per_policy.values()) * 2 >= max(per_policy.values()),
              "rule 26: each policy has its turn as often as the others",
              f"{min(per_policy.values())} to {max(per_policy.values())}")
    all_synced(rig)
    tap.check(rig.programs["discoverer"].running(), "the discoverer is still the same process")


def main():
    args = arguments(__doc__, syncs=SYNCS, interval=INTERVAL)
    tap = rigs.TestTap()
    server = Server(answer)
    with Rig(args.build, level="info") as rig:
        try:
            run(tap, rig, server, args)
        except Late as late:
            tap.check(False, "comes to its end", late)
            tap.diag(rig.programs["discoverer"].log()[-3000:])
        finally:
            server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
