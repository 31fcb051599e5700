"""Manifests as GitOps tools apply them: twice, by client and by server; a kustomize overlay with another namespace and
other names, which then works; the rights that people get."""
import json
import os
import re

import yaml

import chart_values
import objects
import release
from kubeapi import NAMESPACE, PATHS
from objects import ready

FOLDER = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(FOLDER, "..", "..", "deploy")
INSTALL = os.path.join(FOLDER, "..", "..", "docs", "install.md")
PLURALS = {"cachedimage": "CachedImage", "cachedimageset": "CachedImageSet",
           "discoverypolicy": "DiscoveryPolicy", "pullpolicy": "PullPolicy"}
FAST = {"minDelayBetweenPulls": "0s", "failureBackoff": {"initial": "1s", "max": "2s"}}


def read(*path):
    with open(os.path.join(DEPLOY, *path), encoding="utf-8") as file:
        return file.read()


def operator():
    """install.yaml, with no pods: there is no image of that name."""
    return read("install.yaml").replace("replicas: 2", "replicas: 0").replace("drop-system", NAMESPACE)


def crds(t):
    """For 1.29 without selectableFields, as the charts have them there."""
    made = [yaml.safe_load(read("crds", name)) for name in sorted(os.listdir(os.path.join(DEPLOY, "crds")))]
    for version in (version for crd in made for version in crd["spec"]["versions"] if t.cluster.kubernetes < 30):
        version.pop("selectableFields", None)
    return yaml.safe_dump_all(made)


def every_spec():
    """An object for each spec that the API server accepts in crd_cases.json. An empty one is left out: the API server makes
    null of it at the second server-side apply, and refuses that."""
    with open(os.path.join(FOLDER, "crd_cases.json"), encoding="utf-8") as file:
        cases = [c for c in json.load(file) if c["want"] == "accepted" and c.get("spec") and "repeat" not in str(c)]
    return yaml.safe_dump_all({
        "apiVersion": objects.GROUP, "kind": PLURALS[c["kind"]], "metadata": {"name": f"case-{number}"},
        "spec": c["spec"]} for number, c in enumerate(cases))


def readme():
    """The objects that README.md shows."""
    with open(os.path.join(FOLDER, "..", "..", "README.md"), encoding="utf-8") as file:
        return "---\n".join(re.findall(r"^```yaml\n(.*?)^```", file.read(), re.M | re.S))


def versions(t, manifest):
    """Generations where the API server counts them, as controllers write status; else resourceVersions."""
    text = t.kubectl("get", "-f", "-", "-o", "json", stdin=manifest)
    items = json.loads(text)
    return {f'{o["kind"]}/{o["metadata"]["name"]}': o["metadata"].get("generation", o["metadata"]["resourceVersion"])
            for o in items.get("items", [items])}


def applied_twice(t, what, manifest):
    """By client: all unchanged, and no difference. By server: no conflict, and no new version."""
    t.kubectl("apply", "-f", "-", stdin=manifest)
    before = versions(t, manifest)
    said = t.kubectl("apply", "-f", "-", stdin=manifest)
    # kubectl sends a patch for each PodDisruptionBudget, as its selector is replaced; it changes nothing.
    changed = [line for line in said.splitlines() if not line.endswith(" unchanged") and "poddisruptionbudget" not in line]
    t.check(not changed and said and versions(t, manifest) == before, f"{what}: the second apply changes nothing", changed)
    try:
        difference = t.kubectl("diff", "-f", "-", stdin=manifest)
    except RuntimeError as error:
        difference = str(error)
    t.equal(difference.strip(), "", f"{what}: kubectl diff shows nothing")
    t.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)
    before = versions(t, manifest)
    t.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
    after = versions(t, manifest)
    t.check(before == after and before is not None, f"{what}: nor does the second server-side apply",
            {name for name in after if before.get(name) != after[name]})


def test_applied_twice(t):
    """All that is in deploy/, and an object for each spec, by kubectl apply and by server-side apply."""
    t.stop_tree()
    samples, cases = read("samples", "samples.yaml"), every_spec()
    try:
        applied_twice(t, "CRDs", crds(t))
        applied_twice(t, "install.yaml", operator())
        applied_twice(t, "samples", samples)
        applied_twice(t, "README.md", readme())
        applied_twice(t, "objects with every field", cases)
    finally:
        for manifest in (samples, readme(), cases, "---\n".join(one for one in operator().split("---\n")
                                                      if "\nkind: Namespace\n" not in f"\n{one}")):
            t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)


