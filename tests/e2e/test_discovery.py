"""Discovery for real (behaviour 26 to 31): a Prometheus with recorded series, docker-registry with pages,
a password, tokens and client certificates, names from a name server of our own, and sets whose children the
real kubelet pulls."""
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse

import objects
import pki
import processes
from found import Front, Prometheus, TokenServer, ask
from kubeapi import NAMESPACE
from names import NameServer, loopback
from objects import condition, status
from registry import USER, PrivateRegistry, Registry, basic
from test_private import files_with
from test_sets import children, set_is
from wait import never

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "samples",
                       "samples.yaml")
REGISTRY, PROMETHEUS = (f"{name}.e2e-infra.svc.cluster.local" for name in ("registry", "prometheus"))
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
TAGS = 3000
PAGE = 100
FAST = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 10}
BUILD = {"container": "build", "namespace": "build-stuff"}
NAME = "container_memory_working_set_bytes"


def policy(t, name, *sources, **spec):
    return t.api.create("discoverypolicy", {
        "apiVersion": objects.GROUP, "kind": "DiscoveryPolicy", "metadata": {"name": name},
        "spec": {"sources": list(sources), "syncInterval": "30m", **spec}})


def registry(url, repository="test/myapp", secret=None, **more):
    return with_secret({"type": "registry", "registry": {
        "url": url, "repositories": [repository], **more}}, secret)


def prometheus(endpoint, query, secret=None, **more):
    return with_secret({"type": "prometheus", "prometheus": {
        "endpoint": endpoint, "query": query, **more}}, secret)


def with_secret(source, secret):
    return {**source, "secretRef": {"name": secret}} if secret else source


