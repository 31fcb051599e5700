"""Several clusters side by side: each has a process of run.py that runs its share of the modules and writes what it
finds as JSON lines, one event a line; here they become one TAP output, a block a test, in the order in which tests end.

A process that ends early, or says nothing for SILENT seconds, is a failure, and each test that it did not run is one.
"""
import json
import os
import queue
import subprocess
import sys
import threading

import processes
from plan import divide, module_of
from whole import Trace

SILENT = 30 * 60  # seconds; the longest test takes some minutes, and building Kubernetes for the first time more
END = 150         # seconds that a process has to take its cluster down


class Share:
    """One process of run.py with its own cluster, and what it has said so far."""

    def __init__(self, number, command, names, events):
        self.label = f"cluster {number}"
        self.left = list(names)  # tests that have not ended
        self.block = []          # events of the test that runs
        self.ended = False       # it said its last word
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)  # a ^C is ours to pass on, once
        threading.Thread(target=self._read, args=(events,), daemon=True).start()

    def _read(self, events):
        for line in self.process.stdout:
            events.put((self, json.loads(line)))
        events.put((self, None))

    def stop(self):
        processes.end(self.process, END)


class Pool:
    def __init__(self, tap, took):
        self.tap = tap
        self.took = took  # {test: seconds}
        self.traces = []
        self.shares = []

    def _flush(self, share):
        for event in share.block:
            self.tap.replay(event)
        share.block = []

    def _hear(self, share, event):
        kind = event["event"]
        if kind == "begin":
            self.tap.diag(f"{share.label}: {event['name']} begins")
        elif kind == "took":
            self._flush(share)
            self.took[event["name"]] = self.took.get(event["name"], 0) + event["seconds"]
            share.left.remove(event["name"])
        elif kind == "trace":
            self._flush(share)
            self.traces.append(Trace(event["audit_log"], [tuple(one) for one in event["lawless"]]))
            share.ended = True
        else:
            share.block.append(event)

    def _over(self, share):
        """The process has closed its output."""
        self._flush(share)
        status = share.process.wait()
        if not share.ended:
            self.tap.not_ok(f"{share.label}: runs to its end", f"exit status {status}")
        for name in share.left:
            self.tap.not_ok(f"{name}: was run", f"{share.label} ended before")

    def run(self, command, names, jobs, scratch):
        """command: of a process, to which its scratch folder and its tests are added."""
        events, open_shares = queue.Queue(), set()
        try:
            for number, modules in enumerate(divide(names, jobs), 1):
                own = [name for name in names if module_of(name) in modules]
                self.tap.diag(f"cluster {number}: {', '.join(modules)}")
                share = Share(number, [sys.executable, "-u", *command, "--scratch", os.path.join(scratch, str(number)),
                                       *dict.fromkeys(own)], own, events)
                self.shares.append(share)
                open_shares.add(share)
            while open_shares:
                share, event = events.get(timeout=SILENT)
                if event is not None:
                    self._hear(share, event)
                else:
                    self._over(share)
                    open_shares.discard(share)
        except queue.Empty:
            self.tap.not_ok("the clusters go on", f"nothing was said for {SILENT} s")
            for share in open_shares:
                share.stop()
                self._over(share)
        finally:
            for share in self.shares:
                if share.process.poll() is None:
                    share.stop()
