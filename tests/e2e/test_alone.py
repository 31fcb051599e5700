"""Each process runs alone: without its peers it waits and says so, started late it catches up.
dropctl tap shows the traffic as JSON lines, and the counters."""
import json
import os
import signal
import subprocess
import time

import processes
from objects import FAST, ready
from pretend import PretendNode
from programs import CHILDREN, binary
from wait import until


def lines(path):
    """The JSON lines of a file; a last line that is being written is left out."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def test_alone(t):
    """Any one of them without a peer: it lives, waits, says so, and ends on SIGTERM."""
    t.stop_tree()
    for name in CHILDREN:
        one = t.program(name, t.folder(f"alone-{name}"))
        if name == "watcher":
            one.wait_log(r"started|listening")
        else:
            t.eventually(f"{name} says whom it waits for", 10,
                         lambda one=one: "wait" in one.log().lower())
        time.sleep(1)
        t.check(one.running(), f"{name} lives without its peers", one.process.returncode)
        t.equal(one.stop(), 0, f"{name} ends on SIGTERM")


def test_late(t):
    """Started one after the other, in the most awkward order: the job is done all the same."""
    t.stop_tree()
    with PretendNode(t.api, "pretend-1"):
        began = time.time()
        names = t.pretend_images("late", 3, **FAST)
        folder = t.folder("late")
        t.program("puller", folder)
        time.sleep(1)
        t.program("reconciler", folder)
        time.sleep(1)
        t.check(not t.audit.creates(began), "nothing happens without a watcher")
        # The supervisor gives all lives of its watcher one identity: else the lease must run out.
        identity = {"DROP_IDENTITY": "e2e-late"}
        watcher = t.program("watcher", folder, env=identity)
        t.all_ready(names, 30, "with the watcher there, all images Ready")
        # The watcher comes again as another: its readers notice and read on.
        watcher.kill()
        more = t.pretend_images("later", 3, **FAST)
        t.program("watcher", folder, env=identity)
        t.all_ready(more, 40, "a new watcher is read by the same peers")
        t.once_each(began, 6, "one create for each")
        for program in reversed(t.started):
            program.stop()


def test_tap(t):
    """dropctl tap prints what passes, one JSON object a line, from before a run to its end."""
    t.stop_tree()
    with PretendNode(t.api, "pretend-1"):
        tree = t.supervisor(name="tapped").wait_up()
        out = os.path.join(tree.sockets, "..", "tap.jsonl")
        with open(out, "wb") as file:
            tap = t.program("ctl", os.path.dirname(tree.sockets), ["tap"], stdout=file)
        t.eventually("dropctl tap prints", 10, lambda: lines(out))
        t.all_ready(t.pretend_images("tapped", 2, **FAST), 30)
        for kind in ("doorbell", "changes_since", "changes", "pull_start", "pull_started",
                     "pod_delete", "pod_deleted"):
            t.eventually(f"tap shows {kind}", 5,
                         lambda kind=kind: any(kind in json.dumps(one) for one in lines(out)))
        t.check(any("tapped-00" in json.dumps(one) for one in lines(out)),
                "with the name of the image in it")
        tap.stop()
        tree.stop()


def test_stats(t):
    """dropctl stats asks a process for its counters; the question itself is one."""
    tree = t.running()
    for name in CHILDREN:
        done = subprocess.run(
            [os.path.join(t.bin, "dropctl"), "stats", name, "--socket-dir", tree.sockets],
            capture_output=True, text=True, timeout=60, env={processes.MARK: t.scratch})
        t.check(done.returncode == 0 and "drop_messages_received_total" in done.stdout,
                f"dropctl stats {name} prints counters", done.stdout + done.stderr)


def test_help(t):
    """--help and --version of every program; a wrong option is exit status 100."""
    for name in ("supervisor", "ctl", *CHILDREN):
        def run(*words, name=name):
            return subprocess.run([os.path.join(t.bin, binary(name)), *words],
                                  capture_output=True, text=True, timeout=60)
        text = run("--help")
        t.check(text.returncode == 0 and (name == "ctl" or "--socket-dir" in text.stdout), f"{binary(name)} --help",
                text)
        t.check(run("--version").stdout.startswith(f"{binary(name)} "), f"{binary(name)} --version")
        wrong = run(*(["status"] if name == "ctl" else []), "--no-such-option")
        t.check(wrong.returncode == 100 and "no-such-option" in wrong.stderr,
                f"{binary(name)} refuses an unknown option", wrong)


def test_json_log(t):
    """--log-format json: every line is an object that names its process."""
    tree = t.supervisor(["--log-format", "json"], name="json").wait_up()
    tree.stop()
    bad = []
    for line in tree.log().splitlines():
        try:
            if not isinstance(json.loads(line), dict):
                bad.append(line)
        except ValueError:
            bad.append(line)
    t.check(tree.log() and not bad, "every log line is a JSON object", bad[:3])


def test_frozen_peer(t):
    """A peer that hangs (SIGSTOP) delays the job and breaks nothing: it goes on afterwards."""
    t.stop_tree()
    with PretendNode(t.api, "pretend-1"):
        began = time.time()
        tree = t.supervisor(name="frozen").wait_up()
        # One that is frozen before it has greeted looks like nng's own fault, and ends who waits for it.
        until(20, lambda: "reconciler: connected to puller" in tree.log())
        processes.kill(tree.pids()["puller"], signal.SIGSTOP)
        names = t.pretend_images("frozen", 3, **FAST)
        time.sleep(3)
        t.check(not any(ready(t.get(n)) for n in names), "nothing is Ready without the puller")
        processes.kill(tree.pids()["puller"], signal.SIGCONT)
        t.all_ready(names, 40)
        t.once_each(began, 3, "one create for each")
        t.equal(tree.restarts(), 0, "nothing restarted")
        tree.stop()
