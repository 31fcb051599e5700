#!/usr/bin/env python3
"""kubectl drop with a kubectl that only writes down how it was called: which pod, which words, what on
standard input. TAP. plugin.py PLUGIN"""
import os
import pathlib
import subprocess
import sys
import tempfile

KUBECTL = """#!/bin/sh
if [ "$3" = get ]; then printf '%s' "$HOLDER"; [ -n "${LEASE-yes}" ]; exit; fi
printf '%s|' "$@"
case " $* " in *" -i "*) printf 'stdin=' && cat;; esac
exit 7
"""

# name, environment, words, exit code, output
ROWS = [
    ("the leader's pod is asked, its exit code passed on", {"HOLDER": "drop-7f_ab"}, ["status", "--check"],
     7, "-n|drop-system|exec|drop-7f|--|dropctl|status|--check|"),
    ("another namespace", {"HOLDER": "p_1", "DROP_NAMESPACE": "ns"}, ["why", "a b"],
     7, "-n|ns|exec|p|--|dropctl|why|a b|"),
    ("a file goes through standard input", {"HOLDER": "p_1"}, ["plan", "-f", "FILE", "-o", "json"],
     7, "-n|drop-system|exec|-i|p|--|dropctl|plan|-f|-|-o|json|stdin=text"),
    ("also as one word", {"HOLDER": "p_1"}, ["plan", "--file=FILE"],
     7, "-n|drop-system|exec|-i|p|--|dropctl|plan|--file=-|stdin=text"),
    ("nobody leads", {"HOLDER": ""}, ["status"], 111, "no replica leads"),
    ("no lease", {"HOLDER": "", "LEASE": ""}, ["status"], 111, "is drop installed there?"),
]


def main():
    failed = False
    with tempfile.TemporaryDirectory(prefix="drop-plugin-") as folder:
        work = pathlib.Path(folder)
        (work / "kubectl").write_text(KUBECTL)
        (work / "kubectl").chmod(0o755)
        (work / "manifest").write_text("text")
        print(f"1..{len(ROWS)}")
        for number, (name, env, words, code, output) in enumerate(ROWS, 1):
            words = [word.replace("FILE", str(work / "manifest")) for word in words]
            done = subprocess.run([sys.argv[1], *words], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=20, check=False,
                                  env={**os.environ, "KUBECTL": str(work / "kubectl"), **env})
            said = done.stdout + done.stderr
            good = done.returncode == code and (said == output if code == 7 else output in said)
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            if not good:
                print(f"# {done.returncode}: {said}")
    return failed


sys.exit(main())
