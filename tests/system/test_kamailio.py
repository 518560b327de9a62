# SPDX-License-Identifier: BSD-3-Clause
"""Calls through kamailio: from registered phones of ours to registered phones of ours, by routes that kamailio records."""

import os

import pytest

from conftest import FULL
from kamailio import SERVICE_ROUTE_AND_PATH, Kamailio
from lab import IP4_PEER, run
from phones import calling, route_phones
from plans import CALM
from programs import PASSED, ROOT, check_totals

MODES = ("sipp", "rfc3261")
RATE = 200
PHONES = 5000 if FULL else 1000
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")

# A plain scenario (mode sipp) wants its messages in order: of two processes of kamailio one may overtake the other on a busy machine.
CHILDREN = {"sipp": 1, "rfc3261": 2}

each_mode = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def phones_lab(lab):
    """A lab whose peer knows the way to the phones."""
    route_phones(lab, run)
    return lab


def finish(daemon, status=PASSED, timeout_s=240):
    daemon.ctl("start")
    daemon.ctl("wait", "--timeout", str(timeout_s), status=status, timeout_s=timeout_s + 10)
    return daemon.json("report")


def check_calls(report, count):
    """Every call placed was answered, by the phone that was called, and ended as written on both sides."""
    for side in ("placed", "answered"):
        calls = report["calls"][side]
        check_totals(calls)
        assert (calls["offered"], calls["completed"], calls["failed"]) == (count, count, 0), (
            side, calls, report["failures"], [(a["name"], a["not_started_because"]) for a in report["activities"]])
        assert calls["established"] == count, (side, calls)
    check_legs(report, count)


def check_legs(report, count):
    """A placed call and the call that answers it are one, on the endpoint that was meant."""
    legs = report.get("legs")
    if legs is not None:
        assert (legs["matched"], legs["unmatched"], legs["wrong_endpoint"]) == (count, 0, 0), legs


def check_registrations(report, count):
    r = report["registrations"]
    assert (r["offered"], r["registered"], r["unregistered"], r["active"]) == (count, count, count, 0), r
    assert r["failed"] == r["refresh_failed"] == r["unregister_failed"] == 0, r


def check_by_the_proxy(capture, count):
    """Requests in dialogs go to the proxy, and say by a Route which proxy it was."""
    ours = [(dst, route) for dst, route in
            capture.fields('(sip.Method == "BYE" || sip.Method == "ACK") && ip.src != ' + IP4_PEER + " && sip.Route",
                           "ip.dst", "sip.Route")]
    assert len(ours) >= 2 * count, len(ours)
    assert all(dst == IP4_PEER and f"{IP4_PEER}" in route and ";lr" in route for dst, route in ours), ours[:3]
    direct = capture.fields(f'sip.Method == "BYE" && ip.src != {IP4_PEER} && ip.dst != {IP4_PEER}', "ip.src", "ip.dst")
    assert not direct, direct[:3]


@each_mode
def test_registered_phones_call_each_other_with_authenticated_invites(phones_lab, mode, calls):
    proxy = Kamailio(phones_lab, auth="calls", memory_mb=512, children=CHILDREN[mode])
    plan = calling(PHONES, calls, RATE, mode=mode, uac="uac_auth" if mode == "sipp" else "uac")
    capture = None if FULL else phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        report = finish(daemon)
    check_calls(report, calls)
    check_registrations(report, 2 * PHONES)
    # 180 and 200 of one call stay apart: `ring`
    latency = report["latency_ms"]
    assert latency["post_dial"]["count"] == latency["answer"]["count"] == calls
    assert latency["answer"]["min"] >= 100 and latency["post_dial"]["p50"] < 100, latency
    assert latency["disconnect"]["count"] == calls
    assert proxy.bindings() == 0
    if not FULL:
        capture.stop()
        check_by_the_proxy(capture, calls)
        assert capture.count("sip.Status-Code == 407") >= calls
        capture.check_clean()
    received = proxy.received()
    # each INVITE twice; BYE and both ACKs pass the proxy; what is repeated comes on top
    assert received["INVITE"] >= 2 * calls and received["BYE"] >= calls and received["ACK"] >= 2 * calls, received


def test_phones_follow_the_registrar_s_service_route_and_path(phones_lab):
    Kamailio(phones_lab, register=SERVICE_ROUTE_AND_PATH)
    capture = phones_lab.capture()
    with phones_lab.daemon(calling(200, 200, 100)) as daemon:
        report = finish(daemon)
    capture.stop()
    check_calls(report, 200)
    assert capture.count('sip.CSeq.method == "REGISTER" && sip.Status-Code == 200 && sip.Path && sip.Service-Route') >= 400
    routes = {route for (route,) in capture.fields(f'sip.Method == "INVITE" && ip.dst == {IP4_PEER} && ip.src != {IP4_PEER} '
                                                   "&& !sip.to.tag", "sip.Route")}
    assert routes == {f"<sip:orig@{IP4_PEER}:5060;lr>"}, routes


