"""No API that is deprecated or removed is in use: neither by the operator's requests (the API server notes it in the audit log and
says it in a header Warning) nor in what is installed. tests/e2e/test_shapes.py asks the audit logs of a whole run the same."""
import os
import subprocess

import objects
from audit import deprecated
from release import DEPLOY
from wait import until

APPLIED = ("crds", "install.yaml", os.path.join("samples", "samples.yaml"))


def warnings(t, path):
    """What the API server warns of when the path is read."""
    env = t.cluster.env
    said = subprocess.run(["curl", "-sS", "--max-time", "20", "-o", "/dev/null", "-D", "-", "--cacert", env["CA_CERT"], "--cert",
                           env["CLIENT_CERT"], "--key", env["CLIENT_KEY"], env["APISERVER"] + path],
                          check=True, capture_output=True, text=True).stdout
    return [line for line in said.splitlines() if line.lower().startswith("warning:")]


def test_proof(t):
    """The API server tells of what is deprecated, in both ways: a test that hears nothing could not fail."""
    t.check(warnings(t, "/api/v1/componentstatuses"), "reading a deprecated kind gives a Warning")
    marked = until(20, lambda: deprecated(t.cluster.env["AUDIT_LOG"], ours=False))
    t.check(any("componentstatuses" in uri for _, uri in marked), "and is marked in the audit log", marked[:3])


def test_operator(t):
    """A life of the operator: objects of all kinds, pulls, events, a lease."""
    t.running()
    t.policy("fast", minDelayBetweenPulls="0s", maxPullsPerNode=5)
    t.image("nginx", "docker.io/library/nginx:1.25-alpine", policyRef="fast")
    t.api.create("cachedimageset", {
        "apiVersion": objects.GROUP, "kind": "CachedImageSet", "metadata": {"name": "one"},
        "spec": {"policyRef": {"name": "fast"}, "images": [{"image": "docker.io/library/alpine", "tag": "3.19"}]}})
    t.all_ready(["nginx"], 60)
    until(60, lambda: any(i["metadata"]["name"].startswith("one-") and objects.ready(i) for i in t.api.list("cachedimage")))
    t.stop_tree()
    asked = t.audit.since(0)
    t.check(len(asked) > 20, f"{len(asked)} requests are in the audit log")
    marked = deprecated(t.cluster.env["AUDIT_LOG"])
    t.check(not marked, "none of ours was to a deprecated API", marked[:5])
    paths = sorted({r.uri.partition("?")[0] for r in asked if r.verb in ("get", "list", "watch")})
    warned = [(path, said) for path in paths for said in warnings(t, path)]
    t.check(paths and not warned, f"none of the {len(paths)} paths that we read has a Warning", warned[:5])


def test_manifests(t):
    for name in APPLIED:
        if name == "crds" and t.cluster.kubernetes < 30:
            t.tap.skip("deprecated.manifests: deploy/crds is applied without a Warning",
                       "server-side apply refuses selectableFields before 1.30 (docs/install.md)")
            continue
        try:
            t.kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts", "--warnings-as-errors", "-f",
                      os.path.join(DEPLOY, name))
            said = ""
        except RuntimeError as error:
            said = str(error)
        t.check(not said, f"deploy/{name} is applied without a Warning", said)
