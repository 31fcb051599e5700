"""Reads a status page strictly: every tag is closed where HTML wants it, attributes are there once, nothing is loaded
or run. Gives the grid of images and nodes as rows of cells.
"""
import html.parser
import re

VOID = {"meta", "br"}
# Ended by what follows: the tags that do so.
ENDED_BY = {"td": {"td", "th", "tr"}, "th": {"td", "th", "tr"}, "tr": {"tr"}}
FORBIDDEN = {"script", "iframe", "object", "embed", "link", "img", "base", "form"}


class Page(html.parser.HTMLParser):
    """faults: what is wrong; grid: {image: [(class, title, text)]}; columns: titles of its heads; text: all that is shown."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.grid, self.columns, self.text = [], [], {}, [], ""
        self.in_grid, self.row, self.cell, self.head = False, None, None, None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"not closed: {self.open}")
        # What the parser takes as text, as it does not know it.
        if re.search(r"<(?!/?[a-z]|!doctype)", text):
            self.faults.append("a bare <")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"an attribute twice: {tag} {names}")
        if tag in FORBIDDEN or any(name.startswith("on") or name in ("src", "href", "style") for name in names):
            self.faults.append(f"{tag} {names}")
        if self.open and tag in ENDED_BY.get(self.open[-1], ()):
            self.open.pop()
        if tag not in VOID:
            self.open.append(tag)
        attrs = dict(attrs)
        if tag == "table":
            self.in_grid = "grid" in (attrs.get("class") or "").split()
        if self.in_grid and tag == "th":
            self.head = ""
            if attrs.get("scope") == "col":
                self.columns.append(attrs.get("title", ""))
        if self.in_grid and tag == "td":
            self.cell = [attrs.get("class"), attrs.get("title"), ""]
            self.row.append(self.cell)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in ENDED_BY:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> in {self.open}")
            return
        self.open.pop()
        if self.in_grid and tag == "th" and "tbody" in self.open:
            self.row = self.grid.setdefault(self.head, [])
        if tag in ("td", "th"):
            self.cell = self.head = None
        self.in_grid &= tag != "table"

    def handle_data(self, data):
        self.text += data
        if self.cell is not None:
            self.cell[2] += data
        elif self.head is not None:
            self.head += data
