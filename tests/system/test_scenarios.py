# SPDX-License-Identifier: BSD-3-Clause
"""SIPp's scenario language: each story is played with SIPp on one side and ringstorm on the other, both ways round."""

import os

import pytest

from lab import IP4_OURS, IP4_PEER
from plans import both, callee, caller, rfc3261
from programs import ROOT, check_totals
from stories import STORIES
from test_sipp import check_peer

CALLS = 100
RATE = 100

each_story = pytest.mark.parametrize("name", STORIES)


def check_ours(report, side):
    numbers = report["calls"][side]
    check_totals(numbers)
    assert (numbers["started"], numbers["completed"], numbers["failed"]) == (CALLS, CALLS, 0), report["failures"]
    assert report["run"]["verdict"] == "passed", report["run"]
    assert report["sip"]["malformed"] == 0


@each_story
def test_ringstorm_calls_sipp(lab, name):
    story = STORIES[name]
    peer = lab.sipp(lab.write("callee.xml", story.callee), IP4_PEER, calls=CALLS)
    more = f'data = "{lab.write("users.csv", story.data)}";' if story.data else ""
    with lab.daemon(caller(CALLS, RATE, scenario=lab.write("caller.xml", story.caller), more=more)) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(60)
    check_peer(lab, peer, stats, status, CALLS, "Incoming")
    check_ours(report, "placed")


@each_story
def test_sipp_calls_ringstorm(lab, name):
    story = STORIES[name]
    args = ("-inf", lab.write("users.csv", story.data)) if story.data else ()
    with lab.daemon(callee(CALLS, scenario=lab.write("callee.xml", story.callee))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp(lab.write("caller.xml", story.caller), IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=RATE,
                        args=args)
        status, stats = peer.finish(60)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, CALLS, "Outgoing")
    check_ours(report, "answered")


# The scenarios that come with ringstorm, as (caller's, callee's): a real peer must understand them.
SHIPPED = [("uac", "uas"), ("invite_cancel", "uas_cancel"), ("uac_busy", "uas_busy"), ("reinvite", "uas_reinvite"),
           ("options", "options_uas"), ("message", "message_uas")]


def for_sipp(lab, name):
    """A shipped scenario as SIPp can read it: the keywords that only ringstorm has are replaced by what they stand for."""
    with open(os.path.join(ROOT, "config", "scenarios", f"{name}.xml")) as file:
        text = file.read()
    for keyword, value in (("[tag]", "[pid]T[call_number]"), ("[user]", "user"), ("[domain]", "example.test")):
        text = text.replace(keyword, value)
    return lab.write(f"{name}.xml", text)


in_both_modes = pytest.mark.parametrize("mode", ["sipp", "rfc3261"])


def in_mode(plan, mode):
    return rfc3261(plan) if mode == "rfc3261" else plan


@in_both_modes
@pytest.mark.parametrize("ours, theirs", SHIPPED)
def test_shipped_callers_against_sipp(lab, ours, theirs, mode):
    peer = lab.sipp(for_sipp(lab, theirs), IP4_PEER, calls=CALLS, args=("-d", "50"))
    plan = in_mode(caller(CALLS, RATE, scenario=ours).replace('hold = "0s"', 'hold = "200ms"'), mode)
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(60)
    check_peer(lab, peer, stats, status, CALLS, "Incoming")
    check_ours(report, "placed")


@in_both_modes
@pytest.mark.parametrize("theirs, ours", SHIPPED)
def test_shipped_callees_against_sipp(lab, theirs, ours, mode):
    plan = in_mode(callee(CALLS, scenario=ours).replace('ring = "0s"', 'ring = "50ms"'), mode)
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        peer = lab.sipp(for_sipp(lab, theirs), IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=RATE,
                        args=("-d", "200"))
        status, stats = peer.finish(60)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, CALLS, "Outgoing")
    check_ours(report, "answered")


@pytest.mark.parametrize("answering", ["sipp", "rfc3261"])
@pytest.mark.parametrize("calling", ["sipp", "rfc3261"])
@pytest.mark.parametrize("uac, uas", SHIPPED + [("uac_auth", "uas_auth")])
def test_shipped_pairs_against_each_other(quiet_lab, uac, uas, calling, answering):
    """Whatever mode each side is in, the pair plays to its end and nothing stays open or is repeated for nothing."""
    plan = both(CALLS, RATE, scenario_uac=uac, scenario_uas=uas, more=f'mode = "{calling}";')
    plan = plan.replace('ring = "0s"; }', f'ring = "50ms"; mode = "{answering}"; }}').replace('hold = "0s"', 'hold = "200ms"')
    plan = plan.replace('count = 100; }', 'count = 100; password = "secret"; }') if "auth" in uac else plan
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    check_ours(report, "placed")
    check_ours(report, "answered")
    assert report["sip"]["unexpected"] == 0
    assert report["sip"]["retransmitted"] <= 2
