"""A real Prometheus that scrapes our metrics over https with a service account's token, and a diary of the
pods to compare with: what the kubelet said of each, as long as it was there.
"""
import calendar
import json
import os
import re
import shutil
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import objects
from kubeapi import NAMESPACE, PATHS, Watch
from programs import Program
from wait import until

INTERVAL = 1  # seconds between scrapes
METRICS_MD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "metrics.md")


def installed():
    return shutil.which("prometheus") is not None


def table():
    """{name: (owner, type)} of docs/metrics.md; owner "any": every process."""
    rows, owner = {}, ""
    with open(METRICS_MD, encoding="utf-8") as file:
        for line in file:
            head = re.match(r"## (?:drop-)?(.+)", line)
            owner = head[1] if head else owner
            row = re.match(r"\| `(drop_\w+)` \| (\w+) \|", line)
            if row:
                rows[row[1]] = ("any" if owner == "Every process" else owner, row[2])
    return rows


class Reader:
    """A service account that may read metrics, or may not; gone at the end."""

    def __init__(self, api, name, allowed):
        self.api, self.name, self.allowed = api, name, allowed
        self.accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        self.paths = [f"{rbac}/clusterrolebindings/{name}", f"{rbac}/clusterroles/{name}"] if allowed else []
        api.must("POST", self.accounts, {"metadata": {"name": name}})
        if allowed:
            api.must("POST", f"{rbac}/clusterroles", {
                "metadata": {"name": name}, "rules": [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]})
            api.must("POST", f"{rbac}/clusterrolebindings", {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]})
        self.token = api.must("POST", f"{self.accounts}/{name}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]

    def close(self):
        for path in [*self.paths, f"{self.accounts}/{self.name}"]:
            self.api.must("DELETE", path)


class Prometheus(Program):
    def __init__(self, folder, port, target, token, mark):
        config = {
            "global": {"scrape_interval": f"{INTERVAL}s", "scrape_timeout": f"{INTERVAL}s"},
            "scrape_configs": [{
                "job_name": "drop", "scheme": "https", "static_configs": [{"targets": [target]}],
                "tls_config": {"insecure_skip_verify": True}, "authorization": {"credentials": token}}]}
        path = os.path.join(folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.url = f"http://127.0.0.1:{port}/api/v1/"
        self.target = target
        words = ["--config.file", path, "--storage.tsdb.path", os.path.join(folder, "tsdb"),
                 "--web.listen-address", f"127.0.0.1:{port}", "--log.level", "warn"]
        super().__init__(os.path.dirname(shutil.which("prometheus")), "prometheus",
                         os.path.join(folder, "prometheus.log"), words, None, mark)
        until(30, lambda: self.value("up") == 1)

    def ask(self, what, **query):
        try:
            with urllib.request.urlopen(self.url + what + "?" + urllib.parse.urlencode(query), timeout=60) as answer:
                return json.load(answer)["data"]["result"]
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if isinstance(error, urllib.error.HTTPError):
                raise AssertionError(f"{query}: {error.read()[:300]}") from error
            return []

    def rows(self, expression):
        """[(labels, value)] now."""
        return [(row["metric"], float(row["value"][1])) for row in self.ask("query", query=expression)]

    def value(self, expression):
        """The sum of its rows; None: there is none."""
        rows = self.rows(expression)
        return sum(value for _, value in rows) if rows else None

    def failed_scrapes(self, began):
        """The times of scrapes since then that failed."""
        rows = self.ask("query", query=f"up[{int(time.time() - began) + 1}s]")
        return [moment for row in rows for moment, value in row["values"] if value == "0" and moment >= began]


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) if text else 0


class Diary:
    """The last that was seen of each pull pod."""

    def __init__(self, api):
        self.pods = {}
        self.watch = Watch(api, "pod", "resourceVersion=" + api.must("GET", PATHS["pod"])["metadata"]["resourceVersion"])
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            for event in self.watch:
                pod = event["object"]
                if event["type"] != "ERROR":
                    self.pods[pod["metadata"]["uid"]] = pod
        except OSError:
            pass

    def of(self, image):
        return [pod for pod in list(self.pods.values()) if objects.image_of(pod) == image]

    def took(self, image):
        """Seconds that the pulls of a CachedImage took by the kubelet's word, for each that succeeded."""
        found = []
        for pod in self.of(image):
            begun = seconds(pod["status"].get("startTime"))
            for state in (s["state"] for s in pod["status"].get("containerStatuses", [])):
                ran = state.get("running") or state.get("terminated")
                if ran and begun:
                    end = seconds(ran.get("startedAt"))
                    found.append((end if end > 0 else seconds(ran["finishedAt"])) - begun)
        return found

    def close(self):
        self.watch.close()
        self.thread.join(10)
