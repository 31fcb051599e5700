#!/usr/bin/env python3
"""Registries that are down, refuse, limit, lie or send elsewhere, and the whole operator; prints TAP:

    outages.py --build DIR [--nodes N] [--every SECONDS]

Each misbehaviour is a registry with one image for nodes of two platforms, so that its pulls wait for what the registry
says (behaviour 35, 39), and with a repull that is due soon (37). Whatever it does, each node gets its pods as without
facts, and credentials reach nobody but the registry and the token server that it names (36): the servers keep what they
were sent. A late answer comes only when all this has been seen, so that nothing can have waited for it.
"""
import base64
import calendar
import collections
import json
import socket
import sys
import threading
import time

from facts import AMD, ARM, digest, make_secret, manifest, refuse
from repull import API, PROGRAMS, World
from rig import STARTED, Rig, TestTap, arguments, status
from server import Server
from wait import until

PASSWORD = "a-pass-w0rd-for-the-registry"
BASIC = "Basic " + base64.b64encode(f"us:{PASSWORD}".encode()).decode()
HOME, TOKENS, AWAY = "127.0.0.1", "127.0.0.2", "127.0.0.3"
HOUR = 3600
KINDS = {}


def kind(*says, secret=True):
    """says: what the status may have as the registry's message; none: the registry tells a digest."""
    def add(serve):
        KINDS[serve.__name__.replace("_", "-")] = (serve, says, secret)
        return serve
    return add


NOT_ASKED = "failed recently and gets no requests now"
ELSEWHERE = "another server answered"
LOGIN = "requires other credentials (HTTP 401)"


def away(client, asked):
    return refuse(client, 307, f"Location: http://{AWAY}:{client.server.port}{asked.path}")


def challenge(client, how):
    return refuse(client, 401, f"WWW-Authenticate: {how}")


def token_at(client, host, name):
    return challenge(client, f'Bearer realm="http://{host}:{client.server.port}/token/{name}"')


@kind("cannot be reached", NOT_ASKED)
def down(_client, _asked):
    raise AssertionError("nobody listens there")


@kind(LOGIN)
def unauthorized(client, _):
    return challenge(client, 'Basic realm="r"')


@kind(LOGIN, secret=False)
def private(client, _):
    return challenge(client, 'Basic realm="r"')


@kind("limits requests (HTTP 429)", NOT_ASKED)
def limited(client, _):
    return refuse(client, 429, f"Retry-After: {HOUR}")


@kind("the registry returns an error (HTTP 503)", NOT_ASKED)
def failing(client, _):
    return refuse(client, 503)


@kind()
def without_head(client, asked):
    return refuse(client, 405) if asked.method == "HEAD" else manifest(client, asked, AMD)


@kind("does not match the digest")
def wrong_digest(client, asked):
    return manifest(client, asked, AMD if asked.method == "HEAD" else ARM)


@kind("did not answer in time", NOT_ASKED)
def late(client, asked):
    World.seen.wait()
    return manifest(client, asked, AMD)


@kind(ELSEWHERE)
def redirected(client, asked):
    return away(client, asked)


@kind(ELSEWHERE)
def redirected_after_login(client, asked):
    return away(client, asked) if "authorization" in asked.headers else challenge(client, 'Basic realm="r"')


@kind()
def token_server(client, asked):
    if asked.headers.get("authorization") == "Bearer right":
        return manifest(client, asked, AMD)
    return token_at(client, TOKENS, "right")


@kind()
def token_server_at_home(client, asked):
    if asked.headers.get("authorization") == "Bearer right":
        return manifest(client, asked, AMD)
    return token_at(client, HOME, "home")


@kind(LOGIN)
def token_redirected(client, _):
    return token_at(client, HOME, "away")


def answer(client, asked):
    host = asked.headers["host"].split(":")[0]
    if asked.path.startswith("/token/"):
        if asked.path.startswith("/token/away") and host != AWAY:
            return away(client, asked)
        client.reply({"token": "right"})
        return True
    if host == AWAY:
        return manifest(client, asked, AMD)
    return KINDS[asked.path.split("/")[2]][0](client, asked)


