"""The image and the chart as an administrator uses them: two pods with an account of their own, under Pod Security
`restricted`, in the real kubelet. What they do when one of them dies, loses its way or is replaced; what they may and
what of it they use; upstream's role and upstream's traces; what an uninstall leaves.
"""
import json
import os
import time

import objects
import processes
import rbac
import release
import test_usage
import upstream
from kubeapi import NAMESPACE
from objects import degraded, ready, status
from pretend import PretendNode, pulled
from test_discovery import policy
from wait import never, until

TAKEOVER = 20  # seconds, on a machine that is not busy
TAKEOVER_MAX = 60
FAST = {**objects.FAST, "maxPullsPerNode": 2}
IMAGE_MB_MAX = 20    # compressed
MEMORY_MB_MAX = 128  # what one container is charged with under the load of these tests
SLOW_PULL = 0.7  # seconds
LOAD = 200       # images


def slow(pod):
    time.sleep(SLOW_PULL)
    return pulled(pod)


def start(t, label, count):
    """Images for the pretend node, whose kubelet takes its time for each."""
    return t.pretend_images(label, count, "steady", **FAST)


def mid_pull(t, names):
    """Until some of them are done and some are not."""
    def probe():
        done = sum(ready(t.get(name)) for name in names)
        assert 1 <= done < len(names) - 1, done
        return done
    until(60, probe, every=0.05)


def once_each(t, since, names):
    """A check that each of these was pulled exactly once, by the audit log and by what pods there were."""
    uids = {t.get(name)["metadata"]["uid"] for name in names}
    seen = [pull.uid for pull in t.witness.since(since) if pull.uid in uids]
    logged = [pull.uid for _, pull in t.audit.creates(since) if pull.uid in uids]
    t.check(sorted(seen) == sorted(uids), "each was pulled once: one pod each", (len(seen), len(uids)))
    # A client that died before the answer is logged as 504, and nothing is logged twice.
    t.check(len(set(logged)) == len(logged) and len(uids) - len(logged) <= t.audit.unanswered(since),
            "and one create in the audit log", (len(logged), len(uids)))


def test_image(t):
    """Twice built is the same digest; what is inside, by its SBOM; no shell, and how big."""
    first, second = release.image(), t.folder("image")
    said = release.build_image(second, "localhost/drop-e2e:second")
    t.diag(f"image: {said.strip()}")
    t.equal(release.digest(second), release.digest(first), "two builds of one tree have one digest")
    with open(os.path.join(second, "size"), encoding="utf-8") as file:
        size = int(file.read())
    t.check(size < IMAGE_MB_MAX * 1e6, f"under {IMAGE_MB_MAX} MB compressed", size)
    with open(os.path.join(second, "sbom.spdx.json"), encoding="utf-8") as file:
        sbom = json.load(file)
    names = {p["name"]: p for p in sbom["packages"]}
    t.check(sbom["spdxVersion"] == "SPDX-2.3" and {"drop", "libc6", "libcurl4", "libnng1", "ca-certificates"} <= set(names),
            "the SBOM lists the packages", sorted(names))
    t.check(names["libc6"]["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/debian/libc6@"),
            "by names that scanners know", names["libc6"])
    root = t.folder("layout")
    release.run("skopeo", "copy", "--quiet", f"oci-archive:{second}/drop.oci.tar", f"oci:{root}/oci:i")
    release.run("umoci", "unpack", "--image", f"{root}/oci:i", f"{root}/bundle")
    files = {os.path.relpath(os.path.join(folder, name), f"{root}/bundle/rootfs")
             for folder, _, inside in os.walk(f"{root}/bundle/rootfs") for name in inside}
    programs = {f.removeprefix("usr/bin/") for f in files if f.startswith("usr/bin/")}
    t.check(all(p.startswith("drop") for p in programs) and "dropctl" in programs,
            "no program but ours: no shell", programs)
    t.equal(sorted(f"./{f}" for f in files if f.startswith("usr/bin/")), sorted(f["fileName"] for f in sbom["files"]),
            "the SBOM lists them")
    with open(f"{root}/bundle/config.json", encoding="utf-8") as file:
        process = json.load(file)["process"]
    t.equal((process["args"], process["user"]["uid"]), (["/manager"], 65532), "starts /manager as 65532")


