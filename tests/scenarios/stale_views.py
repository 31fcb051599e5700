"""Plans in which the operator sees the world late, twice, or not at all.

One small cluster, 4 nodes and 3 images; what differs is what happens meanwhile. Each row is
name, steps of drop-sim's timeline, signals to the operator's processes.
"""
from generate import OURS, Plan
from trial import PULL_TIMEOUT
from expectation import Expectation, image, policy, scenario_text

NODES, IMAGES = 4, 3
REPOSITORY = "registry.example/team/app"
POLICY = {"maxConcurrentNodes": NODES, "maxPullsPerNode": IMAGES, "minDelayBetweenPulls": "0s",
          "pullTimeout": f"{PULL_TIMEOUT}s", "failureBackoff": {"initial": "500ms", "max": "1s"}}
HEAL_MS = 3000         # of most rows
RESOURCES = ("pods", "nodes", "cachedimages", "pullpolicies")


def objects():
    return [policy("p", **POLICY)] + [image(f"img-{i}", REPOSITORY, f"t{i}", "p") for i in range(IMAGES)]


def plan(name, steps, signals=(), heal_ms=HEAL_MS, expected=None, exact=False, bandwidth=20):
    expected = expected or Expectation({f"img-{i}": "Ready" for i in range(IMAGES)}, NODES, IMAGES)
    if exact:
        expected.pods = NODES * IMAGES
    rows = [{"ref": f"{REPOSITORY}:t{i}{suffix}", "sizeMiB": 10} for i in range(IMAGES)
            for suffix in ("", "-new")]
    group = {"name": "n", "count": NODES}
    if bandwidth:
        group["bandwidthMiB"] = bandwidth
    steps = sorted([*steps, {"at": f"{heal_ms}ms", "do": "api-heal"}], key=lambda s: int(s["at"][:-2]))
    scenario = {"title": name, "seed": 1, "anyImage": False, "nodes": [group], "images": rows,
                "timeline": steps}
    return Plan(0, scenario_text(scenario, objects()), expected, list(signals), [name], heal_ms)


def calm(exact=False):
    """Nothing goes wrong but what the caller does."""
    return plan("calm", [], heal_ms=0, exact=exact, bandwidth=0)


def at(ms, **step):
    return {"at": f"{ms}ms", **step}


def fault(ms, span_ms=None, **rule):
    step = at(ms, do="api-fault", api={"userAgent": OURS, **rule})
    return {**step, "for": f"{span_ms}ms"} if span_ms else step


def cut(ms, span_ms):
    """The watches end, and no list or watch is answered for a while."""
    return [fault(ms, span_ms, kind="status", code=503, verbs=["list", "watch"]),
            fault(ms, kind="drop-watch")]


def forget(ms):
    return {**at(ms, do="api-fault"), "api": {"kind": "expire"}}


KILL_WATCHER, KILL_RECONCILER, KILL_TREE = (
    [(0.9, who, "KILL", 0)] for who in ("watcher", "reconciler", "tree"))


def stale():
    for resource in RESOURCES:
        yield f"stale.{resource} 2 s late from the start", [
            fault(0, HEAL_MS, kind="lag-watch", delay="2s", resources=[resource])], (), HEAL_MS
    everything = [fault(300, 4000, kind="lag-watch", delay="2s")]
    for who, signals in (("watcher", KILL_WATCHER), ("reconciler", KILL_RECONCILER), ("tree", KILL_TREE)):
        yield f"stale.everything 2 s late, the {who} dies meanwhile", everything, signals, 4500
        yield f"stale.lists 30 s old after the {who} died and the watches ended", [
            fault(0, HEAL_MS, kind="stale-list", delay="30s"), fault(900, kind="drop-watch")], signals, HEAL_MS
    yield "stale.pods more than a minute late", [
        fault(500, 65000, kind="lag-watch", delay="62s", resources=["pods"])], (), 66000
    yield "stale.an older list after each of three reconnects", [
        fault(0, HEAL_MS, kind="stale-list", delay="3s"),
        *(fault(ms, kind="drop-watch") for ms in (600, 1200, 1800))], (), HEAL_MS


def spec(i, tag):
    return at(0, do="apply", object=image(f"img-{i}", REPOSITORY, tag, "p"))


def unobserved():
    """What happens between 1.0 and 1.5 s, unseen: the watches are cut from 0.9 to 2 s, and its history
    is forgotten."""
    gone = {"img-0": "Ready", "img-1": "Ready"}
    yield "an image came and went", [
        at(1000, do="apply", object=image("img-x", REPOSITORY, "t0-new", "p")),
        at(1300, do="delete", object=image("img-x", REPOSITORY, "t0-new", "p"))], None
    yield "an image was deleted", [
        at(1000, do="delete", object=image("img-2", REPOSITORY, "t2", "p"))], gone
    yield "an image was deleted and made again", [
        at(1000, do="delete", object=image("img-2", REPOSITORY, "t2", "p")),
        at(1300, do="apply", object=image("img-2", REPOSITORY, "t2", "p"))], None
    yield "a tag was changed", [{**spec(1, "t1-new"), "at": "1000ms"}], None
    yield "a tag was changed and changed back", [
        {**spec(1, "t1-new"), "at": "1000ms"}, {**spec(1, "t1"), "at": "1300ms"}], None
    yield "a node went and came back", [{**at(1000, do="node-vanish", node="n-001"), "for": "300ms"}], None
    yield "a node was replaced by another of its name", [at(1000, do="node-replace", node="n-001")], None
    yield "a node was not ready for a moment", [
        {**at(1000, do="node-notready", node="n-001"), "for": "300ms"}], None
    yield "the policy was made anew", [
        at(1000, do="delete", object=policy("p")), at(1300, do="apply", object=policy("p", **POLICY))], None


def unobserved_plans():
    for name, steps, phases in unobserved():
        for who, signals in (("", ()), (", and the watcher died", KILL_WATCHER),
                             (", and the reconciler died", KILL_RECONCILER), (", and all died", KILL_TREE)):
            expected = Expectation(phases, NODES, IMAGES) if phases else None
            yield f"unobserved.{name}{who}", [*cut(900, 1100), *steps, forget(1500)], signals, HEAL_MS, expected


def plans():
    """[(name, plan)]"""
    rows = [(name, plan(name, steps, signals, heal)) for name, steps, signals, heal in stale()]
    rows += [(name, plan(name, steps, signals, heal, expected))
             for name, steps, signals, heal, expected in unobserved_plans()]
    return rows
