"""A seed decides everything about a run: cluster, images, policy, what goes wrong and when.

Faults come in the first FAULTS_MS; then all is healed, and the operator must bring about what the
objects say. What a seed means may change with this file; within one tree it is always the same run.
"""
import dataclasses
import json
import os
import random
import sys

from field_faults import Field
from trial import PULL_TIMEOUT
from expectation import Expectation, image, policy, scenario_text

CLUSTER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cluster")
sys.path.append(CLUSTER)
import dialects_h  # noqa: E402 pylint: disable=wrong-import-position

with open(os.path.join(CLUSTER, "dialects.json"), encoding="utf-8") as table:
    DIALECTS = [name for name, _ in dialects_h.names(json.load(table))]
FAULTS_MS = 5000       # no fault begins later, and all are over a little after
HEAL_MS = 6500
REPOSITORY = "registry.example/team/app"
HOST = "registry.example"
OURS = "drop-"         # begins every User-Agent of the operator; the witness has another
WRITES = ["create", "update", "patch", "delete"]
KILLABLE = ("watcher", "reconciler", "puller")
KILLS_MAX = 2          # of one process: the supervisor gives up on one that dies five times in a row


@dataclasses.dataclass
class Plan:
    seed: int
    text: str            # of the scenario file
    expected: Expectation
    signals: list        # [(seconds, process or "tree", "KILL" or "STOP", seconds until CONT)]
    told: list           # one line each, for people
    heal_ms: int = HEAL_MS
    drains: list = dataclasses.field(default_factory=list)  # [(seconds, node, seconds until it is schedulable)]


