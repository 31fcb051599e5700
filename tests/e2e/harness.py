"""What a test is given: the cluster, the programs, the referee, and a place to write.

A test is a function test_*(t) of a module test_*.py; t is a Harness. It says what must hold with
t.check() and t.eventually(); an exception that escapes is a failed check too. Between tests the
runner calls fresh(): no object of ours and no pull pod is left from the test before. Whatever
happens, close() ends every process and takes the cluster down.
"""
import json
import os
import signal
import time
import uuid

import objects
import processes
from audit import Audit
from kubeapi import NAMESPACE
from pretend import TARGET
from programs import NO_PROBES, Program, Supervisor, bin_folder
from wait import Late, until
from witness import Witness

CRDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "crds")
LOG_TAIL = 40  # lines of the programs' log that are shown when a test fails


class Harness:
    def __init__(self, tap, cluster, build, scratch, full=False):
        self.tap = tap
        self.cluster = cluster
        self.scratch = scratch
        self.build = build
        self.full = full  # also what takes hours
        self.tree = None  # the supervisor that tests share
        self.witness = None
        self.started = []
        self.count = 0
        self.kept = set()
        self.collected = False  # the garbage collector follows our kinds
        self.lawless = []  # (user, since, until): whose rights a test took away
        self.context = ""

    # ---- life ----

    def open(self):
        os.makedirs(self.scratch, exist_ok=True)
        self.bin = bin_folder(self.build, os.path.join(self.scratch, "bin"))
        self.cluster.up()
        self.api = self.cluster.api
        self.audit = Audit(self.cluster.env["AUDIT_LOG"])
        self.install()
        self.witness = Witness(self.api)

    def install_crds(self):
        # 1.29 does not know selectableFields: server-side apply refuses them there (docs/install.md).
        how = "--server-side" if self.cluster.kubernetes >= 30 else "--validate=warn"
        self.kubectl("apply", how, "-f", CRDS)

    def install(self):
        """The CRDs, and the namespace under the strictest Pod Security there is."""
        self.install_crds()
        enforce = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        self.api.apply("namespace", {"apiVersion": "v1", "kind": "Namespace",
                                     "metadata": {"name": NAMESPACE, "labels": enforce}})
        for crd in self.api.list("crd"):
            name = crd["metadata"]["name"]
            until(10, lambda name=name: any(
                c["type"] == "Established" and c["status"] == "True"
                for c in self.api.get("crd", name)["status"]["conditions"]))
        # A pod needs the namespace's service account, which the controller manager makes.
        account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
        until(20, lambda: self.api.ask("GET", account)[0] == 200)

    def collector_follows(self):
        """Waits until the garbage collector follows our kinds: it looks for new kinds every half minute, and what it does
        not follow yet has no dependents for it, so that nothing of theirs is orphaned or deleted."""
        if self.collected:
            return
        gone = {"apiVersion": objects.GROUP, "kind": "CachedImageSet", "name": "gone", "uid": str(uuid.uuid4())}
        probe = objects.image("collector", "pretend.local/collector:1", nodeSelector={"no-node": "has-this"})
        probe["metadata"]["ownerReferences"] = [gone]
        self.api.create("cachedimage", probe)
        until(120, lambda: self.api.get("cachedimage", "collector") is None)
        self.collected = True

    def close(self):
        """Nothing that we started is left running after this."""
        self.stop_tree()
        for program in self.started:
            program.signal(signal.SIGKILL)
        if self.witness is not None:
            self.witness.close()
        left = processes.kill_marked(self.scratch)
        if left:
            self.tap.diag(f"these processes do not die: {left}")
        self.cluster.down()

    # ---- programs ----

    def folder(self, name="run"):
        """A new folder in the scratch folder, for sockets and logs. Short: a socket path is
        at most 107 bytes."""
        self.count += 1
        path = os.path.join(self.scratch, f"{self.count:03}-{name}")
        os.makedirs(path)
        return path

    def supervisor(self, words=(), env=None, kubeconfig=None, level="info", name="run",
                   wrap=()):
        """A new tree of its own; the shared one is stopped first, unless another user is named."""
        if kubeconfig is None:
            self.stop_tree()
        tree = Supervisor(self.bin, self.folder(name), kubeconfig or self.cluster.kubeconfig, words,
                          env, self.scratch, level, wrap)
        self.started.append(tree)
        return tree

    def running(self):
        """The shared tree, started if need be."""
        if self.tree is None or not self.tree.running():
            self.tree = self.supervisor().wait_up()
        return self.tree

    def stop_tree(self):
        if self.tree is not None:
            self.tree.stop()
            self.tree = None

    def stop_strays(self):
        """Ends what a test left running, all but the shared tree: it would act in the next one."""
        for program in self.started:
            if program is not self.tree and program.running():
                program.stop()

    def program(self, name, folder, words=(), env=None, stdout=None):
        """One process by hand; folder: of sockets and log."""
        common = ["--socket-dir", os.path.join(folder, "s")]
        if name == "ctl":
            words, common = [], [*words, *common]
        else:
            common += ["--kubeconfig", self.cluster.kubeconfig, "--log-level", "debug"]
        if name == "metricsd":
            common.append(NO_PROBES)
        one = Program(self.bin, name, os.path.join(folder, f"{name}.log"), [*common, *words], env,
                      self.scratch, stdout)
        self.started.append(one)
        return one

    def kubectl(self, *words, stdin=None):
        return self.cluster.kubectl(*words, stdin=stdin)

    # ---- the world ----

    def keep(self, *names):
        """These CachedImages (and all policies) survive fresh()."""
        self.kept.update(names)

    def fresh(self):
        """No object of ours is left but the kept ones, and no pod of theirs."""
        if self.cluster.disturbed:
            self.kubelet_attends()
        self.remove_sets()
        # A tree must be running for this: it is what deletes the pods of deleted images.
        for image in self.api.list("cachedimage"):
            if image["metadata"]["name"] not in self.kept:
                self.api.delete("cachedimage", image["metadata"]["name"])
        if not self.kept:
            self.api.delete_all("pullpolicy")
        if self.tree is None or not self.tree.running():
            self.remove_pods()
        self.wait_no_pods()

    def kubelet_attends(self):
        """Waits until the kubelet sees new pods, and has forgotten old ones: after the API server was away its watch
        rests for up to half a minute, and then a node of few pods is full of those that went in the meantime."""
        path, name = "/api/v1/namespaces/default/pods", "is-the-kubelet-there"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
               "spec": {"nodeName": self.cluster.node, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                        "containers": [{"name": "c", "image": "none.invalid/none:1", "imagePullPolicy": "Never"}]}}
        def looked_at():
            code, seen = self.api.ask("GET", f"{path}/{name}")
            status = seen["status"] if code == 200 else {}
            if status.get("phase") in (None, "Failed"):  # not there, or OutOfpods
                self.api.ask("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 0})
                self.api.ask("POST", path, pod)
            return status.get("containerStatuses")
        until(90, looked_at, every=0.5)
        self.api.must("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 0})
        self.cluster.disturbed = False

    def remove_sets(self):
        """No set is left, and no child of one: else children would come back."""
        self.api.delete_all("cachedimageset")
        self.api.delete_all("discoverypolicy")
        def gone():
            left = [i["metadata"]["name"] for i in self.api.list("cachedimage")
                    if objects.owner(i) is not None]
            assert not left, f"children left: {left}"
            return True
        until(60, gone)

    def wait_no_pods(self, seconds=30):
        kept = self.kept
        def gone():
            pods = [p["metadata"]["name"] for p in self.api.list("pod") if
                    objects.image_of(p) is not None and objects.image_of(p) not in kept]
            assert not pods, f"pods left: {pods}"
            return True
        until(seconds, gone)

    def remove_pods(self):
        for pod in self.api.list("pod"):
            self.api.delete("pod", pod["metadata"]["name"], now=True)

    def drop_lease(self):
        """As if the holder's lease had run out: the next tree need not wait for it."""
        self.api.delete("lease", "b889acf8.corewire.io")

    def image(self, name, reference, **spec):
        """Creates a CachedImage and returns it."""
        return self.api.create("cachedimage", objects.image(name, reference, **spec))

    def pretend_images(self, label, count, policy="quick", **spec):
        """Creates CachedImages for pretend nodes, and their policy; returns the names."""
        self.policy(policy, **spec)
        names = [f"{label}-{i:02}" for i in range(count)]
        for i, name in enumerate(names):
            self.image(name, f"pretend.local/{label}:{i}", policyRef=policy, **TARGET)
        return names

    def policy(self, name, **spec):
        return self.api.apply("pullpolicy", objects.policy(name, **spec))

    def get(self, name):
        obj = self.api.get("cachedimage", name)
        if obj is None:
            raise LookupError(f"no CachedImage {name}")
        return obj

    # ---- checks ----

    def check(self, good, name, why=""):
        return self.tap.check(good, f"{self.context}: {name}", why)

    def equal(self, got, want, name):
        return self.check(got == want, name, f"got {got!r}, want {want!r}")

    def eventually(self, name, seconds, probe, every=0.1):
        """A check that probe() becomes true; returns its value, or None."""
        try:
            value = until(seconds, probe, every)
            self.check(True, name)
            return value
        except Late as late:
            self.check(False, name, late)
            return None

    def image_is(self, name, test, what, seconds=30):
        """A check that CachedImage `name` comes to pass the test; returns the object, or None."""
        def probe():
            obj = self.get(name)
            assert test(obj), objects.brief(obj)
            return obj
        return self.eventually(f"{name} {what}", seconds, probe)

    def until_ready(self, names, seconds):
        """Waits until each of them is Ready; returns the seconds it took, or raises Late."""
        names = sorted(names)
        began = time.monotonic()

        def probe():
            items = {i["metadata"]["name"]: i for i in self.api.list("cachedimage")}
            bad = [n for n in names if n not in items or not objects.ready(items[n])]
            assert not bad, (f"{len(bad)} of {len(names)} not Ready, the first: {bad[0]} "
                             f"{objects.brief(items.get(bad[0]))}")
            return True
        until(seconds, probe, every=0.05)
        return time.monotonic() - began

    def all_ready(self, names, seconds, what="all images Ready"):
        """A check that each of them becomes Ready; returns the seconds it took, or None."""
        try:
            took = self.until_ready(names, seconds)
        except Late as late:
            self.check(False, what, late)
            return None
        self.check(True, what)
        return took

    def not_once(self, since, count):
        """Waits until `count` pulls are on record, and returns what contradicts "each of them was
        created exactly once", or None. Both referees are asked: the audit log (at most one 201 a
        pull, and one for each but those whose client died before the answer) and the witness
        (exactly one pod a pull). Images that fresh() keeps are not counted: they are retried
        whenever their time has come, in whatever test that is."""
        kept = {i["metadata"]["uid"] for i in self.api.list("cachedimage")
                if i["metadata"]["name"] in self.kept}
        def pods():
            return sum(pull.uid not in kept for pull in self.witness.since(since))
        try:
            until(10, lambda: pods() >= count)
        except Late:
            pass
        made, logged = pods(), sum(p.uid not in kept for _, p in self.audit.creates(since))
        twice = self.audit.twice(since) + self.witness.twice(since)
        lost = self.audit.unanswered(since)
        if lost:
            self.diag(f"{lost} of {count} creates were logged as 504: the client died first")
        if made != count or twice or not count - lost <= logged <= count:
            return (f"{count} pulls, {made} pods, {logged} creates with 201, {lost} with 504; "
                    f"more than once: {twice[:3]}")
        return None

    def once_each(self, since, count, what):
        """A check that exactly `count` pulls were created, each of them once."""
        wrong = self.not_once(since, count)
        return self.check(not wrong, what, wrong)

    def diag(self, text):
        self.tap.diag(text)

    def show_trouble(self):
        """What helps to understand a failure: our objects, our pods, the end of the log."""
        try:
            for image in self.api.list("cachedimage"):
                self.diag(f"{image['metadata']['name']}: {objects.brief(image)}")
            for pod in self.api.list("pod"):
                self.diag(f"pod {pod['metadata']['name']}: {json.dumps(pod.get('status'))[:300]}")
        except (OSError, AssertionError) as error:
            self.diag(f"the API server does not answer: {error}")
        for program in [p for p in self.started if p.running()] or self.started[-1:]:
            self.diag(f"end of {program.log_path}:")
            self.diag("\n".join(line[:300] for line in program.log().splitlines()[-LOG_TAIL:]))
