"""What may happen to a pod of several images (rules 42 to 44), on pretend nodes: a CachedImage is deleted, the API server refuses the
pod, a process dies after its n-th side effect, a leader is stopped in the middle of a create."""
import contextlib
import os
import time

import yaml

from admission import refuses
from held_proxy import HeldProxy
from kubeapi import NAMESPACE
from objects import degraded, ready
from pretend import LABEL, PretendNode, pulled, pulled_later
from proving import Proving
from test_crash import crash_env, every_n, restart_missing
from wait import Late, until
from webhook import Refusing

N = 6
STEP = {False: 4, True: 1}  # of n in a sweep; True: --full


def references(label, n=N):
    return {f"{label}-{i}": f"pretend.local/{label}/image:{i}" for i in range(n)}


@contextlib.contextmanager
def due(t, label, spec=None, behave=pulled, n=N):
    """Images that one node has, and another node that wants all of them when released: (names, proving, node, when it began)."""
    refs = references(label, n)
    with Proving(t, label, refs, spec=spec) as proving, PretendNode(t.api, "second", behave) as node:
        proving.widen(2, {LABEL: "true"})
        began = time.time()
        yield list(refs), proving, node, began
        for name in refs:
            t.api.delete("cachedimage", name)
        t.wait_no_pods()


def shared(t, began):
    return [pod for pod in t.witness.pods_since(began) if len(pod["spec"]["containers"]) > 1]


def test_deleted(t):
    """44: a CachedImage is deleted and another one changed while their pod pulls: it goes on for the others, and goes then."""
    t.running()
    with due(t, "deleted", behave=lambda pod: None) as (names, proving, node, began):
        proving.release()
        pods = t.eventually("all share a pod", 60, lambda: shared(t, began))
        t.equal(len(pods[0]["spec"]["containers"]), N, "all of them")
        t.api.delete("cachedimage", names[1])
        t.api.patch("cachedimage", names[2], {"spec": {"tag": "other"}})
        time.sleep(5)  # it would be deleted in this time
        left = t.api.get("pod", pods[0]["metadata"]["name"])
        t.check(left and "deletionTimestamp" not in left["metadata"], "the pod is still there", left)
        node.behave = pulled
        node.again()
        t.all_ready([name for name in names if name != names[1]], 60, "the others are Ready, the changed one with a pod of its own")
        t.wait_no_pods()
        t.check(not t.audit.twice(began), "no pull was created twice", t.audit.twice(began))
        alone = [pod["spec"]["containers"][0]["image"] for pod in t.witness.pods_since(began)[1:]
                 if pod["spec"]["nodeName"] == "second"]
        t.equal(alone, ["pretend.local/deleted/image:other"], "one more pod on that node, of the changed one")


def alone_after_refusal(t, names, began):
    """The pod of all was refused, then each had one of its own: nobody was PodRejected before that was refused itself."""
    posts = t.audit.since(began, verb="create", resource="pods")
    refused = [r for r in posts if r.code in (403, 422)]
    t.check(refused and len(refused[0].body["spec"]["containers"]) == len(names), "a pod of all was refused", len(refused))
    t.equal(len([r for r in posts if len(r.body["spec"]["containers"]) > 1]), 1, "none of several images was tried again")
    return refused


def blamed(t, began):
    """[(when, CachedImage)] of each status that says PodRejected."""
    return [(r.at, r.name) for r in t.audit.since(began, verb="patch", resource="cachedimages", sub="status")
            if "PodRejected" in str(r.body)]


def test_refused_by_webhook(t):
    """43: a webhook that allows one container a pod: images go alone and nobody is PodRejected."""
    t.running()
    with due(t, "webhook") as (names, proving, _, began), \
            Refusing(t, lambda pod: "one container a pod" if len(pod["spec"]["containers"]) > 1 else None) as hook:
        proving.release()
        t.all_ready(names, 60)
        t.check(hook.asked > N, "the webhook was asked", hook.asked)
        alone_after_refusal(t, names, began)
        t.equal(blamed(t, began), [], "no status says PodRejected")
        t.once_each(began, N, "each image is pulled once")


def test_refused_by_quota(t):
    """43: a quota refuses any pod: what is PodRejected was refused alone, and all become Ready when there is room."""
    t.running()
    quota = yaml.safe_dump({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": NAMESPACE},
                            "spec": {"hard": {"pods": "0"}}})
    with due(t, "quota") as (names, proving, _, began):
        t.kubectl("apply", "-f", "-", stdin=quota)
        try:
            refuses(t, "exceeded quota")
            proving.release()
            t.eventually("an image is refused alone", 60, lambda: blamed(t, began))
            t.image_is(names[0], lambda o: degraded(o, "PodRejected"), "is PodRejected by its own pod", 30)
            refused = alone_after_refusal(t, names, began)
            own = {}
            for r in refused:
                if len(r.body["spec"]["containers"]) == 1:
                    own.setdefault(r.body["metadata"]["annotations"]["drop.corewire.io/cachedimage"], r.end)
            wrong = [(name, at) for at, name in blamed(t, began) if own.get(name, at + 1) > at]
            t.equal(wrong, [], "each that is PodRejected was refused alone before")
        finally:
            t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=quota)
        t.all_ready(names, 90, "all Ready when the quota is gone")
        t.once_each(began, N, "each image is pulled once")


