"""What the API server lets into the pull namespace, asked by dry runs: quotas, policies and webhooks are in force some moments
after they are stored, and a test that goes on before sees pods that it thinks impossible.
"""
from kubeapi import NAMESPACE, PATHS
from wait import until

# A pod as pull pods are by default.
POD = {"apiVersion": "v1", "kind": "Pod",
       "metadata": {"name": "probe", "namespace": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "drop"}},
       "spec": {"securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534,
                                    "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{"name": "pull", "image": "example.invalid/x:1",
                                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
                                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def dry_run(api):
    """(status, answer) of creating the pod."""
    return api.ask("POST", f"{PATHS['pod']}?dryRun=All", POD)[:2]


def refuses(t, says):
    """Waits until the pod is refused with that text."""
    def probe():
        code, answer = dry_run(t.api)
        assert code in (403, 422) and says in str(answer), (code, answer)
        return True
    until(60, probe)
