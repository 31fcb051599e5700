"""New nodes with a startup taint (rules 45 and 46) on the real API server, scheduler and kubelet: workloads wait until the
images are there, and never for good."""
import copy
import datetime
import json
import re
import socket
import subprocess
import threading
import time

import release
from kubeapi import NAMESPACE
from objects import degraded, ready
from pretend import LABEL, TAINT, TARGET, PretendNode, now, pulled
from tap import NotApplicable
from wait import never

KEY = "drop.corewire.io/cold"
CONDITION = "drop.corewire.io/ImagesReady"
ACCOUNT = "system:serviceaccount:drop-system:drop"
COLD = {"key": KEY, "value": "x", "effect": "NoSchedule"}
FAST = {"minDelayBetweenPulls": "0s", "maxConcurrentNodes": 9, "failureBackoff": {"initial": "1s", "max": "2s"}}
EARLY, LATE = 5, 10  # seconds around a deadline: times of status are whole seconds, and a busy machine is late


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def operator(t, *words, **more):
    return t.supervisor(words=["--startup-taint", KEY, *words], **more)


def cold(t, node):
    """Has the node its startup taint?"""
    return any(taint["key"] == KEY for taint in t.api.get("node", node)["spec"].get("taints", []))


def opens(t, node, within, what="opens"):
    """Until the taint is gone; how long that took."""
    began = time.time()
    t.eventually(f"{node} {what}", within, lambda: not cold(t, node))
    return time.time() - began


def spec_besides(node):
    """All of a Node that nobody but us changes here, without the startup taint."""
    kept = copy.deepcopy({"labels": node["metadata"].get("labels"), "spec": node["spec"]})
    kept["spec"]["taints"] = [x for x in kept["spec"].get("taints", []) if x["key"] != KEY]
    return kept


def events(t, node, reason):
    uid = t.api.get("node", node)["metadata"]["uid"]
    found = t.api.must("GET", "/apis/events.k8s.io/v1/namespaces/default/events")["items"]
    return [e for e in found if e["regarding"].get("uid") == uid and e["reason"] == reason]


class ColdNode(PretendNode):
    """A pretend node that registers with the startup taint, as a kubelet with --register-with-taints does."""

    def set_ready(self, good, clock=0):
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=clock)
        moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.api.patch("node", self.name, {"status": {
            "nodeInfo": {"operatingSystem": "linux", "architecture": "amd64"},
            "capacity": {"pods": "500", "cpu": "8", "memory": "8Gi"},
            "conditions": [{"type": "Ready", "status": "True" if good else "False", "reason": "Pretended",
                            "lastHeartbeatTime": moment, "lastTransitionTime": moment}]}}, "status")

    clock = 0

    def __enter__(self):
        self.api.create("node", {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": {
                LABEL: "true", "kubernetes.io/hostname": self.name,
                "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
            "spec": {"taints": [TAINT, COLD]}})
        self.set_ready(True, self.clock)
        return self.attend()


def silent(_):
    """A kubelet that says nothing of the pod: its registry hangs."""


def nodes_of(t):
    return next((n for n in t.api.list("node") if n["metadata"]["name"] == t.cluster.node), None)


def pulls_of(t, since):
    """Seconds of each pull of warm/, as the kubelet's events tell, without what it waited for."""
    found = {}
    for e in t.api.must("GET", f"/api/v1/namespaces/{NAMESPACE}/events?limit=5000")["items"]:
        said = re.search(r'pulled image "docker.io/(warm/w\d:1)" in ([\d.]+)(m?s) ', e.get("message") or "")
        if said and seconds(e["lastTimestamp"] or e["eventTime"]) >= since - 1:
            found[said[1]] = float(said[2]) / (1000 if said[3] == "ms" else 1)
    return found


def leaves(t):
    """The machine goes, and its Node with it."""
    t.cluster.ctl("stop-kubelet")
    t.api.delete("node", t.cluster.node)
    t.eventually("the node is gone", 30, lambda: nodes_of(t) is None)


