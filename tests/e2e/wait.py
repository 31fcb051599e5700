"""Polling with deadlines: the only way a test waits for anything. Deadlines are generous, since
a slow machine must not change a result: what a test names is what a quiet machine needs at most, and no deadline
is shorter than PATIENCE. A test that expects *nothing* to happen says for how long.
"""
import http.client
import json
import subprocess
import time

POLL = 0.1  # seconds between looks
PATIENCE = 60  # seconds; costs nothing but where a test fails

# What a probe may raise while the thing it asks for is not there yet: a missing key, a refused or broken connection, an
# assertion, a command that exits with an error (`dropctl why` of an object the operator has not seen), half of an answer.
NOT_YET = (LookupError, OSError, AssertionError, subprocess.SubprocessError, http.client.HTTPException, json.JSONDecodeError)


class Late(AssertionError):
    """The deadline passed; the text says what was seen last."""


def until(seconds, probe, every=POLL, what="", least=PATIENCE):
    """Calls probe until it returns something true, and returns that. what: is waited for, for the text of Late. least: 0 where
    many wait for one deadline.

    A probe that raises one of NOT_YET is one that is not there yet; its text becomes the reason
    when the deadline passes. Any other exception is a bug in the test.
    """
    seconds = max(seconds, least)
    end = time.monotonic() + seconds
    while True:
        try:
            value = probe()
            seen = repr(value)
            if value:
                return value
        except NOT_YET as error:
            seen = f"{type(error).__name__}: {error} {getattr(error, 'stderr', None) or ''}"
        if time.monotonic() >= end:
            raise Late(f"{what and what + ': '}not within {seconds} s; last seen: {seen[:600]}")
        time.sleep(every)


def never(seconds, probe, every=POLL):
    """Watches for the given time and returns the first true value of probe: None is what we want."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(every)
    return None
