#!/usr/bin/env python3
"""Takes a picture of `make demo`: plays a scene in a terminal of its own, reads what was drawn there,
and writes one moment of it as SVG, with the colours of the terminal, or as text.

screen_picture.py [--at SECONDS] [--scene FILE] [--size COLSxROWS] OUT.svg|OUT.txt
`docs/demo.svg`, which README.md shows, was made by it.
"""
import argparse
import fcntl
import html
import os
import pathlib
import pty
import re
import struct
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CELL_W, CELL_H, PAD, FONT = 8.4, 18, 14, 14
INKS = {"31": "#ff7b72", "32": "#3fb950", "33": "#e3b341", "36": "#56d4dd"}
PLAIN, DIM, PAPER = "#d1d7e0", "#6e7681", "#0d1117"
TOKEN = re.compile("\x1b\\[[?0-9;]*[a-zA-Z]|[^\x1b]")


class Grid:
    """As much of a terminal as sim/screen/screen.c uses."""

    def __init__(self, cols, rows):
        self.cols, self.rows = cols, rows
        self.cells = [[(" ", "0")] * cols for _ in range(rows)]
        self.row = self.col = 0
        self.ink = "0"

    def feed(self, text):
        for token in TOKEN.findall(text):
            if token[0] == "\x1b":
                self.control(token[2:-1], token[-1])
            elif token in "\r\n":
                self.col = 0
                self.row += token == "\n"
            elif self.row < self.rows and self.col < self.cols:
                self.cells[self.row][self.col] = (token, self.ink)
                self.col += 1

    def control(self, arguments, what):
        blank = [(" ", "0")]
        if what == "m":
            self.ink = arguments
        elif what == "H":
            self.row, self.col = (int(part) - 1 for part in arguments.split(";"))
        elif what == "K":
            self.cells[self.row][self.col:] = blank * (self.cols - self.col)
        elif what == "J":
            for row in range(self.row, self.rows):
                self.cells[row] = blank * self.cols

    def text(self):
        lines = ["".join(cell for cell, _ in row).rstrip() for row in self.cells]
        return "\n".join(lines).rstrip() + "\n"


def play(scene, cols, rows, at):
    """What the terminal shows `at` seconds after its first picture."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", SCREEN="live")
        os.environ.pop("NO_COLOR", None)
        os.execv(ROOT / "scripts/demo.sh", ["demo.sh", scene])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    seen, begun = b"", None
    try:
        while begun is None or time.monotonic() - begun < at:
            seen += os.read(terminal, 65536)
            begun = begun or time.monotonic()
    finally:
        os.write(terminal, b"\x03")  # as a person would: the demo cleans up
        try:
            while os.read(terminal, 65536):
                pass
        except OSError:
            pass
        os.waitpid(pid, 0)
    grid = Grid(cols, rows)
    grid.feed(seen.decode(errors="ignore"))
    return grid


def spans(row):
    """Runs of one ink, without the blanks at the end."""
    while row and row[-1][0] == " ":
        row = row[:-1]
    start = 0
    for place in range(1, len(row) + 1):
        if place == len(row) or row[place][1] != row[start][1]:
            yield start, "".join(cell for cell, _ in row[start:place]), row[start][1]
            start = place


def svg(grid):
    used = len(grid.text().splitlines())
    width, height = grid.cols * CELL_W + 2 * PAD, used * CELL_H + 2 * PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
           f'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="{FONT}">'
           f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>']
    for number, row in enumerate(grid.cells[:used]):
        y = PAD + number * CELL_H + FONT
        for start, text, ink in spans(row):
            codes = ink.split(";")
            colour = next((INKS[code] for code in codes if code in INKS),
                          DIM if "2" in codes else PLAIN)
            weight = ' font-weight="bold"' if "1" in codes else ""
            start += len(text) - len(text.lstrip())  # browsers collapse spaces, whatever xml:space says
            text = text.strip().replace(" ", "\u00a0")
            if text:
                out.append(f'<text x="{PAD + start * CELL_W:.1f}" y="{y}" fill="{colour}"{weight} '
                           f'textLength="{len(text) * CELL_W:.1f}">{html.escape(text)}</text>')
    return "\n".join(out) + "\n</svg>\n"


def main():
    parser = argparse.ArgumentParser(description="takes a picture of `make demo`")
    parser.add_argument("--at", type=float, default=11)
    parser.add_argument("--scene", default="sim/scenes/demo.yaml")
    parser.add_argument("--size", default="92x31")
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    cols, rows = map(int, args.size.split("x"))
    grid = play(args.scene, cols, rows, args.at)
    args.out.write_text(svg(grid) if args.out.suffix == ".svg" else grid.text())


main()
