"""The main job on the real kubelet: an image gets onto the node and the status tells the truth.

The first test leaves test-invalid-image in the cluster, whose retries take a minute and a half;
the last one of this module reads from the audit log when they happened.
"""
import time

from admission import refuses
from objects import FAST, PULL_FAILS, condition, degraded, ready, status
from wait import never

INVALID = "test-invalid-image"
SLOW = "dev-conservative"

# The sample resources of the first kind (deploy/samples/samples.yaml).
SAMPLE_POLICY = {
    "maxConcurrentNodes": 1, "minDelayBetweenPulls": "5s", "repullInterval": "1h",
    "failureBackoff": {"initial": "30s", "max": "5m"}}
SAMPLES = {
    "dev-nginx": "docker.io/library/nginx:1.25-alpine",
    "dev-redis": "docker.io/library/redis:7-alpine",
    INVALID: "registry.invalid.local:9999/does-not-exist:nope",
}


def fast(t):
    t.running()
    t.policy("fast", **FAST)
    return "fast"


def test_samples(t):
    """The samples to Ready, with the registry's own digest."""
    began = time.time()
    t.running()
    t.policy(SLOW, **SAMPLE_POLICY)
    for name, reference in SAMPLES.items():
        t.image(name, reference, policyRef=SLOW)
    t.keep(INVALID)
    for name, repo, tag in (("dev-nginx", "library/nginx", "1.25-alpine"),
                            ("dev-redis", "library/redis", "7-alpine")):
        obj = t.image_is(name, lambda o: ready(o, 1), "becomes Ready on one node")
        s = status(obj)
        t.equal((s.get("ready"), s.get("nodesTargeted"), s.get("nodesReady")), ("1/1", 1, 1),
                f"{name} counts 1/1")
        t.equal(s.get("resolvedDigest"), t.cluster.digest(repo, tag),
                f"{name} resolvedDigest is the registry's")
        t.equal(s.get("cachedNodes"), [t.cluster.node], f"{name} names the node")
        c = condition(obj)
        t.equal((c["status"], c["reason"], c["message"]),
                ("True", "Cached", "Image cached on all 1 target nodes"), f"{name} condition Ready")
        t.equal(condition(obj, "PullProgress")["reason"], "Complete", f"{name} PullProgress")
        t.equal(s.get("consecutiveFailures"), 0, f"{name} has no failures")
    obj = t.image_is(INVALID, lambda o: degraded(o, *PULL_FAILS), "becomes Degraded")
    t.equal(condition(obj)["message"], "dns: cannot resolve registry.invalid.local",
            f"{INVALID} message is the root cause")
    failed = status(obj).get("failedNodes") or [{}]
    t.check(failed[0].get("node") == t.cluster.node and failed[0].get("attempts", 0) >= 1,
            f"{INVALID} failedNodes says node and count", failed)
    t.wait_no_pods()
    t.check(not t.audit.twice(began), "no pull was created twice", t.audit.twice(began))


def test_scratch(t):
    """Rule 8: an image without `true` in it is pulled all the same (StartError, 128). With CRI-O the container is never created and
    has no imageID: the digest is that of the node's list of images (rule 19), which may come 40 s later."""
    t.image("scratch", f"{t.cluster.registry}/test/scratch:1", policyRef=fast(t))
    t.image_is("scratch", ready, "becomes Ready")
    digest = t.cluster.digest("test/scratch", "1")
    t.image_is("scratch", lambda o: status(o).get("resolvedDigest") == digest, "has the registry's digest", 90)


def test_big(t):
    """The 40 MB image of the cluster: a pull that takes longer than a blink is Pulling meanwhile."""
    t.image("big", f"{t.cluster.registry}/test/big:1", policyRef=fast(t))
    t.image_is("big", lambda o: status(o).get("phase") in ("Pulling", "Ready"), "is being pulled")
    t.image_is("big", ready, "becomes Ready", 60)


