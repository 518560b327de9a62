# SPDX-License-Identifier: BSD-3-Clause
"""The place where system tests happen: two network namespaces joined by a veth pair, and the processes in them.

    with Lab() as lab:                      # namespaces rs-t<pid>-a (ours) and rs-t<pid>-b (the peer's)
        with lab.daemon(plan) as daemon:    # ringstormd in ours, its socket in a private directory
            daemon.ctl("start")

Everything started here ends here: leaving the `with` kills what is left by process id and deletes the namespaces.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time

from programs import Daemon
from sipp import Sipp
from capture import Capture

IP4_OURS = "198.18.0.2"
IP4_PEER = "198.18.0.1"
IP6_OURS = "2001:2::2"
IP6_PEER = "2001:2::1"
IF_OURS = "rs-ours"
IF_PEER = "rs-peer"

_serial = itertools.count()


class LabError(RuntimeError):
    """The place itself could not be set up: no verdict on ringstorm."""


def run(*command, check=True):
    """Run a command of the system to its end; its output is in the error when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)}: exit {done.returncode}: {done.stdout.strip()}")
    return done


def wait_until(condition, timeout_s, what):
    """Poll until condition() is true; the machine may be slow, so time-outs are generous and only bound failure."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.02)


class SocketLimits:
    """
    SIPp asks for an 8 MiB socket buffer; the default limit would cut it to 208 KiB and a burst would be lost, as it would behind a
    stalled wire. The limits are the machine's, not a namespace's: they are raised once for all tests, which may run side by side,
    and put back after the last one.
    """

    LEAST = {"rmem_max": 16 << 20, "wmem_max": 16 << 20, "netdev_max_backlog": 30000}

    def __init__(self):
        self.before = {}

    def lift(self):
        for limit, least in self.LEAST.items():
            with open(f"/proc/sys/net/core/{limit}") as now:
                value = int(now.read())
            if value < least:
                run("sysctl", "-qw", f"net.core.{limit}={least}")
                self.before[limit] = value

    def restore(self):
        for limit, value in self.before.items():
            run("sysctl", "-qw", f"net.core.{limit}={value}", check=False)
        self.before = {}


def own_core():
    """The core for the worker of a plan that has one: tests that run side by side (pytest-xdist's gw0, gw1, ...) take turns."""
    lane = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return int(lane[2:]) % os.cpu_count()


class Process:
    """A process in a namespace, its output in a file, ended by its own id."""

    def __init__(self, argv, netns, log, env=None):
        if netns:
            argv = ["ip", "netns", "exec", netns, *argv]
        self.argv = argv
        self.log = log
        with open(log, "wb") as out:
            # `ip netns exec` replaces itself by the program, so the id is the program's.
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                          cwd=os.path.dirname(log), env=env)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def output(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def wait(self, timeout_s):
        """The exit status; an AssertionError with the end of the output when it does not come in time."""
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0:6]} still runs after {timeout_s} s:\n{self.output()[-3000:]}") from None

    def signal(self, number):
        self.popen.send_signal(number)

    def end(self):
        """SIGTERM, and SIGKILL when that is not enough."""
        if self.running():
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Lab:
    """Two namespaces, one veth pair, one directory for files; see the module's comment."""

    def __init__(self, veth=True):
        self.veth = veth
        name = f"rs-t{os.getpid()}-{next(_serial)}"
        self.ours = f"{name}-a"
        self.peer = f"{name}-b"
        self.dir = None
        self.processes = []

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="rs-test-")
        try:
            for netns in (self.ours, self.peer):
                run("ip", "netns", "add", netns)
                run("ip", "-n", netns, "link", "set", "lo", "up")
            if self.veth:
                self._join()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *exc):
        for process in reversed(self.processes):
            process.end()
        for netns in (self.ours, self.peer):
            run("ip", "netns", "del", netns, check=False)
        if self.dir and not os.environ.get("RINGSTORM_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def _join(self):
        run("ip", "link", "add", IF_OURS, "netns", self.ours, "type", "veth", "peer", "name", IF_PEER,
            "netns", self.peer)
        for netns, interface in ((self.ours, IF_OURS), (self.peer, IF_PEER)):
            self._plug(netns, interface, kernel=netns == self.peer)
        self._address_peer()

    @staticmethod
    def _plug(netns, interface, kernel=False):
        """Bring an end of a veth pair up; without @kernel it is only lent: somebody else is the host there."""
        # A veth says "checksum filled in later" and never does; a peer outside the kernel would see bad ones.
        # Generic receive offload would glue datagrams together.
        run("ip", "netns", "exec", netns, "ethtool", "-K", interface, "tx", "off", "rx", "off", "tso", "off",
            "gso", "off", "gro", "off")
        if not kernel:
            run("ip", "netns", "exec", netns, "sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")
        run("ip", "-n", netns, "link", "set", interface, "up", "txqueuelen", "10000")

    def _address_peer(self):
        run("ip", "-n", self.peer, "addr", "add", f"{IP4_PEER}/20", "dev", IF_PEER)
        run("ip", "-n", self.peer, "addr", "add", f"{IP6_PEER}/64", "dev", IF_PEER, "nodad")

    def silence_peer(self):
        """Take the peer's addresses away: its kernel answers nothing, and a process with a packet socket may be the peer."""
        run("ip", "-n", self.peer, "addr", "flush", "dev", IF_PEER)
        run("ip", "netns", "exec", self.peer, "sysctl", "-qw", f"net.ipv6.conf.{IF_PEER}.disable_ipv6=1")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        """Write a file of the test (a plan, a scenario) and return its path."""
        with open(self.path(name), "w") as out:
            out.write(text)
        return self.path(name)

    def start(self, argv, netns=None, log="process.log", env=None):
        """Start a process that the lab will end."""
        process = Process(argv, netns, self.path(log), env)
        self.processes.append(process)
        return process

    def kernel_counter(self, netns, name):
        """A UDP counter of the namespace's kernel (RcvbufErrors, InCsumErrors), for what SIPp itself never sees."""
        text = run("ip", "netns", "exec", netns, "cat", "/proc/net/snmp").stdout
        head, values = [line.split()[1:] for line in text.splitlines() if line.startswith("Udp:")]
        return int(values[head.index(name)])

    @contextlib.contextmanager
    def daemon(self, plan, name="plan.conf", args=(), **where):
        """ringstormd with this plan in our namespace, its socket answering; quits it at the end. See programs.Daemon."""
        daemon = Daemon(self, self.write(name, plan), args, **where)
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.stop()

    def sipp(self, *args, **settings):
        """A SIPp in the peer's namespace, running in the background; see sipp.Sipp."""
        return Sipp(self, *args, **settings)

    def capture(self):
        """A capture at the peer's end of the wire; see capture.Capture."""
        return Capture(self, self.peer, IF_PEER)


SIGINT = signal.SIGINT
SIGKILL = signal.SIGKILL
