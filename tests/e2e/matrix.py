#!/usr/bin/env python3
"""The cluster suite on each pair of Kubernetes and runtime: `make test-matrix`.

    matrix.py --build DIR [--pair KUBERNETES/RUNTIME]... [--jobs N] [--record] [MODULE]...
    matrix.py --read FILE --pair KUBERNETES/RUNTIME [--commit HASH] [--record]
    matrix.py --page | --check

Runs run.py once a pair, one after the other, with the modules that scope.py names for it or those named here, and prints what
failed. --read takes what an earlier run printed instead, `run.py` or `make test`, of the commit HASH. --record keeps the results of
these pairs and modules in matrix.json, with the commit; --page writes them into docs/compatibility.md, --check says whether they
are there.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import time

import plan
from scope import ONLY, PAIRS, applies

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
RECORD = os.path.join(FOLDER, "matrix.json")
PAGE = os.path.join(ROOT, "docs", "compatibility.md")
BEGIN, END = "<!-- results: tests/e2e/matrix.py --page -->\n", "<!-- end of results -->\n"
LINE = re.compile(r"^(ok|not ok) \d+ - (\w+)\.([\w]+): ?(.*?)( # SKIP (.*))?$")
TOOK = re.compile(r"^# (\w+)\.\w+ took ([\d.]+) s$")


def result():
    return {"passed": 0, "failed": 0, "skipped": [], "seconds": 0, "tests": 0}


def read(lines, tell):
    """{module: result} of a TAP output; tell(line) is called with what failed."""
    found = collections.defaultdict(result)
    for line in lines:
        line = line.rstrip("\n")
        if took := TOOK.match(line):
            found[took[1]]["seconds"] += float(took[2])
            found[took[1]]["tests"] += 1
        if not (said := LINE.match(line)):
            continue
        one = found[said[2]]
        if said[6]:
            one["skipped"].append(f"{said[3]}: {said[6]}")
        elif said[1] == "ok":
            one["passed"] += 1
        else:
            one["failed"] += 1
            tell(line)
    return found


def commit():
    """What is tested; with a + if the tree is not just that."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", ".", f":!{os.path.relpath(RECORD, ROOT)}", f":!{os.path.relpath(PAGE, ROOT)}")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def dated(found, tested):
    for one in found.values():
        one["seconds"] = round(one["seconds"])
        del one["tests"]
        one["commit"], one["day"] = tested, time.strftime("%Y-%m-%d", time.gmtime())
    return found


def cluster_stage(lines):
    """Of what `make test` prints, the tests on the clusters; all, if that is not what it is."""
    lines = list(lines)
    begin = next((i for i, line in enumerate(lines) if line.rstrip() == "== cluster"), None)
    if begin is None:
        return lines
    return lines[begin:next((i for i, line in enumerate(lines) if line.startswith("== cluster: ")), None)]


def earlier(pair, args):
    """As run(), of a run that is over. A module whose last test was cut off is left out."""
    with open(args.read, encoding="utf-8", errors="replace") as file:
        found = read(cluster_stage(file), lambda line: print(f"{pair}: {line}", flush=True))
    expected = collections.Counter(plan.module_of(name) for name, _ in plan.tests(sorted(found)))
    whole = {module: one for module, one in found.items() if module in plan.WHOLE or one["tests"] >= expected[module]}
    if args.modules:
        whole = {module: one for module, one in whole.items() if module in args.modules}
    for module in sorted({*(args.modules or found)} - {*whole}):
        print(f"# {pair} {module}: not all of its tests were run", flush=True)
    return dated(whole, args.commit or commit()), not any(one["failed"] for one in whole.values())