def main_job(t):
    """The samples on the real node, and what the pods are."""
    t.policy("fast", **{**FAST, "maxPullsPerNode": 10})
    t.image("dev-nginx", "docker.io/library/nginx:1.25-alpine", policyRef="fast")
    t.image("missing", "docker.io/library/nginx:no-such-tag", policyRef="fast")
    t.image_is("dev-nginx", ready, "becomes Ready on the real node", 60)
    t.image_is("missing", degraded, "is Degraded", 60)
    made = t.api.create("cachedimageset", objects.image_set(
        "pair", [f"{t.cluster.registry}/test/myapp:v1", f"{t.cluster.registry}/test/myapp:v2"], policyRef="fast"))
    def children():
        found = [i for i in t.api.list("cachedimage") if objects.owner(i) == made["metadata"]["uid"]]
        assert len(found) == 2 and all(map(ready, found)), [objects.brief(i) for i in found]
        return found
    found = t.eventually("a set has its children, and they are Ready", 60, children)
    if found:
        t.api.patch("cachedimage", found[0]["metadata"]["name"], {"spec": {"imagePullPolicy": "Never"}})
        t.eventually("an edited child is put back", 30, lambda: t.get(found[0]["metadata"]["name"])["spec"].get(
            "imagePullPolicy") != "Never")
    t.api.patch("cachedimageset", "pair", {"spec": {"images": [
        {"image": f"{t.cluster.registry}/test/app", "tag": "v3"}]}})
    t.eventually("a set that changed has other children", 30, lambda: [
        i["spec"]["image"] for i in t.api.list("cachedimage") if objects.owner(i) == made["metadata"]["uid"]]
        == [f"{t.cluster.registry}/test/app"])


def the_pods(t, r, pods):
    labels = t.api.get("namespace", NAMESPACE)["metadata"]["labels"]
    t.equal(labels.get("pod-security.kubernetes.io/enforce"), "restricted", "their namespace enforces restricted")
    for pod in pods:
        with open(f"/proc/{r.pid(pod)}/status", encoding="utf-8") as file:
            fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        t.equal((fields["Uid"].split()[0], fields["NoNewPrivs"], int(fields["CapEff"], 16), fields["Seccomp"]),
                ("65532", "1", 0, "2"), "user 65532, no new privileges, no capabilities, seccomp")
        t.equal([v.get("name") for v in pod["spec"].get("volumes") or [] if "emptyDir" in v], [], "no emptyDir")
    said = release.run(os.path.join(release.DEPLOY, "kubectl-drop"), "status", env={
        **r.env, "KUBECTL": t.cluster.env["KUBECTL"]}, timeout=60)
    t.check("dev-nginx" in said and "Ready" in said, "kubectl drop status asks the leader", said)


