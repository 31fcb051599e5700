#!/usr/bin/env python3
"""The status page of the real operator on drop-sim, without a browser: the page is well-formed, the grid of images and
nodes says what dropctl says, its bounds hold and are written on it, and /status.json is what docs/status-json.md says.

status_page.py ROOT DROP-SIM SUPERVISOR DROPCTL CHILD...   prints TAP
status_page.py --show IMAGESxNODES FOLDER ROOT DROP-SIM... writes page.html and status.json of that size into the folder, and
                                                           prints their bytes and time, and what the operator spent on them
"""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import html_page
import processes
from wait import until

DEADLINE = 120  # seconds, of states that come by themselves

HEAD = """
title: the status page
nodes:
%s
images:
- {ref: "registry.example/there:1", sizeMiB: 1}
- {ref: "registry.example/heavy:1", sizeMiB: 100000}
anyImage: %s
timeline:
- {at: 0s, do: node-notready, node: %s}
---
apiVersion: drop.corewire.io/v1alpha1
kind: PullPolicy
metadata: {name: quick}
spec:
  maxConcurrentNodes: 100
  minDelayBetweenPulls: 0s
  failureBackoff: {initial: 1h, max: 1h}
  tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists}, {key: node.kubernetes.io/not-ready, operator: Exists}]
---
apiVersion: drop.corewire.io/v1alpha1
kind: PullPolicy
metadata: {name: stopped}
spec: {suspend: true}
---
apiVersion: drop.corewire.io/v1alpha1
kind: DiscoveryPolicy
metadata: {name: found}
spec:
  sources:
  - {type: registry, registry: {url: 'http://127.0.0.1:1', repositories: [team/app], topX: 3}}
"""
IMAGE = """
---
apiVersion: drop.corewire.io/v1alpha1
kind: CachedImage
metadata: {name: %s}
spec: {image: registry.example/%s, tag: "1", policyRef: {name: %s}%s}
"""

FEW = HEAD % ("""
- {name: node, count: 3}
- {name: away, count: 1}
- {name: new, count: 1, bandwidthMiB: 1, startupTaints: [{key: drop.corewire.io/images-not-ready}]}
""", "false", "away-000") + "".join((
    IMAGE % ("there", "there", "quick", ""),
    IMAGE % ("heavy", "heavy", "quick", ", gateNodes: true, nodeSelector: {kubernetes.io/hostname: new-000}"),
    IMAGE % ("missing", "missing", "quick", ""),
    IMAGE % ("picky", "there", "quick", ", nodeSelector: {kubernetes.io/hostname: node-001}"),
    IMAGE % ("stopped", "there", "stopped", "")))


def many(images, nodes):
    """Three pools and nodes without; most images are there, a few fail."""
    pools = "".join(f"- {{name: {pool}, count: {nodes // 4}, labels: {{kubernetes.azure.com/agentpool: {pool}}}}}\n"
                    for pool in ("web", "batch", "gpu"))
    text = HEAD % (pools + f"- {{name: plain, count: {nodes - nodes // 4 * 3}}}\n", "false", "web-000")
    for i in range(images):
        bad = i % 40 == 39
        text += IMAGE % (f"image-{i:04}", "missing" if bad else "there", "quick", "")
    return text


class Operator:
    """drop-sim with a scene, and the operator, which serves its page."""

    def __init__(self, scene, programs, words=()):
        self.sim, self.supervisor = programs[:2]
        self.scene, self.words, self.processes = scene, words, []

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="drop-page-")
        work = pathlib.Path(self.scratch.name)
        (work / "sockets").mkdir(mode=0o700)
        (work / "scene.yaml").write_text(self.scene.lstrip(), encoding="utf-8")
        self.sockets, kubeconfig = work / "sockets", work / "kubeconfig"
        self.log = work / "drop.log"
        self.start(work / "sim.log", self.sim, "--scenario", work / "scene.yaml", "--kubeconfig-out", kubeconfig,
                   "--registries-out", work / "registries", "--screen", "none")
        until(DEADLINE, kubeconfig.exists)
        registries = (work / "registries").read_text(encoding="utf-8").strip()
        tree = self.start(self.log, self.supervisor, "--bin-dir", os.path.dirname(self.supervisor.replace("supervisor/", "bin/")),
                          "--kubeconfig", kubeconfig, "--socket-dir", self.sockets, "--health-probe-bind-address", "0",
                          "--registries", registries, "--status-page-bind-address", "127.0.0.1:0", *self.words)
        self.tree = tree.pid
        self.port = int(until(DEADLINE, lambda: re.search(
            r"serving the status page .*port=(\d+)", self.log.read_text(encoding="utf-8")))[1])
        return self

    def start(self, log, *words):
        with open(log, "wb") as file:
            self.processes.append(subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=file, stderr=file))
        return self.processes[-1]

    def __exit__(self, *_):
        for process in reversed(self.processes):
            processes.end(process)
        self.scratch.cleanup()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "identity"})
            answer = connection.getresponse()
            body = answer.read().decode()
            return body if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def status(self):
        text = self.get("/status.json")
        return json.loads(text) if text else None

    def seen(self, what, condition):
        """/status.json once it is as wanted."""
        last = {}

        def look():
            last["is"] = self.status()
            return last["is"] if last["is"] and last["is"]["whole"] and condition(last["is"]) else None
        try:
            return until(DEADLINE, look)
        except AssertionError:
            print(f"# waited for {what}; last seen: {json.dumps(last.get('is'))[:4000]}")
            raise