@each_mode
def test_a_call_that_forks_is_answered_by_one_phone_and_cancelled_at_the_other(phones_lab, mode):
    count = 200
    with open(os.path.join(SCENARIOS, "uas_fork.xml")) as file:
        text = file.read()
    first = phones_lab.write("first.xml", text.replace("PATIENCE", "200"))
    twin = phones_lab.write("twin.xml", text.replace("PATIENCE", "10000"))
    Kamailio(phones_lab, contacts=2, children=CHILDREN[mode])
    plan = calling(200, count, 50, mode=mode, uas=first, legs="none", twins=twin)
    capture = phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        report = finish(daemon)
    capture.stop()
    placed = report["calls"]["placed"]
    assert (placed["completed"], placed["failed"]) == (count, 0), report["failures"]
    check_registrations(report, 600)
    by_name = {a["name"]: a for a in report["activities"]}
    counters = {(c["activity"], c["name"]): c["count"] for c in report["counters"]}
    for name in ("ring", "twins"):
        assert (by_name[name]["completed"], by_name[name]["failed"]) == (count, 0), (by_name[name], report["failures"])
    assert (by_name["ring"]["established"], by_name["twins"]["established"]) == (count, 0)
    assert capture.count(f'sip.Method == "CANCEL" && ip.src == {IP4_PEER}') >= count
    assert capture.count(f'sip.Status-Code == 487 && ip.dst == {IP4_PEER}') >= count
    if mode == "sipp":
        assert (counters["ring", "answered"], counters["twins", "cancelled"]) == (count, count), counters


def test_pings_of_phones_and_of_calls_are_answered(phones_lab):
    """What the registrar asks its contacts, and the proxy both ends of a call, to see whether they are still there."""
    phones, count = 100, 50
    Kamailio(phones_lab, ping=5, dialog_ping=30)  # calls are asked no sooner than that
    capture = phones_lab.capture()
    with phones_lab.daemon(calling(phones // 2, count, 50, hold="36s", drain="60s", answer_more='timeout = "60s";')) as daemon:
        report = finish(daemon)
    capture.stop()
    check_calls(report, count)
    check_registrations(report, phones)
    for where, least in (("!sip.to.tag", 5 * phones), ("sip.to.tag", 2 * count)):
        asked = capture.fields(f'sip.Method == "OPTIONS" && ip.src == {IP4_PEER} && {where}', "sip.Call-ID", "sip.CSeq.seq")
        assert len(asked) >= least, (where, len(asked))
        answered = capture.fields(f'sip.CSeq.method == "OPTIONS" && sip.Status-Code == 200 && ip.dst == {IP4_PEER}',
                                  "sip.Call-ID", "sip.CSeq.seq")
        assert set(asked) <= set(answered), (where, len(set(asked) - set(answered)))
    assert report["sip"]["no_endpoint"] == report["sip"]["out_of_call"] == 0, report["sip"]
    assert report["sip"]["auto_answered"] >= 5 * phones + 2 * count, report["sip"]


@each_mode
def test_calls_are_matched_through_a_proxy_that_hides_topology(phones_lab, mode, calls):
    Kamailio(phones_lab, topoh=True, memory_mb=512, children=CHILDREN[mode])
    capture = None if FULL else phones_lab.capture()
    with phones_lab.daemon(calling(PHONES, calls, RATE, mode=mode)) as daemon:
        report = finish(daemon)
    check_calls(report, calls)
    if FULL:
        return
    capture.stop()
    sides = [{call_id for (call_id,) in capture.fields(f'sip.Method == "INVITE" && ip.{end} == {IP4_PEER}', "sip.Call-ID")}
             for end in ("src", "dst")]
    assert len(sides[0]) == len(sides[1]) == calls and not sides[0] & sides[1]  # Call-IDs are rewritten, truly


def test_the_shipped_plan_and_configuration_fit_each_other(phones_lab, calls):
    """config/register-and-call as docs/register-and-call.md runs it, on our wire; by default with fewer phones."""
    place = os.path.join(ROOT, "config", "register-and-call")
    phones = max(calls // 2, 1000)  # 600 are busy at a time
    proxy = Kamailio.of_file(phones_lab, os.path.join(place, "kamailio.cfg"))
    with open(os.path.join(place, "plan.conf")) as file:
        plan = file.read()
    for shipped, here in (("iface=rs-load0", "iface=rs-ours"), ("total = 10000", f"total = {calls}"),
                          ("count = 5000", f"count = {phones}"), ("run = {", f"run = {{ {CALM}")):
        assert shipped in plan, shipped
        plan = plan.replace(shipped, here)
    with phones_lab.daemon(plan) as daemon:
        report = finish(daemon)
    check_calls(report, calls)
    check_registrations(report, 2 * phones)
    assert proxy.bindings() == 0
