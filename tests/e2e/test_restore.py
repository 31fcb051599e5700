"""etcd comes back from an older backup: the same uids, versions that start lower, our last writes lost.
No process of ours restarts, and everything is written again."""
import os
import shutil

from objects import image, image_set, ready, status
from pretend import TARGET, PretendNode
from test_apiserver import same_processes

PARTS = ("apiserver", "etcd")


class Backup:
    """The data of etcd, copied while it is stopped; others who watch are restarted after a restore, since a
    watch from a version to come is silent, and that is not what is tested."""

    def __init__(self, t):
        self.t = t
        self.data = os.path.join(t.cluster.dir, "etcd")
        self.copy = os.path.join(t.cluster.dir, "etcd-backup")
        self._stopped(lambda: shutil.copytree(self.data, self.copy))

    def _stopped(self, work):
        for part in PARTS:
            self.t.cluster.ctl(f"stop-{part}")
        work()
        for part in reversed(PARTS):
            self.t.cluster.ctl(f"start-{part}")

    def restore(self):
        def swap():
            shutil.rmtree(self.data)
            os.rename(self.copy, self.data)
        self._stopped(swap)
        for part in ("controller-manager", "scheduler", "kubelet"):
            self.t.cluster.ctl(f"stop-{part}")
            self.t.cluster.ctl(f"start-{part}")


def discovery(name, repository):
    return {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "DiscoveryPolicy", "metadata": {"name": name},
            "spec": {"sources": [{"type": "registry", "registry": {
                "url": "http://127.0.0.1:1", "repositories": [repository]}}]}}


def write_often(t, name, times):
    """Versions run ahead of those that the restore and the writes after it can reach, however soon they come."""
    for i in range(times):
        t.api.patch("cachedimage", name, {"metadata": {"annotations": {"test/writes": str(i)}}})


def observed(obj):
    return any(c.get("observedGeneration") == obj["metadata"]["generation"]
               for c in status(obj).get("conditions") or [])


def test_older_backup(t):
    """What we wrote after the backup is lost, and is written again; what is changed then is seen."""
    t.stop_tree()
    t.drop_lease()
    with PretendNode(t.api, "restored"):
        t.policy("fast", minDelayBetweenPulls="0s")
        t.api.create("cachedimage", image("before", "pretend.local/before:1", policyRef="fast", **TARGET))
        t.api.create("cachedimageset", image_set("whole", ["pretend.local/child:1"], policyRef="fast", **TARGET))
        t.api.create("discoverypolicy", discovery("found", "a"))
        backup = Backup(t)
        tree = t.supervisor(name="restore").wait_up()
        before = tree.pids()
        def child():
            return [i for i in t.api.list("cachedimage") if i["metadata"]["name"].startswith("whole-")]
        t.image_is("before", ready, "is Ready", 60)
        t.eventually("a child is Ready", 60, lambda: child() and ready(child()[0]))
        t.eventually("the set is Ready", 30, lambda: status(t.api.get("cachedimageset", "whole")).get("phase") == "Ready")
        t.eventually("the policy has a status", 30, lambda: observed(t.api.get("discoverypolicy", "found")))
        write_often(t, "before", 500)
        lost = t.get("before")["metadata"]["resourceVersion"]
        backup.restore()
        back = t.get("before")["metadata"]
        t.check(int(back["resourceVersion"]) < int(lost) and not back.get("annotations"), "versions have gone back",
                f"{lost} -> {back}")
        t.image_is("before", ready, "is Ready again", 60)
        t.eventually("the set is whole again", 60,
                     lambda: child() and ready(child()[0]) and
                     status(t.api.get("cachedimageset", "whole")).get("phase") == "Ready")
        t.eventually("the policy has a status again", 60, lambda: observed(t.api.get("discoverypolicy", "found")))
        t.api.patch("discoverypolicy", "found", {"spec": {"maxImages": 7}})
        t.eventually("its new spec is seen", 60, lambda: observed(t.api.get("discoverypolicy", "found")))
        t.api.patch("cachedimage", "before", {"spec": {"tag": "2"}})
        t.image_is("before", lambda o: ready(o) and status(o)["cachedImage"].endswith(":2"), "follows its new tag", 60)
        same_processes(t, tree, before)
        tree.stop()
