"""What a run is given and what it ought to come to: the objects of a scenario and what is expected of them.

Only as much of the product's meaning as a user would say: each image on every node that its
selector picks, unless its reference does not exist.
"""
import dataclasses
import json

GROUP = "drop.corewire.io/v1alpha1"
NS = "drop-system"


def namespace():
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}}


def policy(name, **spec):
    return {"apiVersion": GROUP, "kind": "PullPolicy", "metadata": {"name": name}, "spec": spec}


def image(name, repository, tag, policy_name, **spec):
    return {"apiVersion": GROUP, "kind": "CachedImage", "metadata": {"name": name},
            "spec": {"image": repository, "tag": tag, "policyRef": {"name": policy_name}, **spec}}


@dataclasses.dataclass
class Expectation:
    phases: dict             # image -> "Ready" or "Degraded"
    nodes_max: int           # of the one policy: maxConcurrentNodes
    pulls_max: int           # maxPullsPerNode
    selectors: dict = dataclasses.field(default_factory=dict)  # image -> prefix of node names
    pods: int = 0            # exactly so many were made in all; 0: as many as it took
    once: bool = True        # no pull that came to its end is made again
    limits: bool = True      # the two above hold at every moment
    doubles: bool = True     # no two pods at one time for one image on one node
    by_hand: str = None      # prefix of nodes whose disks nobody plays: what is there is what their status says

    def nodes(self, name, truth):
        """The nodes that the image is for, of those that exist."""
        prefix = self.selectors.get(name, "")
        return {one["name"] for one in truth["nodes"] if one["exists"] and one["name"].startswith(prefix)}


def scenario_text(scenario, objects):
    """JSON is YAML: one document for the scenario, one for each object."""
    return "".join(f"---\n{json.dumps(one, indent=1)}\n" for one in (scenario, *objects))
