#!/usr/bin/env python3
"""Pretend nodes on an API server of another process (drop-sim --nodes-only). TAP.

attach.py DROP_SIM: one drop-sim serves an API without nodes, another one brings the nodes. The real API server
takes the serving part in bench/ and by hand; here it is about the requests and what answers do.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "e2e"))

import wait

DEADLINE = 180  # seconds, under sanitizers and load
NODES = 3
NS = "drop-system"


class Cluster:
    """The serving drop-sim, and requests to it."""

    def __init__(self, program, work):
        self.program = program
        self.work = work
        self.kubeconfig = work / "kubeconfig"
        self.audit = work / "audit"
        self.server = subprocess.Popen(
            [program, "--nodes", "0", "--kubeconfig-out", self.kubeconfig, "--audit-log", self.audit],
            stderr=open(work / "server.log", "wb"))
        until(lambda: self.kubeconfig.exists() and self.kubeconfig.stat().st_size, "it serves")
        self.base = re.search(r"server: \"?(http://[^\"\s]+)", self.kubeconfig.read_text()).group(1)

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"Content-Type": kind},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def nodes_process(self, *options):
        log = self.work / f"nodes{len(list(self.work.glob('nodes*')))}.log"
        process = subprocess.Popen([self.program, "--nodes-only", "--kubeconfig", self.kubeconfig,
                                    "--nodes", str(NODES), *options], stderr=open(log, "wb"))
        until(lambda: b"all nodes are registered" in log.read_bytes(), "the nodes are registered",
              process)
        return process

    def patches(self):
        """Status patches of pods by the nodes."""
        rows = [json.loads(line) for line in self.audit.read_text().splitlines()]
        return sum(row["verb"] == "patch" and row["objectRef"].get("resource") == "pods"
                   and row["userAgent"].startswith("drop-sim-nodes") for row in rows)


def until(true, what, process=None):
    def look():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}, before {what}")
        return true()
    return wait.until(DEADLINE, look, 0.05, what)


def end(process):
    process.terminate()
    assert process.wait(DEADLINE) == 0, f"ended with {process.returncode}"


def pod(name, node, command):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "nodeName": node, "restartPolicy": "Never", "containers": [
            {"name": "pull", "image": "docker.io/library/some:1", "command": [command]}]}}


def pods(name=""):
    return f"/api/v1/namespaces/{NS}/pods" + (f"/{name}" if name else "")


def ready(node):
    found = [c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"]
    return found == ["True"]


def registered(cluster):
    for number in range(NODES):
        name = f"node-{number:03}"
        node = cluster.ask("GET", f"/api/v1/nodes/{name}")
        assert ready(node), node["status"]["conditions"]
        assert not node["spec"].get("taints"), node["spec"]
        lease = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"
        until(lambda path=lease: cluster.ask("GET", path), f"{name} has a lease")


def carried_out(cluster):
    cluster.ask("POST", pods(), pod("pull", "node-001", "true"))
    cluster.ask("POST", pods(), pod("other", "node-of-others", "true"))
    until(lambda: cluster.ask("GET", pods("pull"))["status"]["phase"] == "Succeeded", "it is pulled")
    status = cluster.ask("GET", pods("pull"))["status"]["containerStatuses"][0]
    assert re.fullmatch(r"docker.io/library/some@sha256:[0-9a-f]{64}", status["imageID"]), status
    assert "startTime" not in cluster.ask("GET", pods("other"))["status"]
    cluster.ask("DELETE", pods("pull"))
    until(lambda: cluster.ask("GET", pods("pull")) is None, "the kubelet lets its pod go")


def deleted_while_running(cluster):
    cluster.ask("POST", pods(), pod("runs", "node-002", "sleep"))
    until(lambda: cluster.ask("GET", pods("runs"))["status"]["phase"] == "Running", "it runs")
    cluster.ask("DELETE", pods("runs"))
    until(lambda: cluster.ask("GET", pods("runs")) is None, "it is ended")


def called_dead(cluster):
    cluster.ask("PATCH", "/api/v1/nodes/node-000/status", {"status": {"conditions": [
        {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}},
                "application/merge-patch+json")
    until(lambda: ready(cluster.ask("GET", "/api/v1/nodes/node-000")), "it objects")


def instant(cluster):
    before = cluster.patches()
    cluster.ask("POST", pods(), pod("fast", "node-001", "true"))
    until(lambda: cluster.ask("GET", pods("fast"))["status"]["phase"] == "Succeeded", "it is pulled")
    until(lambda: cluster.patches() == before + 1, "one patch a pull")


def main():
    program = pathlib.Path(sys.argv[1])
    steps = [registered, carried_out, deleted_while_running, called_dead, instant]
    print(f"1..{len(steps)}")
    with tempfile.TemporaryDirectory() as work:
        cluster = Cluster(program, pathlib.Path(work))
        nodes = None
        try:
            nodes = cluster.nodes_process()
            for number, step in enumerate(steps, 1):
                if step is instant:  # over the nodes of an earlier life
                    end(nodes)
                    nodes = cluster.nodes_process("--instant")
                try:
                    step(cluster)
                    print(f"ok {number} - {step.__name__.replace('_', ' ')}", flush=True)
                except (AssertionError, OSError, KeyError, TypeError, RuntimeError) as error:
                    print(f"# {error!r}\nnot ok {number} - {step.__name__.replace('_', ' ')}")
            end(nodes)
        finally:
            for process in (nodes, cluster.server):
                if process is not None and process.poll() is None:
                    process.terminate()
                    process.wait(DEADLINE)


if __name__ == "__main__":
    main()
