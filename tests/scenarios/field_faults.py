"""What was met in the field, as parts of a seeded plan: each changes a Generator's steps, nodes and expectation.

Drawn with dice of their own, so that a seed below FIELD means what it meant before there were any.
    hand      a node without a kubelet: statuses of any text until all is healed, true ones from then on
    mutate    a webhook adds containers or an init container, or puts another image into the pods
    restore   etcd is as in a backup again; what a user did since then is done again
    skew      a kubelet's clock is 5 minutes ahead or behind, for a while or from the start
    drain     a node is drained by evictions, as by kubectl, and made schedulable again
"""
import random

from expectation import policy

FIELD = 100001           # seeds from here on always have at least one; of those below, as many as the dice say
SKEWS = ("-300s", "300s", "-20s", "20s")
MESH = "mesh.example"
AGENT, SETUP, ABSENT, OTHER = (f"{MESH}/{name}:1" for name in ("agent", "setup", "absent", "other"))
ROWS = [{"ref": ref, "sizeMiB": 3} for ref in (AGENT, SETUP, OTHER)]
LOST = 150               # writes that a restore undoes, at least: a backup is older than what kubelets say in a second


def container(name, image, **more):
    return {"name": name, "image": image, **more}


# (name, what the webhook merges into a pod, ends with the other faults)
MUTATIONS = (
    ("a sidecar", {"containers": [container("agent", AGENT)]}, False),
    ("a sidecar and an init container", {"containers": [container("zz-agent", AGENT)],
                                         "initContainers": [container("setup", SETUP)]}, False),
    ("an init container that goes on", {"initContainers": [container("proxy", AGENT, restartPolicy="Always")]}, False),
    ("a sidecar without an image", {"containers": [container("agent", ABSENT)]}, False),
    ("an init container without an image", {"initContainers": [container("setup", ABSENT)]}, True),
    ("another image", {"containers": [container("pull", OTHER)]}, True),
)

# What a kubelet might say; "" of a reason: none. Nothing of it is true of the image.
WAITING = (
    ("ContainerCreating", None), ("CreateContainerConfigError", "secret \"x\" not found"),
    ("ErrImagePull", "rpc error: code = Unknown desc = \u00bfqu\u00e9? <html>\n\"quoted\"</html> " + "x" * 2000),
    ("ImagePullBackOff", "Back-off pulling image \"$IMAGE\""),
    ("ErrImagePull", "pull QPS exceeded"), ("RegistryUnavailable", ""),
    ("SignatureValidationFailed", "image $IMAGE is not signed"), ("", None),
)
FAILED = (("Evicted", "The node was low on resource: memory."), ("NodeShutdown", "Pod was terminated"),
          ("OutOfcpu", "Pod was rejected"), ("UnexpectedAdmissionError", "device \u2028 gone"), (None, None))


def pull_status(**state):
    return {"containerStatuses": [{"name": "pull", "image": "$IMAGE", "imageID": "", "ready": False,
                                   "restartCount": 0, "state": state}]}


def odd_status(dice):
    kind = dice.choice(["waiting", "waiting", "failed", "unknown", "nothing"])
    if kind == "waiting":
        reason, message = dice.choice(WAITING)
        waiting = {key: value for key, value in (("reason", reason), ("message", message)) if value is not None}
        return {"phase": "Pending", "startTime": "$NOW", **pull_status(waiting=waiting)}
    if kind == "failed":
        reason, message = dice.choice(FAILED)
        return {"phase": "Failed", "reason": reason, "message": message}
    return {"phase": "Unknown"} if kind == "unknown" else {"startTime": "$NOW"}


def good_status(digest):
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": "$NOW", "finishedAt": "$NOW"}
    status = {"phase": "Succeeded", "startTime": "$NOW", "reason": None, "message": None, **pull_status(terminated=ended)}
    status["containerStatuses"][0]["imageID"] = f"$IMAGE@sha256:{digest}"
    return status


def missing_status():
    text = "rpc error: code = NotFound desc = failed to pull and unpack image \"$IMAGE\": $IMAGE: not found"
    return {"phase": "Pending", "startTime": "$NOW", "reason": None, "message": None,
            **pull_status(waiting={"reason": "ErrImagePull", "message": text})}


