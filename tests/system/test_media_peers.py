# SPDX-License-Identifier: BSD-3-Clause
"""Media of calls with peers that were not written here: rtpengine behind kamailio, baresip, SIPp; and what tshark says of it."""

import os
import re

import pytest

from baresip import Baresip, Phone
from conftest import FULL
from lab import IF_PEER, IP4_OURS, IP4_PEER, run
from media_plans import CALLEE, from_peer, through, to_peer
from phones import route_phones
from programs import PASSED, ROOT
from rtpengine import Rtpengine
from test_kamailio import check_calls

# The others that rtpengine knows are refused by us (F8), or end it: 10.5.3 dies of the first packet with a NULL cipher.
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32",
          "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
PLAIN = {}


@pytest.fixture
def phones_lab(lab):
    route_phones(lab, run)
    return lab


def call(lab, plan, status=PASSED, timeout_s=120):
    """Run @plan; its report, and its media by activity."""
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        daemon.ctl("wait", "--timeout", str(timeout_s), status=status, timeout_s=timeout_s + 10)
        report = daemon.json("report")
    return report, {a["name"]: a for a in report["media"]["activities"]}


def check_taken(media, count, secure):
    """@count streams, each of which heard another one of ours; nothing was refused."""
    streams, packets, srtp = media["streams"], media["packets"], media["srtp"]
    assert (streams["started"], streams["ended"], streams["judged"], streams["rated"]) == (count,) * 4, streams
    assert streams["secure"] == (count if secure else 0), streams
    for bad in ("one_way_audio", "silent", "media_timeouts", "crossed", "transcoded_or_stripped", "latched"):
        assert streams[bad] == 0, (bad, streams, packets)
    assert not any(srtp.values()) and not any(media["bad"].values()) and not any(media["not_sent"].values()), media
    assert not any(media["not_started"].values()), media["not_started"]
    # Of rtpengine's threads one may overtake the other, and a stream then begins with its second packet.
    assert packets["received"] == packets["watermarked"] and 0 <= packets["received"] - packets["expected"] <= count, packets
    for bad in ("missing", "duplicates", "stale", "without_watermark", "broken_watermark", "unknown_payload_type", "ssrc_changes",
                "restarts", "timestamp_jumps", "wrong_source"):
        assert packets[bad] == 0, (bad, packets)
    assert media["rtcp"]["bad"] == 0 and media["rtcp"]["received"] > 0, media["rtcp"]


@pytest.mark.alone
@pytest.mark.parametrize("callers", ("secure", "plain"))
def test_calls_through_an_sbc_that_ends_srtp(phones_lab, callers):
    """One side is SRTP, the other is not; rtpengine decrypts and encrypts with an SRTP stack of its own."""
    count, hold_s = 200 if FULL else 100, 4
    sbc = Rtpengine(phones_lab, CALLEE, callee_srtp=callers == "plain")
    secure = {"suites": SUITES[:1]}
    sides = {"calls": secure, "ring": PLAIN} if callers == "secure" else {"calls": PLAIN, "ring": secure}
    report, media = call(phones_lab, through(sides["calls"], sides["ring"], count, rate=20, hold=f"{hold_s}s"))
    check_calls(report, count)
    for name, settings in sides.items():
        check_taken(media[name], count, secure=settings is secure)
    sent, received = (sum(m["packets"][what] for m in media.values()) for what in ("sent", "received"))
    # What the callee says before its 200 has come through, and what the caller says behind its BYE, has nowhere to go.
    assert received > 0.9 * max(sent, 2 * count * 50 * hold_s), (sent, received, sbc.messages())
    whole = report["media"]
    assert whole["streams"]["legs_crossed"] == 0
    check_descriptions(report["legs"]["sdp"], count, callers)
    mos, delay = whole["mos"], whole["one_way_delay_ms"]
    assert mos["count"] == 2 * count and mos["max"] > 4.3 and delay["count"] == received, (mos, delay)
    # Packets that a starved rtpengine kept for longer than the receiver's buffer are late, and rated so.
    assert mos["mean"] > 4.3 or delay["p99"] > 40, (mos, delay)
    assert whole["round_trip_ms"]["count"] > 0, whole["round_trip_ms"]


def check_descriptions(sdp, count, callers):
    """What rtpengine did to offers, and to answers on their way back: its own address and ports, SRTP on one side only."""
    print(sdp)
    assert sdp["offers"]["compared"] == sdp["answers"]["compared"] == count and sdp["uncompared"] == 0, sdp
    for part, secure_first in ((sdp["offers"], callers == "secure"), (sdp["answers"], callers == "plain")):
        changed = part["changed"]
        assert changed["address"] == changed["port"] == changed["transport"] == count, sdp
        assert changed["crypto_dropped" if secure_first else "crypto_added"] == count, sdp
        for untouched in ("lines_dropped", "lines_added", "line_refused", "type", "family", "codecs_added", "codecs_reordered", "payload_type",
                          "ptime", "direction"):
            assert untouched not in changed, sdp


