"""How Prometheus and what speaks its API answer, as data: products, and single quirks.

A Product says how a server of that kind wants to be asked; Stand plays it on loopback, for the recipes of
docs/discovery.md. A Row says what a server answers, and which reason, words and images its policy has then;
prometheus.py plays them all.
"""
import base64
import dataclasses
import json
import urllib.parse

from server import Server

WEEK_POINTS = 2017  # of a series: 168h at a step of 5m, both ends included
IMAGES = 400
POINTS_MAX = 11_000
MIB = 1 << 20


def series(image, value="1", **labels):
    return {"metric": {"image": image, **labels}, "value": [1, value]}


def vector(*elements, **more):
    return {"status": "success", "data": {"resultType": "vector", "result": list(elements)}, **more}


# ---- products ----

@dataclasses.dataclass(frozen=True)
class Product:
    name: str
    prefix: str = ""        # path of the endpoint
    auth: str = ""          # "", basic, token, or the header that has to be there
    refusal: object = b"unauthorized\n"  # body when it is not
    more: dict = dataclasses.field(default_factory=dict)  # members of an answer


PRODUCTS = {one.name: one for one in (
    Product("prometheus", auth="basic", refusal=b"Unauthorized\n", more={"infos": ["PromQL info: x"]}),
    Product("thanos", auth="token"),
    Product("mimir", "/prometheus", "x-scope-orgid", refusal=b"no org id\n"),
    Product("victoriametrics", "/select/0/prometheus",
            more={"isPartial": False, "stats": {"seriesFetched": "2", "executionTimeMsec": 3}}),
)}


class Stand:
    """A product on loopback. secret: data of the Secret that the policy uses; query, lookback, step: as the policy has
    them: all else is refused as the product refuses it."""

    def __init__(self, product, context=None, secret=None, spec=None):
        self.product, self.secret, self.spec = product, secret or {}, spec or {}
        self.server = Server(self._answer, context=context)
        self.url = self.server.url

    def images(self):
        return ["r.example/team/app:1", "r.example/team/tool:2"]

    def close(self):
        self.server.close()

    def _allowed(self, asked):
        secret, sent = self.secret, asked.headers.get("authorization", "")
        if self.product.auth == "basic":
            pair = f"{secret.get('username')}:{secret.get('password')}"
            return sent == "Basic " + base64.b64encode(pair.encode()).decode()
        if self.product.auth == "token":
            return sent == f"Bearer {secret.get('token')}"
        wanted = {key[len("headers."):].lower(): value for key, value in secret.items() if key.startswith("headers.")}
        return not self.product.auth or asked.headers.get(self.product.auth) == wanted.get(self.product.auth, "?")

    def _answer(self, client, asked):
        url = urllib.parse.urlsplit(asked.path)
        query = {key: value[0] for key, value in urllib.parse.parse_qs(url.query).items()}
        ranged = "lookback" in self.spec
        if url.path != f"{self.product.prefix}/api/v1/{'query_range' if ranged else 'query'}":
            client.reply(b"404 page not found\n", 404, kind="text/plain")
        elif not self._allowed(asked):
            client.reply(self.product.refusal, 401, kind="text/plain")
        elif query.get("query") != self.spec.get("query") or ranged != ({"start", "end", "step"} <= set(query)):
            client.reply({"status": "error", "errorType": "bad_data", "error": f"unexpected {query}"}, 400)
        elif ranged and (float(query["end"]) - float(query["start"])) / float(query["step"]) > POINTS_MAX:
            client.reply(TOO_MANY_POINTS, 400)
        elif ranged:
            client.reply({"status": "success", "data": {"resultType": "matrix", "result": [
                {"metric": {"image": image}, "values": [[1, "2"], [2, "3"]]} for image in self.images()]},
                **self.product.more})
        else:
            client.reply(vector(*map(series, self.images()), **self.product.more))
        return True


# ---- quirks ----

@dataclasses.dataclass(frozen=True)
class Answer:
    body: object = b""  # bytes, what JSON can say, or a function of (client)
    code: int = 200
    kind: str = "application/json"


@dataclasses.dataclass(frozen=True)
class Row:
    """answers: one after another, the last one again and again. until: so many were given before the policy is looked
    at. path: of the endpoint, after the row's own. found: images, in any order. block: more of the prometheus block."""
    rule: int
    name: str
    answers: tuple
    reason: str
    says: tuple = ()
    found: tuple = ()
    until: int = 1
    path: str = ""
    scheme: str = ""  # of the endpoint, where it is not the server's
    block: dict = dataclasses.field(default_factory=dict)
    spec: dict = dataclasses.field(default_factory=dict)


