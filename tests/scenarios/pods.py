"""Which pull pods ever were, from one watch of drop-sim's: the referee of "exactly once" and of limits.

Events come in the order of changes, so what was under way when a pod was made is known exactly. A pull
may need a second pod only if the first was taken away (its node vanished) before it came to an end, or
if it ended in the second in which its node was made: status knows seconds only, so whoever starts then
cannot tell that it was on this node and not on a former one of its name (behaviour.md 16).
"""
import calendar
import collections
import queue
import threading
import time

from audit import NOTE, Pull

NODES = "/api/v1/nodes"
PODS = "/api/v1/namespaces/drop-system/pods"
ENDED = ("Succeeded", "Failed")
STARTING = ("ContainerCreating", "PodInitializing")
MARK = "catch-up"
SEEN_LATE = 2  # seconds

Made = collections.namedtuple("Made", "name node pull nodes on_node")


def finished(pod):
    """Has its node said how the pull ended? (behaviour.md 8, 9)"""
    status = pod.get("status") or {}
    if status.get("phase") in ENDED or mutated(pod):
        return True
    for one in status.get("initContainerStatuses") or []:
        if failed_to_start(one.get("state") or {}):
            return True
    for one in status.get("containerStatuses") or []:
        if one.get("name") != "pull":
            continue  # a webhook's: says nothing of the pull
        state = one.get("state") or {}
        if one.get("imageID") or "terminated" in state:
            return True
        if failed_to_start(state):
            return True
    return False


def mutated(pod):
    """Does it run another image than it was made for? Then it is given up at once (behaviour.md 8)."""
    wanted = (pod["metadata"].get("annotations") or {}).get(NOTE + "reference")
    return any(one["name"] == "pull" and one["image"] != wanted for one in pod["spec"]["containers"])


def failed_to_start(state):
    return (state.get("waiting") or {}).get("reason", STARTING[0]) not in STARTING


def pull_of(pod):
    notes = pod["metadata"].get("annotations") or {}
    return Pull(*(notes.get(NOTE + key, "") for key in ("cachedimage-uid", "node-uid", "reference", "attempt")))


class PodHistory:
    """late: seconds after which the operator may give a pull up (pullTimeout); it is none then."""

    def __init__(self, side, late):
        self.side = side
        self.late = late
        self.began = int(time.time())
        self.open = {}    # uid -> (node, when seen), of pods that are not finished
        self.there = set()  # uids
        self.seen = set()   # uids that ever were
        self.made = []    # [Made], in order
        self.ended = {}     # pulls of which a pod came to its end -> unix time when that was seen
        self.nodes = {}     # uid -> unix second in which it was made
        self.again = []     # pulls that had ended and were made once more
        self.taken = set()  # pulls of which a pod was taken away by force: its end may not have been seen
        self.mark = threading.Event()  # the pod of catch_up() was seen
        self.stream = self.open_stream()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def open_stream(self):
        return self.side.watch(f"{PODS}?watch=true&resourceVersion=0")

    def close(self):
        self.stop.set()
        self.stream.close()
        self.thread.join(10)

    def _run(self):
        while not self.stop.is_set():
            try:
                event = self.stream.take(0.5)
            except queue.Empty:
                continue
            if event is None or event["type"] in ("ERROR", "HALF"):
                self.again_from_list()
                continue
            if event["type"] != "BOOKMARK":
                self._take(event["type"], event["object"])

    def again_from_list(self):
        """The history before now was forgotten under us: what is there is told again."""
        self.open, self.there = {}, set()
        try:
            self.stream = self.open_stream()
        except OSError:
            self.stop.wait(0.1)  # the run ends

    def _take(self, kind, pod):
        uid, node = pod["metadata"]["uid"], pod["spec"].get("nodeName", "")
        notes = pod["metadata"].get("annotations") or {}
        if pod["metadata"]["name"] == MARK:
            self.mark.set()
        if NOTE + "attempt" not in notes:
            return
        if kind == "DELETED":
            self.open.pop(uid, None)
            self.there.discard(uid)
            return
        known, new = uid in self.there, uid not in self.seen
        self.there.add(uid)
        self.seen.add(uid)
        if finished(pod):
            self.open.pop(uid, None)
        elif not known:
            self.open[uid] = (node, time.monotonic())
        pull = pull_of(pod)
        if new and pull.node_uid not in self.nodes:
            self._look_at_node(node)
        if new and pull in self.ended and pull not in self.taken and not self._too_young(pull):
            self.again.append(pull)
        if finished(pod):
            self.ended.setdefault(pull, time.time())
        if new:
            on = [where for where, when in self.open.values() if time.monotonic() - when < self.late]
            self.made.append(Made(pod["metadata"]["name"], node, pull, len(set(on)), on.count(node)))

    def _look_at_node(self, name):
        answer = self.side.ask("GET", f"{NODES}/{name}")
        if answer.code == 200:
            meta = answer.body["metadata"]
            made = time.strptime(meta["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
            self.nodes[meta["uid"]] = calendar.timegm(made)

    def _too_young(self, pull):
        """Was its node made in the second in which it ended? On a busy machine we see that later. Nodes of the beginning are older
        than the operator."""
        made = self.nodes.get(pull.node_uid, 0)
        return made > self.began and int(self.ended[pull] - SEEN_LATE) <= made

    def catch_up(self):
        """Until the watch has told all that was before now: a pod of nobody's goes through it."""
        self.mark.clear()
        self.side.ask("POST", PODS, body={
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": MARK},
            "spec": {"containers": [{"name": "c", "image": "none"}]}})
        self.mark.wait(30)
        self.side.ask("DELETE", f"{PODS}/{MARK}", body={"gracePeriodSeconds": 0})

    def most(self):
        """(nodes with a pull under way, pulls under way on one node): the highest at any create."""
        return (max((one.nodes for one in self.made), default=0),
                max((one.on_node for one in self.made), default=0))