def put_secret(t, name, data):
    """Creates it, or gives it this content."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}
    if t.api.ask("POST", SECRETS, body)[0] == 409:
        t.api.must("PUT", f"{SECRETS}/{name}", body)


def images(obj):
    return [one["image"] for one in status(obj).get("discoveredImages") or []]


def policy_is(t, name, reason, what, seconds=30, found=None):
    """A check that it comes to that reason, and to these images; returns it, or None."""
    def probe():
        obj = t.api.get("discoverypolicy", name)
        assert condition(obj)["reason"] == reason, condition(obj)
        assert found is None or images(obj) == found, images(obj)
        return obj
    return t.eventually(f"{name} {what}", seconds, probe)


def as_listed(url, repository):
    """The tags in the order in which the registry returns them."""
    return json.loads(ask(url, f"/v2/{repository}/tags/list")[1])["tags"]


def last_first(host, repository, tags):
    return [f"{host}/{repository}:{tag}" for tag in reversed(tags)]


def recorded(host):
    """What build pods ran: three of v1, two of v2, one of v3; and what no query may count."""
    rows = [(NAME, {**BUILD, "pod": f"runner-{i}", "image": f"{host}/test/myapp:v{v}"}, 1e6)
            for v, pods in ((1, 3), (2, 2), (3, 1)) for i in range(pods)]
    rows += [(NAME, {**BUILD, **odd, "image": f"{host}/test/myapp:v5"}, 1e6) for odd in (
        {"pod": "runner-9", "container": "POD"}, {"pod": "runner-9", "container": ""},
        {"pod": "web-1"}, {"pod": "runner-9", "namespace": "other"})]
    return rows + [(NAME, {**BUILD, "pod": "runner-8"}, 1e6)]  # without an image


def test_samples(t):
    """Every discovery sample comes to what it is to show: rules 26, 27, 28, 30; their set is Ready."""
    registry_at, prometheus_at = loopback(), loopback()
    names = NameServer(t.folder("names"), {REGISTRY: registry_at, PROMETHEUS: prometheus_at})
    host = f"{REGISTRY}:5000"
    with Registry(t, registry_at, 5000, host) as source, \
            Prometheus(t, recorded(host), prometheus_at, 9090):
        t.supervisor(level="debug", wrap=names.wrap, name="samples").wait_up()
        t.kubectl("apply", "-f", SAMPLES)
        last = last_first(host, "test/myapp", as_listed(source.url, "test/myapp")[-3:])
        obj = policy_is(t, "dev-registry", "Synced", "finds the last three tags", found=last)
        t.equal(condition(obj)["message"], "Discovered 3 images", "dev-registry says how many")
        t.equal([condition(obj, kind)["status"] for kind in ("Ready", "SourceHealthy")], ["True", "True"],
                "dev-registry is Ready and its source healthy")
        s = status(obj)
        t.equal((s["imageCount"], s["sourceCount"], {one["source"] for one in s["discoveredImages"]}),
                (3, 1, {"registry"}), "rule 26: counts, and which kind of source it was")
        policy_is(t, "dev-prometheus", "Synced", "ranks by use",
                  found=[f"{host}/test/myapp:v{v}" for v in (1, 2, 3)])
        for name, reason in (("test-broken-prom", "DNSError"), ("test-broken-registry", "DNSError"),
                             ("test-notfound-repo", "NotFound")):
            obj = policy_is(t, name, reason, f"is {reason}")
            t.equal((condition(obj)["status"], condition(obj, "SourceHealthy")["reason"], images(obj)),
                    ("False", "SourceError", []), f"{name} has nothing to show")
        made = set_is(t, "dev-set-discovered", "Ready", "is Ready on the real kubelet", 90, "Ready",
                      "All 3 images are cached")
        t.equal(sorted(f"{one['spec']['image']}:{one['spec']['tag']}" for one in children(t, made).values()),
                sorted(last), "its children are what was found")
        t.check({"nonexistent-prometheus", "nonexistent-registry"} <= set(names.asked),
                "the names were asked of our name server", names.asked[-5:])
    t.stop_strays()
    names.close()


def many_tags(t):
    """A repository with TAGS tags of one image, made in the registry's own folders: pushing them would
    take minutes."""
    t.cluster.push("many/app:v0000", 10)
    folder = os.path.join(t.cluster.dir, "registry", "docker", "registry", "v2", "repositories", "many",
                          "app", "_manifests", "tags")
    for i in range(1, TAGS):
        if os.path.isdir(os.path.join(folder, f"v{i:04}")):
            continue  # of an earlier time
        os.makedirs(os.path.join(folder, f"v{i:04}", "current"))
        os.link(os.path.join(folder, "v0000", "current", "link"),
                os.path.join(folder, f"v{i:04}", "current", "link"))


def test_many_tags(t):
    """Rule 28: all pages of 3,000 tags are read; rules 26 and 31: filters, topX and maxImages."""
    many_tags(t)
    t.running()
    host = t.cluster.registry
    listed = as_listed(f"http://{host}", "many/app")
    t.equal(len(listed), TAGS, "the registry has them")
    with Front(f"http://{host}", pages=PAGE) as front:
        policy(t, "pages", registry(front.url, "many/app", topX=5,
                                    tagFilter="^v[12][0-9]{2}[05]$",
                                    imageTemplate=host + "/{{ .Repository }}:{{- .Tag }}"))
        want = [tag for tag in listed if tag[1] in "12" and tag[-1] in "05"][-5:]
        policy_is(t, "pages", "Synced", "takes the last five that its filter lets through", 60,
                  last_first(host, "many/app", want))
        # One that was not answered in time is asked for again.
        t.equal(len({path for path, _ in front.asked if "/tags/list" in path}), TAGS // PAGE, "each page was asked for")
        policy(t, "capped", registry(front.url, "many/app"), imageFilter=":v0", maxImages=7)
        want = [tag for tag in listed if tag.startswith("v0")][-7:]
        policy_is(t, "capped", "Synced", "keeps maxImages, the best ranked", 60,
                  last_first(front.host, "many/app", want))
    policy(t, "plain", registry(f"http://{host}", "many/app", topX=1))
    policy_is(t, "plain", "Synced", "reads a registry that knows no pages", 60,
              last_first(host, "many/app", listed[-1:]))


def test_prometheus(t):
    """Rule 27: instant and range queries, a base path, headers from the secret."""
    t.running()
    host = "registry.example"
    query = f"count({NAME}{{container!=\"\",container!=\"POD\",namespace=\"build-stuff\"}}) by (image)"
    with Prometheus(t, recorded(host)) as source, \
            Front(source.url, "/mimir/prometheus", ("X-Scope-OrgID", "builds")) as front:
        put_secret(t, "tenant", {"headers.X-Scope-OrgID": "builds"})
        at = f"{front.url}/mimir/prometheus/"
        policy(t, "instant", prometheus(at, query, "tenant"))
        policy(t, "range", prometheus(at, query, "tenant", lookback="1h", step="10m"))
        policy(t, "hundredfold", prometheus(source.url, f"100 * {query}"))
        policy(t, "wrong-query", prometheus(source.url, "sum("))
        policy(t, "no-tenant", prometheus(at, query))
        policy(t, "nan", prometheus(source.url, f"({query}) / 0 - {query} / 0"))
        best = [f"{host}/test/myapp:v{v}" for v in (1, 2, 3)]
        for name, factor in (("instant", 1), ("hundredfold", 100)):
            obj = policy_is(t, name, "Synced", "finds them")
            scores = {one["image"]: one["score"] for one in status(obj).get("discoveredImages") or []}
            t.equal([scores.get(one) for one in best], [3 * factor, 2 * factor, factor],
                    f"{name}: the score is the value")
        obj = policy_is(t, "range", "Synced", "finds them")
        scores = {one["image"]: one["score"] for one in status(obj)["discoveredImages"]}
        points = scores[best[2]]
        t.check(points in (6, 7) and [scores[one] for one in best] == [3 * points, 2 * points, points],
                "range: the score is the sum over an hour of steps", scores)
        t.check(all(path.startswith("/mimir/prometheus/api/v1/query") for path, _ in front.asked),
                "the base path is kept", front.asked[:1])
        policy_is(t, "no-tenant", "Unauthorized", "is told from others")
        obj = t.eventually("a query that does not parse is an error", 30, lambda: (
            o := t.api.get("discoverypolicy", "wrong-query")) and condition(o)["status"] == "False" and o)
        t.check(condition(obj)["reason"] in ("InvalidSpec", "InvalidResponse", "SyncFailed"),
                "wrong-query says why", condition(obj))
        obj = policy_is(t, "nan", "Synced", "has values that are no numbers, and survives")
    forget_secrets(t, "tenant")


def forget_secrets(t, *names):
    for name in names:
        t.api.ask("DELETE", f"{SECRETS}/{name}")


def test_credentials(t):
    """Rule 29: a password, tokens, a private authority and client certificates; a changed secret counts at
    the next sync; the credentials show up nowhere, and no secret is ever listed."""
    tree = t.supervisor(level="debug", name="credentials").wait_up()
    began = time.time()
    folder = t.folder("pki")
    authority = pki.Authority(folder)
    cert, key = authority.issue("server", "IP:127.0.0.1")
    client = authority.issue("client")
    found = as_listed(f"http://{t.cluster.registry}", "test/myapp")
    with PrivateRegistry(t) as private, TokenServer(t.folder("tokens"), (USER, private.password)) as tokens, \
            Registry(t, more=tokens.config()) as by_token, \
            Registry(t, http={"tls": {"certificate": cert, "key": key,
                                      "clientcas": [authority.cert]}}) as by_cert:
        put_secret(t, "login", {"username": USER, "password": private.password, "token": "not-this-one"})
        put_secret(t, "later", {"username": USER, "password": "wrong"})
        put_secret(t, "cert", {"ca.crt": pki.text(authority.cert), "tls.crt": pki.text(client[0]),
                               "tls.key": pki.text(client[1])})
        put_secret(t, "ca", {"ca.crt": pki.text(authority.cert)})
        for name, at, secret, reason in (
                ("password", private, "login", "Synced"), ("anonymous", private, None, "Unauthorized"),
                ("late", private, "later", "Unauthorized"), ("tokens", by_token, "login", "Synced"),
                ("no-tokens", by_token, None, "Unauthorized"), ("client", by_cert, "cert", "Synced"),
                ("no-client", by_cert, "ca", "TLSError"), ("stranger", by_cert, None, "TLSError"),
                ("nameless", private, "not-there", None)):
            policy(t, name, registry(at.url, secret=secret), syncInterval="10s")
            want = last_first(at.host, "test/myapp", found) if reason == "Synced" else []
            if reason:
                policy_is(t, name, reason, f"is {reason}", found=want)
        obj = t.eventually("a missing secret is named", 30, lambda: (
            o := t.api.get("discoverypolicy", "nameless")) and "not-there" in condition(o)["message"] and o)
        t.equal(condition(obj)["status"], "False", "and nothing is shown")
        put_secret(t, "later", {"username": USER, "password": private.password})
        policy_is(t, "late", "Synced", "notices its changed secret", 60)
        t.check(tokens.given, "tokens were given")
        t.equal({urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["scope"][0]
                 for path, _ in tokens.asked}, {"repository:test/myapp:pull"},
                "for that repository, to be read")
        words = [private.password, basic(private.password), tokens.given[0].rpartition(".")[2],
                 pki.text(client[1]).splitlines()[1]]
        never_told(t, tree, began, words, folder)
    t.stop_strays()
    forget_secrets(t, "login", "later", "cert", "ca")


def never_told(t, tree, began, words, folder):
    found = [one for one in files_with(t.scratch, words) if not one.startswith((folder, t.cluster.dir))]
    t.equal(found, [], "the credentials are in no log of ours")
    t.check("Unauthorized" in tree.log(), "the log tells of the failures")
    seen = "".join(t.kubectl("get", kind, "-A", "-o", "yaml") for kind in
                   ("discoverypolicies", "events", "events.events.k8s.io"))
    t.check("not-there" in seen and not any(word in seen for word in words),
            "they are in no status and no event")
    sent = [r for r in t.audit.since(began) if any(word in str(r.body) + r.uri for word in words)]
    t.equal(sent, [], "they are in nothing that we sent")
    asked = t.audit.since(began, resource="secrets")
    t.check(asked and {(r.process, r.verb) for r in asked} == {("discoverer", "get")}
            and {r.name for r in asked} <= {"login", "later", "cert", "ca", "not-there"},
            "secrets are read by name, by the discoverer alone", {(r.process, r.verb, r.name) for r in asked})


def remove_tag(t, repository, tag):
    """As `docker-registry garbage-collect` would leave it: the tag is no more."""
    shutil.rmtree(os.path.join(t.cluster.dir, "registry", "docker", "registry", "v2", "repositories",
                               repository, "_manifests", "tags", tag), ignore_errors=True)


def child_images(t, made):
    return sorted(f"{one['spec']['image']}:{one['spec']['tag']}" for one in children(t, made).values())


def test_set_follows(t):
    """Rules 23, 24, 26, 30: what is pushed comes onto the node, what is removed leaves the set after
    removeAfter syncs; while the source is away everything stays."""
    t.running()
    host, fast = t.cluster.registry, "fast"
    t.policy(fast, **FAST)
    remove_tag(t, "disc/app", "c")  # of an earlier time
    t.cluster.push(*(f"disc/app:{tag}" for tag in ("a", "b")))
    refs = {tag: f"{host}/disc/app:{tag}" for tag in "abc"}
    with Front(f"http://{host}") as front:
        policy(t, "follow", registry(front.url, "disc/app", imageTemplate=host + "/{{.Repository}}:{{.Tag}}"),
               syncInterval="1s", removeAfter=3)
        spec = objects.image_set("follows", [], policyRef=fast, discoveryPolicyRef={"name": "follow"})
        made = t.api.create("cachedimageset", spec)
        set_is(t, "follows", "Ready", "is Ready with what is there", 60, "Ready", "All 2 images are cached")
        t.equal(child_images(t, made), [refs["a"], refs["b"]], "a child for each tag")
        t.cluster.push("disc/app:c")
        set_is(t, "follows", "Ready", "gets what is pushed", 60, "Ready", "All 3 images are cached")
        t.equal(child_images(t, made), sorted(refs.values()), "a child for the new tag")
        before = len(front.asked)
        remove_tag(t, "disc/app", "a")
        t.eventually("what was removed leaves the set", 60,
                     lambda: child_images(t, made) == [refs["b"], refs["c"]])
        syncs = len(front.asked) - before
        t.check(syncs >= 3, "not before the third sync without it", syncs)
        front.stop()
        policy_is(t, "follow", "PartiallyFailed", "keeps its list while the source is away", 60)
        t.equal(never(3, lambda: child_images(t, made) != [refs["b"], refs["c"]]), None, "children stay")
        t.equal(status(t.api.get("cachedimageset", "follows"))["phase"], "Ready", "and the set is Ready")


def test_shrink(t):
    """Rule 26 with maxShrinkPercent: a registry that suddenly shows next to nothing does not empty the list at
    once."""
    t.running()
    host = t.cluster.registry
    tags = [f"t{i}" for i in range(10)]
    t.cluster.push(*(f"disc/shrinks:{tag}" for tag in tags))
    policy(t, "shrinks", registry(f"http://{host}", "disc/shrinks"), syncInterval="1s", maxShrinkPercent=20)
    policy_is(t, "shrinks", "Synced", "finds all ten", found=None)
    t.eventually("all ten are there", 20, lambda: len(images(t.api.get("discoverypolicy", "shrinks"))) == 10)
    began = time.time()
    for tag in tags[1:]:
        remove_tag(t, "disc/shrinks", tag)

    def counts():
        """As each write of its status tells it: who only looks may miss one."""
        told = [(r.body.get("status") or {}).get("imageCount", 10) for r in t.audit.since(
            began, process="discoverer", resource="discoverypolicies", sub="status", code=200) if r.name == "shrinks"]
        return [one for one in told if one < 10]
    seen = t.eventually("the list shrinks", 30, counts)
    t.check(seen and seen[0] >= 8, "by a fifth at a time", seen)


def test_frozen(t):
    """Rule 30: a discoverer that hangs or dies takes nothing from anybody; the next one goes on."""
    tree = t.supervisor(name="frozen-discoverer").wait_up()
    host = t.cluster.registry
    policy(t, "stays", registry(f"http://{host}"), syncInterval="1s")
    obj = policy_is(t, "stays", "Synced", "is Synced")
    processes.kill(tree.pids()["discoverer"], signal.SIGSTOP)
    t.policy("fast", **FAST)
    t.image("beside", f"{host}/test/myapp:v1", policyRef="fast")
    t.image_is("beside", objects.ready, "becomes Ready while the discoverer hangs")
    processes.kill(tree.pids()["discoverer"])
    t.eventually("the next one syncs again", 40, lambda: status(
        t.api.get("discoverypolicy", "stays"))["lastSyncTime"] > status(obj)["lastSyncTime"])
    t.equal(images(t.api.get("discoverypolicy", "stays")), images(obj), "and the list is the same")
    tree.stop()
    t.drop_lease()


def test_try(t):
    """`dropctl discover -f` says what a policy would find and why not, with the Secret it names; nothing
    is written."""
    tree = t.running()
    with PrivateRegistry(t) as private:
        put_secret(t, "trial", {"username": USER, "password": private.password})
        spec = {"sources": [registry(private.url, secret="trial", tagFilter="^v[1-4]$")], "maxImages": 2}
        path = os.path.join(t.folder("try"), "policy.json")
        with open(path, "w", encoding="utf-8") as out:  # JSON is YAML
            json.dump({"apiVersion": objects.GROUP, "kind": "DiscoveryPolicy",
                       "metadata": {"name": "trial"}, "spec": spec}, out)
        began = time.time()
        done = subprocess.run(
            [os.path.join(t.bin, "dropctl"), "discover", "-f", path, "-o", "json", "--socket-dir", tree.sockets],
            capture_output=True, text=True, timeout=60, env={processes.MARK: t.scratch})
        t.equal((done.returncode, done.stderr), (0, ""), "dropctl discover succeeds")
        rows = json.loads(done.stdout)["policies"][0]["images"]
        want = [tag for tag in as_listed(f"http://{t.cluster.registry}", "test/myapp") if tag in
                ("v1", "v2", "v3", "v4")]
        t.equal([one["image"] for one in rows if one["kept"]],
                last_first(private.host, "test/myapp", want[-2:]), "it shows what would be found")
        t.equal({one["image"].rpartition(":")[2]: one["dropped"] for one in rows if not one["kept"]},
                {**dict.fromkeys(want[:-2], "max_images"), "v5": "tag_filter"}, "and why not the others")
        t.check(private.password not in done.stdout and basic(private.password) not in done.stdout,
                "without the password")
        t.equal([(r.verb, r.resource) for r in t.audit.since(began, process="discoverer")
                 if r.verb != "get" or r.resource != "secrets"], [], "all it asked for was the Secret")
    forget_secrets(t, "trial")
