# SPDX-License-Identifier: BSD-3-Clause
"""Messages longer than the MTU: IP fragments both ways, beside a flood of fragments that never complete, judged by tshark."""

import collections
import os
import re
import sys

import pytest

from conftest import FULL
from lab import IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER, wait_until
from plans import AF_PACKET, AF_XDP, callee, caller, rfc3261
from programs import ROOT, check_totals
from stories import ANSWER_BYE, PROVISIONAL, receive, request, response, scenario

ASK = os.path.join(ROOT, "tests", "system", "ask.py")
FLOOD = os.path.join(ROOT, "tests", "system", "fragment_flood.py")
LONG = 4000
# A body that makes the message longer than LONG bytes: lines of 80.
BODY = "".join(f"a=x-filler:{n:04}".ljust(78, "x") + "\n" for n in range(48))

CALLER = scenario(
    request("INVITE", "Content-Type: text/plain", attributes='retrans="500"', body=BODY), PROVISIONAL, receive(200),
    request("ACK"), request("BYE", attributes='retrans="500"'), receive(200))
CALLEE = scenario(
    receive("INVITE"), response(180), response(200, "Content-Type: text/plain", attributes='retrans="500"', body=BODY),
    receive("ACK"), ANSWER_BYE)


def check_fragments(capture, family, calls):
    """Every INVITE and every 200 to it came in fragments of which tshark makes a SIP message of the whole length."""
    capture.check_clean()
    long_ones = f"udp.length > {LONG} && (sip.Method == INVITE || (sip.Status-Code == 200 && sip.CSeq.method == INVITE))"
    assert capture.count(long_ones) >= 2 * calls
    for source in ((IP6_OURS, IP6_PEER) if family == 6 else (IP4_OURS, IP4_PEER)):
        name = "ipv6" if family == 6 else "ip"
        sizes = capture.fields(f"{name}.src == {source} && {name}.{'fragment' if family == 4 else 'fragments'}", "frame.len")
        assert sizes
    if family == 4:
        pieces = collections.Counter(capture.fields(f"ip.src == {IP4_OURS} && (ip.flags.mf == 1 || ip.frag_offset > 0)",
                                                    "ip.id"))
        assert set(pieces.values()) == {3}, pieces.most_common(3)
        assert len(pieces) >= calls
        assert capture.count(f"ip.src == {IP4_OURS} && ip.flags.mf == 1 && ip.flags.df == 1") == 0


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
@pytest.mark.parametrize("family", [4, 6], ids=["ipv4", "ipv6"])
def test_long_invites_that_we_place(lab, calls, family, device):
    capture = lab.capture()
    peer = lab.sipp(lab.write("callee.xml", CALLEE), IP6_PEER if family == 6 else IP4_PEER, calls=calls)
    plan = caller(calls, 200, family, device, scenario=lab.write("caller.xml", CALLER))
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(60)
    capture.stop()
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["started"], placed["completed"]) == (calls, calls), report["failures"]
    assert (status, stats["SuccessfulCall(C)"]) == (0, calls), peer.errors()
    check_fragments(capture, family, calls)


