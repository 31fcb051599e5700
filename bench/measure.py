"""One run of the operator, or of the floor, in a world; what it took.

Convergence and requests come from the audit log (the server's own clock and count). CPU time and memory (PSS, from /proc)
are of the supervisor and its children, from the moment before the images are created until the last pull pod is gone.
"""
import calendar
import collections
import json
import os
import resource
import signal
import subprocess
import threading
import time

from world import NAMESPACE

DROP = "/apis/drop.corewire.io/v1alpha1"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
OURS = ("watcher", "reconciler", "puller", "discoverer", "metricsd")
IDLE_SECONDS = 3      # from the first lists to the look at idle memory
SAMPLE_SECONDS = 0.5  # between looks at memory


def cpu_seconds(pid):
    """By the CPU clock of the process, clock_getcpuclockid(3): /proc has whole ticks only, of which small runs take few."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_mb(pid):
    """(PSS, the anonymous part of it). Of pages of files a process pays less while others on the machine use them too,
    whoever these are: the anonymous part does not depend on that.
    """
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] in ("Pss:", "Pss_Anon:"):
                found[words[0]] = int(words[1]) / 1024
    return found.get("Pss:", 0), found.get("Pss_Anon:", 0)


def name_of(pid):
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        return file.read().strip().removeprefix("drop-")


class Tree:
    """The operator's processes."""

    def __init__(self, programs, world, words=()):
        self.sockets = os.path.join(world.folder, "sockets")
        self.status = os.path.join(world.folder, "status")
        with open(os.path.join(world.folder, "drop.log"), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(programs, "drop-supervisor"), "--bin-dir", programs, "--kubeconfig",
                 world.kubeconfig, "--socket-dir", self.sockets, "--health-probe-bind-address=0", *words], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.log = os.path.join(world.folder, "drop.log")
        self.peak = (0, 0)
        self.peaks = {}  # anonymous memory of each process, by name
        self.over = threading.Event()

    def await_lead(self, since, seconds=60):
        end = time.monotonic() + seconds
        while True:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                file.seek(since)
                text = file.read()
                if ": leading" in text or '"leading"' in text:
                    break
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the operator does not lead; see {self.log}")
            time.sleep(0.1)
        time.sleep(IDLE_SECONDS)

    def pids(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]

    def cpu(self):
        return {name_of(pid): cpu_seconds(pid) for pid in self.pids()}

    def memory(self):
        """Of all of them, (PSS, anonymous) in MB."""
        return tuple(map(sum, zip(*map(memory_mb, self.pids()))))

    def note_peak(self):
        rows = {name_of(pid): memory_mb(pid) for pid in self.pids()}
        self.peak = tuple(map(max, self.peak, map(sum, zip(*rows.values()))))
        for name, (_, anonymous) in rows.items():
            self.peaks[name] = max(self.peaks.get(name, 0), anonymous)

    def watch_memory(self):
        def look():
            while not self.over.wait(SAMPLE_SECONDS):
                try:
                    self.note_peak()
                except OSError:  # a process that is just going
                    pass
        threading.Thread(target=look, daemon=True).start()

    def stop(self):
        self.over.set()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def moment(text):
    whole, _, part = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (part or "0"))


def audited(path, start, agent):
    """Finished requests of the agent after that place in the log."""
    with open(path, "rb") as log:
        log.seek(start)
        for line in log:
            if agent not in line or not line.endswith(b"\n"):
                continue
            event = json.loads(line)
            if (event.get("objectRef") or {}).get("resource") not in (None, "leases"):
                yield event


