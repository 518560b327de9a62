#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_calls.py [--json FILE] [--rounds N] [--only ring,veth,memory,start]

Calls a second, ringstorm against SIPp, both playing the same scenario files (tests/bench/scenarios):

  ring    UAC on one worker and UAS on the other over in-process ports; SIPp UAC and UAS over loopback, pinned to the same cores
  veth    both tools over the same veth pair, ringstorm on af_xdp
  memory  bytes that an open leg takes
  start   from exec to the first packet

The highest rate that completes all calls counts; rounds alternate between the tools and the median of the rounds is reported.
A trial of ours in which ringstorm found itself limited (loadctl health) is no measurement, whatever it reached: it is marked and
repeated, and a rate at which every trial is limited was not held.
Needs root, two cores, and a few minutes.
"""

import argparse
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("RINGSTORM_BUILD", os.path.join(ROOT, "build"))
DAEMON = os.path.join(BUILD, "app", "ringstormd")
LOADCTL = os.path.join(BUILD, "app", "loadctl")
SCENARIOS = os.path.join(ROOT, "tests", "bench", "scenarios")
TRIAL_S = 3         # a trial offers so many seconds' worth of calls
REACHED = 0.95      # a rate counts as held when so much of it was reached
TRIALS = 2          # at a rate, until it counts as not held
RETRIES = 2         # more of them when what limited one was the machine, not the load

PLAN = """
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ 0, 1 ]; idle = "sleep"; memory_mb = 1024; mbufs = 262143; }};
ports = ( {{ name = "a"; device = "{a}"; addresses = [ "198.18.0.2/20" ]; workers = [ 0 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }},
          {{ name = "b"; device = "{b}"; addresses = [ "198.18.0.3/20" ]; workers = [ 1 ]; rx_descriptors = {desc}; tx_descriptors = {desc}; }} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "a"; count = 100000; addresses = "198.18.0.4"; }},
              {{ name = "callees"; kind = "trunk"; port = "b"; count = 100000; addresses = "198.18.0.5"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{dir}/uas.xml"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "callees"; scenario = "{dir}/{uac}.xml";
                 rate = {rate}; total = {total}; hold = "{hold}"; }} );
