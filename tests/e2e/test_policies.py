"""Pull pods under the policies of a cluster (rule 57): what docs/policies.md says, with its own manifests and options.

Each page section is a manifest that an administrator has (`kind: ...`) and what is set for the operator. Without the
setting every pull is PodRejected with the server's words; with it the image becomes Ready while the policy is bound.
"""
import os
import re

import yaml

from admission import refuses
from kubeapi import NAMESPACE
import objects
from objects import condition, degraded, image_set, ready, status
from tap import NotApplicable

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "policies.md")
FAST = {**objects.FAST, "maxConcurrentNodes": 2, "maxPullsPerNode": 2}


def section(title):
    """The code blocks below a heading of the page: [(language, text)]."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    part = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert part, f"docs/policies.md has no section {title}"
    return re.findall(r"^```(\w+)\n(.*?)^```", part[1], re.M | re.S)


def block(title, language, number=0):
    return [text for found, text in section(title) if found == language][number]


class Bound:
    """The page's objects are in the cluster, and in force: the API server refuses a pod of ours without the setting."""

    def __init__(self, t, title):
        self.t, self.manifest = t, block(title, "yaml").replace("drop-system", NAMESPACE)

    def __enter__(self):
        self.t.kubectl("apply", "-f", "-", stdin=self.manifest)
        return self

    def __exit__(self, *_):
        self.t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=self.manifest)


def options(title):
    """The operator's options that the page gives beside the chart's values."""
    return [word for line in block(title, "sh").splitlines() for word in line.split() if word.startswith("--")]


def refused_then_ready(t, title, says, **spec):
    """Without the options: PodRejected with the policy's text. With them: Ready on every node."""
    if "ValidatingAdmissionPolicy" in block(title, "yaml") and t.cluster.kubernetes < 30:
        raise NotApplicable("Kubernetes 1.30 is the first with ValidatingAdmissionPolicy v1")
    image = t.cluster.push(f"policies/{title.split()[0].lower()}:1", 100)
    reference = f"{t.cluster.registry}/{next(iter(image))}"
    t.policy("fast", **FAST)
    with Bound(t, title):
        refuses(t, says)
        tree = t.supervisor().wait_up()
        t.image("shaped", reference, policyRef="fast")
        obj = t.image_is("shaped", lambda o: degraded(o, "PodRejected"), "is refused without the setting", 60)
        t.check(says in condition(obj)["message"], "the message is the policy's text", condition(obj)["message"])
        if spec:
            t.api.patch("cachedimage", "shaped", {"spec": spec})
        else:
            tree.stop()
            t.supervisor(words=options(title)).wait_up()
        t.image_is("shaped", ready, "becomes Ready with it, the policy being bound", 90)


def test_label_by_option(t):
    """Rule 57: a ValidatingAdmissionPolicy that requires a label on every pod; the operator's option sets it."""
    refused_then_ready(t, "A label that every pod must have", "every pod needs the label team")


def test_label_of_one_image(t):
    """Rule 57: the same policy; spec.podMetadata of the CachedImage sets the label for its own pods."""
    spec = yaml.safe_load(block("A label of one image", "yaml"))["spec"]
    refused_then_ready(t, "A label that every pod must have", "every pod needs the label team",
                       podMetadata=spec["podMetadata"])


def test_quota_on_cpu_limits(t):
    """Rule 57: a ResourceQuota on limits.cpu."""
    refused_then_ready(t, "A quota on limits", "must specify limits.cpu")


def test_ranges_of_user_ids(t):
    """Rule 57: user ids of a range that the cluster sets, as in OpenShift."""
    refused_then_ready(t, "User ids of a range", "runAsUser must be left to the cluster")


def test_all_other_options(t):
    """Rule 57: account, runtime class, secrets and annotations of all pods; a set's podMetadata reaches its children's."""
    reference = f"{t.cluster.registry}/{next(iter(t.cluster.push('policies/shaped:1', 100)))}"
    objects = "---\n".join(yaml.safe_dump(one) for one in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller", "namespace": NAMESPACE}},
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "shaped"}, "handler": "runc"}))
    t.policy("fast", **FAST)
    t.kubectl("apply", "-f", "-", stdin=objects)
    try:
        tree = t.supervisor(words=["--pull-pod-service-account=puller", "--pull-pod-runtime-class=shaped",
                                   "--pull-pod-image-pull-secrets=not-there", "--pull-pod-annotations=note=a\\,b"]).wait_up()
        t.api.create("cachedimageset", image_set("shaped", [reference], policyRef="fast",
                                                 podMetadata={"labels": {"example.com/cost-centre": "7"}}))
        t.eventually("the set is Ready", 90, lambda: status(t.api.get("cachedimageset", "shaped")).get("phase") == "Ready")
        pods = t.witness.of("example.com/cost-centre", "7")
        t.check(pods, "its pods have the set's label", pods)
        for pod in pods[:1]:
            spec = pod["spec"]
            t.equal((spec["serviceAccountName"], spec["runtimeClassName"], spec["imagePullSecrets"],
                     pod["metadata"]["annotations"].get("note")),
                    ("puller", "shaped", [{"name": "not-there"}], "a,b"), "and what the options say")
        tree.stop()
    finally:
        t.api.delete("cachedimageset", "shaped")
        t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=objects)


def test_limit_range(t):
    """Rule 57: a LimitRange that wants a cpu limit, by its ratio to the request; resources of all pods are set."""
    limits = yaml.safe_dump({"apiVersion": "v1", "kind": "LimitRange",
                             "metadata": {"name": "least", "namespace": NAMESPACE},
                             "spec": {"limits": [{"type": "Container", "maxLimitRequestRatio": {"cpu": "10"}}]}})
    image = t.cluster.push("policies/limits:1", 100)
    t.policy("fast", **FAST)
    t.kubectl("apply", "-f", "-", stdin=limits)
    try:
        tree = t.supervisor().wait_up()
        t.image("limited", f"{t.cluster.registry}/{next(iter(image))}", policyRef="fast")
        t.image_is("limited", lambda o: degraded(o, "PodRejected"), "is refused without the setting", 60)
        tree.stop()
        t.supervisor(words=options("A quota on limits")).wait_up()
        t.image_is("limited", ready, "becomes Ready with it", 90)
    finally:
        t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=limits)


def test_own_keys(t):
    """Rule 57: what drop sets itself cannot be set, neither in an object nor by an option."""
    reference = f"{t.cluster.registry}/x:1"
    for key in ("drop.corewire.io/node", "app.kubernetes.io/managed-by", "sidecar.istio.io/inject"):
        code, answer = t.api.ask("POST", "/apis/drop.corewire.io/v1alpha1/cachedimages?dryRun=All", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": "own"},
            "spec": {"image": reference.rpartition(":")[0], "podMetadata": {"labels": {key: "x"}}}})[:2]
        t.check(code == 422 and "leave them out" in str(answer), f"podMetadata may not set {key}", (code, answer))
