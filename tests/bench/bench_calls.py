#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_calls.py [--json FILE] [--rounds N] [--only PART,...]

Calls a second, ringstorm against SIPp, both playing the same scenario files (tests/bench/scenarios), and what calls take:

  ring     UAC on one worker and UAS on the other over in-process ports; SIPp UAC and UAS over loopback, pinned to the same cores
  rfc3261  the plan of `ring` in both modes for 40 s, longer than finished transactions are remembered (64*T1), of which the last
           seconds are judged
  tuple    all signalling on one address and port each side, two workers on both ports
  veth     both tools over the same veth pair, ringstorm on af_xdp
  memory   bytes that an open leg takes
  million  memory of a process with a million open legs: 500,000 calls with both ends in it
  start    from exec to the first packet

The highest rate that completes all calls counts; rounds alternate between what is compared and the median of the rounds is
reported. A trial of ours in which ringstorm found itself limited (loadctl health) is no measurement, whatever it reached: it is
marked and repeated, and a rate at which every trial is limited was not held.
Needs root, two cores, and a few minutes for each part.
"""

import argparse
import os
import resource
import signal
import statistics
import subprocess
import time

from trials import (LONG_MEASURED_S, LONG_S, RING_PLACES, SCENARIOS, REACHED, TRIAL_S, Work, ask, compare, end, environment, finish,
                    highest, highest_long, play, play_long, rss_bytes, run, say, wait_for)

PARTS = "ring,rfc3261,tuple,veth,memory,million,start"
LEGS = 1000000

PLAN = """
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ 0, 1 ]; idle = "sleep"; memory_mb = {memory}; mbufs = {mbufs}; }};
ports = ( {{ name = "a"; device = "{a}"; addresses = [ "198.18.0.2/20" ]; workers = {wa}; rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "{b}"; addresses = [ "198.18.0.3/20" ]; workers = {wb}; rx_descriptors = {desc}; tx_descriptors = {desc}; }} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "a"; count = {count}; addresses = "198.18.0.4"; }},
              {{ name = "callees"; kind = "trunk"; port = "b"; count = {count}; addresses = "198.18.0.5"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{dir}/uas.xml"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "callees"; scenario = "{dir}/{uac}.xml";
                 rate = {rate}; {total} hold = "{hold}"; }} );