def test_changed_tag(t):
    """Rule 16: a changed reference starts over, and the status says what it is about."""
    repo = f"{t.cluster.registry}/test/myapp"
    began = time.time()
    first = t.image("changing", f"{repo}:v1", policyRef=fast(t))
    obj = t.image_is("changing", ready, "becomes Ready with v1")
    t.equal(status(obj).get("cachedImage"), f"{repo}:v1", "cachedImage is v1")
    t.api.patch("cachedimage", "changing", {"spec": {"tag": "v2"}})
    obj = t.image_is("changing", lambda o: status(o).get("cachedImage") == f"{repo}:v2" and ready(o),
                     "becomes Ready with v2")
    t.equal(status(obj).get("resolvedDigest"), t.cluster.digest("test/myapp", "v2"),
            "the digest is v2's")
    pulls = [p.reference for _, p in t.audit.creates(began, first["metadata"]["uid"])]
    t.equal(pulls, [f"{repo}:v1", f"{repo}:v2"], "one pull for each tag")


def test_deleted(t):
    """Rule 10: a deleted CachedImage leaves no pod, whatever its pull was doing."""
    fast(t)
    t.cluster.push("e2e/deleted:1", 20000)
    t.image("deleted", f"{t.cluster.registry}/e2e/deleted:1", policyRef="fast")
    t.eventually("its pod appears", 20, lambda: pods_of(t, "deleted"), every=0.02)
    t.api.delete("cachedimage", "deleted")
    t.eventually("no pod is left", 20, lambda: not pods_of(t, "deleted"))
    t.check(never(2, lambda: pods_of(t, "deleted")) is None, "and none comes back")


def pods_of(t, image):
    label = "drop.corewire.io/cachedimage"
    return [p for p in t.api.list("pod") if (p["metadata"].get("labels") or {}).get(label) == image]


def test_no_node(t):
    """Rule 4: no node matches: not Ready, 0/0, no pod; a node that comes to match is pulled on."""
    t.image("nowhere", "docker.io/library/alpine:3.19", policyRef=fast(t),
            nodeSelector={"drop-e2e/no-such-label": "x"})
    obj = t.image_is("nowhere", lambda o: condition(o)["reason"] == "NoNodes", "has no nodes")
    c = condition(obj)
    t.equal((c["status"], c["message"], status(obj).get("ready")),
            ("False", "0/0 nodes ready", "0/0"), "it says that no node matches")
    t.check(status(obj).get("phase") != "Ready", "it is not Ready")
    t.api.patch("node", t.cluster.node, {"metadata": {"labels": {"drop-e2e/no-such-label": "x"}}})
    t.image_is("nowhere", lambda o: ready(o, 1), "becomes Ready once the node has the label")
    t.api.patch("node", t.cluster.node, {"metadata": {"labels": {"drop-e2e/no-such-label": None}}})
    t.image_is("nowhere", lambda o: status(o).get("ready") == "0/0", "is 0/0 again without it")


def test_taint(t):
    """Rule 1: a NoSchedule taint keeps an image away unless it tolerates it."""
    fast(t)
    taint = {"key": "drop-e2e/taint", "value": "x", "effect": "NoSchedule"}
    t.api.patch("node", t.cluster.node, {"spec": {"taints": [taint]}})
    try:
        t.image("intolerant", "docker.io/library/alpine:3.19", policyRef="fast")
        t.image("tolerant", "docker.io/library/busybox:1.36", policyRef="fast", tolerations=[
            {"key": "drop-e2e/taint", "operator": "Equal", "value": "x", "effect": "NoSchedule"}])
        t.image_is("tolerant", lambda o: ready(o, 1), "becomes Ready")
        t.image_is("intolerant", lambda o: status(o).get("ready") == "0/0", "has no node")
    finally:
        t.api.patch("node", t.cluster.node, {"spec": {"taints": None}})
    t.image_is("intolerant", lambda o: ready(o, 1), "becomes Ready once the taint is gone")


def test_cordon(t):
    """Rule 2: a cordoned node leaves the counts; what it has is remembered: no second pull."""
    began = time.time()
    obj = t.image("cordoned", "docker.io/library/alpine:3.19", policyRef=fast(t))
    t.image_is("cordoned", ready, "becomes Ready")
    t.api.patch("node", t.cluster.node, {"spec": {"unschedulable": True}})
    try:
        t.image_is("cordoned", lambda o: status(o).get("ready") == "0/0", "loses the node")
    finally:
        t.api.patch("node", t.cluster.node, {"spec": {"unschedulable": None}})
    t.image_is("cordoned", lambda o: ready(o, 1), "has it back")
    pulls = t.audit.creates(began, obj["metadata"]["uid"])
    t.equal(len(pulls), 1, "one pull in all")


