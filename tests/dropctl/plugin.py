#!/usr/bin/env python3
"""kubectl drop with a kubectl that only writes down how it was called: which pod, which words, what on standard input;
what it says of each thing that can be wrong; what it creates and changes; whether its help has all that dropctl has. TAP.
plugin.py PLUGIN DROPCTL"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# Lists $PODS, knows who leads, and writes down what is run there: the words after those that the plugin always gives.
KUBECTL = """#!/bin/sh
case " $* " in
*" get pods "*) [ -z "${LIST_SAYS-}" ] || { echo "$LIST_SAYS" >&2; exit 1; }
	printf '%s\\n' "${PODS-pod p1 Running running}"; printf '%s|' "$@" >"$ASKED"; exit ;;
*" get pod "*) printf '%s' "${PAGE-}"; exit ;;
*" create -f - "*) cat >"$ASKED"; [ -z "${CREATE_SAYS-}" ] || { echo "$CREATE_SAYS" >&2; exit 1; }; exit ;;
*" patch "*) printf '%s|' "$@" >>"$ASKED"; [ -z "${PATCH_SAYS-}" ] || { echo "$PATCH_SAYS" >&2; exit 1; }; exit ;;
*" get cachedimages.drop.corewire.io "*) [ -z "${GET_SAYS-}" ] || { echo "$GET_SAYS" >&2; exit 1; }
	if [ -s "$STATES" ]; then head -n 2 "$STATES"; sed -i 1,2d "$STATES"; else printf '%s' "${THERE-}"; fi; exit ;;
*" stats watcher "*) [ -z "${EXEC_SAYS-}" ] || { echo "$EXEC_SAYS" >&2; exit 1; }
	case " $* " in *" exec ${LEADER-p1} "*) echo '{"drop_lease_held":1}';; *) echo '{}';; esac; exit ;;
