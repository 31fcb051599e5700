"""What workloads start (behaviour 52, 53), with the events of the real kubelet: a policy of three lines and a set bring
their images onto a second node; our own pods are no uses; a restart loses nothing; ConfigMaps that are gone drop nothing."""
import collections
import json
import os
import subprocess

import objects
from kubeapi import NAMESPACE
from objects import condition, status
from pretend import TARGET, PretendNode
from test_discovery import images, policy
from wait import until

SHOP = "usage-shop"
PODS = f"/api/v1/namespaces/{SHOP}/pods"
CONFIGMAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
STORES = ("drop-usage-0", "drop-usage-1")
CLUSTER = {"type": "cluster"}
LISTED = 120  # seconds until the kubelet has told the images of its node
METRIC = "drop_usage_events_total{"


def tree_with_usage(t):
    return t.supervisor(words=["--usage"]).wait_up()


def namespace(t):
    if t.api.ask("GET", f"/api/v1/namespaces/{SHOP}")[0] == 404:
        t.api.must("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}})
        t.eventually("its service account is there", 60, lambda: t.api.ask(
            "GET", f"/api/v1/namespaces/{SHOP}/serviceaccounts/default")[0] == 200)


def forget(t):
    """What the tests before have saved."""
    for name in STORES:
        t.api.ask("DELETE", f"{CONFIGMAPS}/{name}")


def workload(t, name, *references):
    """A pod on the real node, started by hand, one container for each reference."""
    t.api.must("POST", PODS, {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"nodeName": t.cluster.node, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": f"c{i}", "image": reference, "command": ["true"]}
                                for i, reference in enumerate(references)]}})


def pushed(t, *names):
    t.cluster.push(*(word for i, name in enumerate(names) for word in (f"usage/{name}:1", 200 + 50 * i)))
    return [f"{t.cluster.registry}/usage/{name}:1" for name in names]


def listed(t, references):
    def probe():
        told = str(t.api.get("node", t.cluster.node)["status"].get("images"))
        missing = [one for one in references if one not in told]
        assert not missing, missing
        return True
    t.eventually("the node lists the images", LISTED, probe, every=1)