@pytest.mark.parametrize("family", [4, 6], ids=["ipv4", "ipv6"])
def test_long_invites_that_we_answer(lab, calls, family):
    capture = lab.capture()
    ours = f"[{IP6_OURS}]" if family == 6 else IP4_OURS
    with lab.daemon(callee(calls, family, scenario=lab.write("callee.xml", CALLEE))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp(lab.write("caller.xml", CALLER), IP6_PEER if family == 6 else IP4_PEER,
                        remote=f"{ours}:5060", calls=calls, rate=200)
        status, stats = peer.finish(60)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    capture.stop()
    answered = report["calls"]["answered"]
    check_totals(answered)
    assert (answered["started"], answered["completed"]) == (calls, calls), report["failures"]
    assert (status, stats["SuccessfulCall(C)"]) == (0, calls), peer.errors()
    check_fragments(capture, family, calls)


@pytest.mark.parametrize("family, edge", [(4, 1472), (6, 1452)], ids=["ipv4", "ipv6"])
def test_answers_out_of_calls_at_the_edge_of_the_mtu(lab, family, edge):
    """What no scenario writes goes out in fragments as well: the first byte too many makes two of them."""
    ours, peer = (IP6_OURS, IP6_PEER) if family == 6 else (IP4_OURS, IP4_PEER)
    with lab.daemon(rfc3261(callee(1, family))) as daemon:
        daemon.ctl("start")

        def ask(*lengths):
            process = lab.start([sys.executable, ASK, peer, ours, *map(str, lengths)], lab.peer, f"ask{lengths[0]}.log")
            assert process.wait(30) == 0, process.output()
            return [line.split() for line in process.output().splitlines()]

        (_, length), = ask(100)
        lengths = [edge + more for more in (-1, 0, 1, 8, 3000)]
        answers = ask(*(100 + wanted - int(length) for wanted in lengths))
        port = daemon.json("health")["ports"][0]
        daemon.ctl("stop", "--now")
    assert answers == [["200", str(wanted)] for wanted in lengths]
    assert port["tx_fragmented"] == 3


REGISTRAR = scenario(receive("REGISTER"), response(200, "Contact: <sip:anyone@198.18.0.2>;expires=3600"))


def test_a_register_longer_than_the_mtu(lab):
    domain = ".".join(["a" * 60] * 3)
    plan = caller(1, 1).replace('user = "1555{index:05}"; count = 100;', f'domain = "{domain}"; user = "u{{index}}"; count = 1;')
    plan = plan.replace('kind = "trunk"; ', "").replace('name = "wire";', 'name = "wire"; mtu = 576;')
    head, tail = plan.index("activities"), plan.index("run = {")
    plan = plan[:head] + 'activities = ( { name = "reg"; do = "register"; endpoints = "callers"; rate = 10; } );\n' + plan[tail:]
    peer = lab.sipp(lab.write("registrar.xml", REGISTRAR), IP4_PEER)
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        wait_until(lambda: daemon.json("stats")["registrations"]["registered"] == 1, 10, f"a registration: {peer.errors()}")
        port = daemon.json("health")["ports"][0]
        daemon.ctl("stop", "--now")
    assert port["tx_fragmented"] == 1


def port_mac(daemon):
    """The MAC address that the daemon said its port has."""
    return re.search(r"mac ([0-9a-f:]{17})", daemon.output()).group(1)


def resident(pid):
    """Memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.alone
@pytest.mark.parametrize("device, long", [(AF_XDP, False), (AF_XDP, True)] + ([(AF_PACKET, False)] if FULL else []),
                         ids=["af_xdp", "af_xdp-long"] + (["af_packet"] if FULL else []))
def test_fragments_that_never_complete_harm_no_call(lab, calls, device, long):
    """Beside 20,000 of them a second all calls complete, those in fragments too, and memory does not grow."""
    plan = caller(calls, 100, device=device, scenario=lab.write("caller.xml", CALLER) if long else "uac")
    # Over both families at once: our end has an IPv6 address, too.
    plan = plan.replace(f'"{IP4_OURS}/20"', f'"{IP4_OURS}/20", "{IP6_OURS}/64"')
    peer = lab.sipp(lab.write("callee.xml", CALLEE) if long else "uas", IP4_PEER, calls=calls)
    with lab.daemon(plan) as daemon:
        mac = port_mac(daemon)
        flood = lab.start([sys.executable, FLOOD, IP4_OURS, IP6_OURS, mac, "20000"], lab.peer, "flood.log")
        before = resident(daemon.process.pid)
        wait_until(flood.output, 30, "the flood")
        report = daemon.run_to_end()
        after = resident(daemon.process.pid)
        assert flood.running(), flood.output()
        port = daemon.json("health")["ports"][0]
        flood.end()
        status, stats = peer.finish(60)
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["started"], placed["completed"]) == (calls, calls), report["failures"]
    assert (status, stats["SuccessfulCall(C)"]) == (0, calls), peer.errors()
    assert int(flood.output().split()[-2]) > 10000 * calls / 100, flood.output()
    # Each kind under its name; af_packet's driver has the kernel put IPv4 together, so there the IPv6 ones are ours.
    for kind in ("rx_fragment", "frag_evicted", "frag_overlap", "frag_bad", "frag_too_long", "frag_duplicate", "frag_late"):
        assert port[kind] > 100, (kind, port)
    assert (port["frag_whole"] >= calls) if long else (port["frag_whole"] == 0), port
    assert after - before < 64, (before, after)
