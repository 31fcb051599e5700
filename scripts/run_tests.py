#!/usr/bin/env python3
"""Runs the test suites and says the total in one last line: `N passed, N failed, N skipped`.

A stage is a flavour of the build with the meson suites it runs (gcc, clang, asan), or the
real clusters. `run_tests.py [STAGE...]` runs those stages, by default all. Whatever cannot be
built or started is one failure and does not stop the other stages. Nothing is left running.

The clusters mostly wait, and so do the suites of WAITING, whose real processes wait for each other: they run one after
the other, and beside them, in the background, what needs only processor time: builds and the suites of COMPUTING.
What a stage of the second kind prints comes in one piece at its end. JOBS=N: N clusters side by side.
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
COMPUTING = {
    "gcc": ["check", "unit", "fuzz"],
    "clang": ["unit", "fuzz"],
    "asan": ["unit", "fuzz"],
}
WAITING = {
    "gcc": ["waiting", "pipeline", "contract", "scenarios", "discovery"],
    "clang": ["waiting"],
    "asan": ["waiting", "pipeline"],
}
CLUSTER = "cluster"
STAGES = [*COMPUTING, CLUSTER]
LOW = [ROOT / "scripts/background.sh"]
PATIENCE = "20"  # how many times a test's time limit, in the background: only a test that hangs meets it


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
        """Of a kept stage in the background."""
        return subprocess.run([*LOW, *command] if self.file else command, cwd=ROOT, stdout=self.file,
                              stderr=subprocess.STDOUT if self.file else None, check=False).returncode

    def close(self):
        if self.file:
            self.file.seek(0)
            text = self.file.read()
            self.file.close()
            with self._printing:
                print(text, end="", flush=True)


class Built:
    """Which flavours could be built, for those who wait for it."""

    def __init__(self):
        self._done = {flavour: threading.Event() for flavour in COMPUTING}
        self._good = {}

    def set(self, flavour, good):
        self._good[flavour] = good
        self._done[flavour].set()

    def known(self, flavour):
        return self._done[flavour].is_set()

    def wait(self, flavour):
        self._done[flavour].wait()
        return self._good[flavour]


@contextlib.contextmanager
def stage(title, kept=False):
    output, begun = Output(kept), time.monotonic()
    output.line(f"== {title}")
    try:
        yield output
    finally:
        output.line(f"== {title}: {time.monotonic() - begun:.0f} s")
        output.close()


def build(flavour, total, built, kept):
    with stage(f"{flavour}: build", kept) as output:
        good = output.run([ROOT / "scripts/build.sh", flavour]) == 0
    if good:
        total.passed += 1
    else:
        total.fail(f"{flavour}: build")
    built.set(flavour, good)


def build_tools(total):
    """What the checks need and no package brings (without helm the check `rendered` fails), and the cluster DNS of
    test_install. At its own priority, since tests on the clusters wait for them too."""
    for what in ("helm", "dns"):
        if what == "helm" and shutil.which("helm"):
            continue
        done = subprocess.run([ROOT / "tests/cluster/build.sh", what], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            total.passed += 1
        else:
            total.fail(f"{what}: build")


def meson_suites(flavour, suites, total, output, *more):
    """more: words for meson test. Each test case inside a program counts, as meson's JUnit report lists them."""
    directory = ROOT / "build" / flavour
    base = directory / "meson-logs" / "-".join(["suites", *suites])
    junit, log = pathlib.Path(f"{base}.junit.xml"), pathlib.Path(f"{base}.json")
    for report in (junit, log):
        report.unlink(missing_ok=True)
    command = ["meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs", "--logbase", base.name]
    for suite in suites:
        command += ["--suite", suite]
    status = output.run([*command, *more])
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


def compute(wanted, total, built):
    """Builds and suites in the background. The builds come first: others wait for them."""
    flavours = [one for one in COMPUTING if one in wanted]
    try:
        if any("check" in COMPUTING[flavour] for flavour in flavours):
            build_tools(total)
        for flavour in flavours:
            if not built.known(flavour):
                build(flavour, total, built, kept=True)
        for flavour in flavours:
            if built.wait(flavour):
                with stage(f"{flavour}: {', '.join(COMPUTING[flavour])}", kept=True) as output:
                    meson_suites(flavour, COMPUTING[flavour], total, output, "--no-suite", "waiting",
                                 "--timeout-multiplier", PATIENCE)
    except Exception as error:  # pylint: disable=broad-exception-caught
        total.fail(f"builds and suites beside the others: {type(error).__name__}: {error}")
        for flavour in flavours:
            if not built.known(flavour):
                built.set(flavour, False)


def wait(wanted, total, built):
    """The clusters, then suites of processes that wait for each other."""
    if CLUSTER in wanted and built.wait("gcc"):
        cluster_stage(total)
    for flavour, suites in WAITING.items():
        if flavour in wanted and built.wait(flavour):
            with stage(f"{flavour}: {', '.join(suites)}") as output:
                meson_suites(flavour, suites, total, output)


def show_slowest(total):
    print(f"the {SLOWEST} slowest tests:")
    for name in sorted(total.seconds, key=total.seconds.get, reverse=True)[:SLOWEST]:
        print(f"{total.seconds[name]:7.1f} s  {name}")


def main():
    wanted = sys.argv[1:] or STAGES
    unknown = [one for one in wanted if one not in STAGES]
    if unknown:
        sys.exit(f"run_tests.py: no stage '{unknown[0]}'; there are {', '.join(STAGES)}")
    total, beside, built, begun = Total(), Total(), Built(), time.monotonic()
    if CLUSTER in wanted or "gcc" in wanted:
        build("gcc", total, built, kept=False)
    lane = threading.Thread(target=compute, args=(wanted, beside, built), daemon=True)
    lane.start()
    wait(wanted, total, built)
    lane.join()
    subprocess.run([*LOW, "--remove"], check=False)
    total.add(beside)
    show_slowest(total)
    print(f"{time.monotonic() - begun:.0f} s in all")
    for name in total.failures:
        print(f"FAILED {name}")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
