"""Polling with deadlines: the only way a test waits for anything. Deadlines are generous, since
a slow machine must not change a result; a test that expects *nothing* to happen says for how long.
"""
import time

POLL = 0.1  # seconds between looks


class Late(AssertionError):
    """The deadline passed; the text says what was seen last."""


def until(seconds, probe, every=POLL):
    """Calls probe until it returns something true, and returns that.

    A probe that raises LookupError, OSError or AssertionError is one that is not there yet; its
    text becomes the reason when the deadline passes. Any other exception is a bug in the test.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            value = probe()
            seen = repr(value)
            if value:
                return value
        except (LookupError, OSError, AssertionError) as error:
            seen = f"{type(error).__name__}: {error}"
        if time.monotonic() >= end:
            raise Late(f"not within {seconds} s; last seen: {seen[:600]}")
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
