#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_stream_calls.py [--json FILE] [--rounds N] [--only TRANSPORT,...]

Calls a second over connections that stand already, ringstorm against SIPp, both playing the scenarios of bench_calls.py:

  tcp   1,000 callers, each with a connection of its own to the callee's side, caller on one worker and callee on the other, over
        in-process ports; SIPp -t t1 over loopback, pinned to the same cores
  tls   the same with TLS 1.3
  wss   the same with WebSocket over TLS

The highest rate that completes all calls counts, and begins when all connections are open. Rounds alternate between ringstorm and
SIPp, medians are reported. A trial in which ringstorm found itself limited is no measurement (see bench_calls.py).
Needs root, two cores, and a few minutes.
"""

import argparse
import json
import os
import statistics
import subprocess

from bench_calls import sipp, tsc_hz, worker_us_per_call
from trials import REACHED, RING_PLACES, SCENARIOS, TRIAL_S, Work, ask, compare, end, environment, finish, highest, say, wait_for

PARTS = "tcp,tls,wss"
CALLERS = 1000

PLAN = """
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ 0, 1 ]; idle = "sleep"; memory_mb = 1024; mbufs = 262143; }};
ports = ( {{ name = "a"; device = "ring:bench/a"; addresses = [ "198.18.0.2/20" ]; workers = [ 0 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "ring:bench/b"; addresses = [ "198.18.0.3/20" ]; workers = [ 1 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }} );
{profile}
endpoints = ( {{ name = "callers"; port = "a"; count = {count}; addresses = "198.18.4.0-198.18.4.99"; transport = "{transport}"; {tls}
                proxy = "sip:198.18.0.5:5060"; connect_rate = 1000; }},
              {{ name = "callees"; kind = "trunk"; port = "b"; count = 100000; addresses = "198.18.0.5"; sip_port = 5060;
                transport = "{transport}"; {tls} }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{dir}/uas.xml"; }},
               {{ name = "calls"; start = "manual"; do = "call"; from = "callers"; to = "callees"; scenario = "{dir}/uac.xml";
                 rate = {rate}; total = {total}; }} );
run = {{ seed = 1; drain = "8s"; max_calls = 100000; catch_up = 1.1; limited_percent = 0; legs = "none"; }};
"""


def plan_text(transport, rate, total):
    secure = transport != "tcp"
    return PLAN.format(transport=transport, rate=float(rate), total=total, count=CALLERS, desc=RING_PLACES, dir=SCENARIOS,
                       profile='tls = ( { name = "t"; verify = false; } );' if secure else "", tls='tls = "t";' if secure else "")


def judge(work, report, rate, total):
    """The seconds in which calls were offered, but for the first and the last, which are cut short."""
    seconds = [i for i in report["intervals"] if i["offered"] > 0]
    full = [i["started"] / i["length_s"] for i in seconds[1:-1] if i["length_s"] > 0]
    reached = sum(full) / max(len(full), 1)
    calls, limited = report["calls"], any(i["limited"] for i in seconds)
    report["health"]["limited_measured"] = sum(bool(i["limited"]) for i in seconds)  # opening the connections is not what is measured
    work.invalid += limited
    held = calls["placed"]["completed"] == total and calls["answered"]["completed"] == total and reached >= REACHED * rate
    return held and not limited, reached


def ours(work, transport, rate):
    """One trial. @return (held, calls/s reached, report)"""
    total, path, socket = int(rate * TRIAL_S), work.path("report.json"), "s.sock"
    for old in (path, work.path(socket)):
        if os.path.exists(old):
            os.remove(old)
    plan = work.write("plan.conf", plan_text(transport, rate, total))
    daemon = subprocess.Popen(work.daemon(plan, socket, "--report", path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not wait_for(lambda: (ask(work, socket, "connections") or {}).get("open") == CALLERS, 30):
            say(f"  {transport}: the connections did not come up")
            return False, 0.0, None
        ask(work, socket, "start", "calls")
        daemon.wait(60 + 4 * TRIAL_S)
        with open(path) as f:
            report = json.load(f)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False, 0.0, None
    finally:
        if daemon.poll() is None:
            end(daemon)
    return *judge(work, report, rate, total), report


def bench(work, transport, start, rounds, figures, ratios, extra):
    """Alternate the tools where SIPp has the transport. @return the last report"""
    mine, theirs, trials = [], [], []
    for i in range(rounds):
        say(f"{transport}, round {i + 1} of {rounds}")
        value, trial = highest(lambda r: ours(work, transport, r), start, 1.15, f"ringstorm over {transport}")
        mine.append(value)
        if trial:
            trials.append(trial[2])
        if transport == "tcp":
            theirs.append(highest(lambda r: sipp(work, r, transport="t1"), 8000, 1.15, "sipp -t t1")[0])
    extra[f"rounds_{transport}"] = mine
    figures[f"{transport}_calls_per_s"] = (statistics.median(mine), "calls/s")
    if trials:
        figures[f"{transport}_cpu_us_per_call"] = (statistics.median(worker_us_per_call(t, 0, tsc_hz()) for t in trials), "us")
    if theirs:
        extra["rounds_sipp"] = theirs
        figures["sipp_tcp_calls_per_s"] = (statistics.median(theirs), "calls/s")
        compare(ratios, "tcp_calls_vs_sipp", statistics.median(mine), statistics.median(theirs))
    return trials[-1] if trials else None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--only", default=PARTS, metavar="TRANSPORT,...", help=f"of {PARTS}")
    args = ap.parse_args()
    parts = args.only.split(",")
    unknown = set(parts) - set(PARTS.split(","))
    if unknown or args.rounds < 1:
        ap.error(f"no transport {', '.join(sorted(unknown))}: there are {PARTS}" if unknown else "--rounds is at least 1")
    work = Work()
    figures, ratios, extra, report = {}, {}, {}, None
    try:
        for transport, start in (("tcp", 100000), ("tls", 70000), ("wss", 70000)):
            if transport in parts:
                report = bench(work, transport, start, args.rounds, figures, ratios, extra) or report
    finally:
        work.close()
    finish("stream-calls", args, work, figures, ratios, extra, environment(report, callers=CALLERS))


if __name__ == "__main__":
    main()