esac
printf '%s|' "$@"
case " $* " in *" -i "*) printf 'stdin=' && cat;; esac
exit 7
"""
TWO = "pod p1 Running running\npod p2 Running running"
FORBIDDEN = ('Error from server (Forbidden): pods is forbidden: User "eve" cannot list resource "pods" in API group "" '
             'in the namespace "drop-system"')

# name, environment, words, exit code, output: whole where dropctl was run (7), else a part of it
ROWS = [
    ("the only pod is asked, its exit code passed on", {}, ["status", "--check"],
     7, "-n|drop-system|exec|p1|--|dropctl|status|--check|"),
    ("the pod that leads is asked", {"PODS": TWO, "LEADER": "p2"}, ["status"],
     7, "-n|drop-system|exec|p2|--|dropctl|status|"),
    ("a pod that does not run is left out", {"PODS": "pod p0 Pending ImagePullBackOff\n" + TWO}, ["status"],
     7, "-n|drop-system|exec|p1|--|dropctl|status|"),
    ("warnings of kubectl are no pods", {"PODS": "Warning: x is deprecated\n" + TWO}, ["status"],
     7, "-n|drop-system|exec|p1|--|dropctl|status|"),
    ("nobody leads: it says so, and asks one that knows", {"PODS": TWO, "LEADER": "none"}, ["queue"],
     7, "-n|drop-system|exec|p1|--|dropctl|queue|kubectl drop: no replica leads at the moment; p1 is asked\n"),
    ("another namespace, by the environment", {"DROP_NAMESPACE": "ns"}, ["why", "a b"],
     7, "-n|ns|exec|p1|--|dropctl|why|a b|"),
    ("by -n, which wins", {"DROP_NAMESPACE": "other"}, ["why", "-n", "ns", "x"], 7, "-n|ns|exec|p1|--|dropctl|why|x|"),
    ("by --namespace=, before the command", {}, ["--namespace=ns", "status"], 7, "-n|ns|exec|p1|--|dropctl|status|"),
    ("kubectl's options go to kubectl", {}, ["--context", "it's", "status", "--kubeconfig=a b", "-o", "json"],
     7, "--context|it's|--kubeconfig=a b|-n|drop-system|exec|p1|--|dropctl|status|-o|json|"),
    ("a value is no option of kubectl's", {}, ["why", "-o", "-n", "x"], 7,
     "-n|drop-system|exec|p1|--|dropctl|why|-o|-n|x|"),
    ("what follows -- is dropctl's", {}, ["why", "--", "-n", "x"], 7,
     "-n|drop-system|exec|p1|--|dropctl|why|--|-n|x|"),
    ("a file goes through standard input", {}, ["plan", "-f", "FILE", "-o", "json"],
     7, "-n|drop-system|exec|-i|p1|--|dropctl|plan|-f|-|-o|json|stdin=text"),
    ("also as one word", {}, ["plan", "--file=FILE"], 7, "-n|drop-system|exec|-i|p1|--|dropctl|plan|--file=-|stdin=text"),
    ("the page is forwarded from the pod's own port", {"PODS": TWO, "LEADER": "p2", "PAGE": "8090"},
     ["page", "--port", "1234", "-n", "ns"],
     7, "The status page of p2: http://127.0.0.1:1234/\n-n|ns|port-forward|--address|127.0.0.1|pod/p2|1234:8090|"),
    ("no page there", {}, ["page"], 111, "pod p1 serves no page for browsers: set metrics.localPage.enabled=true"),
    ("help needs no kubectl", {"KUBECTL": "/none"}, ["--help"], 0, "usage: kubectl drop COMMAND"),
    ("help of a command", {"KUBECTL": "/none"}, ["status", "-h"], 0, "--check"),
    ("no words", {}, [], 100, "usage: kubectl drop COMMAND"),
    ("an option without its value", {}, ["status", "-n"], 100, "wants a value"),
    ("no kubectl", {"KUBECTL": "/none"}, ["status"], 111, "there is no /none"),
    ("no file", {}, ["plan", "-f", "/none"], 111, "cannot read /none"),
    ("no pods", {"PODS": ""}, ["status"], 111, "no pod with the label app.kubernetes.io/name=drop in namespace drop-system"),
    ("none that runs", {"PODS": "pod p1 Pending ImagePullBackOff ContainersNotReady"}, ["status"], 111,
     "no pod of the operator runs in namespace drop-system (p1: Pending ImagePullBackOff ContainersNotReady)"),
    ("no right to list", {"LIST_SAYS": FORBIDDEN}, ["status"], 111,
     "no right to list pods in namespace drop-system (kubectl drop --help lists the rights). Error from server"),
    ("no right to exec", {"EXEC_SAYS": FORBIDDEN.replace("list", "create")}, ["status"], 111,
     "no right to run dropctl in pod p1 in namespace drop-system"),
    ("a token that is not known", {"LIST_SAYS": "error: You must be logged in to the server (Unauthorized)"}, ["status"],
     111, "does not accept your credentials"),
    ("no API server", {"LIST_SAYS": "The connection to the server 127.0.0.1:1 was refused"}, ["status"], 111,
     "the API server cannot be reached. The connection"),
    ("another fault", {"LIST_SAYS": 'error: context "x" does not exist'}, ["status"], 111,
     'cannot list pods in namespace drop-system. error: context "x" does not exist'),
    ("a pod whose drop does not answer", {"EXEC_SAYS": "dropctl: no watcher in /run/drop"}, ["status"], 111,
     "cannot run dropctl in pod p1 in namespace drop-system. dropctl: no watcher in /run/drop"),
]

OF = {"apiVersion": "drop.corewire.io/v1alpha1", "kind": "CachedImage"}
EXISTS = 'Error from server (AlreadyExists): error when creating "STDIN": cachedimages "x" already exists'
DIGEST = "sha256:" + "0123456789abcdef" * 4
PULLING = "1 1 0/2 Pulling +PullProgress +Reconciling\n0/2 nodes ready\n"
DONE = "1 1 2/2 Ready +Ready\nImage cached on all 2 target nodes\n"
STALLED = "1 1 0/2 Degraded +Stalled\nimage not found\n"
UNSEEN = "1 -1 ? Pending\n\n"

# name, environment and STATES, words, exit code, a part of the output, the spec that is created or None
PULLS = [
    ("a reference with a tag", {}, ["pull", "registry.example:5000/team/app:1.2"], 0, "cachedimage/app-1-2-",
     {"image": "registry.example:5000/team/app", "tag": "1.2"}),
    ("no tag, and a port is none", {}, ["pull", "registry.example:5000/app"], 0, "Progress: kubectl drop why app-",
     {"image": "registry.example:5000/app"}),
    ("a digest, which wins over the tag", {}, ["pull", f"a/b:1@{DIGEST}"], 0, "created",
     {"image": "a/b", "digest": DIGEST}),
    ("nodes, policy and name", {}, ["pull", "nginx", "--selector", "a/b=c,d=", "--policy=gentle", "--name", "web"], 0,
     "cachedimage/web created", {"image": "nginx", "nodeSelector": {"a/b": "c", "d": ""}, "policyRef": {"name": "gentle"}}),
    ("options may come first", {}, ["-l", "a=b", "--policy", "p", "pull", "nginx"], 0, "created",
     {"image": "nginx", "nodeSelector": {"a": "b"}, "policyRef": {"name": "p"}}),
    ("an image named pull", {}, ["pull", "pull"], 0, "cachedimage/pull-", {"image": "pull"}),
    ("odd letters do not get into the name", {}, ["pull", "_x__y/A..b_-:V_1-"], 0, "cachedimage/a-b-v-1-",
     {"image": "_x__y/A..b_-", "tag": "V_1-"}),
    ("it waits, and tells each change once", {"STATES": UNSEEN + PULLING + PULLING + DONE}, ["pull", "nginx", "--wait"], 0,
     "created\nPending ?: the operator has not looked at it yet\nPulling 0/2: 0/2 nodes ready\n"
     "Ready 2/2: Image cached on all 2 target nodes\n", {"image": "nginx"}),
    ("what does not become Ready ends it", {"STATES": PULLING + STALLED}, ["pull", "nginx:typo", "--wait"], 1,
     "does not become Ready: image not found", {"image": "nginx", "tag": "typo"}),
    ("the timeout", {"STATES": PULLING * 9}, ["pull", "nginx", "--wait", "--timeout=2s"], 2,
     "is not Ready after 2 s: 0/2 nodes ready", {"image": "nginx"}),
    ("it is there already", {"CREATE_SAYS": EXISTS, "THERE": "nginx 1  on  by "}, ["pull", "nginx:1"], 0,
     "is there already", None),
    ("for the same nodes", {"CREATE_SAYS": EXISTS, "THERE": "nginx 1  on a=,a-b=c,z=1, by p"},
     ["pull", "nginx:1", "-l", "z=1,a-b=c,a=", "--policy=p"], 0, "is there already", None),
    ("another image has the name", {"CREATE_SAYS": EXISTS, "THERE": "nginx 2  on  by "}, ["pull", "nginx:1", "--name=x"], 1,
     "there is a CachedImage x with another image (nginx 2 )", None),
    ("it is there for other nodes", {"CREATE_SAYS": EXISTS, "THERE": "nginx 1  on a=b, by "},
     ["pull", "nginx:1", "--name=x", "-l", "a=c", "--wait"], 1, "there is a CachedImage x for other nodes", None),
    ("it is there with another policy", {"CREATE_SAYS": EXISTS, "THERE": "nginx 1  on  by p"},
     ["pull", "nginx:1", "--name=x"], 1, "or with another policy", None),
    ("it is deleted meanwhile", {"GET_SAYS": 'Error from server (NotFound): cachedimages "x" not found'},
     ["pull", "nginx", "--wait"], 1, "not found", {"image": "nginx"}),
    ("no right to create", {"CREATE_SAYS": FORBIDDEN}, ["pull", "nginx"], 111, "no right to create CachedImages", None),
    ("no CRDs", {"CREATE_SAYS": 'error: no matches for kind "CachedImage"'}, ["pull", "nginx"], 111,
     "the CRDs of drop are not installed", None),
    ("no image", {}, ["pull"], 100, "usage: kubectl drop pull IMAGE", None),
    ("two images", {}, ["pull", "a", "b"], 100, "pull wants one image", None),
    ("no reference", {}, ["pull", 'a","x":"y'], 100, "is not an image reference", None),
    ("no selector", {}, ["pull", "a", "--selector", "a in (b)"], 100, "--selector wants KEY=VALUE", None),
    ("half a selector", {}, ["pull", "a", "--selector", "a=b,c"], 100, "--selector wants KEY=VALUE, not c", None),
    ("no policy's name", {}, ["pull", "a", "--policy", 'x"'], 100, "a name has lower-case letters", None),
    ("no duration", {}, ["pull", "a", "--wait", "--timeout", "10"], 100, "--timeout wants a duration", None),
    ("an option that it has not", {}, ["pull", "a", "--all"], 100, "pull has no option --all", None),
]
TURNS = [
    ("suspend a set", {}, ["suspend", "cis/web"], 0, "cachedimageset/web suspended",
     'patch|cachedimagesets.drop.corewire.io|web|--type=merge|-p|{"spec":{"suspend":true}}|'),
    ("resume two, in a context", {}, ["--context=c", "resume", "pullpolicy/p", "dp/d"], 0,
     "pullpolicy/p resumed\ndiscoverypolicy/d resumed",
     '--context=c|patch|pullpolicies.drop.corewire.io|p|--type=merge|-p|{"spec":{"suspend":null}}|'
     '--context=c|patch|discoverypolicies.drop.corewire.io|d|--type=merge|-p|{"spec":{"suspend":null}}|'),
    ("there is none", {"PATCH_SAYS": 'Error from server (NotFound): cachedimages "x" not found'}, ["suspend", "ci/x"], 1,
     "not found", None),
    ("no right", {"PATCH_SAYS": FORBIDDEN}, ["suspend", "ci/x"], 111, "no right to patch cachedimages", None),
    ("another kind", {}, ["suspend", "deployment/x"], 100, "KIND/NAME is wanted", None),
    ("no kind", {}, ["resume", "x"], 100, "KIND/NAME is wanted", None),
    ("nothing", {}, ["suspend"], 100, "usage: kubectl drop suspend KIND/NAME", ""),
    ("an option that it has not: nothing is changed", {}, ["suspend", "ci/x", "--dry-run=server"], 100,
     "suspend has no option --dry-run=server", ""),
    ("one of two is wrong: nothing is changed", {}, ["suspend", "ci/x", "y"], 100, "KIND/NAME is wanted", ""),
    ("a name that kubectl would take for an option", {}, ["resume", "ci/--all"], 100, "does not begin with -", ""),
]


def changes(plugin, work):
    """(name, whether it is good, what was said) of commands that change objects."""
    names = set()
    for name, env, words, code, output, made in PULLS + TURNS:
        (work / "asked").unlink(missing_ok=True)
        (work / "states").write_text(env.pop("STATES", ""))
        done = played(plugin, work, {**env, "STATES": str(work / "states")}, words)
        said, asked = done.stdout + done.stderr, work / "asked"
        good = done.returncode == code and output in said
        if isinstance(made, dict):
            created = json.loads(asked.read_text() if asked.exists() else '{"metadata":{"name":""},"spec":{}}')
            given = created["metadata"]["name"]
            good = good and {**OF, "spec": made} == {**OF, "spec": created["spec"]} and given not in names - {"web"}
            good = good and re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", given) is not None
            if "STATES" not in env and words[1:2] != ["nginx"]:
                names.add(given)
        elif made is not None:
            good = good and (asked.read_text() if asked.exists() else "") == made
        yield name, good, f"{done.returncode}: {said} {asked.read_text() if asked.exists() else ''}"


def played(plugin, work, env, words):
    words = [word.replace("FILE", str(work / "manifest")) for word in words]
    env = {**os.environ, "KUBECTL": str(work / "kubectl"), "ASKED": str(work / "asked"), **env}
    return subprocess.run([plugin, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                          check=False, env=env)


def missing(plugin, dropctl):
    """Commands and options of dropctl that the plugin's help lacks."""
    def said(*words):
        return subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout
    ours = said(plugin, "--help")
    commands = re.findall(r"^  ([a-z]+) ", said(dropctl, "--help"), re.M)
    wanted = set()
    for command in commands:
        wanted |= set(re.findall(r"^  --([a-z-]+)", said(dropctl, command, "--help"), re.M))
    common = {"socket-dir", "log-level", "log-format", "help", "version"}  # of a process, not of a question
    return ([c for c in commands if not re.search(rf"^  {c} ", ours, re.M)]
            + [o for o in wanted - common if not re.search(rf"-{{1,2}}{o}\b", ours)])


