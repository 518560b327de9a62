#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_media.py [--json FILE] [--rounds N] [--only PART,...]

Streams a core carries, paced in real time, over in-process ports and with the whole path. One worker sends PCMU in packets of 20 ms
under SRTP (AES_CM_128_HMAC_SHA1_80) and does nothing else.

  send   the most streams of which no packet is lost and 99.9 % leave within 200 us of when they are due, over turns that the
         machine did not interrupt; the figure of all turns stands beside it. The worker on the other core counts what arrives at its
         ports, and drops it
  receive
         the same where that one receives, verifies and measures
  open   50,000 calls with SRTP both ways open in one process: how long it takes, and the memory of the whole process
  sipp   the same number of SIPp's rtp_stream, plain RTP, sent on one core at its best: as long as its packets/s keep up

How long the machine takes the cores away from a program that does nothing but look is measured first. Memory for packets is of
2 MiB pages where the machine lets us reserve them, and our session goes before others; what was before is put back at the end.
Needs root, two cores, and some minutes.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import time

from trials import BUILD, SCENARIOS, Work, ask, compare, end, environment, finish, rss_bytes, run, say, wait_for

PARTS = "send,receive,open,sipp"
LATE_MS = 0.2       # of 99.9 % of packets
RAMP_S = 8          # calls are set up in about this time ...
RAMP_HZ = 6000      # ... or at this rate, if that takes longer
SETTLE_S = 2
WINDOW_S = 4
TRIES = 3           # of a number of streams, while it may be the machine that spoils them
CLEAN = 0.2         # so much of the packets must be of turns that were not interrupted, or there is no figure
KEPT_UP = 0.98      # SIPp sends as many streams as it was given while so much of their packets/s is reached
PACKETS_HZ = 50     # of a stream
OPEN_CALLS, OPEN_HZ = 50000, 8000
PACKET_MB = 224
AUTOGROUP = "/proc/self/autogroup"
HUGE_PAGES = "/proc/sys/vm/nr_hugepages"

PLAN = """
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ 0, 1 ]; idle = "busy"; memory_mb = {memory}; mbufs = 65535; hugepages = {huge}; }};
ports = ( {{ name = "a"; device = "ring:bench/a"; addresses = [ "198.18.0.2/20" ]; workers = [ 0 ];
            rx_descriptors = 16383; tx_descriptors = 16383; }},
          {{ name = "b"; device = "ring:bench/b"; addresses = [ "198.18.0.3/20" ]; workers = [ 1 ];
            rx_descriptors = 16383; tx_descriptors = 16383; }} );
media = ( {{ name = "srtp"; codecs = [ "PCMU", "telephone-event" ]; source = "tone:440"; srtp = "required";
            suites = "AES_CM_128_HMAC_SHA1_80"; {more} }} );
endpoints = ( {{ name = "callers"; port = "a"; count = {count}; addresses = "198.18.4.1-198.18.4.16"; media = "srtp"; }},
              {{ name = "callees"; port = "b"; count = {count}; addresses = "198.18.8.1-198.18.8.16"; {callees} }} );
activities = ( {{ name = "listen"; do = "answer"; endpoints = "callees"; scenario = "{dir}/{uas}.xml"; }},
               {{ name = "talk"; do = "call"; start = "manual"; from = "callers"; to = "callees"; scenario = "{dir}/{uac}.xml";
                 rate = {rate}; total = {count}; hold = "600s"; }} );
run = {{ seed = 1; drain = "600s"; max_calls = {calls}; catch_up = 1.1; limited_percent = 0; legs = "none"; keep_messages = {{ calls = 0; }}; }};
"""