def ask(t, tree, *words):
    """What a command of dropctl prints, decoded."""
    done = subprocess.run([os.path.join(t.bin, "dropctl"), *words, "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stats(t, tree):
    return ask(t, tree, "stats", "watcher")


def shown(t, tree):
    return ask(t, tree, "usage", "--limit", "500", "-o", "json")


def outcomes(t, tree):
    return collections.Counter({name.split('"')[1]: value for name, value in stats(t, tree).items() if name.startswith(METRIC)})


def found(t, name, references, what, seconds=60):
    """A check that the policy finds these images, and none of the others of this module."""
    def probe():
        obj = t.api.get("discoverypolicy", name)
        ours = {one for one in images(obj) if "/usage/" in one}
        assert ours == set(references), (ours, condition(obj))
        return obj
    return t.eventually(f"{name} {what}", seconds, probe)


def test_from_start_to_second_node(t):
    """52, 53: two workloads are started by hand in another namespace; after one sync their images are on a second node."""
    t.stop_tree()
    namespace(t)
    web, db, own = pushed(t, "web", "db", "own")
    tree = tree_with_usage(t)
    t.image("usage-own", own)
    t.all_ready(["usage-own"], 60)
    workload(t, "web-1", web)
    workload(t, "web-2", web, db)
    t.eventually("the kubelet's events are folded", 60, lambda: outcomes(t, tree)["used"] >= 3)
    t.eventually("the events of our own pod came, too", 60, lambda: outcomes(t, tree)["own"] >= 1)
    listed(t, [web, db, own])
    with PretendNode(t.api, "usage-second"):
        policy(t, "three-lines", CLUSTER)
        t.api.create("cachedimageset", {
            "apiVersion": objects.GROUP, "kind": "CachedImageSet", "metadata": {"name": "learned"},
            "spec": {"discoveryPolicyRef": {"name": "three-lines"}, **TARGET}})
        obj = found(t, "three-lines", [web, db], "finds what workloads started, and not what only we pulled")
        if obj:
            order = [one for one in images(obj) if "/usage/" in one]
            t.equal(order[0], web, "what was started more often, and is larger, comes first")
            t.check("nothing is dropped yet" in condition(obj)["message"], "it says since when usage is known", condition(obj))

        def second():
            there = {i["spec"]["image"]: status(i).get("cachedNodes") for i in t.api.list("cachedimage")
                     if objects.owner(i) is not None}
            wanted = [there.get(one.rpartition(":")[0]) for one in (web, db)]
            assert all(nodes == ["usage-second"] for nodes in wanted), there
            return True
        t.eventually("both images are on the second node", 60, second)
        t.api.delete("cachedimageset", "learned")
        t.remove_sets()
    t.api.delete("cachedimage", "usage-own")
    tree.stop()


def test_restart_and_leader_change(t):
    """52: what is started while nobody watches is found by the next tree, and nothing is counted twice. ConfigMaps that
    are deleted, with all of the operator down, drop nothing."""
    t.stop_tree()
    namespace(t)
    web, late = pushed(t, "again", "late")
    tree = tree_with_usage(t)
    before = outcomes(t, tree)["used"]
    workload(t, "again-1", web)
    t.eventually("its event is folded", 60, lambda: outcomes(t, tree)["used"] > before)
    listed(t, [web])
    policy(t, "kept", CLUSTER)
    t.eventually("it is found", 60, lambda: web in images(t.api.get("discoverypolicy", "kept")))
    tree.stop()
    t.check(all(t.api.ask("GET", f"{CONFIGMAPS}/{name}")[0] == 200 for name in STORES), "usage is kept at the end")
    workload(t, "late-1", late)
    listed(t, [late])
    tree = tree_with_usage(t)
    t.eventually("the event that nobody saw is folded", 60, lambda: outcomes(t, tree)["used"] >= 1)
    got = outcomes(t, tree)
    t.check(got["used"] < 5 and got["repeated"] >= 1, "and those before it are not folded again", got)
    policy(t, "later", CLUSTER)
    t.eventually("both are found", 60, lambda: {web, late} <= set(images(t.api.get("discoverypolicy", "later"))))
    tree.kill_all()
    for name in STORES:
        t.api.must("DELETE", f"{CONFIGMAPS}/{name}")
    t.drop_lease()
    tree = tree_with_usage(t)
    t.api.patch("discoverypolicy", "later", {"spec": {"syncInterval": "29m"}})

    def synced():
        obj = t.api.get("discoverypolicy", "later")
        assert condition(obj)["observedGeneration"] == obj["metadata"]["generation"], condition(obj)
        assert {web, late} <= set(images(obj)), images(obj)
        return True
    t.eventually("a sync after all of it was lost drops nothing", 60, synced)
    tree.stop()


class Replicas:
    """Two of them with --usage, each with a user of its own; `leader` and `standby` by who was started first."""

    def __init__(self, t):
        self.t = t
        self.trees = {}
        for user in ("usage-a", "usage-b"):
            self.start(user)
        self.leader, self.standby = self.trees

    def start(self, user):
        self.trees[user] = self.t.supervisor(words=["--usage"], kubeconfig=self.t.cluster.user(user), name=user).wait_up()
        if len(self.trees) == 1:
            until(30, lambda: self.leads(user))

    def leads(self, user):
        return stats(self.t, self.trees[user]).get("drop_lease_held") == 1

    def changed(self):
        """The other leads now."""
        self.leader, self.standby = self.standby, self.leader
        self.t.eventually(f"{self.leader} leads", 60, lambda: self.leads(self.leader))

    def shown(self):
        return shown(self.t, self.trees[self.leader])

    def starts(self, reference, n, what):
        """A check that the leader has counted just so many."""
        def probe():
            told = self.shown()
            found = [one["starts"] for one in told["images"] if one["image"] == reference]
            assert found == [n], (found, n, told["images"])
            return told
        return self.t.eventually(f"{n} starts: {what}", 90, probe)


def test_two_replicas(t):
    """52: both count; what the first leader counted is neither lost nor counted twice by the second, nor by the first when it
    comes back, nor after a restart of both. ConfigMaps that are deleted while they run are written again, and nothing is
    dropped."""
    t.stop_tree()
    t.drop_lease()
    namespace(t)
    forget(t)
    (web,) = pushed(t, "two-replicas")
    both = Replicas(t)
    workload(t, "two-1", web)
    workload(t, "two-2", web)
    both.starts(web, 2, "by the first leader")
    t.eventually("and by its standby", 90, lambda: outcomes(t, both.trees[both.standby])["used"]
                 >= outcomes(t, both.trees[both.leader])["used"])
    listed(t, [web])
    policy(t, "both", CLUSTER, syncInterval="10s")
    t.eventually("the policy finds it", 90, lambda: web in images(t.api.get("discoverypolicy", "both")))
    t.equal(both.trees[both.leader].stop(), 0, "the leader ends")
    both.changed()
    t.check(all(t.api.ask("GET", f"{CONFIGMAPS}/{name}")[0] == 200 for name in STORES), "it has saved usage")
    workload(t, "two-3", web)
    both.starts(web, 3, "by the second leader")
    both.start(both.standby)
    both.trees[both.leader].kill_all()
    both.changed()
    both.starts(web, 3, "by the first one, which was away, after the second was killed")
    workload(t, "two-4", web)
    both.starts(web, 4, "after that")
    both.start(both.standby)
    for name in STORES:
        t.api.must("DELETE", f"{CONFIGMAPS}/{name}")
    t.api.patch("discoverypolicy", "both", {"spec": {"syncInterval": "9s"}})

    def synced():
        obj = t.api.get("discoverypolicy", "both")
        assert condition(obj)["observedGeneration"] == obj["metadata"]["generation"], condition(obj)
        assert web in images(obj), images(obj)
        return True
    t.eventually("with its ConfigMaps deleted nothing is dropped", 90, synced)
    both.starts(web, 4, "with the ConfigMaps deleted")
    for user in (both.standby, both.leader):  # the leader ends last
        t.equal(both.trees.pop(user).stop(), 0, f"{user} ends")
    t.check(all(t.api.ask("GET", f"{CONFIGMAPS}/{name}")[0] == 200 for name in STORES), "they are written again")
    t.drop_lease()
    for user in ("usage-a", "usage-b"):
        both.start(user)
    both.leader, both.standby = both.trees
    told = both.starts(web, 4, "after a restart of both")
    if told:
        t.check(told["sinceSeconds"] > 0 and told["gaps"] == [] and told["trouble"] is None, "without a gap", told)
    for tree in both.trees.values():
        tree.stop()


def test_twenty_containers(t):
    """52: of a pod with 20 containers kubelet writes fewer than 20 events; what it held back is counted as not covered."""
    t.stop_tree()
    namespace(t)
    references = pushed(t, *(f"many-{n}" for n in range(20)))
    tree = tree_with_usage(t)
    before = outcomes(t, tree)
    workload(t, "many", *references)

    def ended():
        code, pod = t.api.ask("GET", f"{PODS}/many")
        return code == 200 and pod["status"]["phase"] in ("Succeeded", "Failed")
    t.eventually("its containers ran", 180, ended, every=1)
    t.eventually("its events are folded", 60, lambda: outcomes(t, tree)["used"] >= before["used"] + 6)
    def accounted():
        got = outcomes(t, tree) - before
        assert got["used"] == 20 or got["uncovered"] > 0, dict(got)
        return got
    got = t.eventually("each is counted, or that some are not is", 60, accounted)
    t.diag(f"a pod with 20 containers: {dict(got or {})}")
    tree.stop()
