#!/usr/bin/env python3
"""Gates over the sources themselves, as TAP: what style and layering promise.

Layers: base < api < ipc, kube < the programs; a program never includes another program's header.
Each C file opens with a comment on what it owns; none is over 600 lines; no function is over 60;
headers compile alone; no path of somebody's machine is in the tree. The list of files is git's, so
that build folders don't count.
"""
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
MEDIAN_LINES_MAX = 300

MAY_INCLUDE = {
    "base": {"base"},
    "api": {"base", "api"},
    "ipc": {"base", "api", "ipc"},
    "kube": {"base", "api", "kube"},
    "httpd": {"base", "httpd"},
    "usage": {"base", "api", "usage"},
}
PROGRAMS = ["watcher", "reconciler", "puller", "discoverer", "metricsd", "supervisor", "dropctl"]
for program in PROGRAMS:
    MAY_INCLUDE[program] = {"base", "api", "ipc", "kube", program}
# What workloads start: folded by the one, ranked by the other.
MAY_INCLUDE["watcher"].add("usage")
MAY_INCLUDE["discoverer"].add("usage")
# It speaks to our processes, not to a cluster.
MAY_INCLUDE["dropctl"] = {"base", "api", "ipc", "dropctl"}
# The supervisor links neither nng nor curl (must 8): of ipc/ it takes the socket folder and
# the options, of api/ the reader of YAML and what the options are checked with.
MAY_INCLUDE["supervisor"] = {"base", "api", "ipc", "supervisor"}
MAY_INCLUDE["metricsd"] = {"base", "api", "ipc", "kube", "httpd", "metricsd"}
# The pretend cluster; kube/ only to play nodes of a real one (sim/nodes/attach.c).
MAY_INCLUDE["sim"] = {"base", "api", "kube", "httpd", "sim"}

# Rooms: folders of a folder, and which other rooms' headers a file in one may include. Files outside of
# rooms may include all of their folder's; a room includes none of theirs (ARCHITECTURE.md, "Rooms").
ROOMS = {
    "reconciler": {
        "rules": set(),
        "core": {"rules"},
        "sets": {"rules"},
        "explain": {"rules", "core"},
        "events": {"rules", "core", "sets"},
        "report": {"rules", "core"},
    },
    "sim": {
        "objects": set(),
        "scenario": {"objects"},
        "store/admission": {"objects"},
        "store": {"objects", "store/admission"},
        "nodes": {"scenario"},
        "play": {"objects", "scenario", "store", "nodes"},
        "apiserver": {"objects", "store", "store/admission", "play"},
        "screen": {"scenario", "store", "nodes", "play"},
    },
    "discoverer": {
        "json": set(),
        "registry": {"json"},
        "facts": {"json", "registry"},
        "pipeline": set(),
    },
}

# Libraries and the folders whose headers and sources may name them.
LIBRARY_HOME = {
    "nng/": {"ipc"}, "msgpack": {"ipc"}, "curl/": {"kube"}, "yaml.h": {"api", "kube"},
    "event2/": {"httpd"}, "openssl/": {"httpd", "metricsd", "sim", "discoverer"}, "pcre2": {"discoverer"},
    "zlib.h": {"metricsd", "usage"},
}


