"""A gate between pods and the API server: pods of this cluster cannot reach a loopback address, and the way of
one of them can be cut here without touching the others'.

A cut connection carries nothing more, in either direction, and is not closed: so does a network that lost its way.
When the way is mended, connections that lived through the cut are closed, with what was held.
"""
import asyncio
import ipaddress
import json
import os
import socket
import threading

IP_FREEBIND = 15  # linux/in.h: the pods' gateway is an address only while there are pods
CHUNK = 65536
LOOK = 0.02  # seconds


def pods_gateway(cluster):
    """The address of the machine as the pods see it: the first of their subnet."""
    folder = os.path.join(cluster.dir, "nodes", cluster.node, "cni")
    with open(os.path.join(folder, sorted(os.listdir(folder))[0]), encoding="utf-8") as file:
        subnet = json.load(file)["plugins"][0]["ipam"]["ranges"][0][0]["subnet"]
    return str(next(ipaddress.ip_network(subnet).hosts()))


class Gate:
    def __init__(self, address, target):
        self.target = target.removeprefix("https://").split(":")
        self.address = address
        self.cut = set()  # addresses of pods
        self.cuts = {}    # address -> how often it was cut
        self.listener = socket.socket()
        self.listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        self.listener.bind((address, 0))
        self.port = self.listener.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.listener.close()

    def close_for(self, address):
        self.cuts[address] = self.cuts.get(address, 0) + 1
        self.cut.add(address)

    def open_for(self, address):
        self.cut.discard(address)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, sock=self.listener))
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))

    async def _way(self, peer):
        """Returns once the peer's way is open; True if it was not all the time."""
        before = peer in self.cut
        while peer in self.cut:
            await asyncio.sleep(LOOK)
        return before

    async def _pump(self, peer, reader, writer, cuts):
        while data := await reader.read(CHUNK):
            if await self._way(peer) or self.cuts.get(peer, 0) != cuts:
                return
            writer.write(data)
            await writer.drain()

    async def _serve(self, reader, writer):
        peer = writer.get_extra_info("peername")[0]
        writers = [writer]
        try:
            if await self._way(peer):
                return
            cuts = self.cuts.get(peer, 0)
            up_reader, up_writer = await asyncio.open_connection(*self.target)
            writers.append(up_writer)
            pumps = [asyncio.ensure_future(self._pump(peer, reader, up_writer, cuts)),
                     asyncio.ensure_future(self._pump(peer, up_reader, writer, cuts))]
            done, left = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            for task in done:
                task.exception()  # a broken connection is an end like any other
        except OSError:
            pass
        finally:
            for one in writers:
                one.close()
