#!/usr/bin/env python3
"""The clock shim, preloaded into a process of its own: wall and boot time jump, monotonic time
does not, and a jump while the process runs is seen at its next look. clocks.py SHIM; TAP."""
import os
import struct
import subprocess
import sys
import tempfile

HOUR = 3600
NAMES = ("CLOCK_REALTIME", "CLOCK_BOOTTIME", "CLOCK_MONOTONIC")
# Looks at the clocks each time it is sent a line.
CHILD = f"""
import sys, time
for line in sys.stdin:
    print(*(time.clock_gettime(getattr(time, name)) for name in {NAMES!r}), flush=True)
"""


def write(path, wall, boot):
    with open(path, "r+b") as f:
        f.write(struct.pack("=qq", wall * 10**9, boot * 10**9))


def look(child):
    child.stdin.write("\n")
    child.stdin.flush()
    return [float(text) for text in child.stdout.readline().split()]


def main():
    shim = sys.argv[1]
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(16))
        file.flush()
        env = {**os.environ, "LD_PRELOAD": shim, "DROP_CLOCK_FILE": file.name}
        command = [sys.executable, "-c", CHILD]
        with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as child:
            before = look(child)
            write(file.name, -HOUR, HOUR)
            after = look(child)
            child.stdin.close()
    print(f"1..{len(NAMES)}")
    for number, (name, a, b, want) in enumerate(zip(NAMES, before, after, (-HOUR, HOUR, 0)), 1):
        ok = abs(b - a - want) < HOUR / 2
        print(f"{'ok' if ok else 'not ok'} {number} - {name} moved {b - a:.0f} s, wanted {want}")


main()