def cells(status):
    names = [column["name"] for column in status["grid"]["columns"]]
    return {row["image"]: dict(zip(names, row["cells"])) for row in status["grid"]["rows"]}


def tables(root):
    """{section: names of members} of docs/status-json.md; "": the page's first table."""
    found, section = {}, ""
    for line in (root / "docs/status-json.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| `"):
            found.setdefault(section, set()).update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return found


def members(status):
    """The same, of what was served: {section: [names that some object has]}."""
    found = {"": set(status)}
    for path in ("saved", "totals", "grid", "grid.columns", "grid.rows", "grid.rows.cells", "images", "heldNodes", "queue",
                 "discovery", "policies", "processes"):
        objects = [status]
        for name in path.split("."):
            objects = [o.get(name, []) for o in objects]
            objects = [one for o in objects for one in (o if isinstance(o, list) else [o])]
        found[path] = {name for one in objects for name in one}
    return found


def merged(one, other):
    return {section: one[section] | other[section] for section in one}


def settled(status):
    grid = cells(status)
    wanted = {("there", "node-000"): "done", ("there", "node-001"): "done", ("there", "node-002"): "done",
              ("there", "away-000"): "notready", ("heavy", "new-000"): "pulling", ("missing", "node-000"): "backoff"}
    return status["leading"] and len(grid) == 5 and status["heldNodes"] and len(status["processes"]) >= 5 \
        and all(grid[image][node]["state"] == state for (image, node), state in wanted.items()) \
        and status["discovery"] and len(status["policies"]) == 2 and status["queue"]


def same_grid(page, status):
    """The page shows what the JSON says."""
    names = [column["name"] for column in status["grid"]["columns"]]
    assert page.columns == ["", *names], page.columns
    assert list(page.grid) == [row["image"] for row in status["grid"]["rows"]]
    classes = {"done": "gd", "pulling": "gp", "waiting": "gw", "backoff": "gb", "notready": "gn", "skipped": "gs"}
    signs = set()
    for row in status["grid"]["rows"]:
        for name, cell, (kind, title, sign) in zip(names, row["cells"], page.grid[row["image"]]):
            assert kind == classes[cell["state"]], (row["image"], name, cell, kind)
            assert title.startswith(name + ": ") and cell.get("text", "") in title, (title, cell)
            signs.add((kind, sign))
    assert len({kind for kind, _ in signs}) == len({sign for _, sign in signs}) == len(signs), f"a sign for each state: {signs}"


def few(root, programs):
    with Operator(FEW, programs, ["--usage", "--startup-taint", "drop.corewire.io/images-not-ready"]) as o:
        status = o.seen("the states of the scene", settled)
        grid = cells(status)

        def a_cell_for_each_image_and_node():
            assert not status["grid"]["byPool"] and status["grid"]["nodes"] == 5
            assert sorted(grid["there"]) == ["away-000", "new-000", "node-000", "node-001", "node-002"]
            assert grid["picky"]["node-001"]["state"] == "done"
            assert grid["picky"]["node-000"]["state"] == "skipped"
            assert "nodeSelector requires label kubernetes.io/hostname=node-001" in grid["picky"]["node-000"]["text"]
            assert "image not found" in grid["missing"]["node-000"]["text"]
            assert grid["stopped"]["node-000"]["text"] == "suspended by PullPolicy stopped", grid["stopped"]
            assert grid["there"]["away-000"]["text"].startswith("not eligible: ")

        def what_dropctl_says():
            told = subprocess.run([programs[2], "why", "missing", "-o", "json", "--socket-dir", o.sockets], text=True,
                                  capture_output=True, check=True, timeout=60).stdout
            assert {n["node"]: n["state"] for n in json.loads(told)["nodes"]} == \
                {node: cell["state"] for node, cell in cells(o.status())["missing"].items()}

        def the_page_shows_it():
            # Both are made of one moment only when nothing changes: until they agree.
            def agree():
                seen, now = html_page.Page(o.get("/")), o.status()
                try:
                    same_grid(seen, now)
                except AssertionError:
                    return None
                return seen
            page = until(DEADLINE, agree)
            assert not page.faults, page.faults[:3]

        def the_json_is_the_documented_one():
            found, documented = members(status), tables(root)
            with Operator(many(3, 101), programs) as other:
                by_pool = other.seen("pools", lambda s: s["leading"] and len(s["grid"]["rows"]) == 3)
            found = merged(found, members(by_pool))
            for section, names in documented.items():
                gone = names - found[section] - {"leaseTrouble"}
                assert not gone, f"{section or 'top'}: documented, and not served: {gone}"
            for section, names in found.items():
                new = names - documented[section]
                assert not new, f"{section or 'top'}: served, and not documented: {new}"

        yield from (a_cell_for_each_image_and_node, what_dropctl_says, the_page_shows_it, the_json_is_the_documented_one)