def requests(path, start, pulls, images):
    """What the operator asked of the API server: counts, times, bytes."""
    count, written = collections.Counter(), 0
    first = last = gone = None
    for event in audited(path, start, b'"userAgent":"drop-'):
        ref, at = event["objectRef"], moment(event["stageTimestamp"])
        process = event["userAgent"].partition("/")[0].removeprefix("drop-")
        if process not in OURS:  # the pretend nodes are drop-sim
            continue
        what = " ".join(filter(None, (
            process, event["verb"], ref["resource"], ref.get("subresource"))))
        count[what] += 1
        if event.get("requestObject") is not None:
            written += len(json.dumps(event["requestObject"], separators=(",", ":")))
        if what == "puller create pods":
            first = min(first or at, moment(event["requestReceivedTimestamp"]))
        elif what == "puller delete pods":
            gone = max(gone or at, at)
        elif what.startswith("reconciler patch") and ref.get("subresource") == "status":
            last = max(last or at, at)
    status = sum(n for what, n in count.items() if what.endswith("cachedimages status"))
    events = sum(n for what, n in count.items() if what.endswith(" events"))
    minutes = max(1.0, ((last or 0) - (first or 0)) / 60)
    return {
        "converged_s": round(last - first, 3),
        "deleted_s": round(gone - first, 3),
        "requests_a_pull": round(sum(count.values()) / pulls, 3),
        "requests_a_pull_without_events": round((sum(count.values()) - events) / pulls, 3),
        "pods": count["puller create pods"],
        "bytes_a_pull": round(written / pulls),
        "status_writes_an_object_a_minute": round(status / images / minutes, 2),
        "requests": dict(sorted(count.items())),
    }


POLICY = {"maxConcurrentNodes": 100000, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 1000}


def set_policy(api, name, **more):
    spec = {**POLICY, **more}
    made = api.ask("POST", f"{DROP}/pullpolicies", {
        "apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": name},
        "spec": spec})
    if made[0] == 409:
        merge(api, f"pullpolicies/{name}", {"spec": spec})


def merge(api, path, patch):
    code, answer = api.ask("PATCH", f"{DROP}/{path}", patch, "application/merge-patch+json")
    if code != 200:
        raise RuntimeError(f"PATCH {path}: {code} {answer}")


def create_images(api, run, images, policy, selector=None):
    names = [f"bench-{run}-{i}" for i in range(images)]
    for i, name in enumerate(names):
        api.want("POST", f"{DROP}/cachedimages", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage",
            "metadata": {"name": name},
            "spec": {"image": f"docker.io/library/bench{run}x{i}", "tag": "1",
                     "nodeSelector": selector or {},
                     "policyRef": {"name": policy}, "tolerations": [{"operator": "Exists"}]}})
    return names


def await_phase(api, names, tree, seconds, wanted):
    """One image after the other, so that a poll is one small object."""
    end = time.monotonic() + seconds
    for name in names:
        while True:
            object_ = api.want("GET", f"{DROP}/cachedimages/{name}")
            if wanted(object_.get("status", {}).get("phase")):
                break
            if time.monotonic() > end or tree.process.poll() is not None:
                raise RuntimeError(f"{name}: {object_.get('status', {}).get('ready')} ready")
            time.sleep(0.2)


def await_ready(api, names, tree, seconds):
    await_phase(api, names, tree, seconds, lambda phase: phase == "Ready")


def await_no_pods(api, seconds=120):
    end = time.monotonic() + seconds
    while api.want("GET", PODS + "?limit=1")["items"]:
        if time.monotonic() > end:
            raise RuntimeError("pull pods are left")
        time.sleep(0.2)


