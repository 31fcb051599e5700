#!/usr/bin/env python3
"""Runs the test suites and says the total in one last line: `N passed, N failed, N skipped`.

A stage is a flavour of the build with the meson suites it runs (gcc, clang, asan), or the
real clusters. `run_tests.py [STAGE...]` runs those stages, by default all. Whatever cannot be
built or started is one failure and does not stop the other stages. Nothing is left running.

The clusters mostly wait, so what only needs processor time runs beside them at the lowest priority: the builds and the
suites of BESIDE. Suites of ALONE have real processes that wait for each other, and come when the clusters are gone.
JOBS=N: N clusters side by side.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = int(os.environ.get("JOBS", "3"))
SLOWEST = 10

# Flavour and the meson suites it runs; checks of the sources are the same in each, once is enough.
BESIDE = {
    "gcc": ["check", "unit", "fuzz"],
    "clang": ["unit", "fuzz"],
    "asan": ["unit", "fuzz"],
}
ALONE = {
    "gcc": ["pipeline", "contract", "scenarios", "discovery"],
    "asan": ["pipeline"],
}
CLUSTER = "cluster"
STAGES = [*BESIDE, CLUSTER]
LOW = ["nice", "-n", "19"]
PATIENCE = "4"  # how many times a test's time limit, at low priority


class Total:
    """What the stages found, which tests failed, and how long each took."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.seconds = {}

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.seconds.update(other.seconds)


class Output:
    """Where what a stage prints goes: at once, or kept and printed in one piece at its end."""

    _printing = threading.Lock()

    def __init__(self, kept):
        self.file = tempfile.TemporaryFile("w+", errors="replace") if kept else None

    def line(self, text):
        if self.file:
            self.file.write(text + "\n")
            self.file.flush()
        else:
            with self._printing:
                print(text, flush=True)

    def run(self, command):
        return subprocess.run(command, cwd=ROOT, stdout=self.file, stderr=subprocess.STDOUT if self.file else None,
                              check=False).returncode

    def close(self):
        if self.file:
            self.file.seek(0)
            text = self.file.read()
            self.file.close()
            with self._printing:
                print(text, end="", flush=True)


@contextlib.contextmanager
def stage(title, kept=False):
    output, begun = Output(kept), time.monotonic()
    output.line(f"== {title}")
    try:
        yield output
    finally:
        output.line(f"== {title}: {time.monotonic() - begun:.0f} s")
        output.close()


def build(flavour, total, output, prefix=()):
    if output.run([*prefix, ROOT / "scripts/build.sh", flavour]) == 0:
        total.passed += 1
        return True
    total.fail(f"{flavour}: build")
    return False


def build_tools(total, output):
    """What the checks need and no package brings: without helm the check `rendered` fails."""
    if shutil.which("helm"):
        return
    if output.run([ROOT / "tests/cluster/build.sh", "helm"]) == 0:
        total.passed += 1
    else:
        total.fail("helm: build")


def meson_suites(flavour, suites, total, output, low):
    """Each test case inside a program counts, as meson's JUnit report lists them."""
    directory = ROOT / "build" / flavour
    base = directory / "meson-logs" / "-".join(["suites", *suites])
    junit, log = pathlib.Path(f"{base}.junit.xml"), pathlib.Path(f"{base}.json")
    for report in (junit, log):
        report.unlink(missing_ok=True)
    command = ["meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs", "--logbase", base.name]
    for suite in suites:
        command += ["--suite", suite]
    status = output.run([*LOW, *command, "--timeout-multiplier", PATIENCE] if low else command)
    counted = total.failed
    if junit.exists():
        count_junit(flavour, junit, total)
        count_seconds(flavour, log, total)
    if status != 0 and total.failed == counted:
        total.fail(f"{flavour}: meson test ended with {status}")


def count_junit(flavour, report, total):
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{flavour}: {case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            total.fail(name)
        elif case.find("skipped") is not None:
            total.skipped += 1
        else:
            total.passed += 1


def count_seconds(flavour, log, total):
    for line in log.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        total.seconds[f"{flavour}: {test['name']}"] = test["duration"]


def cluster_stage(total):
    """The e2e suite prints TAP; a run that ends badly without a `not ok` is a failure too."""
    command = [sys.executable, "-u", ROOT / "tests/e2e/run.py", "--build", ROOT / "build/gcc", "--jobs", str(JOBS)]
    counted = total.failed
    with stage(CLUSTER) as output, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            output.line(line.rstrip("\n"))
            result = re.match(r"(not )?ok\b[ \d]*-? ?(.*)", line)
            took = re.match(r"# (\S+) took ([\d.]+) s$", line)
            if took:
                total.seconds[f"cluster: {took[1]}"] = float(took[2])
            elif result and "# SKIP" in line:
                total.skipped += 1
            elif result and result[1]:
                total.fail(f"cluster: {result[2]}")
            elif result:
                total.passed += 1
    if run.returncode != 0 and total.failed == counted:
        total.fail(f"cluster: run.py ended with {run.returncode}")


def beside(wanted, total, built):
    """Builds, and runs what needs nothing but processor time; adds the flavours that were built."""
    try:
        flavours_beside(wanted, total, built)
    except Exception as error:  # pylint: disable=broad-exception-caught
        total.fail(f"beside the clusters: {type(error).__name__}: {error}")


def flavours_beside(wanted, total, built):
    low = CLUSTER in wanted
    for flavour, suites in BESIDE.items():
        if flavour not in wanted:
            continue
        with stage(f"{flavour}: {', '.join(suites)}", kept=low) as output:
            if "check" in suites:
                build_tools(total, output)
            if flavour in built or build(flavour, total, output, LOW if low else ()):
                built.add(flavour)
                meson_suites(flavour, suites, total, output, low)


def at_once(wanted, total, built):
    """The clusters, and what may run beside them."""
    other = Total()
    lane = threading.Thread(target=beside, args=(wanted, other, built), daemon=True)
    lane.start()
    if CLUSTER in wanted:
        cluster_stage(total)
    lane.join()
    total.add(other)


def show_slowest(total):
    print(f"the {SLOWEST} slowest tests:")
    for name in sorted(total.seconds, key=total.seconds.get, reverse=True)[:SLOWEST]:
        print(f"{total.seconds[name]:7.1f} s  {name}")


def main():
    wanted = sys.argv[1:] or STAGES
    unknown = [one for one in wanted if one not in STAGES]
    if unknown:
        sys.exit(f"run_tests.py: no stage '{unknown[0]}'; there are {', '.join(STAGES)}")
    total, built, begun = Total(), set(), time.monotonic()
    if CLUSTER in wanted or "gcc" in wanted:
        with stage("gcc: build") as output:
            if build("gcc", total, output):
                built.add("gcc")
            else:
                wanted = [one for one in wanted if one not in ("gcc", CLUSTER)]
    at_once(wanted, total, built)
    for flavour, suites in ALONE.items():
        if flavour in wanted and flavour in built:
            with stage(f"{flavour}: {', '.join(suites)}") as output:
                meson_suites(flavour, suites, total, output, low=False)
    show_slowest(total)
    print(f"{time.monotonic() - begun:.0f} s in all")
    for name in total.failures:
        print(f"FAILED {name}")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
