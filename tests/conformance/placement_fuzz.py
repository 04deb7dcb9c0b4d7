#!/usr/bin/env python3
"""Fuzzes this project's placement service from the OpenAPI document it serves: no request may give a 5xx.

    placement_fuzz.py --server 'novarig placement --listen {address}' [--seconds N] [--seed N]
"""

import argparse
import pathlib
import subprocess
import sys

import placement_gabbi


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--seconds", type=int, default=60, help="how long new requests are made up")
    arguments.add_argument("--seed", type=int, default=1, help="another seed makes up other requests")
    options = arguments.parse_args()
    server = placement_gabbi.Server(options.server)
    with server.running("APIFixture"):
        command = [
            pathlib.Path(sys.executable).with_name("schemathesis"), "run",
            f"http://{placement_gabbi.HOST}:{server.port}/openapi.json",
            "--header", "X-Auth-Token: admin", "--header", "X-Roles: admin,service",
            "--checks", "not_a_server_error", "--max-time", str(options.seconds), "--seed", str(options.seed),
        ]
        done = subprocess.run([str(word) for word in command], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
