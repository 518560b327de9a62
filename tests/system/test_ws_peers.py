# SPDX-License-Identifier: BSD-3-Clause
"""WebSocket with an implementation that nobody here wrote, Debian's python3-websockets, as client and as server (RFC 6455, RFC 7118)."""

import collections
import json
import os
import subprocess

import pytest

from lab import IP4_OURS, IP4_PEER, wait_until
from plans import AF_PACKET, CALM, own_core
from programs import ROOT, STOPPED

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = ["/usr/bin/python3", os.path.join(HERE, "ws_peer.py")]
BOTH = pytest.mark.parametrize("transport", ("ws", "wss"))
OK = "text SIP/2.0 200 {} 1"  # a frame, its first line, its CSeq, how many of it


def plan(lab, groups, activities):
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), "--name", IP4_OURS, "--name", IP4_PEER, lab.path("certs")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    certs = lab.path("certs")
    return f"""
targets = [ "{IP4_PEER}/32" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{IP4_OURS}/20" ]; }} );
tls = ( {{ name = "t"; cert = "{certs}/server.pem"; key = "{certs}/server.key"; ca = "{certs}/ca.pem"; }} );
endpoints = ( {", ".join(groups)} );
activities = ( {", ".join(activities)} );
run = {{ mode = "rfc3261"; seed = 1; drain = "10s"; max_calls = 100; {CALM} }};
"""


def causes(found, name):
    return {cause["cause"]: cause["count"] for cause in found[name]}


def tls_of(transport):
    return 'tls = "t"; ' if transport == "wss" else ""


@BOTH
def test_a_client_is_served_and_told_what_is_wrong(lab, transport):
    group = f"""{{ name = "us"; kind = "trunk"; port = "wire"; count = 1; addresses = "{IP4_OURS}"; sip_port = 8443; transport = "{transport}";
                {tls_of(transport)} domain = "example.test"; ws = {{ path = "/sip"; }}; }}"""
    with lab.daemon(plan(lab, [group], ['{ name = "on"; do = "answer"; endpoints = "us"; scenario = "uas"; }'])) as daemon:
        daemon.ctl("start")
        ca = [lab.path("certs") + "/ca.pem"] if transport == "wss" else []
        peer = lab.start([*PEER, "client", IP4_OURS, "8443", *ca], lab.peer, "peer.log")
        assert peer.wait(60) == 0, peer.output()
        wait_until(lambda: daemon.json("connections")["all"] == 0, 20, "the end of all connections")
        found = daemon.json("connections")
        malformed = daemon.json("stats")["sip"]["malformed"]
    told = json.loads(peer.output().splitlines()[-1])
    once = [[OK.format(1)], [], [1000, True]]
    assert told["good"] == {
        "upgrade": [101, "sip", 0, True],  # permessage-deflate was offered, and declined
        "text": once, "binary": once, "binary, not UTF-8": once, "bytes": once, "fragments of a character": once, "long": once,
        "three in a segment": [[OK.format(1), OK.format(2), OK.format(3)], [], [1000, True]],
        "two in a frame": once,  # one SIP message a frame (RFC 7118, 5): the first
        "fragments": [[OK.format(1)], ["between"], [1000, True]],
        "ping of 125": [[OK.format(1)], ["p" * 125, ""], [1000, True]],
        "keep-alive of CRLF": once,
        "with the upgrade": [[OK.format(1)], ["early"]],
    }
    assert all(told["closing"][code] == [int(code), True] for code in told["closing"] if code != "none"), told["closing"]
    assert told["closing"]["none"] == [1005, True]
    protocol, text, big = [1002, True], [1007, True], [1009, True]
    assert told["wrong"] == {
        **{name: protocol for name in (
            "unmasked", "RSV1", "deflated", "opcode 3", "opcode 11", "continuation of nothing", "message in a message", "ping in fragments",
            "ping of 126", "length not least", "length past 2^63", "close of a byte", "close with 1005", "close with 1006", "close with 999",
            "close with 5000")},
        **{name: text for name in ("close, not UTF-8", "text, not UTF-8", "text, a surrogate", "text, overlong", "text, cut in a character")},
        **{name: big for name in ("65,537 bytes", "65,537 bytes in fragments")},
    }
    refused = {name: answer[0] for name, answer in told["refused"].items()}
    assert refused == {"other path": 404, "longer path": 404, "shorter path": 404, "no subprotocol": 400, "another subprotocol": 400,
                       "version 8": 426, "no version": 426, "no key": 400, "short key": 400, "no host": 400, "no upgrade": 426, "no connection": 400}
    assert all(over and "close" in connection for _, _, connection, over in told["refused"].values()), told["refused"]
    assert told["refused"]["version 8"][1] == "13"  # RFC 6455, 4.4
    ended = causes(found, "ended")
    assert ended["WebSocket protocol"] == 21 and ended["message too long"] == 2, ended
    assert ended["closed by the peer for an error"] == 9, ended  # all of CODES but 1000 and 1001
    assert causes(found, "not_accepted") == {"upgrade refused": len(refused)}, found["not_accepted"]
    assert (found["pings_in"], malformed) == (5, 0), found


