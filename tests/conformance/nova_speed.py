#!/usr/bin/env python3
"""Compares the time that two servers spend on Nova's functional tests:

    nova_speed.py --server COMMAND --real COMMAND --source FOLDER [--every N] [--factor 20] [TEST ...]

Each test runs against either (nova_functional.py), one at a time. What is compared is the processor time of the server's
process from its first request on, so that neither start-up nor the tests themselves count. The exit status is 0 when the
server needs at most one twentieth (--factor) of the real one's time, over the tests that pass with both.

The real service takes some seconds for a test: --every 5 takes every fifth of the list.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
RUNNER = HERE / "nova_functional.py"
LIST = RUNNER.with_suffix(".txt")


def results(command, source, names, folder):
    """What became of each test, by its name, with its seconds."""
    written = pathlib.Path(folder, "results.jsonl")
    arguments = ["--server", command, "--source", source, "--jobs", "1", "--expect", "0", "--json", str(written)]
    subprocess.run([sys.executable, str(RUNNER), *arguments, *names], check=True)
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    return {row["test"]: row for row in rows if row["outcome"] == "passed"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="this project's; {address} becomes host:port")
    arguments.add_argument("--real", required=True, help="the real one's")
    arguments.add_argument("--source", required=True, help="the folder of Nova's unpacked source archive")
    arguments.add_argument("--every", type=int, default=1, help="only every so-manieth test of the list")
    arguments.add_argument("--factor", type=float, default=20.0, help="how many times faster it must be")
    arguments.add_argument("tests", nargs="*", help="tests; without any, those of the list")
    options = arguments.parse_args()
    listed = (line.strip() for line in LIST.read_text().splitlines())
    names = options.tests or [line for line in listed if line and not line.startswith("#")][:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        ours = results(options.server, options.source, names, folder)
        theirs = results(options.real, options.source, names, folder)
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        sys.exit("no test passes with both")
    mine, real = (sum(rows[name]["server_seconds"] for name in both) for rows in (ours, theirs))
    ratios = sorted(theirs[name]["server_seconds"] / max(ours[name]["server_seconds"], 0.01) for name in both)
    wall = (sum(rows[name]["seconds"] for name in both) for rows in (theirs, ours))
    print(f"{len(both)} tests pass with both; the server's processor time:")
    print(f"  the real Nova  {real:8.1f} s   {1000 * real / len(both):7.0f} ms a test")
    print(f"  novarig        {mine:8.1f} s   {1000 * mine / len(both):7.0f} ms a test")
    print(f"  times faster   {real / max(mine, 0.01):8.0f}     half of the tests at least {ratios[len(ratios) // 2]:.0f} times")
    print("the tests' own time included: {:.0f} s and {:.0f} s".format(*wall))
    sys.exit(0 if real >= options.factor * mine else 1)


if __name__ == "__main__":
    main()
