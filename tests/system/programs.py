# SPDX-License-Identifier: BSD-3-Clause
"""ringstormd and loadctl as a test sees them: programs with arguments, exit statuses, JSON and a socket."""

import json
import os
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("RINGSTORM_BUILD", os.path.join(ROOT, "build"))
RINGSTORMD = os.path.join(BUILD, "app", "ringstormd")
LOADCTL = os.path.join(BUILD, "app", "loadctl")

# Exit statuses that the programs promise.
PASSED, FAILED, USAGE, NO_DAEMON, LIMITED, STOPPED, DEVICE, IN_USE, EXPIRED = range(9)


def loadctl(*args, socket=None, timeout_s=120):
    """Run loadctl to its end: a CompletedProcess with text output."""
    argv = [LOADCTL]
    if socket:
        argv += ["--socket", socket]
    env = {name: value for name, value in os.environ.items() if name != "RINGSTORM_SOCKET"}
    return subprocess.run(argv + list(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout_s, check=False, env=env)


class Daemon:
    """One ringstormd; Lab.daemon() makes them."""

    def __init__(self, lab, plan_path, args=(), socket=None, netns=None):
        self.lab = lab
        self.netns = netns or lab.ours
        self.plan_path = plan_path
        self.args = list(args)
        self.socket = socket or lab.path("ringstorm.sock")
        self.process = None

    def launch(self):
        """Start the process only; start() also waits for the socket."""
        self.process = self.lab.start([RINGSTORMD, "--config", self.plan_path, "--socket", self.socket, *self.args],
                                      self.netns, os.path.splitext(os.path.basename(self.socket))[0] + "d.log")
        return self.process

    def start(self, timeout_s=30):
        self.launch()
        end = time.monotonic() + timeout_s
        while loadctl("status", socket=self.socket).returncode != 0:
            if not self.process.running():
                raise AssertionError(f"ringstormd ended with {self.process.popen.returncode} before its socket "
                                     f"answered:\n{self.output()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"ringstormd's socket did not answer in {timeout_s} s:\n{self.output()[-3000:]}")
            time.sleep(0.05)

    def stop(self):
        """Ask it to quit; a daemon that does not is ended by the lab."""
        if self.process and self.process.running():
            loadctl("quit", socket=self.socket, timeout_s=10)
            try:
                self.process.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.process.end()

    def output(self):
        return self.process.output()

    def signal(self, number):
        self.process.signal(number)

    def kill(self):
        self.process.signal(signal.SIGKILL)
        self.process.popen.wait(10)

    def ctl(self, *args, status=PASSED, timeout_s=120):
        """Run a loadctl verb and insist on its exit status; returns its standard output."""
        done = loadctl(*args, socket=self.socket, timeout_s=timeout_s)
        assert done.returncode == status, (f"loadctl {' '.join(args)}: exit {done.returncode}, not {status}:\n"
                                           f"{done.stdout[-2000:]}{done.stderr[-2000:]}\n{self.failures()}\n"
                                           f"{self.output()[-2000:]}")
        return done.stdout

    def failures(self):
        """Why calls failed in the last run, as far as there is a report: for messages of tests."""
        done = loadctl("report", "--json", socket=self.socket)
        if done.returncode != PASSED:
            return ""
        report = json.loads(done.stdout)
        return f"failures: {report['failures']}, reasons: {report['run']['reasons']}"

    def json(self, *args, **expect):
        """A verb with --json, its answer decoded."""
        return json.loads(self.ctl(*args, "--json", **expect))

    def run_to_end(self, timeout_s=120, status=PASSED):
        """Start the plan's run, wait for its end, return its report."""
        self.ctl("start", "--wait", status=status, timeout_s=timeout_s)
        return self.json("report")


def check_totals(calls):
    """The sums that every report must satisfy, whatever happened in the run."""
    assert calls["offered"] == calls["started"] + calls["not_started"], calls
    assert calls["started"] == calls["completed"] + calls["failed"] + calls["open"], calls
