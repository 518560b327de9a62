#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_connections.py [--json FILE] [--rounds N] [--only PART,...] [--count N]

What idle connections take, and how fast they are opened. Both ends are in one process, a worker each, over in-process ports:

  tcp     a million connections (--count): the rate at which they were opened, and memory
  tls     20,000 connections with TLS 1.3 and one handshake thread: the same
  sipp    SIPp's -t tn against SIPp over loopback at what it reaches: a call holds each connection open. Kernel memory counts

Bytes are those of one end: what the memory of the process (VmRSS) grew by from before the first connection to the last, by the ends
that were open then. The endpoints are there before. In SIPp's case what the kernel's slabs grew by is in it, and so are the calls.
A set-up rate counts when all connections came up, at the rate asked for, and hardly a segment was sent twice (1 in 100).
Needs root, two cores, 4 GiB of memory, and a few minutes.
"""

import argparse
import os
import resource
import signal
import statistics
import subprocess
import time

from trials import RING_PLACES, SCENARIOS, Work, ask, compare, end, environment, finish, rss_bytes, say, wait_for

PARTS = "tcp,tls,sipp"
MILLION = 1000000
TLS, TLS_RATE = 20000, 400  # a handshake thread does both ends
SIPP, SIPP_RATE = 20000, 2000  # as many as it may have files, at most
OFFERED = (50000, 70000, 100000, 140000, 200000, 280000)  # connections/s

PLAN = """
targets = [ "198.18.0.0/15" ];
workers = {{ cores = [ 0, 1 ]; idle = "sleep"; memory_mb = 256; mbufs = 65535; {threads} }};
ports = ( {{ name = "a"; device = "ring:bench/a"; addresses = [ "198.18.0.2/15" ]; workers = [ 0 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "ring:bench/b"; addresses = [ "198.18.0.3/15" ]; workers = [ 1 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }} );
{profile}
endpoints = ( {{ name = "phones"; port = "a"; count = {count}; addresses = "198.18.16.0-{last}"; transport = "{transport}"; {tls}
                proxy = "sip:198.18.0.5:5060"; connect_rate = {rate}; }},
              {{ name = "sink"; kind = "trunk"; port = "b"; count = 1; addresses = "198.18.0.5"; sip_port = 5060; transport = "{transport}"; {tls} }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "sink"; scenario = "uas"; }} );
run = {{ seed = 1; measure = "900s"; drain = "2s"; max_calls = 1000; limited_percent = 0; legs = "none"; }};
"""


def plan_text(transport, count, rate):
    secure = transport != "tcp"
    return PLAN.format(transport=transport, count=count, rate=rate, desc=RING_PLACES, last="198.18.19.255" if secure else "198.18.211.79",
                       threads="handshake_threads = 1;" if secure else "",
                       profile='tls = ( { name = "t"; verify = false; } );' if secure else "", tls='tls = "t";' if secure else "")


class Daemon:
    """ringstormd with a plan, started; `with` ends it."""

    def __init__(self, work, text):
        self.work, self.socket = work, "c.sock"
        if os.path.exists(work.path(self.socket)):
            os.remove(work.path(self.socket))
        self.process = subprocess.Popen(work.daemon(work.write("plan.conf", text), self.socket), stdout=subprocess.DEVNULL)
        self.running = wait_for(lambda: (self.ask("status") or {}).get("state") == "running", 120, 0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)

    def ask(self, *verb):
        return ask(self.work, self.socket, *verb) if self.process.poll() is None else None

    def rss(self):
        return rss_bytes(self.process.pid)  # ip netns exec has become the daemon


def open_all(work, transport, count, rate):
    """Open @count at @rate. @return (connections/s, open, segments sent again, SYNs lost, bytes in use, seconds to start)"""
    begin = time.monotonic()
    with Daemon(work, plan_text(transport, count, rate)) as daemon:
        start, began, seen = time.monotonic() - begin, time.monotonic(), []

        def look():
            c = daemon.ask("connections")
            if c:
                seen.append((time.monotonic(), c["open"]))
            return c and c["open"] >= count and c["accepted_open"] >= count

        wait_for(look, 30 + 4 * count / rate, 0.1)
        took = time.monotonic() - began
        time.sleep(1)
        c = daemon.ask("connections") or {"open": 0, "tcp": {"retransmitted": 0, "syns_dropped": 0}}  # the daemon has ended
        moving = [s for s in seen if 0.1 * count <= s[1] <= 0.9 * count]
        speed = (moving[-1][1] - moving[0][1]) / (moving[-1][0] - moving[0][0]) if len(moving) > 2 else count / took
        return speed, c["open"], c["tcp"]["retransmitted"], c["tcp"]["syns_dropped"], daemon.rss(), start


def rss_before(work, transport, count):
    """What the process has in use with all endpoints there and no connection."""
    with Daemon(work, plan_text(transport, count, 0)) as daemon:
        time.sleep(2)
        return daemon.rss()


def bench_tcp(work, rounds, count, figures, extra):
    """Climb until SYNs are lost; memory is that of the last trial in which all were open."""
    before, rates, after, starts = rss_before(work, "tcp", count), [], 0, []
    for i in range(rounds):
        best = 0
        for offered in OFFERED:
            speed, opened, again, lost, rss, start = open_all(work, "tcp", count, offered)
            say(f"  tcp, round {i + 1}: {offered} connections/s asked, {speed:.0f} reached, {opened} open, {again} segments sent again, {lost} SYNs lost")
            starts.append(start)
            if opened < count or again > count / 100 or speed < 0.9 * offered:
                break
            best, after = max(best, speed), rss
        rates.append(best)
    extra["rounds_tcp_connects"] = rates
    figures["tcp_connections"] = (count, "connections")
    figures["tcp_connects_per_s"] = (statistics.median(rates), "connections/s")
    if after:
        figures["tcp_idle_bytes"] = ((after - before) / (2 * count), "bytes")
        figures["tcp_process_bytes"] = (after, "bytes")
        figures["tcp_process_before_bytes"] = (before, "bytes")
    figures["tcp_start_s"] = (statistics.median(starts), "s")


def bench_tls(work, rounds, figures, extra):
    """At what one handshake thread has room for: both ends' handshakes are its own."""
    before, rates, after = rss_before(work, "tls", TLS), [], 0
    for i in range(rounds):
        speed, opened, _, _, rss, _ = open_all(work, "tls", TLS, TLS_RATE)
        say(f"  tls, round {i + 1}: {opened} open, {speed:.0f} connections/s")
        if opened == TLS:
            rates.append(speed)
            after = rss
    extra["rounds_tls_connects"] = rates
    if after:
        figures["tls_connections"] = (TLS, "connections")
        figures["tls_connects_per_s"] = (statistics.median(rates), "connections/s")
        figures["tls_idle_bytes"] = ((after - before) / (2 * TLS), "bytes")


def kernel_bytes():
    """The kernel's slabs and the pages of its TCP buffers."""
    slab = 0
    with open("/proc/meminfo") as f:
        for line in f:
            if line.startswith("Slab:"):
                slab = int(line.split()[1]) * 1024
    with open("/proc/net/sockstat") as f:
        for line in f:
            if line.startswith("TCP:"):
                slab += int(line.split()[-1]) * os.sysconf("SC_PAGE_SIZE")
    return slab


def established(work):
    """Connected sockets in the namespace, both ends of each."""
    text = subprocess.run(["ip", "netns", "exec", work.netns, "cat", "/proc/net/sockstat"], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[2]) for line in text.splitlines() if line.startswith("TCP:"))


