"""What an answer means, without what no two servers have in common. Pure.

Replaced by a name: uids (numbered in order of appearance within a case, so that "the same object"
stays visible), resourceVersions of objects (by rank within a case: who changed after whom), times of
now, the random end of a generated name, the node. Left out: managedFields. Of a Status the text is
left out unless a case wants it, the rest stays: code, reason, which object, which fields.
"""
import datetime
import json
import re

UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$")
AGE = re.compile(r"^[0-9]s$")  # of what a case has just made
NOW = datetime.timedelta(hours=1)  # a time this near is "now"; others are data and stay
TEXT_MAX, ITEMS_MAX = 1000, 20  # longer ones are written down by their beginning and length
CAUSE_REASONS = ("FieldValueRequired", "FieldValueDuplicate", "FieldValueInvalid",
                 "FieldValueNotSupported", "FieldValueForbidden", "FieldValueTooLong",
                 "FieldValueTooMany", "FieldValueTypeInvalid")


class Normaliser:
    """One a case: it remembers the uids and versions it has seen."""

    def __init__(self, node="", now=None):
        self.node = node
        self.now = now
        self.uids = {}
        self.versions = set()

    def text(self, text):
        text = UID.sub(lambda m: self.uids.setdefault(m[0], f"<uid {len(self.uids) + 1}>"), text)
        if self.node:
            text = text.replace(self.node, "<node>")
        found = TIME.match(text)
        if found:
            when = datetime.datetime.fromisoformat(found[1])
            now = self.now or datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
            if abs(when - now) < NOW:
                return "<now, micro>" if found[2] else "<now>"
        return text

    def value(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return self.object(value)
        return value

    def object(self, obj):
        out = {key: self.value(one) for key, one in obj.items() if key != "managedFields"}
        if isinstance(obj.get("cells"), list):  # of a table: an age is the time of the request
            out["cells"] = ["<age>" if AGE.match(str(cell)) else cell for cell in out["cells"]]
        meta = obj.get("metadata")
        if isinstance(meta, dict) and "resourceVersion" in meta:
            out["metadata"]["resourceVersion"] = self.version(meta)
        if isinstance(meta, dict) and meta.get("generateName") and "name" in meta:
            tail = meta["name"].removeprefix(meta["generateName"])
            fits = re.fullmatch("[a-z0-9]{5}", tail)
            out["metadata"]["name"] = meta["generateName"] + ("<5 random>" if fits else tail)
        return out

    def version(self, meta):
        """Of an object: to be ranked by ranked(). Of a list or a bookmark: only that there is one."""
        version = meta["resourceVersion"]
        if "uid" not in meta:
            return "<version>" if version.isdigit() else version
        if not version.isdigit():
            return version
        self.versions.add(int(version))
        return f"<version {version}>"

    def ranked(self, record):
        """The whole record of a case with versions replaced by their ranks."""
        rank = {f"<version {v}>": f"<version {i + 1}>" for i, v in enumerate(sorted(self.versions))}
        text = json.dumps([{**row, "body": shortened(row["body"])} if "body" in row else row
                           for row in record])
        return json.loads(re.sub(r"<version \d+>", lambda m: rank[m[0]], text))

    def status(self, status, message=False):
        """A metav1.Status."""
        details = status.get("details") or {}
        out = {key: self.value(status[key]) for key in ("kind", "apiVersion", "status", "reason", "code")
               if key in status}
        if message:
            out["message"] = self.value(status.get("message", ""))
        kept = {key: self.value(details[key]) for key in ("name", "group", "kind", "uid",
                                                          "retryAfterSeconds") if key in details}
        causes = sorted({(c.get("reason", ""), c.get("field", "")) for c in details.get("causes") or []
                         if c.get("reason") in CAUSE_REASONS})
        if causes:
            kept["causes"] = [" ".join(filter(None, cause)) for cause in causes]
        if kept:
            out["details"] = kept
        return out


def shortened(value):
    """Long texts and lists by their beginning and length."""
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else f"{value[:20]}... {len(value)} characters"
    if isinstance(value, list):
        more = [f"... {len(value)} items"] if len(value) > ITEMS_MAX else []
        return [shortened(one) for one in value[:2 if more else ITEMS_MAX]] + more
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    return value


def is_status(body):
    return isinstance(body, dict) and body.get("kind") == "Status" and body.get("apiVersion") == "v1"


STEP = re.compile(r"(\w+)(?:\[(?:(\w+)=([^]]+))?\])?\.?")


def at_path(value, path):
    """What is at 'metadata.name', 'items[].spec.nodeName' (of each item) or
    'conditions[type=Ready].status' (of that one); KeyError: nothing."""
    found = STEP.match(path)
    key, by, wanted = found.groups()
    rest, value = path[found.end():], value[key]
    if by is not None:
        value = next((one for one in value if one.get(by) == wanted), None)
    elif "[" in found[0]:
        return [_or_none(one, rest) if rest else one for one in value]
    return at_path(value, rest) if rest else value


def _or_none(value, path):
    try:
        return at_path(value, path)
    except (KeyError, TypeError):
        return None


def picked(value, paths):
    """{path: what is there}; a path that leads nowhere is null, so that both sides must lack it."""
    out = {}
    for path in paths:
        try:
            out[path] = at_path(value, path)
        except (KeyError, TypeError, IndexError):
            out[path] = None
    return out
