"""Processes as the kernel shows them: who is alive, who descends from whom, how much memory.

Every program that the tests start carries MARK=<scratch folder> in its environment, so that the
end of a run can find and kill whatever is left of it, and nothing else.
"""
import os
import signal
import subprocess
import time

MARK = "DROP_E2E"


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def alive(pid):
    """Exists and is no zombie."""
    fields = stat(pid)
    return bool(fields) and fields[0] not in (b"Z", b"X")


def name(pid):
    return os.path.basename(_read(f"/proc/{pid}/cmdline").split(b"\0")[0].decode())


def pids():
    return [int(one) for one in os.listdir("/proc") if one.isdigit()]


def stat(pid):
    """The fields of /proc/PID/stat from the state on; empty: it is gone."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def children(parent):
    """{program name: pid} of the living children."""
    found = {}
    for pid in pids():
        fields = stat(pid)
        if len(fields) > 1 and int(fields[1]) == parent and fields[0] not in (b"Z", b"X"):
            found[name(pid)] = pid
    return found


def family(roots):
    """These processes and all that descend from them."""
    parents = {pid: int(fields[1]) for pid in pids() if (fields := stat(pid))}
    found = set(roots)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def marked(value):
    """Living processes that we started for this run."""
    want = f"{MARK}={value}".encode()
    return [pid for pid in pids()
            if want in _read(f"/proc/{pid}/environ").split(b"\0") and alive(pid)]


def kill(pid, number=signal.SIGKILL):
    """True if it was there to be signalled."""
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def end(process, seconds=20):
    """SIGTERM to a Popen; SIGKILL if it is still there after so many seconds."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def kill_marked(value, seconds=5):
    """Kills all of them, and returns those that would not die."""
    end = time.monotonic() + seconds
    left = marked(value)
    while left and time.monotonic() < end:
        for pid in left:
            kill(pid)
        time.sleep(0.05)
        left = marked(value)
    return left


def cpu_s(pid, ended=False):
    """Seconds of processor time so far; ended: also of its children that have ended. 0: it is gone."""
    fields = stat(pid)
    return sum(map(int, fields[11:15 if ended else 13])) / os.sysconf("SC_CLK_TCK") if fields else 0


def pss_kb(pid):
    """Proportional set size: what the process really costs, shared pages divided by their users."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1])
    return 0
