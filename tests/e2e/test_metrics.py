"""Metrics as a real Prometheus scrapes them from the operator at work on the real kubelet, compared with what
really happened; every process killed in turn while it scrapes; who may read them.
"""
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import processes
import prometheus
from kubeapi import NAMESPACE
import objects
from objects import PULL_FAILS, degraded, status
from programs import CHILDREN
from registry import free_port
from wait import until

FAST = {**objects.FAST, "maxPullsPerNode": 5}
KILLS = 20


class Observed:
    """The operator with its metrics on, and a Prometheus that reads them, if it is to be scraped."""

    def __init__(self, t, name, scraped=True):
        self.t = t
        self.reader = prometheus.Reader(t.api, f"e2e-{name}", True)
        self.port = free_port()
        self.health = free_port()
        self.tree = t.supervisor(["--metrics-bind-address", f"127.0.0.1:{self.port}", "--status-page",
                                  "--health-probe-bind-address", f"127.0.0.1:{self.health}"], name=name).wait_up()
        self.prometheus = scraped and prometheus.Prometheus(t.folder(f"{name}-p"), free_port(), f"127.0.0.1:{self.port}",
                                                self.reader.token, t.scratch)
        if scraped:
            t.started.append(self.prometheus)
        t.policy("observed", **FAST)

    def get(self, path, token=None):
        """(status, text)."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def probe(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def becomes(self, name, expression, want):
        got = []

        def probe():
            got.append(self.prometheus.value(expression))
            assert got[-1] == want, f"{expression} is {got[-1]}, want {want}"
            return True
        self.t.eventually(name, 15, probe, every=0.3)

    def close(self):
        if self.prometheus:
            self.prometheus.stop()
        self.tree.stop()
        self.reader.close()


def available(t):
    if not prometheus.installed():
        t.check(False, "there is a prometheus", "scripts/setup.sh prometheus")
    return prometheus.installed()


def test_values(t):
    """Each metric of upstream's against the pods, the kubelet's times and the status."""
    if not available(t):
        return
    t.cluster.push("e2e/observed:1", "e2e/observed:2", "e2e/observed:3")
    diary = prometheus.Diary(t.api)
    o = Observed(t, "values")
    good = {}
    for i in (1, 2, 3):
        good[f"observed-{i}"] = f"{t.cluster.registry}/e2e/observed:{i}"
    good["observed-scratch"] = f"{t.cluster.registry}/test/scratch:1"
    for name, reference in good.items():
        t.image(name, reference, policyRef="observed")
    bad = f"{t.cluster.registry}/e2e/observed:no-such"
    t.image("observed-bad", bad, policyRef="observed")
    t.all_ready(good, 60)
    t.image_is("observed-bad", lambda o: degraded(o, *PULL_FAILS)
               and status(o)["consecutiveFailures"] >= 2, "fails twice", 60)
    for name, reference in good.items():
        o.becomes(f"{name} cached once", f'drop_images_cached_total{{image="{reference}",node=""}}', 1)
        t.equal(len(diary.of(name)), 1, f"by one pod of {name}")
        o.becomes(f"{name} took what the kubelet says", f'drop_pull_duration_seconds_sum{{image="{reference}"}}',
                  float(sum(diary.took(name))))
        o.becomes(f"{name} was measured once", f'drop_pull_duration_seconds_count{{image="{reference}"}}', 1)
        o.becomes(f"{name} targets one node", f'drop_nodes_targeted{{cachedimage="{name}"}}', 1)
        o.becomes(f"{name} has it", f'drop_nodes_cached{{cachedimage="{name}"}}', 1)
    t.equal(o.prometheus.value(f'drop_images_cached_total{{image="{bad}"}}'), None, "what failed is not cached")
    # Its policy is taken away, so that nothing moves while numbers are compared.
    t.api.patch("cachedimage", "observed-bad", {"spec": {"nodeSelector": {"no-such": "node"}}})
    t.image_is("observed-bad", lambda o: status(o).get("ready") == "0/0", "is for no node now")
    t.wait_no_pods()
    pods = len(diary.of("observed-bad"))
    o.becomes("a failed pull is an error each", f'drop_pull_errors_total{{image="{bad}"}}', pods)
    o.becomes("and so by result", 'sum(drop_pulls_total{result="failed",fault="image"})', pods)
    o.becomes("pods made", 'sum(drop_pod_creates_total{result="created"})', len(good) + pods)
    o.becomes("pulls started", "drop_pulls_started_total", len(good) + pods)
    o.becomes("nothing is active", "drop_active_pulls", 0)
    o.becomes("nothing waits", "sum(drop_queue_depth)", 0)
    o.becomes("one leads", "drop_lease_held", 1)
    o.becomes("all are up", "sum(drop_process_up)", len(CHILDREN))
    o.becomes("nothing was started again", "sum(drop_process_restarts_total)", 0)
    t.check(o.prometheus.value('drop_reconcile_total{controller="cachedimage",result="success"}') >= len(good),
            "images were reconciled")
    t.check(not o.prometheus.value('drop_reconcile_total{result="error"}'), "without an error")
    for name, _ in good.items():
        t.api.delete("cachedimage", name)
    reference = good["observed-1"]
    o.becomes("series of deleted images go",
              f'count(drop_images_cached_total{{image="{reference}"}}) or vector(0)', 0)
    o.becomes("and their gauges", 'count(drop_nodes_targeted{cachedimage="observed-1"}) or vector(0)', 0)
    readable(t, o)
    counted_from_nothing(t, o)
    diary.close()
    o.close()


def readable(t, o):
    """promtool, the probes, and who may read: asked of the real API server."""
    code, text = o.get("/metrics", o.reader.token)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    t.check(code == 200 and done.returncode == 0 and not done.stdout + done.stderr, "promtool check metrics is clean",
            done.stdout + done.stderr)
    other = prometheus.Reader(t.api, "e2e-other", False)
    t.equal([o.get("/metrics")[0], o.get("/metrics", "nonsense")[0], o.get("/metrics", other.token)[0]],
            [401, 401, 403], "no token, an unknown one, one without the right")
    t.equal([o.get("/")[0], o.get("/status.json", other.token)[0], o.get("/", o.reader.token)[0]], [401, 403, 200],
            "the status page is for the same readers")
    other.close()
    t.equal([o.probe("/healthz")[0], o.probe("/readyz")[0]], [200, 200], "healthy and ready")
    o.tree.signal(signal.SIGSTOP)
    t.eventually("a stuck supervisor is not healthy", 40, lambda: o.probe("/healthz")[0] == 500)
    o.tree.signal(signal.SIGCONT)
    t.eventually("and healthy when it goes on", 20, lambda: o.probe("/healthz")[0] == 200)
    metricsd = o.tree.pids()["metricsd"]
    t.diag(f"metricsd: PSS {processes.pss_kb(metricsd)} kB with https and tokens")


def test_a_changed_binding(t):
    """docs/troubleshooting.md: when a changed right to the metrics takes effect."""
    o = Observed(t, "binding", scraped=False)
    late = prometheus.Reader(t.api, "e2e-late", False)
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    t.eventually("without a binding it is refused", 20, lambda: o.get("/metrics", late.token)[0] == 403)
    t.api.must("POST", bindings, {
        "metadata": {"name": "e2e-late"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": o.reader.name},
        "subjects": [{"kind": "ServiceAccount", "name": "e2e-late", "namespace": NAMESPACE}]})
    began = time.monotonic()
    t.eventually("with one it is let in", 60, lambda: o.get("/metrics", late.token)[0] == 200, every=1)
    t.diag(f"let in {time.monotonic() - began:.0f} s after the binding was made")
    t.api.must("DELETE", f"{bindings}/e2e-late")
    began = time.monotonic()
    t.eventually("when it is taken away it is refused", 120, lambda: o.get("/metrics", late.token)[0] == 403, every=1)
    t.diag(f"refused {time.monotonic() - began:.0f} s after the binding was taken away")
    t.equal(o.get("/metrics", o.reader.token)[0], 200, "others are not")
    late.close()
    o.close()


def listed_values():
    """{metric: its label values as docs/metrics.md lists them}; of two labels the values are joined by a slash."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "metrics.md")
    with open(page, encoding="utf-8") as file:
        rows = re.findall(r"^\| `(drop_\w+)` \|.* Values: (.*)\. \|$", file.read(), re.M)
    return {name: {value.replace("`", "").replace('""', "") for value in values.split(", ")} for name, values in rows}