def overlay(t, r):
    """The overlay of docs/install.md in a folder, with this cluster's image and way to the API server."""
    with open(INSTALL, encoding="utf-8") as file:
        page = file.read()
    kustomization = yaml.safe_load(re.search(r"^## With kustomize\n.*?```yaml\n(.*?)^```", page, re.M | re.S)[1])
    folder = t.folder("overlay")
    name, _, tag = r.image.rpartition(":")
    network = r.network()
    pod = {"hostAliases": network["hostAliases"], "containers": [{"name": "drop", "env": network["extraEnv"]}]}
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "drop", "namespace": "drop-system"},
             "spec": {"replicas": 1, "template": {"spec": pod}}}
    kustomization.update(resources=[os.path.relpath(os.path.join(DEPLOY, "kustomize"), folder)],
                         images=[{"name": "drop", "newName": name, "newTag": tag}],
                         patches=[{"patch": yaml.safe_dump(patch)}])
    with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(kustomization, file)
    return folder, kustomization["namespace"], kustomization["namePrefix"]


def without_crds(manifest):
    return "---\n".join(one for one in manifest.split("---\n") if "\nkind: CustomResourceDefinition\n" not in f"\n{one}")


def test_kustomize_overlay(t):
    """Another namespace, other names, more labels: the operator comes up, pulls in its namespace and writes events."""
    t.stop_tree()
    with release.Release(t) as r:
        folder, namespace, prefix = overlay(t, r)
        manifest = without_crds(t.kubectl("kustomize", folder))
        t.check(f"namespace: {NAMESPACE}\n" not in manifest and "Helm" not in manifest,
                "nothing is left in drop-system, and nothing says helm")
        t.kubectl("apply", "-f", "-", stdin=manifest)
        try:
            def up():
                found = json.loads(t.kubectl("-n", namespace, "get", "deployment", f"{prefix}drop", "-o", "json"))
                assert found["status"].get("availableReplicas") == 1, found["status"]
                return found
            t.eventually("its pod becomes Ready", 180, up)
            t.policy("fast", **FAST)
            image = t.image("moved", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast")
            t.image_is("moved", ready, "is pulled by it", 60)
            t.eventually("by a pod in its namespace, as its log says", 30, lambda: "image pulled" in t.kubectl(
                "-n", namespace, "logs", "-l", "app.kubernetes.io/name=drop", "--tail=-1"))
            def told():
                events = json.loads(t.kubectl("-n", "default", "get", "events.events.k8s.io", "-o", "json"))["items"]
                assert any(e["regarding"].get("uid") == image["metadata"]["uid"] for e in events), len(events)
                return True
            t.eventually("its events are in default", 30, told)
        finally:
            t.api.delete("cachedimage", "moved")
            # First the pods: their rights are among the rest.
            t.kubectl("-n", namespace, "delete", "deployment", f"{prefix}drop", "--ignore-not-found",
                      "--cascade=foreground")
            t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)


# What a user bound to the cluster's role may do with our kinds.
RIGHTS = {"view": {"get": True, "list": True, "watch": True, "create": False, "patch": False, "delete": False},
          "edit": {"get": True, "create": True, "update": True, "patch": True, "delete": True},
          "admin": {"get": True, "create": True, "update": True, "patch": True, "delete": True}}


def test_rights_of_people(t):
    """Who is bound to view, edit or admin has the rights of it for the four kinds; nobody else has any."""
    roles = "---\n".join(one for one in operator().split("---\n") if "aggregate-to-" in one)
    bindings = yaml.safe_dump_all({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": f"e2e-{role}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"{role}-user"}]}
        for role in RIGHTS)
    t.kubectl("apply", "-f", "-", stdin=roles)
    t.kubectl("apply", "-f", "-", stdin=bindings)

    def may(user, verb, plural):
        review = t.api.must("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": {"group": "drop.corewire.io", "resource": plural, "verb": verb}}})
        return review["status"]["allowed"]

    def has(role, plural):
        return {verb: may(f"{role}-user", verb, plural) for verb in RIGHTS[role]}

    try:
        for role in RIGHTS:
            for kind in PLURALS:
                plural = PATHS[kind].rpartition("/")[2]
                # A controller adds the rules to the aggregated roles, one after the other.
                t.eventually(f"{role} on {plural}", 60, lambda role=role, plural=plural: has(role, plural) == RIGHTS[role])
        t.check(not may("nobody", "get", "cachedimages"), "nobody else may anything")
    finally:
        t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=bindings)
        t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=roles)


def test_each_value(t):
    """Each value of values.yaml changes what the chart renders."""
    for name, other, wrong in chart_values.effects(release.helm()):
        t.check(wrong is None, f"{name} = {other!r} has an effect", wrong)


def test_kubernetes_1_29(t):
    """The charts' CRDs for an API server that does not know selectableFields, and with them for the next one."""
    for chart, more in (("drop", ["--set", "image.repository=x"]), ("drop-crds", [])):
        words = [release.helm(), "template", "drop", os.path.join(DEPLOY, "helm", chart), *more]
        older, newer = (release.run(*words, "--kube-version", version) for version in ("1.29.6", "1.30.0"))
        kinds = older.count("\nkind: CustomResourceDefinition\n")
        t.check("selectableFields" not in older and kinds == 4, f"{chart} for 1.29 has four CRDs without selectableFields", kinds)
        t.check("selectableFields" in newer, f"{chart} for 1.30 has them")
