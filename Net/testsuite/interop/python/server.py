# A server, made with Python's websockets, for InteropClient. What it does on which path, and
# how it starts and ends, is as in InteropServer.
#
# usage: server.py [<certificate> <key>]
#
# SPDX-License-Identifier: BSL-1.0

import asyncio
import sys

import websockets

from conversation import *


class Server:
    def __init__(self):
        self.reports = asyncio.Queue()
        self.failures = 0

    async def echo(self, ws):
        try:
            while True:
                await within(ws.send(await within(ws.recv())))
        except websockets.ConnectionClosed:
            pass
        check(ws.close_rcvd is not None, "the client closes with a Close frame")
        self.reports.put_nowait(f"{ws.close_rcvd.code} {ws.close_rcvd.reason}")

    async def report(self, ws):
        await within(ws.send(await within(self.reports.get())))
        await expect_close(ws)

    async def close(self, ws):
        await close(ws, SERVER_CLOSE_CODE, SERVER_CLOSE_REASON)

    async def ping(self, ws):
        await ping(ws, PING_PAYLOAD)
        await within(ws.send(PONG_REPORT))
        await expect_close(ws)

    async def fragments(self, ws):
        await send_fragments(ws, FRAGMENTED_TEXT, 5)
        await send_fragments(ws, pattern(FRAGMENTED_BINARY_LENGTH), 30000)
        await expect_close(ws)

    async def serve(self, ws):
        paths = {
            "/echo": self.echo,
            "/report": self.report,
            "/close": self.close,
            "/ping": self.ping,
            "/fragments": self.fragments,
        }
        try:
            await paths[ws.path](ws)
        except Exception as error:
            self.failures += 1
            print(f"server.py: {ws.path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)


async def main():
    server = Server()
    options = {"ssl": server_context(*sys.argv[1:])} if len(sys.argv) > 1 else {}
    async with websockets.serve(server.serve, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL],
                                max_size=None, **options) as listener:
        print("port", listener.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    return 1 if server.failures else 0


sys.exit(asyncio.run(main()))
