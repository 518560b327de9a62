# SPDX-License-Identifier: BSD-3-Clause
"""usage: misleading.py [PORT REGISTRAR_PORT]

A peer on 198.18.0.1 that misleads those who call it, and a registrar beside it that is honest. It runs until it is ended, and
prints what it has done so far as JSON, a line a second: {"trick": calls, ..., "registered": n, "challenged": n}.

Each call to PORT gets one of the TRICKS, by the order in which calls come. The registrar asks for digest credentials (it does
not verify them) with a nonce that it lets expire now and then, and grants 4 s.
"""

import collections
import json
import re
import socket
import sys
import time

from hostile import HERE, header

TRICKS = ("unknown algorithm", "broken challenge", "expired nonce", "contact nobody can reach", "contact elsewhere", "fifty routes",
          "seventy routes", "changing tags", "responses to nothing", "silent PRACK", "growing Min-SE", "strict routes")


def value(message, name):
    lines = header(message, name)
    return lines[0].split(":", 1)[1].strip() if lines else ""


def respond(request, code, more=(), tag="peer", contact=None, **changed):
    lines = [f"SIP/2.0 {code} Answer"]
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        text = changed.get(name.replace("-", ""), value(request, name.lower()))
        if name == "To" and ";tag=" not in text and code > 100:
            text += f";tag={tag}"
        lines.append(f"{name}: {text}")
    lines += [f"Contact: <sip:{contact or '%s:%d' % (HERE[0], PORT)}>", *more, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def demand(request, method, number, tag="peer", from_tag=None):
    """A request within the call that @request began: ours, or with a tag that is not its dialog's."""
    to = value(request, "from")
    sender = value(request, "to").split(";tag=")[0] + f";tag={from_tag or tag}"
    return (f"{method} sip:you SIP/2.0\r\nVia: SIP/2.0/UDP {HERE[0]}:{PORT};branch=z9hG4bK{time.monotonic_ns()}\r\nFrom: {sender}\r\n"
            f"To: {to}\r\nCall-ID: {value(request, 'call-id')}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n").encode()


def routes(n):
    return ["Record-Route: " + ", ".join(f"<sip:{HERE[0]}:{PORT};lr;n={i}>" for i in range(k, min(k + 10, n))) for k in range(0, n, 10)]


def mislead(trick, invite, times):
    """What an INVITE is answered with; @times: how often this call has sent one."""
    if trick == "unknown algorithm":
        return [respond(invite, 407, ['Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=FOO-512'])]
    if trick == "broken challenge":
        return [respond(invite, 401, ['WWW-Authenticate: Digest realm="r, nonce=n", =, "'])]
    if trick == "expired nonce":
        return [respond(invite, 401, [f'WWW-Authenticate: Digest realm="r", nonce="n{times}", stale=true, qop="auth"'])]
    if trick == "contact nobody can reach":
        return [respond(invite, 200, contact="198.18.0.77:5060")]
    if trick == "contact elsewhere":
        return [respond(invite, 180, contact="198.51.100.7:5060"), respond(invite, 200, contact="198.51.100.7:5060")]
    if trick == "fifty routes":
        return [respond(invite, 200, routes(50))]
    if trick == "seventy routes":
        return [respond(invite, 200, routes(70))]
    if trick == "changing tags":
        return [respond(invite, 180, tag="a"), respond(invite, 180, tag="b"), respond(invite, 200, tag="b"), respond(invite, 200, tag="c"),
                respond(invite, 200, tag="d"), demand(invite, "BYE", 7, tag="x"), demand(invite, "BYE", 8, tag="y")]
    if trick == "responses to nothing":
        branch = re.search(r"branch=([^;\s]+)", value(invite, "via")).group(1)
        other = value(invite, "via").replace(branch, branch[:-1] + "98765")
        return [respond(invite, 200, CSeq="77 INVITE"), respond(invite, 486, CSeq="1 BYE"), respond(invite, 200, Via=other),
                respond(invite, 200)]
    if trick == "silent PRACK":
        return [respond(invite, 183, ["Require: 100rel", "RSeq: 5"]), respond(invite, 183, ["Require: 100rel", "RSeq: 9"]),
                respond(invite, 486)]
    if trick == "growing Min-SE":
        return [respond(invite, 422, [f"Min-SE: {200 * (times + 1)}"])]
    return [respond(invite, 200, [f"Record-Route: <sip:{HERE[0]}:{PORT}>", "Record-Route: <sip:192.0.2.1>"])]


class Peer:
    def __init__(self):
        self.done = collections.Counter()
        self.tricks = {}
        self.times = collections.Counter()

    def call(self, request):
        method, call_id = request.split(" ", 1)[0], value(request, "call-id")
        if method == "INVITE":
            if call_id not in self.tricks:
                self.tricks[call_id] = TRICKS[len(self.tricks) % len(TRICKS)]
                self.done[self.tricks[call_id]] += 1
            self.times[call_id] += 1
            return mislead(self.tricks[call_id], request, self.times[call_id])
        if method == "ACK" or (method == "PRACK" and self.tricks.get(call_id) == "silent PRACK"):
            return []
        return [respond(request, 200)]

    def register(self, request):
        credentials = value(request, "authorization")
        self.done["registers"] += 1
        if 'nonce="n%d"' % (self.done["registered"] // 97) not in credentials:
            self.done["challenged"] += 1
            return [respond(request, 401, ['WWW-Authenticate: Digest realm="r", nonce="n%d", qop="auth"%s' %
                                           (self.done["registered"] // 97, ", stale=true" if credentials else "")])]
        self.done["registered"] += 1
        return [respond(request, 200, ["Expires: 4"])]


def main():
    peer = Peer()
    calls, registrar = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for sock, port, answer in ((calls, PORT, peer.call), (registrar, REGISTRAR, peer.register)):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.bind((HERE[0], port))
        sock.setblocking(False)
    told = 0
    while True:
        idle = True
        for sock, answer in ((calls, peer.call), (registrar, peer.register)):
            try:
                data, sender = sock.recvfrom(65536)
            except BlockingIOError:
                continue
            except OSError: # what ICMP says of a destination of ours
                continue
            idle = False
            request = data.decode("latin-1")
            if request.startswith("SIP/2.0") or not value(request, "cseq"):
                continue
            for message in answer(request):
                try:
                    sock.sendto(message, sender)
                except OSError:
                    pass
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            print(json.dumps(peer.done), flush=True)
        if idle:
            time.sleep(0.001)


PORT, REGISTRAR = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (5070, 5080)

if __name__ == "__main__":
    main()