def one_death(t, proving, names, victim, after):
    """A run with a new node in which the victim dies after its n-th effect: (it died, what is wrong, pods of several images)."""
    mark = os.path.join(t.folder("mark"), "died")
    tree = t.supervisor(env=crash_env(victim, after, mark), name=f"shared-{victim}-{after}")
    began, wrong = time.time(), None
    try:
        with PretendNode(t.api, "second", pulled_later):
            until(60, lambda: all(ready(t.get(name), 2) for name in names))
            t.wait_no_pods()
            wrong = t.not_once(began, len(names))
        until(60, lambda: all(ready(t.get(name), 1) for name in names))
    except Late as late:
        wrong = str(late)
    died = os.path.exists(mark)
    if died and not wrong:
        wrong = restart_missing(tree, victim)
    tree.stop()
    return died, wrong, len(shared(t, began))


def sweep(t, victim):
    """44: every n (every fourth, unless --full) until a run ends before the process has n effects. Each run has two pods of
    three images."""
    refs = references("sweep")
    t.running()
    pods = []

    def run(n):
        died, problem, several = one_death(t, proving, list(refs), victim, n)
        pods.append(several)
        return died, problem
    with Proving(t, "sweep", refs, spec={"maxImagesPerPod": 3}) as proving:
        proving.widen(1, {LABEL: "true"})
        proving.release()
        t.all_ready(refs, 60)
        t.stop_tree()
        wrong, after = every_n(t, victim, run, STEP[t.full])
    t.diag(f"{victim}: less than {after} effects in a run with {N} images; {sum(pods)} pods of several images")
    t.check(not wrong and after > 1, f"{victim} killed after its n-th effect, images share pods: all Ready, one create each",
            f"wrong at n = {wrong}")
    t.check(sum(pods) >= after // STEP[t.full], "images shared pods in these runs", pods)
    t.running()
    for name in refs:
        t.api.delete("cachedimage", name)
    t.wait_no_pods()


def test_watcher_sweep(t):
    sweep(t, "watcher")


def test_reconciler_sweep(t):
    sweep(t, "reconciler")


def test_puller_sweep(t):
    sweep(t, "puller")


def through(t, user, proxy):
    """A kubeconfig of that user whose requests go through the proxy."""
    path = t.cluster.user(user)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    path = os.path.join(t.folder("proxy"), "kubeconfig")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(t.cluster.env["APISERVER"], proxy.url))
    return path


def test_slept_leader(t):
    """44: the leader's create is under way for so long that another replica leads and has made a pod of other images. Then it arrives
    after all: a second pod with the same images. All become Ready, nothing fails, and both pods go."""
    t.stop_tree()
    t.drop_lease()
    with HeldProxy(t.cluster.env["APISERVER"]) as proxy:
        sleeper = t.supervisor(kubeconfig=through(t, "drop-sleeper", proxy), name="sleeper").wait_up()
        with due(t, "slept", behave=lambda pod: None) as (names, proving, node, began):
            other = t.supervisor(kubeconfig=t.cluster.user("drop-other"), name="other").wait_up()
            proxy.hold()
            before = proxy.held()
            proving.release()
            t.eventually("the leader's create is under way", 15, lambda: proxy.held() > before + 4000, every=0.05)
            t.api.delete("cachedimage", names[1])  # so that the other's pod has not its name
            first = t.eventually("another replica makes a pod of the others", 60, lambda: shared(t, began))
            t.check(first and len(first[0]["spec"]["containers"]) == N - 1, "without the deleted one")
            proxy.let_go()
            second = t.eventually("the first create arrives: a second pod", 30, lambda: shared(t, began)[1:])
            t.check(second and len(second[0]["spec"]["containers"]) == N, "of all images")
            node.behave = pulled
            node.again()
            left = [name for name in names if name != names[1]]
            t.all_ready(left, 60)
            t.eventually("both pods go", 60, lambda: not [
                p for p in t.api.list("pod") if p["spec"].get("nodeName") == "second"])
            twice = t.audit.twice(began)
            t.check(all(n == 2 for _, n in twice), "none is created a third time", twice)
            t.equal([(r.at, r.name) for r in t.audit.since(began, verb="patch", resource="cachedimages", sub="status")
                     if "Degraded" in str(r.body)], [], "nothing is Degraded")
        sleeper.stop()
        other.stop()
