#!/usr/bin/env python3
"""Registries as they really are, played to the discoverer; prints TAP:

    quirks.py --build DIR [--keep]

Every product of quirks_registry.py answers on loopback, and each policy must come to all of its tags; the logs of
the servers say which credential went where (behaviour 28, 29). Then the odd ones: rows of what a server answers, and
the reason and words that its policy has of it (behaviour 28 to 31). All run at once.
"""
import base64
import json
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

import rig as rigs  # first: it says where the folders of the others are
import pki
import quirks_registry as products
from rig import MIB, Rig, arguments, condition, images, policy, reason, registry
from server import Server, tls_context
from wait import Late, until

SETTLED = 90         # seconds; only a broken product needs them
RSS_MAX = 48 * MIB   # KiB
TAGS_MAX = 10_000    # discoverer/tag_walk.h
MOST = {"maxImages": 100_000}
PASSWORD = "a-pass-w0rd-for-home"
BASIC = "Basic " + base64.b64encode(f"us:{PASSWORD}".encode()).decode()
CREDENTIALS = {"username": "us", "password": PASSWORD, "headers.X-Ours": "header-of-ours"}

ROWS = {}


class Row:
    """What a server answers at /v2/NAME/..., and what the policy of that name has of it. says: what its messages hold;
    found: tags of its images, the last first; secret: data of its Secret."""

    def __init__(self, serve, reasons, says=(), found=(), secret=None, url="", repository=None, plain=False, **spec):
        self.name = serve.__name__.replace("_", "-")
        self.serve, self.reasons, self.found, self.secret = serve, reasons, found, secret
        self.says = (says,) if isinstance(says, str) else says
        self.url, self.repository, self.plain, self.spec = url, repository or self.name, plain, spec
        self.state = {}


def row(*reasons, **more):
    def add(serve):
        one = Row(serve, reasons, **more)
        ROWS[one.name] = one
        return serve
    return add


class World:
    """The servers that rows lead to."""

    def __init__(self, context):
        self.lock = threading.Lock()
        self.home = Server(self.answer, context=context)
        self.away = Server(self.answer, "127.0.0.2", context)
        self.third = Server(self.answer, "127.0.0.3", context)
        self.plain = Server(self.answer)
        own = own_address()
        self.outside = Server(self.answer, own) if own else None

    def servers(self):
        return [one for one in (self.home, self.away, self.third, self.plain, self.outside) if one]

    def answer(self, client, asked):
        path = urllib.parse.urlsplit(asked.path).path
        for part in path.split("/"):
            if part in ROWS:
                return ROWS[part].serve(client, asked, self, ROWS[part].state) is not False
        client.reply({}, 404)
        return True

    def told(self, server, path):
        """Credentials that came with requests for such a path."""
        return [one.headers.get("authorization", "") for one in server.seen() if path in one.path]


