# SPDX-License-Identifier: BSD-3-Clause
"""
SIPp behind a wire that impairs what passes (tests/tools/wire), in `sipp` mode: what ringstorm counts as sent again is what
crossed the wire twice, and calls end as SIPp's own rules say.
"""

from lab import IP4_OURS, IP4_PEER
from plans import callee, caller
from programs import check_totals
from test_sipp import check_messages, check_ours, check_peer
from wire import check_waits, finish, undisturbed

RATE = 500


def check_retransmissions(report, wire):
    """What we say that we sent again is what came to the wire from us again, byte for byte."""
    sip = report["sip"]
    assert sip["retransmitted"] == wire.repeated(wire.toward_peer), (sip, wire.toward_peer["sip"])
    # Nothing else was lost on the way: the wire's books and ours agree on every datagram.
    assert wire.toward_peer["udp"]["received"] == sip["sent"] + sip["retransmitted"]
    delivered = wire.toward_us["udp"]
    assert sip["received"] == delivered["received"] - delivered["dropped"] + delivered["duplicated"]


def test_a_wire_that_does_nothing_changes_nothing(wire_lab, calls):
    with wire_lab.wire() as wire:
        peer = wire_lab.sipp("uas", IP4_PEER, calls=calls)
        with wire_lab.daemon(caller(calls, RATE)) as daemon:
            report = daemon.run_to_end()
            status, stats = peer.finish(30)
    check_peer(wire_lab, peer, stats, status, calls, "Incoming")
    check_ours(report, "placed", "answered", calls)
    check_messages(report, stats, calls, 3, 3)
    check_retransmissions(report, wire)
    for direction, messages in ((wire.toward_peer, ("INVITE", "ACK", "BYE")),
                                (wire.toward_us, ("180 INVITE", "200 INVITE", "200 BYE"))):
        assert set(direction["sip"]) == set(messages)
        for counts in direction["sip"].values():
            assert counts["received"] - counts["repeated"] == calls
        assert direction["dropped"] == {"loss": 0, "burst": 0, "queue": 0}
        assert direction["received"] == direction["forwarded"]


def test_loss_against_sipp_that_answers(wire_lab):
    """5 % each way. SIPp 3.6 fails a call both of whose answers were lost: the INVITE that comes again is unexpected to it."""
    calls = 1000
    with wire_lab.wire(both="loss=5%", seed=1, log_all=True) as wire:
        peer = wire_lab.sipp("uas", IP4_PEER)
        with wire_lab.daemon(caller(calls, RATE, more='timeout = "8s";')) as daemon:
            daemon.ctl("start")
            report = finish(daemon)
            peer.process.end()
            stats = peer.stats()
    placed = report["calls"]["placed"]
    check_totals(placed)
    check_retransmissions(report, wire)
    assert report["sip"]["retransmitted"] >= 0.08 * calls
    # Each of the six messages was lost about as often as it was told to be.
    dropped = [counts["dropped"] / counts["received"] for direction in (wire.toward_peer, wire.toward_us)
               for counts in direction["sip"].values()]
    assert len(dropped) == 6 and all(0.02 < share < 0.09 for share in dropped), dropped
    # A call failed if and only if the answer to its BYE never came through.
    came = {packet["call_id"] for packet in wire.packets() if packet.get("sip") == "200 BYE" and packet["action"] == "pass"}
    assert placed["completed"] == len(came) >= 0.97 * calls, (report["failures"], peer.errors()[-2000:])
    assert stats["FailedCall(C)"] <= 0.03 * calls
    assert {failure["cause"] for failure in report["failures"]} <= {"timeout", "retransmissions", "stopped"}


def test_loss_against_sipp_that_calls(wire_lab):
    """SIPp hangs up two seconds after its ACK: time for a 200 that is sent again to fetch an ACK that was lost."""
    calls = 1000
    with wire_lab.wire(both="loss=5%", seed=2) as wire:
        with wire_lab.daemon(callee(calls)) as daemon:
            daemon.ctl("start")
            peer = wire_lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=calls, rate=RATE,
                                 args=("-d", "2000", "-l", str(calls)))
            report = finish(daemon)
            peer.process.end()
            stats = peer.stats()
    answered = report["calls"]["answered"]
    check_totals(answered)
    check_retransmissions(report, wire)
    assert report["sip"]["retransmitted"] >= 0.08 * calls
    assert stats["SuccessfulCall(C)"] >= 0.97 * calls, peer.errors()[-2000:]
    assert answered["completed"] >= 0.97 * calls, report["failures"]
    assert {failure["cause"] for failure in report["failures"]} <= {"unexpected BYE", "timeout", "retransmissions", "stopped"}


