#!/usr/bin/env python3
"""etcd restored from an older backup under the running operator, on drop-sim; prints TAP:

    restored.py --build DIR [--keep]

The uids are the same, versions start lower and are used again, our last writes are lost. All of it is
written again, what is changed afterwards is seen, and no process restarts. The real one: tests/e2e/test_restore.py.
"""
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

from objects import image_set, ready, status
from runner import play_cases
from trial import DROP, Trial
from wait import Late, until
from expectation import image, policy, scenario_text

WAIT = 180  # seconds; only a broken product needs them
REPOSITORY = "registry.example/team/app"
DISCOVERY = {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "DiscoveryPolicy", "metadata": {"name": "found"},
             "spec": {"sources": [{"type": "registry", "registry": {
                 "url": "http://127.0.0.1:1", "repositories": ["a"]}}]}}
OBJECTS = [policy("fast", minDelayBetweenPulls="0s"), image("before", REPOSITORY, "t0", "fast"),
           image_set("whole", [f"{REPOSITORY}:t1"], policyRef={"name": "fast"}), DISCOVERY]
SCENARIO = {"title": "three nodes", "seed": 1, "nodes": [{"name": "n", "count": 3}]}


class World:
    """What the API server has of our kinds."""

    def __init__(self, trial):
        self.trial = trial

    def of(self, collection, name):
        return self.trial.get(f"{DROP}/{collection}/{name}")

    def observed(self, generation=None):
        obj = self.of("discoverypolicies", "found")
        seen = [c.get("observedGeneration") for c in status(obj).get("conditions") or []]
        assert obj["metadata"]["generation"] in seen, f"{obj['metadata']['generation']} {seen}"
        assert generation is None or obj["metadata"]["generation"] == generation
        return True

    def whole(self):
        """All is as it ought to be."""
        images = self.trial.images()
        bad = [name for name, one in images.items() if not ready(one) or status(one)["ready"] != "3/3"]
        assert len(images) == 2 and not bad, f"{sorted(images)}, not Ready: {bad}"
        said = status(self.of("cachedimagesets", "whole"))
        assert said.get("phase") == "Ready", said
        return self.observed()


def version(obj):
    return int(obj["metadata"]["resourceVersion"])


def story(tap, trial):
    world = World(trial)

    def comes(what, probe):
        try:
            until(WAIT, probe)
            tap.check(True, what)
        except Late as late:
            tap.check(False, what, late)
            tap.diag("\n".join(trial.trouble()))
            raise
    trial.do({"do": "etcd-backup"})  # nothing has a status yet
    tree = trial.start()
    comes("all is Ready", world.whole)
    before, lost = tree.pids(), version(world.of("cachedimages", "before"))
    trial.do({"do": "etcd-restore"})
    back = world.of("cachedimages", "before")
    tap.check(version(back) < lost and not status(back).get("phase"), "the status is lost, versions went back",
              f"{lost} -> {version(back)} {status(back)}")
    comes("all is Ready again", world.whole)
    trial.do({"do": "apply", "object": {**DISCOVERY, "spec": {**DISCOVERY["spec"], "maxImages": 7}}},
             {"do": "apply", "object": image("before", REPOSITORY, "t2", "fast")})
    comes("a policy's new spec is seen", lambda: world.observed(2))
    comes("a new tag is pulled", lambda: status(world.of("cachedimages", "before"))["cachedImage"].endswith(":t2")
          and world.whole())
    tap.check(tree.running() and tree.pids() == before and tree.restarts() == 0, "no process restarted",
              f"{before} -> {tree.pids()}")


def play(tap, tools, folder, _name, args):
    trial = Trial(tools._replace(sim_words=("--instant",)), folder, scenario_text(SCENARIO, OBJECTS))
    try:
        story(tap, trial)
    except Late:
        pass  # told
    finally:
        trial.close(keep=bool(tap.failed or args.keep))


if __name__ == "__main__":
    sys.exit(play_cases(__doc__, ("restored",), play, "drop-re-"))
