#!/usr/bin/env python3
"""Repulls that the registry is asked about first (behaviour 37): what they take on drop-sim.

    bench/checks.py --build DIR [--nodes 1000] [--images 20] [--every 60] [--no-history]

All nodes have all images from the start, so that nothing is pulled (behaviour 38). Then, each measured by itself:
  unchanged  the repull of every image is due, and no tag has moved
  moved      one tag is pushed again, and three nodes have the new image already
  restart    another is pushed again; when three nodes have pulled it, the operator is killed, and another leads
A result is printed, and kept as a line of history.jsonl. Exit status 1: a pod too many, or a repull that did not come.
"""
import argparse
import collections
import json
import os
import shutil
import sys
import tempfile
import time

from measure import DROP, Tree, audited, moment
from run import keep, link_programs
from world import Sim

HOST = "registry.example"
SCENARIO = """seed: 1
nodes:
- {{name: node, count: {nodes}, bandwidthMiB: 100, images: [{images}]}}
images:
{rows}
"""
HAVE_IT = 3


class Registries(Sim):
    """drop-sim over http, with nodes whose kubelets take their time and list their images."""

    def __init__(self, build, folder, nodes, images):
        super().__init__(build, folder, nodes)
        self.scenario = os.path.join(folder, "scenario.yaml")
        references = ", ".join(f"'{HOST}/app{i}:1'" for i in range(images))
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(SCENARIO.format(nodes=nodes, images=references, rows="\n".join(
                f"- {{ref: '{HOST}/app{i}:1', sizeMiB: 20}}" for i in range(images))))

    def start(self, *words):
        plain = [word for word in words if word not in ("--tls", "--instant")]
        super().start(*plain, "--registries-out", self.folder + "/registries")

    def cluster_words(self):
        return ["--scenario", self.scenario]

    def registries(self):
        with open(self.folder + "/registries", encoding="utf-8") as file:
            return file.read().strip()

    def asked(self):
        """Requests to the registry so far, by method."""
        count = collections.Counter()
        for row in self.api.want("GET", "/sim/registries")["rows"]:
            count[row["verb"]] += row["count"]
        return count