def bench_sipp(work, figures):
    """One trial: as many as SIPp is asked for, or what it gets to within half a minute."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(SIPP, hard - 100)
    inside = ["ip", "netns", "exec", work.netns, "prlimit", f"--nofile={hard}", "taskset", "-c"]
    run_ns = ["ip", "netns", "exec", work.netns]
    subprocess.run(run_ns + ["sysctl", "-qw", "net.ipv4.ip_local_port_range=10000 65000"], check=False)
    null = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "TERM": "dumb"}}
    common = ["-nostdin", "-max_socket", str(hard - 50), "-watchdog_interval", "0", "-buff_size", "65536"]
    uas = subprocess.Popen(inside + ["1", "sipp", "-sf", os.path.join(SCENARIOS, "uas.xml"), "-i", "127.0.0.1", "-p", "5070", "-t", "tn", *common], **null)
    time.sleep(0.5)
    kernel, uac = kernel_bytes(), None
    try:
        before = rss_bytes(uas.pid)
        begin = time.monotonic()
        uac = subprocess.Popen(inside + ["0", "sipp", "-sf", os.path.join(SCENARIOS, "uac_hold.xml"), "-i", "127.0.0.1", "-p", "5071", "-t", "tn",
                                         "-d", "120000", "-r", str(SIPP_RATE), "-l", str(count), "-m", str(count), *common, "127.0.0.1:5070"], **null)
        seen = []

        def look():
            seen.append((time.monotonic(), established(work) // 2))
            return seen[-1][1] >= count or uac.poll() is not None

        wait_for(look, 40, 0.2)
        opened = seen[-1][1]
        reached = next(t for t, n in seen if n >= 0.95 * opened) - begin
        grown = kernel_bytes() - kernel
        own = rss_bytes(uas.pid) - before + rss_bytes(uac.pid)
    finally:
        for process in (uac, uas):
            if process:
                process.send_signal(signal.SIGKILL)
                process.wait()
    say(f"  sipp: {opened} connections open; kernel {grown / 2**20:.0f} MiB, both processes {own / 2**20:.0f} MiB")
    figures["sipp_connections"] = (opened, "connections")
    figures["sipp_connects_per_s"] = (0.95 * opened / max(reached, 0.001), "connections/s")
    if opened > 0:
        figures["sipp_kernel_bytes"] = (grown / (2 * opened), "bytes")
        figures["sipp_idle_bytes"] = ((grown + own) / (2 * opened), "bytes")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--only", default=PARTS, metavar="PART,...", help=f"of {PARTS}")
    ap.add_argument("--count", type=int, default=MILLION, metavar="N", help="TCP connections")
    args = ap.parse_args()
    parts = args.only.split(",")
    unknown = set(parts) - set(PARTS.split(","))
    if unknown or args.rounds < 1 or not 1000 <= args.count <= MILLION:
        ap.error(f"no part {', '.join(sorted(unknown))}: there are {PARTS}" if unknown else "--rounds from 1, --count from 1000 to 1000000")
    work = Work()
    figures, ratios, extra = {}, {}, {}
    try:
        if "tcp" in parts:
            bench_tcp(work, args.rounds, args.count, figures, extra)
        if "tls" in parts:
            bench_tls(work, args.rounds, figures, extra)
        if "sipp" in parts:
            bench_sipp(work, figures)
    finally:
        work.close()
    if "tcp_connects_per_s" in figures and "sipp_connects_per_s" in figures:
        compare(ratios, "connects_vs_sipp", figures["tcp_connects_per_s"][0], figures["sipp_connects_per_s"][0])
    finish("connections", args, work, figures, ratios, extra, environment(None))


if __name__ == "__main__":
    main()
