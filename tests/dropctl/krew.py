#!/usr/bin/env python3
"""The krew manifest by krew's own rules (its validation of v1alpha2), and its archive: what is named is in it. TAP.
krew.py PACK"""
import hashlib
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

import yaml

SEMVER = r"^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"


def packed(pack, out):
    subprocess.run([pack, "--url", "https://example.com/download/", "--out", out], check=True, stdout=subprocess.DEVNULL)
    text = (out / "drop.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text), text, next(out.glob("*.tar.gz"))


def rows(plugin, text, archive):
    spec, platform = plugin["spec"], plugin["spec"]["platforms"][0]
    with tarfile.open(archive) as inside:
        modes = {member.name: member.mode for member in inside}
    yield "nothing is left to fill in", "@" not in text
    yield "kind and version", (plugin["apiVersion"], plugin["kind"]) == (
        "krew.googlecontainertools.github.com/v1alpha2", "Plugin")
    yield "a name that krew takes, that of the program", (
        re.fullmatch(r"[\w-]+", plugin["metadata"]["name"]) and platform["bin"] == f"kubectl-{plugin['metadata']['name']}")
    yield "a semantic version with v", re.match(SEMVER, spec["version"])
    yield "a short description of one line", "\n" not in spec["shortDescription"] and len(spec["shortDescription"]) <= 50
    yield "one platform, so none overlaps", len(spec["platforms"]) == 1 and platform["selector"]["matchExpressions"]
    yield "the archive is where the manifest says", platform["uri"] == f"https://example.com/download/{archive.name}"
    yield "its hash", platform["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    yield "every file is in the archive", {f["from"] for f in platform["files"]} == set(modes)
    yield "the program can be run", modes[platform["bin"]] & 0o111 == 0o111


def main():
    failed, number = False, 0
    with tempfile.TemporaryDirectory(prefix="drop-krew-") as folder:
        first, second = pathlib.Path(folder, "a"), pathlib.Path(folder, "b")
        plugin, text, archive = packed(sys.argv[1], first)
        again = packed(sys.argv[1], second)[2]
        for number, (name, good) in enumerate([*rows(plugin, text, archive), (
                "twice packed is the same", again.read_bytes() == archive.read_bytes())], 1):
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
    print(f"1..{number}")
    return failed


sys.exit(main())
