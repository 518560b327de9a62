# SPDX-License-Identifier: BSD-3-Clause
"""Certificates for TLS profiles: scripts/make-certs makes them, `loadctl plan check` says what is wrong with others."""

import json
import os
import subprocess

import pytest

from plans import both
from programs import PASSED, ROOT, USAGE, loadctl

MAKE_CERTS = os.path.join(ROOT, "scripts", "make-certs")


def make_certs(*args):
    return subprocess.run([MAKE_CERTS, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=120, check=False)


def openssl(*args):
    return subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)


def mtimes(directory):
    return {name: os.stat(os.path.join(directory, name)).st_mtime_ns for name in os.listdir(directory)}


def with_tls(profile):
    """The plan of the other tests with one TLS profile, and the line that it is on."""
    text = both(10)
    assert "endpoints = (" in text
    text = text.replace("endpoints = (", "tls = (\n" + profile + " );\nendpoints = (", 1)
    return text, text[:text.index(profile)].count("\n") + 1


@pytest.mark.parametrize("kind, name", [((), "id-ecPublicKey"), (("--rsa",), "rsaEncryption")])
def test_certificates_are_of_one_authority_and_made_once(kind, name, quiet_lab):
    place = quiet_lab.path("certs")
    done = make_certs(*kind, "--clients", "2", "--name", "sbc.test", "--name", "198.18.0.1", "--expired", place)
    assert done.returncode == 0, done.stderr
    for file in ("server", "client-0", "client-1"):
        pem = os.path.join(place, file + ".pem")
        assert openssl("verify", "-CAfile", os.path.join(place, "ca.pem"), pem).returncode == 0
        assert f"Public Key Algorithm: {name}" in openssl("x509", "-in", pem, "-noout", "-text").stdout
        assert os.stat(os.path.join(place, file + ".key")).st_mode & 0o077 == 0
    assert "DNS:sbc.test, IP Address:198.18.0.1" in openssl(
        "x509", "-in", os.path.join(place, "server.pem"), "-noout", "-ext", "subjectAltName").stdout
    assert "expired" in openssl("verify", "-CAfile", os.path.join(place, "ca.pem"), os.path.join(place, "expired.pem")).stderr
    before = mtimes(place)
    again = make_certs(*kind, "--clients", "2", "--name", "sbc.test", "--name", "198.18.0.1", "--expired", place)
    assert again.returncode == 0 and "0 made" in again.stderr
    assert mtimes(place) == before
    assert make_certs(*kind, "--clients", "3", "--name", "sbc.test", "--name", "198.18.0.1", place).returncode == 0
    after = mtimes(place)
    assert {file for file in after if after[file] != before.get(file)} == {"client-2.pem", "client-2.key"}


def test_make_certs_says_what_it_wants():
    assert "usage: scripts/make-certs" in make_certs("--help").stdout
    for wrong in ((), ("--clients", "x", "/tmp/x"), ("--days", "0", "/tmp/x"), ("--frob", "/tmp/x"), ("a", "b")):
        done = make_certs(*wrong)
        assert done.returncode == 2 and "--help" in done.stderr


def test_plan_check_reads_the_certificates(quiet_lab):
    place = quiet_lab.path("certs")
    assert make_certs("--clients", "2", "--expired", place).returncode == 0
    text, _ = with_tls('{ name = "access"; ca = "certs/ca.pem"; cert = "certs/server.pem"; key = "certs/server.key"; },'
                       '{ name = "core"; versions = [ "1.3" ]; generate = 2; mutual = true; }')
    plan = quiet_lab.write("good.conf", text)
    done = loadctl("plan", "check", plan)
    assert done.returncode == PASSED, done.stderr
    assert "access       TLS 1.2 and 1.3, 1 certificate read, peers are checked" in done.stdout
    assert "core         TLS 1.3, 2 certificates to be made, peers are not checked, clients must show a certificate" in done.stdout
    profile = json.loads(loadctl("plan", "check", plan, "--json").stdout)["tls"][0]
    assert (profile["name"], profile["certificates"], profile["verify"]) == ("access", 1, True)


@pytest.mark.parametrize("files, setting, words", [
    ('cert = "certs/nowhere.pem"; key = "certs/server.key";', "cert", ("nowhere.pem", "No such file")),
    ('cert = "certs/server.pem"; key = "certs/client-0.key";', "cert", ("client-0.key: is not the key of", "server.pem")),
    ('cert = "certs/expired.pem"; key = "certs/expired.key";', "cert", ("expired.pem: expired at 20", "expired = true")),
    ('ca = "certs/server.key";', "ca", ("server.key: holds no certificate",))])
def test_plan_check_says_what_is_wrong_with_a_certificate(files, setting, words, quiet_lab):
    assert make_certs("--expired", quiet_lab.path("certs")).returncode == 0
    text, line = with_tls('{ name = "access"; ' + files + " }")
    plan = quiet_lab.write("wrong.conf", text)
    done = loadctl("plan", "check", plan)
    assert done.returncode == USAGE
    assert f"{plan}:{line}: tls[0].{setting}: " in done.stderr
    for word in words:
        assert word in done.stderr
