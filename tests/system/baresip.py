# SPDX-License-Identifier: BSD-3-Clause
"""baresip as a back-to-back user agent: what comes in goes out as a call of its own, with new Call-ID, tags and SDP; and as a phone."""

import os

from lab import IP4_PEER, wait_until

_CONFIG = """
poll_method epoll
sip_listen {address}:5060
sip_trans_def udp
call_local_timeout 120
call_max_calls 1000
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
audio_level no
rtp_ports 20000-60000
rtp_stats no
net_interface {interface}
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module_app account.so
module_app b2bua.so
"""

_ACCOUNTS = """
<sip:in@{address}>;b2bua=inbound;regint=0;answermode=manual;audio_codecs=PCMU/8000/1
<sip:out@{callee}>;b2bua=outbound;regint=0;outbound="sip:{callee}:5060";audio_codecs={codec}/8000/1
"""


class Baresip:
    """One baresip in the peer's namespace, which passes calls on to @callee:5060 with this codec, and keeps their user part."""

    def __init__(self, lab, callee, interface, codec="PCMU"):
        place = self._place(lab, _CONFIG.format(address=IP4_PEER, interface=interface),
                            _ACCOUNTS.format(address=IP4_PEER, callee=callee, codec=codec))
        self.process = lab.start(["baresip", "-f", place], lab.peer, "baresip.log")
        wait_until(self._listens, 15, "baresip's socket")

    @staticmethod
    def _place(lab, config, accounts):
        place = lab.path("baresip")
        os.mkdir(place)
        with open(os.path.join(place, "config"), "w") as out:
            out.write(config)
        with open(os.path.join(place, "accounts"), "w") as out:
            out.write(accounts)
        return place

    def _listens(self):
        if not self.process.running():
            raise AssertionError(f"baresip ended at once:\n{self.process.output()[-3000:]}")
        with open(f"/proc/{self.process.pid}/net/udp") as sockets:
            return any(line.split()[1].endswith(":13C4") for line in sockets.readlines()[1:])


_PHONE = _CONFIG.replace("module_app b2bua.so", "module srtp.so\nmodule_app menu.so")


class Phone(Baresip):
    """One baresip in the peer's namespace that answers at once, and says back what it hears.

    @param srtp  it insists on SRTP with keys in the SDP
    """

    def __init__(self, lab, interface, srtp=False):  # pylint: disable=super-init-not-called
        account = f"<sip:service@{IP4_PEER}>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1"
        place = self._place(lab, _PHONE.format(address=IP4_PEER, interface=interface),
                            account + (";mediaenc=srtp-mand" if srtp else "") + "\n")
        self.process = lab.start(["baresip", "-f", place], lab.peer, "baresip.log")
        wait_until(self._listens, 15, "baresip's socket")
