# SPDX-License-Identifier: BSD-3-Clause
"""The plans that the system tests run, as text with the few things that differ filled in."""

from lab import IF_OURS, IP4_OURS, IP4_PEER, IP6_OURS, IP6_PEER, own_core

AF_PACKET = f"net_af_packet0,iface={IF_OURS}"
AF_XDP = f"net_af_xdp0,iface={IF_OURS}"

# What else a test machine does with its cores is told in the report; it is not what these stories are about (test_overload.py is).
CALM = "limited_percent = 100; health = { gap_percent = 100; lateness_p99_ms = 5000; };"


def _addresses(family):
    """(ours, peer, prefix length, host of a URI) of an address family."""
    if family == 6:
        return IP6_OURS, IP6_PEER, 64, f"[{IP6_PEER}]"
    return IP4_OURS, IP4_PEER, 20, IP4_PEER


def _head(family, device):
    ours, peer, bits, _ = _addresses(family)
    return f"""
targets = [ "{peer}/{128 if family == 6 else 32}" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
ports = ( {{ name = "wire"; device = "{device}"; addresses = [ "{ours}/{bits}" ]; }} );
"""


def rfc3261(plan, **timers):
    """The same plan by transactions (mode = "rfc3261"), its timers t1, t2 and t4 as given."""
    assert "run = { " in plan
    settings = "".join(f'{name} = "{value}"; ' for name, value in timers.items())
    return plan.replace("run = { ", f'run = {{ mode = "rfc3261"; {settings}')


def caller(total, rate, family=4, device=AF_PACKET, scenario="uac", more=""):
    """Place calls to the peer's port 5060."""
    ours, _, _, host = _addresses(family)
    return _head(family, device) + f"""
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "wire"; addresses = "{ours}"; transport = "udp";
                proxy = "sip:{host}:5060"; user = "1555{{index:05}}"; count = 100; }} );
activities = ( {{ name = "calls"; do = "call"; from = "callers"; to = "sip:service@{host}:5060"; scenario = "{scenario}";
                 rate = {rate}; total = {total}; hold = "0s"; {more} }} );
run = {{ seed = 1; drain = "10s"; max_calls = 20000; {CALM} }};
"""


def callee(total, family=4, device=AF_PACKET, scenario="uas", more=""):
    """Answer calls on port 5060."""
    ours, _, _, host = _addresses(family)
    return _head(family, device) + f"""
endpoints = ( {{ name = "callees"; kind = "trunk"; port = "wire"; addresses = "{ours}"; transport = "udp";
                proxy = "sip:{host}:5060"; user = "1666{{index:05}}"; count = 100; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{scenario}"; total = {total};
                 ring = "0s"; {more} }} );
run = {{ seed = 1; drain = "10s"; max_calls = 20000; {CALM} }};
"""


def both(total, rate=1000, scenario_uac="uac", scenario_uas="uas", more="", ports=None):
    """Both sides in one process over a pair of ring ports: needs no namespace and no privilege over the network."""
    ports = ports or """
ports = ( { name = "a"; device = "ring:pair/a"; addresses = [ "198.18.0.2/20" ]; },
          { name = "b"; device = "ring:pair/b"; addresses = [ "198.18.0.1/20" ]; } );"""
    return f"""
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ {own_core()} ]; idle = "sleep"; }};
{ports}
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "a"; addresses = "198.18.0.2"; transport = "udp";
                proxy = "sip:198.18.0.1:5060"; user = "1555{{index:05}}"; count = 100; }},
              {{ name = "callees"; kind = "trunk"; port = "b"; addresses = "198.18.0.1"; transport = "udp";
                proxy = "sip:198.18.0.2:5060"; user = "1666{{index:05}}"; count = 100; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{scenario_uas}"; ring = "0s"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "sip:1666{{index:05}}@198.18.0.1";
                 scenario = "{scenario_uac}"; rate = {rate}; total = {total}; hold = "0s"; {more} }} );
run = {{ seed = 1; drain = "10s"; max_calls = 20000; {CALM} }};
"""
