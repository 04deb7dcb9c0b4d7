#!/usr/bin/env python3
"""Compares what a client of either cloud waits for, this project's and the real Nova:

    nova_api_speed.py --server COMMAND --real COMMAND --source FOLDER [--servers 1000] [--factor 20]

In a cloud of twenty compute hosts, the same requests to both: a server made alone, from the POST until it is ACTIVE and
deleted again, and the list of a thousand servers with all that is known of them. What is compared is the processor time
of the server's process, so that a client that sleeps between two looks costs neither anything; what the client waited is
told beside it. The exit status is 0 when this project's needs at most one twentieth (--factor) of the real one's time for
each of both.

The thousand servers are built here; in the real one, which takes too long for it, one is built, and the others are copies
of its record. The list is the same, but for what their names say.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time
import types
import urllib.request

import nova_functional
from nova_functional import processor_time

HEADERS = {
    "Content-Type": "application/json",
    "OpenStack-API-Version": "compute 2.90",
    "X-Auth-User": "admin",
    "X-User-Id": "admin",
    "X-Auth-Project-Id": "6f70656e737461636b20342065766572",
    "X-Roles": "admin,member,reader",
}
# As Nova's own tests of moves begin, which have everything a server needs. What is cast is called there, so that a request
# ends when the server is built: the real one's database is in memory, and may stand still when much is asked for meanwhile.
FIXTURES = (
    ("CastAsCallFixture", ["$test"]),
    ("RealPolicyFixture", []),
    ("NeutronFixture", ["$test"]),
    ("GlanceFixture", ["$test"]),
    ("CinderFixture", ["$test"]),
    ("PlacementFixture", []),
    ("AllServicesCurrent", []),
    ("NotificationFixture", ["$test"]),
    ("OSAPIFixture", []),
)
SERVER = {"flavorRef": "1", "imageRef": "155d900f-4e14-4e4c-a73d-069cbf4541e6", "networks": "none", "name": "measured"}
# How many are asked for in one request when there are to be many.
BATCH = 50
HOSTS = 20
# How often each is measured; the first few are not counted, for whoever is asked first reads its files.
ALONE, LISTED, WARM = 10, 5, 2
BUILD_TIMEOUT = 300.0


class Cloud:
    """One of the two, with compute hosts on which a thousand servers fit."""

    def __init__(self, command):
        self.run = nova_functional.Run(command)
        self.run.begin(types.SimpleNamespace(NUMBER_OF_CELLS=1, STUB_COMPUTE_ID=True))
        self.control("PUT", "config", {"group": None, "options": {"compute_driver": "fake.FakeDriver"}})
        unlimited = {"instances": -1, "cores": -1, "ram": -1}
        self.control("PUT", "config", {"group": "quota", "options": unlimited})
        for name, args in FIXTURES:
            kwargs = {"api_version": "v2.1"} if name == "OSAPIFixture" else {}
            self.control("POST", "fixtures", {"name": name, "args": args, "kwargs": kwargs})
        computes = [("compute", f"host{number}") for number in range(1, HOSTS + 1)]
        for name, host in (("conductor", None), ("scheduler", None), *computes):
            self.control("POST", "services", {"name": name, "host": host, "cell": None, "kwargs": {}})

    def control(self, *request):
        return self.run.control(*request)

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.run.base}/v2.1{path}", data, HEADERS, method=method)
        with urllib.request.urlopen(request, timeout=nova_functional.REQUEST_TIMEOUT) as answer:
            return answer.read()

    def document(self, method, path, body=None):
        return json.loads(self.ask(method, path, body))

    def create(self, count=1):
        """Asks for servers; returns the id of the first."""
        asked = {**SERVER, "min_count": count, "max_count": count} if count > 1 else SERVER
        return self.document("POST", "/servers", {"server": asked})["server"]["id"]

    def wait(self, done, what):
        """Looks until it is; not so often that the looks would be what keeps the server busy."""
        deadline = time.monotonic() + BUILD_TIMEOUT
        while True:
            begun = time.monotonic()
            if done():
                return
            if begun > deadline:
                raise RuntimeError(f"{what} within {BUILD_TIMEOUT:.0f} s")
            time.sleep(max(0.02, 4 * (time.monotonic() - begun)))

    def make_one(self):
        """One server from the request to ACTIVE, and away again."""
        begun = time.monotonic()
        server = self.create()
        show = f"/servers/{server}"

        def active():
            status = self.document("GET", show)["server"]["status"]
            if status == "ERROR":
                raise RuntimeError(f"server {server} is in ERROR: {self.document('GET', show)}")
            return status == "ACTIVE"

        self.wait(active, "no ACTIVE server")
        waited = time.monotonic() - begun
        self.ask("DELETE", show)
        self.wait(lambda: not self.ids(""), "the server was not deleted")
        return waited

    def ids(self, query):
        """Those of servers, page after page."""
        found, marker = [], ""
        while page := self.document("GET", f"/servers?limit=1000{query}{marker}")["servers"]:
            found += [server["id"] for server in page]
            marker = f"&marker={found[-1]}"
        return found

    def fill(self, servers):
        made = 0
        while made < servers:
            batch = min(BATCH, servers - made)
            self.create(batch)
            made += batch
            self.wait(lambda: not self.ids("&status=BUILD"), f"{made} servers were not built")
        if broken := self.ids("&status=ERROR"):
            raise RuntimeError(f"{len(broken)} servers are in ERROR: {self.document('GET', '/servers/' + broken[0])}")

    def fill_with_copies(self, servers):
        """Builds one and copies its record, some at a time, for a request has a time-out."""
        server, left = self.create(), servers - 1
        self.wait(lambda: not self.ids("&status=BUILD"), "the server was not built")
        while left:
            count = min(left, 100)
            self.control("POST", f"servers/{server}/copies", {"count": count})
            left -= count

    def list_all(self, servers):
        begun = time.monotonic()
        answer = self.ask("GET", "/servers/detail")
        waited = time.monotonic() - begun
        listed = len(json.loads(answer)["servers"])
        if listed != servers:
            raise RuntimeError(f"{listed} servers are listed instead of {servers}")
        return waited

    def measured(self, what, times):
        """The processor time of the server for each call of `what`, after some to warm up, and the median of what it tells, in seconds."""
        for _ in range(WARM):
            what()
        before = processor_time(self.run.process.pid)
        waited = [what() for _ in range(times)]
        return (processor_time(self.run.process.pid) - before) / times, statistics.median(waited)


def measure(command, servers, often, fill):
    cloud = Cloud(command)
    try:
        alone = cloud.measured(cloud.make_one, ALONE * often)
        fill(cloud, servers)
        return alone, cloud.measured(lambda: cloud.list_all(servers), LISTED * often)
    finally:
        cloud.run.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="this project's; {address} becomes host:port")
    arguments.add_argument("--real", required=True, help="the real one's")
    arguments.add_argument("--source", required=True, help="the folder of Nova's unpacked source archive")
    arguments.add_argument("--servers", type=int, default=1000, help="how many servers are listed; at most 1,000, which is a page")
    arguments.add_argument("--factor", type=float, default=20.0, help="how many times faster it must be")
    options = arguments.parse_args()
    if not 1 <= options.servers <= 1000:
        arguments.error("--servers is from 1 to 1,000")
    # The real one serves what it finds where it is started.
    os.chdir(pathlib.Path(options.source))
    # The system counts processor time in hundredths of a second, so what takes less is done more often.
    ours = measure(options.server, options.servers, 10, Cloud.fill)
    theirs = measure(options.real, options.servers, 1, Cloud.fill_with_copies)
    enough = True
    print("the server's processor time, and what a client waited:")
    names = ("POST /servers to ACTIVE, and DELETE", f"GET /servers/detail of {options.servers:,}")
    for what, (mine, my_wait), (real, real_wait) in zip(names, ours, theirs):
        factor = real / max(mine, 1e-5)
        enough = enough and factor >= options.factor
        print(f"  {what}")
        print(f"    the real Nova  {1000 * real:8.1f} ms   waited {1000 * real_wait:8.1f} ms")
        print(f"    novarig        {1000 * mine:8.1f} ms   waited {1000 * my_wait:8.1f} ms")
        print(f"    times faster   {factor:8.0f}")
    sys.exit(0 if enough else 1)


if __name__ == "__main__":
    main()
