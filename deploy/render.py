#!/usr/bin/env python3
"""Writes what deploy/ derives from its sources, deploy/crds, deploy/monitoring and deploy/helm/drop:

    values.schema.json           its list of what `config` takes, from docs/configuration.md; keys that drop sets, from the CRDs
    deploy/helm/*/files          copies of deploy/crds, alerts and dashboard: a chart cannot reach out of its folder
    deploy/monitoring/servicemonitor.yaml    the chart's, for those without helm
    deploy/install.yaml          namespace and chart, rendered with the defaults: for `kubectl apply -f`
    deploy/kustomize/*.yaml      the same, and the CRDs: kustomize cannot reach out of its folder either

render.py [--helm HELM] [--crds-only] writes them; --check compares instead, as TAP. Rendering needs helm; without one
--check fails, and says by the fingerprint of the chart, which install.yaml carries, whether the chart was changed since.
"""
import argparse
import difflib
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

DEPLOY = pathlib.Path(__file__).resolve().parent
CHART = DEPLOY / "helm/drop"
CHARTS = [CHART, DEPLOY / "helm/drop-crds"]
NAMESPACE = "drop-system"
KUSTOMIZE = DEPLOY / "kustomize"
MONITORING = DEPLOY / "monitoring"
MONITORING_IN_CHART = ["prometheusrule.yaml", "dashboard.json"]
# Options that the chart passes only where `config` does not have them, or only with another value.
IN_CONFIG_TOO = ["log-level", "metrics-cert-path"]
# The image's name in install.yaml; kustomize's `images` or sed put the real one there.
IMAGE = "drop"

HEAD = f"""# Written by `make manifests` from deploy/helm/drop; edit that. Without the CRDs (deploy/crds), so that removing this file's
# objects removes nobody's CachedImages. The image is called "{IMAGE}": say where yours is (docs/install.md).
# chart: sha256:%s
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
"""


def crds():
    return {path.name: path.read_text() for path in sorted((DEPLOY / "crds").glob("*.yaml"))}


def fingerprint():
    digest = hashlib.sha256()
    for path in sorted(CHART.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(CHART)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def config_options():
    """{name: schema} of what the chart's `config` takes: the options that no other value sets, as the command line wins
    over the file. Options of a few words say them in the page's second column."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", (DEPLOY.parent / "docs/configuration.md").read_text(), re.M)
    templates = "".join(path.read_text() for path in sorted((CHART / "templates").glob("*.*")))
    passed = set(re.findall(r"--([a-z-]+)=", templates)) | {name for name, _ in rows if name.startswith("pull-pod-")}
    found = {}
    for name, takes in rows:
        words = re.findall(r"`([^`]+)`", takes)
        if name in IN_CONFIG_TOO or name not in passed | {"config", "bin-dir"}:
            found[name] = {"enum": words} if len(words) > 1 else {"type": ["string", "boolean", "number"]}
    return found


def schema():
    takes = json.dumps(config_options())
    own = re.search(r"k in \[(.*?)\]", (DEPLOY / "crds/cachedimages.yaml").read_text())[1].replace("'", '"')
    text = (CHART / "values.schema.json").read_text()
    for name, line in (("config", f'{{"type": "object", "additionalProperties": false, "properties": {takes}}}'),
                       ("keysThatDropSets", f'{{"enum": [{own}]}}')):
        text = re.sub(rf'^    "{name}": \{{.*$', f'    "{name}": {line},', text, count=1, flags=re.M)
    return text


def copies():
    """{path: text} of what needs no helm."""
    found = {chart / "files/crds" / name: text for chart in CHARTS for name, text in crds().items()}
    for name in MONITORING_IN_CHART:
        found[CHART / "files/monitoring" / name] = (MONITORING / name).read_text()
    found[CHART / "values.schema.json"] = schema()
    found[KUSTOMIZE / "crds.yaml"] = "---\n".join(crds().values())
    return found


def template(helm, *words):
    done = subprocess.run([helm, "template", "drop", CHART, "--namespace", NAMESPACE, "--set", "crds.install=false",
                           "--set", f"image.repository={IMAGE}", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"render.py: {done.stderr}")
    text = re.sub(r"^# Source: .*\n", "", done.stdout, flags=re.M)
    # Of these objects helm knows nothing.
    return re.sub(r"^ +(?:app\.kubernetes\.io/managed-by: Helm|helm\.sh/chart: .*)\n", "", text, flags=re.M)


def rendered(helm):
    """{path: text} of what helm makes of the chart as it is on the disk."""
    text = HEAD % fingerprint() + template(helm)
    monitor = template(helm, "--set", "serviceMonitor.enabled=true", "--show-only", "templates/metrics.yaml")
    monitor = "---\n".join(one for one in monitor.split("---\n") if "-scraper" in one)
    # A namespace transformer would move the Role in `default` as well.
    moved = HEAD % fingerprint() + template(helm, "--set", "rbac.eventsEverywhere=true")
    return {DEPLOY / "install.yaml": text, KUSTOMIZE / "operator.yaml": moved,
            MONITORING / "servicemonitor.yaml": "# Written by `make manifests` from deploy/helm/drop.\n" + monitor}


def find_helm(named):
    """The one that is named, on PATH, or built for the tests; None: there is none."""
    if named or shutil.which("helm"):
        return named or shutil.which("helm")
    built = subprocess.run([DEPLOY.parent / "tests/cluster/build.sh", "helm", "--path"],
                           capture_output=True, text=True, check=False)
    return built.stdout.strip() + "/helm" if built.returncode == 0 else None


def differences(files):
    for path, text in files.items():
        now = path.read_text() if path.exists() else ""
        if now != text:
            diff = difflib.unified_diff(now.splitlines(), text.splitlines(), lineterm="", n=0)
            yield path.relative_to(DEPLOY.parent), list(diff)[2:12]


def strays():
    """Copies of CRDs that are no more."""
    for chart in CHARTS:
        for path in (chart / "files/crds").glob("*"):
            if path.name not in crds():
                yield path.relative_to(DEPLOY.parent), ["no such file in deploy/crds"]


def check(helm):
    print("1..3")

    def say(number, name, found):
        for path, lines in found:
            print(f"# {path} differs; `make manifests` writes it")
            print("".join(f"#   {line}\n" for line in lines), end="")
        print(f"{'not ok' if found else 'ok'} {number} - {name}")

    say(1, "copies", list(differences(copies())) + list(strays()))
    stale = []
    for path in (DEPLOY / "install.yaml", KUSTOMIZE / "operator.yaml"):
        said = re.search(r"^# chart: sha256:(\w+)$", path.read_text(), re.M)
        if not said or said[1] != fingerprint():
            stale.append((path.relative_to(DEPLOY.parent), ["the chart was changed since"]))
    say(2, "install.yaml is of this chart", stale)
    if helm:
        say(3, "install.yaml is what helm renders", list(differences(rendered(helm))))
    else:
        print("# no helm: tests/cluster/build.sh helm builds one, or put one on PATH")
        print("not ok 3 - install.yaml is what helm renders")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--helm", help="without it the one on PATH, or that of tests/cluster/build.sh helm")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--crds-only", action="store_true", help="write what needs no helm")
    args = parser.parse_args()
    helm = find_helm(args.helm)
    if args.check:
        return check(helm)
    files = copies()
    for path, _ in strays():
        (DEPLOY.parent / path).unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if args.crds_only:
        return None
    if helm is None:
        sys.exit("render.py: no helm: tests/cluster/build.sh helm builds one, or put one on PATH")
    for path, text in rendered(helm).items():
        path.write_text(text)
    return None


main()
