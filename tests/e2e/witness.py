"""Watches the pull pods of the namespace from outside: which pods ever existed.

The second referee beside the audit log. A client that dies between its request and the answer can
leave a pod behind that the log does not show as created (the server logs 504, "context canceled",
or nothing if it dies itself), so what was really made is read from etcd's own history: one watch,
resumed where it broke.
"""
import collections
import threading
import time

from audit import pulls_of
from kubeapi import PATHS, Watch


class Witness:
    def __init__(self, api):
        self.api = api
        self.stop = threading.Event()
        self.pods = {}  # pod uid -> (when seen, its pulls)
        self.objects = []  # the pods as they were first seen
        self.lock = threading.Lock()
        self.watch = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        if self.watch is not None:
            self.watch.close()
        self.thread.join(10)

    def _note(self, pod):
        pulls = pulls_of(pod)
        if not pulls:
            return
        with self.lock:
            if pod["metadata"]["uid"] not in self.pods:
                self.objects.append(pod)
            self.pods.setdefault(pod["metadata"]["uid"], (time.time(), pulls))

    def _run(self):
        version = ""
        while not self.stop.is_set():
            try:
                if not version:
                    listed = self.api.must("GET", PATHS["pod"])
                    for pod in listed["items"]:
                        self._note(pod)
                    version = listed["metadata"]["resourceVersion"]
                self.watch = Watch(self.api, "pod", f"resourceVersion={version}")
                for event in self.watch:
                    if event["type"] == "ERROR":  # history is gone: from here on with a new list
                        version = ""
                        break
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] == "ADDED":
                        self._note(event["object"])
            except (OSError, AssertionError):
                time.sleep(0.1)

    def since(self, moment):
        """[Pull] of every pod that was first seen after the moment."""
        with self.lock:
            return [pull for at, pulls in self.pods.values() if at >= moment for pull in pulls]

    def pods_since(self, moment):
        """The pods that were first seen after the moment, as they were then."""
        with self.lock:
            return [pod for pod in self.objects if self.pods[pod["metadata"]["uid"]][0] >= moment]

    def of(self, label, value):
        """The pods with this label, as they were first seen."""
        with self.lock:
            return [pod for pod in self.objects if pod["metadata"]["labels"].get(label) == value]

    def twice(self, moment):
        count = collections.Counter(self.since(moment))
        return [(pull, n) for pull, n in count.items() if n > 1]
