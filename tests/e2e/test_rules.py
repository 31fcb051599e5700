"""Rules that need no scene of their own on the real kubelet: friendly pods, repulls, times."""
import re
import time

from objects import ready, status

RFC3339_SECONDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def test_friendly(t):
    """Rule 7: the pull pod may be evicted by an autoscaler, and no mesh injects into it."""
    t.running()
    began = time.time()
    t.policy("at-once", minDelayBetweenPulls="0s")
    made = t.image("friendly", "docker.io/library/busybox:1.36", policyRef="at-once")
    t.image_is("friendly", ready, "becomes Ready")
    notes = t.audit.creates(began, made["metadata"]["uid"])[0][0].body["metadata"]["annotations"]
    for name, value in (("cluster-autoscaler.kubernetes.io/safe-to-evict", "true"),
                        ("sidecar.istio.io/inject", "false"), ("linkerd.io/inject", "disabled")):
        t.equal(notes.get(name), value, name)


def test_repull(t):
    """Rule 15: an image cached longer ago than repullInterval is pulled again, Ready all the time."""
    t.running()
    began = time.time()
    t.policy("repulls", minDelayBetweenPulls="0s", repullInterval="3s", repullMode="Always")
    uid = t.image("again", "docker.io/library/busybox:1.36", policyRef="repulls")["metadata"]["uid"]
    first = t.image_is("again", ready, "becomes Ready")
    later = t.image_is("again", lambda o: status(o)["lastPulledAt"] > status(first)["lastPulledAt"],
                       "is pulled again", 60)
    t.check(ready(later), "and is still Ready", status(later))
    t.eventually("by a pod of its own", 20, lambda: len(t.audit.creates(began, uid)) >= 2)
    attempts = [one[0].body["metadata"]["annotations"]["drop.corewire.io/attempt"]
                for one in t.audit.creates(began, uid)]
    t.check(attempts[0] == "0" and re.fullmatch(r"r\d{10}", attempts[1]),
            "named by the second of the decision", attempts)
    t.api.delete("cachedimage", "again")


def test_times(t):
    """Rule 34: durations as Go writes them are understood, times are RFC 3339 in seconds."""
    t.running()
    t.policy("durations", minDelayBetweenPulls="1h30m0.5s", repullInterval="0",
             failureBackoff={"initial": "500ms", "max": "1.5h"})
    t.image("timed", "docker.io/library/busybox:1.36", policyRef="durations")
    obj = t.image_is("timed", ready, "becomes Ready")
    for name in ("lastPulledAt", "lastAttemptedAt"):
        t.check(RFC3339_SECONDS.match(status(obj)[name]), name, status(obj)[name])
    for one in status(obj)["conditions"]:
        t.check(RFC3339_SECONDS.match(one["lastTransitionTime"]), f"{one['type']} lastTransitionTime",
                one["lastTransitionTime"])
