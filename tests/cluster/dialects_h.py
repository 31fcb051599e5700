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
PLAYED = "/containerd-"  # drop-sim's containers go through containerd's states; of CRI-O only what it says of failed pulls is tested
HOSTS = {"no-such-host": "registry.invalid.local:9999", "refused": "127.0.0.1:1", "not-found": "REGISTRY", "back-off": "REGISTRY",
         "never": "REGISTRY"}
PATHS = {"no-such-host": "app", "refused": "app", "not-found": "test/nothing", "back-off": "test/nothing",
         "never": "test/nothing"}
TAGS = {"never": "2", "back-off": "3"}
FAULTS = {"DNS": "no-such-host", "REFUSED": "refused", "UNAUTHORIZED": "unauthorized", "FORBIDDEN": "forbidden",
          "NOT_FOUND": "not-found", "RATE_LIMITED": "limited", "SERVER_ERROR": "unavailable", "NO_PLATFORM": "no-platform"}


def image_of(case):
    """(host, path, tag) of the image that dialect.py takes for it."""
    if case == "bad-name":
        return "REGISTRY", "Upper/app", "1"
    return HOSTS.get(case, "HOST"), PATHS.get(case, f"{case}/app"), TAGS.get(case, "1")


def real(text):
    for word, name in (("REGISTRY", "127.0.0.1:5000"), ("HOST", "127.0.0.1:4000"), ("DIGEST", "sha256:" + "4034" * 16)):
        text = text.replace(word, name)
    return text


def template(case, message):
    """The message of a case without the names of its image."""
    host, path, tag = image_of(case)
    text = message.replace(f"{host}/{path}:{tag}", "{ref}")
    text = text.replace(f"/v2/{path}/manifests/{tag}", "/v2/{path}/manifests/{last}").replace(f"[manifests {tag}]", "[manifests {last}]")
    text = text.replace("repository%3A" + path.replace("/", "%2F") + "%3A", "repository%3A{scope}%3A")
    text = re.sub(rf"https?://{re.escape(host)}/", "{scheme}://{host}/", text)
    text = text.replace(f"dial tcp {host}:", "dial tcp {address}:").replace(f"host {host} ", "host {host} ")
    return text.replace(f"lookup {host.partition(':')[0]}:", "lookup {name}:").replace("DIGEST", "{digest}")


def c_text(text):
    return json.dumps(text)


def names(table, played=True):
    """[(name of the dialect, pair)]: a Kubernetes by its version with the runtime that is its first, another one with that.
    played: only of those that drop-sim plays."""
    found = []
    for version in ORDER:
        pairs = sorted(pair for pair in table if pair.startswith(version + "/"))
        found += [(version if pair == pairs[0] else pair, pair) for pair in pairs if PLAYED in pair or not played]
    return found


def row(name, said):
    pods = said["pods"]
    pulls = {fault: template(case, pods[case]["message"]) for fault, case in FAULTS.items()}
    asked = pulls["REFUSED"].partition("dial tcp ")[0]
    pulls["TLS"] = asked + "x509: certificate signed by unknown authority"
    pulls["TIMEOUT"] = asked + "dial tcp {address}: i/o timeout"
    back_off = template("back-off", pods["back-off"]["message"]).replace(pulls["NOT_FOUND"], "{failure}")
    back_off = back_off.replace('"{ref}"', '"{image}"', 1)
    lines = [f".name = {c_text(name)},", f".kubelet = {c_text(said['node']['kubelet'])},",
             f".runtime = {c_text(said['node']['runtime'])},", f".no_true = {c_text(pods['no-true']['message'])},",
             f".back_off = {c_text(back_off)},"]
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
    for name, pair in names(table, played=False):
        for case, said in sorted(table[pair]["pods"].items()):
            if said["state"] == "waiting" and case != "no-true":  # there the pull was fine
                host, path, tag = image_of(case)
                fields = (f"{name} {case}", name, case, said["reason"], real(said["message"]), real(f"{host}/{path}:{tag}"))
                print("{" + ", ".join(map(c_text, fields)) + "},")


if __name__ == "__main__":
    main()
