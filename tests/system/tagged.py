# SPDX-License-Identifier: BSD-3-Clause
"""usage: tagged.py VLAN CALLS

A callee on 198.18.0.1:5060 that lives in VLAN of the wire rs-peer and needs no VLAN device: it reads and writes whole frames.
It answers ARP and calls in its VLAN as uas does. Before each answer it says 486 untagged and in the next VLAN: a port that
listened there would lose the call. What arrives outside its VLAN is counted and gets no answer. It ends when it has
answered CALLS BYEs, or has heard nothing for 15 s, and prints {"byes": n, "arps": n, "outside": n, "decoys": n}.
"""

import json
import socket
import struct
import sys

from hostile import HERE, answer, checksum, header

ARP, IPV4, TAG = 0x0806, 0x0800, 0x8100
# linux/if_packet.h
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, ETH_P_ALL = 263, 8, 4, 3
TP_STATUS_VLAN_VALID = 1 << 4
AUXDATA = struct.Struct("=IIIHHHH")
PORT = struct.pack("!H", HERE[1])


class Wire:
    """The interface, frame by frame. The kernel takes a tag off before it shows a frame, and tells it beside the frame."""

    def __init__(self, interface):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.bind((interface, ETH_P_ALL))
        self.sock.settimeout(15)
        self.mac = self.sock.getsockname()[4]

    def receive(self):
        """(VLAN or None, sender's MAC address, EtherType, what follows it) of the next frame that is not our own."""
        while True:
            frame, beside, _, source = self.sock.recvmsg(65536, 64)
            if source[2] == PACKET_OUTGOING:
                continue
            vlan, at = None, 12
            for level, kind, data in beside:
                if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                    status, *_, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
                    vlan = tci & 0xFFF if status & TP_STATUS_VLAN_VALID else None
            if frame[at:at + 2] == struct.pack("!H", TAG):
                vlan, at = struct.unpack("!H", frame[14:16])[0] & 0xFFF, 16
            return vlan, frame[6:12], struct.unpack("!H", frame[at:at + 2])[0], frame[at + 2:]

    def send(self, vlan, to, kind, payload):
        tag = b"" if vlan is None else struct.pack("!HH", TAG, vlan)
        self.sock.send(to + self.mac + tag + struct.pack("!H", kind) + payload)


def udp_packet(peer, data):
    """An IPv4 packet with both checksums right, from HERE to @peer."""
    addresses = socket.inet_aton(HERE[0]) + socket.inet_aton(peer[0])
    udp = struct.pack("!HHHH", HERE[1], peer[1], 8 + len(data), 0) + data
    pseudo = addresses + struct.pack("!HH", 17, len(udp)) + udp
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + b"\0" * (len(pseudo) % 2)) or 0xFFFF) + udp[8:]
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(udp), 1, 0, 64, 17)
    return start + struct.pack("!H", checksum(start + b"\0\0" + addresses)) + addresses + udp


def sip_request(packet):
    """(text, (address, port) of its sender) of an IPv4 packet that carries SIP for us, or None."""
    start = (packet[0] & 15) * 4
    if packet[9] != 17 or packet[16:20] != socket.inet_aton(HERE[0]) or packet[start + 2:start + 4] != PORT:
        return None
    port, _, length = struct.unpack("!HHH", packet[start:start + 6])
    return packet[start + 8:start + length].decode("latin-1"), (socket.inet_ntoa(packet[12:16]), port)


def main(vlan, calls):
    wire = Wire("rs-peer")
    answered, arps, outside, decoys = set(), 0, 0, 0
    while len(answered) < calls:
        try:
            tag, mac, kind, payload = wire.receive()
        except socket.timeout:
            break
        if tag != vlan:
            outside += 1
        elif kind == ARP and payload[6:8] == b"\0\1" and payload[24:28] == socket.inet_aton(HERE[0]):
            arps += 1
            wire.send(vlan, mac, ARP, payload[:6] + b"\0\2" + wire.mac + payload[24:28] + payload[8:18])
        elif kind == IPV4 and (found := sip_request(payload)):
            request, peer = found
            method = request.split(" ", 1)[0]
            if method == "ACK":
                continue
            for code in (180, 200) if method == "INVITE" else (200,):
                for elsewhere in (None, vlan + 1):
                    wire.send(elsewhere, mac, IPV4, udp_packet(peer, answer(request, 486)))
                    decoys += 1
                wire.send(vlan, mac, IPV4, udp_packet(peer, answer(request, code)))
            if method == "BYE":
                answered.add(header(request, "call-id")[0])
    print(json.dumps({"byes": len(answered), "arps": arps, "outside": outside, "decoys": decoys}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
