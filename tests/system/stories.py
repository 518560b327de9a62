# SPDX-License-Identifier: BSD-3-Clause
"""
Pairs of scenarios, a caller's and a callee's, each using one group of SIPp's constructs and checking what the other sent.

A story passes between two SIPps; ringstorm must pass it in the place of either. The checks are in the scenarios themselves
(`check_it`), so that a wrong byte fails the call on the side that sees it.
"""

import collections

# caller, callee: XML; data: text of the injection file of the caller, or None
Story = collections.namedtuple("Story", "caller callee data", defaults=(None,))


def scenario(*steps):
    return '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="story">\n' + "".join(steps) + "</scenario>\n"


def message(start, headers, body=""):
    return f"<![CDATA[\n\n{start}\n" + "\n".join(headers) + f"\n\n{body}]]>"


def request(method, *extra, attributes="", body="", uri="sip:[service]@[remote_ip]:[remote_port]", branch="[branch]",
            to="[service] <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]"):
    """A <send> of a request. In a dialog that this side began; others give `to`."""
    return f"<send {attributes}>" + message(f"{method} {uri} SIP/2.0", [
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}",
        "From: story <sip:story@[local_ip]:[local_port]>;tag=[pid]from[call_number]",
        f"To: {to}",
        "Call-ID: [call_id]",
        f"CSeq: [cseq] {method}",
        "Contact: <sip:story@[local_ip]:[local_port]>",
        "Max-Forwards: 70",
        *extra,
        "Content-Length: [len]"], body) + "</send>\n"


def response(code, *extra, attributes="", cseq="[last_CSeq:]", tag=";tag=[pid]to[call_number]", body=""):
    """A <send> of a response to the last request; tag="" in a dialog, whose To has one."""
    return f"<send {attributes}>" + message(f"SIP/2.0 {code} Story", [
        "[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", cseq,
        "Contact: <sip:story@[local_ip]:[local_port];transport=[transport]>", *extra, "Content-Length: [len]"],
        body) + "</send>\n"


def receive(what, *actions, attributes=""):
    kind = "response" if isinstance(what, int) else "request"
    inside = f"<action>{''.join(actions)}</action>" if actions else ""
    return f'<recv {kind}="{what}" {attributes}>{inside}</recv>\n'


def optional(code, attributes=""):
    return receive(code, attributes=f'optional="true" {attributes}')


def check(header, regexp, into="_c", inverse=False):
    """An action: the header's value must (not) match."""
    verdict = "check_it_inverse" if inverse else "check_it"
    return f'<ereg regexp="{regexp}" search_in="hdr" header="{header}:" {verdict}="true" assign_to="{into}"/>'


def used(*names):
    return f'<Reference variables="{",".join(names)}"/>\n'


INVITE = request("INVITE", attributes='retrans="500"')
PROVISIONAL = optional(100) + optional(180)
BYE = request("BYE", attributes='retrans="500"') + receive(200)
ANSWER_BYE = receive("BYE") + response(200, tag="")
SDP = ("v=0\no=story 1 1 IN IP[local_ip_type] [local_ip]\ns=-\nc=IN IP[media_ip_type] [media_ip]\nt=0 0\n"
       "m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n")

ROUTES = Story(
    caller=scenario(
        INVITE, PROVISIONAL, receive(200, attributes='rrs="true"'),
        request("ACK", "[routes]", uri="[next_url]"),
        request("BYE", "[routes]", uri="[next_url]", attributes='retrans="500"'), receive(200)),
    callee=scenario(
        receive("INVITE"), response(180),
        response(200, "Record-Route: <sip:first@192.0.2.1;lr>", "Record-Route: <sip:second@192.0.2.2;lr>;x=1",
                 attributes='retrans="500"'),
        # A caller's route set is the Record-Route of the response, last one first (RFC 3261, 12.1.2).
        receive("ACK", check("Route", "second@192.0.2.2;lr&gt;;x=1, *&lt;sip:first@192.0.2.1;lr&gt;")),
        receive("BYE", check("Route", "second.*first"),
                '<ereg regexp="^BYE sip:story@[^ ]*;transport=UDP SIP/2.0" search_in="msg" check_it="true" assign_to="_c"/>'),
        response(200, tag=""), used("_c")))