run = {{ seed = 1; drain = "8s"; max_calls = 100000; catch_up = 1.1; limited_percent = 0; }};
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Work:
    """A folder for plans, reports and statistics, and a network namespace; both go away at the end."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="rs-bench-")
        self.netns = f"rs-bench-{os.getpid()}"
        self.peer = self.netns + "p"
        self.invalid = 0  # trials in which the generator was limited
        for ns in (self.netns, self.peer):
            run(["ip", "netns", "add", ns])
            run(["ip", "-n", ns, "link", "set", "lo", "up"])
        with open("/proc/sys/net/core/rmem_max") as f:
            self.rmem_max = f.read().strip()
        self.set_rmem_max("16777216")

    @staticmethod
    def set_rmem_max(value):
        with open("/proc/sys/net/core/rmem_max", "w") as f:
            f.write(value)

    def close(self):
        self.set_rmem_max(self.rmem_max)
        for ns in (self.netns, self.peer):
            subprocess.run(["ip", "netns", "del", ns], check=False)
        subprocess.run(["rm", "-rf", self.dir], check=False)

    def path(self, name):
        return os.path.join(self.dir, name)


def run(argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, **kw)


def write_plan(work, ports, rate, total, uac="uac", hold="0"):
    plan = work.path("plan.conf")
    with open(plan, "w") as f:
        # A stalled core of a shared machine is 10 to 50 ms late: a queue must hold what comes in that time.
        f.write(PLAN.format(desc=65535 if ports[0].startswith("ring:") else 16384, a=ports[0], b=ports[1], dir=SCENARIOS, rate=float(rate), total=int(total), uac=uac, hold=hold))
    return plan


RING = ("ring:bench/a", "ring:bench/b")


def limits(report):
    """Which bounds limited the generator in a trial: {name: worst}."""
    return {b["name"]: b["worst"] for b in report["health"]["bounds"] if b["intervals"]}


def is_invalid(report):
    """A benchmark allows no limited interval."""
    return report["health"]["limited_intervals"] > 0


def is_machine(report):
    """What limited it was taken by the machine: the same rate may do well at another time."""
    return "gap" in limits(report)


def ours(work, rate, ports=RING):
    """One trial. @return (held, calls/s reached, report)"""
    total = int(rate * TRIAL_S)
    report = work.path("report.json")
    if os.path.exists(report):
        os.remove(report)
    try:
        subprocess.run(["ip", "netns", "exec", work.netns, DAEMON, "--config", write_plan(work, ports, rate, total), "--socket",
                        work.path("s.sock"), "--start", "--quiet", "--report", report], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60 + 4 * TRIAL_S)
        with open(report) as f:
            r = json.load(f)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False, 0.0, None
    placed = r["calls"]["placed"]
    full = [i["started"] / i["length_s"] for i in r["intervals"][:TRIAL_S - 1] if i["length_s"] > 0]
    reached = sum(full) / max(len(full), 1)  # the last second is cut short by the end of the run
    held = placed["completed"] == total and r["calls"]["answered"]["completed"] == total and reached >= REACHED * rate
    work.invalid += is_invalid(r)
    return held and not is_invalid(r), reached, r


def sipp_args(work, scenario, name, local, port, total):
    return ["sipp", "-sf", os.path.join(SCENARIOS, scenario), "-i", local, "-p", str(port), "-nostdin", "-m", str(total),
            "-buff_size", "8388608", "-watchdog_interval", "0", "-timeout", str(30 + 4 * TRIAL_S), "-trace_stat", "-fd", "1",
            "-stf", work.path(name + ".csv")]


def sipp_stats(path):
    with open(path) as f:
        lines = f.read().split("\n")
    return dict(zip(lines[0].split(";"), lines[-2].split(";")))


def sipp(work, rate, where=("127.0.0.1", "127.0.0.1"), peer=None):
    """One trial of SIPp against SIPp. @return (held, calls/s reached, CPU us per call of the UAC)"""
    total = int(rate * TRIAL_S)
    env = {**os.environ, "TERM": "dumb"}
    prefix = ["ip", "netns", "exec", peer or work.netns, "taskset", "-c", "1"]
    null = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env}
    uas = subprocess.Popen(prefix + sipp_args(work, "uas.xml", "uas", where[1], 5070, total), **null)
    time.sleep(0.3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    uac = subprocess.run(["ip", "netns", "exec", work.netns, "taskset", "-c", "0"] +
                         sipp_args(work, "uac.xml", "uac", where[0], 5071, total) +
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


def report_of(result):
    return result[2] if isinstance(result[2], dict) else None


def describe(result):
    report = report_of(result)
    if result[0]:
        return "held"
    if report and is_invalid(report):
        return "invalid: the generator was limited (" + ", ".join(f"{k} {v:.3g}" for k, v in limits(report).items()) + ")"
    return "not held"


def attempt(trial, rate, label):
    """Trials at one rate until one holds; those that the machine spoilt do not count, up to a bound."""
    tries, spoilt = 0, 0
    while True:
        result = trial(rate)
        say(f"  {label}: {rate:>9.0f} calls/s asked, {result[1]:>9.0f} reached, {describe(result)}")
        report = report_of(result)
        if not result[0] and report and is_machine(report) and spoilt < RETRIES:
            spoilt += 1
            continue
        tries += 1
        if result[0] or tries == TRIALS:
            return result


def highest(trial, start, factor, label):
    """Climb by @factor until a rate is not held; @return (calls/s reached at the highest rate held, its trial)"""
    best, best_trial, rate = 0.0, None, start
    while True:
        result = attempt(trial, rate, label)
        if not result[0]:
            if best or rate < start / 8:
                return best, best_trial
            rate /= 2
            start, factor = rate, 1.2
            continue
        if result[1] > best:
            best, best_trial = result[1], result
        rate *= factor


def bench_pair(work, rounds, ours_trial, sipp_trial, ours_start, figures):
    """Alternate the tools. @return (our median, SIPp's median, our trials)"""
    mine, theirs, trials, cpu = [], [], [], []
    for i in range(rounds):
        say(f"round {i + 1} of {rounds}")
        value, trial = highest(ours_trial, ours_start, 1.15, "ringstorm")
        mine.append(value)
        trials.append(trial)
        value, trial = highest(sipp_trial, 12000, 1.15, "sipp")
        theirs.append(value)
        if trial:
            cpu.append(trial[2])
    figures["rounds_ours"] = mine
    figures["rounds_sipp"] = theirs
    return statistics.median(mine), statistics.median(theirs), [t for t in trials if t], cpu


def worker_us_per_call(report, worker, hz):
    cycles = report["health"]["workers"][worker]["busy_cycles"]
    return cycles / hz * 1e6 / max(report["calls"]["placed"]["completed"], 1)


def tsc_hz():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("cpu MHz"):
                return float(line.split(":")[1]) * 1e6
    return 1e9


def bench_memory(work):
    """Open legs in thousands, nothing else going on."""
    sock = work.path("m.sock")
    plan = write_plan(work, RING, 10000, 30000, "uac_hold", "20s")
    daemon = subprocess.Popen(["ip", "netns", "exec", work.netns, DAEMON, "--config", plan, "--socket", sock, "--start",
                               "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            time.sleep(0.1)
            if os.path.exists(sock):
                break
        time.sleep(5)
        out = subprocess.run([LOADCTL, "--socket", sock, "health", "--json"], check=True, capture_output=True, text=True).stdout
        workers = json.loads(out)["workers"]
        legs = sum(w["legs"] for w in workers)
        size = sum(w["leg_bytes"] for w in workers)
        worst = max(w["leg_bytes"] / max(w["legs"], 1) for w in workers)
        say(f"  {legs} legs, {size} bytes, the dearer side {worst:.0f} bytes a leg")
        subprocess.run([LOADCTL, "--socket", sock, "stop", "--now"], check=False, stdout=subprocess.DEVNULL)
    finally:
        daemon.terminate()
        daemon.wait(20)
    return legs, size / max(legs, 1), worst


def bench_start(work):
    """From exec to the first packet: @return list of ms, the first one cold."""
    times = []
    for _ in range(6):
        wall = time.time()
        held, _, report = ours(work, 100)
        if report:
            times.append(report["environment"]["start_ms"])
        say(f"  start to first packet {times[-1] if times else 'unknown'} ms (whole trial {time.time() - wall:.1f} s, held {held})")
    return times


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


def bench_veth(work, rounds, figures):
    ports = ("net_af_xdp0,iface=rs0", "net_af_xdp1,iface=rs1")
    mine, theirs = [], []
    make_veth(work)
    for i in range(rounds):
        say(f"veth, round {i + 1} of {rounds}")
        mine.append(highest(lambda r: ours(work, r, ports), 60000, 1.15, "ringstorm on af_xdp")[0])
        split_veth(work)
        theirs.append(highest(lambda r: sipp(work, r, ("198.18.0.4", "198.18.0.5"), work.peer), 12000, 1.15, "sipp on veth")[0])
        join_veth(work)
    figures["xdp_calls_per_s"] = (statistics.median(mine), "calls/s")
    figures["sipp_veth_calls_per_s"] = (statistics.median(theirs), "calls/s")
    return statistics.median(mine) / max(statistics.median(theirs), 1)


def environment(report):
    env = {"cores": os.cpu_count(), "kernel": platform.release(), "trial_s": TRIAL_S}
    if report:
        env.update({k: report["environment"].get(k) for k in ("version", "cpu", "ports")})
    return env


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--only", default="ring,veth,memory,start")
    args = ap.parse_args()
    parts = args.only.split(",")
    work = Work()
    figures, ratios, extra, report = {}, {}, {}, None
    try:
        if "ring" in parts:
            mine, theirs, trials, cpu = bench_pair(work, args.rounds, lambda r: ours(work, r), lambda r: sipp(work, r), 200000,
                                                   extra)
            figures["calls_per_s"] = (mine, "calls/s")
            figures["sipp_calls_per_s"] = (theirs, "calls/s")
            ratios["calls_vs_sipp"] = mine / max(theirs, 1)
            if trials:
                report = trials[-1][2]
                figures["cpu_us_per_call"] = (statistics.median(worker_us_per_call(t[2], 0, tsc_hz()) for t in trials), "us")
            if cpu:
                figures["sipp_cpu_us_per_call"] = (statistics.median(cpu), "us")
        if "veth" in parts:
            ratios["calls_vs_sipp_veth"] = bench_veth(work, args.rounds, figures)
        if "memory" in parts:
            legs, mean, worst = bench_memory(work)
            figures["bytes_per_leg"] = (worst, "bytes")
            figures["bytes_per_leg_mean"] = (mean, "bytes")
            figures["legs_open"] = (legs, "legs")
        if "start" in parts:
            times = bench_start(work)
            if times:
                figures["start_cold_ms"] = (times[0], "ms")
                figures["start_ms"] = (statistics.median(times[1:]), "ms")
    finally:
        work.close()
    print(f"{'figure':<24}{'value':>14}  unit")
    for name, (value, unit) in figures.items():
        print(f"{name:<24}{value:>14.2f}  {unit}")
    for name, value in ratios.items():
        print(f"{name:<24}{value:>14.2f}  ratio")
    for name, values in extra.items():
        print(f"{name:<24}{'  '.join(f'{v:.0f}' for v in values)}")
    print(f"{'trials_invalid':<24}{work.invalid:>14}  limited by the generator, not counted")
    if 0.0 in extra.get("rounds_ours", []):
        say("a round found no rate at which the generator was not limited: this machine is too busy for a benchmark now")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"bench": "calls", "figures": {k: {"value": v, "unit": u} for k, (v, u) in figures.items()},
                       "ratios": ratios, "rounds": extra, "trials_invalid": work.invalid,
                       "environment": environment(report)}, f, indent=2)
            f.write("\n")


if __name__ == "__main__":
    main()
