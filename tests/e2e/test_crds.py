"""The CRDs on a real API server: what they accept, refuse, default and print (behaviour.md 33).

The cases are the rows of crd_cases.json: {kind, name, spec | status, want}; want is "accepted" or a
piece of the refusal. {"repeat": [x, n]} in a row stands for x * n. Nothing is left behind.
Also on its own, without programs: python3 tests/e2e/test_crds.py DIR-OF-A-CLUSTER
"""
import json
import os
import sys

from kubeapi import PATHS

FOLDER = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(FOLDER, "..", "..", "deploy")
GROUP = "drop.corewire.io/v1alpha1"
KINDS = {"cachedimage": "CachedImage", "cachedimageset": "CachedImageSet",
         "discoverypolicy": "DiscoveryPolicy", "pullpolicy": "PullPolicy"}
SPECS = {  # the least a spec must have
    "cachedimage": {"image": "docker.io/library/nginx", "tag": "1.25-alpine", "policyRef": {"name": "p"}},
    "cachedimageset": {"discoveryPolicyRef": {"name": "d"}},
    "discoverypolicy": {"sources": [{"type": "prometheus", "prometheus": {
        "endpoint": "http://prometheus", "query": "up", "lookback": "1h"}}]},
    "pullpolicy": {"failureBackoff": {}},
}
DEFAULTS = {
    "cachedimage": {"imagePullPolicy": "Always"},
    "cachedimageset": {"imagePullPolicy": "Always"},
    "discoverypolicy": {"syncInterval": "30m", "maxImages": 50},
    "pullpolicy": {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "10s", "maxPullsPerNode": 2,
                   "pullTimeout": "30m", "failureBackoff": {"initial": "30s", "max": "5m"}},
}
COLUMNS = {  # narrow, then what -o wide adds
    "cachedimage": ("NAME IMAGE TAG STATUS READY AGE", "DIGEST SET MESSAGE POLICY"),
    "cachedimageset": ("NAME STATUS READY MANAGED SOURCE AGE", "MESSAGE"),
    "discoverypolicy": ("NAME STATUS SOURCES IMAGES LASTSYNC AGE", "MESSAGE"),
    "pullpolicy": ("NAME MAXNODES MINDELAY REPULLINTERVAL AGE", ""),
}


def expand(value):
    if isinstance(value, list):
        return [expand(v) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"repeat"}:
        piece, times = value["repeat"]
        return piece * times
    return {k: expand(v) for k, v in value.items()}


def build(kind, name, spec, labels=None):
    obj = {"apiVersion": GROUP, "kind": KINDS[kind], "metadata": {"name": name, "labels": labels or {}}}
    if spec is not None:
        obj["spec"] = spec
    return obj


def ready(reason, message):
    return [{"type": "Ready", "status": "True", "reason": reason, "message": message,
             "lastTransitionTime": "2026-01-02T03:04:05Z"}]


def test_cases(t):
    with open(os.path.join(FOLDER, "crd_cases.json"), encoding="utf-8") as file:
        cases = [expand(row) for row in json.load(file)]
    for kind, spec in SPECS.items():
        t.api.apply(kind, build(kind, "crd-status", spec))
    for row in cases:
        path = PATHS[row["kind"]]
        if "status" in row:
            code, answer = t.api.ask("PATCH", f"{path}/crd-status/status?dryRun=All",
                                     {"status": row["status"]}, "application/merge-patch+json")
        else:
            code, answer = t.api.ask("POST", f"{path}?dryRun=All&fieldValidation=Strict",
                                     build(row["kind"], "crd-case", row.get("spec")))
        if row["want"] == "accepted":
            good = code in (200, 201)
        else:
            # Before 1.30 the fields of a status were told without it.
            message = answer.get("message", "")
            good = code == 422 and (row["want"] in message or (
                t.cluster.kubernetes < 30 and row["want"].removeprefix("status.") in message))
        outcome = "accepted" if row["want"] == "accepted" else "refused"
        t.check(good, f"{row['kind']}, {row['name']}: {outcome}",
                f"{code} {answer.get('message', 'accepted')}; want {row['want']}")
    for kind in SPECS:
        t.api.delete(kind, "crd-status")


