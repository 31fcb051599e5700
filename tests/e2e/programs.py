"""Our programs as the tests run them: from a build folder, with a socket folder and a log each.

A Program is one process started by hand; a Supervisor is the whole tree. Starting never waits for
more than the process to exist: what a test needs to see it polls for.
"""
import os
import re
import signal
import subprocess

import processes
from wait import until

# What does the work, and what shows it.
WORKERS = ("watcher", "reconciler", "puller")
CHILDREN = (*WORKERS, "discoverer", "metricsd")
# Several trees run on this machine: the port of their probes must be asked for.
NO_PROBES = "--health-probe-bind-address=0"
PROGRAMS = ("supervisor", "ctl", *CHILDREN)


def binary(name):
    """The file of a program; the one for people has no dash, and Prometheus is not ours."""
    return {"ctl": "dropctl", "prometheus": "prometheus"}.get(name, f"drop-{name}")


def bin_folder(build, into):
    """Links all programs of a meson build (a folder each) or of an install into one folder."""
    os.makedirs(into, exist_ok=True)
    for name in PROGRAMS:
        program = binary(name)
        places = [os.path.join(build, program)] + [
            os.path.join(build, folder, program) for folder in (name, program, "bin", "sbin")]
        found = next((p for p in places if os.path.isfile(p) and os.access(p, os.X_OK)), None)
        if found is None:
            raise SystemExit(f"no {program} below {build}: give --build a folder that was built")
        link = os.path.join(into, program)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(found), link)
    return into


class Program:
    """One process. name: "watcher" etc.; log: the file its stderr (and stdout) goes to; wrap: words
    before its own that become it."""

    def __init__(self, bin_dir, name, log, words=(), env=None, mark="", stdout=None, wrap=()):
        self.name = name
        self.log_path = log
        out = open(log, "ab")
        self.process = subprocess.Popen(
            [*wrap, os.path.join(bin_dir, binary(name)), *words], stdin=subprocess.DEVNULL,
            stdout=stdout or out, stderr=out, start_new_session=True,
            env={"PATH": os.environ["PATH"], processes.MARK: mark, **(env or {})})
        out.close()

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, pattern, seconds=10):
        """Until the log has the pattern; returns the match."""
        return until(seconds, lambda: re.search(pattern, self.log(), re.I))

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self):
        self.signal(signal.SIGTERM)

    def stop(self, seconds=60):
        """SIGTERM; returns the exit status, None if it had to be killed."""
        self.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class Supervisor(Program):
    """The tree: drop-supervisor and its children."""

    def __init__(self, bin_dir, folder, kubeconfig, words=(), env=None, mark="", level="info",
                 wrap=()):
        os.makedirs(folder, exist_ok=True)
        self.sockets = os.path.join(folder, "s")
        super().__init__(
            bin_dir, "supervisor", os.path.join(folder, "supervisor.log"),
            ["--bin-dir", bin_dir, "--socket-dir", self.sockets, "--kubeconfig", kubeconfig,
             "--log-level", level, NO_PROBES, *words], env, mark, wrap=wrap)

    def status(self):
        """{name: (pid, state, restarts)} as the supervisor's status file says."""
        rows = {}
        try:
            with open(os.path.join(self.sockets, "supervisor.status"), encoding="utf-8") as file:
                for line in file:
                    name, pid, state, restarts = line.split()
                    rows[name] = (int(pid), state, int(restarts))
        except FileNotFoundError:
            pass
        return rows

    def pids(self):
        """{name: pid} of the children that live now."""
        return {name.removeprefix("drop-"): pid
                for name, pid in processes.children(self.pid).items()}

    def restarts(self):
        return sum(row[2] for row in self.status().values())

    def up(self):
        """All children have said that they are ready."""
        if not self.running():
            raise AssertionError(f"the supervisor ended with {self.process.returncode}")
        rows = self.status()
        return len(rows) == len(CHILDREN) and all(
            state in ("ready", "settled") for _, state, _ in rows.values())

    def wait_up(self, seconds=30):
        until(seconds, self.up, every=0.02)
        return self

    def kill_all(self):
        """The tree at once, as if the machine had lost it."""
        children = self.pids().values()
        self.kill()
        for pid in children:
            processes.kill(pid)
        until(5, lambda: not any(map(processes.alive, children)), every=0.02)

    def signal_all(self, number):
        self.signal(number)
        for pid in self.pids().values():
            processes.kill(pid, number)

    def pss(self):
        """{name: KiB} of the supervisor and its children."""
        found = {"supervisor": processes.pss_kb(self.pid)}
        found.update((name, processes.pss_kb(pid)) for name, pid in self.pids().items())
        return found
