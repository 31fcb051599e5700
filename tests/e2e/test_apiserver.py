"""The API server goes away and comes back, forgets history, or cannot stream lists: no process of
ours restarts, and everything converges. In steady state nobody lists."""
import time

import objects
from objects import ready, status
from pretend import PretendNode, pulled
from wait import until

AWAY = 20  # seconds; longer than the lease is held without renewal
FAST = {**objects.FAST, "maxPullsPerNode": 2}


def images(t, label, count, pretend=True):
    """Makes images; those for the real kubelet wait for it: it takes up to a minute to come back
    after an outage, so it is only asked where that is the point."""
    if pretend:
        return t.pretend_images(label, count, "fast", **FAST)
    names = [f"{label}-{i:02}" for i in range(count)]
    t.policy("fast", **FAST)
    t.cluster.push(*(f"e2e/{name}:1" for name in names))
    for name in names:
        t.image(name, f"{t.cluster.registry}/e2e/{name}:1", policyRef="fast")
    return names


def slow(pod):
    """A pretend kubelet that takes its time, so that a run can be broken in the middle."""
    time.sleep(0.5)
    return pulled(pod)


def same_processes(t, tree, before):
    t.check(tree.running() and tree.pids() == before and tree.restarts() == 0,
            "no process restarted", f"{before} -> {tree.pids()}")


def converges(t, names, began, seconds=120):
    took = t.all_ready(names, seconds)
    # A server killed between etcd's commit and its own log line has made a pod that the log lacks:
    # here only "never twice" can be read from it.
    t.check(not t.audit.twice(began), "no pull was created twice", t.audit.twice(began))
    t.wait_no_pods()
    return took


def test_away(t):
    """Stopped for 20 s in the middle of a run, and started again with the same etcd."""
    tree = t.supervisor(name="away").wait_up()
    before = tree.pids()
    began = time.time()
    names = images(t, "away", 16, pretend=False)
    until(30, lambda: sum(ready(t.get(n)) for n in names) >= 2)
    t.cluster.ctl("stop-apiserver")
    time.sleep(AWAY)
    t.cluster.ctl("start-apiserver")
    back = time.monotonic()
    converges(t, names, began)
    t.diag(f"all Ready {time.monotonic() - back:.1f} s after the API server was back")
    more = images(t, "afterwards", 2, pretend=False)
    converges(t, more, began)
    same_processes(t, tree, before)
    tree.stop()


def test_expired(t):
    """History compacted, so that watches get 410 Gone: listed again, nothing lost."""
    with PretendNode(t.api, "pretend-1", slow):
        tree = t.supervisor(name="expired").wait_up()
        before = tree.pids()
        began = time.time()
        names = images(t, "expired", 8)
        until(30, lambda: sum(ready(t.get(n)) for n in names) >= 2)
        t.cluster.ctl("expire")
        t.api.delete("cachedimage", names[0])
        converges(t, names[1:], began)
        more = images(t, "renewed", 2)
        converges(t, more, began)
        same_processes(t, tree, before)
        tree.stop()


def restart(t, *flags):
    t.cluster.ctl("stop-apiserver")
    t.cluster.ctl("start-apiserver", *flags)


def test_no_watchlist(t):
    """WatchList switched off: refused once, then lists by pages."""
    with PretendNode(t.api, "pretend-1", slow):
        restart(t, "--feature-gates=WatchList=false")
        try:
            began = time.time()
            tree = t.supervisor(name="no-watchlist").wait_up()
            before = tree.pids()
            names = images(t, "paged", 6)
            converges(t, names, began)
            lists = t.audit.since(began, verb="list")
            t.check(lists, "the watcher lists instead", t.audit.summary(began))
            refused = [r for r in t.audit.since(began, verb="watch") if r.code in (400, 422)]
            t.check(len(refused) == len({r.resource for r in refused}),
                    "asks for a stream at most once a resource",
                    [r.uri for r in refused])
            same_processes(t, tree, before)
        finally:
            restart(t)  # switched on again, under the running tree
        more = images(t, "streamed", 2)
        converges(t, more, began)
        same_processes(t, tree, before)
        tree.stop()


def test_no_list(t):
    """Must 5: with WatchList nobody lists, ever, and an idle tree only renews its lease."""
    with PretendNode(t.api, "pretend-1", slow):
        began = time.time()
        tree = t.supervisor(name="steady").wait_up()
        names = images(t, "steady", 4)
        converges(t, names, began)
        lists = t.audit.since(began, verb="list")
        t.check(not lists, "no LIST", [r.uri for r in lists])
        time.sleep(3)  # what was coalesced is written
        idle = time.time()
        time.sleep(10)
        asked = t.audit.since(idle)
        # The status of the policy, which counts its images, is written once a minute at most: it may be due now.
        other = [f"{r.process} {r.verb} {r.uri}" for r in asked if r.resource not in ("leases", "pullpolicies")]
        # A watch that the server ended is opened again and is logged when it ends.
        other = [one for one in other if " watch " not in one]
        t.check(not other, "an idle tree asks for nothing but its lease", other)
        t.diag(f"idle for 10 s: {t.audit.summary(idle)}")
        t.check(2 <= len([r for r in asked if r.resource == "leases"]) <= 12,
                "the lease is renewed every 2 s", t.audit.summary(idle))
        tree.stop()


def test_frozen(t):
    """The API server hangs for 15 s: connections stay open and nothing answers. Nothing is decided
    without the lease, nothing restarts, and what changes right afterwards is seen."""
    with PretendNode(t.api, "pretend-1", slow):
        tree = t.supervisor(name="frozen").wait_up()
        before = tree.pids()
        began = time.time()
        names = images(t, "frozen", 2)
        converges(t, names, began)
        t.cluster.ctl("freeze-apiserver")
        time.sleep(15)
        t.cluster.ctl("thaw-apiserver")
        t.api.patch("cachedimage", names[0], {"spec": {"tag": "2"}})
        t.image_is(names[0], lambda o: ready(o) and status(o)["cachedImage"].endswith(":2"),
                   "is pulled anew", 60)
        same_processes(t, tree, before)
        tree.stop()
