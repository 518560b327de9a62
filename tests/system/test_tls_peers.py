# SPDX-License-Identifier: BSD-3-Clause
"""TLS with openssl's s_server and s_client: versions, suites, certificates, resumption, alerts; and tshark with our key log."""

import os
import subprocess
import time

import pytest

from lab import IP4_OURS, IP4_PEER, wait_until
from openssl_peers import Client, Server, request_text
from plans import AF_PACKET, CALM, _head
from programs import FAILED, ROOT
from stories import receive, request, scenario
from ws_client import frame

FIRST = 5061
ASK = scenario(request("OPTIONS"), receive(200))


@pytest.fixture
def certs(lab):
    """An authority with a server and two clients, an expired server, and another authority's."""
    for name, more in (("certs", ["--expired", "--clients", "2"]), ("other", ["--expired"])):
        subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), *more, "--name", "sbc.test", "--name", IP4_OURS, "--name", IP4_PEER,
                        lab.path(name)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return lab.path("certs")


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


def causes(rows):
    """Rows of the report's `connections` as {cause: count}."""
    return {row["cause"]: row["count"] for row in rows}


def test_names_protocols_and_certificates_as_client(lab, certs):
    """SNI and ALPN reach the server, a certificate is shown when it asks, and what is wrong fails by its cause."""
    own = f'ca = "{certs}/ca.pem"; '
    client = f'cert = "{certs}/client-{{index}}.pem"; key = "{certs}/client-{{index}}.key"; '
    mutual = ["-Verify", "1", "-verify_return_error"]
    cases = [  # s_server's options, our profile, what the call fails by
        (["-servername", "sbc.test", "-cert2", f"{certs}/server.pem", "-key2", f"{certs}/server.key", "-servername_fatal"],
         own + 'sni = "sbc.test"; check_name = "sbc.test";', None),
        (["-alpn", "sip"], own + 'alpn = [ "h2", "sip" ];', None),
        (mutual, own + client, None),
        (mutual + ["-tls1_2"], own + client, None),
        ([], f'ca = "{lab.path("other")}/ca.pem";', "unknown CA"),
        ([], own + 'check_name = "elsewhere.test";', "name mismatch"),
        (["-tls1_2"], own + 'versions = "1.3";', "alert: version"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], own + 'versions = "1.2"; ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";',
         "alert: handshake failure"),
        (mutual + ["-tls1_2"], own, "alert: handshake failure"),  # RFC 5246, 7.4.6
        (mutual, own, "TLS alert"),  # RFC 8446, 4.4.2.4: behind our part of the handshake
        ([], own, "certificate expired"),
    ]
    servers = [Server(lab, FIRST + i, *args, certificate="expired" if cause == "certificate expired" else "server")
               for i, (args, _, cause) in enumerate(cases)]
    with lab.daemon(asking(lab, [profile for _, profile, _ in cases])) as daemon:
        report = daemon.run_to_end(status=FAILED)
    said = [server.end() for server in servers]
    done = {a["name"]: a["completed"] for a in report["activities"]}
    assert [done[f"g{i}"] for i in range(len(cases))] == [int(cause is None) for _, _, cause in cases], (done, report["failures"])
    assert 'Hostname in TLS extension: "sbc.test"' in said[0] and "ALPN protocols selected: sip" in said[1], said[:2]
    assert "CN = client-0" in said[2] and "CN = client-0" in said[3], said[2:4]
    wanted = [cause for _, _, cause in cases if cause]
    found = report["connections"]
    assert found["handshakes"]["failed"] == {cause: wanted.count(cause) for cause in wanted if cause != "TLS alert"}, found["handshakes"]
    assert (causes(found["failed"]), causes(found["ended"])) == ({"TLS handshake": len(wanted) - 1}, {"TLS alert": 1}), found
    assert {f["cause"] for f in report["failures"]} == {"connection TLS handshake", "connection TLS alert"}, report["failures"]


