#!/usr/bin/env python3
"""Runs Placement's own gabbi suite against a live server.

    placement_gabbi.py --server 'novarig placement --listen {address}' [--expect 1315] [--verbose] [FILE.yaml ...]

The suite comes out of the installed package `openstack-placement` (see requirements.txt beside this file); nothing of it
is kept in this repository. Each of its files gets a server of its own, empty and configured as the file's fixture
wants: the server finds the fixture's name in the environment variable GABBI_FIXTURE.

Some fixtures prepare resources by writing to the service's database. They are run as they are, except that the helpers
through which they write are replaced by requests to the server (`OverHttp`), so that they leave the same resources
behind. Files run side by side, one a processor. The exit status is 0 when every test passes, or at least as many as --expect says.
"""

import argparse
import concurrent.futures
import contextlib
import functools
import http.client
import importlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import types
import unittest
import uuid
import warnings

HOST = "127.0.0.1"
START_TIMEOUT = 30.0
REQUEST_TIMEOUT = 60.0
# The newest version in which a consumer needs no type.
FIXTURE_VERSION = "1.37"

# What fixtures leave in the environment for the tests to refer to: fresh ids, and fixed names of custom classes.
FRESH_IDS = (
    "RP_UUID RP_NAME RP_UUID1 RP_NAME1 RP_UUID2 RP_NAME2 PROJECT_ID ADMIN_PROJECT_ID SERVICE_PROJECT_ID USER_ID "
    "PROJECT_ID_ALT USER_ID_ALT INSTANCE_UUID MIGRATION_UUID CONSUMER_UUID PARENT_PROVIDER_UUID "
    "ALT_PARENT_PROVIDER_UUID"
).split()
CLASS_NAMES = {
    "CUSTOM_RES_CLASS": "CUSTOM_IRON_NFV",
    "CUSTOM_RES_CLASS1": "CUSTOM_IRON_NFV1",
    "CUSTOM_RES_CLASS2": "CUSTOM_IRON_NFV2",
}


class Server:
    """The server under test, one process at a time."""

    def __init__(self, command):
        self.command = command
        self.port = None

    @contextlib.contextmanager
    def running(self, fixture):
        """A fresh server for as long as the context lasts."""
        self.port = free_port()
        command = self.command.format(address=f"{HOST}:{self.port}")
        environment = dict(os.environ, GABBI_FIXTURE=fixture)
        # Only what it complains of is shown.
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, shell=True, env=environment, stdout=quiet, start_new_session=True)
        try:
            self.wait_until_up(process)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def wait_until_up(self, process):
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if process.poll() is not None:
                sys.exit(f"the server ended with status {process.returncode} before it answered")
            try:
                return socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit(f"the server has not opened its port within {START_TIMEOUT:.0f} s")
                time.sleep(0.01)

    def request(self, method, path, body=None, version=FIXTURE_VERSION):
        """One request of a fixture, which must succeed; returns the answer's JSON, if any."""
        headers = {
            "X-Auth-Token": "admin",
            "X-Roles": "admin,service",
            "Accept": "application/json",
            "OpenStack-API-Version": f"placement {version}",
        }
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=REQUEST_TIMEOUT)
        with contextlib.closing(connection):
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"fixture: {method} {path} gave {response.status}: {text[:500]!r}")
        return json.loads(text) if text else None


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Provider:
    """What fixtures hold of a resource provider."""

    def __init__(self, server, name, identifier):
        self.server, self.name, self.uuid = server, name, identifier

    def set_aggregates(self, aggregates, increment_generation=False):
        # The version that leaves the provider's generation alone, as the database helper does.
        self.server.request("PUT", f"/resource_providers/{self.uuid}/aggregates", list(aggregates), version="1.1")


class Owner:
    """A project or a user: it exists as soon as an allocation names it."""

    def __init__(self, _context, external_id=None):
        self.external_id = external_id

    def create(self):
        pass


