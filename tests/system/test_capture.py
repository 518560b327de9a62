# SPDX-License-Identifier: BSD-3-Clause
"""What is on the wire, read by tshark: no malformed packet, no wrong checksum, every dialog complete."""

import json
import os
import sys

import pytest

from lab import IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER, run
from plans import AF_PACKET, AF_XDP, callee, caller
from programs import RINGSTORMD, ROOT

TAGGED = os.path.join(ROOT, "tests", "system", "tagged.py")
CALLS = 200


def check_dialogs(capture, count, display_filter="sip"):
    """Every call is INVITE, 180, 200, ACK, BYE, 200: in this order, each once (a provisional may be repeated or 100)."""
    dialogs = capture.dialogs(display_filter)
    assert len(dialogs) == count
    for call_id, messages in dialogs.items():
        kept = [message for message in messages if message != "100 INVITE"]
        assert kept == ["INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"], (call_id, messages)


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
@pytest.mark.parametrize("family", [4, 6], ids=["ipv4", "ipv6"])
def test_calls_that_we_place_are_clean_on_the_wire(lab, family, device):
    capture = lab.capture()
    peer = lab.sipp("uas", IP6_PEER if family == 6 else IP4_PEER, calls=CALLS)
    with lab.daemon(caller(CALLS, 200, family, device)) as daemon:
        daemon.run_to_end()
        peer.finish(30)
    capture.stop()
    capture.check_clean()
    check_dialogs(capture, CALLS)
    ours = IP6_OURS if family == 6 else IP4_OURS
    source = "ipv6.src" if family == 6 else "ip.src"
    # The plan's addresses only, and each INVITE with a Via that names us and a fresh branch.
    assert capture.count(f"sip && {source} == {ours}") == 3 * CALLS
    branches = capture.fields(f"sip.Method == INVITE && {source} == {ours}", "sip.Via.branch")
    assert len(set(branches)) == CALLS
    assert all(branch.startswith("z9hG4bK") for (branch,) in branches)


def test_calls_that_we_answer_are_clean_on_the_wire(lab):
    capture = lab.capture()
    with lab.daemon(callee(CALLS)) as daemon:
        daemon.ctl("start")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=200)
        peer.finish(60)
        daemon.ctl("wait", "--timeout", "30")
    capture.stop()
    capture.check_clean()
    check_dialogs(capture, CALLS)


def test_neighbours_and_echo_are_answered(lab):
    """The kernel of the peer finds us by ARP and neighbour discovery, and its ping is answered with good checksums."""
    capture = lab.capture()
    with lab.daemon(callee(1)):
        assert " 0% packet loss" in run("ip", "netns", "exec", lab.peer, "ping", "-c", "3", "-i", "0.2", "-W", "2",
                                        IP4_OURS).stdout
    with lab.daemon(callee(1, family=6)):
        assert " 0% packet loss" in run("ip", "netns", "exec", lab.peer, "ping", "-c", "3", "-i", "0.2", "-W", "2",
                                        IP6_OURS).stdout
    capture.stop()
    capture.check_clean()
    assert capture.count("arp.opcode == 2") >= 1
    assert capture.count("icmpv6.type == 136") >= 1
    assert capture.count("icmp.type == 0") == 3
    assert capture.count("icmpv6.type == 129") == 3


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
def test_a_tagged_port_speaks_in_its_vlan_only(lab, device):
    """All of ours is tagged, ARP included; what comes untagged or with another tag is not for us, however well it fits."""
    lab.silence_peer()
    capture = lab.capture()
    peer = lab.start([sys.executable, TAGGED, "100", str(CALLS)], lab.peer, "tagged.log")
    plan = caller(CALLS, 200, device=device).replace('name = "wire";', 'name = "wire"; vlan = 100;')
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        assert peer.wait(30) == 0, peer.output()
    theirs = json.loads(peer.output().splitlines()[-1])
    assert (theirs["byes"], theirs["outside"]) == (CALLS, 0)
    assert theirs["arps"] >= 1
    assert report["calls"]["placed"]["completed"] == CALLS, report["failures"]
    assert report["sip"]["unexpected"] == 0
    capture.stop()
    capture.check_clean()
    check_dialogs(capture, CALLS, "sip && vlan.id == 100")
    # The answers elsewhere did arrive: two for each of ours.
    assert capture.count("sip.Status-Code == 486 && !vlan") == capture.count("sip.Status-Code == 486 && vlan.id == 101")
    assert capture.count("sip.Status-Code == 486") == theirs["decoys"] >= 6 * CALLS
    assert capture.count(f"(ip.src == {IP4_OURS} || arp.src.proto_ipv4 == {IP4_OURS}) && !(vlan.id == 100)") == 0
    # The tag's bytes: 802.1Q with priority 0 and identifier 100, then IPv4.
    assert capture.count(f"ip.src == {IP4_OURS} && frame[12:6] == 81:00:00:64:08:00") >= 3 * CALLS


def test_nothing_is_sent_to_an_address_outside_targets(lab):
    """The SUT is allowed, its neighbour is not: a plan that calls the neighbour sends it no IP packet at all."""
    capture = lab.capture()
    plan = caller(10, 10, more='timeout = "1s";').replace(f'proxy = "sip:{IP4_PEER}:5060"', 'proxy = "sip:198.18.0.9:5060"')
    path = lab.write("outside.conf", plan)
    process = lab.start([RINGSTORMD, "--config", path, "--socket", lab.path("sock"), "--start"], lab.ours, "outside.log")
    # Refused when the plan is read or when the packet is built: either way it is not a pass.
    assert process.wait(60) != 0
    capture.stop()
    assert capture.count("ip.dst == 198.18.0.9") == 0
