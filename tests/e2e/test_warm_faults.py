"""What fails while nodes are held (rule 45): the leader, the API server, the node, all of the operator. No node is kept shut
for longer than docs/new-nodes.md says, and that page's words for people do what it says. The chart with its two pods."""
import os
import subprocess
import threading
import time

import release
from objects import ready
from pretend import TARGET, pulled
from test_deploy import everything
from test_lease import LEASE
from test_warm import EARLY, FAST, KEY, LATE, ColdNode, cold, deadline_of, events, opens, operator, seconds, silent
from wait import never, until

DEADLINE = 60  # seconds: a takeover and an API server that starts fit in on a busy machine


def hangs(t, name="hangs"):
    """A gating image whose pull never ends."""
    t.policy("warm", **FAST)
    t.image(name, f"docker.io/x/{name}:1", policyRef="warm", gateNodes=True, **TARGET)


def in_time(t, node, due, what):
    """Waits until the node is open and checks that this is at its deadline."""
    opens(t, node, DEADLINE + 60, "opens at the deadline")
    late = time.time() - due
    t.diag(f"{node}: open {late:+.1f} s from its deadline")
    t.check(-EARLY <= late <= LATE, what, late)


def dropctl(t, tree, *words):
    done = subprocess.run([os.path.join(t.bin, "dropctl"), *words, "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_leader_dies(t):
    """The leader is killed while a node waits for a registry that hangs: its successor opens it at the same deadline."""
    t.stop_tree()
    t.drop_lease()
    words = ["--startup-taint", KEY, "--startup-taint-deadline", f"{DEADLINE}s"]
    trees = {}
    for user in ("warm-a", "warm-b"):
        trees[user] = t.supervisor(kubeconfig=t.cluster.user(user), name=user, words=words).wait_up()
        until(30, lambda: t.api.get("lease", LEASE))
    try:
        hangs(t)
        began = time.time()
        with ColdNode(t.api, "cold-leader", silent):
            due = deadline_of(t, "cold-leader", DEADLINE)
            until(30, lambda: t.audit.creates(began))
            first = {r.user for r, _ in t.audit.creates(began)}
            t.equal(len(first), 1, "one of them pulls")
            leader = first.pop()
            moment = time.time()
            trees[leader].kill_all()
            in_time(t, "cold-leader", due, "at the same deadline with another leader")
            t.eventually("by the other one", 30, lambda: {
                r.user for r in t.audit.since(moment, verb="patch", resource="nodes", code=200)} == set(trees) - {leader})
            again = [one for one in t.audit.creates(moment) if one[0].user != leader]
            t.equal(again, [], "which does not pull again what is in flight")
    finally:
        t.stop_strays()


def test_apiserver_dies(t):
    """The API server is away while a node waits."""
    operator(t, "--startup-taint-deadline", f"{DEADLINE}s").wait_up()
    hangs(t)
    with ColdNode(t.api, "cold-away", silent):
        due = deadline_of(t, "cold-away", DEADLINE)
        t.check(never(3, lambda: not cold(t, "cold-away")) is None, "the node is held")
        t.cluster.ctl("stop-apiserver")
        time.sleep(5)
        t.cluster.ctl("start-apiserver")
        t.check(time.time() < due, "the API server is back before the deadline", time.time() - due)
        in_time(t, "cold-away", due, "by the node's own time")


def test_flapping(t):
    """A node that becomes NotReady and Ready again and again is open after twice the deadline at the latest."""
    limit = 20
    operator(t, "--startup-taint-deadline", f"{limit}s").wait_up()
    hangs(t)
    with ColdNode(t.api, "cold-flaps", silent) as node:
        made = seconds(t.api.get("node", "cold-flaps")["metadata"]["creationTimestamp"])
        stop = threading.Event()

        def flap():
            good = True
            while not stop.wait(4):
                good = not good
                node.set_ready(good)
        thread = threading.Thread(target=flap)
        thread.start()
        try:
            in_time(t, "cold-flaps", made + 2 * limit, "after twice the time from its creation")
        finally:
            stop.set()
            thread.join()


def test_people(t):
    """Who waits and for what, by dropctl; a node and all nodes opened by order; nothing opens while no operator runs, and then
    kubectl does it."""
    tree = operator(t).wait_up()
    hangs(t)
    names = [f"cold-{x}" for x in "abcd"]
    nodes = [ColdNode(t.api, name, silent) for name in names]
    for node in nodes:
        node.__enter__()
    try:
        t.eventually("dropctl gate names the nodes and what is missing", 60, lambda: all(
            word in dropctl(t, tree, "gate")[1] for word in (*names, "hangs")))
        code, said = dropctl(t, tree, "why", "node", "cold-a")
        t.check(code == 0 and "hangs" in said and "held" in said.lower(), "dropctl why node tells the same of one", said)
        code, said = dropctl(t, tree, "gate", "open", "cold-a")
        t.check(code == 0 and "1 opening" in said, "one is opened by order", said)
        opens(t, "cold-a", 30)
        note = t.eventually("an event says by whom", 30, lambda: events(t, "cold-a", "GateOpened"))
        t.check(note and "dropctl gate open" in note[0]["note"], "and how", note)
        t.check(all(cold(t, name) for name in names[1:]), "the others are held")
        tree.stop()
        t.check(never(10, lambda: not all(cold(t, name) for name in names[1:])) is None, "without an operator they stay so")
        t.kubectl("taint", "nodes", "cold-b", f"{KEY}-")
        t.check(not cold(t, "cold-b"), "kubectl taint opens one by hand")
        tree = operator(t).wait_up()
        t.eventually("the operator is back and sees two", 60, lambda: dropctl(t, tree, "gate")[1].count("cold-") == 2)
        t.eventually("all others are opened by order", 60, lambda: "2 opening" in dropctl(t, tree, "gate", "open", "--all")[1])
        for name in names[2:]:
            opens(t, name, 30)
        t.eventually("no node is held", 30, lambda: "cold-" not in dropctl(t, tree, "gate")[1])
    finally:
        for node in nodes:
            node.__exit__()


def scale(t, r, count):
    t.kubectl("-n", release.NAMESPACE, "scale", "deployment", release.NAME, f"--replicas={count}")
    if count == 0:
        r.until_gone()
    else:
        t.eventually(f"{count} pods are Ready", 180, lambda: r.ready(count))


def test_chart(t):
    """The chart with warmGate and two pods: they start on a node that is held itself; with the chart's rights and policy
    nodes are opened; scaled to 0, held nodes stay shut; uninstalled, nothing is left."""
    t.stop_tree()
    t.drop_lease()
    node = t.cluster.node
    t.policy("warm", **FAST)
    t.image("there", "docker.io/x/there:1", policyRef="warm", gateNodes=True, **TARGET)
    gate = {"enabled": True, "startupTaints": [KEY], "deadline": "10m"}
    with release.Release(t) as r:
        before, began = everything(t), time.time()
        t.api.patch("node", node, {"spec": {"taints": [{"key": KEY, "effect": "NoSchedule"}]}})
        try:
            r.install(warmGate=gate)
            pods = t.eventually("two pods start on a node that is held itself", 180, lambda: r.ready(2))
            if not pods:
                return
            t.equal({p["spec"]["priorityClassName"] for p in pods}, {"system-cluster-critical"}, "their priority class")
            opens(t, node, 60, "which they open")
            with ColdNode(t.api, "cold-chart", pulled):
                opens(t, "cold-chart", 120, "opens with the chart's rights, under its policy")
            refused = [w for w in t.audit.since(began, verb="patch", resource="nodes") if w.code != 200]
            t.check(not [w for w in refused if w.code == 403], "nothing was refused", refused[:2])
            scale(t, r, 0)
            with ColdNode(t.api, "cold-zero", pulled):
                t.check(never(10, lambda: not cold(t, "cold-zero")) is None, "scaled to 0: a new node stays shut")
                scale(t, r, 2)
                opens(t, "cold-zero", 120, "opens when the operator is back")
                t.image_is("there", ready, "its image is there", 60)
        finally:
            t.api.patch("node", node, {"spec": {"taints": None}})
        with ColdNode(t.api, "cold-left", silent):
            r.uninstall()
            r.until_gone()
            t.check(never(5, lambda: not cold(t, "cold-left")) is None, "uninstalled: a held node stays shut")
            try:
                t.kubectl("taint", "nodes", "--all", f"{KEY}-")
                said = ""
            except RuntimeError as error:  # it complains of the nodes that do not have the taint
                said = str(error)
            t.check("not found" in said and not cold(t, "cold-left"), "until the command of the page opens it", said)
        t.api.delete("cachedimage", "there")
        t.api.delete_all("pullpolicy")
        t.eventually("the uninstall leaves nothing but the CRDs", 60, lambda: not everything(t) - before or None)
        t.lawless.append((release.USER + release.NAME, began, time.time()))