def discovers(t, r):
    """A registry of a DiscoveryPolicy is asked; a secret of the pod namespace is read, and not sent over http."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "discovery"}, "stringData": {"token": "t"}}
    t.api.must("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", secret)
    registry = {"url": f"http://{release.REGISTRY_NAME}:{r.registry_gate.port}", "repositories": ["test/myapp"]}
    source = {"type": "registry", "registry": registry}
    for name, sources in (("found", [source]), ("withheld", [{**source, "secretRef": {"name": "discovery"}}])):
        t.api.create("discoverypolicy", {
            "apiVersion": objects.GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name},
            "spec": {"sources": sources}})
    t.eventually("a DiscoveryPolicy finds images", 60, lambda: status(
        t.api.get("discoverypolicy", "found")).get("imageCount") == 5)
    t.eventually("credentials are withheld from http", 60, lambda: [c["reason"] for c in status(
        t.api.get("discoverypolicy", "withheld")).get("conditions") or [] if c["type"] == "Ready"] == [
            "CredentialsWithheld"])
    t.api.must("DELETE", f"/api/v1/namespaces/{NAMESPACE}/secrets/discovery")


def scraped(t, pods):
    """The metrics are for who may read them (TokenReview, SubjectAccessReview), on both pods."""
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    t.api.must("POST", accounts, {"metadata": {"name": "e2e-reader"}})
    t.api.must("POST", bindings, {
        "metadata": {"name": "e2e-reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "drop-metrics-reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "e2e-reader", "namespace": NAMESPACE}]})
    def token(name):
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return t.api.must("POST", f"{accounts}/{name}/token", request)["status"]["token"]
    reader, other = token("e2e-reader"), token("default")
    for pod in pods:
        codes = {}
        for who, bearer in (("nobody", None), ("another account", other), ("a reader", reader)):
            codes[who], text = release.scrape(pod, bearer)
        t.equal(codes, {"nobody": 401, "another account": 403, "a reader": 200}, "who may read the metrics")
        t.check("\ndrop_" in text, "and what is read", text[:200])
    t.api.must("DELETE", f"{bindings}/e2e-reader")
    t.api.must("DELETE", f"{accounts}/e2e-reader")


def leader_killed(t, r):
    """SIGKILL to the leader's container in the middle of pulls, and its pod deleted."""
    began = time.time()
    names = start(t, "killed", 16)
    mid_pull(t, names)
    old = r.leader()
    pod = next(p for p in r.pods() if p["metadata"]["name"] == old)
    moment = time.time()
    processes.kill(r.pid(pod))
    t.api.must("DELETE", f"{release.PODS}/{old}", {"gracePeriodSeconds": 0})
    new = took_over(t, r, old, moment)
    t.all_ready(names, 90, "all images Ready")
    once_each(t, began, names)
    t.check(not [w for w in writes(t, moment + 1) if w.pod == old], "the dead one wrote nothing more")
    t.eventually("two pods again", 60, lambda: r.ready(2))
    return new


def writes(t, since):
    """What the release's pods wrote."""
    return [w for w in t.audit.writes(since) if w.user.startswith(release.USER)]


def took_over(t, r, old, moment):
    """A check that another pod writes in time; returns its name."""
    def probe():
        others = [w for w in writes(t, moment) if w.pod not in ("", old)]
        assert others, r.leader()
        return others[0]
    first = t.eventually("another pod takes over", TAKEOVER_MAX, probe)
    if first is None:
        return None
    t.diag(f"took over after {first.at - moment:.1f} s; on a quiet machine at most {TAKEOVER} s")
    t.check(first.at - moment <= TAKEOVER_MAX, f"within {TAKEOVER_MAX} s", first.at - moment)
    return first.pod


def leader_cut_off(t, r):
    """The API server is out of reach for the leader alone: it stops by itself before the other starts."""
    began = time.time()
    names = start(t, "cut", 24)
    mid_pull(t, names)
    old = r.leader()
    pod = next(p for p in r.pods() if p["metadata"]["name"] == old)
    address, restarts = pod["status"]["podIP"], pod["status"]["containerStatuses"][0]["restartCount"]
    moment = time.time()
    r.gate.close_for(address)
    try:
        new = took_over(t, r, old, moment)
        t.all_ready(names, 90, "all images Ready")
    finally:
        r.gate.open_for(address)
    once_each(t, began, names)
    if new is None:
        return
    first = min(w.at for w in writes(t, moment) if w.pod == new)
    last = max(w.at for w in writes(t, began) if w.pod == old)
    t.check(last < first, "the old one's last write is before the new one's first", last - first)
    stopped = [release.moment(line) for line in r.log(old) if line["msg"] in (
        "no longer leading", "not leading, writes disabled") and release.moment(line) > moment]
    t.check(len(stopped) >= 2 and max(stopped[:2]) < first,
            "both its writing processes had stopped by themselves before that", (stopped, first))
    if stopped:
        t.diag(f"the cut-off leader stopped after {max(stopped[:2]) - moment:.1f} s, the other's first write came "
               f"after {first - moment:.1f} s")
    t.eventually("it is ready again, as a standby", 60, lambda: r.ready(2))
    now = next((p for p in r.pods() if p["metadata"]["name"] == old), None)
    t.check(now and now["status"]["containerStatuses"][0]["restartCount"] == restarts, "and was not restarted")


