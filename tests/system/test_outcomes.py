# SPDX-License-Identifier: BSD-3-Clause
"""
What a callee may do other than answer: SIPp plays each (tests/system/scenarios), and our caller ends as RFC 3261 says and the
report says why. SIPp completes its call only if it got what it is owed: the ACK, the CANCEL, the BYE.
"""

import os

import pytest

from lab import IP4_PEER
from plans import caller, rfc3261
from programs import check_totals
from wire import finish

CALLS = 50
RATE = 100
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")
MODES = ["sipp", "rfc3261"]

each_mode = pytest.mark.parametrize("mode", MODES)


def peer_scenario(lab, name, **words):
    """A scenario of the callee with its words in capitals filled in, as a file."""
    with open(os.path.join(SCENARIOS, f"{name}.xml")) as file:
        text = file.read()
    for word, value in words.items():
        assert word in text
        text = text.replace(word, value)
    return lab.write(f"{name}.xml", text)


def play(lab, mode, scenario, more="", t1="500ms", hold="0s", peer_ends=True):
    """CALLS calls to SIPp with @scenario: (our report, SIPp's statistics). @peer_ends: SIPp's calls come to an end of their own."""
    peer = lab.sipp(scenario, IP4_PEER, calls=CALLS)
    plan = caller(CALLS, RATE, more=more).replace('hold = "0s"', f'hold = "{hold}"')
    if mode == "rfc3261":
        plan = rfc3261(plan, t1=t1, t2="4s" if t1 == "500ms" else "800ms")
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
        if peer_ends:
            peer.process.wait(30)
        else:
            peer.process.end()
    check_totals(report["calls"]["placed"])
    assert report["calls"]["placed"]["started"] == CALLS and report["sip"]["malformed"] == 0
    return report, peer.stats(), peer


def check_failed(report, cause):
    """Every call failed, all for the same reason."""
    placed = report["calls"]["placed"]
    assert (placed["failed"], placed["completed"]) == (CALLS, 0), report["failures"]
    assert [(failure["cause"], failure["count"]) for failure in report["failures"]] == [(cause, CALLS)]


def check_owed(stats, peer):
    """SIPp got everything that it waited for."""
    assert (stats["SuccessfulCall(C)"], stats["FailedCall(C)"]) == (CALLS, 0), peer.errors()[-3000:]
    assert stats["FailedUnexpectedMessage(C)"] == 0, peer.errors()[-3000:]


CHALLENGE = 'Digest realm="outcomes", nonce="0123456789abcdef", qop="auth", algorithm=MD5'
REFUSALS = [(302, "Contact: <sip:elsewhere@198.18.0.9:5060>"), (401, f"WWW-Authenticate: {CHALLENGE}"),
            (407, f"Proxy-Authenticate: {CHALLENGE}"), (480, "Reason: Q.850;cause=19"), (486, "Warning: 399 peer busy"),
            (487, "Reason: SIP;cause=487"), (503, "Retry-After: 10")]


@each_mode
@pytest.mark.parametrize("code, header", REFUSALS, ids=[str(code) for code, _ in REFUSALS])
def test_a_refusal_is_acknowledged_and_named(lab, mode, code, header):
    """Any final response but a 2xx: an ACK of the transaction's, and the call failed with the code as its cause."""
    report, stats, peer = play(lab, mode, peer_scenario(lab, "refuse", CODE=str(code), HEADER=header))
    check_failed(report, f"response {code}")
    check_owed(stats, peer)
    assert report["calls"]["placed"]["established"] == 0
    # One INVITE and one ACK for each call; what a busy machine made us repeat came on top, and is counted so.
    assert report["sip"]["sent"] == 2 * CALLS


@each_mode
def test_a_refusal_after_ringing_is_the_same(lab, mode):
    report, stats, peer = play(lab, mode, peer_scenario(lab, "ring_and_refuse", CODE="486"))
    check_failed(report, "response 486")
    check_owed(stats, peer)
    assert report["latency_ms"]["post_dial"]["count"] == CALLS


@each_mode
def test_nothing_at_all_is_a_timeout(lab, mode):
    """In sipp mode the plan's `timeout` ends it; in rfc3261 mode 64*T1 do, after the seventh INVITE."""
    more = 'timeout = "2s";' if mode == "sipp" else ""
    report, _, _ = play(lab, mode, peer_scenario(lab, "silent"), more, t1="100ms", peer_ends=False)
    check_failed(report, "timeout")
    if mode == "rfc3261":
        # No CANCEL: nothing provisional came (9.1).
        assert (report["sip"]["sent"], report["sip"]["retransmitted"]) == (CALLS, 6 * CALLS)
        assert report["run"]["duration_s"] >= 6.4


@each_mode
def test_ringing_only_is_cancelled(lab, mode):
    """Given up by a CANCEL, and the 487 that comes of it gets its ACK."""
    report, stats, peer = play(lab, mode, peer_scenario(lab, "ring_only"), 'timeout = "1s";', peer_ends=mode == "rfc3261")
    check_failed(report, "timeout")
    assert report["calls"]["placed"]["established"] == 0
    if mode == "rfc3261":
        check_owed(stats, peer)
        # INVITE and CANCEL; an ACK may come behind the end of the last call, and with it of the report.
        assert 2 * CALLS <= report["sip"]["sent"] <= 3 * CALLS
    else:
        assert report["sip"]["sent"] == 2 * CALLS  # by SIPp's rules the call is over with its CANCEL


@each_mode
def test_a_200_that_crosses_the_cancel(lab, mode):
    """In rfc3261 mode the call that nobody wants any more is acknowledged and hung up; SIPp's rules know nothing of the kind."""
    report, stats, peer = play(lab, mode, peer_scenario(lab, "answer_late"), 'timeout = "1s";', peer_ends=mode == "rfc3261")
    if mode == "rfc3261":
        placed = report["calls"]["placed"]
        assert placed["failed"] == CALLS
        assert {failure["cause"] for failure in report["failures"]} <= {"timeout", "cancelled too late"}
        check_owed(stats, peer)
        # INVITE, CANCEL, ACK and BYE, the last ones behind the report's end
        assert 2 * CALLS <= report["sip"]["sent"] <= 4 * CALLS
    else:
        check_failed(report, "timeout")


@each_mode
def test_a_180_behind_the_200(wire_lab, mode):
    """
    It is held up on the wire until the call is under way. In rfc3261 mode it is counted as `reordered`, and no call is lost; in
    sipp mode it is unexpected, as it is to SIPp.
    """
    with wire_lab.wire(ba="delay=150ms,sip=180 INVITE", ab="") as wire:
        report, stats, peer = play(wire_lab, mode, "uas", hold="500ms", peer_ends=mode == "rfc3261")
    placed = report["calls"]["placed"]
    assert placed["established"] == wire.toward_us["delayed"] == CALLS
    if mode == "rfc3261":
        assert (placed["completed"], placed["failed"], report["failures"]) == (CALLS, 0, [])
        check_owed(stats, peer)
        # A peer that stalls between its 180 and its 200 puts them in order again.
        assert 0.8 * CALLS <= report["sip"]["reordered"] <= CALLS
        assert (report["sip"]["sent"], report["sip"]["unexpected"]) == (3 * CALLS, 0)
    else:
        assert placed["failed"] == report["sip"]["unexpected"] >= 0.8 * CALLS
        assert [failure["cause"] for failure in report["failures"]] == ["unexpected message"]
