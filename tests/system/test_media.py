# SPDX-License-Identifier: BSD-3-Clause
"""Calls with media, both ends ours: what is sent arrives, is authentic and sounds well; what is wrong is told, and judged."""

import os

import pytest

from programs import FAILED, ROOT, check_totals

CALLS = 100


def demo(calls=CALLS, rate=50, hold="2s", core=None, **changes):
    """The shipped plan with fewer and shorter calls, and with other words in it."""
    with open(os.path.join(ROOT, "config", "plans", "demo-media.conf")) as file:
        plan = file.read()
    changes = {"rate = 100; total = 3000; hold = \"10s\"": f"rate = {rate}; total = {calls}; hold = \"{hold}\"",
               "run = {": "run = { limited_percent = 100; health = { gap_percent = 100; lateness_p99_ms = 5000; };", **changes}
    for old, new in changes.items():
        assert old in plan, old
        plan = plan.replace(old, new)
    return plan


def check_carried(report, calls, secure):
    """Every call has a stream on both sides, in which everything sent arrived."""
    check_totals(report["calls"]["placed"])
    assert report["calls"]["placed"]["completed"] == report["calls"]["answered"]["completed"] == calls, report["failures"]
    media = report["media"]
    streams, packets = media["streams"], media["packets"]
    assert (streams["started"], streams["ended"], streams["open"], streams["judged"]) == (2 * calls, 2 * calls, 0, 2 * calls)
    assert streams["secure"] == (2 * calls if secure else 0)
    assert streams["one_way"] == streams["timed_out"] == streams["transcoded"] == streams["crossed"] == 0, streams
    # 50 packets a second and direction; what is under way when a side hangs up belongs to no stream any more
    assert packets["sent"] - 2 * calls <= packets["received"] <= packets["sent"]
    assert packets["sent"] >= 2 * calls * 95
    assert packets["lost"] == packets["duplicates"] == packets["stale"] == packets["crossed"] == 0, packets
    assert packets["watermarked"] == packets["received"] == media["delay_ms"]["count"]
    assert sum(media["refused"].values()) == 0, media["refused"]
    assert media["mos"]["count"] == 2 * calls and media["rtcp"]["sent"] >= 2 * calls


def test_calls_with_srtp_are_carried_and_rated(quiet_lab):
    with quiet_lab.daemon(demo()) as daemon:
        report = daemon.run_to_end()
    check_carried(report, CALLS, secure=True)
    assert report["media"]["mos"]["min"] > 4.3 and report["media"]["loss_percent"]["max"] == 0
    assert {a["name"]: a["streams"]["started"] for a in report["media"]["activities"]} == {"ring": CALLS, "calls": CALLS}


def test_plain_calls_are_carried_alike(quiet_lab):
    with quiet_lab.daemon(demo(**{'srtp = "required"; suites = [ "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" ];': 'srtp = "forbidden";'})) as daemon:
        check_carried(daemon.run_to_end(), CALLS, secure=False)


@pytest.mark.parametrize("setting, threshold", [
    ("send_impair = { loss_percent = 20.0; };", "max_loss_percent"),
    ("send_impair = { loss_percent = 20.0; };", "min_mos"),
], ids=["loss", "mos"])
def test_what_sounds_badly_fails_the_run(quiet_lab, setting, threshold):
    thresholds = {"max_loss_percent": "max_loss_percent = 5.0;", "min_mos": "min_mos = 4.0;"}[threshold]
    plan = demo(**{'source = "tone:440";': f'source = "tone:440"; {setting}',
                   "min_mos = 4.3; max_loss_percent = 0.0;": thresholds})
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end(status=FAILED)
    assert any(reason.startswith(f"{threshold}: ") for reason in report["run"]["reasons"]), report["run"]
    packets = report["media"]["packets"]
    assert 0.15 < packets["lost"] / packets["expected"] < 0.25
    assert report["media"]["mos"]["p50"] < 4


def test_packets_with_bad_tags_are_refused_by_cause(quiet_lab):
    plan = demo(**{'source = "tone:440";': 'source = "tone:440"; wrong = { bad_tag_percent = 10.0; replay_percent = 10.0; };',
                   "min_mos = 4.3; max_loss_percent = 0.0;": ""})
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    refused = report["media"]["refused"]
    assert refused["auth_failed"] > 500 and refused["replayed"] > 500, refused
    assert refused["too_old"] == refused["srtp_other"] == 0, refused
