# SPDX-License-Identifier: BSD-3-Clause
"""
`rfc3261` mode behind a wire that impairs what passes (tests/tools/wire): no call is lost to lost, repeated or reordered packets,
what we count as sent again is what crossed the wire again, and what gets no answer is sent and given up as RFC 3261 says.
"""

import os

import re

import pytest

from conftest import FULL
from lab import IF_OURS, IF_PEER, IP4_OURS, IP4_PEER
from plans import both, callee, caller, rfc3261
from programs import check_totals
from wire import SLACK_S, check_waits, finish, undisturbed

pytestmark = pytest.mark.alone

RATE = 500
PORTS = f"""
ports = ( {{ name = "a"; device = "net_af_packet0,iface={IF_OURS}"; addresses = [ "{IP4_OURS}/20" ]; }},
          {{ name = "b"; device = "net_af_packet1,iface={IF_PEER}"; addresses = [ "{IP4_PEER}/20" ]; }} );"""
# T1 of the tests that wait for its 64-fold: the full run takes the RFC's.
T1_MS = 500 if FULL else 100


def hasty(plan):
    """In rfc3261 mode, with the RFC's timers as T1_MS shortens them."""
    return rfc3261(plan, t1=f"{T1_MS}ms", t2=f"{8 * T1_MS}ms", t4=f"{10 * T1_MS}ms")


def other_side(plan):
    """The plan as the daemon at the peer's end of the wire has it."""
    for one, another in ((IP4_OURS, "OURS"), (IP4_PEER, IP4_OURS), ("OURS", IP4_PEER), (IF_OURS, IF_PEER)):
        plan = plan.replace(one, another)
    return plan.replace("cores = [ 0 ]", "cores = [ 1 ]")


def directions(wire):
    return wire.toward_peer, wire.toward_us


def check_complete(report, calls, sides=("placed", "answered")):
    for side in sides:
        numbers = report["calls"][side]
        check_totals(numbers)
        assert {name: numbers[name] for name in ("offered", "started", "established", "completed", "failed", "open")} == {
            "offered": calls, "started": calls, "established": calls, "completed": calls, "failed": 0, "open": 0}, \
            (side, report["failures"])
    assert report["failures"] == []
    assert (report["sip"]["unexpected"], report["sip"]["malformed"]) == (0, 0)


def check_wire(report, wire, messages, *which):
    """
    Our books and the wire's agree on what was sent, and on what of it was sent again, byte for byte.

    @messages: that the scenarios send. A 200 that comes again when its call is over gets an ACK that is made anew: it is in
    `sent`, and only its own copies, if there are any, are repetitions to the wire.
    """
    sip, sent = report["sip"], [direction["udp"] for direction in which or directions(wire)]
    assert sip["sent"] + sip["retransmitted"] == sum(counts["received"] for counts in sent)
    made_anew = sip["sent"] - messages
    assert made_anew >= 0
    assert 0 <= wire.repeated(*(which or directions(wire))) - sip["retransmitted"] <= max(0, made_anew - 1), (sip, sent)


@pytest.mark.parametrize("impairment", ["loss=5%", "burst=5%/3"] if FULL else ["burst=5%/3"])
def test_every_call_completes_when_packets_are_lost(loop_lab, calls, impairment):
    """Two ports of one daemon; one packet in twenty lost each way."""
    with loop_lab.wire(both=impairment, seed=3) as wire:
        with loop_lab.daemon(rfc3261(both(calls, RATE, ports=PORTS)).replace('drain = "10s"', 'drain = "40s"')) as daemon:
            report = daemon.run_to_end(timeout_s=200)
    check_complete(report, calls)
    check_wire(report, wire, 6 * calls)
    lost = [sum(direction["dropped"].values()) for direction in directions(wire)]
    assert min(lost) > 0.03 * 3 * calls
    # What was lost is what was received less than sent: nothing got lost anywhere else.
    assert report["sip"]["received"] == report["sip"]["sent"] + report["sip"]["retransmitted"] - sum(lost)