def comes_cold(t):
    """The kubelet with the taint, and when its node became Ready."""
    t.cluster.ctl("start-kubelet", f"--register-with-taints={KEY}=x:NoSchedule")
    return next(seconds(c["lastTransitionTime"]) for c in t.api.get("node", t.cluster.node)["status"]["conditions"]
                if c["type"] == "Ready")


def test_real_faults(t):
    """Rule 45 on a real kubelet: a gating image that does not exist holds the node until that is known, a registry that hangs
    until the deadline."""
    node, limit = t.cluster.node, 40
    t.policy("warm", **FAST)
    operator(t, "--startup-taint-deadline", f"{limit}s").wait_up()
    leaves(t)
    t.image("gone", "docker.io/warm/none:1", policyRef="warm", gateNodes=True)
    since = comes_cold(t)
    opens(t, node, 120, "opens when the fault is known")
    t.diag(f"an image that does not exist: open {time.time() - since:.1f} s after Ready")
    t.image_is("gone", degraded, "the image is Degraded")
    t.equal(events(t, node, "GateTimedOut"), [], "it was no time-out")
    t.api.delete("cachedimage", "gone")
    with socket.create_server(("127.0.0.1", 0)) as mute:  # connections are taken, and nothing is answered
        leaves(t)
        t.image("hangs", f"127.0.0.1:{mute.getsockname()[1]}/x/hangs:1", policyRef="warm", gateNodes=True)
        comes_cold(t)
        due = deadline_of(t, node, limit)
        opens(t, node, 120, "opens at the deadline")
        late = time.time() - due
        t.check(-EARLY <= late <= LATE, "of a registry that hangs", late)
        said = t.eventually("an event says so", 30, lambda: events(t, node, "GateTimedOut"))
        t.check(said and "hangs" in said[0]["note"], "and what was missing", said)
        t.diag(f"a registry that hangs: open {late:+.1f} s from the deadline; {said[0]['note']}")


def registers(t, work):
    """The kubelet comes with the taint to a node without the images; work: the Deployment's pod must wait. Returns the
    number of pods that it took."""
    node = t.cluster.node
    began = time.time()
    # It returns when the node is Ready, and that may be late.
    kubelet = threading.Thread(target=t.cluster.ctl, args=("start-kubelet", f"--register-with-taints={KEY}=x:NoSchedule"))
    kubelet.start()
    before = t.eventually("the kubelet registers", 60, lambda: t.api.get("node", node), 0.02)
    t.check(any(taint["key"] == KEY for taint in before["spec"]["taints"]), "with the taint", before["spec"])
    name = t.eventually("the Deployment has its pod", 30, work)["metadata"]["name"]
    t.check(not work()["spec"].get("nodeName"), "which no node takes", work()["spec"].get("nodeName"))
    opens(t, node, 300)
    opened = time.time()
    kubelet.join()
    t.all_ready([f"warm-{i}" for i in range(6)], 10, "all images are there")
    after = t.api.get("node", node)
    ready_at = next(seconds(c["lastTransitionTime"]) for c in after["status"]["conditions"] if c["type"] == "Ready")
    pulls = pulls_of(t, began)
    made = {r.name for r, _ in t.audit.creates(began) if r.body["spec"].get("nodeName") == node}
    t.diag(f"6 images of 60 MB in {len(made)} pods: {opened - ready_at:.1f} s from Ready to open (Ready has whole seconds); "
           f"the {len(pulls)} pulls took {sum(pulls.values()):.1f} s")

    def started():
        said = [e for e in t.api.must("GET", "/apis/events.k8s.io/v1/namespaces/default/events")["items"]
                if e["regarding"].get("name") == name and e["reason"] == "Pulled"]
        assert said, "no Pulled event"
        return said[0].get("note", "")
    note = t.eventually("the pod starts on the node", 60, started)
    t.check("already present on machine" in (note or ""), "without pulling", note)
    said = t.eventually("there is an event on the node", 30, lambda: events(t, node, "ImagesReady"))
    t.check(said and "6 of 6 gating images" in said[0]["note"], "that says what was waited for", said)
    return len(made)


