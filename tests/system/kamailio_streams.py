# SPDX-License-Identifier: BSD-3-Clause
"""kamailio that phones reach by connections only, over TCP, TLS, WS and WSS: what is sent to a phone goes over the one it registered on."""

import os
import subprocess

from kamailio import DOMAIN, PROXY, Kamailio, proxied
from lab import IP4_PEER
from programs import ROOT

# One that waits for the processor gives connections up that it has accepted and not read.
AHEAD = ("nice", "-n", "-5")
PORTS = {"tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}

# Connections are kept as long as a test lasts, and there may be thousands of them.
_HEAD = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children={children}
tcp_max_connections=16384
tls_max_connections=16384
tcp_connection_lifetime=3600
tcp_connect_timeout=5
tcp_accept_no_cl=yes
enable_tls=yes
{listen}auto_aliases=no
alias="{domain}"
mhomed=0
loadmodule "tls.so"
loadmodule "outbound.so"
{proxy}loadmodule "path.so"
loadmodule "nathelper.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
modparam("tls", "config", "{tls}")
modparam("websocket", "keepalive_mechanism", 0)
modparam("nathelper", "received_avp", "$avp(RECEIVED)")
"""

_REGISTRAR = """loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 12)
modparam("usrloc", "timer_interval", 1)
modparam("registrar", "max_contacts", {contacts})
modparam("registrar", "min_expires", {least})
modparam("registrar", "max_expires", 3600)
modparam("registrar", "outbound_mode", {outbound})
modparam("registrar", "flow_timer", {flow_timer})
modparam("registrar", "path_mode", 1)
modparam("registrar", "use_path", 1)
modparam("auth", "nonce_expire", {nonce_expire})
"""

# The upgrade to WebSocket; a contact's alias is where it was heard from, which a name in ".invalid" does not tell.
_EVENTS = """
modparam("registrar", "received_avp", "$avp(RECEIVED)")
onreply_route {{
	if (is_method("INVITE")) add_contact_alias();
}}
event_route[xhttp:request] {{
	if ($hdr(Upgrade) =~ "websocket" && $rm == "GET") {{
		ws_handle_handshake();
		exit;
	}}
	xhttp_reply("404", "Not Found", "", "");
}}
"""

_ROUTES = """
request_route {{
""" + proxied(routed="if (!isdsturiset()) handle_ruri_alias();") + """	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("{domain}", "p$(au{{s.substr,1,0}})", "0")) {{
			if ($rc == -4) {{ www_challenge("{domain}", "17"); }} else {{ www_challenge("{domain}", "1"); }}
			exit;
		}}
		{register}
		fix_nated_register(); # the binding is the connection that this came on
		save("location");
		exit;
	}}
	if (is_method("INVITE")) {{
		if (!pv_proxy_authenticate("{domain}", "p$(au{{s.substr,1,0}})", "0")) {{
			if ($rc == -4) {{ proxy_challenge("{domain}", "17"); }} else {{ proxy_challenge("{domain}", "1"); }}
			exit;
		}}
		consume_credentials();
		add_contact_alias();
	}}
	record_route();
	if (!lookup("location")) {{
		sl_send_reply("480", "Not registered");
		exit;
	}}
	t_relay();
}}
""" + _EVENTS


def certificates(lab, *names):
    """Made once for a lab: the directory that they are in."""
    place = lab.path("certs")
    named = [word for name in names or (IP4_PEER,) for word in ("--name", name)]
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), *named, place], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return place


def tls_config(lab, place):
    return lab.write("kamailio-tls.cfg", f"[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n"
                                         f"private_key = {place}/server.key\ncertificate = {place}/server.pem\n"
                                         "[client:default]\nmethod = TLSv1.2+\nverify_certificate = no\n")


def registrar(lab, contacts=1, outbound=0, flow_timer=0, nonce_expire=600, least=10, register="", children=1):
    """
    One that is registrar and proxy in one, on all four transports.

    @param outbound    what the registrar does of RFC 5626: 0 nothing, 1 what phones ask for
    @param flow_timer  of its Flow-Timer, s; 0: none
    @param register    statements of the configuration before a binding is saved
    @param children    processes that read connections; with more than one OpenSSL 3 fails in kamailio 5.6 now and then ("unsupported
                       algorithm"), and a TLS connection with it
    """
    parts = {"domain": DOMAIN, "contacts": contacts, "outbound": outbound, "flow_timer": flow_timer, "nonce_expire": nonce_expire,
             "least": least, "register": register, "children": children, "proxy": PROXY.format(ctl="{ctl}"),
             "tls": tls_config(lab, certificates(lab)),
             "listen": "".join(f"listen={'tls' if t in ('tls', 'wss') else 'tcp'}:{IP4_PEER}:{p}\n" for t, p in PORTS.items())}
    return Kamailio.of_text(lab, (_HEAD + _REGISTRAR + _ROUTES).format(**parts), ahead=AHEAD)


# RFC 5626, 5: an edge knows nobody. A phone's registration goes on with a Path whose user part is the phone's connection, sealed; what
# comes back by that Path goes out on it, or fails with 430 (flow_failed).
_EDGE = """
request_route {{
""" + proxied() + """	if ($pr == "udp") {{ # from the registrar, by a Path
		record_route();
		if (!loose_route()) {{
			sl_send_reply("403", "Forbidden");
			exit;
		}}
		t_on_failure("flow_failed");
		t_relay();
		exit;
	}}
	remove_hf("Route");
	if (is_method("REGISTER")) add_path(); else record_route();
	$du = "sip:{registrar}:5060";
	t_relay();
}}
failure_route[flow_failed] {{
	if (t_branch_timeout() || !t_branch_replied()) send_reply("430", "Flow Failed");
}}
onreply_route {{
	if ($rm == "REGISTER" && $rs == 200 && $(hdr(Require)[*]) =~ "outbound")
		insert_hf("Flow-Timer: {flow_timer}\\r\\n", "Call-ID");
}}
"""

_EDGE_REGISTRAR = """
request_route {{
""" + proxied() + """	remove_hf("Route");
	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("{domain}", "p$(au{{s.substr,1,0}})", "0")) {{
			if ($rc == -4) {{ www_challenge("{domain}", "17"); }} else {{ www_challenge("{domain}", "1"); }}
			exit;
		}}
		save("location");
		exit;
	}}
	record_route();
	if (!lookup("location")) {{
		sl_send_reply("480", "Not registered");
		exit;
	}}
	if (!t_load_contacts() || !t_next_contacts()) {{
		sl_reply_error();
		exit;
	}}
	t_on_branch_failure("flow");
	t_relay();
}}
event_route[tm:branch-failure:flow] {{ # forget it, and try the same phone's other one: RFC 5626, 7
	if (t_check_status("403|430") || (t_branch_timeout() && !t_branch_replied())) {{
		unregister("location", "$tu", "$T_reply_ruid");
		if (t_next_contact_flow()) {{
			t_on_branch_failure("flow");
			t_relay();
		}}
	}}
}}
"""

_EDGE_HEAD = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
tcp_max_connections=16384
tcp_connection_lifetime=3600
listen=tcp:{address}:5060
listen=udp:{address}:5060
auto_aliases=no
mhomed=0
loadmodule "stun.so"
loadmodule "outbound.so"
{proxy}loadmodule "path.so"
modparam("tm", "failure_reply_mode", 3)
modparam("tm", "fr_timer", 2000)
"""

