# SPDX-License-Identifier: BSD-3-Clause
"""Phones that one plan registers, calls and un-registers, its registrar among its own activities: who is busy, who is called."""

from lab import wait_until
from plans import CALM
from programs import USAGE, check_totals, loadctl


def plan(activities, cores="0", phones=400, run=""):
    """Phones behind one end of a ring, a registrar and caller behind the other."""
    return f"""
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ {cores} ]; idle = "sleep"; }};
ports = ( {{ name = "a"; device = "ring:phones/a"; addresses = [ "198.18.0.2/20" ]; }},
          {{ name = "b"; device = "ring:phones/b"; addresses = [ "198.18.0.3/20" ]; }} );
endpoints = ( {{ name = "phones"; port = "a"; count = {phones}; addresses = "198.18.4.1-198.18.4.100"; user = "p{{index:04}}";
                password = "secret"; proxy = "sip:198.18.8.1"; }},
              {{ name = "server"; kind = "trunk"; port = "b"; addresses = "198.18.8.1"; }} );
activities = ( {{ name = "registrar"; do = "answer"; endpoints = "server"; scenario = "registrar"; }},
               {{ name = "ring"; do = "answer"; endpoints = "phones"; scenario = "uas"; }}, {activities} );
run = {{ drain = "5s"; mode = "rfc3261"; {CALM} {run} }};
"""


REGISTER = '{ name = "reg"; do = "register"; endpoints = "phones"; rate = 400; expires = "600s"; unregister_rate = 1000; }'


def calls(name, settings):
    return f'{{ name = "{name}"; do = "call"; from = "server"; to = "phones"; scenario = "uac"; {settings} }}'


def test_phones_of_a_plan_leave_the_registrar_of_the_same_plan(quiet_lab):
    first = calls("calls", 'start = "after reg"; rate = 200; total = 100; hold = "0s"; pick = "random";')
    with quiet_lab.daemon(plan(f"{REGISTER}, {first}")) as daemon:
        report = daemon.run_to_end()
    check_totals(report["calls"]["placed"])
    assert report["calls"]["placed"]["completed"] == 100
    r = report["registrations"]
    assert (r["registered"], r["unregistered"], r["unregister_failed"], r["active"]) == (400, 400, 0, 0), r
    assert report["legs"]["matched"] == 100 and report["legs"]["wrong_endpoint"] == 0, report["legs"]


def test_busy_phones_are_seen_on_whichever_worker(quiet_lab):
    """Who has picked a phone is not the worker that registers it; two activities never call the same one."""
    two = ", ".join(calls(name, f'start = "after reg"; rate = 200; total = {total}; hold = "60s"; pick = "{pick}";')
                    for name, pick, total in (("one", "random", 60), ("two", "round robin", 50)))
    with quiet_lab.daemon(plan(f"{REGISTER}, {two}", cores="0, 0, 0")) as daemon:
        daemon.ctl("start")
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["open"] == 110, 20, "110 open calls")
        phones = daemon.json("endpoints", "--state", "busy", "--limit", "1000")[0]
        assert phones["states"] == {"registered": 290, "busy": 110} and phones["matching"] == 110, phones["states"]
        assert len({p["index"] for p in phones["endpoints"]}) == 110
        assert all(p["calls"] == 1 and p["expires_in_s"] > 0 for p in phones["endpoints"])
        registered = daemon.json("endpoints", "--state", "registered", "--limit", "1000")[0]
        assert len(registered["endpoints"]) == 290
        assert not {p["index"] for p in registered["endpoints"]} & {p["index"] for p in phones["endpoints"]}
        everyone = daemon.json("endpoints", "--limit", "1000")[0]["endpoints"]
        assert sum(p["state"] == "busy" for p in everyone) == 110 and len(everyone) == 400
        daemon.ctl("stop", "--hangup")
        wait_until(lambda: daemon.json("status")["state"] == "done", 30, "the end")
        assert daemon.json("report")["registrations"]["unregistered"] == 400


def test_the_rate_of_registrations_is_turned(quiet_lab):
    slow = REGISTER.replace("rate = 400;", "rate = 1;", 1)
    with quiet_lab.daemon(plan(slow, run="max_rate = 1000;")) as daemon:
        daemon.ctl("start")
        daemon.ctl("rate", "reg", "800")
        wait_until(lambda: daemon.json("stats")["registrations"]["registered"] == 400, 20, "400 registrations")
        assert [a["rate"] for a in daemon.json("activities") if a["name"] == "reg"] == [800]
        for verb, why in ((("rate", "reg", "1001"), "1001 registrations/s in all are above the plan's run.max_rate of 1000"),
                          (("rate", "ring", "5"), '"ring" answers calls'), (("limit", "reg", "5"), '"reg" registers')):
            done = loadctl(*verb, socket=daemon.socket)
            assert done.returncode == USAGE and why in done.stderr, (verb, done.stderr)
