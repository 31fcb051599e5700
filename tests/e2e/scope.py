"""Which pairs of Kubernetes and runtime a module of tests can tell apart: matrix.py runs it on those, and the page says why not on
others. What a module here is about is no kubelet and no runtime, or these do no more in it than pull; a module that is not here runs
on every pair.
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
    "apiserver": (OURS, "faults that the test makes"),
    "arm64": (OURS, "our image for another architecture; the node is a pretend node"),
    "contract": (SERVERS, "answers of the API server"),
    "cost": (OURS, "memory and requests of the operator"),
    "crash": (OURS, "processes that end after each side effect"),
    "crds": (SERVERS, "what the API server does with the CRDs"),
    "deprecated": (SERVERS, "what the API server calls deprecated"),
    "discovery": (OURS, "registries, Prometheus and Loki"),
    "drain": (SERVERS, "eviction; the nodes are pretend nodes"),
    "events": (SERVERS, "what is written as events; the audit log"),
    "forms": (SERVERS, "CRDs of several versions in the API server"),
    "gitops": (SERVERS, "kubectl, and the status of our objects"),
    "install": (OURS, "the commands of the pages, on what `make cluster-up` starts"),
    "kubectl": (SERVERS, "kubectl and the API server"),
    "lease": (OURS, "two operators; the nodes are pretend nodes"),
    "manifests": (SERVERS, "kubectl, helm and the rights in the API server"),
    "metrics": (OURS, "Prometheus and the operator"),
    "older": (OURS, "two versions of the operator; named with OLDER_BUILD only"),
    "pacing": (OURS, "the nodes are pretend nodes"),
    "people": (SERVERS, "kubectl and what people type"),
    "policies": (SERVERS, "admission by the API server"),
    "restore": (OURS, "faults that the test makes"),
    "sets": (SERVERS, "the API server and its garbage collector"),
    "shared_faults": (OURS, "faults that the test makes; the nodes are pretend nodes"),
    "upgrade": (("1.29/containerd-1.6", "1.34/containerd-2"), "an upgrade to the next Kubernetes, of which two are built"),
    "warm_faults": (SERVERS, "taints and the chart; faults of the API server and of the operator"),
}


def applies(module, pair):
    if pair in SAMPLES:
        return module in SAMPLE
    return module not in ONLY or pair in ONLY[module][0]
