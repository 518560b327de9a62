# SPDX-License-Identifier: BSD-3-Clause
"""Peers that misbehave: what they send is counted by kind; it never crashes, stalls, or falsifies a total."""

import json
import os
import re
import socket
import sys

import pytest

from conftest import FULL
from lab import IP4_OURS, IP4_PEER, wait_until
from plans import AF_PACKET, AF_XDP, CALM, both, callee, caller
from programs import FAILED, ROOT, check_totals

HOSTILE = os.path.join(ROOT, "tests", "system", "hostile.py")
MISLEADING = os.path.join(ROOT, "tests", "system", "misleading.py")
FLOOD = os.path.join(ROOT, "tests", "system", "sip_flood.py")
CALLS = 50


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
@pytest.mark.parametrize("mode", ["copies", "nonsense", "frames"])
def test_calls_complete_whatever_else_arrives(lab, mode, device):
    peer = lab.start([sys.executable, HOSTILE, mode, str(CALLS)], lab.peer, "hostile.log")
    with lab.daemon(caller(CALLS, 50, device=device)) as daemon:
        report = daemon.run_to_end()
        assert daemon.process.running()
    assert peer.wait(30) == 0
    theirs = json.loads(peer.output().splitlines()[-1])
    assert theirs["byes"] == CALLS
    placed = report["calls"]["placed"]
    check_totals(placed)
    assert (placed["started"], placed["completed"], placed["open"]) == (CALLS, CALLS, 0), report["failures"]
    if mode == "nonsense":
        # Of each volley at least these are not SIP: noise, cut short, wrong version, wrong code, wrong lengths.
        assert report["sip"]["malformed"] >= 3 * 6 * CALLS
    if mode == "copies":
        assert report["sip"]["received"] > 3 * CALLS


def test_noise_on_an_answering_port_is_counted_and_calls_go_on(lab):
    """Thousands of datagrams of noise while SIPp calls: none becomes a call, all of SIPp's complete."""
    noise = ("import os,random,socket,time\n"
             "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nr=random.Random(3)\n"
             f"for i in range(3000):\n s.sendto(r.randbytes(r.randrange(0,1400)),('{IP4_OURS}',5060))\n time.sleep(0.0005)\n")
    with lab.daemon(callee(200)) as daemon:
        daemon.ctl("start")
        noisy = lab.start([sys.executable, "-c", noise], lab.peer, "noise.log")
        peer = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=200, rate=100)
        status, stats = peer.finish(60)
        assert noisy.wait(30) == 0, noisy.output()
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    assert status == 0, peer.errors()
    assert stats["SuccessfulCall(C)"] == 200
    answered = report["calls"]["answered"]
    check_totals(answered)
    assert (answered["started"], answered["completed"]) == (200, 200)


GOOD_CALLS, MISLED_CALLS, PHONES = 600, 240, 50


def besieged(device):
    """Calls to an honest callee, calls to one that misleads, and phones that register: see misleading.py."""
    return f"""
targets = [ "{IP4_PEER}/32", "198.18.0.64/28" ];
workers = {{ cores = [ 0 ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{device}"; addresses = [ "{IP4_OURS}/20" ]; }} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}:5060";
                user = "1555{{index:05}}"; count = 100; }},
              {{ name = "misled"; kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; sip_port = 5061; password = "p";
                user = "1666{{index:05}}"; count = 100; ua = {{ session_expires = "100s"; }}; }},
              {{ name = "phones"; port = "wire"; addresses = "198.18.0.16-198.18.0.25"; count = {PHONES}; password = "p{{index:05}}";
                user = "u{{index:05}}"; domain = "example.test"; proxy = "sip:{IP4_PEER}:5080"; }} );
activities = ( {{ name = "reg"; do = "register"; endpoints = "phones"; rate = 50; expires = "3600s"; }},
               {{ name = "good"; do = "call"; from = "callers"; to = "sip:service@{IP4_PEER}:5060"; scenario = "uac"; rate = 60;
                 total = {GOOD_CALLS}; hold = "1s"; }},
               {{ name = "misled"; do = "call"; from = "misled"; to = "sip:service@{IP4_PEER}:5070"; scenario = "uac"; rate = 30;
                 total = {MISLED_CALLS}; hold = "1s"; timeout = "8s"; }} );
run = {{ mode = "rfc3261"; seed = 1; drain = "40s"; max_calls = 5000; {CALM} }};
"""


