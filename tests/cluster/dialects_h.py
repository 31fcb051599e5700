#!/usr/bin/env python3
"""dialects.json as C: dialects_h.py dialects.json (table | names | cases)

table: what drop-sim says, a row of struct dialect (sim/scenario/dialect.h) a pair, with the names of the recorded image replaced by
{placeholders}. names: their names. cases: each recorded text as it came, of registries with names of this file, for the tests of
their root causes and of drop-sim's words: rows {name, dialect, case, reason, message, image}.
"""
import json
import re
import sys

ORDER = ("1.29", "1.34", "1.36")
HOSTS = {"no-such-host": "registry.invalid.local:9999", "refused": "127.0.0.1:1", "not-found": "REGISTRY", "back-off": "REGISTRY",
         "never": "REGISTRY"}
PATHS = {"no-such-host": "app", "refused": "app", "not-found": "test/nothing", "back-off": "test/nothing",
         "never": "test/nothing"}
TAGS = {"never": "2", "back-off": "3"}
FAULTS = {"DNS": "no-such-host", "REFUSED": "refused", "UNAUTHORIZED": "unauthorized", "FORBIDDEN": "forbidden",
          "NOT_FOUND": "not-found", "RATE_LIMITED": "limited", "SERVER_ERROR": "unavailable", "NO_PLATFORM": "no-platform"}

# Not recorded: the clusters of the tests have no small disk for images. {upload} is a part of a file name.
NO_SPACE = {
    "containerd": 'failed to pull and unpack image "{ref}": failed to copy: failed to send write: write '
                  "/var/lib/containerd/io.containerd.content.v1.content/ingest/{upload}/data: no space left on device: unknown",
    "cri-o": 'writing blob: storing blob to file "/var/tmp/container_images_storage{upload}/1": write '
             "/var/tmp/container_images_storage{upload}/1: no space left on device",
}


def image_of(case):
    """(host, path, tag) of the image that dialect.py takes for it."""
    if case == "bad-name":
        return "REGISTRY", "Upper/app", "1"
    return HOSTS.get(case, "HOST"), PATHS.get(case, f"{case}/app"), TAGS.get(case, "1")


def real(text):
    names_of = {"REGISTRY": "127.0.0.1:5000", "HOST": "127.0.0.1:4000", "DIGEST": "sha256:" + "4034" * 16,
                "TIME": 'time="2026-01-01T00:00:00Z"'}
    for word, name in names_of.items():
        text = text.replace(word, name)
    return text


def template(case, message):
    """The message of a case without the names of its image."""
    host, path, tag = image_of(case)
    text = message.replace(f"{host}/{path}:{tag}", "{ref}")
    text = text.replace(f"manifest {tag} in {host}/{path}:", "manifest {last} in {repository}:")
    text = text.replace(f"/v2/{path}/manifests/{tag}", "/v2/{path}/manifests/{last}").replace(f"[manifests {tag}]", "[manifests {last}]")
    text = text.replace("repository%3A" + path.replace("/", "%2F") + "%3A", "repository%3A{scope}%3A")
    text = re.sub(rf"https?://{re.escape(host)}/", "{scheme}://{host}/", text)
    text = text.replace(f"dial tcp {host}:", "dial tcp {address}:").replace(f"host {host} ", "host {host} ")
    text = text.replace(f"container registry {host}:", "container registry {host}:")
    return text.replace(f"lookup {host.partition(':')[0]}:", "lookup {name}:").replace("DIGEST", "{digest}")


def flag(value):
    return "true" if value else "false"


def c_text(text):
    return json.dumps(text)


def names(table):
    """[(name of the dialect, pair)]: a Kubernetes by its version with the runtime that is its first, another one with that."""
    found = []
    for version in ORDER:
        pairs = sorted(pair for pair in table if pair.startswith(version + "/"))
        found += [(version if pair == pairs[0] else pair, pair) for pair in pairs]
    return found


def row(name, said):
    pods = said["pods"]
    pulls = {fault: template(case, pods[case]["message"]) for fault, case in FAULTS.items()}
    asked = pulls["DNS"].partition("dial tcp")[0]
    pulls["TLS"] = asked + "x509: certificate signed by unknown authority"
    pulls["TIMEOUT"] = asked + "dial tcp {address}: i/o timeout"
    back_off = template("back-off", pods["back-off"]["message"]).replace(pulls["NOT_FOUND"], "{failure}")
    back_off = back_off.replace('"{ref}"', '"{image}"', 1).replace("ErrImagePull: ", "{reason}: ")
    lines = [f".name = {c_text(name)},", f".kubelet = {c_text(said['node']['kubelet'])},",
             f".runtime = {c_text(said['node']['runtime'])},", f".no_true = {c_text(real(pods['no-true']['message']))},",
             f".no_create = {flag(pods['no-true']['reason'] == 'CreateContainerError')},",
             f".unavailable = {flag(pods['refused']['reason'] == 'RegistryUnavailable')},",
             f".back_off = {c_text(back_off)},", f".no_space = {c_text(NO_SPACE[said['node']['runtime'].partition(':')[0]])},"]
    lines += [f".pull[PULL_FAULT_{fault}] = {c_text(text)}," for fault, text in pulls.items()]
    return "{\n\t" + "\n\t".join(lines) + "\n},"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        table = json.load(file)
    if sys.argv[2] == "table":
        print("\n".join(row(name, table[pair]) for name, pair in names(table)))
        return
    if sys.argv[2] == "names":
        print("\n".join(f'"{name}",' for name, _ in names(table)))
        return
    for name, pair in names(table):
        for case, said in sorted(table[pair]["pods"].items()):
            if said["state"] == "waiting" and case != "no-true":  # there the pull was fine
                host, path, tag = image_of(case)
                fields = (f"{name} {case}", name, case, said["reason"], real(said["message"]), real(f"{host}/{path}:{tag}"))
                print("{" + ", ".join(map(c_text, fields)) + "},")


if __name__ == "__main__":
    main()
