# SPDX-License-Identifier: BSD-3-Clause
"""SIPp on the other end of the wire: both sides must complete every call and agree on every number."""

import pytest

from lab import IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER
from plans import AF_PACKET, AF_XDP, callee, caller
from programs import check_totals

RATE = 1000

# (device, address family) of each story; the ids are what `pytest -k` selects.
WIRES = [
    pytest.param(AF_PACKET, 4, id="af_packet-ipv4"),
    pytest.param(AF_PACKET, 6, id="af_packet-ipv6"),
    pytest.param(AF_XDP, 4, id="af_xdp-ipv4"),
    pytest.param(AF_XDP, 6, id="af_xdp-ipv6"),
]


def check_peer(lab, peer, stats, status, calls, direction):
    """
    SIPp's side: every call successful, nothing lost, nothing unexpected.

    What comes for a call that has just ended ("dead call") is the answer to a BYE that SIPp repeated: on a machine that stalls
    for half a second there may be some, and no more than it repeated messages.
    """
    assert status == 0, f"SIPp ended with {status}:\n{peer.errors()[-2000:]}"
    expected = {
        f"{direction}Call(C)": calls, "SuccessfulCall(C)": calls, "FailedCall(C)": 0, "CurrentCall": 0,
        "FailedUnexpectedMessage(C)": 0, "OutOfCallMsgs(C)": 0, "FatalErrors(C)": 0,
    }
    assert {name: stats[name] for name in expected} == expected, peer.errors()[-2000:]
    assert stats["DeadCallMsgs(C)"] <= stats["Retransmissions(C)"], peer.errors()[-2000:]
    assert lab.kernel_counter(lab.peer, "InCsumErrors") == 0


def check_ours(report, side, other, calls):
    """Our side: the same number, by the report's own sums."""
    numbers = report["calls"][side]
    check_totals(numbers)
    assert report["run"]["verdict"] == "passed", report["run"]
    assert {name: numbers[name] for name in ("offered", "started", "completed", "failed", "not_started", "open")} == {
        "offered": calls, "started": calls, "completed": calls, "failed": 0, "not_started": 0, "open": 0}
    assert numbers["established"] == calls
    assert report["calls"][other]["started"] == 0
    assert report["failures"] == []
    assert report["sip"]["unexpected"] == 0
    assert report["sip"]["malformed"] == 0


def check_messages(report, stats, calls, sent_per_call, received_per_call):
    """
    Messages on both sides: what one sent beyond the plan is what the other counts as repeated.

    SIPp counts a repeated message that it recognises and its own repetitions in one column, so on a wire without loss both
    sides must show none; a machine that stalls may cause some, and then they must explain every message that is too many.
    """
    sip = report["sip"]
    repeated = sip["retransmitted"] + stats["Retransmissions(C)"]
    assert sent_per_call * calls <= sip["sent"] <= sent_per_call * calls + repeated, (sip, stats["Retransmissions(C)"])
    assert received_per_call * calls <= sip["received"] <= received_per_call * calls + repeated


@pytest.mark.parametrize("device, family", WIRES)
def test_sipp_answers_our_calls(lab, calls, device, family):
    local = IP6_PEER if family == 6 else IP4_PEER
    peer = lab.sipp("uas", local, calls=calls)
    with lab.daemon(caller(calls, RATE, family, device)) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(30)
    check_peer(lab, peer, stats, status, calls, "Incoming")
    check_ours(report, "placed", "answered", calls)
    # INVITE, ACK, BYE against 180, 200, 200
    check_messages(report, stats, calls, 3, 3)
    for latency in ("post_dial", "answer", "disconnect"):
        assert report["latency_ms"][latency]["count"] == calls
    # The rate was kept, not merely the count: N calls at R/s last N/R seconds (and a drain).
    assert report["run"]["duration_s"] >= 0.95 * calls / RATE


@pytest.mark.parametrize("device, family", WIRES)
def test_sipp_calls_us(lab, calls, device, family):
    local, ours = (IP6_PEER, f"[{IP6_OURS}]") if family == 6 else (IP4_PEER, IP4_OURS)
    with lab.daemon(callee(calls, family, device)) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", local, remote=f"{ours}:5060", calls=calls, rate=RATE)
        status, stats = peer.finish(60 + calls // RATE)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, calls, "Outgoing")
    check_ours(report, "answered", "placed", calls)
    check_messages(report, stats, calls, 3, 3)


def test_a_peer_that_refuses_makes_failed_calls_with_their_cause(lab):
    """503 to every INVITE: every call fails, the report says with which code, and the peer gets its ACK."""
    refuse = lab.write("refuse.xml", """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="refuse">
  <recv request="INVITE"/>
  <send retrans="500"><![CDATA[

      SIP/2.0 503 Service Unavailable
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]T[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
  <recv request="ACK"/>
</scenario>
""")
    calls = 100
    peer = lab.sipp(refuse, IP4_PEER, calls=calls)
    with lab.daemon(caller(calls, 100)) as daemon:
        report = daemon.run_to_end(status=1)
        status, stats = peer.finish(30)
    assert status == 0, peer.errors()
    assert stats["SuccessfulCall(C)"] == calls
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["failed"], placed["completed"], placed["established"]) == (calls, 0, 0)
    assert sum(failure["count"] for failure in report["failures"]) == calls
    assert all("503" in failure["cause"] for failure in report["failures"]), report["failures"]
    assert report["run"]["verdict"] == "failed"


def test_a_peer_that_is_silent_makes_calls_time_out(lab):
    """Nobody listens there: neither a crash nor a call that stays open."""
    with lab.daemon(caller(20, 100, more='timeout = "1s";')) as daemon:
        report = daemon.run_to_end(status=1)
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["started"], placed["failed"], placed["open"]) == (20, 20, 0)
    assert sum(failure["count"] for failure in report["failures"]) == 20