def whole_lines(path):
    """Bytes of the file up to the end of its last line."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1024 * 1024))
        return size - len(file.read().rpartition(b"\n")[2])


class Phase:
    """From here on: requests, CPU and pods."""

    def __init__(self, world, tree):
        self.world, self.tree = world, tree
        self.start, self.asked, self.cpu = whole_lines(world.audit), world.asked(), tree.cpu() if tree else {}
        self.at = time.time()

    def events(self):
        return list(audited(self.world.audit, self.start, b'"userAgent":"drop-'))

    def pods(self):
        """When each pod was asked for, by image and node."""
        return {(e["requestObject"]["metadata"]["labels"]["drop.corewire.io/cachedimage"],
                 e["requestObject"]["spec"]["nodeName"]): moment(e["requestReceivedTimestamp"])
                for e in self.events() if e["verb"] == "create" and e["objectRef"]["resource"] == "pods"}

    def result(self, tree=None):
        """tree: an operator that was started since."""
        tree = tree or self.tree
        count = collections.Counter()
        for event in self.events():
            ref = event["objectRef"]
            if event["verb"] != "watch":
                count[" ".join(filter(None, (event["verb"], ref["resource"], ref.get("subresource"))))] += 1
        cpu = tree.cpu()
        spent = {name: round(cpu[name] - (self.cpu.get(name, 0) if tree is self.tree else 0), 2) for name in cpu}
        return {"registry": dict(self.world.asked() - self.asked), "requests": dict(sorted(count.items())),
                "requests_n": sum(count.values()), "pods": len(self.pods()), "cpu": spent,
                "cpu_s": round(sum(spent.values()), 2), "pss_mb": round(tree.memory()[0], 1), "took_s": round(time.time() - self.at, 1)}


def until(seconds, probe, what):
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.5)


def checked(world):
    """When each image was checked last."""
    return {one["metadata"]["name"]: one.get("status", {}).get("registry", {}).get("checkedAt", "")
            for one in world.api.want("GET", f"{DROP}/cachedimages")["items"]}


def ready(world, images):
    phases = [one.get("status", {}).get("phase") for one in world.api.want("GET", f"{DROP}/cachedimages")["items"]]
    return phases.count("Ready") == images


def set_policy(world, **spec):
    path = f"{DROP}/pullpolicies/p"
    code, policy = world.api.ask("GET", path)
    if code == 404:
        world.api.want("POST", f"{DROP}/pullpolicies", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": "p"}, "spec": spec})
        return
    policy["spec"].update(spec)
    world.api.want("PUT", path, policy)


def push(world, image, nodes=()):
    """The tag means something else now; these nodes have pulled it, as a workload of theirs wants it."""
    reference = f"{HOST}/{image}:1"
    world.api.want("POST", "/sim/do", {"do": "image-set", "image": reference, "sizeMiB": 20})
    for node in nodes:
        world.api.want("POST", "/api/v1/namespaces/default/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{image}-{node}"},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": reference, "imagePullPolicy": "Always"}]}})


def listed(world, image, nodes):
    """Do these nodes list what a tag was pushed to mean? It is what they have pulled twice."""
    for node in nodes:
        names = [name for one in world.api.want("GET", f"/api/v1/nodes/{node}")["status"]["images"] for name in one["names"]]
        if sum(name.startswith(f"{HOST}/{image}@") for name in names) < 2:
            return False
    return True


def unchanged(world, tree, words):
    """Nothing has moved: all images are asked about once."""
    before = checked(world)
    phase = Phase(world, tree)
    until(10 * words.every, lambda: all(at > before[name] for name, at in checked(world).items()), "a check of each image")
    return phase.result()


def moved(world, tree, words):
    have = world.nodes[:HAVE_IT]
    push(world, "app0", have)
    until(600, lambda: listed(world, "app0", have), "three nodes list the new image")
    phase = Phase(world, tree)
    wanted = {("app0", node) for node in world.nodes[HAVE_IT:]}
    until(10 * words.every + 600, lambda: wanted <= set(phase.pods()), "a pod on each node with the old image")
    result = phase.result()
    result["needless"] = len(set(phase.pods()) - wanted)
    return result


def restart(world, tree, words, programs):
    """A slow rollout, cut off after three nodes: the others must follow at once, and not an interval later."""
    set_policy(world, maxConcurrentNodes=1, minDelayBetweenPulls="1s")
    push(world, "app1")
    phase = Phase(world, tree)
    until(10 * words.every + 600, lambda: len(phase.pods()) >= HAVE_IT + 1, "the first pods")
    set_policy(world, maxConcurrentNodes=1000, minDelayBetweenPulls="0s")
    tree.process.kill()
    tree.process.wait()
    first = set(phase.pods())
    again = Phase(world, None)
    tree = Tree(programs, world, ["--registries", world.registries()])
    wanted = {("app1", node) for node in world.nodes} - first
    until(900, lambda: wanted <= set(again.pods()), "a pod on each other node")
    pods = again.pods()
    result = again.result(tree)
    result.update(before=len(first), other_images=len([1 for image, _ in pods if image != "app1"]),
                  first_pod_after_s=round(min(pods.values()) - again.at, 1),
                  last_pod_after_s=round(max(pods.values()) - again.at, 1))
    return tree, result


def play(words):
    folder = tempfile.mkdtemp(prefix="drop-bench-")
    programs = link_programs(os.path.abspath(words.build), folder)
    results = {}

    def show(name, result):
        results[name] = result
        print(f"{name}: {json.dumps(result)}", flush=True)
    with Registries(os.path.abspath(words.build), folder, words.nodes, words.images) as world:
        tree = Tree(programs, world, ["--registries", world.registries()])
        try:
            tree.await_lead(0)
            phase = Phase(world, tree)
            set_policy(world, maxConcurrentNodes=1000, minDelayBetweenPulls="0s", maxPullsPerNode=100,
                       repullInterval=f"{words.every}s")
            for i in range(words.images):
                world.api.want("POST", f"{DROP}/cachedimages", {
                    "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": f"app{i}"},
                    "spec": {"image": f"{HOST}/app{i}", "tag": "1", "policyRef": {"name": "p"}}})
            until(300, lambda: ready(world, words.images), "all are Ready")
            show("found", phase.result())
            show("unchanged", unchanged(world, tree, words))
            show("moved", moved(world, tree, words))
            tree, result = restart(world, tree, words, programs)
            show("restart", result)
        finally:
            tree.stop()
    shutil.rmtree(folder, ignore_errors=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--every", type=int, default=60)
    parser.add_argument("--no-history", dest="history", action="store_false")
    words = parser.parse_args()
    results = play(words)
    keep("checks", {"nodes": words.nodes, "images": words.images, **results}, words.history)
    good = (results["found"]["pods"] == 0 and results["unchanged"]["pods"] == 0 and results["moved"]["needless"] == 0
            and results["unchanged"]["registry"].get("HEAD") == words.images and results["restart"]["other_images"] == 0)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
