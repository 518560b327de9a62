# SPDX-License-Identifier: BSD-3-Clause
"""What benches of whole runs share: a folder and namespaces to work in, one trial of the daemon, the search for the highest rate."""

import json
import os
import platform
import signal
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
LONG_S = 40         # a long trial: more than 64*T1, so that what is remembered of finished transactions is all there ...
LONG_MEASURED_S = 6  # ... when it is judged, in its last seconds
LONG_STEP_UP, LONG_STEP_DOWN = 1.05, 0.93
LONG_TRIALS = 12    # at most, where the machine spoils one after the other
RING_PLACES = 65535  # a stalled core of a shared machine is 10 to 50 ms late: a queue must hold what comes in that time


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(argv, **kw):
    return subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, **kw)


class Work:
    """A folder for plans, reports and statistics, and a network namespace; both go away at the end."""

    def __init__(self):
        signal.signal(signal.SIGTERM, self.give_up)
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
    def give_up(*_):
        """Ended from outside: close() is still called, and a second signal does not end that."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(143)

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

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def daemon(self, plan, socket, *more):
        return ["ip", "netns", "exec", self.netns, DAEMON, "--config", plan, "--socket", self.path(socket), "--start", "--quiet", *more]


def limits(report):
    """Which bounds limited the generator in a trial: {name: worst}."""
    return {b["name"]: b["worst"] for b in report["health"]["bounds"] if b["intervals"]}


def is_invalid(report):
    """A benchmark allows no limited interval among those that are measured; without a measured window that is all of them."""
    return report["health"]["limited_measured"] > 0


def is_machine(report):
    """What limited it was taken by the machine: the same rate may do well at another time."""
    return "gap" in limits(report)


def run_plan(work, text, trial_s):
    """@return the report of a run of the plan; None when there is none"""
    report = work.path("report.json")
    if os.path.exists(report):
        os.remove(report)
    try:
        subprocess.run(work.daemon(work.write("plan.conf", text), "s.sock", "--report", report), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60 + 4 * trial_s, check=False)
        with open(report) as f:
            return json.load(f)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return None


def play(work, text, rate, total, trial_s=TRIAL_S):
    """One trial of a plan. @return (held, calls/s reached, report)"""
    r = run_plan(work, text, trial_s)
    if not r:
        return False, 0.0, None
    full = [i["started"] / i["length_s"] for i in r["intervals"][:trial_s - 1] if i["length_s"] > 0]
    reached = sum(full) / max(len(full), 1)  # the last second is cut short by the end of the run
    held = r["calls"]["placed"]["completed"] == total and r["calls"]["answered"]["completed"] == total and reached >= REACHED * rate
    work.invalid += is_invalid(r)
    return held and not is_invalid(r), reached, r


def play_long(work, text, rate):
    """A trial of LONG_S, of which the run measures the last LONG_MEASURED_S: they are what is judged. @return as play()"""
    r = run_plan(work, text, LONG_S)
    if not r:
        return False, 0.0, None
    full = [i["started"] / i["length_s"] for i in r["intervals"] if LONG_S - LONG_MEASURED_S <= i["t"] < LONG_S - 1]
    reached = sum(full) / max(len(full), 1)
    work.invalid += is_invalid(r)
    return r["run"]["verdict"] == "passed" and reached >= REACHED * rate, reached, r


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


def highest(trial, start, factor, label, finer=0):
    """
    Climb by @factor until a rate is not held; when not even @start is, go down from it, to an eighth.

    @param finer  how often the step between what was held and what was not is halved: where rates are compared with each other
    @return (calls/s reached at the highest rate held, its trial); (0, None) when none was
    """
    best, best_trial, rate, least = 0.0, None, start, start / 8
    while True:
        result = attempt(trial, rate, label)
        if not result[0]:
            if best or rate <= least:
                break
            rate, factor = rate / 2, 1.2
            continue
        if result[1] > best:
            best, best_trial = result[1], result
        rate *= factor
    for _ in range(finer if best else 0):
        factor = factor ** 0.5
        result = attempt(trial, best * factor, label)
        if result[0] and result[1] > best:
            best, best_trial = result[1], result
    return best, best_trial


def highest_long(trial, start, factor, label, known=0.0):
    """
    The highest rate that long trials hold: found by short ones, then proved downwards from there to half of it.

    @param trial  of (rate, whether it is a long one)
    @param known  what an earlier round found: then the search begins a step above it, and has no short trials
    @return (calls/s reached, its trial); (0, None) when none was held
    """
    found, done = known * LONG_STEP_UP, 0
    if not found:
        found, _ = highest(lambda r: trial(r, False), start, factor, label)

    def long_one(rate):
        nonlocal done
        done += 1
        return trial(rate, True)

    rate = found
    while rate > found / 2 and done < LONG_TRIALS:
        result = attempt(long_one, rate, f"{label}, {LONG_S} s")
        if result[0]:
            return result[1], result
        rate *= LONG_STEP_DOWN
    return 0.0, None


def compare(ratios, name, a, b):
    """@a to @b; where one of them could not be measured there is no ratio."""
    if a > 0 and b > 0:
        ratios[name] = a / b
    else:
        say(f"no {name}: a rate without limited trials was not found")


def environment(report, **more):
    env = {"cores": os.cpu_count(), "kernel": platform.release(), "trial_s": TRIAL_S, **more}
    if report:
        env.update({k: report["environment"].get(k) for k in ("version", "cpu", "ports")})
    return env


def wait_for(condition, timeout_s, step_s=0.2):
    """@return what @condition returned when it was true, or at the end"""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step_s)


def rss_bytes(pid):
    """Memory of a process that is in use: VmRSS."""
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def ask(work, socket, *verb):
    """The JSON answer of a loadctl verb; None when it was refused."""
    done = subprocess.run([LOADCTL, "--socket", work.path(socket), *verb, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def finish(bench, args, work, figures, ratios, extra, env):
    """Print the table and write the file of --json."""
    print(f"{'figure':<28}{'value':>16}  unit")
    for name, (value, unit) in figures.items():
        print(f"{name:<28}{value:>16.2f}  {unit}")
    for name, value in ratios.items():
        print(f"{name:<28}{value:>16.3f}  ratio")
    for name, values in extra.items():
        print(f"{name:<28}{'  '.join(f'{v:.4g}' if v < 100 else f'{v:.0f}' for v in values)}")
    print(f"{'trials_invalid':<28}{work.invalid:>16}  limited by the generator, not counted")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"bench": bench, "figures": {k: {"value": v, "unit": u} for k, (v, u) in figures.items()}, "ratios": ratios,
                       "rounds": extra, "trials_invalid": work.invalid, "environment": env}, f, indent=2)
            f.write("\n")
