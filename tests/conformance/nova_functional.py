#!/usr/bin/env python3
"""Runs Nova's own functional tests, unmodified, against a live server over HTTP.

    nova_functional.py --server 'novarig serve --listen {address} --auth none --hosts 0' --source FOLDER
                       [--expect N] [--jobs N] [--verbose] [TEST ...]

The tests come out of Nova's source archive, unpacked in FOLDER; nothing of them is kept in this repository but the names
of those that are run (nova_functional.txt beside this file). Each gets a server of its own.

What a test says over REST goes to the server as it is: the compute API at /v2.1, placement at /placement. What it would do
to Nova's insides (start a service, set an option, run a periodic task, wait for a notification) goes to the control API,
/_novarig/v1. What neither can carry, because it patches Python objects of a service, raises NotPortable: the test is
counted as not portable then. So a test that passes had all that it needed from the two APIs.

With TEST, those tests are run instead: a module, a class or one test of Nova's, by its dotted name. The exit status is 0
when every test passes, or at least as many as --expect says.
"""

import argparse
import concurrent.futures
import inspect
import json
import logging
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest
import warnings

HOST = "127.0.0.1"
# Of this program, for servers: Nova's tests give themselves a home of their own, where no server would find what it has cached.
ENVIRONMENT = dict(os.environ)
# The real Nova takes some ten seconds, and more where the machine is busy.
START_TIMEOUT = 90.0
TEST_TIMEOUT = 180
REQUEST_TIMEOUT = 90
# What the errors of Nova's object layer point at, when a test reads the database that is empty in its process.
DATABASE = "sqlalche.me"
LIST = pathlib.Path(__file__).with_suffix(".txt")
OTHERS = LIST.with_stem("nova_functional_others")


class NotPortable(Exception):
    """A test reaches into the process of a service."""


class TimedOut(Exception):
    """A test took too long."""


class Run:
    """The test that runs now, its server, and what became of both."""

    def __init__(self, command):
        self.command = command
        self.test = None
        self.process = None
        self.port = None
        self.reached_inside = []
        self.early_options = []
        self.begun_at = 0.0
        self.server_seconds = 0.0

    @property
    def base(self):
        return f"http://{HOST}:{self.port}"

    def begin(self, test):
        self.test = test
        self.reached_inside, self.early_options = [], []
        self.server_seconds = 0.0

    def refuse(self, what):
        self.reached_inside.append(what)
        raise NotPortable(what)

    def start(self):
        """Starts the server and makes its cloud empty, unless that was done for this test."""
        if self.process:
            return
        self.port = free_port()
        self.process = subprocess.Popen(
            self.command.format(address=f"{HOST}:{self.port}"),
            shell=True,
            stdout=subprocess.DEVNULL,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode} before it answered")
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the server has not opened its port within {START_TIMEOUT:.0f} s")
                time.sleep(0.01)
        self.begun_at = processor_time(self.process.pid)
        cells = {"number_of_cells": self.test.NUMBER_OF_CELLS, "stub_compute_id": self.test.STUB_COMPUTE_ID}
        self.control("POST", "reset", cells)

    def stop(self):
        if not self.process:
            return
        self.server_seconds = processor_time(self.process.pid) - self.begun_at
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def control(self, method, path, body=None, **query):
        """One call of the control API, which must succeed."""
        import requests
        from oslo_serialization import jsonutils

        self.start()
        try:
            data = None if body is None else jsonutils.dumps(body)
        except Exception:
            self.refuse(f"{path} with something that JSON cannot hold")
        url = f"{self.base}/_novarig/v1/{path}"
        answer = requests.request(method, url, data=data, params=query, timeout=REQUEST_TIMEOUT)
        if answer.status_code == 404 and path == "fixtures":
            self.refuse(f"fixture {body['name']}")
        if answer.status_code != 200 and "InvalidConfiguration" in answer.text:
            from nova import exception

            raise exception.InvalidConfiguration(answer.text)
        if answer.status_code != 200:
            raise RuntimeError(f"control API: {method} {path} gave {answer.status_code}: {answer.text[:1000]}")
        return answer.json()


