# SPDX-License-Identifier: BSD-3-Clause
"""The wire itself (tests/tools/wire), before anybody trusts what it says: what it carries, what it does to it, what it tells."""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time

from lab import IF_OURS, IF_PEER, IP4_OURS, IP4_PEER, run
from programs import DEVICE, PASSED, USAGE
from tagged import SOL_PACKET, Wire as TaggedWire
from wire import WIRE

CLONE_NEWNET = 0x40000000
PACKET_IGNORE_OUTGOING = 23


class Namespace:
    """`with` it, and sockets are made in that network namespace; they stay there."""

    def __init__(self, netns):
        self.netns = netns

    def _enter(self, path):
        with open(path) as file:
            assert ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

    def __enter__(self):
        self.home = f"/proc/{os.getpid()}/ns/net"
        self.back = os.open(self.home, os.O_RDONLY)
        self._enter(f"/run/netns/{self.netns}")

    def __exit__(self, *exc):
        self._enter(f"/proc/self/fd/{self.back}")
        os.close(self.back)


class Ends:
    """Packet sockets at both ends of the lab, and a UDP frame to send between them."""

    def __init__(self, lab):
        lab.silence_peer()
        with Namespace(lab.ours):
            self.ours = TaggedWire(IF_OURS)
        with Namespace(lab.peer):
            self.peer = TaggedWire(IF_PEER)
        for end in (self.ours, self.peer):
            end.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            end.sock.settimeout(0.6)

    def close(self):
        self.ours.sock.close()
        self.peer.sock.close()

    def drain(self, end, n):
        """The payloads of @n frames that arrive at @end, or of fewer when no more come."""
        got = []
        try:
            while len(got) < n:
                got.append(end.receive()[3])
        except socket.timeout:
            pass
        return got


def packet(number, size=100, sport=5060):
    """An IPv4 UDP packet that carries its number."""
    data = struct.pack("!I", number).ljust(size, b".")
    return struct.pack("!BBHHHBBH4s4sHHHH", 0x45, 0, 28 + len(data), 1, 0, 64, 17, 0, socket.inet_aton(IP4_OURS),
                       socket.inet_aton(IP4_PEER), sport, 5060, 8 + len(data), 0) + data


def number_of(payload):
    return struct.unpack("!I", payload[28:32])[0]


