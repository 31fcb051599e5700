"""Where the programs' libraries and packages are: on this Debian, or in a root of another architecture that was unpacked by
scripts/arm64.sh (with dpkg's status and lists of files), whose programs need not run for it.

Both answer the same questions: `libraries` of programs, the `owner` of a file, a `package` by name, its `entry` in dpkg's form,
the machine's `file` of a path, `certificates` as text, and `strip`, the program.
"""
import os
import pathlib
import re
import subprocess

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ENTRY = ("Package", "Status", "Architecture", "Version", "Source", "Maintainer", "Homepage")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def entry(text):
    """Of a package's stanza what scanners compare with Debian's advisories."""
    return "".join(line + "\n" for line in text.split("\n") if line.partition(":")[0] in ENTRY)


def named(path):
    """A package's list may name a file's folder from before or after /usr was merged."""
    stem = path.removeprefix("/usr")
    return stem, "/usr" + stem


class Here:
    """This machine: its loader and its dpkg are asked."""

    strip = "strip"

    def file(self, path):
        return path

    def libraries(self, files):
        """Path under which the loader looks -> file that is there now."""
        found = {}
        for file in files:
            listed = run("ldd", str(file))
            for name, path in re.findall(r"^\t(\S+)(?: => (\S+))? \(0x", listed, re.M):
                if path or name.startswith("/"):
                    found[path or name] = os.path.realpath(path or name)
                elif not name.startswith("linux-"):
                    raise SystemExit(f"layout.py: {file} needs {name}, which is not here")
        return found

    def owner(self, path):
        for name in named(path):
            done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return done.stdout.partition(": ")[0].partition(",")[0]
        raise SystemExit(f"layout.py: no package owns {path}")

    def package(self, name):
        fields = ["Package", "Version", "Architecture", "source:Package", "source:Version", "Homepage"]
        text = run("dpkg-query", "-W", "-f", "\\n".join("${%s}" % field for field in fields), name)
        return dict(zip(("name", "version", "arch", "source", "source_version", "homepage"),
                        text.split("\n")))

    def entry(self, name):
        return entry(run("dpkg-query", "-s", name))

    def certificates(self):
        return pathlib.Path(CERTIFICATES).read_text(encoding="utf-8")


class Unpacked:
    """A root of another architecture below a folder; TRIPLET names its libraries' folder and its tools."""

    def __init__(self, root, triplet):
        self.root = os.path.realpath(root)
        self.triplet = triplet
        self.strip = f"{triplet}-strip"
        with open(self.file("/var/lib/dpkg/status"), encoding="utf-8") as status:
            stanzas = [text for text in status.read().split("\n\n") if text.strip()]
        self.stanzas = {re.search(r"^Package: (.*)$", text, re.M)[1]: text for text in stanzas}
        self.owners = {}
        for name in self.stanzas:
            listed = pathlib.Path(self.file(f"/var/lib/dpkg/info/{name}.list")).read_text(encoding="utf-8")
            self.owners.update((path, name) for path in listed.split("\n"))

    def file(self, path):
        return self.root + path

    def _inside(self, path):
        """The file of a path, which must not lead out of the root."""
        real = os.path.realpath(self.file(path))
        return real if real.startswith(self.root + "/") and os.path.isfile(real) else None

    def libraries(self, files):
        found, todo = {}, list(files)
        while todo:
            file = todo.pop()
            said = run("readelf", "--wide", "--dynamic", "--program-headers", str(file))
            loader = re.findall(r"Requesting program interpreter: (\S+)\]", said)
            for name in loader + re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", said):
                places = [name] if name in loader else [f"/lib/{self.triplet}/{name}", f"/usr/lib/{self.triplet}/{name}"]
                real = next(filter(None, map(self._inside, places)), None)
                if real is None:
                    raise SystemExit(f"layout.py: {file} needs {name}, which is not below {self.root}")
                if places[0] not in found and os.path.basename(name) not in {os.path.basename(p) for p in found}:
                    found[places[0]] = real
                    todo.append(real)
        return found

    def owner(self, path):
        for name in named(path.removeprefix(self.root)):
            if name in self.owners:
                return self.owners[name]
        raise SystemExit(f"layout.py: no package owns {path}")

    def package(self, name):
        def field(key, default=""):
            found = re.search(rf"^{key}: (.*)$", self.stanzas[name], re.M)
            return found[1] if found else default
        version = field("Version")
        source, _, of_source = field("Source", name).partition(" ")
        return {"name": name, "version": version, "arch": field("Architecture"), "source": source,
                "source_version": of_source.strip("()") or version, "homepage": field("Homepage")}

    def entry(self, name):
        return entry(self.stanzas[name])

    def certificates(self):
        """What update-ca-certificates makes of its package."""
        folder = pathlib.Path(self.file("/usr/share/ca-certificates"))
        texts = [one.read_text(encoding="utf-8") for one in sorted(folder.rglob("*.crt"))]
        return "".join(text if text.endswith("\n") else text + "\n" for text in texts)
