# SPDX-License-Identifier: BSD-3-Clause
"""What an activity does over time: ramps and random arrivals, so many calls held open, one activity after another."""

import time

import pytest

from lab import wait_until
from plans import both
from programs import check_totals
from test_workers import two

pytestmark = pytest.mark.alone


def placing(settings, **more):
    """The plan that calls itself, its caller with other settings than a rate and a total."""
    plan = both(0, rate=1, **more)
    assert "rate = 1; total = 0;" in plan
    return plan.replace("rate = 1; total = 0;", settings)


def check_intervals(report, expected, spread):
    """Offered calls second by second; control may close a second a little late, hence `spread`."""
    offered = [i["offered"] for i in report["intervals"]]
    for t, want in enumerate(expected):
        assert abs(offered[t] - want) <= spread(want), (t, want, offered)
    assert sum(offered) == report["calls"]["placed"]["offered"]


RAMP = 'shape = ( { to = 400; time = "4s"; }, { rate = 400; time = "2s"; }, { spike = 800; time = "1s"; }, { to = 0; time = "1s"; } );'
RAMP_OFFERED = [50, 150, 250, 350, 400, 400, 800, 200]


def test_a_shape_is_what_the_intervals_show(quiet_lab):
    with quiet_lab.daemon(two(placing(RAMP))) as daemon:
        report = daemon.run_to_end()  # at rate 0 it is over
    check_totals(report["calls"]["placed"])
    assert abs(report["calls"]["placed"]["completed"] - sum(RAMP_OFFERED)) <= 1
    check_intervals(report, RAMP_OFFERED, lambda want: 0.1 * want + 40)
    calls = [a for a in report["activities"] if a["name"] == "calls"][0]
    assert 1 <= calls["max_starts_1ms"] <= calls["max_starts_10ms"] < 200
    assert calls["max_starts_10ms"] >= 8  # the spike
    assert report["health"]["max_starts_10ms"] == calls["max_starts_10ms"]


def test_random_arrivals_follow_the_shape_and_the_seed(quiet_lab):
    totals = []
    for plan in (placing(RAMP + ' arrivals = "poisson";'), two(placing(RAMP + ' arrivals = "poisson";'))):
        with quiet_lab.daemon(plan) as daemon:
            report = daemon.run_to_end()
        check_totals(report["calls"]["placed"])
        check_intervals(report, RAMP_OFFERED, lambda want: 0.1 * want + 5 * want ** 0.5 + 40)
        totals.append(report["calls"]["placed"]["offered"])
    assert totals[0] == totals[1] != sum(RAMP_OFFERED)  # two workers offer the same calls as one


def test_so_many_calls_are_held_open(quiet_lab):
    plan = two(placing('open_calls = 60;')).replace('hold = "0s"', 'hold = "500ms"')
    with quiet_lab.daemon(plan) as daemon:
        def now_open():
            return [a for a in daemon.json("activities") if a["name"] == "calls"][0]["open"]

        daemon.ctl("start")
        wait_until(lambda: now_open() == 60, 10, "60 open calls")
        for _ in range(20):
            assert 57 <= now_open() <= 60  # between a BYE and the next INVITE there may be one less
            time.sleep(0.05)
        daemon.ctl("limit", "calls", "20")
        wait_until(lambda: now_open() == 20, 10, "20 open calls")
        daemon.ctl("stop")
        wait_until(lambda: daemon.json("status")["state"] == "done", 20, "the end")
        report = daemon.json("report")
    check_totals(report["calls"]["placed"])
    placed = report["calls"]["placed"]
    assert placed["offered"] == placed["completed"] > 150 and placed["not_started"] == 0


def test_one_activity_begins_after_another(quiet_lab):
    calls = 'do = "call"; from = "callers"; to = "sip:x@198.18.0.1"; scenario = "uac"; rate = 100; total = 50;'
    plan = placing('rate = 100; total = 100;').replace('hold = "0s"', 'hold = "1s"').replace(
        "activities = (", f'activities = ( {{ name = "second"; start = "after calls"; {calls} }}, '
        f'{{ name = "third"; start = "after second"; {calls} }},')
    with quiet_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        states = {a["name"]: a["state"] for a in daemon.json("activities")}
        assert states == {"ring": "running", "calls": "running", "second": "waiting for calls",
                          "third": "waiting for second"}
        assert daemon.json("status")["waiting"] == ["second for calls", "third for second"]
        assert "second for calls" in daemon.ctl("status")
        wait_until(lambda: daemon.json("status").get("waiting") == ["third for second"], 10, "the second to begin")
        first = [a for a in daemon.json("activities") if a["name"] == "calls"][0]
        assert (first["completed"], first["open"]) == (100, 0)  # its calls have ended, too
        wait_until(lambda: daemon.json("status")["state"] == "done", 20, "the end")
        report = daemon.json("report")
    check_totals(report["calls"]["placed"])
    assert {a["name"]: a["completed"] for a in report["activities"]} == {
        "ring": 200, "calls": 100, "second": 50, "third": 50}
