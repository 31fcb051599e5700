"""Ports of 127.0.0.1 on another address of this machine: relay.py ADDRESS PORT... Pods cannot reach a loopback address, and the
API server and the registry listen on no other."""
import asyncio
import sys

CHUNK = 65536


async def pump(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def serve(reader, writer, port):
    try:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
    up_writer.close()
    writer.close()


async def main(address, ports):
    servers = [await asyncio.start_server(lambda r, w, port=port: serve(r, w, port), address, port, backlog=512)
               for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(sys.argv[1], list(map(int, sys.argv[2:]))))
