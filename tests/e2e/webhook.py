"""Webhooks of our own, as a service mesh or a policy engine has them: one patches each pull pod on create, one refuses some."""
import base64
import http.server
import json
import os
import ssl
import threading

from admission import dry_run
from kubeapi import NAMESPACE
from pki import Authority, text
from wait import until

PATH = "/apis/admissionregistration.k8s.io/v1/"


class Webhook:
    """with Webhook(t, [JSON patch operations]): ...; for pods of the pull namespace. Removed at the end."""
    kind = "MutatingWebhookConfiguration"

    def __init__(self, t, patch, name="drop-test-webhook"):
        self.api, self.patch, self.name = t.api, patch, name
        self.path = f"{PATH}{self.kind.lower()}s"
        self.authority = Authority(t.folder("webhook"), "webhook-authority")
        self.asked = 0

    def response(self, pod):  # pylint: disable=unused-argument
        return {"allowed": True, "patchType": "JSONPatch",
                "patch": base64.b64encode(json.dumps(self.patch).encode()).decode()}

    def __enter__(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.asked += 1
                answer = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": {
                    "uid": review["request"]["uid"], **hook.response(review["request"]["object"])}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        cert, key = self.authority.issue("webhook", "IP:127.0.0.1")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        bundle = base64.b64encode(text(self.authority.cert).encode()).decode()
        self.api.must("POST", self.path, {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": self.kind,
            "metadata": {"name": self.name}, "webhooks": [{
                "name": "pods.drop-test.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                "clientConfig": {"url": f"https://127.0.0.1:{self.server.server_port}/", "caBundle": bundle},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                           "resources": ["pods"]}]}]})
        until(60, self.asks)
        self.asked = 0
        return self

    def asks(self):
        """Does the API server ask it of a pod? It does some moments after it knows of it, and until some moments after its end."""
        before = self.asked
        dry_run(self.api)
        return self.asked > before

    def __exit__(self, *_):
        self.api.ask("DELETE", os.path.join(self.path, self.name))
        until(60, lambda: not self.asks())
        self.server.shutdown()
        self.server.server_close()


class Refusing(Webhook):
    """with Refusing(t, pod -> text or None): ...; a pod with a text is refused with it."""
    kind = "ValidatingWebhookConfiguration"

    def response(self, pod):
        why = self.patch(pod)
        return {"allowed": True} if why is None else {
            "allowed": False, "status": {"code": 403, "message": why}}