def own_address():
    """An address of this machine that is not loopback; None: it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(("127.", "169.254.", "0.")) else address


def tags(*names):
    return {"name": "x", "tags": list(names)}


def query(asked):
    return {key: value[0] for key, value in
            urllib.parse.parse_qs(urllib.parse.urlsplit(asked.path).query).items()}


def bearer(where, name):
    return [f'WWW-Authenticate: Bearer realm="{where.url}/{name}/token",service="s"']


# ---- 12: credentials to the wrong party ----

def redirected(realm):
    """Home redirects to another host, which challenges with a realm at a third."""
    def serve(client, asked, world, name):
        host = asked.headers["host"]
        if "/token" in asked.path:
            client.reply({"token": f"of-{name}"})
        elif host == world.home.host:
            client.reply(b"", 307, [f"Location: {world.away.url}{asked.path}"])
        elif asked.headers.get("authorization") == f"Bearer of-{name}":
            client.reply(tags("a", "b"))
        else:
            client.reply({}, 401, bearer(getattr(world, realm), name))
    return serve


@row("Synced", secret=CREDENTIALS, found=("b", "a"))
def realm_at_a_third(client, asked, world, _):
    redirected("third")(client, asked, world, "realm-at-a-third")


@row("Synced", secret={"token": "the-secrets-own-token"}, found=("b", "a"))
def realm_of_the_redirected(client, asked, world, _):
    redirected("away")(client, asked, world, "realm-of-the-redirected")


@row("Unauthorized", secret=CREDENTIALS)
def basic_elsewhere(client, asked, world, _):
    if asked.headers["host"] == world.home.host:
        client.reply(b"", 302, [f"Location: {world.away.url}{asked.path}"])
    else:
        client.reply({}, 401, ['WWW-Authenticate: Basic realm="x"'])


@row("Synced", secret=CREDENTIALS, found=("a",))
def strangers_are_sent_away(client, asked, world, _):
    """To a login page; who has a login is let in."""
    if asked.headers.get("authorization") == BASIC:
        client.reply(tags("a"))
    elif asked.headers["host"] == world.home.host:
        client.reply(b"", 302, [f"Location: {world.away.url}/login{asked.path}"])
    else:
        client.reply(b"<html>log in</html>", kind="text/html")


# ---- 14: one repository's failure ----

@row("PartiallyFailed", repository=["two-repositories/a", "two-repositories/b"], found=("v4", "v3", "v2"),
     says="repository two-repositories/b: HTTP 404", topX=3, syncInterval="1s", maxImages=3)
def two_repositories(client, asked, _, state):
    """a gets a new tag with each answer until v4; b answers once and is gone."""
    if "/a/" in asked.path:
        state["asked"] = state.get("asked", 0) + 1
        client.reply(tags(*(f"v{i}" for i in range(1, min(state["asked"], 4) + 1))))
    elif state.get("asked", 0) > 1:
        client.reply({"errors": [{"code": "NAME_UNKNOWN", "message": "gone"}]}, 404)
    else:
        client.reply(tags("old"))


# ---- 17: pages ----

@row("InvalidResponse", "PartiallyFailed", found=("b", "a"), says="page 2 does not exist; the 2 tags before it are kept")
def bad_link(client, *_):
    client.reply(tags("a", "b"), headers=['Link: <gopher://x/?last=b>; rel="next"'])


@row("PartiallyFailed", found=("b", "a"), says="page 2 does not exist")
def link_to_itself(client, asked, *_):
    client.reply(tags("a", "b"), headers=[f'Link: <{asked.path}>; rel="next"'])


@row("ServerError", says="page 2: HTTP 503: busy")
def second_page_fails(client, asked, *_):
    if "last" in query(asked):
        client.reply(b"busy\nmore", 503, kind="text/plain")
    else:
        client.reply(tags("a"), headers=['Link: <?last=a>; rel="next"'])


@row("Synced", found=("t09999", "t09998"), topX=2, says=(
    f"repository twelve-thousand has more than {TAGS_MAX} tags", "the last topX are the last of these"))
def twelve_thousand(client, asked, *_):
    begin = int(query(asked).get("last", "t-1")[1:]) + 1
    client.reply(tags(*(f"t{i:05}" for i in range(begin, min(begin + 1000, 12_000)))),
                 headers=[f'Link: <{asked.path.partition("?")[0]}?n=1000&last=t{begin + 999:05}>; rel="next"']
                 if begin + 1000 < 12_000 else [])


@row("Synced", found=("t09999", "t09998"), topX=2, says="Discovered 2 images")
def ten_thousand(client, asked, *_):
    """Exactly as many as are read: nothing is said."""
    begin = int(query(asked).get("last", "t-1")[1:]) + 1
    client.reply(tags(*(f"t{i:05}" for i in range(begin, min(begin + 1000, 10_000)))))


# ---- 19: silent nothings ----

@row("SyncFailed", secret={"user": "us", "pass": "word"}, says="has none of the keys that are read: token, username and password")
def secret_without_our_keys(client, *_):
    client.reply(tags("a"))


@row("SyncFailed", secret={".dockerconfigjson": json.dumps({"auths": {"elsewhere.example": {"auth": "YTpi"}}})},
     says="has no entry for 127.0.0.1")
def docker_config_for_others(client, *_):
    client.reply(tags("a"))


@row("InvalidSpec", says="registry.imageTemplate: {{.Tag}} is required", imageTemplate="{{.Registry}}/{{.Repository}}:latest")
def template_without_a_tag(client, *_):
    client.reply(tags("a"))


# ---- 20: stale tokens ----

@row("Synced", secret=CREDENTIALS, syncInterval="1s", found=("t2", "t1"))
def stale_token(client, asked, world, state):
    """Token 1 is good for one answer; then it is refused without a challenge, as is nobody with one."""
    if "/token" in asked.path:
        state["tokens"] = state.get("tokens", 0) + 1
        client.reply({"token": f"number-{state['tokens']}", "expires_in": 3600})
    elif asked.headers.get("authorization") == f"Bearer number-{state.get('tokens')}" and not (
            state["tokens"] == 1 and state.get("used")):
        state["used"] = True
        client.reply(tags("t1", "t2") if state["tokens"] > 1 else tags("t1"))
    elif "authorization" in asked.headers:
        client.reply(b"token expired", 401, kind="text/plain")
    else:
        client.reply({}, 401, bearer(world.home, "stale-token"))


# ---- 21: messages ----

@row("ServerError", says="HTTP 500: the disk is full")
def words_as_text(client, *_):
    client.reply(b"the disk is full\nat line 7", 500, kind="text/plain")


@row("Forbidden", says="HTTP 403: not for you")
def words_as_message(client, *_):
    client.reply({"message": "not for you"}, 403)


@row("Forbidden", says="HTTP 403: no such plan")
def words_as_details(client, *_):
    client.reply({"details": "no such plan"}, 403)


@row("Forbidden", says="HTTP 403: requested access is denied")
def words_as_oci(client, *_):
    client.reply({"errors": [{"code": "DENIED", "message": "requested access is denied"}]}, 403)


@row("Unauthorized", says=("token server https://127.0.0.2:", "/refusing-token-server/token: HTTP 401: incorrect username"))
def refusing_token_server(client, asked, world, _):
    if "/token" in asked.path:
        client.reply({"details": "incorrect username or password"}, 401)
    else:
        client.reply({}, 401, bearer(world.away, "refusing-token-server"))


@row("InvalidResponse", says=("got an HTML page from https://127.0.0.2:", "/sign-in/login-page"))
def login_page(client, asked, world, _):
    if "/sign-in" in asked.path:
        client.reply(b"<!doctype html><title>Log in</title>", kind="text/html")
    else:
        client.reply(b"", 302, [f"Location: {world.away.url}/sign-in/login-page?back={'x' * 20}"])


@row("NotFound", says="HTTP 404 (redirected to https://127.0.0.2:")
def refused_after_a_redirect(client, asked, world, _):
    if asked.headers["host"] == world.home.host:
        client.reply(b"", 307, [f"Location: {world.away.url}{asked.path}"])
    else:
        client.reply({"message": "words-of-another-server"}, 404)


@row("NotFound", url="/v2/", says="leave /v2 out of registry.url, it is appended automatically")
def version_in_the_url(client, *_):
    client.reply({}, 404)


@row("NotFound", repository=["ghcr.io/host-in-repositories"], says="leave it out of repositories: host-in-repositories")
def host_in_repositories(client, *_):
    client.reply({}, 404)


@row("TLSError", "SyncFailed", plain="https", says="is it http:// and not https://?")
def https_to_plain(client, *_):
    client.reply(tags("a"))


@row("InvalidResponse", "SyncFailed", "TLSError", plain="http", says=("http",))
def http_to_tls(client, *_):
    """The handshake fails; what a client sees of that is up to the server's TLS library."""
    client.reply(tags("a"))


