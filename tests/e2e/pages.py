"""The commands of a page for users, taken out of its code blocks: a test runs each of them, or says why not.

A block without a language is a shell's: all of its lines, or those with the prompt "$ " if there are any (then the others are
what is printed). A block of YAML is given by its number.
"""
import re


def blocks(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^```(\w*)\n(.*?)^```", file.read(), re.M | re.S)


def commands(path):
    """Those of the page, in its order, a continued line as one; a comment at the end is not part of it."""
    found = []
    for language, text in blocks(path):
        lines = text.replace("\\\n", " ").splitlines()
        if language:
            continue
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        elif text.startswith(" "):
            continue  # a picture
        found += [re.sub(r"\s+", " ", re.sub(r"\s{2,}#.*|\s+# .*", "", line)).strip() for line in lines if line.strip()]
    return found


def yaml(path):
    return [text for language, text in blocks(path) if language == "yaml"]


class Pages:
    """What is left to run of the pages."""

    def __init__(self, *paths):
        self.left = [command for path in paths for command in commands(path)]

    def take(self, start):
        """The command that starts so: the pages have it."""
        found = [command for command in self.left if command.startswith(start)]
        if not found:
            raise LookupError(f"no page says: {start}")
        self.left.remove(found[0])
        return found[0]
