# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the system tests. They need root, and refuse to start without it: a skipped test would look like a passed one."""

import os

import pytest

from lab import Lab, SocketLimits
from programs import LOADCTL, RINGSTORMD
from wire import WIRE, WireLab

# Each real peer and transport has one story of 1,000 calls; RINGSTORM_FULL=1 makes it the full count.
FULL = bool(os.environ.get("RINGSTORM_FULL"))


def pytest_configure(config):
    if os.geteuid() != 0:
        raise pytest.UsageError("the system tests make network namespaces: run them as root")
    for program in (RINGSTORMD, LOADCTL, WIRE):
        if not os.access(program, os.X_OK):
            raise pytest.UsageError(f"{program} is missing: run scripts/build first")
    config.addinivalue_line("markers", "alone: judges times, or loads both cores; not to be run beside another test")
    if not hasattr(config, "workerinput"):  # once, not in each process of pytest-xdist
        config.socket_limits = SocketLimits()
        config.socket_limits.lift()


def pytest_unconfigure(config):
    if hasattr(config, "socket_limits"):
        config.socket_limits.restore()


@pytest.fixture
def lab():
    """Two namespaces joined by a veth pair."""
    with Lab() as place:
        yield place


@pytest.fixture
def wire_lab():
    """Two namespaces and between them a wire that impairs what passes: nothing does before lab.wire()."""
    with WireLab() as place:
        yield place


@pytest.fixture
def loop_lab():
    """The same with both ends in one namespace: two ports of one daemon."""
    with WireLab(loop=True) as place:
        yield place


@pytest.fixture
def quiet_lab():
    """The same without a wire, for tests that need a directory and processes only."""
    with Lab(veth=False) as place:
        yield place


@pytest.fixture
def calls():
    """How many calls a story makes."""
    return 10000 if FULL else 1000


@pytest.fixture
def full():
    """The full counts are asked for."""
    return FULL
