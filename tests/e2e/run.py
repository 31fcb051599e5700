#!/usr/bin/env python3
"""Runs the end-to-end tests on a real cluster and prints TAP:

    run.py --build DIR [--cluster DIR] [--full] [--list] [--keep] [--scratch DIR] [--repeat N] [PATTERN]...

DIR of --build is a meson build folder (or one with the programs in it). Without --cluster a cluster
is brought up for the run and taken down after it, which needs root (tests/cluster/README.md).
PATTERN is a module (test_crash) or a shell pattern of module.test names ('crash.k*'); none: all.
--repeat runs the chosen tests N times over: what is right only most of the time shows there.
--full also runs what takes more than minutes. The scratch folder, with all logs, is removed if everything passed (--keep: never).
"""
import argparse
import contextlib
import fnmatch
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

from cluster import Cluster
from harness import Harness
from tap import Tap

FOLDER = os.path.dirname(os.path.abspath(__file__))
FIRST = ("crds", "first_light", "alone")  # cheap and telling; then the rest by name
LAST = ("shapes",)  # reads what all the others left in the audit log
BUDGET = 40 * 60  # seconds after which no further test begins, unless --full


def modules():
    names = sorted(file[5:-3] for file in os.listdir(FOLDER)
                   if file.startswith("test_") and file.endswith(".py"))
    rest = [n for n in names if n not in FIRST + LAST]
    return [n for n in FIRST if n in names] + rest + [n for n in LAST if n in names]


def wanted(pattern, module, full):
    pattern = pattern.removeprefix("test_").removesuffix(".py")
    return pattern == module or fnmatch.fnmatch(full, pattern)


def tests(patterns):
    """[(full name, function)] in order of definition; patterns: all if empty."""
    found = []
    for module_name in modules():
        module = importlib.import_module(f"test_{module_name}")
        for name, function in vars(module).items():
            full = f"{module_name}.{name.removeprefix('test_')}"
            if name.startswith("test_") and callable(function) and (
                    not patterns or any(wanted(p, module_name, full) for p in patterns)):
                found.append((full, function))
    return found


def run_one(t, name, function):
    failed = len(t.tap.failed)
    t.context = name
    began = time.monotonic()
    try:
        t.fresh()
        function(t)
    except Exception as error:  # pylint: disable=broad-exception-caught
        t.tap.not_ok(f"{name}: runs to its end", f"{type(error).__name__}: {error}")
        t.diag(traceback.format_exc(limit=-4))
    if len(t.tap.failed) > failed:
        t.show_trouble()
    t.stop_strays()
    t.diag(f"{name} took {time.monotonic() - began:.1f} s")


def run_all(t, chosen, budget):
    end = time.monotonic() + budget
    for name, function in chosen:
        if time.monotonic() > end:
            t.tap.not_ok(f"{name}: began within the time budget", f"{budget} s are over")
            continue
        run_one(t, name, function)


def interrupted(number, _frame):
    raise SystemExit(128 + number)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", help="where the programs were built")
    parser.add_argument("--cluster", metavar="DIR", help="use the cluster that is up in DIR")
    parser.add_argument("--full", action="store_true", help="also the sweeps that take an hour")
    parser.add_argument("--list", action="store_true", help="print the names of the tests")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("--scratch", metavar="DIR", help="a folder that does not exist yet")
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="N times over")
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    return parser.parse_args()


def main():
    args = arguments()
    chosen = tests(args.patterns)
    if args.list:
        print("\n".join(name for name, _ in chosen))
        return 0
    if not args.build or not chosen:
        print("run.py: nothing to do: give --build, and patterns that match", file=sys.stderr)
        return 100
    tap = Tap()
    if os.geteuid() != 0 and not args.cluster:
        print("1..0 # SKIP a node needs root")
        return 0
    scratch = args.scratch or tempfile.mkdtemp(prefix="drop-e2e-")
    cluster = Cluster(args.cluster or os.path.join(scratch, "cluster"), bool(args.cluster))
    t = Harness(tap, cluster, args.build, os.path.join(scratch, "run"), args.full)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupted)
    with contextlib.ExitStack() as stack:
        stack.callback(t.close)
        t.open()
        unbounded = args.full or args.repeat > 1
        run_all(t, chosen * args.repeat, float("inf") if unbounded else BUDGET)
    status = tap.end()
    if status == 0 and not args.keep and not args.scratch:
        shutil.rmtree(scratch)
    else:
        tap.diag(f"logs are in {scratch}")
    return status


if __name__ == "__main__":
    sys.exit(main())
