# SPDX-License-Identifier: BSD-3-Clause
"""Packets that a port loses before a worker sees them: counted by the kernel, or inferred, where the device counts none."""

import signal
import sys
import time

import pytest

from lab import IP6_OURS, wait_until
from plans import AF_PACKET, AF_XDP, both, callee
from test_fragments import FLOOD, port_mac

pytestmark = pytest.mark.alone

RATE = 40000


@pytest.mark.parametrize("device", [AF_PACKET, AF_XDP], ids=["af_packet", "af_xdp"])
def test_what_a_stalled_worker_loses_is_counted_by_the_kernel(lab, device):
    """The device's own counters stay at zero while most packets are lost."""
    with lab.daemon(callee(1, device=device)) as daemon:
        assert "miss counter kernel" in daemon.output()
        daemon.ctl("start")
        flood = lab.start([sys.executable, FLOOD, "198.18.0.99", IP6_OURS, port_mac(daemon), str(RATE)], lab.peer,
                          "flood.log")
        wait_until(flood.output, 30, "the flood")
        before = daemon.json("health")["ports"][0]
        daemon.signal(signal.SIGSTOP)
        time.sleep(2)
        daemon.signal(signal.SIGCONT)
        # Read once a second.
        wait_until(lambda: daemon.json("health")["ports"][0]["kernel_drops"] - before["kernel_drops"] > RATE / 8, 10,
                   "drops that the kernel counted")
        health = daemon.json("health")
        flood.end()
        daemon.ctl("stop", "--now")
    port = health["ports"][0]
    assert (port["dev_missed"], port["dev_no_mbuf"], port["misses_inferred"]) == (0, 0, 0)
    assert health["misses"] == port["kernel_drops"]


def test_misses_are_inferred_where_nobody_counts(quiet_lab):
    """A device that always has more than is taken: no counter says so, the full bursts without an end do."""
    ports = """
ports = ( { name = "a"; device = "ring:pair/a"; addresses = [ "198.18.0.2/20" ]; },
          { name = "b"; device = "ring:pair/b"; addresses = [ "198.18.0.1/20" ]; },
          { name = "endless"; device = "net_null0"; addresses = [ "198.18.32.1/20" ]; } );"""
    with quiet_lab.daemon(both(20, 20, ports=ports)) as daemon:
        lines = [line for line in daemon.output().splitlines() if line.startswith("port ")]
        assert ["miss counter " + word for word in ("device", "device", "inferred")] == [
            line[line.index("miss counter"):] for line in lines]
        report = daemon.run_to_end()
        ports = {port["name"]: port for port in daemon.json("health")["ports"]}
    assert report["calls"]["placed"]["completed"] == 20
    assert ports["endless"]["misses_inferred"] > 0
    assert ports["a"]["misses_inferred"] == ports["b"]["misses_inferred"] == 0
