#!/usr/bin/env python3
"""Runs the end-to-end tests on real clusters and prints TAP:

    run.py --build DIR [--jobs N | --cluster DIR] [--pair KUBERNETES/RUNTIME]
           [--full] [--list] [--keep] [--scratch DIR] [--repeat N] [PATTERN]...

DIR of --build is a meson build folder (or one with the programs in it). Without --cluster a cluster
is brought up for the run and taken down after it, which needs root (tests/cluster/README.md); with --jobs N
there are N, side by side, and the modules are divided among them (plan.py).
--pair chooses what the cluster is made of, as 1.36/containerd-2 (tests/cluster/README.md).
PATTERN is a module (test_crash) or a shell pattern of module.test names ('crash.k*'); none: all.
--repeat runs the chosen tests N times over: what is right only most of the time shows there.
--full also runs what takes more than minutes. The scratch folder, with all logs, is removed if everything passed (--keep: never).
At the end: the checks over the whole run (whole.py), and the slowest tests.
"""
import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import plan
import whole
from cluster import PAIR, Cluster
from harness import Harness
from pool import Pool
from tap import NotApplicable, Tap, WireTap

BUDGET = 40 * 60  # seconds after which no further test begins, unless --full


def run_one(t, name, function, took):
    failed = len(t.tap.failed)
    t.context = name
    began = time.monotonic()
    try:
        t.fresh()
        function(t)
    except NotApplicable as why:
        t.tap.skip(f"{name}: runs to its end", str(why))
    except Exception as error:  # pylint: disable=broad-exception-caught
        t.tap.not_ok(f"{name}: runs to its end", f"{type(error).__name__}: {error}")
        t.diag(traceback.format_exc(limit=-4))
    if len(t.tap.failed) > failed:
        t.show_trouble()
    t.stop_strays()
    seconds = time.monotonic() - began
    t.diag(f"{name} took {seconds:.1f} s")
    took[name] = took.get(name, 0) + seconds
    return seconds


def run_all(t, chosen, budget, took, tell):
    """tell(kind, **fields): what another process is told of the course of things."""
    end = time.monotonic() + budget
    for name, function in chosen:
        tell("begin", name=name)
        seconds = 0
        if time.monotonic() > end:
            t.tap.not_ok(f"{name}: began within the time budget", f"{budget} s are over")
        else:
            seconds = run_one(t, name, function, took)
        tell("took", name=name, seconds=seconds)


def on_cluster(args, tap, chosen, scratch, took):
    """Runs them on one cluster, in this process; returns its Trace."""
    tell = tap.event if args.wire else lambda *_, **__: None
    cluster = Cluster(args.cluster or os.path.join(scratch, "cluster"), bool(args.cluster), args.pair)
    t = Harness(tap, cluster, args.build, os.path.join(scratch, "run"), args.full)
    with contextlib.ExitStack() as stack:
        stack.callback(t.close)
        t.open()
        unbounded = args.full or args.repeat > 1
        run_all(t, chosen * args.repeat, float("inf") if unbounded else BUDGET, took, tell)
    trace = whole.Trace(cluster.env["AUDIT_LOG"], t.lawless)
    tell("trace", **trace._asdict())
    return trace


def on_clusters(args, tap, chosen, scratch, took):
    """Runs them on several, each with a process of its own; returns the Traces."""
    pool = Pool(tap, took)
    command = [os.path.abspath(__file__), "--wire", "--build", args.build, "--pair", args.pair, "--repeat", str(args.repeat)]
    pool.run(command + (["--full"] if args.full else []), [name for name, _ in chosen] * args.repeat, args.jobs, scratch)
    return pool.traces


def on_traces(tap, chosen, traces):
    """The checks over the whole run."""
    t = whole.Whole(tap, traces)
    for t.context, function in chosen:
        try:
            function(t)
        except Exception as error:  # pylint: disable=broad-exception-caught
            tap.not_ok(f"{t.context}: runs to its end", f"{type(error).__name__}: {error}")
            tap.diag(traceback.format_exc(limit=-4))


def interrupted(number, _frame):
    raise SystemExit(128 + number)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", help="where the programs were built")
    parser.add_argument("--cluster", metavar="DIR", help="use the cluster that is up in DIR")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="on N clusters side by side")
    parser.add_argument("--pair", metavar="KUBERNETES/RUNTIME", default=PAIR, help=f"what it is made of: {PAIR}")
    parser.add_argument("--full", action="store_true", help="also the sweeps that take an hour")
    parser.add_argument("--list", action="store_true", help="print the names of the tests")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("--scratch", metavar="DIR", help="a folder that does not exist yet")
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="N times over")
    parser.add_argument("--wire", action="store_true", help=argparse.SUPPRESS)  # one process of --jobs
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    args = parser.parse_args()
    if args.cluster and args.jobs > 1:
        parser.error("--cluster is one cluster, --jobs are several")
    return args


def main():
    args = arguments()
    chosen = plan.tests(args.patterns)
    if args.list:
        print("\n".join(name for name, _ in chosen))
        return 0
    here, after = plan.split(chosen)
    if not args.build or not (here or args.cluster and after):
        print("run.py: nothing to do: give --build, and patterns that match", file=sys.stderr)
        return 100
    tap = WireTap() if args.wire else Tap()
    if os.geteuid() != 0 and not args.cluster:
        print("1..0 # SKIP a node needs root")
        return 0
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupted)
    scratch = args.scratch or tempfile.mkdtemp(prefix="drop-e2e-")
    took = {}
    if args.jobs > 1:
        traces = on_clusters(args, tap, here, scratch, took)
    else:
        traces = [on_cluster(args, tap, here, scratch, took)]
    if not args.wire:
        on_traces(tap, after, traces)
        whole.show_seconds(tap, took)
    status = tap.end()
    if args.wire:
        return status
    if status == 0 and not args.keep and not args.scratch:
        shutil.rmtree(scratch)
    else:
        tap.diag(f"logs are in {scratch}")
    return status


if __name__ == "__main__":
    sys.exit(main())
