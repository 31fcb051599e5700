"""One run of the operator on a drop-sim, in a scratch folder of its own, and what is seen of it.

Owns both and the witness; close() leaves nothing running. The truth is drop-sim's (/sim/truth, its
audit log and the pods' history), never the operator's word.
"""
import json
import os
import shutil
import signal
import time

import processes
from pods import PODS, PodHistory, pull_of
from programs import Supervisor
from side import Side
from simulator import Simulator

DROP = "/apis/drop.corewire.io/v1alpha1"
IMAGES = f"{DROP}/cachedimages"
CLOCK_BYTES = 16   # struct clock_offsets, all clocks right
PULL_TIMEOUT = 20  # seconds, of the policies here


class Trial:
    """scenario: the text of a scenario file; env: more for the operator's processes."""

    def __init__(self, tools, folder, scenario, env=None):
        self.folder = folder
        os.makedirs(folder)
        path = os.path.join(folder, "scenario.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(scenario)
        audit = os.path.join(folder, "audit.log")
        clock = os.path.join(folder, "clock")
        with open(clock, "wb") as file:
            file.write(bytes(CLOCK_BYTES))  # there before who looks at it
        self.tools = tools
        words = ["--audit-log", audit, "--clock-file", clock, *tools.sim_words]
        self.env = {"LD_PRELOAD": tools.clockshim, "DROP_CLOCK_FILE": clock, **(env or {})}
        self.sim = Simulator(tools.sim, path, folder, words)
        self.sim.__enter__()
        self.made = time.time()
        self.side = Side("drop-sim", self.sim.kubeconfig)
        self.pods = PodHistory(self.side, PULL_TIMEOUT - 1)
        self.tree = None

    def start(self, level="info"):
        """The operator, or the operator again. Not in the second in which the nodes were made: status
        has whole seconds, and a pull that ends in its node's first is none of that node (behaviour 16)."""
        time.sleep(max(0, int(self.made) + 1.01 - time.time()))
        self.tree = Supervisor(self.tools.bin, self.folder, self.sim.kubeconfig,
                               self.tools.words, self.env, self.folder, level)
        return self.tree

    def close(self, keep=False):
        if self.tree is not None:
            self.tree.signal(signal.SIGTERM)
            try:
                self.tree.process.wait(12)
            except TimeoutError:
                pass
            except Exception:  # pylint: disable=broad-exception-caught
                self.tree.kill_all()
        processes.kill_marked(self.folder)
        self.pods.close()
        self.sim.__exit__()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def ended(self):
        """The operator is no longer running, which it must be all the time."""
        return self.tree is not None and not self.tree.running()

    def get(self, path):
        answer = self.side.ask("GET", path)
        if answer.code != 200:
            raise AssertionError(f"GET {path}: {answer.code} {json.dumps(answer.body)[:200]}")
        return answer.body

    def images(self):
        return {one["metadata"]["name"]: one for one in self.get(IMAGES)["items"]}

    def pull_pods(self):
        return self.get(PODS)["items"]

    def truth(self):
        return self.get("/sim/truth")

    def cordon(self, node, away):
        self.do({"do": "node-cordon", "node": node, "end": not away})

    def evict(self, node):
        """An Eviction for each pod of the node; answers are as they come."""
        for pod in self.pull_pods():
            meta = pod["metadata"]
            if pod["spec"].get("nodeName") == node:
                self.pods.taken.add(pull_of(pod))
                self.side.ask("POST", f"{PODS}/{meta['name']}/eviction", body={
                    "apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": {"name": meta["name"], "namespace": meta["namespace"]}})

    def do(self, *steps):
        self.sim.do(self.side, *steps)

    def trouble(self, lines=25):
        """The ends of the logs, for a failed run that is looked into."""
        out = []
        for name in ("sim.log", "supervisor.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    out += [f"{name}: {line.rstrip()[:240]}" for line in file.readlines()[-lines:]]
        return out
