#!/usr/bin/env python3
"""The real kubectl against drop-sim or a real cluster: the rows of rows.py, as TAP.

    run.py --kubectl KUBECTL --sim BUILD/sim/drop-sim
    run.py --kubectl KUBECTL --kubeconfig FILE      # a cluster with our CRDs and nothing of ours in it

KUBECTL is built by tests/cluster/build.sh (`--path` prints its folder).
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "e2e"))

import rows  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

SAMPLES = os.path.join(FOLDER, "..", "..", "deploy", "samples")
TIMEOUT = 90  # seconds for one command
WATCH = 20  # seconds in which a watch must show a change
START = 20  # seconds for drop-sim


class Runner:
    def __init__(self, kubectl, kubeconfig, scratch):
        self.kubectl = kubectl
        self.env = {**os.environ, "KUBECONFIG": kubeconfig, "HOME": scratch, "KUBE_EDITOR": rows.EDITOR}

    def start(self, words):
        return subprocess.Popen([self.kubectl, *shlex.split(words)], env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, words, stdin=None):
        done = subprocess.run([self.kubectl, *shlex.split(words)], env=self.env, text=True, input=stdin or "",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        return done.returncode, done.stdout

    def minor(self):
        """Of the server's version: 34. After the JSON kubectl may warn of its distance from its own."""
        _, output = self.run("version -o json")
        return int(json.JSONDecoder().raw_decode(output[output.index("{"):])[0]["serverVersion"]["minor"])

    def owner(self, name):
        _, output = self.run(f"get cachedimageset {name} -o json")
        return {"apiVersion": rows.GROUP, "kind": "CachedImageSet", "name": name, "controller": True,
                "blockOwnerDeletion": True, "uid": json.loads(output)["metadata"]["uid"]}

    def watch(self, row):
        """Runs it, changes something once it has said what is there, and waits for what is wanted."""
        with self.start(row.words) as process:
            os.set_blocking(process.stdout.fileno(), False)
            shown, changed, end = "", False, time.monotonic() + WATCH
            while time.monotonic() < end and not (changed and re.search(row.want, shown, re.S | re.M)):
                piece = (process.stdout.read() or b"").decode()
                shown += piece
                if not changed and shown:
                    changed = True
                    self.run(row.watch)
                if process.poll() is not None and not piece:
                    break
                time.sleep(0.05)
            process.kill()
        return 0, shown


def play(tap, runner, row, side, minor):
    if row.side not in (None, side):
        return
    stdin = row.stdin() if callable(row.stdin) else row.stdin
    name = f"kubectl {row.words}" + (f" < {stdin}" if stdin else "")
    if row.since > minor:
        tap.skip(name[:160], f"the command needs Kubernetes 1.{row.since}")
        return
    code, output = runner.watch(row) if row.watch else runner.run(row.words, stdin)
    good = code == row.code and re.search(row.want, output, re.S | re.M)
    tap.check(good, name[:160], f"{code}, not {row.code}: {output[-600:]}, not {row.want}")


def play_all(tap, runner, side):
    minor = runner.minor()
    for row in [*rows.what_is_there(), *rows.samples(SAMPLES), *rows.our_kinds(), *rows.events(),
                *rows.built_in(), *rows.deletion(runner.owner)]:
        play(tap, runner, row, side, minor)


def with_sim(tap, kubectl, program, scratch):
    kubeconfig = os.path.join(scratch, "kubeconfig")
    with open(os.path.join(scratch, "drop-sim.log"), "w", encoding="utf-8") as log, subprocess.Popen(
            [program, "--nodes", "2", "--tls", "--kubeconfig-out", kubeconfig], stderr=log,
            stdout=log) as sim:
        try:
            end = time.monotonic() + START
            while not os.path.exists(kubeconfig) and sim.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            play_all(tap, Runner(kubectl, kubeconfig, scratch), "sim")
            tap.check(sim.poll() is None, "drop-sim still runs", f"it ended with {sim.returncode}")
        finally:
            sim.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--sim", metavar="DROP_SIM")
    parser.add_argument("--kubeconfig", metavar="FILE")
    args = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="drop-kubectl-") as scratch:
        if args.sim:
            with_sim(tap, args.kubectl, args.sim, scratch)
        if args.kubeconfig:
            play_all(tap, Runner(args.kubectl, args.kubeconfig, scratch), "real")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