run = {{ seed = 1; mode = "{mode}"; {window} drain = "8s"; max_calls = {calls}; catch_up = 1.1; limited_percent = 0; legs = "none"; }};
"""  # legs are not matched: SIPp does not, either; what it costs is in bench_engine
RING = ("ring:bench/a", "ring:bench/b")


def plan_text(rate, total, ports=RING, **more):
    values = {"window": "", "a": ports[0], "b": ports[1], "wa": "[ 0 ]", "wb": "[ 1 ]", "desc": RING_PLACES if ports[0].startswith("ring:") else 16384,
              "memory": 1024, "mbufs": 262143, "count": 100000, "calls": 100000, "dir": SCENARIOS, "uac": "uac", "hold": "0",
              "mode": "sipp", **more}
    return PLAN.format(rate=float(rate), total=f"total = {int(total)};" if total else "", **values)


def ours(work, rate, **more):
    """One trial. @return (held, calls/s reached, report)"""
    total = int(rate * TRIAL_S)
    return play(work, plan_text(rate, total, **more), rate, total)


def ours_long(work, rate, **more):
    """One of LONG_S."""
    window = f'warmup = "{LONG_S - LONG_MEASURED_S}s"; measure = "{LONG_MEASURED_S}s";'
    return play_long(work, plan_text(rate, 0, window=window, **more), rate)


def sipp_args(work, scenario, name, local, port, total, transport):
    return ["sipp", "-sf", os.path.join(SCENARIOS, scenario), "-i", local, "-p", str(port), "-t", transport, "-nostdin", "-m", str(total),
            "-buff_size", "8388608", "-watchdog_interval", "0", "-timeout", str(30 + 4 * TRIAL_S), "-trace_stat", "-fd", "1",
            "-stf", work.path(name + ".csv")]


def sipp_stats(path):
    with open(path) as f:
        lines = f.read().split("\n")
    return dict(zip(lines[0].split(";"), lines[-2].split(";")))


def sipp(work, rate, where=("127.0.0.1", "127.0.0.1"), peer=None, transport="u1"):
    """One trial of SIPp against SIPp; @transport is its -t. @return (held, calls/s reached, CPU us per call of the UAC)"""
    total = int(rate * TRIAL_S)
    env = {**os.environ, "TERM": "dumb"}
    prefix = ["ip", "netns", "exec", peer or work.netns, "taskset", "-c", "1"]
    null = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env}
    uas = subprocess.Popen(prefix + sipp_args(work, "uas.xml", "uas", where[1], 5070, total, transport), **null)
    time.sleep(0.3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    uac = subprocess.run(["ip", "netns", "exec", work.netns, "taskset", "-c", "0"] +
                         sipp_args(work, "uac.xml", "uac", where[0], 5071, total, transport) +
                         ["-r", str(int(rate)), "-rp", "1000", "-l", "1000000", f"{where[1]}:5070"], check=False, **null)
    elapsed = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        uas.wait(5)
    except subprocess.TimeoutExpired:
        uas.send_signal(signal.SIGTERM)
        uas.wait()
    stats = sipp_stats(work.path("uac.csv"))
    done = int(stats["SuccessfulCall(C)"])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    held = uac.returncode == 0 and done == total and done / elapsed >= REACHED * rate
    return held, done / elapsed, cpu * 1e6 / max(done, 1)


def worker_us_per_call(report, worker, hz):
    cycles = report["health"]["workers"][worker]["busy_cycles"]
    return cycles / hz * 1e6 / max(report["calls"]["placed"]["completed"], 1)


def tsc_hz():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("cpu MHz"):
                return float(line.split(":")[1]) * 1e6
    return 1e9


def bench_ring(work, rounds, figures, ratios, extra):
    """Alternate the tools. @return the last report"""
    mine, theirs, trials, cpu = [], [], [], []
    for i in range(rounds):
        say(f"round {i + 1} of {rounds}")
        value, trial = highest(lambda r: ours(work, r), 200000, 1.15, "ringstorm")
        mine.append(value)
        trials.append(trial)
        value, trial = highest(lambda r: sipp(work, r), 12000, 1.15, "sipp")
        theirs.append(value)
        if trial:
            cpu.append(trial[2])
    trials = [t[2] for t in trials if t]
    extra["rounds_ours"], extra["rounds_sipp"] = mine, theirs
    figures["calls_per_s"] = (statistics.median(mine), "calls/s")
    figures["sipp_calls_per_s"] = (statistics.median(theirs), "calls/s")
    compare(ratios, "calls_vs_sipp", statistics.median(mine), statistics.median(theirs))
    if trials:
        figures["cpu_us_per_call"] = (statistics.median(worker_us_per_call(t, 0, tsc_hz()) for t in trials), "us")
    if cpu:
        figures["sipp_cpu_us_per_call"] = (statistics.median(cpu), "us")
    return trials[-1] if trials else None


def bench_rfc3261(work, rounds, figures, ratios, extra):
    """Both modes by turns, each at its highest rate for LONG_S. @return the last report"""
    reached, cpu, report = {"sipp": [], "rfc3261": []}, {"sipp": [], "rfc3261": []}, None
    for i in range(rounds):
        say(f"modes, round {i + 1} of {rounds}")
        for mode, list_of in reached.items():
            value, trial = highest_long(lambda r, long, m=mode: (ours_long if long else ours)(work, r, mode=m), 150000, 1.15, mode,
                                        list_of[-1] if list_of else 0)
            list_of.append(value)
            if trial:
                report = trial[2]
                cpu[mode].append(worker_us_per_call(report, 0, tsc_hz()))
    for mode, list_of in reached.items():
        extra[f"rounds_{mode}_{LONG_S}s"] = list_of
        if cpu[mode]:
            figures[f"cpu_us_per_call_{mode}_{LONG_S}s"] = (statistics.median(cpu[mode]), "us")
    figures["calls_per_s_rfc3261"] = (statistics.median(reached["rfc3261"]), "calls/s")
    figures["calls_per_s_sipp_mode"] = (statistics.median(reached["sipp"]), "calls/s")
    compare(ratios, "rfc3261_vs_sipp", figures["calls_per_s_rfc3261"][0], figures["calls_per_s_sipp_mode"][0])
    return report


def bench_tuple(work, rounds, figures, extra):
    """Both workers on both ports, one trunk on each: whose packet it is nothing but its tokens tell."""
    values = []
    for i in range(rounds):
        say(f"one address pair, round {i + 1} of {rounds}")
        values.append(highest(lambda r: ours(work, r, wa="[ 0, 1 ]", wb="[ 0, 1 ]"), 80000, 1.15, "one address pair")[0])
    extra["rounds_single_tuple"] = values
    figures["calls_per_s_single_tuple"] = (statistics.median(values), "calls/s")


def bench_memory(work, figures):
    """Open legs in thousands, nothing else going on."""
    plan = work.write("plan.conf", plan_text(10000, 30000, uac="uac_hold", hold="20s"))
    daemon = subprocess.Popen(work.daemon(plan, "m.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(work.path("m.sock")), 10)
        time.sleep(5)
        workers = ask(work, "m.sock", "health")["workers"]
        legs = sum(w["legs"] for w in workers)
        size = sum(w["leg_bytes"] for w in workers)
        worst = max(w["leg_bytes"] / max(w["legs"], 1) for w in workers)
        say(f"  {legs} legs, {size} bytes, the dearer side {worst:.0f} bytes a leg")
        ask(work, "m.sock", "stop", "--now")
    finally:
        end(daemon)
    figures["bytes_per_leg"] = (worst, "bytes")
    figures["bytes_per_leg_mean"] = (size / max(legs, 1), "bytes")
    figures["legs_open"] = (legs, "legs")


def bench_million(work, figures):
    """
    The whole process: VmRSS with all legs open. What of it is there before the first call (packets, DPDK, programs) is told
    beside it. The calls are long: they are open together, and ended by stop --now.
    """
    calls = LEGS // 2
    plan = work.write("plan.conf", plan_text(20000, calls, uac="uac_hold", hold="600s", calls=calls, count=1000000, memory=256,
                                             mbufs=65535).replace('name = "calls";', 'name = "calls"; start = "manual";'))
    daemon = subprocess.Popen(work.daemon(plan, "m.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (ask(work, "m.sock", "status") or {}).get("state") == "running", 30)
        idle = rss_bytes(daemon.pid)  # ip netns exec has become the daemon
        ask(work, "m.sock", "start", "calls")
        say(f"  idle: {idle / 2**20:.0f} MiB; {calls} calls at 20000/s")

        def legs():
            return sum(w["legs"] for w in ask(work, "m.sock", "health")["workers"])

        wait_for(lambda: legs() >= LEGS, 120, 1)
        opened, whole = legs(), rss_bytes(daemon.pid)
        failed = ask(work, "m.sock", "stats")["calls"]["placed"]["failed"]
        begin = time.monotonic()
        ask(work, "m.sock", "stop", "--now")
        wait_for(lambda: (ask(work, "m.sock", "status") or {"state": "done"})["state"] == "done", 60, 0.05)
        stop_s = time.monotonic() - begin
    finally:
        end(daemon)
    say(f"  {opened} legs open, {whole / 2**20:.0f} MiB; silent after {stop_s:.2f} s")
    if opened < LEGS or failed:
        say(f"  only {opened} legs were open, {failed} calls failed: the figure is of those")
    figures["million_legs"] = (opened, "legs")
    figures["million_legs_bytes"] = (whole, "bytes")
    figures["million_legs_idle_bytes"] = (idle, "bytes")
    figures["million_legs_stop_s"] = (stop_s, "s")


def bench_start(work, figures):
    """From exec to the first packet, the first time cold."""
    times = []
    for _ in range(6):
        wall = time.time()
        held, _, report = ours(work, 100)
        if report:
            times.append(report["environment"]["start_ms"])
        say(f"  start to first packet {times[-1] if times else 'unknown'} ms (whole trial {time.time() - wall:.1f} s, held {held})")
    if times:
        figures["start_cold_ms"] = (times[0], "ms")
        figures["start_ms"] = (statistics.median(times[1:]), "ms")


def make_veth(work):
    run(["ip", "-n", work.netns, "link", "add", "rs0", "type", "veth", "peer", "name", "rs1"])
    for dev in ("rs0", "rs1"):
        run(["ip", "-n", work.netns, "link", "set", dev, "up"])
        run(["ip", "netns", "exec", work.netns, "ethtool", "-K", dev, "tx", "off", "tso", "off", "gso", "off", "gro", "off"],
            stderr=subprocess.DEVNULL)


def split_veth(work):
    """The same pair for SIPp: one end in the peer's namespace, addresses on both."""
    run(["ip", "-n", work.netns, "link", "set", "rs1", "netns", work.peer])
    run(["ip", "-n", work.netns, "addr", "add", "198.18.0.4/20", "dev", "rs0"])
    run(["ip", "-n", work.peer, "addr", "add", "198.18.0.5/20", "dev", "rs1"])
    run(["ip", "-n", work.peer, "link", "set", "rs1", "up"])