def test_two_daemons_count_each_its_own(wire_lab, calls):
    """Caller and callee in two processes, 5 % lost each way: each counts what it sent again, and both finish every call."""
    wire_lab.silence_peer()
    with wire_lab.wire(both="loss=5%", seed=4) as wire:
        answering = other_side(rfc3261(callee(calls + 1)))
        with wire_lab.daemon(answering, name="callee.conf", socket=wire_lab.path("callee.sock"), netns=wire_lab.peer) as far:
            far.ctl("start")
            plan = rfc3261(caller(calls, RATE)).replace('drain = "10s"', 'drain = "40s"')
            with wire_lab.daemon(plan) as near:
                placed = near.run_to_end(timeout_s=200)
            # One call more would end it: it has to answer what comes again until the caller is done.
            far.ctl("stop")
            answered = finish(far)
    check_complete(placed, calls, ["placed"])
    check_complete(answered, calls, ["answered"])
    check_wire(placed, wire, 3 * calls, wire.toward_peer)
    check_wire(answered, wire, 3 * calls, wire.toward_us)
    assert min(placed["sip"]["retransmitted"], answered["sip"]["retransmitted"]) > 0.03 * calls


def test_the_first_transmission_of_everything_is_lost(loop_lab):
    """Each message needs its repetition, and the exact numbers follow from the RFC's rules (17.1, 17.2, 13.3.1.4)."""
    calls = 100
    plan = rfc3261(both(calls, 100, ports=PORTS)).replace('hold = "0s"', 'hold = "3s"')
    with loop_lab.wire(both="loss=1,copies=1") as wire:
        with loop_lab.daemon(plan) as daemon:
            report = daemon.run_to_end()
    check_complete(report, calls)
    check_wire(report, wire, 6 * calls)
    sent = {start: counts["received"] for direction in directions(wire) for start, counts in direction["sip"].items()}
    assert sent == {
        "INVITE": 2 * calls, "180 INVITE": calls,  # lost; provisional responses are not repeated of themselves
        "200 INVITE": 3 * calls, "ACK": 2 * calls,  # the second fetched an ACK that got lost
        "BYE": 3 * calls, "200 BYE": 2 * calls}  # the second BYE was answered in vain


def run_both(lab, calls, hold, impairment):
    with lab.wire(both=impairment, seed=5) as wire:
        with lab.daemon(rfc3261(both(calls, RATE, ports=PORTS)).replace('hold = "0s"', f'hold = "{hold}"')) as daemon:
            report = daemon.run_to_end()
    check_complete(report, calls)
    check_wire(report, wire, 6 * calls)
    return wire, {(side, name): value for side in ("placed", "answered") for name, value in report["calls"][side].items()
                  if name != "peak"}


def test_duplicates_and_another_order_change_no_total(loop_lab):
    """Copies and packets that overtake others, at once or so late that the call has gone on: the same calls, the same totals."""
    calls = 300
    begin = "sip=INVITE|180 INVITE|200 INVITE|ACK"
    _, undisturbed = run_both(loop_lab, calls, "0s", "")
    for impairment, hold in (("duplicate=10%", "0s"), ("reorder=10%/1", "0s"), ("reorder=10%/5", "0s"),
                             (f"duplicate=10%/100ms,{begin}", "300ms"),
                             (f"duplicate=10%/20ms,reorder=10%/2,delay=5ms,jitter=5ms,overtake=yes,{begin}", "300ms")):
        wire, totals = run_both(loop_lab, calls, hold, impairment)
        assert totals == undisturbed, impairment
        assert sum(direction["duplicated"] + direction["reordered"] for direction in directions(wire)) > 0.05 * 4 * calls


# When RFC 3261 sends a request for the n-th time, in T1 after the time before: 17.1.1.2 (doubling), 17.1.2.2 (up to T2 = 8 T1).
INVITE_WAITS = [1, 2, 4, 8, 16, 32]
OTHER_WAITS = [1, 2, 4, 8, 8, 8, 8, 8, 8, 8]


