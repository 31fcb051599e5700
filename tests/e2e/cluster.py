"""The real cluster: brought up and down by tests/cluster/*.sh, or a running one that is borrowed.

Owns the scratch cluster's life. Its folder keeps the logs and the audit log after the end.
"""
import http.client
import os
import shlex
import subprocess

from kubeapi import Api

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cluster")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json, "
             "application/vnd.docker.distribution.manifest.v2+json")
PRINTED = ("KUBECONFIG", "KUBECTL", "APISERVER", "REGISTRY", "AUDIT_LOG", "CA_CERT", "CLIENT_CERT",
           "CLIENT_KEY", "CLUSTER_LOGS", "NODE", "CTR", "KUBERNETES_VERSION", "RUNTIME")
PAIR = "1.34/containerd-1.6"  # what make test runs on


class Cluster:
    def __init__(self, folder, borrowed, pair=PAIR):
        self.dir = folder
        self.borrowed = borrowed
        self.pair = pair  # KUBERNETES/RUNTIME, as tests/cluster/up.sh knows them
        self.env = {}
        self.disturbed = False  # the API server was away, and the kubelet may still wait for it

    def up(self):
        if not self.borrowed:
            # The very first time it builds Kubernetes. A node of few pods can be filled (tests/contract).
            kubernetes, _, runtime = self.pair.partition("/")
            self.script("up.sh", "--kubernetes", kubernetes, "--runtime", runtime, "--kubelet-flags", "--max-pods=20",
                        timeout=1800)
        text = subprocess.run(
            ["bash", "-c", '. "$0/env" && for v in "$@"; do printf "%s\\0" "${!v}"; done',
             self.dir, *PRINTED],
            check=True, capture_output=True, text=True).stdout
        self.env = dict(zip(PRINTED, text.split("\0")))
        self.pair = f"{self.env['KUBERNETES_VERSION']}/{self.env['RUNTIME']}"
        self.api = self.api_as(self.env["CLIENT_CERT"], self.env["CLIENT_KEY"])

    def down(self):
        if not self.borrowed:
            self.script("down.sh")

    def script(self, name, *words, timeout=400):
        """Runs tests/cluster/<name> DIR words...; its output is part of the error if it fails."""
        done = subprocess.run([os.path.join(SCRIPTS, name), self.dir, *words], timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            command = shlex.join((name, *words))
            raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def ctl(self, *words):
        self.disturbed |= words[0] in ("expire", "start-apiserver")
        return self.script("ctl.sh", *words)

    @property
    def kubernetes(self):
        """The minor version of the control plane and the kubelets: 34."""
        return int(self.pair.partition("/")[0].removeprefix("1."))

    @property
    def asks_credentials(self):
        """Does the kubelet give a listed image only to pods whose credentials could have pulled it (rule 17a)?"""
        return self.kubernetes >= 35

    @property
    def node(self):
        return self.env["NODE"]

    @property
    def registry(self):
        return self.env["REGISTRY"]

    @property
    def kubeconfig(self):
        return self.env["KUBECONFIG"]

    def api_as(self, cert, key):
        return Api(self.env["APISERVER"], self.env["CA_CERT"], cert, key)

    def push(self, *words):
        """image.sh: NAME:TAG [SIZE-KB]...; returns {NAME:TAG: digest}."""
        lines = self.script("image.sh", *map(str, words)).splitlines()
        return dict(line.split() for line in lines if line)

    def digest(self, repo, tag):
        """What the registry itself says: the header of a HEAD on the manifest."""
        registry = http.client.HTTPConnection(self.registry, timeout=60)
        registry.request("HEAD", f"/v2/{repo}/manifests/{tag}", headers={"Accept": MANIFESTS})
        digest = registry.getresponse().headers["Docker-Content-Digest"]
        registry.close()
        return digest

    def user(self, name, group="system:masters"):
        """A kubeconfig for a new administrator of that name: the audit log tells users apart; or for
        one of another group, who may what a test allows."""
        pki = os.path.join(self.dir, "pki")
        base = os.path.join(pki, f"e2e-{name}")

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True)

        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{base}.key")
        openssl("req", "-new", "-key", f"{base}.key", "-subj", f"/O={group}/CN={name}",
                "-out", f"{base}.csr")
        openssl("x509", "-req", "-in", f"{base}.csr", "-CA", f"{pki}/ca.crt", "-CAkey",
                f"{pki}/ca.key", "-set_serial", str(int.from_bytes(os.urandom(8), "big")),
                "-days", "2", "-out", f"{base}.crt")
        with open(f"{base}.kubeconfig", "w", encoding="utf-8") as out:
            out.write("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                      f"clusters: [{{name: c, cluster: {{server: '{self.env['APISERVER']}', "
                      f"certificate-authority: '{pki}/ca.crt'}}}}]\n"
                      f"users: [{{name: {name}, user: {{client-certificate: '{base}.crt', "
                      f"client-key: '{base}.key'}}}}]\n"
                      f"contexts: [{{name: c, context: {{cluster: c, user: {name}}}}}]\n")
        return f"{base}.kubeconfig"

    def kubectl(self, *words, stdin=None):
        done = subprocess.run([self.env["KUBECTL"], *words], input=stdin, capture_output=True,
                              text=True, timeout=180, env={**os.environ, "KUBECONFIG": self.kubeconfig})
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {shlex.join(words)}: {done.stderr}")
        return done.stdout
