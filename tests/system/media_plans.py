# SPDX-License-Identifier: BSD-3-Clause
"""Plans whose calls carry media, from callers of ours to callees of ours through a peer."""

from lab import IP4_OURS, IP4_PEER
from phones import head

CALLEE = "198.18.20.1"
_RUN = """run = {{ seed = 1; mode = "{mode}"; drain = "20s"; limited_percent = 100;
        health = {{ gap_percent = 100; lateness_p99_ms = 5000; }}; }};"""


def profile(name, codecs=("PCMU",), suites=(), srtp=None, more=""):
    """A media profile; with @suites SRTP is required."""
    listed = ", ".join(f'"{c}"' for c in codecs)
    secure = ""
    if suites:
        secure = f'srtp = "{srtp or "required"}"; suites = [ ' + ", ".join(f'"{s}"' for s in suites) + " ];"
    return f'{{ name = "{name}"; codecs = [ {listed} ]; {secure} {more} }}'


def through(caller, callee, calls, rate=20, hold="3s", mode="rfc3261", uac="uac", uas="uas", legs="called user", run_more=""):
    """@calls calls from 1,000 callers to as many callees by the peer; @caller, @callee: their profiles."""
    return head() + f"""
media = ( {profile("caller", **caller)},
          {profile("callee", **callee)} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "access"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}"; user = "c{{index:04}}";
                domain = "example.test"; count = 1000; media = "caller"; }},
              {{ name = "callees"; kind = "trunk"; port = "access"; addresses = "{CALLEE}"; proxy = "sip:{IP4_PEER}"; user = "s{{index:04}}";
                count = 1000; media = "callee"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{uas}"; ring = "100ms"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "sip:s{{index:04}}@{IP4_PEER}:5060"; scenario = "{uac}"; rate = {rate};
                 total = {calls}; hold = "{hold}"; }} );
run = {{ seed = 1; mode = "{mode}"; drain = "40s"; legs = "{legs}"; limited_percent = 100; {run_more}
        health = {{ gap_percent = 100; lateness_p99_ms = 5000; }}; }};
"""


def to_peer(caller, calls, rate=10, hold="3s", uac="uac", mode="rfc3261"):
    """@calls calls to the peer itself, at port 5060."""
    return head() + f"""
media = ( {profile("caller", **caller)} );
endpoints = ( {{ name = "callers"; kind = "trunk"; port = "access"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}"; user = "c{{index:04}}";
                domain = "example.test"; count = 1000; media = "caller"; }} );
activities = ( {{ name = "calls"; do = "call"; from = "callers"; to = "sip:service@{IP4_PEER}:5060"; scenario = "{uac}"; rate = {rate};
                 total = {calls}; hold = "{hold}"; }} );
{_RUN.format(mode=mode)}
"""


def from_peer(callee, calls, uas="uas", mode="rfc3261"):
    """@calls calls that the peer places to our port 5060."""
    return head() + f"""
media = ( {profile("callee", **callee)} );
endpoints = ( {{ name = "callees"; kind = "trunk"; port = "access"; addresses = "{IP4_OURS}"; proxy = "sip:{IP4_PEER}"; user = "s{{index:04}}";
                count = 100; media = "callee"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "callees"; scenario = "{uas}"; ring = "0s"; total = {calls}; }} );
{_RUN.format(mode=mode)}
"""
