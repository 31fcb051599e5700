"""Images that may share pods (rule 42), due on another node at one moment: a pretend node has pulled each of them, and lists their
sizes; then the policy's delay ends."""
import time

import objects
from pretend import TARGET, PretendNode

SIZE = 20 * 1000 * 1000
SHARED = {"maxConcurrentNodes": 9, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 9, "maxImagesPerPod": 20,
          "failureBackoff": {"initial": "1s", "max": "2s"}}


class Proving:
    """with Proving(t, policy, {name: reference}) as p: p.release(). sizes: {name: bytes} where it is not SIZE; spec: of the policy;
    more: of each CachedImage. Without a nodeSelector in it they are for every node then."""

    def __init__(self, t, policy, references, sizes=None, spec=None, more=None):
        self.t, self.policy, self.references = t, policy, references
        self.sizes, self.spec, self.more = sizes or {}, {**SHARED, **(spec or {})}, more or {}
        self.node = PretendNode(t.api, "proving")

    def __enter__(self):
        t = self.t
        self.node.__enter__()
        time.sleep(1.1)  # what was pulled in the second in which its node was created is pulled again after a restart (16)
        t.policy(self.policy, **self.spec)
        for name, reference in self.references.items():
            t.image(name, reference, policyRef=self.policy,
                    **{**self.more, **TARGET, "nodeSelector": {"kubernetes.io/hostname": self.node.name}})
        t.until_ready(self.references, 60)
        t.wait_no_pods()
        self.node.lists({reference: self.sizes.get(name, SIZE) for name, reference in self.references.items()})
        t.policy(self.policy, **{**self.spec, "minDelayBetweenPulls": "1h"})
        return self

    def __exit__(self, *_):
        self.node.__exit__()

    def widen(self, nodes, selector=None):
        """They are for more nodes now, so many in all; none starts yet."""
        for name in self.references:
            self.t.api.patch("cachedimage", name, {"spec": {"nodeSelector": {
                "kubernetes.io/hostname": None, **(selector or {})}}})
        self.t.eventually("they are for all nodes", 60, lambda: all(
            objects.status(self.t.get(name)).get("nodesTargeted") == nodes for name in self.references))

    def release(self):
        """Now all are due."""
        self.t.policy(self.policy, **self.spec)
