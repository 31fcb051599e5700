#!/usr/bin/env python3
"""Faults met in the field, played to the real processes on drop-sim (behaviour 2, 3, 8, 9, 14, 17 to 20); prints TAP:

    field.py --build DIR [--keep] [PATTERN]...

Each case is a function `case_*(run)`: a cluster whose nodes say what real ones were seen to say, and what the operator
must make of it. Kubelets that a case writes by hand are groups with `byHand`. Cases mostly wait, so several are played
at a time; no check depends on how long something takes, but where a rule names the time.
"""
import os
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(FOLDER, "..", folder) for folder in ("e2e", "contract")]

from objects import condition, degraded, image, ready, status
from runner import play_cases
from trial import Trial
from wait import never, until
from expectation import policy, scenario_text

AT_A_TIME = 5
WAIT = 90           # seconds; only a broken product needs them
QUIET = 8           # seconds in which nothing may happen
APP = "registry.example/team/app:1"
EAGER = {"maxConcurrentNodes": 20, "maxPullsPerNode": 4, "minDelayBetweenPulls": "0s",
         "failureBackoff": {"initial": "1s", "max": "4s"}}
TAKEN = {"phase": "Pending", "startTime": "$NOW",
         "conditions": [{"type": "PodReadyToStartContainers", "status": "True"}]}


def waiting(reason, message, name="pull", **more):
    return {**TAKEN, **more, "containerStatuses": [
        {"name": name, "image": "$IMAGE", "imageID": "", "ready": False, "restartCount": 0,
         "state": {"waiting": {"reason": reason, "message": message}}}]}


class Run:
    """One trial and what is said of it."""

    def __init__(self, tap, name, tools, folder, keep):
        self.tap, self.name, self.tools, self.folder, self.keep = tap, name, tools, folder, keep
        self.trial = None

    def start(self, nodes, *objects, images=(), timeline=(), words=()):
        text = scenario_text({"title": self.name, "seed": 1, "nodes": nodes, "images": list(images),
                              "timeline": list(timeline)}, objects)
        tools = self.tools._replace(words=tuple(words))
        self.trial = Trial(tools, self.folder, text)
        self.trial.start()

    def close(self, failed):
        if self.trial is not None:
            self.trial.close(keep=self.keep or failed)

    def check(self, good, what, why=""):
        more = [] if good or self.trial is None else self.trial.trouble()
        return self.tap.check(good, f"{self.name}: {what}", str(why)[:600], more)

    def until(self, what, probe, seconds=WAIT):
        try:
            return self.check(until(seconds, probe), what)
        except AssertionError as error:
            self.check(False, what, error)
            raise

    def get(self, name):
        return self.trial.images()[name]

    def message(self, name):
        return condition(self.get(name))["message"]

    def says(self, name, text):
        """A probe: the Ready condition's message has the text."""
        def look():
            said = self.message(name)
            assert text in said, said
            return True
        return look

    def pods(self, node=""):
        """Pull pods that ever were, on nodes whose names begin so."""
        return [pod for pod in self.trial.pods.made if pod.node.startswith(node)]

    def patch(self, path, body):
        answer = self.trial.side.ask("PATCH", path, {"Content-Type": "application/merge-patch+json"}, body)
        assert answer.code == 200, answer


# ---- 8: judged is the container by its name ----

AGENT = {"name": "agent", "image": "registry.example/mesh/agent:1", "command": ["true"]}


def case_sidecar_proves_nothing(run):
    """A webhook adds a container that sorts before ours; our image does not exist."""
    run.start([{"name": "n", "count": 2}], policy("p", **EAGER), image("app", APP, policyRef="p"),
              timeline=[{"at": "0s", "do": "pod-mutate", "pod": {"spec": {"containers": [AGENT]}}},
                        {"at": "0s", "do": "image-remove", "image": APP}])
    run.until("the missing image is Degraded", lambda: degraded(run.get("app")))
    run.check(run.message("app") == "image not found", "with its own cause", run.message("app"))
    run.check(status(run.get("app")).get("resolvedDigest") is None, "and without the sidecar's digest")


