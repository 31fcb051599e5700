#!/usr/bin/env python3
"""dropctl against the real operator on drop-sim: each command as people type it. TAP.

commands.py SCENE DROPCTL DROP-SIM SUPERVISOR CHILD...; a row is what is typed, on which exit code and on
which texts in the output it must end. It is repeated until it holds or the deadline passes, because
the operator is at work meanwhile.
"""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import processes
from registry import free_port
from wait import Late, until

PATIENCE_SECONDS = 60

NEW = """
kind: CachedImage
metadata: {name: new}
spec: {image: docker.io/library/good, tag: "1", imagePullPolicy: IfNotPresent, nodeSelector: {kubernetes.io/hostname: free-000}}
"""
SEVERAL = """
kind: CachedImageSet
metadata: {name: several}
spec:
  policyRef: {name: shared}
  images: [{image: docker.io/library/one}, {image: docker.io/library/two}, {image: registry.example/three}]
"""
SIZED = """
kind: CachedImage
metadata: {name: sized}
spec: {image: registry.example/sized, tag: "1", policyRef: {name: quick}, tolerations: [{operator: Exists}]}
"""
CHANGED = """
kind: CachedImageSet
metadata: {name: kept}
spec: {images: [{image: docker.io/library/good, tag: "1"}, {image: one}], policyRef: {name: quick}}
"""
POLICY = """
kind: DiscoveryPolicy
metadata: {name: found}
spec:
  sources:
  - type: registry
    registry: {url: 'http://127.0.0.1:1', repositories: [team/app], topX: 3}
"""
BROKEN = "kind: CachedImage\nmetadata: {name: new}\nspec: {image: a, tagg: b}\n"

