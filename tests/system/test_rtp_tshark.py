# SPDX-License-Identifier: BSD-3-Clause
"""
Our receiver and tshark's RTP analysis, fed the same captures: the same loss, gaps and jitter, to the last digit printed. And RTCP as
we write it, read by tshark.
"""

import json
import os
import random
import re
import socket
import struct
import subprocess

import pytest

from programs import BUILD, PASSED

RTP_STREAMS = os.path.join(BUILD, "tests", "tools", "rtp_streams")
RTCP_SAMPLE = os.path.join(BUILD, "tests", "tools", "rtcp_sample")
PORTS = (10000, 10999)
CN, PCMU, PCMA, JPEG, EVENT = 13, 0, 8, 26, 101
# "...   g711U    50     0 (0.0%)   17.026   20.074   22.985   0.008   1.169   1.847 X"
TSHARK = re.compile(r"\s(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-F]{8})\s.*?\s(\d+)\s+(-?\d+) \(-?[\d.]+%\)\s+"
                    r"([\d.-]+)\s+([\d.-]+)\s+([\d.-]+)\s+([\d.-]+)\s+([\d.-]+)\s+([\d.-]+)")


def frame(payload, sport, dport, ipv6=False):
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    if ipv6:
        return bytes(12) + b"\x86\xdd" + struct.pack(
            "!IHBB16s16s", 6 << 28, len(udp), 17, 64, socket.inet_pton(socket.AF_INET6, "2001:2::1"),
            socket.inet_pton(socket.AF_INET6, "2001:2::2")) + udp
    return bytes(12) + b"\x08\x00" + struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton("198.18.0.1"),
        socket.inet_aton("198.18.0.2")) + udp


class Stream:
    """Packets of one stream with what happened to them on the way: [(arrival in us, bytes)]."""

    def __init__(self, seed, ipv6=False, pt=PCMU, clock=8000, ptime_ms=20, first_seq=1000, first_ts=0):
        self.random = random.Random(seed)
        self.ipv6, self.pt, self.seed = ipv6, pt, seed
        self.step, self.ptime_us = clock * ptime_ms // 1000, ptime_ms * 1000
        self.first_seq, self.first_ts = first_seq, first_ts
        self.packets = []
        self.truth = {"missing": 0, "duplicates": 0}

    def add(self, arrival_us, number, timestamp, pt, marker):
        rtp = struct.pack("!BBHII", 0x80, pt | marker << 7, self.first_seq + number & 0xFFFF,
                          self.first_ts + timestamp & 0xFFFFFFFF, 0xABC00000 + self.seed) + b"\xd5" * 40
        self.packets.append((arrival_us, frame(rtp, PORTS[0] + 2 * self.seed, PORTS[0] + 500, self.ipv6)))

    def play(self, count, loss=0.0, burst=1, duplicate=0.0, hold=0.0, marker=0.0, silence=0.0, jitter_us=8000):
        """
        The first and the last packet come, once and in order: by these two tshark knows how many there should be.
        @hold is the share that comes 20 to 90 ms later than the others, @silence that after which the sender sends comfort noise.
        """
        chance = self.random.random
        number, elapsed_us, lose, last_us = 0, 0, 0, 0
        while number < count:
            edge = number in (0, count - 1)
            if not edge and lose == 0 and chance() < loss:
                lose = burst
            timestamp = elapsed_us // self.ptime_us * self.step
            # A queue: what is held up holds up what is behind it.
            at = last_us = max(last_us + 1, 1_000_000_000 + elapsed_us + self.random.randint(0, jitter_us))
            if lose and not edge:
                lose -= 1
                self.truth["missing"] += 1
            else:
                held = not edge and chance() < hold
                at += self.random.randint(20_000, 90_000) if held else 0
                self.add(at, number, timestamp, self.pt, int(number == 0 or chance() < marker))
                if not edge and chance() < duplicate:
                    self.truth["duplicates"] += 1
                    self.add(at + self.random.randint(10, 30_000), number, timestamp, self.pt, 0)
            number += 1
            elapsed_us += self.ptime_us
            if not edge and chance() < silence and number < count - 1:
                last_us = max(last_us + 1, 1_000_000_000 + elapsed_us)
                self.add(last_us, number, elapsed_us // self.ptime_us * self.step, CN, 0)
                number += 1
                elapsed_us += self.ptime_us * self.random.randint(2, 40)
        if duplicate or hold:
            # What was held up must not come after the last one.
            last = max(packet[0] for packet in self.packets) + 1
            self.packets = [(last if packet is self.packets[-1] else packet[0], packet[1]) for packet in self.packets]
        return self


def packets_of(streams):
    return sorted((packet for stream in streams for packet in stream.packets), key=lambda packet: packet[0])


def write_pcap(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, data in packets:
            file.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(data), len(data)) + data)


