#!/usr/bin/env python3
"""The recipes of docs/discovery.md, read from the page and played; prints TAP:

    recipes.py --build DIR [--keep]

Each recipe meets a stand-in that answers as its product does (quirks_registry.py, quirks_prometheus.py) and wants the
recipe's own credentials. Of a recipe only hosts are replaced, and the stand-in's authority is added as ca.crt.
Every policy must find what its filter, topX and template choose (behaviour 26 to 29).
"""
import dataclasses
import json
import os
import re
import sys
import tempfile
import time
import urllib.parse

import yaml

import rig as rigs  # first: it says where the folders of the others are
import pki
import quirks_prometheus
import quirks_registry
from rig import Rig, arguments, condition, images, reason
from server import tls_context
from wait import Late, until

PAGE = os.path.join(rigs.FOLDER, "..", "..", "docs", "discovery.md")
SETTLED = 60  # seconds; only a broken product needs them
# In no order that is a version's, and more than one page.
TAGS = ("latest", "v1.0", "v1.1", "v1.1-rc1", "v1.2", "v1.3", "v2.0", "sha-0123456", "v2.1")
# Heading of the page: the stand-in.
REGISTRIES = {
    "Docker Hub": "docker-hub", "GitHub Container Registry (GHCR)": "ghcr", "Amazon ECR": "ecr",
    "Google Container Registry (GCR)": "gcr", "Google Artifact Registry": "artifact-registry",
    "Azure Container Registry (ACR)": "acr", "Quay": "quay", "Harbor": "harbor", "GitLab": "gitlab",
    "Sonatype Nexus": "nexus", "JFrog Artifactory": "artifactory",
}
METRICS = {"Prometheus": "prometheus", "Thanos": "thanos", "Grafana Mimir": "mimir", "VictoriaMetrics": "victoriametrics"}


@dataclasses.dataclass
class Recipe:
    title: str
    policy: dict
    secret: dict  # its stringData; {}: there is none

    @property
    def source(self):
        return self.policy["spec"]["sources"][0]


def recipes():
    """All blocks of the page below a heading of the third level."""
    with open(PAGE, encoding="utf-8") as file:
        parts = re.split(r"^### (.+)$", file.read(), flags=re.M)[1:]
    found = []
    for title, text in zip(parts[::2], parts[1::2]):
        for block in re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.M | re.S):
            objects = {one["kind"]: one for one in yaml.safe_load_all(block)}
            if "sources" not in objects["DiscoveryPolicy"]["spec"]:
                continue  # of the pipeline form: tests/discoverer/pipeline_form.py
            secret = objects.get("Secret", {})
            found.append(Recipe(title, objects["DiscoveryPolicy"], secret.get("stringData", {})))
            assert secret.get("metadata", {}).get("name") == found[-1].source.get("secretRef", {}).get("name"), title
    return found


def login(secret):
    """(user, password, key of the docker configuration); the end of a line is not part of them."""
    if ".dockerconfigjson" not in secret:
        return secret.get("username", ""), secret.get("password", "").rstrip("\n"), ""
    (key, entry), = json.loads(secret[".dockerconfigjson"])["auths"].items()
    return entry["username"], entry["password"], key


class Registry:
    """The recipe's product; docker_key: host of the docker configuration, which is replaced too."""

    def __init__(self, recipe, context):
        block = recipe.source["registry"]
        user, password, key = login(recipe.secret)
        self.stand = quirks_registry.Stand(dataclasses.replace(
            quirks_registry.PRODUCTS[REGISTRIES[recipe.title]], url=block["url"], tags=TAGS,
            repository=block["repositories"][0], user=user, password=password, login=bool(user), docker_host=key), context)
        chosen = [tag for tag in TAGS if re.search(block.get("tagFilter", ""), tag)][-block.get("topX", 0):]
        template = block.get("imageTemplate", "{{.Registry}}/{{.Repository}}:{{.Tag}}")
        for name, value in (("Registry", self.stand.host), ("Repository", self.stand.product.repository)):
            template = template.replace("{{.%s}}" % name, value)
        self.images = [template.replace("{{.Tag}}", tag) for tag in chosen]
        block["url"] = self.stand.url
        self.secret = self.stand.secret() if key else dict(recipe.secret)
        self.uses_login = bool(user)

    def told(self):
        return [one.credential for one in self.stand.sent()]

    def close(self):
        self.stand.close()


class Metrics:
    def __init__(self, recipe, context):
        block = recipe.source["prometheus"]
        url = urllib.parse.urlsplit(block["endpoint"])
        product = quirks_prometheus.PRODUCTS[METRICS[recipe.title]]
        self.stand = quirks_prometheus.Stand(product, context if url.scheme == "https" else None, recipe.secret, block)
        self.images = self.stand.images()
        block["endpoint"] = self.stand.url + url.path
        self.secret = dict(recipe.secret)
        self.uses_login = False

    def close(self):
        self.stand.close()


def play(rig, recipe, context, authority):
    where = (Registry if recipe.title in REGISTRIES else Metrics)(recipe, context)
    name = recipe.policy["metadata"]["name"]
    rig.secret(name, {**where.secret, "ca.crt": authority})
    recipe.source["secretRef"] = {"name": name}
    rig.create(recipe.policy)
    return where


def check(tap, rig, recipe, where):
    name = recipe.policy["metadata"]["name"]

    def probe():
        obj = rig.get(name)
        assert reason(obj) == "Synced", condition(obj)
        assert sorted(image for image, _ in images(obj)) == sorted(where.images), images(obj)
        return True
    try:
        until(SETTLED, probe, every=0.2)
        tap.check(len(where.images) > 1, f"recipe: {recipe.title}: {', '.join(where.images[:2])}")
    except Late as late:
        tap.check(False, f"recipe: {recipe.title}", late)
    if where.uses_login:
        tap.check("basic" in where.told(), f"recipe: {recipe.title}: its login is used", where.told()[:6])


def main():
    args = arguments(__doc__)
    tap, all_of_page, played = rigs.TestTap(), recipes(), []
    tap.equal(sorted(one.title for one in all_of_page), sorted([*REGISTRIES, *METRICS]), "each product has one recipe")
    began = time.monotonic()
    with Rig(args.build, keep=args.keep) as rig, tempfile.TemporaryDirectory(prefix="drop-pki-") as folder:
        authority = pki.Authority(folder)
        context = tls_context(*authority.issue("server", "IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3"))
        try:
            for one in all_of_page:
                played.append((one, play(rig, one, context, pki.text(authority.cert))))
            for one, where in played:
                check(tap, rig, one, where)
        finally:
            for _, where in played:
                where.close()
    tap.diag(f"{time.monotonic() - began:.1f} s")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