# name, words, standard input, exit code, texts that must be in the output
ROWS = [
    ("status", ["status"], None, 0, ["IMAGE", "LEFTOUT", "good", "1/2", "bad", "Degraded", "quick"]),
    ("status --check: not everything is Ready", ["status", "--check"], None, 2, ["bad"]),
    ("why an image is there", ["why", "good", "free-000"], None, 0, ["done"]),
    ("why not, on each node", ["why", "good"], None, 0,
     ["away-000", "NotReady", "tainted-000", "taint dedicated=ci:NoSchedule is not tolerated"]),
    ("why it backs off", ["why", "bad", "free-000"], None, 0, ["backoff", "image not found"]),
    ("options before the command", ["--log-level", "error", "--output=json", "why", "good", "free-000"], None, 0,
     ['"state":"done"']),
    ("options between words", ["why", "-o", "json", "good", "--log-level", "error", "free-000"], None, 0,
     ['"state":"done"']),
    ("a flag takes no word along", ["--check", "status"], None, 2, ["bad"]),
    ("an unknown option before the command", ["--nonsense", "status"], None, 100, ['unknown option "--nonsense"']),
    ("options without a command", ["--log-level", "error"], None, 100, ["usage: dropctl COMMAND"]),
    ("help of a command, asked for first", ["--help", "why"], None, 0, ["usage: dropctl why", "--socket-dir"]),
    ("why, no such node", ["why", "good", "nowhere"], None, 0, ["the node does not exist"]),
    ("why, no such image", ["why", "nothing"], None, 1, ['no CachedImage "nothing"']),
    ("why, a name that paints", ["why", "a\x1b]0;owned\x07\x9b31m\u202eb"], None, 1,
     [r'no CachedImage "a\x1b]0;owned\x07\x9b31m\u202eb"']),
    ("plan, a name that paints", ["plan", "-f", "-"], NEW.replace("name: new", r'name: "n\e[31m\u202e\nfake"'), None,
     [r"n\x1b[31m\u202e fake"]),
    ("why without an image", ["why"], None, 100, ["usage: dropctl why IMAGE [NODE]"]),
    ("why a node is not held", ["why", "node", "free-000"], None, 0, ["NotHeld: it has no startup taint", "good", "done"]),
    ("why node, no such node", ["why", "node", "nowhere"], None, 1, ['there is no node "nowhere"']),
    ("gate", ["gate"], None, 0, ["No node is held."]),
    ("gate open, not held", ["gate", "open", "free-000"], None, 0, ["The node is not held."]),
    ("gate open, no such node", ["gate", "open", "nowhere"], None, 1, ['there is no node "nowhere"']),
    ("gate open, all", ["gate", "open", "--all"], None, 0, ["No node is held."]),
    ("gate open without a node", ["gate", "open"], None, 100, ["dropctl gate open NODE or dropctl gate open --all"]),
    ("queue", ["queue"], None, 0, [""]),
    ("report without usage", ["report"], None, 1, ["set --usage"]),
    ("usage without usage", ["usage"], None, 1, ["set --usage"]),
    ("plan from standard input", ["plan", "-f", "-"], NEW, 0,
     ["new (docker.io/library/good:1)", "1 already there", "2 not targeted", "kubernetes.io/hostname=free-000",
      "Total: 0 pulls, 0 pods."]),
    ("plan of images that share pods", ["plan", "-f", "-"], SEVERAL, 0,
     ["several[2] (registry.example/three:latest): 1 to pull", "Total: 3 pulls, 2 pods or more (images share a pod",
      "paced by policy ", "over all images of the policy"]),
    ("plan, one row of each", ["plan", "-f", "-", "--limit", "1"], SEVERAL, 0,
     ["and 2 more nodes (--limit)", "Total: 3 pulls, 2 pods or more"]),
    ("plan of images that share pods, as JSON", ["plan", "-f", "-", "-o", "json"], SEVERAL, 0,
     ['"pulls":3,"podsAtLeast":2,"notes":["the size of 3 images is not known: the registry does not have it"]']),
    ("plan: the registry tells the bytes", ["plan", "-f", "-"], SIZED, 0,
     ["sized (registry.example/sized:1): 2 to pull (62 MB), 0 already there, 1 not eligible now, 0 not targeted"]),
    ("plan of a set that exists: what the change would pull", ["plan", "-f", "-"], CHANGED, 0,
     ["kept[0] (docker.io/library/good:1): 0 to pull, 1 already there", "kept[1] (one:latest): 1 to pull", "Total: 1 pull, 1 pod"]),
    ("plan of a broken file", ["plan", "-f", "-"], BROKEN, 1, ["line 3: spec.tagg", "did you mean tag?"]),
    ("plan without a file", ["plan"], None, 100, ["dropctl plan -f FILE"]),
    ("discover: nobody listens", ["discover", "-f", "-"], POLICY, 2,
     ["found: ConnectionRefused", "registry http://127.0.0.1:1: ConnectionRefused"]),
    ("discover: not valid", ["discover", "-f", "-"], POLICY + "  imageFilter: '((('\n", 1,
     ["found: InvalidSpec: imageFilter: missing closing parenthesis"]),
    ("discover: a template of another language", ["discover", "-f", "-"],
     POLICY.replace("topX: 3", "imageTemplate: '{{.Registry}}/{{.Digest}}'"), 1,
     ["sources[0]: registry.imageTemplate: {{.Digest}} is unknown"]),
    ("discover of a broken file", ["discover", "-f", "-"], POLICY.replace("topX", "topY"), 1,
     ["topY", "did you mean topX?"]),
    ("discover without a file", ["discover"], None, 100, ["dropctl discover -f FILE"]),
    ("facts: an address of this machine", ["facts", "localhost:1/app:1"], None, 1,
     ["not known: its address is local to a machine and gets no requests"]),
    ("facts: no reference", ["facts", "App:1"], None, 1, ["not known: it is not an image reference"]),
    ("facts of nothing", ["facts"], None, 100, ["IMAGE"]),
    ("stats", ["stats", "puller"], None, 0, ['"drop_pod_creates_total{result=\\"created\\"}":']),
    ("stats of nobody", ["stats", "nobody"], None, 100, ["there are watcher, reconciler, puller"]),
    ("no such command", ["frobnicate"], None, 100, ["dropctl --help lists them"]),
]
# words, and what the JSON must satisfy
JSON_ROWS = [
    (["status", "-o", "json"], lambda v: v["leading"] and {i["image"] for i in v["images"]} == {"good", "kept-good-1", "bad"}),
    (["why", "good", "-o", "json"],
     lambda v: {n["node"]: n["state"] for n in v["nodes"]}
     == {"free-000": "done", "tainted-000": "skipped", "away-000": "notready"}),
    (["why", "node", "free-000", "-o", "json"],
     lambda v: v["node"]["state"] == "NotHeld" and {i["image"]: i["state"] for i in v["images"]}["good"] == "done"),
    (["gate", "-o", "json"], lambda v: v == {"held": 0, "nodes": []}),
    (["gate", "open", "--all", "-o", "json"], lambda v: v == {"opened": 0}),
    (["queue", "--output=json"], lambda v: isinstance(v["queue"], list)),
    (["discover", "-f", "-", "-o", "json"],
     lambda v: v["policies"][0]["tried"] and v["policies"][0]["sources"][0]["reason"] == "ConnectionRefused"),
    (["facts", "localhost:1/app:1", "-o", "json"], lambda v: not v["known"] and v["platforms"] == []),
    (["plan", "-f", "-", "-o", "json"], lambda v: v["images"][0]["pulls"] == 0 and v["images"][0]["done"] == 1
     and v["pulls"] == v["pods"] == 0),
]


