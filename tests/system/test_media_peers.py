# SPDX-License-Identifier: BSD-3-Clause
"""Media of calls with peers that were not written here: rtpengine behind kamailio, baresip, SIPp; and what tshark says of it."""

import pytest

from lab import IP4_PEER, run
from media_plans import CALLEE, through
from phones import route_phones
from programs import PASSED
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
        assert streams[bad] == 0, streams
    assert not any(srtp.values()) and not any(media["bad"].values()) and not any(media["not_sent"].values()), media
    assert not any(media["not_started"].values()), media["not_started"]
    assert packets["sent"] > 0 and packets["received"] == packets["watermarked"] == packets["expected"], packets
    for bad in ("missing", "duplicates", "stale", "without_watermark", "broken_watermark", "unknown_payload_type", "ssrc_changes",
                "restarts", "timestamp_jumps", "wrong_source"):
        assert packets[bad] == 0, (bad, packets)
    assert media["rtcp"]["bad"] == 0 and media["rtcp"]["received"] > 0, media["rtcp"]


@pytest.mark.alone
@pytest.mark.parametrize("callers", ("secure", "plain"))
def test_calls_through_an_sbc_that_ends_srtp(phones_lab, callers):
    """One side is SRTP, the other is not; rtpengine decrypts and encrypts with an SRTP stack of its own."""
    count, hold_s = 200, 2
    sbc = Rtpengine(phones_lab, CALLEE, callee_srtp=callers == "plain")
    secure = {"suites": SUITES[:1]}
    sides = {"calls": secure, "ring": PLAIN} if callers == "secure" else {"calls": PLAIN, "ring": secure}
    report, media = call(phones_lab, through(sides["calls"], sides["ring"], count, rate=20, hold=f"{hold_s}s"))
    check_calls(report, count)
    for name, settings in sides.items():
        check_taken(media[name], count, secure=settings is secure)
    sent, received = (sum(m["packets"][what] for m in media.values()) for what in ("sent", "received"))
    # What the callee says before its 200 has come through, and what the caller says behind its BYE, has nowhere to go.
    assert sent - received < 5 * 2 * count and received > 0.9 * 2 * count * 50 * hold_s, (sent, received, sbc.messages())
    whole = report["media"]
    assert whole["streams"]["legs_crossed"] == 0
    assert whole["mos"]["count"] == 2 * count and whole["mos"]["mean"] > 4.3, whole["mos"]
    assert whole["one_way_delay_ms"]["count"] == received and whole["one_way_delay_ms"]["p50"] < 50, whole["one_way_delay_ms"]
    assert whole["round_trip_ms"]["count"] > 0, whole["round_trip_ms"]


@pytest.mark.parametrize("callers", ("secure", "plain"))
def test_suites_that_rtpengine_takes(phones_lab, callers):
    """Offered by us alone, or picked by us of the many that rtpengine offers."""
    sbc = Rtpengine(phones_lab, CALLEE, callee_srtp=callers == "plain")
    for suite in SUITES:
        secure = {"suites": [suite]}
        sides = {"calls": secure, "ring": PLAIN} if callers == "secure" else {"calls": PLAIN, "ring": secure}
        report, media = call(phones_lab, through(sides["calls"], sides["ring"], 3, rate=20, hold="2s"))
        check_calls(report, 3)
        for name, settings in sides.items():
            check_taken(media[name], 3, secure=settings is secure)
        assert sbc.process.running(), (suite, sbc.messages())
