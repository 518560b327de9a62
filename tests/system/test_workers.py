# SPDX-License-Identifier: BSD-3-Clause
"""Several workers in one daemon: with a port each, or sharing one. Whoever receives a packet, the worker that owns its call plays it."""

import json
import os

import pytest

from conftest import FULL
from lab import IP4_OURS, IP4_PEER
from plans import both, callee, caller
from programs import PASSED, RINGSTORMD, ROOT
from test_sipp import check_messages, check_ours, check_peer

pytestmark = pytest.mark.alone

RATE = 500


def two(plan):
    """The plan on two workers; ports without `workers` are shared by both."""
    assert "cores = [ 0 ]" in plan
    return plan.replace("cores = [ 0 ]", "cores = [ 0, 1 ]")


def per_worker(report, name, workers=2):
    numbers = [worker[name] for worker in report["health"]["workers"]]
    assert len(numbers) == workers
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
                              "--set", "activities.calls.rate=1000",
                              "--set", "run.limited_percent=100"], quiet_lab.ours)
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


FOUR_CALLS = 20000 if FULL else 8000


def four(family, steering):
    """Four workers on two cores, all of them at both ends of a ring pair; their endpoints have addresses of their own."""
    net, bits = ("198.18.", 20) if family == 4 else ("2001:2::", 64)
    hosts = ("0.2", "0.3", "4.1-198.18.4.250", "8.1-198.18.9.244") if family == 4 else \
        ("2", "3", "2:4:1-2001:2::2:4:fa", "6:8:1-2001:2::6:8:1f4") # whose part in the hash is not 0: rs_steer_peer
    near, far, callers, callees = (net + host for host in hosts)
    how = f'steering = "{steering}";' if steering else ""
    return f"""
targets = [ "{near}/{bits}" ];
workers = {{ cores = [ 0, 1, 0, 1 ]; idle = "sleep"; }};
ports = ( {{ name = "a"; device = "ring:four/a"; addresses = [ "{near}/{bits}" ]; {how} }},
          {{ name = "b"; device = "ring:four/b"; addresses = [ "{far}/{bits}" ]; {how} }} );
endpoints = ( {{ name = "callers"; port = "a"; count = 10000; addresses = "{callers}"; user = "caller{{index:05}}"; }},
              {{ name = "callees"; port = "b"; count = 10000; addresses = "{callees}"; user = "callee{{index:05}}"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "uas"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "callees"; scenario = "uac"; rate = 4000;
                 total = {FOUR_CALLS}; }} );
# Workers that share a core hold each other up: this is about who gets what, not about when.
run = {{ seed = 1; drain = "40s"; max_calls = 20000; limited_percent = 100; }};
"""


@pytest.mark.parametrize("family,steering,name,redirected", [
    (6, None, "hardware key", 0.0),
    (4, "software", "software", 0.75),
] + ([
    (4, None, "hardware key", 0.0),
    (4, "queue pair", "queue pair", 0.75),
] if FULL else []))
def test_four_workers_on_two_cores(quiet_lab, family, steering, name, redirected):
    """With a key of ours each packet comes to the worker that owns it; else three of four do not, and are handed over inside."""
    with quiet_lab.daemon(four(family, steering)) as daemon:
        started = daemon.output()
        report = daemon.run_to_end()
    check_both_sides(report, FOUR_CALLS)
    assert [port["steering"] for port in report["environment"]["ports"]] == [name, name]
    assert started.count(f"4/4 queues, steering {name}") == 2
    assert started.count("another worker has this core, too") == 2
    assert min(per_worker(report, "max_starts_1ms", 4)) > 0
    assert sum(per_worker(report, "redirect_full", 4)) == 0
    share = sum(per_worker(report, "redirected", 4)) / report["sip"]["received"]
    assert share == redirected if redirected in (0.0,) else abs(share - redirected) < 0.05, share


@pytest.mark.parametrize("steering,at_home", [(None, True), ("software", False)])
def test_connections_come_home(quiet_lab, steering, at_home):
    """Each call has a connection of its own, whose port is chosen so that its answers arrive at the worker that opened it."""
    plan = four(4, steering).replace('user = "', 'transport = "tcp"; user = "')
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    check_both_sides(report, FOUR_CALLS)
    assert report["connections"]["opened"] == report["connections"]["accepted"] == FOUR_CALLS
    assert (sum(per_worker(report, "redirected", 4)) == 0) == at_home
    assert min(per_worker(report, "max_starts_1ms", 4)) > 0


def test_one_calls_three_answer(quiet_lab):
    """The ends of a ring pair may have different numbers of workers; each has a queue."""
    plan = four(4, None).replace('"ring:four/a";', '"ring:four/a"; workers = [ 3 ];') \
        .replace('"ring:four/b";', '"ring:four/b"; workers = [ 0, 1, 2 ];')
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    check_both_sides(report, FOUR_CALLS)
    assert [port["rx_queues"] for port in report["environment"]["ports"]] == [1, 3]
    assert [port["tx_queues"] for port in report["environment"]["ports"]] == [3, 1]
    assert per_worker(report, "redirected", 4) == [0, 0, 0, 0]
    assert min(per_worker(report, "busy_turns", 4)) > 0
