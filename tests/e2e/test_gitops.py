"""Health that machines read (rule 59): what kstatus makes of every state of every kind, what Argo CD's script of
docs/gitops.md makes of it, and that page's commands, on the real cluster."""
import os
import re
import shlex
import time

import yaml

import objects
from admission import refuses
from health import Health
from kubeapi import NAMESPACE
from objects import PULL_FAILS, condition, status
from wait import Late, until

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "gitops.md")
FAST = {**objects.FAST, "maxConcurrentNodes": 2}
KINDS = ("cachedimage", "cachedimageset", "discoverypolicy", "pullpolicy")
ARGO = {"Current": "Healthy", "InProgress": "Progressing", "Failed": "Degraded"}


def blocks(title, language):
    """The code blocks of a section of the page."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    part = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert part, f"docs/gitops.md has no section {title}"
    return [found for of, found in re.findall(r"^```(\w+)\n(.*?)^```", part[1], re.M | re.S) if of == language]


def scripts():
    """The page's health checks of Argo CD: {kind: script}."""
    data = yaml.safe_load(blocks("Argo CD", "yaml")[0])["data"]
    prefix = "resource.customizations.health.drop.corewire.io_"
    return {key.removeprefix(prefix): script for key, script in data.items()}


def discovery(name, *sources, **spec):
    return {"apiVersion": objects.GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name},
            "spec": {"sources": list(sources), **spec}}


def registry(url, secret=None):
    source = {"type": "registry", "registry": {"url": url, "repositories": ["test/myapp"]}}
    return {**source, "secretRef": {"name": secret}} if secret else source


class Table:
    """Each row: an object, what kstatus says of it and what Argo CD's script does, until both are as they should be."""

    def __init__(self, t):
        self.t, self.health, self.scripts = t, Health(t.folder("health")), scripts()
        self.lines = []

    def row(self, what, kind, name, want, *reasons, argo=None, seconds=60):
        """reasons: of the condition Ready, one of these; none: whatever it is. argo: unless it is ARGO's of want."""
        def probe():
            obj = self.t.api.get(kind, name)
            said = self.health.kstatus(obj)[0]
            assert said["status"] == want, (said, status(obj))
            assert not reasons or condition(obj)["reason"] in reasons, condition(obj)
            return obj, said["message"]
        try:
            obj, message = until(seconds, probe)
        except Late as late:
            self.t.check(False, f"{kind}, {what}: kstatus says {want}", late)
            return
        self.t.check(True, f"{kind}, {what}: kstatus says {want}")
        self.lines.append(f"{kind:16} {what:34} {want:11} {condition(obj)['reason']:24} {message[:90]}")
        if want in ARGO:
            said = self.health.lua(self.scripts[obj["kind"]], obj)[0]
            self.t.equal(said["status"], argo or ARGO[want], f"{kind}, {what}: Argo CD's script agrees")

    def show(self):
        for line in self.lines:
            self.t.diag(line)


def create(t, kind, obj):
    t.api.create(kind, obj)
    return obj["metadata"]["name"]


def test_without_operator(t):
    """Rule 59: a new object is not Current while nobody looks at it, an edited one neither."""
    table = Table(t)
    good = f"{t.cluster.registry}/test/myapp:v1"
    t.supervisor().wait_up().stop()
    create(t, "pullpolicy", objects.policy("fast", **FAST))
    create(t, "cachedimage", objects.image("good", good, policyRef="fast"))
    create(t, "cachedimageset", objects.image_set("empty", []))
    create(t, "discoverypolicy", discovery("found", registry(f"http://{t.cluster.registry}")))
    names = dict(zip(KINDS, ("good", "empty", "found", "fast")))
    for kind, name in names.items():
        table.row("new, nobody there", kind, name, "InProgress", "", seconds=10)
    tree = t.supervisor().wait_up()
    for kind, name in names.items():
        table.row("well", kind, name, "Current")
    tree.stop()
    t.api.patch("cachedimage", "good", {"spec": {"tag": "v2"}})
    t.api.patch("cachedimageset", "empty", {"spec": {"images": [{"image": "docker.io/library/none"}]}})
    t.api.patch("discoverypolicy", "found", {"spec": {"maxImages": 7}})
    t.api.patch("pullpolicy", "fast", {"spec": {"maxPullsPerNode": 9}})
    for kind, name in names.items():
        table.row("edited, nobody there", kind, name, "InProgress", seconds=10)
    t.running()
    for kind, name in names.items():
        if kind != "cachedimageset":
            table.row("edited, well again", kind, name, "Current")
    table.row("one image is nowhere", "cachedimageset", "empty", "Failed", "Degraded")
    t.equal(condition(t.api.get("pullpolicy", "fast"))["message"], "Used by 1 image", "the policy says by how many")
    table.show()


