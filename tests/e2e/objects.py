"""Builders of our objects, and readers of what their status says."""

GROUP = "drop.corewire.io/v1alpha1"
# One failed pull is called either, as the kubelet was when its status was read; the last is a refused connection with CRI-O.
PULL_FAILS = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")


# A PullPolicy under which a test need not wait.
FAST = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 10,
        "failureBackoff": {"initial": "1s", "max": "2s"}}


def policy(name, **spec):
    return {"apiVersion": GROUP, "kind": "PullPolicy", "metadata": {"name": name}, "spec": spec}


def image(name, reference, **spec):
    """reference: 'host/repo:tag' or 'host/repo@sha256:...'; without a tag the spec has none."""
    repo, at, digest = reference.partition("@")
    head, colon, tag = repo.rpartition(":")
    spec = dict(spec)
    if at:
        spec["digest"] = digest
    elif colon and "/" not in tag:
        repo, spec["tag"] = head, tag
    spec["image"] = repo
    if isinstance(spec.get("policyRef"), str):
        spec["policyRef"] = {"name": spec["policyRef"]}
    return {"apiVersion": GROUP, "kind": "CachedImage", "metadata": {"name": name}, "spec": spec}


def image_set(name, references, **spec):
    """references: as for image()."""
    spec = dict(spec)
    if isinstance(spec.get("policyRef"), str):
        spec["policyRef"] = {"name": spec["policyRef"]}
    entries = [image("x", reference)["spec"] for reference in references]
    return {"apiVersion": GROUP, "kind": "CachedImageSet", "metadata": {"name": name},
            "spec": {**spec, "images": entries}}


def image_of(pod):
    """The CachedImage that a pull pod is of, by its label; None: it is no pull pod."""
    return (pod["metadata"].get("labels") or {}).get("drop.corewire.io/cachedimage")


def owner(obj):
    """The uid of the set an image belongs to, or None."""
    owners = obj["metadata"].get("ownerReferences") or []
    return next((o["uid"] for o in owners if o["kind"] == "CachedImageSet"), None)


def status(obj):
    return (obj or {}).get("status") or {}


def condition(obj, kind="Ready"):
    """The condition, or an empty one."""
    for one in status(obj).get("conditions") or []:
        if one["type"] == kind:
            return one
    return {"status": "", "reason": "", "message": ""}


def ready(obj, count=None):
    """Is it Ready on all its targets (count of them, if given), for its present spec?"""
    s = status(obj)
    return (s.get("phase") == "Ready" and condition(obj)["status"] == "True"
            and s.get("observedGeneration") == obj["metadata"]["generation"]
            and s.get("nodesReady") == s.get("nodesTargeted") != 0
            and (count is None or s.get("nodesReady") == count))


def degraded(obj, *reasons):
    """Is it Degraded, for one of the reasons if any are given?"""
    c = condition(obj)
    return (status(obj).get("phase") == "Degraded" and c["status"] == "False"
            and (not reasons or c["reason"] in reasons))


def brief(obj):
    """What a failed check prints of an object."""
    if obj is None:
        return "no such object"
    s = status(obj)
    c = condition(obj)
    return (f"phase={s.get('phase')} ready={s.get('ready')} Ready={c['status']}/{c['reason']} "
            f"message={c['message']!r} failedNodes={s.get('failedNodes')}")
