# SPDX-License-Identifier: BSD-3-Clause
"""Media: the demo's plan with its own thresholds, impaired on purpose while it runs, and RTP and SRTP on a wire as tshark sees them."""

import collections
import json
import os
import time

import pytest

from capture import Capture
from lab import IF_OURS, IF_PEER, IP4_OURS, IP4_PEER, own_core
from plans import CALM
from programs import FAILED, PASSED, ROOT, USAGE, Daemon, loadctl

pytestmark = pytest.mark.alone  # a stalled worker is silent, late, or both

DEMO = os.path.join(ROOT, "config", "plans", "demo-media.conf")
CALLS = 200


def demo_plan(total=CALLS, rate=100, hold="4s"):
    """The shipped plan, shorter; what else this machine does with its core is not judged, what the thresholds say is."""
    with open(DEMO) as file:
        text = file.read()
    for old, new in (("total = 3000", f"total = {total}"), ("rate = 100", f"rate = {rate}"), ('hold = "10s"', f'hold = "{hold}"'),
                     ('workers = { idle = "sleep"; }', f'workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }}'),
                     ("run = {", f"run = {{ {CALM.replace('lateness_p99_ms', 'drops = 1000000; media_lateness_p99_ms = 5000; lateness_p99_ms')}")):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def check_sums(media):
    """What must hold in every report, of all activities together and of each."""
    for part in [media, *media["activities"]]:
        assert part["streams"]["started"] == part["streams"]["ended"] + part["streams"]["open"], part["streams"]
    for group in ("streams", "packets", "bytes", "bad", "srtp", "rtcp", "dtmf"):
        for name in media["activities"][0][group]:
            if name != "peak":
                assert media[group][name] == sum(a[group][name] for a in media["activities"]), (group, name)


def test_the_demo_carries_every_stream(quiet_lab):
    with quiet_lab.daemon(demo_plan()) as daemon:
        for _ in range(3):
            daemon.ctl("start")
            loadctl("wait", socket=daemon.socket)
            report, text = daemon.json("report"), daemon.ctl("report")
            media = report["media"]
            # A machine that takes the core away for longer than the jitter buffer makes packets late, and says so: once more.
            if not media["packets"]["late"] or media["lateness_without_gaps_ms"]["max"] == media["lateness_ms"]["max"]:
                break
    assert report["run"]["verdict"] == "passed", report["run"]
    check_sums(media)
    streams, packets, srtp = media["streams"], media["packets"], media["srtp"]
    assert streams["started"] == streams["ended"] == streams["secure"] == streams["judged"] == streams["rated"] == 2 * CALLS
    assert streams["open"] == streams["one_way_audio"] == streams["silent"] == streams["media_timeouts"] == 0
    assert streams["crossed"] == streams["transcoded_or_stripped"] == 0
    # Four seconds of 20 ms, both ways. The side that hangs up ends first: of the other's packets some are on their way then.
    assert packets["sent"] >= 2 * CALLS * 195
    assert packets["lost"] == packets["missing"] == packets["duplicates"] == packets["stale"] == 0
    assert packets["expected"] == packets["received"] == packets["watermarked"]
    assert srtp["protected"] == packets["sent"]
    assert srtp["verified"] == packets["received"] + media["bad"]["other_ssrc"] + media["bad"]["sequence"]
    assert srtp["auth_failed"] == srtp["replayed"] == srtp["too_old"] == srtp["other"] == 0
    assert packets["sent"] - packets["received"] <= 2 * CALLS
    assert media["rtcp"]["sent"] >= 2 * CALLS and media["rtcp"]["bad"] == 0
    assert media["mos"]["count"] == 2 * CALLS and media["mos"]["min"] > 4.3
    assert media["one_way_delay_ms"]["count"] == packets["received"]
    assert 0 < media["one_way_delay_ms"]["p50"] < 20 and media["one_way_delay_ms"]["error_ms"] > 0
    assert media["lateness_ms"]["count"] == packets["sent"]
    assert report["environment"]["srtp"].startswith(("ipsec-mb ", "OpenSSL "))
    assert "MOS (G.107)" in text and f"SRTP: {srtp['protected']} protected" in text