def test_suspended(t):
    """Rules 50, 59: what is suspended, complete or not, of every kind; a child suspended by hand stays so."""
    table, host = Table(t), t.cluster.registry
    t.running()
    t.policy("fast", **FAST)
    t.policy("stopped", suspend=True, **FAST)
    t.image("good", f"{host}/test/myapp:v1", policyRef="fast")
    table.row("on all nodes", "cachedimage", "good", "Current", "Cached")
    t.api.patch("cachedimage", "good", {"spec": {"suspend": True}})
    t.eventually("it says that it is suspended", 30,
                 lambda: condition(t.get("good"), "Suspended")["status"] == "True")
    table.row("suspended, on all nodes", "cachedimage", "good", "Current", "Cached")
    t.image("own", f"{host}/test/myapp:v1", policyRef="fast", suspend=True)
    t.image("paced", f"{host}/test/myapp:v2", policyRef="stopped")
    create(t, "cachedimageset", objects.image_set("all", [f"{host}/test/myapp:v3"], policyRef="fast", suspend=True))
    create(t, "discoverypolicy", discovery("never", registry(f"http://{host}"), suspend=True))
    table.row("suspended", "cachedimage", "own", "InProgress", "InProgress", argo="Suspended")
    table.row("its policy is suspended", "cachedimage", "paced", "InProgress", "InProgress", argo="Suspended")
    table.row("suspended", "cachedimageset", "all", "InProgress", "Progressing", argo="Suspended")
    table.row("suspended, never synced", "discoverypolicy", "never", "InProgress", "Suspended", argo="Suspended")
    table.row("suspended", "pullpolicy", "stopped", "Current", "Valid")
    child = until(30, lambda: next(o["metadata"]["name"] for o in t.api.list("cachedimage")
                                   if o["metadata"]["name"].startswith("all-")))
    table.row("of a suspended set", "cachedimage", child, "InProgress", "InProgress", argo="Suspended")
    t.check("suspend" not in t.get(child)["spec"], "the set does not write it into its child")
    t.api.patch("cachedimage", child, {"spec": {"suspend": True}})
    t.api.patch("cachedimageset", "all", {"spec": {"suspend": None}})
    for kind, name in (("cachedimage", "own"), ("pullpolicy", "stopped"), ("discoverypolicy", "never")):
        t.api.patch(kind, name, {"spec": {"suspend": None}})
    for kind, name in (("cachedimage", "own"), ("cachedimage", "paced"), ("discoverypolicy", "never")):
        table.row("resumed", kind, name, "Current")
    table.row("its child is suspended by hand", "cachedimageset", "all", "InProgress")
    t.check(t.get(child)["spec"].get("suspend") is True, "a child suspended by hand stays so")
    uid = t.get(child)["metadata"]["uid"]
    t.equal([pull for pull in t.witness.since(0) if pull.uid == uid], [], "and it has no pod")
    t.api.patch("cachedimage", child, {"spec": {"suspend": None}})
    table.row("its child is resumed", "cachedimageset", "all", "Current", "Ready")
    table.show()


def test_images(t):
    """Rule 59: every state of a CachedImage."""
    table, host = Table(t), t.cluster.registry
    t.running()
    t.policy("fast", **FAST)
    t.image("good", f"{host}/test/myapp:v1", policyRef="fast")
    t.image("typo", f"{host}/test/none:v1", policyRef="fast")
    t.image("nowhere", f"{host}/test/myapp:v1", policyRef="fast", nodeSelector={"drop-e2e/no-such-label": "x"})
    t.image("unpaced", f"{host}/test/myapp:v2", policyRef="nobody")
    t.image("down", "registry.invalid:5000/x:1", policyRef="fast")
    table.row("on all nodes", "cachedimage", "good", "Current", "Cached")
    table.row("image not found", "cachedimage", "typo", "Failed", *PULL_FAILS)
    table.row("no node matches", "cachedimage", "nowhere", "Failed", "NoNodes")
    table.row("a registry that is not there", "cachedimage", "down", "InProgress", *PULL_FAILS)
    table.row("a policyRef to nothing", "cachedimage", "unpaced", "Current", "Cached")
    resolved = condition(t.get("unpaced"), "PolicyResolved")
    t.equal((resolved["status"], resolved["reason"]), ("False", "PolicyNotFound"), "and a condition says it")
    t.policy("nobody", **FAST)
    t.eventually("which goes when the policy is there", 30,
                 lambda: not condition(t.get("unpaced"), "PolicyResolved")["status"])
    t.api.patch("cachedimage", "good", {"metadata": {"finalizers": ["drop-e2e/held"]}})
    t.api.delete("cachedimage", "good")
    table.row("being deleted", "cachedimage", "good", "Terminating")
    t.api.patch("cachedimage", "good", {"metadata": {"finalizers": None}})
    t.api.patch("cachedimage", "typo", {"spec": {"image": f"{host}/test/myapp"}})
    table.row("mended", "cachedimage", "typo", "Current", "Cached")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    path = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas"
    t.api.must("POST", path, quota)
    refuses(t, "exceeded quota")
    t.image("refused", f"{host}/test/myapp:v3", policyRef="fast")
    table.row("its pod is refused", "cachedimage", "refused", "Failed", "PodRejected")
    t.api.must("DELETE", f"{path}/none")
    table.show()


