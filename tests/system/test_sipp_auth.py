# SPDX-License-Identifier: BSD-3-Clause
"""Digest authentication against SIPp, whose digests are not ours: one side asks, the other answers, both ways round."""

import pytest

from lab import IP4_OURS, IP4_PEER
from plans import callee, caller
from programs import FAILED
from test_scenarios import CALLS, RATE, check_ours, for_sipp
from test_sipp import check_peer

MODES = ("sipp", "rfc3261")


@pytest.mark.parametrize("mode", MODES)
def test_sipp_asks_who_is_calling(lab, mode):
    peer = lab.sipp(for_sipp(lab, "uas_auth"), IP4_PEER, calls=CALLS, args=("-d", "50"))
    plan = caller(CALLS, RATE, scenario="uac_auth", more=f'mode = "{mode}";')
    plan = plan.replace('hold = "0s"', 'hold = "200ms"').replace("count = 100;", 'count = 100; password = "secret";')
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
        status, stats = peer.finish(60)
    check_peer(lab, peer, stats, status, CALLS, "Incoming")
    check_ours(report, "placed")


@pytest.mark.parametrize("mode", MODES)
def test_sipp_is_asked_who_is_calling(lab, mode):
    plan = callee(CALLS, scenario="uas_auth", more=f'mode = "{mode}";').replace('ring = "0s"', 'ring = "50ms"')
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        peer = lab.sipp(for_sipp(lab, "uac_auth"), IP4_PEER, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=RATE,
                        args=("-d", "200", "-au", "joe", "-ap", "secret"))
        status, stats = peer.finish(60)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    check_peer(lab, peer, stats, status, CALLS, "Outgoing")
    check_ours(report, "answered")


def test_a_wrong_password_fails_each_call_with_its_response(lab):
    peer = lab.sipp(for_sipp(lab, "uas_auth"), IP4_PEER, calls=CALLS, args=("-d", "50"))
    plan = caller(CALLS, RATE, scenario="uac_auth").replace("count = 100;", 'count = 100; password = "wrong";')
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end(status=FAILED)
        status, stats = peer.finish(60)
    check_peer(lab, peer, stats, status, CALLS, "Incoming")
    assert report["calls"]["placed"]["failed"] == CALLS
    assert [(f["cause"], f["count"]) for f in report["failures"]] == [("response 403", CALLS)]
    assert report["calls"]["placed"]["established"] == 0
