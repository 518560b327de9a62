# SPDX-License-Identifier: BSD-3-Clause
"""SIPp as a peer: started with options under which it is reliable, its statistics read back as numbers."""

import os
import time


class Sipp:
    """One SIPp process in the peer's namespace.

    @param lab       the Lab it lives in
    @param scenario  a built-in name ("uac", "uas") or the path of an XML file
    @param remote    "address:port" of the other side, or None for a UAS
    @param local     own address; an IPv6 address makes SIPp speak IPv6
    @param calls     end after so many calls (-m)
    @param rate      calls/s it places; None for a UAS
    @param args      more options
    @param netns     another namespace to live in
    """

    def __init__(self, lab, scenario, local, port=5060, remote=None, calls=None, rate=None, args=(), name=None,
                 timeout_s=120, netns=None):
        name = name or os.path.basename(scenario)
        self.transport = args[args.index("-t") + 1] if "-t" in args else "u1"
        self.stat_file = lab.path(f"{name}-stat.csv")
        self.error_file = lab.path(f"{name}-errors.log")
        self.message_file = lab.path(f"{name}-messages.log")
        which = ["-sf", scenario] if "/" in scenario else ["-sn", scenario]
        argv = ["sipp", *which, "-i", local, "-p", str(port), "-nostdin",
                "-trace_stat", "-fd", "1", "-stf", self.stat_file, "-trace_err", "-error_file", self.error_file,
                "-message_file", self.message_file,
                # The default socket buffers (64 KiB) lose datagrams whenever SIPp sleeps for a few ms.
                "-buff_size", "8388608",
                # SIPp ends itself when the machine stalls it; a stall of a busy test machine is not a finding.
                "-watchdog_interval", "0",
                "-timeout", str(timeout_s)]
        if calls is not None:
            argv += ["-m", str(calls)]
        if rate is not None:
            # -l: SIPp's own default (3 s worth of calls) would hold calls back and say nothing.
            argv += ["-r", str(rate), "-rp", "1000", "-l", str(max(10 * rate, 100))]
        argv += list(args)
        if remote:
            argv.append(remote)
        self.process = lab.start(argv, netns or lab.peer, f"{name}-screen.log", env={**os.environ, "TERM": "dumb"})
        if self.transport == "u1" or not remote:  # one that calls over TCP binds no port before it connects
            self._wait_bound(lab, local, port)

    def _wait_bound(self, lab, local, port):
        """Return once the socket exists, so that the first packet finds it."""
        v6 = ":" in local
        table = f"/proc/{self.process.pid}/net/{'udp6' if v6 else 'udp'}"
        if self.transport != "u1":
            table = table.replace("/udp", "/tcp")
        suffix = f":{port:04X}"
        end = time.monotonic() + 10
        while True:
            if not self.process.running():
                raise AssertionError(f"sipp ended at once: {self.process.output()[-1500:]}\n{self.errors()[-1500:]}")
            with open(table) as sockets:
                if any(line.split()[1].endswith(suffix) for line in sockets.readlines()[1:]):
                    return
            if time.monotonic() > end:
                raise AssertionError(f"sipp did not open port {port}")
            time.sleep(0.02)

    def errors(self):
        """What SIPp wrote to its error log, empty when it had nothing to say."""
        if not os.path.exists(self.error_file):
            return ""
        with open(self.error_file, errors="replace") as log:
            return log.read()

    def stats(self):
        """The last complete line of the statistics: {column: int where it is one, else text}."""
        with open(self.stat_file, errors="replace") as csv:
            lines = [line for line in csv.read().split("\n") if line.count(";") > 20]
        names, values = lines[0].split(";"), lines[-1].split(";")
        return {name: int(value) if value.lstrip("-").isdigit() else value
                for name, value in zip(names, values) if name}

    def finish(self, timeout_s):
        """Wait for its end and return (exit status, statistics)."""
        status = self.process.wait(timeout_s)
        return status, self.stats()
