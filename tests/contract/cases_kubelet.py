"""What becomes of a pull pod on a node, whoever plays its kubelet.

Recorded are the distinct states that the pod's status goes through. Which passing states are seen
depends on timing, so compared are: the states that say something (a container ended, or waits for a
reason), the last one whole, and that nothing passed that a real kubelet was not seen to do.
"""
from steps import PODS, Case, Step, delete, get, pull_pod, uid_delete

SUCCEEDED = "phase=Succeeded"
FAILED = "phase=Failed"
BACKED_OFF = "ErrImagePull ImagePullBackOff"  # both must have been seen
ALPINE, SCRATCH = "docker.io/library/alpine:3.19", "docker.io/test/scratch:1"
BIG = "docker.io/test/big:1"


def pull(name, reference, end, **spec):
    """Creates the pod on NODE and follows it until `end`."""
    return Step("pull", "POST", PODS, pull_pod(name, reference, "${NODE}", **spec), want=end)


def pulled(what, name, reference, end, **spec):
    return Case(f"kubelet: {what}", [
        pull(f"pull-ct-{name}", reference, end, **spec),
        delete(f"{PODS}/pull-ct-{name}", {"gracePeriodSeconds": 0}, show=()),
        get(f"{PODS}/pull-ct-{name}"),
    ])


def added(name, image, **more):
    """A container as a webhook adds it; nobody but root is needed for it to fail."""
    return {"name": name, "image": image, "imagePullPolicy": "Never", **more}


def mutated(what, name, end, where, *containers):
    """A pull pod with other containers before its own: `where` they stand in the spec."""
    pod = pull_pod(f"pull-ct-{name}", ALPINE, "${NODE}")
    pod["spec"][where] = [*containers, *pod["spec"].get(where, [])]
    return Case(f"kubelet: {what}", [
        Step("pull", "POST", PODS, pod, want=end),
        delete(f"{PODS}/pull-ct-{name}", {"gracePeriodSeconds": 0}, show=()),
        get(f"{PODS}/pull-ct-{name}"),
    ])


def several(what, name, end, *references):
    """A pull pod of several images, each in a container of its own."""
    pod = pull_pod(f"pull-ct-{name}", references[0], "${NODE}")
    only = pod["spec"]["containers"][0]
    pod["spec"]["containers"] = [{**only, "name": f"pull-{place}", "image": image}
                                 for place, image in enumerate(references)]
    return Case(f"kubelet: {what}", [
        Step("pull", "POST", PODS, pod, want=end),
        delete(f"{PODS}/pull-ct-{name}", {"gracePeriodSeconds": 0}, show=()),
        get(f"{PODS}/pull-ct-{name}"),
    ])


ABSENT = "docker.io/ct/absent:1"
MISSING = "docker.io/library/nginx:ct-no-such-tag"
REDIS = "docker.io/library/redis:7-alpine"
CASES = [
    several("several images", "several", SUCCEEDED, ALPINE, REDIS, BIG),
    several("several images, one without `true`", "some-true", FAILED, ALPINE, SCRATCH, REDIS),
    several("several images, one missing", "some-there", BACKED_OFF, MISSING, ALPINE, SCRATCH, REDIS),
    mutated("a container added that has no image", "beside", "ErrImageNeverPull Completed", "containers",
            added("agent", ABSENT)),
    mutated("an init container added that has no image", "init", "ErrImageNeverPull", "initContainers",
            added("setup", ABSENT)),
    mutated("an init container added that ends", "inits", SUCCEEDED, "initContainers",
            added("setup", ALPINE, imagePullPolicy="Always", command=["true"])),
    pulled("an image", "good", ALPINE, SUCCEEDED),
    pulled("an image without `true`", "scratch", SCRATCH, FAILED),
    pulled("no such tag", "tag", MISSING, BACKED_OFF),
    pulled("no such repository", "repo", "docker.io/ct/no-such-repository:1", BACKED_OFF),
    pulled("no such digest", "digest", f"docker.io/library/nginx@sha256:{'0' * 64}", BACKED_OFF),
    pulled("a host that does not resolve", "dns", "registry.invalid.local:9999/x/y:1", BACKED_OFF),
    pulled("a port where nobody listens", "refused", "127.0.0.1:1/x:1", BACKED_OFF),
    pulled("a name that is none", "name", "docker.io/UPPER/x:1", "InvalidImageName"),
    pulled("policy Never, and not there", "never", "docker.io/ct/absent:1", "ErrImageNeverPull",
           imagePullPolicy="Never"),
    Case("kubelet: policies Never and IfNotPresent, and there", [
        pull("pull-ct-first", BIG, SUCCEEDED),
        pull("pull-ct-again", BIG, SUCCEEDED, imagePullPolicy="IfNotPresent"),
        pull("pull-ct-never", BIG, SUCCEEDED, imagePullPolicy="Never"),
        Step("listed", want=BIG),
    ]),
    Case("kubelet: a pod that is deleted before its end", [
        pull("pull-ct-gone", REDIS, "started"),
        get(f"{PODS}/pull-ct-gone", show=("metadata.name",), keep={"uid": "metadata.uid"}),
        delete(f"{PODS}/pull-ct-gone", uid_delete("${uid}"), show=("metadata.name",)),
        get(f"{PODS}/pull-ct-gone"),
    ]),
]

FULL = Case("kubelet: a node that is full", [
    Step("fill"),
    pull("pull-ct-over", ALPINE, FAILED),
    delete(f"{PODS}/pull-ct-over", {"gracePeriodSeconds": 0}, show=()),
])
CASES.append(FULL)