def processor_time(pid):
    """The seconds of processor time a process has used; 0 where the system does not tell."""
    try:
        # After the name, which is in brackets and may have spaces: the state is the third field, times are the 14th and 15th.
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def over_http(run, source):
    """Puts calls of the control API in the place of what Nova's test base does inside of Nova."""
    os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "True"
    os.chdir(source)
    sys.path.insert(0, source)
    warnings.simplefilter("ignore")
    from nova import monkey_patch

    monkey_patch.patch()
    import fixtures
    import nova.conf
    from nova import objects, test
    from nova.compute import rpcapi
    from nova.tests import fixtures as nova_fixtures
    from nova.tests.functional import integrated_helpers
    from oslo_messaging.rpc import client as rpc_client

    nova.conf.CONF.register_opts(rpc_client._client_opts)
    options_fixture = nova_fixtures.ConfFixture
    base_of_tests(run, test.TestCase, options_fixture, fixtures, nova.conf.CONF)
    records(run, objects, integrated_helpers)
    forward_fixtures(run, fixtures, nova_fixtures, nova.conf.CONF)
    forbid_patches(run, fixtures)
    # Services of another process would not hear of it.
    rpcapi.reset_globals = lambda: run.refuse("compute.rpcapi.reset_globals")
    return nova.conf.CONF


def base_of_tests(run, case, options_fixture, fixtures, conf):
    """The methods of every test: set-up, options, services, periodic tasks."""

    class Logger:
        @property
        def output(self):
            return run.control("GET", "log")["log"]

    class Log:
        logger = Logger()

    class Manager:
        """A compute manager, of which only the periodic tasks can be reached from outside."""

        TASKS = ("_poll_", "_heal_", "_cleanup_", "_reclaim_", "_run_pending", "_sync_power")

        def __init__(self, host):
            self.__dict__["host"] = host

        def __getattr__(self, name):
            if name == "update_available_resource":
                return lambda *_, **__: run.control("POST", "periodics", {"host": self.host, "task": None})
            if name.startswith(self.TASKS):
                return lambda *_, **__: run.control("POST", "periodics", {"host": self.host, "task": name})
            run.refuse(f"compute.manager.{name}")

        def __setattr__(self, name, _value):
            run.refuse(f"set compute.manager.{name}")

    class Service:
        def __init__(self, name, host):
            self.name, self.host = name, host

        @property
        def manager(self):
            if self.name != "compute":
                run.refuse(f"{self.name}.manager")
            return Manager(self.host)

        def told(self, verb):
            run.control("POST", f"services/{self.name}/{self.host or self.name}/{verb}")

        def stop(self):
            self.told("stop")

        def start(self):
            self.told("start")

        def kill(self):
            self.told("kill")

        def __getattr__(self, name):
            run.refuse(f"service.{name}")

    class Inside(dict):
        """Objects of services by name, of which there are none here but those that were started."""

        def __init__(self, what):
            super().__init__()
            self.what = what

        def __missing__(self, name):
            run.refuse(f"{self.what}[{name!r}]")

    def set_up(self):
        with fixtures.EnvironmentVariable("OS_LOG_CAPTURE", "0"):
            super(case, self).setUp()
        self.useFixture(options_fixture(conf))
        for group, name, value in run.early_options:
            conf.set_override(name, value, group)
        self.computes, self.cell_mappings, self.host_mappings = Inside("computes"), Inside("cells"), Inside("hosts")
        self.stdlog = Log()
        run.start()

    def flags(self, **options):
        group = options.pop("group", None)
        for name, value in options.items():
            conf.set_override(name, value, group)
        if not hasattr(self, "computes"):
            run.early_options += [(group, name, value) for name, value in options.items()]
        run.control("PUT", "config", {"group": group, "options": options})

    def reset_flags(self, *names, **options):
        group = options.pop("group", None)
        for name in names:
            conf.clear_override(name, group)
        run.control("DELETE", "config", {"group": group, "names": list(names)})

    def start_service(_self, name, host=None, cell_name=None, **more):
        run.control("POST", "services", {"name": name, "host": host, "cell": cell_name, "kwargs": more})
        return Service(name, host)

    def restart_compute_service(self, compute, keep_hypervisor_state=True):
        body = {"keep_hypervisor_state": keep_hypervisor_state}
        run.control("POST", f"services/compute/{compute.host}/restart", body)
        self.computes[compute.host] = Service("compute", compute.host)
        return self.computes[compute.host]

    def run_periodics(_self, raise_on_error=False):
        run.control("POST", "periodics", {"host": None, "task": None})

    case.setUp, case.flags, case.reset_flags = set_up, flags, reset_flags
    case.start_service, case.restart_compute_service = start_service, restart_compute_service
    case._run_periodics = run_periodics
    case.stub_out = lambda _self, old, _new: run.refuse(f"stub_out {old}")


