# SPDX-License-Identifier: BSD-3-Clause
"""Two workers in one daemon: with a port each, or sharing one. Whoever receives a packet, the worker that owns its call plays it."""

import json
import os

from lab import IP4_OURS, IP4_PEER
from plans import both, callee, caller
from programs import PASSED, RINGSTORMD, ROOT
from test_sipp import check_messages, check_ours, check_peer

RATE = 500


def two(plan):
    """The plan on two workers; ports without `workers` are shared by both."""
    assert "cores = [ 0 ]" in plan
    return plan.replace("cores = [ 0 ]", "cores = [ 0, 1 ]")


def per_worker(report, name):
    numbers = [worker[name] for worker in report["health"]["workers"]]
    assert len(numbers) == 2
    return numbers


def check_both_sides(report, calls):
    for side in ("placed", "answered"):
        numbers = report["calls"][side]
        assert [numbers[name] for name in ("offered", "started", "completed", "failed", "open")] == \
            [calls, calls, calls, 0, 0], (side, numbers, report["failures"])
    # INVITE, ACK and BYE; 180 and two 200
    assert report["sip"]["sent"] == report["sip"]["received"] >= 6 * calls
    assert report["sip"]["unexpected"] == 0


def test_the_plan_that_gives_each_side_a_worker(quiet_lab, calls):
    plan = os.path.join(ROOT, "config", "plans", "two-workers.conf")
    daemon = quiet_lab.start([RINGSTORMD, "--config", plan, "--socket", quiet_lab.path("sock"), "--start",
                              "--report", quiet_lab.path("report.json"), "--set", f"activities.calls.total={calls}",
                              "--set", "activities.calls.rate=1000"], quiet_lab.ours)
    assert daemon.wait(90) == PASSED, daemon.output()
    with open(quiet_lab.path("report.json")) as file:
        report = json.load(file)
    check_both_sides(report, calls)
    # Each has a port of its own: nothing arrives at the wrong one.
    assert per_worker(report, "redirected") == [0, 0]
    assert min(per_worker(report, "busy_turns")) > 0


def test_ring_ports_that_both_workers_share(quiet_lab, calls):
    with quiet_lab.daemon(two(both(calls))) as daemon:
        report = daemon.run_to_end()
    check_both_sides(report, calls)
    assert min(per_worker(report, "busy_turns")) > 0


def test_a_shared_wire_calls_sipp(lab, calls):
    peer = lab.sipp("uas", IP4_PEER, calls=calls)
    with lab.daemon(two(caller(calls, RATE))) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(30)
    check_peer(lab, peer, stats, status, calls, "Incoming")
    check_ours(report, "placed", "answered", calls)
    check_messages(report, stats, calls, 3, 3)
    # SIPp's one address and port is one flow, so all of it arrives at one worker; the other one has half of the calls.
    assert sum(per_worker(report, "redirected")) >= 3 * calls // 2
    assert min(per_worker(report, "redirected")) == 0
    assert sum(per_worker(report, "redirect_full")) == 0


def test_sipp_calls_a_shared_wire(lab, calls):
    """The Call-ID deals the calls out, so the workers' numbers differ; `total` is kept by both together."""
    with lab.daemon(two(callee(calls))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=calls, rate=RATE)
        status, stats = peer.finish(60 + calls // RATE)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, calls, "Outgoing")
    check_ours(report, "answered", "placed", calls)
    check_messages(report, stats, calls, 3, 3)
    assert sum(per_worker(report, "redirected")) > calls
    assert sum(per_worker(report, "redirect_full")) == 0


def test_an_answering_total_is_kept_by_two_workers_together(lab):
    """Twice as many calls arrive as may be answered: not one more is, on whichever worker it lands."""
    total = 7
    with lab.daemon(two(callee(total))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=2 * total, rate=100, args=("-max_retrans", "1"))
        daemon.ctl("wait", "--timeout", "60")
        peer.finish(60)
        answered = daemon.json("report")["calls"]["answered"]
    assert (answered["started"], answered["completed"]) == (total, total)