FAILED = {"401": "upgrade refused with 401", "403": "upgrade refused with 403", "404": "upgrade refused with 404", "503": "upgrade refused with 503",
          "500": "upgrade refused", "200": "upgrade refused", "301": "upgrade redirected", "302": "upgrade redirected",
          "accept": "wrong Sec-WebSocket-Accept", "protocol": "wrong subprotocol", "no-protocol": "wrong subprotocol",
          "extension": "extension not asked for"}
ERROR = "closed by the peer for an error"
# Case: what is counted, and the code of our Close.
ENDED = {"close-1000": ("closed by the peer", 1000), "close-1001": ("closed by the peer", 1001), "close-none": ("closed by the peer", 1005),
         "close-1002": (ERROR, 1002), "close-1008": (ERROR, 1008), "close-1009": (ERROR, 1009), "close-1011": (ERROR, 1011), "close-4000": (ERROR, 4000),
         "masked": ("WebSocket protocol", 1002), "deflated": ("WebSocket protocol", 1002), "not-utf-8": ("WebSocket protocol", 1007),
         "too-big": ("message too long", 1009), "asks": ("closed by the peer", 1001), "pings": ("closed by the peer", 1000)}


def counted(names):
    return dict(collections.Counter(names))


@BOTH
def test_a_server_is_asked_and_its_faults_are_counted_by_kind(lab, transport):
    cases = [*FAILED, *ENDED, "registrar"]

    def group(number, case):
        more = 'keep_alive = "1s"; ' if case == "pings" else "outbound = true; " if case == "registrar" else ""
        return f"""{{ name = "g{case}"; port = "wire"; count = 1; addresses = "198.18.0.{100 + number}"; transport = "{transport}"; {tls_of(transport)}
            proxy = "sip:{IP4_PEER}:8443"; user = "s{{index:05}}"; domain = "example.test"; connections = "endpoint"; connect_rate = 1000;
            reconnect = "never"; {more}
            ws = {{ path = "/{case}?x=1"; host = "sbc.example.test"; origin = "https://page.example.test"; headers = [ "X-One: 1", "X-Two: a b" ]; }}; }}"""

    def activity(case):
        do = 'do = "register"; rate = 10; expires = "600s";' if case == "registrar" else 'do = "answer"; scenario = "uas";'
        return f'{{ name = "a{case}"; endpoints = "g{case}"; {do} }}'
    text = plan(lab, [group(number, case) for number, case in enumerate(cases)], [activity(case) for case in cases])
    certs = [lab.path("certs") + "/server.pem", lab.path("certs") + "/server.key"] if transport == "wss" else []
    with subprocess.Popen(["ip", "netns", "exec", lab.peer, *PEER, "server", IP4_PEER, "8443", *certs], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as peer:
        try:
            assert peer.stdout.readline() == "listening\n"
            with lab.daemon(text) as daemon:
                daemon.ctl("start")
                wait_until(lambda: sum(causes(daemon.json("connections"), "ended").values()) >= len(ENDED), 20, "the end of all connections")
                daemon.ctl("connections", "drop", "gregistrar", "--fin")
                wait_until(lambda: daemon.json("connections")["all"] == 0, 10, "the end of the last connection")
                daemon.ctl("stop")
                daemon.ctl("wait", "--timeout", "30", status=STOPPED)
                report = daemon.json("report")
            out, errors = peer.communicate(timeout=30)
        finally:
            peer.kill()
    told = json.loads(out.splitlines()[-1])
    assert errors == "" and sorted(told) == sorted(cases), (errors, told)
    found = report["connections"]
    assert causes(found, "failed") == counted(FAILED.values()), found["failed"]
    assert causes(found, "ended") == {**counted([kind for kind, _ in ENDED.values()]), "closed by us": 1}, found["ended"]
    for case, (_, code) in ENDED.items():
        assert told[case]["closed"] == [code, True], (case, told[case])
    for case in cases:  # the upgrade's request
        headers = {name.lower(): value for name, value in told[case]["headers"]}
        assert told[case]["path"] == f"/{case}?x=1"
        assert (headers["host"], headers["origin"], headers["x-one"], headers["x-two"]) == ("sbc.example.test", "https://page.example.test", "1", "a b")
        assert (headers["sec-websocket-protocol"], headers["sec-websocket-version"]) == ("sip", "13") and "sec-websocket-extensions" not in headers
    assert told["asks"]["messages"] == [OK.format(1)] and told["asks"]["pongs"] == ["between"], told["asks"]
    assert told["pings"]["pings"] >= 2 and found["pongs_in"] >= 2, told["pings"]
    register = told["registrar"]["register"]
    assert f"Via: SIP/2.0/{transport.upper()} " in register and ".invalid" in register.split("Via:")[1].split("\r\n")[0], register
    contact = register.split("Contact:")[1].split("\r\n")[0]
    assert ".invalid" in contact and "transport=ws" in contact.lower() and "transport=wss" not in contact.lower() and "+sip.instance" in contact, contact
    assert told["registrar"]["closed"] == [1000, True], told["registrar"]
