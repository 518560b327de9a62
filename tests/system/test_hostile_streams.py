# SPDX-License-Identifier: BSD-3-Clause
"""Peers that misbehave on connections: counted by kind, closed in time, bounded; calls beside them go on."""

import json
import os
import re
import subprocess
import sys

import pytest

from lab import IP4_OURS, IP4_PEER, wait_until
from plans import AF_PACKET, CALM, own_core
from programs import ROOT, STOPPED, check_totals

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTILE = os.path.join(HERE, "hostile_streams.py")
CALLS = 600
KINDS = 24 # of wrong peers, five of each


def plan(lab):
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), "--name", IP4_OURS, lab.path("certs")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    groups = "".join(f"""{{ name = "{name}"; kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; transport = "{name}"; sip_port = {port};
                proxy = "sip:{IP4_PEER}:5999"; user = "1666{{index:05}}"; count = 100; {more} }}, """
                     for name, port, more in (("tcp", 5060, ""), ("tls", 5061, 'tls = "t";'), ("ws", 5080, "")))
    activities = "".join(f'{{ name = "on-{name}"; do = "answer"; endpoints = "{name}"; scenario = "uas"; ring = "0s"; }}, '
                         for name in ("tcp", "tls", "ws"))
    return f"""
targets = [ "{IP4_PEER}/32", "198.18.8.0/21" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{IP4_OURS}/20" ]; }} );
tls = ( {{ name = "t"; cert = "{lab.path('certs')}/server.pem"; key = "{lab.path('certs')}/server.key"; }} );
endpoints = ( {groups[:-2]} );
activities = ( {activities[:-2]} );
run = {{ seed = 1; drain = "10s"; max_calls = 5000; {CALM} }};
"""


def resident(pid):
    """Memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def counts_of(found, name):
    return {cause["cause"]: cause["count"] for cause in found[name]}


@pytest.mark.alone
def test_calls_over_connections_go_on_beside_every_wrong_peer(lab, full):
    """Whoever is slow is given up after 32 s, which is waited for with the full counts only; he is held meanwhile."""
    with lab.daemon(plan(lab)) as daemon:
        mac = re.search(r"mac ([0-9a-f:]{17})", daemon.output()).group(1)
        daemon.ctl("start")
        good = lab.sipp("uac", IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=100, args=["-t", "t1"])
        before = resident(daemon.process.pid)
        hostile = lab.start([sys.executable, HOSTILE, IP4_OURS, mac, "40" if full else "0"], lab.peer, "hostile.log")
        assert hostile.wait(150) == 0, hostile.output()
        status, stats = good.finish(60)
        after = resident(daemon.process.pid)
        wait_until(lambda: daemon.json("connections")["all"] == 0, 20, "the end of all connections")
        found = daemon.json("connections")
        daemon.ctl("stop")
        daemon.ctl("wait", "--timeout", "30", status=STOPPED)
        report = daemon.json("report")
    theirs = json.loads(hostile.output().splitlines()[-1])
    # The calls beside
    assert (status, stats["SuccessfulCall(C)"], stats["FailedCall(C)"]) == (0, CALLS, 0), good.errors()[-2000:]
    done = next(a for a in report["activities"] if a["name"] == "on-tcp")
    check_totals(done)
    assert (done["started"], done["completed"], done["failed"]) == (CALLS, CALLS, 0), report["failures"]
    # Each wrong one was closed, and told by kind
    for kind, (there, closed) in ((k, v) for k, v in theirs.items() if isinstance(v, list)):
        assert closed == there or (not full and ("slow" in kind or "tls" in kind and kind.endswith("_tls"))), (kind, theirs)
    ended, refused = counts_of(found, "ended"), counts_of(found, "not_accepted")
    assert ended["no SIP stream"] >= 5 * 7 and ended["message too long"] >= 5 * 4 and ended["WebSocket protocol"] >= 5 * 3, ended
    assert refused["TLS handshake"] >= 5 * 5 and refused["upgrade refused"] >= 5 * 3, refused
    if full:
        assert ended["too slow"] >= 60 and refused["too slow"] >= 30, (ended, refused)
        assert found["handshakes"]["failed"]["timeout"] >= 60, found["handshakes"]
    assert found["accepted_open"] == 0 and found["tcp"]["time_wait"] < 5000, found
    assert theirs["churn"] == 1500 and theirs["flood"] > 10000, theirs
    assert after - before < 48, (before, after)
