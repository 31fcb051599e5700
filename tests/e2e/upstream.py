"""What a cluster has that runs upstream's operator: its role as kubebuilder makes it from its markers, a Deployment that
starts /manager, and the traces of its work. No emptyDir, no rights of ours.
"""
from kubeapi import NAMESPACE
from objects import GROUP

NAME = "drop-controller-manager"
RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete", "get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["drop.corewire.io"],
     "resources": ["cachedimages", "cachedimagesets", "discoverypolicies", "pullpolicies"],
     "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]},
    {"apiGroups": ["drop.corewire.io"],
     "resources": ["cachedimages/finalizers", "cachedimagesets/finalizers", "discoverypolicies/finalizers"],
     "verbs": ["update"]},
    {"apiGroups": ["drop.corewire.io"],
     "resources": ["cachedimages/status", "cachedimagesets/status", "discoverypolicies/status"],
     "verbs": ["get", "patch", "update"]},
]
LEADER_RULES = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
     "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
]
FLAGS = ["--leader-elect", "--health-probe-bind-address=:8081", "--metrics-bind-address=:8443",
         "--metrics-secure", "--zap-log-level=info", "--enable-http2=false"]


def _binding(kind, role, namespace=None):
    meta = {"name": NAME, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": f"{kind}Binding", "metadata": meta,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}]}


def manifests(image, network):
    """As `kustomize build config/default` has it; only the image is ours. network: extraEnv and hostAliases."""
    rbac = "rbac.authorization.k8s.io/v1"
    labels = {"control-plane": "controller-manager", "app.kubernetes.io/name": "drop"}
    container = {
        "name": "manager", "image": image, "command": ["/manager"], "args": FLAGS,
        "env": network["extraEnv"],
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8081},
                          "initialDelaySeconds": 15, "periodSeconds": 20},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8081},
                           "initialDelaySeconds": 5, "periodSeconds": 10},
        "resources": {"limits": {"cpu": "500m", "memory": "128Mi"}, "requests": {"cpu": "10m", "memory": "64Mi"}},
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": NAMESPACE}},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": NAME}, "rules": RULES},
        {"apiVersion": rbac, "kind": "Role", "metadata": {"name": NAME, "namespace": NAMESPACE},
         "rules": LEADER_RULES},
        _binding("ClusterRole", NAME), _binding("Role", NAME, NAMESPACE),
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME, "namespace": NAMESPACE},
         "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                  "template": {"metadata": {"labels": labels}, "spec": {
                      "serviceAccountName": NAME, "terminationGracePeriodSeconds": 10,
                      "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                      "hostAliases": network["hostAliases"], "containers": [container]}}}},
    ]


def status_of(obj, node, digest, at):
    """A Ready CachedImage's status as upstream writes it: no cachedImage, no failedNodes."""
    def condition(kind, value, reason, message):
        return {"type": kind, "status": value, "reason": reason, "message": message,
                "lastTransitionTime": at, "observedGeneration": obj["metadata"]["generation"]}
    return {"observedGeneration": obj["metadata"]["generation"], "phase": "Ready", "ready": "1/1",
            "nodesTargeted": 1, "nodesReady": 1, "nodesPulling": 0, "cachedNodes": [node],
            "resolvedDigest": digest, "consecutiveFailures": 0, "lastPulledAt": at, "lastAttemptedAt": at,
            "conditions": [condition("Ready", "True", "Cached", "Image cached on all 1 target nodes"),
                           condition("PullProgress", "False", "Complete", "All pulls complete")]}


def pull_pod(obj, node, image):
    """A pod that upstream left behind: its labels, and none of our annotations."""
    name = obj["metadata"]["name"]
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"drop-{name}-{node}"[:60], "namespace": NAMESPACE, "labels": {
                "app.kubernetes.io/managed-by": "drop", "drop.corewire.io/cachedimage": name,
                "drop.corewire.io/node": node},
                "ownerReferences": [{"apiVersion": GROUP, "kind": "CachedImage", "name": name,
                                     "uid": obj["metadata"]["uid"], "controller": True}]},
            "spec": {"nodeName": node, "restartPolicy": "Never", "automountServiceAccountToken": False,
                     "securityContext": {"runAsNonRoot": True, "runAsUser": 65534,
                                         "seccompProfile": {"type": "RuntimeDefault"}},
                     "containers": [{"name": "pull", "image": image, "command": ["true"],
                                     "securityContext": {"allowPrivilegeEscalation": False,
                                                         "capabilities": {"drop": ["ALL"]}}}]}}
