"""Several images in one pod (rules 42 to 44) on the real kubelet."""
import time

from kubeapi import NAMESPACE
from objects import ready, status

N = 5
SHARED = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 1, "maxImagesPerPod": 20,
          "repullMode": "Always", "failureBackoff": {"initial": "1s", "max": "2s"}}


def known(t, policy, names):
    """The images are pulled, one by one, and the node tells their sizes: then all are due for a repull at once."""
    t.policy(policy, **SHARED, repullInterval="1h")
    for n, name in enumerate(names):
        t.cluster.push(f"batches/{name}:1", 100 + n)
        t.image(name, f"{t.cluster.registry}/batches/{name}:1", policyRef=policy)
    t.all_ready(names, 60)

    def listed():
        images = str(t.api.get("node", t.cluster.node)["status"].get("images"))
        return all(f"batches/{name}:1" in images for name in names)
    t.eventually("the node lists them", 120, listed, every=1)
    first = {name: status(t.get(name))["lastPulledAt"] for name in names}
    t.policy(policy, **SHARED, repullInterval="5s")
    return first


def batches(t, began):
    """The pods of several containers that were created since."""
    return [r for r in t.audit.since(began, verb="create", resource="pods", code=201)
            if r.body and len(r.body["spec"]["containers"]) > 1]


def test_shared(t):
    """42, 43, 44: images that were pulled once and whose sizes the node tells are pulled again together; one that is not
    there has its own pod, and fails by itself. All stay Ready, no pull is made twice, and no pod is left."""
    t.running()
    began = time.time()
    names = [f"shared-{n}" for n in range(N)]
    t.image("shared-missing", f"{t.cluster.registry}/batches/nobody:1", policyRef="shared")
    first = known(t, "shared", names)
    t.eventually("a pod with several images is created", 120, lambda: batches(t, began))
    for name in names:
        t.image_is(name, lambda o, name=name: ready(o) and status(o)["lastPulledAt"] > first[name],
                   "is pulled again and stays Ready", 60)
    made = batches(t, began)
    body = made[0].body
    containers = body["spec"]["containers"]
    t.equal([c["name"] for c in containers], [f"pull-{i}" for i in range(len(containers))], "its containers, in order")
    t.check(body["metadata"]["labels"]["drop.corewire.io/cachedimage"].startswith("batch."), "its label",
            body["metadata"]["labels"])
    t.equal({v for c in containers[1:] for v in c["resources"]["requests"].values()}, {"0"}, "only the first asks for resources")
    t.check(not any("nobody" in c["image"] for r in made for c in r.body["spec"]["containers"]),
            "what is not there shares no pod", [c["image"] for r in made for c in r.body["spec"]["containers"]])
    t.diag(f"{len(made)} pods of {[len(r.body['spec']['containers']) for r in made]} images")
    for name in [*names, "shared-missing"]:
        t.api.delete("cachedimage", name)
    t.wait_no_pods()
    t.check(not t.audit.twice(began), "no pull was created twice", t.audit.twice(began))


LIMITS = f"""
apiVersion: v1
kind: LimitRange
metadata: {{name: at-least, namespace: {NAMESPACE}}}
spec:
  limits:
  - type: Container
    min: {{cpu: 5m, memory: 8Mi}}
"""


def test_refused(t):
    """43: a LimitRange with a minimum refuses pods of several images. Nobody is PodRejected: each image goes alone."""
    t.running()
    began = time.time()
    t.kubectl("apply", "-f", "-", stdin=LIMITS)
    try:
        names = [f"refused-{n}" for n in range(N)]
        known(t, "refused", names)
        t.eventually("a pod with several images is refused", 120,
                     lambda: [r for r in t.audit.since(began, verb="create", resource="pods", code=403)
                              if len(r.body["spec"]["containers"]) > 1])
        refused = time.time()
        first = {name: status(t.get(name))["lastPulledAt"] for name in names}
        for name in names:
            t.image_is(name, lambda o, name=name: ready(o) and status(o)["lastPulledAt"] > first[name],
                       "is pulled again, alone", 60)
        t.check(not batches(t, refused), "no pod of several images follows", len(batches(t, refused)))
        told = [r for r in t.audit.since(began, verb="patch", resource="cachedimages", sub="status")
                if "PodRejected" in str(r.body)]
        t.check(not told, "no status says PodRejected", told[:1])
    finally:
        t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=LIMITS)
    for name in names:
        t.api.delete("cachedimage", name)
    t.wait_no_pods()
