# SPDX-License-Identifier: BSD-3-Clause
"""TLS suites whose records OpenSSL does for the workers: AES-CBC and AES-CCM, with `openssl` as the peer and between ends of our own."""

import json
import os
import subprocess
import time

import pytest

from lab import IP4_OURS
from plans import both
from programs import PASSED, ROOT, loadctl
from test_streams import options, over, tls_plan


@pytest.mark.parametrize("args, suite", (
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"), "ECDHE-ECDSA-AES128-SHA256"),
    (("-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"), "TLS_AES_128_CCM_SHA256")))
def test_openssl_speaks_to_us_with_an_old_suite(lab, args, suite):
    with lab.daemon(tls_plan(lab, "tls", f'ciphers = "{suite}";')) as daemon:
        daemon.ctl("start")
        client = subprocess.Popen(["ip", "netns", "exec", lab.peer, "openssl", "s_client", *args, "-quiet", "-no_ign_eof",
                                   "-verify_return_error", "-CAfile", lab.path("certs") + "/ca.pem", "-connect", f"{IP4_OURS}:5060"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdin.write(options("TLS"))
        client.stdin.flush()
        time.sleep(2)
        found = daemon.json("connections")
        client.terminate()  # the end of its input does not end it: -quiet means -ign_eof
        out, errors = client.communicate(timeout=10)
    assert out.startswith(b"SIP/2.0 200 "), (out, errors)
    assert (found["tls"], found["tls_fallback"]) == (1, 1), found


def ours(lab, profile, calls):
    place = lab.path("certs")
    subprocess.run([os.path.join(ROOT, "scripts", "make-certs"), "--rsa", "--name", IP4_OURS, place], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    plan = over(both(calls, rate=200), "tls", 'tls = "old"; connections = "call";')
    return plan.replace("endpoints = (", f'tls = ( {{ name = "old"; cert = "{place}/server.pem"; key = "{place}/server.key"; '
                        f'{profile} }} );\nendpoints = (', 1)


def test_calls_between_our_own_ends_are_told_as_fallback(quiet_lab):
    calls = 200
    plan = ours(quiet_lab, 'versions = "1.2"; ciphers = [ "ECDHE-RSA-AES128-SHA256", "AES128-SHA" ];', calls)
    with quiet_lab.daemon(plan) as daemon:
        report = daemon.run_to_end()
    found = report["connections"]
    assert report["calls"]["placed"]["completed"] == calls, report["calls"]
    assert found["tls_fallback"] == found["opened"] + found["accepted"] == 2 * calls, found
    assert found["failed"] == [], found
    assert found["handshakes"]["server_full"] == calls, found


def test_plan_check_names_the_suites_and_their_memory(quiet_lab):
    file = quiet_lab.write("old.conf", ours(quiet_lab, 'ciphers = [ "TLS_AES_128_GCM_SHA256", "AES128-SHA", "TLS_AES_128_CCM_SHA256" ];', 10))
    done = loadctl("plan", "check", file)
    assert done.returncode == PASSED, done.stderr
    assert "remark: TLS profile old: OpenSSL does the records of AES128-SHA, TLS_AES_128_CCM_SHA256, at 20 KiB a connection" in done.stdout
    with_fallback = json.loads(loadctl("plan", "check", file, "--json").stdout)["needs"]["memory"]["connection_bytes"]
    file = quiet_lab.write("new.conf", ours(quiet_lab, "", 10))
    done = loadctl("plan", "check", file)
    assert "OpenSSL does" not in done.stdout
    without = json.loads(loadctl("plan", "check", file, "--json").stdout)["needs"]["memory"]["connection_bytes"]
    assert with_fallback - without == 20000 * 20480  # max_calls of the plan
