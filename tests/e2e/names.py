"""Names that mean what the test says, on any machine: a small name server on a loopback address, and the
words that start a program with it as its only one, in a mount namespace of its own (root).

A name that is not in the table does not exist, at once; nothing leaves the machine.
"""
import os
import random
import socket
import struct
import threading

DNS_PORT = 53
A = 1
OK, NO_SUCH_NAME = 0, 3
FLAGS = 0x8180  # a recursive answer
TTL = 5
# Binds the files over those of /etc that exist, and becomes the program.
ENTER = ('for f in resolv.conf hosts nsswitch.conf; do '
         '[ ! -e "/etc/$f" ] || mount -n --bind "$0/$f" "$(readlink -f "/etc/$f")"; done; exec "$@"')


def loopback():
    """An address of this machine that hardly anybody else uses: ports on it are ours."""
    return f"127.{random.randrange(64, 250)}.{random.randrange(1, 250)}.{random.randrange(1, 250)}"


class NameServer:
    """table: name to IPv4 address. wrap: words to put before a program's own."""

    def __init__(self, folder, table):
        self.table = {name.lower().rstrip("."): address for name, address in table.items()}
        self.address = loopback()
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, DNS_PORT))
        threading.Thread(target=self._serve, daemon=True).start()
        for name, text in (("resolv.conf", f"nameserver {self.address}\n"),
                           ("hosts", "127.0.0.1 localhost\n"), ("nsswitch.conf", "hosts: files dns\n")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text)
        self.wrap = ("unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, folder)

    def close(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(512)
                self.socket.sendto(self._answer(question), sender)
            except (struct.error, IndexError, UnicodeError):
                continue  # no question
            except OSError:
                return

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("ascii"))
            at += 1 + question[at]
        kind, = struct.unpack("!H", question[at + 1:at + 3])
        name = ".".join(labels).lower()
        self.asked.append(name)
        address = self.table.get(name)
        data = b""
        if address and kind == A:
            data = struct.pack("!HHHIH", 0xC00C, A, 1, TTL, 4) + socket.inet_aton(address)
        code = OK if address else NO_SUCH_NAME
        return (question[:2] + struct.pack("!HHHHH", FLAGS | code, 1, bool(data), 0, 0)
                + question[12:at + 5] + data)
