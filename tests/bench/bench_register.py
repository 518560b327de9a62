#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_register.py [--json FILE] [--rounds N] [--only PART,...] [--million]

Registrations a second with digest (REGISTER, 401, REGISTER with credentials, 200), and what registered endpoints take:

  ring      both ends ours, a worker each, over in-process ports; the registrar is config/scenarios/registrar.xml, MD5
  kamailio  the same endpoints at kamailio with 2 processes, over a veth pair: its limit, not ours
  memory    bytes of an endpoint with its registration, timer and maps, as the engine counts them; strings (nonce, realm) beside it
  million   a million endpoints, registered once: time and memory of the process (only with --million or --only)

The highest rate at which every endpoint registered, hardly a REGISTER was sent twice (1 in 100), and the rate was reached counts;
the parts ring and kamailio take turns, and the median of the rounds is reported. A trial in which ringstorm found itself limited is
no measurement and is repeated. Needs root, two cores, kamailio, and a few minutes.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

from trials import (DAEMON, RING_PLACES, ROOT, TRIAL_S, Work, ask, end, environment, finish, highest, is_invalid, rss_bytes, run, say,
                    wait_for)

PARTS = "ring,kamailio,memory"
MILLION = 1000000
KAMAILIO_CFG = os.path.join(ROOT, "config", "register-and-call", "kamailio.cfg")

PHONES = """{{ name = "phones"; port = "a"; count = {count}; addresses = "198.18.16.1-198.18.31.232"; proxy = "sip:198.18.0.1";
                user = "u{{index:07}}"; domain = "example.test"; password = "{password}"; }}"""
REGISTER = """{{ name = "reg"; do = "register"; endpoints = "phones"; rate = {rate}; total = {count}; expires = "3600s"; unregister = false; }}"""
RUN = """run = {{ seed = 1; drain = "10s"; catch_up = 1.1; limited_percent = 0; {more} }};"""

RING = """
targets = [ "198.18.0.0/19" ];
workers = {{ cores = [ 0, 1 ]; idle = "sleep"; memory_mb = {memory}; mbufs = {mbufs}; }};
ports = ( {{ name = "a"; device = "ring:bench/a"; addresses = [ "198.18.0.2/19" ]; workers = [ 0 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "ring:bench/b"; addresses = [ "198.18.0.1/19" ]; workers = [ 1 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }} );
endpoints = ( """ + PHONES + """,
              {{ name = "registrar"; kind = "trunk"; port = "b"; addresses = "198.18.0.1"; domain = "example.test"; }} );
activities = ( """ + REGISTER + """,
               {{ name = "registrar"; do = "answer"; endpoints = "registrar"; scenario = "registrar"; }} );
""" + RUN

WIRE = """
targets = [ "198.18.0.1/32" ];
workers = {{ cores = [ 0 ]; idle = "sleep"; memory_mb = 512; mbufs = 65535; }};
ports = ( {{ name = "a"; device = "net_af_packet0,iface=rs0,blocksz=65536,framesz=2048,framecnt=16384"; routed = true;
            addresses = [ "198.18.0.2/20" ]; }} );
endpoints = ( """ + PHONES + """ );
activities = ( """ + REGISTER + """ );
""" + RUN


def ring_plan(rate, count, memory=512, mbufs=131071, more=""):
    return RING.format(rate=float(rate), count=count, password="secret", memory=memory, mbufs=mbufs, desc=RING_PLACES, more=more)


def trial(work, plan, rate, count):
    """One trial of a plan. @return (held, registrations/s, report)"""
    path = work.path("report.json")
    if os.path.exists(path):
        os.remove(path)
    try:
        subprocess.run(work.daemon(work.write("plan.conf", plan), "s.sock", "--report", path), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60 + 4 * TRIAL_S, check=False)
        with open(path) as f:
            report = json.load(f)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False, 0.0, None
    r = report["registrations"]
    reached = r["registered"] / max(report["run"]["duration_s"], 0.001)
    again = report["sip"]["retransmitted"]
    held = r["registered"] == count and r["failed"] == 0 and again <= count / 100 and reached >= 0.92 * rate
    work.invalid += is_invalid(report)
    return held and not is_invalid(report), reached, report


def ours(work, rate):
    count = min(int(rate * TRIAL_S), MILLION)
    return trial(work, ring_plan(rate, count), rate, count)


class Kamailio:
    """The one of config/register-and-call in the peer's namespace, ended by its process id."""

    def __init__(self, work):
        log = open(work.path("kamailio.log"), "wb")
        with open(KAMAILIO_CFG) as f:
            text = f.read().replace("unix:/tmp/kamailio_ctl", f"unix:{work.path('kamailio.ctl')}")
        self.process = subprocess.Popen(["ip", "netns", "exec", work.peer, "kamailio", "-f", work.write("kamailio.cfg", text), "-DD",
                                         "-E", "-m", "512", "-M", "16", "-Y", work.dir], stdout=log, stderr=log)
        log.close()
        wait_for(lambda: os.path.exists(work.path("kamailio.ctl")), 10, 0.1)
        time.sleep(0.5)

    def close(self):
        end(self.process)


def theirs(work, rate):
    """A trial with a kamailio of its own: what it has bound before would make it slower."""
    registrar = Kamailio(work)
    try:
        count = int(rate * TRIAL_S)
        plan = WIRE.format(rate=float(rate), count=count, password="p{index:07}", more="")
        return trial(work, plan, rate, count)
    finally:
        registrar.close()