def test_real_kubelet(t):
    """Rules 45, 46: a kubelet that registers with the taint; a Deployment's pod is Pending until six gating images of 60 MB
    are there, and starts without pulling. The same with the images in one pod."""
    t.policy("warm", **FAST)
    digests = t.cluster.push(*(word for i in range(6) for word in (f"warm/w{i}:1", 60 * 1024)))
    t.check(len(digests) == 6, "six images are pushed", digests)
    operator(t).wait_up()
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "warm-work", "namespace": "default"},
                  "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "warm-work"}}, "template": {
                      "metadata": {"labels": {"app": "warm-work"}},
                      "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
                          "name": "c", "image": "docker.io/warm/w5:1", "imagePullPolicy": "IfNotPresent"}]}}}}

    def work():
        return t.api.must("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dwarm-work")["items"][0]

    leaves(t)
    for i in range(6):
        t.image(f"warm-{i}", f"docker.io/warm/w{i}:1", policyRef="warm", gateNodes=True, tolerations=TARGET["tolerations"])
    # Only images that a node has pulled, and whose size is known, share a pod (rule 42).
    old = PretendNode(t.api, "warm-old", pulled)
    t.api.must("POST", "/apis/apps/v1/namespaces/default/deployments", deployment)
    old.__enter__()
    try:
        t.api.patch("node", "warm-old", {"status": {"images": [
            {"names": [f"docker.io/warm/w{i}:1"], "sizeBytes": 60 << 20} for i in range(6)]}}, "status")
        t.all_ready([f"warm-{i}" for i in range(6)], 60, "another node has all images")
        t.equal(registers(t, work), 6, "each image has its pod")
        if not t.cluster.env["CTR"]:
            raise NotApplicable("the same with one pod: images are removed with containerd's client")
        t.api.patch("pullpolicy", "warm", {"spec": {"maxImagesPerPod": 6}})
        before = work()["metadata"]["name"]
        t.kubectl("cordon", t.cluster.node)
        t.api.ask("DELETE", f"/api/v1/namespaces/default/pods/{before}")
        t.wait_no_pods()
        remove_images(t, "docker.io/warm/")
        leaves(t)

        def fresh():
            made = work()
            assert made["metadata"]["name"] != before
            return made
        pods = registers(t, fresh)
        t.equal(pods, 1, "the images share one pod")
    finally:
        old.__exit__()
        t.api.must("DELETE", "/apis/apps/v1/namespaces/default/deployments/warm-work")


def remove_images(t, prefix):
    """From the runtime, as on a new machine: by all of their names, of which one is the id."""
    def run(*words):
        return subprocess.run([t.cluster.env["CTR"], *words], capture_output=True, text=True, timeout=60, check=True).stdout
    rows = [line.split() for line in run("images", "list").splitlines()[1:]]
    digests = {row[2] for row in rows if row[0].startswith(prefix)}
    names = {row[0] for row in rows if row[2] in digests}
    # The kubelet removes what is left of pods once a minute; pods of other tests may stay.
    t.eventually("no container has one of them", 180, lambda: not [
        line for line in run("containers", "list").splitlines() if names & set(line.split())])
    run("images", "rm", "--sync", *names)
    left = [row for row in run("images", "list").splitlines() if any(digest in row for digest in digests)]
    t.check(digests and not left, "the machine has none of the images", (len(digests), left[:1]))


