"""Writes OCI images straight into a registry by its HTTP API: no daemon, no files, one connection.

    image.py HOST:PORT BOX [--scratch] NAME:TAG [SIZE-KB] ...

An image is two layers: the box binary under its names (the same blob everywhere, so it is sent once a repository),
and a file that only this image has, so that no two digests are equal. See image.sh for the use.
"""
import hashlib
import http.client
import io
import json
import os
import platform
import re
import sys
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
REFERENCE = re.compile(r"^([a-z0-9]+(?:[._/-]+[a-z0-9]+)*):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")


def fail(text):
    sys.exit("image.sh: " + text)


def layer(entries):
    """A tar of (name, mode, bytes or None for a folder or str for a link)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, mode, data in entries:
            info = tarfile.TarInfo(name)
            info.mode = mode
            if data is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(data, str):
                info.type, info.linkname = tarfile.LNKTYPE, data
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
    return out.getvalue()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    def __init__(self, address):
        self.address = address
        self.http = http.client.HTTPConnection(address, timeout=30)

    def ask(self, method, path, body=None, kind=None, expect=()):
        try:
            self.http.request(method, path, body, {"Content-Type": kind} if kind else {})
            reply = self.http.getresponse()
            text = reply.read()
        except OSError as error:
            fail(f"registry {self.address}: {error}")
        if reply.status not in expect:
            fail(f"registry {self.address}: {method} {path}: {reply.status} {text[:200]!r}")
        return reply

    def blob(self, repo, data):
        """Uploads one blob unless the repository has it; returns its descriptor's common part."""
        name = digest(data)
        if self.ask("HEAD", f"/v2/{repo}/blobs/{name}", expect=(200, 404)).status == 404:
            start = self.ask("POST", f"/v2/{repo}/blobs/uploads/", expect=(202,))
            where = re.sub(r"^https?://[^/]*", "", start.headers["Location"])
            where += ("&" if "?" in where else "?") + "digest=" + name
            self.ask("PUT", where, data, "application/octet-stream", expect=(201,))
        return {"digest": name, "size": len(data)}


def push(registry, base, repo, tag, size_kb, command):
    unique = f"{repo}:{tag} {os.urandom(16).hex()}\n".encode()
    own = [("etc", 0o755, None), ("etc/image", 0o644, unique)]
    if size_kb:
        own.append(("payload", 0o644, os.urandom(size_kb * 1024)))
    layers = [base, layer(own)]
    config = json.dumps({
        "architecture": ARCH, "os": "linux",
        "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in layers]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, **registry.blob(repo, config)},
        "layers": [{"mediaType": LAYER, **registry.blob(repo, one)} for one in layers],
    }).encode()
    registry.ask("PUT", f"/v2/{repo}/manifests/{tag}", manifest, MANIFEST, expect=(201,))
    print(f"{repo}:{tag} {digest(manifest)}")


def main():
    address, box_file, *words = sys.argv[1:]
    scratch = "--scratch" in words
    wanted = []
    for word in words:
        if word == "--scratch":
            continue
        if word.isdigit() and wanted and wanted[-1][2] is None:
            wanted[-1][2] = int(word)
            continue
        match = REFERENCE.match(word)
        if not match:
            fail(f"not a NAME:TAG or a size after one: {word}")
        wanted.append([match[1], match[2], None])
    with open(box_file, "rb") as file:
        box = file.read()
    if scratch:
        base, command = layer([("pause", 0o755, box)]), ["/pause"]
    else:
        names = ["true", "false", "sleep", "echo"]
        base = layer([("bin", 0o755, None), ("bin/pause", 0o755, box)]
                     + [("bin/" + name, 0o755, "bin/pause") for name in names])
        command = ["/bin/pause"]
    registry = Registry(address)
    for repo, tag, size in wanted:
        push(registry, base, repo, tag, size or 0, command)


main()
