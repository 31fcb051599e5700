#!/usr/bin/env python3
"""Three hundred nodes on drop-sim with the real processes (behaviour 2, 3, 14 and 16); prints TAP:

    scale.py --build DIR [--keep] [PATTERN]...

failing      30 nodes reject every pod: the other 270 pay nothing for it, each of the 30 backs off by itself
bad-tag      a tag that does not exist costs one pod a retry, and not one a node
replaced     30 nodes come again under their names and are pulled to again; 30 are cordoned for a while
             and are not
What counts is how many pods there were, and for which nodes; no time but that of the back-off, which
may be late and never early. How long the 270 took is told, beside a run in which all 300 are well.
"""
import collections
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

from audit import Audit
from objects import condition, degraded, status
from runner import kept, look, play_cases
from trial import Trial
from wait import Late, until
from expectation import Expectation, image, policy, scenario_text

GOOD, BAD = 270, 30
IMAGES = 3
RETRIES = 3         # so many times each of the 30 is tried again
PROBES = 8          # so many pods find out that a tag is not there
WAIT = 240          # seconds; only a broken product needs them
REPOSITORY = "registry.example/team/app"
LIMITS = {"maxConcurrentNodes": 20, "maxPullsPerNode": 2, "minDelayBetweenPulls": "0s"}
PATIENT = policy("patient", **LIMITS, failureBackoff={"initial": "1h", "max": "1h"})
EAGER = policy("eager", **LIMITS, failureBackoff={"initial": "500ms", "max": "500ms"})
BACKOFF = 0.45      # seconds: the shortest that EAGER's jitter leaves
GOOD_NODES = {f"good-{i:03}" for i in range(GOOD)}
BAD_NODES = {f"bad-{i:03}" for i in range(BAD)}  # sorts first: they are asked before the others


def images(policy_name, count=IMAGES):
    return [image(f"img-{i}", REPOSITORY, f"t{i}", policy_name) for i in range(count)]


def scenario(title, objects, present=IMAGES, steps=()):
    """present: so many of the images are in the registry."""
    return scenario_text({
        "title": title, "seed": 1, "anyImage": False,
        "nodes": [{"name": "bad", "count": BAD}, {"name": "good", "count": GOOD}],
        "images": [{"ref": f"{REPOSITORY}:t{i}", "sizeMiB": 5} for i in range(present)],
        "timeline": list(steps)}, objects)


class Run:
    """One trial and what is said of it."""

    def __init__(self, tap, name, tools, folder, text):
        self.tap, self.name = tap, name
        self.trial = Trial(tools, folder, text)
        self.audit = Audit(os.path.join(folder, "audit.log"))

    def __enter__(self):
        try:
            self.trial.start()
        except OSError:
            self.trial.close()
            raise
        return self

    def __exit__(self, kind, error, _):
        if isinstance(error, Late):  # what comes after it would say nothing
            self.tap.diag("\n".join(self.trial.trouble()))
        self.trial.close(keep=bool(error))
        return isinstance(error, Late)

    def check(self, good, what, why=""):
        self.tap.check(good, f"{self.name}: {what}", why)

    def equal(self, got, want, what):
        self.check(got == want, what, f"got {got!r}, want {want!r}"[:600])

    def until(self, what, probe):
        """A check that it comes to pass; else the run is over."""
        try:
            until(WAIT, probe)
        except Late as late:
            self.check(False, what, late)
            raise
        self.check(True, what)

    def creates(self):
        """[(seconds, node uid, image uid, attempt)] of all pods, in order of time."""
        return [(request.at, pull.node_uid, pull.uid, pull.attempt)
                for request, pull in self.audit.creates(0)]

    def by_node(self):
        return collections.Counter(one.node for one in self.trial.pods.made)

    def cached_on(self, nodes, count=IMAGES):
        """Does every image say that it is on these nodes and no others, and is it so?"""
        said = {name: set(status(one).get("cachedNodes") or []) for name, one in self.trial.images().items()}
        wrong = {name: len(on) for name, on in said.items() if on != nodes}
        assert len(said) == count and not wrong, f"on so many nodes: {wrong}"
        truth = {one["name"]: set(one["on"]) for one in self.trial.truth()["images"]}
        assert all(nodes <= on for on in truth.values()), "a status claims what is not so"
        return True

    def all_ready(self, count=IMAGES):
        missing = look(self.trial, expectation_of(count))
        assert not missing, missing[:3]
        return True

    def span(self, count):
        """Seconds from the first to the count-th create for one of the 270."""
        ours = {one.pull.node_uid for one in self.trial.pods.made if one.node in GOOD_NODES}
        at = [when for when, node, *_ in self.creates() if node in ours]
        return at[count - 1] - at[0]


