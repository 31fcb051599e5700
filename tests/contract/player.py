"""Plays a case on one side and writes down, normalised, what it answered.

Owns what a case made: all of it is removed afterwards, also when the case broke off. A side that
does not answer at all is recorded as such ("broken"), never passed over.
"""
import concurrent.futures
import json
import queue
import re
import time

from kubelet import FULL_MAX, KubeletSteps
from normal import Normaliser, at_path, is_status, picked
from steps import NODES, WHOLE, pull_pod

PATIENCE = 90       # seconds for an event or for a state that must come
QUIET = 0.5         # seconds of silence that say "no event"
TOGETHER = 6        # cases that are played at once, where they do not touch each other
INITIAL_END = "k8s.io/initial-events-end"


class Player:
    def __init__(self, side, node="", expire=None):
        self.side = side
        self.node = node
        self.expire = expire  # a function, or None: this side cannot forget

    def play(self, case):
        """The record: a list of what each step answered."""
        run = Run(self, case)
        try:
            for step in case.steps:
                run.step(step)
        except (OSError, ValueError, KeyError, TypeError, queue.Empty) as error:
            run.record.append({"broken": f"{type(error).__name__}: {error}"})
        finally:
            run.clean()
        return run.normal.ranked(run.record)

    def play_together(self, cases):
        """Their records, in order; for cases that wait for a kubelet."""
        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(self.play, cases))

    def can_fill(self):
        node = self.side.ask("GET", f"{NODES}/{self.node}").body
        return int(node["status"]["allocatable"]["pods"]) <= FULL_MAX

    def filler(self, name):
        """A pod that takes a place on the node and never ends."""
        return pull_pod(name, "docker.io/ct/absent:1", self.node, imagePullPolicy="Never")


class Run(KubeletSteps):
    def __init__(self, player, case):
        self.player = player
        self.side = player.side
        self.case = case
        self.names = {"NODE": player.node}
        self.normal = Normaliser(player.node)
        self.record = []
        self.made = []     # (collection, name), in order
        self.watches = {}

    def fill(self, value):
        """${name} replaced everywhere; a text that is nothing else becomes the value itself."""
        if isinstance(value, str):
            whole = re.fullmatch(r"\$\{(\w+)\}", value)
            if whole:
                return self.names[whole[1]]
            return re.sub(r"\$\{(\w+)\}", lambda m: str(self.names[m[1]]), value)
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        return value

    def step(self, step):
        getattr(self, f"do_{step.do}")(step)

    # ---- requests ----

    def do_ask(self, step):
        path, body = self.fill(step.path), self.fill(step.body)
        answer = self.side.ask(step.method, path, step.headers, body)
        if answer.code == 201 and "dryRun" not in path:
            self.remember(path.partition("?")[0], answer.body)
        self.note(step, answer)

    def remember(self, path, body):
        name = ((body if isinstance(body, dict) else {}).get("metadata") or {}).get("name")
        if name:
            self.made.append((path.removesuffix(f"/{name}"), name))

    def do_until(self, step):
        path, end = self.fill(step.path), time.monotonic() + PATIENCE
        while True:
            answer = self.side.ask("GET", path, step.headers)
            if self.reached(answer, self.fill(step.want)) or time.monotonic() > end:
                break
            time.sleep(0.05)
        self.note(step, answer)

    @staticmethod
    def reached(answer, want):
        if isinstance(want, int):
            return answer.code == want
        return picked(answer.body, want) == want

    def note(self, step, answer):
        for name, path in step.keep.items():
            self.names[name] = at_path(answer.body, path)
        row = {"ask": f"{step.method} {step.path}", "code": answer.code,
               "type": (answer.headers.get("Content-Type") or "").replace(" ", "")}
        for header in ("Warning", "Retry-After"):
            if answer.headers.get(header):
                row[header] = self.normal.text(answer.headers[header])
        if is_status(answer.body):
            row["status"] = self.normal.status(answer.body, step.message)
        elif step.show is WHOLE:
            row["body"] = self.normal.value(answer.body)
        elif step.show:
            row["body"] = picked(self.normal.value(answer.body), step.show)
        self.record.append(row)

    # ---- watches ----

    def do_watch(self, step):
        stream = self.side.watch(self.fill(step.path), step.headers)
        if step.name in self.watches:
            self.watches[step.name].close()
        self.watches[step.name] = stream
        row = {"ask": f"GET {step.path}", "code": stream.code,
               "type": (stream.headers.get("Content-Type") or "").replace(" ", "")}
        if stream.code != 200:
            body = _json(stream.text)
            row["status"] = self.normal.status(body) if is_status(body) else None
        self.record.append(row)

    def do_take(self, step):
        stream, events = self.watches[step.name], []
        while len(events) < max(step.count, 1):
            try:
                event = stream.take(PATIENCE)
            except queue.Empty:
                events.append("nothing came")
                break
            if event is None:
                events.append("the end")
                break
            if event["type"] == "BOOKMARK" and not self.ends_initial(event):
                continue  # when these come is the server's affair
            events.append(self.event(event, step.show))
        if step.sort:
            events.sort(key=json.dumps)
        self.record.append({"events": events})

    @staticmethod
    def ends_initial(event):
        notes = event["object"]["metadata"].get("annotations") or {}
        return notes.get(INITIAL_END) == "true"

    def event(self, event, show):
        obj = event["object"]
        if is_status(obj):
            return {"type": event["type"], "status": self.normal.status(obj)}
        if event["type"] == "BOOKMARK":
            show = ("kind", "apiVersion", "metadata.annotations", "metadata.resourceVersion")
        obj = self.normal.value(obj)
        return {"type": event["type"], "object": obj if show is WHOLE else picked(obj, show)}

    def do_initial(self, step):
        """Reads to the end of the initial events; of what was there, only the kinds."""
        kinds = set()
        while True:
            event = self.watches[step.name].take(PATIENCE)
            if event is None:
                kinds.add("the end")
                break
            kinds.add(f"{event['type']} {event['object']['apiVersion']} {event['object']['kind']}")
            if event["type"] == "BOOKMARK" and self.ends_initial(event):
                break
        self.record.append({"initial": sorted(kinds)})

    def do_find(self, step):
        while True:
            event = self.watches[step.name].take(PATIENCE)
            if event is None:
                self.record.append({"events": ["the end"]})
                return
            if event["type"] != "BOOKMARK" and event["object"]["metadata"]["name"] == step.want:
                self.record.append({"events": [self.event(event, step.show)]})
                return

    def do_shut(self, step):
        """What came in that nobody took is part of the record: there must be nothing."""
        stream = self.watches.pop(step.name)
        rest = []
        try:
            while (event := stream.take(QUIET)) is not None:
                if event["type"] != "BOOKMARK":
                    rest.append(self.event(event, ("metadata.name",)))
        except queue.Empty:
            pass
        stream.close()
        self.record.append({"left over": rest})

    def do_expire(self, _step):
        if self.player.expire is None:
            raise ValueError("this side was not told how to forget its history (--expire)")
        self.player.expire()

    # ---- the end ----

    def clean(self):
        for stream in self.watches.values():
            stream.close()
        for collection, name in reversed(self.made):
            path = f"{collection}/{name}"
            code = self.side.ask("DELETE", path, body={"gracePeriodSeconds": 0}).code
            if code == 404:
                continue
            self.side.ask("PATCH", path, {"Content-Type": "application/merge-patch+json"},
                          {"metadata": {"finalizers": None}})
            end = time.monotonic() + PATIENCE
            while self.side.ask("GET", path).code != 404 and time.monotonic() < end:
                time.sleep(0.05)


def _json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None