def test_duplicates_are_told_from_messages(wire_lab):
    """
    One in ten comes twice: no call is lost, and each copy is counted, in a call or behind its end.

    A 200 to the INVITE comes once: SIPp 3.6 may fail a call whose ACK it gets again.
    """
    calls = 1000
    with wire_lab.wire(ba="duplicate=10%,sip=180 INVITE|200 BYE", ab="") as wire:
        peer = wire_lab.sipp("uas", IP4_PEER, calls=calls)
        with wire_lab.daemon(caller(calls, RATE)) as daemon:
            report = daemon.run_to_end()
            status, stats = peer.finish(30)
    check_peer(wire_lab, peer, stats, status, calls, "Incoming")
    placed, sip = report["calls"]["placed"], report["sip"]
    check_totals(placed)
    assert (placed["completed"], placed["failed"], report["failures"]) == (calls, 0, [])
    check_retransmissions(report, wire)
    again = wire.toward_us["udp"]["delivered_again"]
    assert again >= 0.07 * 2 * calls
    assert sip["retransmissions_received"] + sip["dead_call"] == again
    assert sip["unexpected"] == 0


def test_reordering_breaks_only_calls_whose_180_came_late(wire_lab):
    """SIPp's rules know no late 180: it is unexpected, and fails its call. Every other call completes."""
    calls = 1000
    with wire_lab.wire(ba="reorder=5%/1", ab="", log_all=True) as wire:
        peer = wire_lab.sipp("uas", IP4_PEER)
        with wire_lab.daemon(caller(calls, RATE)) as daemon:
            daemon.ctl("start")
            report = finish(daemon)
            peer.process.end()
    placed = report["calls"]["placed"]
    rung = [packet for packet in wire.packets() if packet.get("sip") == "180 INVITE"]
    late = {packet["call_id"] for packet in rung if packet["action"] == "reorder"}
    # A machine that stalls makes SIPp ring twice, and the second time may be late as well.
    twice = {call for call, times in wire.times("call_id", "180 INVITE").items() if len(times) > 1}
    check_totals(placed)
    check_retransmissions(report, wire)
    assert placed["failed"] >= 0.5 * len(late) > 0
    assert placed["failed"] <= len(late | twice) and placed["completed"] + placed["failed"] == calls
    assert {failure["cause"] for failure in report["failures"]} == {"unexpected message"}


def test_a_black_hole_ends_calls_at_sipps_limits(wire_lab):
    """Nothing comes back: an INVITE goes out six times (SIPp's five repetitions), each wait twice the one before."""
    calls, first_s = 20, 0.1
    scenario = wire_lab.write("hasty.xml", """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="hasty"><send retrans="100"><![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[user]@[domain]>;tag=[tag]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: [cseq] INVITE
      Contact: <sip:[user]@[local_ip]:[local_port]>
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
  <recv response="200"/>
</scenario>
""")

    def play():
        with wire_lab.wire(ab="loss=1", ba="") as wire:
            with wire_lab.daemon(caller(calls, 100, scenario=scenario)) as daemon:
                daemon.ctl("start")
                return finish(daemon), wire

    report, wire = undisturbed(play)
    check_totals(report["calls"]["placed"])
    assert report["calls"]["placed"]["failed"] == calls
    assert [(failure["cause"], failure["count"]) for failure in report["failures"]] == [("retransmissions", calls)]
    check_retransmissions(report, wire)
    assert wire.toward_peer["sip"]["INVITE"] == {
        "received": 6 * calls, "repeated": 5 * calls, "dropped": 6 * calls, "duplicated": 0, "delivered_again": 0}
    check_waits(wire.times("call_id").values(), [first_s * 2 ** n for n in range(5)])