VARIABLES = Story(
    caller=scenario(
        request("INVITE", "Subject: story 17 of 40", "X-List: one", "X-List: two", "X-List: three",
                attributes='retrans="500"', body=SDP),
        PROVISIONAL,
        receive(200,
                check("X-Whole", "^ *17 of 40 *$"), check("X-Groups", "^ *40-17$"), check("X-Sum", "^ *57.000000$"),
                check("X-Scaled", "^ *28.500000$"), check("X-Second", "^ *two$"), check("X-Text", "^ *a17b$"),
                check("X-Port", "^ *[0-9]+$"), check("X-True", "^ *true$"), check("X-Set", "^ *yes$"),
                check("X-Unset", "[^ ]", inverse=True)),
        request("ACK"), BYE, used("_c")),
    callee=scenario(
        receive("INVITE",
                '<ereg regexp="([0-9]+) of ([0-9]+)" search_in="hdr" header="Subject:" check_it="true" '
                'assign_to="whole,left,right"/>',
                '<ereg regexp="[a-z]+" search_in="hdr" header="X-List:" occurrence="2" check_it="true" assign_to="second"/>',
                '<ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="true" assign_to="line,port"/>',
                '<ereg regexp="nothing of the kind" search_in="msg" check_it_inverse="true" assign_to="none"/>',
                '<ereg regexp="story" case_indep="true" search_in="hdr" header="sUBJECT:" check_it="true" assign_to="any"/>',
                '<todouble assign_to="a" variable="left"/><todouble assign_to="b" variable="right"/>',
                '<assign assign_to="sum" variable="a"/><add assign_to="sum" variable="b"/>',
                '<assign assign_to="scaled" variable="sum"/><multiply assign_to="scaled" value="3"/>',
                '<subtract assign_to="scaled" variable="sum"/><divide assign_to="scaled" value="4"/>',
                '<assignstr assign_to="text" value="a[$left]b"/>',
                '<test assign_to="larger" variable="b" compare="greater_than" variable2="a" check_it="true"/>',
                '<test assign_to="equal" variable="sum" compare="equal" value="57" check_it="true"/>',
                '<strcmp assign_to="differs" variable="text" value="a17b" check_it="true"/>',
                '<ereg regexp="a(17)b" search_in="var" variable="text" check_it="true" assign_to="again,inner"/>',
                '<trim assign_to="whole"/><log message="call [call_number]: [$whole]"/>'),
        response(180),
        response(200, "X-Whole: [$whole]", "X-Groups: [$right]-[$inner]", "X-Sum: [$sum]", "X-Scaled: [$scaled]",
                 "X-Second: [$second]", "X-Text: [$text]", "X-Port: [$port]", "X-True: [$larger]", "X-Set: yes",
                 "X-Unset: [$none]", attributes='retrans="500"'),
        receive("ACK"), ANSWER_BYE, used("line", "any", "equal", "differs", "again")))

BRANCHES = Story(
    caller=scenario(
        '<nop next="refused" chance="0.5"/>\n',
        request("INVITE", "X-Kind: accept", attributes='retrans="500"'),
        optional(404, 'next="over"'), PROVISIONAL, receive(200), request("ACK"),
        request("BYE", attributes='retrans="500"'), receive(200, attributes='next="over"'),
        '<label id="refused"/>\n',
        request("INVITE", "X-Kind: refuse", attributes='retrans="500"'),
        optional(100), receive(486), request("ACK", branch="[branch-3]"),
        '<label id="over"/>\n<nop><action><log message="over"/></action></nop>\n'),
    callee=scenario(
        receive("INVITE", '<ereg regexp="refuse" search_in="hdr" header="X-Kind:" assign_to="refuse"/>'),
        response(180, attributes='condexec="refuse" condexec_inverse="true"'),
        '<nop next="no" test="refuse"/>\n',
        response(200, attributes='retrans="500"'), receive("ACK"), receive("BYE"),
        response(200, tag="", attributes='next="over"'),
        '<label id="no"/>\n', response(486, attributes='retrans="500"'), receive("ACK"),
        '<label id="over"/>\n<nop/>\n'))

