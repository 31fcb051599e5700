"""A second registry, which asks for a password: another docker-registry process over the images of the
cluster's own, read only, so that what is pushed there can be had here with a name and a password.

Owns the process, the password (random, in no file but a bcrypt hash) and the node's words to reach it.
"""
import base64
import ctypes
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys

import processes
from cluster import SCRIPTS
from wait import until

USER = "puller"
BCRYPT = b"$2b$05$"  # and 22 letters of salt; 5: 2^5 rounds, a test needs no more
SALT_BYTES = 11


def bcrypt(password):
    """By the system's libcrypt: Python has none of its own."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    made = crypt(password.encode(), BCRYPT + secrets.token_hex(SALT_BYTES).encode())
    if not made or not made.startswith(BCRYPT):
        raise RuntimeError("libcrypt makes no bcrypt hashes here")
    return made.decode()


class PrivateRegistry:
    """with PrivateRegistry(t) as registry: registry.host serves what t.cluster.registry has."""

    def __init__(self, t):
        self.t = t
        self.password = secrets.token_hex(16)
        self.process = None
        port = subprocess.run([sys.executable, os.path.join(SCRIPTS, "lib", "ports.py"), "1"],
                              check=True, capture_output=True, text=True).stdout.strip()
        self.host = f"127.0.0.1:{port}"
        self.certs = os.path.join(t.cluster.dir, "nodes", t.cluster.node, "certs.d", self.host)

    def __enter__(self):
        folder = self.t.folder("registry")
        images = os.path.join(self.t.cluster.dir, "registry")
        htpasswd, config = os.path.join(folder, "htpasswd"), os.path.join(folder, "registry.yaml")
        with open(htpasswd, "w", encoding="utf-8") as out:
            out.write(f"{USER}:{bcrypt(self.password)}\n")
        with open(config, "w", encoding="utf-8") as out:  # JSON is YAML
            json.dump({"version": 0.1, "log": {"level": "warn", "accesslog": {"disabled": True}},
                       "storage": {"filesystem": {"rootdirectory": images},
                                   "maintenance": {"readonly": {"enabled": True}}},
                       "http": {"addr": self.host},
                       "auth": {"htpasswd": {"realm": "drop", "path": htpasswd}}}, out)
        os.makedirs(self.certs)
        with open(os.path.join(self.certs, "hosts.toml"), "w", encoding="utf-8") as out:
            out.write(f'server = "http://{self.host}"\n[host."http://{self.host}"]\n'
                      '  capabilities = ["pull", "resolve"]\n')
        with open(os.path.join(folder, "registry.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], processes.MARK: self.t.scratch})
        until(20, lambda: self.answer() == 401 and self.answer(self.password) == 200)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.certs)

    def answer(self, password=None):
        """The HTTP status of its root, without a password or with one."""
        headers = {"Authorization": f"Basic {basic(password)}"} if password else {}
        registry = http.client.HTTPConnection(self.host, timeout=5)
        try:
            registry.request("GET", "/v2/", headers=headers)
            return registry.getresponse().status
        finally:
            registry.close()

    def docker_config(self, password):
        """A .dockerconfigjson for this registry."""
        return json.dumps({"auths": {self.host: {"username": USER, "password": password,
                                                 "auth": basic(password)}}})


def basic(password):
    return base64.b64encode(f"{USER}:{password}".encode()).decode()
