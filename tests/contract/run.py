#!/usr/bin/env python3
"""The same requests to two API servers, or to one and to what was recorded of another; prints TAP.

    run.py --kubeconfig A --against B        plays each case on both and compares
    run.py --kubeconfig A --record           plays on A, a real cluster, and writes recorded/
    run.py --kubeconfig A --check            plays on A and compares with recorded/
    run.py --sim PROGRAM [--against B | --check]     A is a drop-sim, started for the run

--of VERSION: A is another Kubernetes than that of recorded/; what it says otherwise is in recorded/other/VERSION.json, the whole
record of each such case, and --record writes that file. A case there that is as in recorded/ is a failure, too.
--node NAME: a node that takes pods (default: the first); --expire 'COMMAND': makes A forget its
history (a drop-sim is asked itself). A deviation that deviations.py names must be there, with its
reason; one that is not named, or named and gone, is a failure. PATTERN: shell patterns of case names.
"""
import argparse
import contextlib
import difflib
import fnmatch
import json
import os
import shlex
import subprocess
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "scenarios")]

import cases_crds
import cases_kubelet
import cases_lists
import cases_objects
import cases_operator
import cases_server
import deviations
import kubelet
from player import Player
from side import Side
from simulator import Simulator
from steps import NS
from tap import Tap

SCENARIO = os.path.join(FOLDER, "scenario.yaml")
RECORDED = os.path.join(FOLDER, "recorded")
GROUPS = {  # file of the record -> its cases; the last group disturbs the others
    "objects": cases_objects.CASES,
    "operator": cases_operator.CASES,
    "lists": cases_lists.CASES,
    "server": cases_server.CASES,
    "crds": cases_crds.CASES,
    "kubelet": cases_kubelet.CASES,
    "expired": cases_lists.LAST,
}
DIFF_LINES = 30  # of one case that are shown


def group_cases(group, patterns):
    return [case for case in GROUPS[group] if not patterns
            or any(fnmatch.fnmatch(case.name, p) or p == group for p in patterns)]


