# SPDX-License-Identifier: BSD-3-Clause
"""Plans with phones that register at the peer, and call each other through it."""

from lab import IP4_OURS, IP4_PEER
from plans import AF_PACKET, CALM

# Behind our end of the wire; the peer has a route to them (see route_phones).
CALLERS = "198.18.16.1-198.18.19.232"
CALLEES = "198.18.20.1-198.18.23.232"
TWINS = "198.18.24.1-198.18.27.232"
PHONES = "198.18.16.0/20"


def route_phones(lab, run):
    """The phones' addresses are behind us, for the peer's kernel."""
    run("ip", "-n", lab.peer, "route", "add", PHONES, "via", IP4_OURS)


def head(targets=(f"{IP4_PEER}/32", PHONES), device=AF_PACKET, cores="[ 0 ]"):
    listed = ", ".join(f'"{t}"' for t in targets)
    return f"""
targets = [ {listed} ];
workers = {{ cores = {cores}; idle = "sleep"; }};
ports = ( {{ name = "access"; device = "{device},blocksz=65536,framesz=4096,framecnt=8192"; routed = true;
            addresses = [ "{IP4_OURS}/20" ]; }} );
"""


def group(name, letter, count, addresses, password="p{index:05}", more="", proxy=f'"sip:{IP4_PEER}"'):
    return (f'{{ name = "{name}"; port = "access"; count = {count}; addresses = "{addresses}"; proxy = {proxy}; '
            f'user = "{letter}{{index:05}}"; domain = "example.test"; password = "{password}"; {more} }}')


def registering(count, rate, expires="3600s", total=None, password="p{index:05}", more="", run_more="", phones="", **settings):
    """One group of @count phones that registers. @phones: further settings of it."""
    return head(**settings) + f"""
endpoints = ( {group("phones", "u", count, CALLERS, password, more=phones)} );
activities = ( {{ name = "reg"; do = "register"; endpoints = "phones"; rate = {rate}; expires = "{expires}"; {more} }} );
run = {{ seed = 1; drain = "10s"; {run_more} {CALM} }};
"""


def calling(count, calls, rate, reg_rate=1000, mode="rfc3261", uac="uac", uas="uas", ring="100ms", hold="200ms", legs="called user",
            twins="", call_more="", answer_more="", run_more="", drain="30s", expires="3600s", phones="", again=0,
            proxy=f'"sip:{IP4_PEER}"', **settings):
    """
    Two groups of @count phones that register; then those of the one call those of the other, @calls times.
    @twins: a third group registers under the names of the called one, and answers by this scenario.
    @phones, @proxy: further settings of both groups. @again: so many further calls when the activity "again" is started.
    """
    more = f"""
	{{ name = "again"; do = "call"; start = "manual"; from = "callers"; to = "callees"; scenario = "{uac}";
	  rate = {rate}; total = {again}; hold = "{hold}"; {call_more} }},""" if again else ""
    third = third_activities = ""
    if twins:
        third = ",\n              " + group("twins", "v", count, TWINS)
        third_activities = f"""
	{{ name = "reg-twins"; do = "register"; endpoints = "twins"; rate = {4 * reg_rate}; expires = "3600s"; }},
	{{ name = "twins"; do = "answer"; endpoints = "twins"; scenario = "{twins}"; ring = "{ring}"; }},"""
    return head(**settings) + f"""
endpoints = ( {group("callers", "u", count, CALLERS, more=phones, proxy=proxy)},
              {group("callees", "v", count, CALLEES, more=phones, proxy=proxy)}{third} );
activities = ({third_activities}{more}
	{{ name = "reg-callers"; do = "register"; endpoints = "callers"; rate = {reg_rate}; expires = "{expires}"; }},
	{{ name = "reg-callees"; do = "register"; endpoints = "callees"; rate = {reg_rate}; expires = "{expires}"; }},
	{{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{uas}"; ring = "{ring}"; {answer_more} }},
	{{ name = "calls"; do = "call"; start = "after reg-callees"; from = "callers"; to = "callees"; scenario = "{uac}";
	  rate = {rate}; total = {calls}; hold = "{hold}"; {call_more} }} );
run = {{ seed = 1; mode = "{mode}"; drain = "{drain}"; max_calls = 10000; legs = "{legs}"; {run_more} {CALM} }};
"""
