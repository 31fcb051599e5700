"""Follows a pod through the states that its kubelet reports, and says what of them counts.

A state is (phase, reason of the pod, the container's state, its image, the conditions), texts reduced
to what does not depend on the machine. See cases_kubelet.py for what is compared.
"""
import queue
import re
import time

from steps import NODES, PODS

PATIENCE = 90            # seconds for a pod to get where it should; ImagePullBackOff comes after 12
FULL_MAX = 20            # pods: a node that takes more is not filled
STARTED_WAITING = ("ContainerCreating", "PodInitializing")
REDUCED = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"containerd://[0-9a-f]{64}"), "<container>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<id>"),
    (re.compile(r"\b(lookup \S+?)( on \S+)?: (no such host|server misbehaving|.*i/o timeout).*"),
     r"\1: no such host"),
    (re.compile(r"\bhttps?://"), "http://"),
    (re.compile(r"\b(requested|used|capacity): \d+"), r"\1: N"),
)

OWN_REGISTRY = re.compile(r"^127\.0\.0\.1:\d+/")


def reduced(text):
    for pattern, by in REDUCED:
        text = pattern.sub(by, text)
    return text


def container(status):
    """'waiting ErrImagePull: text', 'terminated StartError 128: text', 'none'."""
    for kind, state in (status.get("state") or {}).items():
        words = [kind, state.get("reason", ""), str(state.get("exitCode", ""))]
        head = " ".join(filter(None, words))
        return f"{head}: {reduced(state['message'])}" if state.get("message") else head
    return "none"


def there_as(name):
    """The name of content that is on the node. It may go by any of its names, as the runtime likes and
    as earlier pulls had it: the cluster's registry is docker.io's mirror, so both hosts mean the same
    repository."""
    return OWN_REGISTRY.sub("docker.io/", reduced(name))


def names(one):
    """(image, imageID)."""
    image, content = one.get("image", ""), one.get("imageID", "")
    return (there_as(image), there_as(content)) if content else (reduced(image), content)


def state_of(pod):
    status = pod.get("status") or {}
    rows = status.get("containerStatuses") or [{}]
    one = next((row for row in rows if row.get("name") == "pull"), rows[0])
    state = {"phase": status.get("phase"), "container": container(one)}
    others = [f"{row['name']}: {container(row)}" for row in rows + (status.get("initContainerStatuses") or [])
              if row is not one]
    if others:  # in the order in which they stand
        state["others"] = others
    if status.get("reason"):
        state["reason"] = f"{status['reason']}: {reduced(status.get('message', ''))}"
    if one:
        state["image"], state["imageID"] = names(one)
        state["containerID"] = reduced(one.get("containerID", ""))
    state["started"] = "startTime" in status
    state["conditions"] = {c["type"]: " ".join(filter(None, (c["status"], c.get("reason"))))
                           for c in status.get("conditions") or []}
    return state


def there(state, end, seen):
    """Is the pod where the case wants it? end: see cases_kubelet.py."""
    if end == "started":
        return state["started"]
    if "=" in end:
        return state["phase"] == end.partition("=")[2]
    said = [text for one in seen for text in (one["container"], *one.get("others", ()))]
    return all(any(reason in text.replace(":", "").split() for text in said) for reason in end.split())


def follow(stream, end):
    """The distinct states in order, until the end is reached; and whether it was."""
    seen, deadline = [], time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            event = stream.take(deadline - time.monotonic())
        except queue.Empty:
            break
        if event is None or event["type"] not in ("ADDED", "MODIFIED"):
            break
        state = state_of(event["object"])
        if state not in seen:
            seen.append(state)
        if there(state, end, seen):
            return seen, True
    return seen, False


def says_something(state):
    words = state["container"].replace(":", "").split()
    return "reason" in state or words[0] == "terminated" or (
        words[0] == "waiting" and words[1] not in STARTED_WAITING)


def record(seen, reached, end):
    """What is written down of a pod."""
    says = sorted({" ".join(filter(None, (s.get("reason"), s["container"]))) for s in seen if says_something(s)})
    row = {"says": says, "reached": reached, "passing": list(seen)}
    if "=" in end:
        row["last"] = seen[-1] if seen else None
    return row


def comparable(want, got, simulated):
    """Both records without the passing states: a simulated node may pass only those of want, a real one
    (where now and then one more is seen, such as Running) any."""
    for want_row, got_row in zip(want, got):
        if "passing" in want_row and (not simulated or all(
                s in want_row["passing"] for s in got_row.get("passing", ()))):
            want_row["passing"] = got_row["passing"] = "as seen"
    return want, got


def merged(old, new):
    """Two records of one side: passing states that either saw."""
    for old_row, new_row in zip(old or [], new):
        if "passing" in old_row and "passing" in new_row:
            new_row["passing"] += [s for s in old_row["passing"] if s not in new_row["passing"]]
    return new


class KubeletSteps:
    """The steps of a Run (player.py) that need a node."""

    def do_pull(self, step):
        name = step.body["metadata"]["name"]
        stream = self.side.watch(f"{PODS}?watch=true&fieldSelector=metadata.name%3D{name}")
        self.watches[name] = stream
        answer = self.side.ask("POST", PODS, body=self.fill(step.body))
        if answer.code != 201:
            self.note(step, answer)
            return
        self.remember(PODS, answer.body)
        seen, reached = follow(stream, step.want)
        if step.want == "started":
            self.record.append({"reached": reached})
        else:
            self.record.append(self.normal.value(record(seen, reached, step.want)))

    def do_listed(self, step):
        """The entry of node.status.images that has the name, once the kubelet reports it."""
        end = time.monotonic() + PATIENCE
        while True:
            node = self.side.ask("GET", f"{NODES}/{self.player.node}").body
            images = node["status"].get("images") or []
            found = [one for one in images if step.want in one["names"]]
            if found or time.monotonic() > end:
                break
            time.sleep(0.2)
        sizes = [one["sizeBytes"] for one in images]
        self.record.append({
            "names": list(dict.fromkeys(there_as(name) for one in found for name in one["names"])),
            "sized": [one["sizeBytes"] > 0 for one in found],
            "by size": sizes == sorted(sizes, reverse=True), "at most 50": len(images) <= 50,
            "at most 5 names": all(len(one["names"]) <= 5 for one in images)})

    def do_fill(self, _step):
        """Pods that never end take every place that the node has left."""
        node = self.side.ask("GET", f"{NODES}/{self.player.node}").body
        room = int(node["status"]["allocatable"]["pods"])
        if room > FULL_MAX:
            raise ValueError(f"the node takes {room} pods: too many to fill it")
        for i in range(room):
            body = self.player.filler(f"pull-ct-fill-{i}")
            answer = self.side.ask("POST", PODS, body=body)
            self.remember(PODS, answer.body)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pods = self.side.ask("GET", PODS).body["items"]
            mine = [p for p in pods if p["metadata"]["name"].startswith("pull-ct-fill-")]
            if all("startTime" in (p.get("status") or {}) for p in mine):
                break
            time.sleep(0.2)
