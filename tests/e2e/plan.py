"""Which tests there are, in which order, and on which of several clusters.

Nothing lists the tests: they are found. seconds.json has what each module took on a quiet two-core machine, so that
clusters end at about the same time; a module that is missing there counts as DEFAULT. The division depends on nothing
else: the same modules share a cluster, in the same order, in every run.
"""
import fnmatch
import importlib
import json
import os

FOLDER = os.path.dirname(os.path.abspath(__file__))
SECONDS = os.path.join(FOLDER, "seconds.json")
DEFAULT = 60  # seconds, of a module that is not in the table
FIRST = ("crds", "first_light", "alone")  # quick, and what most others build on; then the rest by name
# Need an older version of ours or much disk, leave another Kubernetes behind, or wait for a kubelet for long: after the rest,
# where they are named and in make test-matrix.
MATRIX = ("batch_large", "image_gc", "older", "upgrade")
WHOLE = ("shapes",)  # read what all the others left in the audit logs; need no cluster themselves


def modules(matrix=False):
    """Of files test_*.py; matrix: also those that make test leaves out."""
    names = sorted(file[5:-3] for file in os.listdir(FOLDER)
                   if file.startswith("test_") and file.endswith(".py"))
    names = [n for n in names if matrix or n not in MATRIX]
    rest = [n for n in names if n not in FIRST + MATRIX + WHOLE]
    return [n for n in FIRST if n in names] + rest + [n for n in MATRIX if n in names] + [n for n in WHOLE if n in names]


def module_of(full):
    return full.partition(".")[0]


def wanted(pattern, module, full):
    pattern = pattern.removeprefix("test_").removesuffix(".py")
    return pattern == module or fnmatch.fnmatch(full, pattern)


def tests(patterns):
    """[(full name, function)] in order of definition; patterns: all if empty."""
    found = []
    for module_name in modules(matrix=bool(patterns)):
        module = importlib.import_module(f"test_{module_name}")
        for name, function in vars(module).items():
            full = f"{module_name}.{name.removeprefix('test_')}"
            if name.startswith("test_") and callable(function) and (
                    not patterns or any(wanted(p, module_name, full) for p in patterns)):
                found.append((full, function))
    return found


def split(chosen):
    """(those that run on a cluster, those that read what all of them left)."""
    return ([one for one in chosen if module_of(one[0]) not in WHOLE],
            [one for one in chosen if module_of(one[0]) in WHOLE])


def seconds():
    with open(SECONDS, encoding="utf-8") as file:
        return json.load(file)


def divide(names, jobs):
    """[[module]]: at most `jobs` lists of about the same length in seconds; the longest module is placed first."""
    order = list(dict.fromkeys(map(module_of, names)))
    table = seconds()
    shares = [[] for _ in range(min(jobs, len(order)))]
    load = [0.0] * len(shares)
    for name in sorted(order, key=lambda n: (-table.get(n, DEFAULT), n)):
        least = load.index(min(load))
        shares[least].append(name)
        load[least] += table.get(name, DEFAULT)
    return [sorted(share, key=order.index) for share in shares]