def make_wire(work):
    run(["ip", "link", "add", "rs0", "netns", work.netns, "type", "veth", "peer", "name", "rs1", "netns", work.peer])
    for ns, dev in ((work.netns, "rs0"), (work.peer, "rs1")):
        run(["ip", "netns", "exec", ns, "ethtool", "-K", dev, "tx", "off", "tso", "off", "gso", "off", "gro", "off"],
            stderr=subprocess.DEVNULL)
        run(["ip", "-n", ns, "link", "set", dev, "up", "txqueuelen", "10000"])
    run(["ip", "-n", work.peer, "addr", "add", "198.18.0.1/20", "dev", "rs1"])
    run(["ip", "-n", work.peer, "route", "add", "198.18.16.0/20", "via", "198.18.0.2"])


def bench_rates(work, parts, rounds, figures, ratios, extra):
    """Alternate what is compared. @return the last report"""
    mine, other, report = [], [], None
    if "kamailio" in parts:
        make_wire(work)
    for i in range(rounds):
        say(f"round {i + 1} of {rounds}")
        if "ring" in parts:
            value, best = highest(lambda r: ours(work, r), 40000, 1.15, "both ends ours")
            mine.append(value)
            report = best[2] if best else report
        if "kamailio" in parts:
            other.append(highest(lambda r: theirs(work, r), 2000, 1.25, "at kamailio")[0])
    if mine:
        extra["rounds_ours"] = mine
        figures["registers_per_s"] = (statistics.median(mine), "registrations/s")
    if other:
        extra["rounds_kamailio"] = other
        figures["kamailio_registers_per_s"] = (statistics.median(other), "registrations/s")
    if mine and other:
        ratios["registers_vs_kamailio"] = statistics.median(mine) / max(statistics.median(other), 1)
    if report:
        figures["register_p99_ms"] = (report["latency_ms"]["register"]["p99"], "ms")
    return report


def per_endpoint(report, count, figures):
    memory = report["environment"]["memory"]
    figures["bytes_per_endpoint"] = (memory["endpoints_bytes"] / count, "bytes")
    figures["text_bytes_per_endpoint"] = (memory["registration_texts_bytes"] / count, "bytes")


def bench_memory(work, figures):
    count, rate = 100000, 20000
    held, _, report = trial(work, ring_plan(rate, count), rate, count)
    if report and report["registrations"]["registered"] == count:
        per_endpoint(report, count, figures)
        memory = report["environment"]["memory"]
        say(f"  {count} endpoints, held {held}: {memory['endpoints_bytes']} bytes, texts {memory['registration_texts_bytes']} bytes")


def bench_million(work, figures, rate=20000):
    """Register them all and stay: the whole process, and how long it took."""
    plan = work.write("plan.conf", ring_plan(rate, MILLION, memory=256, mbufs=65535).replace(
        'name = "reg";', 'name = "reg"; start = "manual";').replace(f"total = {MILLION};", ""))
    daemon = subprocess.Popen(work.daemon(plan, "m.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (ask(work, "m.sock", "status") or {}).get("state") == "running", 30)
        idle, begin = rss_bytes(daemon.pid), time.monotonic()  # ip netns exec has become the daemon
        ask(work, "m.sock", "start", "reg")
        say(f"  idle: {idle / 2**20:.0f} MiB; {MILLION} registrations at {rate}/s")
        stats = {}

        def registered():
            stats.update(ask(work, "m.sock", "stats") or {})
            return stats["registrations"]["active"] + stats["registrations"]["failed"] >= MILLION

        wait_for(registered, 3 * MILLION / rate, 1)
        took, whole = time.monotonic() - begin, rss_bytes(daemon.pid)
        ask(work, "m.sock", "stop", "--now")
    finally:
        end(daemon)
    r = stats["registrations"]
    say(f"  {r['active']} registered in {took:.0f} s, {r['failed']} failed; {whole / 2**20:.0f} MiB")
    figures["million_registered"] = (r["active"], "endpoints")
    figures["million_registered_s"] = (took, "s")
    figures["million_registered_bytes"] = (whole, "bytes")
    figures["million_idle_bytes"] = (idle, "bytes")
    figures["million_bytes_per_endpoint"] = ((whole - idle) / max(r["active"], 1), "bytes")
    if r["active"] == MILLION:
        per_endpoint(stats, MILLION, figures)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--only", default=PARTS, metavar="PART,...", help=f"of {PARTS},million")
    ap.add_argument("--million", action="store_true", help="a million endpoints as well")
    args = ap.parse_args()
    parts = args.only.split(",") + (["million"] if args.million else [])
    unknown = set(parts) - set(PARTS.split(",")) - {"million"}
    if unknown or args.rounds < 1:
        ap.error(f"no part {', '.join(sorted(unknown))}: there are {PARTS},million" if unknown else "--rounds is at least 1")
    if not os.access(DAEMON, os.X_OK):
        ap.error(f"{DAEMON} is missing: run scripts/build first")
    work = Work()
    figures, ratios, extra, report = {}, {}, {}, None
    try:
        if "ring" in parts or "kamailio" in parts:
            report = bench_rates(work, parts, args.rounds, figures, ratios, extra)
        if "memory" in parts:
            bench_memory(work, figures)
        if "million" in parts:
            bench_million(work, figures)
    finally:
        work.close()
    finish("register", args, work, figures, ratios, extra, environment(report))
    if 0.0 in sum(extra.values(), []):
        say("a round found no rate at which the generator was not limited: this machine is too busy for a benchmark now")


if __name__ == "__main__":
    main()
