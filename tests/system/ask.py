# SPDX-License-Identifier: BSD-3-Clause
"""usage: ask.py LOCAL REMOTE LENGTH...

An OPTIONS out of any call for each LENGTH, with a Call-ID of so many bytes: of what it is asked with so much comes back. Each line it
prints is the status and the length of an answer, or "nothing".
"""

import socket
import sys


def question(local, remote, number, length):
    local, remote = (f"[{host}]" if ":" in host else host for host in (local, remote))
    return (f"OPTIONS sip:anyone@{remote} SIP/2.0\r\nVia: SIP/2.0/UDP {local}:5060;branch=z9hG4bKask{number}\r\n"
            f"From: <sip:asker@{local}>;tag=1\r\nTo: <sip:anyone@{remote}>\r\nCall-ID: {'c' * length}\r\n"
            f"CSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()


def main(local, remote, lengths):
    wire = socket.socket(socket.AF_INET6 if ":" in local else socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((local, 5060))
    wire.settimeout(2)
    for number, length in enumerate(lengths, 1):
        wire.sendto(question(local, remote, number, length), (remote, 5060))
        try:
            answer = wire.recv(65535)
        except socket.timeout:
            print("nothing")
            continue
        assert f"Call-ID: {'c' * length}\r\n".encode() in answer
        print(answer.split()[1].decode(), len(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [int(length) for length in sys.argv[3:]])
