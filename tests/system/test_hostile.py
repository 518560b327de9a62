# SPDX-License-Identifier: BSD-3-Clause
"""Peers that misbehave: what they send is counted by kind; it never crashes, stalls, or falsifies a total."""

import json
import os
import socket
import sys

import pytest

from lab import IP4_OURS, IP4_PEER
from plans import AF_PACKET, AF_XDP, both, callee, caller
from programs import ROOT, check_totals

HOSTILE = os.path.join(ROOT, "tests", "system", "hostile.py")
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
