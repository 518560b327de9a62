# SPDX-License-Identifier: BSD-3-Clause
"""usage: sip_flood.py ADDRESS MAC RATE PORT...

From the interface rs-peer, until it is ended: RATE frames a second to the host with that address, to its PORTs in turn, all of it
what nobody asked for: responses to nothing, challenges with unknown algorithms or broken syntax, requests of dialogs that never
were, noise, ICMP errors about nothing, fragments that never complete. Each line it prints: frames sent so far, their rate.
"""

import base64
import random
import socket
import struct
import sys
import time

from fragment_flood import attacks, checksum, packet4

BATCH = 50
US = "198.18.0.1"
SOURCES = (US, "198.18.0.9", "198.18.3.3") # the last is no target: what it gets is refused


def text(start, strange, more=(), to_tag=True, method="INVITE"):
    token = base64.b32encode(strange.randbytes(16)).decode().lower()[:26]
    lines = [start, f"Via: SIP/2.0/UDP {US}:9999;branch=z9hG4bK{token}-{strange.randrange(9)}", f"From: <sip:a@x>;tag={token}",
             "To: <sip:b@x>" + (f";tag={token[::-1]}" if to_tag else ""), f"Call-ID: {token}@x", f"CSeq: {strange.randrange(99)} {method}",
             f"Contact: <sip:a@{US}:9999>", *more, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def messages(strange):
    """One of each kind."""
    many = ["Record-Route: " + ", ".join(f"<sip:198.18.0.{i};lr>" for i in range(50))]
    yield text("SIP/2.0 200 OK", strange)
    yield text("SIP/2.0 200 OK", strange, many)
    yield text("SIP/2.0 180 Ringing", strange, ["Require: 100rel", "RSeq: 1"])
    yield text("SIP/2.0 486 Busy", strange)
    yield text("SIP/2.0 401 Who", strange, ['WWW-Authenticate: Digest realm="r", nonce="n", algorithm=FOO'])
    yield text("SIP/2.0 407 Who", strange, ['Proxy-Authenticate: Digest realm="'], method="REGISTER")
    yield text("SIP/2.0 401 Who", strange, ['WWW-Authenticate: Digest realm="r", nonce="old", stale=true'], method="REGISTER")
    yield text("SIP/2.0 200 OK", strange, method="BYE")
    yield text("BYE sip:b@x SIP/2.0", strange, method="BYE")
    yield text("ACK sip:b@x SIP/2.0", strange, method="ACK")
    yield text("INVITE sip:b@x SIP/2.0", strange, many)
    yield text("INVITE sip:b@x SIP/2.0", strange, to_tag=False)
    yield text("CANCEL sip:b@x SIP/2.0", strange, to_tag=False, method="CANCEL")
    yield text("OPTIONS sip:b@x SIP/2.0", strange, ["Require: foo"], to_tag=False, method="OPTIONS")
    yield strange.randbytes(strange.randrange(1, 1200))
    yield text("SIP/2.0 200 OK", strange)[:-strange.randrange(1, 150)]
    yield b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"
    yield b"\r\n\r\n"


def ipv4(source, target, body, protocol=17):
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(body), 1, 0, 64, protocol)
    addresses = source + target
    return b"\x08\x00" + start + struct.pack("!H", checksum(start + b"\0\0" + addresses)) + addresses + body


def udp(port, body):
    return struct.pack("!HHHH", 9999, port, 8 + len(body), 0) + body # no checksum


def unreachable(source, target, port, quoted):
    inside = ipv4(target, source, struct.pack("!HHHH", port, 5060, 8 + len(quoted), 0) + quoted[:500])[2:]
    head = struct.pack("!BBHI", 3, 3, 0, 0)
    data = head + inside + (b"\0" if len(inside) % 2 else b"")
    return head[:2] + struct.pack("!H", checksum(data)) + head[4:] + inside


def frames(mac, ours, target, ports):
    strange = random.Random(5)
    for number in range(400):
        source = socket.inet_aton(SOURCES[number % len(SOURCES)])
        port = ports[number % len(ports)]
        for message in messages(strange):
            yield mac + ours + ipv4(source, target, udp(port, message))
        yield mac + ours + ipv4(source, target, unreachable(source, target, port, text("INVITE sip:b@x SIP/2.0", strange)), 1)
        for piece in attacks(strange):
            yield mac + ours + packet4(source, target, number, *piece)


def main(address, mac, rate, *ports):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("rs-peer", 0))
    made = list(frames(bytes.fromhex(mac.replace(":", "")), wire.getsockname()[4], socket.inet_aton(address), [int(p) for p in ports]))
    begin, sent, told = time.monotonic(), 0, 0
    while True:
        for _ in range(BATCH):
            try:
                wire.send(made[sent % len(made)])
            except (BlockingIOError, OSError):
                pass
            sent += 1
        ahead = begin + sent / int(rate) - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        if sent - told >= int(rate):
            told = sent
            print(sent, round(sent / (time.monotonic() - begin)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
