# SPDX-License-Identifier: BSD-3-Clause
"""
Our TCP against the kernel's: tests/tools/tcp_end plays ours at one end of a TUN device, sockets of this process the other one.
What lies between loses, repeats, holds up and reorders; every byte must come, both ways, whoever began.
"""

import concurrent.futures
import json
import os
import selectors
import socket
import threading

import pytest

from lab import IF_OURS, IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER, Lab, run, wait_until
from programs import BUILD
from test_wire_tool import Namespace

TCP_END = os.path.join(BUILD, "tests", "tools", "tcp_end")
TUN = "rs-tun"
PORT = 5060
BLOCK = 65521
MEGABYTES_10 = 10_000_000
TIMEOUT_S = 100


def known(way, total):
    """The bytes that tcp_end sends (0) or expects (1)."""
    base = bytes(((i * 2654435761 + way * 40503) & 0xffffffff) >> 24 for i in range(BLOCK))
    blocks = [base.translate(bytes(b ^ (k & 255) for b in range(256))) for k in range((total + BLOCK - 1) // BLOCK)]
    return b"".join(blocks)[:total]


class TunLab(Lab):
    """One namespace with a TUN device: the kernel is at 198.18.0.1 and 2001:2::1, tcp_end at .2 and ::2."""

    def __init__(self):
        super().__init__(veth=False)

    def __enter__(self):
        super().__enter__()
        run("ip", "-n", self.ours, "tuntap", "add", "dev", TUN, "mode", "tun")
        run("ip", "-n", self.ours, "addr", "add", f"{IP4_PEER}/20", "dev", TUN)
        run("ip", "-n", self.ours, "addr", "add", f"{IP6_PEER}/64", "dev", TUN, "nodad")
        run("ip", "-n", self.ours, "link", "set", TUN, "up", "txqueuelen", "10000")
        return self

    def addresses(self, family):
        """tcp_end's address and the kernel's."""
        return (IP4_OURS, IP4_PEER) if family == 4 else (IP6_OURS, IP6_PEER)

    def kernels(self):
        """The namespace of the sockets."""
        return self.ours

    def end(self, *args, family=4):
        """tcp_end, running; its summary comes from summary()."""
        ours, peer = self.addresses(family)
        self.process = self.start([TCP_END, "--tun", TUN, "--local", ours, "--remote", peer, "--port", str(PORT),
                                   "--seconds", str(TIMEOUT_S), *map(str, args)], self.ours, "tcp_end.log")
        wait_until(lambda: "ready" in self.process.output() or not self.process.running(), 10, "tcp_end")

    def summary(self):
        """What tcp_end counted; it must be content."""
        status = self.process.wait(TIMEOUT_S + 20)
        output = self.process.output()
        assert status == 0, output
        summary = json.loads(output.splitlines()[-1])
        print(json.dumps(summary))
        assert summary["wrong_bytes"] == 0 and summary["blocks"] == 0, summary
        return summary

    def socket(self, family, **options):
        """A socket in the namespace."""
        with Namespace(self.kernels()):
            sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        sock.settimeout(TIMEOUT_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for name, value in options.items():
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        return sock

    def listener(self, family, **options):
        sock = self.socket(family, **options)
        sock.bind((IP4_PEER if family == 4 else IP6_PEER, PORT))
        sock.listen(4096)
        return sock

    def connection(self, family, **options):
        sock = self.socket(family, **options)
        sock.connect((IP4_OURS if family == 4 else IP6_OURS, PORT))
        return sock


class RoutedLab(TunLab):
    """tcp_end's packets pass a router (the TUN's namespace) whose way to the peer's namespace takes no more than @mtu."""

    TUN_NETS = {4: ("198.18.16.1/20", "198.18.16.2"), 6: ("2001:2:0:1::1/64", "2001:2:0:1::2")}

    def __init__(self, mtu):
        super().__init__()
        self.veth = True
        self.mtu = mtu

    def __enter__(self):
        super().__enter__()
        for family, (address, _) in self.TUN_NETS.items():
            ours, peer, net = (IP4_OURS, IP4_PEER, "198.18.0.0/20") if family == 4 else (IP6_OURS, IP6_PEER, "2001:2::/64")
            bits = net.split("/")[1]
            run("ip", "-n", self.ours, "addr", "flush", "dev", TUN, "to", f"{peer}/{bits}")
            run("ip", "-n", self.ours, "addr", "add", address, "dev", TUN, *(["nodad"] if family == 6 else []))
            name = "ipv4.ip_forward" if family == 4 else "ipv6.conf.all.forwarding"
            run("ip", "netns", "exec", self.ours, "sysctl", "-qw", f"net.{name}=1")
            if family == 6:
                run("ip", "netns", "exec", self.ours, "sysctl", "-qw", f"net.ipv6.conf.{IF_OURS}.disable_ipv6=0")
            run("ip", "-n", self.ours, "addr", "add", f"{ours}/{bits}", "dev", IF_OURS, *(["nodad"] if family == 6 else []))
            run("ip", "-n", self.ours, "route", "del", net, "dev", IF_OURS)
            run("ip", "-n", self.ours, "route", "add", net, "dev", IF_OURS, "mtu", "lock", str(self.mtu))
            run("ip", "-n", self.peer, "route", "add", "default", "via", ours)
        return self

    def addresses(self, family):
        return self.TUN_NETS[family][1], IP4_PEER if family == 4 else IP6_PEER

    def kernels(self):
        return self.peer


@pytest.fixture(name="lab")
def fixture_lab():
    with TunLab() as lab:
        yield lab


def exchange(sock, total):
    """Send and receive @total known bytes at once, both ends closing when they have sent; what was received."""
    got = bytearray()

    def send():
        sock.sendall(known(1, total))
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    while True:
        piece = sock.recv(65536)
        if not piece:
            break
        got += piece
    sender.join(TIMEOUT_S)
    assert not sender.is_alive()
    sock.close()
    return bytes(got)


def check_bulk(lab, total, active, family=4, args=(), **options):
    """@total bytes both ways, begun by tcp_end when @active. Returns its summary."""
    if active:
        listener = lab.listener(family, **options)
        lab.end("--bulk", total, *args, family=family)
        sock, _ = listener.accept()
        sock.settimeout(TIMEOUT_S)
        listener.close()
    else:
        lab.end("--listen", "--bulk", total, *args, family=family)
        sock = lab.connection(family, **options)
    assert exchange(sock, total) == known(0, total)
    summary = lab.summary()
    assert summary["rx_bytes"] == summary["tx_bytes"] == total
    assert summary["rx_bad_checksum"] == summary["rx_truncated"] == summary["rx_bad_option"] == 0
    return summary


@pytest.mark.parametrize("active", [True, False], ids=["we connect", "kernel connects"])
@pytest.mark.parametrize("family", [4, 6])
def test_ten_megabytes_both_ways(lab, active, family):
    summary = check_bulk(lab, MEGABYTES_10, active, family)
    assert summary["rx_out_of_order"] == 0 and summary["tx_resets"] == 0, summary


@pytest.mark.parametrize("active", [True, False], ids=["we connect", "kernel connects"])
def test_ten_megabytes_both_ways_while_packets_are_lost_repeated_and_reordered(lab, active):
    summary = check_bulk(lab, MEGABYTES_10, active,
                         args=("--loss", 0.005, "--repeat", 0.01, "--reorder", 0.01, "--delay-ms", 0.5, "--seed", 3))
    assert summary["recoveries"] > 0 and summary["rx_out_of_order"] > 0 and summary["rx_duplicate"] > 0, summary


@pytest.mark.parametrize("without", [(), ("--no-sack",), ("--no-timestamps",), ("--no-scale",),
                                     ("--no-sack", "--no-timestamps", "--no-scale")], ids=" ".join)
def test_heavy_loss_with_and_without_options(lab, without):
    summary = check_bulk(lab, 1_000_000, True, args=("--loss", 0.03, "--delay-ms", 1, "--seed", 5, *without))
    assert summary["tx_retransmitted"] > 0 and summary["lost"] > 0, summary


@pytest.mark.parametrize("ours,peer", [(4096, 65536), (65536, 4096), (2048, 4096), (1 << 20, 1 << 20)])
def test_windows_small_and_large(lab, ours, peer):
    check_bulk(lab, 1_000_000 if min(ours, peer) < 65536 else MEGABYTES_10, False, args=("--receive-bytes", ours, "--delay-ms", 0.2),
               SO_RCVBUF=peer)


def test_a_reader_that_sleeps_closes_the_window_and_opens_it_again(lab):
    listener = lab.listener(4, SO_RCVBUF=4096)
    lab.end("--bulk", 200_000)
    sock, _ = listener.accept()
    got = bytearray()
    sock.settimeout(TIMEOUT_S)
    threading.Event().wait(2)
    sender = threading.Thread(target=lambda: (sock.sendall(known(1, 200_000)), sock.shutdown(socket.SHUT_WR)))
    sender.start()
    while len(got) < 200_000:
        got += sock.recv(65536)
    assert bytes(got) == known(0, 200_000)
    assert sock.recv(1) == b""
    sender.join(TIMEOUT_S)
    sock.close()
    summary = lab.summary()
    assert summary["window_probes"] > 0 and summary["timeout"] == 0, summary


def echo(listener, connections):
    """Send back what comes on each of @connections, in one thread for all."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        done = 0
        while done < connections:
            for key, _ in selector.select(TIMEOUT_S):
                if key.fileobj is listener:
                    sock, _ = listener.accept()
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(sock, selectors.EVENT_READ)
                    continue
                sock = key.fileobj
                piece = sock.recv(65536)
                if piece:
                    sock.sendall(piece)
                else:
                    selector.unregister(sock)
                    sock.close()
                    done += 1
    listener.close()


@pytest.mark.parametrize("connections,messages,args", [
    (1, 3000, ()), (100, 50, ()), (500, 4, ()), (20, 50, ("--loss", 0.02, "--reorder", 0.02, "--repeat", 0.02, "--delay-ms", 0.5))])
def test_many_small_messages_that_we_send(lab, connections, messages, args):
    listener = lab.listener(4)
    server = threading.Thread(target=echo, args=(listener, connections))
    server.start()
    lab.end("--connections", connections, "--messages", messages, "--size", 420, *args)
    summary = lab.summary()
    server.join(TIMEOUT_S)
    assert summary["connected"] == summary["closed"] == connections
    assert summary["tx_bytes"] == summary["rx_bytes"] == connections * messages * 420


@pytest.mark.parametrize("connections,messages,args", [
    (1, 3000, ()), (50, 40, ()), (20, 40, ("--loss", 0.02, "--reorder", 0.02, "--repeat", 0.02, "--delay-ms", 0.5))])
def test_many_small_messages_that_the_kernel_sends(lab, connections, messages, args):
    lab.end("--listen", "--connections", connections, "--messages", messages, "--size", 420, *args)
    text = known(1, messages * 420)

    def talk():
        sock = lab.connection(4)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(messages):
            message = text[n * 420:n * 420 + 420]
            sock.sendall(message)
            back = b""
            while len(back) < 420:
                back += sock.recv(420 - len(back))
            assert back == message
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
        sock.close()

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(talk) for _ in range(connections)]:
            done.result()
    summary = lab.summary()
    assert summary["accepted"] == summary["closed"] == connections


@pytest.mark.parametrize("family", [4, 6])
def test_a_router_that_takes_less_is_heard(family):
    with RoutedLab(1300) as lab:
        summary = check_bulk(lab, 1_000_000, True, family)
    assert summary["icmp_too_big"] >= 1 and summary["rto"] <= 2, summary


def test_a_kernel_without_a_listener_refuses(lab):
    lab.end("--bulk", 1)
    assert lab.process.wait(30) == 1
    summary = json.loads(lab.process.output().splitlines()[-1])
    assert summary["refused"] == 1 and summary["open"] == 0, summary


def test_the_kernel_takes_our_refusal(lab):
    lab.end("--listen", "--bulk", 1)
    with Namespace(lab.ours):
        sock = socket.socket()
    with pytest.raises(ConnectionRefusedError):
        sock.connect((IP4_OURS, PORT + 1))
    sock.close()
    assert exchange(lab.connection(4), 1) == known(0, 1)
    assert lab.summary()["tx_resets"] == 1


def test_a_reset_of_the_kernel_ends_the_connection(lab):
    listener = lab.listener(4)
    lab.end("--bulk", 100_000)
    sock, _ = listener.accept()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.recv(10)
    sock.close()
    assert lab.process.wait(30) == 1
    summary = json.loads(lab.process.output().splitlines()[-1])
    assert summary["reset"] == 1 and summary["open"] == summary["blocks"] == 0, summary
