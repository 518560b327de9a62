# SPDX-License-Identifier: BSD-3-Clause
"""
Connections that carry requests both ways (RFC 5923), and those that are shared or each call's own over TLS, with kamailio; and a peer of
the kernel's sockets that asks to be called back on the connection that it opened. SIPp's l1 and ln would be the latter two, but
Debian's SIPp 3.6.1 is built without TLS: "To use a TLS transport you must compile SIPp with OpenSSL".
"""

import json
import sys

import pytest

from kamailio import PROXY, Kamailio
from kamailio_streams import AHEAD, certificates, tls_config
from lab import IP4_OURS, IP4_PEER, own_core, wait_until
from plans import AF_PACKET, CALM, caller
from test_streams import PEER, over

CALLS = 40
PORTS = {"tcp": 5060, "tls": 5061}

# It answers OPTIONS itself, and sends all else to where the callees take connections, unless it knows one that leads there.
_CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
tcp_connection_lifetime=3600
tcp_accept_aliases=yes
enable_tls=yes
listen=tcp:{peer}:5060
listen=tls:{peer}:5061
auto_aliases=no
mhomed=0
loadmodule "tls.so"
{proxy}modparam("tls", "config", "{tls}")
request_route {{
	if (has_totag()) {{
		loose_route();
		t_relay();
		exit;
	}}
	if (is_method("OPTIONS")) {{
		sl_send_reply("200", "OK");
		exit;
	}}
	record_route();
	$du = "sip:{ours}:5060;transport={transport}";
	t_relay();
}}
"""


def proxy(lab, transport):
    return Kamailio.of_text(lab, _CONFIG.format(peer=IP4_PEER, ours=IP4_OURS, transport=transport, proxy=PROXY.format(ctl="{ctl}"),
                                                tls=tls_config(lab, certificates(lab))), ahead=AHEAD)


def through_proxy(transport, connections, alias):
    """A callee that has asked the proxy something, so that it knows its connection, then calls to it."""
    tls = 'tls = "t"; ' if transport == "tls" else ""
    group = f'kind = "trunk"; port = "wire"; addresses = "{IP4_OURS}"; count = 100; transport = "{transport}"; {tls}'
    group += f'proxy = "sip:{IP4_PEER}:{PORTS[transport]};transport={transport}";'
    return f"""
targets = [ "{IP4_PEER}/32" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{IP4_OURS}/20" ]; }} );
tls = ( {{ name = "t"; verify = false; }} );
endpoints = ( {{ name = "callers"; sip_port = 5070; connections = "{connections}"; {group} }},
              {{ name = "callees"; {"alias = true;" if alias else ""} {group} }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "uas"; total = {CALLS}; ring = "0s"; }},
               {{ name = "ask"; do = "options"; from = "callees"; to = "sip:{IP4_PEER}"; rate = 10; total = 1; }},
               {{ name = "calls"; do = "call"; start = "after ask"; from = "callers"; to = "sip:service@{IP4_PEER}"; scenario = "uac";
                  rate = 200; total = {CALLS}; hold = "0s"; }} );
run = {{ seed = 1; mode = "rfc3261"; drain = "10s"; {CALM} }};
"""


@pytest.mark.parametrize("transport, connections, alias", (("tcp", "shared", True), ("tls", "shared", True), ("tls", "call", False)))
def test_kamailio_calls_back_on_our_connection_if_we_ask(lab, transport, connections, alias):
    proxy(lab, transport)
    with lab.daemon(through_proxy(transport, connections, alias)) as daemon:
        report = daemon.run_to_end()
    calls = report["calls"]
    assert calls["placed"]["completed"] == CALLS + 1 and calls["answered"]["completed"] == CALLS, (calls, report["failures"])
    found = report["connections"]
    assert found["opened"] == {"shared": 1, "call": CALLS}[connections] + 1, found
    assert found["accepted"] == (0 if alias else 1), found
    assert (found["failed"], report["sip"]["retransmitted"]) == ([], 0), found
    if transport == "tls":
        assert found["handshakes"]["client_full"] == found["opened"], found["handshakes"]


def test_a_peer_is_called_back_on_the_connection_that_it_opened(lab):
    """Nobody listens at the port that its Via names."""
    plan = over(caller(CALLS, 200, scenario="options"), "tcp", "alias = true;")
    plan = plan.replace("activities = (", 'activities = ( { name = "answer"; do = "answer"; endpoints = "callers"; scenario = "options_uas"; },')
    plan = plan.replace('do = "call";', 'do = "call"; start = "manual";').replace("drain", 'mode = "rfc3261"; drain')
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        peer = lab.start([sys.executable, PEER, "alias", IP4_OURS, "5060", str(CALLS)], lab.peer, "alias.log")
        wait_until(lambda: "asked" in peer.output(), 10, "the answer to the peer's own request")
        daemon.ctl("start", "calls")
        assert peer.wait(30) == 0, peer.output()
        found = daemon.json("connections")
        placed = daemon.json("report")["calls"]["placed"]
    told = json.loads(peer.output().splitlines()[-1])
    assert told == {"requests": CALLS, "alias": CALLS} and placed["completed"] == CALLS, (told, placed)
    assert (found["started"], found["accepted"], found["aliased"], found["not_aliased"]) == (0, 1, 1, 0), found
