#!/usr/bin/env python3
"""Serves the real Nova, and the real Placement beside it, out of the fixtures of Nova's own functional tests: real_nova.py HOST:PORT

It is what this project's cloud is measured against (nova_speed.py). It must run in the folder of Nova's unpacked source
archive. The compute API is at /v2.1, placement at /placement, and what test harnesses do to a cloud from outside at
/_novarig/v1, as far as nova_functional.py needs it. One process serves one test.
"""

import datetime
import json
import os
import socketserver
import sys
import traceback
import urllib.parse
import wsgiref.simple_server

os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "True"
PREFIX = "/_novarig/v1/"
TIMES_OF_IMAGES = ("created_at", "updated_at", "deleted_at")


class Cloud:
    """A cloud within the set-up of a test that has nothing to test."""

    def __init__(self, nova_test, fixtures, functional_fixtures):
        self.case_class, self.kinds, self.functional = nova_test.TestCase, fixtures, functional_fixtures
        self.case = None
        self.compute_api = None
        self.placement_api = None
        self.fixtures = {}
        self.services = {}

    def reset(self, body):
        if self.case:
            raise RuntimeError("a process has one cloud; start another one")

        class Nothing(self.case_class):
            NUMBER_OF_CELLS = body.get("number_of_cells", 1)
            STUB_COMPUTE_ID = body.get("stub_compute_id", True)
            REQUIRES_LOCKING = True

            def runTest(self):
                pass

        self.case = Nothing()
        self.case.setUp()
        cell = self.case.cell_mappings.get("cell1")
        if cell:
            self.case.flags(transport_url=cell.transport_url)

    def switch_on(self, body):
        name = body["name"]
        args = [self.case if given == "$test" else given for given in body.get("args", [])]
        kind = self.functional.PlacementFixture if name == "PlacementFixture" else getattr(self.kinds, name)
        fixture = self.fixtures[name] = self.case.useFixture(kind(*args, **body.get("kwargs", {})))
        if name == "OSAPIFixture":
            self.compute_api = fixture.app()
        elif name == "PlacementFixture":
            from placement import deploy

            self.placement_api = deploy.loadapp(fixture.conf_fixture.conf)
        elif name == "NotificationFixture":
            self.case.notifier = fixture
        elif name == "GlanceFixture":
            self.case.glance = fixture

    def start(self, body):
        name, host = body["name"], body.get("host")
        more = body.get("kwargs") or {}
        service = self.case.start_service(name, host=host, cell_name=body.get("cell"), **more)
        self.services[name, host or name] = service
        if name == "compute":
            self.case.computes[host or name] = service

    def change(self, name, host, verb, body):
        service = self.services[name, host]
        if verb != "restart":
            getattr(service, verb)()
            return
        keep = body.get("keep_hypervisor_state", True)
        service = self.case.restart_compute_service(service, keep_hypervisor_state=keep)
        self.services[name, host] = self.case.computes[host] = service

    def run_periodics(self, body):
        from nova import context

        admin = context.get_admin_context()
        task = body.get("task") or "update_available_resource"
        for host, service in list(self.case.computes.items()):
            if body.get("host") in (None, host):
                with context.target_cell(admin, self.case.host_mappings[host].cell_mapping) as inside:
                    getattr(service.manager, task)(inside)

    def request_spec(self, server):
        from nova import context, objects

        spec = objects.RequestSpec.get_by_instance_uuid(context.get_admin_context(), server)
        names = ("num_instances", "project_id", "availability_zone", "ignore_hosts", "force_hosts")
        return {"flavorid": spec.flavor.flavorid, **{name: getattr(spec, name) for name in names}}

    def copy_server(self, server, count):
        """More servers like this one, as records alone: to build many takes the services of a test some minutes."""
        from nova import context, objects
        from nova.network import model as network_model

        admin = context.get_admin_context()
        mapping = objects.InstanceMapping.get_by_instance_uuid(admin, server)
        with context.target_cell(admin, mapping.cell_mapping) as inside:
            known = objects.Instance.get_by_uuid(inside, server, ["flavor", "system_metadata", "metadata"])
            own = ("id", "uuid", "created_at", "updated_at", "deleted_at", "deleted", "old_flavor", "new_flavor")
            same = {
                name: getattr(known, name)
                for name in known.obj_fields
                if known.obj_attr_is_set(name) and name not in own and name not in known.obj_extra_fields
            }
            for _ in range(count):
                copy = objects.Instance(inside, **same)
                copy.create()
                copy.info_cache.network_info = network_model.NetworkInfo()
                copy.info_cache.save()
                objects.InstanceMapping(
                    admin,
                    instance_uuid=copy.uuid,
                    cell_mapping=mapping.cell_mapping,
                    project_id=known.project_id,
                    user_id=known.user_id,
                    queued_for_delete=False,
                ).create()

    def add_image(self, image):
        times = {name: datetime.datetime.fromisoformat(image[name]) for name in TIMES_OF_IMAGES if image.get(name)}
        return self.fixtures["GlanceFixture"].create(None, {**image, **times})

    def control(self, method, parts, query, body):
        """One call of the control API; returns its answer."""
        match method, *parts:
            case "POST", "reset":
                self.reset(body)
            case "PUT", "config":
                self.case.flags(group=body.get("group"), **body["options"])
            case "DELETE", "config":
                self.case.reset_flags(*body["names"], group=body.get("group"))
            case "POST", "fixtures":
                self.switch_on(body)
            case "POST", "services":
                self.start(body)
            case "POST", "services", name, host, verb:
                self.change(name, host, verb, body)
            case "POST", "periodics":
                self.run_periodics(body)
            case "GET", "notifications":
                wanted = query.get("event_type", [None])[0]
                sent = self.fixtures["NotificationFixture"].versioned_notifications
                return {"notifications": [one for one in sent if wanted in (None, one["event_type"])]}
            case "DELETE", "notifications":
                self.fixtures["NotificationFixture"].reset()
            case "GET", "log":
                return {"log": self.case.stdlog.logger.output}
            case "GET", "request-specs", server:
                return self.request_spec(server)
            case "POST", "servers", server, "copies":
                self.copy_server(server, body["count"])
            case "POST", "images":
                return {"image": self.add_image(body["image"])}
            case _:
                raise LookupError(f"there is no call {method} {'/'.join(parts)} here")
        return {}

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path.startswith(PREFIX):
            return self.answer_control(environ, start_response)
        if path == "/placement" or path.startswith("/placement/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/placement", path.removeprefix("/placement") or "/"
            return self.placement_api(environ, start_response)
        if self.compute_api:
            return self.compute_api(environ, start_response)
        start_response("503 Not Yet", [("Content-Length", "0")])
        return [b""]

    def answer_control(self, environ, start_response):
        from oslo_serialization import jsonutils

        parts = environ["PATH_INFO"].removeprefix(PREFIX).strip("/").split("/")
        query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            answer = self.control(environ["REQUEST_METHOD"], parts, query, json.loads(body) if body else {})
            status, text = "200 OK", jsonutils.dumps(answer)
        except BaseException as error:  # Whatever it is, the harness is to see it.
            status = "500 Failed"
            text = json.dumps({"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()})
        data = text.encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
        return [data]


class Threads(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    sys.path.insert(0, os.getcwd())
    from nova import monkey_patch

    monkey_patch.patch()
    from nova import test
    from nova.tests import fixtures
    from nova.tests.functional import fixtures as functional_fixtures

    cloud = Cloud(test, fixtures, functional_fixtures)
    wsgiref.simple_server.make_server(host, int(port), cloud, Threads, Quiet).serve_forever()


if __name__ == "__main__":
    main()
