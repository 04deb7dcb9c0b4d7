#!/usr/bin/env python3
"""Measures this project's placement service and the real one, one after the other, with the same load.

    placement_speed.py --server 'novarig placement --listen {address}' --load 'placement_load --address {address}'

The load generator prints its figures as JSON in its last line (see host/api/examples/placement_load.rs). The table
printed gives both and how many times faster this project's service is.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import placement_gabbi

# Figure, its name, and whether less is better.
FIGURES = (
    ("candidates_limit_100_ms", "candidates, limit 100 (ms)", True),
    ("candidates_all_ms", "candidates, all (ms)", True),
    ("writes_1_per_second", "allocations written by 1 client (/s)", False),
    ("writes_8_per_second", "allocations written by 8 clients (/s)", False),
)


def measure(command, load):
    """The figures of one service, started for this and stopped after it."""
    server = placement_gabbi.Server(command)
    with server.running("APIFixture"):
        address = f"{placement_gabbi.HOST}:{server.port}"
        output = subprocess.run(load.format(address=address), shell=True, check=True, capture_output=True, text=True)
    return json.loads(output.stdout.strip().splitlines()[-1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--load", required=True, help="the load generator's command, likewise")
    options = arguments.parse_args()
    real = pathlib.Path(__file__).with_name("real_placement.py")

    theirs = measure(f"exec {sys.executable} {real} {{address}}", options.load)
    ours = measure(options.server, options.load)
    print(f"{theirs['providers']} providers{'':27} real    novarig  times faster")
    for key, name, less_is_better in FIGURES:
        ratio = theirs[key] / ours[key] if less_is_better else ours[key] / theirs[key]
        print(f"{name:38} {theirs[key]:9.2f} {ours[key]:9.3f} {ratio:9.0f}")


if __name__ == "__main__":
    main()
