"""A drop-sim of our own: started in a scratch folder, asked for its truth, ended with the test.

Shared by tests/contract and tests/scenarios. Its kubeconfig appears when it serves.
"""
import json
import os
import subprocess
import tempfile
import time
import shutil

import processes

START_SECONDS = 60


class Simulator:
    """with Simulator(program, scenario=path) as sim: ...; words: more of its options."""

    def __init__(self, program, scenario=None, folder=None, words=()):
        self.program = program
        self.scenario = scenario
        self.own = folder is None
        self.folder = folder
        self.words = words
        self.process = None

    def __enter__(self):
        self.folder = self.folder or tempfile.mkdtemp(prefix="drop-sim-")
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        self.log_path = os.path.join(self.folder, "sim.log")
        words = [self.program, "--kubeconfig-out", self.kubeconfig, *self.words]
        if self.scenario:
            words += ["--scenario", self.scenario]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while not os.path.exists(self.kubeconfig):
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError(f"drop-sim did not come up: {self.log()[-800:]}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        processes.end(self.process, 10)
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    @staticmethod
    def do(side, *steps):
        """Steps of a scenario (docs/scenario.md), now."""
        answer = side.ask("POST", "/sim/do", body=list(steps))
        if answer.code != 200:
            raise AssertionError(f"/sim/do: {answer.code} {json.dumps(answer.body)}")

    @staticmethod
    def truth(side):
        return side.ask("GET", "/sim/truth").body

    def expire(self, side):
        self.do(side, {"do": "api-fault", "api": {"kind": "expire"}})