@row("SyncFailed", plain="plain", says=("HTTP 400: Client sent an HTTP request to an HTTPS server.",
                                        "registry.url begins with http:// but the port serves https"))
def http_to_go(client, *_):
    client.reply(b"Client sent an HTTP request to an HTTPS server.\n", 400, kind="text/plain")


# ---- 29, 30: where nobody may lead us ----

@row("InvalidSpec", repository=["../../../admin"], says="registry.repositories: \"../../../admin\"")
def out_of_the_api(client, *_):
    client.reply(tags("stolen"))


def inward(target):
    def serve(client, asked, world, _):
        client.reply(b"", 302, [f"Location: {target(world)}/inside/{asked.path.split('/')[2]}"])
    return serve


def inward_row(name, target, says="led to a loopback or link-local address"):
    serve = inward(target)
    serve.__name__ = name
    row("InvalidResponse", plain="outside", says=says)(serve)


inward_row("to_loopback", lambda world: world.plain.url)
inward_row("to_a_name_of_loopback", lambda world: f"http://localhost:{world.plain.port}")
inward_row("to_loopback_in_v6", lambda world: f"http://[::ffff:127.0.0.1]:{world.plain.port}")
inward_row("to_metadata", lambda world: "http://169.254.169.254")


@row("InvalidResponse", plain="outside", says="led to a loopback or link-local address")
def realm_inside(client, _, world, __):
    client.reply({}, 401, [f'WWW-Authenticate: Bearer realm="{world.plain.url}/inside/realm",service="s"'])


