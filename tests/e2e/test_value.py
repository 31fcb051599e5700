"""What pre-pulling saved (behaviour 56), with the events of the real kubelet: a workload whose image drop has pulled, and one
whose image drop keeps but was not let pull."""
import json
import os
import re
import subprocess

from objects import ready
from test_usage import SHOP, namespace, pushed, tree_with_usage, workload

UNITS = {"ms": 0.001, "s": 1, "m": 60}


def report(t, tree):
    done = subprocess.run([os.path.join(t.bin, "dropctl"), "report", "-o", "json", "--socket-dir", tree.sockets],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(t, pod):
    """What the kubelet said of the pod's image."""
    events = t.api.must("GET", f"/api/v1/namespaces/{SHOP}/events")["items"]
    return [one["message"] for one in events if one["reason"] == "Pulled" and one["involvedObject"]["name"] == pod][0]


def test_a_hit_and_a_miss(t):
    """56: counted once each, with the seconds that the kubelet tells."""
    t.stop_tree()
    namespace(t)
    warm, cold = pushed(t, "value-warm", "value-cold")
    tree = tree_with_usage(t)
    t.image("value-warm", warm)
    t.image_is("value-warm", lambda o: ready(o, 1), "becomes Ready on one node")
    t.image("value-cold", cold, suspend=True)
    t.eventually("the report begins", 60, lambda: report(t, tree)["hits"] == 0, every=1)
    workload(t, "value-1", warm)
    workload(t, "value-2", cold)
    workload(t, "value-3", warm)

    def probe():
        got = report(t, tree)
        assert (got["hits"], got["misses"]) == (1, 1), got
        return got
    got = t.eventually("one hit, one miss", 120, probe, every=1)
    if not got:
        return
    t.check("already present" in said(t, "value-1"), "the kubelet says that the image was there", said(t, "value-1"))
    waited = re.search(r"\(([\w.]+) including waiting\)", said(t, "value-2"))[1]
    seconds = sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m)", waited))
    t.check(abs(got["waitedSeconds"] - seconds) <= 0.002, "the miss waited as long as the kubelet says", (got, waited))
    t.check(got["savedSeconds"] > 0, "the hit saved the time of a pull", got)
    by_image = {one["image"]: (one["hits"], one["misses"]) for one in got["images"]}
    t.equal(by_image, {"value-warm": (1, 0), "value-cold": (0, 1)}, "by image")