def await_audit(path, start, pods, seconds=30):
    """The log is written behind: until it has a delete for each create, and for each of so many pods."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        count = collections.Counter(
            e["verb"] for e in audited(path, start, b'"userAgent":"drop-puller'))
        if count["delete"] >= max(pods, count["create"]):
            return
        time.sleep(0.5)


class Result:
    """What the operator spent from now on."""

    def __init__(self, world, tree):
        self.world, self.tree = world, tree
        self.idle, self.before = tree.memory(), tree.cpu()
        self.start = os.path.getsize(world.audit)
        tree.watch_memory()

    def end(self, pulls, images, pods):
        """All pods are gone; there were at least so many."""
        self.tree.note_peak()
        after = self.tree.cpu()
        await_audit(self.world.audit, self.start, pods)
        result = requests(self.world.audit, self.start, pulls, images)
        spent = {name: round(after[name] - self.before[name], 3) for name in after}
        result.update(cpu_s=round(sum(spent.values()), 3), cpu=spent, pulls=pulls)
        for when, (pss, anonymous) in (("idle", self.idle), ("peak", self.tree.peak)):
            result.update({f"pss_{when}_mb": round(pss, 1), f"anon_{when}_mb": round(anonymous, 1)})
        result["anon_peaks_mb"] = {name: round(mb, 1) for name, mb in self.tree.peaks.items()}
        return result


def start(world, programs):
    log = os.path.join(world.folder, "drop.log")
    since = os.path.getsize(log) if os.path.exists(log) else 0
    tree = Tree(programs, world)
    try:
        tree.await_lead(since)
    except BaseException:
        tree.stop()
        raise
    return tree


def forget(api, names):
    for name in names:
        api.want("DELETE", f"{DROP}/cachedimages/{name}")


def operator(world, programs, run, images, seconds):
    """One run of the operator from nothing to `images` on every node."""
    pulls = images * len(world.nodes)
    tree = start(world, programs)
    try:
        result = Result(world, tree)
        set_policy(world.api, "bench")
        names = create_images(world.api, run, images, "bench")
        await_ready(world.api, names, tree, seconds)
        await_no_pods(world.api)
        result = result.end(pulls, images, pulls)
        forget(world.api, names)
        return result
    finally:
        tree.stop()


def await_listed(api, node, references, seconds=60):
    end = time.monotonic() + seconds
    while True:
        listed = str(api.want("GET", f"/api/v1/nodes/{node}")["status"].get("images"))
        if all(reference in listed for reference in references):
            return
        if time.monotonic() > end:
            raise RuntimeError(f"{node} does not list its images")
        time.sleep(0.2)


def sharing(world, programs, run, images, batch, seconds):
    """One run in which images may share pods: each was pulled by the first node, which lists its
    size. Then all other nodes are due at one moment: the end of the policy's delay.
    """
    pulls = images * (len(world.nodes) - 1)
    policy = f"bench-{run}"
    tree = start(world, programs)
    try:
        set_policy(world.api, policy, maxImagesPerPod=batch)
        names = create_images(world.api, run, images, policy, {"kubernetes.io/hostname": world.nodes[0]})
        await_ready(world.api, names, tree, seconds)
        await_no_pods(world.api)
        await_listed(world.api, world.nodes[0], [f"library/bench{run}x{i}:1" for i in range(images)])
        set_policy(world.api, policy, maxImagesPerPod=batch, minDelayBetweenPulls="1h")
        time.sleep(IDLE_SECONDS)
        for name in names:
            merge(world.api, f"cachedimages/{name}", {"spec": {"nodeSelector": None}})
        await_phase(world.api, names, tree, seconds, lambda phase: phase != "Ready")
        time.sleep(IDLE_SECONDS)
        result = Result(world, tree)
        set_policy(world.api, policy, maxImagesPerPod=batch)
        await_ready(world.api, names, tree, seconds)
        await_no_pods(world.api)
        result = result.end(pulls, images, pulls // batch)
        forget(world.api, names)
        return result
    finally:
        tree.stop()


def floor(world, images, seconds):
    """The same pods by bench/floor.c, and what that program cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [os.path.join(world.build, "bench", "floor"), world.kubeconfig, NAMESPACE, str(images)],
        input="\n".join(world.nodes) + "\n", capture_output=True, text=True, timeout=seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"floor: {done.stderr}")
    await_no_pods(world.api)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "cpu_s": round(cpu, 2)}
