"""The kubectl commands of tests/kubectl, against drop-sim and against this real cluster: what they
are held to is what a real server does.
"""
import os

from test_contract import play

RUN = os.path.join("..", "kubectl", "run.py")


def test_kubectl_on_drop_sim(t):
    play(t, RUN, "--kubectl", t.cluster.env["KUBECTL"], "--sim", os.path.join(t.build, "sim", "drop-sim"))


def test_kubectl_on_the_real_server(t):
    t.stop_tree()  # the rows' objects are nobody's
    play(t, RUN, "--kubectl", t.cluster.env["KUBECTL"], "--kubeconfig", t.cluster.kubeconfig)
