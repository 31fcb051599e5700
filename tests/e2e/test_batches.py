"""Several images in one pod (rules 42 to 44) on the real kubelet."""
import time

from objects import ready, status

N = 5
SHARED = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 1, "maxImagesPerPod": 20,
          "repullInterval": "10s", "repullMode": "Always", "failureBackoff": {"initial": "1s", "max": "2s"}}


def batches(t, began):
    """The pods of several containers that were created since."""
    return [r for r in t.audit.since(began, verb="create", resource="pods", code=201)
            if r.body and len(r.body["spec"]["containers"]) > 1]


def test_shared(t):
    """42, 43, 44: images that were pulled once and whose sizes the node tells are pulled again together; one that is not
    there has its own pod, and fails by itself. All stay Ready, no pull is made twice, and no pod is left."""
    t.running()
    began = time.time()
    t.policy("shared", **SHARED)
    names = [f"shared-{n}" for n in range(N)]
    for n, name in enumerate(names):
        t.cluster.push(f"batches/{name}:1", 100 + n)
        t.image(name, f"{t.cluster.registry}/batches/{name}:1", policyRef="shared")
    t.image("shared-missing", f"{t.cluster.registry}/batches/nobody:1", policyRef="shared")
    t.all_ready(names, 60)
    first = {name: status(t.get(name))["lastPulledAt"] for name in names}
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