def counted_from_nothing(t, o):
    """Of labels whose values are known beforehand each value is there with 0 from the beginning, and never another one."""
    found = {}
    for name, labels in re.findall(r"^(drop_\w+)\{(.*)\} \S+$", o.get("/metrics", o.reader.token)[1], re.M):
        values = [value for label, value in re.findall(r'(\w+)="([^"]*)"', labels) if label != "process"]
        found.setdefault(name, set()).add("/".join(values))
    listed = listed_values()
    t.check(len(listed) >= 8, "docs/metrics.md lists values", sorted(listed))
    for name, values in listed.items():
        t.equal(found.get(name), values, f"{name} has a series for each value, and no other")


def test_kills(t):
    """Every process killed in turn: no counter is reset more often than its owner or metricsd was killed, and
    no scrape fails but while metricsd is down."""
    if not available(t):
        return
    t.cluster.push(*(f"e2e/kills:{i}" for i in range(KILLS)))
    o = Observed(t, "kills")
    began = time.time()
    kills = dict.fromkeys(CHILDREN, 0)
    away = []  # when metricsd was
    names = []
    for i in range(KILLS):
        victim = CHILDREN[i % len(CHILDREN)]
        names.append(f"kills-{i}")
        t.image(names[-1], f"{t.cluster.registry}/e2e/kills:{i}", policyRef="observed")
        moment = time.time()
        processes.kill(o.tree.pids()[victim])
        kills[victim] += 1
        until(20, lambda n=i + 1: o.tree.up() and o.tree.restarts() == n, every=0.02)
        if victim == "metricsd":
            away.append((moment - prometheus.INTERVAL, time.time() + prometheus.INTERVAL))
        # So that each life is seen by a scrape.
        until(60, lambda n=i + 1: o.prometheus.value("sum(drop_process_restarts_total)") == n)
    t.all_ready(names, 90)
    window = int(time.time() - began) + 5
    o.becomes("the restarts are counted", "sum(drop_process_restarts_total)", KILLS)
    failed = [m for m in o.prometheus.failed_scrapes(began) if not any(a <= m <= b for a, b in away)]
    t.check(not failed, "no scrape failed but while metricsd was down", failed)
    wrong, counters = [], 0
    for name, (owner, kind) in prometheus.table().items():
        if kind == "gauge":
            continue
        series = name + ("_count" if kind == "histogram" else "")
        for labels, resets in o.prometheus.rows(f"resets({series}[{window}s])"):
            process = labels["process"] if owner == "any" else owner
            counters += 1
            if resets > kills[process] + kills["metricsd"] * (process != "metricsd"):
                wrong.append((series, labels, resets))
    t.check(counters > 100 and not wrong, "no counter was reset more often than it may", (counters, wrong[:5]))
    resets = o.prometheus.value(f'resets(drop_turns_total{{process="puller"}}[{window}s])')
    t.equal(resets, kills["puller"], "a killed process begins at nothing")
    t.diag(f"{counters} counters, {KILLS} kills, {window} s; log {os.path.basename(o.tree.log_path)}")
    o.close()