def records(run, objects, helpers):
    """What tests read of Nova's database."""
    import requests

    def migration_uuid(self, server):
        headers = {
            "X-Auth-User": "admin",
            "X-User-Id": "admin",
            "X-Auth-Project-Id": self.admin_api.project_id,
            "X-Roles": "admin,member,reader",
            "OpenStack-API-Version": "compute 2.59",
        }
        url = f"{self.admin_api.base_url}/os-migrations"
        found = requests.get(url, params={"instance_uuid": server}, headers=headers, timeout=REQUEST_TIMEOUT)
        (migration,) = found.json()["migrations"]
        return migration["uuid"]

    class RequestSpec:
        def __init__(self, document):
            self.__dict__.update(document)
            self.flavor = type("Flavor", (), {"flavorid": document["flavorid"]})()

        def __getattr__(self, name):
            run.refuse(f"RequestSpec.{name}")

        @classmethod
        def get_by_instance_uuid(cls, _context, server):
            return cls(run.control("GET", f"request-specs/{server}"))

    helpers.PlacementHelperMixin.get_migration_uuid_for_instance = migration_uuid
    objects.RequestSpec = RequestSpec
    helpers.objects = objects


def forward_fixtures(run, fixtures, nova_fixtures, conf):
    """Every fixture of Nova's becomes a call that names it; some have parts that tests use."""
    import nova.tests.fixtures.cinder
    import nova.tests.fixtures.notifications
    from nova.tests.fixtures.glance import GlanceFixture as RealGlance
    from nova.tests.functional import fixtures as functional_fixtures
    from nova.tests.functional.api import client
    from oslo_serialization import jsonutils
    import requests

    local = {"ConfFixture", "StandardLogging", "WarningsFixture", "OutputStreamCapture", "Timeout", "NullHandler"}

    def wire(value):
        return "$test" if isinstance(value, unittest.TestCase) else value

    class Parts(type):
        def __getattr__(kind, name):
            if name.startswith("__"):
                raise AttributeError(name)
            run.refuse(f"{kind.NAME}.{name}")

    class Forward(fixtures.Fixture, metaclass=Parts):
        NAME = None

        def __init__(self, *args, **kwargs):
            self.__dict__["told"] = {
                "args": [wire(value) for value in args],
                "kwargs": {name: wire(value) for name, value in kwargs.items()},
            }

        def _setUp(self):
            run.control("POST", "fixtures", {"name": self.NAME, **self.told})

        def __getattr__(self, name):
            if name.startswith("__") or name in ("_cleanups", "_details", "_detail_sources"):
                raise AttributeError(name)
            run.refuse(f"{self.NAME}.{name}")

    def constants(kind):
        """The ids and documents of a fixture that tests quote."""
        plain = (dict, list, str, int, float, bool, tuple, set)
        found = {}
        for ancestor in kind.__mro__[:-1]:
            if not ancestor.__module__.startswith("fixtures"):
                for name, value in vars(ancestor).items():
                    if not name.startswith("__") and isinstance(value, plain):
                        found.setdefault(name, value)
        return found

    for name in dir(nova_fixtures):
        kind = getattr(nova_fixtures, name)
        if inspect.isclass(kind) and issubclass(kind, fixtures.Fixture) and name not in local:
            setattr(nova_fixtures, name, type(name, (Forward,), dict(constants(kind), NAME=name)))

    class Options(fixtures.Fixture):
        def __init__(self, **options):
            self.group, self.options = options.pop("group", None), options

        def _setUp(self):
            run.control("PUT", "config", {"group": self.group, "options": self.options})
            if self.group is None:
                for name, value in self.options.items():
                    conf.set_override(name, value)

    class Images(nova_fixtures.GlanceFixture):
        NAME = "GlanceFixture"

        def __init__(self, test):
            super().__init__(test)
            # Documents of images hold times, which no class attribute has.
            documents = {name: getattr(RealGlance, name) for name in dir(RealGlance)}
            self.__dict__.update({name: value for name, value in documents.items() if isinstance(value, dict)})

        def create(self, _context, metadata, data=None):
            return run.control("POST", "images", {"image": metadata})["image"]

    class Notifications(nova_fixtures.NotificationFixture):
        NAME = "NotificationFixture"

        @property
        def versioned_notifications(self):
            return run.control("GET", "notifications")["notifications"]

        @property
        def notifications(self):
            run.refuse("legacy notifications")

        def reset(self):
            run.control("DELETE", "notifications")

        def wait_for_versioned_notifications(self, event_type, n_events=1, timeout=10.0):
            deadline = time.monotonic() + timeout
            while True:
                sent = run.control("GET", "notifications", event_type=event_type)["notifications"]
                if len(sent) >= n_events:
                    return sent
                if time.monotonic() > deadline:
                    raise AssertionError(f"Notification {event_type} hasn't been received")
                time.sleep(0.02)

    class ComputeApi(fixtures.Fixture):
        CLIENTS = (
            ("api", "fake", ["reader", "member"]),
            ("alternative_api", "fake", ["reader", "member"]),
            ("admin_api", "admin", ["reader", "member", "admin"]),
            ("alternative_admin_api", "admin", ["reader", "member", "admin"]),
            ("reader_api", "reader", ["reader"]),
            ("other_api", "other", ["other"]),
        )

        def __init__(
            self,
            api_version="v2.1",
            project_id="6f70656e737461636b20342065766572",
            use_project_id_in_urls=False,
            stub_keystone=True,
        ):
            self.project_id = project_id
            self.told = {
                "api_version": api_version,
                "project_id": project_id,
                "use_project_id_in_urls": use_project_id_in_urls,
                "stub_keystone": stub_keystone,
            }

        def _setUp(self):
            run.control("POST", "fixtures", {"name": "OSAPIFixture", "kwargs": self.told})
            self.base_url = f"{run.base}/{self.told['api_version']}"
            if self.told["use_project_id_in_urls"]:
                self.base_url += f"/{self.project_id}"
            for name, user, roles in self.CLIENTS:
                made = client.TestOpenStackClient(user, self.base_url, project_id=self.project_id, roles=roles)
                setattr(self, name, made)

        @property
        def app(self):
            run.refuse("OSAPIFixture.app")

    class OverHttp:
        """How Nova's placement fixture sends its requests."""

        token = "admin"

        def send(self, method, url, version, data=None):
            headers = {"x-auth-token": "admin"}
            if version is not None:
                headers["OpenStack-API-Version"] = f"placement {version}"
            if data is not None:
                headers["content-type"] = "application/json"
                data = jsonutils.dumps(data)
            return requests.request(method, f"{run.base}/placement{url}", data=data, headers=headers)

        def _fake_get(self, _client, url, version=None, **_):
            return self.send("GET", url, version)

        def _fake_put(self, _client, url, data, version=None, **_):
            return self.send("PUT", url, version, data)

        def _fake_post(self, _client, url, data, version=None, **_):
            return self.send("POST", url, version, data)

        def _fake_delete(self, _client, url, version=None, **_):
            return self.send("DELETE", url, version)

    class Placement(fixtures.Fixture):
        def __init__(self, *args, **kwargs):
            self.__dict__["given"] = bool(args or kwargs)

        def _setUp(self):
            if self.given:
                run.refuse("PlacementFixture over a database of the test's own")
            run.control("POST", "fixtures", {"name": "PlacementFixture"})
            self.api = functional_fixtures.PlacementApiClient(OverHttp())

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(name)
            run.refuse(f"PlacementFixture.{name}")

    nova_fixtures.ConfPatcher = Options
    nova_fixtures.GlanceFixture = Images
    nova_fixtures.NotificationFixture = Notifications
    nova.tests.fixtures.notifications.NotificationFixture = Notifications
    nova.tests.fixtures.cinder.CinderFixture = nova_fixtures.CinderFixture
    nova_fixtures.OSAPIFixture = ComputeApi
    functional_fixtures.PlacementFixture = Placement