def by_pool(_, programs):
    with Operator(many(120, 130), programs) as o:
        status = o.seen("120 images on 130 nodes", lambda s: s["leading"] and s["totals"]["images"] == 120
                        and s["totals"]["ready"] == 117 * 129 and s["totals"]["imagesDegraded"] == 3)

        def a_cell_for_each_pool():
            assert status["grid"]["byPool"] and status["grid"]["nodes"] == 130
            assert status["grid"]["columns"] == [{"name": "", "nodes": 34}, {"name": "batch", "nodes": 32},
                                                 {"name": "gpu", "nodes": 32}, {"name": "web", "nodes": 32}]
            by_image = {image["image"]: image for image in status["images"]}
            for row in status["grid"]["rows"]:
                for what in ("targeted", "ready", "pulling", "waiting", "backoff", "notready"):
                    assert sum(cell[what] for cell in row["cells"]) == by_image[row["image"]][what], (row, what)

        def the_bound_is_on_the_page():
            page = html_page.Page(o.get("/"))
            assert not page.faults, page.faults[:3]
            assert "100 of 120 images: those that are not Ready first." in page.text
            assert len(page.grid) == 100
            assert page.columns == ["", "(no pool)", "batch", "gpu", "web"]
            first = list(page.grid)[:3]
            assert first == ["image-0039", "image-0079", "image-0119"], first
            kind, title, text = page.grid["image-0039"][1]
            assert kind == "q0" and text.startswith("0/32") and "image not found" in title, (kind, title, text)
            ready = [cells for name, cells in page.grid.items() if name not in first]
            assert ready[-1][2][0] == "q3" and ready[-1][2][2] == "32/32", ready[-1]
            web = ready[-1][3]
            assert web[0] == "q2" and web[2] == "31/32" and "1 not ready" in web[1], web

        yield from (a_cell_for_each_pool, the_bound_is_on_the_page)


def empty(_, programs):
    with Operator("title: nothing\nnodes: []\n", programs) as o:
        o.seen("a leader", lambda s: s["leading"])

        def a_page_without_anything():
            page = html_page.Page(o.get("/"))
            assert not page.faults, page.faults[:3]
            for text in ("No CachedImages.", "The queue is empty.", "No PullPolicies", "No DiscoveryPolicies."):
                assert text in page.text, text
            assert not page.grid

        yield a_page_without_anything


def cpu(tree):
    """{process: CPU seconds} of the children."""
    return {name: processes.cpu_s(pid) for name, pid in processes.children(tree).items()}


def show(size, folder, programs):
    images, nodes = map(int, size.split("x"))
    folder = pathlib.Path(folder)
    scene = many(images, nodes) if nodes else "title: nothing\nnodes: []\n"
    with Operator(scene, programs) as o:
        end = time.monotonic() + 1800
        while time.monotonic() < end:
            status = o.status()
            if status and status["leading"] and status["totals"]["images"] == images and status["totals"]["pulling"] == 0 \
                    and status["totals"]["ready"] >= (images - images // 40) * (nodes - 1):
                break
            print(f"# {status['totals'] if status and 'totals' in status else None}", flush=True)
            time.sleep(5)
        before, times = cpu(o.tree), []
        for _ in range(5):
            time.sleep(1.1)  # an answer is kept for a second
            began = time.monotonic()
            page = o.get("/")
            times.append(time.monotonic() - began)
        spent = {name: (seconds - before[name]) / 5 for name, seconds in cpu(o.tree).items()}
        text = o.get("/status.json")
        (folder / "page.html").write_text(page, encoding="utf-8")
        (folder / "status.json").write_text(text, encoding="utf-8")
        print(f"{size}: page {len(page)} bytes, JSON {len(text)} bytes, {sorted(times)[2] * 1000:.0f} ms (of {times}), "
              f"CPU seconds {spent}, faults {html_page.Page(page).faults[:3]}, whole {json.loads(text)['whole']}")


def main():
    if sys.argv[1] == "--show":
        return show(sys.argv[2], sys.argv[3], sys.argv[5:])
    root, programs = pathlib.Path(sys.argv[1]), sys.argv[2:]
    number = failed = 0
    for scene in (few, by_pool, empty):
        for test in scene(root, programs):
            number += 1
            try:
                test()
                print(f"ok {number} - {test.__name__}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed = 1
                text = f"{type(e).__name__}: {e}".replace("\n", "\n# ")
                print(f"not ok {number} - {test.__name__}\n# {text}", flush=True)
    print(f"1..{number}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
