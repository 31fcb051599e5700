"""Another version of ours takes over while several images share a pod (rule 44): an older one that knows no such pods, and this one
after it. Nothing is lost.

Needs a build of an older version: OLDER_BUILD=DIR of its meson build folder. Only where it is named.
"""
import os

from objects import ready
from pretend import pulled
from programs import bin_folder
from test_shared_faults import N, due, shared
from wait import until


class Versions:
    """start(older=True) stops what runs, and starts the other."""

    def __init__(self, t):
        self.t, self.tree = t, None
        self.bins = {False: t.bin, True: bin_folder(os.environ["OLDER_BUILD"], os.path.join(t.scratch, "older"))}

    def start(self, older):
        if self.tree is not None:
            self.tree.stop()
        self.t.bin = self.bins[older]
        try:
            self.tree = self.t.supervisor(name="older" if older else "newer").wait_up()
        finally:
            self.t.bin = self.bins[False]

    def stop(self):
        self.tree.stop()


def needs_older(test):
    def run(t):
        if "OLDER_BUILD" not in os.environ:
            t.tap.skip(f"{t.context}: another version takes over", "OLDER_BUILD is not set")
            return
        t.stop_tree()
        versions = Versions(t)
        test(t, versions)
        versions.stop()
    return run


def pulls_now(node):
    """From now on it pulls, also what waits."""
    node.behave = pulled
    node.again()


def pods_of_second(t):
    return [pod for pod in t.api.list("pod") if pod["spec"].get("nodeName") == "second"]


@needs_older
def test_downgrade(t, versions):
    """44: an older version deletes a pod of several images, whose label names no CachedImage, and pulls each image alone."""
    versions.start(older=False)
    with due(t, "downgrade", behave=lambda pod: None) as (names, proving, node, began):
        proving.release()
        pods = t.eventually("all share a pod", 60, lambda: shared(t, began))
        versions.start(older=True)
        t.eventually("it goes", 90, lambda: t.api.get("pod", pods[0]["metadata"]["name"]) is None)
        t.eventually("each image has a pod of its own", 60, lambda: len(pods_of_second(t)) == N and all(
            len(pod["spec"]["containers"]) == 1 for pod in pods_of_second(t)))
        pulls_now(node)
        t.all_ready(names, 90)
        t.wait_no_pods()
        t.check(all(ready(t.get(name), 2) for name in names), "on both nodes")
        versions.start(older=False)
        until(30, lambda: all(ready(t.get(name), 2) for name in names))
        t.wait_no_pods()


@needs_older
def test_upgrade(t, versions):
    """44: pods that an older version made go on, and the next ones are shared."""
    versions.start(older=True)
    with due(t, "newer", behave=lambda pod: None) as (names, proving, node, began):
        proving.release()
        t.eventually("each image has a pod of its own", 60, lambda: len(pods_of_second(t)) == N)
        versions.start(older=False)
        pulls_now(node)
        t.all_ready(names, 90)
        t.wait_no_pods()
        t.once_each(began, N, "each image is pulled once")
        t.check(not shared(t, began), "by the pods of the older version")
