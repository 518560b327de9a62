#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: bench_tls.py [--json FILE]

What TLS costs, beside OpenSSL: handshakes (bench_tls_handshakes) and records (bench_tls_records), the figures of both in one file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("RINGSTORM_BUILD", os.path.join(ROOT, "build"))
PARTS = ("tls_handshakes", "tls_records")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", 1)[0].removeprefix("usage: "))
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    args = parser.parse_args()
    whole = {"bench": "tls", "figures": {}, "ratios": {}, "environment": {}}
    with tempfile.TemporaryDirectory() as place:
        for part in PARTS:
            file = os.path.join(place, part + ".json")
            done = subprocess.run([os.path.join(BUILD, "tests", "bench", "bench_" + part), "--json", file], check=False)
            if done.returncode != 0:
                return done.returncode
            with open(file) as f:
                figures = json.load(f)
            for member in ("figures", "ratios", "environment"):
                whole[member].update(figures[member])
    if args.json:
        with open(args.json, "w") as f:
            json.dump(whole, f, indent=1)
            f.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
