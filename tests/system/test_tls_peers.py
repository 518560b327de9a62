# SPDX-License-Identifier: BSD-3-Clause
"""TLS with openssl's s_server and s_client: versions, suites, certificates, resumption, alerts; and tshark with our key log."""

import collections
import os
import re
import signal
import subprocess
import time

import pytest

from lab import IP4_OURS, IP4_PEER, wait_until
from openssl_peers import Client, Server, options
from plans import AF_PACKET, CALM, _head
from programs import FAILED, ROOT
from stories import receive, request, scenario
from ws_client import frame

FIRST = 5061
ASK = scenario(request("OPTIONS"), receive(200))


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """An authority with a server and two clients, an expired server, and another authority's."""
    place = tmp_path_factory.mktemp("authorities")
    for name, more in (("certs", ["--expired", "--clients", "2"]), ("other", [])):
        subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), *more, "--name", "sbc.test", "--name", IP4_OURS, "--name", IP4_PEER,
                        place / name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return place


@pytest.fixture
def certs(lab, authorities):
    for name in ("certs", "other"):
        os.symlink(authorities / name, lab.path(name))
    return lab.path("certs")


def counts(causes):
    return {cause["cause"]: cause["count"] for cause in causes}


def profiles(rows):
    return "tls = ( " + ",\n".join(f'{{ name = "{name}"; {settings} }}' for name, settings in rows) + " );\n"


def asking(lab, rows, calls=1, rate=20, group=""):
    """
    A group of one endpoint for each row, which asks the peer's port of that number for its OPTIONS.

    @param rows  settings of their profiles
    """
    path = lab.write("ask.xml", ASK)
    names = [f"g{i}" for i in range(len(rows))]
    endpoints = ",\n".join(
        f'{{ name = "{n}"; port = "wire"; count = 1; addresses = "198.18.0.{16 + i}"; transport = "tls"; tls = "{n}"; reconnect = "never"; '
        f'proxy = "sip:{IP4_PEER}:{FIRST + i}"; {group} }}' for i, n in enumerate(names))
    activities = ",\n".join(
        f'{{ name = "{n}"; do = "call"; from = "{n}"; to = "sip:service@{IP4_PEER}:{FIRST + i}"; scenario = "{path}"; rate = {rate}; '
        f'total = {calls}; timeout = "8s"; }}' for i, n in enumerate(names))
    return (_head(4, AF_PACKET) + profiles(zip(names, rows)) + f"endpoints = ( {endpoints} );\nactivities = ( {activities} );\n"
            f"run = {{ seed = 1; drain = \"10s\"; max_calls = 100; {CALM} }};\n")


def answering(rows):
    """A trunk for each row, on SIP ports of their own."""
    groups = ",\n".join(f'{{ name = "g{i}"; kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; sip_port = {FIRST + i}; transport = "tls"; '
                        f'tls = "g{i}"; }}' for i in range(len(rows)))
    rings = ",\n".join(f'{{ name = "r{i}"; do = "answer"; endpoints = "g{i}"; scenario = "uas"; }}' for i in range(len(rows)))
    return (_head(4, AF_PACKET) + profiles((f"g{i}", row) for i, row in enumerate(rows)) +
            f'endpoints = ( {groups} );\nactivities = ( {rings} );\nrun = {{ seed = 1; mode = "rfc3261"; measure = "300s"; {CALM} }};\n')


