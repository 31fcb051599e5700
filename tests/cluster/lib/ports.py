"""Free TCP ports of 127.0.0.1, one a line: ports.py COUNT [DIR]. With DIR, of a cluster, a line before them says which
100.X net its pods get, and no other cluster is given that net or these ports until `ports.py --release DIR` (or until
DIR has no state file some minutes later). So clusters can be brought up side by side, and one that is stopped for a
moment finds its ports free.

Below the range that the kernel uses for outgoing connections: none is taken by somebody's client before it is bound.
"""
import fcntl
import hashlib
import json
import os
import random
import socket
import sys
import time

CLAIMS = f"/tmp/drop-clusters-{os.getuid()}"
YOUNG = 300  # seconds in which up.sh writes DIR/state
FIRST, LAST = 20000, 32000
NETS = range(64, 128)  # 100.64.0.0/10, by second byte


def name_of(folder):
    return hashlib.sha256(folder.encode()).hexdigest()[:16]


def others(folder):
    """The claims of clusters that are there, but that of the folder; those of others are removed."""
    found = []
    for name in os.listdir(CLAIMS):
        path = os.path.join(CLAIMS, name)
        if name == "lock":
            continue
        with open(path, encoding="utf-8") as file:
            claim = json.load(file)
        lost = not os.path.exists(os.path.join(claim["dir"], "state")) and time.time() - os.stat(path).st_mtime > YOUNG
        if lost or claim["dir"] == folder:
            os.unlink(path)
        else:
            found.append(claim)
    return found


def routed():
    """Second bytes of the 100.X nets to which this machine has a route now."""
    with open("/proc/net/route", encoding="utf-8") as file:
        rows = [int(line.split()[1], 16) for line in file.readlines()[1:]]
    return {row >> 8 & 255 for row in rows if row & 255 == 100}


def free(count, taken):
    """Ports that nobody listens on; each is held until all are found."""
    held = []
    while len(held) < count:
        port = random.randrange(FIRST, LAST)
        one = socket.socket()
        try:
            if port in taken:
                raise OSError("claimed")
            one.bind(("127.0.0.1", port))
            held.append(one)
        except OSError:
            one.close()
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def main():
    os.makedirs(CLAIMS, exist_ok=True)
    with open(os.path.join(CLAIMS, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if sys.argv[1] == "--release":
            others(sys.argv[2])
            return
        folder = sys.argv[2] if len(sys.argv) > 2 else None
        claims = others(folder)
        ports = free(int(sys.argv[1]), {port for claim in claims for port in claim["ports"]})
        if folder:
            used = routed() | {claim["net"] for claim in claims}
            net = random.choice([n for n in NETS if n not in used])
            with open(os.path.join(CLAIMS, name_of(folder)), "w", encoding="utf-8") as file:
                json.dump({"dir": folder, "net": net, "ports": ports}, file)
            print(f"100.{net}")
    print("\n".join(map(str, ports)))


main()
