# SPDX-License-Identifier: BSD-3-Clause
"""What was on the wire, recorded by dumpcap at the peer's end and judged by tshark."""

import collections
import os
import re
import subprocess
import time


class Capture:
    """A running capture; stop() ends it, then the questions can be asked."""

    def __init__(self, lab, netns, interface, name="wire"):
        self.file = lab.path(f"{name}.pcap")
        # -P: pcap, which needs no time-out to be complete; the buffer (MiB) holds a burst while the disk is slow.
        self.process = lab.start(["dumpcap", "-q", "-P", "-B", "64", "-i", interface, "-w", self.file], netns,
                                 f"{name}-dumpcap.log")
        self.keys = None
        self.sip_ports = ()
        end = time.monotonic() + 15
        while not os.path.exists(self.file) or os.path.getsize(self.file) < 24:
            if not self.process.running() or time.monotonic() > end:
                raise AssertionError(f"dumpcap did not start: {self.process.output()}")
            time.sleep(0.05)

    def stop(self):
        """End the capture; what is still in the kernel's buffer is written first."""
        time.sleep(1.0)
        self.process.end()
        # "Packets received/dropped on interface 'x': 120/0 (...)"
        counts = re.search(r": (\d+)/(\d+) \(", self.process.output())
        assert counts and counts.group(2) == "0", f"the capture itself is incomplete: {self.process.output()}"

    def merge(self, other):
        """Both captures, ended, as one: a packet socket's own frames are seen at the other end of the wire only."""
        merged = self.file + ".merged"
        done = subprocess.run(["mergecap", "-F", "pcap", "-w", merged, self.file, other.file], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.file = merged

    def decrypt(self, key_log, *sip_ports):
        """With this key log tshark sees what is inside TLS; on these ports it takes that for SIP, as on 5061."""
        self.keys = key_log
        self.sip_ports = sip_ports

    def fields(self, display_filter, *names):
        """One tuple of field values (text) for each packet that passes the filter. Checksums are verified."""
        argv = ["tshark", "-n", "-r", self.file, "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
                "-Y", display_filter, "-T", "fields"]
        argv += ["-o", f"tls.keylog_file:{self.keys}"] if self.keys else []
        for port in self.sip_ports:
            argv += ["-d", f"tls.port=={port},sip"]
        for name in names or ("frame.number",):
            argv += ["-e", name]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def count(self, display_filter):
        return len(self.fields(display_filter))

    def check_clean(self):
        """No packet that tshark calls malformed, none with a wrong checksum, none that it warns about as an error."""
        malformed = self.fields("_ws.malformed", "frame.number", "frame.protocols")
        assert not malformed, f"malformed packets: {malformed[:5]}"
        bad = self.fields("ip.checksum.status == 0 || udp.checksum.status == 0 || icmpv6.checksum.status == 0",
                          "frame.number", "ip.src", "udp.srcport")
        assert not bad, f"bad checksums: {bad[:5]}"
        errors = self.fields("_ws.expert.severity == error", "frame.number", "_ws.expert.message")
        assert not errors, f"tshark's errors: {errors[:5]}"

    def dialogs(self, display_filter="sip"):
        """{Call-ID: [start of each SIP message in order]}: a method, or "code method" for a response."""
        found = collections.defaultdict(list)
        for call_id, method, code, cseq_method in self.fields(display_filter, "sip.Call-ID", "sip.Method",
                                                              "sip.Status-Code", "sip.CSeq.method"):
            found[call_id].append(method if method else f"{code} {cseq_method}")
        return found

    def check_media(self):
        """tshark knows all RTP and RTCP for what it is and has nothing to say of it, but that it cannot read SRTCP."""
        complaints = self.fields("(rtp || rtcp || srtcp) && _ws.expert.severity >= warning", "frame.number", "_ws.expert.message")
        complaints = [c for c in complaints if c[1] != "Encrypted RTCP Payload - not dissected"]
        assert not complaints, complaints[:5]
        assert self.count("rtp.ssrc") and self.count("rtcp || srtcp")

    def rtp_streams(self):
        """tshark's view of RTP: {(source, its port, SSRC): (packets, lost)}."""
        done = subprocess.run(["tshark", "-n", "-r", self.file, "-q", "-z", "rtp,streams"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        row = re.compile(r"^ *[0-9.]+ +[0-9.]+ +([0-9a-f.:]+) +([0-9]+) +[0-9a-f.:]+ +[0-9]+ +(0x[0-9A-F]{8}) .* ([0-9]+) +(-?[0-9]+) \(")
        return {match.group(1, 2, 3): (int(match[4]), int(match[5])) for match in map(row.match, done.stdout.splitlines()) if match}
