#!/usr/bin/env python3
"""The three perturbations by which controllers are known to fail (Sieve, OSDI '22), each on drop-sim with
the real processes; prints TAP:

    perturb.py --build DIR [--parallel P] [--full] [--keep] [PATTERN]...

crash        each process dies after its n-th side effect (base/effect.h), for every n of a run of 4 nodes
             and 3 images
stale        what the operator reads is seconds or minutes old, also after a restart and a new list
unobserved   events are lost: what came and went, and what was replaced, while nobody could look
After each: the desired state is reached and kept, each pull had exactly one pod, nothing is left.
--full: the crash runs with kubelets that take their time, too. PATTERN: shell patterns of "crash.puller", "stale.*" ...
"""
import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

import stale_views
from programs import CHILDREN
from runner import SharedTap, run_plan, tools_of

EFFECTS_MAX = 2000  # a run that has more never ends
WRONG_MAX = 3       # a sweep that goes wrong oftener has told enough
ACTING = [who for who in CHILDREN if who != "metricsd"]  # which only answers, and here nobody asks it


class Sweep:
    """One process, killed after each n of its effects until a run ends before it has n."""

    def __init__(self, tools, scratch, who, pool, width):
        self.tools, self.scratch, self.who = tools, scratch, who
        self.pool, self.width = pool, width
        self.wrong, self.told = [], []

    def one(self, n):
        """Did it die?"""
        folder = os.path.join(self.scratch, f"{self.who[0]}{n}")
        mark = f"{folder}.died"
        problem, _, trouble = run_plan(self.tools, folder, stale_views.calm(exact=True), env={
            "DROP_CRASH_PROC": self.who, "DROP_CRASH_AFTER": str(n), "DROP_CRASH_ONCE": mark})
        if problem:
            self.wrong.append(n)
            self.told += [f"{self.who} killed after effect {n}: {problem[:3]}", *trouble[-30:]]
        return os.path.exists(mark)

    def run(self, tap):
        last = 0
        for first in range(1, EFFECTS_MAX, self.width):
            died = list(self.pool.map(self.one, range(first, first + self.width)))
            last += sum(died)
            if not all(died) or len(self.wrong) > WRONG_MAX:
                break
        tap.check(not self.wrong and last >= 1, f"crash.{self.who}: killed after its n-th effect, every n "
                  f"from 1 to {last}: all Ready, one pod each, nothing left",
                  f"wrong at n = {sorted(self.wrong)}", self.told[:WRONG_MAX * 30])


def chosen(name, patterns):
    return not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)


def play(tap, tools, folder, name, plan, keep):
    wrong, _, trouble = run_plan(tools, folder, plan, keep)
    tap.check(not wrong, name, "; ".join(wrong[:4]), trouble)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--parallel", metavar="P", type=int, default=8 * (os.cpu_count() or 1))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    return parser.parse_args()


def run_all(args, tap, tools, scratch):
    """Sweeps wait for their own runs, so they get threads besides those of the runs."""
    quick = tools if args.full else tools._replace(sim_words=("--instant",))
    with (concurrent.futures.ThreadPoolExecutor(args.parallel) as pool,
          concurrent.futures.ThreadPoolExecutor(len(ACTING)) as sweeps):
        for who in ACTING:
            if chosen(f"crash.{who}", args.patterns):
                sweeps.submit(Sweep(quick, scratch, who, pool, args.parallel).run, tap)
        for i, (name, plan) in enumerate(stale_views.plans()):
            if chosen(name, args.patterns):
                pool.submit(play, tap, tools, os.path.join(scratch, f"case-{i}"), name, plan, args.keep)
        sweeps.shutdown()


def main():
    args = arguments()
    tap = SharedTap()
    scratch = tempfile.mkdtemp(prefix="drop-pt-")
    run_all(args, tap, tools_of(args.build, scratch), scratch)
    if not tap.failed and not args.keep:
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        tap.diag(f"folders are in {scratch}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
