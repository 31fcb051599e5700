"""How registries answer, as data: one row a product, one player for all rows.

A row says how the product challenges, where its token server is, how it pages, and what it does that others
don't. Stand(row, context) plays it on loopback: the registry on 127.0.0.1, a second host (token server or
target of a redirect) on 127.0.0.2, a third host on 127.0.0.3 that must never be told anything. The logs say
which credential went where.
"""
import base64
import collections
import dataclasses
import json
import urllib.parse

from server import Server

USER, PASSWORD = "robot$drop", "pa55-w0rd-of-the-robot"
FEW = tuple(f"v1.{i}" for i in range(7))
MANY = tuple(f"t{i:05}" for i in range(2500))

Sent = collections.namedtuple("Sent", "host path credential")  # host: registry, second or third


@dataclasses.dataclass(frozen=True)
class Product:
    name: str
    url: str                # as users write it; the host is replaced by the stand-in's
    repository: str
    challenge: str = "bearer"   # bearer, basic, silent (401 without a challenge), open (no login at all)
    login: bool = False     # a login is needed; else anybody gets an anonymous token
    user: str = USER
    password: str = PASSWORD
    docker_host: str = ""   # set: the Secret is a .dockerconfigjson with this key
    realm: str = "/token"   # path of the token server
    realm_on: str = "registry"  # or second: another host
    service: str = "registry"
    action: str = "pull"    # of the scope
    token_key: str = "token"
    token_bytes: int = 600
    unasked_basic: int = 0  # the status of a Basic login that was not asked for, without a challenge
    redirect: bool = False  # tags/list is answered by the second host, after a 307
    refusal: str = "oci"    # body of a 401 or 404: oci, text, message, details, html
    tags: tuple = FEW
    page: int = 3           # the most tags of a page
    too_large: str = "cut"  # n above `page`: cut, refuse (400), ignore (all tags)
    link: str = "path"      # path, absolute, foreign (another scheme and host), prefixless, opaque, bare, none
    repeat: int = 0         # tags of a page that the next one has again
    more: dict = dataclasses.field(default_factory=dict)  # other members of the list

    def wanted(self):
        """The tags in order, each once."""
        return list(self.tags)


ROWS = (
    Product("distribution", "http://registry.example:5000", "team/app", challenge="open", page=1000),
    Product("docker-hub", "https://registry-1.docker.io", "library/nginx", realm_on="second",
            service="registry.docker.io", docker_host="https://index.docker.io/v1/", token_bytes=2800),
    Product("docker-hub-anonymous", "https://registry-1.docker.io", "library/nginx", realm_on="second",
            service="registry.docker.io", user="", token_bytes=2800),
    Product("ghcr", "https://ghcr.io", "org/app", login=True, service="ghcr.io", unasked_basic=403),
    Product("ecr", "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com", "team/app", challenge="basic",
            login=True, user="AWS", password="e" * 1900, page=1000, tags=MANY, link="absolute", refusal="text"),
    Product("gcr", "https://gcr.io", "project/app", login=True, user="_json_key", realm="/v2/token",
            password=json.dumps({"type": "service_account", "private_key": "k" * 1700}, indent=2),
            service="gcr.io", too_large="ignore", link="none",
            more={"child": [], "manifest": {"sha256:0": {"tag": ["v1.0"], "imageSizeBytes": "1"}}}),
    Product("artifact-registry", "https://europe-docker.pkg.dev", "project/repository/app", login=True,
            user="oauth2accesstoken", realm="/v2/token", service="europe-docker.pkg.dev"),
    Product("acr", "https://example.azurecr.io", "team/app", login=True, realm="/oauth2/token",
            service="example.azurecr.io", action="metadata_read", token_key="access_token",
            token_bytes=6089),
    Product("quay", "https://quay.io", "org/app", realm="/v2/auth", service="quay.io", link="opaque",
            page=3, user="", refusal="details"),
    Product("harbor", "https://harbor.example", "project/app", login=True, realm="/service/token",
            service="harbor-registry"),
    Product("gitlab", "https://registry.gitlab.example", "group/project/app", login=True, realm="/jwt/auth",
            realm_on="second", service="container_registry", action="pull", too_large="refuse", page=100,
            tags=MANY[:250], docker_host="registry.gitlab.example"),
    Product("nexus", "https://nexus.example/repository/docker-hosted", "team/app", challenge="basic", login=True,
            link="foreign", refusal="html"),
    Product("artifactory", "https://example.jfrog.io/artifactory/api/docker/docker-local", "team/app",
            login=True, realm="/artifactory/api/docker/docker-local/v2/token", service="example.jfrog.io",
            link="prefixless"),
    Product("registry-k8s-io", "https://registry.k8s.io", "pause", challenge="open", redirect=True,
            realm="/v2/token", service="europe-west3-docker.pkg.dev", user=""),
    # No product of its own, but each met in one.
    Product("no-challenge", "https://registry.example", "team/app", challenge="silent", login=True,
            refusal="message"),
    Product("cuts-at-n", "https://registry.example", "team/app", challenge="open", link="none", tags=MANY,
            page=1000),
    Product("link-without-brackets", "https://registry.example", "team/app", challenge="open", link="bare"),
    Product("tags-again", "https://registry.example", "team/app", challenge="open", repeat=1),
)
PRODUCTS = {one.name: one for one in ROWS}


