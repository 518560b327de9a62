# SPDX-License-Identifier: BSD-3-Clause
"""kamailio as registrar and proxy: a configuration made for each test, its counters read by kamcmd, ended by its process id."""

import os
import subprocess
import time

from lab import IP4_PEER

DOMAIN = "example.test"

# What any proxy of ours needs, and how long it waits for answers.
PROXY = """loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "ctl.so"
loadmodule "kex.so"
modparam("ctl", "binrpc", "unix:{ctl}")
modparam("tm", "fr_timer", 30000)
modparam("tm", "fr_inv_timer", 120000)
modparam("rr", "enable_full_lr", 1)
"""

_HEAD = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children={children}
tcp_children=1
maxbuffer=8388608
listen=udp:{address}:5060
auto_aliases=no
alias="{domain}"
mhomed=0
{proxy}loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 14)
modparam("usrloc", "timer_interval", 1)
modparam("registrar", "max_contacts", {contacts})
modparam("registrar", "min_expires", {min_expires})
modparam("registrar", "max_expires", {max_expires})
modparam("registrar", "default_expires", {max_expires})
modparam("registrar", "path_mode", 1)
modparam("registrar", "use_path", 1)
modparam("auth", "nonce_expire", {nonce_expire})
modparam("auth", "algorithm", "{algorithm}")
modparam("rr", "append_fromtag", 1)
"""

_NONCE_COUNT = """
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("auth", "nid_pool_no", 4)
modparam("auth", "nc_array_size", 1048576)
"""

# Call-ID, Contact, Via and Record-Route of what passes are hidden: the two sides share nothing but user parts and bodies.
_TOPOH = """
loadmodule "topoh.so"
modparam("topoh", "mask_key", "ringstorm")
modparam("topoh", "mask_ip", "198.18.14.1")
modparam("topoh", "mask_callid", 1)
"""

_PINGS = """
loadmodule "nathelper.so"
modparam("nathelper", "natping_interval", {seconds})
modparam("nathelper", "ping_nated_only", 0)
modparam("nathelper", "sipping_method", "OPTIONS")
modparam("nathelper", "sipping_from", "sip:pinger@{domain}")
modparam("nathelper", "sipping_bflag", 7)
modparam("nathelper", "natping_processes", 1)
"""

_DIALOGS = """
loadmodule "dialog.so"
modparam("dialog", "ka_timer", 1)
modparam("dialog", "ka_interval", {seconds})
modparam("dialog", "ka_failed_limit", 3)
modparam("dialog", "default_timeout", 3600)
modparam("dialog", "hash_size", 4096)
"""

def proxied(cancelled="", routed=""):
    """
    What any proxy does with a request before it looks where to: hops, CANCEL, and all that is inside a dialog.

    @param cancelled, routed  statements before a CANCEL, or a request with a dialog's route, goes on
    """
    return """	if (!mf_process_maxfwd_header("70")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (is_method("CANCEL")) {{
		%s
		if (t_check_trans()) t_relay();
		exit;
	}}
	if (has_totag()) {{
		if (loose_route()) {{
			%s
			t_relay();
		}} else if (is_method("ACK")) {{
			if (t_check_trans()) t_relay();
		}} else {{
			sl_send_reply("404", "Not here");
		}}
		exit;
	}}
	t_check_trans();
""" % (cancelled, routed)


_ROUTES = """
request_route {{
""" + proxied() + """	if (is_present_hf("Route")) {{
		loose_route(); # false where the route ends here
		if (uri != myself) {{ # by a Path that the registrar itself has put there
			t_relay();
			exit;
		}}
	}}
	if (is_method("REGISTER")) {{
		{authenticate}
		{register}
		save("location");
		exit;
	}}
	{invite}
	{record_route}
	if (!lookup("location")) {{
		sl_send_reply("480", "Not registered");
		exit;
	}}
	t_relay();
}}
"""


# For Kamailio(register=...): what the registrar does besides before it saves a binding.
REFUSE_BRIEF = """
		if ($hdr(Expires) != "0" && $(hdr(Expires){{s.int}}) < 60) {{
			append_to_reply("Min-Expires: 60\\r\\n");
			sl_send_reply("423", "Interval Too Brief");
			exit;
		}}
"""
SERVICE_ROUTE_AND_PATH = """
		append_hf("Path: <sip:edge@{address}:5060;lr>\\r\\n");
		msg_apply_changes();
		append_to_reply("Service-Route: <sip:orig@{address}:5060;lr>\\r\\n");
"""


class Kamailio:
    """One kamailio in the peer's namespace; user NAME has the password "p" + NAME without its first letter.

    @param auth          challenge REGISTER (401), and INVITE too (407) with "calls"
    @param algorithm     "MD5" or "SHA-256"
    @param nonce_expire  how long a nonce is good for, s
    @param nonce_count   insist on nc that only goes up
    @param expires       (least, most) life time of a binding, s
    @param contacts      how many contacts an address of record may have: calls fork to all of them
    @param record_route  stay in the path of requests in dialogs
    @param topoh         hide Call-ID, Contact, Via and Record-Route
    @param ping          seconds between OPTIONS to each contact, 0: none
    @param dialog_ping   seconds between OPTIONS to both ends of each call, 0: none
    @param register      statements of the configuration before a binding is saved
    """

    def __init__(self, lab, auth=True, algorithm="MD5", nonce_expire=300, nonce_count=False, expires=(1, 3600),
                 contacts=1, record_route=True, topoh=False, ping=0, dialog_ping=0, register="", memory_mb=256,
                 children=2):
        self.ctl = lab.path("kamailio.ctl")
        parts = {"domain": DOMAIN, "children": children, "address": IP4_PEER, "proxy": PROXY.format(ctl=self.ctl), "contacts": contacts,
                 "algorithm": algorithm, "nonce_expire": nonce_expire,
                 "min_expires": expires[0], "max_expires": expires[1]}
        text = _HEAD.format(**parts)
        text += _NONCE_COUNT if nonce_count else ""
        text += _TOPOH if topoh else ""
        text += _PINGS.format(seconds=ping, domain=DOMAIN) if ping else ""
        text += _DIALOGS.format(seconds=dialog_ping) if dialog_ping else ""
        # -4: the nonce has expired; flags: 1 qop, 16 stale
        ask = (f'if (!pv_{{kind}}_authenticate("{DOMAIN}", "p$(au{{{{s.substr,1,0}}}})", "0")) {{{{ '
               f'if ($rc == -4) {{{{ {{kind}}_challenge("{DOMAIN}", "17"); }}}} '
               f'else {{{{ {{kind}}_challenge("{DOMAIN}", "1"); }}}} exit; }}}}')
        invite = ask.format(kind="proxy") + " consume_credentials();" if auth == "calls" else ""
        invite += " dlg_manage(); dlg_set_property(\"ka-src\"); dlg_set_property(\"ka-dst\");" if dialog_ping else ""
        text += _ROUTES.format(
            authenticate=ask.format(kind="www") if auth else "",
            invite=f'if (is_method("INVITE")) {{ {invite} }}' if invite else "",
            register=register.format(address=IP4_PEER) + ("setbflag(7);" if ping else ""),
            record_route="record_route();" if record_route else "")
        self._run(lab, text, memory_mb)

    @classmethod
    def of_file(cls, lab, path, memory_mb=512, ahead=()):
        """One with a configuration as it stands, but for its control socket; @ahead: a command that starts it."""
        with open(path) as file:
            text = file.read()
        assert "unix:/tmp/kamailio_ctl" in text
        return cls.of_text(lab, text.replace("unix:/tmp/kamailio_ctl", "unix:{ctl}"), memory_mb, ahead)

    @classmethod
    def of_text(cls, lab, text, memory_mb=512, ahead=(), name="kamailio"):
        """One with this configuration, in which {ctl} stands for its control socket; @name: of its files."""
        self = cls.__new__(cls)
        self.ctl = lab.path(f"{name}.ctl")
        self._run(lab, text.replace("{ctl}", self.ctl), memory_mb, ahead, name)
        return self

    def _run(self, lab, text, memory_mb, ahead=(), name="kamailio"):
        path = lab.write(f"{name}.cfg", text)
        run_dir = lab.path(f"{name}.run")
        os.makedirs(run_dir, exist_ok=True)
        self._start = lambda: lab.start([*ahead, "kamailio", "-f", path, "-DD", "-E", "-m", str(memory_mb), "-M", "16", "-Y", run_dir],
                                        lab.peer, f"{name}.log")
        self.start()

    def start(self):
        """Again, behind stop(): it remembers nothing."""
        self.process = self._start()
        end = time.monotonic() + 20
        while self._kamcmd("core.uptime").returncode != 0:
            if not self.process.running():
                raise AssertionError(f"kamailio ended at once:\n{self.process.output()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"kamailio does not answer:\n{self.process.output()[-3000:]}")
            time.sleep(0.1)

    def stop(self):
        """End it: its connections end with it."""
        self.process.end()

    def _kamcmd(self, *words):
        return subprocess.run(["kamcmd", "-s", f"unix:{self.ctl}", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def stats(self, group):
        """Counters of a group ("usrloc:", "tmx:"), as {name: number}."""
        found = {}
        for line in self._kamcmd("stats.get_statistics", group).stdout.splitlines():
            name, _, value = line.strip().partition(" = ")
            if value.isdigit():
                found[name.split(":")[-1]] = int(value)
        return found

    def received(self):
        """Requests that came, by method: {"REGISTER": 12, ...}."""
        return {name.removeprefix("rcv_requests_").upper(): count for name, count in self.stats("core:").items()
                if name.startswith("rcv_requests_")}

    def bindings(self):
        """Contacts that are registered now."""
        return self.stats("usrloc:")["location_contacts"]

    def contacts(self, users):
        """{user: [{"Address": ..., "Received": ..., "Reg-Id": ...} of each contact]}, asked one by one: a dump of all has a limit."""
        found, user = {}, None
        asked = "".join(f"ul.lookup location {name}\n" for name in users)
        done = subprocess.run(["kamcmd", "-s", f"unix:{self.ctl}"], input=asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        for line in done.stdout.splitlines():
            name, _, value = line.strip().partition(": ")
            if name == "AoR":
                user = found.setdefault(value, [])
            elif name == "Address":
                user.append({name: value})
            elif user and value and value != "{":
                user[-1][name] = value
        return found

    def users(self):
        return self.stats("usrloc:")["location_users"]

    def messages(self):
        """What it wrote itself: errors, for messages of tests."""
        return self.process.output()[-3000:]
