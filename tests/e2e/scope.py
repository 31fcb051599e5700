"""On which pairs of Kubernetes and runtime matrix.py runs a module of tests, and what the module tests, for docs/compatibility.md.
A module that is listed here does not test the kubelet or the runtime beyond a plain pull. A module that is not listed runs on every
pair.
"""
from cluster import PAIR

PAIRS = ("1.29/containerd-1.6", "1.29/containerd-2", PAIR, "1.34/containerd-2", "1.34/crio-1.34", "1.36/containerd-1.6",
         "1.36/containerd-2")
SAMPLES = ("1.29/containerd-2", "1.36/containerd-1.6")  # a kubelet with its other runtime: only the modules of SAMPLE, by design
SAMPLE = ("first_light", "shapes")

SERVERS = ("1.29/containerd-1.6", PAIR, "1.36/containerd-2")  # each Kubernetes once
OURS = (PAIR,)  # that of make test

ONLY = {  # module -> (its pairs, what it is about)
    "adopt": (SERVERS, "CachedImages and their owners: the API server and its garbage collector"),
    "alone": (OURS, "processes of the operator without each other"),
    "apiserver": (OURS, "faults of the API server, caused by the test"),
    "arm64": (OURS, "the operator's arm64 image, emulated; the node is simulated"),
    "contract": (SERVERS, "answers of the API server"),
    "cost": (OURS, "memory and API requests of the operator"),
    "crash": (OURS, "recovery of a process that is killed after each of its side effects"),
    "crds": (SERVERS, "validation and defaults of the CRDs by the API server"),
    "deprecated": (SERVERS, "that no deprecated API is used"),
    "discovery": (OURS, "DiscoveryPolicies with registries, Prometheus and Loki"),
    "drain": (SERVERS, "eviction of pull pods; the nodes are simulated"),
    "events": (SERVERS, "events of the operator; the audit log"),
    "forms": (SERVERS, "a change from upstream's CRDs to ours and back"),
    "gitops": (SERVERS, "`kubectl wait` and kstatus with the status of drop's objects"),
    "install": (OURS, "the commands of README.md and install.md, on the cluster of `make cluster-up`"),
    "kubectl": (SERVERS, "kubectl commands on a real API server"),
    "lease": (OURS, "leader election with two operators; the nodes are simulated"),
    "manifests": (SERVERS, "manifests with kubectl, helm and kustomize; RBAC rights"),
    "metrics": (OURS, "metrics of the operator, read by Prometheus"),
    "older": (OURS, "an older version of the operator takes over; runs only if OLDER_BUILD names a build of it"),
    "pacing": (OURS, "limits of pulls; the nodes are simulated"),
    "people": (SERVERS, "`kubectl drop` with wrong arguments, and the status page"),
    "policies": (SERVERS, "pull pods with admission policies and quotas"),
    "restore": (OURS, "etcd restored from a backup"),
    "sets": (SERVERS, "CachedImageSets and their children: the API server and its garbage collector"),
    "shared_faults": (OURS, "faults of pods with several images, caused by the test; the nodes are simulated"),
    "upgrade": (("1.29/containerd-1.6", "1.34/containerd-2"), "an upgrade to the next Kubernetes version that the tests have"),
    "warm_faults": (SERVERS, "startup taints while the API server, the node or the operator fails"),
}


def applies(module, pair):
    if pair in SAMPLES:
        return module in SAMPLE
    return module not in ONLY or pair in ONLY[module][0]
