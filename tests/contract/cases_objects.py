"""One object after the other: create, read, change, delete, and what the server refuses."""
from steps import (IMAGES, LEASES, META_ONLY, NS, PODS, POLICIES, SECRETS, Case, ask, delete, eviction, for_windows, get,
                   image, lease, merge, policy, post, pull_pod, put, uid_delete, until)

POD, CI = f"{PODS}/pull-ct", f"{IMAGES}/ct-a"
META = ("metadata.name", "metadata.uid", "metadata.generation", "metadata.resourceVersion")
STATE = META + ("spec.tag", "status")
NO_UID = "99999999-9999-4999-8999-999999999999"

PODS_CASES = [
    Case("a pull pod: created, there already, read, deleted by uid", [
        post(PODS, pull_pod("pull-ct"), keep={"uid": "metadata.uid"}),
        post(PODS, pull_pod("pull-ct")),
        get(POD),
        delete(POD, uid_delete(NO_UID)),
        delete(POD, uid_delete("${uid}"), show=META + ("metadata.deletionTimestamp",
                                                      "metadata.deletionGracePeriodSeconds")),
        delete(POD, uid_delete("${uid}")),
        get(POD),
    ]),
    Case("a pull pod for a Windows node", [
        post(PODS, for_windows(pull_pod("pull-ct")), keep={"uid": "metadata.uid"}),
        delete(POD, uid_delete("${uid}"), show=META),
    ]),
    Case("a pull pod as the puller does it: only metadata comes back", [
        post(PODS, pull_pod("pull-ct"), accept=META_ONLY, keep={"uid": "metadata.uid"}),
        post(PODS, pull_pod("pull-ct"), accept=META_ONLY),
        delete(POD, uid_delete(NO_UID), accept=META_ONLY),
        delete(POD, uid_delete("${uid}"), accept=META_ONLY),
        delete(POD, uid_delete("${uid}"), accept=META_ONLY),
    ]),
    Case("a pod with a grace period stays until its kubelet is done", [
        post(PODS, pull_pod("pull-ct", terminationGracePeriodSeconds=30), show=META),
        delete(POD, show=META + ("metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds")),
        get(POD, show=META + ("metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds")),
        delete(POD, {"gracePeriodSeconds": 0}, show=META),
        get(POD),
    ]),
    Case("a generated name", [
        post(PODS, {**pull_pod("pull-x"), "metadata": {"generateName": "ct-gen-"}},
             show=("metadata.name", "metadata.generateName")),
        post(IMAGES, {**image("x"), "metadata": {"generateName": "ct-gen-"}},
             show=("metadata.name", "metadata.generateName")),
        post(IMAGES, {**image("x"), "metadata": {}}),
        post(PODS, {**pull_pod("pull-x"), "metadata": {}}),
    ]),
    Case("a pod's status is written by its kubelet, and only through /status", [
        post(PODS, pull_pod("pull-ct"), show=META + ("status.phase", "status.qosClass")),
        merge(POD, {"status": {"phase": "Failed"}}, show=META + ("status.phase",)),
        merge(f"{POD}/status", {"status": {"phase": "Running"}, "spec": {"nodeName": "other"}},
              show=META + ("status.phase", "spec.nodeName")),
        merge(POD, {"metadata": {"labels": {"more": "1"}}},
              show=META + ("metadata.labels.more", "status.phase")),
        merge(POD, {"spec": {"restartPolicy": "Always"}}),
        get(f"{POD}/status", show=META + ("status.phase",)),
    ]),
    Case("pods that are refused", [
        post(PODS, {**pull_pod("pull-ct"), "spec": {}}),
        post(PODS, pull_pod("Not_A_Name")),
        post(PODS, pull_pod("pull-ct", labels={"x": "spaces are not allowed"})),
        post(PODS, pull_pod("pull-ct", imagePullPolicy="Sometimes")),
        post(PODS, pull_pod("pull-ct", restartPolicy="Perhaps")),
        post("/api/v1/namespaces/ct-no-such-namespace/pods",
             {**pull_pod("pull-ct"), "metadata": {"name": "pull-ct"}}),
        post("/api/v1/namespaces/default/pods", pull_pod("pull-ct")),
        get("/api/v1/namespaces/ct-no-such-namespace/pods/pull-ct"),
    ]),
]