_EDGE_REGISTRAR_HEAD = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
listen=udp:{address}:5060
auto_aliases=no
alias="{domain}"
mhomed=0
{proxy}
modparam("tm", "failure_reply_mode", 3)
modparam("tm", "fr_timer", 3000)
modparam("tm", "restart_fr_on_each_reply", 0)
modparam("tm", "contact_flows_avp", "tm_contact_flows")
modparam("tm", "contacts_avp", "tm_contacts")
"""


def edge(lab, number, address, registrar_, flow_timer):
    """An edge proxy (RFC 5626, 5) at @address, TCP towards phones and UDP towards the registrar; its Flow-Timer in s."""
    text = _EDGE_HEAD + _EDGE
    return Kamailio.of_text(lab, text.format(proxy=PROXY.format(ctl="{ctl}"), address=address, registrar=registrar_, flow_timer=flow_timer),
                            ahead=AHEAD,
                            name=f"edge{number}")


def edges_registrar(lab, address, flows_=2):
    """The registrar behind edges: it tries a phone's @flows_ one after the other."""
    parts = {"domain": DOMAIN, "proxy": PROXY.format(ctl="{ctl}"), "address": address, "contacts": flows_, "outbound": 1,
             "flow_timer": 0, "nonce_expire": 600, "least": 10}
    text = _EDGE_REGISTRAR_HEAD + _REGISTRAR + _EDGE_REGISTRAR
    return Kamailio.of_text(lab, text.format(**parts), ahead=AHEAD, name="registrar")
