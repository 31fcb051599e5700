"""The contract tests (tests/contract) on this real cluster: what is recorded there of a real server
and kubelet, and what drop-sim is held to, is still what they say.
"""
import os
import re
import subprocess
import sys

from cluster import PAIR

CONTRACT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contract")


def play(t, program, *words, otherwise=()):
    """Runs one of tests/contract; each of its checks becomes one of ours. otherwise: {case: why its record does not hold here}."""
    done = subprocess.run([sys.executable, os.path.join(CONTRACT, program), *words], timeout=600,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        found = re.match(r"(not )?ok \d+ - (.*?)(?: # (.*))?$", line)
        if not found:
            t.diag(line.removeprefix("# "))
        elif (found[3] or "").startswith("SKIP"):
            t.tap.skip(f"{t.context}: {found[2]}", found[3].removeprefix("SKIP "))
        elif found[2] in otherwise and found[1]:
            t.tap.skip(f"{t.context}: {found[2]}", otherwise[found[2]])
        else:
            t.check(not found[1], found[2], found[3])
    t.check(done.returncode in (0, 1), f"{program} runs to its end", done.stderr[-500:])


# What is asked of another pair: all but the words of kubelets (tests/cluster/dialects.json has those).
OF_SERVERS = ("objects", "operator", "lists", "server", "crds", "expired")
# What a newer Kubernetes answers otherwise, and why that is no matter to us. An older one differs in more: docs/compatibility.md.
OTHERWISE = {36: {"cachedimage: priority beyond int32": "the same error has one more cause, without a field"}}


def test_contract(t):
    of_pair, ours = PAIR.partition("/"), t.cluster.pair.partition("/")
    otherwise = OTHERWISE.get(t.cluster.kubernetes, {})
    if ours[0] != of_pair[0] and not otherwise:
        t.tap.skip("contract.contract: the record", f"it is of Kubernetes {of_pair[0]}, which drop-sim plays")
        return
    groups = () if ours == of_pair else OF_SERVERS
    if groups:
        t.tap.skip("contract.contract: the kubelet's words", f"the record is of {PAIR}")
    t.stop_tree()  # the cases' objects are nobody's
    expire = os.path.join(CONTRACT, "..", "cluster", "ctl.sh")
    t.cluster.disturbed = True
    play(t, "run.py", "--kubeconfig", t.cluster.kubeconfig, "--check",
         "--expire", f"{expire} {t.cluster.dir} expire", *groups, otherwise=otherwise)