def expectation_of(count):
    return Expectation({f"img-{i}": "Ready" for i in range(count)}, LIMITS["maxConcurrentNodes"],
                LIMITS["maxPullsPerNode"])


def early(creates, key):
    """Retries that came before the back-off was over: [(key, seconds)]."""
    last, out = {}, []
    for at, *pull in creates:
        one = key(*pull)
        if one in last and at - last[one] < BACKOFF:
            out.append((one, at - last[one]))
        last[one] = at
    return out


def failing(tap, start):
    """14: a node's fault is that node's alone."""
    with start("failing", scenario("30 of 300 nodes reject every pod", [PATIENT, EAGER, *images("patient")],
                                   steps=[{"at": "0ms", "do": "node-full", "node": "bad"}])) as run:
        run.until("the 270 have every image", lambda: run.cached_on(GOOD_NODES))
        run.until("the 30 were asked too", lambda: set(run.by_node()) >= BAD_NODES)
        made = run.by_node()
        run.equal({made[node] for node in GOOD_NODES}, {IMAGES}, "each of the 270 cost one pod an image")
        most = max(made[node] for node in BAD_NODES)
        run.check(most <= LIMITS["maxPullsPerNode"],
                  "the 30 only what was in flight when the first failed, whatever the image", most)
        tap.diag(f"270 nodes beside 30 that fail: {run.span(GOOD * IMAGES):.2f} s from first to last create")
        says_who_fails(run)
        each_by_itself(run)
    with start("failing-none", scenario("300 nodes", [PATIENT, *images("patient")])) as run:
        run.until("without the failure all 300 are Ready", run.all_ready)
        tap.diag(f"the same 270 beside 30 that are well: {run.span(GOOD * IMAGES):.2f} s")


def says_who_fails(run):
    def told():
        named = set()
        for name, one in run.trial.images().items():
            said = status(one)
            named |= {(row["node"], row["reason"]) for row in said.get("failedNodes") or []}
            found = said["phase"], said["ready"]
            assert found == ("Pulling", f"{GOOD}/{GOOD + BAD}"), f"{name}: {found}"
        assert named == {(node, "OutOfpods") for node in BAD_NODES}, sorted(named)[:3]
        return True
    run.until("the status names the 30 and why, and nothing is Degraded", told)


def each_by_itself(run):
    """The back-off gets short (a change of the spec ends what was left of it, the node's too)."""
    before, made = len(run.creates()), run.by_node()
    run.trial.do(*({"do": "apply", "object": one} for one in images("eager")))

    def attempts():
        tried = collections.Counter((node, uid) for _, node, uid, _ in run.creates()[before:])
        return len(tried) == BAD * IMAGES and min(tried.values()) >= RETRIES
    run.until(f"each of the 30 is tried {RETRIES} times more for each image", attempts)
    again = run.creates()[before:]
    run.equal(len({(node, uid, attempt) for _, node, uid, attempt in again}), len(again),
              "each attempt is one pod")
    rushed = early(again, lambda node, uid, _: (node, uid))
    run.check(not rushed, "none before its own back-off was over", rushed[:3])
    now = run.by_node()
    run.equal({now[node] - made[node] for node in GOOD_NODES}, {0}, "the 270 have no part in it")
    run.trial.do({"do": "node-full", "node": "bad-007", "end": True})
    run.until("one that recovers is Ready by itself", lambda: run.cached_on(GOOD_NODES | {"bad-007"}))
    run.trial.do({"do": "node-full", "node": "bad", "end": True})
    run.until("and so are the others", run.all_ready)