class Operator:
    """drop-sim with the scene and the operator; both end with it."""

    def __init__(self, scene, dropctl, binaries, work):
        self.scene, self.dropctl, self.binaries, self.work = scene, dropctl, binaries, work
        self.sockets = work / "sockets"
        self.processes = []
        self.probes = free_port()

    def __enter__(self):
        kubeconfig = self.work / "kubeconfig"
        self.sockets.mkdir(mode=0o700)
        registries = self.work / "registries"
        self.start("drop-sim", "--scenario", self.scene, "--kubeconfig-out", kubeconfig, "--registries-out", registries,
                   "--screen", "none")
        until(PATIENCE_SECONDS, kubeconfig.exists, 0.02)
        self.server = re.search(r"server: *['\"]?http://([^'\"\s]+)", kubeconfig.read_text(encoding="utf-8"))[1]
        self.start("drop-supervisor", "--bin-dir", self.binaries, "--kubeconfig", kubeconfig,
                   "--registries", registries.read_text(encoding="utf-8").strip(),
                   "--socket-dir", self.sockets, f"--health-probe-bind-address=127.0.0.1:{self.probes}")
        return self

    def refuse(self, resource):
        """Writes of the resource are refused from now on; None: no more of it."""
        step = {"do": "api-heal"} if resource is None else {"do": "api-fault", "api": {
            "kind": "status", "code": 422, "verbs": ["create", "update"], "resources": [resource]}}
        connection = http.client.HTTPConnection(self.server, timeout=60)
        connection.request("POST", "/sim/do", json.dumps(step), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        connection.close()

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.server, timeout=60)
        connection.request(method, f"/apis/drop.corewire.io/v1alpha1/{path}", body and json.dumps(body),
                           {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply.status

    def ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.probes, timeout=60)
        try:
            connection.request("GET", "/readyz")
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def start(self, program, *words):
        with open(self.work / f"{program}.log", "wb") as log:
            self.processes.append(subprocess.Popen([self.binaries / program, *words], stdout=log, stderr=log))

    def __exit__(self, *_):
        for process in reversed(self.processes):
            processes.end(process)

    def ask(self, words, stdin=None, sockets=None):
        return subprocess.run([self.dropctl, *words, "--socket-dir", sockets or self.sockets],
                              input=stdin or "", capture_output=True, text=True, timeout=60, check=False)


def text_row(operator, words, stdin, code, texts):
    done = operator.ask(words, stdin)
    output = done.stdout + done.stderr
    raw = [c for c in output if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")]
    return (code in (done.returncode, None) and not raw and all(text in output for text in texts),
            f"{done.returncode}: {output!r}")


def json_row(operator, words, holds):
    done = operator.ask(words, POLICY if "discover" in words else NEW)
    try:
        return holds(json.loads(done.stdout)), done.stdout + done.stderr
    except (ValueError, KeyError, IndexError) as why:
        return False, f"{why!r}: {done.stdout}{done.stderr}"


def cases(operator):
    for name, *row in ROWS:
        yield name, lambda row=row: text_row(operator, *row)
    for words, holds in JSON_ROWS:
        yield f"{' '.join(words)}", lambda words=words, holds=holds: json_row(operator, words, holds)

    def nobody():
        empty = operator.work / "empty"
        empty.mkdir(mode=0o700, exist_ok=True)
        done = operator.ask(["status"], sockets=empty)
        return done.returncode == 111 and "Is the operator running on this machine?" in done.stderr, done.stderr
    yield "nobody is there", nobody
    yield from no_node_cases(operator)
    yield from left_out_cases(operator)
    yield from lease_cases(operator)


def no_node_cases(operator):
    def made():
        return operator.send("POST", "cachedimages", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": "nowhere"},
            "spec": {"image": "docker.io/library/good", "tag": "1", "nodeSelector": {"no": "node"}}}) in (201, 409), "not created"

    def said():
        done = operator.ask(["status"])
        return re.search(r"^nowhere .* 0/0 .* no node matches it$", done.stdout, re.M), done.stdout

    def gone():
        operator.send("DELETE", "cachedimages/nowhere")
        return "nowhere" not in operator.ask(["status"]).stdout, "still there"
    yield "an image for no node is made", made
    yield "status says that no node matches", said
    yield "and is gone", gone


def left_out_cases(operator):
    """A set that the API server takes, and that is larger than the watcher takes of one object."""
    def made():
        images = [{"image": f"registry.example/{'x' * 480}/{number:04}", "tag": "t" * 128} for number in range(1000)]
        return operator.send("POST", "cachedimagesets", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImageSet", "metadata": {"name": "huge"},
            "spec": {"images": images}}) in (201, 409), "not created"

    def named():
        done = operator.ask(["status"])
        return (re.search(r"^1 objects left out, not processed:\nLEFT OUT +NAME +WHY\nCachedImageSet +huge +it exceeds the memory limit",
                          done.stdout, re.M), done.stdout + done.stderr)

    def checked():
        told = json.loads(operator.ask(["status", "-o", "json"]).stdout)["leftOut"]
        return told["total"] == 1 and told["objects"][0]["name"] == "huge" and told["objects"][0]["bytes"] > 512 * 1024, told

    def gone():
        operator.send("DELETE", "cachedimagesets/huge")
        return "left out" not in operator.ask(["status"]).stdout, "still named"
    yield "a set too large for the watcher is made", made
    yield "status names it, and says why", named
    yield "so does its JSON", checked
    yield "and no more when it is gone", gone


