# SPDX-License-Identifier: BSD-3-Clause
"""The generator overloaded on purpose on the kinds of port that test_overload.py leaves out, tap and memif: the same verdict, with
nothing of it put on the peer. (Whether legs and buffers suffice is not the port's doing.)"""

import contextlib

import pytest

from lab import IP4_PEER, run
from programs import LIMITED
from test_overload import STALLED, SHORT, broken, check_health_verb, check_limited, overloaded, ring, stall, wire

pytestmark = pytest.mark.alone

TAP_PEER = "rs-tap"
TAP = f"net_tap0,iface={TAP_PEER}"


def memif(lab, plan):
    """The plan with shared memory between its two ports, where it had a pair of rings."""
    for end, (number, role) in {"a": (0, "server"), "b": (1, "client")}.items():
        plan = plan.replace(f'"ring:pair/{end}"',
                            f'"net_memif{number},role={role},id=1,socket-abstract=no,socket={lab.path("memif.sock")}"')
    assert "ring:" not in plan
    return plan


@contextlib.contextmanager
def tapped(lab, plan):
    """The daemon and SIPp, who lives at the kernel's end of the tap: in our namespace, and there once the port is."""
    with lab.daemon(plan) as daemon:
        run("ip", "-n", lab.ours, "link", "set", TAP_PEER, "up")
        run("ip", "-n", lab.ours, "addr", "add", f"{IP4_PEER}/20", "dev", TAP_PEER)
        lab.sipp("uas", IP4_PEER, netns=lab.ours)
        yield daemon


def test_too_high_a_rate_over_a_tap(quiet_lab):
    # More calls than are placed in that time: else the second interval may be the plan's limit, not the generator's.
    with tapped(quiet_lab, wire(2000000, SHORT.format(max_calls=2000000), TAP)) as daemon:
        report = daemon.run_to_end(status=LIMITED, timeout_s=60)
        check_limited(report)
        check_health_verb(daemon, report)
    assert broken(report) & {"busy", "lateness", "lateness_with_gaps"}


def test_too_high_a_rate_over_memif(quiet_lab):
    report = overloaded(quiet_lab, memif(quiet_lab, ring(2000000, SHORT.format(max_calls=20000))))
    assert broken(report) & {"busy", "lateness", "lateness_with_gaps"}


def test_a_memif_that_holds_too_little(quiet_lab):
    """Two workers on one core take turns of milliseconds: in each of them more comes than 64 packets. Which of the ends notices is theirs."""
    plan = memif(quiet_lab, ring(20000, SHORT.format(max_calls=20000), cores="0, 0", desc=64, b=1))
    assert broken(overloaded(quiet_lab, plan)) & {"tx_full", "misses_inferred"}


def test_a_stalled_worker_over_a_tap(quiet_lab):
    with tapped(quiet_lab, wire(500, STALLED, TAP)) as daemon:
        stall(daemon)


def test_a_stalled_worker_over_memif(quiet_lab):
    with quiet_lab.daemon(memif(quiet_lab, ring(500, STALLED))) as daemon:
        stall(daemon)
