#!/usr/bin/env python3
"""The catalogue and the metrics against the sources, so that no row is dead.

Fails when a message of ipc/messages.def has no sender in its `from` program or no
handler in its `to` program, or when a metric of ipc/metrics.def is not recorded by the
program that owns it. Programs that are not in the tree are asked nothing.
Usage: catalogue.py ROOT. Prints TAP.
"""
import pathlib
import re
import sys

SENDERS = {"PUB": "proc_publish", "REQ": "proc_request", "REP": "proc_reply"}
PROGRAMS = {"WATCHER": "watcher", "RECONCILER": "reconciler", "PULLER": "puller",
            "DISCOVERER": "discoverer", "METRICSD": "metricsd", "CTL": "dropctl"}
ASKERS = ("METRICSD", "CTL")


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
    if party == "ASKER":
        return [root / PROGRAMS[one] for one in ASKERS if (root / PROGRAMS[one]).exists()]
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
        handled |= name == "MSG_metrics_get" and "on_metrics_get" in text
    problems = []
    if not sent:
        problems.append("no %s(.. %s ..) in %s" % (SENDERS[row["pattern"]], name, row["from"]))
    if not handled:
        problems.append("no [%s] = in %s" % (name, row["to"]))
    return problems


def metrics(root):
    text = (root / "ipc/metrics.def").read_text()
    return re.findall(r"\bM\((\w+), (\w+), (COUNTER|GAUGE|HISTOGRAM),", text)


def check_metric(name, owner, kind, root):
    """Recorded by a call of its owner; `any`: by the shared loop or by any program."""
    programs = sorted(set(PROGRAMS.values()))
    homes = [root / f for f in (["ipc"] + programs if owner == "any" else [owner])]
    if not any(home.exists() for home in homes):
        return []
    text = "\n".join(text_of(home) for home in homes)
    problems = []
    if owner != "any" and owner not in programs:
        problems.append("no program %s" % owner)
    recorded = {"HISTOGRAM": ["metric_observe"], "GAUGE": ["metric_set"], "COUNTER": ["metric_add", "metric_set"]}
    if not any(re.search(r"\bMETRIC_%s\b" % name, arguments)
               for call in recorded[kind] for arguments in calls(text, call)) \
            and ("families[METRIC_%s].plain++" % name) not in text:
        problems.append("no %s(.. METRIC_%s ..) in %s" % (recorded[kind][0], name, owner))
    if (kind == "COUNTER") != name.endswith("_total"):
        problems.append("the name of a counter ends in _total, and no other")
    return problems


def main():
    root = pathlib.Path(sys.argv[1])
    rows = catalogue(root)
    results = [("at least a dozen messages", [] if len(rows) >= 12 else ["parse: %d" % len(rows)])]
    results += [("message " + r["name"], check_row(r, root)) for r in rows]
    table = metrics(root)
    results.append(("at least a dozen metrics", [] if len(table) >= 12 else ["parse: %d" % len(table)]))
    results += [("metric " + name, check_metric(name, owner, kind, root)) for name, owner, kind in table]
    print("1..%d" % len(results))
    for n, (name, problems) in enumerate(results, 1):
        print("%sok %d - %s" % ("not " if problems else "", n, name))
        for p in problems:
            print("# " + p)
    return 1 if any(p for _, p in results) else 0


sys.exit(main())
