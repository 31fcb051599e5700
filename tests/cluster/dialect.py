#!/usr/bin/env python3
"""What a kubelet and its runtime say of pulls, recorded on a cluster that is up: dialect.py DIR [--record]

A pod for each case of CASES, and a server with the faults of registries on a loopback port. Each answer is kept as it came, with
the names of this one cluster replaced (HOST, NODE, DIGEST, POD). Without --record the record of this pair in dialects.json is
compared and what differs is printed (exit status 1). dialects.json is the one table of what differs between versions: drop-sim
speaks by it.
"""
import argparse
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from wait import until

TABLE = os.path.join(HERE, "dialects.json")
PATIENCE = 120  # seconds that a status may take to come
SETTINGS = ("serializeImagePulls", "maxParallelImagePulls", "registryPullQPS", "registryBurst", "nodeStatusMaxImages",
            "imageMinimumGCAge", "imageMaximumGCAge", "imagePullCredentialsVerificationPolicy", "nodeStatusUpdateFrequency",
            "nodeStatusReportFrequency", "nodeLeaseDurationSeconds", "syncFrequency", "failCgroupV1")
FAILED = ("ErrImagePull", "RegistryUnavailable")  # the second is what CRI-O makes of a refused connection
FAULTS = {"unauthorized": 401, "forbidden": 403, "limited": 429, "unavailable": 503}


class Faults(http.server.BaseHTTPRequestHandler):
    """/v2/FAULT/...: that status. no-platform: an index that names another machine only."""
    protocol_version = "HTTP/1.1"

    def answer(self, code, body=b"", kind="application/json", **headers):
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):  # noqa: N802 pylint: disable=invalid-name
        host = self.headers["Host"]
        part = self.path.split("/")
        if self.path.startswith("/token"):
            self.answer(401)
        elif self.path in ("/v2", "/v2/"):
            self.answer(200)
        elif part[2] == "no-platform" and part[-2] == "manifests":
            one = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2,
                   "digest": "sha256:" + hashlib.sha256(b"{}").hexdigest(), "platform": {"os": "linux", "architecture": "s390x"}}
            body = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                               "manifests": [one]}).encode()
            self.answer(200, body, "application/vnd.oci.image.index.v1+json",
                        Docker_Content_Digest="sha256:" + hashlib.sha256(body).hexdigest())
        elif part[2] == "unauthorized":
            self.answer(401, Www_Authenticate=f'Bearer realm="http://{host}/token",service="x"')
        else:
            self.answer(FAULTS.get(part[2], 404))

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