class Generator:
    def __init__(self, seed):
        self.seed = seed
        self.dice = random.Random(seed)
        self.told = []
        self.steps = []
        self.signals = []
        self.drains = []

    def plan(self):
        dice = self.dice
        nodes, late = dice.randint(1, 5), dice.random() < 0.25
        groups = [{"name": "n", "count": nodes, "labels": {"pool": "n"}, **self.node_shape()}]
        if late:
            groups.append({"name": "late", "count": 1, "labels": {"pool": "late"}, "absent": True})
            self.step({"do": "node-join", "node": "late"}, dice.randint(500, FAULTS_MS))
        objects, expected, rows = self.objects(late)
        self.expected = expected
        self.names = [f"n-{i:03}" for i in range(nodes)]
        self.dialects(groups)
        for _ in range(dice.randint(1, 6)):
            self.fault()
        Field(self, FAULTS_MS, HEAL_MS).draw(groups, rows, objects)
        self.step({"do": "api-heal"}, HEAL_MS)
        self.step({"do": "registry-heal", "registry": HOST}, HEAL_MS)
        self.steps.sort(key=lambda step: int(step["at"][:-2]))
        scenario = {"title": f"seed {self.seed}", "seed": self.seed + 1, "anyImage": False,
                    "nodes": groups, "images": rows, "timeline": self.steps}
        return Plan(self.seed, scenario_text(scenario, objects), expected, sorted(self.signals), self.told,
                    drains=sorted(self.drains))

    def dialects(self, groups):
        """The words of their kubelets, by dice of their own."""
        dice = random.Random(f"dialects {self.seed}")
        for group in groups:
            group["kubelet"] = dice.choice(DIALECTS)
            self.told.append(f"kubelet of {group['name']}: {group['kubelet']}")

    def node_shape(self):
        dice = self.dice
        shape = {"bandwidthMiB": dice.choice([0, 20, 100, 400]) or None,
                 "parallelPulls": dice.random() < 0.3 or None, "padKiB": dice.choice([None, None, 8])}
        return {key: value for key, value in shape.items() if value is not None}

    def objects(self, late):
        """Policy and images, what the registry has of them, and what is expected."""
        dice = self.dice
        limits = {"maxConcurrentNodes": dice.randint(1, 4), "maxPullsPerNode": dice.randint(1, 3)}
        self.told.append(f"policy {limits}")
        made = [policy("p", minDelayBetweenPulls=dice.choice(["0s", "0s", "100ms"]), pullTimeout=f"{PULL_TIMEOUT}s",
                       failureBackoff={"initial": dice.choice(["200ms", "500ms"]), "max": "1s"}, **limits)]
        expected = Expectation({}, limits["maxConcurrentNodes"], limits["maxPullsPerNode"])
        rows = []
        for i in range(dice.randint(1, 5)):
            self.one_image(f"img-{i}", i, late, made, rows, expected)
        return made, expected, rows

    def one_image(self, name, i, late, made, rows, expected):
        dice = self.dice
        kind = dice.choices(["good", "scratch", "missing", "later", "moved", "gone"],
                            [6, 1, 1, 1, 1, 1])[0]
        self.told.append(f"{name}: {kind}")
        spec = {}
        if late and dice.random() < 0.3:
            spec["nodeSelector"] = {"pool": "n"}
            expected.selectors[name] = "n-"
        one = image(name, REPOSITORY, f"t{i}", "p", **spec)
        made.append(one)
        size = dice.choice([1, 5, 30])
        row = {"ref": f"{REPOSITORY}:t{i}", "sizeMiB": size}
        expected.phases[name] = "Degraded" if kind == "missing" else "Ready"
        if kind in ("good", "scratch", "moved", "gone"):
            rows.append({**row, "scratch": True} if kind == "scratch" else row)
        if kind == "later":
            self.step({"do": "image-set", "image": row["ref"], "sizeMiB": size}, self.moment())
        if kind == "moved":
            rows.append({"ref": f"{REPOSITORY}:t{i}-new", "sizeMiB": size})
            changed = {**one, "spec": {**one["spec"], "tag": f"t{i}-new"}}
            self.step({"do": "apply", "object": changed}, self.moment())
        if kind == "gone":
            self.step({"do": "delete", "object": one}, self.moment())
            del expected.phases[name]

    # ---- what goes wrong ----

    def moment(self):
        return self.dice.randint(100, FAULTS_MS)

    def step(self, step, at_ms):
        self.steps.append({"at": f"{at_ms}ms", **step})

    def lasting(self, step, most_ms=3000):
        """A step that ends before everything is healed."""
        at = self.moment()
        self.step({**step, "for": f"{min(self.dice.randint(100, most_ms), HEAL_MS - at)}ms"}, at)
        self.told.append(f"{self.steps[-1]}")

    def sudden(self, step):
        self.step(step, self.moment())
        self.told.append(f"{self.steps[-1]}")

    def fault(self):
        kind = self.dice.choices(
            [self.api, self.watch, self.node, self.registry, self.kill, self.clock, self.forgotten],
            [6, 4, 4, 2, 3, 1, 2])[0]
        kind()

    def api(self):
        dice = self.dice
        rule = dice.choice([
            {"kind": "status", "code": 429, "retryAfterSeconds": 1},
            {"kind": "status", "code": 500}, {"kind": "status", "code": 503},
            {"kind": "status", "code": 504}, {"kind": "status", "code": 409, "verbs": ["patch"]},
            {"kind": "reset"}, {"kind": "reset-after"}, {"kind": "hang", "limit": 2, "verbs": WRITES},
            {"kind": "slow", "delay": f"{dice.randint(20, 800)}ms"},
            {"kind": "truncate"}, {"kind": "truncate", "verbs": ["list", "watch"]},
        ])
        rule = {"verbs": dice.choice([WRITES, ["create"], ["patch"], ["delete"], ["list", "watch", "get"]]),
                "userAgent": OURS, "percent": dice.choice([10, 30, 60, 100]), **rule}
        self.lasting({"do": "api-fault", "api": rule})

    def watch(self):
        dice = self.dice
        rule = dice.choice([
            {"kind": "drop-watch"}, {"kind": "drop-watch"}, {"kind": "lag-watch", "delay": f"{dice.randint(100, 4000)}ms"},
            {"kind": "stale-list", "delay": f"{dice.randint(500, 5000)}ms"}])
        if dice.random() < 0.5:
            rule["resources"] = [dice.choice(["pods", "nodes", "cachedimages", "pullpolicies"])]
        step = {"do": "api-fault", "api": {"userAgent": OURS, **rule}}
        if rule["kind"] == "drop-watch":
            self.sudden(step)
        else:
            self.lasting(step, 4000)

    def forgotten(self):
        at = self.moment()
        self.step({"do": "api-fault", "api": {"kind": "expire"}}, at)
        self.step({"do": "api-fault", "api": {"kind": "drop-watch", "userAgent": OURS}}, at)
        self.told.append(f"history forgotten and watches ended at {at} ms")

    def node(self):
        dice = self.dice
        step = {"do": dice.choice(["node-notready", "node-vanish", "node-pressure", "node-full",
                                   "node-cordon", "node-replace"]), "node": dice.choice(self.names)}
        if step["do"] == "node-replace":
            self.sudden(step)
        else:
            self.lasting(step)

    def registry(self):
        fault = self.dice.choice(["dns", "refused", "unauthorized", "forbidden", "rate-limited",
                                  "server-error", "tls", "timeout", "slow"])
        self.lasting({"do": "registry-fault", "registry": HOST, "fault": fault})

    def kill(self):
        dice = self.dice
        who = dice.choice([*KILLABLE, "tree"])
        if sum(one[1] == who for one in self.signals) >= KILLS_MAX:
            return
        what, back = dice.choice([("KILL", 0), ("KILL", 0), ("STOP", dice.uniform(0.1, 12))])
        self.signals.append((self.moment() / 1000, who, what, back))
        self.told.append(f"SIG{what} of {who} at {self.signals[-1][0]:.1f} s, {back:.1f} s")

    def clock(self):
        dice = self.dice
        clock = dice.choice(["wall", "sleep"])
        by = dice.choice([-3600, -60, -1, 1, 60, 3600] if clock == "wall" else [1, 12, 600])
        self.sudden({"do": "clock-jump", "clock": clock, "by": f"{by}s"})
        if clock == "wall" and by < 0:
            self.expected.once = False  # lastPulledAt is before the node was made: not this node's (behaviour 16)
        if clock == "sleep" and by >= PULL_TIMEOUT:
            self.expected.limits = False  # pulls under way are given up at once, and rightly


def plan(seed):
    return Generator(seed).plan()