class Field:
    def __init__(self, generator, faults_ms, heal_ms):
        self.of = generator
        self.dice = random.Random(f"field {generator.seed}")
        self.faults_ms, self.heal_ms = faults_ms, heal_ms

    def draw(self, groups, rows, objects):
        """Adds to the plan whatever the dice say."""
        count = self.dice.choice((0, 0, 1, 1, 2))
        if self.of.seed >= FIELD:
            count = self.dice.choice((1, 1, 2, 3))
        kinds = self.dice.sample([self.hand, self.mutate, self.restore, self.skew, self.drain], count)
        for kind in sorted(kinds, key=lambda k: k == self.restore):  # what it undoes must be known
            kind(groups, rows, objects)

    def tell(self, what):
        self.of.told.append(f"field: {what}")

    def hand(self, groups, rows, objects):
        dice, step = self.dice, self.of.step
        groups.append({"name": "hand", "count": 1, "labels": {"pool": "hand"}, "byHand": True})
        status, after = odd_status(dice), f"{dice.choice((20, 300, 1500))}ms"
        odd = {"do": "pod-status", "node": "hand", "status": status, "after": after}
        step({**odd, "stays": True}, 0)
        step({**odd, "end": True}, self.heal_ms)
        for i, ref in enumerate(sorted({ref_of(one) for one in objects if one["kind"] == "CachedImage"}
                                       | {row["ref"] for row in rows})):
            there = any(row["ref"] == ref for row in rows) or any(
                one.get("image") == ref for one in self.of.steps if one["do"] == "image-set")
            true = good_status(f"{i:064x}") if there else missing_status()
            step({"do": "pod-status", "node": "hand", "image": ref, "status": true, "after": "50ms", "stays": True},
                 self.heal_ms)
        self.of.expected.by_hand = "hand-"
        self.tell(f"a node by hand: {status}")

    def mutate(self, _groups, rows, _objects):
        name, spec, ends = self.dice.choice(MUTATIONS)
        rows.extend(ROWS)
        step = {"do": "pod-mutate", "pod": {"metadata": {"labels": {"injected": "yes"}}, "spec": spec}}
        if self.dice.random() < 0.3:
            step["node"] = "n-000"
        begin = self.dice.choice((0, 0, self.dice.randint(1000, self.faults_ms)))
        self.of.step(step, begin)
        if ends:
            self.of.step({**step, "end": True}, self.heal_ms)
        if name == "another image":  # which is one and the same for all images of a node
            self.of.expected.doubles = False
        self.tell(f"from {begin} ms a webhook adds {name}")

    def skew(self, groups, _rows, _objects):
        by = self.dice.choice(SKEWS)
        if self.dice.random() < 0.5:
            groups[0]["clockSkew"] = by
            self.tell(f"the nodes' clocks are off by {by}")
            return
        step = {"do": "node-clock", "node": self.dice.choice(self.of.names), "by": by}
        self.of.step(step, self.dice.randint(0, self.faults_ms))
        self.tell(f"{self.of.steps[-1]}")

    def drain(self, _groups, _rows, _objects):
        at, node = self.dice.randint(1500, self.faults_ms), self.dice.choice(self.of.names)
        back = (self.heal_ms - at) / 1000
        self.of.drains.append((at / 1000, node, back))
        self.tell(f"{node} is drained at {at} ms, schedulable again after {back:.1f} s")

    def restore(self, _groups, _rows, _objects):
        """The operator is up from about 1 s on: what is restored is of its time, mostly."""
        at = self.dice.randint(1200, self.faults_ms - 1000)
        back = self.dice.randint(at + 300, self.faults_ms)
        again = [step for step in self.of.steps if step["do"] in ("apply", "delete") and
                 at <= int(step["at"][:-2]) <= back]
        self.of.step({"do": "etcd-backup"}, at)
        for i in range(LOST):  # of a kind that is watched: who watches knows that versions were higher
            self.of.step({"do": "apply", "object": policy("lost", pullTimeout=f"{i + 1}m")}, back - 250)
        self.of.step({"do": "etcd-restore"}, back)
        for step in sorted(again, key=lambda one: int(one["at"][:-2])):
            self.of.step({key: value for key, value in step.items() if key != "at"}, back + 200)
        self.of.expected.once = False    # what the statuses knew of them is lost
        self.of.expected.limits = False  # pods of then are there again beside those of now
        self.of.expected.doubles = False
        self.tell(f"etcd of {at} ms is restored at {back} ms; then {len(again)} changes are made again")


def ref_of(image):
    return f"{image['spec']['image']}:{image['spec']['tag']}"
