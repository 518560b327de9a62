# SPDX-License-Identifier: BSD-3-Clause
"""
Phones that register at kamailio over connections of their own, TCP, TLS, WS and WSS, and are called on them: what is sent to a phone
comes on the connection that it registered on, in the registrar's table as on the wire, and all of them come back when it restarts.
"""

import os
import re

import pytest

from conftest import FULL
from kamailio import REFUSE_BRIEF, Kamailio
from kamailio_streams import AHEAD, PORTS, certificates, edge, edges_registrar, registrar
from lab import IF_PEER, IP4_PEER, run, wait_until
from phones import calling, registering, route_phones
from plans import CALM
from programs import ROOT, STOPPED
from test_kamailio import check_calls, check_registrations, finish

TRANSPORTS = ("tcp", "tls", "ws", "wss")
PHONES = 2000 if FULL else 160
CALLS = 5000 if FULL else 200

# How phones come back: by RFC 5626, 15 to 30 s later, where time allows; else in so much shorter a time.
RECONNECT = "rfc5626" if FULL else "spread 1s"

each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def phones_lab(lab):
    """A lab whose peer knows the way to the phones."""
    route_phones(lab, run)
    return lab


def over(lab, transport, plan):
    """@plan, its phones' TLS profile put in front of its groups; their keys go to a file."""
    if transport not in ("tls", "wss"):
        return plan
    place = certificates(lab)
    profile = f'tls = ( {{ name = "access"; ca = "{place}/ca.pem"; key_log = "{lab.path("keys.log")}"; }} );\n'
    return plan.replace("endpoints = (", profile + "endpoints = (", 1)


def phones(transport, more=""):
    tls = 'tls = "access"; ' if transport in ("tls", "wss") else ""
    return f'transport = "{transport}"; {tls}{more}'


def registered(daemon, count, timeout_s=60):
    wait_until(lambda: daemon.json("stats")["registrations"]["active"] == count, timeout_s, f"{count} registrations")


