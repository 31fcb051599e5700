"""docs/install.md and README.md as a new user follows them: `make cluster-up`, then every command of both pages, in a shell in a
copy of the tree. Nothing is set but what `. build/cluster/env` sets, and helm is in the PATH."""
import json
import os
import subprocess

import pages
import release
from wait import until

README = os.path.join(release.ROOT, "README.md")
INSTALL = os.path.join(release.ROOT, "docs", "install.md")
# Start of a command -> why it is not run here.
LEFT_OUT = {
    "make image": "the image was built by what it calls, deploy/image/build.sh, and is in build/image",
    "make demo": "tests/sim plays its scenes, and with REAL=1 it is a cluster of its own, as all of these tests have",
    "make test": "this is part of it",
    "build/gcc/bin/drop-sim": "it runs until it is stopped; tests/kubectl",
    "kubectl --kubeconfig kc": "tests/kubectl",
    "kubectl drop page": "it runs until it is stopped; test_people",
    "kubectl drop report": "it needs usage.enabled, which the pages do not set; test_value",
    "kubectl drop usage": "it needs usage.enabled, which the pages do not set; test_usage",
    "kubectl drop completion zsh": "its path is one of zsh; tests/dropctl/completion.py",
    "kubectl krew install": "krew cannot be had here; tests/check packs for it",
}
FIRST_LOOK = {"kubectl get cachedimages -o wide -w": " -w"}  # what is dropped: it watches until it is stopped


class User:
    def __init__(self, t):
        self.t = t
        self.pages = pages.Pages(README, INSTALL)
        self.home = t.folder("home")
        self.tree = os.path.join(self.home, "drop")
        self.registry = None
        tools = os.path.join(self.home, "tools")
        self.env = {"PATH": f"{tools}:{self.home}/.local/bin:{os.environ['PATH']}", "HOME": self.home, "LANG": "C.UTF-8",
                    **{name: os.environ[name] for name in ("DROP_CACHE", "XDG_CACHE_HOME") if name in os.environ}}
        self.env.setdefault("DROP_CACHE", release.CACHE)
        os.makedirs(self.tree)
        os.makedirs(tools)
        os.makedirs(f"{self.home}/.local/bin")
        os.symlink(release.helm(), f"{tools}/helm")
        self.copy()

    def up(self):
        release.run("make", "cluster-up", cwd=self.tree, env=self.env)
        self.registry = self.shell("echo $REGISTRY").strip()

    def down(self):
        release.run("make", "cluster-down", cwd=self.tree, env=self.env)

    def copy(self):
        """The tracked files as they are now, and the image where `make image` leaves it."""
        names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=release.ROOT,
                               check=True, capture_output=True, text=True).stdout.split("\0")
        there = "\0".join(n for n in names if n and os.path.exists(os.path.join(release.ROOT, n)))
        subprocess.run(["bash", "-c", 'set -o pipefail; tar -C "$0" --null -cT - | tar -xC "$1"', release.ROOT, self.tree],
                       input=there, check=True, text=True)
        os.makedirs(os.path.join(self.tree, "build"))
        os.symlink(release.image(), os.path.join(self.tree, "build/image"))

    def shell(self, command, timeout=300):
        """Runs it as typed, with the cluster's env."""
        self.t.diag(f"$ {command}")
        return release.run("bash", "-c", f". build/cluster/env\n{command}", cwd=self.tree, env=self.env, timeout=timeout)

    def command(self, start, **named):
        """The page's command that starts so; named: names of its example -> ours."""
        command = self.pages.take(start)
        command = command.removesuffix(FIRST_LOOK.get(command, "\0"))
        command = command.replace("registry.example.com/", f"{self.registry}/").replace("make image image-push", "make image-push")
        for example, ours in named.items():
            command = command.replace(example.replace("_", "-"), ours)
        return command

    def follow(self, start, **named):
        return self.shell(self.command(start, **named))

    def follow_until(self, start, **named):
        """For a command that asks a service of the cluster: while the machine is busy, its name server may not answer in time."""
        command = self.command(start, **named)

        def works():
            try:
                return self.shell(command)
            except RuntimeError as error:
                raise AssertionError(str(error)) from error
        return until(60, works, every=2)

    def kubectl(self, words):
        return json.loads(self.shell(f"kubectl {words} -o json"))

    def write(self, name, text):
        with open(os.path.join(self.tree, name), "w", encoding="utf-8") as file:
            file.write(text)

    def rolled_out(self):
        self.shell("kubectl -n drop-system rollout status deployment/drop --timeout=240s")
        pods = self.kubectl("-n drop-system get pods -l app.kubernetes.io/name=drop")["items"]
        self.t.check(len(pods) == 2 and all(map(release.is_ready, pods)), "both pods of the operator are Ready",
                     [release.brief(p) for p in pods])

    def image_ready(self, name):
        self.shell(f"kubectl wait cachedimage/{name} --for=condition=Ready --timeout=240s")
        self.t.check(True, f"{name} becomes Ready")

    def all_gone(self):
        """As before the first installation."""
        self.shell("kubectl delete --ignore-not-found -f deploy/crds; kubectl delete --ignore-not-found namespace drop-system")