def test_sets_and_policies(t):
    """Rule 59: every state of a CachedImageSet and a DiscoveryPolicy."""
    table, host = Table(t), t.cluster.registry
    t.running()
    t.policy("fast", **FAST)
    create(t, "discoverypolicy", discovery("found", registry(f"http://{host}")))
    create(t, "discoverypolicy", discovery("wrong", registry(f"http://{host}"), imageFilter="("))
    create(t, "discoverypolicy", discovery("secretless", registry(f"http://{host}", secret="none")))
    create(t, "discoverypolicy", discovery("away", registry("http://registry.invalid:5000")))
    table.row("synced", "discoverypolicy", "found", "Current", "Synced")
    table.row("not valid", "discoverypolicy", "wrong", "Failed", "InvalidSpec")
    table.row("its Secret is missing", "discoverypolicy", "secretless", "Failed", "SyncFailed")
    table.row("a server that is not there", "discoverypolicy", "away", "InProgress", "DNSError")
    t.api.patch("discoverypolicy", "found", {"spec": {"sources": [registry("http://registry.invalid:5000")]}})
    table.row("edited: all fail, a list is kept", "discoverypolicy", "found", "InProgress", "PartiallyFailed")

    def made(name, references, **spec):
        create(t, "cachedimageset", objects.image_set(name, references, policyRef="fast", **spec))
    made("empty", [])
    made("good", [f"{host}/test/myapp:v1"])
    made("typo", [f"{host}/test/myapp:v2", f"{host}/test/none:v1"])
    made("nowhere", [f"{host}/test/myapp:v3"], nodeSelector={"drop-e2e/no-such-label": "x"})
    made("orphaned", [f"{host}/test/myapp:v4"], discoveryPolicyRef={"name": "nobody"})
    made("waits", [], discoveryPolicyRef={"name": "away"})
    table.row("empty", "cachedimageset", "empty", "Current", "Ready")
    t.equal(condition(t.api.get("cachedimageset", "empty"))["message"], "0 of 0 images are cached", "it says 0 of 0")
    table.row("all Ready", "cachedimageset", "good", "Current", "Ready")
    table.row("an image is not found", "cachedimageset", "typo", "Failed", "Degraded")
    table.row("no node matches", "cachedimageset", "nowhere", "Failed", "Progressing")
    table.row("its DiscoveryPolicy is missing", "cachedimageset", "orphaned", "Failed", "DiscoveryPolicyNotFound")
    table.row("its DiscoveryPolicy fails", "cachedimageset", "waits", "InProgress", "Progressing")
    table.show()


def local(t, text):
    """The page's objects with the cluster's own registry."""
    return text.replace("https://registry.example.com", f"http://{t.cluster.registry}").replace(
        "registry.example.com", t.cluster.registry)


def run(t, line):
    """A line of the page: what kubectl prints."""
    words = shlex.split(line)
    assert words[0] == "kubectl", line
    return t.kubectl(*words[1:])


def test_page(t):
    """Rule 59: docs/gitops.md: its objects, its commands, Flux's healthChecks."""
    t.cluster.push("ci/builder:7", 50, "ci/golang:1.22", 50, "ci/tools:3", 50)
    t.running()
    sample = local(t, blocks("In which order", "yaml")[0])
    t.kubectl("apply", "-f", "-", stdin=sample)
    waits, stalled = (block.splitlines() for block in blocks("kubectl", "sh"))
    for line in waits:
        t.check("condition met" in run(t, line), line)
    t.equal(run(t, stalled[0]), "", "nothing is Stalled")
    t.image("typo", f"{t.cluster.registry}/ci/none:1", policyRef="gentle")
    t.eventually("what needs somebody is listed", 60, lambda: run(t, stalled[0]) == "CachedImage/typo: image not found\n")
    t.api.delete("cachedimage", "typo")
    t.equal(t.kubectl("apply", "-f", "-", stdin=sample).count("unchanged"), 4, "applied again, all is unchanged")

    checks = yaml.safe_load(blocks("Flux", "yaml")[0])["spec"]["healthChecks"]
    named = {(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(sample)}
    t.equal({(c["apiVersion"], c["kind"], c["name"]) for c in checks}, named, "Flux looks at each object of the page")
    health = Health(t.folder("health"))
    found = [t.api.get(c["kind"].lower(), c["name"]) for c in checks]
    t.equal({said["status"] for said in health.kstatus(*found)}, {"Current"}, "for which all are Current")
    t.equal(set(scripts()), {c["kind"] for c in checks}, "Argo CD has a script for each kind")


def test_policy_status_is_rare(t):
    """Rule 59: many images of a policy make few writes of its status, and the last number is right."""
    t.running()
    t.policy("fast", **FAST)
    t.eventually("it is Ready", 30, lambda: condition(t.api.get("pullpolicy", "fast"))["status"] == "True")
    began = time.time()
    for n in range(30):
        t.image(f"many-{n}", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast")
    t.eventually("it says 30 images", 150, lambda: condition(t.api.get("pullpolicy", "fast"))["message"]
                 == "Used by 30 images", every=0.5)
    writes = t.audit.since(began, process="reconciler", verb="patch", resource="pullpolicies", sub="status")
    t.check(1 <= len(writes) <= 3, "in few writes", f"{len(writes)} writes")