# ---- the run ----

def make_products(rig, context, authority):
    stands = {one.name: products.Stand(one, context) for one in products.ROWS}
    for name, stand in stands.items():
        # Also a product that wants no login must not get one before it asks.
        data = stand.secret() or (CREDENTIALS if stand.product.challenge == "open" else {})
        rig.secret(name, {**data, "ca.crt": authority})
        rig.create(policy(f"product-{name}", registry(stand.url, stand.repositories[0], name), **MOST))
    return stands


def url_of(one, world):
    return {"https": f"https://{world.plain.host}", "http": f"http://{world.home.host}",
            "plain": world.plain.url,
            "outside": world.outside.url if world.outside else ""}.get(one.plain, world.home.url) + one.url


def make_rows(rig, world, authority):
    for one in ROWS.values():
        spec = dict(one.spec)
        outer = {key: spec.pop(key) for key in ("syncInterval", "maxImages") if key in spec}
        source = registry(url_of(one, world), one.name, one.name, **spec)
        source["registry"]["repositories"] = one.repository if isinstance(one.repository, list) else [one.repository]
        own_ca = one.secret is None or "headers.X-Ours" in one.secret or "token" in one.secret
        rig.secret(one.name, {**(one.secret or {}), **({"ca.crt": authority} if own_ca else {})})
        rig.create(policy(one.name, source, **{**MOST, **outer}))


def words(obj):
    return condition(obj)["message"] + " " + condition(obj, "SourceHealthy")["message"]


def as_wanted(one, obj):
    assert reason(obj) in one.reasons, condition(obj)
    missing = [text for text in one.says if text not in words(obj)]
    assert not missing, f"{missing} not in: {words(obj)}"
    got = tuple(image.rpartition(":")[2] for image, _ in images(obj))
    assert not one.found or got == one.found, got
    return True


def check_rows(tap, rig, rows):
    """Each row in its own words; they are waited for together."""
    end = time.monotonic() + SETTLED
    for one in rows:
        try:
            until(max(1, end - time.monotonic()), lambda one=one: as_wanted(one, rig.get(one.name)), every=0.3, least=0)
            tap.check(True, f"rule 28-31: {one.name}: {one.reasons[0]}, {', '.join(one.says)}")
        except Late as late:
            tap.check(False, f"rule 28-31: {one.name}: {one.reasons[0]}, {', '.join(one.says)}", late)