def tshark(path):
    """{SSRC: what tshark prints}, times as text."""
    done = subprocess.run(["tshark", "-n", "-q", "-r", path, "-d", f"udp.port=={PORTS[0]}-{PORTS[1]},rtp", "-z", "rtp,streams"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        match = TSHARK.search(line)
        if match:
            found["0x" + match[5].lower()] = {"packets": int(match[6]), "lost": int(match[7]), "max_delta_ms": match[10],
                                              "mean_of_all_ms": match[12], "max_jitter_ms": match[13]}
    return found


def ours(path):
    done = subprocess.run([RTP_STREAMS, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == PASSED, done.stderr
    return {stream["ssrc"]: stream for stream in map(json.loads, done.stdout.splitlines())}


STORIES = {
    "plain": {},
    "loss": {"loss": 0.05},
    "bursts": {"loss": 0.02, "burst": 7},
    "duplicates": {"duplicate": 0.05},
    "reordered": {"hold": 0.1},
    "talkspurts": {"marker": 0.03},
    "comfort_noise": {"silence": 0.03},
    "uneven": {"jitter_us": 150_000},
    "all": {"loss": 0.03, "burst": 2, "duplicate": 0.04, "hold": 0.05, "marker": 0.02},
}
KINDS = {
    "pcmu": {},
    "pcma_ipv6_10ms": {"pt": PCMA, "ipv6": True, "ptime_ms": 10},
    "60ms": {"ptime_ms": 60},
    "90kHz": {"pt": JPEG, "clock": 90000, "ptime_ms": 40},
}


# Not told alike: comfort noise at 90 kHz (tshark takes its clock to be 8 kHz), and among packets out of order (to tshark the packet
# that came last was comfort noise or not, to us the one before in the sequence).
@pytest.mark.parametrize("story,kind", [(story, kind) for story in STORIES for kind in KINDS
                                        if (story, kind) != ("comfort_noise", "90kHz")])
def test_a_stream_is_what_tshark_says(quiet_lab, story, kind):
    stream = Stream(1, **KINDS[kind]).play(1000, **STORIES[story])
    path = quiet_lab.path("rtp.pcap")
    write_pcap(path, packets_of([stream]))
    theirs, mine = tshark(path), ours(path)
    assert len(theirs) == 1 and theirs.keys() == mine.keys()
    for ssrc, wanted in theirs.items():
        assert {key: mine[ssrc][key] for key in wanted} == wanted
        # And what tshark cannot tell is what happened.
        assert {key: mine[ssrc][key] for key in stream.truth} == stream.truth
        if story not in ("talkspurts", "comfort_noise", "all"):
            assert mine[ssrc]["mean_jitter_ms"] == mine[ssrc]["mean_of_all_ms"]


@pytest.mark.parametrize("story", ["plain", "loss", "talkspurts"])
def test_numbers_that_come_round(quiet_lab, story):
    path = quiet_lab.path("rtp.pcap")
    write_pcap(path, packets_of([Stream(1, first_seq=65000, first_ts=0xFFFFFFFF - 80000).play(1000, **STORIES[story])]))
    (wanted,), (mine,) = tshark(path).values(), ours(path).values()
    assert {key: mine[key] for key in wanted} == wanted


def test_streams_side_by_side(quiet_lab):
    path = quiet_lab.path("rtp.pcap")
    streams = [Stream(seed, ipv6=seed % 2 == 0).play(300, **list(STORIES.values())[seed % len(STORIES)])
               for seed in range(1, 41)]
    write_pcap(path, packets_of(streams))
    theirs, mine = tshark(path), ours(path)
    assert len(theirs) == 40 and theirs.keys() == mine.keys()
    for ssrc, wanted in theirs.items():
        assert {key: mine[ssrc][key] for key in wanted} == wanted, ssrc


def test_a_digit_leaves_loss_and_gaps_as_they_are(quiet_lab):
    """Events bear the timestamp of their begin. tshark measures the next sound against that; our jitter leaves them out."""
    path = quiet_lab.path("rtp.pcap")
    stream = Stream(1)
    for number in range(200):
        event = 100 <= number < 108
        stream.add(1_000_000_000 + number * 20_000, number, (100 if event else number) * 160, EVENT if event else PCMU,
                   int(number in (0, 100)))
    write_pcap(path, packets_of([stream]))
    (wanted,), (mine,) = tshark(path).values(), ours(path).values()
    assert {key: mine[key] for key in ("packets", "lost", "max_delta_ms")} == \
        {key: wanted[key] for key in ("packets", "lost", "max_delta_ms")}
    assert mine["max_jitter_ms"] == "0.000" and float(wanted["max_jitter_ms"]) > 1


def test_a_file_that_is_no_capture_is_an_error(quiet_lab):
    path = quiet_lab.path("nothing.pcap")
    with open(path, "wb") as file:
        file.write(b"nothing")
    done = subprocess.run([RTP_STREAMS, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != PASSED and done.stderr


# What tests/tools/rtcp_sample.c fills in, by tshark's names and in its spelling; repeated fields are joined by commas.
RTCP = [
    {"rtcp.pt": "200,202", "rtcp.senderssrc": "0x11223344", "rtcp.timestamp.ntp.msw": "3915323947",
     "rtcp.timestamp.ntp.lsw": "2147483648", "rtcp.timestamp.rtp": "160000", "rtcp.sender.packetcount": "1000",
     "rtcp.sender.octetcount": "160000", "rtcp.ssrc.identifier": "0xaabbccdd,0x55667788,0x11223344",
     "rtcp.ssrc.fraction": "64,0", "rtcp.ssrc.cum_nr": "-5,1234", "rtcp.ssrc.ext_high": "65541,9", "rtcp.ssrc.jitter": "77,5",
     "rtcp.ssrc.lsr": "3070616480,0", "rtcp.ssrc.dlsr": "344064,0", "rtcp.sdes.text": "caller@example.test"},
    {"rtcp.pt": "201,202", "rtcp.senderssrc": "0x11223344", "rtcp.ssrc.cum_nr": "-5", "rtcp.sdes.text": "caller@example.test"},
    {"rtcp.pt": "201,202,203", "rtcp.sdes.text": "caller@example.test,teardown", "rtcp.ssrc.cum_nr": ""},
    {"rtcp.pt": "207", "rtcp.senderssrc": "0x11223344", "rtcp.xr.bt": "4,5,7", "rtcp.xr.lrr": "439042048",
     "rtcp.xr.dlrr": "32768", "rtcp.ssrc.fraction": "13", "rtcp.ssrc.discarded": "3", "rtcp.xr.voipmetrics.burstdensity": "130",
     "rtcp.xr.voipmetrics.gapdensity": "2", "rtcp.xr.voipmetrics.burstduration": "500",
     "rtcp.xr.voipmetrics.gapduration": "6000", "rtcp.xr.voipmetrics.rtdelay": "70", "rtcp.xr.voipmetrics.esdelay": "80",
     "rtcp.xr.voipmetrics.signallevel": "127", "rtcp.xr.voipmetrics.gmin": "16", "rtcp.xr.voipmetrics.rfactor": "91",
     "rtcp.xr.voipmetrics.moslq": "4.3", "rtcp.xr.voipmetrics.moscq": "4.2", "rtcp.xr.voipmetrics.jba": "2",
     "rtcp.xr.voipmetrics.jbnominal": "60", "rtcp.xr.voipmetrics.jbmax": "61", "rtcp.xr.voipmetrics.jbabsmax": "62"},
]


def test_rtcp_reads_as_it_was_written(quiet_lab):
    done = subprocess.run([RTCP_SAMPLE], stdout=subprocess.PIPE, text=True, check=True)
    datagrams = [bytes.fromhex(line) for line in done.stdout.splitlines()]
    path = quiet_lab.path("rtcp.pcap")
    write_pcap(path, [(1_000_000 * at, frame(data, PORTS[0] + 1, PORTS[0] + 3)) for at, data in enumerate(datagrams, 1)])
    names = sorted({name for wanted in RTCP for name in wanted})
    argv = ["tshark", "-n", "-r", path, "-d", f"udp.port=={PORTS[0] + 1},rtcp", "-T", "fields"]
    for name in (*names, "rtcp.length_check", "_ws.malformed", "_ws.expert.message"):
        argv += ["-e", name]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == len(RTCP)
    for line, wanted in zip(lines, RTCP):
        *values, length_check, malformed, expert = line
        found = dict(zip(names, values))
        assert {name: found[name] for name in wanted} == wanted
        assert (length_check, malformed, expert) == ("1", "", "")
