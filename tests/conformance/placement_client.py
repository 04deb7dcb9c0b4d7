#!/usr/bin/env python3
"""Drives this project's placement service with the unmodified `openstack` client (osc-placement).

    placement_client.py --server 'novarig placement --listen {address}'

Every command that osc-placement has is used at least once, on one story: two hosts, one of them with a GPU below it,
and a consumer that takes something of both.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import unittest

import placement_gabbi

CONSUMER = "c0000000-0000-4000-8000-000000000001"
AGGREGATE = "a0000000-0000-4000-8000-000000000001"
VERSION = "1.39"


class Client:
    """The client, and a note of which of its commands were used."""

    def __init__(self, server):
        self.program = pathlib.Path(sys.executable).with_name("openstack")
        self.server = server
        self.used = set()

    def run(self, command, *arguments, shows=True):
        """One command; returns what it shows. Fails with what the client says when it does."""
        self.used.add(command)
        endpoint = f"http://{placement_gabbi.HOST}:{self.server.port}"
        access = ["--os-auth-type", "admin_token", "--os-token", "admin", "--os-endpoint", endpoint]
        output = ["-f", "json"] if shows else []
        line = [self.program, *access, "--os-placement-api-version", VERSION, *command.split(), *output, *arguments]
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"openstack {command} {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout) if shows and done.stdout.strip() else None

    def commands(self):
        """All commands of osc-placement."""
        groups = subprocess.run(
            [str(self.program), "command", "list", "--group", "openstack.placement.v1", "-f", "json"],
            capture_output=True, text=True, check=True,
        )
        (group,) = json.loads(groups.stdout)
        commands = group["Commands"]
        return set(commands if isinstance(commands, list) else commands.splitlines())


class PlacementClientTest(unittest.TestCase):
    maxDiff = None
    server = None

    def test_every_command_of_the_client_works(self):
        client = Client(self.server)
        run = client.run

        # Hosts and what they have.
        host = run("resource provider create", "host1")["uuid"]
        other = run("resource provider create", "host2")["uuid"]
        gpu = run("resource provider create", "gpu", "--parent-provider", host)["uuid"]
        run("resource provider set", other, "--name", "host3")
        self.assertEqual(run("resource provider show", other)["name"], "host3")
        self.assertEqual(run("resource provider show", gpu)["root_provider_uuid"], host)
        for provider, resources in ((host, ("VCPU=8", "MEMORY_MB=4096")), (other, ("VCPU=4",)), (gpu, ("VGPU=2",))):
            flags = [word for resource in resources for word in ("--resource", resource)]
            run("resource provider inventory set", provider, *flags)
        run("resource provider inventory class set", host, "VCPU", "--total", "16", shows=True)
        self.assertEqual(run("resource provider inventory show", host, "VCPU")["total"], 16)
        self.assertEqual(len(run("resource provider inventory list", host)), 2)

        # Names of one's own, traits and aggregates.
        run("resource class create", "CUSTOM_FPGA", shows=False)
        run("resource class set", "CUSTOM_FPGA", shows=False)
        self.assertEqual(run("resource class show", "CUSTOM_FPGA")["name"], "CUSTOM_FPGA")
        self.assertIn({"name": "CUSTOM_FPGA"}, run("resource class list"))
        run("resource class delete", "CUSTOM_FPGA", shows=False)
        run("trait create", "CUSTOM_GOLD", shows=False)
        self.assertEqual(run("trait show", "CUSTOM_GOLD"), {"name": "CUSTOM_GOLD"})
        run("resource provider trait set", host, "--trait", "CUSTOM_GOLD")
        self.assertEqual(run("resource provider trait list", host), [{"name": "CUSTOM_GOLD"}])
        self.assertEqual(run("trait list", "--associated"), [{"name": "CUSTOM_GOLD"}])
        generation = str(run("resource provider show", host)["generation"])
        run("resource provider aggregate set", host, "--aggregate", AGGREGATE, "--generation", generation)
        self.assertEqual(run("resource provider aggregate list", host), [{"uuid": AGGREGATE}])

        # Who could supply, who does, and who does no more.
        found = run("resource provider list", "--required", "CUSTOM_GOLD", "--resource", "VCPU=1")
        self.assertEqual([provider["uuid"] for provider in found], [host])
        rows = run("allocation candidate list", "--resource", "VCPU=2", "--resource", "VGPU=1", "--limit", "5")
        self.assertEqual({row["resource provider"] for row in rows}, {host, gpu})
        allocation = ("--allocation", f"rp={host},VCPU=2", "--allocation", f"rp={gpu},VGPU=1")
        owner = ("--project-id", "demo", "--user-id", "alice", "--consumer-type", "INSTANCE")
        run("resource provider allocation set", CONSUMER, *allocation, *owner)
        shown = run("resource provider allocation show", CONSUMER)
        self.assertEqual({row["resource_provider"] for row in shown}, {host, gpu})
        usage = {row["resource_class"]: row["usage"] for row in run("resource provider usage show", host)}
        self.assertEqual(usage, {"VCPU": 2, "MEMORY_MB": 0})
        self.assertTrue(run("resource usage show", "demo"))
        run("resource provider allocation unset", CONSUMER, "--provider", gpu)
        shown = run("resource provider allocation show", CONSUMER)
        self.assertEqual([row["resource_provider"] for row in shown], [host])
        run("resource provider allocation delete", CONSUMER, shows=False)

        # Nothing stays in the way of the end.
        run("resource provider trait delete", host, shows=False)
        run("trait delete", "CUSTOM_GOLD", shows=False)
        run("resource provider inventory delete", host, "--resource-class", "VCPU", shows=False)
        for provider in (gpu, host, other):
            run("resource provider delete", provider, shows=False)
        self.assertEqual(run("resource provider list"), [])

        self.assertEqual(client.commands() - client.used, set(), "every command is used")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    options = arguments.parse_args()
    server = PlacementClientTest.server = placement_gabbi.Server(options.server)
    with server.running("APIFixture"):
        result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(PlacementClientTest))
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
