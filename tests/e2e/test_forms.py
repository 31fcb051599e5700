"""DiscoveryPolicies of upstream 1.4 and 2.x in one cluster, across the change of the CRD in either direction (behaviour 55).

Upstream's CRDs are made of ours, with the fields that theirs have. No operator runs: what is kept is decided by the API server and
the CRDs. Nothing is left behind.
"""
import copy
import json
import os

import yaml
from kubeapi import PATHS
from test_crds import DEPLOY, build, ready

AT = "2026-01-02T03:04:05Z"
OURS_ALONE = ("removeAfter", "maxShrinkPercent", "suspend", "observedGeneration")
SPECS = {  # the fields that a version has
    "1.4": ("sources", "imageFilter", "syncInterval", "maxImages"),
    "2.x": ("queries", "signals", "ranking", "imageFilter", "syncInterval", "maxImages"),
}
STATUSES = {
    "1.4": ("lastSyncTime", "imageCount", "sourceCount", "conditions", "discoveredImages"),
    "2.x": ("lastSyncTime", "imageCount", "conditions", "discoveredImages", "queryResults"),
}
ENTRIES = {"1.4": ("image", "score", "source"), "2.x": ("image", "rank", "finalScore")}
QUERY = {"name": "usage", "type": "prometheus", "prometheus": {
    "endpoint": "http://p", "query": "up", "queryType": "range", "lookback": "24h", "step": "5m"}}
OBJECTS = {
    "1.4": ({"sources": [{"type": "registry", "registry": {"url": "https://r", "repositories": ["a"], "topX": 2}}],
             "imageFilter": "a", "syncInterval": "1h", "maxImages": 5},
            {"lastSyncTime": AT, "imageCount": 1, "sourceCount": 1, "conditions": ready("Synced", "Discovered 1 images"),
             "discoveredImages": [{"image": "r/a:1", "score": 7, "source": "registry"}]}),
    "2.x": ({"queries": [QUERY], "signals": [{"name": "s", "query": "usage", "type": "aggregate", "aggregate": {"method": "sum"}}],
             "ranking": {"strategy": "signal", "signal": "s"}, "syncInterval": "30m", "maxImages": 50},
            {"lastSyncTime": AT, "imageCount": 1, "conditions": ready("Synced", "Discovered 1 images"),
             "discoveredImages": [{"image": "r/b:1", "rank": 1, "finalScore": "2.5"}],
             "queryResults": [{"name": "usage", "type": "prometheus", "status": "success"}]}),
}


def without_rules(schema):
    """What is not upstream's: rules, and defaults of fields that are gone."""
    if isinstance(schema, list):
        return [without_rules(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: without_rules(v) for k, v in schema.items() if k != "x-kubernetes-validations"}


def upstream_crd(ours, version):
    crd = without_rules(copy.deepcopy(ours))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    for part, fields in (("spec", SPECS[version]), ("status", STATUSES[version])):
        schema[part] = {"type": "object", "properties": {k: v for k, v in schema[part]["properties"].items() if k in fields}}
    entry = schema["status"]["properties"]["discoveredImages"]["items"]
    entry["properties"] = {k: v for k, v in entry["properties"].items() if k in ENTRIES[version]}
    return crd


def test_changes(t):
    """1.4, then 2.x, then ours, then back: each object keeps all that the CRD in force has a field for."""
    t.stop_tree()
    with open(os.path.join(DEPLOY, "crds", "discoverypolicies.yaml"), encoding="utf-8") as file:
        ours = yaml.safe_load(file)

    def install(crd, what, field, name):
        t.api.apply("crd", crd)
        probe = build("discoverypolicy", "dry", {**OBJECTS[name][0], "removeAfter": 2})

        def in_force():
            spec = t.api.must("POST", f"{PATHS['discoverypolicy']}?dryRun=All", probe)["spec"]
            return field in spec and ("removeAfter" in spec) == (crd is ours)
        t.eventually(f"{what} is in force", 30, in_force)

    def write(name):
        spec, state = OBJECTS[name]
        t.api.must("POST", PATHS["discoverypolicy"], build("discoverypolicy", f"of-{name}", spec))
        t.api.patch("discoverypolicy", f"of-{name}", {"status": state}, "status")

    def whole(name, message):
        got, (spec, state) = t.api.get("discoverypolicy", f"of-{name}"), OBJECTS[name]
        lacks = [k for k, v in spec.items() if got["spec"].get(k) != v]
        lacks += [k for k, v in state.items() if (got.get("status") or {}).get(k) != v]
        t.check(not lacks, message, (lacks, json.dumps(got)[:600]))

    try:
        install(upstream_crd(ours, "2.x"), "the CRD of 2.x", "queries", "2.x")
        write("2.x")
        install(upstream_crd(ours, "1.4"), "the CRD of 1.4", "sources", "1.4")
        write("1.4")
        install(ours, "our CRD", "removeAfter", "1.4")
        for name in OBJECTS:
            whole(name, f"an object of {name} is whole under our CRD")
            # As our operator writes it: with what is ours alone.
            entry = {**OBJECTS[name][1]["discoveredImages"][0]}
            if name == "2.x":
                entry["signals"] = [{"name": "s", "value": "2.5"}]
            t.api.patch("discoverypolicy", f"of-{name}", {"status": {"observedGeneration": 1, "discoveredImages": [entry]}}, "status")
            t.api.patch("discoverypolicy", f"of-{name}", {"spec": {"maxShrinkPercent": 50}})
        install(upstream_crd(ours, "2.x"), "the CRD of 2.x again", "queries", "2.x")
        whole("2.x", "rolled back to 2.x it is whole")
        got = t.api.get("discoverypolicy", "of-2.x")
        left = [k for k in OURS_ALONE if k in got["spec"] or k in got["status"]] + [
            k for k in ("signals",) if k in got["status"]["discoveredImages"][0]]
        t.equal(left, [], "without what is ours alone")
        # Upstream reads the whole object and writes it.
        got["status"]["lastSyncTime"] = "2026-01-02T04:04:05Z"
        t.api.must("PUT", f"{PATHS['discoverypolicy']}/of-2.x/status", got)
        install(ours, "our CRD again", "removeAfter", "1.4")
        whole("1.4", "the object of 1.4, which 2.x did not write, is still whole")
        t.equal(t.api.get("discoverypolicy", "of-1.4")["spec"].get("maxShrinkPercent"), 50, "and has what is ours alone")
        code, answer = t.api.ask("PATCH", f"{PATHS['discoverypolicy']}/of-2.x/status",
                                 {"status": {"imageCount": 2}}, "application/merge-patch+json")
        t.equal(code, 200, f"what upstream wrote takes our status: {answer.get('message', '')}")
    finally:
        t.api.apply("crd", ours)
        for name in OBJECTS:
            t.api.delete("discoverypolicy", f"of-{name}")
