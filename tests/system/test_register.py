# SPDX-License-Identifier: BSD-3-Clause
"""Endpoints that register at kamailio: first registrations, refreshes and removals, counted on both sides."""

import time

import pytest

from conftest import FULL
from kamailio import REFUSE_BRIEF, Kamailio
from lab import run, wait_until
from phones import registering, route_phones
from plans import CALM
from programs import FAILED, PASSED, STOPPED

PHONES = 10000 if FULL else 1000
RATE = 500
FEW = 200


@pytest.fixture
def phones_lab(lab):
    """A lab whose peer knows the way to the phones."""
    route_phones(lab, run)
    return lab


def measured(span_s):
    return f'measure = "{span_s}s";'


def registrations(daemon):
    return daemon.json("stats")["registrations"]


def wait_active(daemon, count, timeout_s=60):
    wait_until(lambda: registrations(daemon)["active"] >= count, timeout_s, f"{count} registered endpoints")


def finish(daemon, status=PASSED, timeout_s=120):
    daemon.ctl("wait", "--timeout", str(timeout_s), status=status, timeout_s=timeout_s + 10)
    return daemon.json("report")


def check_all_registered(r, count):
    """Everybody registered once, nothing went wrong, everybody left."""
    assert (r["offered"], r["registered"], r["failed"]) == (count, count, 0), r
    assert r["refresh_failed"] == r["unregister_failed"] == 0, r
    assert (r["unregistered"], r["active"], r["peak"], r["under_way"]) == (count, 0, count, 0), r
    assert r["failures"] == [], r


