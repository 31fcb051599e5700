"""Many images in one pod on the real kubelet (rules 42 to 44): what it costs next to a pod for each image, and one of them that fails
next to others."""
import http.client
import http.server
import os
import threading
import time

import processes
from objects import condition, degraded, ready, status
from proving import Proving
from registry import Registry

IMAGES = 20
KB = 100
# Of the 20 containers' events (Pulling, Pulled, Created, Started) the kubelet sends 25 of a pod, then merges.
EVENTS_MAX = 4 * IMAGES


def node_cpu(t):
    """CPU seconds of all processes of the node so far: kubelet, runtime, what they started, and who ended."""
    runtime = t.cluster.env["RUNTIME"].partition("-")[0]
    roots = [int(open(os.path.join(t.cluster.dir, "run", f"{part}-{t.cluster.node}.pid"), encoding="ascii").read().split()[0])
             for part in ("init", "kubelet", runtime)]
    return sum(processes.cpu_s(pid, True) for pid in processes.family(roots))


def operator_cpu(tree):
    return sum(processes.cpu_s(pid, True) for pid in [tree.pid, *tree.pids().values()])


def kubelet_events(t, pods):
    names = {pod["metadata"]["name"] for pod in pods}
    events = t.api.must("GET", "/api/v1/namespaces/drop-system/events")["items"]
    return [e for e in events if e["involvedObject"]["name"] in names and e["source"].get("component") == "kubelet"]


def run(t, tree, most):
    """20 images, `most` in a pod: what it took."""
    label = f"many-{most}"
    references = {f"{label}-{n:02}": f"{t.cluster.registry}/{label}/image:{n}" for n in range(IMAGES)}
    t.cluster.push(*[word for n in range(IMAGES) for word in (f"{label}/image:{n}", KB)])
    with Proving(t, label, references, spec={"maxImagesPerPod": most, "maxPullsPerNode": IMAGES}) as proving:
        proving.widen(2)
        cpu, own, began = node_cpu(t), operator_cpu(tree), time.time()
        proving.release()
        t.all_ready(references, 180, f"all Ready, {most} a pod")
        took = time.time() - began
        t.wait_no_pods()
        cpu, own = node_cpu(t) - cpu, operator_cpu(tree) - own
        pods = t.witness.pods_since(began)
        asked = [r for r in t.audit.since(began) if r.resource not in ("leases", "events") and r.verb != "watch"]
        events = kubelet_events(t, pods)
        told = [e for e in events if e["reason"] == "Pulled"]
        t.diag(f"{IMAGES} images, {most} a pod: {len(pods)} pods, Ready after {took:.1f} s; CPU of the node {cpu:.1f} s, of the "
               f"operator {own:.2f} s; {len(asked)} requests of the operator; {len(events)} Events of the kubelet, {len(told)} of them "
               f"Pulled; {len([e for e in told if 'combined' in e['message']])} of these are combined, of "
               f"{sum(e.get('count') or 1 for e in told if 'combined' in e['message'])} events")
        t.once_each(began, IMAGES, f"each image is pulled once, {most} a pod")
        for name in references:
            t.api.delete("cachedimage", name)
    written = sum(r.resource == "pods" and r.verb in ("create", "delete") for r in asked)
    return len(pods), written, len(events)


def test_twenty(t):
    """42: 20 small images in one pod and in 20, in turn."""
    tree = t.supervisor(name="many").wait_up()
    pods, written, _ = run(t, tree, 1)
    shared_pods, shared_written, events = run(t, tree, IMAGES)
    t.equal((pods, shared_pods), (IMAGES, 1), "a pod for each, and one for all")
    t.equal((written, shared_written), (2 * IMAGES, 2), "a create and a delete for each, and for all")
    t.check(events <= EVENTS_MAX, "events of the kubelet", events)
    tree.stop()


class Denying(Registry):
    """The cluster's registry, which denies the repositories whose names have `denied` in them."""

    def __enter__(self):
        upstream = self.t.cluster.registry

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                denied = "denied" in self.path
                if not denied:
                    there = http.client.HTTPConnection(upstream, timeout=10)
                    there.request(self.command, self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
                    answer = there.getresponse()
                    code, kind, body = answer.status, answer.headers.get("Content-Type"), answer.read()
                    digest, length = answer.headers.get("Docker-Content-Digest"), answer.headers.get("Content-Length")
                else:
                    code, kind, digest = 403, "application/json", None
                    body = b'{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'
                    length = len(body)
                self.send_response(code)
                for key, value in (("Content-Type", kind), ("Docker-Content-Digest", digest), ("Content-Length", length)):
                    if value is not None:
                        self.send_header(key, str(value))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.tell_node()
        address, _, port = self.host.partition(":")
        self.server = http.server.ThreadingHTTPServer((address, int(port)), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_one_fails(t):
    """43: a missing tag, a denied image and one without `true` share a pod with good ones: each has its own outcome. One that is large
    goes alone."""
    t.running()
    t.cluster.push(*(word for n in range(3) for word in (f"mixed/good:{n}", KB)), "mixed/large:1", KB)
    t.cluster.push("--scratch", "mixed/scratch:1")
    with Denying(t) as registry:
        there = {**{f"good-{n}": f"mixed/good:{n}" for n in range(3)}, "large": "mixed/large:1",
                 "missing": "mixed/good:nowhere", "denied": "mixed/denied:1", "scratch": "mixed/scratch:1"}
        references = {f"mixed-{name}": f"{registry.host}/{place}" for name, place in there.items()}
        with Proving(t, "mixed", references, sizes={"mixed-large": 1500 * 1000 * 1000}) as proving:
            proving.widen(2)
            began = time.time()
            proving.release()
            good = [name for name in references if name.partition("-")[2] not in ("missing", "denied")]
            t.all_ready(good, 120, "the good ones, the large one and the one without `true` are Ready")
            for name, reason, says in (("mixed-missing", ("ErrImagePull", "ImagePullBackOff"), "not found"),
                                       ("mixed-denied", ("ErrImagePull", "ImagePullBackOff"), "")):
                obj = t.image_is(name, lambda o, reason=reason: degraded(o, *reason), "fails by itself", 60)
                t.check(says in condition(obj)["message"], "and says why", condition(obj)["message"])
                t.diag(f"{name}: {condition(obj)['message']}")
                t.equal([n["node"] for n in status(obj)["failedNodes"]], [t.cluster.node], "on the real node")
            made = t.witness.pods_since(began)
            shared = [[c["image"] for c in pod["spec"]["containers"]] for pod in made if len(pod["spec"]["containers"]) > 1]
            t.diag(f"pods of {[len(pod['spec']['containers']) for pod in made]} images")
            t.equal(len(shared), 1, "one pod has several")
            t.equal(sorted(shared[0]) if shared else [],
                    sorted(ref for name, ref in references.items() if name != "mixed-large"), "all but the large one")
            again = [pod["spec"]["containers"][0]["image"] for pod in made[1:] if len(pod["spec"]["containers"]) == 1]
            t.check(set(again) <= {references[n] for n in ("mixed-large", "mixed-missing", "mixed-denied")},
                    "only what failed is tried again, alone", again)
            for name in references:
                t.check(not ready(t.get(name)) or name in good, f"{name} has its own outcome")
                t.api.delete("cachedimage", name)
            t.wait_no_pods()
            t.check(not t.audit.twice(began), "no pull was created twice", t.audit.twice(began))
