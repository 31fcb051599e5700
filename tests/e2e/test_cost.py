"""What it costs: memory of every process, and requests a pull. Printed as diagnostics; the checks
are wide and catch a leak or a rescan, not a regression of a few per cent."""
import time

from pretend import TARGET, PretendNode

POLICY = {"maxConcurrentNodes": 1, "minDelayBetweenPulls": "0s", "maxPullsPerNode": 10}
PULLS = 20
PSS_MAX_KB = 32 * 1024  # for any one process
REQUESTS_MAX = 8        # for one pull
EVENTS_MAX = 2          # for one pull: PullStarted, PullSucceeded


def show_pss(t, tree, when):
    pss = tree.pss()
    for name, kb in pss.items():
        t.diag(f"pss {name} {when}: {kb / 1024:.1f} MB")
    t.diag(f"pss of the tree {when}: {sum(pss.values()) / 1024:.1f} MB")
    return pss


def run(t, label, reference, spec, seconds):
    began = time.time()
    t.policy("quick", **POLICY)
    names = [f"{label}-{i:02}" for i in range(PULLS)]
    for i, name in enumerate(names):
        t.image(name, f"{reference}:{i}", policyRef="quick", **spec)
    took = t.all_ready(names, seconds, f"{PULLS} images Ready ({label})")
    t.wait_no_pods()
    time.sleep(3)  # coalesced status writes
    asked = [r for r in t.audit.since(began) if r.resource != "leases" and r.verb != "watch"]
    t.diag(f"{label}: {PULLS} pulls in {took or seconds:.1f} s, {len(asked) / PULLS:.1f} requests "
           f"a pull: {t.audit.summary(began)}")
    def count(resource):
        return sum(r.resource == resource for r in asked)
    t.equal(count("pods"), 2 * PULLS, f"a pull is a create and a delete ({label})")
    t.check(count("events") <= EVENTS_MAX * PULLS, f"few events ({label})", count("events"))
    t.check(len(asked) <= PULLS * REQUESTS_MAX, f"at most {REQUESTS_MAX} requests a pull ({label})",
            len(asked))
    others = [r for r in asked if r.resource not in ("pods", "events", "cachedimages")]
    # The status of the policy: at once as it is new, then at most once a minute; in all one more where a minute ends in between.
    t.check(len(others) <= 2 + (time.time() - began) // 60 and all(r.resource == "pullpolicies" for r in others),
            f"nothing else is asked ({label})", t.audit.summary(began))


def test_cost(t):
    t.cluster.push(*(f"e2e/cost:{i}" for i in range(PULLS)))
    tree = t.supervisor(name="cost").wait_up()
    time.sleep(3)
    show_pss(t, tree, "idle")
    run(t, "kubelet", f"{t.cluster.registry}/e2e/cost", {}, 120)
    with PretendNode(t.api, "pretend-1"):
        run(t, "pretend", "pretend.local/cost", TARGET, 60)
    pss = show_pss(t, tree, "after 40 pulls")
    t.check(pss and max(pss.values()) <= PSS_MAX_KB, "no process is above its budget", pss)
    tree.stop()
