"""Every way in which a source can misbehave: one row, one path, one policy. A row says what the server
does and which reasons its policy may have then.

Registry rows are asked at /v2/NAME/tags/list, Prometheus rows at /NAME/api/v1/query. `World` is what they
need to know: the address of another host, a file that must never be read, and the secrets.
"""
import collections
import time
import zlib

World = collections.namedtuple("World", "other secret_file main")
Row = collections.namedtuple("Row", "name kind serve reasons spec secret says")

ROWS = []
INVALID = ("InvalidResponse",)
BROKEN = ("InvalidResponse", "SyncFailed")   # whichever layer notices
BOUNDED = ("InvalidResponse", "Synced")      # a limit cuts, or refuses
KEPT = ("PartiallyFailed",)                  # what came of it is kept, and that it is not all is said
MIB = 1 << 20
TAG = '"name":"x","tags":["stolen"]'         # what a file or another protocol would give away


def row(kind, reasons, secret=None, says="", **spec):
    def add(serve):
        ROWS.append(Row(serve.__name__.replace("_", "-"), kind, serve, reasons, spec, secret, says))
        return serve
    return add


def registry(reasons, secret=None, says="", **spec):
    return row("registry", reasons, secret, says, **spec)


def prometheus(reasons, secret=None, says="", **spec):
    return row("prometheus", reasons, secret, says, **spec)


def tags(*names):
    return {"name": "x", "tags": list(names)}


def vector(*pairs):
    return {"status": "success", "data": {"resultType": "vector", "result": [
        {"metric": {"image": image}, "value": [1, value]} for image, value in pairs]}}


# ---- bodies without an end, or nearly ----

@registry(INVALID)
def endless_string(client, *_):
    client.head()
    client.chunk(b'{"name":"x","tags":["')
    while True:
        client.chunk(b"a" * MIB)


@registry(BOUNDED)
def gigabyte_of_tags(client, *_):
    client.head()
    client.chunk(b'{"name":"x","tags":["t0"')
    block = b"".join(b',"t%08d"' % i for i in range(88_000))  # about a MiB
    for _ in range(1024):
        client.chunk(block)
    client.chunk(b"]}")
    client.chunk(b"")


