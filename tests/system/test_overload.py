# SPDX-License-Identifier: BSD-3-Clause
"""The generator overloaded on purpose, in every way and on every kind of port: it says so itself, and the peer is not blamed.
And the counterpart: a peer that is slow, silent or refuses is what the report names."""

import signal
import time

import pytest

from lab import IF_OURS, IP4_OURS, IP4_PEER, run
from plans import AF_PACKET, AF_XDP, CALM, caller
from programs import FAILED, LIMITED, check_totals

pytestmark = pytest.mark.alone

RING_PORTS = """
ports = ( {{ name = "a"; device = "ring:pair/a"; addresses = [ "198.18.0.2/20" ]; workers = [ {a} ];
            rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "ring:pair/b"; addresses = [ "198.18.0.1/20" ]; workers = [ {b} ];
            rx_descriptors = {desc}; tx_descriptors = {desc}; }} );"""


def ring(rate, run_settings, cores="0", desc=1024, workers="", b=0):
    """Both sides in one process."""
    return f"""
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ {cores} ]; idle = "sleep"; {workers} }};
{RING_PORTS.format(a=0, b=b, desc=desc)}
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "a"; addresses = "198.18.0.2"; proxy = "sip:198.18.0.1:5060"; count = 100; }},
              {{ name = "callees"; kind = "trunk"; port = "b"; addresses = "198.18.0.1"; proxy = "sip:198.18.0.2:5060"; count = 100; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "uas"; ring = "0s"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "sip:1@198.18.0.1"; scenario = "uac"; rate = {rate};
                 hold = "0s"; timeout = "2s"; }} );
run = {{ seed = 1; {run_settings} }};
"""


def wire(rate, run_settings, device=AF_PACKET, port=""):
    """Ours calls the peer's port 5060."""
    return f"""
targets = [ "{IP4_PEER}/32" ];
workers = {{ cores = [ 0 ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{device}"; addresses = [ "{IP4_OURS}/20" ]; {port} }} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}:5060"; count = 100; }} );
activities = ( {{ name = "calls"; do = "call"; from = "callers"; to = "sip:service@{IP4_PEER}"; scenario = "uac"; rate = {rate};
                 hold = "0s"; timeout = "2s"; }} );
run = {{ seed = 1; {run_settings} }};
"""


def broken(report):
    """Names of the bounds that were broken."""
    return {bound["name"] for bound in report["health"]["bounds"] if bound["intervals"]}


def check_limited(report):
    """What every run that the generator limited says: the verdict, where and when, and nothing of the peer."""
    assert report["run"]["verdict"] == "generator limited", report["run"]
    reasons = report["run"]["reasons"]
    assert not any(reason.startswith("SUT") for reason in reasons), reasons
    assert any("were limited by the generator" in reason for reason in reasons), reasons
    health = report["health"]
    assert health["limited_intervals"] == sum(interval["limited"] for interval in report["intervals"]) > 0
    assert broken(report)
    for bound in health["bounds"]:
        if bound["intervals"]:
            assert bound["worst"] > bound["bound"] and bound["remedy"], bound
    for interval in report["intervals"]:
        assert bool(interval.get("limits")) == interval["limited"], interval
    for side in ("placed", "answered"):
        calls, tainted = report["calls"][side], report["tainted"][side]
        check_totals(calls)
        assert tainted["failed"] == calls["failed"], (side, calls, tainted)
        assert tainted["calls"] <= calls["started"]


def check_health_verb(daemon, report):
    """`loadctl health` names what broke, the seconds, and what to change."""
    text = daemon.ctl("health")
    for bound in report["health"]["bounds"]:
        if bound["intervals"]:
            assert f"{bound['name']}: {bound['remedy']}" in text, text
    second = next(interval["t"] for interval in reversed(report["intervals"]) if interval["limited"])
    assert f"second {second}:" in text, text


def overloaded(lab, plan):
    """Run @plan to its end, which must be the verdict on the generator."""
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end(status=LIMITED, timeout_s=60)
        check_limited(report)
        check_health_verb(daemon, report)
    return report


SHORT = 'measure = "2s"; drain = "500ms"; max_calls = {max_calls};'


def test_too_high_a_rate_over_rings(quiet_lab):
    report = overloaded(quiet_lab, ring(2000000, SHORT.format(max_calls=20000)))
    assert broken(report) & {"busy", "lateness", "lateness_with_gaps"}


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
def test_too_high_a_rate_over_a_wire(lab, device):
    lab.sipp("uas", IP4_PEER)
    # More calls than are placed in that time: else the second interval may be the plan's limit, not the generator's.
    report = overloaded(lab, wire(2000000, SHORT.format(max_calls=2000000), device))
    assert broken(report) & {"busy", "lateness", "lateness_with_gaps"}