class Ahead:
    """
    This session goes before others of the machine, as far as the machine lets it, and what starts here with it. Workers ask for that
    themselves (nice -19), but where the kernel groups processes by session (sched_autogroup_enabled) that counts within one only.
    close() puts back what was there.
    """

    def __init__(self):
        self.before = None
        try:
            with open(AUTOGROUP) as f:
                self.before = f.read().split()[-1]
        except OSError:
            pass  # such groups there are not
        self.write("-19")
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # control and this bench: or the workers, which never rest, leave them nothing

    def write(self, nice):
        try:
            with open(AUTOGROUP, "w") as f:
                f.write(nice)
        except OSError:
            pass

    def close(self):
        if self.before:
            self.write(self.before)


class HugePages:
    """2 MiB pages for the packets, if they can be had; close() puts back what was there."""

    def __init__(self):
        with open(HUGE_PAGES) as f:
            self.before = int(f.read())
        self.wanted = self.before + PACKET_MB // 2 + 32
        self.write(self.wanted)
        with open(HUGE_PAGES) as f:
            self.used = int(f.read()) >= self.wanted

    @staticmethod
    def write(n):
        try:
            with open(HUGE_PAGES, "w") as f:
                f.write(str(n))
        except OSError:
            pass

    def close(self):
        self.write(self.before)


def stalls(work):
    """How long the machine takes its cores away while nothing runs. @return figures"""
    path = work.path("stall.json")
    run([os.path.join(BUILD, "tests", "bench", "bench_stall"), "--json", path])
    with open(path) as f:
        figures = json.load(f)["figures"]
    say("the machine at rest: " + ", ".join(f"{k} {v['value']:.0f}" for k, v in figures.items()))
    return {k: (v["value"], v["unit"]) for k, v in figures.items()}


def why_not(stats, streams, sink):
    """@return (why a trial does not count, None if it does; whether that was the machine)"""
    media, span_s = stats["media"], stats["run"]["duration_s"]
    clean, every, sent, received = (media["lateness_without_gaps_ms"], media["lateness_ms"], media["packets"]["sent"],
                                    media["packets"]["received"])
    open_streams = min(a["streams"]["open"] for a in media["activities"] if not sink or a["name"] == "talk")
    lost = stats["health"]["drops"] + media["not_sent"]["no_buffer"]
    asked = streams * PACKETS_HZ * span_s
    if open_streams < streams:
        return f"only {open_streams} streams were open", True
    if lost:
        return f"{lost} packets lost", True
    if sent < KEPT_UP * asked:
        return f"only {streams * sent / asked:.0f} streams' worth sent", False
    if not sink and abs(sent - received) > 0.01 * sent:
        return f"only {streams * received / asked:.0f} streams' worth received", False
    if clean["count"] < CLEAN * every["count"]:
        return f"the machine interrupted the turns of {100 - 100 * clean['count'] / every['count']:.0f} % of packets", True
    if clean["p999"] > LATE_MS:
        return f"{clean['p999'] * 1e3:.0f} us late", True
    return None, False


def lost_us(worker):
    """What the machine took of a worker's turns, by its own account: in us."""
    gap = worker["gap_us"]
    return gap["count"] * gap["mean"] if gap["count"] else 0


def cycles_of(worker, span_s, packets):
    """@return cycles a packet, of turns that did something, without what the machine took of them"""
    hz = worker["busy_cycles"] / max(worker["busy"] * span_s, 1e-9)
    return (worker["busy_cycles"] - lost_us(worker) * 1e-6 * hz) / max(packets, 1)


def measure(work, daemon, streams, rate, sink):
    """@return what a window of the running daemon shows, once all calls are set up"""
    wait_for(lambda: (ask(work, "m.sock", "status") or {}).get("state") == "running", 10)
    idle = rss_bytes(daemon.pid)
    ask(work, "m.sock", "start", "talk")
    time.sleep(streams / rate + SETTLE_S)
    ask(work, "m.sock", "reset")
    time.sleep(WINDOW_S)
    stats = ask(work, "m.sock", "stats")
    media, workers, span_s = stats["media"], stats["health"]["workers"], stats["run"]["duration_s"]
    size = rss_bytes(daemon.pid) - idle - sum(w["leg_bytes"] for w in workers)
    ask(work, "m.sock", "stop", "--now")
    why, machine = why_not(stats, streams, sink)
    return {"why": why, "machine": machine, "media": media, "stats": stats, "bytes": size / (streams if sink else 2 * streams),
            "cycles": [cycles_of(w, span_s, media["packets"][k]) for w, k in zip(workers, ("sent", "sent" if sink else "received"))]}