def run(pair, args):
    command = [sys.executable, "-u", os.path.join(FOLDER, "run.py"), "--build", args.build, "--pair", pair, "--jobs", str(args.jobs)]
    tested = commit()
    print(f"# {pair}, {tested}", flush=True)
    modules = args.modules or [name for name in plan.modules(matrix=True) if applies(name, pair)]
    with subprocess.Popen(command + modules, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        found = read(process.stdout, lambda line: print(f"{pair}: {line}", flush=True))
    for module in modules:
        found.setdefault(module, result())
    dated(found, tested)
    if not any(one["passed"] for one in found.values()):
        print(f"{pair}: no test was run", flush=True)
        return found, False
    return found, process.returncode == 0


def recorded():
    with open(RECORD, encoding="utf-8") as file:
        return json.load(file)


def record(pair, found):
    table = recorded()
    table.setdefault(pair, {}).update(found)
    with open(RECORD, "w", encoding="utf-8") as file:
        json.dump(table, file, indent=1, sort_keys=True)
        file.write("\n")


def cell(one):
    """What is printed of a run."""
    text = f"{one['passed']} passed" if not one["failed"] else f"{one['failed']} failed, {one['passed']} passed"
    if one["skipped"]:
        text += f", {len(one['skipped'])} not applicable"
    return f"{text} ({one['seconds']} s, {one['commit']})"


def short_cell(one, wanted):
    """The same in the table of the page."""
    if one is None:
        return "not run" if wanted else "–"
    text = str(one["passed"]) if not one["failed"] else f"**{one['failed']} failed**, {one['passed']}"
    return text + "*" * bool(one["skipped"])


def words(pair):
    return pair.replace("/", ", ").replace("-", " ").replace("crio", "CRI-O")


def summary(table, pairs, modules):
    """A row for each pair: how many modules passed, failed, cannot be run there, and have no result."""
    yield "| Kubernetes, runtime | modules passed | failed | not applicable | not run | checks passed | commits |"
    yield "|---|---|---|---|---|---|---|"
    for pair in pairs:
        found = table[pair]
        failed = sum(one["failed"] > 0 for one in found.values())
        passed = sum(one["passed"] > 0 and not one["failed"] for one in found.values())
        missing = sum(applies(module, pair) and module not in found for module in modules)
        checks = sum(one["passed"] for one in found.values())
        commits = ", ".join(sorted({one["commit"] for one in found.values()}))
        yield f"| {words(pair)} | {passed} | {failed} | {len(found) - passed - failed} | {missing} | {checks:,} | {commits} |"


def not_applicable(table, pairs):
    """A line for each module and reason, with the pairs and tests."""
    lines = collections.defaultdict(lambda: ({}, {}))
    for pair in pairs:
        for module, one in table[pair].items():
            for test, _, reason in (text.partition(": ") for text in one["skipped"]):
                lines[module, reason][0][words(pair)] = lines[module, reason][1][test] = True
    for (module, reason), (where, tests) in sorted(lines.items()):
        names = "" if [*tests] == [module] else f" ({', '.join(tests)})"
        yield f"- {module}{names} on {'; '.join(where)}: {reason}"


def page():
    """The page, with the results that are recorded."""
    table = recorded()
    modules = sorted({*plan.modules(matrix=True), *(module for found in table.values() for module in found)})
    pairs = [pair for pair in PAIRS if pair in table]
    lines = [*summary(table, pairs, modules), "",
             "Checks that passed, by module. `–`: not run by design (see below). `not run`: no result is recorded. `*`: some checks "
             "are not", "applicable there.", "",
             "| module | " + " | ".join(words(pair).replace(", ", "<br>") for pair in pairs) + " |", "|---" * (len(pairs) + 1) + "|"]
    lines += [f"| {module} | " + " | ".join(short_cell(table[pair].get(module), applies(module, pair)) for pair in pairs) + " |"
              for module in modules]
    lines += ["", "Modules that run on some pairs only, and what they test:", ""]
    lines += [f"- {module}: {why}" for module, (_, why) in sorted(ONLY.items())]
    lines += ["", "Not applicable:", "", *(list(not_applicable(table, pairs)) or ["- nothing"])]
    with open(PAGE, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    return before + BEGIN + "\n".join(lines) + "\n" + END + rest.partition(END)[2]


def check():
    with open(PAGE, encoding="utf-8") as file:
        same = file.read() == page()
    unknown = sorted({*ONLY} - {*plan.modules(matrix=True)})
    print(f"1..2\n{'ok' if same else 'not ok'} 1 - docs/compatibility.md is what matrix.py --page writes")
    print(f"{'not ok' if unknown else 'ok'} 2 - scope.py names modules that there are" + (f" # not {unknown}" if unknown else ""))
    return 0 if same and not unknown else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", metavar="DIR")
    parser.add_argument("--pair", metavar="KUBERNETES/RUNTIME", action="append", choices=PAIRS)
    parser.add_argument("--jobs", metavar="N", type=int, default=1)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--read", metavar="FILE")
    parser.add_argument("--commit", metavar="HASH")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("modules", metavar="MODULE", nargs="*")
    args = parser.parse_args()
    if args.check:
        return check()
    if args.page:
        text = page()
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    if args.read and len(args.pair or ()) != 1:
        parser.error("--read is of one --pair")
    good = True
    for pair in args.pair or PAIRS:
        found, fine = (earlier if args.read else run)(pair, args)
        good &= fine
        if args.record:
            record(pair, found)
        for module, one in sorted(found.items()):
            print(f"# {pair} {module}: {cell(one)}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