IMAGE_CASES = [
    Case("a pod is evicted, as kubectl drain does", [
        post(PODS, pull_pod("pull-ct"), keep={"uid": "metadata.uid"}, show=()),
        post(f"{POD}/eviction", eviction("pull-other"), message=True),
        post(f"{POD}/eviction", eviction("pull-ct", preconditions={"uid": NO_UID})),
        get(f"{POD}/eviction"),
        delete(f"{POD}/eviction"),
        post(f"{PODS}/pull-none/eviction", eviction("pull-none"), message=True),
        post(f"{POD}/eviction", eviction("pull-ct"), query="dryRun=All"),
        get(POD, show=("metadata.name", "metadata.deletionTimestamp")),
        post(f"{POD}/eviction", eviction("pull-ct", preconditions={"uid": "${uid}"})),
        until(POD, 404),
        post(f"{POD}/eviction", eviction("pull-ct", preconditions={"uid": "${uid}"})),
    ]),
    Case("a CachedImage: created, there already, read, deleted", [
        post(IMAGES, image("ct-a", tag="1")),
        post(IMAGES, image("ct-a", tag="2")),
        get(CI),
        delete(CI),
        delete(CI),
        get(CI),
    ]),
    Case("generation counts changes of the spec, resourceVersion every change", [
        post(IMAGES, image("ct-a", tag="1"), show=STATE),
        merge(CI, {"spec": {"tag": "1"}}, show=STATE),
        merge(CI, {"spec": {"tag": "2"}}, show=STATE),
        merge(CI, {"metadata": {"labels": {"a": "b"}}}, show=STATE + ("metadata.labels",)),
        merge(CI, {"metadata": {"labels": {"a": None}}}, show=STATE + ("metadata.labels",)),
        merge(f"{CI}/status", {"status": {"phase": "Pulling"}}, show=STATE),
        merge(f"{CI}/status", {"status": {"phase": "Pulling"}}, show=STATE),
        merge(CI, {"spec": {"tag": None}}, show=STATE),
        get(CI, show=STATE),
    ]),
    Case("the status is written through /status alone, and nothing else is", [
        post(IMAGES, {**image("ct-a", tag="1"), "status": {"phase": "Ready"}}, show=STATE),
        merge(CI, {"status": {"phase": "Ready"}}, show=STATE),
        merge(f"{CI}/status", {"status": {"phase": "Ready", "nodesReady": 0}, "spec": {"tag": "2"},
                               "metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}}},
              show=STATE + ("metadata.labels", "metadata.annotations")),
        merge(f"{CI}/status", {"status": {"nodesReady": None}}, show=STATE),
        get(f"{CI}/status", show=STATE),
        merge(f"{CI}/status", {"status": None}, show=STATE),
    ]),
    Case("a status patch as the reconciler sends it", [
        post(IMAGES, image("ct-a"), keep={"uid": "metadata.uid"}, show=META),
        merge(f"{CI}/status", {"metadata": {"uid": "${uid}"}, "status": {
            "phase": "Pulling", "ready": "0/1", "nodesReady": 0, "nodesTargeted": 1,
            "consecutiveFailures": 0, "observedGeneration": 1, "cachedNodes": ["n"],
            "conditions": [{"type": "Ready", "status": "False", "reason": "InProgress",
                            "message": "0/1 nodes ready",
                            "lastTransitionTime": "2026-01-02T03:04:05Z"}]}}, accept=META_ONLY),
        merge(f"{CI}/status", {"metadata": {"uid": NO_UID}, "status": {"phase": "Ready"}},
              accept=META_ONLY),
        get(CI),
        delete(CI),
        merge(f"{CI}/status", {"metadata": {"uid": "${uid}"}, "status": {"phase": "Ready"}},
              accept=META_ONLY),
    ]),
    Case("a status that the schema refuses", [
        post(IMAGES, image("ct-a"), show=META),
        merge(f"{CI}/status", {"status": {"phase": "Splendid"}}),
        merge(f"{CI}/status", {"status": {"phase": 7}}),
        merge(f"{CI}/status", {"status": {"nodesReady": "one"}}),
        merge(f"{CI}/status", {"status": {"cachedNodes": {}}}),
        merge(f"{CI}/status", {"status": {"conditions": [{"type": "Ready", "status": "Maybe",
                                                          "reason": "x", "message": "",
                                                          "lastTransitionTime": "2026-01-02T03:04:05Z"}]}}),
        merge(f"{CI}/status", {"status": {"conditions": [{"type": "Ready"}]}}),
        merge(f"{CI}/status", {"status": {"unknownField": 1}}, show=STATE),
        get(CI, show=STATE),
    ]),
    Case("an update needs the version it was read at", [
        post(IMAGES, image("ct-a", tag="1"), keep={"old": "metadata.resourceVersion",
                                                   "uid": "metadata.uid"}, show=META),
        put(CI, image("ct-a", {"resourceVersion": "${old}"}, tag="2"), show=STATE),
        put(CI, image("ct-a", {"resourceVersion": "${old}"}, tag="3")),
        put(CI, image("ct-a", tag="3")),
        merge(CI, {"metadata": {"resourceVersion": "${old}"}, "spec": {"tag": "3"}}),
        merge(CI, {"metadata": {"uid": NO_UID}, "spec": {"tag": "3"}}),
        merge(CI, {"metadata": {"uid": "${uid}"}, "spec": {"tag": "3"}}, show=STATE),
        merge(CI, {"metadata": {"name": "other"}}),
        put(CI, image("ct-b", {"resourceVersion": "${old}"})),
        put(f"{IMAGES}/ct-none", image("ct-none")),
        merge(f"{IMAGES}/ct-none", {"spec": {"tag": "3"}}),
        merge(f"{IMAGES}/ct-none/status", {"status": {"phase": "Ready"}}),
        post(IMAGES, image("ct-b", {"resourceVersion": "1"})),
    ]),
    Case("what the server alone decides about an object", [
        post(IMAGES, image("ct-a", {"uid": NO_UID, "generation": 7, "selfLink": "/x",
                                    "creationTimestamp": "2020-01-01T00:00:00Z"})),
        merge(CI, {"metadata": {"generation": 9, "creationTimestamp": None}}, show=META),
    ]),
    Case("deletes with preconditions", [
        post(IMAGES, image("ct-a"), keep={"uid": "metadata.uid", "rv": "metadata.resourceVersion"},
             show=META),
        merge(CI, {"spec": {"tag": "2"}}, show=META, keep={"new": "metadata.resourceVersion"}),
        delete(CI, {"preconditions": {"uid": NO_UID}}),
        delete(CI, {"preconditions": {"resourceVersion": "${rv}"}}),
        delete(CI, {"preconditions": {"uid": "${uid}", "resourceVersion": "${new}"}}),
        get(CI),
    ]),
    Case("a policy's status: a default until it is written, which is through /status alone", [
        post(POLICIES, {**policy("ct-p"), "status": {"observedGeneration": 7}}, keep={"uid": "metadata.uid"}),
        merge(f"{POLICIES}/ct-p", {"status": {"observedGeneration": 7}}),
        get(f"{POLICIES}/ct-p/status"),
        merge(f"{POLICIES}/ct-p/status", {"metadata": {"uid": "${uid}"}, "status": {
            "observedGeneration": 1, "conditions": [{
                "type": "Ready", "status": "True", "observedGeneration": 1, "reason": "Valid",
                "message": "Used by 0 images", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
        merge(f"{POLICIES}/ct-p/status", {"metadata": {"uid": NO_UID}, "status": {"observedGeneration": 2}}),
        merge(f"{POLICIES}/ct-p", {"spec": {"maxConcurrentNodes": 3}}),
        merge(f"{POLICIES}/ct-p", {"spec": {"maxConcurrentNodes": None}}),
        delete(f"{POLICIES}/ct-p"),
        merge(f"{POLICIES}/ct-p/status", {"metadata": {"uid": "${uid}"}, "status": {"observedGeneration": 2}}),
    ]),
]

LEASE = f"{LEASES}/ct-lease"
LEASE_CASES = [
    Case("a lease: taken, renewed, lost to whoever wrote first, released", [
        get(LEASE),
        post(LEASES, lease("ct-lease"), keep={"rv": "metadata.resourceVersion"}),
        post(LEASES, lease("ct-lease", "you")),
        put(LEASE, lease("ct-lease", "me", "${rv}", renewTime="2026-01-02T03:04:07.000001Z"),
            keep={"new": "metadata.resourceVersion"}),
        put(LEASE, lease("ct-lease", "you", "${rv}")),
        get(LEASE),
        put(LEASE, lease("ct-lease", "", "${new}", leaseDurationSeconds=1)),
        delete(LEASE),
        put(LEASE, lease("ct-lease", "me", "${new}")),
        get(LEASE),
    ]),
    Case("leases that are refused", [
        post(LEASES, lease("ct-lease", leaseDurationSeconds=0)),
        post(LEASES, lease("ct-lease", leaseTransitions=-1)),
        post(LEASES, lease("ct-lease", renewTime="yesterday")),
        post(LEASES, lease("ct-lease"), show=META),
        put(LEASE, lease("ct-lease", "you"), show=META + ("spec.holderIdentity",)),
        put(f"{LEASES}/ct-other", lease("ct-lease")),
    ]),
]

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ct-secret", "namespace": NS}}
SECRET_CASES = [
    Case("a secret: read by its name", [
        get(f"{SECRETS}/ct-secret"),
        post(SECRETS, {**SECRET, "data": {"token": "c2VjcmV0"}, "stringData": {"user": "me"}}),
        get(f"{SECRETS}/ct-secret"),
        merge(f"{SECRETS}/ct-secret", {"data": {"token": "bmV3"}}),
        delete(f"{SECRETS}/ct-secret"),
        get(f"{SECRETS}/ct-secret"),
    ]),
    Case("secrets that are refused", [
        post(SECRETS, {**SECRET, "data": {"token": "not base64!"}}),
        post(SECRETS, {**SECRET, "data": {"not a key": "c2VjcmV0"}}),
    ]),
]

FINAL = {"finalizers": ["ct.example.com/hold"]}
DELETING = META + ("metadata.finalizers", "metadata.deletionTimestamp",
                   "metadata.deletionGracePeriodSeconds")
FINALIZER_CASES = [
    Case("a finalizer holds a deleted object", [
        post(IMAGES, image("ct-a", FINAL), show=DELETING),
        delete(CI, show=DELETING),
        delete(CI, show=DELETING),
        get(CI, show=DELETING),
        merge(CI, {"spec": {"tag": "2"}}, show=DELETING),
        merge(f"{CI}/status", {"status": {"phase": "Pending"}}, show=DELETING + ("status",)),
        merge(CI, {"metadata": {"finalizers": ["ct.example.com/hold", "ct.example.com/late"]}}),
        post(IMAGES, image("ct-a")),
        merge(CI, {"metadata": {"finalizers": None}}, show=DELETING),
        get(CI),
    ]),
    Case("a finalizer holds a pod, too", [
        post(PODS, {**pull_pod("pull-ct"), "metadata": {"name": "pull-ct", **FINAL}}, show=DELETING),
        delete(POD, {"gracePeriodSeconds": 0}, show=DELETING),
        get(POD, show=DELETING),
        merge(POD, {"metadata": {"finalizers": []}}, show=DELETING),
        until(POD, 404),
    ]),
    Case("names of finalizers", [ask("POST", IMAGES, image("ct-a", {"finalizers": ["no slash"]}))]),
]

CASES = PODS_CASES + IMAGE_CASES + LEASE_CASES + SECRET_CASES + FINALIZER_CASES
