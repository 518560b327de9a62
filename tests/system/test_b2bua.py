# SPDX-License-Identifier: BSD-3-Clause
"""Calls through baresip's B2BUA: two calls of their own, of which only the user part is the same."""

import pytest

from baresip import Baresip
from conftest import FULL
from lab import IF_PEER, IP4_OURS, IP4_PEER, run
from phones import head, route_phones
from programs import PASSED
from test_kamailio import check_calls

CALLEE = "198.18.20.1"
RATE = 20
CALLS = 1000 if FULL else 200


def plan(mode):
    return head() + f"""
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "access"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}"; user = "c{{index:04}}";
                domain = "example.test"; count = 1000; }},
              {{ name = "callees"; kind = "trunk"; port = "access"; addresses = "{CALLEE}"; proxy = "sip:{IP4_PEER}"; user = "s{{index:04}}";
                count = 1000; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "uas"; ring = "200ms"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "sip:s{{index:04}}@{IP4_PEER}:5060"; scenario = "uac"; rate = {RATE};
                 total = {CALLS}; hold = "1s"; }} );
run = {{ seed = 1; mode = "{mode}"; drain = "40s"; legs = "called user"; limited_percent = 100; }};
"""


@pytest.mark.parametrize("mode", ("sipp", "rfc3261"))
def test_calls_through_a_b2bua_are_matched(lab, mode):
    route_phones(lab, run)
    Baresip(lab, CALLEE, IF_PEER)
    capture = lab.capture()
    with lab.daemon(plan(mode)) as daemon:
        daemon.ctl("start")
        daemon.ctl("wait", "--timeout", "200", status=PASSED, timeout_s=210)
        report = daemon.json("report")
    capture.stop()
    check_calls(report, CALLS)
    sides = [{call_id for (call_id,) in capture.fields(f'sip.Method == "INVITE" && ip.{end} == {IP4_PEER}', "sip.Call-ID")}
             for end in ("src", "dst")]
    assert len(sides[0]) == len(sides[1]) == CALLS and not sides[0] & sides[1]