def test_defaults(t):
    for kind, spec in SPECS.items():
        obj = t.api.must("POST", f"{PATHS[kind]}?dryRun=All", build(kind, "crd-default", spec))
        got = {k: obj["spec"].get(k) for k in DEFAULTS[kind]}
        t.check(got == DEFAULTS[kind], f"{kind}: defaults", f"{got}")
    source = t.api.must("POST", f"{PATHS['discoverypolicy']}?dryRun=All",
                        build("discoverypolicy", "crd-default", SPECS["discoverypolicy"]))
    step = source["spec"]["sources"][0]["prometheus"].get("step")
    t.check(step is None, "discoverypolicy: step has no default in the list of sources", f"{step}")
    bare = t.api.must("POST", f"{PATHS['pullpolicy']}?dryRun=All", build("pullpolicy", "bare", None))
    t.check(bare.get("spec", {}).get("maxConcurrentNodes") == 1,
            "pullpolicy: defaults without a spec", f"{bare}")


def test_samples(t):
    samples = os.path.join(DEPLOY, "samples", "samples.yaml")
    lines = t.kubectl("apply", "--dry-run=server", "-f", samples).splitlines()
    with open(samples, encoding="utf-8") as file:
        count = sum(line.startswith("kind:") for line in file)
    t.check(len(lines) == count, "every sample is accepted", f"{len(lines)} of {count}")


def make_printed(t):
    """One object of each kind with a status that fills every column."""
    labels = {"drop.corewire.io/imageset": "the-set"}
    for kind, spec in SPECS.items():
        t.api.apply(kind, build(kind, "crd-print", spec, labels))
    t.api.patch("pullpolicy", "crd-print", {"spec": {"repullInterval": "24h"}})
    t.api.patch("cachedimage", "crd-print", {"status": {
        "ready": "1/2", "resolvedDigest": "sha256:abc", "conditions": ready("Cached", "on-all")}}, "status")
    t.api.patch("cachedimageset", "crd-print", {"status": {
        "imagesReady": 1, "imagesManaged": 2, "conditions": ready("Ready", "all-cached")}}, "status")
    t.api.patch("discoverypolicy", "crd-print", {"status": {
        "sourceCount": 1, "imageCount": 7, "lastSyncTime": "2026-01-02T03:04:05Z",
        "conditions": ready("Synced", "found-7")}}, "status")


PRINTED = {  # the row of crd-print; None: an age
    "cachedimage": ["docker.io/library/nginx", "1.25-alpine", "Cached", "1/2", None, "sha256:abc",
                    "the-set", "on-all", "p"],
    "cachedimageset": ["Ready", "1", "2", "d", None, "all-cached"],
    "discoverypolicy": ["Synced", "1", "7", None, None, "found-7"],
    "pullpolicy": ["1", "10s", "24h", None],
}


def test_columns(t):
    make_printed(t)
    for kind, (narrow, wide) in COLUMNS.items():
        head = t.kubectl("get", kind).splitlines()[0].split()
        t.check(head == narrow.split(), f"{kind}: columns", " ".join(head))
        lines = t.kubectl("get", kind, "crd-print", "-o", "wide").splitlines()
        t.check(lines[0].split() == (narrow + " " + wide).split(), f"{kind}: wide columns", lines[0])
        cells = lines[1].split()[1:]
        good = len(cells) == len(PRINTED[kind]) and all(
            want is None or got == want for got, want in zip(cells, PRINTED[kind]))
        t.check(good, f"{kind}: what the columns show", lines[1])
    names = t.kubectl("get", "drop", "-o", "name").split()
    t.check(sum(name.endswith("/crd-print") for name in names) == 4, "category drop has all kinds",
            " ".join(names))
    for kind in SPECS:
        code, obj = t.api.ask("GET", f"{PATHS[kind]}/crd-print/status")[:2]
        t.check(code == 200 and obj["status"]["observedGeneration"] is not None,
                f"{kind}: rule 59: a status subresource, and a default in it", (code, obj))
        t.api.delete(kind, "crd-print")