# What both ends can be told to choose: s_server's and s_client's options, settings of our profile, what openssl then says it has got.
CHOICES = [
    (["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], 'groups = [ "X25519" ];', "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    (["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384", "-groups", "P-384"], "", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    (["-tls1_3"], 'ciphers = "TLS_CHACHA20_POLY1305_SHA256"; groups = [ "P-256" ];', "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (["-tls1_2"], 'ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";', "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], 'groups = [ "P-384", "P-256" ];', "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
]


def test_servers_of_every_kind_are_asked(lab, certs):
    """s_server in each version and suite, all at once: each is asked, has understood every byte, and its certificate is right."""
    servers = [Server(lab, FIRST + i, *args) for i, (args, _, _, _) in enumerate(CHOICES)]
    with lab.daemon(asking(lab, [f'ca = "{certs}/ca.pem"; {ours}' for _, ours, _, _ in CHOICES], calls=5)) as daemon:
        report = daemon.run_to_end()
    said = [server.end() for server in servers]
    assert report["calls"]["placed"]["completed"] == 5 * len(CHOICES), (report["failures"], said)
    found = report["connections"]
    assert (found["opened"], found["failed"], found["handshakes"]["client_full"]) == (len(CHOICES), [], len(CHOICES)), found
    for server, text, (_, _, _, suite) in zip(servers, said, CHOICES):
        assert server.answered == 5 and f"CIPHER is {suite}" in text, text


@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_long_messages_arrive_byte_for_byte(lab, certs, version):
    """Bodies of up to 60 KB, longer than a record, between them short ones."""
    bodies = ["\n".join(f"{i:06}" + "abcdefghijklmnopqrstuvwxyz"[i % 26] * (i % 90) for i in range(lines)) for lines in (1, 30, 350, 1100)]
    server = Server(lab, FIRST, version)
    plan = asking(lab, [f'ca = "{certs}/ca.pem";'], calls=5)
    lab.write("ask.xml", scenario(*(step for body in bodies for step in (request("MESSAGE", "Content-Type: text/plain", body=body), receive(200)))))
    with lab.daemon(plan) as daemon:
        daemon.run_to_end()
    # What begins with an S, as answers do, is a command to tell statistics, too.
    said = re.sub(r" +\d+ items in the session cache\n( +\d+ .*\n)+", "", server.end())
    assert server.answered == 5 * len(bodies), said
    for body in bodies:
        wire = body.replace("\n", "\r\n")
        assert said.count(f"\r\n\r\n{wire}") >= 5, (len(body), len(said))


def test_clients_of_every_kind_are_answered(lab, certs):
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key";'
    with lab.daemon(answering([shown + ours for _, ours, _, _ in CHOICES])) as daemon:
        daemon.ctl("start")
        for i, (args, _, version, suite) in enumerate(CHOICES):
            client = Client(lab, FIRST + i, "-verify_return_error", *args)
            assert client.ask().startswith(b"SIP/2.0 200 "), client.said
            assert client.ask(2).startswith(b"SIP/2.0 200 "), client.said
            assert f"New, {version}, Cipher is {suite}" in client.end()
        found = daemon.json("connections")
    assert (found["accepted"], found["handshakes"]["server_full"], found["messages_in"]) == (6, 6, 12), found
    assert (found["not_accepted"], found["handshakes"]["failed"]) == ([], {}), found


def test_names_protocols_and_certificates_as_client(lab, certs):
    """SNI and ALPN reach the server, a certificate is shown when it asks, and what is wrong with its own fails by its cause."""
    own = f'ca = "{certs}/ca.pem"; '
    client = f'cert = "{certs}/client-{{index}}.pem"; key = "{certs}/client-{{index}}.key"; '
    mutual = ["-Verify", "1", "-verify_return_error"]
    cases = [  # s_server's options, our profile, whether it is asked
        (["-servername", "sbc.test", "-cert2", f"{certs}/server.pem", "-key2", f"{certs}/server.key", "-servername_fatal"],
         own + 'sni = "sbc.test"; check_name = "sbc.test";', True),
        (["-alpn", "sip"], own + 'alpn = [ "h2", "sip" ];', True),
        (mutual, own + client, True),
        (mutual + ["-tls1_2"], own + client, True),
        ([], f'ca = "{lab.path("other")}/ca.pem";', False),
        ([], own + 'check_name = "elsewhere.test";', False),
        (["-tls1_2"], own + 'versions = "1.3";', False),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], own + 'versions = "1.2"; ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";', False),
        (mutual, own, False),
        (mutual + ["-tls1_2"], own, False),
    ]
    expired = len(cases)
    servers = [Server(lab, FIRST + i, *args) for i, (args, _, _) in enumerate(cases)]
    servers.append(Server(lab, FIRST + expired, certificate="expired"))
    with lab.daemon(asking(lab, [profile for _, profile, _ in cases] + [own])) as daemon:
        report = daemon.run_to_end(status=FAILED)
    said = [server.end() for server in servers]
    done = {a["name"]: a["completed"] for a in report["activities"]}
    assert [done[f"g{i}"] for i in range(len(cases) + 1)] == [int(good) for _, _, good in cases] + [0]
    assert 'Hostname in TLS extension: "sbc.test"' in said[0] and "ALPN protocols selected: sip" in said[1], said[:2]
    assert "CN = client-0" in said[2].replace("CN=", "CN = ") and "CN = client-0" in said[3].replace("CN=", "CN = "), said[2:4]
    found = report["connections"]
    assert found["handshakes"]["failed"] == {
        "alert: version": 1, "alert: handshake failure": 2, "certificate expired": 1, "name mismatch": 1, "unknown CA": 1}, found
    assert (counts(found["failed"]), counts(found["ended"])) == ({"TLS handshake": 6}, {"TLS alert": 1}), found
    assert {f["cause"] for f in report["failures"]} == {"connection TLS handshake", "connection TLS alert"}, report["failures"]


def test_names_protocols_and_certificates_as_server(lab, certs):
    """The same from the other side: what clients want and show, and why we refused them."""
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; '
    mutual = shown + f'mutual = true; ca = "{certs}/ca.pem"; '
    own, other = (["-cert", f"{place}/{name}.pem", "-key", f"{place}/{name}.key"]
                  for place, name in ((certs, "client-1"), (lab.path("other"), "client-0")))
    cases = [  # s_client's options, our profile, what s_client says
        (["-servername", "sbc.test", "-verify_hostname", "sbc.test"], shown, "Verification: OK"),
        (["-verify_ip", IP4_OURS], shown, "Verification: OK"),
        (["-alpn", "h2,sip"], shown + 'alpn = "sip";', "ALPN protocol: sip"),
        (["-alpn", "h2,sip"], shown, "No ALPN negotiated"),
        (own, mutual, "Verification: OK"),
        ([*own, "-tls1_2"], mutual, "Verification: OK"),
        (["-alpn", "h2"], shown + 'alpn = "sip";', "no application protocol"),
        ([], mutual, "certificate required"),
        (["-tls1_2"], mutual, "handshake failure"),
        (other, mutual, "unknown ca"),
        ([*other, "-tls1_2"], mutual, "unknown ca"),
        (["-tls1_2"], shown + 'versions = "1.3";', "protocol version"),
        (["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"], shown, "protocol version"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], shown, "handshake failure"),
        (["-tls1_3", "-groups", "P-521"], shown, "handshake failure"),
        (["-verify_hostname", "elsewhere.test"], shown, "hostname mismatch"),
    ]
    good = 6
    with lab.daemon(answering([profile for _, profile, _ in cases])) as daemon:
        daemon.ctl("start")
        for i, (args, _, words) in enumerate(cases):
            client = Client(lab, FIRST + i, "-verify_return_error", *args)
            answered = client.ask(timeout_s=5)
            said = client.end()
            assert bool(answered) == (i < good) and words in said, (args, said)
        found = daemon.json("connections")
    assert (found["accepted"], found["handshakes"]["server_full"], found["messages_in"]) == (good, good, good), found
    assert counts(found["not_accepted"]) == {"TLS handshake": len(cases) - good}, found
    assert found["handshakes"]["failed"] == {
        "no shared protocol": 1, "no certificate": 2, "unknown CA": 2, "version": 2, "no shared cipher": 2, "alert: certificate": 1}, found


@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_sessions_are_resumed_with_a_server(lab, certs, version):
    """Each call has a connection of its own: the first is a full handshake, all others resume, as s_server sees it, too."""
    server = Server(lab, FIRST, version)
    with lab.daemon(asking(lab, [f'ca = "{certs}/ca.pem"; resume = 1.0; ticket_wait = "2s";'], calls=10, rate=20,
                           group='connections = "call";')) as daemon:
        report = daemon.run_to_end()
    said = server.end()
    found = report["connections"]["handshakes"]
    assert report["calls"]["placed"]["completed"] == 10, (report["failures"], said)
    assert (found["client_full"], found["client_resumed"], found["resumed_share"]) == (1, 9, 0.9), found
    assert said.count("Reused session-id") == 9, said


@pytest.mark.parametrize("version", ("-tls1_2", "-tls1_3"))
def test_clients_resume_our_sessions(lab, certs, version):
    """A ticket of ours, kept in s_client's file; a server without tickets gives none, and does not take that one."""
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key";'
    session = lab.path("session.pem")
    with lab.daemon(answering([shown, shown + "tickets = 0;"])) as daemon:
        daemon.ctl("start")
        for port, args, words in ((FIRST, ["-sess_out", session], "New, "), (FIRST, ["-sess_in", session], "Reused, "),
                                  (FIRST, ["-sess_in", session], "Reused, "), (FIRST + 1, ["-sess_in", session], "New, ")):
            client = Client(lab, port, "-verify_return_error", version, *args)
            assert client.ask().startswith(b"SIP/2.0 200 "), client.said
            client.say(b"Q\n")
            assert client.process.wait(5) == 0
            assert words + "TLSv1." in client.end(), client.said
        found = daemon.json("connections")
    assert (found["handshakes"]["server_full"], found["handshakes"]["server_resumed"]) == (2, 2), found
    assert counts(found["ended"]) == {"closed by the peer": 4}, found


def test_key_updates_ends_and_stalls_of_servers(lab, certs):
    """Whatever s_server does in the middle, the endpoint asks on: on the same connection, or on another one at once."""
    own = f'ca = "{certs}/ca.pem"; timeout = "1s";'
    servers = [Server(lab, FIRST, "-tls1_3", before=b"K\n"), Server(lab, FIRST + 1, "-tls1_3", before=b"k\n"), Server(lab, FIRST + 2),
               Server(lab, FIRST + 3), Server(lab, FIRST + 4)]
    servers[4].process.send_signal(signal.SIGSTOP)
    with lab.daemon(asking(lab, [own] * 5, calls=16, rate=4, group='connections = "endpoint";').replace('"never"', '"at once"')) as daemon:
        daemon.ctl("start")
        wait_until(lambda: servers[2].answered > 1 and servers[3].answered > 1, 10, "the first answers")
        servers[2].say(b"q\n")  # it closes the socket, without close_notify, and accepts the next one
        servers[3].process.kill()
        servers[3].end()
        servers[3] = Server(lab, FIRST + 3)
        wait_until(lambda: "timeout" in daemon.json("connections")["handshakes"]["failed"], 10, "the end of a handshake that stalls")
        servers[4].process.send_signal(signal.SIGCONT)
        daemon.ctl("wait", "--timeout", "30", status=FAILED)
        report = daemon.json("report")
    said = [server.end() for server in servers]
    done = {a["name"]: a["completed"] for a in report["activities"]}
    found = report["connections"]
    assert (done["g0"], done["g1"]) == (16, 16), (report["failures"], said)
    assert all(server.answered > 1 and done[f"g{i}"] > 2 for i, server in enumerate(servers[2:], 2)), (done, report["failures"], said)
    assert counts(found["ended"]) == {"closed without close_notify": 2}, found["ended"]
    assert found["handshakes"]["failed"]["timeout"] >= 1 and counts(found["failed"])["TLS handshake"] >= 1, found
    assert (found["reopened"], found["open"]) == (2, 5), found


def test_a_server_that_goes_while_its_ticket_is_waited_for(lab, certs):
    """The handshake thread has the connection still: what ended it is told all the same."""
    server = Server(lab, FIRST, "-tls1_3", "-num_tickets", "0")
    with lab.daemon(asking(lab, [f'ca = "{certs}/ca.pem"; resume = 1.0; ticket_wait = "5s";'])) as daemon:
        daemon.ctl("start")
        assert server.wait_for(rb"CIPHER is TLS_"), server.said
        server.process.kill()
        daemon.ctl("wait", "--timeout", "4", status=FAILED)
        report = daemon.json("report")
    server.end()
    found = report["connections"]
    assert (found["opened"], found["open"], counts(found["ended"])) == (1, 0, {"closed without close_notify": 1}), found
    assert [f["cause"] for f in report["failures"]] == ["connection closed without close_notify"], report["failures"]


def test_renegotiation_is_refused_and_who_says_nothing_is_given_up(lab, certs):
    with lab.daemon(answering([f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; timeout = "1s"; '])) as daemon:
        daemon.ctl("start")
        client = Client(lab, FIRST, "-tls1_2")
        assert client.ask(), client.said
        client.say(b"R\n")
        assert client.wait_for(rb"no renegotiation"), client.said
        client.end()
        subprocess.run(["ip", "netns", "exec", lab.peer, "bash", "-c", f"exec 3<>/dev/tcp/{IP4_OURS}/{FIRST}; sleep 2"], check=True, timeout=20)
        found = daemon.json("connections")
    assert (found["accepted"], found["accepted_open"], found["handshakes"]["failed"]) == (1, 0, {"timeout": 1}), found
    assert counts(found["not_accepted"]) == {"TLS handshake": 1}, found


UPGRADE = (b"GET / HTTP/1.1\r\nHost: sbc.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n")


def test_tshark_reads_tls_with_our_key_log(lab, certs):
    """Both versions in both roles, KeyUpdates, and WebSocket over TLS: SIP inside all of it, and nothing that tshark calls an error."""
    keys = lab.path("keys.log")
    log = f'key_log = "{keys}"; '
    shown = log + f'cert = "{certs}/server.pem"; key = "{certs}/server.key";'
    servers = [Server(lab, FIRST, "-tls1_2"), Server(lab, FIRST + 1, "-tls1_3", before=b"K\n")]
    capture = lab.capture()
    with lab.daemon(asking(lab, [log + f'ca = "{certs}/ca.pem";'] * 2, calls=5)) as daemon:
        daemon.run_to_end()
    for server in servers:
        server.end()
    with lab.daemon(answering([shown] * 2).replace(f'sip_port = {FIRST + 1}; transport = "tls"', 'sip_port = 443; transport = "wss"')) as daemon:
        daemon.ctl("start")
        for version in ("-tls1_2", "-tls1_3"):
            client = Client(lab, FIRST, version)
            assert client.ask(), client.said
            if version == "-tls1_3":
                client.say(b"K\n")
                assert client.wait_for(rb"KEYUPDATE"), client.said
            assert client.ask(2), client.said
            client.end()
            browser = Client(lab, 443, version)
            browser.say(UPGRADE)
            assert browser.wait_for(rb"HTTP/1\.1 101 "), browser.said
            browser.say(frame(options(3, "WSS")))
            assert browser.wait_for(rb"SIP/2\.0 200 "), browser.said
            browser.end()
    capture.stop()
    capture.decrypt(keys, FIRST + 1)
    capture.check_clean()
    # asked twice in each version, and five times each server; over WebSocket once in each version
    asked = collections.Counter(capture.fields('sip.Method == "OPTIONS"', "ip.dst", "tcp.dstport"))
    assert asked == {(IP4_PEER, str(FIRST)): 5, (IP4_PEER, str(FIRST + 1)): 5, (IP4_OURS, str(FIRST)): 4, (IP4_OURS, "443"): 2}, asked
    answered = collections.Counter()
    for codes, *end in capture.fields("sip.Status-Code == 200", "sip.Status-Code", "ip.src", "tcp.srcport"):
        answered[tuple(end)] += len(codes.split(","))  # a record may hold several
    assert answered == asked, answered
    assert len(capture.fields("websocket && sip")) == 4
    versions = collections.Counter(capture.fields("tls.handshake.type == 2", "tls.handshake.extensions.supported_version"))
    assert versions == {("",): 3, ("0x0304",): 3}, versions
    assert len(capture.fields("tls.handshake.type == 24")) >= 3
