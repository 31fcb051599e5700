#!/usr/bin/env python3
"""What the discoverer finds out about images at registries, asked by dropctl facts; prints TAP:

    facts.py --build DIR [--keep]

Each row is an image, what its registry answers, and what is told (behaviour 35, 36). Afterwards the logs of all
servers say who was asked, how often and with which credentials.
"""
import base64
import hashlib
import json
import socket
import sys

import rig as rigs  # first: it says where the folders of the others are
from rig import SECRETS, Rig, arguments
from server import Server

PASSWORD = "a-pass-w0rd-for-home"
BASIC = "Basic " + base64.b64encode(f"us:{PASSWORD}".encode()).decode()
IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json"
ROWS = {}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def an_image(seed, size):
    return json.dumps({"schemaVersion": 2, "config": {"digest": digest(seed.encode()), "size": 100}, "layers": [
        {"digest": digest(b"layer" + seed.encode()), "size": size}] * 2}).encode()


AMD, ARM = an_image("amd", 1000), an_image("arm", 2000)
INDEX = json.dumps({"schemaVersion": 2, "manifests": [
    {"digest": digest(AMD), "size": len(AMD), "platform": {"os": "linux", "architecture": "amd64"}},
    {"digest": digest(ARM), "size": len(ARM), "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
    {"digest": digest(b"x"), "size": 3, "platform": {"os": "unknown", "architecture": "unknown"}}]}).encode()


class Row:
    def __init__(self, serve, text, known, secret, host, requests):
        self.serve, self.text, self.known, self.secret = serve, text, known, secret
        self.host, self.requests = host, requests
        self.name = serve.__name__.replace("_", "-")


def row(text, known=True, secret=None, host="home.example", requests=None):
    """text: what dropctl says; requests: to manifests of it."""
    def add(serve):
        one = Row(serve, (text,) if isinstance(text, str) else text, known, secret, host, requests)
        ROWS[one.name] = one
        return serve
    return add


def manifest(client, asked, body, headers=None, code=200):
    """As a registry answers to HEAD and GET."""
    lines = [f"Docker-Content-Digest: {digest(body)}"] if headers is None else headers
    client.head(code, lines, len(body), IMAGE_TYPE)
    if asked.method == "GET":
        client.send(body)
    return True


def refuse(client, code, *headers):
    client.head(code, headers, 0)
    return True


@row((f"digest     {digest(AMD)}", "without credentials", "one image", "1100"), requests=["HEAD", "GET"])
def plain(client, asked):
    return manifest(client, asked, AMD)


@row((f"digest     {digest(INDEX)}", "index", "linux/amd64    1100", "linux/arm/v7   2100"),
     requests=["HEAD", "GET", "GET", "GET"])
def index(client, asked):
    return manifest(client, asked, {digest(AMD): AMD, digest(ARM): ARM}.get(asked.path.split("/")[-1], INDEX))


@row((f"digest     {digest(AMD)}",), requests=["HEAD", "GET"])
def without_head(client, asked):
    return refuse(client, 405) if asked.method == "HEAD" else manifest(client, asked, AMD)


@row((f"digest     {digest(AMD)}",), requests=["HEAD", "GET"])
def without_digest(client, asked):
    return manifest(client, asked, AMD, headers=[])


@row("does not match the digest", known=False)
def wrong_digest(client, asked):
    return manifest(client, asked, AMD if asked.method == "HEAD" else ARM)


@row("does not match the digest", known=False)
def wrong_header(client, asked):
    return refuse(client, 405) if asked.method == "HEAD" else manifest(
        client, asked, AMD, headers=[f"Docker-Content-Digest: {digest(ARM)}"])


@row("platforms  not known: the response of the registry is invalid")
def no_manifest(client, asked):
    return manifest(client, asked, b"<html>")


@row("platforms  not known: the response of the registry is invalid")
def both_at_once(client, asked):
    return manifest(client, asked, json.dumps({"manifests": [], "config": {}, "layers": []}).encode())


def bearer(client, asked, token):
    if asked.headers.get("authorization") == f"Bearer {token}":
        return manifest(client, asked, AMD)
    return refuse(client, 401, f'WWW-Authenticate: Bearer realm="http://{asked.headers["host"]}/token/{token}"')


@row(("without credentials",))
def anonymous_token(client, asked):
    return bearer(client, asked, "for-anybody")


@row(("with credentials",), secret="pull")
def private(client, asked):
    return bearer(client, asked, "for-us")


@row("requires other credentials (HTTP 401)", known=False)
def private_without_secret(client, asked):
    return bearer(client, asked, "for-us")


@row("requires other credentials (HTTP 401)", known=False, secret="opaque")
def private_with_another_secret(client, asked):
    return bearer(client, asked, "for-us")


@row(("with credentials",), secret="old")
def basic(client, asked):
    if asked.headers.get("authorization") == BASIC:
        return manifest(client, asked, AMD)
    return refuse(client, 401, 'WWW-Authenticate: Basic realm="r"')


@row(("with credentials",), secret="two")
def second_login(client, asked):
    return basic(client, asked)


@row(("without credentials",), secret="pull")
def nobody_wants_the_secret(client, asked):
    return manifest(client, asked, AMD)


@row("does not have it (HTTP 404)", known=False)
def gone(client, _):
    return refuse(client, 404)


@row("another server answered", known=False, secret="pull")
def moved(client, asked):
    other = asked.headers["host"].replace("127.0.0.1", "127.0.0.2")
    return refuse(client, 307, f"Location: http://{other}{asked.path}")


@row("limits requests (HTTP 429)", known=False, host="limited.example", requests=["HEAD"])
def limited(client, _):
    return refuse(client, 429, "Retry-After: 100")


@row("the registry returns an error (HTTP 503)", known=False, host="failing.example", requests=["HEAD"])
def failing(client, _):
    return refuse(client, 503)


@row("did not answer in time", known=False, host="slow.example", requests=["HEAD"])
def slow(client, _):
    client.hang()


@row((digest(AMD), "platforms  not known: the limit of requests to the registry is reached"), host="scarce.example", requests=["HEAD"])
def scarce(client, asked):
    return manifest(client, asked, AMD, [f"Docker-Content-Digest: {digest(AMD)}", "RateLimit-Limit: 100;w=21600",
                                         "RateLimit-Remaining: 49;w=21600"])


@row("its address is local to a machine", known=False, host="inner.example")
def token_server_inside(client, asked):
    port = asked.headers["host"].split(":")[-1]
    return refuse(client, 401, f'WWW-Authenticate: Bearer realm="http://127.0.0.1:{port}/token/inside"')


def answer(client, asked):
    parts = asked.path.split("?")[0].split("/")
    if asked.path.startswith("/token/"):
        token = parts[2]
        if token == "for-us" and asked.headers.get("authorization") != BASIC:
            return refuse(client, 401)
        client.reply({"token": token})
        return True
    if asked.headers["host"].startswith("127.0.0.2"):
        return manifest(client, asked, AMD)
    return ROWS[parts[2]].serve(client, asked)


def make_secret(rig, name, hosts, kind="kubernetes.io/dockerconfigjson"):
    auths = {host: {"username": user, "password": password} for host, user, password in hosts}
    key = ".dockercfg" if kind.endswith("dockercfg") else ".dockerconfigjson"
    config = auths if kind.endswith("dockercfg") else {"auths": auths}
    rig.must("POST", SECRETS, {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind,
        "data": {key: base64.b64encode(json.dumps(config).encode()).decode()}})


def outer_address():
    """An address of this machine that is neither loopback nor link-local, or None."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("192.0.2.1", 9))
            found = sock.getsockname()[0]
    except OSError:
        return None
    return None if found.startswith(("127.", "169.254.", "0.")) else found


def ask(rig, reference, secret=None):
    done = rig.ctl("facts", reference, *([secret] if secret else []))
    return done.returncode, done.stdout + done.stderr


def run(tap, rig, server, closed):
    make_secret(rig, "pull", [("home.example", "us", PASSWORD), ("elsewhere.example", "them", "their-pass")])
    make_secret(rig, "old", [("https://home.example/v1/", "us", PASSWORD)], "kubernetes.io/dockercfg")
    make_secret(rig, "two", [("home.example/second-login", "us", "a-stale-one"), ("home.example", "us", PASSWORD)])
    make_secret(rig, "opaque", [("home.example", "us", PASSWORD)], "Opaque")
    for one in ROWS.values():
        if one.host == "inner.example" and outer_address() is None:
            tap.check(True, f"{one.name} # SKIP no address but loopback")
            continue
        code, said = ask(rig, f"{one.host}/{one.name}:1", one.secret)
        tap.check(code == (0 if one.known else 1) and all(text in said for text in one.text), f"35, 36: {one.name}",
                  f"{code}: {said}")
        if one.requests is not None:
            got = [asked.method for asked in server.seen(f"/v2/{one.name}/")]
            tap.equal(got, one.requests, f"35: {one.name}: so many requests")
    for name in ("limited", "failing", "slow"):
        code, said = ask(rig, f"{name}.example/{name}:1")
        tap.check(code == 1 and "failed recently and gets no requests now" in said, f"35: {name} is not asked again", said)
        tap.equal(len(server.seen(f"/v2/{name}/")), 1, f"35: {name} was asked once")
    code, said = ask(rig, "down.example/app:1")
    tap.check(code == 1 and "cannot be reached" in said, "35: nobody listens", said)
    code, said = ask(rig, "down.example/app:1")
    tap.check(code == 1 and "gets no requests now" in said, "35: and is not asked again", said)
    before = server.count
    for host in (server.host, f"localhost:{server.port}", f"[::1]:{server.port}", "169.254.169.254"):
        code, said = ask(rig, f"{host}/plain:1")
        tap.check(code == 1 and "local to a machine" in said, f"36: {host.split(':')[0]} is not asked", said)
    tap.equal(server.count, before, "36: and nothing was connected to")
    credentials(tap, rig, server)
    closed.close()


def credentials(tap, rig, server):
    """36. Who was told what, over all of the above."""
    sent = {}
    for asked in server.seen():
        if asked.headers.get("authorization", "").startswith("Basic"):
            sent.setdefault(asked.headers["host"], set()).add(asked.path.split("?")[0].split("/")[2])
    tap.equal(sorted(sent), [server.host], "36: credentials went to the registry's own address only")
    tap.equal(sorted(sent.get(server.host, ())), ["basic", "for-us", "second-login"],
              "36: to its token server, and where Basic was wanted")
    logs = "".join(program.log() for program in rig.programs.values())
    tap.check(PASSWORD not in logs and BASIC.split()[1] not in logs and "for-us" not in logs,
              "29: neither passwords nor tokens are in the logs")


def main():
    options = arguments(__doc__)
    server = Server(answer, "0.0.0.0")
    server.host = f"127.0.0.1:{server.port}"
    closed = socket.create_server(("127.0.0.1", 0))
    down = closed.getsockname()[1]
    closed.close()
    names = {f"{name}.example": server.host for name in ("home", "limited", "failing", "slow", "scarce")}
    names |= {"inner.example": f"{outer_address()}:{server.port}" if outer_address() else server.host,
              "down.example": f"127.0.0.1:{down}"}
    registries = ",".join(f"{host}=http://{at}" for host, at in names.items())
    tap = rigs.TestTap()
    with Rig(options.build, keep=options.keep, words=["--registries", registries]) as rig:
        run(tap, rig, server, closed)
    server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
