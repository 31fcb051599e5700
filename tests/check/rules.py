#!/usr/bin/env python3
"""Which tests hold which rule of behaviour, from the tests' own words, as TAP; a rule without one fails.

rules.py [--table]. The rules are those of docs/behaviour.md. A text that cites a rule, a must of docs/musts.md, a
page, a section of a page or a source file that does not exist fails, too. A C test says so by a function rule_23_...
(rules_8_9_... for two), or its file by "behaviour.md 5, 7" or "rule 5" in the opening comment; a test on the real
cluster by "rule 23" in its docstring or its checks; a mutant by its row in tests/mutants.
"""
import ast
import collections
import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
RULES = [int(n) for n in re.findall(r"^\*\*(\d+)\.\*\*", (ROOT / "docs/behaviour.md").read_text(encoding="utf-8"), re.M)]
MUSTS = {int(n) for n in re.findall(r"^(\d+)\. \*\*", (ROOT / "docs/musts.md").read_text(encoding="utf-8"), re.M)}
CITED_MUST = re.compile(r"\bmusts? (\d+(?:(?:, | and )\d+)*)")
CITED_RULE = re.compile(r"\bbehaviour(?:\.md)? (\d+(?:(?:, | and | to |-)\d+)*)")
CITED_PAGE = re.compile(r"\b(\w[\w.-]*\.md)\b")
FOLDERS = ("base|api|ipc|kube|httpd|watcher|reconciler|puller|discoverer|metricsd|supervisor|dropctl|sim|tests|bench|deploy|docs"
           "|man|scripts")
CITED_FILE = re.compile(rf"(?<![\w./*$<>{{}}-])((?:{FOLDERS})/[\w./-]+\.(?:c|h|def|py|sh|md|build|yaml|json|svg|[178]))(?![\w/*<-])")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)")
NAMED = re.compile(r"\brules?_((?:\d+_)+)\w+\(void")
SAID = re.compile(r"\b(?:[Rr]ules?|behaviour(?:\.md)?)\s+(\d+(?:(?:\s*,\s*|\s+and\s+|\s+to\s+|\s*-\s*)\d+)*)")


def numbers(text):
    """"8, 9 and 23-25" -> 8 9 23 24 25."""
    for first, last in re.findall(r"(\d+)(?:\s*(?:-|to)\s*(\d+))?", text):
        yield from range(int(first), int(last or first) + 1)


def said(text):
    # Over the line breaks of comments, too.
    text = re.sub(r"\n\s*\*?\s*", " ", text)
    return {n for match in SAID.finditer(text) for n in numbers(match.group(1))}


def of_c():
    """(rule, test) of the C tests: functions, and files for what no function is named after."""
    for path in sorted(TESTS.rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(TESTS).as_posix()
        opening = text.partition("*/")[0]
        named = [(int(rule), f"{name}: {function}")
                 for function, digits in re.findall(r"\b(rules?_((?:\d+_)+)\w*)\(void", text)
                 for rule in re.findall(r"\d+", digits)]
        yield from named
        for rule in said(opening) - {rule for rule, _ in named}:
            yield rule, name


def of_python():
    """(rule, test) of the tests in Python: what each function says, and the module for all of it."""
    for folder in ("e2e", "scenarios", "contract", "puller", "discovery"):
        for path in sorted((TESTS / folder).glob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            name = path.relative_to(TESTS).as_posix()
            for rule in said(ast.get_docstring(tree) or ""):
                yield rule, name
            for node in tree.body:
                if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                    continue
                words = " ".join(n.value for n in ast.walk(node)
                                 if isinstance(n, ast.Constant) and isinstance(n.value, str))
                for rule in said(words):
                    yield rule, f"{name}: {node.name}"


def of_mutants():
    sys.path.insert(0, str(TESTS / "mutants"))
    from mutants import MUTANTS  # pylint: disable=import-outside-toplevel
    for mutant in MUTANTS:
        yield mutant.rule, f"{mutant.file}: {' '.join(mutant.old.split())[:40]}"


def anchors(page):
    """The sections of a page, as links name them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def wrong_links(name, text):
    """Links of a page to files or sections that do not exist."""
    for file, section in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
        if re.match(r"\w+:", file):
            continue
        page = (ROOT / name).parent / file if file else ROOT / name
        if not page.exists():
            yield f"{name}: link to {file}"
        elif section and page.suffix == ".md" and section not in anchors(page):
            yield f"{name}: section {file}#{section}"


def wrong_citations(name, text, pages):
    """What the text cites and is not there."""
    if name.endswith(".md"):
        yield from wrong_links(name, text)
    for digits in NAMED.findall(text):
        for number in {int(n) for n in re.findall(r"\d+", digits)} - set(RULES):
            yield f"{name}: a test of rule {number}"
    text = re.sub(r"\n\s*(?:\*|#|//)?\s*", " ", text)
    for number in {n for match in SAID.finditer(text) for n in numbers(match.group(1))} - set(RULES):
        yield f"{name}: rule {number}"
    for file in set(CITED_FILE.findall(text)):
        if not (ROOT / file).exists() and "NAME" not in file:
            yield f"{name}: {file}"
    for cited in CITED_RULE.findall(text):
        for number in set(numbers(cited)) - set(RULES):
            yield f"{name}: behaviour {number}"
    for cited in CITED_MUST.findall(text):
        for number in {int(n) for n in re.findall(r"\d+", cited)} - MUSTS:
            yield f"{name}: must {number}"
    for page in set(CITED_PAGE.findall(text)) - pages:
        yield f"{name}: {page}"


def all_wrong_citations():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pages = {pathlib.Path(name).name for name in listed if name.endswith(".md")}
    planted = ("see behaviour.md 5, 999 and must 99 of nowhere.md, rule 998, kube/nowhere.c, "
               "[a](README.md#nowhere), [b](nowhere/), static void rule_997_a(void **state)")
    if len(set(wrong_citations("planted.md", planted, pages))) != 9:
        yield f"what is wrong in \"{planted}\" is not found"
    texts = (".c", ".h", ".def", ".py", ".md", ".sh", ".build")
    for name in listed:
        path = ROOT / name
        if path.suffix in texts and path.exists() and not name.startswith("tests/check/"):
            yield from wrong_citations(name, path.read_text(encoding="utf-8"), pages)


def collect(pairs):
    found = collections.defaultdict(list)
    for rule, test in pairs:
        if test not in found[rule]:
            found[rule].append(test)
    return found


def main():
    columns = {"C": collect(of_c()), "real programs": collect(of_python()),
               "mutants": collect(of_mutants())}
    if "--table" in sys.argv[1:]:
        print("| rule | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
        for rule in RULES:
            print(f"| {rule} | " + " | ".join("<br>".join(c[rule]) for c in columns.values()) + " |")
        return
    print(f"1..{len(RULES) + 1}")
    for number, rule in enumerate(RULES, 1):
        good = columns["C"][rule] or columns["real programs"][rule]
        counts = ", ".join(f"{len(c[rule])} {what}" for what, c in columns.items())
        print(f"{'' if good else 'not '}ok {number} - rule {rule}: {counts}")
    wrong = list(all_wrong_citations())
    print("".join(f"# {line}\n" for line in wrong), end="")
    print(f"{'not ok' if wrong else 'ok'} {len(RULES) + 1} - what is cited is there")


if __name__ == "__main__":
    main()