class Stand:
    """One product on loopback. context: TLS for 127.0.0.1 to 127.0.0.3; None: plain HTTP."""

    def __init__(self, product, context=None):
        self.product = product
        self.tokens = {}  # text of a token: (host that believes it, is it anonymous)
        self.servers = {name: Server(self._answer(name), f"127.0.0.{number}", context)
                        for number, name in enumerate(("registry", "second", "third"), 1)}
        self.prefix = urllib.parse.urlsplit(product.url).path
        self.url = self.servers["registry"].url + self.prefix
        self.host = self.servers["registry"].host + self.prefix  # {{.Registry}}
        self.repositories = [product.repository]

    def secret(self):
        """Data of the Secret that the product's users make; {}: none."""
        p = self.product
        if not p.user:
            return {}
        if not p.docker_host:
            return {"username": p.user, "password": p.password}
        # A key that stands for Docker Hub's hosts can't be had on loopback, so it gets the stand-in's host.
        auth = base64.b64encode(f"{p.user}:{p.password}".encode()).decode()
        return {".dockerconfigjson": json.dumps({"auths": {
            "other.example": {"auth": base64.b64encode(b"not:this").decode()},
            p.docker_host.replace(urllib.parse.urlsplit(p.docker_host).hostname or p.docker_host,
                                  self.servers["registry"].host): {"auth": auth}}})}

    def images(self):
        """References in the order of the registry."""
        return [f"{self.host}/{self.product.repository}:{tag}" for tag in self.product.wanted()]

    def sent(self):
        """[Sent] of all hosts, in order: '' is no credential, 'basic', 'bearer HOST' a token that HOST was meant to
        get, 'bearer HOST anonymous' one that anybody gets; '?...' is none of these."""
        asked = [(one.at, Sent(name, one.path, self._credential(one)))
                 for name, server in self.servers.items() for one in server.seen()]
        return [sent for _, sent in sorted(asked, key=lambda pair: pair[0])]

    def close(self):
        for server in self.servers.values():
            server.close()

    # ---- how it answers ----

    def _basic(self):
        return "Basic " + base64.b64encode(f"{self.product.user}:{self.product.password}".encode()).decode()

    def _credential(self, asked):
        text = asked.headers.get("authorization", "")
        if not text:
            return ""
        if text == self._basic():
            return "basic"
        host, anonymous = self.tokens.get(text.partition(" ")[2], ("", False))
        return f"bearer {host}{' anonymous' if anonymous else ''}" if host else f"?{text}"

    def _answer(self, name):
        def answer(client, asked):
            path = urllib.parse.urlsplit(asked.path).path
            if path == self.product.realm:
                self._token(client, asked)
            elif name == "third":
                client.reply({}, 404)
            elif self.product.redirect and name == "registry":
                client.reply(b"", 307, [f"Location: {self.servers['second'].url}{asked.path}"])
            elif path == f"{self.prefix}/v2/{self.product.repository}/tags/list":
                self._list(client, asked, name)
            else:
                self._refuse(client, 404, "NAME_UNKNOWN", "repository name not known to registry")
            return True
        return answer

    def _token(self, client, asked):
        p, query = self.product, urllib.parse.parse_qs(urllib.parse.urlsplit(asked.path).query)
        known = asked.headers.get("authorization") == self._basic()
        scope = f"repository:{p.repository}:{p.action}"
        if query.get("service") != [p.service] or query.get("scope") != [scope]:
            self._refuse(client, 400, "BAD_REQUEST", f"unexpected {query}")
        elif p.login and not known:
            self._refuse(client, 401, "UNAUTHORIZED", "authentication required")
        else:
            text = f"t{len(self.tokens)}-".ljust(p.token_bytes, "x")
            self.tokens[text] = ("second" if p.redirect else "registry", not known)
            client.reply({p.token_key: text, "expires_in": 300})

    def _challenge(self, name):
        p = self.product
        if p.challenge == "silent":
            return []
        where = self.servers[name if p.realm_on == "registry" else p.realm_on].url
        if p.challenge == "basic":
            return [f'WWW-Authenticate: Basic realm="{where}/",service="{p.service}"']
        return [f'WWW-Authenticate: Bearer realm="{where}{p.realm}",service="{p.service}",'
                f'scope="repository:{p.repository}:{p.action}"']

    def _allowed(self, asked, name):
        p, credential = self.product, self._credential(asked)
        challenge = "bearer" if p.redirect else p.challenge
        if challenge == "open":
            return True
        if challenge == "bearer":
            return credential == f"bearer {name}" or (not p.login and credential == f"bearer {name} anonymous")
        return credential == "basic"

    def _refuse(self, client, code, error, text, headers=()):
        kind = self.product.refusal
        if kind == "text":
            client.reply(text.encode(), code, headers, "text/plain")
        elif kind == "html":
            client.reply(f"<!doctype html><title>{text}</title>".encode(), code, headers, "text/html")
        elif kind in ("message", "details"):
            client.reply({kind: text}, code, headers)
        else:
            client.reply({"errors": [{"code": error, "message": text, "detail": None}]}, code, headers)

    def _list(self, client, asked, name):
        p = self.product
        if p.unasked_basic and asked.headers.get("authorization") == self._basic():
            self._refuse(client, p.unasked_basic, "DENIED", "permission_denied")
            return
        if not self._allowed(asked, name):
            self._refuse(client, 401, "UNAUTHORIZED", "authentication required", self._challenge(name))
            return
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(asked.path).query)
        n = int(query.get("n", [p.page])[0])
        if n > p.page and p.too_large == "refuse":
            self._refuse(client, 400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
            return
        n = len(p.tags) if p.too_large == "ignore" else min(n, p.page)
        last = query.get("next_page" if p.link == "opaque" else "last", [""])[0]
        begin = p.tags.index(bytes.fromhex(last).decode() if p.link == "opaque" else last) + 1 if last else 0
        tags = p.tags[max(0, begin - p.repeat):begin + n]
        headers = self._link(asked, tags[-1], n) if tags and tags[-1] != p.tags[-1] else []
        client.reply({"name": p.repository, "tags": list(tags), **p.more}, headers=headers)

    def _link(self, asked, last, n):
        p, path = self.product, urllib.parse.urlsplit(asked.path).path
        short = path.removeprefix(self.prefix)
        marked = f"next_page={last.encode().hex()}" if p.link == "opaque" else f"last={last}"
        target = {
            "path": f"<{path}?{marked}&n={n}>",
            "opaque": f"<{path}?{marked}&n={n}>",
            "absolute": f"<{self.servers['registry'].url}{path}?{marked}&n={n}>",
            "foreign": f"<http://{self.servers['third'].host}{short}?{marked}&n={n}>",
            "prefixless": f"<{short}?{marked}&n={n}>",
            "bare": f"{path}?{marked}&n={n}",
        }.get(p.link)
        return [f'Link: {target}; rel="next"'] if target else []
