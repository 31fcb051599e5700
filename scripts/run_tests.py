#!/usr/bin/env python3
"""Runs the test suites and says the total in one last line: `N passed, N failed, N skipped`.

A stage is a flavour of the build with the meson suites it runs (gcc, clang, asan), or the
real cluster. `run_tests.py [STAGE...]` runs those stages, by default all. Whatever cannot be
built or started is one failure and does not stop the other stages. Nothing is left running.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Flavour and the meson suites it runs; checks of the sources are the same in each, once is enough.
STAGES = {
    "gcc": ["unit", "check", "pipeline", "fuzz", "contract", "scenarios", "discovery"],
    "clang": ["unit", "fuzz"],
    "asan": ["unit", "pipeline", "fuzz"],
    "cluster": None,
}


class Total:
    """What the stages found, and which tests failed."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)


def build(flavour, total):
    done = subprocess.run([ROOT / "scripts/build.sh", flavour], cwd=ROOT, check=False)
    if done.returncode == 0:
        total.passed += 1
        return True
    total.fail(f"{flavour}: build")
    return False


def build_tools(total):
    """What the checks need and no package brings: without helm the check `rendered` fails."""
    if shutil.which("helm"):
        return
    done = subprocess.run([ROOT / "tests/cluster/build.sh", "helm"], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        total.passed += 1
    else:
        total.fail("helm: build")


def meson_stage(flavour, suites, total):
    """Each test case inside a program counts, as meson's JUnit report lists them."""
    if "check" in suites:
        build_tools(total)
    if not build(flavour, total):
        return
    directory = ROOT / "build" / flavour
    report = directory / "meson-logs/testlog.junit.xml"
    report.unlink(missing_ok=True)
    command = ["meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs"]
    for suite in suites:
        command += ["--suite", suite]
    done = subprocess.run(command, cwd=ROOT, check=False)
    counted = total.failed
    if report.exists():
        count_junit(flavour, report, total)
    if done.returncode != 0 and total.failed == counted:
        total.fail(f"{flavour}: meson test ended with {done.returncode}")


def count_junit(flavour, report, total):
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{flavour}: {case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            total.fail(name)
        elif case.find("skipped") is not None:
            total.skipped += 1
        else:
            total.passed += 1


def cluster_stage(total):
    """The e2e suite prints TAP; a run that ends badly without a `not ok` is a failure too."""
    if not build("gcc", total):
        return
    command = [sys.executable, "-u", ROOT / "tests/e2e/run.py", "--build", ROOT / "build/gcc"]
    counted = total.failed
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            print(line, end="", flush=True)
            result = re.match(r"(not )?ok\b[ \d]*-? ?(.*)", line)
            if result and "# SKIP" in line:
                total.skipped += 1
            elif result and result[1]:
                total.fail(f"cluster: {result[2]}")
            elif result:
                total.passed += 1
    if run.returncode != 0 and total.failed == counted:
        total.fail(f"cluster: run.py ended with {run.returncode}")


def main():
    wanted = sys.argv[1:] or list(STAGES)
    unknown = [stage for stage in wanted if stage not in STAGES]
    if unknown:
        sys.exit(f"run_tests.py: no stage '{unknown[0]}'; there are {', '.join(STAGES)}")
    total = Total()
    for stage in wanted:
        begun = time.monotonic()
        print(f"== {stage}", flush=True)
        if STAGES[stage] is None:
            cluster_stage(total)
        else:
            meson_stage(stage, STAGES[stage], total)
        print(f"== {stage}: {time.monotonic() - begun:.0f} s", flush=True)
    for name in total.failures:
        print(f"FAILED {name}")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
