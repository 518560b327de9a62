# SPDX-License-Identifier: BSD-3-Clause
"""usage: hostile_streams.py ADDRESS MAC [HOLD]

Peers of every wrong kind at ADDRESS, whose ports are 5060 (TCP), 5061 (TLS) and 5080 (WebSocket), from the interface rs-peer. Those that
say something wrong must be closed; those that are slow are held for HOLD seconds (0: closed at once). Prints, as JSON, by kind how many
there were and how many were closed by the other side in time.
"""

import json
import random
import socket
import struct
import sys
import time

TCP, TLS, WS = 5060, 5061, 5080
REQUEST = ("OPTIONS sip:x@198.18.0.2 SIP/2.0\r\nVia: SIP/2.0/TCP 198.18.0.1;branch=z9hG4bK{n}\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:x@x>\r\n"
           "Call-ID: {n}@x\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n")
UPGRADE = (b"GET / HTTP/1.1\r\nHost: 198.18.0.2\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n")
# A ClientHello's first half: a handshake that has begun well and stalls.
HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"r" * 32 + b"\x00\x00\x02\x13\x01"


def with_length(*lines):
    return (REQUEST.format(n=7) + "".join(f"Content-Length: {line}\r\n" for line in lines) + "\r\n").encode()


def wrong(strange):
    """{kind: (port, what is said)}: each of it ends its connection."""
    return {
        "noise": (TCP, b"".join(strange.randbytes(60) + b"\r\n\r\n" for _ in range(20))),
        "http": (TCP, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"),
        "tls_on_tcp": (TCP, HELLO + b"\r\n\r\n" * 2),
        "length_negative": (TCP, with_length("-1")),
        "length_word": (TCP, with_length("many")),
        "length_two": (TCP, with_length("5", "6")),
        "length_overflow": (TCP, with_length("4294967297")),
        "length_huge": (TCP, with_length("100000000")),
        "length_none": (TCP, with_length()),
        "headers_endless": (TCP, REQUEST.format(n=8).encode() + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 20000),
        "header_endless": (TCP, REQUEST.format(n=9).encode() + b"X: " + b"y" * 800000),
        "tls_noise": (TLS, strange.randbytes(500)),
        "tls_sip": (TLS, with_length("0")),
        "tls_alert": (TLS, b"\x15\x03\x03\x00\x02\x02\x28"),
        "tls_hello_of_nothing": (TLS, b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"),
        "tls_record_huge": (TLS, b"\x16\x03\x01\xff\xff" + b"z" * 70000),
        "ws_no_http": (WS, with_length("0")),
        "ws_other_path": (WS, UPGRADE.replace(b"GET / ", b"GET /other ")),
        "ws_head_endless": (WS, b"GET / HTTP/1.1\r\n" + b"X: yyyyyyyyyyyyyyyyyyyy\r\n" * 20000),
        "ws_unmasked": (WS, UPGRADE + b"\x81\x05hello"),
        "ws_reserved": (WS, UPGRADE + b"\xf1\x85\0\0\0\0hello"),
        "ws_huge": (WS, UPGRADE + b"\x81\xff" + struct.pack("!QI", 1 << 40, 0) + b"z" * 1000),
        "ws_fragments_endless": (WS, UPGRADE + b"\x01\x80\0\0\0\0" + (b"\x00\xfe\x03\xe8\0\0\0\0" + b"z" * 1000) * 200),
        "ws_control_long": (WS, UPGRADE + b"\x89\xfe\x03\xe8\0\0\0\0" + b"z" * 1000),
    }


SLOW = {
    "slow_tcp": (TCP, REQUEST.format(n=1).encode()),
    "slow_body": (TCP, with_length("500") + b"abc"),
    "stalled_tls": (TLS, HELLO),
    "silent_tls": (TLS, b""),
    "slow_ws": (WS, UPGRADE[:60]),
}


def connect(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect((address, port))
    return s


def is_closed(s):
    """The other side has ended the connection, in order or not."""
    try:
        while s.recv(65536):
            pass
    except socket.timeout:
        return False
    except OSError:
        pass
    return True


def say_wrong(address, port, what):
    s = connect(address, port)
    try:
        s.sendall(what)
    except (BrokenPipeError, ConnectionResetError):
        pass
    closed = is_closed(s)
    s.close()
    return closed


def churn(address, times):
    """Opened and closed at once: in order and by RST, of each a half."""
    for number in range(times):
        s = connect(address, (TCP, TLS, WS)[number % 3])
        if number % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    return times


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(source, target, ports, seq, flags, ack=0):
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(addresses + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)) + tcp[18:]
    head = struct.pack("!BBHHHBB", 0x45, 0, 40, 1, 0, 64, 6)
    return b"\x08\x00" + head + struct.pack("!H", checksum(head + b"\0\0" + addresses)) + addresses + tcp


def flood(address, mac, segments, strange):
    """SYNs of nobody and of ports of this host, RSTs and ACKs for connections that there are and that there are not."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("rs-peer", 0))
    ethernet = bytes.fromhex(mac.replace(":", "")) + wire.getsockname()[4]
    sent = 0
    for number in range(segments):
        source = "198.18.0.1" if number % 4 else f"198.18.{strange.randrange(8, 15)}.{strange.randrange(1, 255)}"
        port = (TCP, TLS, WS)[number % 3]
        seq = strange.randrange(1 << 32)
        if number % 2:
            one = segment(source, address, (strange.randrange(1024, 32000), port), seq, 0x02)
        else: # SIPp's, and other connections' from the kernel's range
            own = 5060 if number % 8 == 0 else strange.randrange(32768, 61000)
            one = segment("198.18.0.1", address, (own, port), seq, strange.choice((0x04, 0x14, 0x10, 0x12, 0x11, 0x3f, 0x00)), seq)
        try:
            wire.send(ethernet + one)
            sent += 1
        except OSError:
            pass
        if number % 100 == 99:
            time.sleep(0.005)
    return sent


def main(address, mac, hold=0.0):
    strange = random.Random(11)
    slow = {kind: [connect(address, port) for _ in range(30)] for kind, (port, what) in SLOW.items()}
    for kind, peers in slow.items():
        for peer in peers:
            peer.sendall(SLOW[kind][1])
    begun = time.monotonic()
    counts = {}
    for kind, (port, what) in wrong(strange).items():
        closed = [say_wrong(address, port, what) for _ in range(5)]
        counts[kind] = [len(closed), sum(closed)]
    counts["churn"] = churn(address, 1500)
    counts["flood"] = flood(address, mac, 15000, strange)
    if hold:
        time.sleep(max(0, begun + hold - time.monotonic()))
    for kind, peers in slow.items():
        for peer in peers:
            peer.settimeout(1)
        counts[kind] = [len(peers), sum(is_closed(peer) for peer in peers) if hold else 0]
        for peer in peers:
            peer.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
