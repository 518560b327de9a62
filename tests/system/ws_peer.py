#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: ws_peer.py client ADDRESS PORT [CA] | server ADDRESS PORT [CERT KEY]

A peer of SIP over WebSocket whose protocol is Debian's python3-websockets, in order or, where a case wants it so, not. It prints what it
saw of us by case, as JSON. The cases of `server` are the paths that it is asked for; it ends when its standard input does.
"""

import json
import socket
import ssl
import struct
import sys
import threading
import time
from http import HTTPStatus

from websockets.client import ClientConnection
from websockets.connection import State
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import OP_BINARY, OP_CLOSE, OP_CONT, OP_PING, OP_PONG, OP_TEXT, Frame
from websockets.http11 import Request, Response
from websockets.server import ServerConnection
from websockets.uri import parse_uri

CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999)


class Wire:
    """A protocol of python3-websockets and its socket."""

    def __init__(self, sock, protocol, secure):
        self.sock, self.protocol, self.secure = sock, protocol, secure
        self.frames, self.heads, self.over = [], [], False

    def flush(self):
        for data in self.protocol.data_to_send():
            if data:
                self.raw(data)
            elif not self.secure:
                self.sock.shutdown(socket.SHUT_WR)

    def raw(self, data):
        """Bytes as they are, whatever the protocol says to them."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.over = True

    def hear(self, wanted, timeout_s=10):
        """Until wanted(), the end of the connection, or of the time."""
        end = time.monotonic() + timeout_s
        while not wanted() and not self.over and time.monotonic() < end:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.sock.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                break
            except OSError:
                data = b""
            try:
                if data:
                    self.protocol.receive_data(data)
                else:
                    self.over = True
                    self.protocol.receive_eof()
                self.flush()
            except OSError:
                self.over = True
            for event in self.protocol.events_received():
                (self.heads if isinstance(event, (Request, Response)) else self.frames).append(event)
        return wanted()

    def messages(self):
        """First lines and CSeq numbers of the messages that came, each in a frame of its own."""
        return [as_text(f) for f in self.frames if f.opcode in (OP_TEXT, OP_BINARY, OP_CONT)]

    def pongs(self):
        return [f.data for f in self.frames if f.opcode == OP_PONG]

    def closed(self, timeout_s=10):
        """[code of our Close, is the connection over?]"""
        self.hear(lambda: False, timeout_s)
        got = [f.data for f in self.frames if f.opcode == OP_CLOSE]
        return [struct.unpack("!H", got[0][:2])[0] if got and got[0] else 1005 if got else None, self.over]


def as_text(frame):
    text = bytes(frame.data).decode(errors="replace")
    number = text.split("CSeq: ", 1)[-1].split(" ", 1)[0]
    return f"{'text' if frame.opcode == OP_TEXT else frame.opcode.name}{'' if frame.fin else '...'} {text[:11]} {number} {text.count('SIP/2.0 200')}"


