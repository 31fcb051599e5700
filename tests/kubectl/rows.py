"""The kubectl commands that drop-sim is held to, in the order in which they are run.

A row is what is typed, what must be in the output (a regular expression over stdout and stderr,
`.` matching line ends), and if need be the exit status, stdin, and the side: "sim" or "real" where
the two are known to differ; the reason stands beside it. `watch` rows run while another command
makes the change that they must show. PODS is a namespace with a service account.
"""
import dataclasses
import json

PODS = "default"
EDITOR = "sed -i s/hello/edited/"
GROUP = "drop.corewire.io/v1alpha1"


@dataclasses.dataclass
class Row:
    words: str
    want: str = ""
    code: int = 0
    stdin: str = None
    watch: str = None  # the command that makes the change
    side: str = None
    since: int = 0     # minor version of the first Kubernetes that can do it


# A List is checked by kubectl itself where the server has OpenAPI v2 (drop-sim's is empty): what is to be
# refused by the server is sent by itself.


def obj(kind, name, version="v1", meta=None, **parts):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **(meta or {})}, **parts}


def text(*objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def image(name, meta=None, **spec):
    return obj("CachedImage", name, GROUP, meta, spec={"image": "docker.io/library/nginx", **spec})


NODE = obj("Node", "kc-node", meta={"labels": {"node-role.kubernetes.io/build": "true"}},
           spec={"taints": [{"key": "kc/mine", "effect": "NoSchedule"}]})
POD = obj("Pod", "kc-pod", meta={"namespace": PODS, "labels": {"app": "kc", "n": "5"}},
          spec={"nodeName": "kc-node", "restartPolicy": "Never",
                "containers": [{"name": "pull", "image": "docker.io/library/nginx:1", "command": ["true"]}]})
MAP = obj("ConfigMap", "kc-map", meta={"namespace": PODS}, data={"a": "1", "b": "2"})
MAP_CHANGED = obj("ConfigMap", "kc-map", meta={"namespace": PODS}, data={"a": "3"})
INSIDE = obj("ConfigMap", "inside", meta={"namespace": "kc-space"}, data={"a": "1"})
# observedGeneration: kubectl wait believes no condition of an older generation than the object's.
READY = json.dumps({"status": {"ready": "1/1", "observedGeneration": 9, "conditions": [
    {"type": "Ready", "status": "True", "reason": "Cached", "message": "on all",
     "lastTransitionTime": "2026-01-02T03:04:05Z"}]}})
EVENT = obj("Event", "kc-event", "events.k8s.io/v1", {"namespace": "default"},
            eventTime="2026-01-02T03:04:05.000000Z", reportingController="drop.corewire.io/drop",
            reportingInstance="kc", action="CacheImage", reason="PullStarted", type="Normal",
            note="pulling it", regarding={"apiVersion": GROUP, "kind": "CachedImage", "name": "kc-image"})


def what_is_there():
    return [
        Row("version", r"Server Version: v1\.34\.4", side="sim"),
        Row("version", r"^Client Version: (v1\.\S+)$.*^Server Version: \1$", side="real"),
        Row("api-versions", r"coordination\.k8s\.io/v1\n.*drop\.corewire\.io/v1alpha1\n.*events\.k8s\.io/v1\n"),
        Row("api-resources --api-group=drop.corewire.io",
            r"cachedimages +ci +drop\.corewire\.io/v1alpha1 +false +CachedImage\n.*pullpolicies"),
        Row("api-resources --categories=drop -o name", r"cachedimages\.drop\.corewire\.io\n.*pullpolicies"),
        Row("explain cachedimage.spec.policyRef", r"PullPolicy.*FIELDS:.*name\s+<string> -required-"),
        Row("explain pullpolicy --recursive", r"failureBackoff.*initial.*tolerations"),
        Row("explain pullpolicy.spec.pullTimeout", r"Default: 30m\."),
        Row("get --raw /healthz", "^ok$"),
        Row("get nosuchthing", "doesn't have a resource type", 1),
    ]


def samples(folder):
    return [
        Row(f"apply --dry-run=server -f {folder}/samples.yaml", r"(created \(server dry run.*){13}"),
        Row("get drop", "No resources found"),
        Row(f"apply -f {folder}/samples.yaml", r"(created.*){13}"),
        Row(f"diff -f {folder}/samples.yaml", "^$"),
        Row(f"apply -f {folder}/samples.yaml", r"dev-nginx unchanged.*dev-registry unchanged"),
        Row("get drop", r"cachedimage\.drop.*cachedimageset\.drop.*discoverypolicy\.drop.*pullpolicy\.drop"),
        Row("get cachedimages", r"NAME +IMAGE +TAG +STATUS +READY +AGE\n.*\ndev-redis .*7-alpine +\d+s"),
        Row("get cachedimage dev-nginx -o wide", "DIGEST +SET +MESSAGE +POLICY\n.*dev-conservative"),
        Row("get cachedimage dev-nginx dev-redis -o name", "dev-nginx\n.*dev-redis\n"),
        Row("get cachedimages --no-headers -o custom-columns=N:.metadata.name,T:.spec.tag",
            r"dev-nginx +1\.25-alpine"),
        Row("get cachedimages --sort-by=.spec.tag", "dev-nginx.*dev-redis.*test-invalid-image"),
        Row("get cachedimages --show-labels", r"AGE +LABELS\n.*<none>"),
        Row("get pullpolicy dev-conservative -o yaml",
            r"minDelayBetweenPulls: 5s\n.*pullTimeout: 30m\n.*repullInterval: 1h"),
        Row("get pullpolicy dev-conservative -o json", r'"maxPullsPerNode": 2'),
        Row("get pullpolicy dev-conservative -o jsonpath={.spec.failureBackoff.max}", "^5m$"),
        Row("describe pullpolicy dev-conservative", r"Failure Backoff:\n +Initial: +30s"),
        Row(f"delete -f {folder}/samples.yaml", r"(deleted.*){13}"),
        Row("get drop", "No resources found"),
    ]


def our_kinds():
    return [
        Row("create -f -", "kc-image created.*kc-second created", stdin=text(
            image("kc-image", tag="1"), image("kc-second", {"labels": {"team": "b"}}))),
        Row("create -f -", r"AlreadyExists.*cachedimages\.drop\.corewire\.io \"kc-image\" already exists", 1,
            stdin=text(image("kc-image"))),
        Row("create -f -", r"generated-[a-z0-9]{5} created", stdin=text(
            {**image(""), "metadata": {"generateName": "generated-", "labels": {"team": "c"}}})),
        Row("create -f -", r'strict decoding error: unknown field "spec\.imagge"', 1,
            stdin=json.dumps(image("kc-bad", imagge="x"))),
        Row("create -f - --validate=false", "kc-odd created", stdin=text(image("kc-odd", imagge="x"))),
        Row("create -f -", r'The CachedImage "kc-bad" is invalid:.*spec\.imagePullPolicy: Unsupported value: '
            r'"Sometimes": supported values: "Always", "IfNotPresent", "Never"', 1,
            stdin=text(image("kc-bad", imagePullPolicy="Sometimes"))),
        Row("create -f -", "set tag or digest, not both", 1, stdin=text(
            image("kc-bad", tag="1", digest="sha256:" + "a" * 64))),
        Row("create -f -", r"spec\.priority in body must be of type integer", 1,
            stdin=json.dumps(image("kc-bad", priority="high"))),
        Row("create -f -", "metadata.name: Invalid value.*RFC 1123", 1, stdin=text(image("KC_bad"))),
        Row("get cachedimage kc-nope", r'NotFound\): cachedimages\.drop\.corewire\.io "kc-nope" not found', 1),
        Row("label cachedimage kc-image team=a", "labeled"),
        Row("label cachedimage kc-image team=b", "already has a value", 1),
        Row("label cachedimage kc-image team=b --overwrite", "labeled"),
        Row("label cachedimage kc-image team=a_ --overwrite", "a valid label must be", 1),
        Row("get cachedimages -l team=b -o name", "kc-image.*kc-second"),
        Row("get cachedimages -l team!=b,team -o name", "^cachedimage[^\n]*generated-[^\n]*\n$"),
        Row("get cachedimages -l", "flag needs an argument", 1),
        Row("get cachedimages -l 'team in (x,c),!other' -o name", "^[^\n]*generated-[^\n]*\n$"),
        Row("get cachedimages -l 'team b'", "unable to parse requirement: found 'b'", 1),
        Row("get cachedimages --field-selector metadata.name=kc-image -o name", "^[^\n]*kc-image\n$"),
        Row("get ci --field-selector spec.tag=1 -o name", "^[^\n]*kc-image\n$", since=31),
        Row("get cis,dp,pp -o name", ""),
        Row("get cachedimages --field-selector spec.priority=1", "field label not supported: spec.priority", 1),
        Row("annotate cachedimage kc-image note=hello", "annotated"),
        Row("edit cachedimage kc-image", "edited"),  # with EDITOR
        Row("get cachedimage kc-image -o jsonpath={.metadata.annotations.note}", "^edited$"),
        Row("annotate cachedimage kc-image note-", "annotated"),
        Row("patch cachedimage kc-image --type merge -p '{\"spec\":{\"tag\":\"2\"}}'", "patched"),
        Row("patch cachedimage kc-image --type merge -p '{\"spec\":{\"tag\":\"2\"}}'", "no change"),
        Row("patch cachedimage kc-image --type json -p "
            "'[{\"op\":\"replace\",\"path\":\"/spec/tag\",\"value\":\"3\"}]'", "patched"),
        Row("patch cachedimage kc-image --type merge -p '{\"spec\":{\"image\":null}}'",
            "spec.image: Required value", 1),
        Row("get cachedimage kc-image -o jsonpath={.metadata.generation}/{.spec.tag}", "^3/3$"),
        Row("wait --for=condition=Ready cachedimage/kc-image --timeout=1s", "timed out", 1),
        Row(f"patch cachedimage kc-image --subresource=status --type merge -p '{READY}'", "patched"),
        Row("wait --for=condition=Ready cachedimage/kc-image --timeout=10s", "condition met"),
        Row("wait --for=jsonpath={.status.ready}=1/1 cachedimage/kc-image --timeout=10s", "condition met"),
        Row("get cachedimage kc-image --subresource=status -o jsonpath={.status.ready}", "^1/1$"),
        Row("get cachedimage kc-image", r"kc-image +docker.io/library/nginx +3 +Cached +1/1 +\d+s"),
        Row("patch pullpolicy x --subresource=status --type merge -p '{}'", "NotFound", 1),
        Row("get cachedimages -w", r"kc-second .*Cached.*\n", watch=f"patch cachedimage kc-second "
            f"--subresource=status --type merge -p '{READY}'"),
        Row("get cachedimages -w --output-watch-events", r"ADDED.*DELETED +kc-odd", watch="delete cachedimage kc-odd"),
        Row("get cachedimage kc-second -w -o json", r'"watched": "yes"',
            watch="label cachedimage kc-second watched=yes"),
        Row("delete cachedimage kc-second --wait=false", "deleted"),
        Row("wait --for=delete cachedimage/kc-second --timeout=10s"),
    ]


def events():
    return [
        Row("create -f -", "kc-event created", stdin=text(EVENT)),
        Row("get events -n default --field-selector involvedObject.name=kc-image",
            r"LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n.*Normal +PullStarted +cachedimage/kc-image +pulling it"),
        Row("get events.events.k8s.io kc-event -n default -o jsonpath={.note}", "^pulling it$"),
        Row("get events kc-event -n default -o jsonpath={.message}", "^pulling it$"),
        Row("describe cachedimage kc-image", r"Tag: +3\n.*Reason: +Cached"),
        Row("delete event kc-event -n default", "deleted"),
    ]


def built_in():
    return [
        Row("create -f -", "kc-node created.*kc-pod created", stdin=text(NODE, POD)),
        Row("get nodes kc-node", r"NAME +STATUS +ROLES +AGE +VERSION\nkc-node +\w+ +build +\d+s"),
        Row("get nodes kc-node -o wide", "INTERNAL-IP.*CONTAINER-RUNTIME"),
        Row("cordon kc-node", "cordoned"),
        Row("get nodes kc-node", "SchedulingDisabled"),
        Row("uncordon kc-node", "uncordoned"),
        Row("taint node kc-node kc/more=1:PreferNoSchedule", "tainted"),
        Row("get node kc-node -o jsonpath={.spec.taints[*].key}", "kc/mine.*kc/more|kc/more.*kc/mine"),
        Row("taint node kc-node kc/more-", "untainted"),
        Row("taint node kc-node kc/more=1:Sometimes", "invalid taint effect", 1),
        Row("label node kc-node pool=ci", "labeled"),
        Row("get nodes -l pool=ci --no-headers", "kc-node"),
        Row("describe node kc-node", r"Roles: +build.*Taints: +kc/mine:NoSchedule.*Non-terminated Pods"),
        Row(f"get pods -n {PODS} -l app=kc", r"NAME +READY +STATUS +RESTARTS +AGE\nkc-pod +0/1 +Pending +0"),
        Row("get pods -A -o wide --field-selector spec.nodeName=kc-node", rf"{PODS} +kc-pod .* kc-node "),
        Row(f"get pod kc-pod -n {PODS} -o jsonpath={{.spec.schedulerName}}/{{.status.phase}}",
            "^default-scheduler/Pending$"),
        Row("diff -f -", r"-.*app: kc\n\+.*app: other", 1, stdin=json.dumps(
            {**POD, "metadata": {**POD["metadata"], "labels": {"app": "other", "n": "5"}}})),
        Row(f"describe pod kc-pod -n {PODS}", r"Node: +kc-node.*Command:\n +true"),
        Row(f"patch pod kc-pod -n {PODS} -p '{{\"spec\":{{\"containers\":[{{\"name\":\"pull\","
            "\"image\":\"docker.io/library/nginx:2\"}]}}'", "patched"),
        Row(f"get pod kc-pod -n {PODS} -o jsonpath={{.spec.containers[0].image}}{{.spec.containers[0].command}}",
            r'nginx:2\["true"\]'),
        Row(f"patch pod kc-pod -n {PODS} -p '{{\"spec\":{{\"nodeName\":\"other\"}}}}'",
            "Forbidden: pod updates may not change fields other than", 1),
        Row(f"delete pod kc-pod -n {PODS} --grace-period=0 --force", "deleted"),
        Row("create -f -", "kc-pod created", stdin=text(POD)),
        Row("drain kc-node", "declare no controller", 1),  # by POST of pods/eviction from here on
        Row("drain kc-node --force --grace-period=0 --dry-run=server", "evicting pod .*kc-pod.*drained"),
        Row(f"get pod kc-pod -n {PODS} --no-headers", "kc-pod"),
        Row("drain kc-node --force --grace-period=0 --timeout=60s", "evicting pod .*kc-pod.*kc-node drained"),
        Row(f"get pod kc-pod -n {PODS}", "NotFound", 1),
        Row("delete node kc-node", "deleted"),
        Row("create -f -", "containers: Required value", 1,
            stdin=text(obj("Pod", "kc-bad", meta={"namespace": PODS}, spec={"containers": []}))),
        Row("apply -f -", "kc-map created", stdin=json.dumps(MAP)),
        Row("apply -f -", "kc-map unchanged", stdin=json.dumps(MAP)),
        Row("apply -f -", "kc-map configured", stdin=json.dumps(MAP_CHANGED)),
        Row(f"get configmap kc-map -n {PODS} -o jsonpath={{.data}}", r'^{"a":"3"}$'),
        Row("replace -f -", "kc-map replaced", stdin=json.dumps(MAP)),
        # What kubectl makes from flags it sends as protobuf.
        Row("create namespace kc-space", "created"),
        Row(f"create secret generic kc-secret -n {PODS} --from-literal=a=b", "created"),
        Row(f"get secret kc-secret -n {PODS} -o jsonpath={{.type}}/{{.data.a}}", "^Opaque/Yg==$"),
        Row(f"get secret kc-secret -n {PODS}", r"Opaque +1 +\d+s"),
        Row(f"delete configmap/kc-map secret/kc-secret -n {PODS}", "kc-map.*kc-secret"),
        Row("get ns kc-space", r"kc-space +Active"),
        Row("create configmap inside -n kc-space --from-literal=a=b", "created"),
        Row("delete namespace kc-space --timeout=60s", "deleted"),
        Row("get configmap inside -n kc-space", "NotFound", 1),
        Row("create -f -", 'namespaces "kc-space" not found', 1, stdin=json.dumps(INSIDE)),
    ]


def deletion(owner):
    """owner(name): the ownerReference of a set that was made."""
    return [
        Row("delete cachedimage -l team=c", "generated-.*deleted"),
        Row("patch cachedimage kc-image --type merge -p '{\"metadata\":{\"finalizers\":[\"kc/wait\"]}}'", "patched"),
        Row("delete cachedimage kc-image --wait=false", "deleted"),
        Row("get cachedimage kc-image -o jsonpath={.metadata.deletionTimestamp}", r"^\d{4}-"),
        Row("patch cachedimage kc-image --type merge -p '{\"metadata\":{\"finalizers\":null}}'", "patched"),
        Row("get cachedimage kc-image", "NotFound", 1),
        Row("delete cachedimage kc-image", "NotFound", 1),
        Row("delete cachedimage kc-image --ignore-not-found", "^$"),
        *owned("background", owner), *owned("foreground", owner), *owned("orphan", owner),
        Row("delete cachedimages --all", "kc-child-orphan.*deleted"),
    ]


def owned(how, owner):
    """A set and its child; the child goes with it, unless it is orphaned."""
    name, child = f"kc-set-{how}", f"kc-child-{how}"

    def with_owner():  # only once the set has its uid
        return text(image(child, {"ownerReferences": [owner(name)]}))

    rows = [
        Row("create -f -", "created", stdin=text(obj("CachedImageSet", name, GROUP))),
        Row("create -f -", "created", stdin=with_owner),
        Row(f"delete cachedimageset {name} --cascade={how} --timeout=60s", "deleted"),
        Row(f"get cachedimageset {name}", "NotFound", 1),
    ]
    if how == "orphan":
        return [*rows, Row(f"get cachedimage {child} -o jsonpath=[{{.metadata.ownerReferences}}]", r"^\[\]$")]
    return [*rows, Row(f"wait --for=delete cachedimage/{child} --timeout=60s")]
