# SPDX-License-Identifier: BSD-3-Clause
"""Requests that are too large for UDP (RFC 3261, 18.1.1), with SIPp: on TCP, on UDP where TCP is refused, and calling us over TCP."""

import os
import re

import pytest

from lab import IP4_OURS, IP4_PEER
from plans import callee, caller, rfc3261
from test_sipp import check_ours, check_peer
from test_streams import UAS

CALLS = 50
RATE = 200
SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "config", "scenarios", "uac.xml")
modes = pytest.mark.parametrize("mode", (lambda plan: plan, rfc3261), ids=("sipp", "rfc3261"))


def to_tcp(plan):
    return plan.replace('transport = "udp";', 'transport = "udp"; large_messages = "tcp";', 1)


def large_uac(lab):
    """The shipped caller's scenario, its INVITE 2,000 bytes longer."""
    with open(SHIPPED, encoding="utf-8") as f:
        text, n = re.subn(r"(INVITE sip:[^\n]*\n)", lambda m: m[1] + "      X-Fill: " + "x" * 2000 + "\n", f.read(), count=1)
    assert n == 1
    return lab.write("large.xml", text)


@modes
@pytest.mark.parametrize("takes_tcp", (True, False), ids=("tcp", "refused"))
def test_sipp_gets_large_requests_by_what_it_takes(lab, mode, takes_tcp):
    """Without TCP there its kernel answers the SYN by RST, and the INVITE comes in fragments."""
    peer = lab.sipp(UAS, IP4_PEER, calls=CALLS, args=["-t", "t1" if takes_tcp else "u1"])
    with lab.daemon(mode(to_tcp(caller(CALLS, RATE, scenario=large_uac(lab))))) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(30)
    check_peer(lab, peer, stats, status, CALLS, "Incoming")
    check_ours(report, "placed", "answered", CALLS)
    found = report["connections"]
    assert (found["switched_to_tcp"], found["fell_back_to_udp"]) == (CALLS, 0 if takes_tcp else CALLS), found
    if takes_tcp:
        assert (found["opened"], found["failed"], report["sip"]["retransmitted"]) == (CALLS, [], 0), found
        rtt = found["tcp"]["rtt_ms"]
        assert rtt["count"] >= CALLS and 0 < rtt["min"] <= rtt["p50"] <= rtt["p99"] <= rtt["max"] < 2000, rtt
        assert (found["tcp"]["retransmitted"] == 0) == (found["tcp"]["retransmitted_bytes"] == 0), found["tcp"]
    else:
        assert (found["opened"], found["failed"]) == (0, [{"cause": "refused", "count": CALLS}]), found


def test_sipp_sends_its_large_requests_to_us_over_tcp(lab):
    """Whoever takes UDP takes TCP at the same port (18.2.1), and answers where it was asked."""
    with lab.daemon(to_tcp(callee(CALLS))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=RATE, args=["-t", "t1"])
        status, stats = peer.finish(30)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, CALLS, "Outgoing")
    check_ours(report, "answered", "placed", CALLS)
    assert (report["connections"]["accepted"], report["connections"]["switched_to_tcp"]) == (1, 0), report["connections"]
