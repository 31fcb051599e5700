"""A small client of the Kubernetes API over HTTPS with a client certificate.

The tests look at the world through it and change the world through it. Much faster than kubectl,
and a User-Agent of its own, so that the audit log tells our requests from the programs'.
"""
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse

AGENT = "e2e"
TIMEOUT = 60  # seconds for one request; a POST that is sent again may find its object there
BUSY_TRIES, BUSY_WAIT = 50, 0.2  # seconds
NAMESPACE = "drop-system"

DROP = "/apis/drop.corewire.io/v1alpha1"
PATHS = {  # what the tests call a kind -> its collection
    "cachedimage": f"{DROP}/cachedimages",
    "cachedimageset": f"{DROP}/cachedimagesets",
    "discoverypolicy": f"{DROP}/discoverypolicies",
    "pullpolicy": f"{DROP}/pullpolicies",
    "crd": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "lease": f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases",
    "namespace": "/api/v1/namespaces",
    "node": "/api/v1/nodes",
    "nodelease": "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
    "pod": f"/api/v1/namespaces/{NAMESPACE}/pods",
    "quota": f"/api/v1/namespaces/{NAMESPACE}/resourcequotas",
}


class ApiError(AssertionError):
    """The server's answer was an error; code is the HTTP status."""

    def __init__(self, what, code, body):
        message = body.get("message", body) if isinstance(body, dict) else body
        super().__init__(f"{what}: {code} {message}")
        self.code = code
        self.message = str(message)


class Api:
    def __init__(self, server, ca, cert, key):
        self.host = urllib.parse.urlsplit(server).netloc
        self.context = ssl.create_default_context(cafile=ca)
        self.context.load_cert_chain(cert, key)
        self.local = threading.local()  # a connection a thread

    def connect(self, timeout=TIMEOUT):
        return http.client.HTTPSConnection(self.host, timeout=timeout, context=self.context)

    def ask(self, method, path, body=None, kind="application/json"):
        """Returns (status, decoded body). A server that asks us to come back later (429, as while
        the storage of a new CRD is set up) is asked again."""
        for _ in range(BUSY_TRIES):
            code, answer = self._ask_once(method, path, body, kind)
            if code != 429:
                break
            time.sleep(BUSY_WAIT)
        return code, answer

    def _ask_once(self, method, path, body, kind):
        """A connection that died while idle is opened again."""
        data = None if body is None else json.dumps(body)
        headers = {"User-Agent": AGENT, "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = kind
        for fresh in (False, True):
            http_ = getattr(self.local, "http", None)
            if http_ is None or fresh:
                http_ = self.local.http = self.connect()
            try:
                http_.request(method, path, data, headers)
                reply = http_.getresponse()
                text = reply.read()
                break
            except (http.client.HTTPException, OSError) as error:
                http_.close()
                self.local.http = None
                if fresh:
                    raise OSError(f"{method} {path}: {error!r}") from error
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, text.decode(errors="replace")

    def must(self, method, path, body=None, kind="application/json"):
        code, answer = self.ask(method, path, body, kind)
        if code >= 300:
            raise ApiError(f"{method} {path}", code, answer)
        return answer

    def get(self, kind, name):
        """The object, or None."""
        code, answer = self.ask("GET", f"{PATHS[kind]}/{name}")
        if code == 404:
            return None
        if code != 200:
            raise ApiError(f"GET {kind} {name}", code, answer)
        return answer

    def list(self, kind):
        return self.must("GET", PATHS[kind])["items"]

    def create(self, kind, obj):
        return self.must("POST", PATHS[kind], obj)

    def patch(self, kind, name, patch, sub=""):
        """A JSON merge patch; sub: "status" for the subresource."""
        path = f"{PATHS[kind]}/{name}" + (f"/{sub}" if sub else "")
        return self.must("PATCH", path, patch, "application/merge-patch+json")

    def apply(self, kind, obj):
        """Creates the object, or makes the existing one's spec equal to it."""
        code, answer = self.ask("POST", PATHS[kind], obj)[:2]
        path = f"{PATHS[kind]}/{obj['metadata']['name']}"
        while code == 409:  # it is there; again, if its status was written meanwhile
            now = self.must("GET", path)
            now["spec"] = obj.get("spec", now.get("spec"))
            code, answer = self.ask("PUT", path, now)[:2]
        if code >= 300:
            raise ApiError(f"apply {kind}", code, answer)
        return answer

    def delete(self, kind, name, now=False):
        """404 is fine. now: without grace, for pods whose kubelet is not there."""
        body = {"gracePeriodSeconds": 0} if now else None
        code, answer = self.ask("DELETE", f"{PATHS[kind]}/{name}", body)
        if code >= 300 and code != 404:
            raise ApiError(f"DELETE {kind} {name}", code, answer)

    def delete_all(self, kind):
        self.must("DELETE", PATHS[kind])


class Watch:
    """Iterates over the events of one watch until it ends; close() from another thread ends it."""

    def __init__(self, api, kind, query):
        self.http = api.connect(timeout=None)
        self.path = f"{PATHS[kind]}?watch=true&{query}"

    def __iter__(self):
        try:
            self.http.request("GET", self.path, headers={"User-Agent": AGENT})
            reply = self.http.getresponse()
            pending = b""
            while piece := reply.read1(65536):
                *lines, pending = (pending + piece).split(b"\n")
                for line in lines:
                    yield json.loads(line)
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"watch {self.path}: {error!r}") from error
        finally:
            self.http.close()

    def close(self):
        try:
            self.http.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # not open, or closed already