def wire_once(*args):
    return subprocess.run([WIRE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=10, check=False)


def test_wrong_use_is_told():
    assert wire_once("--help").returncode == PASSED
    assert "loss=P" in wire_once("--help").stdout
    for args, word in ((["--a", "x"], "--b"), (["--a", "x", "--b", "x"], "both ends"), (["--nothing"], "nothing"),
                       (["--a", "x", "--b", "y", "--both", "loss=half"], "loss=P"),
                       (["--a", "x", "--b", "y", "--seed", "?"], "--seed"), (["--a", "x", "--b", "y", "z"], "z")):
        done = wire_once(*args)
        assert (done.returncode, done.stdout) == (USAGE, ""), (args, done)
        assert word in done.stderr, (args, done.stderr)
    done = wire_once("--a", "rs-missing-a", "--b", "rs-missing-b")
    assert done.returncode == DEVICE and "rs-missing-a" in done.stderr


def test_frames_pass_as_they_are(wire_lab):
    """Large ones, tagged ones, what is not IP: byte for byte, in order, both ways."""
    for netns, interface in ((wire_lab.ours, IF_OURS), (wire_lab.middle, "rs-wire-a"), (wire_lab.middle, "rs-wire-b"),
                             (wire_lab.peer, IF_PEER)):
        run("ip", "-n", netns, "link", "set", interface, "mtu", "9000")
    ends = Ends(wire_lab)
    with wire_lab.wire() as wire:
        for source, sink in ((ends.ours, ends.peer), (ends.peer, ends.ours)):
            for vlan, kind, payload in ((None, 0x88B5, b"not IP at all".ljust(60, b"\0")), (None, 0x0800, packet(1, 8900)),
                                        (42, 0x0800, packet(2)), (4095, 0x86DD, os.urandom(200))):
                source.send(vlan, sink.mac, kind, payload)
                assert sink.receive() == (vlan, source.mac, kind, payload)
    ends.close()
    for direction in (wire.toward_peer, wire.toward_us):
        assert (direction["received"], direction["forwarded"], direction["numbered"]) == (4, 4, 2)


def test_a_checksum_that_was_left_to_the_device_is_finished(wire_lab):
    """The kernel's own datagram with checksum offload on, which a veth would carry with half a checksum."""
    run("ip", "netns", "exec", wire_lab.peer, "ethtool", "-K", IF_PEER, "tx", "on")
    run("ip", "-n", wire_lab.peer, "neigh", "add", IP4_OURS, "lladdr", "02:00:00:00:00:02", "dev", IF_PEER)
    with Namespace(wire_lab.ours):
        sink = TaggedWire(IF_OURS)
    with Namespace(wire_lab.peer):
        source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with wire_lab.wire() as wire:
        source.sendto(b"an odd number of bytes.", (IP4_OURS, 5060))
        while True:
            _, _, kind, payload = sink.receive()
            if kind == 0x0800:
                break
    sink.sock.close()
    source.close()
    pseudo = payload[12:20] + struct.pack("!HH", 17, len(payload) - 20) + payload[20:] + b"\0" * (len(payload) % 2)
    total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
    assert wire.toward_us["checksums_finished"] == 1


def exchange(lab, spec, count, seed=1, name="wire"):
    """Send @count packets through a wire: (numbers in the order in which they came, the wire)."""
    ends = Ends(lab)
    with lab.wire(ab=spec, ba="", seed=seed, log_all=True, name=name) as wire:
        for number in range(count):
            ends.ours.send(None, ends.peer.mac, 0x0800, packet(number))
        came = [number_of(payload) for payload in ends.drain(ends.peer, 2 * count)]
    ends.close()
    return came, wire


def test_the_log_says_what_became_of_each_packet(wire_lab):
    """Loss, duplicates and reordering at once: the log explains every packet that came, did not come, or came twice."""
    count = 2000
    came, wire = exchange(wire_lab, "loss=10%,duplicate=5%,reorder=5%/4", count)
    log = wire.packets()
    assert [line["n"] for line in log] == list(range(count))
    expected = {line["n"]: 0 if line["action"].startswith("drop") else 2 if "duplicate" in line["action"] else 1 for line in log}
    assert {number: came.count(number) for number in range(count)} == expected
    # Without those that were held back, what came is in order.
    held = {line["n"] for line in log if "reorder" in line["action"]}
    rest = [number for number in came if number not in held]
    assert rest == sorted(rest) and came != sorted(came)
    summary = wire.toward_peer
    assert summary["dropped"]["loss"] == sum(value == 0 for value in expected.values())
    assert summary["duplicated"] == sum(value == 2 for value in expected.values())
    assert summary["reordered"] == sum(line["action"].startswith("reorder") for line in log)
    assert summary["forwarded"] == len(came) and summary["left"] == 0
    # One datagram each, so what the wire duplicated is what a receiver sees again.
    assert (summary["udp"]["received"], summary["udp"]["repeated"]) == (count, 0)
    assert summary["udp"]["delivered_again"] == summary["duplicated"]


def test_the_same_seed_does_the_same_again(wire_lab):
    def fates(seed, name):
        came, wire = exchange(wire_lab, "burst=10%/3,duplicate=5%,reorder=5%/2/300ms", 500, seed, name)
        return came, [(line["n"], line["action"]) for line in wire.packets()]
    first = fates(7, "first")
    assert fates(7, "second") == first
    assert fates(8, "third") != first


def test_delay_and_rate_take_their_time(wire_lab):
    ends = Ends(wire_lab)
    with wire_lab.wire(ab="delay=50ms", ba="rate=200pps/10"):
        began = time.monotonic()
        ends.ours.send(None, ends.peer.mac, 0x0800, packet(1))
        ends.peer.receive()
        assert 0.05 <= time.monotonic() - began < 0.15
        # One goes at once, ten wait 5 ms each, nine are too many.
        began = time.monotonic()
        for number in range(20):
            ends.peer.send(None, ends.ours.mac, 0x0800, packet(number))
        came = [number_of(payload) for payload in ends.drain(ends.ours, 11)]
        assert came[:5] == [0, 1, 2, 3, 4] and 11 <= len(came) <= 13
        assert 0.045 <= time.monotonic() - began < 0.5
    ends.close()


def test_only_those_concerned_are_impaired(wire_lab):
    ends = Ends(wire_lab)
    with wire_lab.wire(ab="loss=1,port=5070,larger=500", ba="loss=1,copies=1") as wire:
        for sport, size in ((5060, 1000), (5070, 100), (5070, 1000)):
            ends.ours.send(None, ends.peer.mac, 0x0800, packet(sport + size, size, sport))
        assert [number_of(payload) for payload in ends.drain(ends.peer, 3)] == [6060, 5170]
        # The first transmission of each is lost, the second is not.
        for number in (1, 2, 1, 2):
            ends.peer.send(None, ends.ours.mac, 0x0800, packet(number))
        assert [number_of(payload) for payload in ends.drain(ends.ours, 3)] == [1, 2]
    ends.close()
    assert wire.toward_us["udp"] == {"received": 4, "repeated": 2, "dropped": 2, "duplicated": 0, "delivered_again": 0}


def open_tap(netns, name):
    """A tap device in @netns that is up, and the file whose reads and writes are its wire."""
    set_interface, tap, no_header = 0x400454CA, 2, 0x1000
    with Namespace(netns):
        file = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(file, set_interface, struct.pack("16sH22x", name.encode(), tap | no_header))
    run("ip", "netns", "exec", netns, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
    run("ip", "-n", netns, "link", "set", name, "up")
    return file


def test_taps_may_be_its_ends(wire_lab):
    names = ("rs-tap-a", "rs-tap-b")
    one, other = (open_tap(wire_lab.middle, name) for name in names)
    frame = bytes(range(12)) + b"\x08\x00" + packet(7)
    with wire_lab.wire(ba="loss=1", ab="", ends=names) as wire:
        os.write(one, frame)
        assert os.read(other, 2000) == frame
        os.write(other, frame)
        time.sleep(0.1)
    os.close(one)
    os.close(other)
    assert (wire.toward_peer["forwarded"], wire.toward_us["dropped"]["loss"]) == (1, 1)


def test_corruption_is_one_bit(wire_lab):
    ends = Ends(wire_lab)
    with wire_lab.wire(ab="corrupt=1") as wire:
        sent = packet(1)
        ends.ours.send(None, ends.peer.mac, 0x0800, sent)
        (came,) = ends.drain(ends.peer, 1)
    ends.close()
    assert sum((a ^ b).bit_count() for a, b in zip(sent, came)) == 1 and len(came) == len(sent)
    assert wire.toward_peer["corrupted"] == 1


def test_it_can_be_asked_while_it_works_and_ends_when_told(wire_lab):
    with wire_lab.wire() as wire:
        assert wire.look()["directions"]["ab"]["received"] >= 0
        assert wire.process.running()
    assert wire.process.popen.returncode == PASSED
    with wire_lab.wire() as wire:
        wire.process.signal(signal.SIGINT)
        assert wire.process.wait(5) == PASSED