def test_too_few_packet_buffers(quiet_lab):
    """The rings would hold more than there is."""
    report = overloaded(quiet_lab, ring(2000000, SHORT.format(max_calls=20000), desc=8192, workers="mbufs = 2047;"))
    assert "tx_no_mbuf" in broken(report)


def test_too_few_legs(quiet_lab):
    """Each answered call lingers 4 s to answer repetitions: at this rate more of them than memory was made for."""
    report = overloaded(quiet_lab, ring(40000, 'measure = "3500ms"; drain = "1s"; max_calls = 500;', cores="0, 1", b=1))
    assert "memory" in broken(report)
    assert any("a pool was empty" in reason for reason in report["run"]["reasons"])


def test_a_port_that_takes_packets_slowly(lab):
    """A queueing discipline lets 1 Mbit/s of 20 pass, and keeps the rest: the device's few frames stay in use, and its driver waits
    for one in its transmit call, so that the worker stands still."""
    run("ip", "netns", "exec", lab.ours, "tc", "qdisc", "add", "dev", IF_OURS, "root", "tbf", "rate", "1mbit",
        "burst", "3000", "limit", "10000000")
    lab.sipp("uas", IP4_PEER)
    device = f"{AF_PACKET},blocksz=65536,framesz=2048,framecnt=256,qdisc_bypass=0"
    report = overloaded(lab, wire(5000, SHORT.format(max_calls=20000), device))
    assert broken(report) & {"tx_full", "gap"}


def test_rings_that_hold_too_little(quiet_lab):
    """Two workers on one core take turns of milliseconds: in each of them more comes than 64 packets."""
    report = overloaded(quiet_lab, ring(20000, SHORT.format(max_calls=20000), cores="0, 0", desc=64, b=1))
    assert "tx_full" in broken(report)


def stall(daemon):
    """The whole process stands still for a second and a half."""
    daemon.ctl("start")
    time.sleep(1.2)
    daemon.signal(signal.SIGSTOP)
    time.sleep(1.5)
    daemon.signal(signal.SIGCONT)
    daemon.ctl("wait", "--timeout", "60", status=LIMITED)
    report = daemon.json("report")
    check_limited(report)
    check_health_verb(daemon, report)
    gap = next(bound for bound in report["health"]["bounds"] if bound["name"] == "gap")
    # 1.5 s of an interval that is at most as long as the seconds that nobody closed
    assert gap["worst"] >= 40 and gap["worker"] == 0, gap
    # The calls that fell due meanwhile were late, and are shown with and without that.
    assert report["lateness_ms"]["max"] > 1000
    assert report["health"]["lateness_without_gaps"]["p99"] < report["lateness_ms"]["max"]
    assert report["calls"]["placed"]["completed"] > 0


STALLED = 'measure = "4s"; drain = "5s"; max_calls = 20000;'


def test_a_stalled_worker_over_rings(quiet_lab):
    with quiet_lab.daemon(ring(500, STALLED)) as daemon:
        stall(daemon)


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
def test_a_stalled_worker_over_a_wire(lab, device):
    lab.sipp("uas", IP4_PEER)
    with lab.daemon(wire(500, STALLED, device)) as daemon:
        stall(daemon)


def sut_run(lab, plan, scenario=None, sipp="uas"):
    """The peer's fault: FAILED, named as the SUT's."""
    if sipp:
        lab.sipp(lab.write("sut.xml", scenario) if scenario else sipp, IP4_PEER)
    assert CALM in plan
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end(status=FAILED, timeout_s=60)
    assert report["run"]["verdict"] == "failed", report["run"]
    return report


REFUSES = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="refuses"><recv request="INVITE"/>
<send retrans="500"><![CDATA[

SIP/2.0 503 Service Unavailable
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send><recv request="ACK"/></scenario>
"""

SLOW = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="slow"><recv request="INVITE"/><pause milliseconds="300"/>
<send retrans="500"><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send><recv request="ACK"/><recv request="BYE"/>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send></scenario>
"""


def test_a_peer_that_refuses_is_named(lab):
    report = sut_run(lab, caller(40, 40), REFUSES)
    assert any(reason.startswith("SUT: 40 placed calls failed: response 503 (40)") for reason in report["run"]["reasons"])
    assert report["tainted"]["placed"]["failed"] < 40


def test_a_peer_that_says_nothing_is_named(lab):
    report = sut_run(lab, caller(20, 40, more='timeout = "1s";'), sipp=None)
    assert any(reason.startswith("SUT: 20 placed calls failed: ") for reason in report["run"]["reasons"]), report["run"]


def test_a_peer_that_is_slow_is_named(lab):
    plan = caller(40, 40).replace("max_calls = 20000;", "max_calls = 20000; thresholds = { answer_p99_ms = 100; };")
    report = sut_run(lab, plan, SLOW)
    assert report["calls"]["placed"]["completed"] == 40
    assert any(reason.startswith("answer_p99_ms: at most 100 asked, ") for reason in report["run"]["reasons"])