def test_missing(t):
    """Rule 45: a gating image that does not exist does not keep the node shut once that is known."""
    t.policy("warm", **FAST)
    operator(t).wait_up()

    def missing(pod):
        return {"phase": "Pending", "startTime": now(), "containerStatuses": [{
            "name": "pull", "image": pod["spec"]["containers"][0]["image"], "imageID": "", "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "rpc error: docker.io/x/y:1: not found"}}}]}
    t.image("gone", "docker.io/x/y:1", policyRef="warm", gateNodes=True, **TARGET)
    with ColdNode(t.api, "cold-missing", missing):
        opens(t, "cold-missing", 60, "opens when the fault is known")
        t.image_is("gone", degraded, "the image is Degraded")
        t.equal(events(t, "cold-missing", "GateTimedOut"), [], "it was no time-out")


def deadline_of(t, node, wanted):
    made = t.api.get("node", node)
    since = next(seconds(c["lastTransitionTime"]) for c in made["status"]["conditions"] if c["type"] == "Ready")
    return max(seconds(made["metadata"]["creationTimestamp"]), since) + wanted


def test_deadline(t):
    """Rule 45: a registry that hangs holds the node until the deadline and not longer, also if the operator dies in
    between."""
    t.policy("warm", **FAST)
    tree = operator(t, "--startup-taint-deadline", "30s").wait_up()
    t.image("hangs", "docker.io/x/hangs:1", policyRef="warm", gateNodes=True, **TARGET)
    with ColdNode(t.api, "cold-hangs", silent):
        due = deadline_of(t, "cold-hangs", 30)
        t.check(never(10, lambda: not cold(t, "cold-hangs")) is None, "the node is held")
        tree.kill_all()
        tree.stop()
        operator(t, "--startup-taint-deadline", "30s").wait_up()
        opens(t, "cold-hangs", 60, "opens at the deadline")
        late = time.time() - due
        t.check(-EARLY <= late <= LATE, "by the node's own time, restart or not", late)
        said = t.eventually("an event says so", 30, lambda: events(t, "cold-hangs", "GateTimedOut"))
        t.check(said and "hangs" in said[0]["note"], "and what was missing", said)


def test_clock(t):
    """Rule 45: a kubelet whose clock is five minutes ahead, or behind, changes nothing."""
    t.policy("warm", **FAST)
    operator(t, "--startup-taint-deadline", "20s").wait_up()
    t.image("late", "docker.io/x/late:1", policyRef="warm", gateNodes=True, **TARGET)
    for clock in (300, -300):
        node = ColdNode(t.api, f"cold-clock{clock}", silent)
        node.clock = clock
        with node:
            began = time.time()
            opens(t, node.name, 60)
            late = time.time() - began - 20
            t.check(-EARLY <= late <= LATE, f"at the deadline with a clock that is {clock} s off", late)


def test_contested(t):
    """Rule 46: somebody who puts the taint back for ever is told, and costs little."""
    operator(t).wait_up()
    with ColdNode(t.api, "cold-again"):
        began = time.time()
        while time.time() < began + 20:
            opens(t, "cold-again", 60)
            node = t.api.get("node", "cold-again")
            t.api.patch("node", "cold-again", {"spec": {"taints": [*node["spec"].get("taints", []), COLD]}})
        writes = t.audit.since(began, verb="patch", resource="nodes", code=200)
        t.check(4 <= len(writes) <= 6, "the taint is removed after 1, 2, 4, 8 s", len(writes))
        t.eventually("and there is an event", 30, lambda: events(t, "cold-again", "GateContested"))
        patches = [w.body for w in writes if isinstance(w.body, list)]
        t.check(all([step["op"] for step in patch] == ["test", "test", "replace"] for patch in patches),
                "each write tests uid and taints", patches[:1])


def test_many_nodes(t):
    """Rule 46: the default policy, one node at a time and 10 s between two, does not pace new nodes."""
    operator(t).wait_up()
    t.image("many", "docker.io/x/many:1", gateNodes=True, **TARGET)
    with ColdNode(t.api, "cold-0", pulled):
        opens(t, "cold-0", 60)
    nodes = [ColdNode(t.api, f"cold-{i}", pulled) for i in range(1, 9)]
    began = time.time()
    for node in nodes:
        node.__enter__()
    try:
        for node in nodes:
            opens(t, node.name, 60)
        t.diag(f"8 nodes, one image, default policy: open after {time.time() - began:.1f} s")
        t.check(time.time() - began < 60, "eight nodes open together: paced they would take 80 s", time.time() - began)
    finally:
        for node in nodes:
            node.__exit__()


def test_without_right(t):
    """Rule 48: who may not patch nodes is told once, and all else works."""
    t.kubectl("create", "clusterrole", "warm-reader", "--verb=*", "--resource=cachedimages.drop.corewire.io,"
              "cachedimages.drop.corewire.io/status,cachedimagesets.drop.corewire.io,pullpolicies.drop.corewire.io,"
              "discoverypolicies.drop.corewire.io,pods,leases.coordination.k8s.io,events.events.k8s.io")
    t.kubectl("create", "clusterrole", "warm-nodes", "--verb=get,list,watch", "--resource=nodes")
    for role in ("warm-reader", "warm-nodes"):
        t.kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", "--group=warmers")
    began = time.time()
    try:
        t.stop_tree()
        tree = operator(t, kubeconfig=t.cluster.user("warmer", "warmers"), name="warmer").wait_up()
        t.image("plain", "docker.io/x/plain:1", gateNodes=True, **TARGET)
        with ColdNode(t.api, "cold-right", pulled):
            t.image_is("plain", ready, "images are pulled", 60)
            log = t.eventually("the log says which right is missing", 30, lambda: "no permission to remove startup taints"
                               in tree.log())
            t.check(bool(log), "in a warning")
            t.check(never(5, lambda: not cold(t, "cold-right")) is None, "the node stays held")
            t.equal(tree.log().count("no permission to remove startup taints"), 1, "once")
            t.kubectl("create", "clusterrole", "warm-patch", "--verb=patch", "--resource=nodes")
            t.kubectl("create", "clusterrolebinding", "warm-patch", "--clusterrole=warm-patch", "--group=warmers")
            opens(t, "cold-right", 60, "opens once the right is granted")
    finally:
        t.stop_strays()  # before its rights go
        t.lawless.append(("warmer", began, time.time()))
        for role in ("warm-reader", "warm-nodes", "warm-patch"):
            t.kubectl("delete", "clusterrole,clusterrolebinding", role, "--ignore-not-found")


def test_condition(t):
    """Rule 47: each node gets one condition, beside the kubelet's; once True it stays, also when a new gating image comes."""
    t.policy("warm", **FAST)
    t.supervisor(words=["--node-condition", "--startup-taint-deadline", "60s"]).wait_up()

    def condition(node):
        found = [c for c in t.api.get("node", node)["status"]["conditions"] if c["type"] == CONDITION]
        return (found[0]["status"], found[0]["reason"]) if found else None
    t.eventually("a node without gating images is True", 60, lambda: condition(t.cluster.node) == ("True", "NoGatingImages"))
    kinds = {c["type"] for c in t.api.get("node", t.cluster.node)["status"]["conditions"]}
    t.check({"Ready", "DiskPressure", "MemoryPressure", "PIDPressure"} <= kinds, "the kubelet's conditions stay", kinds)
    t.image("says", "docker.io/x/says:1", policyRef="warm", gateNodes=True, **TARGET)
    node = PretendNode(t.api, "says-node", silent)
    with node:
        t.eventually("a node that lacks an image is False", 60, lambda: condition(node.name) == ("False", "Pulling"))
        node.behave = pulled
        node.again()
        t.eventually("and True when it is there", 60, lambda: condition(node.name) == ("True", "ImagesReady"))
        t.image("more", "docker.io/x/more:1", policyRef="warm", gateNodes=True, **TARGET)
        t.image_is("more", ready, "another gating image comes")
        t.equal(condition(node.name), ("True", "ImagesReady"), "an open node stays open")


def may(t, patch, kind="json", sub=None, name="cold-policy"):
    """Whether the operator's account may patch the node like that: (allowed, what was said)."""
    words = ["patch", "node", name, f"--type={kind}", "-p", json.dumps(patch), f"--as={ACCOUNT}"]
    try:
        return True, t.kubectl(*words, *([f"--subresource={sub}"] if sub else []))
    except RuntimeError as error:
        return False, str(error)


def test_policy(t):
    """Rule 48: with the chart's rights and its ValidatingAdmissionPolicy the operator's account can remove startup taints from
    a node, and nothing else of it can be changed."""
    if t.cluster.kubernetes < 30:
        raise NotApplicable("Kubernetes 1.30 is the first with ValidatingAdmissionPolicy v1; the chart leaves it out before")
    made = release.template(t.folder("chart"), {"warmGate": {
        "enabled": True, "nodeCondition": True, "startupTaints": [KEY, "example.com/cold"]}})
    wanted = [o for o in made if o["kind"].startswith("ValidatingAdmissionPolicy")
              or o["kind"] in ("ClusterRole", "ClusterRoleBinding") and o["metadata"]["name"] == "drop"]
    t.equal(sorted(o["kind"] for o in wanted), ["ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy",
                                                "ValidatingAdmissionPolicyBinding"], "what the chart has for it")
    # kubectl reads what it patches; the operator does not read a status.
    reader = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "warm-status"},
              "rules": [{"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["get"]}]}
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "warm-status"},
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "warm-status"},
               "subjects": [{"kind": "ServiceAccount", "name": "drop", "namespace": "drop-system"}]}
    wanted += [reader, binding]
    t.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted}))
    other = {"key": "dedicated", "value": "ci", "effect": "NoSchedule"}
    try:
        with ColdNode(t.api, "cold-policy"):
            t.api.patch("node", "cold-policy", {"spec": {"taints": [TAINT, other, COLD]}})
            refused = {
                "another taint removed": [{"op": "replace", "path": "/spec/taints", "value": [TAINT, COLD]}],
                "a taint added": [{"op": "add", "path": "/spec/taints/-", "value": {**other, "key": "more"}}],
                "a taint changed": [{"op": "replace", "path": "/spec/taints/1/value", "value": "x"}],
                "cordoned": [{"op": "add", "path": "/spec/unschedulable", "value": True}],
                "a label added": [{"op": "add", "path": "/metadata/labels/a", "value": "b"}],
                "an annotation added": [{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}],
                "a finalizer added": [{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/f"]}],
                "its provider changed": [{"op": "add", "path": "/spec/providerID", "value": "x://y"}],
                "taint and label at once": [{"op": "replace", "path": "/spec/taints", "value": [TAINT, other]},
                                            {"op": "add", "path": "/metadata/labels/a", "value": "b"}],
            }
            # A new policy is in force some moments after it is stored.
            t.eventually("the policy is in force", 60, lambda: "the operator may" in may(
                t, [{"op": "add", "path": "/metadata/labels/probe", "value": str(time.monotonic())}])[1], 0.5)
            for what, patch in refused.items():
                allowed, said = may(t, patch)
                t.check(not allowed and "the operator may" in said, f"refused: {what}", said[-300:])
            allowed, said = may(t, {"status": {"phase": "Terminated"}}, "merge", "status")
            t.check(not allowed, "refused: its status", said[-300:])
            other_condition = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "x", "message": "x"}]}}
            allowed, said = may(t, other_condition, "strategic", "status")
            t.check(not allowed and "the operator may" in said, "refused: another condition", said[-300:])
            ours = {"status": {"conditions": [{"type": CONDITION, "status": "True", "reason": "x", "message": "x"}]}}
            allowed, said = may(t, ours, "strategic", "status")
            t.check(allowed, "allowed: our condition", said[-300:])
            before = t.api.get("node", "cold-policy")
            allowed, said = may(t, [{"op": "replace", "path": "/spec/taints", "value": [TAINT, other]}])
            t.check(allowed, "allowed: the startup taint removed", said[-300:])
            t.equal(spec_besides(t.api.get("node", "cold-policy")), spec_besides(before), "and nothing else is changed")
            t.api.patch("node", "cold-policy", {"metadata": {"labels": {"a": "b"}}})
            t.equal(t.api.get("node", "cold-policy")["metadata"]["labels"].get("a"), "b", "others change nodes as before")
    finally:
        for one in wanted:
            t.kubectl("delete", one["kind"], one["metadata"]["name"], "--ignore-not-found")
