#!/usr/bin/env python3
"""The three perturbations by which controllers are known to fail (Sieve, OSDI '22), each on drop-sim with
the real processes; prints TAP:

    perturb.py --build DIR [--parallel P] [--full] [--keep] [PATTERN]...

crash        each process dies after its n-th side effect (base/effect.h), for every n of a run of 4 nodes
             and 3 images
stale        what the operator reads is seconds or minutes old, also after a restart and a new list
unobserved   events are lost: what came and went, and what was replaced, while nobody could look
After each: the desired state is reached and kept, each pull had exactly one pod, nothing is left.
--full: also with kubelets that take their time. PATTERN: shell patterns of "crash.puller", "stale.*" ...
"""
import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import sys
import tempfile
import threading

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

import blind
from programs import CHILDREN
from runner import run_plan, tools_of
from tap import Tap

EFFECTS_MAX = 2000  # a run that has more never ends


def crash_sweep(tap, tools, scratch, who, pool, instant):
    """Every n until a run ends before the process has n effects; several at a time."""
    wrong, last, words = [], 0, "" if instant else ", kubelets that take time"
    lock = threading.Lock()

    def one(n):
        folder = os.path.join(scratch, f"{who[0]}{n}{'' if instant else 's'}")
        mark = f"{folder}.died"
        plan = blind.calm(exact=True)
        problem, _, trouble = run_plan(tools, folder, plan, env={
            "DROP_CRASH_PROC": who, "DROP_CRASH_AFTER": str(n), "DROP_CRASH_ONCE": mark})
        died = os.path.exists(mark)
        if problem:
            with lock:
                wrong.append(n)
                if len(wrong) < 4:
                    tap.diag(f"{who} killed after effect {n}: {problem[:3]}")
                    tap.diag("\n".join(trouble[-30:]))
        return died

    n, going = 1, []
    while n < EFFECTS_MAX:
        going = [pool.submit(one, n + i) for i in range(pool._max_workers)]
        died = [one.result() for one in going]
        last = n + sum(died) - 1
        n += len(going)
        if not all(died) or len(wrong) > 3:
            break
    tap.check(not wrong and last >= 1, f"crash.{who}: killed after its n-th effect, every n from 1 to "
              f"{last}{words}: all Ready, one pod each, nothing left", f"wrong at n = {sorted(wrong)}")


def chosen(name, patterns):
    return not patterns or any(fnmatch.fnmatch(name, p) for p in patterns)


def cases(tap, tools, scratch, pool, patterns, keep):
    rows = [(name, plan) for name, plan in blind.plans() if chosen(name, patterns)]

    def one(row):
        name, plan = row
        wrong, took, trouble = run_plan(tools, os.path.join(scratch, name.replace(" ", "-")[:40]), plan, keep)
        if not tap.check(not wrong, name, "; ".join(wrong[:4])):
            tap.diag("\n".join(trouble))
        return took
    return list(pool.map(one, rows))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--parallel", metavar="P", type=int, default=4 * (os.cpu_count() or 1))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    return parser.parse_args()


def main():
    args = arguments()
    tap = Tap()
    scratch = tempfile.mkdtemp(prefix="drop-pt-")
    tools = tools_of(args.build, scratch)
    with concurrent.futures.ThreadPoolExecutor(args.parallel) as pool:
        for instant in (True, False) if args.full else (True,):
            for who in CHILDREN:
                if chosen(f"crash.{who}", args.patterns):
                    crash_sweep(tap, tools._replace(sim_words=("--instant",) if instant else ()),
                                scratch, who, pool, instant)
        cases(tap, tools, scratch, pool, args.patterns, args.keep)
    if not tap.failed and not args.keep:
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        tap.diag(f"folders are in {scratch}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
