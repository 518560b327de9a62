# SPDX-License-Identifier: BSD-3-Clause
"""usage: hostile.py MODE CALLS

A callee on 198.18.0.1:5060 that answers calls as uas does, and misbehaves as MODE says. It ends when it has answered CALLS
BYEs, or has heard nothing for 15 s, and prints {"byes": n, "sent_bad": n}.

  copies    every response a hundred times
  nonsense  before every answer a volley of what is not SIP, not complete, or not for this call
  frames    the same below UDP: wrong checksums, lengths that lie, frames cut short
"""

import json
import random
import socket
import struct
import sys

HERE = ("198.18.0.1", 5060)


def header(message, name):
    return [line for line in message.split("\r\n") if line.lower().startswith(name + ":")]


def answer(request, code):
    lines = [f"SIP/2.0 {code} Answer", *header(request, "via"), *header(request, "from")]
    to = header(request, "to")[0]
    lines += [to if ";tag=" in to else to + ";tag=peer", *header(request, "call-id"), *header(request, "cseq"),
              f"Contact: <sip:{HERE[0]}:{HERE[1]}>", "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def nonsense(good, strange):
    """Bytes that must be counted and survived. @good: an answer that would be right; @strange: a random.Random."""
    text = good.decode()
    head, _, rest = text.partition("\r\n")
    yield b""
    yield b"\x00" * 40
    yield bytes(strange.randrange(256) for _ in range(strange.randrange(1, 1400)))
    yield good[:strange.randrange(1, len(good) - 4)]
    yield head.encode() + b"\r\n\r\n"
    yield ("SIP/2.0 99999 Far too much\r\n" + rest).encode()
    yield ("SIP/3.0 200 Another version\r\n" + rest).encode()
    yield text.replace("CSeq: ", "CSeq: 99999999999999999999 ").encode()
    yield text.replace("Content-Length: 0", "Content-Length: 100000").encode()
    yield text.replace("Content-Length: 0", "Content-Length: -1").encode()
    yield (head + "\r\n" + "X: y\r\n" * 200 + rest).encode()[:1400]
    yield ("INVITE sip:you@198.18.0.2 SIP/2.0\r\n" + "Via: \r\n" * 50 + "\r\n").encode()
    # Another run's token, a token that is none: one letter of ours changed, in branch and in Call-ID.
    for name in ("branch=z9hG4bK", "Call-ID: "):
        at = text.find(name) + len(name)
        spot = at + strange.randrange(4, 20)
        other = "a" if text[spot] != "a" else "b"
        yield (text[:spot] + other + text[spot + 1:]).encode()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) & ~1]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frames(wire, payload, peer, macs):
    """Ethernet frames with one thing wrong each, from us to @peer; @macs: (ours, the peer's)."""
    def udp(length=None, check=0xBAD1):
        return struct.pack("!HHHH", HERE[1], peer[1], length or 8 + len(payload), check) + payload

    def ip(body, length=None, check=None, version=0x45, fragment=0, protocol=17):
        start = struct.pack("!BBHHHBB", version, 0, length or 20 + len(body), 1, fragment, 64, protocol)
        addresses = socket.inet_aton(HERE[0]) + socket.inet_aton(peer[0])
        right = checksum(start + b"\0\0" + addresses)
        return start + struct.pack("!H", right if check is None else check) + addresses + body

    ethernet = macs[1] + macs[0] + b"\x08\x00"
    for packet in (ip(udp()), ip(udp(), check=0xBAD2), ip(udp(length=4)), ip(udp(length=60000)), ip(udp(), length=10),
                   ip(udp(), length=60000), ip(udp(), version=0x41), ip(udp(), version=0x4F), ip(udp(), version=0x65),
                   ip(udp(), fragment=0x2000), ip(udp(), fragment=0x1FFF), ip(b"\x08\x00"[:2], protocol=1),
                   ip(udp())[:12], b"\x45"):
        wire.send(ethernet + packet)
        yield


def neighbour(address):
    """The MAC address that the kernel knows for @address."""
    with open("/proc/net/arp") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            if fields[0] == address:
                return bytes.fromhex(fields[3].replace(":", ""))
    return None


def main(mode, calls):
    strange = random.Random(7)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(HERE)
    sock.settimeout(15)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("rs-peer", 0))
    ours = wire.getsockname()[4]
    answered, sent_bad = set(), 0
    while len(answered) < calls:
        try:
            data, peer = sock.recvfrom(65536)
        except socket.timeout:
            break
        request = data.decode("latin-1")
        method = request.split(" ", 1)[0]
        if method == "ACK":
            continue
        for code in (180, 200) if method == "INVITE" else (200,):
            good = answer(request, code)
            if mode == "nonsense":
                for bad in nonsense(good, strange):
                    sock.sendto(bad, peer)
                    sent_bad += 1
            elif mode == "frames":
                mac = neighbour(peer[0])
                if mac:
                    sent_bad += sum(1 for _ in frames(wire, good, peer, (ours, mac)))
            for _ in range(100 if mode == "copies" else 1):
                sock.sendto(good, peer)
        if method == "BYE":
            answered.add(header(request, "call-id")[0])
    print(json.dumps({"byes": len(answered), "sent_bad": sent_bad}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