def bad_tag(_, start):
    """14: an image's fault costs one pod a retry."""
    objects = [EAGER, *images("eager", 1)]
    with start("bad-tag", scenario("a tag that is not there", objects, present=0)) as run:
        made = run.trial.pods.made
        run.until(f"{PROBES} pods were made for it", lambda: len(run.creates()) >= PROBES)
        probes = run.creates()[:PROBES]
        run.equal(run.trial.pods.most(), (1, 1), "one at a time, on one node")
        run.equal(len({node for _, node, *_ in probes}), PROBES, "each on another node")
        rushed = early(probes, lambda _node, uid, _attempt: uid)
        run.check(not rushed, "one a retry: none before the back-off was over", rushed[:3])
        obj = run.trial.images()["img-0"]
        run.check(degraded(obj) and condition(obj)["message"] == "image not found", "Degraded, and says why",
                  condition(obj))
        before = len(made)
        run.trial.do({"do": "image-set", "image": f"{REPOSITORY}:t0", "sizeMiB": 5})
        run.until("Ready on all 300 once the tag is there", lambda: run.all_ready(1))
        # The probe on its way may have failed, or be one of them. Creates are told later than Ready is seen.
        run.until("for one pod a node", lambda: len(made) - before >= GOOD + BAD - 1)
        more = len(made) - before - GOOD - BAD
        run.check(more <= 1, "and no more", f"{more} too many")


def replaced(_, start):
    """16: what a node of that name had is not the new one's. 2: a cordon costs no pull."""
    with start("replaced", scenario("300 nodes", [EAGER, *images("eager")])) as run:
        run.until("all 300 are Ready", run.all_ready)
        before = run.by_node()
        old = {node for _, node, *_ in run.creates()}
        run.trial.do({"do": "node-replace", "node": "bad"})
        run.until("30 replaced nodes get every image again",
                  lambda: sum(run.by_node().values()) >= (GOOD + 2 * BAD) * IMAGES and run.all_ready())
        now = run.by_node()
        run.equal({now[n] - before[n] for n in BAD_NODES}, {IMAGES}, "one pod an image for each of the 30")
        run.equal({now[n] - before[n] for n in GOOD_NODES}, {0}, "and none for the 270")
        run.equal(len({node for _, node, *_ in run.creates()} - old), BAD, "as nodes with another uid")
        cordoned(run)


def cordoned(run):
    def counted(count):
        said = {status(one).get("ready") for one in run.trial.images().values()}
        assert said == {f"{count}/{count}"}, said
        return True
    before = len(run.trial.pods.made)
    run.trial.do({"do": "node-cordon", "node": "bad"})
    run.until("30 cordoned nodes leave the counts", lambda: counted(GOOD))
    run.trial.do({"do": "node-cordon", "node": "bad", "end": True})
    run.until("they are back, with what they had", lambda: counted(GOOD + BAD) and run.all_ready())
    wrong, _ = kept(run.trial, expectation_of(IMAGES))
    run.check(not wrong, "and it stays so", wrong[:3])
    run.equal(len(run.trial.pods.made) - before, 0, "the cordon cost no pod")


CASES = {"failing": failing, "bad-tag": bad_tag, "replaced": replaced}


def play(tap, tools, folder, name, _args):
    CASES[name](tap, lambda title, text: Run(tap, title, tools._replace(sim_words=("--instant",)), folder, text))


if __name__ == "__main__":
    sys.exit(play_cases(__doc__, CASES, play, "drop-cr-"))
