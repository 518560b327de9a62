# SPDX-License-Identifier: BSD-3-Clause
"""
A lab whose wire is tests/tools/wire: it loses, delays, reorders or duplicates what passes, and tells exactly what it did.

    with WireLab() as lab:                          # ours <-> wire <-> peer: a third namespace lies between the two
        with lab.wire(both="loss=5%", seed=7) as wire:
            ...
        wire.toward_peer["dropped"]["loss"]         # the summary, once the `with` has ended

Direction "ab" is from ringstorm's interface rs-ours to the peer's rs-peer, "ba" the way back. `WireLab(loop=True)` puts both
interfaces into ringstorm's namespace: two ports of one daemon, or two daemons, with the wire between them.
"""

import collections
import contextlib
import json
import os
import signal

from lab import IF_OURS, IF_PEER, Lab, run, wait_until
from programs import BUILD, FAILED, PASSED, STOPPED, loadctl

WIRE = os.path.join(BUILD, "tests", "tools", "wire")
IF_A = "rs-wire-a"
IF_B = "rs-wire-b"


def finish(daemon, timeout_s=120):
    """Wait for the end of the run, whether its calls passed or failed, or it was stopped; its report."""
    done = loadctl("wait", socket=daemon.socket, timeout_s=timeout_s)
    assert done.returncode in (PASSED, FAILED, STOPPED), f"{done.returncode}: {done.stdout}{done.stderr}{daemon.output()[-2000:]}"
    return daemon.json("report")


# A machine that is shared may hold a sender up so long (s).
SLACK_S = 0.15


def undisturbed(play):
    """
    What @play() returns, the report first. When the machine took the core from a worker for longer than SLACK_S, messages went
    out late and there were fewer of them: then times say nothing, and it is played again, twice at most.
    """
    for _ in range(3):
        result = play()
        if (result[0]["health"]["gap_us"]["max"] or 0) < SLACK_S * 1e6:
            break
    return result


def check_waits(calls, waits):
    """
    The messages of each of @calls ([[s, ...], ...]) came so long after one another (s).

    Nine in ten of them: a machine that stalls for a second holds up what was due then, and nothing else.
    """
    wanted = [sum(waits[:n]) for n in range(len(waits) + 1)]
    late = []
    for times in calls:
        assert len(times) == len(wanted), times
        apart = [time - times[0] - due for time, due in zip(times, wanted)]
        middle = sorted(apart)[len(apart) // 2]
        late += [value - middle for value in apart]
    assert sum(abs(value) >= SLACK_S for value in late) <= 0.1 * len(late), sorted(late)


class Wire:
    """A running wire; the summary can be read when it has ended, and in between by look()."""

    def __init__(self, lab, ab="", ba="", seed=1, log_all=False, name="wire", ends=(IF_A, IF_B)):
        self.summary_file = lab.path(f"{name}-summary.json")
        self.log_file = lab.path(f"{name}-log.jsonl")
        ready = lab.path(f"{name}-ready")
        for file in (self.summary_file, ready):
            if os.path.exists(file):
                os.unlink(file)
        argv = [WIRE, "--a", ends[0], "--b", ends[1], "--ab", ab, "--ba", ba, "--seed", str(seed), "--log", self.log_file,
                "--summary", self.summary_file, "--ready", ready]
        self.process = lab.start(argv + (["--log-all"] if log_all else []), lab.middle, f"{name}.out")
        wait_until(lambda: os.path.exists(ready) or not self.process.running(), 10, "the wire")
        assert self.process.running(), f"the wire did not start: {self.process.output()}"
        self.summary = None

    def _read(self):
        with open(self.summary_file) as file:
            self.summary = json.load(file)
        return self.summary

    def look(self):
        """The summary up to now, while frames go on."""
        if os.path.exists(self.summary_file):
            os.unlink(self.summary_file)
        self.process.signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(self.summary_file), 10, "the wire's summary")
        return self._read()

    def stop(self):
        """End it and read its summary, which must say that the wire lost nothing that it was not told to lose."""
        if self.process.running():
            self.process.signal(signal.SIGTERM)
        status = self.process.wait(10)
        assert status == 0, f"the wire ended with {status}: {self.process.output()}"
        for direction in self._read()["directions"].values():
            assert (direction["overrun"], direction["send_failed"], direction["untracked"]) == (0, 0, 0), direction
        return self.summary

    @property
    def toward_peer(self):
        """What was counted from ringstorm's end to the peer's."""
        return self.summary["directions"]["ab"]

    @property
    def toward_us(self):
        return self.summary["directions"]["ba"]

    def repeated(self, *directions):
        """SIP messages sent again, byte for byte, whatever became of them: by start line summed over @directions."""
        return sum(counts["repeated"] for direction in directions for counts in direction["sip"].values())

    def times(self, key, start=None):
        """When messages (those with the start line @start) came to the wire, by the value of @key: {call_id: [s, s, ...]}."""
        found = collections.defaultdict(list)
        for packet in self.packets():
            if key in packet and start in (None, packet.get("sip")):
                found[packet[key]].append(packet["t"])
        return found

    def packets(self):
        """The log: one dictionary for each packet that something was done to (with log_all: for each)."""
        with open(self.log_file) as log:
            return [json.loads(line) for line in log]


class WireLab(Lab):
    """As Lab, with a third namespace in the middle; without a running wire() nothing passes."""

    def __init__(self, loop=False):
        super().__init__()
        self.loop = loop
        self.middle = self.ours[:-1] + "w"

    def __exit__(self, *exc):
        super().__exit__(*exc)
        run("ip", "netns", "del", self.middle, check=False)

    def _join(self):
        far = self.ours if self.loop else self.peer
        run("ip", "netns", "add", self.middle)
        for netns, interface, end in ((self.ours, IF_OURS, IF_A), (far, IF_PEER, IF_B)):
            run("ip", "link", "add", interface, "netns", netns, "type", "veth", "peer", "name", end, "netns", self.middle)
            self._plug(self.middle, end)
            self._plug(netns, interface, kernel=netns == self.peer)
        if not self.loop:
            self._address_peer()
        # A veth hands frames over through a queue of the core; the kernel's 1,000 are 20 ms at 50,000 a second.

    @contextlib.contextmanager
    def wire(self, both="", ab=None, ba=None, **settings):
        """A wire that does @both to each direction, or @ab and @ba; `with` ends it and reads the summary."""
        wire = Wire(self, both if ab is None else ab, both if ba is None else ba, **settings)
        yield wire
        wire.stop()
