"""One writer at a time (behaviour.md 32): two trees on one cluster, each with its own user, so that the audit log tells whose
write it is. Whatever happens to the leader, the other takes over, nobody writes past his deadline, and no pull is created twice."""
import contextlib
import signal
import time

import processes
from pretend import PretendNode, pulled
from wait import until

LEASE = "b889acf8.corewire.io"
TAKEOVER = 20      # seconds, on a machine that is not busy
TAKEOVER_MAX = 60
RELEASED_MAX = 12  # less than a lease that was not released lasts
POLICY = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 2}


class Pair:
    """Two trees; `leader` and `standby` by who holds the lease."""

    def __init__(self, t):
        t.stop_tree()
        t.drop_lease()
        self.t = t
        self.trees = {}
        for user in ("drop-a", "drop-b"):
            self.trees[user] = t.supervisor(kubeconfig=t.cluster.user(user), name=user)
            self.trees[user].wait_up()
            if user == "drop-a":
                until(20, self.holder)
        self.leader, self.standby = "drop-a", "drop-b"

    def holder(self):
        lease = self.t.api.get("lease", LEASE)
        return ((lease or {}).get("spec") or {}).get("holderIdentity")

    def writes(self, user, since):
        return self.t.audit.writes(since, user=user)

    def stop(self):
        for tree in self.trees.values():
            tree.stop()


def start(t, label, count):
    return t.pretend_images(label, count, **POLICY)


def slow(pod):
    """A kubelet that takes half a second for each."""
    time.sleep(0.5)
    return pulled(pod)


@contextlib.contextmanager
def at_work(t, label, count):
    """A pair whose leader is in the middle of `count` pulls: (pair, names, when it began)."""
    with PretendNode(t.api, "pretend-1", slow):
        began = time.time()
        pair = Pair(t)
        names = start(t, label, count)
        until(30, lambda: len(t.audit.creates(began)) >= 4)
        yield pair, names, began
        pair.stop()


def took_over(t, pair, since, seconds):
    """A check that the standby writes within the time; returns the moment of its first write."""
    first = t.eventually(f"the standby takes over within {seconds} s", seconds + 1,
                         lambda: pair.writes(pair.standby, since))
    if first:
        t.diag(f"took over after {first[0].at - since:.1f} s; on a quiet machine at most {TAKEOVER} s")
        t.check(first[0].at - since <= seconds, f"its first write comes within {seconds} s",
                first[0].at - since)
    return first[0].at if first else None


def test_one_acts(t):
    """Two trees: only the holder of the lease writes."""
    with PretendNode(t.api, "pretend-1"):
        began = time.time()
        pair = Pair(t)
        names = start(t, "one", 4)
        t.all_ready(names, 30)
        t.wait_no_pods()
        t.check(pair.writes(pair.leader, began), "the leader writes")
        t.check(not pair.writes(pair.standby, began), "the standby does not",
                pair.writes(pair.standby, began)[:3])
        t.once_each(began, len(names), "one create for each")
        t.check(pair.trees[pair.standby].up(), "a synced standby is ready")
        pair.stop()


def test_leader_killed(t):
    """The leader's whole tree killed -9 mid-run: the other takes over."""
    with at_work(t, "killed", 12) as (pair, names, began):
        since = time.time()
        pair.trees[pair.leader].kill_all()
        took_over(t, pair, since, TAKEOVER_MAX)
        t.all_ready(names, 40)
        t.once_each(began, len(names), "one create for each")


def test_leader_stopped(t):
    """SIGTERM releases the lease: the other takes over in a few seconds."""
    with at_work(t, "released", 12) as (pair, names, began):
        since = time.time()
        t.equal(pair.trees[pair.leader].stop(), 0, "the leader drains")
        took_over(t, pair, since, RELEASED_MAX)
        t.all_ready(names, 40)
        t.once_each(began, len(names), "one create for each")


def test_lease_deleted(t):
    """Somebody deletes the Lease: its holder makes it again, and the standby does not use the moment."""
    with at_work(t, "deleted", 12) as (pair, names, began):
        holder = pair.holder()
        t.drop_lease()
        t.eventually("the Lease is there again", 10, pair.holder)
        t.all_ready(names, 40)
        t.equal(pair.holder(), holder, "its holder is the same")
        t.check(not pair.writes(pair.standby, began), "the standby wrote nothing", pair.writes(pair.standby, began)[:3])
        t.once_each(began, len(names), "one create for each")


def test_leader_frozen(t):
    """SIGSTOP for 25 s, then SIGCONT: the old leader finds itself deposed and writes nothing."""
    with at_work(t, "frozen", 20) as (pair, names, began):
        old = pair.trees[pair.leader]
        old.signal_all(signal.SIGSTOP)
        since = time.time()
        moment = took_over(t, pair, since, TAKEOVER_MAX)
        t.eventually("the new leader is at work", 20,
                     lambda: len(pair.writes(pair.standby, since)) >= 4)
        time.sleep(max(0, since + 25 - time.time()))
        old.signal_all(signal.SIGCONT)
        more = start(t, "thawed", 4)
        t.all_ready(names + more, 60)
        time.sleep(3)
        late = pair.writes(pair.leader, moment or since)
        t.check(not late, "the old leader writes nothing after the other took over",
                [(r.process, r.verb, r.uri, r.code) for r in late[:3]])
        t.once_each(began, len(names) + len(more), "one create for each")
        t.check(old.running() and old.restarts() == 0, "and lives on as the standby")
        # It is a good standby: when the new leader goes, it acts again.
        since = time.time()
        pair.trees[pair.standby].stop()
        last = start(t, "back", 2)
        t.all_ready(last, TAKEOVER_MAX)
        t.check(pair.writes(pair.leader, since), "which acts again when it is needed")


def test_watcher_resumes(t):
    """A watcher that is killed resumes the lease of its tree: the standby stays one."""
    with at_work(t, "resumed", 10) as (pair, names, began):
        holder = pair.holder()
        processes.kill(pair.trees[pair.leader].pids()["watcher"])
        t.all_ready(names, 40)
        t.equal(pair.holder(), holder, "the holder is the same")
        t.check(not pair.writes(pair.standby, began), "the standby wrote nothing")
        t.once_each(began, len(names), "one create for each")
