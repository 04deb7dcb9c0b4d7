#!/usr/bin/env python3
"""Drives this project's cloud with the unmodified `openstack` client.

    cloud_client.py --server 'novarig serve --listen {address} --hosts 2 --host broken=fake+fail-finish-migration'

The client logs in at the identity service and finds the others by its catalogue. The server needs the hosts host1 and host2
and a third, `broken`, on which the last step of every resize fails.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import placement_gabbi

PATIENCE = 10.0
IMAGE = "fakeimage6"
USER = {
    "OS_USERNAME": "admin",
    "OS_PASSWORD": "secret",
    "OS_PROJECT_NAME": "demo",
    "OS_USER_DOMAIN_NAME": "Default",
    "OS_PROJECT_DOMAIN_NAME": "Default",
    "OS_IDENTITY_API_VERSION": "3",
    "OS_REGION_NAME": "RegionOne",
    # The client's own libraries warn of each other.
    "PYTHONWARNINGS": "ignore",
}


class CloudClientTest(unittest.TestCase):
    maxDiff = None
    server = None

    def client(self, command, *arguments, shows=True, user=None):
        """One command; returns what it shows. Fails with what the client says when it does."""
        program = pathlib.Path(sys.executable).with_name("openstack")
        output = ["-f", "json"] if shows else []
        access = {"OS_AUTH_URL": f"http://{placement_gabbi.HOST}:{self.server.port}/identity/v3"}
        line = [str(program), *command.split(), *output, *arguments]
        environment = {**os.environ, **USER, **access, **(user or {})}
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
        if done.returncode != 0:
            raise AssertionError(f"openstack {command} {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout) if shows and done.stdout.strip() else None

    def quiet(self, command, *arguments):
        self.client(command, *arguments, shows=False)

    def client_may_fail(self, command, *arguments):
        with contextlib.suppress(AssertionError):
            self.quiet(command, *arguments)

    def control(self, method, path, body):
        connection = http.client.HTTPConnection(placement_gabbi.HOST, self.server.port, timeout=30)
        connection.request(method, f"/_novarig/v1/{path}", json.dumps(body))
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200, answer.read())

    def disable(self, host):
        """No server comes to this host while the test lasts."""
        self.quiet("compute service set", "--disable", host, "nova-compute")
        self.addCleanup(self.quiet, "compute service set", "--enable", host, "nova-compute")

    def server_shown(self, name="web"):
        return self.client("server show", name)

    def wait_for(self, status, name="web"):
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.server_shown(name)
            if found["status"] == status and found["OS-EXT-STS:task_state"] is None:
                return found
            self.assertLess(time.monotonic(), deadline, f"{name} is {found['status']}, not {status}")
            time.sleep(0.1)

    def boot(self, name, *arguments):
        self.addCleanup(self.client_may_fail, "server delete", "--wait", name)
        chosen = ("--image", IMAGE, "--flavor", "m1.tiny", "--network", "private", "--wait")
        return self.client("server create", *chosen, *arguments, name)

    def test_a_server_from_its_key_to_its_end(self):
        run, quiet = self.client, self.quiet
        self.assertEqual(run("token issue")["project_id"], run("project show", "demo")["id"])
        self.assertIn("m1.tiny", [flavor["Name"] for flavor in run("flavor list")])
        self.assertIn(IMAGE, [image["Name"] for image in run("image list")])
        self.assertEqual([network["Name"] for network in run("network list")], ["private"])
        with tempfile.TemporaryDirectory() as folder:
            private = pathlib.Path(folder) / "key"
            run("keypair create", "--private-key", str(private), "key")
            self.assertIn("PRIVATE KEY", private.read_text())
        self.boot("web", "--key-name", "key", "--host", "host1")
        self.assertEqual([server["Name"] for server in run("server list")], ["web"])
        self.assertEqual(self.server_shown()["status"], "ACTIVE")
        quiet("console log show", "web")
        for there, state, back in (("pause", "PAUSED", "unpause"), ("suspend", "SUSPENDED", "resume"),
                                   ("rescue", "RESCUE", "unrescue"), ("stop", "SHUTOFF", "start")):
            quiet(f"server {there}", "web")
            self.wait_for(state)
            quiet(f"server {back}", "web")
            self.wait_for("ACTIVE")
        quiet("server reboot", "--hard", "--wait", "web")
        quiet("server lock", "web")
        quiet("server unlock", "web")
        quiet("server set", "--property", "a=b", "--description", "first", "web")
        self.assertEqual(self.server_shown()["properties"], {"a": "b"})
        quiet("server shelve", "--wait", "web")
        quiet("server unshelve", "--wait", "web")
        self.wait_for("ACTIVE")
        quiet("server image create", "--name", "snapshot", "--wait", "web")
        self.assertEqual(run("image show", "snapshot")["status"], "active")
        quiet("server rebuild", "--image", "snapshot", "--wait", "web")
        self.wait_for("ACTIVE")
        events = {event["Action"] for event in run("server event list", "web")}
        self.assertLessEqual({"create", "shelve", "unshelve", "rebuild"}, events)
        quiet("server delete", "--wait", "web")
        self.assertEqual(run("server list"), [])
        quiet("keypair delete", "key")

    def test_a_server_moves(self):
        run, quiet = self.client, self.quiet
        self.disable("broken")
        self.boot("mover", "--host", "host1")
        quiet("server resize", "--flavor", "m1.small", "--wait", "mover")
        quiet("server resize confirm", "mover")
        self.wait_for("ACTIVE", "mover")
        quiet("server resize", "--flavor", "m1.medium", "--wait", "mover")
        quiet("server resize revert", "mover")
        self.wait_for("ACTIVE", "mover")
        self.assertIn("m1.small", str(self.server_shown("mover")["flavor"]))
        quiet("server migrate", "--wait", "mover")
        quiet("server migration confirm", "mover")
        before = self.wait_for("ACTIVE", "mover")["OS-EXT-SRV-ATTR:host"]
        quiet("server migrate", "--live-migration", "--wait", "mover")
        after = self.wait_for("ACTIVE", "mover")["OS-EXT-SRV-ATTR:host"]
        self.assertNotEqual(before, after)
        self.control("POST", f"services/compute/{after}/stop", {})
        quiet("compute service set", "--down", after, "nova-compute")
        # Since 2.95 it is stopped where it arrives, for which the client's own --wait would wait for ever.
        quiet("server evacuate", "mover")
        self.assertEqual(self.wait_for("SHUTOFF", "mover")["OS-EXT-SRV-ATTR:host"], before)
        quiet("server delete", "--wait", "mover")
        self.control("POST", f"services/compute/{after}/start", {})
        quiet("compute service set", "--up", after, "nova-compute")
        kinds = {migration["Type"] for migration in run("server migration list")}
        self.assertLessEqual({"resize", "migration", "live-migration", "evacuation"}, kinds)

    def test_a_resize_that_fails_on_its_destination_is_seen_as_a_fault(self):
        # Only the host where it fails is left to go to.
        self.disable("host2")
        self.boot("victim", "--host", "host1")
        self.quiet("server resize", "--flavor", "m1.small", "victim")
        deadline = time.monotonic() + PATIENCE
        while self.server_shown("victim")["status"] != "ERROR":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertTrue(self.server_shown("victim")["fault"])
        self.quiet("server set", "--state", "active", "--auto-approve", "victim")
        self.assertEqual(self.server_shown("victim")["status"], "ACTIVE")
        self.quiet("server delete", "--wait", "victim")

    def test_volumes_and_ports_are_attached(self):
        run, quiet = self.client, self.quiet
        self.boot("disks", "--host", "host1")
        quiet("volume create", "--size", "1", "data")
        quiet("server add volume", "disks", "data")
        self.assertEqual(run("volume show", "data")["status"], "in-use")
        quiet("server remove volume", "disks", "data")
        quiet("port create", "--network", "private", "extra")
        quiet("server add port", "disks", "extra")
        self.assertEqual(len(run("port list", "--server", "disks")), 2)
        quiet("server remove port", "disks", "extra")
        quiet("port delete", "extra")
        quiet("server delete", "--wait", "disks")
        quiet("volume delete", "data")
        self.boot("from-volume", "--boot-from-volume", "1", "--host", "host1")
        self.assertEqual(len(self.server_shown("from-volume")["volumes_attached"]), 1)
        quiet("server delete", "--wait", "from-volume")

    def test_an_operator_looks_after_hosts_zones_and_quotas(self):
        run, quiet = self.client, self.quiet
        quiet("aggregate create", "--zone", "z1", "agg")
        quiet("aggregate add host", "agg", "host2")
        self.assertEqual(run("aggregate show", "agg")["hosts"], ["host2"])
        self.assertIn("z1", [zone["Zone Name"] for zone in run("availability zone list", "--compute")])
        quiet("aggregate remove host", "agg", "host2")
        quiet("aggregate delete", "agg")
        self.assertEqual(len(run("hypervisor list")), 3)
        self.assertEqual(run("hypervisor show", "host1")["hypervisor_hostname"], "host1")
        services = {service["Host"]: service["State"] for service in run("compute service list")}
        self.assertEqual(services.get("host1"), "up")
        quiet("quota set", "--instances", "20", "demo")
        self.assertTrue(run("quota show", "demo"))
        limits = {limit["Name"]: limit["Value"] for limit in run("limits show", "--absolute")}
        self.assertEqual(limits["instances"], 20)
        quiet("flavor create", "--ram", "128", "--disk", "1", "--vcpus", "1", "small")
        quiet("flavor set", "--property", "hw:cpu_policy=shared", "small")
        self.assertEqual(run("flavor show", "small")["properties"], {"hw:cpu_policy": "shared"})
        quiet("flavor delete", "small")
        self.assertTrue(run("resource provider list"))

    def test_a_program_logs_in_with_an_application_credential(self):
        run, quiet = self.client, self.quiet
        made = run("application credential create", "--role", "member", "--description", "for a test", "robot")
        self.addCleanup(self.client_may_fail, "application credential delete", "robot")
        self.assertEqual([one["Name"] for one in run("application credential list")], ["robot"])
        self.assertNotIn("Secret", run("application credential show", "robot"))
        robot = {name: "" for name in USER if name.startswith("OS_") and name not in ("OS_IDENTITY_API_VERSION", "OS_REGION_NAME")}
        robot |= {
            "OS_AUTH_TYPE": "v3applicationcredential",
            "OS_APPLICATION_CREDENTIAL_ID": made["ID"],
            "OS_APPLICATION_CREDENTIAL_SECRET": made["Secret"],
        }
        project = run("project show", "demo")["id"]
        self.assertEqual(run("token issue", user=robot)["project_id"], project)
        self.assertIsInstance(run("server list", user=robot), list)
        with self.assertRaisesRegex(AssertionError, "403"):
            run("compute service list", user=robot)
        quiet("application credential delete", "robot")
        with self.assertRaisesRegex(AssertionError, "401"):
            run("token issue", user=robot)

    def test_a_server_is_on_networks_of_its_project_and_has_a_floating_address(self):
        run, quiet = self.client, self.quiet
        for name, arguments in (("blue", ()), ("public", ("--external",))):
            run("network create", *arguments, name)
            self.addCleanup(self.client_may_fail, "network delete", name)
        run("subnet create", "--network", "blue", "--subnet-range", "10.1.0.0/24", "blue-subnet")
        run("subnet create", "--network", "public", "--subnet-range", "203.0.113.0/24", "public-subnet")
        self.assertEqual(run("subnet show", "blue-subnet")["gateway_ip"], "10.1.0.1")
        quiet("network set", "--description", "first", "blue")
        self.assertEqual(run("network show", "blue")["description"], "first")
        run("port create", "--network", "blue", "--fixed-ip", "ip-address=10.1.0.30", "own")
        self.boot("plugged", "--host", "host1", "--network", "blue", "--port", "own")
        addresses = self.server_shown("plugged")["addresses"]
        self.assertEqual(addresses["blue"], ["10.1.0.2", "10.1.0.30"])
        floating = run("floating ip create", "public")["floating_ip_address"]
        quiet("server add floating ip", "plugged", floating)
        shown = [address for of in self.server_shown("plugged")["addresses"].values() for address in of]
        self.assertIn(floating, shown)
        self.assertEqual(run("floating ip show", floating)["status"], "ACTIVE")
        quiet("server remove floating ip", "plugged", floating)
        self.assertEqual(run("floating ip list")[0]["Port"], None)
        quiet("floating ip delete", floating)
        run("security group create", "web")
        run("security group rule create", "--protocol", "tcp", "--dst-port", "80", "web")
        self.assertEqual(len(run("security group rule list", "web")), 3)
        quiet("security group delete", "web")
        quiet("server delete", "--wait", "plugged")
        quiet("port delete", "own")
        quiet("network delete", "blue", "public")
        self.assertEqual([network["Name"] for network in run("network list")], ["private"])

    def test_a_reader_looks_and_does_not_touch(self):
        reader = {"OS_USERNAME": "demo_reader"}
        self.assertIsInstance(self.client("server list", user=reader), list)
        with self.assertRaisesRegex(AssertionError, "403"):
            chosen = ("--image", IMAGE, "--flavor", "m1.tiny", "--network", "private")
            self.client("server create", *chosen, "refused", user=reader)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("-k", dest="only", action="append", help="only tests with this in their names")
    options = arguments.parse_args()
    server = CloudClientTest.server = placement_gabbi.Server(options.server)
    with server.running(""):
        loader = unittest.TestLoader()
        loader.testNamePatterns = [f"*{part}*" for part in options.only] if options.only else None
        tests = loader.loadTestsFromTestCase(CloudClientTest)
        result = unittest.TextTestRunner(verbosity=2).run(tests)
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
