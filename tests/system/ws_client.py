#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: ws_client.py ADDRESS PORT < MESSAGE

A client of SIP over WebSocket (RFC 7118) in a few lines: it upgrades, sends what comes on its standard input as one message, and
prints the head of the upgrade's answer and the first message that comes back.
"""

import base64
import os
import socket
import struct
import sys


def frame(payload):
    """A masked text frame (RFC 6455, 5.2)."""
    mask = os.urandom(4)
    return struct.pack("!BBH", 0x81, 0x80 | 126, len(payload)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    s = socket.create_connection((address, port), timeout=10)
    key = base64.b64encode(os.urandom(16)).decode()
    s.sendall((f"GET / HTTP/1.1\r\nHost: {address}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
    print(s.recv(4096).decode())
    s.sendall(frame(sys.stdin.buffer.read()))
    answer = s.recv(8192)
    print(answer[4:].decode())


if __name__ == "__main__":
    main()
