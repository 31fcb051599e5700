"""What the CRDs accept, refuse and default (behaviour.md 33): the rows of tests/e2e/crd_cases.json,
each as a create (or a patch of a status), and the defaults of an object that says nothing.

Compared are code, reason and which fields are at fault; the texts are each server's own. Rows whose
rule is a CEL expression are the real server's alone; see deviations.py.
"""
import json
import os

from steps import DISCOVERIES, GROUP, IMAGES, POLICIES, SETS, Case, merge, post

ROWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "crd_cases.json")
KINDS = {"cachedimage": ("CachedImage", IMAGES), "cachedimageset": ("CachedImageSet", SETS),
         "discoverypolicy": ("DiscoveryPolicy", DISCOVERIES), "pullpolicy": ("PullPolicy", POLICIES)}
LEAST = {
    "cachedimage": {"image": "docker.io/library/nginx"},
    "cachedimageset": {"discoveryPolicyRef": {"name": "d"}},
    "discoverypolicy": {"sources": [{"type": "prometheus", "prometheus": {
        "endpoint": "http://prometheus", "query": "up"}}]},
    "pullpolicy": {"failureBackoff": {}},
}


def expand(value):
    if isinstance(value, list):
        return [expand(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"repeat"}:
        piece, times = value["repeat"]
        return piece * times
    return {key: expand(one) for key, one in value.items()}


def obj(kind, spec):
    made = {"apiVersion": GROUP, "kind": KINDS[kind][0], "metadata": {"name": "ct-crd"}}
    if spec is not None:
        made["spec"] = spec
    return made


def case_of(row):
    kind = row["kind"]
    path = KINDS[kind][1]
    if "status" in row:
        steps = [post(path, obj(kind, LEAST[kind]), show=()),
                 merge(f"{path}/ct-crd/status", {"status": row["status"]}, show=("status",))]
    else:
        steps = [post(path, obj(kind, row.get("spec")), show=("spec",))]
    return Case(f"{kind}: {row['name']}", steps)


def cases():
    with open(ROWS, encoding="utf-8") as file:
        rows = [expand(row) for row in json.load(file)]
    defaults = [Case(f"{kind}: defaults", [post(path, obj(kind, LEAST[kind]))])
                for kind, (_, path) in KINDS.items()]
    return defaults + [case_of(row) for row in rows]


CASES = cases()
