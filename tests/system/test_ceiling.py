# SPDX-License-Identifier: BSD-3-Clause
"""What protects the system under test, whatever the generator is told or suffers: the highest rate, and stop --now."""

import signal
import time

import pytest

from lab import IF_OURS, run
from plans import AF_PACKET, AF_XDP, CALM
from programs import STOPPED, USAGE, check_totals, loadctl
from test_overload import ring, wire

pytestmark = pytest.mark.alone

MAX = 400


def with_ceiling(plan):
    return plan.replace("seed = 1;", f"seed = 1; max_rate = {MAX};")


def test_a_stalled_generator_makes_up_for_it_under_the_ceiling(quiet_lab):
    """Two seconds stood still at 300/s: without the ceiling 600/s would follow, for as long again."""
    plan = with_ceiling(ring(300, f'measure = "8s"; drain = "5s"; max_calls = 20000; {CALM}'))
    with quiet_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        time.sleep(1.2)
        daemon.signal(signal.SIGSTOP)
        time.sleep(2)
        daemon.signal(signal.SIGCONT)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    rates = [i["started"] / i["length_s"] for i in report["intervals"] if 0.9 < i["length_s"] < 1.1]
    assert len(rates) >= 4
    assert MAX * 0.9 < max(rates) <= MAX * 1.05, rates
    check_totals(report["calls"]["placed"])


def test_rates_above_the_ceiling_are_refused(quiet_lab):
    two = with_ceiling(ring(300, CALM)).replace(
        'do = "call";', 'do = "call"; from = "callers"; to = "sip:1@198.18.0.1"; scenario = "uac"; open_calls = 5; }, { name = "more"; do = "call";')
    with quiet_lab.daemon(two) as daemon:
        daemon.ctl("start")
        # the loop has the 100/s that the other activity leaves
        for args in (("more", "301"), ("401",), ("calls", "101"), ("more", "--by", "1")):
            assert loadctl("rate", *args, socket=daemon.socket).returncode == USAGE, args
        for args in (("more", "200"), ("calls", "150"), ("more", "250")):
            daemon.ctl("rate", *args)
        daemon.ctl("stop", "--now")
        daemon.ctl("wait", status=STOPPED)
    for old, new, word in (("rate = 300;", "rate = 401;", "run.max_rate"),
                           ("rate = 300;", 'rate = 300; shape = ( { spike = 401.0; time = "1s"; } );', "run.max_rate"),
                           ("rate = 300;", "rate = 400;", "open_calls")):
        assert old in two
        done = loadctl("plan", "check", quiet_lab.write("above.conf", two.replace(old, new)))
        assert done.returncode == USAGE and word in done.stderr, (new, done.stderr)


def packets_sent(lab):
    """Packets that left our interface, by the kernel's count."""
    return int(run("ip", "netns", "exec", lab.ours, "cat", f"/sys/class/net/{IF_OURS}/statistics/tx_packets").stdout)


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
def test_stop_now_silences_an_overloaded_generator(lab, device):
    """A rate that no machine reaches, into a peer that is not there to answer: after the stop nothing more is sent."""
    with lab.daemon(wire(2000000, 'drain = "60s"; max_calls = 50000;', device)) as daemon:
        daemon.ctl("start")
        time.sleep(2)
        begin = time.monotonic()
        daemon.ctl("stop", "--now")
        daemon.ctl("wait", "--timeout", "5", status=STOPPED)
        assert time.monotonic() - begin < 3
        before = daemon.json("stats")["sip"]["sent"]
        packets = packets_sent(lab)
        time.sleep(1)
        assert daemon.json("stats")["sip"]["sent"] == before
        assert packets_sent(lab) - packets < 20, "neighbour discovery and the kernel's own at most"
        report = daemon.json("report")
    assert report["run"]["verdict"] == "stopped"
    check_totals(report["calls"]["placed"])
    assert report["calls"]["placed"]["open"] == 0
    assert {f["cause"] for f in report["failures"]} >= {"stopped"}


def test_stop_now_silences_both_sides_over_rings(quiet_lab):
    with quiet_lab.daemon(ring(1000000, 'drain = "60s"; max_calls = 100000;')) as daemon:
        daemon.ctl("start")
        time.sleep(2)
        begin = time.monotonic()
        daemon.ctl("stop", "--now")
        daemon.ctl("wait", "--timeout", "5", status=STOPPED)
        assert time.monotonic() - begin < 3
        for side in ("placed", "answered"):
            check_totals(daemon.json("report")["calls"][side])