def main():
    plugin, dropctl = sys.argv[1:]
    failed = False
    with tempfile.TemporaryDirectory(prefix="drop-plugin-") as folder:
        work = pathlib.Path(folder)
        (work / "kubectl").write_text(KUBECTL)
        (work / "kubectl").chmod(0o755)
        (work / "manifest").write_text("text")
        print(f"1..{len(ROWS) + len(PULLS) + len(TURNS) + 2}")
        for number, (name, env, words, code, output) in enumerate(ROWS, 1):
            done = played(plugin, work, env, words)
            said = done.stdout + done.stderr
            good = done.returncode == code and (said == output if code == 7 else output in said)
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            if not good:
                print(f"# {done.returncode}: {said}")
        played(plugin, work, {}, ["status", "-l", "a=b"])
        asked = (work / "asked").read_text().split("|")
        good = "a=b,app.kubernetes.io/managed-by!=drop" in asked and not any("lease" in word for word in asked)
        print(f"{'ok' if good else 'not ok'} {len(ROWS) + 1} - pull pods with the same name are not asked; {asked[:6]}")
        lacks = missing(plugin, dropctl)
        print(f"{'not ok' if lacks else 'ok'} {len(ROWS) + 2} - its help has every command and option of dropctl {lacks}")
        for number, (name, well, said) in enumerate(changes(plugin, work), len(ROWS) + 3):
            failed |= not well
            print(f"{'ok' if well else 'not ok'} {number} - {name}")
            if not well:
                print(f"# {said}")
    return failed or not good or bool(lacks)


sys.exit(main())
