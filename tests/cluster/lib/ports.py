"""Prints N free TCP ports of 127.0.0.1, one a line. Below the range that the kernel uses for outgoing connections, so
that none is taken by somebody's client between now and the moment when the server binds it."""
import random
import socket
import sys

held = []
while len(held) < int(sys.argv[1]):
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", random.randrange(20000, 32000)))
        held.append(one)
    except OSError:
        one.close()
for one in held:
    print(one.getsockname()[1])
