"""Second registries: other docker-registry processes over the images of the cluster's own, read only, so
that what is pushed there can be had here too: with a name and a password, with tokens, over TLS.

Own the process, the password (random, in no file but a bcrypt hash) and the node's words to reach it.
"""
import base64
import ctypes
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys

import processes
from cluster import SCRIPTS
from wait import until

USER = "puller"
BCRYPT = b"$2b$05$"  # and 22 letters of salt; 5: 2^5 rounds, a test needs no more
SALT_BYTES = 11


def free_port():
    return int(subprocess.run([sys.executable, os.path.join(SCRIPTS, "lib", "ports.py"), "1"],
                              check=True, capture_output=True, text=True).stdout)


def bcrypt(password):
    """By the system's libcrypt: Python has none of its own."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    made = crypt(password.encode(), BCRYPT + secrets.token_hex(SALT_BYTES).encode())
    if not made or not made.startswith(BCRYPT):
        raise RuntimeError("libcrypt makes no bcrypt hashes here")
    return made.decode()


class Registry:
    """with Registry(t) as registry: registry.host serves what t.cluster.registry has; name: what the node
    knows it by, if that is not its address; more: of docker-registry's configuration."""

    def __init__(self, t, address="127.0.0.1", port=None, name=None, more=None, http=None):
        self.t = t
        self.process = None
        self.host = f"{address}:{port or free_port()}"
        self.name = name or self.host
        self.more, self.http = more or {}, http or {}
        self.scheme = "https" if self.http else "http"
        self.url = f"{self.scheme}://{self.host}"
        self.certs = os.path.join(t.cluster.dir, "nodes", t.cluster.node, "certs.d", self.name)

    def __enter__(self):
        self.folder = self.t.folder("registry")
        config = os.path.join(self.folder, "registry.yaml")
        with open(config, "w", encoding="utf-8") as out:  # JSON is YAML
            json.dump({"version": 0.1, "log": {"level": "warn", "accesslog": {"disabled": True}},
                       "storage": {"filesystem": {"rootdirectory": self.images()},
                                   "maintenance": {"readonly": {"enabled": True}}},
                       "http": {"addr": self.host, **self.http}, **self.more}, out)
        self.tell_node()
        with open(os.path.join(self.folder, "registry.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], processes.MARK: self.t.scratch})
        until(20, self.serves)
        return self

    def images(self):
        return os.path.join(self.t.cluster.dir, "registry")

    def tell_node(self):
        os.makedirs(self.certs)
        with open(os.path.join(self.certs, "hosts.toml"), "w", encoding="utf-8") as out:
            out.write(f'server = "{self.url}"\n[host."{self.url}"]\n'
                      '  capabilities = ["pull", "resolve"]\n')

    def serves(self):
        address, _, port = self.host.rpartition(":")
        socket.create_connection((address, int(port)), 5).close()
        return True

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.certs, ignore_errors=True)


class PrivateRegistry(Registry):
    """Wants a name and a password."""

    def __init__(self, t):
        super().__init__(t)
        self.password = secrets.token_hex(16)

    def __enter__(self):
        htpasswd = os.path.join(self.t.folder("htpasswd"), "htpasswd")
        with open(htpasswd, "w", encoding="utf-8") as out:
            out.write(f"{USER}:{bcrypt(self.password)}\n")
        self.more = {"auth": {"htpasswd": {"realm": "drop", "path": htpasswd}}}
        return super().__enter__()

    def serves(self):
        return self.answer() == 401 and self.answer(self.password) == 200

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