@pytest.mark.parametrize("algorithm", ("MD5", "SHA-256"))
def test_endpoints_register_and_leave_and_the_registrar_counts_as_many(phones_lab, algorithm):
    count = PHONES if algorithm == "MD5" else FEW
    registrar = Kamailio(phones_lab, algorithm=algorithm)
    with phones_lab.daemon(registering(count, RATE, run_more=measured(count // RATE + 4))) as daemon:
        daemon.ctl("start")
        wait_active(daemon, count)
        assert registrar.bindings() == registrar.users() == count
        states = daemon.json("endpoints")[0]["states"]
        assert states == {"registered": count}, states
        report = finish(daemon)
    check_all_registered(report["registrations"], count)
    assert report["registrations"]["challenged"] == count
    assert report["latency_ms"]["register"]["count"] == count
    reg = report["activities"][0]
    assert (reg["do"], reg["offered"], reg["completed"], reg["open"]) == ("register", count, count, 0)
    assert report["calls"]["answered"]["offered"] == report["calls"]["placed"]["offered"] == 0
    assert registrar.bindings() == 0, registrar.messages()


def test_refreshes_come_between_half_and_nine_tenths_of_what_was_granted(phones_lab):
    granted_s, span_s = (12, 40) if FULL else (6, 15)
    registrar = Kamailio(phones_lab, expires=(1, granted_s))
    plan = registering(FEW, 200, run_more=measured(span_s))
    capture = phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        wait_active(daemon, FEW)
        for _ in range(2 * granted_s - 3):
            time.sleep(1)
            assert registrar.bindings() == FEW
        report = finish(daemon)
    capture.stop()
    r = report["registrations"]
    check_all_registered(r, FEW)
    assert FEW * int((span_s - 1) / (0.9 * granted_s)) <= r["refreshed"] <= FEW * int(span_s / (0.5 * granted_s)), r
    # those that begin in the measured window, and that is over when removals begin
    assert r["refreshed"] - FEW // 10 <= report["latency_ms"]["refresh"]["count"] <= r["refreshed"]
    assert report["latency_ms"]["register"]["count"] == FEW
    assert registrar.bindings() == 0

    granted, gaps = {}, []
    for call_id, at, code in capture.fields('sip.CSeq.method == "REGISTER" && (sip.Status-Code == 200 || sip.Method) '
                                            '&& !(sip.Expires == 0)', "sip.Call-ID", "frame.time_epoch", "sip.Status-Code"):
        if code == "200":
            granted[call_id] = float(at)
        elif call_id in granted:
            gaps.append(float(at) - granted.pop(call_id))
    # removals are not among them: Expires: 0
    assert len(gaps) == r["refreshed"]
    parts = [gap / granted_s for gap in gaps]
    # the upper end with what a busy machine adds
    assert 0.499 < min(parts) < 0.53 and 0.87 < max(parts) < 1, (min(parts), max(parts))
    assert 0.67 < sum(parts) / len(parts) < 0.73, sum(parts) / len(parts)


def test_a_wrong_password_fails_once_and_for_all(phones_lab):
    registrar = Kamailio(phones_lab)
    plan = registering(FEW, RATE, password="wrong", run_more=measured(4))
    capture = phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        report = finish(daemon, FAILED)
    capture.stop()
    r = report["registrations"]
    assert (r["offered"], r["registered"], r["failed"], r["active"]) == (FEW, 0, FEW, 0), r
    assert r["failures"] == [{"cause": "response 401", "count": FEW}]
    assert report["failures"] == []
    assert any("SUT: 200 registrations failed: response 401 (200)" in reason for reason in report["run"]["reasons"])
    assert registrar.bindings() == 0
    # one without and one with credentials each, and no more
    assert capture.count('sip.Method == "REGISTER"') == 2 * FEW


def test_423_is_obeyed(phones_lab):
    Kamailio(phones_lab, register=REFUSE_BRIEF)
    capture = phones_lab.capture()
    with phones_lab.daemon(registering(FEW, RATE, expires="20s", run_more=measured(3))) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    capture.stop()
    check_all_registered(report["registrations"], FEW)
    assert capture.count("sip.Status-Code == 423") == FEW
    asked = {expires for (expires,) in capture.fields('sip.Method == "REGISTER"', "sip.Expires")}
    assert asked == {"20", "60", "0"}, asked


def test_a_nonce_is_used_again_with_a_higher_count(phones_lab):
    registrar = Kamailio(phones_lab, nonce_count=True, expires=(1, 4))
    capture = phones_lab.capture()
    with phones_lab.daemon(registering(FEW, RATE, run_more=measured(8))) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    capture.stop()
    r = report["registrations"]
    check_all_registered(r, FEW)
    assert r["refreshed"] >= FEW, r
    # the registrar would refuse a count that it has seen: one challenge each was enough for everything
    assert r["challenged"] == FEW, r
    assert registrar.received()["REGISTER"] == 2 * FEW + r["refreshed"] + FEW
    counts = {}
    for call_id, nc in capture.fields('sip.Method == "REGISTER" && sip.auth.nc', "sip.Call-ID", "sip.auth.nc"):
        counts.setdefault(call_id, []).append(int(nc, 16))
    assert len(counts) == FEW
    for seen in counts.values():
        assert seen == list(range(1, len(seen) + 1)), seen


def test_a_nonce_that_has_expired_is_replaced_and_nothing_fails(phones_lab):
    Kamailio(phones_lab, nonce_expire=1, expires=(1, 5))
    capture = phones_lab.capture()
    with phones_lab.daemon(registering(FEW, RATE, run_more=measured(8))) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    capture.stop()
    r = report["registrations"]
    check_all_registered(r, FEW)
    # refreshes come after 2.5 s and more: each finds its nonce stale
    assert r["refreshed"] >= FEW, r
    assert r["challenged"] >= FEW + r["refreshed"], r
    assert capture.count('sip.Status-Code == 401 && sip contains "stale=true"') >= r["refreshed"]


def test_without_nonce_reuse_each_request_is_challenged_anew(phones_lab):
    Kamailio(phones_lab, expires=(1, 4))
    capture = phones_lab.capture()
    plan = registering(FEW, RATE, more="nonce_reuse = false;", run_more=measured(7))
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    capture.stop()
    r = report["registrations"]
    check_all_registered(r, FEW)
    assert r["refreshed"] >= FEW, r
    assert r["challenged"] == r["registered"] + r["refreshed"] + r["unregistered"], r
    # what was sent twice on a busy machine counts once
    plain, authorized = (len(set(capture.fields(f'sip.Method == "REGISTER" && {which}sip.Authorization', "sip.Call-ID", "sip.CSeq.seq")))
                         for which in ("!", ""))
    assert plain == authorized == r["challenged"]


def test_stop_hangup_removes_what_is_registered_at_its_pace(phones_lab):
    registrar = Kamailio(phones_lab)
    with phones_lab.daemon(registering(FEW, RATE, more="unregister_rate = 100;")) as daemon:
        daemon.ctl("start")
        wait_active(daemon, FEW)
        begun = time.monotonic()
        daemon.ctl("stop", "--hangup")
        report = finish(daemon, STOPPED)
        took = time.monotonic() - begun
    check_all_registered(report["registrations"], FEW)
    assert registrar.bindings() == 0
    assert took >= 0.9 * FEW / 100, took


def test_unregister_false_leaves_the_bindings(phones_lab):
    registrar = Kamailio(phones_lab)
    with phones_lab.daemon(registering(FEW, RATE, more="unregister = false;", run_more=measured(2))) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    assert report["registrations"]["unregistered"] == 0
    assert report["registrations"]["active"] == FEW
    assert registrar.bindings() == FEW


def test_a_registrar_that_is_not_there_is_named_as_the_cause(phones_lab):
    plan = registering(FEW, RATE, run_more='t1 = "50ms"; ' + measured(5))
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        report = finish(daemon, FAILED)
    r = report["registrations"]
    assert (r["registered"], r["failed"]) == (0, FEW), r
    # a peer that routes says that nobody listens there
    assert r["failures"] == [{"cause": "unreachable", "count": FEW}], r


LONG_DOMAIN = ".".join(["d" * 60] * 4)


def test_a_register_longer_than_a_packet_goes_in_fragments(quiet_lab):
    """The name of the domain is in it five times once it has credentials."""
    plan = f"""
targets = [ "198.18.0.0/19" ];
workers = {{ cores = [ 0 ]; idle = "sleep"; }};
ports = ( {{ name = "a"; device = "ring:long/a"; addresses = [ "198.18.0.2/19" ]; }},
          {{ name = "b"; device = "ring:long/b"; addresses = [ "198.18.0.1/19" ]; }} );
endpoints = ( {{ name = "phones"; port = "a"; count = {FEW}; addresses = "198.18.16.1-198.18.16.250"; proxy = "sip:198.18.0.1";
                domain = "{LONG_DOMAIN}"; password = "secret"; }},
              {{ name = "registrar"; kind = "trunk"; port = "b"; addresses = "198.18.0.1"; domain = "{LONG_DOMAIN}"; }} );
activities = ( {{ name = "reg"; do = "register"; endpoints = "phones"; rate = {RATE}; }},
               {{ name = "registrar"; do = "answer"; endpoints = "registrar"; scenario = "registrar"; }} );
run = {{ seed = 1; drain = "10s"; {measured(2)} {CALM} }};
"""
    with quiet_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        report = finish(daemon)
    check_all_registered(report["registrations"], FEW)  # the registrar of the same run answers until the last one has left
    answered = report["calls"]["answered"]
    assert (answered["failed"], answered["open"], answered["started"]) == (0, 0, 2 * FEW), answered
    fragments = {port["name"]: port["rx_fragment"] for port in report["health"]["ports"]}
    assert fragments["b"] >= 2 * FEW, fragments