def load(group):
    try:
        with open(os.path.join(RECORDED, f"{group}.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def load_other(version):
    """{case name: record} of those cases that this Kubernetes answers otherwise."""
    try:
        with open(os.path.join(RECORDED, "other", f"{version}.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def store_other(version, group, records):
    """Of the records of this group those that differ; the file's others stay if they are still cases."""
    base, played = load(group), {case.name for case in GROUPS[group] if case.name in records}
    cases = {case.name for group in GROUPS.values() for case in group}
    kept = {name: one for name, one in load_other(version).items() if name in cases - played}
    kept.update({name: one for name, one in records.items() if difference(base.get(name, []), one)})
    os.makedirs(os.path.join(RECORDED, "other"), exist_ok=True)
    write(os.path.join("other", f"{version}.json"), dict(sorted(kept.items())))


def write(name, records):
    with open(os.path.join(RECORDED, name), "w", encoding="utf-8") as file:
        rows = [f"{json.dumps(name)}: [\n" + ",\n".join(
            "  " + json.dumps(row, sort_keys=True) for row in record) + "\n]"
            for name, record in records.items() if record]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")


def store(group, records):
    """Records of cases that were not played stay; those of cases that are no more go."""
    kept = {case.name: records.get(case.name, load(group).get(case.name)) for case in GROUPS[group]}
    write(f"{group}.json", kept)


def lines(record):
    return json.dumps(record, indent=1, sort_keys=True).splitlines()


def difference(want, got):
    """Unified; each changed line with the request it is about."""
    out = []
    for row_want, row_got in zip(want, got):
        if row_want != row_got:
            out.append(row_want.get("ask") or row_got.get("ask") or "events")
            out += list(difflib.unified_diff(lines(row_want), lines(row_got), "want", "got",
                                             lineterm="", n=1))[2:]
    if len(want) != len(got):
        out.append(f"{len(want)} answers, not {len(got)}")
    return out


def compare(tap, case, want, got, simulated):
    if want is None:
        tap.not_ok(case.name, "nothing is recorded: run with --record on a real cluster")
        return
    if case in cases_kubelet.CASES:
        want, got = kubelet.comparable(want, got, simulated)
    known = deviations.known(case.name) if simulated else None
    if known and not difference(want, got):
        tap.not_ok(case.name, f"agrees, although deviations.py says: {known[1]}")
        return
    if known:
        want, got = (deviations.without(known[0], record) for record in (want, got))
    diff = difference(want, got)
    if not tap.check(not diff, case.name, "the answers differ"):
        for line in diff[:DIFF_LINES]:
            tap.diag(line[:300])


def first_node(side):
    """A node that is Ready, by name; "" when there is none."""
    items = side.ask("GET", "/api/v1/nodes").body["items"]
    ready = [node["metadata"]["name"] for node in items
             if any(c["type"] == "Ready" and c["status"] == "True"
                    for c in node.get("status", {}).get("conditions") or [])]
    return ready[0] if ready else ""


def prepare(side):
    """The namespace of the cases, and its service account where there are such."""
    side.ask("POST", "/api/v1/namespaces", body={
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}})
    account = f"/api/v1/namespaces/{NS}/serviceaccounts/default"
    end = time.monotonic() + 60
    while side.ask("GET", account).code != 200 and time.monotonic() < end:
        if side.ask("GET", "/api/v1/serviceaccounts").code == 404:
            break
        time.sleep(0.1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kubeconfig", metavar="A")
    parser.add_argument("--sim", metavar="PROGRAM", help="drop-sim, to be started as A")
    parser.add_argument("--against", metavar="B", help="a kubeconfig: what A must agree with")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--of", metavar="VERSION", help="of Kubernetes, as 1.29")
    parser.add_argument("--node", metavar="NAME")
    parser.add_argument("--expire", metavar="COMMAND")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("patterns", metavar="PATTERN", nargs="*")
    args = parser.parse_args()
    if not args.list and bool(args.kubeconfig) == bool(args.sim):
        parser.error("one of --kubeconfig and --sim")
    return args


def player_of(args, stack):
    """The player of A."""
    if args.sim:
        sim = stack.enter_context(Simulator(args.sim, SCENARIO))
        side = Side("drop-sim", sim.kubeconfig)
        return Player(side, args.node or first_node(side), lambda: sim.expire(side))
    side = Side("A", args.kubeconfig)
    expire = None
    if args.expire:
        def expire():
            subprocess.run(shlex.split(args.expire), check=True, capture_output=True)
    return Player(side, args.node or first_node(side), expire)


def playable(tap, group, chosen, player):
    """The cases that this side can play; the others are said to be skipped."""
    if group == "kubelet" and chosen and not player.node:
        tap.skip(group, "there is no node that is Ready")
        return []
    if group == "expired" and chosen and player.expire is None:
        tap.skip(group, "no --expire")
        return []
    if cases_kubelet.FULL in chosen and not player.can_fill():
        tap.skip(cases_kubelet.FULL.name, "the node takes too many pods to fill it")
        chosen.remove(cases_kubelet.FULL)
    return chosen


def play(group, chosen, player):
    """{case name: record}. Cases on a node mostly wait: together, but for the one that fills it."""
    if group != "kubelet":
        return {case.name: player.play(case) for case in chosen}
    together = [case for case in chosen if case is not cases_kubelet.FULL]
    records = dict(zip((case.name for case in together), player.play_together(together)))
    if cases_kubelet.FULL in chosen:
        records[cases_kubelet.FULL.name] = player.play(cases_kubelet.FULL)
    return records


def record(tap, group, chosen, player, version):
    old, new = load(group), play(group, chosen, player)
    for name, got in new.items():
        broken = any("broken" in row for row in got)
        tap.check(not broken, f"recorded: {name}", got[-1] if broken else "")
        new[name] = got if version else kubelet.merged(old.get(name), got)
    if version:
        store_other(version, group, new)
    else:
        store(group, new)


def play_group(tap, group, args, player, other):
    chosen = playable(tap, group, group_cases(group, args.patterns), player)
    if args.record:
        record(tap, group, chosen, player, args.of)
        return
    wanted = play(group, chosen, other) if other else load(group)
    otherwise = load_other(args.of) if args.of else {}
    for name, got in play(group, chosen, player).items():
        case = next(case for case in chosen if case.name == name)
        if name in otherwise and not difference(wanted.get(name) or [], got):
            tap.not_ok(name, f"is answered as in recorded/, although recorded/other/{args.of}.json has another answer")
            continue
        compare(tap, case, otherwise.get(name) or wanted.get(name), got, bool(args.sim))


def main():
    args = arguments()
    if args.list:
        print("\n".join(f"{group}: {case.name}" for group in GROUPS for case in GROUPS[group]))
        return 0
    tap = Tap()
    with contextlib.ExitStack() as stack:
        player = player_of(args, stack)
        other = None
        if args.against:
            side = Side("B", args.against)
            prepare(side)
            other = Player(side, first_node(side))
        prepare(player.side)
        for group in GROUPS:
            play_group(tap, group, args, player, other)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