def flows(registrar_, count):
    """{user: (address, port) that the registrar reaches it at}, one contact each."""
    found = {}
    for user, contacts in registrar_.contacts(f"{letter}{i:05}" for letter in "uv" for i in range(count // 2)).items():
        assert len(contacts) == 1, (user, contacts)
        host, _, rest = contacts[0]["Received"].removeprefix("sip:").partition(":")
        found[user] = (host, rest.partition(";")[0])
    assert len(found) == count, len(found)
    return found


def messages(capture, display_filter, *names):
    """As capture.fields(), one tuple a message: a segment or frame may hold several."""
    found = []
    for fields in capture.fields(f"sip && ({display_filter})", *names):
        columns = [field.split(",") for field in fields]
        most = max(map(len, columns))
        found += zip(*(column * most if len(column) == 1 else column for column in columns))
    return found


def check_wire(capture, transport, places, calls):
    """@places: flows() before and behind a restart. INVITEs go to the connections that their callees registered on, and nowhere else."""
    port = PORTS[transport]
    seen, invites = {user: set() for user in places[0]}, []
    for method, user, callee, *ends in messages(
            capture, f'sip.Method == "REGISTER" || (sip.Method == "INVITE" && ip.src == {IP4_PEER})',
            "sip.Method", "sip.from.user", "sip.to.user", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport"):
        if method == "REGISTER":
            assert ends[2:] == [IP4_PEER, str(port)], ends
            seen[user].add(tuple(ends[:2]))
        elif method == "INVITE":
            invites.append((callee, tuple(ends[2:])))
    for user, connections in seen.items():
        assert connections == {place[user] for place in places}, (user, connections)
    assert len(invites) == calls, len(invites)
    astray = [(callee, end) for callee, end in invites if end not in seen[callee]]
    assert not astray, astray[:3]
    check_ours_on_the_wire(capture, transport)
    syn = f"tcp.flags.syn == 1 && tcp.flags.ack == 0 && ip.src == {IP4_PEER}"  # a connection that the proxy opens
    wrong = capture.fields(f"_ws.malformed || (_ws.expert.severity == error && ip.dst == {IP4_PEER}) || ({syn})",
                           "frame.number", "_ws.expert.message")
    assert not wrong, wrong[:5]


def check_ours_on_the_wire(capture, transport):
    """What we say of the transport: that in Via, and in Contact, where WSS has no name of its own (RFC 7118, 5.2)."""
    ours = capture.fields(f"sip.Method && ip.dst == {IP4_PEER}", "sip.Via.transport", "sip.Contact")
    vias = {word for via, _ in ours for word in via.split(",")}
    assert vias == {transport.upper()}, vias
    contacts = {name.lower() for _, contact in ours for name in re.findall(r";transport=(\w+)", contact)}
    assert contacts == {"ws" if transport == "wss" else transport}, contacts


@each_transport
def test_phones_are_called_on_the_connections_that_they_registered_on(phones_lab, transport):
    """Register, call, restart the registrar, call again: RFC 5626's story, at each transport."""
    place = registrar(phones_lab)
    half = CALLS // 2
    plan = over(phones_lab, transport, calling(
        PHONES // 2, half, 200 if FULL else 100, reg_rate=100, again=CALLS - half, phones=phones(transport, f'reconnect = "{RECONNECT}";')))
    capture = phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        registered(daemon, PHONES)
        before = flows(place, PHONES)
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["completed"] == half, 60, "the first calls")
        place.stop()
        wait_until(lambda: daemon.json("stats")["connections"]["open"] == 0, 10, "the ends of all connections")
        place.start()
        registered(daemon, PHONES, 200)
        behind = flows(place, PHONES)
        assert all(before[user] != behind[user] for user in before)
        daemon.ctl("start", "again")
        daemon.ctl("wait", "--timeout", "240", timeout_s=250)
        report = daemon.json("report")
    capture.stop()
    check_calls(report, CALLS)
    check_back(report, PHONES, transport)
    assert place.bindings() == 0
    capture.decrypt(phones_lab.path("keys.log") if transport in ("tls", "wss") else None)
    check_wire(capture, transport, (before, behind), CALLS)


def check_back(report, count, transport="tcp"):
    """None is lost, and each waited as it should. Kamailio that stops closes TCP, and says no close_notify."""
    how = "closed without close_notify" if transport in ("tls", "wss") else "closed by the peer"
    r, c = report["registrations"], report["connections"]
    assert (r["registered"], r["refreshed"], r["unregistered"], r["active"]) == (count, count, count, 0), r
    assert r["failed"] == r["refresh_failed"] == r["unregister_failed"] == 0, r
    assert (c["peak"], c["opened"], c["reopened"], c["accepted"]) == (count, 2 * count, count, 0), c
    assert c["ended"] == [{"cause": how, "count": count}], c["ended"]
    assert c["registered_ms"]["count"] == count, c["registered_ms"]
    if FULL:  # 15 to 30 s, section 4.5
        assert 15000 <= c["registered_ms"]["min"] and c["back_ms"]["p50"] > 18000, c["back_ms"]
        assert c["failed"] or c["back_ms"]["max"] < 32000, c["back_ms"]  # a busy kamailio turns some away: those wait longer


def test_refreshes_stay_on_the_connection_and_stale_nonces_are_answered(phones_lab):
    count, transport = 40, "wss"
    registrar(phones_lab, nonce_expire=1, least=1)
    capture = phones_lab.capture()
    plan = registering(count, 100, expires="4s", more="refresh = [ 0.5, 0.6 ];", phones=phones(transport))
    with phones_lab.daemon(over(phones_lab, transport, plan)) as daemon:
        daemon.ctl("start")
        wait_until(lambda: daemon.json("stats")["registrations"]["refreshed"] >= 3 * count, 30, "three refreshes of each")
        daemon.ctl("stop")
        daemon.ctl("wait", "--timeout", "30", status=STOPPED)
        report = daemon.json("report")
    capture.stop()
    capture.decrypt(phones_lab.path("keys.log"))
    r, c = report["registrations"], report["connections"]
    assert (r["registered"], r["failed"], r["refresh_failed"]) == (count, 0, 0), r
    assert (c["opened"], c["ended"], c["accepted"]) == (count, [], 0), c
    places = {}
    for user, address, source in messages(capture, 'sip.Method == "REGISTER"', "sip.from.user", "ip.src", "tcp.srcport"):
        places.setdefault(user, set()).add((address, source))
    assert len(places) == count and all(len(found) == 1 for found in places.values()), places
    assert capture.count('sip.Status-Code == 401 && sip contains "stale=true"') >= 2 * count


def test_an_interval_that_is_too_brief_is_asked_for_again(phones_lab):
    count = 40
    place = registrar(phones_lab, register=REFUSE_BRIEF.format(address=IP4_PEER))
    with phones_lab.daemon(registering(count, 100, expires="10s", phones=phones("ws"))) as daemon:
        daemon.ctl("start")
        registered(daemon, count)
        granted = [int(contacts[0]["Expires"]) for contacts in place.contacts(f"u{i:05}" for i in range(count)).values()]
        daemon.ctl("stop")
        daemon.ctl("wait", "--timeout", "30", status=STOPPED)
        report = daemon.json("report")
    assert len(granted) == count and all(50 <= seconds <= 60 for seconds in granted), granted
    r = report["registrations"]
    assert (r["registered"], r["failed"], report["connections"]["opened"]) == (count, 0, count), r


def test_the_shipped_plan_and_configuration_fit_each_other(phones_lab):
    """config/register-then-answer-tls as docs/register-then-answer-tls.md runs it, on our wire; by default with fewer phones."""
    place = os.path.join(ROOT, "config", "register-then-answer-tls")
    certificates(phones_lab)  # both name them as "certs", beside themselves
    proxy = Kamailio.of_file(phones_lab, os.path.join(place, "kamailio.cfg"), ahead=AHEAD)
    with open(os.path.join(place, "plan.conf")) as file:
        plan = file.read()
    phones_, calls, rates = (2000, 5000, (200, 100)) if FULL else (400, 150, (100, 50))
    for shipped, here in (("iface=rs-load0", "iface=rs-ours"), ("total = 5000", f"total = {calls}"),
                          ("rate = 100;", f"rate = {rates[1]};"), ("rate = 200;", f"rate = {rates[0]}; unregister_rate = 1000;"),
                          ("count = 2000", f"count = {phones_}"), ("run = {", f"run = {{ {CALM}")):
        assert shipped in plan, shipped
        plan = plan.replace(shipped, here)
    with phones_lab.daemon(plan) as daemon:
        report = finish(daemon)
    check_calls(report, calls)
    check_registrations(report, phones_)
    c = report["connections"]
    assert (c["opened"], c["peak"], c["accepted"], c["failed"], c["ended"]) == (phones_, phones_, 0, [], []), c
    assert c["handshakes"]["client_full"] == phones_, c["handshakes"]
    assert proxy.bindings() == 0


EDGES, REGISTRAR = (IP4_PEER, "198.18.0.3"), "198.18.0.5"


def both_flows(registrar_, users):
    """{user: {edge: its Path}}: RFC 5626, a binding for each flow, of one instance."""
    found = {}
    for user, contacts in registrar_.contacts(users).items():
        assert {c["Reg-Id"] for c in contacts} <= {"1", "2"} and len({c["Instance"] for c in contacts}) == 1, (user, contacts)
        assert contacts[0]["Instance"].startswith("<urn:uuid:"), contacts[0]
        found[user] = {EDGES[int(c["Reg-Id"]) - 1]: c["Path"] for c in contacts}
        for address, path in found[user].items():
            assert f"@{address};lr;ob>" in path, (user, path)
    return found


def test_phones_have_a_flow_to_each_of_two_edges_and_are_called_on_either(phones_lab):
    """RFC 5626: two edge proxies before a registrar; one of them restarts, and calls come over the other meanwhile."""
    phones_, calls = 100, 100
    for address in (EDGES[1], REGISTRAR):
        run("ip", "-n", phones_lab.peer, "addr", "add", f"{address}/20", "dev", IF_PEER)
    place = edges_registrar(phones_lab, REGISTRAR)
    edges = [edge(phones_lab, number, address, REGISTRAR, flow_timer=3) for number, address in enumerate(EDGES)]
    plan = calling(phones_ // 2, calls // 2, 50, again=calls // 2, targets=[f"{address}/32" for address in EDGES],
                   phones='transport = "tcp"; outbound = true; reconnect = "spread 1s";',
                   proxy="[ " + ", ".join(f'"sip:{address}"' for address in EDGES) + " ]", hold="4s")
    users = [f"{letter}{i:05}" for letter in "uv" for i in range(phones_ // 2)]
    capture = phones_lab.capture()
    with phones_lab.daemon(plan) as daemon:
        daemon.ctl("start")
        registered(daemon, 2 * phones_)
        before = both_flows(place, users)
        assert all(set(paths) == set(EDGES) for paths in before.values()) and len(before) == phones_
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["completed"] == calls // 2, 60, "the first calls")
        wait_until(lambda: daemon.json("stats")["connections"]["pongs_in"] >= 2 * phones_, 20, "pongs on all flows")
        edges[1].stop()
        registered(daemon, phones_)
        daemon.ctl("start", "again")
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["established"] == calls, 60, "the calls over one edge")
        edges[1].start()
        registered(daemon, 2 * phones_)
        behind = both_flows(place, users)
        daemon.ctl("wait", "--timeout", "60")
        report = daemon.json("report")
    capture.stop()
    check_calls(report, calls)
    for user, paths in behind.items():
        assert paths[EDGES[0]] == before[user][EDGES[0]] and paths[EDGES[1]] != before[user][EDGES[1]], (user, paths)
    c = report["connections"]
    assert (c["peak"], c["opened"], c["reopened"], c["accepted"]) == (2 * phones_, 3 * phones_, phones_, 0), c
    check_edges(capture, calls)


def check_edges(capture, calls):
    """While one was away the other brought all calls. The callers ask for their flow in dialogs, so each edge's Record-Route names it."""
    brought = [len(messages(capture, f'sip.Method == "INVITE" && ip.src == {address} && tcp', "tcp.dstport")) for address in EDGES]
    assert sum(brought) == calls and brought[0] >= calls // 2, brought
    for (route,) in capture.fields(f'sip.Method == "INVITE" && ip.src == {EDGES[0]} && tcp', "sip.Record-Route"):
        assert len(re.findall(r"<sip:[^@>]+@198\.18\.0\.[13];transport=tcp", route)) >= 2, route  # a user part is a flow
    # those user parts begin with any sign, and with "+" tshark takes them for telephone numbers
    wrong = capture.fields("_ws.malformed", "frame.number", "_ws.expert.message")
    assert not [message for _, message in wrong if message.replace("Country Code contains non-decimal digits", "").strip(",")], wrong[:5]
