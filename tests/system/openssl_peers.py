# SPDX-License-Identifier: BSD-3-Clause
"""openssl s_server and s_client as SIP peers: they carry bytes, what is said is said here."""

import os
import re
import subprocess
import threading
import time

from lab import IP4_OURS, IP4_PEER

_END = b"\r\n\r\n"
_REQUEST = re.compile(rb"(?:OPTIONS|MESSAGE) sip:(?:[^\r\n]+\r\n)+?Content-Length: *(?P<length>\d+)\r\n(?:[^\r\n]+\r\n)*\r\n")


def options(number, transport="TLS"):
    """A request for us."""
    return (f"OPTIONS sip:service@{IP4_OURS} SIP/2.0\r\nVia: SIP/2.0/{transport} {IP4_PEER}:40000;branch=z9hG4bK{number}\r\n"
            f"From: <sip:a@{IP4_PEER}>;tag=1\r\nTo: <sip:service@{IP4_OURS}>\r\nCall-ID: {number}@{IP4_PEER}\r\n"
            f"CSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()


def answer(request):
    """200 for a request."""
    request = request.partition(_END)[0]
    kept = [line for line in request.split(b"\r\n") if line.split(b":")[0] in (b"Via", b"From", b"Call-ID", b"CSeq")]
    to = next(line for line in request.split(b"\r\n") if line.startswith(b"To:"))
    return b"\r\n".join([b"SIP/2.0 200 OK", *kept, to + b";tag=openssl", b"Content-Length: 0"]) + _END


class _Openssl:
    """A process of openssl in the peer's namespace, whose output is read as it comes."""

    def __init__(self, lab, *args):
        env = {**os.environ, "OPENSSL_CONF": "/dev/null"}
        self.process = subprocess.Popen(["ip", "netns", "exec", lab.peer, "openssl", *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        self.said = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                return
            self.said += part
            self.heard()

    def heard(self):
        """More has come."""

    def say(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it has ended: what it said before tells why

    def wait_for(self, pattern, timeout_s=10):
        """@return the match of @pattern in what it has said; None when that does not come"""
        end = time.monotonic() + timeout_s
        while True:
            found = re.search(pattern, self.said, re.S)
            if found or time.monotonic() > end or (self.process.poll() is not None and not self.reader.is_alive()):
                return found
            time.sleep(0.02)

    def end(self):
        """End it. @return all that it said"""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.reader.join(5)
        return self.said.decode(errors="replace")


class Server(_Openssl):
    """
    s_server on a port: answers every request, one connection after the other.

    @param before  said ahead of the first answer: K\\n and k\\n are commands
    """

    def __init__(self, lab, port, *args, certificate="server", before=b""):
        self.answered, self.at, self.before = 0, 0, before
        certs = lab.path("certs")
        super().__init__(lab, "s_server", "-accept", f"{IP4_PEER}:{port}", "-cert", f"{certs}/{certificate}.pem",
                         "-key", f"{certs}/{certificate}.key", "-CAfile", f"{certs}/ca.pem", *args)
        assert self.wait_for(rb"ACCEPT"), self.said

    def heard(self):
        while True:
            found = _REQUEST.search(self.said, self.at)
            if not found or len(self.said) < found.end() + int(found["length"]):
                return
            end = found.end() + int(found["length"])
            if self.before and self.answered == 0:
                self.say(self.before)
                time.sleep(0.2)  # a command is one read of its own
            self.at = end
            self.answered += 1
            self.say(answer(self.said[found.start():end]))


class Client(_Openssl):
    """s_client towards a port of ours."""

    def __init__(self, lab, port, *args):
        super().__init__(lab, "s_client", "-connect", f"{IP4_OURS}:{port}", "-CAfile", f"{lab.path('certs')}/ca.pem", *args)

    def ask(self, number=1, timeout_s=10):
        """@return the answer to an OPTIONS; None when there is none"""
        self.say(options(number))
        found = self.wait_for(rb"SIP/2\.0 \d+ [^\r]*\r\n(?:[^\r]+\r\n)*?CSeq: %d OPTIONS\r\n(?:[^\r]+\r\n)*\r\n" % number, timeout_s)
        return found and found.group(0)