def options(number, via="WS", body=b"", uri="sip:x@198.18.0.2"):
    head = (f"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/{via} peer{number}.invalid;branch=z9hG4bKpy{number}\r\nFrom: <sip:a@example.test>;tag=1\r\n"
            f"To: <sip:x@example.test>\r\nCall-ID: {number}-{time.monotonic_ns()}@peer.invalid\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:a@peer{number}.invalid;transport=ws>\r\nContent-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


class AnyFrame(Frame):
    """One that may be wrong."""

    def check(self):
        pass


def frame(opcode, data, fin=True, mask=True, rsv1=False):
    """A frame that the protocol itself would not send here."""
    return AnyFrame(opcode, data, fin, rsv1).serialize(mask=mask, extensions=[])


# --- client ---

class Client:
    def __init__(self, address, port, ca=None):
        self.address, self.port = address, int(port)
        self.context = ssl.create_default_context(cafile=ca) if ca else None
        self.via = "WSS" if ca else "WS"

    def connect(self):
        s = socket.create_connection((self.address, self.port), 5)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(s, server_hostname=self.address) if self.context else s

    def open(self, path="/sip", subprotocols=("sip",), change=None, more=b"", **settings):
        """@return the wire, its answer in heads; @more: frames in the same segment as the upgrade"""
        uri = parse_uri(f"{'wss' if self.context else 'ws'}://{self.address}:{self.port}{path}")
        protocol = ClientConnection(uri, subprotocols=list(subprotocols), **settings)
        request = protocol.connect()
        if change:
            change(request.headers)
        protocol.send_request(request)
        w = Wire(self.connect(), protocol, bool(self.context))
        if more:
            w.raw(b"".join(protocol.data_to_send()) + more)
        else:
            w.flush()
        w.hear(lambda: w.heads)
        return w

    def answered(self, *parts, pause_s=0.0):
        """What comes back when @parts are sent one by one on a new connection, up to a 200 or an end."""
        w = self.open()
        for part in parts:
            w.raw(part)
            time.sleep(pause_s)
        w.hear(lambda: any(f.opcode != OP_PONG for f in w.frames))
        w.hear(lambda: False, 0.05)
        found = w.messages()
        w.protocol.send_close(1000)
        w.flush()
        return found, [p.decode() for p in w.pongs()], w.closed()

    def good(self):
        told = {}
        w = self.open("/sip?one=1&two=%2f", ("chat", "sip"), origin="https://example.test", extensions=[ClientPerMessageDeflateFactory()],
                      change=lambda headers: headers.update({"X-More": "yes", "Cookie": "a=b"}))
        told["upgrade"] = [w.heads[0].status_code, w.protocol.subprotocol, len(w.protocol.extensions), w.protocol.state == State.OPEN]
        w.sock.close()
        one = options(1, self.via)
        told["text"] = self.answered(frame(OP_TEXT, one))
        told["binary"] = self.answered(frame(OP_BINARY, one))
        told["binary, not UTF-8"] = self.answered(frame(OP_BINARY, options(1, self.via, b"\xff\xfe\x80")))
        told["three in a segment"] = self.answered(b"".join(frame(OP_TEXT, options(n, self.via)) for n in (1, 2, 3)))
        told["two in a frame"] = self.answered(frame(OP_TEXT, options(1, self.via) + options(2, self.via)))
        told["bytes"] = self.answered(*(bytes([b]) for b in frame(OP_TEXT, one)), pause_s=0.0002)
        told["fragments"] = self.answered(frame(OP_TEXT, one[:7], False), frame(OP_CONT, one[7:8], False), frame(OP_PING, b"between"),
                                          frame(OP_CONT, b"", False), frame(OP_PONG, b"unasked"), frame(OP_CONT, one[8:200], False),
                                          frame(OP_CONT, one[200:]), pause_s=0.005)
        snow = options(1, self.via, "\u2603 \U0001F600".encode())
        told["fragments of a character"] = self.answered(frame(OP_TEXT, snow[:-3], False), frame(OP_CONT, snow[-3:-2], False), frame(OP_CONT, snow[-2:]))
        told["long"] = self.answered(frame(OP_TEXT, options(1, self.via, b"y" * 60000)))
        told["ping of 125"] = self.answered(frame(OP_PING, b"p" * 125), frame(OP_PING, b""), frame(OP_TEXT, one))
        told["keep-alive of CRLF"] = self.answered(frame(OP_TEXT, b"\r\n\r\n"), frame(OP_TEXT, one))
        w = self.open(more=frame(OP_PING, b"early") + frame(OP_TEXT, one))
        w.hear(w.messages)
        told["with the upgrade"] = [w.messages(), [p.decode() for p in w.pongs()]]
        w.sock.close()
        return told

    def closing(self):
        """Close by us with each code, with none, with a reason; what comes back."""
        told = {}
        for code in CODES:
            w = self.open()
            w.protocol.send_close(code, "over, \u2603")
            w.flush()
            told[str(code)] = w.closed()
        w = self.open()
        w.protocol.send_close()
        w.flush()
        told["none"] = w.closed()
        return told

    def wrong(self):
        """Frames that end the connection, and the code that it ends with."""
        cases = {
            "unmasked": frame(OP_TEXT, b"x", mask=False),
            "RSV1": frame(OP_TEXT, b"x", rsv1=True),
            "deflated": frame(OP_TEXT, PerMessageDeflate(False, False, 15, 15).encode(Frame(OP_TEXT, options(1))).data, rsv1=True),
            "opcode 3": b"\x83\x80\0\0\0\0",
            "opcode 11": b"\x8b\x80\0\0\0\0",
            "continuation of nothing": frame(OP_CONT, b"x"),
            "message in a message": frame(OP_TEXT, b"x", False) + frame(OP_TEXT, b"y"),
            "ping in fragments": b"\x09\x81\0\0\0\0x",
            "ping of 126": b"\x89\xfe\x00\x7e\0\0\0\0" + b"p" * 126,
            "length not least": b"\x81\xfe\x00\x05\0\0\0\0hello",
            "length past 2^63": b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0",
            "close of a byte": b"\x88\x81\0\0\0\0\x03",
            "close with 1005": b"\x88\x82\0\0\0\0\x03\xed",
            "close with 1006": b"\x88\x82\0\0\0\0\x03\xee",
            "close with 999": b"\x88\x82\0\0\0\0\x03\xe7",
            "close with 5000": b"\x88\x82\0\0\0\0\x13\x88",
            "close, not UTF-8": b"\x88\x84\0\0\0\0\x03\xe8\xff\xfe",
            "text, not UTF-8": frame(OP_TEXT, options(1, body=b"\xc3\x28")),
            "text, a surrogate": frame(OP_TEXT, options(1, body=b"\xed\xa0\x80")),
            "text, overlong": frame(OP_TEXT, options(1, body=b"\xc0\xaf")),
            "text, cut in a character": frame(OP_TEXT, options(1, body=b"\xe2\x98"), False) + frame(OP_CONT, b""),
            "65,537 bytes": frame(OP_TEXT, b"x" * 65537),
            "65,537 bytes in fragments": frame(OP_TEXT, b"x" * 65000, False) + frame(OP_CONT, b"x" * 537, False),
        }
        told = {}
        for name, data in cases.items():
            w = self.open()
            w.raw(data)
            told[name] = w.closed()
        return told

    def refused(self):
        """Upgrades that are not granted."""
        def status(*args, **settings):
            w = self.open(*args, **settings)
            w.hear(lambda: False, 10)
            return [w.heads[0].status_code, w.heads[0].headers.get("Sec-WebSocket-Version"), w.heads[0].headers.get("Connection"), w.over]

        def changed(name, value):
            def change(headers):
                del headers[name]
                if value is not None:
                    headers[name] = value
            return status(change=change)
        return {
            "other path": status("/other"), "longer path": status("/sip2"), "shorter path": status("/si"),
            "no subprotocol": changed("Sec-WebSocket-Protocol", None), "another subprotocol": status(subprotocols=("xmpp", "sips")),
            "version 8": changed("Sec-WebSocket-Version", "8"), "no version": changed("Sec-WebSocket-Version", None),
            "no key": changed("Sec-WebSocket-Key", None), "short key": changed("Sec-WebSocket-Key", "AAAA"),
            "no host": changed("Host", None), "no upgrade": changed("Upgrade", None), "no connection": changed("Connection", "keep-alive"),
        }

    def run(self):
        return {"good": self.good(), "closing": self.closing(), "wrong": self.wrong(), "refused": self.refused()}


# --- server ---

STATUSES = ("401", "403", "404", "503", "500", "200", "301", "302")


class Server:
    def __init__(self, address, port, cert=None, key=None):
        self.listener = socket.create_server((address, int(port)), backlog=100)
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
        self.told = {}

    def answer(self, protocol, request, case):
        """The answer to the upgrade, right or wrong as the case says."""
        if case in STATUSES:
            answer = protocol.reject(HTTPStatus(int(case)), "no\n")
            if case[0] == "3":
                answer.headers["Location"] = "ws://198.18.0.1:5999/elsewhere"
            return answer
        answer = protocol.accept(request)
        if case == "accept":
            del answer.headers["Sec-WebSocket-Accept"]
            answer.headers["Sec-WebSocket-Accept"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        elif case == "no-protocol":
            del answer.headers["Sec-WebSocket-Protocol"]
        elif case == "protocol":
            del answer.headers["Sec-WebSocket-Protocol"]
            answer.headers["Sec-WebSocket-Protocol"] = "xmpp"
        elif case == "extension":
            answer.headers["Sec-WebSocket-Extensions"] = "permessage-deflate"
        return answer

    @staticmethod
    def play(w, case, told):
        """What is said on an open connection. Frames of a server are not masked."""
        one = options(1, "WSS" if w.secure else "WS", uri="sip:s00000@198.18.0.2")
        if case.startswith("close-"):
            w.protocol.send_close(int(case[6:]) if case[6:] != "none" else None)
            w.flush()
        elif case == "masked":
            w.raw(frame(OP_TEXT, one, mask=True))
        elif case == "deflated":
            w.raw(frame(OP_TEXT, one, mask=False, rsv1=True))
        elif case == "not-utf-8":
            w.raw(frame(OP_TEXT, one + b"\xff", mask=False))
        elif case == "too-big":
            w.raw(frame(OP_TEXT, b"x" * 70000, mask=False))
        elif case == "asks":
            w.raw(frame(OP_TEXT, one[:50], False, mask=False))
            w.raw(frame(OP_PING, b"between", mask=False))
            w.raw(frame(OP_CONT, one[50:], mask=False))
            w.hear(w.messages, 5)
            told["messages"], told["pongs"] = w.messages(), [p.decode() for p in w.pongs()]
            w.protocol.send_close(1001)
            w.flush()
        elif case == "pings":
            w.hear(lambda: sum(f.opcode == OP_PING for f in w.frames) >= 2, 6)
            told["pings"] = sum(f.opcode == OP_PING for f in w.frames)
            w.protocol.send_close(1000)
            w.flush()
        elif case == "registrar":
            seen = 0
            while w.hear(lambda: len(w.messages()) > seen, 20):
                request = bytes(w.frames[-1].data).decode()
                seen = len(w.messages())
                told.setdefault("register", request)
                kept = [line for line in request.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Expires")]
                kept = [line + ";tag=r" if line.startswith("To:") else line for line in kept]
                w.protocol.send_text("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode())
                w.flush()

    def serve(self, sock):
        try:
            sock.settimeout(5)
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            protocol = ServerConnection(subprotocols=["sip"])
            w = Wire(sock, protocol, bool(self.context))
            w.hear(lambda: w.heads)
            request = w.heads[0]
            case = request.path.lstrip("/").split("?")[0]
            told = self.told[case] = {"path": request.path, "headers": sorted((n, v) for n, v in request.headers.raw_items())}
            protocol.send_response(self.answer(protocol, request, case))
            w.flush()
            if protocol.state == State.OPEN:
                self.play(w, case, told)
            told["closed"] = w.closed()
            sock.close()
        except (OSError, IndexError) as wrong:
            self.told.setdefault("wrong", []).append(repr(wrong))

    def run(self):
        print("listening", flush=True)
        threads = []

        def accept():
            while True:
                try:
                    thread = threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True)
                except OSError:
                    return
                thread.start()
                threads.append(thread)
        threading.Thread(target=accept, daemon=True).start()
        sys.stdin.read()
        self.listener.close()
        for thread in threads:
            thread.join(10)
        return self.told


if __name__ == "__main__":
    print(json.dumps({"client": Client, "server": Server}[sys.argv[1]](*sys.argv[2:]).run()))