def check_product(tap, rig, stand):
    product, wanted = stand.product, stand.images()

    def probe():
        obj = rig.get(f"product-{product.name}")
        got = {image for image, _ in images(obj)}
        assert reason(obj) == "Synced", (condition(obj), stand.sent()[:6])
        assert got == set(wanted), f"{len(got)} of {len(wanted)}"
        return obj
    try:
        obj = until(SETTLED, probe, every=0.3)
    except Late as late:
        tap.check(False, f"rule 28: {product.name}: all its tags", late)
        return
    tap.equal([image for image, _ in images(obj)][::-1], wanted, f"rule 28: {product.name}: all its tags, once and in order")
    sent = stand.sent()
    lists = [one for one in sent if one.path.endswith("/tags/list") or "/tags/list?" in one.path]
    tap.check(lists[0].credential == "", f"rule 28: {product.name}: nothing is told before it is asked for", sent[:4])
    strange = [one for one in sent if one.credential.startswith("?")
               or (one.credential.startswith("bearer") and one.host != one.credential.split(" ")[1])
               or (one.credential == "basic" and one.host != "registry"
                   and not (product.realm_on == one.host and one.path.startswith(product.realm)))
               or (one.credential == "basic" and product.challenge == "open")
               or one.host == "third"]
    tap.equal(strange, [], f"rule 28: {product.name}: each is told what is its own")
    if product.unasked_basic:
        tap.equal([one for one in lists if one.credential == "basic"], [], f"rule 28: {product.name}: no Basic at the registry")


def check_parties(tap, world):
    """12, 13, 20: the logs."""
    for server, name in ((world.away, "another host"), (world.third, "a third host")):
        shown = [one for one in server.seen() if "x-ours" in one.headers
                 or one.headers.get("authorization", "").startswith("Basic")
                 or "the-secrets-own-token" in one.headers.get("authorization", "")]
        tap.equal(shown, [], f"rule 28: {name} never sees what is for the registry")
    tap.equal(set(world.told(world.third, "realm-at-a-third/token")), {""}, "12: a realm at a third host is asked anonymously")
    tap.equal(set(world.told(world.away, "v2/realm-at-a-third")), {"", "Bearer of-realm-at-a-third"},
              "12: the other host gets its own token, when it asks")
    home = set(world.told(world.home, "v2/realm-at-a-third")) | set(world.told(world.home, "v2/realm-of-the-redirected"))
    tap.check(not any("Bearer of-" in one for one in home), "12: and home never gets it", home)
    stale = [one for one in world.told(world.home, "stale-token") if one]
    tap.check(stale.count("Bearer number-1") == 2 and "Bearer number-2" in stale,
              "20: a refused token is not used again", stale[:8])
    tap.equal([one.path for server in world.servers() for one in server.seen() if "/admin" in one.path], [],
              "30: no name leads out of the API")
    if world.outside:
        tap.equal([one.path for one in world.plain.seen("/inside")], [], "29: nobody leads us to loopback")
    else:
        tap.diag("this machine has no address but loopback: 29 is not shown")


def run(tap, rig, context, authority):
    world = World(context)
    stands = make_products(rig, context, authority)
    try:
        if not world.outside:
            for name in [one.name for one in ROWS.values() if one.plain == "outside"]:
                del ROWS[name]
        began = time.monotonic()
        make_rows(rig, world, authority)
        for stand in stands.values():
            check_product(tap, rig, stand)
        check_rows(tap, rig, ROWS.values())
        check_parties(tap, world)
        shown = str(rig.policies())
        tap.check(PASSWORD not in shown and "words-of-another-server" not in shown,
                  "29: no secret and no words of a redirected refusal are shown")
        rss = rig.most_rss()
        tap.diag(f"{time.monotonic() - began:.1f} s; the discoverer had {rss / MIB:.1f} MiB resident at most")
        tap.check(rss < RSS_MAX, f"its memory is bounded by {RSS_MAX // MIB} MiB", rss)
    finally:
        for one in (*stands.values(), *world.servers()):
            one.close()


def main():
    args = arguments(__doc__)
    tap = rigs.TestTap()
    with Rig(args.build, keep=args.keep) as rig, tempfile.TemporaryDirectory(prefix="drop-pki-") as folder:
        authority = pki.Authority(folder)
        context = tls_context(*authority.issue("server", "IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3"))
        run(tap, rig, context, pki.text(authority.cert))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