def rolled(t, r):
    """A rolling upgrade with pulls in flight: nothing is pulled twice, nothing waits long."""
    began = time.time()
    names = start(t, "rolled", 24)
    mid_pull(t, names)
    before = {p["metadata"]["name"] for p in r.pods()}
    r.install(podAnnotations={"e2e": "rolled"}, config={"log-level": "info"})
    t.eventually("the rollout ends", 120, r.rolled_out)
    t.check(not before & {p["metadata"]["name"] for p in r.pods()}, "both pods are new")
    names += start(t, "since", 4)
    t.all_ready(names, 90, "all images Ready")
    once_each(t, began, names)
    acts = sorted({(w.pod) for w in writes(t, began)})
    spans = {pod: (min(w.at for w in writes(t, began) if w.pod == pod),
                   max(w.at for w in writes(t, began) if w.pod == pod)) for pod in acts if pod}
    ordered = sorted(spans.values())
    t.check(len(ordered) > 1 and all(a[1] <= b[0] for a, b in zip(ordered, ordered[1:])),
            "one wrote after the other, never two at once", spans)
    gaps = [b[0] - a[1] for a, b in zip(ordered, ordered[1:])]
    t.diag(f"handed over after {', '.join(f'{gap:.1f}' for gap in gaps)} s without a write")


def loaded(t, r, since):
    """Two hundred images at once; meanwhile an event that has been told before is told again (rule 22)."""
    names = t.pretend_images("load", LOAD, "all", **{**FAST, "maxPullsPerNode": 50})
    t.all_ready(names, 120, f"{LOAD} more images Ready")
    until(30, lambda: r.leader() in [p["metadata"]["name"] for p in r.pods()])
    most = r.show_memory("under load")
    t.check(most < MEMORY_MB_MAX * 1e6, f"a container is charged with less than {MEMORY_MB_MAX} MB", most)
    t.eventually("a repeated event is counted, not written anew", 90, lambda: [
        w for w in writes(t, since) if w.resource == "events" and w.verb == "patch"], every=1)


def requests(t, since):
    """What the release asked for."""
    t.audit.refresh()
    return [q for q in t.audit.since(since) if q.user == f"{release.USER}{release.NAME}"]


def granted(t):
    """The roles of the release."""
    base = "/apis/rbac.authorization.k8s.io/v1"
    roles = [{"kind": "ClusterRole", **t.api.must("GET", f"{base}/clusterroles/drop")}]
    return roles + [{"kind": "Role", **t.api.must("GET", f"{base}/namespaces/{place}/roles/{name}")}
                    for place, name in ((NAMESPACE, "drop"), ("default", "drop-events"))]


def rights(t, since):
    """No request was refused, and every right that the chart grants was used."""
    ours = requests(t, since)
    refused = [(q.process, q.verb, q.resource, q.namespace) for q in ours if q.decision == "forbid" or q.code == 403]
    t.check(ours and not refused, "no request was forbidden", refused[:5])
    table = rbac.used_by(granted(t), ours)
    for right, by in table:
        t.diag(rbac.line(right, by))
    unused = rbac.unused(table)
    t.check(not unused, "every right is used by some process", unused)


def rolled_with_usage(t, r, mark):
    r.install(usage={"enabled": True}, podAnnotations={"e2e": mark})
    t.eventually(f"the rollout ends ({mark})", 180, r.rolled_out)


def counted(t, r, reference):
    """The starts of that image by dropctl usage of the leader, which may be about to leave."""
    try:
        told = json.loads(t.kubectl("-n", NAMESPACE, "exec", until(60, r.leader), "--", "dropctl", "usage", "-o", "json"))
    except RuntimeError as error:
        raise AssertionError(str(error)) from error
    return [one["starts"] for one in told["images"] if one["image"] == reference]


