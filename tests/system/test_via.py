# SPDX-License-Identifier: BSD-3-Clause
"""
Which way messages go, with SIPp and kamailio: answers to where the request came from (rport, RFC 3581), and requests by an outbound proxy
that is not where their URI leads, which leaves no trace in them.
"""

import pytest

from kamailio import PROXY, Kamailio
from lab import IP4_OURS, IP4_PEER, own_core
from plans import AF_PACKET, CALM, callee, rfc3261
from test_large import SHIPPED
from test_streams import UAS, over

CALLS = 20

# Port 9 is nobody's: who answers there instead of where the request came from is not heard.
_ASKS = """<?xml version="1.0"?>
<scenario name="asks">
  <send retrans="500"><![CDATA[
      OPTIONS sip:x@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] 192.0.2.7:9;branch=[branch];rport
      From: <sip:a@[local_ip]>;tag=[call_number]
      To: <sip:x@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 OPTIONS
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
  <recv response="200"><action>
    <ereg regexp="192\\.0\\.2\\.7:9;branch=[^;]*;rport=[0-9]+;received={peer}" search_in="hdr" header="Via:" check_it="true" assign_to="1"/>
    <ereg regexp="rport={port};" search_in="hdr" header="Via:" check_it="true" assign_to="2"/>
  </action></recv>
  <Reference variables="1,2"/>
</scenario>
"""


@pytest.mark.parametrize("transport, mode", (("udp", "u1"), ("tcp", "t1")))
def test_answers_go_where_the_request_came_from_and_say_so(lab, transport, mode):
    scenario = lab.write("asks.xml", _ASKS.format(peer=IP4_PEER.replace(".", "\\."), port=5070 if mode == "u1" else "[0-9]+"))
    with lab.daemon(rfc3261(over(callee(CALLS, scenario="options_uas"), transport))) as daemon:
        daemon.ctl("start")
        peer = lab.sipp(scenario, IP4_PEER, port=5070, remote=f"{IP4_OURS}:5060", calls=CALLS, rate=100, args=["-t", mode])
        status, stats = peer.finish(30)
        daemon.ctl("wait", "--timeout", "30")
        report = daemon.json("report")
    assert (status, stats["SuccessfulCall(C)"], stats["FailedCall(C)"]) == (0, CALLS, 0), peer.errors()[-2000:]
    assert report["calls"]["answered"]["completed"] == CALLS and report["sip"]["retransmitted"] == 0


_CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
listen=udp:{peer}:5060
auto_aliases=no
mhomed=0
{proxy}loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
request_route {{
	if (is_method("REGISTER")) {{
		save("location");
		exit;
	}}
	if (has_totag()) {{
		loose_route();
		t_relay();
		exit;
	}}
	record_route();
	$du = "sip:{peer}:5080";
	t_relay();
}}
"""

TARGET = "sip:service@198.18.9.9:5099"


def test_an_outbound_proxy_leaves_no_trace_in_requests(lab):
    """RFC 3261, 8.1.2: a next hop that is configured is where requests go, and nothing else; along the dialog it is where it says."""
    with open(SHIPPED, encoding="utf-8") as f:
        scenario = lab.write("elsewhere.xml", f.read().replace("INVITE sip:[service]@[remote_ip]:[remote_port]", f"INVITE {TARGET}"))
    plan = f"""
targets = [ "{IP4_PEER}/32" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{AF_PACKET}"; addresses = [ "{IP4_OURS}/20" ]; }} );
endpoints = ( {{ name = "phones"; port = "wire"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}:5060"; user = "u{{index}}"; domain = "example.org"; }} );
activities = ( {{ name = "reg"; do = "register"; endpoints = "phones"; rate = 100; }},
               {{ name = "calls"; do = "call"; start = "after reg"; from = "phones"; to = "sip:service@{IP4_PEER}"; scenario = "{scenario}";
                  rate = 100; total = {CALLS}; hold = "0s"; }} );
run = {{ seed = 1; mode = "rfc3261"; drain = "10s"; {CALM} }};
"""
    Kamailio.of_text(lab, _CONFIG.format(peer=IP4_PEER, proxy=PROXY.format(ctl="{ctl}")))
    with open(UAS, encoding="utf-8") as f:
        answers = lab.write("answers.xml", f.read().replace("[last_Via:]\n", "[last_Via:]\n      [last_Record-Route:]\n"))
    callee_ = lab.sipp(answers, IP4_PEER, port=5080, calls=CALLS)
    capture = lab.capture()
    with lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    capture.stop()
    callee_.process.end()
    assert report["calls"]["placed"]["completed"] == CALLS, report["failures"]
    ours = f"ip.src == {IP4_OURS}"
    sent = capture.fields(f"sip.Request-Line && {ours}", "sip.Method", "sip.r-uri", "sip.Via", "sip.Route", "sip.Record-Route", "udp.dstport")
    assert {line[5] for line in sent} == {"5060"} and not any(line[4] for line in sent), sent
    assert all(line[2].count("SIP/2.0/UDP") == 1 and f"SIP/2.0/UDP {IP4_OURS}:5060;" in line[2] for line in sent), sent
    by_method = {}
    for line in sent:
        by_method.setdefault(line[0], set()).add(line[1:2] + line[3:4])
    assert by_method["INVITE"] == {(TARGET, "")}, by_method
    assert by_method["REGISTER"] == {("sip:example.org", "")}, by_method
    # By the proxy that has recorded itself, with the callee's Contact for URI.
    for uri, route in by_method["ACK"] | by_method["BYE"]:
        assert f"@{IP4_PEER}:5080" in uri or f"sip:{IP4_PEER}:5080" in uri, by_method
        assert f"sip:{IP4_PEER};" in route and ";lr" in route, by_method
    # REGISTER asks for rport, and kamailio tells.
    assert all(";rport" in line[2] for line in sent if line[0] == "REGISTER"), sent
    told = capture.fields(f'sip.Status-Code == 200 && sip.CSeq.method == "REGISTER" && ip.dst == {IP4_OURS}', "sip.Via")
    assert told and all(";rport=5060" in line[0] for line in told), told
