#!/usr/bin/env python3
"""Facts for new references (behaviour 35), on pretend nodes; prints TAP:

    new_images.py --build DIR [--nodes N --images N]

All of the operator runs. A stand-in for Docker Hub counts GETs of manifests as Docker Hub does (100 in 6 hours) and says in
its headers what is left; other registries are silent, away or refuse. Whatever they do, each image comes to each node.
"""
import collections
import hashlib
import json
import os
import sys
import time

from repull import API, PROGRAMS, World
from rig import Rig, TestTap, arguments
from server import Server
from wait import until

GRANTED = 100
BUDGET = 10  # GETs of manifests at docker.io without credentials, in six hours
PLANS = 2    # of them, for dropctl plan
PLANNED = 20
TYPE = "application/vnd.oci.image.manifest.v1+json"


def manifest(name):
    blob = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    return json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": {"digest": blob, "size": 10},
                       "layers": [{"digest": blob, "size": 1000}]}).encode()


class Hub:
    """Docker Hub, and registries that do not answer as it does, by the first part of the repository."""

    def __init__(self):
        self.gets = collections.Counter()
        self.heads = collections.Counter()

    def answer(self, client, asked):
        parts = asked.path.split("/")
        kind, name = parts[2], parts[3]
        (self.heads if asked.method == "HEAD" else self.gets)[kind] += 1
        if kind == "silent":
            client.hang()
            return False
        if kind == "broken":
            client.head(503, (), 0)
            return True
        body = manifest(name)
        left = GRANTED - self.gets[kind]
        client.head(200, [f"Docker-Content-Digest: sha256:{hashlib.sha256(body).hexdigest()}",
                          f"RateLimit-Limit: {GRANTED};w=21600", f"RateLimit-Remaining: {left};w=21600"], len(body), TYPE)
        if asked.method == "GET":
            client.send(body)
        return True


class Images(World):
    def create(self):
        self.rig.must("POST", f"{API}/pullpolicies", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": "p"},
            "spec": {"maxConcurrentNodes": 10_000, "maxPullsPerNode": 100, "minDelayBetweenPulls": "0s",
                     "maxBytesPerSecond": "100Gi"}})
        hosts = {"hub": "docker.io", "silent": "silent.example", "broken": "broken.example"}
        for name in self.names:
            kind = name.split("-")[0]
            self.rig.must("POST", f"{API}/cachedimages", {
                "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": name},
                "spec": {"image": f"{hosts[kind]}/{kind}/{name}", "tag": "1", "policyRef": {"name": "p"}}})


def plan(tap, world, hub):
    """Many images that are not there: their plans leave most of the budget."""
    path = os.path.join(world.rig.folder, "plan.yaml")
    with open(path, "w", encoding="utf-8") as out:
        for n in range(PLANNED):
            out.write("---\napiVersion: drop.corewire.io/v1alpha1\nkind: CachedImage\n"
                      f"metadata: {{name: plan-{n}}}\nspec: {{image: docker.io/hub/plan-{n}, tag: '1'}}\n")
    def planned():
        done = world.rig.ctl("plan", "-f", path, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    said = until(120, planned, every=1)
    tap.equal(hub.gets["hub"], PLANS, "35: plans read a quarter of what may be read")
    tap.check([note for note in said["notes"] if "a plan uses at most a quarter" in note], "and says so", said["notes"])


def play(tap, world, hub):
    nodes, images = world.options.nodes, world.options.images
    plan(tap, world, hub)
    hub.heads.clear()
    began = time.monotonic()
    world.create()
    until(300, world.ready, every=0.5)
    tap.diag(f"{len(world.names)} images are on {nodes} nodes after {time.monotonic() - began:.1f} s; "
             f"HEADs {dict(hub.heads)}, GETs {dict(hub.gets)}")
    pods = world.pods()
    tap.equal(sum(pods.values()), len(world.names) * nodes, "35: each image came to each node by one pod")
    tap.check(PLANS < hub.gets["hub"] <= BUDGET, "35: the budget of GETs is used and kept", hub.gets)
    # One that is not answered in time is asked for again.
    tap.check(images <= hub.heads["hub"] < 2 * images, "35: each tag was asked for once, whatever the number of nodes", hub.heads)
    tap.check(hub.heads["silent"] + hub.heads["broken"] <= 4, "35: who does not answer is not asked again and again", hub.heads)


def main():
    options = arguments(__doc__, nodes=5, images=50)
    tap = TestTap()
    world = Images(options)
    world.names = [f"hub-{n}" for n in range(options.images)] + ["silent-1", "silent-2", "broken-1", "broken-2"]
    hub = Hub()
    server = Server(hub.answer)
    hosts = ("docker.io", "silent.example", "broken.example")
    words = ["--registries", ",".join(f"{host}={server.url}" for host in hosts)]
    with Rig(options.build, PROGRAMS, "info", options.keep, words, options.nodes) as world.rig:
        play(tap, world, hub)
    server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
