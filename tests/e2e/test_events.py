"""Events (behaviour 22) as kubectl shows them, and what they cost by the audit log."""
import contextlib
import time

import objects
from objects import FAST, degraded, ready
from pretend import TARGET, PretendNode
from wait import never, until

EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"


def fast(t):
    t.running()
    t.policy("fast", **FAST)
    return "fast"


def events(t, uid, reason=None):
    """Events about the object with that uid."""
    items = t.api.must("GET", EVENTS)["items"]
    return [e for e in items if e["regarding"].get("uid") == uid and reason in (None, e["reason"])]


def writes(t, since):
    return [r for r in t.audit.writes(since, process="reconciler") if r.resource == "events"]


def event_comes(t, obj, reason, kind, seconds=15):
    """A check that an event is there, with all its fields; returns it."""
    def probe():
        found = events(t, obj["metadata"]["uid"], reason)
        assert found, [e["reason"] for e in events(t, obj["metadata"]["uid"])]
        return found
    found = t.eventually(f"rule 22: event {reason}", seconds, probe)
    if not found:
        return None
    one = found[0]
    t.equal(len(found), 1, f"one {reason}")
    t.equal((one["type"], one["action"], one["reportingController"], one["metadata"]["namespace"]),
            (kind, "CacheImage", "drop", "default"), f"{reason}: type, action, reporter")
    t.equal({k: one["regarding"][k] for k in ("apiVersion", "kind", "name", "uid")},
            {"apiVersion": objects.GROUP, "kind": obj["kind"], "name": obj["metadata"]["name"],
             "uid": obj["metadata"]["uid"]}, f"{reason}: regarding")
    t.check(one["eventTime"] and one["reportingInstance"], f"{reason}: time and instance", one)
    return one


def test_events(t):
    """What a pull, a failure, a missing policy and no node tell; kubectl describe shows it."""
    good = t.image("told", f"{t.cluster.registry}/test/myapp:v1", policyRef=fast(t))
    t.image_is("told", ready, "becomes Ready")
    event_comes(t, good, "PullStarted", "Normal")
    one = event_comes(t, good, "PullSucceeded", "Normal")
    t.check(one and t.cluster.node in one["note"], "the note names the node", one)
    bad = t.image("untold", f"{t.cluster.registry}/test/myapp:nothing", policyRef="fast")
    obj = t.image_is("untold", degraded, "becomes Degraded")
    one = event_comes(t, bad, objects.condition(obj)["reason"], "Warning")
    t.check(one and "image not found" in one["note"], "the note has the root cause", one)
    lost = t.image("lost", f"{t.cluster.registry}/test/myapp:v2", policyRef="no-such-policy")
    event_comes(t, lost, "PolicyNotFound", "Warning")
    none = t.image("nowhere", f"{t.cluster.registry}/test/myapp:v2", policyRef="fast",
                   nodeSelector={"no": "where"})
    event_comes(t, none, "NoNodes", "Warning")
    made = t.api.create("cachedimageset", objects.image_set(
        "told-set", [f"{t.cluster.registry}/test/myapp:v1"], policyRef="fast",
        discoveryPolicyRef={"name": "none"}))
    event_comes(t, made, "DiscoveryPolicyNotFound", "Warning")
    text = str(t.kubectl("describe", "cachedimage", "told"))
    t.check("PullSucceeded" in text and "Pulled the image" in text, "kubectl describe shows them",
            text[-400:])


def test_series(t):
    """A failure that repeats is one event whose count grows, at most once a minute."""
    began = time.time()
    obj = t.image("again", f"{t.cluster.registry}/test/myapp:never", policyRef=fast(t))
    t.image_is("again", lambda o: (o.get("status") or {}).get("consecutiveFailures", 0) >= 4,
               "fails four times", 60)
    reasons = [r.verb for r in writes(t, began) if r.name.startswith("again.")]
    t.check(1 < len(reasons) <= 4, "four failures are two events, not eight", reasons)
    failures = [e for e in events(t, obj["metadata"]["uid"]) if e["type"] == "Warning"]
    told = [(e["reason"], e["note"]) for e in failures]
    t.equal(len({reason for reason, note in told}), len(told),
            "one event for all failures of a reason")
    first = next((e for e in failures if e["reason"] in objects.PULL_FAILS), None)
    if not t.check(first, "the image's failure among them", told):
        return
    t.diag(f"failures told: {told}")

    def counted():
        one = next(e for e in events(t, obj["metadata"]["uid"], first["reason"]))
        assert (one.get("series") or {}).get("count", 0) >= 4, one.get("series")
        return one
    one = t.eventually("after a minute its series counts them", 150, counted)
    t.check(one and one["note"] == first["note"], "the note stays")


