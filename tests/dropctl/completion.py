#!/usr/bin/env python3
"""dropctl completion: its scripts in bash and zsh, and as the program that kubectl asks, complete commands, the options of
each and what follows it, and know every command and option that there is. TAP. completion.py DROPCTL PLUGIN"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASH = """source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _drop; printf '%s\\n' "${COMPREPLY[@]}" """
# Outside of an editing line there is no compadd, and none of its helpers.
ZSH = """compdef() { :; }; _files() { ls -d $words[CURRENT]* }
compadd() { shift; for w in $@; do case $w in $words[CURRENT]*) print -r -- $w;; esac; done }
source $1; shift; words=("$@"); CURRENT=$#; _drop"""

# words, what is offered among others, what is not
ROWS = [
    (["dropctl", ""], {"status", "why", "completion", "pull", "suspend"}, {"--check"}),
    (["dropctl", "st"], {"status", "stats"}, {"why"}),
    (["kubectl-drop", "status", "--"], {"--check", "--output", "--help"}, {"--limit", "--wait"}),
    (["kubectl-drop", "pull", "nginx", "--"], {"--wait", "--timeout", "--policy", "--selector", "--name"}, {"--check"}),
    (["dropctl", "plan", "--l"], {"--limit"}, {"--output"}),
    (["dropctl", "stats", "pu"], {"puller"}, {"watcher"}),
    (["dropctl", "completion", ""], {"bash", "zsh", "kubectl"}, {"status"}),
    (["dropctl", "status", "-o", ""], {"text", "json"}, {"status"}),
    (["dropctl", "--log-level=debug", "gate", "o"], {"open"}, {"status"}),
    (["dropctl", "none", ""], set(), {"status"}),
]


def out(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout


def offered(shell, script, words):
    if shell == "bash":
        return set(out("bash", "-c", BASH, "bash", script, *words).split())
    if shell == "zsh":
        return set(out("zsh", "-f", "-c", ZSH, "zsh", script, *words).split())
    return set(out("sh", script, *words[1:]).split()) - {":4", ":0"}


def every_word(dropctl, plugin):
    """Commands and options of dropctl and of the plugin, as their own help has them."""
    ours, commands = out(dropctl, "--help"), set()
    commands |= set(re.findall(r"^  ([a-z]+) ", ours, re.M)) | set(re.findall(r"^  ([a-z]+) ", out(plugin, "--help"), re.M))
    return commands


def main():
    dropctl, plugin = sys.argv[1:]
    failed, number = False, 0
    with tempfile.TemporaryDirectory(prefix="drop-completion-") as folder:
        scripts = {}
        for shell in ("bash", "zsh", "kubectl"):
            scripts[shell] = str(pathlib.Path(folder) / shell)
            pathlib.Path(scripts[shell]).write_text(out(dropctl, "completion", shell))
        print(f"1..{3 * (len(ROWS) + 1) + 2}")

        def check(good, name, why=""):
            nonlocal failed, number
            number, failed = number + 1, failed or not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            if not good:
                print(f"# {why}")

        for shell, script in scripts.items():
            for words, some, others in ROWS:
                got = offered(shell, script, words)
                check(some <= got and not others & got and all(w.startswith(words[-1]) for w in got),
                      f"{shell}: {' '.join(words)}|", got)
            lacks = every_word(dropctl, plugin) - offered(shell, script, ["dropctl", ""])
            check(not lacks, f"{shell}: every command is there", lacks)
        for shell, words in (("bash", ["-s", "bash"]), ("kubectl", [])):
            if shutil.which("shellcheck"):
                done = subprocess.run(["shellcheck", *words, scripts[shell]], check=False, capture_output=True, text=True)
                check(done.returncode == 0, f"shellcheck, {shell}", done.stdout)
            else:  # scripts/setup.sh lint
                check(True, f"shellcheck, {shell} # SKIP it is not installed")
    return failed


sys.exit(main())
