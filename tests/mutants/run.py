#!/usr/bin/env python3
"""run.py --scratch DIR [RULE...]: breaks the code one line at a time; each time a test must fail.
run.py --check [BUILD]: only looks that each line is there, once, and that BUILD has each test program;
builds nothing.

Works on a copy of what git has, in DIR, and builds only the test at hand. A mutant that survives, or
whose line is not there any more, is a failure of this run. Prints TAP.
"""
import argparse
import os
import subprocess
import sys

from mutants import MUTANTS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEST_SECONDS = 300


def prepare(scratch):
    """The copy and its build folder; both are kept for the next run."""
    tree, build = os.path.join(scratch, "tree"), os.path.join(scratch, "build")
    os.makedirs(tree, exist_ok=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    # -m: newer than what the last mutant of the last run was built to.
    subprocess.run(["tar", "-x", "-m", "-C", tree], input=archive.stdout, check=True)
    if not os.path.isfile(os.path.join(build, "build.ninja")):
        subprocess.run(["meson", "setup", build, tree], check=True, capture_output=True)
    return tree, build


def passes(build, test, words):
    """Does the test pass? None if it does not even build."""
    made = subprocess.run(["ninja", "-C", build, test], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        print("# " + "\n# ".join(made.stdout.splitlines()[-8:]))
        return None
    try:
        run = subprocess.run([os.path.join(build, test), *words], capture_output=True, check=False,
                             timeout=TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def survives(tree, build, mutant):
    """Why the mutant is no good, or "" if its test fails as it must."""
    path = os.path.join(tree, mutant.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(mutant.old) != 1:
        return f"its line is there {text.count(mutant.old)} times"
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(mutant.old, mutant.new))
        good = passes(build, mutant.test, mutant.words)
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return {True: "its test passes all the same", None: "it does not compile", False: ""}[good]


def check(build):
    """Every line that a mutant breaks is in its file exactly once; every test program is one of the build."""
    bad = []
    if build:
        made = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], check=True, capture_output=True, text=True)
        targets = {line.partition(":")[0] for line in made.stdout.splitlines()}
        bad += [f"# no such test program: {test}" for test in sorted({m.test for m in MUTANTS} - targets)]
    for mutant in MUTANTS:
        with open(os.path.join(ROOT, mutant.file), encoding="utf-8") as file:
            count = file.read().count(mutant.old)
        if count != 1:
            bad.append(f"# {mutant.file}: there {count} times: {mutant.old.strip()}")
    print("1..1", f"{'not ' if bad else ''}ok 1 - {len(MUTANTS)} lines are where mutants break them", *bad, sep="\n")
    return bool(bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scratch", metavar="DIR")
    parser.add_argument("--check", nargs="?", const="", metavar="BUILD")
    parser.add_argument("rules", metavar="RULE", nargs="*", type=int)
    args = parser.parse_args()
    if args.check is not None:
        return check(args.check)
    if args.scratch is None:
        parser.error("--scratch DIR says where to build; or --check")
    chosen = [m for m in MUTANTS if not args.rules or m.rule in args.rules]
    tree, build = prepare(os.path.abspath(args.scratch))
    tests = sorted({(m.test, tuple(m.words)) for m in chosen})
    print(f"1..{len(chosen) + len(tests)}")
    bad = 0
    for number, (test, words) in enumerate(tests, 1):
        good = passes(build, test, words)
        bad += not good
        print(f"{'' if good else 'not '}ok {number} - {test} passes as the code is", flush=True)
    for number, mutant in enumerate(chosen, len(tests) + 1):
        why = survives(tree, build, mutant)
        bad += bool(why)
        line = " ".join(mutant.old.split())[:70]
        print(f"{'not ' if why else ''}ok {number} - rule {mutant.rule}: {mutant.file}: {line}"
              f"{' # ' + why if why else ''}", flush=True)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
