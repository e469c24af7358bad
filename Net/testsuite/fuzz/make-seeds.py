#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets to seeds/<target>/. SPDX-License-Identifier: BSL-1.0"""

import json
import os
import struct
import subprocess
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = b"\x37\xfa\x21\x3d"
CUTS = b"\x02\x20\x80\xc0"  # Fuzz::Cuts


def frame(first, payload, masked):
    second = 0x80 if masked else 0
    n = len(payload)
    if n < 126:
        header = struct.pack(">BB", first, second | n)
    elif n < 65536:
        header = struct.pack(">BBH", first, second | 126, n)
    else:
        header = struct.pack(">BBQ", first, second | 127, n)
    if masked:
        return header + KEY + bytes(b ^ KEY[i % 4] for i, b in enumerate(payload))
    return header + payload


def deflate(message, bits=15, level=6):
    stream = zlib.compressobj(level, zlib.DEFLATED, -bits)
    return (stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


def final_block(message):
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(message) + stream.flush(zlib.Z_FINISH) + b"\0"


TEXT = "Grüße, κόσμε, 😀".encode()

CONVERSATIONS = {
    "messages": [(0x81, b"Hello"), (0x82, bytes(range(200))), (0x80 | 1, TEXT)],
    "fragments": [(0x01, TEXT[:3]), (0x89, b"ping"), (0x00, TEXT[3:-2]), (0x80, TEXT[-2:])],
    "control": [(0x89, b""), (0x8A, b"pong"), (0x89, b"x" * 125), (0x88, b"\x03\xe8bye"), (0x81, b"late")],
    "close-empty": [(0x88, b"")],
    "close-1011": [(0x88, b"\x03\xf3")],
    "bad-text": [(0x81, b"\xf0\x9f\x98")],
    "bad-close": [(0x88, b"\x03\xed")],
    "bad-opcode": [(0x83, b"")],
    "bad-continuation": [(0x80, b"x")],
    "compressed": [(0xC1, deflate(TEXT * 9)), (0xC1, deflate(b"Hello")), (0xC2, b"\0")],
    "compressed-fragments": [(0x41, deflate(TEXT * 9)[:7]), (0x89, b""), (0x80, deflate(TEXT * 9)[7:])],
    "compressed-final": [(0xC1, final_block(b"Hello")), (0xC1, final_block(b"Hello"))],
    "compressed-zeros": [(0xC2, deflate(bytes(5000)))],
    "compressed-bad": [(0xC2, b"\xff\xff\xff")],
}

REQUEST = (
    "GET /chat HTTP/1.1\r\nHost: server.example.com:8080\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
RESPONSE = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n%s\r\n"
)
HANDSHAKES = {
    "request": REQUEST % "",
    "request-lists": REQUEST % 'Sec-WebSocket-Protocol: chat, mqtt\r\nSec-WebSocket-Extensions: permessage-deflate; a="q,\\"x", b\r\n',
    "request-origin": REQUEST % "Origin: https://server.example.com:8080\r\n",
    "request-body": REQUEST % "Content-Length: 5\r\n",
    "request-old": REQUEST.replace("13", "8") % "",
    "request-post": "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
    "response": RESPONSE % "",
    "response-lists": RESPONSE % "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n",
    "response-401": "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
}

OFFERS = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    'permessage-deflate; server_max_window_bits="10"; client_max_window_bits=12, permessage-deflate',
    "x-other; a=b, permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=8\npermessage-deflate; server_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
]