def test_streams_are_listed_and_impaired_and_the_thresholds_say_so(quiet_lab):
    with quiet_lab.daemon(demo_plan(total=100, rate=50, hold="10s")) as daemon:
        assert loadctl("impair", "loss_percent=3", socket=daemon.socket).returncode == USAGE  # no run is on
        daemon.ctl("start")
        time.sleep(3)
        streams = daemon.json("streams", "--limit", "1000")
        assert len(streams) > 100
        one = streams[0]
        assert {s["suite"] for s in streams} == {"AES_CM_128_HMAC_SHA1_80"}
        assert {s["codec"] for s in streams} == {"PCMU"} and {s["direction"] for s in streams} == {"sendrecv"}
        assert all(s["lost"] == 0 and s["remote"].startswith("198.18.") for s in streams)
        assert max(s["mos"] or 0 for s in streams) > 4.3
        of_call = daemon.json("streams", "--call", one["call_id"])
        assert sorted(s["activity"] for s in of_call) == ["calls", "ring"]
        assert of_call[0]["call_id"] == of_call[1]["call_id"] == one["call_id"]
        assert "no open streams" in daemon.ctl("streams", "--call", "nobody@nowhere")
        before = daemon.json("media")
        assert before["streams"]["open"] > 100 and before["packets"]["sent"] > 1000
        assert before["impaired"] == {"lost": 0, "duplicated": 0, "delayed": 0}
        daemon.ctl("impair", "srtp", "loss_percent=10", "duplicate_percent=2", "delay=30ms", "jitter=10ms")
        time.sleep(2)
        during = daemon.json("media")
        daemon.ctl("impair", "off")
        time.sleep(0.3)
        after = daemon.json("media")
        time.sleep(0.5)
        assert daemon.json("media")["impaired"] == after["impaired"]
        for wrong in (["loss_percent=101"], ["los_percent=1"], ["delay=5"], ["srpt", "delay=5ms"], ["burst_percent=95"]):
            done = loadctl("impair", *wrong, socket=daemon.socket)
            assert done.returncode == USAGE and done.stderr, wrong
        daemon.ctl("wait", "--timeout", "60", status=FAILED)
        report = daemon.json("report")
    media = report["media"]
    check_sums(media)
    sent = during["packets"]["sent"] + during["impaired"]["lost"] - before["packets"]["sent"]
    assert 0.03 * sent < during["impaired"]["lost"] < 0.14 * sent
    assert during["impaired"]["delayed"] > 0 and during["impaired"]["duplicated"] > 0
    assert report["run"]["verdict"] == "failed"
    reasons = "\n".join(report["run"]["reasons"])
    assert "min_mos: at least 4.3 asked" in reasons and "max_loss_percent: at most 0 asked" in reasons
    assert media["packets"]["missing"] > 0.8 * after["impaired"]["lost"]
    assert media["one_way_delay_ms"]["max"] > 30 and media["mos"]["min"] < 4.3


def end_plan(side, secure):
    """One end of a wire: the caller or the callee of two daemons."""
    ours, theirs, interface = (IP4_OURS, IP4_PEER, IF_OURS) if side == "call" else (IP4_PEER, IP4_OURS, IF_PEER)
    activity = ('do = "answer"; endpoints = "ends"; scenario = "uas"; ring = "0s"; total = 20;' if side == "answer" else
                f'do = "call"; from = "ends"; to = "sip:service@{IP4_PEER}:5060"; scenario = "uac"; rate = 20; total = 20; hold = "2s";')
    srtp = 'srtp = "required"; suites = [ "AES_CM_128_HMAC_SHA1_80" ];' if secure else 'srtp = "forbidden";'
    return f"""
targets = [ "{theirs}/32" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "net_af_packet0,iface={interface}"; addresses = [ "{ours}/20" ]; }} );
media = ( {{ name = "m"; codecs = [ "PCMU" ]; source = "tone:440"; {srtp} }} );
endpoints = ( {{ name = "ends"; kind = "trunk"; port = "wire"; addresses = "{ours}"; transport = "udp";
                proxy = "sip:{theirs}:5060"; user = "1555{{index:05}}"; count = 100; media = "m"; }} );
activities = ( {{ name = "{side}"; {activity} }} );
run = {{ seed = {1 if side == "call" else 2}; drain = "10s"; max_calls = 200; {CALM} }};
"""


@pytest.mark.parametrize("secure", [False, True], ids=["rtp", "srtp"])
def test_tshark_sees_whole_streams(lab, secure):
    lab.silence_peer()
    capture, other = lab.capture(), Capture(lab, lab.ours, IF_OURS, "other")
    answer = Daemon(lab, lab.write("answer.conf", end_plan("answer", secure)), socket=lab.path("answer.sock"), netns=lab.peer)
    try:
        answer.start()
        answer.ctl("start")
        with lab.daemon(end_plan("call", secure)) as caller:
            caller.ctl("start", "--wait", status=PASSED)
            reports = [caller.json("report")]
        answer.ctl("wait", "--timeout", "30")
        reports.append(answer.json("report"))
    finally:
        answer.stop()
    capture.stop()
    other.stop()
    capture.merge(other)
    capture.check_clean()
    sent = sum(report["media"]["packets"]["sent"] for report in reports)
    for report in reports:
        assert report["media"]["streams"]["ended"] == 20 and report["media"]["packets"]["missing"] == 0, report["media"]
    seen = collections.defaultdict(list)
    for source, ssrc, seq, version, payload in capture.fields("rtp", "ip.src", "rtp.ssrc", "rtp.seq", "rtp.version", "rtp.p_type"):
        assert (version, payload) == ("2", "0")
        seen[(source, ssrc)].append(int(seq))
    assert len(seen) == 40 and sum(len(seqs) for seqs in seen.values()) == sent
    for key, seqs in seen.items():
        assert [(b - a) & 0xFFFF for a, b in zip(seqs, seqs[1:])] == [1] * (len(seqs) - 1), key
    assert capture.count("rtcp && !icmp" if not secure else "srtcp || rtcp") > 0
    protocols = capture.fields("sip.Method == INVITE", "sdp.media.proto")
    assert {protocol for (protocol,) in protocols} == {"RTP/SAVP" if secure else "RTP/AVP"}, json.dumps(protocols[:2])