# Specs that an older or another CRD let in, and ours would refuse.
ODD = {
    "neither-form": {},
    "both-forms": {**SPECS["discoverypolicy"], "queries": [{"name": "q", "type": "prometheus", "prometheus": {
        "endpoint": "http://p", "query": "up"}}]},
    "unknown-query": {"queries": [{"name": "q", "type": "prometheus", "prometheus": {"endpoint": "http://p", "query": "up"}}],
                      "signals": [{"name": "s", "query": "other", "type": "aggregate", "aggregate": {"method": "sum"}}]},
    "other-method": {"queries": [{"name": "q", "type": "registry", "registry": {"url": "http://r", "repositories": ["a"]}}],
                     "signals": [{"name": "s", "query": "q", "type": "aggregate", "aggregate": {"method": "median"}}]},
    "unknown-type": {"queries": [{"name": "q", "type": "oracle"}]},
    "long-names": {"queries": [{"name": "q" * 200, "type": "prometheus", "prometheus": {"endpoint": "http://p", "query": "up"}}]},
}
BY_CEL = ("both-forms", "unknown-query")  # refused by rules; the schema of the spec is not checked with a status
RATCHETS = (1, 30)  # since then what is unchanged is not validated again


def test_stored(t):
    """Objects of another CRD, stored before ours came, still take a status."""
    import yaml  # pylint: disable=import-outside-toplevel
    with open(os.path.join(DEPLOY, "crds", "discoverypolicies.yaml"), encoding="utf-8") as file:
        ours = yaml.safe_load(file)
    loose = json.loads(json.dumps(ours))
    loose["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object", "x-kubernetes-preserve-unknown-fields": True}

    def stored(name):
        code, answer = t.api.ask("POST", PATHS["discoverypolicy"], build("discoverypolicy", f"odd-{name}", ODD[name]))
        return code == 201 or (code, answer.get("message"))

    version = t.api.must("GET", "/version")
    number = int(version["major"]), int(version["minor"].rstrip("+"))
    t.api.apply("crd", loose)
    try:
        for name in ODD:
            t.eventually(f"{name} is stored", 30, lambda name=name: stored(name) is True)
    finally:
        t.api.apply("crd", ours)
    # The schema is in force once it refuses what it refuses.
    t.eventually("our CRD is in force", 30, lambda: t.api.ask(
        "POST", f"{PATHS['discoverypolicy']}?dryRun=All", build("discoverypolicy", "odd", ODD["both-forms"]))[0] == 422)
    for name in ODD:
        body = {"status": {"imageCount": 0, "conditions": ready("InvalidSpec", "text")}}
        code, answer = t.api.ask("PATCH", f"{PATHS['discoverypolicy']}/odd-{name}/status", body, "application/merge-patch+json")
        want = 200 if number >= RATCHETS or name not in BY_CEL else 422
        t.check(code == want, f"{name} takes a status: {want}", f"{code} {answer.get('message', '')}")
        t.api.delete("discoverypolicy", f"odd-{name}")


def main(folder):
    # Only here: the runner has them already.
    from cluster import Cluster  # pylint: disable=import-outside-toplevel
    from harness import Harness  # pylint: disable=import-outside-toplevel
    from tap import Tap  # pylint: disable=import-outside-toplevel
    t = Harness(Tap(), Cluster(folder, borrowed=True), None, None)
    t.cluster.up()
    t.api = t.cluster.api
    t.install_crds()
    for plural in ("cachedimages", "cachedimagesets", "discoverypolicies", "pullpolicies"):
        t.kubectl("wait", "--for=condition=Established", "--timeout=20s",
                  f"crd/{plural}.drop.corewire.io")
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            t.context = f"crds.{name.removeprefix('test_')}"
            test(t)
    return t.tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