@pytest.mark.parametrize("callers", ("secure", "plain") if FULL else ("secure",))
def test_suites_that_rtpengine_takes(phones_lab, callers):
    """Offered by us alone, or picked by us of the many that rtpengine offers."""
    sbc = Rtpengine(phones_lab, CALLEE, callee_srtp=callers == "plain")
    for suite in SUITES:
        secure = {"suites": [suite]}
        sides = {"calls": secure, "ring": PLAIN} if callers == "secure" else {"calls": PLAIN, "ring": secure}
        report, media = call(phones_lab, through(sides["calls"], sides["ring"], 3, rate=20, hold="4s"))
        check_calls(report, 3)
        for name, settings in sides.items():
            check_taken(media[name], 3, secure=settings is secure)
        assert sbc.process.running(), (suite, sbc.messages())


@pytest.mark.parametrize("codec", ("PCMU", "PCMA") if FULL else ("PCMA",))
def test_calls_through_a_b2bua_that_makes_media_anew(phones_lab, codec):
    """baresip decodes and encodes into packets of its own. Of the same codec watermarks outlive that; of another one it is said."""
    count = 40
    Baresip(phones_lab, CALLEE, IF_PEER, codec)
    capture = phones_lab.capture()
    report, media = call(phones_lab, through({"codecs": ("PCMU",)}, {"codecs": (codec,)}, count, rate=10, hold="3s"))
    capture.stop()
    check_calls(report, count)
    # It opens its way with an APP ("PING") that no report precedes: RFC 3550, A.2 refuses that.
    pings = capture.count(f"ip.src == {IP4_PEER} && rtcp.pt == 204")
    for one in media.values():
        streams, packets = one["streams"], one["packets"]
        assert (streams["started"], streams["judged"], streams["rated"]) == (count,) * 3, streams
        assert streams["one_way_audio"] == streams["silent"] == streams["crossed"] == streams["media_timeouts"] == 0, (streams, packets)
        assert packets["lost"] == packets["duplicates"] == 0 and packets["received"] == packets["expected"] > 0, packets
        assert not any(one["srtp"].values()) and not any(one["bad"].values()), one
        assert one["rtcp"]["bad"] <= pings, (one["rtcp"], pings)
        if codec == "PCMU":
            assert streams["transcoded_or_stripped"] == 0 and packets["watermarked"] > 0.9 * packets["received"], one
        else:
            assert streams["transcoded_or_stripped"] == count and packets["watermarked"] == 0, one
    assert report["media"]["streams"]["legs_crossed"] == 0
    assert report["media"]["mos"]["count"] == 2 * count


def test_our_callers_hear_what_sipp_echoes(lab):
    count = 30
    lab.sipp("uas", IP4_PEER, args=["-rtp_echo", "-mi", IP4_PEER, "-mp", "6000"])
    capture = lab.capture()
    report, media = call(lab, to_peer(PLAIN, count))
    capture.stop()
    streams, packets = media["calls"]["streams"], media["calls"]["packets"]
    assert (streams["started"], streams["judged"], streams["rated"]) == (count,) * 3, streams
    assert streams["one_way_audio"] == streams["silent"] == streams["crossed"] == streams["transcoded_or_stripped"] == 0, streams
    assert packets["lost"] == packets["duplicates"] == 0 and packets["received"] == packets["own"] == packets["expected"], packets
    assert packets["sent"] - packets["received"] <= 2 * count, packets
    assert report["media"]["round_trip_ms"]["count"] >= packets["own"] and report["media"]["one_way_delay_ms"]["count"] == 0
    capture.check_clean()
    capture.check_media()
    seen = capture.rtp_streams()
    assert len(seen) == 2 * count and not any(lost for _, lost in seen.values()), seen
    assert sum(n for (source, _, _), (n, _) in seen.items() if source == IP4_OURS) == packets["sent"]


