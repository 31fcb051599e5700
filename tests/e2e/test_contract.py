"""The contract tests (tests/contract) on this real cluster: what is recorded there of a real server
and kubelet, and what drop-sim is held to, is still what they say.
"""
import os
import re
import subprocess
import sys

from cluster import PAIR

CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract")


def play(t, program, *words):
    """Runs one of tests/contract; each of its checks becomes one of ours."""
    done = subprocess.run([sys.executable, os.path.join(CONTRACT, program), *words], timeout=1500,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        found = re.match(r"(not )?ok \d+ - (.*?)(?: # (.*))?$", line)
        if not found:
            t.diag(line.removeprefix("# "))
        elif (found[3] or "").startswith("SKIP"):
            t.tap.skip(f"{t.context}: {found[2]}", found[3].removeprefix("SKIP "))
        else:
            t.check(not found[1], found[2], found[3])
    planned = re.search(r"^1\.\.\d+$", done.stdout, re.M)  # 1 is also the status of a Python program that breaks
    t.check(done.returncode in (0, 1) and planned, f"{program} runs to its end", done.stderr[-500:])


# What is asked of another pair: all but the words of kubelets (tests/cluster/dialects.json has those).
OF_SERVERS = ("objects", "operator", "lists", "server", "crds", "expired")


def test_contract(t):
    of_pair, ours = PAIR.partition("/"), t.cluster.pair.partition("/")
    words = []
    if ours != of_pair:
        t.tap.skip("contract.contract: the kubelet's words", f"the record is of {PAIR}")
        words += OF_SERVERS
    if ours[0] != of_pair[0]:
        words += ["--of", ours[0]]  # what it answers otherwise is recorded, too
    t.stop_tree()  # the cases' objects are nobody's
    expire = os.path.join(CONTRACT, "..", "cluster", "ctl.sh")
    t.cluster.disturbed = True
    play(t, "run.py", "--kubeconfig", t.cluster.kubeconfig, "--check",
         "--expire", f"{expire} {t.cluster.dir} expire", *words)
