#!/usr/bin/env python3
"""make attack: every attack, longer than in make test, and the figures of all in one table at the end.

    run.py --build DIR --asan DIR [--seconds N] [--minutes N]

--seconds: of each attack on a port (15); --minutes: among hostile servers (1), on the build with sanitizers.
The bounds are those of docs/limits.md; exit status 1: one did not hold.
"""
import argparse
import os
import pathlib
import subprocess
import sys

import load

FOLDER = pathlib.Path(__file__).resolve().parent


def play(words, env=None):
    """Runs a part and shows what it prints; (ok, its rows of figures)."""
    rows = []
    with subprocess.Popen([sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **(env or {})}) as part:
        for line in part.stdout:
            print(line, end="", flush=True)
            if " -> " in line and line.startswith("# "):
                rows.append(line[2:].rstrip())
    return part.returncode == 0, rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--asan", required=True)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--minutes", type=float, default=1)
    args = parser.parse_args()
    ports = [FOLDER / "on_metricsd.py", f"{args.build}/metricsd/drop-metricsd", f"{args.build}/tests/pipeline/testproc"]
    parts = [
        play(ports, {"DROP_ATTACK_SECONDS": str(args.seconds)}),
        play([FOLDER / "on_operator.py", "--build", args.build]),
        play([FOLDER / "hostile.py", "--build", args.asan, "--minutes", args.minutes]),
    ]
    print(f"\n{load.HEADER}")
    for _, rows in parts:
        print("\n".join(rows))
    ok = all(good for good, _ in parts)
    print("every bound held" if ok else "a bound did not hold: see 'not ok' above")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