def case_sidecar_keeps_nothing(run):
    """The reverse: the sidecar's image does not exist, ours does."""
    run.start([{"name": "n", "count": 2}], policy("p", **EAGER), image("app", APP, policyRef="p"),
              timeline=[{"at": "0s", "do": "pod-mutate", "pod": {"spec": {"containers": [AGENT]}}},
                        {"at": "0s", "do": "image-remove", "image": AGENT["image"]}])
    run.until("the image is Ready on both nodes", lambda: ready(run.get("app"), 2))


def case_init_container_is_named(run):
    """A webhook adds an init container whose image cannot be pulled: its cause is shown."""
    init = {"name": "setup", "image": "registry.example/mesh/setup:1", "command": ["true"]}
    run.start([{"name": "n", "count": 3}], policy("p", **EAGER), image("app", APP, policyRef="p"),
              timeline=[{"at": "0s", "do": "pod-mutate", "pod": {"spec": {"initContainers": [init]}}},
                        {"at": "0s", "do": "image-remove", "image": init["image"]}])
    run.until("the image is Degraded", lambda: degraded(run.get("app")))
    run.check(run.message("app") == "init container setup: image not found", "and the init container is named",
              run.message("app"))


# ---- 3: a node that dies in mid-pull ----

def case_dead_node(run):
    """The node is lost in mid-pull, the image tolerates all; one node at a time."""
    slow = {"ref": APP, "sizeMiB": 400}
    run.start([{"name": "a", "count": 1, "bandwidthMiB": 1}, {"name": "b", "count": 2}],
              policy("p", maxConcurrentNodes=1, minDelayBetweenPulls="0s"),
              image("app", APP, policyRef="p", tolerations=[{"operator": "Exists"}]), images=[slow])
    run.until("the first node pulls", lambda: len(run.pods("a")) == 1)
    run.trial.do({"do": "node-notready", "node": "a-000"})
    run.until("it says what it waits for", run.says("app", "NodeNotReady on a-000"))
    run.until("the others have it", lambda: status(run.get("app")).get("ready") == "2/3")
    run.check(not degraded(run.get("app")), "the image is not to blame", run.get("app"))
    run.trial.do({"do": "node-ready", "node": "a-000"}, {"do": "image-set", "image": APP, "sizeMiB": 1})
    run.until("the node has it once it is back", lambda: ready(run.get("app"), 3))


def case_shut_down_node(run):
    """The same with a node that its provider has shut down: at once."""
    taint = {"key": "node.cloudprovider.kubernetes.io/shutdown", "effect": "NoSchedule"}
    run.start([{"name": "a", "count": 1, "byHand": True}, {"name": "b", "count": 2}],
              policy("p", maxConcurrentNodes=1, minDelayBetweenPulls="0s"),
              image("app", APP, policyRef="p", tolerations=[{"operator": "Exists"}]))
    run.until("the first node is asked", lambda: len(run.pods("a")) == 1)
    run.patch("/api/v1/nodes/a-000", {"spec": {"taints": [taint]}})
    run.until("the others have it", lambda: status(run.get("app")).get("ready") == "2/3", 30)


# ---- 4: a node's fault is the node's ----

def case_full_nodes(run):
    """Three nodes reject every pod: the second image does not pay for them again."""
    slow = {**EAGER, "maxConcurrentNodes": 1, "failureBackoff": {"initial": "10m", "max": "10m"}}
    run.start([{"name": "a", "count": 3}, {"name": "z", "count": 2}], policy("p", **slow),
              image("one", APP, policyRef="p"), timeline=[{"at": "0s", "do": "node-full", "node": "a"}])
    run.until("the first image is on the good nodes", lambda: status(run.get("one")).get("ready") == "2/5")
    before = len(run.pods("a"))
    run.trial.do({"do": "apply", "object": image("two", "registry.example/team/two:1", policyRef="p")})
    run.until("so is the second", lambda: status(run.get("two")).get("ready") == "2/5")
    run.check((before, len(run.pods("a"))) == (3, 3), "which tried none of the full ones",
              (before, len(run.pods("a"))))


# ---- 14: a failure in unknown words ----

