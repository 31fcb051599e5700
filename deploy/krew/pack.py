#!/usr/bin/env python3
"""Packs kubectl drop for krew: pack.py --url URL [--homepage URL] --out DIR

Leaves in DIR the archive kubectl-drop-VERSION.tar.gz, to be uploaded so that it is at URL/kubectl-drop-VERSION.tar.gz,
and drop.yaml, its manifest for `kubectl krew install --manifest` or for an index. Same tree, same bytes.
"""
import argparse
import gzip
import hashlib
import io
import pathlib
import re
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"kubectl-drop": (ROOT / "deploy" / "kubectl-drop", 0o755), "LICENSE": (ROOT / "LICENSE", 0o644)}


def version():
    return re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"))[1]


def archive():
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed, \
            tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for name, (path, mode) in sorted(FILES.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = path.stat().st_size, mode
            out.addfile(entry, io.BytesIO(path.read_bytes()))
    return packed.getvalue()


def manifest(words):
    text = (pathlib.Path(__file__).parent / "drop.yaml").read_text(encoding="utf-8").partition("\n")[2]
    return re.sub(r"@([A-Z0-9]+)@", lambda m: words[m[1]], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", required=True, help="folder that the archive will be in")
    parser.add_argument("--homepage", help="page about the plugin; without it the URL")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    packed, name = archive(), f"kubectl-drop-{version()}.tar.gz"
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / name).write_bytes(packed)
    (args.out / "drop.yaml").write_text(manifest({
        "VERSION": version(), "HOMEPAGE": args.homepage or args.url, "URI": f"{args.url.rstrip('/')}/{name}",
        "SHA256": hashlib.sha256(packed).hexdigest()}), encoding="utf-8")
    print(args.out / name, args.out / "drop.yaml", sep="\n")


main()