CANCEL = Story(
    caller=scenario(
        INVITE, optional(100), receive(180), receive(200, attributes='timeout="200" ontimeout="enough"'),
        request("ACK"), BYE,
        '<label id="enough"/>\n',
        # SIPp numbers branches by step: 7 steps back is the INVITE's.
        request("CANCEL", branch="[branch-7]", to="[service] <sip:[service]@[remote_ip]:[remote_port]>"), receive(200),
        receive(487), request("ACK", branch="[branch-10]")),
    callee=scenario(
        receive("INVITE"), response(180), receive("CANCEL"), response(200),
        response(487, cseq="CSeq: [cseq] INVITE", attributes='retrans="500"'), receive("ACK")))

CALLEE_HANGS_UP = Story(
    caller=scenario(INVITE, PROVISIONAL, receive(200), request("ACK"), receive("BYE"), response(200, tag="")),
    callee=scenario(
        receive("INVITE", '<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="caller"/>',
                '<ereg regexp=".*" search_in="hdr" header="To:" check_it="true" assign_to="callee"/>', attributes='rrs="true"'),
        response(180), response(200, attributes='retrans="500"'), receive("ACK"), '<pause milliseconds="50"/>\n',
        "<send retrans=\"500\">" + message("BYE [next_url] SIP/2.0", [
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "From:[$callee];tag=[pid]to[call_number]", "To:[$caller]", "Call-ID: [call_id]", "CSeq: [cseq] BYE",
            "Max-Forwards: 70", "Content-Length: 0"]) + "</send>\n",
        receive(200, check("CSeq", "2 BYE"))  + used("_c")))

IN_DIALOG = Story(
    caller=scenario(
        INVITE, PROVISIONAL, receive(200), request("ACK"),
        request("INFO", attributes='retrans="500"', body="Signal=5\n"), receive(200),
        request("UPDATE", attributes='retrans="500"'), receive(200),
        request("INVITE", attributes='retrans="500"', body=SDP), optional(100), receive(200), request("ACK"),
        request("MESSAGE", "Content-Type: text/plain", attributes='retrans="500"', body="hello"), receive(202),
        request("OPTIONS", attributes='retrans="500"'), receive(200, check("X-Next", "^ *7$")), BYE, used("_c")),
    callee=scenario(
        receive("INVITE", check("CSeq", "^ *1 INVITE")), response(180), response(200, attributes='retrans="500"'),
        receive("ACK", check("CSeq", "^ *1 ACK")),
        receive("INFO", check("CSeq", "^ *2 INFO"), check("Content-Length", "^ *10$")), response(200, tag=""),
        receive("UPDATE", check("CSeq", "^ *3 UPDATE")), response(200, tag=""),
        receive("INVITE", check("CSeq", "^ *4 INVITE")), response(200, tag="", attributes='retrans="500"'),
        receive("ACK", check("CSeq", "^ *4 ACK")),
        receive("MESSAGE", check("CSeq", "^ *5 MESSAGE")), response(202, tag=""),
        receive("OPTIONS", check("CSeq", "^ *6 OPTIONS")), response(200, "X-Next: [last_cseq_number+1]", tag=""),
        receive("BYE", check("CSeq", "^ *7 BYE")), response(200, tag=""), used("_c")))

INJECTION = Story(
    caller=scenario(
        request("INVITE", "X-Field: [field0]|[field1]|[field2]", "X-Line: [field0 line=1]", attributes='retrans="500"'),
        PROVISIONAL, receive(200), request("ACK"), BYE),
    callee=scenario(
        receive("INVITE", check("X-Field", "^ *(alice\\|wonder land\\|1|bob\\|build\\|2|carol\\|\\|3)$"),
                check("X-Line", "^ *bob$")),
        response(180), response(200, attributes='retrans="500"'), receive("ACK"), ANSWER_BYE, used("_c")),
    data="SEQUENTIAL\n# name;word;number\nalice;wonder land;1\nbob;build;2\ncarol;;3\n")

