#!/usr/bin/env python3
"""Which rule of a role which process uses, by the audit log: a right that nobody uses is one too many.

    rbac.py --audit LOG --user system:serviceaccount:drop-system:drop MANIFEST...

MANIFEST: JSON or YAML with Role and ClusterRole objects (deploy/install.yaml). Prints a line for each verb on each
resource with the processes that used it, by User-Agent, and ends with 1 if one is used by none.
"""
import argparse
import collections
import json
import sys

Right = collections.namedtuple("Right", "namespace group resource verb names")  # namespace "": everywhere

_WATCHED = ("cachedimages", "cachedimagesets", "discoverypolicies", "pullpolicies")
# What a run on this cluster does not show, and why it is needed all the same.
UNSEEN = {
    ("drop.corewire.io", "cachedimagesets/finalizers", "update"):
        "asked for by admission (OwnerReferencesPermissionEnforcement), not by a request",
    ("coordination.k8s.io", "leases", "delete"): "asked for by the same admission before the Lease gets an owner",
    ("", "configmaps", "delete"): "asked for by the same admission before the ConfigMaps of usage get an owner",
    ("drop.corewire.io", "cachedimages", "get"): "when a child's name was taken a moment before its create",
    **{("drop.corewire.io", kind, "list"): "where WatchList is off (before 1.34)" for kind in _WATCHED},
    ("", "nodes", "get"): "where a runtime puts no digest into imageID (test_presence)",
    ("", "nodes", "list"): "where WatchList is off (before 1.34)",
    ("", "pods", "list"): "where WatchList is off (before 1.34)",
}


def rights(roles):
    """Every right that the roles grant on resources."""
    for role in roles:
        namespace = role["metadata"].get("namespace", "") if role["kind"] == "Role" else ""
        for rule in role.get("rules") or []:
            for group in rule.get("apiGroups") or []:
                for resource in rule.get("resources") or []:
                    for verb in rule["verbs"]:
                        yield Right(namespace, group, resource, verb, tuple(rule.get("resourceNames") or ()))


def uses(right, request):
    resource = request.resource + (f"/{request.sub}" if request.sub else "")
    return ((right.group, right.resource, right.verb) == (request.group, resource, request.verb)
            and right.namespace in ("", request.namespace)
            and (not right.names or request.name in right.names))


def used_by(roles, requests):
    """[(right, {process: number of requests})] in the roles' order."""
    found = []
    for right in rights(roles):
        count = collections.Counter(r.process for r in requests if uses(right, r))
        found.append((right, dict(sorted(count.items()))))
    return found


def unused(table):
    return [right for right, by in table if not by and tuple(right[1:4]) not in UNSEEN]


def line(right, by):
    where = f" in {right.namespace}" if right.namespace else ""
    names = f" {','.join(right.names)}" if right.names else ""
    who = ", ".join(f"{process} {n}" for process, n in by.items())
    who = who or UNSEEN.get(tuple(right[1:4]), "NOBODY")
    return f"{right.verb} {right.resource}{'.' if right.group else ''}{right.group}{names}{where}: {who}"


def main():
    import yaml  # pylint: disable=import-outside-toplevel

    from audit import Audit  # pylint: disable=import-outside-toplevel
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--audit", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("manifests", nargs="+")
    args = parser.parse_args()
    objects = []
    for path in args.manifests:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        objects += [json.loads(text)] if text.startswith("{") else list(yaml.safe_load_all(text))
    roles = [o for o in objects if o and o.get("kind") in ("Role", "ClusterRole")]
    table = used_by(roles, Audit(args.audit).since(0, user=args.user))
    print("\n".join(line(right, by) for right, by in table))
    return 1 if unused(table) else 0


if __name__ == "__main__":
    sys.exit(main())
