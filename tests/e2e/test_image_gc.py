"""Rule 37 and the kubelet's image collection: an image that repulls keep by asking the registry only is not deleted as unused,
because a pod shows every seventh interval that it is. An image that nobody renews is deleted in the same run.

A kubelet looks at what is used every 5 minutes, and nothing makes it look more often: so this takes 11 minutes, and runs when it is
named, and in make test-matrix."""
import contextlib
import json
import os
import time

import objects
from objects import ready
from tap import NotApplicable
from test_presence import listed

EVERY_S = 50
AGE = {"imageMinimumGCAge": "10s", "imageMaximumGCAge": "8m"}
PODS = "/api/v1/namespaces/default/pods"
LOOKS = 300  # seconds between two looks of a kubelet


@contextlib.contextmanager
def kubelet_with(t, settings):
    """The kubelet restarted with these settings, and at the end with its own again."""
    path = os.path.join(t.cluster.dir, "nodes", t.cluster.node, "kubelet.yaml")
    with open(path, encoding="utf-8") as file:
        own = file.read()
    def restart(text):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        t.cluster.ctl("stop-kubelet")
        t.cluster.ctl("start-kubelet")
    restart(own + "".join(f"{key}: {value}\n" for key, value in settings.items()))
    try:
        yield
    finally:
        restart(own)


def run(t, name, image):
    """A pod of a user, which ends at once and is left there."""
    t.api.must("POST", PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "nodeName": t.cluster.node, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": image, "command": ["true"]}]}})
    t.eventually(f"{name} has run", 60, lambda: t.api.must("GET", f"{PODS}/{name}")["status"].get("phase") == "Succeeded")


def test_age(t):
    """Both are used by a pod once. Then one is only kept by drop, the other is left alone, and is over the age first."""
    if t.cluster.kubernetes < 30:
        raise NotApplicable("imageMaximumGCAge is not served by default before 1.30")
    t.cluster.push("gc/kept:1", 300, "gc/left:1", 200)
    kept, left = "docker.io/gc/kept:1", "docker.io/gc/left:1"
    t.supervisor(words=["--registries", f"docker.io=http://{t.cluster.registry}"]).wait_up()
    t.policy("gc", minDelayBetweenPulls="0s", maxConcurrentNodes=9, repullInterval=f"{EVERY_S}s")
    t.image("kept", kept, policyRef="gc")
    t.image_is("kept", ready, "is pulled", 60)
    began = time.time()
    for name, image in (("uses-kept", kept), ("uses-left", left)):
        run(t, name, image)
    with kubelet_with(t, AGE):
        # It looks when it starts: so both count as used then, and not later.
        for name in ("uses-kept", "uses-left"):
            t.api.must("DELETE", f"{PODS}/{name}", {"gracePeriodSeconds": 0})
        t.eventually("both are listed", 2 * LOOKS, lambda: {kept, left} <= set(listed(t)), 1)
        t.eventually("what nobody renews is deleted by the kubelet", 4 * LOOKS, lambda: left not in listed(t), 1)
        t.check(kept in listed(t), "what is kept by checks is still there", listed(t))
        lasted = time.time() - began
        t.check(lasted >= 8 * EVERY_S, "after 8 intervals", f"{lasted:.0f} s")
        attempts = [pull.attempt for _, pull in t.audit.creates(began)]
        t.check(1 <= len(attempts) <= lasted / EVERY_S / 7 and all(one.startswith("r") for one in attempts),
                "with a pod every seventh interval", attempts)
        events = json.loads(t.kubectl("get", "events", "-o", "json"))["items"]
        t.equal([e["message"] for e in events if e["reason"] == "Evicted" and e["involvedObject"]["name"] == "kept"], [],
                "it was there all the time")
        t.check(ready(t.get("kept")), "and Ready", objects.brief(t.get("kept")))
        t.stop_tree()