KEYWORDS = Story(
    caller=scenario(
        request("INVITE", "X-Transport: [transport]", "X-Local: [local_ip] [local_port+2]", "X-Remote: [remote_ip] [remote_port-1]",
                "X-Type: [local_ip_type][media_ip_type]", "X-Media: [media_ip]", "X-Cseq: [cseq+5]", "X-Call: [call_number]",
                "X-Index: [msg_index]", "X-Pid: [pid]", "X-Version: [sipp_version]", "X-Date: [date]", "X-Tick: [clock_tick]",
                "X-Stamp: [timestamp]", "X-Id: [call_id]", "Content-Type: application/sdp", attributes='retrans="500"', body=SDP),
        PROVISIONAL,
        receive(200, check("X-Uri", "^ *sip:service@[0-9a-f.:[]+]?:5060$"), check("X-Empty", "[^ ]", inverse=True),
                '<ereg regexp="X-Gone" search_in="msg" check_it_inverse="true" assign_to="_c"/>',
                check("X-Seen", "^ *Max-Forwards: 70$")),
        request("ACK"), BYE, used("_c")),
    callee=scenario(
        receive("INVITE", check("X-Transport", "^ *UDP$"), check("X-Local", "^ *[0-9a-f.:[]+]? 5062$"),
                check("X-Remote", "^ *[0-9a-f.:[]+]? 5059$"), check("X-Type", "^ *(44|66)$"),
                check("X-Media", "^ *[0-9a-f.:[]+]?$"), check("X-Cseq", "^ *6$"), check("X-Call", "^ *[1-9][0-9]*$"),
                check("X-Index", "^ *0$"), check("X-Pid", "^ *[0-9]+$"), check("X-Version", "."),
                check("X-Date", "^ *[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$"),
                check("X-Tick", "^ *[0-9]+$"), check("X-Stamp", "^ *[0-9]{4}-[0-9]{2}-[0-9]{2}"), check("X-Id", "."),
                check("Content-Length", "^ *[1-9][0-9]{2}$")),
        response(180),
        response(200, "X-Uri: [last_Request_URI]", "X-Empty: [last_X-Missing:]", "[last_X-Gone:]", "X-Seen: [last_max-forwards:]",
                 attributes='retrans="500"'),
        receive("ACK"), ANSWER_BYE, used("_c")))

PAUSES = Story(
    caller=scenario(
        '<ResponseTimeRepartition value="10,100,1000"/>\n<CallLengthRepartition value="10,100,1000"/>\n',
        request("INVITE", attributes='retrans="500" start_rtd="setup" counter="tried"'),
        PROVISIONAL, receive(200, attributes='rtd="setup" crlf="true"'), request("ACK"),
        '<pause milliseconds="30"/>\n<pause distribution="fixed" value="20"/>\n'
        '<pause distribution="uniform" min="10" max="40"/>\n',
        '<nop><action><assign assign_to="ms" value="25"/></action></nop>\n<pause variable="ms"/>\n',
        BYE),
    callee=scenario(
        receive("INVITE"), '<pause milliseconds="20"/>\n', response(180), '<pause milliseconds="40"/>\n',
        response(200, attributes='retrans="500"'), receive("ACK"), ANSWER_BYE, '<timewait milliseconds="300"/>\n'))

# Each side loses one message in twenty that it waits for; the sender's retransmissions make up for it.
LOSS = Story(
    caller=scenario(
        request("INVITE", attributes='retrans="100"'), PROVISIONAL, receive(200, attributes='lost="5"'), request("ACK"),
        # A BYE that overtakes a lost ACK would be unexpected: 100, 300, 700 and 1500 ms after it the 200 is repeated, and all
        # of these lost too is one call in 200,000.
        '<pause milliseconds="2000"/>\n', request("BYE", attributes='retrans="100"'), receive(200, attributes='lost="5"')),
    callee=scenario(
        receive("INVITE", attributes='lost="5"'), response(180), response(200, attributes='retrans="100"'),
        receive("ACK", attributes='lost="5"'), receive("BYE", attributes='lost="5"'), response(200, tag=""),
        '<timewait milliseconds="2000"/>\n'))

OPTIONS = Story(
    caller=scenario(request("OPTIONS", "Accept: application/sdp", attributes='retrans="500"'), receive(200)),
    callee=scenario(receive("OPTIONS"), response(200, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS")))

STORIES = {
    "routes": ROUTES, "variables": VARIABLES, "branches": BRANCHES, "cancel": CANCEL, "callee hangs up": CALLEE_HANGS_UP,
    "in dialog": IN_DIALOG, "injection": INJECTION, "keywords": KEYWORDS, "pauses": PAUSES, "loss": LOSS,
    "options": OPTIONS,
}