def test_certificates_and_protocols_as_server(lab, certs):
    """Clients that show the right certificate, none, another authority's, an expired one; and what they offer by ALPN."""
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; '
    plan = answering([shown + f'mutual = true; ca = "{certs}/ca.pem";', shown + 'alpn = "sip";', shown + 'versions = "1.2";'])

    def of(place, name):
        return ["-cert", f"{lab.path(place)}/{name}.pem", "-key", f"{lab.path(place)}/{name}.key"]

    cases = [  # s_client's options, port, whether it is answered, what it says of it, our cause
        (of("certs", "client-0"), 0, True, "Verify return code: 0 (ok)", None),
        (of("certs", "client-1") + ["-tls1_2"], 0, True, "Verify return code: 0 (ok)", None),
        (["-tls1_3"], 0, False, "certificate required", "no certificate"),
        (["-tls1_2"], 0, False, "handshake failure", "no certificate"),
        (of("other", "client-0"), 0, False, "unknown ca", "unknown CA"),
        (of("certs", "expired") + ["-tls1_2"], 0, False, "certificate expired", "certificate expired"),
        (["-alpn", "h2,sip"], 1, True, "ALPN protocol: sip", None),
        (["-alpn", "h2"], 1, False, "no application protocol", "no shared protocol"),
        ([], 1, True, "No ALPN negotiated", None),
        (["-tls1_3"], 2, False, "protocol version", "version"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], 2, False, "handshake failure", "no shared cipher"),
    ]
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        for number, (args, port, answered, words, _) in enumerate(cases, 1):
            client = Client(lab, FIRST + port, *args)
            got = client.ask(number, 5)
            assert bool(got) == answered, (args, client.said)
            assert words in client.end(), (args, client.said)
        found = daemon.json("connections")
    wanted = [cause for _, _, _, _, cause in cases if cause]
    assert found["handshakes"]["failed"] == {cause: wanted.count(cause) for cause in wanted}, found["handshakes"]
    assert causes(found["not_accepted"]) == {"TLS handshake": len(wanted)} and found["accepted"] == len(cases) - len(wanted), found


def test_sessions_are_resumed_both_ways(lab, certs):
    """By tickets of TLS 1.3 and 1.2: four calls with a connection each, all but the first resumed; and s_client's -sess_in."""
    ours = [f'ca = "{certs}/ca.pem"; resume = 1.0;'] * 2
    servers = [Server(lab, FIRST, "-tls1_3"), Server(lab, FIRST + 1, "-tls1_2")]
    with lab.daemon(asking(lab, ours, calls=4, rate=4, group='connections = "call";')) as daemon:
        report = daemon.run_to_end()
    said = [server.end() for server in servers]
    found = report["connections"]["handshakes"]
    assert (found["client_full"], found["client_resumed"], found["resumed_share"]) == (2, 6, 0.75), (found, said)
    assert [text.count("Reused session-id") for text in said] == [3, 3], said

    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; '
    with lab.daemon(answering([shown, shown + "tickets = 0;"]), name="server.conf") as daemon:
        daemon.ctl("start")
        for version in ("-tls1_3", "-tls1_2"):
            for port, reused in ((0, True), (1, False)):
                session = lab.path(f"session{version}{port}")
                first = Client(lab, FIRST + port, version, "-sess_out", session)
                assert first.ask(1) and first.wait_for(rb"New, TLS"), first.said
                first.say(b"Q\n")  # s_client writes the session as it ends
                first.process.wait(10)
                # Without a ticket TLS 1.3 leaves nothing to come back with.
                again = Client(lab, FIRST + port, version, *(["-sess_in", session] if os.path.exists(session) else []))
                assert again.ask(2).startswith(b"SIP/2.0 200 ") and again.wait_for(rb"Reused, TLS" if reused else rb"New, TLS", 2), again.said
                again.end()
        found = daemon.json("connections")["handshakes"]
    assert (found["server_full"], found["server_resumed"], found["failed"]) == (6, 2, {}), found