def lease_cases(operator):
    """The last ones: from now on the API server refuses the lease. All who are asked say so, and why."""
    def refused():
        operator.refuse("leases")
        return True, ""

    def status():
        done = operator.ask(["status"])
        return "The lease cannot be held: lease " in done.stdout and "HTTP 422" in done.stdout, done.stdout

    def metric():
        done = operator.ask(["stats", "watcher"])
        return '"drop_lease_trouble{reason=\\"refused\\"}":1' in done.stdout, done.stdout

    def ready():
        code, text = operator.ready()
        return code == 500 and "[-]lease failed: cannot be acquired or renewed: the API server refuses" in text, f"{code} {text}"

    def heals():
        operator.refuse(None)
        code, text = operator.ready()
        return code == 200 and "[+]lease ok: held" in text, f"{code} {text}"
    yield "the lease is refused from now on", refused
    yield "a refused lease: dropctl status", status
    yield "a refused lease: metric", metric
    yield "a refused lease: readyz", ready
    yield "held again", heals


def main():
    scene, dropctl, *programs = map(pathlib.Path, sys.argv[1:])
    failed = False
    with tempfile.TemporaryDirectory(prefix="drop-ctl-") as folder:
        work = pathlib.Path(folder)
        binaries = work / "bin"
        binaries.mkdir()
        for program in programs:
            os.symlink(program.resolve(), binaries / program.name)
        with Operator(scene, dropctl, binaries, work) as operator:
            all_cases = list(cases(operator))
            print(f"1..{len(all_cases)}")
            for number, (name, good) in enumerate(all_cases, 1):
                def probe(good=good):
                    passed, seen = good()
                    assert passed, seen
                    return True
                try:
                    until(PATIENCE_SECONDS, probe)
                    print(f"ok {number} - {name}", flush=True)
                except Late as late:
                    failed = True
                    print(f"not ok {number} - {name}\n", "".join(f"# {line}\n" for line in str(late).splitlines()), flush=True)
    return failed


sys.exit(main())
