"""What people type: `kubectl drop` with each thing that can be wrong, from a plain file on PATH; the status page in a
browser; short names, field selectors and explanations of the kinds.
"""
import http.client
import json
import os
import signal
import subprocess
import time

import processes
import registry
import release
from kubeapi import NAMESPACE
from objects import degraded, ready
from tap import NotApplicable
from wait import until

PULLS = "e2e-pulls"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
FAST = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s"}
SHORT = {"cachedimages": "ci", "cachedimagesets": "cis", "discoverypolicies": "dp", "pullpolicies": "pp"}


class Person:
    """Somebody with `kubectl drop` on his PATH, and a kubeconfig."""

    def __init__(self, t, kubeconfig):
        self.t, self.kubeconfig = t, kubeconfig
        self.bin = t.folder("person")
        os.symlink(t.cluster.env["KUBECTL"], os.path.join(self.bin, "kubectl"))
        os.symlink(os.path.join(release.DEPLOY, "kubectl-drop"), os.path.join(self.bin, "kubectl-drop"))

    def env(self, **more):
        return {**os.environ, processes.MARK: self.t.scratch, "PATH": f"{self.bin}:{os.environ['PATH']}",
                "KUBECONFIG": self.kubeconfig, **more}

    def drop(self, *words, stdin=None, **env):
        """(exit code, what it said)."""
        done = subprocess.run(["kubectl", "drop", *words], env=self.env(**env), input=stdin or "", capture_output=True,
                              text=True, timeout=200, check=False)
        return done.returncode, done.stdout + done.stderr

    def says(self, name, code, text, *words, **env):
        """A check that these words end so, and say that."""
        got, said = self.drop(*words, **env)
        self.t.check(got == code and text in said, name, f"{got}: {said[:600]}")


def config(t, name, server, user):
    """A kubeconfig by hand."""
    path = os.path.join(t.folder(name), "kubeconfig")
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                   "clusters": [{"name": "c", "cluster": {"server": server,
                                                          "certificate-authority": t.cluster.env["CA_CERT"]}}],
                   "users": [{"name": "u", "user": user}],
                   "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}, out)
    return path


