"""Nothing that dies on the way breaks the job: every pull is created once, whoever is killed when.

A process kills itself after its n-th side effect (base/effect.h), once; the supervisor starts it
again; all images must become Ready with exactly one create each. Runs of the sweep use a pretend
node, which answers at once, so that every n fits into the time; the same is then done with the
real kubelet for some n, and with kills from outside at random moments.
"""
import os
import random
import re
import time

import processes
from objects import FAST
from pretend import TARGET, PretendNode, pulled
from programs import CHILDREN, WORKERS
from wait import Late, until

SWEEP_IMAGES = {False: 4, True: 20}  # images of a run of the sweep; True: --full
REAL_IMAGES = 20
REAL_AFTER = (1, 5, 15, 25)  # n for runs with the real kubelet
MAX_EFFECTS = 2000        # a run that has more never ends


class Run:
    """One run: images made, awaited, counted, removed, under one tree."""

    def __init__(self, t, label, count, pretend):
        self.t = t
        self.names = [f"{label}-{i:02}" for i in range(count)]
        self.pretend = pretend
        self.made = 0
        self.began = time.time()

    def create(self, count=None):
        """Makes the next `count` images, all by default."""
        self.t.policy("quick", **FAST)
        for i in range(self.made, min(len(self.names), self.made + (count or len(self.names)))):
            if self.pretend:
                reference, spec = f"pretend.local/x/y:{i}", TARGET
            else:
                reference, spec = f"{self.t.cluster.registry}/e2e/crash:{i}", {}
            self.t.image(self.names[i], reference, policyRef="quick", **spec)
            self.made = i + 1

    def problem(self, seconds):
        """Waits for the end, and returns what is wrong with it, or None."""
        try:
            self.t.until_ready(self.names, seconds)
            self.t.wait_no_pods()
        except Late as late:
            return str(late)
        return self.t.not_once(self.began, len(self.names))


def crash_env(name, after, mark):
    return {"DROP_CRASH_PROC": name, "DROP_CRASH_AFTER": str(after), "DROP_CRASH_ONCE": mark}


def crash_run(t, name, after, count, pretend):
    """One run in which `name` dies after its n-th effect: (it died, what is wrong)."""
    run = Run(t, f"{name[0]}{after}", count, pretend)
    folder = t.folder("mark")
    mark = os.path.join(folder, "died")
    tree = t.supervisor(env=crash_env(name, after, mark), name=f"crash-{name}-{after}")
    run.create()
    wrong = run.problem(60 if pretend else 120)
    died = os.path.exists(mark)
    if died and not wrong:
        wrong = restart_missing(tree, name)
    tree.stop()
    t.fresh()
    return died, wrong


def restart_missing(tree, name):
    """What is not as it should be after the death of that child, or None."""
    try:
        until(10, lambda: tree.up() and tree.status()[name][2] == 1)
    except Late as late:
        return f"not started again: {tree.status()} {late}"
    if not re.search(rf"died child={name}.*\n(.*\n)*?.*started child={name} ", tree.log()):
        return "the supervisor's log does not show the restart"
    return None


def every_n(t, name, run, step=1):
    """run(n) -> (it died, what is wrong), for n from 1 until a run ends before the process has n effects: ([n] that are wrong,
    the last n)."""
    wrong = []
    for after in range(1, MAX_EFFECTS, step):
        died, problem = run(after)
        if problem:
            wrong.append(after)
            t.diag(f"{name} killed after effect {after}: {problem}")
        if not died or len(wrong) > 3:
            break
    return wrong, after


def sweep(t, name):
    count = SWEEP_IMAGES[t.full]
    with PretendNode(t.api, "pretend-1"):
        wrong, after = every_n(t, name, lambda n: crash_run(t, name, n, count, pretend=True))
    t.diag(f"{name}: {after - 1} effects in a run with {count} images; died after each")
    t.check(not wrong and after > 1,
            f"{name} killed after its n-th effect, every n of a run with {count} images: "
            "all Ready, one create each", f"wrong at n = {wrong}")


