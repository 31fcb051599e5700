#!/usr/bin/env python3
"""The live screen in a terminal of its own: it never writes past the window, repaints all of it when
the window changes, and gives the terminal back, with the last picture, when it is told to end.

terminal.py DROP_SIM; TAP. What is drawn is test_screen.c's business, this is about sim/screen/screen.c.
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

DEADLINE = 180  # seconds, under sanitizers and load
TOKEN = re.compile("\x1b\\[[?0-9;]*[a-zA-Z]|[^\x1b]")
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Terminal:
    """drop-sim in a window of its own, and what it wrote."""

    def __init__(self, program, cols, rows, env):
        self.out = ""
        self.raw = b""
        self.fd, inside = pty.openpty()
        self.resize(cols, rows)
        self.process = subprocess.Popen(
            [program, "--nodes", "40", "--screen", "auto", "--log-level", "error"],
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **env},
            stdin=inside, stdout=inside, stderr=inside)
        os.close(inside)

    def resize(self, cols, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read_until(self, done, start=0):
        """Reads until what was written from `start` on satisfies `done`; its end."""
        limit = time.monotonic() + DEADLINE
        while not done(self.out[start:]):
            if time.monotonic() > limit:
                raise AssertionError(f"not written in time; last: {self.out[-200:]!r}")
            if not self.read_some():
                raise AssertionError(f"ended early: {self.out[-200:]!r}")
        return len(self.out)

    def read_some(self):
        if not select.select([self.fd], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += data
        self.out = self.raw.decode(errors="ignore")
        return bool(data)

    def end(self):
        self.process.terminate()
        while self.read_some():
            pass
        os.close(self.fd)
        return self.process.wait(DEADLINE)


def extent(text):
    """The last column and row that the text writes to."""
    row = col = widest = lowest = 1
    for token in TOKEN.findall(text):
        if token.startswith("\x1b"):
            if token[-1] == "H":
                row, col = map(int, token[2:-1].split(";"))
            continue
        widest, lowest = max(widest, col), max(lowest, row)
        col += 1
    return widest, lowest


def check_inside(text, cols, rows):
    widest, lowest = extent(text)
    assert widest <= cols and lowest <= rows, f"{widest}x{lowest} is outside of {cols}x{rows}"


def live(program):
    window = Terminal(program, 70, 20, {})
    first = window.read_until(lambda text: " s" in text and "nodes" in text)
    assert window.out.startswith(ENTER), "another buffer, no cursor"
    check_inside(window.out[:first], 70, 20)
    window.resize(50, 12)
    begun = len(window.out)
    # A whole new picture begins with the title in the first row.
    window.read_until(lambda text: "\x1b[1;1H" in text and "\x1b[J" in text, begun)
    repaint = window.out[window.out.index("\x1b[J", begun):]
    window.read_until(lambda text: text.count("\x1b[1;1H") > 3, begun)
    check_inside(repaint, 50, 12)
    assert window.end() == 0
    before, left, after = window.out.rpartition(LEAVE)
    assert left and "\x1b[" in before, "the terminal is given back"
    assert "nodes" in after and "requests" in after, "with the last picture in it"
    assert after.count("\x1b[?") == 0


def no_colour(program):
    window = Terminal(program, 80, 24, {"NO_COLOR": "1"})
    window.read_until(lambda text: "nodes" in text)
    assert window.end() == 0
    assert not re.search("\x1b\\[[0-9;]*m", window.out), "NO_COLOR means none"


def dumb(program):
    window = Terminal(program, 80, 24, {"TERM": "dumb"})
    window.read_until(lambda text: "40 nodes, 0 images" in text)
    assert window.end() == 0
    assert "\x1b" not in window.out, "plain lines only"


def main():
    cases = [live, no_colour, dumb]
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        try:
            case(sys.argv[1])
            print(f"ok {number} - {case.__name__}")
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f"not ok {number} - {case.__name__}: {error}")


main()
