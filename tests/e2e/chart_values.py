"""Each value of the chart has an effect: with another value than the default, the rendered objects differ.

A value that only counts together with others is rendered with them (WITH). A list or map that is empty by default gets
the entry of SAMPLES. What has no entry there and can't be varied by its type has no other value, so that a new value of
the chart needs one.
"""
import copy
import functools
import pathlib
import subprocess

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "deploy/helm/drop"
BASE = {"image": {"repository": "registry.example.com/drop"}}
SECRET = [{"name": "some-secret"}]
SAMPLES = {
    "global.imageRegistry": "mirror.example.com",
    "image.digest": "sha256:" + 64 * "a",
    "image.pullPolicy": "Always",
    "imagePullSecrets": SECRET,
    "podNamespace": "pulls",
    "log.level": "debug",
    "log.format": "text",
    "config": {"excluded-node-taints": "example.com/x"},
    "extraArgs": ["--trace"],
    "extraEnv": [{"name": "A", "value": "b"}],
    "pullPods.labels": {"team": "a"},
    "pullPods.annotations": {"note": "a"},
    "pullPods.resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "1"}},
    "pullPods.imagePullSecrets": ["some-secret"],
    "discovery.secrets": "named",
    "discovery.secretNames": ["some-secret"],
    "registryChecks.secretNames": ["some-secret"],
    "warmGate.startupTaints": ["example.com/cold", "example.com/colder"],
    "warmGate.tolerateTaints": ["readiness.k8s.io/storage"],
    "warmGate.deadline": "5m",
    "usage.poolLabel": "example.com/pool",
    "serviceMonitor.interval": "7s",
    "serviceMonitor.scrapeTimeout": "3s",
    "serviceMonitor.authorization": {"type": "Bearer"},
    "prometheusRule.runbookUrl": "https://wiki.example.com/drop",
    "certManager.issuerRef": {"name": "some-issuer"},
    "networkPolicy.metricsFrom": [{"podSelector": {}}],
    "networkPolicy.egress": [{"ports": [{"port": 443}]}],
    "podSecurityContext": {"runAsUser": 1000},
    "securityContext": {"privileged": False},
    "image.repository": "registry.example.com/another",
    "resources": {"limits": {"memory": "1Gi"}},
    "strategy": {"type": "Recreate"},
    "extraVolumes": [{"name": "a", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "a", "mountPath": "/a"}],
    "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    **{name: {"a": "b"} for name in ("commonLabels", "podAnnotations", "podLabels", "nodeSelector",
                                     "serviceAccount.annotations", "serviceMonitor.additionalLabels",
                                     "prometheusRule.additionalLabels", "dashboard.labels")},
}
WHOLE = set(SAMPLES) | {"pullPods.resources", "resources", "strategy", "podSecurityContext", "securityContext"}
WITH = {
    "serviceMonitor.": {"serviceMonitor": {"enabled": True}},
    "prometheusRule.": {"prometheusRule": {"enabled": True}},
    "metrics.localPage.": {"metrics": {"localPage": {"enabled": True}}},
    "warmGate.": {"warmGate": {"enabled": True}},
    "usage.": {"usage": {"enabled": True}},
    "dashboard.": {"dashboard": {"enabled": True}},
    "certManager.": {"certManager": {"enabled": True}},
}


def merged(base, more):
    result = copy.deepcopy(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def nested(name, value):
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def leaves(values, prefix=""):
    for key, value in values.items():
        name = prefix + key
        if isinstance(value, dict) and value and name not in WHOLE:
            yield from leaves(value, name + ".")
        else:
            yield name, value


def another(name, value):
    if name in SAMPLES:
        return SAMPLES[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return "another" if isinstance(value, str) else None


@functools.cache
def render(helm, values):
    done = subprocess.run([helm, "template", "drop", CHART, "--namespace", "drop-system", "-f", "-"],
                          input=values, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else RuntimeError(done.stderr.strip())


def effects(helm):
    """(value's name, its other value, what is wrong or None) for each value of the chart."""
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    for name, value in leaves(defaults):
        without = next((more for start, more in WITH.items() if name.startswith(start) and name != start + "enabled"), {})
        without = merged(BASE, without)
        other = another(name, value)
        plain = render(helm, yaml.safe_dump(without))
        varied = render(helm, yaml.safe_dump(merged(without, nested(name, other))))
        wrong = varied if isinstance(varied, Exception) else plain if isinstance(plain, Exception) else None
        if other is None:
            wrong = "no other value known: add one to SAMPLES"
        elif wrong is None and plain == varied:
            wrong = "nothing that is rendered changes"
        yield name, other, wrong
