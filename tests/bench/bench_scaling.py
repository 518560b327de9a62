#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_scaling.py [--json FILE] [--rounds N]

Calls a second of one worker and of two. Each worker plays both roles over a pair of in-process ports of its own: nothing is
shared but the process. The highest rate held counts (see bench_calls.py); rounds alternate, medians are reported.

What two cores of this machine give more than one is measured beside it, by a loop that only computes (bench_compute): no
program's ratio is above that one.
Needs root, two cores, and a few minutes.
"""

import argparse
import json
import os
import statistics
import subprocess

from trials import BUILD, RING_PLACES, SCENARIOS, Work, compare, environment, finish, highest, play, say, TRIAL_S

WORKERS = 2
START_HZ = 100000  # of each worker
FINER = 2  # rates are told apart by 2.5 %: a step of 10 would be half of what is to be shown


def named(items):
    return ", ".join(items)


def plan_text(workers, rate, total):
    """@workers pairs of ports, each with its callers, callees and share of the rate."""
    ports, endpoints, activities = [], [], []
    for w in range(workers):
        for side, last in (("a", 2), ("b", 3)):
            ports.append(f'{{ name = "{side}{w}"; device = "ring:scaling{w}/{side}"; addresses = [ "198.18.{w}.{last}/24" ]; '
                         f"workers = [ {w} ]; rx_descriptors = {RING_PLACES}; tx_descriptors = {RING_PLACES}; }}")
        for name, side, last in (("callers", "a", 4), ("callees", "b", 5)):
            endpoints.append(f'{{ name = "{name}{w}"; kind = "trunk"; port = "{side}{w}"; count = 100000; addresses = "198.18.{w}.{last}"; }}')
        activities.append(f'{{ name = "ring{w}"; do = "answer"; endpoints = "callees{w}"; scenario = "{SCENARIOS}/uas.xml"; }}')
        activities.append(f'{{ name = "calls{w}"; do = "call"; from = "callers{w}"; to = "callees{w}"; scenario = "{SCENARIOS}/uac.xml"; '
                          f'rate = {rate / workers:.1f}; total = {total // workers}; hold = "0s"; }}')
    return f"""
targets = [ "198.18.0.0/16" ];
workers = {{ cores = [ {named(map(str, range(workers)))} ]; idle = "sleep"; memory_mb = 1024; mbufs = 262143; }};
ports = ( {named(ports)} );
endpoints = ( {named(endpoints)} );
activities = ( {named(activities)} );
run = {{ seed = 1; drain = "8s"; max_calls = 100000; catch_up = 1.1; limited_percent = 0; legs = "none"; }};
"""


def trial(work, workers, rate):
    total = int(rate * TRIAL_S) // workers * workers
    return play(work, plan_text(workers, rate, total), rate, total)


def compute(work):
    """@return the machine's own ratio of two cores to one"""
    out = work.path("compute.json")
    subprocess.run([os.path.join(BUILD, "tests", "bench", "bench_compute"), "--json", out], check=True, stdout=subprocess.DEVNULL)
    with open(out) as f:
        return json.load(f)["ratios"]["two_cores"]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--rounds", type=int, default=3)
    args = ap.parse_args()
    if args.rounds < 1:
        ap.error("--rounds is at least 1")
    if os.cpu_count() < WORKERS:
        ap.error(f"this machine has one core: {WORKERS} are needed")
    work = Work()
    one, two, machine, report = [], [], [], None
    try:
        for i in range(args.rounds):
            say(f"round {i + 1} of {args.rounds}")
            machine.append(compute(work))
            say(f"  machine: two cores compute {machine[-1]:.2f} times what one does")
            one.append(highest(lambda r: trial(work, 1, r), START_HZ, 1.1, "one worker", FINER)[0])
            value, last = highest(lambda r: trial(work, 2, r), 2 * START_HZ, 1.1, "two workers", FINER)
            two.append(value)
            report = last[2] if last else report
    finally:
        work.close()
    one_hz, two_hz, ceiling = statistics.median(one), statistics.median(two), statistics.median(machine)
    figures = {"calls_per_s_one_worker": (one_hz, "calls/s"), "calls_per_s_two_workers": (two_hz, "calls/s")}
    ratios = {"machine_two_cores": ceiling}
    compare(ratios, "two_workers", two_hz, one_hz)
    finish("scaling", args, work, figures, ratios, {"rounds_one": one, "rounds_two": two, "rounds_machine": machine},
           environment(report))


if __name__ == "__main__":
    main()
