# SPDX-License-Identifier: BSD-3-Clause
"""Failed calls explained: what was on the wire is what the ladders show, with its times, in loadctl, the report and JSON."""

import collections
import re
import statistics

from lab import IP4_OURS, IP4_PEER, wait_until
from plans import caller
from programs import FAILED, USAGE, check_totals, loadctl
from stories import message, receive, response, scenario

CALLS = 40
# A turn's time stands for its transmit burst. A machine that stalls holds single messages up, half of them not.
NEAR_MS = 3
STALL_MS = 200

# Callers with an even number are refused after 60 ms, those with an odd one hear nothing at all.
MOODY = scenario(
    receive("INVITE", '<ereg regexp="sip:1555[0-9]*[02468]@" search_in="hdr" header="From:" assign_to="even"/>'),
    '<nop next="refuse" test="even"/>\n', '<pause milliseconds="4000"/>\n', '<nop next="over"/>\n',
    '<label id="refuse"/>\n',
    "<send>" + message("SIP/2.0 100 Trying", ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]",
                                              "Content-Length: 0"]) + "</send>\n",
    '<pause milliseconds="60"/>\n', response(486, attributes='retrans="500"'), receive("ACK"),
    '<label id="over"/>\n<nop/>\n')


def lines_of(ladder):
    """What a ladder shows of the wire, as (sent or received, method or code, ms)."""
    rows = []
    for row in ladder:
        if row["direction"] in ("sent", "received"):
            start = row["start_line"].split()
            rows.append((row["direction"], start[1] if start[0] == "SIP/2.0" else start[0], row["t_ms"]))
    return rows


def read_wire(capture):
    """The same from the capture: {Call-ID: rows}, in ms since the call's first packet."""
    calls = collections.defaultdict(list)
    for call_id, when, source, method, code in capture.fields("sip", "sip.Call-ID", "frame.time_epoch", "ip.src", "sip.Method",
                                                              "sip.Status-Code"):
        rows = calls[call_id]
        first = rows[0][3] if rows else float(when)
        rows.append(("sent" if source == IP4_OURS else "received", method or code, (float(when) - first) * 1000, first))
    return calls


def check_ladder(wire, call):
    """Every packet of the call in the ladder, and no other; returns how far each is from its time, in ms."""
    shown, real = lines_of(call["ladder"]), wire[call["call_id"]]
    assert [row[:2] for row in shown] == [row[:2] for row in real], (shown, real)
    return [abs(mine[2] - shown[0][2] - theirs[2]) for mine, theirs in zip(shown, real)]