def plan_text(streams, huge, rate, uac="uac_talk", uas="uas_listen", more="", callees='media = "srtp";'):
    return PLAN.format(memory=PACKET_MB, huge=str(huge).lower(), count=streams, calls=streams + 1000, rate=float(rate), dir=SCENARIOS,
                       uac=uac, uas=uas, more=more, callees=callees)


def trial(work, streams, huge, sink):
    """One run with @streams calls; @sink: nobody looks at what arrives. @return measure()'s findings, and the whole run's report"""
    rate = min(max(streams / RAMP_S, 1000), RAMP_HZ)
    plan = work.write("plan.conf", plan_text(streams, huge, rate, uas="uas_sink", callees="") if sink else plan_text(streams, huge, rate))
    path = work.path("report.json")
    if os.path.exists(path):
        os.remove(path)
    daemon = subprocess.Popen(work.daemon(plan, "m.sock", "--report", path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(work.path("m.sock")), 10)
        found = measure(work, daemon, streams, rate, sink)
        wait_for(lambda: daemon.poll() is not None, 20)
    except (TypeError, KeyError):  # it has ended, and answers no more
        found = {"why": "the daemon ended", "machine": False, "media": None}
    finally:
        end(daemon)
    found["report"] = None
    if os.path.exists(path):
        with open(path) as f:
            found["report"] = json.load(f)
    return found


def describe(found):
    if not found["media"]:
        return found["why"]
    clean, every = found["media"]["lateness_without_gaps_ms"], found["media"]["lateness_ms"]
    late = f"p99.9 {clean['p999'] * 1e3:.0f} us late" if clean["count"] else "no turn without interruption"
    return (f"{found['why'] or 'held'} ({late}, {every['p999'] * 1e3:.0f} us with the interrupted; "
            f"{found['cycles'][0]:.0f} cycles a packet sent, {found['cycles'][1]:.0f} where it arrives)")


def attempt(work, streams, huge, sink):
    """Trials until one holds, or fails for a reason that is not the machine's, or TRIES did."""
    for _ in range(TRIES):
        found = trial(work, streams, huge, sink)
        say(f"  {streams:>7} streams: {describe(found)}")
        work.invalid += found["why"] is not None and found["machine"]
        if found["why"] is None or not found["machine"]:
            break
    return found


def most(test, start, step):
    """
    The highest number that @test holds, to within a quarter of @step: up by @step, or down, then by halves.

    @return (number, what the test found); (0, None)
    """
    good, bad, best, at = 0, None, None, start
    while bad is None or bad - good > max(step // 4, 1):
        found = test(at)
        if found["why"] is None:
            good, best = at, found
        else:
            bad = at
        if bad is not None and bad <= step:
            break
        at = good + step if bad is None else bad - step if good == 0 else (good + bad) // 2 // 100 * 100
    return good, best


def search(work, args, huge, sink, extra, name):
    """@return (streams, what a trial with as many found; None: there was none)"""
    counts, founds = [], []
    for i in range(args.rounds):
        say(f"streams {name}, round {i + 1} of {args.rounds}")
        count, found = most(lambda n: attempt(work, n, huge, sink), args.start, args.step)
        counts.append(count)
        if found:
            founds.append(found)
    extra[f"rounds_{name}"] = counts
    return statistics.median(counts), founds


def bench_send(work, args, huge, figures, extra):
    count, founds = search(work, args, huge, True, extra, "sent")
    figures["streams_per_core"] = (count, "streams")
    late_of(figures, founds, "")
    if founds:
        figures["tx_cycles_per_packet"] = (statistics.median(f["cycles"][0] for f in founds), "cycles")


def late_of(figures, founds, prefix):
    if not founds:
        return
    for name, key in (("lateness_p999_us", "lateness_without_gaps_ms"), ("lateness_p999_all_us", "lateness_ms")):
        figures[prefix + name] = (statistics.median(f["media"][key]["p999"] * 1e3 for f in founds), "us")


def bench_receive(work, args, huge, figures, extra):
    count, founds = search(work, args, huge, False, extra, "received")
    figures["rx_streams_per_core"] = (count, "streams")
    late_of(figures, founds, "rx_")
    if not founds:
        return None
    figures["rx_cycles_per_packet"] = (statistics.median(f["cycles"][1] for f in founds), "cycles")
    figures["bytes_per_stream"] = (statistics.median(f["bytes"] for f in founds), "bytes")
    return founds[-1]["report"]


def bench_open(work, figures):
    """
    A process with OPEN_CALLS calls open, both ends in it, each of them with SRTP both ways: how long until they are there, what
    memory is in use then (VmRSS), and before the first one. They talk for a moment only, so that this is not about packets.
    """
    plan = work.write("plan.conf", plan_text(OPEN_CALLS, False, OPEN_HZ, "uac_hold", "uas", 'dtx = { talk = "20ms"; silence = "600s"; };'))
    daemon = subprocess.Popen(work.daemon(plan, "m.sock"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def secure():
        return ask(work, "m.sock", "media")["streams"]

    try:
        wait_for(lambda: (ask(work, "m.sock", "status") or {}).get("state") == "running", 10)
        idle, begin = rss_bytes(daemon.pid), time.monotonic()
        ask(work, "m.sock", "start", "talk")
        wait_for(lambda: secure()["open"] >= 2 * OPEN_CALLS, 4 * OPEN_CALLS / OPEN_HZ, 0.1)
        setup_s, whole, streams = time.monotonic() - begin, rss_bytes(daemon.pid), secure()
        placed = ask(work, "m.sock", "stats")["calls"]["placed"]
        ask(work, "m.sock", "stop", "--now")
        wait_for(lambda: daemon.poll() is not None, 20)
    finally:
        end(daemon)
    say(f"  {streams['open']} streams open after {setup_s:.1f} s, {whole / 2**20:.0f} MiB, of them {idle / 2**20:.0f} before the first call")
    if placed["failed"] or placed["open"] < OPEN_CALLS:
        say(f"  only {placed['open']} calls were open, {placed['failed']} failed: the figures are of those")
    figures["open_calls"] = (placed["open"], "calls")
    figures["open_calls_setup_s"] = (setup_s, "s")
    figures["open_calls_rss_mib"] = (whole / 2**20, "MiB")
    figures["open_calls_idle_mib"] = (idle / 2**20, "MiB")


def out_datagrams(work):
    text = subprocess.run(["ip", "netns", "exec", work.netns, "cat", "/proc/net/snmp"], capture_output=True, text=True, check=True).stdout
    head, values = [line.split() for line in text.splitlines() if line.startswith("Udp:")]
    return int(values[head.index("OutDatagrams")])


SINK = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # what comes is counted, and dropped
s.bind(("127.0.0.1", 6000))
time.sleep(600)
"""


def sipp_scenario(work):
    """The bench's call with a file played in it, as long as the call lasts."""
    with open(work.path("tone.g711"), "wb") as f:
        f.write(bytes([0xd5]) * 80000)
    with open(os.path.join(SCENARIOS, "uac_hold.xml")) as f:
        text = f.read()
    play = f'<nop><action><exec rtp_stream="{work.path("tone.g711")},-1,0"/></action></nop>\n  <pause milliseconds="600000"/>'
    return work.write("uac_play.xml", text.replace("<pause/>", play))


def sipp_trial(work, scenario, streams):
    """@return {why, ...} as of a trial: do the packets/s of SIPp keep up with @streams?"""
    null = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
            "env": {**os.environ, "TERM": "dumb"}, "cwd": work.dir}
    inside = ["ip", "netns", "exec", work.netns, "taskset", "-c"]
    rate = max(streams // 5, 100)
    sink = subprocess.Popen(inside + ["1", "python3", "-c", SINK], **null)
    uas = subprocess.Popen(inside + ["1", "sipp", "-sf", os.path.join(SCENARIOS, "uas.xml"), "-i", "127.0.0.1", "-p", "5070",
                                     "-nostdin", "-mp", "7000"], **null)
    time.sleep(0.5)
    uac = subprocess.Popen(inside + ["0", "sipp", "-sf", scenario, "-i", "127.0.0.1", "-p", "5071", "-nostdin", "-m", str(streams),
                                     "-l", str(streams), "-r", str(rate), "-mp", "8000", "-rtp_threadtasks", "200", "127.0.0.1:5070"],
                           **null)
    try:
        time.sleep(streams / rate + SETTLE_S)
        begin, before = time.monotonic(), out_datagrams(work)
        time.sleep(WINDOW_S)
        hz = (out_datagrams(work) - before) / (time.monotonic() - begin)
    finally:
        for p in (uac, uas, sink):
            p.kill()
            p.wait()
    say(f"  {streams:>7} streams of SIPp: {hz:.0f} packets/s, {100 * hz / streams / PACKETS_HZ:.1f} %")
    return {"why": None if hz >= KEPT_UP * streams * PACKETS_HZ else "not kept up", "machine": False, "media": None}


def bench_sipp(work, figures):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    say(f"  it may have {hard} files, and has two sockets a stream")
    scenario = sipp_scenario(work)
    figures["sipp_streams"] = (most(lambda n: sipp_trial(work, scenario, n), 8000, 2000)[0], "streams")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=1)
    ap.add_argument("--only", default=PARTS, metavar="PART,...", help=f"of {PARTS}")
    ap.add_argument("--start", type=int, default=40000, help="streams of the first trial")
    ap.add_argument("--step", type=int, default=8000, help="and how many more, or less, the next one has")
    args = ap.parse_args()
    parts = args.only.split(",")
    unknown = set(parts) - set(PARTS.split(","))
    if unknown or min(args.rounds, args.start, args.step) < 1:
        ap.error(f"no part {', '.join(sorted(unknown))}: there are {PARTS}" if unknown else "numbers are at least 1")
    if os.cpu_count() < 2:
        ap.error("this machine has one core: two are needed")
    work, pages, ahead = Work(), HugePages(), Ahead()
    figures, ratios, extra, report = {}, {}, {}, None
    try:
        figures.update({f"stall_{k}": v for k, v in stalls(work).items()})
        say("packets in 2 MiB pages" if pages.used else "no 2 MiB pages to be had: packets in pages of 4 KiB")
        if "send" in parts:
            bench_send(work, args, pages.used, figures, extra)
        if "receive" in parts:
            report = bench_receive(work, args, pages.used, figures, extra)
        if "open" in parts:
            say(f"{OPEN_CALLS} calls with SRTP both ways, at {OPEN_HZ}/s")
            bench_open(work, figures)
        if "sipp" in parts:
            say("rtp_stream of SIPp")
            bench_sipp(work, figures)
    finally:
        ahead.close()
        pages.close()
        work.close()
    if "send" in parts and "sipp" in parts:
        compare(ratios, "streams_vs_sipp", figures["streams_per_core"][0], figures["sipp_streams"][0])
    finish("media", args, work, figures, ratios, extra, environment(report, huge_pages=pages.used, window_s=WINDOW_S))


if __name__ == "__main__":
    main()
