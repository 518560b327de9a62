# SPDX-License-Identifier: BSD-3-Clause
"""Every verb against a daemon that calls itself over ring ports: what it prints, what it does, how it exits."""

import json
import os
import pty
import signal
import socket
import subprocess
import time

import pytest

from lab import wait_until
from plans import both
from programs import (EXPIRED, LOADCTL, NO_DAEMON, PASSED, STOPPED, USAGE, check_totals, loadctl)

ENDLESS = both(0, rate=200).replace("total = 0; ", "")
LONG_CALLS = ENDLESS.replace('hold = "0s"', 'hold = "60s"')
CALL_MEMBERS = {"offered", "not_started", "started", "established", "completed", "failed", "open", "peak"}


class Rpc:
    """The control socket without loadctl: a line out, a line in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.last = 0

    def send(self, method, **params):
        self.last += 1
        request = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return self.last

    def receive(self):
        return json.loads(self.lines.readline())

    def call(self, method, **params):
        number = self.send(method, **params)
        answer = self.receive()
        assert answer["jsonrpc"] == "2.0" and answer["id"] == number
        return answer


def follow(daemon, *args):
    """A loadctl that goes on printing, its output a pipe of lines."""
    return subprocess.Popen([LOADCTL, "--socket", daemon.socket, *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    process.terminate()
    process.wait(10)
    process.stdout.close()
    process.stderr.close()


def some_calls(daemon, number=50):
    wait_until(lambda: daemon.json("stats")["calls"]["placed"]["started"] >= number, 30, f"{number} calls")


# --- looking ---------------------------------------------------------------------------------------------------------

def test_what_an_idle_daemon_tells(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        status = daemon.json("status")
        assert set(status) == {"state", "run", "plan", "elapsed_s"}
        assert (status["state"], status["run"], status["plan"]) == ("idle", "", "plan.conf")
        for verb in ("stats", "report", "reset", "wait"):
            done = loadctl(verb, socket=daemon.socket)
            assert (done.returncode, done.stdout) == (USAGE, "")
            assert done.stderr.startswith("loadctl: ")
        assert daemon.json("calls") == []
        assert daemon.json("calls", "--failed") == []
        assert [a["state"] for a in daemon.json("activities")] == ["idle", "idle"]
        assert "idle" in daemon.ctl("status")
        assert "no open calls" in daemon.ctl("calls")
        daemon.ctl("health")


def test_what_a_run_tells(quiet_lab):
    with quiet_lab.daemon(LONG_CALLS) as daemon:
        run = daemon.ctl("start").strip()
        some_calls(daemon)
        assert daemon.json("status")["run"] == run
        stats = daemon.json("stats")
        for side in ("placed", "answered"):
            assert set(stats["calls"][side]) >= CALL_MEMBERS
        check_totals(stats["calls"]["placed"])
        activities = {a["name"]: a for a in daemon.json("activities")}
        assert (activities["calls"]["do"], activities["ring"]["do"]) == ("call", "answer")
        assert activities["calls"]["state"] == "running" and activities["calls"]["rate"] == 200
        calls = daemon.json("calls")
        assert 50 <= len(calls) <= 100
        assert {c["activity"] for c in calls} <= {"calls", "ring"}
        assert all(c["call_id"] and c["step"] and c["age_s"] >= 0 for c in calls)
        endpoints = {e["name"]: e for e in daemon.json("endpoints")}
        assert (endpoints["callers"]["kind"], endpoints["callers"]["count"]) == ("trunk", 100)
        assert isinstance(daemon.json("health"), dict)
        for verb in ("status", "stats", "activities", "calls", "endpoints", "health"):
            assert daemon.ctl(verb).strip(), verb
        assert "198.18.0.2" in daemon.ctl("endpoints")
        daemon.ctl("stop", "--now")
        daemon.ctl("wait", "--timeout", "20", status=STOPPED)
        failures = daemon.json("calls", "--failed")
        assert {f["cause"] for f in failures} == {"stopped"}
        report = daemon.json("report")
        assert sum(f["count"] for f in failures) == sum(report["calls"][side]["failed"] for side in ("placed", "answered"))
        assert "stopped" in daemon.ctl("calls", "--failed")
        assert daemon.json("report", run) == report
        assert loadctl("report", "20000101T000000Z-1", socket=daemon.socket).returncode == USAGE
        assert loadctl("report", "../../etc/passwd", socket=daemon.socket).returncode == USAGE


def test_reset_moves_the_zero_of_stats_and_not_of_the_report(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        daemon.ctl("start")
        some_calls(daemon, 100)
        daemon.ctl("reset")
        after = daemon.json("stats")["calls"]["placed"]["started"]
        assert after < 100
        daemon.ctl("stop")
        daemon.ctl("wait", status=STOPPED)
        assert daemon.json("report")["calls"]["placed"]["started"] >= 100


# --- life ------------------------------------------------------------------------------------------------------------

def test_start_and_stop_of_one_activity(quiet_lab):
    plan = ENDLESS.replace('name = "calls";', 'name = "calls"; start = "manual";')
    with quiet_lab.daemon(plan) as daemon:
        done = loadctl("start", "calls", socket=daemon.socket)
        assert done.returncode == USAGE, "there is no run yet"
        daemon.ctl("start")
        time.sleep(0.5)
        assert daemon.json("stats")["calls"]["placed"]["offered"] == 0
        assert {a["name"]: a["state"] for a in daemon.json("activities")}["calls"] == "waiting"
        done = loadctl("start", "call", socket=daemon.socket)
        assert done.returncode == USAGE and '"calls"' in done.stderr
        daemon.ctl("start", "calls")
        some_calls(daemon)
        assert loadctl("start", "calls", socket=daemon.socket).returncode == USAGE
        assert loadctl("stop", "calls", "--now", socket=daemon.socket).returncode == USAGE
        daemon.ctl("stop", "calls")
        time.sleep(0.3)
        before = daemon.json("stats")["calls"]["placed"]["offered"]
        time.sleep(0.5)
        assert daemon.json("stats")["calls"]["placed"]["offered"] == before
        assert daemon.json("status")["state"] == "running"


def test_stop_hangup_ends_long_calls_in_order(quiet_lab):
    with quiet_lab.daemon(LONG_CALLS) as daemon:
        daemon.ctl("start")
        some_calls(daemon)
        daemon.ctl("stop")
        assert daemon.json("status")["state"] == "draining"
        daemon.ctl("wait", "--timeout", "1", status=EXPIRED)
        daemon.ctl("stop", "--hangup")
        daemon.ctl("wait", "--timeout", "20", status=STOPPED)
        report = daemon.json("report")
        check_totals(report["calls"]["placed"])
        assert report["calls"]["placed"]["open"] == 0
        # Both sides were there, so each BYE had its answer.
        assert report["sip"]["unexpected"] == 0


def test_pause_freezes_arrivals(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        daemon.ctl("start")
        some_calls(daemon)
        daemon.ctl("pause")
        time.sleep(0.3)
        before = daemon.json("stats")["calls"]["placed"]["offered"]
        time.sleep(1)
        assert daemon.json("stats")["calls"]["placed"]["offered"] == before
        daemon.ctl("resume")
        time.sleep(1)
        after = daemon.json("stats")["calls"]["placed"]["offered"] - before
        assert 50 < after < 300, "the clock goes on where it stood, nothing is made up for"
        daemon.ctl("stop")
        daemon.ctl("wait", status=STOPPED)


def test_rate_by_and_its_bounds(quiet_lab):
    with quiet_lab.daemon(ENDLESS.replace("max_calls = 20000;", "max_calls = 20000; max_rate = 500.0;")) as daemon:
        assert loadctl("rate", "100", socket=daemon.socket).returncode == USAGE, "no run is on"
        daemon.ctl("start")

        def rate():
            return {a["name"]: a["rate"] for a in daemon.json("activities")}["calls"]

        daemon.ctl("rate", "calls", "--by", "50")
        assert rate() == 250
        daemon.ctl("rate", "--by", "-100")
        assert rate() == 150
        daemon.ctl("rate", "--by=-50")
        daemon.ctl("rate", "0.5")
        assert rate() == 0.5
        for args in (("501",), ("calls", "-1"), ("--by", "-1"), ("ring", "5"), ("nobody", "5")):
            done = loadctl("rate", *args, socket=daemon.socket)
            assert done.returncode == USAGE, args
            assert rate() == 0.5
        assert "500" in loadctl("rate", "501", socket=daemon.socket).stderr


def test_limit_holds_open_calls_down(quiet_lab):
    with quiet_lab.daemon(LONG_CALLS) as daemon:
        daemon.ctl("start")
        daemon.ctl("limit", "calls", "20")
        assert {a["name"]: a["limit"] for a in daemon.json("activities")}["calls"] == 20
        wait_until(lambda: daemon.json("stats")["calls"]["placed"]["not_started"] > 20, 30, "calls that were held back")
        assert daemon.json("stats")["calls"]["placed"]["open"] <= 60
        for args in (("many",), ("-1",), ("1.5",), ("nobody", "1")):
            assert loadctl("limit", *args, socket=daemon.socket).returncode == USAGE, args
        daemon.ctl("stop", "--now")


def test_several_wait_and_each_gets_the_status(quiet_lab):
    with quiet_lab.daemon(both(300, rate=200)) as daemon:
        daemon.ctl("start")
        waiting = [follow(daemon, "wait", "--json") for _ in range(5)]
        for process in waiting:
            out, _ = process.communicate(timeout=30)
            assert process.returncode == PASSED
            assert json.loads(out)["verdict"] == "passed"
        daemon.ctl("wait")  # it is over: answered at once


def test_quit_during_a_run_ends_it_first(quiet_lab):
    with quiet_lab.daemon(LONG_CALLS, args=("--report", quiet_lab.path("report.json"))) as daemon:
        daemon.ctl("start")
        some_calls(daemon)
        waiting = follow(daemon, "wait")
        time.sleep(0.3)
        daemon.ctl("quit")
        assert waiting.wait(20) == STOPPED
        end(waiting)
        assert daemon.process.wait(20) == PASSED
        with open(quiet_lab.path("report.json")) as file:
            assert json.load(file)["run"]["verdict"] == "stopped"
        assert not os.path.exists(daemon.socket)


# --- plans and scenarios ---------------------------------------------------------------------------------------------

def test_load_and_run_take_settings(quiet_lab):
    with quiet_lab.daemon(both(1000)) as daemon:
        other = quiet_lab.write("other.conf", both(30))
        daemon.ctl("load", other, "--set", "activities.calls.total=40")
        assert daemon.json("status")["plan"] == "other.conf"
        assert daemon.run_to_end()["calls"]["placed"]["completed"] == 40
        daemon.ctl("run", other, "--set", "activities.calls.total=20")
        assert daemon.json("report")["calls"]["placed"]["completed"] == 20
        daemon.ctl("run", "--set", "activities.calls.total=10")
        assert daemon.json("report")["calls"]["placed"]["completed"] == 10
        for args in (("load", other, "--set", "nobody.total=1"), ("load", other, "--set", "total"),
                     ("load", quiet_lab.path("none.conf")), ("load", "/dev/zero"), ("load", "/proc"),
                     ("run", quiet_lab.path("none.conf"))):
            done = loadctl(*args, socket=daemon.socket)
            assert done.returncode == USAGE, args
            assert done.stderr.strip()
        assert daemon.json("status")["state"] == "done", "what is refused changes nothing"


def test_a_plan_may_be_named_relative_to_the_caller(quiet_lab):
    with quiet_lab.daemon(both(10)) as daemon:
        os.mkdir(quiet_lab.path("deep"))
        quiet_lab.write("deep/near.conf", both(12))
        done = subprocess.run([LOADCTL, "--socket", daemon.socket, "run", "near.conf"], cwd=quiet_lab.path("deep"),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == PASSED, done.stderr
        assert daemon.json("report")["run"]["plan"] == "near.conf"


def test_plan_check_tells_what_will_be_played_and_what_it_takes(quiet_lab):
    plan = quiet_lab.write("plan.conf", both(77))
    text = loadctl("plan", "check", plan).stdout
    for word in ("callers", "callees", "calls", "ring", "77 in all", "uac.xml", "MiB"):
        assert word in text
    check = json.loads(loadctl("plan", "check", plan, "--json", "--set", "activities.calls.total=5").stdout)
    assert check["activities"][1]["total"] == 5
    assert check["workers"][0]["reserved_bytes"] > 0 and check["workers"][0]["legs"] > 0
    assert check["targets"] == ["198.18.0.0/20"]
    assert loadctl("plan", "check", plan, "--set", "run.sede=5").returncode == USAGE


def test_scenario_check_and_show(quiet_lab):
    shown = loadctl("scenario", "show", "uac")
    assert shown.returncode == PASSED and "INVITE" in shown.stdout
    assert loadctl("scenario", "show", "no-such-one").returncode == USAGE
    quiet_lab.write("good.xml", '<scenario name="good"><recv request="OPTIONS"/></scenario>')
    done = loadctl("scenario", "check", quiet_lab.path("good.xml"))
    assert done.returncode == PASSED, done.stdout + done.stderr
    quiet_lab.write("bad.xml", '<scenario name="bad">\n<recv request="OPTIONS"/>\n<sendd/></scenario>')
    done = loadctl("scenario", "check", quiet_lab.dir, "--json")
    assert done.returncode == USAGE
    check = json.loads(done.stdout)
    assert (check["usable"], check["not_usable"]) == (1, 1)


# --- run -------------------------------------------------------------------------------------------------------------

def test_run_shows_a_line_a_second_and_then_the_report(quiet_lab):
    with quiet_lab.daemon(both(600, rate=200)) as daemon:
        text = daemon.ctl("run")
        live = [line for line in text.splitlines() if "post-dial p50" in line]
        assert 3 <= len(live) <= 6
        for word in ("asked", "reached", "open", "failed", "p99", "health"):
            assert word in live[1]
        assert text.index("Verdict") > text.index(live[-1])


def test_run_writes_json_to_standard_output_alone(quiet_lab):
    with quiet_lab.daemon(both(50)) as daemon:
        report = json.loads(daemon.ctl("run", "--json", "-"))
        assert report["calls"]["placed"]["completed"] == 50
        done = loadctl("run", "--json", quiet_lab.path("none/report.json"), socket=daemon.socket)
        assert done.returncode == 6 and "none/report.json" in done.stderr


def test_run_rewrites_its_line_on_a_terminal(quiet_lab):
    with quiet_lab.daemon(both(500, rate=200)) as daemon:
        ours, its = pty.openpty()
        process = subprocess.Popen([LOADCTL, "--socket", daemon.socket, "run"], stdin=subprocess.DEVNULL, stdout=its,
                                   stderr=subprocess.DEVNULL)
        os.close(its)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            text += part
        os.close(ours)
        assert process.wait(10) == PASSED
        assert text.split(b"Verdict")[0].count(b"\n") <= 2
        assert text.count(b"\r ") >= 2 and b"\033[K" in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_to_run_drains_and_a_second_means_now(quiet_lab, number):
    with quiet_lab.daemon(LONG_CALLS) as daemon:
        process = follow(daemon, "run", "--json", quiet_lab.path("report.json"))
        wait_until(lambda: daemon.json("status")["state"] == "running", 20, "the run's start")
        some_calls(daemon)
        process.send_signal(number)
        wait_until(lambda: daemon.json("status")["state"] == "draining", 5, "the drain")
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(20) == STOPPED
        end(process)
        with open(quiet_lab.path("report.json")) as file:
            assert json.load(file)["run"]["verdict"] == "stopped"
        assert daemon.json("status")["state"] == "done", "the daemon goes on"


def test_a_run_survives_the_loadctl_that_began_it(quiet_lab):
    with quiet_lab.daemon(both(400, rate=200)) as daemon:
        process = follow(daemon, "run")
        wait_until(lambda: daemon.json("status")["state"] == "running", 20, "the run's start")
        process.kill()
        end(process)
        daemon.ctl("wait")
        assert daemon.json("report")["calls"]["placed"]["completed"] == 400


def test_a_daemon_that_dies_under_a_verb_is_status_3(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        process = follow(daemon, "run")
        wait_until(lambda: daemon.json("status")["state"] == "running", 20, "the run's start")
        daemon.kill()
        _, err = process.communicate(timeout=20)
        assert process.returncode == NO_DAEMON and daemon.socket in err


# --- streams ---------------------------------------------------------------------------------------------------------

def test_events_tell_the_life_of_a_run(quiet_lab):
    with quiet_lab.daemon(both(100, rate=100)) as daemon:
        process = follow(daemon, "events", "--json")
        time.sleep(0.5)  # subscribed
        daemon.ctl("start")
        daemon.ctl("rate", "calls", "150")
        daemon.ctl("wait")
        seen = []
        while not seen or seen[-1]["event"] != "done":
            seen.append(json.loads(process.stdout.readline()))
        end(process)
        names = [event["event"] for event in seen]
        assert names[0] == "started" and names.index("rate") < names.index("draining")
        assert next(e for e in seen if e["event"] == "rate")["rate"] == 150
        assert (seen[-1]["state"], seen[-1]["verdict"]) == ("done", "passed")


def test_events_as_text(quiet_lab):
    with quiet_lab.daemon(both(10)) as daemon:
        process = follow(daemon, "events")
        time.sleep(0.5)
        daemon.ctl("start")
        assert "started" in process.stdout.readline()
        end(process)


def test_stats_watch_repeats(quiet_lab):
    with quiet_lab.daemon(ENDLESS) as daemon:
        daemon.ctl("start")
        process = follow(daemon, "stats", "--watch", "--json")
        seen = [json.loads(process.stdout.readline())["calls"]["placed"]["started"] for _ in range(3)]
        end(process)
        assert seen == sorted(seen) and seen[2] > seen[0]


# --- the socket without loadctl --------------------------------------------------------------------------------------

def test_the_socket_speaks_json_rpc(quiet_lab):
    with quiet_lab.daemon(both(50)) as daemon:
        rpc = Rpc(daemon.socket)
        assert rpc.call("status")["result"]["state"] == "idle"
        assert rpc.call("plan.check", plan=daemon.plan_path)["result"]["plan"] == "plan.conf"
        assert rpc.call("scenario.show", scenario="uac")["result"]["text"]
        assert rpc.call("explode")["error"]["code"] == -32601
        assert rpc.call("rate", rate="fast")["error"]["code"] == -32602
        error = rpc.call("pause")["error"]
        assert error["data"]["status"] == USAGE and "idle" in error["message"]
        rpc.call("start")
        assert rpc.call("wait")["result"]["verdict"] == "passed"
        assert rpc.call("live")["result"]["completed"] == 50
        assert rpc.call("report")["result"]["schema"] == "ringstorm.report/1"


def test_others_are_not_served(quiet_lab):
    """The mode keeps other users out; where it was opened by hand, their credentials still do."""
    with quiet_lab.daemon(both(5)) as daemon:
        os.chmod(daemon.socket, 0o666)
        os.chmod(quiet_lab.dir, 0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                               "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                               "s.settimeout(10)\nprint(s.recv(1000).decode())", daemon.socket],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
        assert "error" in json.loads(done.stdout), done.stderr
        assert daemon.json("status")["state"] == "idle"


# --- usage -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args, word", [
    (("statsu",), "stats"), (("repo",), "report"), (("scenario", "chek"), "scenario check"), (("plan",), "plan check"),
    (("impair",), "KEY=VALUE"),
    (("registrations",), "not in this version"), (("plan", "apply"), "usage"), (("plan", "aply"), "plan apply"),
    (("scenario", "swap", "calls"), "usage"), (("scenario", "show", "uac", "--partial"), "--partial"), (("calls", "--cause", "486"), "--failed"),
    (("endpoints", "--limit", "x"), "x"),
    (("stop", "--hangup", "--now"), "either"), (("pause", "now"), "usage"), (("status", "--watch"), "--watch"),
    (("run", "--json"), "value"), (("status", "--json=x"), "--json"), (("load",), "usage"), (("rate", "--by", "x"), "x"),
    (("wait", "--timeout", "soon"), "soon"), (("--socket",), "value")])
def test_what_is_wrong_is_named(args, word):
    done = loadctl(*args, socket="/nonexistent")
    assert done.returncode == USAGE
    assert word in done.stderr and done.stdout == ""


@pytest.mark.parametrize("verb", [("plan", "check"), ("plan", "apply"), ("scenario", "check"), ("scenario", "show"), ("scenario", "swap")])
def test_verbs_of_two_words_explain_themselves(verb):
    done = loadctl(*verb, "--help")
    assert done.returncode == PASSED
    assert " ".join(verb) in done.stdout and "example:" in done.stdout and "exit status:" in done.stdout


def test_the_socket_may_be_named_by_the_environment(quiet_lab):
    with quiet_lab.daemon(both(5)) as daemon:
        env = {**os.environ, "RINGSTORM_SOCKET": daemon.socket}
        done = subprocess.run([LOADCTL, "status", "--json"], stdout=subprocess.PIPE, text=True, env=env, timeout=20,
                              check=True)
        assert json.loads(done.stdout)["state"] == "idle"