def case_unknown_words(run):
    """Twelve nodes fail alike, in words that nobody listed: two pods, then one a retry."""
    text = "rpc error: pulling failed on $NODE: unexpected status 412 Precondition Failed"
    patient = {**EAGER, "failureBackoff": {"initial": "10m", "max": "10m"}}
    run.start([{"name": "n", "count": 12, "byHand": True}], policy("p", **patient), image("app", APP, policyRef="p"),
              timeline=[{"at": "0s", "do": "pod-status", "node": "n", "stays": True,
                         "status": waiting("ErrImagePull", text)}])
    run.until("the image is Degraded", lambda: degraded(run.get("app")))
    run.until("two nodes found out", lambda: len(run.pods()) >= 2)
    never(QUIET, lambda: len(run.pods()) > 4)
    run.check(len(run.pods()) <= 4, "and the others are not tried", len(run.pods()))


# ---- 9: pullTimeout, and what is gone again and again ----

def case_changed_timeout(run):
    """A shorter pullTimeout counts for the pull that is in flight."""
    run.start([{"name": "n", "count": 1, "byHand": True}], policy("p", **EAGER, pullTimeout="30m"),
              image("app", APP, policyRef="p"),
              timeline=[{"at": "0s", "do": "pod-status", "node": "n", "stays": True,
                         "status": waiting("ContainerCreating", "")}])
    run.until("it pulls", lambda: status(run.get("app")).get("phase") == "Pulling")
    run.patch("/apis/drop.corewire.io/v1alpha1/pullpolicies/p", {"spec": {"pullTimeout": "3s"}})
    run.until("it ends as a Timeout", lambda: degraded(run.get("app"), "Timeout"), 30)


def small(number):
    return {"names": [f"registry.example/base/small:{number}"], "sizeBytes": 1000 + number}


def reports(run, ahead, *images):
    """The node's list of images, told `ahead` seconds from now by its clock."""
    run.trial.do({"do": "node-status", "node": "n-000", "status": {
        "images": list(images), "conditions": [{"type": "Ready", "status": "True",
                                                "lastHeartbeatTime": f"$NOW+{ahead}"}]}})


def lacks(run, what, probe, ahead=0):
    """Lists without the image, each another, until what follows from them: the pull has to be a minute old, and a clock
    that is set makes it no older (18)."""
    def told():
        reports(run, ahead, small(int(time.monotonic()) % 1000))
        return probe()
    run.until(what, told, 4 * WAIT)


def succeed(run):
    run.trial.do({"do": "pod-status", "node": "n", "stays": True, "status": {**TAKEN, "phase": "Succeeded"}})


def start_listed(run, spec):
    """One node written by hand, whose list has the image from the start; policy Always, so a pod pulls it."""
    run.start([{"name": "n", "count": 1, "byHand": True, "images": [APP]}], policy("p", **spec),
              image("app", APP, policyRef="p"), images=[{"ref": APP, "sizeMiB": 5}])
    succeed(run)
    run.until("it is Ready", lambda: ready(run.get("app"), 1))


def case_clock_ahead(run):
    """A kubelet five minutes ahead: its list of this moment proves nothing of a pull of this moment (18)."""
    start_listed(run, EAGER)
    reports(run, 300, small(1))
    never(QUIET, lambda: len(run.pods()) > 1)
    run.check(len(run.pods()) == 1, "it is not pulled again", len(run.pods()))
    lacks(run, "once a minute has passed the loss is seen", lambda: len(run.pods()) == 2, 300)


def case_evicting(run):
    """The node loses it after each pull: the second time it waits, and says so."""
    start_listed(run, {**EAGER, "failureBackoff": {"initial": "10m", "max": "10m"}})
    for losses in (1, 2):
        run.until(f"it is Ready before loss {losses}", lambda: ready(run.get("app"), 1))
        if losses == 1:
            lacks(run, "the first loss is mended at once", lambda: len(run.pods()) == 2)
    lacks(run, "the second is told", run.says("app", "Evicting on n-000"))
    failed = status(run.get("app"))["failedNodes"]
    run.check([(f["reason"], f["attempts"]) for f in failed] == [("Evicting", 2)], "with its count", failed)
    never(QUIET, lambda: len(run.pods()) > 2)
    run.check(len(run.pods()) == 2, "and the pull waits for the back-off", len(run.pods()))