class Recorder:
    def __init__(self, folder):
        out = subprocess.run(["bash", "-c", '. "$0/env" && env -0', folder], check=True, capture_output=True, text=True).stdout
        self.env = dict(one.split("=", 1) for one in out.split("\0") if "=" in one)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faults)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        for host in (self.host, "127.0.0.1:1"):  # plain http: containerd 2 would try https first
            certs = os.path.join(folder, "nodes", self.env["NODE"], "certs.d", host)
            os.makedirs(certs, exist_ok=True)
            with open(os.path.join(certs, "hosts.toml"), "w", encoding="utf-8") as file:
                file.write(f'server = "http://{host}"\n[host."http://{host}"]\n  capabilities = ["pull", "resolve"]\n')

    def kubectl(self, *words, given=None):
        done = subprocess.run([self.env["KUBECTL"], *words], input=given, capture_output=True, text=True, env=self.env, check=False)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def pair(self):
        return f"{self.env['KUBERNETES_VERSION']}/{self.env['RUNTIME']}"

    def plain(self, text):
        """Without what is of this cluster or this moment only."""
        for name, word in ((self.host, "HOST"), (self.env["REGISTRY"], "REGISTRY"), (self.env["NODE"], "NODE")):
            text = text.replace(name, word)
        text = re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", text)
        text = re.sub(r'time="[^"]*"', "TIME", text)
        text = re.sub(r"\b[0-9a-f]{64}\b", "ID", text)
        return re.sub(r"_[0-9a-f]{8}-[0-9a-f-]{27}|\([0-9a-f]{8}-[0-9a-f-]{27}\)", "UID", text)

    def cases(self):
        """{case: (image, pull policy, reason to wait for, or several)}"""
        registry = self.env["REGISTRY"]
        found = {name: (f"{self.host}/{name}/app:1", "Always", FAILED) for name in FAULTS}
        return {**found,
                "not-found": (f"{registry}/test/nothing:1", "Always", FAILED),
                "no-platform": (f"{self.host}/no-platform/app:1", "Always", FAILED),
                "no-such-host": ("registry.invalid.local:9999/app:1", "Always", FAILED),
                "refused": ("127.0.0.1:1/app:1", "Always", FAILED),
                "never": (f"{registry}/test/nothing:2", "Never", "ErrImageNeverPull"),
                "bad-name": (f"{registry}/Upper/app:1", "Always", "InvalidImageName"),
                "no-true": (f"{registry}/test/scratch:1", "Always", ("StartError", "CreateContainerError")),
                "back-off": (f"{registry}/test/nothing:3", "Always", "ImagePullBackOff"),
                "pulled": (f"{registry}/test/myapp:v3", "Always", "Completed")}

    def pod(self, name, image, policy):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "nodeName": self.env["NODE"], "restartPolicy": "Never", "automountServiceAccountToken": False,
            "containers": [{"name": "pull", "image": image, "imagePullPolicy": policy, "command": ["true"]}]}}
        self.kubectl("create", "-f", "-", given=json.dumps(pod))

    def until(self, name, reason):
        """The pod's status once its container's state has that reason, and the pod is over if the container is."""
        reasons = (reason,) if isinstance(reason, str) else reason

        def said():
            status = self.get("pod", name)["status"]
            one = (status.get("containerStatuses") or [{}])[0].get("state") or {}
            state, more = next(iter(one.items()), ("", {}))
            over = state != "terminated" or status["phase"] in ("Succeeded", "Failed")
            # The API server of a scratch image's pod may show its container before its conditions are final.
            assert more.get("reason") in reasons and over, status
            return status, state, more
        return until(PATIENCE, said, what=f"{name} says {reason}")

    def case(self, name, image, policy, reason):
        self.pod(name, image, policy)
        status, state, more = self.until(name, reason)
        self.kubectl("delete", "pod", name, "--wait=false")
        conditions = {c["type"]: c["status"] + (f" {c['reason']}" if c.get("reason") else "") for c in status["conditions"]}
        return {"phase": status["phase"], "state": state, "reason": more["reason"], "exitCode": more.get("exitCode", 0),
                "message": self.plain(more.get("message", "")), "conditions": conditions,
                "imageID": self.plain(status["containerStatuses"][0]["imageID"])}

    def node(self):
        """How it lists an image, and its settings; sizes compared with what the registry holds."""
        def lists():
            node = self.get("node", self.env["NODE"])
            mine = [one for one in node["status"].get("images") or [] if any("test/myapp:v3" in n for n in one["names"])]
            assert mine, "it does not list the image"
            return node, mine
        node, mine = until(PATIENCE, lists, 0.5)
        port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]  # the API server's proxy refuses a loopback address
        settings = json.loads(subprocess.run(
            ["curl", "-sSfk", "--cert", self.env["CLIENT_CERT"], "--key", self.env["CLIENT_KEY"], f"https://127.0.0.1:{port}/configz"],
            check=True, capture_output=True).stdout)["kubeletconfig"]
        return {"names": [self.plain(one) for one in mine[0]["names"]], "size": mine[0]["sizeBytes"],
                "kubelet": node["status"]["nodeInfo"]["kubeletVersion"],
                "runtime": node["status"]["nodeInfo"]["containerRuntimeVersion"],
                "fields": sorted(node["status"]), "settings": {name: settings.get(name) for name in SETTINGS}}

    def all(self):
        said = {}
        try:
            for name, (image, policy, reason) in self.cases().items():
                said[name] = self.case(name, image, policy, reason)
            return {"node": self.node(), "pods": said}
        finally:
            self.server.shutdown()


def differences(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted({*want, *got}):
            yield from differences(want.get(key), got.get(key), f"{path}/{key}")
    elif want != got:
        yield f"{path}: {json.dumps(want)} was recorded, {json.dumps(got)} is said"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cluster", metavar="DIR")
    parser.add_argument("--record", action="store_true", help="keep it in dialects.json")
    args = parser.parse_args()
    recorder = Recorder(args.cluster)
    said = recorder.all()
    table = {}
    if os.path.exists(TABLE):
        with open(TABLE, encoding="utf-8") as file:
            table = json.load(file)
    if args.record:
        table[recorder.pair()] = said
        with open(TABLE, "w", encoding="utf-8") as file:
            json.dump(table, file, indent=1, sort_keys=True)
            file.write("\n")
        return 0
    lines = list(differences(table.get(recorder.pair()), said, recorder.pair()))
    print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