def test_ladders_show_what_was_on_the_wire(lab):
    capture = lab.capture()
    peer = lab.sipp(lab.write("moody.xml", MOODY), IP4_PEER, calls=CALLS)
    with lab.daemon(caller(CALLS, 20, more='timeout = "2s";')) as daemon:
        report = daemon.run_to_end(status=FAILED)
        rows = {row["cause"]: row for row in daemon.json("calls", "--failed")}
        text = daemon.ctl("calls", "--failed", "--cause", "486", "--messages")
        few = daemon.json("calls", "--failed", "--activity", "calls", "--limit", "1")
        unknown = loadctl("calls", "--failed", "--activity", "cals", socket=daemon.socket)
        printed = daemon.ctl("report")
        peer.finish(30)
    capture.stop()
    wire = read_wire(capture)
    check_totals(report["calls"]["placed"])
    assert {cause: row["count"] for cause, row in rows.items()} == {"response 486": CALLS / 2, "timeout": CALLS / 2}
    errors = []
    for row in rows.values():
        assert len(row["calls"]) == CALLS / 2
        assert [bool(call["ladder"]) for call in row["calls"]] == [True] * 3 + [False] * (CALLS // 2 - 3)
        for call in row["calls"]:
            assert (call["cause"], call["activity"], call["side"]) == (row["cause"], "calls", "placed")
            assert (call["caller"], call["callee"]) == (f"{IP4_OURS}:5060", f"{IP4_PEER}:5060")
            # Those without messages, too, are found on the wire by their Call-ID.
            assert wire[call["call_id"]][0][:2] == ("sent", "INVITE")
        for call in row["calls"][:3]:
            errors += check_ladder(wire, call)[1:]
            assert f"Call-ID: {call['call_id']}\r\n" in call["ladder"][0]["message"]
    assert statistics.median(errors) < NEAR_MS and max(errors) < STALL_MS, errors

    refused, silent = rows["response 486"]["calls"][0], rows["timeout"]["calls"][0]
    assert [row[1] for row in lines_of(refused["ladder"])] == ["INVITE", "100", "486", "ACK"]
    assert 55 < refused["ladder"][2]["t_ms"] < 500 and refused["ladder"][3]["flags"] == ["own"]
    assert [row[1] for row in lines_of(silent["ladder"])] == ["INVITE"] * 3
    assert [row["flags"] for row in silent["ladder"][:3]] == [[], ["retransmission"], ["retransmission"]]
    last = silent["ladder"][-1]
    assert (last["direction"], last["cause"]) == ("failed", "timeout") and 2000 <= last["t_ms"] < 2500
    assert silent["after_ms"] == last["t_ms"]

    # The report has the same calls, without the messages.
    assert [(call["number"], call["cause"]) for call in report["failed_calls"]] == [
        (call["number"], cause) for cause in ("timeout", "response 486") for call in rows[cause]["calls"][:3]]
    for call in report["failed_calls"]:
        check_ladder(wire, call)
        assert all("message" not in row for row in call["ladder"])

    # For people: one ladder a cause in the report, all that were kept and their bytes where they are asked for.
    assert printed.count("Failed: response 486 ") == printed.count("Failed: timeout ") == 1
    assert text.count("Failed: response 486 ") == 3 and "timeout" not in text
    assert re.search(r"0\.000 ms  198\.18\.0\.2:5060  --- INVITE sip:service@198\.18\.0\.1:5060 -+>  198\.18\.0\.1:5060  CSeq 1 INVITE",
                     text)
    assert re.search(r" ms +<-- 486 Story -+ +CSeq 1 INVITE", text)
    assert "| From: " in text and "failed: response 486 at " in text
    assert sum(len(row["calls"]) for row in few) == 1
    assert unknown.returncode == USAGE and '"calls"' in unknown.stderr


def test_failed_calls_are_told_while_the_run_is_on(lab):
    """Nobody listens: calls fail at once or after a second, and the first ones are explained long before the end."""
    plan = caller(100000, 50, more='timeout = "1s";').replace("run = {", "run = { keep_messages = { calls = 4; }; ")
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        wait_until(lambda: sum(row["count"] for row in daemon.json("calls", "--failed")) > 50, 20, "fifty failed calls")
        rows = daemon.json("calls", "--failed")
        assert daemon.json("status")["state"] == "running"
        assert {row["cause"] for row in rows} <= {"timeout", "unreachable"}  # the peer's kernel sends some ICMP errors
        calls = [call for row in rows for call in row["calls"]]
        kept = [call for call in calls if call["messages_kept"]]
        assert min(call["number"] for call in kept) == 0 and len(calls) > len(kept)
        for call in kept:
            assert call["ladder"][0]["start_line"].startswith("INVITE ") and call["ladder"][-1]["cause"] == call["cause"]
        daemon.ctl("stop", "--now")


def test_endpoints_are_listed_by_state(lab):
    """Phones that are called are busy until their calls end; the others are idle."""
    plan = f"""
targets = [ "198.18.0.0/20" ];
workers = {{ cores = [ 0 ]; idle = "sleep"; }};
ports = ( {{ name = "a"; device = "ring:states/a"; addresses = [ "198.18.0.2/20" ]; }},
          {{ name = "b"; device = "ring:states/b"; addresses = [ "198.18.0.3/20" ]; }} );
endpoints = ( {{ name = "callers"; port = "a"; count = 500; addresses = "198.18.4.1-198.18.4.100"; }},
              {{ name = "phones"; port = "b"; count = 500; addresses = "198.18.8.1-198.18.8.100"; user = "p{{index:04}}"; }} );
activities = ( {{ name = "ring"; do = "answer"; endpoints = "phones"; scenario = "uas"; }},
               {{ name = "calls"; do = "call"; from = "callers"; to = "phones"; scenario = "uac"; rate = 200; total = 30;
                  hold = "60s"; }} );
run = {{ max_calls = 1000; }};
"""
    with lab.daemon(plan) as daemon:
        daemon.ctl("start")
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["open"] == 30, 20, "30 open calls")
        groups = {group["name"]: group for group in daemon.json("endpoints", "--state", "busy")}
        assert groups["phones"]["states"] == {"idle": 470, "busy": 30} and groups["callers"]["matching"] == 0
        assert [phone["user"] for phone in groups["phones"]["endpoints"]] == [f"p{i:04}" for i in range(30)]
        assert groups["phones"]["endpoints"][0]["address"] == "198.18.8.1:5060"
        text = daemon.ctl("endpoints", "--state", "idle", "--limit", "7")
        assert "phones: 470 idle, 30 busy" in text and "7 of 970 (--limit N shows more)" in text
        wrong = loadctl("endpoints", "--state", "bsy", socket=daemon.socket)
        assert wrong.returncode == USAGE and "idle, busy, registered" in wrong.stderr
        daemon.ctl("stop", "--now")
