# SPDX-License-Identifier: BSD-3-Clause
"""All connections cut at once, by the shipped plan and by hand: everybody comes back, registered, and the report tells how."""

import json
import os
import re
import time

import pytest

from lab import wait_until
from plans import CALM
from programs import PASSED, RINGSTORMD, ROOT, USAGE

PLAN = os.path.join(ROOT, "config", "plans", "avalanche.conf")


def report_of(lab, full, *sets):
    """The shipped plan, with fewer phones by default and a quicker way back."""
    with open(PLAN) as file:
        plan = re.sub(r"run = \{", f"run = {{ {CALM}", file.read())
    if not full:
        plan = plan.replace("count = 5000", "count = 500").replace('"rfc5626"', '"spread 3s"').replace('measure = "50s"', 'measure = "9s"')
    path = lab.path("avalanche.conf")
    with open(path, "w") as file:
        file.write(plan)
    daemon = lab.start([RINGSTORMD, "--config", path, "--socket", lab.path("sock"), "--start", "--report", lab.path("report.json"),
                        *(word for s in sets for word in ("--set", s))], lab.ours)
    assert daemon.wait(120) == PASSED, daemon.output()
    with open(lab.path("report.json")) as file:
        return json.load(file), 5000 if full else 500


def check_back(found, phones, times=1):
    assert (found["dropped"], found["reopened"], found["open"]) == (times * phones,) * 2 + (phones,), found
    assert found["failed"] == []
    for name in ("back_ms", "back_from_syn_ms", "registered_ms", "registered_from_syn_ms"):
        assert found[name]["count"] == times * phones, (name, found[name])
    assert found["registered_ms"]["p50"] <= found["registered_ms"]["p90"] <= found["registered_ms"]["p99"]
    assert found["registered_from_syn_ms"]["max"] < found["registered_ms"]["max"]


@pytest.mark.parametrize("how", ("rst", "fin"))
def test_all_come_back_after_a_cut(quiet_lab, full, how):
    report, phones = report_of(quiet_lab, full, f"activities.cut.how={how}")
    found = report["connections"]
    check_back(found, phones)
    assert report["registrations"]["registered"] == phones and report["registrations"]["failed"] == 0
    assert [(c["endpoints"], c["share"], c["how"], c["activity"]) for c in found["cuts"]] == [("phones", 1.0, how, "cut")]
    assert found["peak_syns_per_s"] > 0 and found["peak_handshakes_per_s"] > 0
    low = 15000 if full else 0 # RFC 5626, 4.5: half of 30 s at least
    assert low <= found["back_ms"]["min"] and found["back_ms"]["max"] < (31000 if full else 4000)


def test_cuts_by_a_timetable_and_by_hand(quiet_lab):
    with open(PLAN) as file:
        plan = file.read()
    plan = plan.replace("count = 5000", "count = 200").replace('"rfc5626"', '"at once"').replace('measure = "50s"', 'measure = "12s"')
    plan = plan.replace('share = 1.0; how = "rst"; wait = "2s";', 'share = 0.5; how = "rst"; total = 3; every = "1s";')
    plan = plan.replace("run = {", f"run = {{ {CALM}")
    with quiet_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        daemon.ctl("connections", "drop", "nobody", status=USAGE)
        daemon.ctl("rate", "5", "cut", status=USAGE)
        wait_until(lambda: len(daemon.json("connections")["cuts"]) == 3, 20, "three cuts")
        time.sleep(1) # until they are registered again: who is cut twice in between comes back once
        daemon.ctl("connections", "drop", "phones", "--share", "1", "--fin")
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    found = report["connections"]
    assert [(c["share"], c["activity"]) for c in found["cuts"]] == [(0.5, "cut")] * 3 + [(1.0, None)]
    first = [c["t"] for c in found["cuts"]][:3]
    assert all(0.9 < b - a < 1.5 for a, b in zip(first, first[1:])), first
    assert 0.9 * found["dropped"] <= found["registered_ms"]["count"] <= found["dropped"], found # cut again before that: once
    assert found["open"] == 200 and report["registrations"]["failed"] == 0
    assert 200 + 3 * 60 < found["dropped"] <= 200 + 3 * 140 # halves, drawn
