# SPDX-License-Identifier: BSD-3-Clause
"""SIPp's media scenarios as they are: the same files played by us and by SIPp, captures of sound, video and fax; and its keywords for keys."""

import struct

import pytest

from baresip import Phone
from lab import IF_PEER, IP4_OURS, IP4_PEER, run
from media_plans import CALLEE, to_peer
from phones import head, route_phones
from programs import PASSED, USAGE, loadctl
from rtpengine import Rtpengine
from test_media_peers import SUITES, call

_RUN = """run = { seed = 1; mode = "sipp"; drain = "20s"; limited_percent = 100; health = { gap_percent = 100; lateness_p99_ms = 5000; }; };"""
_REQUEST = """<send{attrs}><![CDATA[
{method} sip:service@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:service@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
{body}
]]></send>
"""
_RESPONSE = """<send{attrs}><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]s[call_number]
[last_Record-Route:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:callee@[local_ip]:[local_port]>
{body}
]]></send>
"""
_SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=user 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
"""
_NO_SDP = "Content-Length: 0\n"
_RETRANS = ' retrans="500"'
SOUND = "m=audio [media_port] RTP/AVP 8\na=rtpmap:8 PCMA/8000\n"
VIDEO = "m=video [media_port+2] RTP/AVP 99\na=rtpmap:99 H264/90000\n"
FAX = "m=image [media_port+2] udptl t38\na=T38FaxVersion:0\na=T38FaxUdpEC:t38UDPRedundancy\n"


def caller(sdp, *actions):
    """Places a call; each of (action, ms to wait behind it)."""
    played = "".join(f'<nop><action><exec {what}/></action></nop>\n<pause milliseconds="{ms}"/>\n' for what, ms in actions)
    return ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="caller">\n'
            + _REQUEST.format(attrs=_RETRANS, method="INVITE", cseq=1, body=_SDP + sdp)
            + '<recv response="100" optional="true"/>\n<recv response="180" optional="true"/>\n<recv response="200"/>\n'
            + _REQUEST.format(attrs="", method="ACK", cseq=1, body=_NO_SDP) + played
            + _REQUEST.format(attrs=_RETRANS, method="BYE", cseq=2, body=_NO_SDP) + '<recv response="200"/>\n</scenario>\n')


def callee(sdp, actions=""):
    return ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="callee">\n<recv request="INVITE"/>\n'
            + _RESPONSE.format(attrs=_RETRANS, body=_SDP + sdp) + '<recv request="ACK"/>\n' + actions + '<recv request="BYE"/>\n'
            + _RESPONSE.format(attrs="", body=_NO_SDP).replace(";tag=[pid]s[call_number]", "") + "</scenario>\n")


def write_pcap(path, datagrams):
    """A capture; @datagrams: (ms, UDP payload), as they were sent from port 7000 to port 7002."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for ms, data in datagrams:
            packet = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0, bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2)))
            packet += struct.pack(">HHHH", 7000, 7002, 8 + len(data), 0) + data
            out.write(struct.pack("<IIII", ms // 1000, ms % 1000 * 1000, len(packet), len(packet)) + packet)
    return path


def frames(count):
    """Video: a frame each 40 ms, every third one of two packets, @count packets in all."""
    packets, ms = [], 0
    while len(packets) < count:
        parts = 2 if ms % 120 == 0 else 1
        for part in range(parts):
            marker = 0x80 if part == parts - 1 else 0
            packets.append((ms, struct.pack(">BBHII", 0x80, 99 | marker, len(packets), ms * 90, 0x1234) + bytes(range(100 + part))))
        ms += 40
    return packets[:count]


def fax(count):
    return [(30 * k, struct.pack(">HBB", k, 6, k & 0xFF) + bytes(20 + k % 7)) for k in range(count)]


def ours(activity):
    return head() + f"""
endpoints = ( {{ name = "us"; kind = "trunk"; port = "access"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}"; user = "u{{index}}";
                domain = "example.test"; count = 100; }} );
activities = ( {{ name = "it"; {activity} }} );
{_RUN}
"""


def placed(scenario, count, rate=5):
    return ours(f'do = "call"; from = "us"; to = "sip:service@{IP4_PEER}:5060"; scenario = "{scenario}"; rate = {rate}; total = {count};')


def answered(scenario, count):
    return ours(f'do = "answer"; endpoints = "us"; scenario = "{scenario}"; total = {count};')


def sipp_calls(lab, scenario, plan, count):
    """SIPp plays @scenario @count times against us."""
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        sipp = lab.sipp(scenario, IP4_PEER, remote=f"{IP4_OURS}:5060", calls=count, rate=5, args=["-mi", IP4_PEER, "-mp", "6000"])
        status, stats = sipp.finish(60)
        assert status == 0, (stats, sipp.errors())
        daemon.ctl("wait", "--timeout", "60", status=PASSED, timeout_s=70)
        return daemon.json("report")["media"]["activities"][0]


def gaps(capture, display_filter):
    """Times between datagrams, ms."""
    times = [float(t) for t, in capture.fields(display_filter, "frame.time_epoch")]
    return [1000 * (b - a) for a, b in zip(times, times[1:])]


def check_timing(seen, played):
    """As far apart as they were taken; what the machine stalls for is not ours."""
    wanted = [b[0] - a[0] for a, b in zip(played, played[1:])]
    errors = sorted(abs(s - w) for s, w in zip(seen, wanted))
    assert len(seen) == len(wanted) and errors[len(errors) // 2] < 2, (seen, wanted)


def test_our_caller_plays_sound_and_video_and_sipp_says_both_back(lab):
    count, frames_n = 4, 60
    video = write_pcap(lab.path("video.pcap"), frames(frames_n))
    sound = write_pcap(lab.path("sound.pcap"),
                       [(20 * k, struct.pack(">BBHII", 0x80, 8, k, 160 * k, 0x5678) + bytes(160)) for k in range(100)])
    scenario = lab.write("both.xml", caller(SOUND + VIDEO, (f'play_pcap_audio="{sound}"', 0), (f'play_pcap_video="{video}"', 2600)))
    lab.sipp(lab.write("answer.xml", callee(SOUND + VIDEO)), IP4_PEER, args=["-rtp_echo", "-mi", IP4_PEER, "-mp", "6000"])
    capture = lab.capture()
    _, media = call(lab, placed(scenario, count, rate=1))
    capture.stop()
    one = media["it"]
    streams, packets = one["streams"], one["packets"]
    assert (streams["started"], streams["ended"], streams["judged"]) == (2 * count,) * 3, streams
    assert packets["sent"] == packets["received"] == packets["expected"] == count * (100 + frames_n), packets
    assert packets["lost"] == packets["duplicates"] == packets["wrong_source"] == packets["unknown_payload_type"] == 0, packets
    assert streams["one_way_audio"] == 0 and not any(one["bad"].values()), one
    capture.check_clean()
    ours_only = f"ip.src == {IP4_OURS} && udp.dstport =="
    assert capture.count(f"{ours_only} 6000") == 100 * count and capture.count(f"{ours_only} 6002") == frames_n * count
    first = capture.fields(f"{ours_only} 6002", "udp.srcport")[0][0]
    check_timing(gaps(capture, f"{ours_only} 6002 && udp.srcport == {first}")[:frames_n - 1], frames(frames_n))


def test_our_callee_hears_the_video_that_sipp_plays(lab):
    """SIPp ends a capture with the next one: sound first, then video."""
    count, frames_n = 3, 40
    video = write_pcap(lab.path("video.pcap"), frames(frames_n))
    scenario = lab.write("both.xml", caller(SOUND + VIDEO, ('play_pcap_audio="/usr/share/sip-tester/g711a.pcap"', 1000),
                                            (f'play_pcap_video="{video}"', 2200)))
    answer = lab.write("answer.xml", callee(SOUND + VIDEO, f'<nop><action><exec play_pcap_video="{video}"/></action></nop>\n'))
    capture = lab.capture()
    one = sipp_calls(lab, scenario, answered(answer, count), count)
    capture.stop()
    played = capture.count(f"ip.src == {IP4_PEER} && udp.srcport == 6002")
    assert played == frames_n * count
    assert one["packets"]["received"] == played + capture.count(f"ip.src == {IP4_PEER} && udp.srcport == 6000"), one["packets"]
    assert one["packets"]["sent"] == frames_n * count and one["streams"]["started"] == 2 * count, one
    assert one["packets"]["unknown_payload_type"] == one["packets"]["wrong_source"] == 0, one["packets"]


@pytest.mark.parametrize("role", ("we call", "sipp calls"))
def test_a_fax_is_played_as_it_was_captured(lab, role):
    count, n = 3, 50
    capture_file = write_pcap(lab.path("fax.pcap"), fax(n))
    play = f'play_pcap_image="{capture_file}"'
    scenario = lab.write("fax.xml", caller(SOUND + FAX, (play, 2000)))
    capture = lab.capture()
    if role == "we call":
        lab.sipp(lab.write("answer.xml", callee(SOUND + FAX)), IP4_PEER, args=["-rtp_echo", "-mi", IP4_PEER, "-mp", "6000"])
        one = call(lab, placed(scenario, count, rate=1))[1]["it"]
    else:
        answer = lab.write("answer.xml", callee(SOUND + FAX, f"<nop><action><exec {play}/></action></nop>\n"))
        one = sipp_calls(lab, scenario, answered(answer, count), count)
    capture.stop()
    assert (one["packets"]["udptl_sent"], one["packets"]["udptl_received"]) == (count * n,) * 2, one["packets"]
    assert one["packets"]["sent"] == 0 and one["streams"]["judged"] == count, one  # the sound's, of which there was none
    from_us = f"ip.src == {IP4_OURS} && udp.dstport == 6002"
    first = capture.fields(from_us, "udp.srcport")[0][0]
    check_timing(gaps(capture, f"{from_us} && udp.srcport == {first}")[:n - 1], fax(n))
    sent = [bytes.fromhex(p) for p, in capture.fields(f"{from_us} && udp.srcport == {first}", "udp.payload")][:n]
    assert sent == [data for _, data in fax(n)]


def _crypto(suite):
    return (f"m=audio [rtpstream_audio_port] RTP/SAVP 0\na=rtpmap:0 PCMU/8000\n"
            f"a=crypto:[cryptotag1audio] [cryptosuite{suite}1audio] inline:[cryptokeyparams1audio]\n")


def check_keys(one, count, heard):
    streams, packets = one["streams"], one["packets"]
    assert (streams["started"], streams["secure"], streams["judged"]) == (count,) * 3, streams
    assert streams["one_way_audio"] == streams["silent"] == 0 and packets["lost"] == 0, (streams, packets)
    assert packets["received"] >= count * heard and not any(one["srtp"].values()) and not any(one["bad"].values()), one


@pytest.mark.parametrize("suite", ("aescm128sha180", "aescm128sha132"))
def test_baresip_hears_and_says_back_a_file_under_a_scenarios_keys(lab, suite):
    Phone(lab, IF_PEER, srtp=True)
    with open(lab.path("tone.ulaw"), "wb") as out:
        out.write(bytes(0xD5 ^ (i % 7) for i in range(8000)))
    scenario = lab.write("keys.xml", caller(_crypto(suite), (f'rtp_stream="{lab.path("tone.ulaw")},-1,0"', 3000)))
    capture = lab.capture()
    _, media = call(lab, placed(scenario, 1))
    capture.stop()
    check_keys(media["it"], 1, 100)
    tag = 10 if suite.endswith("80") else 4
    lengths = {length for length, in capture.fields(f"ip.src == {IP4_OURS} && udp.port >= 16384", "udp.length")}
    assert lengths == {str(8 + 12 + 160 + tag)}, lengths


def test_a_scenario_picks_its_suite_of_the_many_that_rtpengine_offers(lab):
    """The second of them: its answer has the tag of that line, or rtpengine would not read what comes."""
    count = 5
    route_phones(lab, run)
    Rtpengine(lab, CALLEE, callee_srtp=True)
    assert SUITES[1] == "AES_CM_128_HMAC_SHA1_32"
    answer = lab.write("answer.xml", callee(_crypto("aescm128sha132"), '<nop><action><exec rtp_stream="apattern,1,0,PCMU/8000"/></action></nop>\n'))
    plan = to_peer({"codecs": ("PCMU",)}, count).replace("endpoints = (", f"""endpoints = (
              {{ name = "callees"; kind = "trunk"; port = "access"; addresses = "{CALLEE}"; proxy = "sip:{IP4_PEER}"; user = "s{{index:04}}"; count = 100; }},
""").replace("activities = (", f"""activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{answer}"; }},
""")
    _, media = call(lab, plan)
    check_keys(media["ring"], count, 100)
    assert media["calls"]["packets"]["received"] >= 100 * count and media["calls"]["streams"]["secure"] == 0, media["calls"]


def test_what_is_played_wrong_is_said_before_the_run(lab):
    scenario = lab.write("wrong.xml", caller(SOUND + FAX, (f'play_pcap_image="{write_pcap(lab.path("none.pcap"), frames(9))}"', 1)))
    done = loadctl("plan", "check", lab.write("plan.conf", placed(scenario, 1)))
    assert done.returncode == USAGE and "none.pcap: none of its 9 packets is UDPTL (T.38) over UDP" in done.stderr, done
