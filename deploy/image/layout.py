#!/usr/bin/env python3
"""Lays out the root of the image:
    layout.py --build DIR --out DIR --version V --revision COMMIT --epoch SECONDS [--root DIR TRIPLET]

The programs of supervisor/procs.def, the supervisor and dropctl, stripped; every shared library that they load, found
by the loader itself; for each Debian package that a library came from its licence and its entry in dpkg's form, which
scanners read; the authorities' certificates; time zones; users 0 and 65532. And what is inside as SPDX 2.3.
Same inputs, same bytes: everything is sorted, times are the epoch, no random is used. Runs on the Debian it is built on, or takes
the libraries of programs that were cross-compiled from an unpacked root (debian.py).
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil

from debian import CERTIFICATES, Here, Unpacked, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
USER = 65532
SBOM = "usr/share/drop/sbom.spdx.json"
# Loaded by name and not by a link: glibc wants it to end a thread.
BY_NAME = ["libgcc_s.so.1"]
ZONES = "/usr/share/zoneinfo"
TEXTS = {
    "etc/passwd": f"root:x:0:0:root:/:/sbin/nologin\ndrop:x:{USER}:{USER}:drop:/:/sbin/nologin\n",
    "etc/group": f"root:x:0:\ndrop:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def programs():
    """name -> folder of the build."""
    children = re.findall(r"^\s*P\(\w+, (\w+),", (ROOT / "supervisor/procs.def").read_text(), re.M)
    found = {f"drop-{name}": name for name in [*children, "supervisor"]}
    found["dropctl"] = "dropctl"
    return dict(sorted(found.items()))


def libraries(debian, files):
    found = debian.libraries(files)
    folder = os.path.dirname(next(path for path in found if "/libc.so" in path))
    for name in BY_NAME:
        found[f"{folder}/{name}"] = os.path.realpath(debian.file(f"{folder}/{name}"))
    return dict(sorted(found.items()))


class Layout:
    def __init__(self, out):
        self.out = pathlib.Path(out)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        for name in ("lib", "lib64"):  # Debian's merged /usr
            (self.out / "usr" / name).mkdir(parents=True)
            (self.out / name).symlink_to(f"usr/{name}")

    def _place(self, path):
        path = str(path).lstrip("/")
        if path.startswith(("lib/", "lib64/")):
            path = "usr/" + path
        place = self.out / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def copy(self, source, path, mode=0o644):
        place = self._place(path)
        shutil.copyfile(source, place)
        place.chmod(mode)
        return place

    def write(self, path, text):
        place = self._place(path)
        place.write_text(text)
        place.chmod(0o644)

    def finish(self, epoch):
        """Modes and times do not depend on who lays out, and when."""
        for path in sorted(self.out.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
            os.utime(path, (epoch, epoch), follow_symlinks=False)


def zones(debian):
    """IANA time zones (base/zone.c): path -> file. Those with leap seconds, and tables for people, are left out."""
    folder = pathlib.Path(debian.file(ZONES))
    for file in sorted(folder.rglob("*")):
        first = file.relative_to(folder).parts[0]
        if first not in ("posix", "right", "localtime") and file.is_file() and file.read_bytes()[:4] == b"TZif":
            yield f"{ZONES}/{file.relative_to(folder)}", file.resolve()


def spdx_package(one):
    purl = f"pkg:deb/debian/{one['name']}@{one['version'].replace('+', '%2B')}?arch={one['arch']}&distro=debian-12"
    return {
        "SPDXID": f"SPDXRef-deb-{one['name']}", "name": one["name"], "versionInfo": one["version"],
        "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "sourceInfo": f"built from Debian source package {one['source']} {one['source_version']}",
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": f"licence texts: /usr/share/doc/{one['name']}/copyright in the image",
        **({"homepage": one["homepage"]} if one["homepage"] else {}),
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": purl}],
    }


def spdx(packages, files, args):
    made = datetime.datetime.fromtimestamp(args.epoch, datetime.UTC)
    ours = {
        "SPDXID": "SPDXRef-drop", "name": "drop", "versionInfo": args.version,
        "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "MIT", "licenseDeclared": "MIT", "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "CONTAINER", "sourceInfo": f"commit {args.revision}",
    }
    listed = [{"SPDXID": f"SPDXRef-file-{number}", "fileName": f"./{name}",
               "checksums": [{"algorithm": kind, "checksumValue": hashlib.new(kind.lower(), data).hexdigest()}
                             for kind in ("SHA1", "SHA256")],
               "licenseConcluded": "MIT", "copyrightText": "NOASSERTION"}
              for number, (name, data) in enumerate(sorted(files.items()))]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-drop")]
    relations += [("SPDXRef-drop", "CONTAINS", one["SPDXID"]) for one in listed]
    relations += [("SPDXRef-drop", "CONTAINS", f"SPDXRef-deb-{name}") for name in packages]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"drop-{args.version}",
        "documentNamespace": f"https://drop.corewire.io/spdx/drop-{args.version}-{args.revision}",
        "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: drop-layout.py"]},
        "packages": [ours, *map(spdx_package, packages.values())],
        "files": listed,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relations],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, kind in (("build", str), ("out", str), ("version", str), ("revision", str), ("epoch", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--root", metavar="DIR TRIPLET", nargs=2, help="the programs' architecture, unpacked by scripts/arm64.sh")
    args = parser.parse_args()
    debian = Unpacked(*args.root) if args.root else Here()
    layout = Layout(args.out)
    ours = {}
    for name, folder in programs().items():
        place = layout.copy(pathlib.Path(args.build) / folder / name, f"usr/bin/{name}", 0o755)
        run(debian.strip, "--strip-unneeded", str(place))
        ours[f"usr/bin/{name}"] = place.read_bytes()
        if b"DROP_CRASH" in ours[f"usr/bin/{name}"]:
            raise SystemExit(f"layout.py: {name} was built for tests (meson_options.txt: crash_points)")
    (layout.out / "manager").symlink_to("usr/bin/drop-supervisor")
    packages = {}
    loaded = libraries(debian, sorted((layout.out / "usr/bin").iterdir()))
    for path, file in loaded.items():
        layout.copy(file, path, 0o755)
        one = debian.package(debian.owner(file))
        packages[one["name"]] = one
    layout.write(CERTIFICATES, debian.certificates())
    packages["ca-certificates"] = debian.package("ca-certificates")
    for path, file in zones(debian):
        layout.copy(file, path)
    packages["tzdata"] = debian.package("tzdata")
    packages = dict(sorted(packages.items()))
    for name in packages:
        layout.copy(debian.file(f"/usr/share/doc/{name}/copyright"), f"usr/share/doc/{name}/copyright")
        layout.write(f"var/lib/dpkg/status.d/{name}", debian.entry(name))
    layout.copy(ROOT / "LICENSE", "usr/share/doc/drop/copyright")
    layout.copy(debian.file("/etc/os-release"), "etc/os-release")
    for path, text in TEXTS.items():
        layout.write(path, text)
    layout.write(SBOM, json.dumps(spdx(packages, ours, args), indent=1) + "\n")
    layout.finish(args.epoch)
    size = sum(p.lstat().st_size for p in layout.out.rglob("*") if not p.is_dir())
    print(f"layout.py: {len(ours)} programs, {len(loaded)} libraries of {len(packages)} packages, "
          f"{size / 1e6:.1f} MB")


main()
