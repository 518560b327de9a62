# SPDX-License-Identifier: BSD-3-Clause
"""The recipes of docs/payloads.md make files that our readers take, at each ptime that the page names."""
import pathlib
import re
import subprocess

import pytest

from programs import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "payloads.md"
TOOL = pathlib.Path(BUILD) / "tests" / "tools" / "payload"

# file, codec, ptimes in ms, and how long it is at the first of them, in seconds
FILES = [
    ("talk.wav", "PCMU", [20, 10, 30, 60], 3.0),
    ("talk.wav", "PCMA", [20, 45], 3.0),
    ("alaw.wav", "PCMA", [20, 30], 3.0),
    ("alaw.wav", "PCMU", [20], 3.0),
    ("talk.ulaw", "PCMU", [20, 10, 60], 3.0),
    ("talk.alaw", "PCMA", [20, 10, 60], 3.0),
    ("talk.g722", "G722", [20, 10, 60], 3.0),
    ("talk.opus", "opus", [20], 3.0),
    ("talk.amr", "AMR", [20, 40, 60], 3.0),
    ("talk.awb", "AMR-WB", [20, 40, 60], 3.0),
    ("talk.g729", "G729", [20, 10, 60], 3.0),
]


def tool(*words, cwd):
    return subprocess.run([str(TOOL), *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    """A directory in which all commands of the page have been run, in order."""
    where = tmp_path_factory.mktemp("recipes")
    commands = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    assert len(commands) >= 7
    (where / "recipes.sh").write_text("".join(commands))
    done = subprocess.run(["bash", "-euo", "pipefail", "recipes.sh"], cwd=where, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return where


@pytest.mark.parametrize("name,codec,ptimes,seconds", FILES, ids=[f"{f[0]}-{f[1]}" for f in FILES])
def test_a_file_of_each_recipe_is_taken(kitchen, name, codec, ptimes, seconds):
    for ptime in ptimes:
        for form in ([], ["octet-align"]) if codec.startswith("AMR") else ([],):
            said = tool(name, codec, ptime, *form, cwd=kitchen)
            assert said.returncode == 0, said.stderr
            got = float(re.search(r"([0-9.]+) s, at most", said.stdout)[1])
            assert abs(got - seconds) <= 0.061, said.stdout
            assert f"packets of {ptime} ms" in said.stdout


def test_opus_is_not_cut_below_its_frames(kitchen):
    said = tool("talk.opus", "opus", 10, cwd=kitchen)
    assert said.returncode == 1
    assert said.stderr == "talk.opus: holds frames of 20 ms, from which no packets of 10 ms can be made\n"


def test_a_capture_is_replayed(kitchen):
    said = tool("replay.pcap", "replay", cwd=kitchen)
    assert said.returncode == 0, said.stderr
    assert re.search(r"replay.pcap: \d{3,} packets of SSRC 0x[0-9a-f]{8} to port \d+", said.stdout)


def test_a_cut_file_is_refused_with_the_byte(kitchen):
    for name, codec in [("talk.wav", "PCMU"), ("talk.opus", "opus"), ("talk.amr", "AMR"), ("talk.awb", "AMR-WB")]:
        whole = (kitchen / name).read_bytes()
        (kitchen / ("cut-" + name)).write_bytes(whole[:-3])
        said = tool("cut-" + name, codec, cwd=kitchen)
        assert said.returncode == 1
        assert re.match(rf"cut-{name}: at byte \d+: .*cut short", said.stderr), said.stderr
