"""Where drop-sim knowingly answers other than a real API server, and why.

Rows are (case, parts of its record that are left out on both sides, reason); a part is a key at any depth.
Each must still deviate, else run.py fails, so that nothing stays here by habit.
"""

ROWS = (
    ("bodies that are not what they should be", {"Warning"},
     "beside an unknown apiVersion the real server also warns of every field; drop-sim only refuses"),
    ("a node: made, labelled, tainted, its status, deleted", {"spec"},
     "a new Node gets a not-ready taint that the node lifecycle controller takes away; drop-sim has none"),
)


def known(name):
    """(parts, reason) of a case, or None."""
    return next(((parts, why) for case, parts, why in ROWS if case == name), None)


def without(parts, value):
    """The record without those parts."""
    if isinstance(value, list):
        return [without(parts, one) for one in value]
    if isinstance(value, dict):
        return {key: without(parts, one) for key, one in value.items() if key not in parts}
    return value
