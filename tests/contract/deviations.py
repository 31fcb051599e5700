"""Where drop-sim knowingly answers other than a real API server, and why.

CASES: shell patterns of case names that need not agree; each must still deviate, else run.py fails,
so that nothing stays here by habit. PARTS: pieces of a record that are left out on both sides.
"""
import fnmatch

CASES = {
}

PARTS = {
}


def reason(name):
    return next((why for pattern, why in CASES.items() if fnmatch.fnmatchcase(name, pattern)), None)


def without(name, record):
    """The record without the parts that are left out for this case."""
    drop = set().union(*(keys for pattern, keys in PARTS.items() if fnmatch.fnmatchcase(name, pattern)))
    return [_pruned(row, drop) for row in record] if drop else record


def _pruned(value, drop):
    if isinstance(value, list):
        return [_pruned(one, drop) for one in value]
    if isinstance(value, dict):
        return {key: _pruned(one, drop) for key, one in value.items() if key not in drop}
    return value