def test_same_tag(t):
    """Two objects that want the same reference are pulled for separately, and both get Ready."""
    for name in ("twin-a", "twin-b"):
        t.image(name, f"{t.cluster.registry}/test/myapp:v3", policyRef=fast(t))
    t.all_ready(("twin-a", "twin-b"), 30)


def test_digest(t):
    """A reference by digest."""
    digest = t.cluster.digest("test/myapp", "v4")
    t.image("by-digest", f"{t.cluster.registry}/test/myapp@{digest}", policyRef=fast(t))
    obj = t.image_is("by-digest", ready, "becomes Ready")
    t.equal(status(obj).get("resolvedDigest"), digest, "resolvedDigest is that digest")


def test_failures(t):
    """Rules 9 and 20: each kind of failure is Degraded, with kubelet's reason and a root cause."""
    fast(t)
    registry = t.cluster.registry
    rows = (  # name, reference, spec, reasons, message
        ("missing-tag", "docker.io/library/nginx:no-such-tag", {},
         PULL_FAILS, "image not found"),
        ("missing-repo", f"{registry}/no/such/repository:1", {},
         PULL_FAILS, "image not found"),
        ("upper-case", f"{registry}/UPPER/x:1", {},
         (*PULL_FAILS, "InvalidImageName"), None),
        ("refused", "127.0.0.1:1/x:1", {},
         PULL_FAILS, "connection refused: 127.0.0.1"),
        ("never", f"{registry}/e2e/absent:1", {"imagePullPolicy": "Never"},
         ("ErrImageNeverPull",), None),
    )
    for name, reference, spec, *_ in rows:
        t.image(name, reference, policyRef="fast", **spec)
    for name, _, _, reasons, message in rows:
        obj = t.image_is(name, lambda o, r=reasons: degraded(o, *r), "becomes Degraded", 40)
        said = condition(obj)["message"]
        t.check(said == message if message else said, f"{name} says why", repr(said))


def test_mended(t):
    """A failed image is retried by itself and becomes Ready once the registry has it."""
    t.image("mended", f"{t.cluster.registry}/e2e/mended:1", policyRef=fast(t))
    t.image_is("mended", degraded, "is Degraded first")
    t.cluster.push("e2e/mended:1")
    obj = t.image_is("mended", ready, "becomes Ready")
    s = status(obj)
    t.check(not s.get("failedNodes") and s.get("consecutiveFailures") == 0,
            "nothing of the failures is left in its status", s)


def test_rejected(t):
    """Rule 9: a create that the API server refuses is PodRejected, with the server's text."""
    t.running()
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"},
             "spec": {"hard": {"pods": "0"}}}
    t.api.create("quota", quota)
    try:
        refuses(t, "exceeded quota")
        t.image("rejected", "docker.io/library/busybox:1.36", policyRef=fast(t))
        obj = t.image_is("rejected", lambda o: degraded(o, "PodRejected"), "is PodRejected")
        t.check("exceeded quota" in condition(obj)["message"], "the message is the server's text",
                condition(obj)["message"])
    finally:
        t.api.delete("quota", "none")
    t.image_is("rejected", ready, "becomes Ready once the quota is lifted")


def test_restricted(t):
    """Rule 5: the pull pod passes Pod Security `restricted` (enforced in the namespace all along)."""
    began = time.time()
    made = t.image("restricted", "docker.io/library/busybox:1.36", policyRef=fast(t))
    t.image_is("restricted", ready, "becomes Ready")
    labels = t.api.get("namespace", "drop-system")["metadata"]["labels"]
    t.equal(labels.get("pod-security.kubernetes.io/enforce"), "restricted", "the namespace enforces")
    pod = t.audit.creates(began, made["metadata"]["uid"])[0][0].body
    spec = pod["spec"]
    t.equal((spec.get("restartPolicy"), spec.get("automountServiceAccountToken"),
             spec.get("enableServiceLinks"), spec.get("terminationGracePeriodSeconds")),
            ("Never", False, False, 0), "restarts never, no token, no links, no grace")
    t.equal((spec["nodeName"], spec["containers"][0]["image"], spec["containers"][0]["command"]),
            (t.cluster.node, "docker.io/library/busybox:1.36", ["true"]), "what it runs, and where")
    t.equal(pod["metadata"]["labels"].get("app.kubernetes.io/managed-by"), "drop", "it has our label")
    t.check(len(pod["metadata"]["name"]) <= 63 and pod["metadata"]["name"].startswith("pull-restricted-"),
            "its name", pod["metadata"]["name"])


