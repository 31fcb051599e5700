#!/usr/bin/env python3
"""Which kinds of request our programs make, and whether each of them is a case. Prints TAP:

    shapes.py [--audit LOG]... [--record]

A shape is verb, resource, subresource, names of the query parameters (their values where there are
few) and the answer's code, as an API server's audit log shows them (tests/cluster: a full run of
tests/e2e). Without --audit the shapes recorded of the last such run must all be cases; with it, those
of the logs together, and every pull pod in them must be the one that the cases create.
"""
import argparse
import json
import os
import sys
import urllib.parse

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "e2e"))

import steps
from tap import Tap

RECORDED = os.path.join(FOLDER, "recorded", "shapes.json")
RECORDS = os.path.join(FOLDER, "recorded")
SAID = ("resourceVersionMatch", "sendInitialEvents", "allowWatchBookmarks", "watch")  # value counts
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
# Answers that only a fault brings: no server, an account that is gone, too slow, too busy, shutting down, half dead.
FAULTS = (0, 401, 429, 500, 502, 503, 504)
FORBIDDEN = b'"authorization.k8s.io/decision":"forbid"'
# Of a server that was started with WatchList off, as one test does: what the others never say.
SWITCHED_OFF = "sendInitialEvents=true&timeoutSeconds&watch=true 422"

# drop-sim knows no RBAC: what was forbidden (test_shapes.forbidden), and what metricsd asks about the tokens of those who want
# its metrics, is none of its business.
RIGHTS = ("create tokenreviews 201", "create subjectaccessreviews 201")


def query_shape(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return "&".join(sorted(f"{key}={value}" if key in SAID else key for key, value in pairs))


def shape(verb, resource, sub, query, code):
    text = f"{verb} {resource}" + (f"/{sub}" if sub else "")
    return " ".join(filter(None, (text, query_shape(query), str(code))))


def of_audit(line):
    event = json.loads(line)
    ref = event.get("objectRef") or {"resource": urllib.parse.urlsplit(event["requestURI"]).path}  # "/version"
    query = urllib.parse.urlsplit(event["requestURI"]).query
    code = (event.get("responseStatus") or {}).get("code", 0)
    return shape(event["verb"], ref.get("resource", ""), ref.get("subresource", ""), query, code), code


def of_request(text, code):
    """Of a recorded "METHOD /path?query" of a case."""
    method, _, url = text.partition(" ")
    path, _, query = url.partition("?")
    if not path.startswith("/api"):
        return shape(VERBS[method], path, "", query, code)
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if len(parts) > 2 and parts[0] == "namespaces":
        parts = parts[2:]
    resource, name, sub = (parts + ["", "", ""])[:3]
    verb = VERBS[method]
    if verb == "get" and not name:
        verb = "watch" if "watch=true" in query else "list"
    return shape(verb, resource, sub, query, code)


def covered():
    """Every shape that a recorded case has."""
    found = set()
    for file in sorted(os.listdir(RECORDS)):
        if file == "shapes.json" or not file.endswith(".json"):
            continue
        with open(os.path.join(RECORDS, file), encoding="utf-8") as record:
            for rows in json.load(record).values():
                found.update(of_request(row["ask"], row["code"]) for row in rows if "ask" in row)
    return found


def of_line(line, found, pods):
    """Adds a line of our programs to both, unless only faults bring it."""
    if b'"userAgent":"drop-' not in line or FORBIDDEN in line:
        return
    one, code = of_audit(line)
    if code in FAULTS or one.endswith(SWITCHED_OFF) or one in RIGHTS:
        return
    found[one] = found.get(one, 0) + 1
    if b'"resource":"pods"' in line and b'"verb":"create"' in line:
        pods.append(json.loads(line).get("requestObject"))


def of_logs(paths):
    """{shape: times} of our programs, without what only faults bring; and the pods they created."""
    found, pods = {}, []
    for path in paths:
        with open(path, "rb") as log:
            for line in log:
                of_line(line, found, pods)
    return found, [pod for pod in pods if pod]


def lacks(want, got):
    """The paths of want that got has not, or has otherwise."""
    if isinstance(want, dict) and isinstance(got, dict):
        return [f"{key}{'.' + rest if rest else ''}" for key in want
                for rest in (lacks(want[key], got[key]) if key in got else [""])]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [path for a, b in zip(want, got) for path in lacks(a, b)]
    return [] if want == got else [""]


def odd_pods(pods):
    """Those that steps.pull_body would not have written: [(name, what differs)]."""
    odd = []
    for pod in pods:
        notes = {k.rpartition("/")[2]: v for k, v in pod["metadata"]["annotations"].items()
                 if k.startswith("drop.corewire.io/")}
        if "cachedimage" not in notes:
            continue  # of several images; tests/e2e/test_batches.py looks at those
        body = steps.pull_body(notes["cachedimage"], pod["spec"]["nodeName"], notes["reference"],
                               notes["cachedimage-uid"], notes["node-uid"], notes["attempt"])
        container = body["spec"]["containers"][0]
        container["imagePullPolicy"] = pod["spec"]["containers"][0]["imagePullPolicy"]
        body["metadata"]["labels"].pop("drop.corewire.io/cachedimage")  # cut with a hash when long
        if pod["spec"].get("os") == {"name": "windows"}:
            steps.for_windows(body)
        for key in ("runAsUser", "runAsGroup"):  # as the options say (behaviour 57)
            body["spec"]["securityContext"].pop(key, None)
        different = lacks(body, pod)
        if different:
            odd.append((pod["metadata"].get("name"), different))
    return odd


def recorded():
    with open(RECORDED, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--audit", metavar="LOG", action="append", help="of a cluster; several are one run")
    parser.add_argument("--record", action="store_true", help="keep the shapes of the logs")
    args = parser.parse_args()
    tap = Tap()
    found, pods = of_logs(args.audit) if args.audit else (recorded(), [])
    if args.record:
        with open(RECORDED, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1, sort_keys=True)
            file.write("\n")
    have = covered()
    for one in sorted(found):
        tap.check(one in have, f"is a case: {one}", f"{found[one]} times in the audit log")
    if args.audit:
        odd = odd_pods(pods)
        tap.check(pods and not odd, f"the {len(pods)} pods created are those of the cases", odd[:3])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