def without_and_with_usage(t, r, web):
    began = time.time()
    r.install()
    if not t.eventually("two pods are Ready", 120, lambda: r.ready(2)):
        return
    policy(t, "of-the-chart", {"type": "cluster"}, syncInterval="10s")
    t.eventually("a source of type cluster says that usage is off", 60, lambda: "UsageDisabled" in str(
        t.api.get("discoverypolicy", "of-the-chart")["status"]))
    without = granted(t)
    asked = [line for line in requests(t, began) if line.resource == "configmaps" or (
        line.resource == "events" and line.verb != "create" and line.verb != "patch")]
    t.check(requests(t, began) and not asked, "nobody asked for events or ConfigMaps", asked[:3])
    began = time.time()
    rolled_with_usage(t, r, "on")
    test_usage.workload(t, "of-the-chart", web)
    test_usage.listed(t, [web])
    t.eventually("its image is found", 120, lambda: web in str(t.api.get("discoverypolicy", "of-the-chart")["status"]))
    # The leader that goes saves: first it makes the ConfigMaps, the next time it updates them.
    for mark in ("once", "twice"):
        rolled_with_usage(t, r, mark)
        t.eventually("one start, as before", 90, lambda: counted(t, r, web) == [1])
    ours = requests(t, began)
    refused = [(q.process, q.verb, q.resource, q.namespace) for q in ours if q.decision == "forbid" or q.code == 403]
    t.check(ours and not refused, "no request was forbidden", refused[:5])
    table = [(right, by) for right, by in rbac.used_by(granted(t), ours) if right not in set(rbac.rights(without))]
    for right, by in table:
        t.diag(rbac.line(right, by))
    t.equal({(right.resource, right.verb) for right, _ in table}, {
        ("events", "list"), ("events", "watch"), *(("configmaps", verb) for verb in ("create", "get", "update", "delete"))},
        "these rights are added")
    t.check(not rbac.unused(table), "and each is used", rbac.unused(table))


def test_chart_with_usage(t):
    """52: with usage off nobody asks for events or ConfigMaps; with it on no request is forbidden, each right that it adds is
    used, and a rolling update of both pods neither loses nor repeats a start."""
    t.stop_tree()
    t.drop_lease()
    test_usage.namespace(t)
    # A repository of its own: test_usage says exactly what workloads started from its repository.
    t.cluster.push("chart/web:1", 200)
    web = f"{t.cluster.registry}/chart/web:1"
    test_usage.forget(t)
    with release.Release(t) as r:
        try:
            without_and_with_usage(t, r, web)
        finally:
            began = time.time()
            r.uninstall()
            r.until_gone()
            # The role goes first: what the leader saves when it ends is forbidden.
            t.lawless.append((release.USER + release.NAME, began, time.time()))


