# SPDX-License-Identifier: BSD-3-Clause
"""SIP over connections, with peers that nobody here wrote: SIPp over TCP, kamailio, openssl, a WebSocket client of twenty lines."""

import os
import subprocess
import sys
import time

import pytest

from lab import IP4_OURS, IP4_PEER
from plans import callee, caller
from programs import ROOT
from test_sipp import check_ours, check_peer

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 500
SIPP = pytest.mark.parametrize("mode", ("t1", "tn"))
SOCKETS = ["-max_socket", "10000"]
# SIPp's own uas waits 4 s for copies of BYE, and has failed when the peer, whose call is over, closes the connection meanwhile.
UAS = os.path.join(HERE, "scenarios", "uas_stream.xml")


def over(plan, transport, more=""):
    """The same plan over @transport."""
    assert 'transport = "udp";' in plan
    return plan.replace('transport = "udp";', f'transport = "{transport}"; {more}')


def check_never_again(report, stats, calls):
    """INVITE, ACK, BYE and 180, 200, 200, once each: over streams nothing is sent again."""
    sip = report["sip"]
    assert (sip["sent"], sip["received"], sip["retransmitted"], stats["Retransmissions(C)"]) == (3 * calls, 3 * calls, 0, 0), sip
    assert (stats["DeadCallMsgs(C)"], stats["AutoAnswered(C)"]) == (0, 0)


@SIPP
@pytest.mark.parametrize("connections", ("shared", "call", "endpoint"))
def test_sipp_answers_our_calls_over_tcp(lab, calls, mode, connections):
    peer = lab.sipp(UAS, IP4_PEER, calls=calls, args=["-t", mode, *SOCKETS])
    plan = over(caller(calls, RATE), "tcp", f'connections = "{connections}";')
    if connections == "endpoint":  # not for trunks, which are one address and port
        plan = plan.replace('kind = "trunk"; ', "").replace(f'addresses = "{IP4_OURS}"; t', 'addresses = "198.18.0.16-198.18.0.25"; t')
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(30)
    check_peer(lab, peer, stats, status, calls, "Incoming")
    check_ours(report, "placed", "answered", calls)
    check_never_again(report, stats, calls)
    found = report["connections"]
    assert found["opened"] == {"shared": 1, "call": calls, "endpoint": 100}[connections], found
    assert found["failed"] == [], found


@SIPP
def test_sipp_calls_us_over_tcp(lab, calls, mode):
    with lab.daemon(over(callee(calls), "tcp")) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=calls, rate=RATE, args=["-t", mode, *SOCKETS])
        status, stats = peer.finish(60 + calls // RATE)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, calls, "Outgoing")
    check_ours(report, "answered", "placed", calls)
    check_never_again(report, stats, calls)
    assert report["connections"]["accepted"] == (1 if mode == "t1" else calls), report["connections"]


OPTIONS = ("OPTIONS sip:service@{ours} SIP/2.0\r\nVia: SIP/2.0/{via} {peer}:40000;branch=z9hG4bKpy1\r\nFrom: <sip:a@{peer}>;tag=1\r\n"
           "To: <sip:service@{ours}>\r\nCall-ID: one@{peer}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")


def options(via):
    return OPTIONS.format(ours=IP4_OURS, peer=IP4_PEER, via=via).encode()


def tls_plan(lab, transport, profile=""):
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), "--name", IP4_OURS, lab.path("certs")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    plan = over(callee(10), transport, 'tls = "t";').replace("run = {", 'run = { mode = "rfc3261";')
    return plan.replace("endpoints = (", f'tls = ( {{ name = "t"; cert = "{lab.path("certs")}/server.pem"; '
                        f'key = "{lab.path("certs")}/server.key"; {profile} }} );\nendpoints = (', 1)


@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_openssl_speaks_to_us_over_tls(lab, version):
    with lab.daemon(tls_plan(lab, "tls")) as daemon:
        daemon.ctl("start")
        client = subprocess.Popen(["ip", "netns", "exec", lab.peer, "openssl", "s_client", version, "-quiet", "-verify_return_error",
                                   "-CAfile", lab.path("certs") + "/ca.pem", "-connect", f"{IP4_OURS}:5060"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdin.write(options("TLS"))
        client.stdin.flush()
        time.sleep(2)
        client.stdin.close()
        out, errors = client.stdout.read(), client.stderr.read()
        client.wait(10)
        found = daemon.json("connections")
    assert out.startswith(b"SIP/2.0 200 "), (out, errors)
    assert found["handshakes"]["server_full"] == 1, found


def test_a_websocket_client_is_answered(lab):
    plan = over(callee(10), "ws").replace("run = {", 'run = { mode = "rfc3261";')
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        done = subprocess.run(["ip", "netns", "exec", lab.peer, sys.executable, os.path.join(HERE, "ws_client.py"), IP4_OURS, "5060"],
                              input=options("WS"), capture_output=True, timeout=30, check=False)
        text = done.stdout.decode() + done.stderr.decode()
        found = daemon.json("connections")
    assert text.startswith("HTTP/1.1 101 ") and "Sec-WebSocket-Protocol: sip" in text, text
    assert "SIP/2.0 200 " in text, text
    assert found["upgrades"] == 1, found
