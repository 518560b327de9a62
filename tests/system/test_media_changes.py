# SPDX-License-Identifier: BSD-3-Clause
"""A call's media changed by re-INVITE on a real wire, as SIPp asks for it and tshark sees it: docs/offers.md."""

import pytest

from conftest import FULL
from lab import IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER, own_core
from plans import AF_PACKET, CALM
from programs import PASSED

CALLS = 5
MP = 7000  # SIPp echoes at this port and at the second next one

_INVITE = """<send retrans="500"><![CDATA[
INVITE sip:service@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:service@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {cseq} INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 53655765 {cseq} IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
m=video {video} RTP/AVP 96
a=rtpmap:96 VP8/90000
m=audio {port} RTP/AVP {codec}
{lines}
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200"><action>
  <ereg regexp="m=application 0 .*m=video 0 RTP/AVP 96.*m=audio [0-9]+ RTP/AVP {codec}.*a={answer}" search_in="msg" check_it="true" assign_to="x"/>
</action></recv>
<send><![CDATA[
ACK sip:service@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:service@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="{ms}"/>
"""
_BYE = """<send retrans="500"><![CDATA[
BYE sip:service@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:service@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 9 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
"""
# What is asked for, and what must be sent then: payload type, bytes behind the RTP header, port; None: nothing.
STEPS = (
    ({"codec": 0, "port": MP, "lines": "a=ptime:20", "answer": "sendrecv"}, ("0", 160, str(MP))),
    ({"codec": 8, "port": MP + 2, "lines": "a=ptime:40", "answer": "sendrecv"}, ("8", 320, str(MP + 2))),
    ({"codec": 8, "port": MP + 2, "lines": "a=sendonly", "answer": "recvonly"}, None),
    ({"codec": 0, "port": MP, "lines": "a=ptime:10", "answer": "sendrecv"}, ("0", 80, str(MP))),
)


def scenario(step_ms):
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="changes">\n'
    for i, (step, _) in enumerate(STEPS):
        text += _INVITE.format(cseq=i + 1, tag="[peer_tag_param]" if i else "", video=9010, ms=step_ms, **step)
    return text + _BYE + '<Reference variables="x"/>\n</scenario>\n'


def plan(family):
    ours, peer, bits = (IP6_OURS, IP6_PEER, 64) if family == 6 else (IP4_OURS, IP4_PEER, 20)
    return f"""
targets = [ "{peer}/{128 if family == 6 else 32}" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{ours}/{bits}" ]; }} );
media = ( {{ name = "m"; codecs = [ "PCMU", "PCMA" ]; }} );
endpoints = ( {{ name = "callees"; kind = "trunk"; port = "wire"; addresses = "{ours}"; user = "s{{index:04}}"; count = 10; media = "m"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "uas"; ring = "0s"; total = {CALLS}; }} );
run = {{ seed = 1; mode = "rfc3261"; drain = "20s"; {CALM} }};
"""


@pytest.mark.alone
@pytest.mark.parametrize("family", (4, 6) if FULL else (6,))
def test_re_invites_change_what_is_sent(lab, family):
    ours, peer = (IP6_OURS, IP6_PEER) if family == 6 else (IP4_OURS, IP4_PEER)
    path = lab.path("changes.xml")
    with open(path, "w") as file:
        file.write(scenario(600))
    capture = lab.capture()
    with lab.daemon(plan(family)) as daemon:
        daemon.ctl("start")
        remote = f"[{ours}]:5060" if family == 6 else f"{ours}:5060"
        # One after the other: all of SIPp's calls have its two media ports.
        sipp = lab.sipp(path, peer, remote=remote, calls=CALLS, rate=10, args=["-rtp_echo", "-mi", peer, "-mp", str(MP), "-l", "1"])
        status, stats = sipp.finish(90)
        assert status == 0, (sipp.errors()[-2000:], stats)
        daemon.ctl("wait", "--timeout", "60", status=PASSED)
        report = daemon.json("report")
    capture.stop()
    capture.check_clean()
    media = report["media"]
    assert report["calls"]["answered"]["completed"] == CALLS, report["calls"]
    streams = media["streams"]
    assert streams["started"] == streams["judged"] == CALLS and streams["one_way_audio"] == 0, streams
    for bad in ("ssrc_changes", "restarts", "timestamp_jumps"):
        assert (bad, media["packets"][bad]) == (bad, 0)
    # What SIPp echoes may be on its way while the codec changes: one packet a change.
    assert media["packets"]["unknown_payload_type"] <= CALLS * (len(STEPS) - 1), media["packets"]["unknown_payload_type"]
    check_packets(capture, "ipv6.src" if family == 6 else "ip.src", ours)


def check_packets(capture, source, ours):
    """Each call's packets of ours: one SSRC, no number left out, and the steps in their order."""
    calls = {}
    for ssrc, seq, timestamp, kind, length, port, at in capture.fields(
            f"rtp && {source} == {ours}", "rtp.ssrc", "rtp.seq", "rtp.timestamp", "rtp.p_type", "udp.length", "udp.dstport",
            "frame.time_relative"):
        calls.setdefault(ssrc, []).append((int(seq), int(timestamp), (kind, int(length) - 8 - 12, port), float(at)))
    assert len(calls) == CALLS, calls.keys()
    for packets in calls.values():
        assert all((b[0] - a[0]) & 0xFFFF == 1 for a, b in zip(packets, packets[1:]))
        seen = [packets[0][2]] + [b[2] for a, b in zip(packets, packets[1:]) if a[2] != b[2]]
        assert seen == [sent for _, sent in STEPS if sent], seen
        # By their timestamps they are as far from each other as by the clock, over each change and the hold.
        first, last = packets[0], packets[-1]
        ticks, clock = (last[1] - first[1]) & 0xFFFFFFFF, (last[3] - first[3]) * 8000
        assert abs(ticks - clock) < 8 * 60, (ticks, clock)
        assert max(b[3] - a[3] for a, b in zip(packets, packets[1:])) > 0.5  # the hold
