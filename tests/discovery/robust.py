#!/usr/bin/env python3
"""Watcher and discoverer among hostile sources; prints TAP:

    robust.py --build DIR [--keep]

Every row of hostile.py is a policy, forty more ask servers that never answer, and a few are healthy, all
at once. Each policy has its right reason in bounded time (behaviour 27, 28, 30, 31), the healthy ones are
asked on time all along, memory is bounded, and the credentials are seen by nobody but whom they are for
(behaviour 28, 29). The seconds here are deadlines that only a broken product meets.
"""
import base64
import json
import os
import re
import secrets
import socket
import sys
import tempfile
import time

import hostile
import rig as rigs  # first: it says where the folders of the others are
import pki
from rig import MIB, Rig, arguments, condition, images, policy, prometheus, reason, registry, status
from server import Server, tls_context
from test_private import files_with
from wait import Late, until

STUCK = 40          # policies whose sources never answer
INTERVAL = 2        # seconds, of the healthy ones
PATIENCE = 3        # times INTERVAL: a healthy one is asked at least as often, whatever is stuck
SETTLED = 150       # seconds until everybody has a reason: the time-out is 30
RSS_MAX = 48 * MIB  # KiB that the discoverer ever has resident, with 100 sources misbehaving at once
REQUESTS_MAX = 40_000  # of all that one misbehaving row may ever cause
SCORE_MAX = 2 ** 53
REASON = re.compile(r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
MESSAGE_MAX = 32768


class Words:
    """The secrets of this run, and every form in which they could leak."""

    def __init__(self):
        self.token, self.password, self.header = (secrets.token_hex(16) for _ in range(3))
        self.user = "discovery"
        self.basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def all(self):
        plain = [self.token, self.password, self.header, self.basic]
        return plain + [base64.b64encode(one.encode()).decode() for one in plain]

    def basics(self):
        return {"username": self.user, "password": self.password, "headers.X-Secret": self.header}

    def bearer(self):
        return {"token": self.token, "headers.X-Secret": self.header}


def honest(words):
    """A registry and a Prometheus that want what the secret has."""
    want = {"basic": f"Basic {words.basic}", "token": f"Bearer {words.token}", "open": None}

    def answer(client, asked):
        which = next((key for key in want if f"/{key}/" in asked.path), "open")
        if want[which] and (asked.headers.get("authorization") != want[which]
                            or asked.headers.get("x-secret") != words.header):
            client.reply({}, 401)
        elif "/tags/list" in asked.path:
            client.reply(hostile.tags("1", "2"))
        else:
            client.reply(hostile.vector(("r.example/prom:1", "41")))
        return True
    return answer


def elsewhere(client, asked):
    """Another host, which is friendly, and must be told nothing."""
    client.reply({"token": "for-free"} if "/token" in asked.path else hostile.tags("away"))
    return True


class Scene:
    """The servers and the policies."""

    def __init__(self, rig, folder):
        self.rig, self.words = rig, Words()
        authority = pki.Authority(folder)
        server = authority.issue("server", "IP:127.0.0.1")
        self.client = authority.issue("client")
        self.authority = authority
        self.away = Server(elsewhere, "127.0.0.2")
        stolen = os.path.join(folder, "stolen.json")
        with open(stolen, "w", encoding="utf-8") as out:
            out.write("{" + hostile.TAG + "}")
        world = hostile.World(self.away.url, stolen, "127.0.0.1:1")
        self.hostile = Server(hostile.answer_of(world), "0.0.0.0")
        self.silent = Server(None, "0.0.0.0")
        self.honest = Server(honest(self.words))
        self.tls = Server(honest(self.words), context=tls_context(*server))
        self.mutual = Server(honest(self.words), context=tls_context(*server, authority.cert))
        self.wrong_name = Server(honest(self.words), context=tls_context(*authority.issue("w", "DNS:w")))
        self.expired = Server(honest(self.words),
                              context=tls_context(*authority.issue("e", "IP:127.0.0.1", True)))
        self.closed = socket.socket()  # bound and not listening: nobody else's, and refused
        self.closed.bind(("127.0.0.1", 0))
        self.healthy, self.wanted = [], {}

    def servers(self):
        return (self.away, self.hostile, self.silent, self.honest, self.tls, self.mutual, self.wrong_name,
                self.expired)

    def make_secrets(self):
        words, put = self.words, self.rig.secret
        authority, (cert, key) = pki.text(self.authority.cert), map(pki.text, self.client)
        put("all", {**words.basics(), **words.bearer()})
        put("token", words.bearer())
        put("basic", words.basics())
        put("ca", {"ca.crt": authority, **words.basics()})
        put("mutual", {"ca.crt": authority, "tls.crt": cert, "tls.key": key})
        put("bad-ca", {"ca.crt": "no certificate"})
        put("bad-pair", {"ca.crt": authority, "tls.crt": cert, "tls.key": "no key"})
        put("half-pair", {"ca.crt": authority, "tls.crt": cert})
        put("bad-header", {"headers.X-Secret": "a\r\nX-Injected: yes"})

    def put(self, name, reasons, *sources, **spec):
        self.wanted[name] = reasons
        self.rig.create(policy(name, *sources, **{"syncInterval": "30m", **spec}))

    def make_healthy(self):
        interval = {"syncInterval": f"{INTERVAL}s"}
        url = self.honest.url
        for name, source in (("healthy-basic", registry(url, "basic/x", "basic")),
                             ("healthy-both", registry(url, "basic/both", "all")),  # Basic wins
                             ("healthy-token", prometheus(f"{url}/token/", "token")),
                             ("healthy-open", prometheus(f"{url}/open", lookback="1h", step="60"))):
            self.put(name, ("Synced",), source, **interval)
            self.healthy.append(name)

    def make_stuck(self):
        for i in range(STUCK):
            self.put(f"stuck-{i:02}", ("Timeout",), registry(f"http://{self.silent.at(i, 2)}", "stuck"))

    def make_rows(self):
        for i, one in enumerate(hostile.ROWS):
            url = f"http://{self.hostile.at(i)}"
            self.put(one.name, one.reasons, registry(url, one.name, one.secret, **one.spec)
                     if one.kind == "registry" else
                     prometheus(f"{url}/{one.name}", one.secret, **one.spec))

    def make_others(self):
        plain = self.honest.host
        spec = ("InvalidSpec", "SyncFailed", "Unauthorized", "TLSError")
        for name, reasons, source in (
                ("refused", ("ConnectionRefused",), registry(f"http://127.0.0.1:{self.closed.getsockname()[1]}", "x")),
                ("tls-unknown", ("TLSError",), registry(self.tls.url, "open/x")),
                ("tls-known", ("Synced",), registry(self.tls.url, "basic/tls", "ca")),
                ("tls-mutual", ("Synced",), registry(self.mutual.url, "open/x", "mutual")),
                ("tls-no-client", ("TLSError", "SyncFailed"), registry(self.mutual.url, "open/x", "ca")),
                ("tls-wrong-name", ("TLSError",), registry(self.wrong_name.url, "open/x", "ca")),
                ("tls-expired", ("TLSError",), registry(self.expired.url, "open/x", "ca")),
                ("tls-at-plain", ("TLSError",), registry(f"https://{plain}", "open/x")),
                ("tls-silent", ("Timeout",), registry(f"https://{self.silent.at(100, 2)}", "x")),
                ("plain-at-tls", (*hostile.BROKEN, "ServerError", "ConnectionRefused", "TLSError"),
                 registry(f"http://{self.tls.host}", "open/x")),
                ("no-secret", spec, registry(self.honest.url, "open/x", "not-there")),
                ("bad-ca", spec, registry(self.tls.url, "open/x", "bad-ca")),
                ("bad-pair", spec, registry(self.mutual.url, "open/x", "bad-pair")),
                ("half-pair", spec, registry(self.mutual.url, "open/x", "half-pair")),
                ("bad-header", spec, registry(self.honest.url, "open/header", "bad-header")),
                ("file-url", ("InvalidSpec", "SyncFailed"), registry("file:///etc", "x"))):
            self.put(name, reasons, source)
        self.put("mixed", ("PartiallyFailed",), registry(f"http://{self.silent.at(101, 2)}", "mixed"),
                 registry(self.honest.url, "open/mixed"))
        self.put("bad-filter", ("InvalidSpec",), registry(self.honest.url, "open/x"), imageFilter="[")

    def close(self):
        self.closed.close()
        for server in self.servers():
            server.close()


def until_stuck(scene, all_are):
    """When all the stuck ones are stuck, or no more."""
    until(90, lambda: (scene.silent.hanging >= STUCK) == all_are, every=0.05)
    return time.monotonic()


def check_healthy(tap, scene, began, ended):
    tap.diag(f"all {STUCK} were stuck together for {ended - began:.1f} s")
    paths = {"healthy-basic": "/v2/basic/x/", "healthy-both": "/v2/basic/both/",
             "healthy-token": "/token/", "healthy-open": "/open/"}
    for name in scene.healthy:
        at = [one.at for one in scene.honest.seen(paths[name]) if began <= one.at <= ended]
        tap.check(len(at) >= max(1, (ended - began) // (PATIENCE * INTERVAL)), f"rule 26: {name} is asked on time meanwhile",
                  f"{len(at)} times in {ended - began:.1f} s")


def settled(scene):
    found = scene.rig.policies()
    waiting = [name for name in scene.wanted if not reason(found[name])]
    assert not waiting, f"no reason yet: {waiting}"
    late = [name for name in scene.healthy if reason(found[name]) != "Synced"]
    assert not late, f"not healthy: {late}"
    return found


def check_reasons(tap, scene, found):
    says = {one.name: one.says for one in hostile.ROWS}
    for name, wanted in scene.wanted.items():
        ready = condition(found[name])
        tap.check(reason(found[name]) in wanted and says.get(name, "") in ready["message"],
                  f"rule 30: {name} is {' or '.join(wanted)}", ready)
        good = ready["reason"] in ("Synced", "PartiallyFailed")
        healthy = condition(found[name], "SourceHealthy")
        unasked = ready["reason"] == "InvalidSpec"  # then no source was asked
        fit = (ready["status"] == ("True" if good else "False") and REASON.match(ready["reason"])
               and len(ready["message"]) <= MESSAGE_MAX
               and (unasked or healthy["status"] == ("True" if ready["reason"] == "Synced" else "False")))
        if not fit:
            tap.check(False, f"{name}: its conditions fit together", (ready, healthy))
        if any("stolen" in image for image, _ in images(found[name])):
            tap.check(False, f"{name}: a file was read")
    tap.check("not-there" in condition(found["no-secret"])["message"],
              "rule 29: a missing secret is named", condition(found["no-secret"]))
    tap.check(all(not images(found[name]) for name in ("bad-filter", "bad-regex", "bad-template")),
              "rule 31: what does not compile finds nothing")


def host_of(name, scene):
    return next(scene.hostile.at(i) for i, one in enumerate(hostile.ROWS) if one.name == name)


def check_found(tap, scene, found):
    honest_host = scene.honest.host
    found_tags = images(found["healthy-basic"])
    tap.equal([image for image, _ in found_tags], [f"{honest_host}/basic/x:{tag}" for tag in (2, 1)],
              "rule 28: the tags of a registry, the last first")
    tap.equal(found_tags[0][1] - found_tags[-1][1], 1, "rule 28: the score is the position")
    tap.equal(images(found["healthy-token"]), [("r.example/prom:1", 41)], "rule 27: what Prometheus has")
    tap.equal([image for image, _ in images(found["mixed"])],
              [f"{honest_host}/open/mixed:2", f"{honest_host}/open/mixed:1"],
              "rule 30: a source that fails takes nothing from the other")
    tap.equal([image for image, _ in images(found["good-template"])],
              [f"{host_of('good-template', scene)}/good-template:a"], "rule 28: blanks and trim markers")
    scores = dict(images(found["scores"]))
    tap.check(scores and all(-SCORE_MAX <= score <= SCORE_MAX for score in scores.values()),
              "rule 27: scores are clamped", scores)
    tap.check(scores.get("r.example/inf:1") == scores.get("r.example/huge:1") == SCORE_MAX
              and scores.get("r.example/plain:1") in (2, 3), "rule 27: to 2^53", scores)
    counts = {name: status(obj).get("imageCount", 0) for name, obj in found.items()}
    tap.check(max(counts.values()) <= 50, "rule 26: no list is longer than maxImages", counts)


def check_bounds(tap, scene):
    for name in ("pages-without-end", "empty-pages", "redirect-loop", "challenge-for-ever"):
        count = len(scene.hostile.seen(f"/v2/{name}/"))
        tap.check(0 < count < REQUESTS_MAX, f"rule 28: {name} comes to an end", count)
    rss = scene.rig.most_rss()
    tap.diag(f"the discoverer had {rss / MIB:.1f} MiB resident at most, {scene.rig.pss() / MIB:.1f} MiB PSS now")
    tap.check(rss < RSS_MAX, f"its memory is bounded by {RSS_MAX // MIB} MiB", rss)
    tap.check(scene.rig.programs["discoverer"].running(), "the discoverer is still the same process")


def check_secrecy(tap, scene):
    """Who saw what: the servers' own records, and every file and object there is."""
    words = scene.words.all()

    def told(servers):
        return [(one.host, one.path) for server in servers for one in server.seen()
                if any(word in str((one.path, one.headers, one.body)) for word in words)]
    tap.check(told([scene.honest]) and told([scene.hostile]) and told([scene.tls]),
              "rule 29: the credentials are used where they belong")
    tap.check(scene.away.seen("/v2/elsewhere"), "redirects are followed")
    tap.equal(told([scene.away]), [], "rule 28: another host sees none of them")
    tap.equal([one.path for server in scene.servers() for one in server.seen() if "x-injected" in one.headers],
              [], "rule 29: no header is smuggled in")
    tap.equal(files_with(scene.rig.folder, words), [], "rule 29: they are in no log, tap or audit log")
    shown = str(scene.rig.policies()) + str(scene.rig.must("GET", "/apis/events.k8s.io/v1/events")) \
        + str(scene.rig.must("GET", "/api/v1/events"))
    tap.check("healthy-basic" in shown and not any(word in shown for word in words),
              "rule 29: and in no status or event")
    check_try(tap, scene, words)
    key = pki.text(scene.client[1]).splitlines()[1]
    tap.check(not files_with(scene.rig.folder, [key]) and key not in shown, "nor is the private key")


def check_try(tap, scene, words):
    """dropctl discover uses the Secret and does not show it."""
    path = os.path.join(scene.rig.folder, "try.json")
    with open(path, "w", encoding="utf-8") as out:  # JSON is YAML
        json.dump(policy("trial", registry(scene.honest.url, "basic/try", "all"),
                         registry(scene.hostile.url, "code-401", "all")), out)
    done = scene.rig.ctl("discover", "-f", path)
    said = done.stdout + done.stderr
    tap.check("basic/try:2" in said and not any(word in said for word in words),
              "rule 29: nor does dropctl discover show them", said)


def run(tap, rig, scene):
    rig.tap()
    scene.make_secrets()
    scene.make_healthy()
    until(rigs.STARTED, lambda: all(reason(rig.get(name)) == "Synced" for name in scene.healthy))
    began = time.monotonic()
    scene.make_stuck()
    stuck = until_stuck(scene, True)  # before the others, which take time to make
    scene.make_rows()
    scene.make_others()
    check_healthy(tap, scene, stuck, until_stuck(scene, False))
    found = until(SETTLED, lambda: settled(scene), every=0.5)
    tap.diag(f"{len(scene.wanted)} policies had a reason after {time.monotonic() - began:.1f} s")
    check_reasons(tap, scene, found)
    check_found(tap, scene, found)
    check_bounds(tap, scene)
    tap.check(os.path.getsize(os.path.join(rig.folder, "tap.jsonl")) > 0, "tap has listened")
    check_secrecy(tap, scene)
    tap.equal(rig.programs["discoverer"].stop(), 0, "it ends on SIGTERM, whatever hangs")


def main():
    args = arguments(__doc__)
    tap = rigs.TestTap()
    with Rig(args.build, keep=args.keep) as rig:
        # Certificates and keys are not where the secrets are searched for.
        with tempfile.TemporaryDirectory(prefix="drop-pki-") as folder:
            scene = Scene(rig, folder)
            try:
                run(tap, rig, scene)
            except Late as late:
                tap.check(False, "comes to its end", late)
                tap.diag(rig.programs["discoverer"].log()[-3000:])
            finally:
                scene.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
