#!/usr/bin/env python3
"""deploy/monitoring against the table of metrics: every metric that an alert or a panel names exists, with the
labels it asks for; promtool understands the rules, and the cases of alert_cases.yaml come out; each alert has its
runbook. Usage: monitoring.py ROOT. Prints TAP.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(sys.argv[1])
FOLDER = ROOT / "deploy/monitoring"
# Of Prometheus and the Prometheus operator.
TARGET_LABELS = {"namespace", "pod", "le", "job", "instance"}
ALERTS_WANTED = {"DropImageDegraded", "DropQueueStuck", "DropDiscoverySourceDown", "DropDown", "DropEvictionChurn",
                 "DropLeaseLost"}


def table():
    """{name: (type, labels)} from docs/metrics.md, which the build compares with ipc/metrics.def."""
    rows = {}
    for name, kind, labels in re.findall(r"^\| `(drop_\w+)` \| (\w+) \| ([^|]*) \|", (ROOT / "docs/metrics.md").read_text(),
                                         re.M):
        labels = set(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            rows.update({name + suffix: labels for suffix in ("_bucket", "_sum", "_count")})
        else:
            rows[name] = labels
    return rows


def rules():
    return yaml.safe_load((FOLDER / "prometheusrule.yaml").read_text())["spec"]


def alerts():
    return [rule for group in rules()["groups"] for rule in group["rules"] if "alert" in rule]


def expressions():
    for group in rules()["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def faults_of(where, expr, known):
    names = set(re.findall(r"\bdrop_\w+", expr))
    if not names:
        yield f"{where}: no metric of ours in {expr}"
    for name in names - known.keys():
        yield f"{where}: there is no {name}"
    allowed = TARGET_LABELS.union(*(known.get(name, set()) for name in names))
    asked = {label for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expr) for label in re.findall(r"\w+", group)}
    asked |= {label for group in re.findall(r"\{([^}]*)\}", expr) for label in re.findall(r"(\w+)\s*[=!]", group)}
    for label in asked - allowed:
        yield f"{where}: no label {label} on {sorted(names)}"


def check_names():
    known = table()
    if len(known) < 40:
        yield f"docs/metrics.md is not understood: {len(known)} metrics"
    for where, expr in expressions():
        yield from faults_of(where, expr, known)


def check_counters_are_not_taken_as_they_are():
    for where, expr in expressions():
        for name in re.findall(r"\bdrop_\w+_total\b", expr):
            if not re.search(r"(rate|increase)\(" + name, expr):
                yield f"{where}: {name} without rate() or increase()"


def check_alerts():
    missing = ALERTS_WANTED - {rule["alert"] for rule in alerts()}
    if missing:
        yield f"no alert {sorted(missing)}"
    for rule in alerts():
        for text in ("summary", "description", "runbook"):
            if len(rule["annotations"].get(text, "")) < 20:
                yield f"{rule['alert']} has no {text}"


def check_runbooks():
    """Each alert has its section of the page, by the anchor that GitHub and others make of its heading; no section is stale."""
    page = (ROOT / "docs/troubleshooting.md").read_text()
    sections = dict(re.findall(r"^### (Drop\w+)\n\n(.*?)(?=\n##)", page, re.M | re.S))
    template = (ROOT / "deploy/helm/drop/templates/monitoring.yaml").read_text()
    base = re.search(r'replace "(https://[^"]+)"', template)[1]
    for rule in alerts():
        url = rule["annotations"].get("runbook_url")
        if url != f"{base}#{rule['alert'].lower()}":
            yield f"{rule['alert']}: runbook_url {url}"
        if len(sections.pop(rule["alert"], "")) < 100:
            yield f"docs/troubleshooting.md has no section {rule['alert']}"
    for name in sections:
        yield f"docs/troubleshooting.md: there is no alert {name}"


def check_panels():
    """Of the dashboard: each has an id of its own, and none covers another."""
    taken, ids = {}, set()
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        title, at = panel["title"], panel["gridPos"]
        if panel["id"] in ids:
            yield f"{title}: its id {panel['id']} is another's"
        ids.add(panel["id"])
        if at["x"] + at["w"] > 24:
            yield f"{title}: wider than the page"
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if taken.setdefault(cell, title) != title:
                yield f"{title}: covers {taken[cell]}"
                break


def check_promtool():
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder, "rules.yaml")
        plain.write_text(yaml.safe_dump(rules()))
        done = subprocess.run([promtool, "check", "rules", plain], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield done.stdout + done.stderr
        # Each expression of the dashboard as a rule: the same parser.
        panels = [{"record": f"panel:{i}", "expr": expr.replace("$__rate_interval", "5m")}
                  for i, (_, expr) in enumerate(expressions())]
        plain.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": panels}]}))
        done = subprocess.run([promtool, "check", "rules", "--lint=none", plain], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            yield done.stdout + done.stderr


def check_alert_cases():
    """Which alerts fire on which series, by promtool; of the annotations only the summary is compared."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        short = rules()
        for group in short["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    rule["annotations"] = {"summary": rule["annotations"]["summary"]}
        pathlib.Path(folder, "rules.yaml").write_text(yaml.safe_dump(short))
        cases = pathlib.Path(folder, "cases.yaml")
        cases.write_text(pathlib.Path(__file__).with_name("alert_cases.yaml").read_text())
        done = subprocess.run([promtool, "test", "rules", cases], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield done.stdout + done.stderr


def check_manifests():
    for name in ("servicemonitor.yaml", "prometheusrule.yaml"):
        for manifest in yaml.safe_load_all((FOLDER / name).read_text()):
            if not {"apiVersion", "kind", "metadata"} <= manifest.keys():
                yield f"{name}: not an object"


def main():
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    print(f"1..{len(checks)}")
    failed = False
    for number, (name, check) in enumerate(checks, 1):
        faults = [str(fault).replace("\n", "\n# ") for fault in check()]
        failed |= bool(faults)
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    return failed


sys.exit(main())
