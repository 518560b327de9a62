# SPDX-License-Identifier: BSD-3-Clause
"""A browser, which nobody here wrote, with jssip in it: SIP over secure WebSocket as users have it, both ways."""

import os
import re
import subprocess

from browser import Browser
from lab import IP4_OURS, IP4_PEER, wait_until
from plans import AF_PACKET, CALM, own_core
from programs import ROOT, STOPPED

PORT = 8443  # no browser opens 5060 or 5061


def plan(certs):
    return f"""
targets = [ "{IP4_PEER}/32" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{IP4_OURS}/20" ]; }} );
tls = ( {{ name = "t"; cert = "{certs}/server.pem"; key = "{certs}/server.key"; }} );
endpoints = ( {{ name = "registrar"; kind = "trunk"; port = "wire"; count = 1; addresses = "{IP4_OURS}"; sip_port = {PORT};
                transport = "wss"; tls = "t"; domain = "example.test"; ws = {{ path = "/sip"; }}; }} );
activities = ( {{ name = "registrar"; do = "answer"; endpoints = "registrar"; scenario = "registrar_asks"; }} );
run = {{ mode = "rfc3261"; seed = 1; drain = "10s"; max_calls = 100; {CALM} }};
"""


def heads(frames, pattern):
    """What @pattern finds in the heads of SIP messages."""
    return [m.group(1) for frame in frames for m in [re.search(pattern, frame["payloadData"], re.M)] if m]


def test_jssip_in_a_browser_registers_asks_and_is_asked(lab):
    """One connection: REGISTER with a challenge, MESSAGE and OPTIONS from either side (RFC 7118, 5 and 8)."""
    certs = lab.path("certs")
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), "--name", IP4_OURS, certs], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with lab.daemon(plan(certs)) as daemon, Browser(lab, certs + "/server.pem") as browser:
        daemon.ctl("start")
        browser.open()
        registered = browser.call("start", {"server": f"wss://{IP4_OURS}:{PORT}/sip", "uri": "sip:alice@example.test", "password": "secret"})
        message_in, _ = browser.call("heard", "message in"), browser.call("heard", "options in")
        message = browser.call("ask", "sendMessage", "sip:service@example.test", "Grüße, hello \u2603 " + "x" * 20000)
        options = browser.call("ask", "sendOptions", "sip:service@example.test")
        browser.call("stop")
        wait_until(lambda: daemon.json("connections")["all"] == 0, 10, "the end of the connection")
        daemon.ctl("stop")
        daemon.ctl("wait", "--timeout", "30", status=STOPPED)
        report = daemon.json("report")
    # What the page saw
    assert registered["status"] == 200 and "transport=ws" in registered["contact"], registered
    assert (message_in["body"].strip(), message_in["type"]) == ("You are registered.", "text/plain"), message_in
    assert message["status"] == 200 and options["status"] == 200 and "MESSAGE" in options["allow"], (message, options)
    # What the browser saw on the connection
    answer = browser.told("Network.webSocketHandshakeResponseReceived")
    assert len(answer) == 1, answer
    headers = {name.lower(): value for name, value in answer[0]["response"]["headers"].items()}
    assert answer[0]["response"]["status"] == 101 and headers["sec-websocket-protocol"] == "sip", answer
    assert "permessage-deflate" in str(answer[0]["response"]["requestHeaders"]), answer  # offered, and
    assert "sec-websocket-extensions" not in headers, answer  # declined (RFC 6455, 9.1)
    sent, received = browser.frames("Sent"), browser.frames("Received")
    assert heads(sent, r"^Via: SIP/2.0/(\w+) \S+\.invalid;")[0] == "WSS" and len(heads(sent, r"^Contact: \S+\.invalid;(transport=ws)")) >= 2
    assert heads(received, r"^([A-Z]+) sip:\S+\.invalid;transport=ws SIP/2.0\r$") == ["MESSAGE", "OPTIONS"], received
    assert all(frame["opcode"] == 1 and frame["mask"] is False for frame in received), received
    # What we count
    found = report["connections"]
    assert (found["accepted"], found["upgrades"], found["messages_in"], found["messages_out"]) == (1, 1, len(sent), len(received)), found
    assert found["ended"] == [{"cause": "closed by the peer", "count": 1}] and found["not_accepted"] == [], found
    assert report["calls"]["answered"]["failed"] == 0 and report["calls"]["answered"]["completed"] == 2, report["calls"]
    assert report["sip"]["malformed"] == 0, report["sip"]