class Allowed:
    """A group that may do this in a namespace, and nothing else."""

    def __init__(self, t, group, rules, namespace=NAMESPACE):
        self.t, self.group, self.rules = t, group, rules
        self.base = f"{RBAC}/namespaces/{namespace}"

    def __enter__(self):
        self.t.api.must("POST", f"{self.base}/roles", {"metadata": {"name": self.group}, "rules": self.rules})
        self.t.api.must("POST", f"{self.base}/rolebindings", {
            "metadata": {"name": self.group}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role",
                                                          "name": self.group},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": self.group}]})
        return self

    def __exit__(self, *_):
        self.t.api.must("DELETE", f"{self.base}/rolebindings/{self.group}")
        self.t.api.must("DELETE", f"{self.base}/roles/{self.group}")


LIST = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
EXEC = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
FORWARD = {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["create"]}


def stuck_pod(t):
    """A pod as the operator's, whose image nobody has."""
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "stuck", "namespace": NAMESPACE, "labels": {"app.kubernetes.io/name": "drop"}},
            "spec": {"nodeName": t.cluster.node, "terminationGracePeriodSeconds": 0, "securityContext": {
                "runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
                     "containers": [{"name": "drop", "image": f"{t.cluster.registry}/none:none", "securityContext": {
                         "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def test_no_operator(t):
    """Each thing that can be wrong before there is anybody to ask, told apart."""
    t.stop_tree()
    admin = Person(t, t.cluster.kubeconfig)
    admin.says("help needs no cluster", 0, "usage: kubectl drop COMMAND", "--help", KUBECONFIG="/none")
    admin.says("nor does the help of a command", 0, "--check", "status", "--help", KUBECONFIG="/none")
    admin.says("nobody is installed", 111, f"no pod with the label app.kubernetes.io/name=drop in namespace {NAMESPACE}",
               "status")
    admin.says("nor in another namespace", 111, "in namespace kube-system", "-n", "kube-system", "status")
    admin.says("no such context", 111, 'context "nobody"', "--context", "nobody", "status")
    closed = config(t, "closed", f"https://127.0.0.1:{registry.free_port()}", {"token": "x"})
    admin.says("no API server", 111, "the API server cannot be reached", "status", f"--kubeconfig={closed}")
    unknown = config(t, "unknown", t.cluster.env["APISERVER"], {"token": "nobody's"})
    admin.says("a token that is not known", 111, "does not accept your credentials", "status", "--kubeconfig", unknown)
    eve = Person(t, t.cluster.user("eve", "nobodies"))
    eve.says("no right to list pods is not `not installed`", 111, f"no right to list pods in namespace {NAMESPACE}",
             "status")
    t.api.create("pod", stuck_pod(t))
    try:
        def waits():
            code, said = admin.drop("status")
            assert code == 111 and "no pod of the operator runs" in said and "ImagePull" in said, said
            return True
        t.eventually("a pod that does not start is named, with its reason", 60, waits)
    finally:
        t.api.delete("pod", "stuck", now=True)


def leading(person, *words, **env):
    """The answer of the replica that leads."""
    code, said = person.drop("status", "-o", "json", *words, **env)
    assert code == 0, said
    told = json.loads(said)
    assert told["leading"], told
    return told


def asks(t, r):
    """With two replicas, from another namespace and context, and with the least rights."""
    person = Person(t, config(t, "elsewhere", t.cluster.env["APISERVER"], {
        "client-certificate": t.cluster.env["CLIENT_CERT"], "client-key": t.cluster.env["CLIENT_KEY"]}))
    t.policy("fast", **FAST)
    t.image("typed", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast")
    t.image_is("typed", ready, "is Ready", 60)
    told = t.eventually("the leader of two is asked", 30, lambda: leading(person))
    t.check(told and [i["image"] for i in told["images"]] == ["typed"] and told["leftOut"]["total"] == 0,
            "and says what there is", told)
    person.says("by another context", 0, "typed", "status", "--kubeconfig", t.cluster.kubeconfig, "--context",
                json.loads(t.kubectl("config", "view", "-o", "json"))["current-context"])
    person.says("the namespace by its option", 0, "typed", "-n", NAMESPACE, "status", DROP_NAMESPACE="nowhere")
    person.says("exit codes are dropctl's", 1, 'no CachedImage "nothing"', "why", "nothing")
    path = os.path.join(t.folder("plan"), "plan.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write("kind: CachedImage\nmetadata: {name: new}\nspec: {image: docker.io/library/new}\n")
    person.says("a file of this machine is planned", 0, "new (docker.io/library/new:latest)", "plan", "-f", path)
    person.says("no page is served, and what to set", 111, "metrics.localPage.enabled=true", "page")
    ann = Person(t, t.cluster.user("ann", "askers"))
    with Allowed(t, "askers", [LIST]):
        def refused():
            code, said = ann.drop("status")
            assert code == 111 and "no right to run dropctl in pod" in said, said
            return True
        t.eventually("no right to exec is said as such", 30, refused)
    with Allowed(t, "askers", [LIST, EXEC]):
        t.eventually("with rights to list pods and to exec, and no others", 30, lambda: leading(ann))


def page(port, host=None, path="/"):
    browser = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        browser.request("GET", path, headers={"Host": host} if host else {})
        reply = browser.getresponse()
        return reply.status, reply.read().decode()
    finally:
        browser.close()


def browses(t, r):
    """The status page through a port-forward, for somebody without a right to the metrics."""
    ann, port = Person(t, t.cluster.user("ann", "askers")), registry.free_port()
    with Allowed(t, "askers", [LIST, EXEC, FORWARD]):
        t.eventually("the leader is asked", 30, lambda: leading(ann))
        with subprocess.Popen(["kubectl", "drop", "page", "--port", str(port)], env=ann.env(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as forward:
            try:
                said = forward.stdout.readline()
                t.check(f"http://127.0.0.1:{port}/" in said, "kubectl drop page says where", said)
                def shown():
                    code, text = page(port)
                    assert code == 200 and "<!doctype html>" in text and "typed" in text, (code, text[:200])
                    return True
                t.eventually("a browser has the page, without a token", 30, shown)
                t.equal(page(port, "rebound.example")[0], 403, "not under another name")
                t.equal([page(port, path=p)[0] for p in ("/metrics", "/readyz")], [404, 404], "and nothing else is there")
            finally:
                forward.terminate()
    pod = r.pods()[0]
    try:
        other = http.client.HTTPConnection(pod["status"]["podIP"], 8090, timeout=5)
        other.request("GET", "/")
        reached = other.getresponse().status
    except OSError:
        reached = None
    t.equal(reached, None, "the pod's own address does not serve it")


def test_kubectl_drop(t):
    """On the chart: two replicas; pull pods elsewhere, and the page; one replica without leader election."""
    t.stop_tree()
    t.drop_lease()
    with release.Release(t) as r:
        r.install()
        t.eventually("two pods are Ready", 120, lambda: r.ready(2))
        until(30, r.leader)
        asks(t, r)
        t.api.delete("cachedimage", "typed")
        t.wait_no_pods()
        t.api.apply("namespace", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PULLS}})
        began = time.time()
        try:
            r.install(podNamespace=PULLS, metrics={"localPage": {"enabled": True}})
            t.eventually("two new pods are Ready", 120, lambda: r.rolled_out(2))
            person = Person(t, t.cluster.kubeconfig)
            t.image("typed", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast")
            t.image_is("typed", ready, "is Ready by a pod elsewhere", 60)
            t.eventually("the lease is in another namespace: the leader is found all the same", 30, lambda: leading(person))
            browses(t, r)
            t.api.delete("cachedimage", "typed")
            r.install(leaderElection={"enabled": False}, replicaCount=1)
            t.eventually("one pod without leader election", 120, lambda: r.rolled_out(1))
            t.eventually("is asked", 30, lambda: leading(person))
        finally:
            r.uninstall()
            r.until_gone()
            t.lawless.append((release.USER + release.NAME, began, time.time()))  # its Role moved while it ran
            t.api.must("DELETE", f"/api/v1/namespaces/{PULLS}")


def test_pull(t):
    """Rule 50 and kubectl drop pull, suspend and resume: an image that is there, one that is not, one that is slow."""
    t.running()
    t.policy("fast", **FAST)
    host, person = t.cluster.registry, Person(t, t.cluster.kubeconfig)
    waits = ("--policy=fast", "--wait", "--timeout=150s")
    person.says("an image that is there", 0, "Ready 1/1: Image cached on all 1 target nodes", "pull", f"{host}/test/myapp:v1",
                *waits)
    person.says("it is created once", 0, "is there already", "pull", f"{host}/test/myapp:v1", *waits)
    person.says("an image that is not there", 1, "does not become Ready: image not found", "pull", f"{host}/test/none:v1",
                *waits)
    person.says("nodes that are not there", 1, "does not become Ready: 0/0 nodes ready", "pull", f"{host}/test/myapp:v1",
                "-l", "drop-e2e/no-such=x", *waits)
    with registry.Registry(t) as slow:
        os.kill(slow.process.pid, signal.SIGSTOP)
        try:
            person.says("a slow image", 2, "is not Ready after 5 s", "pull", f"{slow.host}/test/myapp:v2", *waits, "--timeout=5s")
        finally:
            os.kill(slow.process.pid, signal.SIGCONT)
        person.says("is there at last", 0, "Ready 1/1", "pull", f"{slow.host}/test/myapp:v2", *waits)
    person.says("suspend", 0, "pullpolicy/fast suspended", "suspend", "pp/fast")
    person.says("nothing starts", 2, "suspended by PullPolicy fast", "pull", f"{host}/test/myapp:v3", *waits, "--timeout=5s")
    person.says("resume", 0, "pullpolicy/fast resumed", "resume", "pullpolicy/fast")
    person.says("it goes on", 0, "Ready 1/1", "pull", f"{host}/test/myapp:v3", *waits)
    person.says("no such object", 1, "not found", "suspend", "ci/nobody")
    eve = Person(t, t.cluster.user("eve", "nobodies"))
    eve.says("no right", 111, "no right to create CachedImages", "pull", f"{host}/test/myapp:v1")


def test_fields(t):
    """Fields that select, on the server."""
    if t.cluster.kubernetes < 31:
        raise NotApplicable("selectableFields are served by default since 1.31")
    t.running()
    t.policy("fast", **FAST)
    t.image("here", f"{t.cluster.registry}/test/myapp:v1", policyRef="fast")
    t.image("typo", f"{t.cluster.registry}/test/myapp:no-such", policyRef="fast")
    t.image_is("here", ready, "is Ready", 60)
    t.image_is("typo", degraded, "is Degraded", 60)
    for fields, names in (("status.phase=Degraded", "typo"), ("status.phase!=Degraded", "here"), ("spec.tag=v1", "here"),
                          ("spec.policyRef.name=fast,spec.tag!=v1", "typo"),
                          (f"spec.image={t.cluster.registry}/test/myapp,status.phase=Ready", "here")):
        got = t.kubectl("get", "ci", "--field-selector", fields, "-o", "jsonpath={.items[*].metadata.name}")
        t.equal(got, names, f"kubectl get ci --field-selector {fields}")
    t.equal(t.kubectl("get", "cis", "--field-selector", "status.phase=Ready"), "", "no set is Ready")


def test_names(t):
    """Short names that nobody else has; every default is in the explanation."""
    lines = [line.split() for line in t.kubectl("api-resources", "--no-headers").splitlines()]
    taken = [name for words in lines if len(words) > 4 for name in words[1].split(",")]
    for plural, short in SHORT.items():
        t.equal(taken.count(short), 1, f"{short} is {plural} only")
        t.check(f"{plural} {short}" in [" ".join(words[:2]) for words in lines], f"kubectl knows {short}")
    schema = t.api.list("crd")
    for crd in schema:
        spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        kind = crd["spec"]["names"]["singular"]
        said = " ".join(t.kubectl("explain", f"{kind}.spec").split())
        for name, field in spec["properties"].items():
            if "default" in field:
                t.check(f"Default: {field['default']}." in said, f"explain {kind}.spec names the default of {name}", said[:300])
