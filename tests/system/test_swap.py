# SPDX-License-Identifier: BSD-3-Clause
"""Scenarios and plans that change while a run is on: calls end as they began, nothing is lost, and what cannot be is said."""

import os
import time

import pytest

from lab import own_core, wait_until
from plans import CALM, both
from programs import PASSED, ROOT, STOPPED, USAGE, check_totals, loadctl

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(ROOT, "config", "scenarios")
ENDLESS = both(0, rate=300).replace("total = 0; ", "").replace('hold = "0s"', 'hold = "400ms"')


def marked(lab, name, text, source=os.path.join(SCENARIOS, "uac.xml")):
    """A scenario of its own: @source with a header that says @text in every message."""
    path = lab.path(name)
    with open(source, encoding="utf-8") as f:
        lines = f.read().replace("Max-Forwards: 70\n", f"Max-Forwards: 70\n      X-Program: {text}\n")
    with open(path, "w", encoding="utf-8") as f:
        f.write(lines)
    return path


def rows(report, activity):
    """[(file name, messages of the first step, of the last one)] of the programs that @activity has played."""
    found = [s for s in report["scenarios"] if s["activity"] == activity]
    assert [s["program"] for s in found] == list(range(len(found)))
    return [(os.path.basename(s["scenario"]), s["steps"][0]["messages"], s["steps"][-1]["messages"]) for s in found]


def stopped(daemon):
    daemon.ctl("stop")
    daemon.ctl("wait", status=STOPPED)
    report = daemon.json("report")
    for side in ("placed", "answered"):
        check_totals(report["calls"][side])
        assert report["calls"][side]["failed"] == report["calls"][side]["not_started"] == 0, report["failures"]
    assert report["calls"]["placed"]["completed"] == report["calls"]["answered"]["completed"]
    return report


def offered(daemon, activity):
    return next(a for a in daemon.json("activities") if a["name"] == activity)["offered"]


def wait_for(daemon, activity, calls):
    """Until so many calls of @activity have been offered."""
    wait_until(lambda: offered(daemon, activity) > calls, 20, f"{calls} calls of {activity}")