TOO_MANY_POINTS = {"status": "error", "errorType": "bad_data", "error": (
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")}
GAP = "No StoreAPIs matched for this query"
WHOLE = vector(series("r.example/a:1", "9"), series("r.example/b:1", "8"))
HALF = (series("r.example/a:1", "9"),)
FAST = {"syncInterval": "1s"}
LOGIN = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


def week(client):
    """400 images of a week: 806,800 samples, 23 MiB."""
    values = ",".join(f'[{1700000000 + 300 * i}.123,"0.{i:012}"]' for i in range(WEEK_POINTS)).encode()
    client.head()
    client.chunk(b'{"status":"success","data":{"resultType":"matrix","result":[')
    for i in range(IMAGES):
        client.chunk(b"," * (i > 0) + b'{"metric":{"image":"r.example/a:%d"},"values":[' % i + values + b"]}")
    client.chunk(b"]}}")
    client.chunk(b"")


def labels_without_end(client):
    """40 MiB of labels and hardly a sample."""
    client.head()
    client.chunk(b'{"status":"success","data":{"resultType":"vector","result":[')
    block = b"".join(b'{"metric":{"pod":"%0900d"},"value":[1,"1"]},' % i for i in range(1000))
    for _ in range(40):
        client.chunk(block)


def native(image):
    return {"metric": {"image": image}, "histogram": [1, {"count": "5", "sum": "7", "buckets": []}]}


ROWS = (
    # 15: incomplete answers.
    Row(15, "victoriametrics-is-partial", (Answer(WHOLE), Answer(vector(*HALF, isPartial=True))), "PartiallyFailed",
        ("the server marked the answer as incomplete (isPartial)",), ("r.example/a:1", "r.example/b:1"), until=4, spec=FAST),
    Row(15, "thanos-warns", (Answer(WHOLE), Answer(vector(*HALF, warnings=[GAP]))), "PartiallyFailed",
        (f"the server marked the answer as incomplete: {GAP}",), ("r.example/a:1", "r.example/b:1"), until=4, spec=FAST),
    Row(15, "partial-and-whole-again", (Answer(WHOLE), Answer(vector(isPartial=True)), Answer(vector(*HALF))), "Synced",
        ("Discovered 1 images",), ("r.example/a:1",), until=4, spec=FAST),
    Row(15, "partial-from-the-start", (Answer(vector(warnings=[GAP])),), "SyncFailed", (GAP,)),
    Row(15, "a-remark-is-no-gap", (Answer(WHOLE), Answer(vector(*HALF, warnings=["PromQL warning: not a counter"]))),
        "Synced", ("Discovered 1 images",), ("r.example/a:1",), until=3, spec=FAST),
    # 16: the default use, and more than is looked at.
    Row(16, "a-week-of-400-images", (Answer(week),), "Synced", ("Discovered 400 images",),
        tuple(f"r.example/a:{i}" for i in range(IMAGES)), block={"lookback": "168h"}, spec={"maxImages": 1000}),
    Row(16, "labels-without-end", (Answer(labels_without_end),), "InvalidResponse",
        ("more than 16 MiB besides its samples", "sum by (image) (...)")),
    Row(16, "ten-thousand-extra-fields", (Answer({**WHOLE, "stats": {f"f{i}": {"a": [i, {"b": "c" * 50}]}
                                                                     for i in range(10_000)}}),),
        "Synced", found=("r.example/a:1", "r.example/b:1")),
    # 18: expressions.
    Row(18, "a-name-made-for-the-filter", (Answer(vector(series("a" * 1000), series("r.example/team/a:1"))),), "Synced",
        ("Discovered 1 images", "left out 1 names for which the filter exceeded its limits"),
        ("r.example/team/a:1",), spec={"imageFilter": "(a|aa)+[bc]|team"}),
    Row(18, "a-back-reference", (Answer(WHOLE),), "InvalidSpec", ("imageFilter: back-references",),
        spec={"imageFilter": r"(a)\1"}, until=0),
    Row(18, "look-around", (Answer(vector(series("r.example/a:1"), series("r.example/a:1-rc1"))),), "Synced",
        ("Discovered 1 images",), ("r.example/a:1",), spec={"imageFilter": "^(?!.*(rc|beta)).*$"}),
    # 19: silent nothings.
    Row(19, "native-histograms", (Answer(vector(native("r.example/a:1"), native("r.example/b:1"))),), "InvalidResponse",
        ("2 of 2 series are native histograms", "histogram_count(...) or histogram_sum(...)")),
    Row(19, "series-turn-to-histograms", (Answer(WHOLE), Answer(vector(*HALF, native("r.example/b:1")))), "PartiallyFailed",
        ("1 of 2 series are native histograms",), ("r.example/a:1", "r.example/b:1"), until=4, spec=FAST),
    Row(19, "no-label-image", (Answer(vector({"metric": {"container": "c", "pod": "p"}, "value": [1, "1"]})),), "Synced",
        ("Discovered 0 images: prometheus http", "none of 1 series has a label image; the first has container, pod")),
    Row(19, "result-null", (Answer({"status": "success", "data": {"resultType": "vector", "result": None}}),), "Synced",
        ("Discovered 0 images: prometheus http", "the query returned no series")),
    Row(19, "nothing", (Answer(vector()),), "Synced", ("the query returned no series",)),
    Row(19, "a-filter-that-matches-none", (Answer(WHOLE),), "Synced",
        ("Discovered 0 images", "all 2 names were left out; 2: does not match imageFilter"),
        spec={"imageFilter": "^quay"}),
    # 21: messages.
    Row(21, "words-as-text", (Answer(b"expanding series: no store\nstack", 500, "text/plain"),), "ServerError",
        ("HTTP 500: expanding series: no store",)),
    Row(21, "words-as-json", (Answer({"status": "error", "errorType": "bad_data", "error": "parse error at char 3"}, 400),),
        "SyncFailed", ("HTTP 400: bad_data: parse error at char 3",)),
    Row(21, "words-as-message", (Answer({"message": "tenant is limited"}, 429),), "SyncFailed",
        ("HTTP 429: tenant is limited",)),
    Row(21, "control-characters", (Answer(b"a\x1b[31mb\xe2\x80\xaec", 500, "text/plain"),), "ServerError",
        ("HTTP 500: a [31mb c",)),
    Row(21, "api-in-the-endpoint", (Answer(WHOLE),), "NotFound",
        ("HTTP 404: 404 page not found (leave /api/v1 out of endpoint",), path="/api/v1", until=0),
    Row(21, "wrong-path", (Answer(b"", 404),), "NotFound", ("as in http://mimir/prometheus",)),
    Row(21, "eleven-thousand-points", (Answer(TOO_MANY_POINTS, 400),), "SyncFailed",
        ("exceeded maximum resolution of 11,000 points",
         "(raise step or shorten lookback: lookback over a step of 30 is 20161 points a series)"),
        block={"lookback": "168h", "step": "30"}),
    Row(21, "too-many-samples", (Answer({"status": "error", "errorType": "execution", "error": (
        "query processing would load too many samples into memory in query execution")}, 422),), "SyncFailed",
        ("HTTP 422: execution: query processing", "(raise step"), block={"lookback": "168h"}),
    Row(21, "login-page", (Answer(LOGIN, kind="text/html"),), "InvalidResponse",
        ("got an HTML page from http://127.0.0.1:", "/login-page/api/v1/query", "check whether endpoint is the server itself")),
    Row(21, "error-page", (Answer(LOGIN, 502, "text/html"),), "ServerError",
        ("HTTP 502", "got an HTML page from http://127.0.0.1:")),
    Row(21, "https-to-plain", (Answer(WHOLE),), "TLSError", ("is it http:// and not https://?",), scheme="https", until=0),
)


class Quirks:
    """One server for all rows: /NAME/..., and what each was asked."""

    def __init__(self, rows=ROWS):
        self.rows = {one.name: one for one in rows}
        self.given = dict.fromkeys(self.rows, 0)
        self.server = Server(self._answer)

    def endpoint(self, one):
        return f"{one.scheme or 'http'}://{self.server.host}/{one.name}{one.path}"

    def close(self):
        self.server.close()

    def _answer(self, client, asked):
        path = urllib.parse.urlsplit(asked.path).path
        one = self.rows[path.split("/")[1]]
        if path.removeprefix(f"/{one.name}") not in ("/api/v1/query", "/api/v1/query_range"):
            client.reply(b"404 page not found\n", 404, kind="text/plain")
            return True
        answer = one.answers[min(self.given[one.name], len(one.answers) - 1)]
        self.given[one.name] += 1
        if callable(answer.body):
            answer.body(client)
        else:
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            client.reply(body, answer.code, kind=answer.kind)
        return True