def join_veth(work):
    run(["ip", "-n", work.netns, "addr", "flush", "dev", "rs0"])
    run(["ip", "-n", work.peer, "link", "set", "rs1", "netns", work.netns])
    run(["ip", "-n", work.netns, "link", "set", "rs1", "up"])


def bench_veth(work, rounds, figures, ratios):
    ports = ("net_af_xdp0,iface=rs0", "net_af_xdp1,iface=rs1")
    mine, theirs = [], []
    make_veth(work)
    for i in range(rounds):
        say(f"veth, round {i + 1} of {rounds}")
        mine.append(highest(lambda r: ours(work, r, ports=ports), 60000, 1.15, "ringstorm on af_xdp")[0])
        split_veth(work)
        theirs.append(highest(lambda r: sipp(work, r, ("198.18.0.4", "198.18.0.5"), work.peer), 12000, 1.15, "sipp on veth")[0])
        join_veth(work)
    figures["xdp_calls_per_s"] = (statistics.median(mine), "calls/s")
    figures["sipp_veth_calls_per_s"] = (statistics.median(theirs), "calls/s")
    compare(ratios, "calls_vs_sipp_veth", statistics.median(mine), statistics.median(theirs))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--only", default=PARTS, metavar="PART,...", help=f"of {PARTS}")
    args = ap.parse_args()
    parts = args.only.split(",")
    unknown = set(parts) - set(PARTS.split(","))
    if unknown or args.rounds < 1:
        ap.error(f"no part {', '.join(sorted(unknown))}: there are {PARTS}" if unknown else "--rounds is at least 1")
    work = Work()
    figures, ratios, extra, report = {}, {}, {}, None
    try:
        if "ring" in parts:
            report = bench_ring(work, args.rounds, figures, ratios, extra)
        if "rfc3261" in parts:
            report = bench_rfc3261(work, args.rounds, figures, ratios, extra) or report
        if "tuple" in parts:
            bench_tuple(work, args.rounds, figures, extra)
        if "veth" in parts:
            bench_veth(work, args.rounds, figures, ratios)
        if "memory" in parts:
            bench_memory(work, figures)
        if "million" in parts:
            bench_million(work, figures)
        if "start" in parts:
            bench_start(work, figures)
    finally:
        work.close()
    finish("calls", args, work, figures, ratios, extra, environment(report, long_s=LONG_S))
    if 0.0 in sum(extra.values(), []):
        say("a round found no rate at which the generator was not limited: this machine is too busy for a benchmark now")


if __name__ == "__main__":
    main()