def test_cost(t):
    """Twenty images on a node: two events an image, never more than ten a second; a restart of
    the tree repeats none."""
    t.supervisor(name="events").wait_up()
    t.policy("quick", **FAST)
    with PretendNode(t.api, "pretend-1"):
        # What is pulled in the second of a node's creation counts as pulled before it (rule 16).
        second = time.time()
        until(5, lambda: time.time() > second + 2)
        began = time.time()
        names = [f"ev-{i:02}" for i in range(20)]
        for i, name in enumerate(names):
            t.image(name, f"pretend.local/events:{i}", policyRef="quick", **TARGET)
        t.all_ready(names, 60)
        t.eventually("all 40 events are written", 20, lambda: len(writes(t, began)) >= 40)
        t.wait_no_pods()
        made = writes(t, began)
        t.equal(sorted({(r.verb, r.code) for r in made}), [("create", 201)], "only creates, all made")
        t.equal(len(made), 40, "two an image")
        times = sorted(r.at for r in made)
        # Of the times of receipt: one may come a second later than it was sent, and the next at once.
        hasty = [(j - i + 1, round(times[j] - times[i], 2)) for i in range(len(times)) for j in range(i, len(times))
                 if j - i + 1 > 10 * (times[j] - times[i] + 2)]
        t.check(not hasty, "at most ten a second", hasty[:3])
        asked = [r for r in t.audit.since(began) if r.verb not in ("watch",) and r.resource != "leases"]
        t.diag(f"{len(asked) / 20:.2f} requests a pull with events, "
               f"{(len(asked) - len(made)) / 20:.2f} without: {t.audit.summary(began)}")
        t.stop_strays()
        began = time.time()
        tree = t.supervisor(name="events-again").wait_up()
        t.check(not never(3, lambda: writes(t, began)), "a restart tells nothing again",
                [r.body for r in writes(t, began)][:3])
        tree.stop()


def test_many_nodes(t):
    """One image on twelve nodes: the series is the image's, so its events cost two requests."""
    fast(t)
    t.api.patch("pullpolicy", "fast", {"spec": {"maxConcurrentNodes": 6}})
    with contextlib.ExitStack() as stack:
        for i in range(12):
            stack.enter_context(PretendNode(t.api, f"pretend-{i:02}"))
        began = time.time()
        obj = t.image("everywhere", "pretend.local/events:x", policyRef="fast", **TARGET)
        t.image_is("everywhere", lambda o: ready(o, 12), "is Ready on 12 nodes", 60)
        event_comes(t, obj, "PullSucceeded", "Normal")
        made = [r.verb for r in writes(t, began) if r.name.startswith("everywhere.")]
        t.equal(made, ["create", "create"], "24 facts are two writes")
        t.diag(f"12 pulls: {t.audit.summary(began)}")
        t.api.delete("cachedimage", "everywhere")
        t.wait_no_pods()


def test_forbidden(t):
    """Who may not write events.k8s.io gets core/v1 events; who may write none pulls all the same."""
    t.stop_tree()
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    groups = ["", "coordination.k8s.io", "drop.corewire.io"]
    core = {**rule, "apiGroups": groups}
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    t.api.must("POST", roles, {"metadata": {"name": "no-new-events"}, "rules": [core]})
    t.api.must("POST", binding, {
        "metadata": {"name": "no-new-events"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                    "name": "no-new-events"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "plain"}]})
    try:
        t.policy("fast", **FAST)
        began = time.time()
        tree = t.supervisor(kubeconfig=t.cluster.user("plain", "guests"), name="plain").wait_up()
        obj = t.image("legacy", f"{t.cluster.registry}/test/myapp:v3", policyRef="fast")
        t.image_is("legacy", ready, "becomes Ready")
        event_core = f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.uid={obj['metadata']['uid']}"
        t.eventually("core/v1 events instead", 20, lambda: {
            e["reason"] for e in t.api.must("GET", event_core)["items"]} >= {
                "PullStarted", "PullSucceeded"})
        one = t.api.must("GET", event_core)["items"][0]
        t.check(one["count"] == 1 and one["firstTimestamp"] and one["source"] == {"component": "drop"},
                "with count, times and source", one)
        codes = [r.code for r in writes(t, began) if r.uri.startswith("/apis/events.k8s.io")]
        t.check(codes and set(codes) == {403} and len(codes) <= 4, "after the first 403s never again",
                codes)
        tree.stop()
    finally:
        t.api.must("DELETE", f"{binding}/no-new-events")
        t.api.must("DELETE", f"{roles}/no-new-events")
        t.drop_lease()
