#!/usr/bin/env python3
"""The catalogue and the counters against the sources, so that no row is dead.

Fails when a message of ipc/messages.def has no sender in its `from` program or no
handler in its `to` program, when a counter of ipc/stats.h is never counted, or when
something is counted that is not in it. Usage: catalogue.py ROOT. Prints TAP.
"""
import pathlib
import re
import sys

SENDERS = {"PUB": "proc_publish", "REQ": "proc_request", "REP": "proc_reply"}
PROGRAMS = {"WATCHER": "watcher", "RECONCILER": "reconciler", "PULLER": "puller", "CTL": "dropctl"}


def text_of(folder):
    return "\n".join(p.read_text() for p in sorted(folder.glob("*.c")))


def calls(text, function):
    """The argument text of each call of function."""
    for start in re.finditer(r"\b%s\(" % function, text):
        depth, at = 1, start.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield text[start.end():at - 1]


def catalogue(root):
    text = (root / "ipc/messages.def").read_text()
    rows = re.findall(r"\bM\((\d+), (\w+), (\w+), (\w+), (\w+), (\w+),", text)
    return [dict(zip(("id", "name", "from", "to", "pattern", "reply"), r)) for r in rows]


def folders(party, root):
    """ANY may be any program, or the shared loop on behalf of all of them."""
    if party == "ANY":
        return [root / f for f in sorted(set(PROGRAMS.values()))] + [root / "ipc"]
    return [root / PROGRAMS[party]]


def check_row(row, root):
    name = "MSG_" + row["name"]
    sent = handled = False
    for folder in folders(row["from"], root):
        text = text_of(folder)
        # As an argument: of the call itself or of a function in the folder that makes it.
        sent |= SENDERS[row["pattern"]] + "(" in text and re.search(r"[(,]\s*%s," % name, text) is not None
        # proc_mirror() encodes frames itself: a frame must not be mirrored again.
        sent |= name == "MSG_tap_frame" and "msg_encode(" + name in text
    for folder in folders(row["to"], root):
        text = text_of(folder)
        handled |= re.search(r"\[%s\]\s*=" % name, text) is not None
        # The shared loop answers for every process.
        handled |= name == "MSG_stats_get" and "on_stats_get" in text
    problems = []
    if not sent:
        problems.append("no %s(.. %s ..) in %s" % (SENDERS[row["pattern"]], name, row["from"]))
    if not handled:
        problems.append("no [%s] = in %s" % (name, row["to"]))
    return problems


def check_counters(root):
    table = (root / "ipc/stats.h").read_text()
    rows = set(re.findall(r"\bC\((\w+),\s*\"", table))
    programs = ["ipc", "kube"] + sorted(set(PROGRAMS.values()))
    counted = set()
    for folder in programs:
        text = text_of(root / folder)
        for arguments in calls(text, "proc_count"):
            counted.update(re.findall(r"\"(\w+)\"", arguments))
        counted.update(n for n in re.findall(r"\bSTAT_(\w+)\]", text) if n not in ("COUNT",))
    problems = ["counter %s is never counted" % n for n in sorted(rows - counted)]
    problems += ["%s is counted but not in ipc/stats.h" % n for n in sorted(counted - rows)
                 if not n.startswith("dropped_") and n != "name"]
    return problems


def main():
    root = pathlib.Path(sys.argv[1])
    rows = catalogue(root)
    results = [("at least a dozen messages", [] if len(rows) >= 12 else ["parse: %d" % len(rows)])]
    results += [("message " + r["name"], check_row(r, root)) for r in rows]
    results.append(("counters", check_counters(root)))
    print("1..%d" % len(results))
    for n, (name, problems) in enumerate(results, 1):
        print("%sok %d - %s" % ("not " if problems else "", n, name))
        for p in problems:
            print("# " + p)
    return 1 if any(p for _, p in results) else 0


sys.exit(main())
