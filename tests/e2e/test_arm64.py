"""The image for arm64 by emulation (qemu-user) against the real API server: the lease, watches, a pull and a failed one by a pretend
node. scripts/arm64.sh cross-compiles what is in it.

Its processes see no file but the image's, as in a container: a root of their own, /tmp, /proc and /dev, the image's user, and the
supervisor as process 1.
"""
import base64
import json
import os
import re
import signal
import subprocess
import tarfile
import time

import processes
import release
from objects import degraded, ready
from pretend import TARGET, PretendNode, pulled, waiting
from programs import NO_PROBES, Program, Supervisor
from wait import until

PLATFORM = "linux/arm64"
AARCH64 = 183  # e_machine of ELF
SLOW = 240  # seconds; what runs emulated beside other tests takes its time
LEASE = "b889acf8.corewire.io"
USER = 65532


def unpacked(folder, into):
    """The root that the image's layer makes, and the image's config."""
    with tarfile.open(os.path.join(folder, "drop.oci.tar")) as archive:
        def blob(descriptor):
            return archive.extractfile(f"blobs/{descriptor['digest'].replace(':', '/')}")
        manifest = json.load(blob(json.load(archive.extractfile("index.json"))["manifests"][0]))
        config = json.load(blob(manifest["config"]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=blob(layer), mode="r:gz") as content:
                content.extractall(into)
    for name in ("proc", "dev", "tmp"):
        os.makedirs(os.path.join(into, name), exist_ok=True)
    os.chmod(os.path.join(into, "tmp"), 0o1777)
    return config


def machines(root):
    """{program: e_machine} of all that is in /usr/bin."""
    found = {}
    for name in sorted(os.listdir(os.path.join(root, "usr/bin"))):
        with open(os.path.join(root, "usr/bin", name), "rb") as file:
            found[name] = int.from_bytes(file.read(20)[18:20], "little")
    return found


def inline(kubeconfig):
    """The same without names of files."""
    def data(match):
        with open(match[2], "rb") as file:
            return f"{match[1]}-data: '{base64.b64encode(file.read()).decode()}'"
    with open(kubeconfig, encoding="utf-8") as file:
        return re.sub(r"(certificate-authority|client-certificate|client-key): '([^']*)'", data, file.read())


def inside(root):
    """Words before a command that make it one in the container."""
    return ("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc", "sh", "-c",
            'mount --bind /dev "$0/dev" && exec chroot --userspec=%d:%d "$0" "$@"' % (USER, USER), root)


class Emulated(Supervisor):
    """The tree of the image."""

    def __init__(self, root, log, mark):  # pylint: disable=super-init-not-called
        words = ["--socket-dir", "/tmp/s", "--kubeconfig", "/tmp/kubeconfig", NO_PROBES]
        Program.__init__(self, "/usr/bin", "supervisor", log, words, {"PATH": os.environ["PATH"]}, mark, wrap=inside(root))
        self.sockets = os.path.join(root, "tmp/s")

    def terminate(self):
        """SIGTERM to its process 1: unshare hands none on."""
        for pid in processes.children(self.pid).values():
            processes.kill(pid, signal.SIGTERM)


def emulation(t):
    """Can this kernel run such programs, or learn it?"""
    done = subprocess.run([os.path.join(release.ROOT, "scripts/arm64.sh"), "--emulate"], capture_output=True, text=True, check=False)
    runs = subprocess.run(["arch-test", "arm64"], capture_output=True, check=False).returncode == 0
    if not runs:
        t.tap.skip(f"{t.context}: the image for arm64", f"this kernel does not run programs for arm64: {done.stderr.strip()[-200:]}")
    return runs


def renewed(t, first):
    spec = t.api.get("lease", LEASE)["spec"]
    assert spec["renewTime"] != first, spec
    return spec["renewTime"]


def test_image(t):
    if not emulation(t):
        return
    t.stop_tree()
    root = os.path.join(t.folder("arm64"), "root")
    config = unpacked(release.image(PLATFORM), root)
    t.equal((config["os"], config["architecture"]), ("linux", "arm64"), "the image says what it is for")
    t.equal(set(machines(root).values()), {AARCH64}, "all programs are for arm64")
    with open(os.path.join(root, "tmp/kubeconfig"), "w", encoding="utf-8") as out:
        out.write(inline(t.cluster.user("arm64")))
    os.chown(out.name, USER, USER)
    t.drop_lease()
    tree = Emulated(root, os.path.join(t.scratch, "arm64.log"), t.scratch)
    t.started.append(tree)
    t.eventually("all processes are up", SLOW, tree.up)
    works(t, tree, root)
    t.diag(f"processes were started again {tree.restarts()} times")
    t.equal(tree.stop(), 0, "it ends when it is told to")


def works(t, tree, root):
    def behave(pod):
        missing = "missing" in pod["spec"]["containers"][0]["image"]
        return (waiting("ErrImagePull", "arm64.invalid/missing:1: not found") if missing else pulled)(pod)
    with PretendNode(t.api, "arm64", behave, arch="arm64"):
        since = time.time()
        t.image("good", "arm64.invalid/good:1", **TARGET)
        t.image("bad", "arm64.invalid/missing:1", **TARGET)
        t.image_is("good", ready, "is Ready", SLOW)
        t.image_is("bad", degraded, "is Degraded", SLOW)
        good = t.get("good")["metadata"]["uid"]
        t.equal(sum(pull.uid == good for _, pull in t.audit.creates(since)), 1, "what is there was pulled once")
        t.equal({r.user for r in t.audit.since(since)}, {"arm64"}, "it was the image who asked")
        done = subprocess.run([*inside(root), "/usr/bin/dropctl", "--socket-dir", "/tmp/s", "status"], capture_output=True, text=True,
                              timeout=SLOW, check=False)
        t.check(re.search(r"^good +Ready +1/1", done.stdout, re.M), "dropctl asks it", f"{done.stdout}{done.stderr}")
    first = until(SLOW, lambda: t.api.get("lease", LEASE)["spec"]["renewTime"])
    t.eventually("it renews its lease", SLOW, lambda: renewed(t, first))
    t.check(tree.running(), "it runs")