def test_hand_edited_status(t):
    """The reconciler alone writes status: what somebody else puts there is corrected."""
    t.image("edited", "docker.io/library/busybox:1.36", policyRef=fast(t))
    t.image_is("edited", ready, "becomes Ready")
    t.api.patch("cachedimage", "edited", {"status": {
        "phase": "Degraded", "ready": "7/9", "nodesReady": 7, "nodesTargeted": 9}}, "status")
    t.image_is("edited", lambda o: ready(o, 1) and status(o)["ready"] == "1/1", "is right again")


def test_policy_on_one_node(t):
    """Rules 11, 12: on one node there is no delay between pulls, and at most maxPullsPerNode."""
    t.running()
    t.policy("patient", maxConcurrentNodes=1, minDelayBetweenPulls="1h", maxPullsPerNode=2)
    names = [f"paced-{i}" for i in range(6)]
    t.cluster.push(*(f"e2e/{name}:1" for name in names))
    began = time.time()
    for name in names:
        t.image(name, f"{t.cluster.registry}/e2e/{name}:1", policyRef="patient")
    most, end = 0, time.monotonic() + 60
    while time.monotonic() < end:
        most = max(most, sum(pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
                             for name in names for pod in pods_of(t, name)))
        if all(ready(t.get(name)) for name in names):
            break
        time.sleep(0.05)
    t.all_ready(names, 1)
    t.check(0 < most <= 2 + 2, "few pods at once", most)  # whose images are there may not have ended yet
    t.once_each(began, len(names), "one create for each image")
    t.wait_no_pods()


def test_policy_missing(t):
    """Rule 11: a policy that does not exist is the default one."""
    t.running()
    t.image("orphan", "docker.io/library/busybox:1.36", policyRef="no-such-policy")
    t.image_is("orphan", ready, "becomes Ready")


def test_zz_retries(t):
    """Test-invalid-image is retried about 30 s and then about 60 s later (±10%)."""
    obj = t.api.get("cachedimage", INVALID)
    if obj is None:  # run alone
        t.running()
        t.policy(SLOW, **SAMPLE_POLICY)
        obj = t.image(INVALID, SAMPLES[INVALID], policyRef=SLOW)
    uid = obj["metadata"]["uid"]
    t.eventually("a third attempt comes", 300, lambda: len(t.audit.creates(0, uid)) >= 3, every=1)
    creates = t.audit.creates(0, uid)[:3]
    t.equal([p.attempt for _, p in creates], ["0", "1", "2"], "the attempts are counted")
    gaps = [b.at - a.at for (a, _), (b, _) in zip(creates, creates[1:])]
    t.diag(f"{INVALID} was retried after {gaps[0]:.1f} s and {gaps[1]:.1f} s")
    # Back-off starts when the failure is seen, some seconds after the create.
    t.check(27 <= gaps[0] <= 90, "the first retry is about 30 s later", gaps)
    t.check(54 <= gaps[1] <= 150, "the second is about 60 s later", gaps)
    obj = t.image_is(INVALID, lambda o: status(o).get("consecutiveFailures", 0) >= 3,
                     "counts its failures")
    failed = (status(obj).get("failedNodes") or [{}])[0]
    t.check(failed.get("attempts", 0) >= 3 and failed.get("node") == t.cluster.node
            and failed.get("message") and failed.get("reason") and failed.get("lastAttemptAt"),
            "failedNodes says who, how often, why and when", failed)
    t.equal(condition(obj)["message"], "dns: cannot resolve registry.invalid.local",
            "the message is still the root cause")
    t.kept.clear()

