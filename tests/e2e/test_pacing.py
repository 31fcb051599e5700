"""Pacing and node faults on several pretend nodes: how many at once, how long between, whose fault."""
import time

from objects import condition, degraded, ready, status
from pretend import TARGET, PretendNode, pulled, waiting

NODES = ("pretend-1", "pretend-2", "pretend-3")


class Nodes:
    """Some pretend nodes at once."""

    def __init__(self, t, behave=pulled, names=NODES):
        self.nodes = [PretendNode(t.api, name, behave) for name in names]

    def __enter__(self):
        for node in self.nodes:
            node.__enter__()
        return self.nodes

    def __exit__(self, *_):
        for node in self.nodes:
            node.__exit__()


def test_concurrent_nodes(t):
    """Rule 11: with maxConcurrentNodes 1 one node at a time pulls, however many images it has."""
    seen = []

    def slow(pod):
        time.sleep(0.3)
        seen.append({(p["spec"]["nodeName"]) for p in t.api.list("pod")
                     if (p.get("status") or {}).get("phase") == "Pending"})
        return pulled(pod)

    with Nodes(t, slow):
        began = time.time()
        t.running()
        t.policy("one", maxConcurrentNodes=1, minDelayBetweenPulls="0s", maxPullsPerNode=5)
        for i in range(3):
            t.image(f"together-{i}", f"pretend.local/together:{i}", policyRef="one", **TARGET)
        t.all_ready([f"together-{i}" for i in range(3)], 30)
        t.check(seen and max(map(len, seen)) == 1, "never two nodes at once", seen)
        t.once_each(began, 9, "one create for each image and node")


def test_scope(t):
    """Rule 55: with concurrencyScope Image an image that hangs on its one node at a time holds up no other."""
    seen = []

    def hangs(pod):
        if "stuck" not in pod["spec"]["containers"][0]["image"]:
            return pulled(pod)
        seen.append(pod["spec"]["nodeName"])
        return None

    with Nodes(t, hangs):
        t.running()
        t.policy("scoped", maxConcurrentNodes=1, minDelayBetweenPulls="0s", maxPullsPerNode=5)
        t.image("stuck", "pretend.local/stuck:1", policyRef="scoped", **TARGET)
        t.eventually("it hangs on a node", 20, lambda: seen)
        t.image("free", "pretend.local/free:1", policyRef="scoped", **TARGET)
        t.image_is("free", lambda o: status(o).get("nodesReady") == 1, "over all images: only that node goes on")
        t.api.patch("pullpolicy", "scoped", {"spec": {"concurrencyScope": "Image"}})
        t.image_is("free", lambda o: ready(o, 3), "for each image: becomes Ready on all nodes")
        t.equal(set(seen), {seen[0]}, "and the other is still pulled on its one node")


def test_min_delay(t):
    """Rule 11: minDelayBetweenPulls lies between the start on one node and that on the next."""
    with Nodes(t):
        began = time.time()
        t.running()
        t.policy("patient", maxConcurrentNodes=3, minDelayBetweenPulls="2s")
        obj = t.image("delayed", "pretend.local/delayed:1", policyRef="patient", **TARGET)
        t.image_is("delayed", lambda o: ready(o, 3), "becomes Ready on three nodes")
        at = [r.at for r, _ in t.audit.creates(began, obj["metadata"]["uid"])]
        gaps = [b - a for a, b in zip(at, at[1:])]
        t.diag(f"gaps between starts: {[round(g, 2) for g in gaps]}")
        # When the server received them: up to a second after they were sent, on a busy machine.
        t.check(len(gaps) == 2 and all(1 <= g <= 60 for g in gaps), "2 s between the starts", gaps)


def test_new_node(t):
    """Rule 3: a node that joins is warmed at once; one that goes leaves the counts."""
    with Nodes(t, names=NODES[:1]):
        t.running()
        t.policy("fast", maxConcurrentNodes=3, minDelayBetweenPulls="0s")
        t.image("joined", "pretend.local/joined:1", policyRef="fast", **TARGET)
        t.image_is("joined", lambda o: ready(o, 1), "becomes Ready on the one node")
        with Nodes(t, names=NODES[1:2]):
            t.image_is("joined", lambda o: ready(o, 2), "becomes Ready on the new node too")
        t.image_is("joined", lambda o: ready(o, 1), "forgets the node that is gone")


def test_not_ready(t):
    """Rule 2: a node that is NotReady for a moment costs no second pull."""
    with Nodes(t, names=NODES[:1]) as (node,):
        began = time.time()
        t.running()
        t.policy("fast", maxConcurrentNodes=3, minDelayBetweenPulls="0s")
        obj = t.image("blip", "pretend.local/blip:1", policyRef="fast", **TARGET)
        t.image_is("blip", ready, "becomes Ready")
        node.set_ready(False)
        t.image_is("blip", lambda o: not ready(o), "is not Ready while the node is tainted")
        node.set_ready(True)
        t.image_is("blip", ready, "is Ready again")
        t.equal(len(t.audit.creates(began, obj["metadata"]["uid"])), 1, "one pull in all")


def test_bad_tag(t):
    """Rule 14: an image fault costs one pod a retry and not one a node."""
    missing = waiting("ErrImagePull", 'rpc error: code = NotFound desc = failed to pull and unpack '
                      'image "pretend.local/bad:1": pretend.local/bad:1: not found')
    with Nodes(t, missing) as nodes:
        began = time.time()
        t.running()
        t.policy("fast", maxConcurrentNodes=3, minDelayBetweenPulls="0s",
                 failureBackoff={"initial": "6s", "max": "6s"})
        obj = t.image("bad-tag", "pretend.local/bad:1", policyRef="fast", **TARGET)
        t.image_is("bad-tag", lambda o: degraded(o, "ErrImagePull"), "becomes Degraded")
        time.sleep(1)
        made = [r.at for r, _ in t.audit.creates(began, obj["metadata"]["uid"])]
        t.equal(len([at for at in made if at < made[0] + 5]), 1, "one pod found out for three nodes")
        for node in nodes:
            node.behave = pulled
        t.image_is("bad-tag", lambda o: ready(o, 3), "becomes Ready on all nodes once it is there")


def test_pod_deleted(t):
    """Rule 9: a pull pod that somebody else deletes is a node fault: retried, never Degraded."""
    with Nodes(t, lambda pod: None, NODES[:1]) as (node,):
        began = time.time()
        t.running()
        t.policy("fast", maxConcurrentNodes=3, minDelayBetweenPulls="0s",
                 failureBackoff={"initial": "1s", "max": "2s"})
        obj = t.image("robbed", "pretend.local/robbed:1", policyRef="fast", **TARGET)
        pod = t.eventually("its pod appears", 10, lambda: t.api.list("pod"))[0]
        t.api.delete("pod", pod["metadata"]["name"], now=True)
        node.behave = pulled  # not before: its kubelet may not have looked at the first pod yet
        node.again()
        seen = set()

        def done():
            now = t.get("robbed")
            seen.add(status(now).get("phase"))
            return ready(now)
        t.eventually("it is pulled again and Ready", 20, done, every=0.02)
        t.check("Degraded" not in seen, "it was never Degraded", seen)
        pulls = [p.attempt for _, p in t.audit.creates(began, obj["metadata"]["uid"])]
        t.equal(pulls, ["0", "1"], "the second attempt is another pull")
        t.equal(condition(t.get("robbed"))["reason"], "Cached", "its condition is Cached")