def sources(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\n") if name and (ROOT / name).exists()]


def relative(path):
    return path.relative_to(ROOT).as_posix()


def room_of(path):
    """(folder, room or None) of a file; a room may have rooms: ("sim", "store/admission")."""
    folder, *room = path.split("/")[:-1] or [""]
    return folder, "/".join(room) or None


def room_fault(path, include):
    """What is wrong with that file's include of a header of its own folder; None: nothing."""
    (folder, room), (other_folder, other) = room_of(path), room_of(include)
    if folder not in ROOMS or room is None or other_folder != folder:
        return None
    if room not in ROOMS[folder]:
        return f"{path}: {folder}/{room} is no room of ROOMS"
    if other == room or other in ROOMS[folder][room]:
        return None
    return f"{path}: the room {room} may not include {include}"


def check_rooms():
    planted = [("reconciler/rules/target.c", "reconciler/core/core.h"),
               ("reconciler/sets/sets.c", "reconciler/core/model.h"),
               ("reconciler/core/core.c", "reconciler/reconciler.h"),
               ("reconciler/attic/a.c", "reconciler/core/core.h"),
               ("sim/store/admission/pod.c", "sim/store/store.h"),
               ("sim/objects/api_error.h", "sim/store/store.h"),
               ("sim/store/attic/a.c", "sim/store/store.h"),
               ("discoverer/registry/client.c", "discoverer/source.h")]
    for path, include in planted:
        if room_fault(path, include) is None:
            yield f"{path} including {include} is not found to be wrong"
    for path in sources("*.c", "*.h"):
        for include in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            fault = room_fault(relative(path), include)
            if fault:
                yield fault


def layer_faults(path, text):
    """What is wrong with the includes of that file."""
    folder = path.split("/")[0]
    if folder not in MAY_INCLUDE:
        return
    for header in re.findall(r'#include "([^"]+)"', text):
        if header.split("/")[0] not in MAY_INCLUDE[folder]:
            yield f"{path} includes {header}"
    for header in re.findall(r"#include <([^>]+)>", text):
        for library, homes in LIBRARY_HOME.items():
            if header.startswith(library) and folder not in homes:
                yield f"{path} includes <{header}>: only {sorted(homes)} may"


def check_layers():
    planted = [("base/buf.c", '#include "api/desc.h"'), ("kube/http.c", '#include "ipc/msg.h"'),
               ("watcher/store.c", '#include "reconciler/core/core.h"'),
               ("usage/demand.c", '#include "ipc/msg.h"'),
               ("dropctl/main.c", '#include "kube/kube.h"'), ("puller/main.c", "#include <curl/curl.h>")]
    for path, text in planted:
        if not list(layer_faults(path, text)):
            yield f"{path} with {text} is not found to be wrong"
    for path in sources("*.c", "*.h", "*.def"):
        yield from layer_faults(relative(path), path.read_text())


def check_openings():
    for path in sources("*.c", "*.h"):
        if not path.read_text().startswith("/*"):
            yield f"{relative(path)} does not open with a comment on what it owns"


def check_file_lengths():
    lengths = []
    for path in sources("*.c", "*.h", "*.py", "*.sh", "*.def"):
        lines = path.read_text().count("\n")
        lengths.append(lines)
        if lines > FILE_LINES_MAX:
            yield f"{relative(path)} has {lines} lines, over {FILE_LINES_MAX}"
    median = sorted(lengths)[len(lengths) // 2]
    if median > MEDIAN_LINES_MAX:
        yield f"the median file has {median} lines, over {MEDIAN_LINES_MAX}"


def check_function_lengths():
    for path in sources("*.c"):
        start = None
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_LINES_MAX:
                    yield f"{relative(path)}:{start} function of {number - start - 1} lines"
                start = None


def check_headers_alone():
    compiler = shlex.split(sys.argv[1]) if len(sys.argv) > 1 else ["cc"]
    for path in sources("*.h"):
        command = [*compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I.",
                   "-include", "stddef.h", "-fsyntax-only", "-x", "c", "-"]
        done = subprocess.run(command, cwd=ROOT, input=f'#include "{relative(path)}"\n', text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            yield f"{relative(path)} does not compile alone: {done.stderr.splitlines()[0]}"


def check_machine_paths():
    pattern = re.compile(r"(?<![\w./-])/(?:work|farm|root|home/\w+)/")
    for path in sources():
        if path == pathlib.Path(__file__).resolve() or path.suffix in {".png", ".gz"}:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                yield f"{relative(path)}:{number} names a path of somebody's machine"


def check_unfinished_words():
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b|not implemented")
    for path in sources("*.c", "*.h", "*.def", "*.sh", "*.py", "*.md"):
        if path == pathlib.Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if pattern.search(line):
                yield f"{relative(path)}:{number} is marked unfinished"


def check_make_targets():
    """What the documents say of make is there. In the table of upstream's targets only our column counts."""
    targets = set()
    for names in re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", (ROOT / "Makefile").read_text(), re.M):
        targets.update(names.split())
    for path in sources("*.md"):
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if line.startswith("| `make "):
                line = line.split("|", 2)[2]
            for words in re.findall(r"(?:`|^)make((?: [a-z][a-z0-9-]*)+)", line):
                for target in set(words.split()) - targets:
                    yield f"{relative(path)}:{number} names make {target}, which the Makefile has not"


def check_source_lists():
    """Sources of a target stand in order, so that a new one has one place and two additions seldom meet."""
    for path in sources("*meson.build"):
        for listed in re.findall(r"(?:^ *'[\w/]+\.c',\n)+", path.read_text(), re.M):
            names = re.findall(r"'([^']+)'", listed)
            if names != sorted(names):
                yield f"{relative(path)}: {names[0]} to {names[-1]} are not sorted"


CHECKS = [check_layers, check_rooms, check_openings, check_file_lengths, check_function_lengths,
          check_headers_alone, check_machine_paths, check_unfinished_words,
          check_make_targets, check_source_lists]


def main():
    print(f"1..{len(CHECKS)}")
    for number, check in enumerate(CHECKS, 1):
        found = list(check())
        for line in found:
            print(f"# {line}")
        name = check.__name__.removeprefix("check_").replace("_", " ")
        print(f"{'not ok' if found else 'ok'} {number} - {name}")


if __name__ == "__main__":
    main()
