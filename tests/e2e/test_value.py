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


def begun(t, tree):
    """The report, once the saved one was read."""
    got = report(t, tree)
    assert got["kept"], got
    return got


def since(before, now):
    """What was counted meanwhile: what earlier tests counted is saved in the cluster."""
    return {**now, **{key: now[key] - before[key] for key in ("hits", "misses", "savedSeconds", "waitedSeconds")}}


def said(t, pod):
    """What the kubelet said of the pod's image."""
    events = t.api.must("GET", f"/api/v1/namespaces/{SHOP}/events")["items"]
    told = [one["message"] for one in events if one["reason"] == "Pulled" and one["involvedObject"]["name"] == pod]
    assert told, f"no event about {pod}"
    return told[0]


def test_a_hit_and_a_miss(t):
    """56: counted once each, with the seconds that the kubelet tells."""
    t.stop_tree()
    namespace(t)
    warm, cold = pushed(t, "value-warm", "value-cold")
    tree = tree_with_usage(t)
    t.image("value-warm", warm)
    t.image_is("value-warm", lambda o: ready(o, 1), "becomes Ready on one node")
    t.image("value-cold", cold, suspend=True)
    before = t.eventually("the report begins", 60, lambda: begun(t, tree), every=1)
    workload(t, "value-1", warm)
    workload(t, "value-2", cold)
    workload(t, "value-3", warm)

    def probe():
        got = since(before, report(t, tree))
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
    by_image = {one["image"]: (one["hits"], one["misses"]) for one in report(t, tree)["images"]}
    t.equal((by_image.get("value-warm"), by_image.get("value-cold")), ((1, 0), (0, 1)), "by image")
    tree.stop()


def test_a_restart_goes_on(t):
    """56: what was counted is there after a restart, and counts once; an image that was pulled before it, and is started
    after it, is a hit."""
    t.stop_tree()
    namespace(t)
    first, second, cold = pushed(t, "value-first", "value-second", "value-absent")
    tree = tree_with_usage(t)
    before = t.eventually("the report begins", 60, lambda: begun(t, tree), every=1)
    for name, reference in (("value-first", first), ("value-second", second)):
        t.image(name, reference)
        t.image_is(name, lambda o: ready(o, 1), "becomes Ready on one node")
    t.image("value-absent", cold, suspend=True)
    workload(t, "value-4", first)

    def counted(hits, misses):
        def probe():
            got = since(before, report(t, tree))
            assert (got["hits"], got["misses"]) == (hits, misses), got
            return got
        return probe
    t.eventually("one hit", 120, counted(1, 0), every=1)
    tree.stop()
    tree = tree_with_usage(t)
    got = t.eventually("the hit is there after a restart", 120, counted(1, 0), every=1)
    if got:
        t.equal(report(t, tree)["sinceSeconds"], before["sinceSeconds"], "the report did not begin anew")
    workload(t, "value-6", first)
    workload(t, "value-7", second)
    workload(t, "value-5", cold)
    t.eventually("a hit of what was pulled before the restart, a miss; none of what was counted", 120, counted(2, 1), every=1)
    tree.stop()