def forbid_patches(run, fixtures):
    """Whoever patches an object of a service in this process would change nothing of the server."""
    from unittest import mock

    from oslo_utils import fixture as utils_fixture

    packages = ("nova", "oslo", "placement", "keystoneauth1", "requests", "cinderclient")

    def guarded(original, where):
        def patch(self, *args, **kwargs):
            name = str(getattr(self, "name", "") or getattr(self, "_name", ""))
            if not name:
                try:
                    target = self.getter() if hasattr(self, "getter") else getattr(self, "obj", None)
                except Exception as error:
                    target = error
                name = f"{getattr(target, '__name__', None) or type(target).__name__}.{getattr(self, 'attribute', '')}"
                module = getattr(target, "__module__", None) or getattr(target, "__name__", "")
                if not str(module or type(target).__module__).startswith(packages):
                    return original(self, *args, **kwargs)
            elif name.startswith(("tempfile", "os.", "sys.")):
                return original(self, *args, **kwargs)
            run.refuse(f"{where} {name}")

        return patch

    mock._patch.__enter__ = guarded(mock._patch.__enter__, "mock.patch")
    mock._patch.start = guarded(mock._patch.start, "mock.patch")
    patch_dict = mock._patch_dict._patch_dict

    def patch_plain(self):
        target = getattr(self, "in_dict", None)
        if target is os.environ or target == "os.environ":
            return patch_dict(self)
        run.refuse("mock.patch.dict")

    mock._patch_dict._patch_dict = patch_plain
    for name in ("MockPatch", "MockPatchObject", "MonkeyPatch", "MockPatchMultiple"):
        kind = getattr(fixtures, name)
        kind.setUp = guarded(kind.setUp, f"fixtures.{name}")
    utils_fixture.TimeFixture.setUp = lambda _self: run.refuse("TimeFixture")


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


