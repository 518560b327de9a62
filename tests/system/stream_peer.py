# SPDX-License-Identifier: BSD-3-Clause
"""usage: stream_peer.py cut ADDRESS PORT | keep PORT PINGS | alias ADDRESS PORT REQUESTS

A peer that says what it says in pieces of its own choosing. It prints what it heard, as JSON.

  cut   OPTIONS to ADDRESS:PORT a byte at a time, three and a half in one segment, with bodies, between keep-alives
  keep  takes two connections; answers PINGS keep-alives on the first, none on the other; until both are over or the first has had its own
  alias OPTIONS to ADDRESS:PORT whose Via asks that requests to port 5060 come back on the connection; answers REQUESTS of them
"""

import json
import re
import select
import socket
import sys
import time


def options(number, body=""):
    return (f"OPTIONS sip:x@198.18.0.2 SIP/2.0\r\nVia: SIP/2.0/TCP 198.18.0.1:40000;branch=z9hG4bK{number};rport\r\nFrom: <sip:a@x>;tag=1\r\n"
            f"To: <sip:x@x>\r\nCall-ID: {number}@x\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nl: {len(body)}\r\n\r\n{body}").encode()


def hear(s, wanted, timeout_s=5):
    """What comes until `wanted` says that it is all, or the time is over."""
    heard, end = b"", time.monotonic() + timeout_s
    while not wanted(heard) and time.monotonic() < end:
        if not select.select([s], [], [], 0.1)[0]:
            continue
        part = s.recv(65536)
        if not part:
            break
        heard += part
    return heard


def numbers(heard):
    """CSeq numbers of the 200s among it, in order."""
    return [int(n) for n in re.findall(rb"SIP/2\.0 200 [^\r]*\r\n(?:[^\r]+\r\n)*?CSeq: (\d+) OPTIONS\r\n", heard)]


def cut(address, port):
    s = socket.create_connection((address, int(port)), 5)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    told = {}
    for byte in options(1, "a body\r\n\r\nOPTIONS sip:y SIP/2.0\r\n\r\n"):
        s.sendall(bytes([byte]))
        time.sleep(0.0005)
    told["bytewise"] = numbers(hear(s, lambda h: numbers(h) == [1]))
    last = options(5, "hello")
    s.sendall(options(2) + options(3, "x" * 700) + options(4) + last[:-3])
    told["three"] = numbers(hear(s, lambda h: len(numbers(h)) > 3, 1))
    s.sendall(last[-3:] + options(6))
    told["rest"] = numbers(hear(s, lambda h: len(numbers(h)) == 2))
    s.sendall(b"\r\n\r\n")
    told["pong"] = hear(s, lambda h: len(h) >= 2).decode()
    s.sendall(b"\r\n\r")
    told["half"] = hear(s, lambda h: h, 0.5).decode()
    s.sendall(b"\n" + options(7) + b"\r\n\r\n" + options(8))
    heard = hear(s, lambda h: len(numbers(h)) == 2 and h.count(b"\r\n\r\n\r\n") >= 1, 3)
    told["between"] = numbers(heard)
    told["between_pongs"] = heard[:2].decode(), len(re.findall(rb"\r\n\r\n\r\n", heard))
    s.sendall(options(9, "y" * 40000))
    told["long"] = numbers(hear(s, lambda h: numbers(h) == [9]))
    return told


def keep(port, pings):
    listener = socket.create_server(("198.18.0.1", int(port)))
    print("listening", flush=True)
    first, other = listener.accept()[0], listener.accept()[0]
    told = {"pings": 0, "other": b"", "closed": None}
    end = time.monotonic() + 60
    began = time.monotonic()
    while time.monotonic() < end and (told["pings"] < int(pings) or told["closed"] is None):
        for s in select.select([first] if told["closed"] is not None else [first, other], [], [], 1)[0]:
            try:
                part = s.recv(65536)
            except ConnectionResetError:
                part = b""
            if s is other and not part:
                told["closed"] = time.monotonic() - began
            elif s is other:
                told["other"] += part
            elif not part:
                return told
            else:
                told["pings"] += part.count(b"\r\n\r\n")
                told["exact"] = part == b"\r\n\r\n" and told.get("exact", True)
                s.sendall(b"\r\n")
    told["other"] = told["other"].decode()
    return told


def alias(address, port, wanted):
    """RFC 5923: what is for the sent-by comes here."""
    s = socket.create_connection((address, int(port)), 5)
    s.sendall(options(1).replace(b":40000;", b":5060;alias;"))
    told = {"requests": 0, "alias": 0}
    if numbers(hear(s, lambda h: numbers(h) == [1])) != [1]:
        return told
    print("asked", flush=True)
    heard, end = b"", time.monotonic() + 20
    while told["requests"] < int(wanted) and time.monotonic() < end:
        heard += hear(s, lambda h: b"\r\n\r\n" in h)
        while b"\r\n\r\n" in heard:
            request, _, heard = heard.partition(b"\r\n\r\n")
            lines = [line for line in request.split(b"\r\n") if re.match(rb"(Via|From|To|Call-ID|CSeq):", line)]
            told["requests"] += 1
            told["alias"] += b";alias" in next(line for line in lines if line.startswith(b"Via:"))
            s.sendall(b"\r\n".join([b"SIP/2.0 200 OK", *lines, b"Content-Length: 0\r\n\r\n"]))
    hear(s, lambda h: False, 0.5)
    return told


if __name__ == "__main__":
    print(json.dumps({"cut": cut, "keep": keep, "alias": alias}[sys.argv[1]](*sys.argv[2:])))
