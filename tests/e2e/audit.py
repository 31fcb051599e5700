"""What our programs asked of the API server, read from its audit log.

The log is the referee for "exactly once": every finished request is a line in it, with its user,
its User-Agent (drop-<process>/<version>), its answer and, for pods and our kinds, its body.
Only lines of our programs are kept. Times are seconds since 1970 on this machine's clock.
"""
import calendar
import collections
import json
import time

NOTE = "drop.corewire.io/"  # annotations of a pull pod (api/pullpod.h)

Request = collections.namedtuple(
    "Request", "at end verb group resource sub namespace name code agent process user pod decision uri body")
Pull = collections.namedtuple("Pull", "uid node_uid reference attempt")


def _seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (fraction or "0"))


def _request(line):
    event = json.loads(line)
    ref = event.get("objectRef") or {}
    agent = event["userAgent"]
    body = event.get("requestObject")
    name = ref.get("name") or ((body or {}).get("metadata") or {}).get("name", "")
    return Request(
        _seconds(event["requestReceivedTimestamp"]), _seconds(event["stageTimestamp"]),
        event["verb"], ref.get("apiGroup", ""), ref.get("resource", ""), ref.get("subresource", ""),
        ref.get("namespace", ""), name, (event.get("responseStatus") or {}).get("code", 0), agent,
        agent.removeprefix("drop-").partition("/")[0], event["user"]["username"],
        # Whose token it was, where it was a pod's; and what the authorizer said of it.
        ((event["user"].get("extra") or {}).get("authentication.kubernetes.io/pod-name") or [""])[0],
        (event.get("annotations") or {}).get("authorization.k8s.io/decision", ""),
        event["requestURI"], body)


def pulls_of(pod):
    """What a pull pod is about, by its annotations: one pull a container; of another's pod none."""
    notes = pod["metadata"].get("annotations") or {}
    places = ["", *(f"pull-{place}." for place in range(20))]
    return [Pull(*(notes.get(NOTE + key, "") for key in
                   (f"{place}cachedimage-uid", "node-uid", f"{place}reference", f"{place}attempt")))
            for place in places if f"{NOTE}{place}attempt" in notes]


def deprecated(path, ours=True):
    """[(User-Agent, URI)] of requests to an API that the server calls deprecated; ours: of our programs only."""
    found = []
    with open(path, "rb") as log:
        for line in log:
            if b'"k8s.io/deprecated":"true"' in line and (not ours or b'"userAgent":"drop-' in line):
                event = json.loads(line)
                found.append((event["userAgent"], event["requestURI"]))
    return found


class Audit:
    def __init__(self, path):
        self.path = path
        self.at = 0        # bytes read, always at a line's start
        self.requests = []

    def refresh(self):
        with open(self.path, "rb") as log:
            log.seek(self.at)
            data = log.read()
        data = data[:data.rfind(b"\n") + 1]
        self.at += len(data)
        for line in data.splitlines():
            if b'"userAgent":"drop-' in line:
                self.requests.append(_request(line))

    def since(self, moment, **want):
        """Requests received after the moment whose fields have the wanted values."""
        self.refresh()
        return [r for r in self.requests if r.at >= moment
                and all(getattr(r, key) == value for key, value in want.items())]

    def creates(self, moment, uid=None, code=201):
        """Pulls whose pods were created, as [(request, pull)] in order of time; uid: of one CachedImage."""
        made = [(r, pull) for r in self.since(moment, verb="create", resource="pods", code=code) if r.body
                for pull in pulls_of(r.body)]
        return sorted(((r, p) for r, p in made if uid in (None, p.uid)), key=lambda one: one[0].at)

    def twice(self, moment):
        """Pulls that were created more than once: [(pull, times)]. Must be empty, always."""
        count = collections.Counter(pull for _, pull in self.creates(moment))
        return [(pull, n) for pull, n in count.items() if n > 1]

    def unanswered(self, moment):
        """Creates whose client was gone before the answer: the pod may exist all the same."""
        return len(self.creates(moment, code=504))

    def writes(self, moment, **want):
        """Everything that changes an object other than the lease."""
        return [r for r in self.since(moment, **want)
                if r.verb in ("create", "update", "patch", "delete", "deletecollection")
                and r.resource != "leases"]

    def summary(self, moment):
        """{'puller create pods': 20, ...}: what each process asked for, and how often."""
        count = collections.Counter(
            " ".join(filter(None, (r.process, r.verb, r.resource, r.sub)))
            for r in self.since(moment))
        return dict(sorted(count.items()))
