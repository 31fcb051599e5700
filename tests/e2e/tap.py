"""Test Anything Protocol: one line a check, diagnostics as comments, the plan at the end.

Owns the numbering and the result of a run. Nothing here knows what is tested. A WireTap writes the same as JSON lines
for another process, whose Tap replays them with its own numbers.
"""
import json
import sys
import time
import traceback


class NotApplicable(Exception):
    """What a test needs is not on this pair of Kubernetes and runtime; the text says what."""


class Tap:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.count = 0
        self.failed = []
        self.began = time.monotonic()

    def _line(self, text):
        print(text, file=self.out, flush=True)

    def ok(self, name):
        self.count += 1
        self._line(f"ok {self.count} - {_one_line(name)}")

    def not_ok(self, name, why=""):
        self.count += 1
        self.failed.append(name)
        reason = f" # {_one_line(why)}" if why else ""
        self._line(f"not ok {self.count} - {_one_line(name)}{reason}")

    def skip(self, name, why):
        self.count += 1
        self._line(f"ok {self.count} - {_one_line(name)} # SKIP {_one_line(why)}")

    def check(self, good, name, why=""):
        """Records one check and returns whether it passed."""
        if good:
            self.ok(name)
        else:
            self.not_ok(name, why)
        return bool(good)

    def diag(self, text):
        for line in str(text).splitlines() or [""]:
            self._line(f"# {line}")

    def replay(self, event):
        """Does what a WireTap was told."""
        kind = event["event"]
        if kind == "ok":
            self.ok(event["name"])
        elif kind == "not_ok":
            self.not_ok(event["name"], event["why"])
        elif kind == "skip":
            self.skip(event["name"], event["why"])
        else:
            self.diag(event["text"])

    def end(self):
        """Prints the plan and the summary; returns the exit status."""
        self._line(f"1..{self.count}")
        took = time.monotonic() - self.began
        self.diag(f"{self.count - len(self.failed)} of {self.count} passed in {took:.0f} s")
        for name in self.failed:
            self.diag(f"failed: {name}")
        return 1 if self.failed or self.count == 0 else 0


class WireTap(Tap):
    def event(self, kind, **fields):
        self._line(json.dumps({"event": kind, **fields}))

    def ok(self, name):
        self.count += 1
        self.event("ok", name=_one_line(name))

    def not_ok(self, name, why=""):
        self.count += 1
        self.failed.append(name)
        self.event("not_ok", name=_one_line(name), why=_one_line(why))

    def skip(self, name, why):
        self.count += 1
        self.event("skip", name=_one_line(name), why=_one_line(why))

    def diag(self, text):
        self.event("diag", text=str(text))

    def end(self):
        return 1 if self.failed or self.count == 0 else 0


def run_functions(tests, chosen=()):
    """Runs (name, function)s as TAP; chosen: names, or all. Returns the exit status."""
    tests = [(name, test) for name, test in tests if not chosen or name in chosen]
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        began = time.monotonic()
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
            print(f"# {time.monotonic() - began:.1f} s", flush=True)
        except Exception as e:  # pylint: disable=broad-except
            failed = True
            text = f"{type(e).__name__}: {e}".replace("\n", "\n# ")
            print(f"not ok {number} - {name}\n# {text}", flush=True)
            traceback.print_exc()
    return int(failed)


def functions_of(module):
    """(name, function) of the tests among its globals, in order of definition."""
    return [(name, value) for name, value in module.items() if name.startswith("test_")]


def _one_line(text):
    """'#' starts a directive in TAP and a line end ends the check: neither may come from a name."""
    return " ".join(str(text).split()).replace("#", "no. ")