def readme(user):
    user.follow("make image image-push")
    user.follow("helm install drop")
    user.rolled_out()
    image, policy, of_set = pages.yaml(README)[:3]
    user.shell("kubectl label node $NODE node-role.kubernetes.io/build=true")
    for name, text in (("image", image), ("policy", policy), ("set", of_set)):
        user.write(f"{name}.yaml", text)
        user.shell(f"kubectl apply -f {name}.yaml")
    user.image_ready("dev-nginx")
    user.follow("kubectl get cachedimages")
    user.follow("cp deploy/kubectl-drop")
    user.follow("kubectl drop --help")
    said = user.follow("kubectl drop status")
    user.t.check("dev-nginx" in said and "Ready" in said, "kubectl drop status shows the image", said)
    said = user.follow("kubectl drop why golang worker-003", golang="dev-nginx", worker_003="$NODE")
    user.t.check("cached" in said.lower() or "ready" in said.lower(), "kubectl drop why says that it is there", said)
    user.write("new-image.yaml", image.replace("dev-nginx", "new").replace("1.25-alpine", "1.26-alpine"))
    said = user.follow("kubectl drop plan")
    user.t.check("new" in said, "kubectl drop plan shows the new image", said)
    user.follow("kubectl drop queue")
    said = user.follow("kubectl drop pull", **{"registry.example/app:2": "docker.io/library/nginx:1.25-alpine"})
    user.t.check("nginx-1-25-alpine" in said, "kubectl drop pull tells what it made", said)
    user.follow("kubectl drop suspend pullpolicy/gentle")
    user.t.check(user.kubectl("get pullpolicy gentle")["spec"].get("suspend"), "the policy is suspended")
    user.shell("kubectl drop resume pullpolicy/gentle")
    user.write("policy.yaml", of_set.split("---\n")[1].replace("https://registry.example.com", "http://registry.e2e-infra:5000")
               .replace("ci/builder", "test/myapp").replace("^[0-9]+$", "^v[0-9]+$"))
    said = user.follow_until("kubectl drop discover")
    user.t.check("myapp:v5" in said, "kubectl drop discover finds images, by the name of a service", said)
    user.follow("kubectl delete cachedimagesets,")
    user.follow("helm uninstall drop")
    user.follow("kubectl delete -f deploy/crds")
    user.all_gone()


def with_helm(user):
    user.follow("make image-push")
    user.follow("kubectl create namespace")
    user.follow("kubectl label namespace")
    user.follow("helm install drop")
    user.follow("kubectl -n drop-system rollout status")
    user.rolled_out()
    user.follow("kubectl apply -f deploy/samples/samples.yaml")
    for name in ("dev-nginx", "dev-redis"):
        user.image_ready(name)

    def discovered():
        policy = user.kubectl("get discoverypolicy dev-registry")
        return len(policy["status"].get("discoveredImages") or []) == 3
    until(60, discovered)
    user.t.check(True, "the sample dev-registry has found the three newest tags")
    user.follow("kubectl get cachedimages -o wide -w")
    user.follow("cp deploy/kubectl-drop")
    user.follow("kubectl drop status")
    user.follow("kubectl drop completion kubectl")
    user.follow("mkdir -p")
    user.follow("kubectl drop completion bash")
    user.shell("helm uninstall drop --namespace drop-system")
    user.all_gone()


def with_kubectl(user):
    user.follow("kubectl apply --server-side -f deploy/crds")
    user.follow("sed 's#image: drop:.*#")
    user.rolled_out()


def test_install_pages(t):
    user = User(t)
    try:
        user.up()
        readme(user)
        with_helm(user)
        with_kubectl(user)
    finally:
        user.down()
    left_out = []
    for start in LEFT_OUT:
        try:
            while user.pages.take(start):
                left_out.append(start)
        except LookupError:
            continue
    t.check(not user.pages.left, "each command of the pages was run, or has a reason not to", user.pages.left)
    t.equal(sorted(set(LEFT_OUT) - set(left_out)), [], "each of those not run is on a page")