def resident(pid):
    """Memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.alone
@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP] if FULL else [AF_XDP], ids=["af_packet", "af_xdp"] if FULL else ["af_xdp"])
def test_nobody_elses_call_is_lost_in_a_flood(lab, device):
    """
    50,000 frames a second of all that is wrong, and a peer that misleads whoever calls it: calls to another peer all complete,
    phones stay registered, memory stays what it is, and the report tells each kind.
    """
    honest = lab.sipp("uas", IP4_PEER, calls=GOOD_CALLS)
    misleading = lab.start([sys.executable, MISLEADING], lab.peer, "misleading.log")
    with lab.daemon(besieged(device)) as daemon:
        mac = re.search(r"mac ([0-9a-f:]{17})", daemon.output()).group(1)
        wait_until(misleading.output, 30, "the misleading peer")
        daemon.ctl("start")
        wait_until(lambda: daemon.json("stats")["registrations"]["active"] == PHONES, 30, "the phones")
        before = resident(daemon.process.pid)
        flood = lab.start([sys.executable, FLOOD, IP4_OURS, mac, "50000", "5060", "5061"], lab.peer, "flood.log")
        daemon.ctl("wait", "--timeout", "120", status=FAILED, timeout_s=130)
        after = resident(daemon.process.pid)
        assert flood.running(), flood.output()
        flood.end()
        report = daemon.json("report")
        port = daemon.json("health")["ports"][0]
    status, stats = honest.finish(60)
    done = {a["name"]: a for a in report["activities"]}
    check_totals(done["good"])
    assert (done["good"]["started"], done["good"]["completed"], done["good"]["failed"]) == (GOOD_CALLS, GOOD_CALLS, 0), report["failures"]
    assert (status, stats["SuccessfulCall(C)"]) == (0, GOOD_CALLS), honest.errors()
    registrations = report["registrations"]
    assert (registrations["registered"], registrations["failed"], registrations["refresh_failed"]) == (PHONES, 0, 0), registrations
    assert registrations["refreshed"] > PHONES, registrations
    # Those who were misled: fifty routes, changing tags, odd responses are coped with, the rest fails as what it is.
    check_totals(done["misled"])
    each = MISLED_CALLS // 12
    assert (done["misled"]["started"], done["misled"]["open"]) == (MISLED_CALLS, 0)
    assert done["misled"]["completed"] >= 3 * each, report["failures"]
    causes = {}
    for failure in report["failures"]:
        causes[failure["cause"]] = causes.get(failure["cause"], 0) + failure["count"]
    for cause, least in (("response 407", each), ("response 401", 2 * each), ("response 422", each), ("response 486", each),
                         ("not a target", each), ("no route", 1), ("too long", each)): # an ACK may still wait for its neighbour
        assert causes.get(cause, 0) >= least, (cause, causes)
    sip = report["sip"]
    assert sip["challenges_unknown"] >= each and sip["challenges_broken"] >= each and sip["routes_too_long"] >= each, sip
    assert sip["other_dialog"] >= 2 * each, sip
    for kind in ("malformed", "out_of_call", "auto_answered", "keepalives"):
        assert sip[kind] > 1000, (kind, sip)
    sent, rate = (int(n) for n in flood.output().split()[-2:])
    assert sent > 200000 and rate > 30000, flood.output()
    assert port["tx_not_target"] > 1000, port
    assert after - before < 48, (before, after)


BAD_REQUESTS = {
    "empty": b"",
    "a blank line": b"\n",
    "not JSON": b"hello\n",
    "not an object": b"[1,2\n",
    "a batch": b"[]\n",
    "no method": b'{"jsonrpc":"2.0","id":1}\n',
    "an unknown method": b'{"jsonrpc":"2.0","id":1,"method":"explode"}\n',
    "parameters of a wrong type": b'{"jsonrpc":"2.0","id":1,"method":"rate","params":17}\n',
    "a number that is none": b'{"jsonrpc":"2.0","id":1,"method":"rate","params":{"rate":"NaN"}}\n',
    "deep nesting": b"[" * 100000 + b"\n",
    "a long line": b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 2000000 + b'"}\n',
    "half a line": b'{"jsonrpc":"2.0","id":1,"meth',
    "bytes": bytes(range(256)) * 16 + b"\n",
}


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_the_control_socket_survives(quiet_lab, what):
    with quiet_lab.daemon(both(10)) as daemon:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(10)
        client.connect(daemon.socket)
        try:
            client.sendall(BAD_REQUESTS[what])
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                part = client.recv(65536)
                if not part:
                    break
                answer += part
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
        client.close()
        for line in answer.splitlines():
            assert "error" in json.loads(line), line
        assert daemon.json("status")["state"] == "idle"
        assert daemon.run_to_end()["calls"]["placed"]["completed"] == 10


def test_a_client_that_never_reads_does_not_hold_the_run_up(quiet_lab):
    with quiet_lab.daemon(both(500, rate=250)) as daemon:
        clients = []
        for method in ("events", "stats"):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(daemon.socket)
            client.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                                       "params": {"watch": True}}).encode() + b"\n")
            clients.append(client)
        report = daemon.run_to_end()
        for client in clients:
            client.close()
    assert report["calls"]["placed"]["completed"] == 500
    assert report["calls"]["placed"]["not_started"] == 0