@registry(BROKEN)
def gzip_bomb(client, *_):
    """10 GiB in 10 MiB: one block, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(b'{"name":"x","tags":["') + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"a" * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    client.head(headers=["Content-Encoding: gzip"])
    client.chunk(head)
    for _ in range(10 * 1024):
        client.chunk(block)
    client.chunk(b"")


@prometheus(BOUNDED)
def many_series(client, *_):
    client.reply(vector(*((f"r.example/a/b:{i}", "1") for i in range(150_000))))


@prometheus(BOUNDED)
def huge_label(client, *_):
    client.reply(vector(("r.example/" + "a" * MIB, "1"), ("r.example/a:1", "1")))


# ---- too slow ----

@registry(("Timeout",))
def never_answers(client, *_):
    client.hang()


@registry(("Timeout",))
def half_a_head(client, *_):
    client.send(b"HTTP/1.1 200 OK\r\nContent-Type: applic")
    client.hang()


@registry(("Timeout",))
def drip(client, *_):
    client.head(length=10_000)
    while True:
        client.send(b" ")
        time.sleep(0.3)


@prometheus(("Timeout",))
def drip_of_headers(client, *_):
    client.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.send(b"X: y\r\n")
        time.sleep(0.3)


# ---- broken off ----

@registry((*BROKEN, "ServerError", "ConnectionRefused"))
def not_a_byte(*_):
    return False


@registry((*BROKEN, "ServerError", "ConnectionRefused"))
def reset(client, *_):
    client.reset()


@registry(BROKEN)
def half_a_body(client, *_):
    client.head(length=100_000)
    client.send(b'{"name":"x","tags":["a"')


@registry(INVALID)
def truncated(client, *_):
    client.reply(b'{"name":"x","tags":["a","b"')


@registry(INVALID)
def nothing(client, *_):
    client.reply(b"")


@registry(BROKEN)
def no_http(client, *_):
    client.send(b"220 mail.example ESMTP\r\n")


# ---- not what was asked for ----

@registry(INVALID)
def web_page(client, *_):
    client.reply(b"<!doctype html><title>Log in</title>", kind="text/html")


@registry(INVALID)
def no_tags(client, *_):
    client.reply({"name": "x", "tags": "a"})


@registry(INVALID)
def tags_are_numbers(client, *_):
    client.reply({"name": "x", "tags": [1, 2]})


@registry(("Synced",), says="Discovered 0 images")
def null_tags(client, *_):
    client.reply({"name": "x", "tags": None})  # as a real registry whose last tag was deleted


@registry(INVALID)
def deep(client, *_):
    client.reply(b'{"name":"x","more":' + b"[" * 200_000 + b"]" * 200_000 + b',"tags":["a"]}')


@registry(INVALID)
def no_utf8(client, *_):
    client.reply(b'{"name":"x","tags":["a\xff\xfe"]}')


@registry(BOUNDED)
def odd_tags(client, *_):
    client.reply(tags("a\nb", "c\0d", "../../../etc/passwd", "e" * 4096, '"}]', "\u202e", "good"))


@registry(BROKEN)
def no_gzip(client, *_):
    client.reply(b"not compressed at all", headers=["Content-Encoding: gzip"])


@registry(BROKEN)
def header_bomb(client, *_):
    client.reply(tags("a"), headers=[f"X-{i}: {'y' * 1000}" for i in range(4000)])


@registry(BROKEN)
def endless_headers(client, *_):
    client.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.send(b"X-Header: " + b"y" * 8000 + b"\r\n")


@prometheus((*BROKEN, "ServerError", "InvalidSpec"))
def bad_query(client, *_):
    client.reply({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400)


@prometheus(BROKEN)
def error_with_200(client, *_):
    client.reply({"status": "error", "errorType": "execution", "error": "too many samples"})


@prometheus(KEPT, says="Discovered 1 images")
def warnings(client, *_):
    client.reply({**vector(("r.example/a:1", "3")), "warnings": ["a store was slow"]})


@prometheus(INVALID)
def scalar(client, *_):
    client.reply({"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}})


@prometheus(("Synced",))
def scores(client, *_):
    client.reply(vector(("r.example/nan:1", "NaN"), ("r.example/inf:1", "+Inf"),
                        ("r.example/minus:1", "-Inf"), ("r.example/huge:1", "1e308"),
                        ("r.example/least:1", "-1e308"), ("r.example/odd:1", "9223372036854775807"),
                        ("r.example/plain:1", "2.9"), ("r.example/zero:1", "-0")))


# ---- codes ----

def code(number, reasons, headers=()):
    def serve(client, *_):
        client.reply({"errors": []}, number, headers)
    ROWS.append(Row(f"code-{number}", "registry", serve, reasons, {}, None, ""))


code(204, INVALID)
code(302, BROKEN)  # to nowhere
code(401, ("Unauthorized",))
code(403, ("Forbidden",))
code(404, ("NotFound",))
code(429, ("ServerError", "SyncFailed"), ["Retry-After: 86400"])
code(500, ("ServerError",))
code(503, ("ServerError",), ["Retry-After: -1"])


# ---- elsewhere ----

@registry(("Synced",), "all", says="Discovered 1 images")
def redirect_to_another_host(client, _, world):
    client.reply(b"", 307, [f"Location: {world.other}/v2/elsewhere/tags/list"])


@registry(("Synced",), "all", says="Discovered 1 images")
def redirect_at_home(client, asked, _):
    """Credentials go along: it is the same host."""
    if not asked.path.startswith("/v2/redirect-at-home/moved"):
        client.reply(b"", 302, ["Location: /v2/redirect-at-home/moved"])
    elif "authorization" in asked.headers:
        client.reply(tags("a"))
    else:
        client.reply({}, 401)


@registry(BROKEN)
def redirect_to_a_file(client, _, world):
    client.reply(b"", 302, [f"Location: file://{world.secret_file}"])


@registry(BROKEN)
def redirect_to_gopher(client, _, world):
    client.reply(b"", 302, [f"Location: gopher://{world.main}/_GET%20/"])


@registry(BROKEN)
def redirect_loop(client, *_):
    client.reply(b"", 302, ["Location: /v2/redirect-loop/tags/list"])
    return True


@registry(KEPT, "all")
def link_to_another_host(client, _, world):
    client.reply(tags("a"), headers=[f'Link: <{world.other}/v2/elsewhere/tags/list?n=1>; rel="next"'])


@registry(KEPT)
def link_to_a_file(client, _, world):
    client.reply(tags("a"), headers=[f'Link: <file://{world.secret_file}>; rel="next"'])


@registry((*BROKEN, "Synced"))
def huge_link(client, *_):
    client.reply(tags("a"), headers=[f'Link: </v2/huge-link/{"x" * 60_000}>; rel="next"'])


@registry((*KEPT, "Timeout"))
def pages_without_end(client, asked, _):
    at = int(asked.path.partition("last=")[2].partition("&")[0] or 0)
    client.reply(tags(f"t{at}"), headers=[
        f'Link: </v2/pages-without-end/tags/list?last={at + 1}&n=1>; rel="next"'])
    return True


@registry((*BROKEN, "Synced", "Timeout"))
def empty_pages(client, *_):
    client.reply(tags(), headers=['Link: </v2/empty-pages/tags/list?last=a&n=1>; rel="next"'])
    return True


# ---- tokens ----

@registry(("Unauthorized", "Synced"), "token")
def challenge_of_another_host(client, _, world):
    """A secret that has no name and password has nothing for a token server."""
    client.reply({}, 401, [f'WWW-Authenticate: Bearer realm="{world.other}/token",service="s"'])


@registry(("Unauthorized", *BROKEN))
def challenge_to_a_file(client, _, world):
    client.reply({}, 401, [f'WWW-Authenticate: Bearer realm="file://{world.secret_file}",service="s"'])


@registry(("Unauthorized",))
def challenge_for_ever(client, asked, _):
    if asked.path.startswith("/v2/challenge-for-ever/token"):
        client.reply({"token": "t"})
    else:
        client.reply({}, 401, ['WWW-Authenticate: Bearer realm="http://'
                               f'{asked.headers["host"]}/v2/challenge-for-ever/token",service="s"'])
    return True


@registry(("Unauthorized", *BROKEN))
def token_with_a_line_end(client, asked, _):
    if asked.path.startswith("/v2/token-with-a-line-end/token"):
        client.reply({"token": "t\r\nX-Injected: yes"})
    else:
        client.reply({}, 401, ['WWW-Authenticate: Bearer realm="http://'
                               f'{asked.headers["host"]}/v2/token-with-a-line-end/token",service="s"'])
    return True


@registry(("Unauthorized", *BROKEN))
def huge_token(client, asked, _):
    if asked.path.startswith("/v2/huge-token/token"):
        client.reply({"token": "t" * 4 * MIB})
    else:
        client.reply({}, 401, ['WWW-Authenticate: Bearer realm="http://'
                               f'{asked.headers["host"]}/v2/huge-token/token",service="s"'])


@registry(("Unauthorized", *BROKEN))
def odd_challenge(client, *_):
    client.reply({}, 401, ['WWW-Authenticate: Bearer realm="' + "x" * 30_000, "WWW-Authenticate: ,,,=\"\\"])


# ---- what users write (rule 31) ----

@registry(("Synced",), tagFilter="^(a+)+$")
def catastrophic_regex(client, *_):
    client.reply(tags(*("a" * 60 + f"b{i}" for i in range(5000))))


@registry(("InvalidSpec",), tagFilter="(")
def bad_regex(client, *_):
    client.reply(tags("a"))


@registry(("InvalidSpec",), imageTemplate="{{.Registry}}/{{.Nothing}}")
def bad_template(client, *_):
    client.reply(tags("a"))


@registry(("Synced",), imageTemplate="{{- .Registry -}}/{{ .Repository }}:{{.Tag}}",
          says="Discovered 1 images")
def good_template(client, *_):
    client.reply(tags("a"))
    return True


def answer_of(world):
    """For Server: finds the row by the first part of the path that names one."""
    table = {one.name: one.serve for one in ROWS}

    def answer(client, asked):
        for part in asked.path.split("?")[0].split("/"):
            if part in table:
                return table[part](client, asked, world)
        client.reply({}, 404)
        return True
    return answer