def check_black_hole(report, wire, calls, activity, start, waits):
    """Every call sent its request as often and when @waits says, and failed with a time-out."""
    assert [(failure["cause"], failure["count"]) for failure in report["failures"] if failure["activity"] == activity] == [
        ("timeout", calls)]
    times = wire.times("call_id", start)
    assert len(times) == calls
    check_waits(times.values(), [wait * T1_MS / 1000 for wait in waits])
    assert wire.toward_peer["sip"][start]["received"] == (len(waits) + 1) * calls


def test_a_black_hole(wire_lab):
    """Nothing gets through: seven INVITEs, eleven of everything else, and a time-out at 64*T1."""
    calls = 50
    plan = hasty(caller(calls, 100, more='timeout = "100s";')).replace('drain = "10s"', 'drain = "100s"')
    head, activity, tail = re.split(r"(?<=activities = \( )(\{.*?\})(?= \);)", plan, maxsplit=1, flags=re.DOTALL)
    others = [activity.replace('"calls"', f'"{name}"').replace('"uac"', f'"{name}"') for name in ("options", "message")]

    def play():
        with wire_lab.wire(ab="loss=1", ba="", log_all=True) as wire:
            with wire_lab.daemon(head + ", ".join([activity, *others]) + tail) as daemon:
                daemon.ctl("start")
                return finish(daemon), wire

    report, wire = undisturbed(play)
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["started"], placed["failed"]) == (3 * calls, 3 * calls)
    check_wire(report, wire, 3 * calls, wire.toward_peer)
    for name, start, waits in (("calls", "INVITE", INVITE_WAITS), ("options", "OPTIONS", OTHER_WAITS),
                               ("message", "MESSAGE", OTHER_WAITS)):
        check_black_hole(report, wire, calls, name, start, waits)
    # From the start of the last call to its end.
    assert 64 * T1_MS / 1000 <= report["run"]["duration_s"] - (calls - 1) / 100 < 64 * T1_MS / 1000 + 1


def test_a_black_hole_for_bye_only(wire_lab):
    """The call is up, and its BYE gets no answer: sent eleven times, then the call has failed."""
    calls = 50
    peer = wire_lab.sipp("uas", IP4_PEER)
    plan = hasty(caller(calls, 100)).replace('drain = "10s"', 'drain = "100s"')

    def play():
        with wire_lab.wire(ab="loss=1,sip=BYE", ba="", log_all=True) as wire:
            with wire_lab.daemon(plan) as daemon:
                daemon.ctl("start")
                return finish(daemon), wire

    report, wire = undisturbed(play)
    peer.process.end()
    assert report["calls"]["placed"]["established"] == calls
    check_wire(report, wire, 3 * calls, wire.toward_peer)
    check_black_hole(report, wire, calls, "calls", "BYE", OTHER_WAITS)


def test_a_200_whose_ack_never_comes(loop_lab):
    """It is sent again at T1 doubling up to T2 for 64*T1, and then the callee hangs up (13.3.1.4)."""
    calls = 50
    plan = hasty(both(calls, 100, ports=PORTS)).replace('hold = "0s"', 'hold = "100s"').replace('drain = "10s"', 'drain = "100s"')

    def play():
        with loop_lab.wire(ab="loss=1,sip=ACK", ba="", log_all=True) as wire:
            with loop_lab.daemon(plan) as daemon:
                daemon.ctl("start")
                return finish(daemon), wire

    report, wire = undisturbed(play)
    for side in ("placed", "answered"):
        check_totals(report["calls"][side])
        assert report["calls"][side]["failed"] == calls
    assert {(failure["cause"], failure["activity"]): failure["count"] for failure in report["failures"]} == {
        ("timeout", "ring"): calls, ("unexpected BYE", "calls"): calls}
    # INVITE, ACK; 180, 200, BYE, and its 200
    check_wire(report, wire, 6 * calls)
    answers, byes = wire.times("call_id", "200 INVITE"), wire.times("call_id", "BYE")
    assert len(answers) == len(byes) == calls
    check_waits(answers.values(), [wait * T1_MS / 1000 for wait in OTHER_WAITS])
    early = [byes[call][0] - each[0] - 64 * T1_MS / 1000 for call, each in answers.items()]
    assert sum(abs(value) >= SLACK_S for value in early) <= 0.1 * calls, early