RUN, CONF = None, None


def prepare(command, source):
    global RUN, CONF
    # What Nova's tests log as they go is of no use here.
    logging.disable(logging.WARNING)
    RUN = Run(command)
    CONF = over_http(RUN, source)

    def stop_test(*_):
        raise TimedOut(f"it took more than {TEST_TIMEOUT} s")

    signal.signal(signal.SIGALRM, stop_test)


def run_test(name):
    """Runs one name, which may be of several tests; returns for each its id, what became of it, why, its seconds, and the server's."""
    import testtools

    results = []
    for test in tests_of(unittest.defaultTestLoader.loadTestsFromName(name)):
        RUN.begin(test)
        result = testtools.TestResult()
        begun = time.monotonic()
        signal.alarm(TEST_TIMEOUT)
        try:
            test.run(result)
        except TimedOut as error:
            result.errors.append((test, str(error)))
        finally:
            signal.alarm(0)
            RUN.stop()
            CONF.reset()
        reasons = [reason for _, reason in result.failures + result.errors]
        if getattr(result, "skip_reasons", None):
            outcome, why = "skipped", str(next(iter(result.skip_reasons)))
        elif RUN.reached_inside:
            outcome, why = "not portable", "; ".join(dict.fromkeys(RUN.reached_inside))
        elif any(DATABASE in reason for reason in reasons):
            outcome, why = "not portable", "the test reads a database of its own"
        elif reasons:
            outcome, why = "failed", reasons[0]
        else:
            outcome, why = "passed", ""
        results.append((test.id(), outcome, why, time.monotonic() - begun, RUN.server_seconds))
    return results


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--source", required=True, help="the folder of Nova's unpacked source archive")
    arguments.add_argument("--expect", type=int, help="how many tests must pass; without it, all")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests at a time")
    arguments.add_argument("--verbose", action="store_true", help="list every test, and where each failure came from")
    arguments.add_argument("--others", action="store_true", help="run those of the other list instead")
    arguments.add_argument("--json", type=pathlib.Path, help="also write each result there, a line of JSON each")
    arguments.add_argument("tests", nargs="*", help="modules, classes or tests; without any, those of the list")
    options = arguments.parse_args()

    names = options.tests
    if not names:
        lines = (OTHERS if options.others else LIST).read_text().splitlines()
        names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    source = str(pathlib.Path(options.source).resolve())
    written = options.json.open("w") if options.json else None
    counts = {"passed": 0, "failed": 0, "not portable": 0, "skipped": 0}
    # Processes, for the options of Nova's that a test sets are those of its process.
    pool = concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=prepare, initargs=(options.server, source))
    with pool:
        for results in pool.map(run_test, names):
            for name, outcome, why, seconds, server_seconds in results:
                counts[outcome] += 1
                reason = why.strip().splitlines()[-1][:300] if why.strip() else ""
                if outcome != "passed" or options.verbose:
                    print(f"{outcome}: {name} ({seconds:.1f} s) {reason}", flush=True)
                if options.verbose and outcome == "failed":
                    print(why)
                if written:
                    row = {"test": name, "outcome": outcome, "why": why, "seconds": round(seconds, 2)}
                    row["server_seconds"] = round(server_seconds, 3)
                    written.write(json.dumps(row) + "\n")
    total = sum(counts.values())
    others = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if outcome != "passed" and count)
    print(f"{counts['passed']} of {total} of Nova's functional tests pass{': ' + others if others else ''}")
    expected = total if options.expect is None else options.expect
    sys.exit(0 if counts["passed"] >= expected else 1)


if __name__ == "__main__":
    main()