_SIPP_CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller with media">
<send retrans="500"><![CDATA[
INVITE sip:s0001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:s0001@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=user1 53655765 2353687637 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio MEDIAPORT RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-11,16

]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200"/>
<send><![CDATA[
ACK sip:s0001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:s0001@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
PLAY
<send retrans="500"><![CDATA[
BYE sip:s0001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:s0001@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""
_PCAPS = "/usr/share/sip-tester"


def play(*actions):
    """Steps that do each of (action, ms to wait behind it)."""
    return "\n".join(f'<nop><action><exec {what}/></action></nop>\n<pause milliseconds="{ms}"/>' for what, ms in actions)


def sipp_calls(lab, media_port, actions, count, callee):
    scenario = lab.write("caller.xml", _SIPP_CALLER.replace("MEDIAPORT", media_port).replace("PLAY", play(*actions)))
    with lab.daemon(from_peer(callee, count)) as daemon:
        daemon.ctl("start")
        sipp = lab.sipp(scenario, IP4_PEER, remote=f"{IP4_OURS}:5060", calls=count, rate=5, args=["-mi", IP4_PEER])
        status, stats = sipp.finish(60)
        assert status == 0, (stats, sipp.errors())
        daemon.ctl("wait", "--timeout", "60", status=PASSED, timeout_s=70)
        report = daemon.json("report")
    return report, report["media"]["activities"][0]


def check_foreign(one, count):
    """Streams without watermarks."""
    streams, packets = one["streams"], one["packets"]
    assert (streams["started"], streams["judged"], streams["rated"], streams["transcoded_or_stripped"]) == (count,) * 4, streams
    assert streams["one_way_audio"] == streams["silent"] == streams["media_timeouts"] == 0, (streams, packets)
    assert packets["watermarked"] == packets["unknown_payload_type"] == packets["wrong_source"] == 0, packets


def test_our_callees_hear_a_capture_that_sipp_plays(lab):
    """Loss is what tshark calls so; each digit is heard once."""
    count = 5
    digits = [(f'play_pcap_audio="{_PCAPS}/dtmf_2833_{d}.pcap"', 800) for d in "159"]
    capture = lab.capture()
    _, one = sipp_calls(lab, "[auto_media_port]", [(f'play_pcap_audio="{_PCAPS}/g711a.pcap"', 3000), *digits], count,
                        {"codecs": ("PCMA", "telephone-event")})
    capture.stop()
    check_foreign(one, count)
    assert one["dtmf"]["events_received"] == 3 * count, one["dtmf"]
    seen = [n for (source, _, _), n in capture.rtp_streams().items() if source == IP4_PEER]
    assert len(seen) == 2 * count and one["packets"]["lost"] == sum(lost for _, lost in seen), (seen, one["packets"])


def test_our_callees_hear_a_file_that_sipp_streams(lab):
    count = 5
    with open(lab.path("tone.alaw"), "wb") as out:
        out.write(bytes(0xD5 ^ (i % 7) for i in range(8000)))
    _, one = sipp_calls(lab, "[rtpstream_audio_port]", [(f'rtp_stream="{lab.path("tone.alaw")},-1,8"', 3000)], count, {"codecs": ("PCMA",)})
    check_foreign(one, count)
    packets = one["packets"]
    assert packets["lost"] == packets["ssrc_changes"] == packets["restarts"] == 0, packets
    assert packets["received"] == packets["expected"] > 140 * count, packets


@pytest.mark.parametrize("suite", (None, "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM") + (
    ("AES_CM_128_HMAC_SHA1_32", "AEAD_AES_256_GCM") if FULL else ()))
def test_baresip_answers_and_reads_our_digits(lab, suite):
    """It decrypts what we say, and says it back encrypted; what it hears of digits is in its log."""
    phone = Phone(lab, IF_PEER, srtp=suite is not None)
    with open(os.path.join(ROOT, "config", "scenarios", "uac.xml")) as file:
        text = file.read()
    step = '<pause milliseconds="500"/><nop><action><exec play_dtmf="159#,100"/></action></nop><pause milliseconds="6000"/>'
    uac = lab.write("uac_digits.xml", text.replace("<pause/>", step))
    capture = lab.capture()
    _, media = call(lab, to_peer({"codecs": ("PCMU", "telephone-event"), "suites": (suite,) if suite else ()}, 1, uac=uac))
    capture.stop()
    one = media["calls"]
    streams, packets = one["streams"], one["packets"]
    assert (streams["started"], streams["rated"], streams["secure"]) == (1, 1, 1 if suite else 0), streams
    assert streams["one_way_audio"] == streams["silent"] == streams["transcoded_or_stripped"] == 0, streams
    assert packets["lost"] == packets["duplicates"] == 0 and packets["own"] > 100, packets
    assert not any(one["bad"].values()) and one["dtmf"]["sent"] == 4, one
    assert re.findall(r"received event: '(.)' \(end=1\)", phone.process.output()) == list("159#"), phone.process.output()[-2000:]
    if suite == "AES_CM_128_HMAC_SHA1_32":
        # Its SRTCP has a tag of 32 bits with this suite, where RFC 4568, 6.2.2 has one of 80.
        assert one["rtcp"]["received"] == 0 and one["srtp"].pop("auth_failed") <= 3, one
    else:
        assert one["rtcp"]["received"] > 0, one
    assert not any(one["srtp"].values()), one
    capture.check_media()
    ours = {key: counts for key, counts in capture.rtp_streams().items() if key[0] == IP4_OURS}
    # 20 ms each, but for digits, whose ends are said three times
    assert len(ours) == 1 and list(ours.values()) == [(packets["sent"], 0)], ours
