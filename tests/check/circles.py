#!/usr/bin/env python3
"""No two files of a folder use each other, directly or through others, as TAP: files call downwards only.

circles.py NM BUILD. What uses what is read from the objects that the meson build folder makes: the symbols that one
defines and another of the same folder lacks.
"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLANTED = pathlib.Path("tests/check/planted")


def circles(uses):
    """Sets of nodes that reach each other; uses: {node: nodes it uses}."""
    def reach(start):
        seen, todo = set(), [start]
        while todo:
            for one in uses.get(todo.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
        return seen

    reached = {node: reach(node) for node in uses}
    return {frozenset(other for other in reached[node] if node in reached.get(other, ()))
            for node in uses if node in reached[node]}


def symbols(nm, paths):
    """{path: (those it defines, those it lacks)}"""
    found = {path: (set(), set()) for path in paths}
    for line in subprocess.run([nm, "-A", *paths], capture_output=True, text=True, check=True).stdout.splitlines():
        path, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 3 and words[1] in "TDBRCV":
            found[path][0].add(words[2])
        elif len(words) == 2 and words[0] == "U":
            found[path][1].add(words[1])
    return found


def objects(build):
    """(source, object) of what the meson build folder compiles; its programs' own, not those of tests with them."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        generated = source.is_relative_to(build)
        source = source.relative_to(build if generated else ROOT)
        made = build / entry["output"]
        if made.exists() and entry["output"].split("/")[0] == source.parts[0]:
            yield source, made


def folders(nm, build):
    """{folder: {file: files of the folder that it uses}}; of tests/ only what is planted for this test."""
    made = {str(path): source for source, path in objects(build)
            if source.parts[0] != "tests" or source.parent == PLANTED}
    read = collections.defaultdict(dict)
    for path, known in symbols(nm, sorted(made)).items():
        source = made[path]
        read["planted" if source.parent == PLANTED else source.parts[0]][source.as_posix()] = known
    found = {}
    for folder, files in read.items():
        home = {symbol: name for name, (defined, _) in files.items() for symbol in defined}
        found[folder] = {name: {home[s] for s in lacking if s in home and home[s] != name}
                         for name, (_, lacking) in files.items()}
    return found


def main():
    nm, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    found = folders(nm, build)
    planted = circles(found.pop("planted", {}))
    there = {(folder, " ".join(sorted(circle))) for folder, uses in found.items() for circle in circles(uses)}
    results = [("objects were found", len(found) > 8 and all(found.values())),
               ("a planted circle is found, and what only uses it is no part of it",
                planted == {frozenset(f"{PLANTED}/{name}.c" for name in ("one", "two", "three"))})]
    results += [(f"no circle: {folder}: {names}", False) for folder, names in sorted(there)]
    results.append((f"no circles in {len(found)} folders", not there))
    print(f"1..{len(results)}")
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")


if __name__ == "__main__":
    main()