class Outages(World):
    def create(self):
        make_secret(self.rig, "pull", [(f"{name}.example", "us", PASSWORD) for name in self.names])
        self.rig.must("POST", f"{API}/pullpolicies", {
            "apiVersion": "drop.corewire.io/v1alpha1", "kind": "PullPolicy", "metadata": {"name": "p"},
            "spec": {"maxConcurrentNodes": 10_000, "maxPullsPerNode": 100, "minDelayBetweenPulls": "0s",
                     "repullInterval": f"{self.options.every}s"}})
        for name in self.names:
            secrets = {"imagePullSecrets": [{"name": "pull"}]} if KINDS[name][2] else {}
            self.rig.must("POST", f"{API}/cachedimages", {
                "apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage", "metadata": {"name": name},
                "spec": {"image": f"{name}.example/{name}", "tag": "1", "policyRef": {"name": "p"}, **secrets}})

    def rounds(self, n):
        """Each node has pulled each image so often, and each image is Ready."""
        made = self.pods()
        short = {name: made[name] for name in self.names if made[name] < n * 2 * self.options.nodes}
        assert not short, short
        return self.ready()

    def waited(self):
        """By image, the seconds from its creation to the last of its first pods on each node."""
        first, made = {}, {}
        for one in self.audit():
            body = one.get("requestObject") or {}
            if one.get("verb") != "create" or "metadata" not in body:
                continue
            at = seconds(one["requestReceivedTimestamp"])
            if body.get("kind") == "CachedImage":
                made[body["metadata"]["name"]] = at
            elif "nodeName" in body.get("spec", {}):
                name = body["metadata"]["labels"]["drop.corewire.io/cachedimage"]
                first.setdefault((name, body["spec"]["nodeName"]), at)
        return {name: max(at for (image, _), at in first.items() if image == name) - made[name] for name in self.names}


World.seen = threading.Event()


def seconds(text):
    whole, _, rest = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{rest or 0}")


def play(tap, world, server):
    world.create()
    until(10 * STARTED, lambda: world.rounds(1), every=0.5)
    for name, delay in sorted(world.waited().items()):
        tap.diag(f"{name}: its last first pod was made {delay:.1f} s after the image")
    until(10 * STARTED + world.options.every, lambda: world.rounds(2), every=1)
    tap.check(True, "35: whatever the registry does, each node pulls the image, and again when that is due")
    images = world.images()
    for name in world.names:
        told, says = status(images[name]).get("registry") or {}, KINDS[name][1]
        if not says:
            tap.equal(told.get("digest"), digest(AMD), f"35: {name}: the digest is known")
        else:
            tap.check("digest" not in told and any(text in told.get("message", "") for text in says),
                      f"35: {name}: nothing is known, and the status says why", told)
    tap.check(not any(status(one).get("nodesSkipped") for one in images.values()), "39: no node is left out")
    tap.equal(len(server.seen("/v2/limited/")), 1, "35: after a 429 it is not asked again before Retry-After")
    tap.check(server.seen("/v2/late/"), "35: the late one was asked, and has not answered yet")
    World.seen.set()
    credentials(tap, world, server)


def credentials(tap, world, server):
    got = collections.defaultdict(set)
    for asked in server.seen():
        if "authorization" in asked.headers:
            parts = asked.path.split("?")[0].split("/")
            got[asked.headers["host"].split(":")[0]].add((parts[2], asked.headers["authorization"] == BASIC))
    tap.diag(f"credentials: {dict(got)}")
    basic = {name for name, plain in got[HOME] if plain}
    tap.equal(basic, {"unauthorized", "redirected-after-login", "home", "away"},
              "36: registries got them that asked for a login, and token servers on the same host")
    tap.equal({name for name, plain in got[HOME] if not plain}, {"token-server", "token-server-at-home", "token-redirected"},
              "36: registries that name a token server got its token")
    tap.equal(got[TOKENS], set(), "36: a token server on another host, over http, got none")
    tap.check(any(asked.headers["host"].startswith(TOKENS) for asked in server.seen()), "36: and it was asked")
    tap.equal(got[AWAY], set(), "36: a server that somebody redirects to got none")
    tap.check(any(asked.headers["host"].startswith(AWAY) for asked in server.seen()), "36: and it was asked")
    logs = "".join(program.log() for program in world.rig.programs.values()) + json.dumps(world.images())
    tap.check(PASSWORD not in logs and BASIC.split()[1] not in logs, "29: they are in no log and no status")


def main():
    options = arguments(__doc__, nodes=3, every=20)
    tap = TestTap()
    options.images = len(KINDS)
    world = Outages(options)
    world.names = sorted(KINDS)
    server = Server(answer, "0.0.0.0")
    closed = socket.create_server((HOME, 0))
    ports = collections.defaultdict(lambda: server.port, down=closed.getsockname()[1])
    closed.close()
    registries = ",".join(f"{name}.example=http://{HOME}:{ports[name]}" for name in world.names)
    scenario = (f"nodes:\n- {{name: amd, count: {options.nodes}}}\n"
                f"- {{name: arm, count: {options.nodes}, arch: arm64}}\n")
    with Rig(options.build, PROGRAMS, "info", options.keep, ["--registries", registries], scenario=scenario) as world.rig:
        play(tap, world, server)
    server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