# ---- 2: nodes about to go, or not there yet ----

def case_taints(run):
    """No pods on such nodes, though the image tolerates all; an option adds to the table."""
    keys = ["karpenter.sh/disruption", "aws-node-termination-handler/spot-itn", "karpenter.sh/unregistered",
            "cloud.google.com/impending-node-termination", "node.kubernetes.io/out-of-service",
            "node.cloudprovider.kubernetes.io/uninitialized", "node.kubernetes.io/network-unavailable",
            "example.com/draining"]
    groups = [{"name": f"t{i}", "taints": [{"key": key, "effect": "NoSchedule"}]} for i, key in enumerate(keys)]
    run.start([*groups, {"name": "z"}], policy("p", **EAGER),
              image("app", APP, policyRef="p", tolerations=[{"operator": "Exists"}]),
              words=["--excluded-node-taints=example.com/*"])
    run.until("the node without taints has it", lambda: status(run.get("app")).get("ready") == f"1/{len(keys) + 1}")
    never(QUIET, lambda: run.pods("t"))
    run.check(not run.pods("t"), "the others got no pod", run.pods("t"))
    run.check(run.says("app", "not eligible")(), "and the status names one")


# ---- 20: why it does not move ----

def case_stuck(run):
    """The kubelet does not take the pod: after a minute the status names the node and the reason."""
    run.start([{"name": "n", "count": 1, "byHand": True}], policy("p", **EAGER), image("app", APP, policyRef="p"))
    run.until("it says so", run.says("app", "0/1 nodes ready; NodeUnresponsive on n-000"))
    run.check(len(run.pods()) == 1, "of the first pod", len(run.pods()))


# ---- 17a, 19: what the node lists ----

def case_listed_is_usable(run):
    """Up to kubelet 1.34: Ready without a pod, and the digest comes from the list."""
    run.start([{"name": "n", "count": 1, "byHand": True, "images": [APP]}], policy("p", **EAGER),
              image("app", APP, policyRef="p", imagePullPolicy="IfNotPresent"))
    run.until("it is Ready", lambda: ready(run.get("app"), 1))
    names = [name for one in run.trial.get("/api/v1/nodes/n-000")["status"]["images"] for name in one["names"]]
    digests = {name.partition("@")[2] for name in names if name.startswith(APP.rpartition(":")[0] + "@")}
    run.until("with the digest of the list", lambda: status(run.get("app")).get("resolvedDigest") in digests)
    run.check(not run.pods(), "and without a pod", run.pods())


def case_listed_is_not_usable(run):
    """From 1.35 on the kubelet may refuse it to our credentials: one pod asks."""
    run.start([{"name": "n", "count": 1, "byHand": True}], policy("p", **EAGER))
    node = "/api/v1/nodes/n-000"
    until(WAIT, lambda: run.trial.get(node))
    run.trial.do({"do": "node-status", "node": "n-000", "status": {
        "nodeInfo": {"kubeletVersion": "v1.36.3"}, "images": [{"names": [APP], "sizeBytes": 5000}]}})
    until(WAIT, lambda: "images" in run.trial.get(node)["status"])
    run.trial.do({"do": "apply", "object": image("app", APP, policyRef="p", imagePullPolicy="IfNotPresent")})
    run.until("a pod asks", lambda: len(run.pods()) == 1)
    run.check(not ready(run.get("app")), "and until then it is not Ready")
    succeed(run)
    run.until("it is Ready", lambda: ready(run.get("app"), 1))


CASES = {name.removeprefix("case_").replace("_", "-"): value for name, value in list(globals().items())
         if name.startswith("case_")}


def play(tap, tools, folder, name, args):
    run = Run(tap, name, tools, folder, args.keep)
    failed = True
    try:
        CASES[name](run)
        failed = False
    except AssertionError:
        pass  # told where it was seen
    except Exception as error:  # pylint: disable=broad-exception-caught
        run.check(False, "could be played", f"{type(error).__name__}: {error}")
    finally:
        run.close(failed)


if __name__ == "__main__":
    sys.exit(play_cases(__doc__, CASES, play, "drop-fi-", AT_A_TIME))
