# SPDX-License-Identifier: BSD-3-Clause
"""rtpengine behind kamailio: the media half of a session border controller, between a caller and a callee of ours."""

from kamailio import PROXY, Kamailio, proxied
from lab import IP4_PEER, wait_until

NG_PORT = 2223
_FLAGS = "replace-origin replace-session-connection ICE=remove"
# Before what else the machine has to do, or the delays are the machine's.
_AHEAD = ("nice", "-n", "-10")

_KAMAILIO = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
tcp_children=2
maxbuffer=8388608
listen=udp:{address}:5060
auto_aliases=no
mhomed=0
{proxy}loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:{ng}")

request_route {{
""" + proxied("rtpengine_delete();", 'if (is_method("BYE")) rtpengine_delete();') + """	if (!is_method("INVITE")) {{
		sl_send_reply("405", "Method Not Allowed");
		exit;
	}}
	record_route();
	if (!rtpengine_offer("{offer}")) {{
		sl_send_reply("503", "No media");
		exit;
	}}
	t_on_reply("BACK");
	$du = "sip:{callee}:5060";
	t_relay();
}}

onreply_route[BACK] {{
	if (has_body("application/sdp")) rtpengine_answer("{answer}");
}}
"""


class Rtpengine:
    """
    kamailio on port 5060 of the peer, which passes calls on to @callee:5060, and rtpengine, which passes their media on.

    @param callee_srtp  the callee is offered RTP/SAVP, else RTP/AVP; the caller has what it offered
    """

    def __init__(self, lab, callee, callee_srtp=False):
        self.process = lab.start(
            [*_AHEAD, "rtpengine", "--table=-1", f"--interface={IP4_PEER}", f"--listen-ng=127.0.0.1:{NG_PORT}",
             "--foreground", "--log-stderr", "--log-level=5", "--port-min=20000",
             "--port-max=40000", "--num-threads=2", "--delete-delay=0", "--timeout=60", f"--pidfile={lab.path('rtpengine.pid')}"],
            lab.peer, "rtpengine.log")
        wait_until(self._listens, 20, "rtpengine's socket")
        text = _KAMAILIO.format(proxy=PROXY.format(ctl="/tmp/kamailio_ctl"), address=IP4_PEER, ng=NG_PORT, callee=callee, answer=_FLAGS,
                                offer=f"{_FLAGS} RTP/{'SAVP' if callee_srtp else 'AVP'}")
        self.proxy = Kamailio.of_file(lab, lab.write("sbc.cfg", text), memory_mb=128, ahead=_AHEAD)

    def _listens(self):
        if not self.process.running():
            raise AssertionError(f"rtpengine ended at once:\n{self.process.output()[-3000:]}")
        with open(f"/proc/{self.process.pid}/net/udp") as sockets:
            return any(line.split()[1].endswith(f":{NG_PORT:04X}") for line in sockets.readlines()[1:])

    def messages(self):
        return self.process.output()[-3000:]