class OverHttp:
    """The helpers through which fixtures write, by the names they call them."""

    def __init__(self, server, sentinels):
        self.server, self.sentinels = server, sentinels

    def create_provider(self, _context, name, *aggregates, **extra):
        provider = Provider(self.server, name, extra.get("uuid") or getattr(self.sentinels, name))
        body = {"name": name, "uuid": provider.uuid}
        if extra.get("parent"):
            body["parent_provider_uuid"] = extra["parent"]
        self.server.request("POST", "/resource_providers", body)
        if aggregates:
            provider.set_aggregates(aggregates)
        return provider

    def ensure_rc(self, _context, name):
        if name.startswith("CUSTOM_"):
            self.server.request("PUT", f"/resource_classes/{name}")

    def add_inventory(self, provider, resource_class, total, **fields):
        self.ensure_rc(None, resource_class)
        path = f"/resource_providers/{provider.uuid}/inventories"
        present = self.server.request("GET", path)
        present["inventories"][resource_class] = {"max_unit": total, **fields, "total": total}
        self.server.request("PUT", path, present)

    def set_traits(self, provider, *traits):
        for name in traits:
            if name.startswith("CUSTOM_"):
                self.server.request("PUT", f"/traits/{name}")
        path = f"/resource_providers/{provider.uuid}/traits"
        generation = self.server.request("GET", path)["resource_provider_generation"]
        self.server.request("PUT", path, {"traits": list(traits), "resource_provider_generation": generation})

    def ensure_consumer(self, _context, user, project, consumer_id=None):
        return types.SimpleNamespace(uuid=consumer_id or str(uuid.uuid4()), user=user, project=project)

    def set_allocation(self, _context, provider, consumer, resources):
        body = {
            "allocations": {provider.uuid: {"resources": resources}},
            "project_id": consumer.project.external_id,
            "user_id": consumer.user.external_id,
            "consumer_generation": None,
        }
        self.server.request("PUT", f"/allocations/{consumer.uuid}", body, version="1.28")

    def create_user_and_project(self, _context, prefix="fake"):
        return Owner(None, f"{prefix}-user"), Owner(None, f"{prefix}-project")


def fixtures_over_http(server):
    """The suite's fixtures, writing to the server instead of to a database."""
    fixtures = importlib.import_module("placement.tests.functional.fixtures.gabbits")
    sentinels = importlib.import_module("oslo_utils.fixture").uuidsentinel
    helpers = OverHttp(server, sentinels)

    class ResourceClass:
        def __init__(self, context, name):
            self.context, self.name = context, name

        def create(self):
            helpers.ensure_rc(None, self.name)

    def start(fixture):
        fixture.context = None
        os.environ.update({name: str(uuid.uuid4()) for name in FRESH_IDS})
        os.environ.update(CLASS_NAMES)

    # The fixtures of configuration have nothing else to do: the server is configured already.
    for name in ("APIFixture", "OpenPolicyFixture", "CORSFixture"):
        fixture = getattr(fixtures, name)
        fixture.start_fixture = start
        fixture.stop_fixture = lambda _fixture: None
    fixtures.tb = helpers
    fixtures.user_obj = types.SimpleNamespace(User=Owner)
    fixtures.project_obj = types.SimpleNamespace(Project=Owner)
    fixtures.rc_obj = types.SimpleNamespace(ResourceClass=ResourceClass)
    return fixtures


def run_file(command, path):
    """Runs one file against a fresh server; returns how many tests it has, how many pass, and why others do not."""
    from gabbi import handlers, suitemaker, utils

    warnings.simplefilter("ignore")
    server = Server(command)
    fixtures = fixtures_over_http(server)
    document = utils.load_yaml(yaml_file=str(path), safe=True)
    fixture = (document.get("fixtures") or ["APIFixture"])[-1]
    with server.running(fixture):
        if not document.get("fixtures"):
            fixtures.APIFixture().start_fixture()
        suite = suitemaker.test_suite_from_dict(
            unittest.defaultTestLoader,
            path.stem,
            document,
            str(path.parent),
            HOST,
            server.port,
            fixtures,
            None,
            test_loader_name="placement",
            handlers=[handler() for handler in handlers.RESPONSE_HANDLERS],
            inner_fixtures=[],
        )
        count = suite.countTestCases()
        result = unittest.TestResult()
        suite.run(result)
    failures = {str(test): reason for test, reason in result.failures + result.errors}
    failures.update({str(test): "passed unexpectedly" for test in result.unexpectedSuccesses})
    # When a fixture fails there is one failure, and no test is run.
    return count, max(0, result.testsRun - len(failures)), failures


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--expect", type=int, help="how many tests must pass; without it, all")
    arguments.add_argument("--verbose", action="store_true", help="list every file, and the reason of each failure")
    arguments.add_argument("files", nargs="*", help="files of the suite, such as traits.yaml; without any, all")
    options = arguments.parse_args()

    suite = importlib.import_module("placement.tests.functional")
    folder = pathlib.Path(suite.__file__).parent / "gabbits"
    paths = [folder / name for name in options.files] or sorted(folder.glob("*.yaml"))
    total, passed = 0, 0
    # Processes, for the suite hands names to its tests in the environment.
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(functools.partial(run_file, options.server), paths)
        for path, (in_file, passed_in_file, failures) in zip(paths, results):
            total, passed = total + in_file, passed + passed_in_file
            if failures or options.verbose:
                print(f"{path.name}: {passed_in_file} of {in_file}", flush=True)
            for name, reason in failures.items():
                print(f"  {name}: {reason.strip().splitlines()[-1]}")
    print(f"{passed} of {total} tests of Placement's suite pass, in {len(paths)} files")
    expected = total if options.expect is None else options.expect
    sys.exit(0 if passed >= expected else 1)


if __name__ == "__main__":
    main()
