#!/usr/bin/env python3
"""Repulls under a registry that is asked first (behaviour 37), on pretend nodes; prints TAP:

    repull.py --build DIR [--nodes N --images N --every SECONDS]

All of the operator runs; the registry is a server of ours that tells what the nodes have, then something else, then
nothing. What happened is read from the API server's audit log and from the server's own.
"""
import collections
import json
import sys

from rig import STARTED, Rig, TestTap, arguments, status
from server import Server
from wait import until

API = "/apis/drop.corewire.io/v1alpha1"
PROGRAMS = ("watcher", "puller", "discoverer", "reconciler")
HOST = "repull.example"


class World:
    def __init__(self, options):
        self.rig, self.options = None, options
        self.names = [f"app-{n}" for n in range(options.images)]
        self.digests = {}    # by name: what the registry tells
        self.down = False

    def answer(self, client, asked):
        name = asked.path.split("/")[2]
        if self.down:
            client.head(503, (), 0)
            return True
        client.head(200, [f"Docker-Content-Digest: {self.digests[name]}"], 0,
                    "application/vnd.oci.image.index.v1+json")
        return True

    def images(self):
        return {one["metadata"]["name"]: one for one in self.rig.must("GET", f"{API}/cachedimages")["items"]}

    def learn(self):
        """What the nodes list is what the registry has."""
        node = self.rig.must("GET", "/api/v1/nodes?limit=1")["items"][0]
        for image in node["status"]["images"]:
            for name in image["names"]:
                repository, at, digest = name.partition("@")
                if at and repository.startswith(HOST):
                    self.digests[repository.split("/")[1]] = digest
        assert len(self.digests) == len(self.names), f"{len(self.digests)} are listed"
        return True

    def create(self):
        self.rig.must("POST", f"{API}/pullpolicies", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": "p"},
            "spec": {"maxConcurrentNodes": 10_000, "maxPullsPerNode": 100, "minDelayBetweenPulls": "0s",
                     "repullInterval": "1h", "registryChecks": "Disabled"}})
        for name in self.names:
            self.rig.must("POST", f"{API}/cachedimages", {
                "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": name},
                "spec": {"image": f"{HOST}/{name}", "tag": "1", "policyRef": {"name": "p"}}})

    def allow_checks(self):
        path = f"{API}/pullpolicies/p"
        policy = self.rig.must("GET", path)
        policy["spec"] |= {"registryChecks": "Auto", "repullInterval": f"{self.options.every}s"}
        self.rig.must("PUT", path, policy)
        return True

    def ready(self):
        counts = collections.Counter(status(one).get("phase") for one in self.images().values())
        assert counts["Ready"] == len(self.names), counts
        return True

    def checked(self, after):
        """checkedAt of all images is later than this."""
        times = {name: (status(one).get("registry") or {}).get("checkedAt", "") for name, one in self.images().items()}
        late = [name for name, at in times.items() if at <= after]
        assert not late, f"{len(late)} of {len(times)}: {late[:3]}"
        return min(times.values()), max(times.values())

    def audit(self):
        """What the API server was asked, but for a line that is being written."""
        with open(f"{self.rig.folder}/audit.log", encoding="utf-8") as log:
            yield from (json.loads(line) for line in log if line.endswith("\n"))

    def pods(self):
        """Creates of pods so far, by CachedImage."""
        made = collections.Counter()
        for one in self.audit():
            if one.get("verb") == "create" and one.get("objectRef", {}).get("resource") == "pods":
                body = one.get("requestObject") or {}
                made[body.get("metadata", {}).get("labels", {}).get("drop.corewire.io/cachedimage", "?")] += 1
        return made

    def requests(self):
        """API requests of the reconciler and the puller that are no watches, by verb."""
        return collections.Counter(one.get("verb") for one in self.audit())


def play(tap, world, server):
    nodes, images, every = world.options.nodes, world.options.images, world.options.every
    world.create()
    until(600, world.ready, every=1)
    until(STARTED + every, world.learn, every=0.5)
    tap.equal(sorted(world.digests), sorted(world.names), "the nodes list digests")
    tap.equal(sum(world.pods().values()), nodes * images, "a pod for each pair at first")

    heads, before = server.count, world.requests()
    until(STARTED, world.allow_checks, every=0.5)
    first, last = until(20 * every, lambda: world.checked(""), every=1)
    # Until the last was asked, the first may have been due again.
    tap.check(images <= server.count - heads <= 3 * images, "37: when the repull is due, one HEAD an image", server.count - heads)
    tap.equal(sum(world.pods().values()), nodes * images, "37: and no pod")
    used = world.requests() - before
    tap.diag(f"{server.count - heads} HEADs, API requests meanwhile: {dict(used)}")
    tap.check(used["patch"] <= 4 * images, "37: a few writes an image, and not one a node", used)

    moved = world.names[0]
    world.digests[moved] = "sha256:" + "f" * 64
    until(20 * every, lambda: world.checked(last), every=1)
    def came():
        made = world.pods()
        assert made[moved] == 2 * nodes, made
        return made
    made = until(STARTED + every, came, every=1)
    tap.equal(made[moved], 2 * nodes, "37: of the tag that moved, each node pulls once more")
    tap.equal(sum(made.values()), nodes * images + nodes, "37: of the others, none")

    world.down = True
    began = sum(world.pods().values())
    def outage():
        made = sum(world.pods().values())
        assert made >= began + nodes * images, made
        return True
    until(20 * every, outage, every=1)
    tap.check(True, "37: while the registry is down, repulls go on as without it")


def main():
    options = arguments(__doc__, nodes=40, images=4, every=25)
    tap = TestTap()
    world = World(options)
    server = Server(world.answer)
    with Rig(options.build, PROGRAMS, "info", options.keep, ["--registries", f"{HOST}={server.url}"],
             options.nodes) as world.rig:
        play(tap, world, server)
    server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
