#!/usr/bin/env python3
"""A suspended DiscoveryPolicy asks nobody, keeps its list, and asks at once when it is resumed (behaviour 50); prints TAP:

    suspended.py --build DIR [--keep]
"""
import sys

import rig as rigs  # first: it says where the folders of the others are
from rig import Rig, arguments, condition, images, reason, status
from server import Server
from wait import until

SETTLED = 180  # seconds; only a broken product needs them


def answer(client, asked):
    """Any repository has one tag."""
    client.reply({"name": "x", "tags": ["v1"]} if asked.path.endswith("/tags/list") or "tags/list?" in asked.path else {})
    return True


def change(rig, name, spec):
    done = rig.side.ask("PATCH", f"{rigs.POLICIES}/{name}", {"Content-Type": "application/merge-patch+json"}, {"spec": spec})
    assert done.code == 200, done.body


def until_status(rig, name, suspended):
    """Its object once the status is about the present spec and says so."""
    def probe():
        obj = rig.get(name)
        assert status(obj).get("observedGeneration") == obj["metadata"]["generation"], status(obj)
        assert (condition(obj, "Suspended")["status"] == "True") == suspended, status(obj)
        assert suspended or reason(obj) == "Synced", status(obj)
        return obj
    return until(SETTLED, probe)


def play(tap, rig, server):
    source = rigs.registry(server.url, "team/app")
    rig.create(rigs.policy("never", source, suspend=True, syncInterval="1s"))
    obj = until_status(rig, "never", True)
    tap.check(server.count == 0 and reason(obj) == "Suspended", "a policy that is created suspended asks nobody",
              (server.count, condition(obj)))
    change(rig, "never", {"suspend": False})
    obj = until_status(rig, "never", False)
    found = images(obj)
    tap.check(len(found) == 1 and server.count > 0, "resumed, it asks and finds", (found, server.count))
    until(SETTLED, lambda: server.count > 3)
    change(rig, "never", {"suspend": True})
    obj = until_status(rig, "never", True)
    tap.check(images(obj) == found and reason(obj) == "Synced" and condition(obj)["status"] == "True",
              "suspended again, its list stays, and Ready too", status(obj))
    rig.create(rigs.policy("other", rigs.registry(server.url, "other/app"), syncInterval="1s"))
    # Time passes by the syncs of another policy: each is a second.
    until(SETTLED, lambda: len(server.seen("/v2/other/")) >= 5)
    late = [one.path for one in server.seen("/v2/team/") if one.at > server.seen("/v2/other/")[0].at]
    tap.check(not late, "and it asks nobody while another one is asked five times", late)
    change(rig, "never", {"suspend": None})
    until_status(rig, "never", False)
    until(SETTLED, lambda: server.seen("/v2/team/")[-1].at > server.seen("/v2/other/")[4].at)
    tap.check(True, "without the field it goes on")


def main():
    args = arguments(__doc__)
    tap, server = rigs.TestTap(), Server(answer)
    try:
        with Rig(args.build, keep=args.keep) as rig:
            play(tap, rig, server)
    finally:
        server.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