def everything(t):
    """{(group version, kind, namespace, name)} of all that the API has, but our kinds and what others make all the time."""
    noise = ("events", "endpointslices", "endpoints", "replicasets", "controllerrevisions")
    others = ("leases", "pods")  # elsewhere than where we work
    found = set()
    groups = ["/api/v1"] + [f"/apis/{g['preferredVersion']['groupVersion']}" for g in t.api.must("GET", "/apis")["groups"]
                            if g["name"] != objects.GROUP.partition("/")[0]]
    for group in groups:
        for one in t.api.must("GET", group)["resources"]:
            if "list" not in one["verbs"] or "/" in one["name"] or one["name"] in noise:
                continue
            for item in t.api.must("GET", f"{group}/{one['name']}")["items"]:
                if one["name"] in others and item["metadata"]["namespace"] != NAMESPACE:
                    continue
                found.add((group, one["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]))
    return found


def uninstalled(t, r, node, before):
    """With pulls in flight: what is left is CRDs and what people made with them."""
    t.remove_sets()
    node.behave = slow
    names = start(t, "left", 20)
    mid_pull(t, names)
    began = time.time()
    r.uninstall()
    r.until_gone()
    gone = t.eventually("an uninstall leaves nothing but the CRDs", 60, lambda: not everything(t) - before or None)
    if gone is None:
        t.diag(f"left: {sorted(everything(t) - before)[:10]}")
    t.lawless.append((release.USER + release.NAME, began, time.time()))
    t.diag(f"nothing is left {time.time() - began:.1f} s after the uninstall")
    t.equal(len(t.api.list("crd")), 4, "the CRDs are there")
    t.check(all(t.get(name) for name in names), "and so are the CachedImages")
    for image in t.api.list("cachedimage"):
        t.api.delete("cachedimage", image["metadata"]["name"])
    t.api.delete_all("pullpolicy")


def test_chart(t):
    """Installed, killed, cut off, upgraded, uninstalled."""
    t.stop_tree()
    t.drop_lease()
    with release.Release(t) as r, PretendNode(t.api, "pretend-1", slow) as node:
        t.check("0 chart(s) failed" in r.helm("lint", "--strict", release.CHART, "--values", r.values()), "helm lint is content")
        plain = t.kubectl("kustomize", os.path.join(release.DEPLOY, "kustomize"))
        t.kubectl("apply", "--dry-run=server", "-f", "-", stdin=plain)
        t.check(plain.count("\nkind: ") >= 18, "kustomize's manifests are what the API server takes")
        before, began = everything(t), time.time()
        r.install()
        pods = t.eventually("two pods are Ready", 120, lambda: r.ready(2))
        if not pods:
            return
        until(30, r.leader)
        time.sleep(3)  # what starting cost is given back
        r.show_memory("idle")
        main_job(t)
        the_pods(t, r, pods)
        discovers(t, r)
        scraped(t, pods)
        leader_killed(t, r)
        leader_cut_off(t, r)
        rolled(t, r)
        node.behave = pulled
        loaded(t, r, began)
        rights(t, began)
        uninstalled(t, r, node, before)


def test_switch(t):
    """Rules 6, 16, 22: the image of upstream's Deployment is changed to ours, with upstream's role and upstream's traces."""
    t.stop_tree()
    t.drop_lease()
    t.policy("fast", **{**FAST, "maxPullsPerNode": 10})
    registry, node = t.cluster.registry, t.cluster.node
    done = t.image("was-ready", f"{registry}/test/myapp:v1", policyRef="fast", imagePullPolicy="IfNotPresent")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    t.api.patch("cachedimage", "was-ready", {"status": upstream.status_of(
        done, node, t.cluster.digest("test/myapp", "v1"), at)}, "status")
    left = t.image("was-pulling", f"{registry}/test/myapp:v2", policyRef="fast")
    t.api.create("pod", upstream.pull_pod(left, node, f"{registry}/test/myapp:v2"))
    t.eventually("upstream's pod has pulled", 60, lambda: t.api.list("pod")[0]["status"].get("phase") == "Succeeded")
    with release.Release(t) as r:
        began = time.time()
        manifests = {"apiVersion": "v1", "kind": "List", "items": upstream.manifests(r.image, r.network())}
        try:
            t.kubectl("apply", "-f", "-", stdin=json.dumps(manifests))
            t.eventually("the pod is Ready", 120, lambda: r.ready(1))
            t.image_is("was-pulling", ready, "is Ready by the pod that was there", 60)
            t.wait_no_pods()
            fresh = t.image("fresh", f"{registry}/test/myapp:v3", policyRef="fast")
            t.image_is("fresh", ready, "becomes Ready: the main job works", 60)
            t.check(never(3, lambda: not ready(t.get("was-ready"))) is None, "what was Ready stays Ready")
            uids = {p.uid for _, p in t.audit.creates(began)}
            t.equal(uids, {fresh["metadata"]["uid"]}, "nothing was pulled a second time")
            t.eventually("rule 22: its events are core/v1 ones", 30, lambda: [
                e for e in t.api.must("GET", "/api/v1/namespaces/default/events")["items"]
                if e["involvedObject"].get("uid") == fresh["metadata"]["uid"] and e["reason"] == "PullSucceeded"])
            refused = {(q.group, q.resource) for q in t.audit.since(began) if q.pod and q.decision == "forbid"}
            t.equal(refused - {("events.k8s.io", "events"), ("authentication.k8s.io", "tokenreviews"),
                               ("authorization.k8s.io", "subjectaccessreviews"), ("drop.corewire.io", "pullpolicies")}, set(),
                    "nothing else of upstream's role was missed")
            pod = r.pods()[0]
            said = t.kubectl("-n", NAMESPACE, "logs", pod["metadata"]["name"])
            t.check("without effect here, ignoring option=zap-log-level" in said, "upstream's other flags are only warned of")
        finally:
            ended = time.time()
            t.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=json.dumps(manifests))
            r.until_gone()
            t.lawless.append((release.USER + upstream.NAME, ended, time.time()))