def test_what_happens_to_an_open_connection(lab, certs):
    """KeyUpdate both ways, close_notify, TCP's end without it, a fatal alert; renegotiation is refused; a handshake that stalls ends."""
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; timeout = "1s"; '
    servers = [Server(lab, FIRST, before=b"K\n"), Server(lab, FIRST + 1, before=b"k\n")]
    with lab.daemon(asking(lab, [f'ca = "{certs}/ca.pem";'] * 2, calls=5)) as daemon:
        report = daemon.run_to_end()
    assert report["calls"]["placed"]["completed"] == 10, (report["failures"], [server.said for server in servers])
    for server in servers:
        server.end()

    with lab.daemon(answering([shown]), name="server.conf") as daemon:
        daemon.ctl("start")

        def ended():
            c = daemon.json("connections")
            return causes(c["ended"]) | {"not accepted": causes(c["not_accepted"])}

        client = Client(lab, FIRST, "-tls1_3")
        for number, command in enumerate((b"", b"K\n", b"k\n", b"K\n"), 1):
            client.say(command)
            time.sleep(0.1)
            assert client.ask(number).startswith(b"SIP/2.0 200 "), client.said
        client.say(b"Q\n")  # close_notify, then FIN
        wait_until(lambda: ended().get("closed by the peer") == 1, 5, "the end by close_notify")
        client = Client(lab, FIRST)
        assert client.ask()
        client.process.kill()  # FIN only
        wait_until(lambda: ended().get("closed by the peer") == 2, 5, "the end without close_notify")
        client = Client(lab, FIRST, "-tls1_2")
        assert client.ask()
        client.say(b"R\n")
        assert client.wait_for(rb"no renegotiation", 5), client.said
        client.end()
        stalled = lab.start(["sleep", "30"], lab.peer, "stalled.log")  # a TCP connection on which nobody speaks
        subprocess.run(["ip", "netns", "exec", lab.peer, "bash", "-c", f"exec 3<>/dev/tcp/{IP4_OURS}/{FIRST}; sleep 2.5"], check=True, timeout=20)
        stalled.end()
        found = daemon.json("connections")
        assert found["handshakes"]["failed"] == {"timeout": 1}, found
        assert causes(found["not_accepted"]) == {"TLS handshake": 1} and found["accepted_open"] == 0, found


UPGRADE = (f"GET / HTTP/1.1\r\nHost: {IP4_OURS}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def test_tshark_reads_all_of_it_with_our_key_log(lab, certs):
    """Both roles and versions, a KeyUpdate, WebSocket in it: every SIP message is seen, and tshark finds nothing wrong."""
    keys = lab.path("keys.log")
    shown = f'cert = "{certs}/server.pem"; key = "{certs}/server.key"; key_log = "{keys}"; '
    capture = lab.capture()
    servers = [Server(lab, FIRST, "-tls1_3", before=b"K\n"), Server(lab, FIRST + 1, "-tls1_2")]
    with lab.daemon(asking(lab, [f'ca = "{certs}/ca.pem"; key_log = "{keys}";'] * 2, calls=2)) as daemon:
        daemon.run_to_end()
    for server in servers:
        server.end()
    plan = answering([shown, shown, shown])
    plan = plan.replace('transport = "tls"; tls = "g2"', 'transport = "wss"; tls = "g2"')
    with lab.daemon(plan, name="server.conf") as daemon:
        daemon.ctl("start")
        for port, version in enumerate(("-tls1_3", "-tls1_2")):
            client = Client(lab, FIRST + port, version)
            assert client.ask(10 + port), client.said
            client.end()
        client = Client(lab, FIRST + 2)
        client.say(UPGRADE.encode())
        assert client.wait_for(rb"101 Switching Protocols"), client.said
        client.say(frame(request_text(20, "WSS")))
        assert client.wait_for(rb"SIP/2\.0 200 "), client.said
        client.end()
    capture.stop()
    capture.decrypt(keys, [FIRST + 1])
    capture.check_clean()
    seen = capture.dialogs()
    assert sum(len(messages) for messages in seen.values()) == 2 * 4 + 2 * 3, seen
    assert all(messages == ["OPTIONS", "200 OPTIONS"] for messages in seen.values()), seen
    assert capture.count("websocket && sip") == 2 and capture.count("tls.handshake.type == 24") >= 1
    assert not capture.fields("tcp.len > 0 && (tcp.analysis.retransmission || tcp.analysis.lost_segment)", "frame.number")
