"""Kubernetes is upgraded under a running operator, with pulls in flight: the API server first, then the kubelet of the node. Nothing
is pulled twice, and no process of ours restarts.

Needs the next Kubernetes beside the cluster's own (tests/cluster/build.sh cluster 1.36): only make test-matrix runs it.
"""
import os
import time

import objects
import release
from cluster import SCRIPTS
from wait import until

TO = {34: "1.36", 29: "1.34"}
FAST = {**objects.FAST, "maxPullsPerNode": 2}
IMAGES = 12
KB = 20000  # an image of that size takes a node a moment


def version(t):
    return t.api.must("GET", "/version")["gitVersion"]


def kubelet(t):
    return t.api.get("node", t.cluster.node)["status"]["nodeInfo"]["kubeletVersion"]


def images(t, prefix):
    names = [f"{prefix}-{i}" for i in range(IMAGES)]
    for name in names:
        t.cluster.push(f"upgrade/{name}:1", KB)
    for name in names:
        t.image(name, f"{t.cluster.registry}/upgrade/{name}:1", policyRef="fast")
    return names


def half(t, names):
    """Waits until some are there and others not."""
    def probe():
        done = sum(objects.ready(t.get(name)) for name in names)
        assert 0 < done, done
        return done < len(names)
    return until(60, probe)


def upgrade(t, part, prefix, check):
    t.running()
    t.policy("fast", **FAST)
    release.run(os.path.join(SCRIPTS, "build.sh"), "cluster", TO[t.cluster.kubernetes], timeout=3600)
    tree = t.running()
    pids = tree.pids()
    since = time.time()
    names = images(t, prefix)
    in_flight = half(t, names)
    t.check(in_flight, f"the {part} is stopped with pulls in flight")
    t.cluster.ctl(f"stop-{part}")
    t.cluster.ctl(f"start-{part}", "--kubernetes", TO[t.cluster.kubernetes])
    until(60, check)
    t.all_ready(names, 120)
    t.once_each(since, len(names), "each image was pulled once")
    t.equal(tree.pids(), pids, "no process of ours restarted")
    t.check(tree.running(), "and the operator runs")


def test_apiserver(t):
    want = TO.get(t.cluster.kubernetes)
    if want is None:
        t.tap.skip("upgrade.apiserver: to the next Kubernetes", f"none is known after 1.{t.cluster.kubernetes}")
        return
    before = version(t)
    upgrade(t, "apiserver", "api", lambda: version(t).startswith(f"v{want}."))
    t.check(version(t) != before, f"the API server was {before} and is {version(t)}")


def test_kubelet(t):
    """After the API server: a kubelet may be older than it, and not newer."""
    want = TO.get(t.cluster.kubernetes)
    if want is None:
        t.tap.skip("upgrade.kubelet: to the next Kubernetes", f"none is known after 1.{t.cluster.kubernetes}")
        return
    before = kubelet(t)
    upgrade(t, "kubelet", "node", lambda: kubelet(t).startswith(f"v{want}."))
    t.check(kubelet(t) != before, f"the kubelet was {before} and is {kubelet(t)}")
