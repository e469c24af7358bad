# What the client and the server with Python's websockets have in common.
#
# SPDX-License-Identifier: BSL-1.0

import asyncio
import ssl

SUBPROTOCOL = "interop.v1"
DEADLINE = 30  # seconds; what has not happened by then will not

SERVER_CLOSE_CODE = 4001
SERVER_CLOSE_REASON = "auf Wiedersehen, schöne Grüße"
PING_PAYLOAD = b"are you there?"
PONG_REPORT = "the Pong has come"
FRAGMENTED_TEXT = "Ein Text in Stücken: Straße, 水, 😀."
FRAGMENTED_BINARY_LENGTH = 100000


def pattern(length):
    """Bytes of every value."""
    return bytes((i * 7 + i // 256) & 255 for i in range(length))


def check(condition, what):
    if not condition:
        raise RuntimeError(f"not so: {what}")


def describe(message):
    return f"{type(message).__name__} of {len(message)} beginning with {message[:40]!r}"


async def within(awaitable):
    """What is awaited, or an error after the deadline."""
    return await asyncio.wait_for(awaitable, DEADLINE)


async def expect_message(ws, expected):
    message = await within(ws.recv())
    check(message == expected, f"{describe(expected)} received; it was {describe(message)}")


async def ping(ws, payload):
    """Sends a Ping and waits for its Pong."""
    await within(await within(ws.ping(payload)))


async def pieces(ws, payload, length):
    """The payload in pieces, and a Ping behind the first."""
    for offset in range(0, len(payload), length):
        yield payload[offset:offset + length]
        if offset == 0:
            await ping(ws, b"between fragments")


async def send_fragments(ws, payload, length):
    await within(ws.send(pieces(ws, payload, length)))


async def close(ws, code=1000, reason=""):
    """The closing handshake; the answer must have the same code."""
    await within(ws.close(code, reason))
    check(ws.close_rcvd is not None, "Close was answered")
    check(ws.close_rcvd.code == code, f"Close answered with {code}; it was {ws.close_rcvd}")
    check(ws.close_sent.code == code, f"Close {code} sent; it was {ws.close_sent}")


async def expect_close(ws, code=1000, reason=""):
    """The other side closes."""
    await within(ws.wait_closed())
    check(ws.close_rcvd is not None, "a Close frame was received")
    check((ws.close_rcvd.code, ws.close_rcvd.reason) == (code, reason),
          f"Close {code} {reason!r} received; it was {ws.close_rcvd}")


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def client_context(certificate):
    return ssl.create_default_context(cafile=certificate)
