"""Lists and watches: pages, selectors, history, bookmarks, the stream of initial events."""
from steps import (EVENTS, GROUP, IMAGES, META_LIST, META_ONLY, NODES, NS, PODS, SETS, Case, ask, delete, expire, get,
                   image, merge, post, pull_pod, shut, take, watch)

NAME = ("metadata.name",)
NAMES = ("kind", "apiVersion", "items[].metadata.name", "metadata.remainingItemCount")
WHO = ("metadata.name", "metadata.uid", "metadata.resourceVersion")
SAFE = "labelSelector=ct%3Dlist"
ALL = ("allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
LABELS = {"ct": "list"}


def images(*names, show=()):
    return [post(IMAGES, image(name, {"labels": {**LABELS, "n": name[-1]}}), show=show)
            for name in names]


def pods(*names):
    return [post(PODS, pull_pod(name, labels={**LABELS, "n": name[-1]}), show=()) for name in names]


def select(path, *selectors, field=False):
    key = "fieldSelector" if field else "labelSelector"
    return [get(path, f"{key}={text}", show=NAMES) for text in selectors]


LISTS = [
    Case("a list: its shape", [
        *images("ct-a", "ct-b"),
        get(IMAGES, SAFE),
        get(IMAGES, "labelSelector=ct%3Dnone", show=NAMES + ("items", "metadata.continue")),
        get(IMAGES, SAFE, accept=META_ONLY),
        *pods("pull-a"),
        get(PODS, SAFE, show=NAMES + ("items[].kind", "items[].apiVersion", "items[].metadata.uid")),
        get(PODS, SAFE, accept=META_LIST, show=NAMES + ("items[].kind", "items[].apiVersion")),
        get(IMAGES, SAFE, accept=META_LIST),
    ]),
    Case("a list in pages", [
        *images("ct-a", "ct-b", "ct-c", "ct-d", "ct-e"),
        get(IMAGES, f"{SAFE}&limit=2", show=NAMES, keep={"next": "metadata.continue"}),
        get(IMAGES, f"{SAFE}&limit=2&continue=${{next}}", show=NAMES, keep={"next": "metadata.continue"}),
        get(IMAGES, f"{SAFE}&limit=2&continue=${{next}}",
            show=NAMES + ("metadata.continue",)),
        get(IMAGES, f"{SAFE}&limit=5", show=NAMES),
        get(IMAGES, f"{SAFE}&limit=0", show=NAMES + ("metadata.continue",)),
    ]),
    Case("the pages of a list are of one moment", [
        *images("ct-a", "ct-b", "ct-d"),
        get(IMAGES, f"{SAFE}&limit=2", show=NAMES, keep={"next": "metadata.continue"}),
        *images("ct-c"),
        delete(f"{IMAGES}/ct-d", show=()),
        get(IMAGES, f"{SAFE}&limit=2&continue=${{next}}", show=NAMES),
        get(IMAGES, SAFE, show=NAMES),
    ]),
    Case("lists that are refused", [
        get(IMAGES, "limit=2&continue=nonsense"),
        get(IMAGES, "resourceVersion=nonsense"),
        get(IMAGES, "labelSelector=a%3D%3D%3Db"),
        get(IMAGES, "labelSelector=a%20in%20b"),
        get(IMAGES, "labelSelector=-%3Db"),
        get(IMAGES, "fieldSelector=spec.imagePullPolicy%3Db"),
        get(PODS, "fieldSelector=spec.unheard%3Db"),
        get(IMAGES, "resourceVersionMatch=Exact"),
        get(IMAGES, "sendInitialEvents=true"),
    ]),
    Case("selectors by fields of ours", [
        *images("ct-a", "ct-b"),
        merge(f"{IMAGES}/ct-b", {"spec": {"tag": "ct", "policyRef": {"name": "ct-p"}}}, show=()),
        merge(f"{IMAGES}/ct-b/status", {"status": {"phase": "Degraded"}}, show=()),
        *select(IMAGES, "spec.tag%3Dct", "spec.tag!%3Dct,metadata.name%3Dct-a", "spec.policyRef.name%3Dct-p",
                "status.phase%3DDegraded", "status.phase%3D,metadata.name%3Dct-a",
                "spec.image%3Dnone", "spec.tag%3Dct,status.phase%3DReady", field=True),
        *select(SETS, "status.phase%3Dct", "spec.policyRef.name%3Dct", "spec.discoveryPolicyRef.name%3Dct", field=True),
        get(SETS, "fieldSelector=spec.imagePullPolicy%3Db"),
    ]),
    Case("label selectors", [
        *images("ct-a", "ct-b", "ct-c"),
        post(IMAGES, image("ct-x"), show=()),
        *select(IMAGES, "ct%3Dlist,n%3Da", "ct%3D%3Dlist,n!%3Da", "ct%3Dlist,n%20in%20(a,c)",
                "ct%3Dlist,n%20notin%20(a,c)", "ct,n", "ct%3Dlist,!n", "ct%3Dlist,n%3D",
                "n%20in%20(b),ct"),
    ]),
    Case("field selectors", [
        *images("ct-a", "ct-b"),
        *pods("pull-a", "pull-b"),
        *select(IMAGES, "metadata.name%3Dct-a", "metadata.name%3Dct-none", field=True),
        *select(PODS, "metadata.name%3Dpull-a", f"metadata.name%3D%3Dpull-b,metadata.namespace%3D{NS}",
                "spec.nodeName%3Dct-no-such-node", "spec.nodeName%3Dct-nobody",
                "status.phase%3DPending,spec.nodeName%3Dct-no-such-node",
                "status.phase!%3DPending,spec.nodeName%3Dct-no-such-node", field=True),
        get(NODES, "fieldSelector=metadata.name%3D${NODE}", show=NAMES),
    ]),
    Case("a resourceVersion that a list may come from", [
        *images("ct-a"),
        get(IMAGES, f"{SAFE}&resourceVersion=0", show=("kind",)),
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        get(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&resourceVersionMatch=NotOlderThan", show=NAMES),
        *images("ct-b"),
        get(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&resourceVersionMatch=Exact", show=NAMES),
    ]),
]


def change(name, **spec):
    return merge(f"{IMAGES}/{name}", {"spec": spec}, show=())


WATCHES = [
    Case("a watch from a list's version sees every change after it, and no other", [
        *images("ct-a"),
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        *images("ct-b"),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&allowWatchBookmarks=true"),
        change("ct-a", tag="2"),
        merge(f"{IMAGES}/ct-a/status", {"status": {"phase": "Pulling"}}, show=()),
        delete(f"{IMAGES}/ct-a", show=()),
        take(4, show=WHO + ("spec.tag", "status", "kind", "apiVersion")),
        post(IMAGES, image("ct-x"), show=()),
        shut(),
    ]),
    Case("what leaves a selector is deleted for it, what enters is added", [
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}"),
        *images("ct-a"),
        merge(f"{IMAGES}/ct-a", {"metadata": {"labels": {"ct": "gone"}}}, show=()),
        change("ct-a", tag="unseen"),
        merge(f"{IMAGES}/ct-a", {"metadata": {"labels": {"ct": "list"}}}, show=()),
        take(3, show=WHO + ("metadata.labels.ct", "spec.tag")),
        shut(),
    ]),
    Case("a change that changes nothing is no event", [
        *images("ct-a"),
        # The first write after the create stores the default of the status, so it always is one.
        merge(f"{IMAGES}/ct-a", {"metadata": {"labels": {"ct": "list"}}}, show=WHO),
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}"),
        merge(f"{IMAGES}/ct-a", {"metadata": {"labels": {"ct": "list"}}}, show=WHO),
        change("ct-a", tag="2"),
        take(1, show=WHO + ("spec.tag",)),
        shut(),
    ]),
    Case("a watch without a version begins with what is there", [
        *images("ct-a", "ct-b"),
        watch(IMAGES, SAFE),
        take(2, sort=True),
        change("ct-a", tag="2"),
        take(1, show=WHO),
        shut(),
        watch(IMAGES, f"{SAFE}&resourceVersion=0"),
        take(2, sort=True),
        shut(),
    ]),
    Case("WatchList: all there is, the mark, and then what changes", [
        *images("ct-a", "ct-b"),
        watch(IMAGES, f"{SAFE}&{ALL}&timeoutSeconds=300"),
        take(3, sort=True),
        change("ct-a", tag="2"),
        take(1),
        shut(),
        *pods("pull-a"),
        watch(PODS, f"{SAFE}&{ALL}"),
        take(2, show=WHO, sort=True),
        merge(f"{PODS}/pull-a/status", {"status": {"phase": "Failed"}}, show=()),
        delete(f"{PODS}/pull-a", {"gracePeriodSeconds": 0}, show=()),
        take(3, show=WHO + ("status.phase", "metadata.deletionTimestamp")),
        shut(),
    ]),
    Case("WatchList of nothing ends at once", [
        watch(IMAGES, f"labelSelector=ct%3Dnothing&{ALL}"), take(1), shut(),
        watch(PODS, f"labelSelector=ct%3Dnothing&{ALL}"), take(1), shut(),
    ]),
    Case("watches that are refused", [
        watch(IMAGES, "sendInitialEvents=true&allowWatchBookmarks=true", "a"),
        watch(IMAGES, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "b"),
        watch(IMAGES, "resourceVersionMatch=NotOlderThan", "c"),
        watch(IMAGES, "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=Exact", "d"),
        watch(IMAGES, "labelSelector=a%20in%20b", "f"),
        watch(IMAGES, "fieldSelector=spec.imagePullPolicy%3Db", "g"),
    ]),
    Case("a watch ends when its time is over", [
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&timeoutSeconds=1"),
        take(0),
    ]),
    Case("watches by field", [
        get(PODS, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        watch(PODS, "fieldSelector=metadata.name%3Dpull-b&resourceVersion=${rv}"),
        watch(PODS, f"{SAFE}&fieldSelector=spec.nodeName%3Dct-no-such-node&resourceVersion=${{rv}}", "n"),
        *pods("pull-a", "pull-b"),
        take(1), shut(),
        take(2, "n"), shut("n"),
    ]),
    Case("a watch of metadata alone", [
        *images("ct-a"),
        get(IMAGES, SAFE, show=NAMES, keep={"rv": "metadata.resourceVersion"}),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}", accept=META_ONLY),
        change("ct-a", tag="2"),
        take(1, show=None), shut(),
    ]),
]

EXPIRED = [
    Case("history that the server has forgotten is 410", [
        *images("ct-a", "ct-b", "ct-c"),
        get(IMAGES, f"{SAFE}&limit=1", show=NAMES, keep={"rv": "metadata.resourceVersion",
                                                         "next": "metadata.continue"}),
        change("ct-a", tag="2"),
        expire(),
        change("ct-a", tag="3"),
        watch(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&allowWatchBookmarks=true"),
        take(2),
        get(IMAGES, f"{SAFE}&limit=1&continue=${{next}}", show=NAMES),
        get(IMAGES, f"{SAFE}&resourceVersion=${{rv}}&resourceVersionMatch=Exact", show=NAMES),
        get(IMAGES, SAFE, show=NAMES),
    ]),
]

DEMAND = {"apiVersion": "events.k8s.io/v1", "kind": "Event",
          "metadata": {"name": "ct-event", "namespace": "default"},
          "eventTime": "2026-01-02T03:04:05.000000Z", "reportingController": "drop.corewire.io/drop",
          "reportingInstance": "drop-0", "action": "CacheImage", "reason": "PullStarted",
          "type": "Normal", "note": "pulling on node-1",
          "regarding": {"apiVersion": GROUP, "kind": "CachedImage", "name": "ct-a",
                        "uid": "00000000-0000-4000-8000-000000000000"}}
SERIES = {"count": 2, "lastObservedTime": "2026-01-02T03:05:05.000000Z"}
EVENT = f"{EVENTS}/ct-event"

EVENT_CASES = [
    Case("an event, and its series", [
        post(EVENTS, DEMAND),
        post(EVENTS, DEMAND),
        merge(EVENT, {"series": SERIES}),
        merge(EVENT, {"series": {**SERIES, "count": 7}}, accept=META_ONLY),
        get(EVENT),
        get("/api/v1/namespaces/default/events/ct-event"),
        merge(EVENT, {"note": "another"}),
        delete(EVENT, show=()),
        merge(EVENT, {"series": SERIES}),
    ]),
    Case("events that are refused", [
        post(EVENTS, {**DEMAND, "reportingController": ""}),
        post(EVENTS, {**DEMAND, "action": ""}),
        post(EVENTS, {**DEMAND, "reason": ""}),
        post(EVENTS, {**DEMAND, "type": "Odd"}),
        post(EVENTS, {**DEMAND, "note": "x" * 1025}),
        post(EVENTS, {k: v for k, v in DEMAND.items() if k != "eventTime"}),
        post(EVENTS, {**DEMAND, "series": {**SERIES, "count": 1}}),
        post(EVENTS, {**DEMAND, "regarding": {**DEMAND["regarding"], "namespace": NS}}),
        ask("POST", f"/apis/events.k8s.io/v1/namespaces/{NS}/events",
            {**DEMAND, "metadata": {"name": "ct-event"}}),
    ]),
]

CASES = LISTS + WATCHES + EVENT_CASES
LAST = EXPIRED  # these disturb whoever else uses the server