def test_watcher_sweep(t):
    sweep(t, "watcher")


def test_reconciler_sweep(t):
    sweep(t, "reconciler")


def test_puller_sweep(t):
    sweep(t, "puller")


def test_kubelet_runs(t):
    """The same with 20 images on the real kubelet, for some n."""
    t.cluster.push(*(f"e2e/crash:{i}" for i in range(REAL_IMAGES)))
    for name in WORKERS:
        for after in REAL_AFTER:
            died, problem = crash_run(t, name, after, REAL_IMAGES, pretend=False)
            t.check(died and not problem,
                    f"{name} killed after effect {after}, {REAL_IMAGES} images on the kubelet",
                    problem or "it did not die")


def test_random_kills(t):
    """20 kill -9 from outside at random moments, while the kubelet pulls 20 images, one more each
    time somebody dies.

    The supervisor gives up on a process that dies five times without having been ready for 10 s,
    so one that died four times is left alone until it has settled.
    """
    seed = random.randrange(1 << 32)
    t.diag(f"seed {seed}")
    dice = random.Random(seed)
    t.cluster.push(*(f"e2e/crash:{i}" for i in range(REAL_IMAGES)))
    run = Run(t, "random", REAL_IMAGES, pretend=False)
    tree = t.supervisor(name="random-kills").wait_up()
    deaths = dict.fromkeys(CHILDREN, 0)
    killed = 0
    while killed < 20:
        time.sleep(dice.uniform(0.05, 0.8))
        status = tree.status()
        for name in CHILDREN:
            if status[name][1] == "settled":
                deaths[name] = 0
        mortal = [n for n in CHILDREN if deaths[n] < 4 and n in tree.pids()]
        if not mortal:
            continue
        victim = dice.choice(mortal)
        pid = tree.pids().get(victim)
        if pid and processes.kill(pid):
            deaths[victim] += 1
            killed += 1
            run.create(1)
    wrong = run.problem(120)
    t.check(not wrong, "20 random kills: all Ready, one create each", wrong)
    t.eventually("all processes are up again", 20, tree.up)
    t.equal(tree.restarts(), killed, "the supervisor counted the restarts")
    tree.stop()


def test_supervisor_killed(t):
    """kill -9 of the supervisor: nothing is left running, and a new start finishes the job."""
    t.cluster.push(*(f"e2e/crash:{i}" for i in range(REAL_IMAGES)))
    run = Run(t, "orphan", REAL_IMAGES, pretend=False)
    tree = t.supervisor(name="killed").wait_up()
    run.create()
    until(30, lambda: len(t.audit.creates(run.began)) >= 3)
    children = tree.pids()
    tree.kill()
    t.eventually("no child is left", 5, lambda: not any(map(processes.alive, children.values())))
    t.check(not processes.marked(t.scratch), "nothing at all is left running")
    tree = t.supervisor(name="after")  # waits for the dead one's lease to run out
    wrong = run.problem(120)
    t.check(not wrong, "a new start finishes the job: all Ready, one create each", wrong)
    t.equal(tree.stop(), 0, "SIGTERM ends it with 0")


def test_drain(t):
    """SIGTERM in the middle of a run: the tree ends by itself, the lease is released, nothing lost."""
    with PretendNode(t.api, "pretend-1") as node:
        node.behave = lambda pod: None  # a kubelet that takes its time
        run = Run(t, "drain", 6, pretend=True)
        tree = t.supervisor(name="drain").wait_up()
        run.create()
        until(20, lambda: len(t.audit.creates(run.began)) >= 2)
        began = time.monotonic()
        t.equal(tree.stop(60), 0, "SIGTERM ends the tree with 0")
        t.diag(f"drained in {time.monotonic() - began:.1f} s")
        lease = t.api.get("lease", "b889acf8.corewire.io")
        t.check(lease and not lease["spec"].get("holderIdentity"), "the lease has no holder", lease)
        node.behave = pulled
        node.again()
        t.supervisor(name="drained")
        wrong = run.problem(60)
        t.check(not wrong, "the next start finishes: all Ready, one create each", wrong)
