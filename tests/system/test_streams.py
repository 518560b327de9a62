# SPDX-License-Identifier: BSD-3-Clause
"""SIP over connections, with peers that nobody here wrote: SIPp over TCP, kamailio, openssl, a WebSocket client of twenty lines."""

import json
import os
import subprocess
import sys
import time

import pytest

from lab import IP4_OURS, IP4_PEER, wait_until
from plans import both, callee, caller
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
        client = subprocess.Popen(["ip", "netns", "exec", lab.peer, "openssl", "s_client", version, "-quiet", "-no_ign_eof",
                                   "-verify_return_error", "-CAfile", lab.path("certs") + "/ca.pem", "-connect", f"{IP4_OURS}:5060"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdin.write(options("TLS"))
        client.stdin.flush()
        time.sleep(2)
        client.terminate()  # the end of its input does not end it: -quiet means -ign_eof
        out, errors = client.communicate(timeout=10)
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


PEER = os.path.join(HERE, "stream_peer.py")


def test_messages_are_found_however_the_stream_is_cut(lab):
    """RFC 3261, 18.3, and RFC 5626, 3.5.1 and 4.4.1: bytes on the wire by a peer that cuts them as it likes."""
    with lab.daemon(over(callee(10), "tcp").replace("run = {", 'run = { mode = "rfc3261";')) as daemon:
        daemon.ctl("start")
        peer = lab.start([sys.executable, PEER, "cut", IP4_OURS, "5060"], lab.peer, "cut.log")
        assert peer.wait(60) == 0, peer.output()
        found = daemon.json("connections")
    told = json.loads(peer.output().splitlines()[-1])
    assert told == {"bytewise": [1], "three": [2, 3, 4], "rest": [5, 6], "pong": "\r\n", "half": "", "between": [7, 8],
                    "between_pongs": ["\r\n", 1], "long": [9]}
    assert (found["accepted"], found["messages_in"], found["messages_out"], found["pings_in"]) == (1, 9, 9, 3), found


def test_keep_alives_hold_a_connection_and_give_up_a_dead_one(lab):
    """RFC 5626, 4.4.1: CRLF CRLF, for an answer of CRLF, within 10 s."""
    plan = over(caller(1, 1), "tcp", 'connections = "endpoint"; keep_alive = "2s"; connect_rate = 100; reconnect = "never";')
    plan = plan.replace('kind = "trunk"; ', "").replace(f'addresses = "{IP4_OURS}"; t', 'addresses = "198.18.0.16"; t')
    plan = plan.replace("count = 100", "count = 2").replace("total = 1;", 'total = 1; start = "manual";')
    peer = lab.start([sys.executable, PEER, "keep", "5060", "5"], lab.peer, "keep.log")
    wait_until(lambda: "listening" in peer.output(), 10, "the peer")
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        assert peer.wait(70) == 0, peer.output()
        found = daemon.json("connections")
    told = json.loads(peer.output().splitlines()[-1])
    assert told["exact"] and told["pings"] >= 5 and told["other"] == "\r\n\r\n", told
    assert 11 < told["closed"] < 16, told
    assert {c["cause"]: c["count"] for c in found["ended"]}["no pong"] == 1, found
    assert found["pings_out"] >= 6 and found["pongs_in"] >= 4, found


ASK = """  <send retrans="500"><![CDATA[
      OPTIONS sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[user]@[domain]>;tag=[tag]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 OPTIONS
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
  <recv response="200"><action>{actions}</action></recv>
"""
ANSWERS = """<?xml version="1.0"?>
<scenario name="answers">
  <recv request="OPTIONS"/>
  <send><![CDATA[

      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]A[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
</scenario>
"""


def shipped(name, **changes):
    """A shipped scenario with some text before a line of it."""
    with open(os.path.join(ROOT, "config", "scenarios", f"{name}.xml")) as file:
        text = file.read()
    for before, more in changes.values():
        assert text.count(before) == 1
        text = text.replace(before, more + before)
    return text


@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_setdest_sends_the_rest_of_a_call_elsewhere(lab, transport):
    """A redirect server and who it names, both of them SIPp: over TCP the call leaves the one's connection and opens one to the other."""
    calls = 200
    sockets = [] if transport == "udp" else ["-t", "tn", *SOCKETS]
    ask = ASK.format(actions='<setdest host="[remote_ip]" port="5070" protocol="[transport]"/>')
    uac = lab.write("uac.xml", shipped("uac", first=('  <send retrans="500" start_rtd="answer">', ask)))
    first = lab.sipp(lab.write("answers.xml", ANSWERS), IP4_PEER, calls=calls, args=sockets)
    second = lab.sipp(UAS, IP4_PEER, port=5070, calls=calls, args=sockets)
    plan = over(caller(calls, 100, scenario=uac), transport, 'connections = "call";' if transport == "tcp" else "")
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    for peer in (first, second):
        status, stats = peer.finish(30)
        check_peer(lab, peer, stats, status, calls, "Incoming")
    check_ours(report, "placed", "answered", calls)
    if transport == "tcp":
        assert (report["connections"]["opened"], report["connections"]["failed"]) == (2 * calls, []), report["connections"]


def test_closecon_closes_and_what_follows_opens_another(quiet_lab):
    """Ours on both sides: the caller closes between ACK and BYE, the callee behind its last answer."""
    calls = 200
    uac = quiet_lab.write("uac.xml", shipped("uac", close=("  <pause/>", "  <nop><action><closecon/></action></nop>\n")))
    uas = quiet_lab.write("uas.xml", shipped("uas", close=('  <timewait milliseconds="4000"/>', "  <nop><action><closecon/></action></nop>\n")))
    plan = over(both(calls, 200, uac, uas), "tcp", 'connections = "call";')
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        found = daemon.json("connections")
    for side in ("placed", "answered"):
        assert (report["calls"][side]["completed"], report["calls"][side]["failed"]) == (calls, 0), report["failures"]
    assert (found["opened"], found["accepted"], found["open"], found["accepted_open"]) == (2 * calls, 2 * calls, 0, 0), found
