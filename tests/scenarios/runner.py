"""Plays one plan: drop-sim, the operator, what goes wrong, and the checks when it is over.

A plan says what the cluster is, what happens and when all is healed (generate.Plan). Nothing sleeps and
hopes: the end is polled for, with a deadline that only a broken product meets.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import os
import shutil
import signal
import tempfile
import threading
import time

import processes
import checks
from programs import CHILDREN
from tap import Tap
from trial import Trial

# Seconds after the last fault. The longest wait of the product: a pod that was made and deleted while a list was being
# answered is given up after 2 minutes (POD_UNSEEN_MS, reconciler/core/pull_pods.h).
CONVERGE = 150
QUIET = 1.0         # seconds for which the end must stay as it is
REPEATED = "a pull was started although all is there"
LAST_WRITES = 4
POLL = 0.2


class SharedTap(Tap):
    """For checks that several threads make; what is said of one stays together."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def check(self, good, name, why="", more=()):
        with self.lock:
            super().check(good, name, why)
            for line in () if good else more:
                self.diag(line)
        return bool(good)


Tools = collections.namedtuple("Tools", "sim bin clockshim words sim_words", defaults=((), ()))


def tools_of(build, scratch):
    """The programs of a meson build folder, the operator's as links in one folder."""
    bin_dir = os.path.join(scratch, "bin")
    os.makedirs(bin_dir)
    for name in ("supervisor", *CHILDREN):
        os.symlink(os.path.abspath(os.path.join(build, name, f"drop-{name}")),
                   os.path.join(bin_dir, f"drop-{name}"))
    sim = os.path.abspath(os.path.join(build, "sim"))
    return Tools(os.path.join(sim, "drop-sim"), bin_dir, os.path.join(sim, "libclockshim.so"))


def look(trial, expected):
    return checks.unmet(expected, trial.images(), trial.truth(), trial.pull_pods())


def await_expected(trial, expected, seconds):
    """What is missing at the deadline; [] as soon as nothing is."""
    end = time.monotonic() + seconds
    while True:
        try:
            missing = look(trial, expected)
        except (OSError, AssertionError) as error:
            missing = [f"the world cannot be seen: {error}"]
        if trial.ended():
            return [f"the operator ended with {trial.tree.process.returncode}"]
        if not missing or time.monotonic() > end:
            return missing
        time.sleep(POLL)


def kept(trial, expected):
    """The desired state stays: nothing is pulled again, no status of a Ready image is written. What was
    held back at the last change of a phase (behaviour 21: 2 s) may still come. Returns what is wrong, and whether
    something was pulled on a node for the first time: one that was replaced unobserved, which the operator sees only when
    its watch is back; what the pods of its predecessor have pulled there is no pull of its own."""
    trial.pods.catch_up()
    made, wrong = len(trial.pods.made), []
    for _ in range(LAST_WRITES):
        before = versions(trial, expected)
        time.sleep(QUIET)
        after = versions(trial, expected)
        wrong = look(trial, expected) + [f"{name}: its status is still being written" for name in before
                                     if before[name] != after.get(name)]
        if not wrong:
            break
    before, after = trial.pods.made[:made], trial.pods.made[made:]
    pairs = {(one.pull.uid, one.pull.node_uid) for one in before}
    done = [one for one in after if one.pull.uid in set(uids(trial, expected))]
    if any((one.pull.uid, one.pull.node_uid) in pairs for one in done):
        wrong.append(REPEATED)
    return wrong, bool(done)


def versions(trial, expected):
    return {name: obj["metadata"]["resourceVersion"] for name, obj in trial.images().items()
            if expected.phases.get(name) == "Ready"}


def uids(trial, expected):
    return [obj["metadata"]["uid"] for name, obj in trial.images().items()
            if expected.phases.get(name) == "Ready"]


class Signals(threading.Thread):
    """Sends what a plan says to the operator's processes, at its times."""

    def __init__(self, trial, rows):
        super().__init__(daemon=True)
        self.trial, self.rows = trial, rows
        self.start()

    def run(self):
        began = time.monotonic()
        for at, who, what, back in self.rows:
            time.sleep(max(0, began + at - time.monotonic()))
            if who == "tree" and what == "KILL":
                self.trial.tree.kill_all()
                self.trial.start()
                continue
            pids = self.trial.tree.pids()
            for pid in pids.values() if who == "tree" else [pids.get(who)]:
                if pid:
                    processes.kill(pid, getattr(signal, f"SIG{what}"))
                    if back:
                        threading.Timer(back, processes.kill, (pid, signal.SIGCONT)).start()


class Drains(threading.Thread):
    """Does to nodes what `kubectl drain` does, at a plan's times: no new pods, an Eviction for each, and
    later uncordon."""

    def __init__(self, trial, rows):
        super().__init__(daemon=True)
        self.trial, self.rows = trial, rows
        self.start()

    def run(self):
        began = time.monotonic()
        moments = sorted([(at, node, True) for at, node, _ in self.rows]
                         + [(at + back, node, False) for at, node, back in self.rows])
        for at, node, away in moments:
            time.sleep(max(0, began + at - time.monotonic()))
            try:
                self.trial.cordon(node, away)
                if away:
                    self.trial.evict(node)
            except (OSError, AssertionError):
                pass  # the node is away itself; what it is in the end is drop-sim's


def judge(trial, expected, seconds):
    """Everything that is wrong with a run whose faults are over."""
    wrong, late = await_expected(trial, expected, seconds), False
    if not wrong:
        wrong, late = kept(trial, expected)
    if late:
        wrong = [one for one in wrong if one == REPEATED]
        wrong += await_expected(trial, expected, seconds) or kept(trial, expected)[0]
    return wrong + checks.broken(expected, trial.pods, trial.truth())


def run_plan(tools, folder, plan, keep=False, env=None):
    """(what is wrong, seconds until all was well after the start, the trial's last words)."""
    began = time.monotonic()
    trial = None
    try:
        trial = Trial(tools, folder, plan.text, env)
        trial.start()
        signals, drains = Signals(trial, plan.signals), Drains(trial, plan.drains)
        time.sleep(plan.heal_ms / 1000)
        signals.join()
        drains.join()
        wrong = judge(trial, plan.expected, CONVERGE)
    except Exception as error:  # pylint: disable=broad-exception-caught
        wrong = [f"{type(error).__name__}: {error}"]
    took = time.monotonic() - began
    trouble = plan.told + (trial.trouble() if trial else []) if wrong else []
    if trial is not None:
        trial.close(keep=keep or bool(wrong))
    return wrong, took, trouble


def play_cases(doc, cases, play, prefix, at_a_time=1, **options):
    """The program that plays cases by name: --build, --keep and patterns; options: settings of further ones.
    play(tap, tools, folder, name, args). Returns the exit status."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR", required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    for name, settings in options.items():
        parser.add_argument(f"--{name}", **settings)
    args = parser.parse_args()
    tap = SharedTap()
    scratch = tempfile.mkdtemp(prefix=prefix)
    tools = tools_of(args.build, scratch)
    chosen = [name for name in cases if not args.patterns or any(fnmatch.fnmatch(name, p) for p in args.patterns)]
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(lambda name: play(tap, tools, os.path.join(scratch, name), name, args), chosen))
    if tap.failed or args.keep:
        tap.diag(f"folders are in {scratch}")
    else:
        shutil.rmtree(scratch, ignore_errors=True)
    return tap.end()