def test_open_calls_end_on_the_scenario_they_began_with(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        daemon.ctl("start")
        wait_for(daemon, "calls", 300)
        assert daemon.ctl("scenario", "swap", "calls", marked(quiet_lab, "one.xml", "one")) == ""
        wait_for(daemon, "calls", 600)
        assert daemon.json("scenario", "swap", "calls", marked(quiet_lab, "two.xml", "two"))["state"] == "running"
        daemon.ctl("scenario", "swap", "ring", marked(quiet_lab, "ring.xml", "ring", os.path.join(SCENARIOS, "uas.xml")))
        wait_for(daemon, "calls", 900)
        daemon.ctl("scenario", "swap", "calls", "uac")  # a shipped one's name, and back to what it was
        daemon.ctl("scenario", "swap", "ring", "uas")
        wait_for(daemon, "calls", 1200)
        report = stopped(daemon)
    calls = rows(report, "calls")
    assert [name for name, _, _ in calls] == ["uac.xml", "one.xml", "two.xml", "uac.xml"]
    assert all(first > 100 and first == last for _, first, last in calls), calls
    assert sum(first for _, first, _ in calls) == report["calls"]["placed"]["completed"]
    assert [name for name, _, _ in rows(report, "ring")] == ["uas.xml", "ring.xml", "uas.xml"]
    swaps = [(s["activity"], os.path.basename(s["from"]), os.path.basename(s["to"]), s["program"]) for s in report["swaps"]]
    assert swaps == [("calls", "uac.xml", "one.xml", 1), ("calls", "one.xml", "two.xml", 2), ("ring", "uas.xml", "ring.xml", 1),
                     ("calls", "two.xml", "uac.xml", 3), ("ring", "ring.xml", "uas.xml", 2)]
    assert all(s["open"] > 50 and s["t"] > 0 for s in report["swaps"]), report["swaps"]
    assert [s["t"] for s in report["swaps"]] == sorted(s["t"] for s in report["swaps"])


def test_what_is_wrong_is_refused_and_the_run_goes_on(quiet_lab):
    broken = quiet_lab.path("broken.xml")
    with open(broken, "w", encoding="utf-8") as f:
        f.write('<scenario name="broken">\n  <send>no message</send>\n  <nonsense/>\n</scenario>\n')
    with quiet_lab.daemon(ENDLESS) as daemon:
        done = loadctl("scenario", "swap", "calls", broken, socket=daemon.socket)
        assert done.returncode == USAGE and "no run" in done.stderr
        daemon.ctl("start")

        def refused(activity, scenario, text):
            got = loadctl("scenario", "swap", activity, scenario, socket=daemon.socket)
            assert got.returncode == USAGE and text in got.stderr, got.stderr
            assert got.stdout == ""

        refused("calls", broken, f"{broken}:")
        refused("calls", quiet_lab.path("none.xml"), "none.xml")
        refused("cals", "uac", 'did you mean "calls"?')
        refused("calls", "uas", "it answers calls, and activity \"calls\" places them")
        refused("ring", "uac", "it places calls, and activity \"ring\" answers them")
        field = marked(quiet_lab, "field.xml", "[field0]")
        refused("calls", field, "field.xml:")
        many = quiet_lab.path("many.xml")
        with open(marked(quiet_lab, "plain.xml", "x"), encoding="utf-8") as f:
            text = f.read()
        names = "".join(f'<assignstr assign_to="v{i}" value="{i}"/>' for i in range(40))
        uses = '<Reference variables="' + ",".join(f"v{i}" for i in range(40)) + '"/>'
        at = text.index("<send")
        with open(many, "w", encoding="utf-8") as f:
            f.write(text[:at] + f"<nop><action>{names}</action></nop>{uses}" + text[at:])
        refused("calls", many, "has room for")
        wait_for(daemon, "calls", 100)
        report = stopped(daemon)
    assert report["swaps"] == []
    assert len(rows(report, "calls")) == len(rows(report, "ring")) == 1


def test_a_plan_is_applied(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        daemon.ctl("start")
        wait_for(daemon, "calls", 100)
        path = quiet_lab.path("second.conf")

        def write(text):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            return text

        # Nothing of it, as one thing cannot be.
        write(ENDLESS.replace("rate = 300", "rate = 500").replace('drain = "10s"', 'drain = "20s"'))
        done = loadctl("plan", "apply", path, socket=daemon.socket)
        line = ENDLESS[:ENDLESS.index("drain =")].count("\n") + 1
        assert done.returncode == USAGE and f"{path}:{line}: run.drain: is 20s here and 10s in the run" in done.stderr, done.stderr
        assert "nothing has been changed" in done.stderr
        assert daemon.json("activities")[1]["rate"] == 300
        # What can be of it.
        applied = daemon.json("plan", "apply", path, "--partial")
        assert applied["applied"] == [{"activity": "calls", "what": "rate", "value": 500.0}]
        assert [(r["setting"], r["line"], r["file"]) for r in applied["refused"]] == [("run.drain", line, path)]
        # A rate, a limit, a scenario, an activity that is new.
        one = marked(quiet_lab, "one.xml", "one")
        write(ENDLESS.replace("rate = 300", "rate = 200; limit = 5000").replace('"uac"', f'"{one}"').replace(
            "} );\nrun", '},\n { name = "more"; do = "call"; from = "callers"; to = "sip:x@198.18.0.1"; scenario = "uac"; rate = 100; } );\nrun'))
        text = daemon.ctl("plan", "apply", path)
        assert text.splitlines() == ["calls: rate 200", f"calls: scenario {one}", "calls: limit 5000", "more: new"], text
        wait_for(daemon, "more", 100)
        assert daemon.ctl("plan", "apply", path) == "nothing to change\n"
        # And gone again, with what was there at the beginning.
        write(ENDLESS.replace('name = "calls"', 'name = "others"'))
        text = daemon.ctl("plan", "apply", path)
        assert sorted(text.splitlines()) == ["calls: stopped", "more: stopped", "others: new"], text
        wait_for(daemon, "others", 100)

        def is_gone(name):
            a = next(a for a in daemon.json("activities") if a["name"] == name)
            return a["state"] == "stopped" and a["open"] == 0

        wait_until(lambda: is_gone("calls") and is_gone("more"), 10, "the end of what is gone")
        done = loadctl("plan", "apply", daemon.plan_path, socket=daemon.socket)
        assert done.returncode == USAGE and "activities[1]: it has been stopped" in done.stderr, done.stderr
        report = stopped(daemon)
        assert [a["name"] for a in report["activities"]] == ["ring", "calls", "more", "others"]
        assert sum(a["completed"] for a in report["activities"][1:]) == report["calls"]["placed"]["completed"]
        assert [name for name, _, _ in rows(report, "calls")] == ["uac.xml", "one.xml"]
        assert rows(report, "more")[0][1] > 100
        # A new run is by the plan that was loaded.
        daemon.ctl("start")
        assert [(a["name"], a["rate"]) for a in daemon.json("activities")] == [("ring", 0), ("calls", 300)]
        wait_for(daemon, "calls", 50)
        assert stopped(daemon)["swaps"] == []


CALLING = """{ name = "calls"; do = "call"; start = "after reg"; from = "phones"; to = "sip:x@198.18.0.1"; scenario = "uac";
                 rate = 200; hold = "300ms"; }"""
CUTTING = '{ name = "cut"; do = "drop"; endpoints = "phones"; share = 1.0; total = 1; }'


def phones(count, last):
    """Phones that register over connections of their own, and what they lead to; @last: an activity of theirs."""
    front = os.path.join(HERE, "scenarios", "front.xml")
    return f"""
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "a"; device = "ring:pair/a"; addresses = [ "198.18.0.2/20" ]; }},
          {{ name = "b"; device = "ring:pair/b"; addresses = [ "198.18.0.1/20" ]; }} );
endpoints = ( {{ name = "phones"; port = "a"; count = {count}; addresses = "198.18.4.1-198.18.4.250"; transport = "tcp";
                proxy = "sip:198.18.0.1:5060;transport=tcp"; reconnect = "at once"; user = "u{{index:05}}"; domain = "example.test"; }},
              {{ name = "front"; kind = "trunk"; port = "b"; addresses = "198.18.0.1"; transport = "tcp"; }} );
activities = ( {{ name = "front"; do = "answer"; endpoints = "front"; scenario = "{front}"; }},
               {{ name = "reg"; do = "register"; endpoints = "phones"; rate = 500; expires = "3600s"; unregister = false; }},
               {last} );
run = {{ seed = 1; drain = "10s"; max_calls = 5000; {CALM} }};
"""


def test_connections_and_registrations_outlive_a_swap(quiet_lab):
    count = 250
    with quiet_lab.daemon(phones(count, CALLING)) as daemon:
        daemon.ctl("start")
        wait_for(daemon, "calls", 200)
        before = daemon.json("connections")
        assert before["open"] == before["accepted_open"] == count and before["opened"] == before["accepted"] == count, before
        front = os.path.join(HERE, "scenarios", "front.xml")
        for i in range(6):
            at = offered(daemon, "calls")
            daemon.ctl("scenario", "swap", "calls", marked(quiet_lab, f"uac{i}.xml", str(i)))
            daemon.ctl("scenario", "swap", "front", marked(quiet_lab, f"front{i}.xml", str(i), front))
            wait_for(daemon, "calls", at + 60)
        after = daemon.json("connections")
        stats = daemon.json("stats")
        assert after["open"] == after["accepted_open"] == count and after["opened"] == after["accepted"] == count, after
        assert after["failed"] == [], after
        assert stats["registrations"]["registered"] == stats["registrations"]["active"] == count, stats["registrations"]
        # Calls stop, and all connections are cut: an activity goes, another one comes.
        path = quiet_lab.path("cut.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(phones(count, CUTTING))
        daemon.ctl("stop", "calls")
        wait_until(lambda: sum(a["open"] for a in daemon.json("activities")) == 0, 10, "the calls' end")
        assert "cut: new" in daemon.ctl("plan", "apply", path).splitlines()
        wait_until(lambda: daemon.json("connections")["opened"] == 2 * count, 60, "connections that come back")
        daemon.ctl("stop")
        daemon.ctl("wait", status=STOPPED)
        report = daemon.json("report")
    for side in ("placed", "answered"):
        check_totals(report["calls"][side])
        assert report["calls"][side]["failed"] == 0, report["failures"]
    calls = rows(report, "calls")
    assert len(calls) == 7 and all(first == last > 0 for _, first, last in calls), calls
    assert sum(first for _, first, _ in calls) == report["calls"]["placed"]["completed"]
    assert [c["activity"] for c in report["connections"]["cuts"]] == ["cut"], report["connections"]


def test_many_swaps_under_load(quiet_lab, calls):
    """More often than any call lasts; with the sanitizers too, where the build has them."""
    core = own_core()  # of two workers, each with a program of its own
    plan = both(calls, rate=200).replace('hold = "0s"', 'hold = "200ms"').replace(f"cores = [ {core} ]", f"cores = [ {core}, {core} ]")
    with quiet_lab.daemon(plan) as daemon:
        files = [marked(quiet_lab, f"uac{i}.xml", str(i)) for i in range(2)]
        daemon.ctl("start")
        swaps = 0
        while daemon.json("status")["state"] == "running":
            got = loadctl("scenario", "swap", "calls", files[swaps % 2], socket=daemon.socket)
            assert got.returncode == PASSED or "no run" in got.stderr or "most there may be" in got.stderr, got.stderr
            swaps += got.returncode == PASSED
            time.sleep(0.02)
        daemon.ctl("wait")
        report = daemon.json("report")
    assert swaps > 20
    for side in ("placed", "answered"):
        assert report["calls"][side]["completed"] == calls, report["failures"]
    assert report["failures"] == []
    found = rows(report, "calls")
    assert len(found) == swaps + 1 and sum(first for _, first, _ in found) == calls
    assert all(first == last for _, first, last in found), found