def write(target, name, data):
    folder = os.path.join(HERE, "seeds", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def main():
    for name, frames in CONVERSATIONS.items():
        deflated = 0x08 if name.startswith("compressed") else 0
        for role, masked in (("server", True), ("client", False)):
            options = bytes([deflated | (0 if masked else 1), 7])
            wire = b"".join(frame(first, payload, masked) for first, payload in frames)
            for target in ("Framer", "MessageParser"):
                write(target, f"{name}-{role}", options + CUTS + wire)
    for options, name in ((0x28, "made-server"), (0x29, "made-client"), (0x38, "made-no-takeover")):
        frames = [(0xC1, TEXT * 3), (0x41, TEXT), (0x89, b"ping"), (0x80, TEXT), (0x82, b"plain"), (0x88, b"\x03\xe8")]
        made = b"".join(bytes([first, len(payload)]) + payload for first, payload in frames)
        for target in ("Framer", "MessageParser"):
            write(target, name, bytes([options, 7]) + CUTS + made)
    for options, name in ((0xA8, "large-server"), (0xA1, "large-client")):
        frames = [(0x92, b""), (0x91, b"!"), (0x11, TEXT[:3]), (0x89, b"ping"), (0x80, TEXT[3:]), (0x81, b"Hello")]
        made = b"".join(bytes([first, len(payload)]) + payload for first, payload in frames)
        write("MessageParser", name, bytes([options, 7]) + CUTS + made)

    # ProtocolFuzz: a command has the end in bit 0 (1: the client), what to do in bits 1 to 4
    def call(what, client=0, bits=0, argument=b""):
        return bytes([what << 1 | client | bits]) + argument

    def text(message):
        return bytes([len(message)]) + message

    to_server = call(7, 1) + call(8, 1, 0x40)
    to_client = call(7) + call(8, 0, 0x40)
    scripts = {
        "messages": call(0, 1, 0x40, text(TEXT)) + to_server + call(0, 0, 0x80, text(b"Hello")) + to_client,
        "parts": call(2, 1, 0, text(TEXT[:3])) + call(4, 1) + call(2, 1, 0x40, text(TEXT[3:])) + to_server + to_client,
        "cuts": call(0, 1, 0, text(b"Hello")) + call(7, 1) + call(8, 1, 0, b"\x03") * 4,
        "close": call(5, 1, 0x60, b"\0bye") + to_server + to_client + call(12, 1),
        "both-close": call(5, 0, 0, b"\1") + call(5, 1, 0, b"\0") + to_server + to_client,
        "slow": call(0, 0, 0, text(b"slow")) + call(6, 0, 0, b"\2") + (call(4, 1) + to_server) * 3 + to_client,
        "keep-alive": (call(14, 0, 0x40, b"\x10") + to_server + to_client) * 3 + call(14, 0, 0x40, b"\xff") * 3,
        "tampered": call(11, 1, 0, b"\0" + text(frame(0x83, b"", True))) + call(8, 1, 0x40) + to_client + call(14, 0, 0x40, b"\xff"),
        "end": call(0, 1, 0, text(b"Hello")) + call(7, 1) + call(8, 1, 0, b"\3") + call(12),
        "peer-state": call(0, 0, 0, text(TEXT)) + call(6, 0, 0, b"\2") + (call(13, 0, 0, b"\1\2\3") + call(14, 0, 0x40, b"\x40")) * 4,
    }
    for name, script in scripts.items():
        for options in (0x06, 0x7E):
            write("Protocol", f"{name}-{options:02x}", bytes([options]) + script)

    for length in (0, 125, 126, 65535, 65536, 1 << 40):
        header = frame(0x82, b"", True)[2:]
        second = struct.pack(">B", 0x80 | length) if length < 126 else struct.pack(">BH", 0xFE, length) if length < 65536 else struct.pack(">BQ", 0xFF, length)
        write("Frame", f"length-{length}", b"\x82" + second + header)
    write("Frame", "close", b"\x03\xe8" + TEXT * 6)

    for name, text in HANDSHAKES.items():
        write("Handshake", name, text.encode())
    for i, offer in enumerate(OFFERS):
        write("Negotiation", f"offer-{i}", bytes([i % 4, 48 - i, 0, 48]) + offer.encode())

    for bits in (9, 15):
        write("Inflate", f"text-{bits}", bytes([(bits - 8) << 1 | 1]) + CUTS + b"\0\x80" + deflate(TEXT * 20, bits))
    write("Inflate", "final", b"\x0f" + CUTS + b"\0\x80" + final_block(b"Hello")[:-1] + final_block(b"Hello"))
    write("Inflate", "stored", b"\x0f" + CUTS + b"\0\x80" + deflate(TEXT, 15, 0))
    write("Inflate", "zeros-limited", b"\x0f" + CUTS + b"\0\x0a" + deflate(bytes(5000)))
    write("Inflate", "bad", b"\x0f" + CUTS + b"\0\x80" + b"\xff\xff")
    for options, levels in ((0x81, 45), (0x8E, 80), (0x8F, 4)):
        write("Inflate", f"round-trip-{options:02x}", bytes([options]) + CUTS + bytes([levels, 9]) + TEXT * 4)

    write("UTF8", "valid", CUTS + b"\x20" + TEXT * 3)
    write("UTF8", "edges", CUTS + b"\x07" + "\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff".encode())
    for name, text in {"overlong": b"a\xc0\xaf", "surrogate": b"a\xed\xa0\x80", "beyond": b"a\xf4\x90\x80\x80", "cut": TEXT[:-1], "alone": b"\x80"}.items():
        write("UTF8", name, CUTS + b"\x03" + text)

    def proxied(command, family, rest):
        return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", command, family, len(rest)) + rest

    ipv4 = bytes((192, 0, 2, 1, 192, 0, 2, 2)) + struct.pack(">HH", 4711, 443)
    tls = b"\x20\0\x05\1\0\0\0\0"
    headers = {
        "tcp4": b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\nGET / HTTP/1.1\r\n",
        "tcp6": b"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.2 4711 443\r\n",
        "unknown": b"PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n",
        "local": proxied(0x20, 0, b"") + b"GET /",
        "binary4": proxied(0x21, 0x11, ipv4 + tls),
        "binary6": proxied(0x21, 0x21, bytes(32) + b"\0\1\0\2" + b"\4\0\2xx"),
        "unix": proxied(0x21, 0x31, bytes(216)),
        "checksum": proxied(0x21, 0x11, bytes((127, 0, 0, 1, 127, 0, 0, 1)) + struct.pack(">HH", 38134, 50281) + b"\3\0\4\x3c\x20\x25\xde\5\0\2--"),
    }
    for name, data in headers.items():
        write("ProxyHeader", name, data)
    fields = {
        "standard": b"\0for=192.0.2.43;proto=https;host=\"a:80\", for=\"[2001:db8::1]:4711\"\nfor=10.0.0.1;by=_x",
        "open": b"\0for=\"6.6.6.6, for=192.0.2.43",
        "others": b"\xe5192.0.2.43, 10.0.0.1\n2001:db8::1\nhttps, http\nexample.com:81",
    }
    for name, data in fields.items():
        write("Forwarded", name, data)
    for i, text in enumerate(("192.0.2.43:47011", "[2001:db8::17]:4711", "1:2:3:4:5:6:1.2.3.4", "::ffff:10.0.0.0/104", "10.0.0.0/8", "unix:", "unknown:_p", "1::8")):
        write("Network", f"text-{i}", text.encode())
    schema = os.path.join(HERE, "../../../Messaging/schema/Message.fbs")
    messages = {
        "connect": {"opcode": 1, "id": 1, "token": "a.b.c", "text": "Anna"},
        "publish": {"opcode": 14, "id": 2, "channel": "chat", "payload": list(b"hello"), "transaction": "x"},
        "subscribe": {"opcode": 10, "id": 3, "channel": "chat", "epoch": 1 << 60, "offset": 7, "flags": 1},
        "items": {"opcode": 21, "items": [{"payload": list(b"x"), "offset": 1, "items": [{"items": [{}]}]}, {"sender": "b", "count": 1 << 63}]},
        "trace": {"opcode": 200, "trace": {"trace_high": 1, "trace_low": 2, "span": 3, "parent": 4}, "timestamp": -1},
    }
    for name, message in messages.items():
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "m.json"), "w") as file:
                json.dump(message, file)
            subprocess.run(["flatc", "--binary", "-o", folder, schema, os.path.join(folder, "m.json")], check=True)
            with open(os.path.join(folder, "m.bin"), "rb") as file:
                write("MessageFormat", name, b"\0" + file.read())
    write("MessageFormat", "json", b'\1{"opcode":"publish","id":1,"channel":"chat","payload64":"AP8=","epoch":"18446744073709551615","items":[{"text":"\\u00e4"}],'
          b'"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}')

    # What MessageServiceFuzz.cpp makes a message of: opcode, id, fields, and a value for each of these.
    ask = lambda opcode, fields=0, values=b"", client=0, id=1: bytes([6 | client, opcode, id]) + fields.to_bytes(2, "little") + values
    steps = {
        "channels": ask(10, 1, b"\1") + ask(10, 1, b"\4", 1) + ask(14, 19, b"\1\3\x19", 1) + ask(20, 1, b"\1") + ask(22, 1, b"\4") + ask(24, 1, b"\4") + ask(12, 1, b"\1") + b"\4\x20",
        "recovery": ask(10, 1, b"\1") + 6*ask(14, 17, b"\1\x19", 1) + ask(12, 1, b"\1") + ask(10, 0x381, b"\1\1\1\3") + ask(20, 0xb81, b"\1\1\1\2\2"),
        "lagging": ask(10, 1, b"\1") + ask(10, 1, b"\0") + b"\0" + 6*(ask(14, 17, b"\1\x19", 1) + ask(14, 17, b"\0\x19", 1)) + b"\2" + b"\4\x02",
        "messages": ask(17, 20, b"\0\3") + ask(17, 0x94, b"\0\3\x10") + b"\4\1" + ask(18, 16, b"\3") + ask(19, 2, b"\2\1") + ask(7, 0x424, b"\0\3\1"),
        "others": ask(1) + ask(3) + ask(6, 64, b"\3") + ask(8) + ask(30, 36, b"\0\3") + ask(31) + ask(32, 0x820, b"\5\5") + ask(200, 16, b"\3") + ask(201) + ask(202) + ask(39, 0x8000, b"\2" + 2*ask(9)[1:]),
    }
    for name, data in steps.items():
        for kind in (2, 3):
            write("MessageService", f"{name}-{kind}", bytes([kind]) + data)

    publication = b"\x01\xac\x02\x04data\x01t\x06sender\x01\x02\x03\x04"
    frames = bytes([len(publication)]) + publication + b"\x0a\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00"
    events = {
        "history": b"P1700000000123 42 1700000000123\n" + frames,
        "ephemeral": b"P0 0 1700000000123\n" + frames,
        "joined": b"J\x08\x02id\x04info",
        "left": b"Lid",
        "control": b"C\x1a\x01\x01\x04user\x04data\x00\x00\x00\x00\x00\x07\x03\xe8\x07\x06reason",
    }
    for name, event in events.items():
        write("NodeFormat", name, event)


main()
