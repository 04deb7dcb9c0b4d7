#!/usr/bin/env python3
"""Sends made-up requests to every service of a cloud that describes itself, and checks every answer.

    openapi_conformance.py --server 'novarig serve --listen {address} --auth none --hosts 2' [--seconds N] [--seed N]

The requests come out of the OpenAPI documents that the cloud serves (schemathesis makes them up). No answer may have a status
of 5xx that its operation does not describe, and every answer must have a status, a type and a body that its operation describes.

So that requests reach what there is, each run has a cloud of its own with servers, flavors, networks, volumes and so on in
it, whose ids are proposed wherever a path has one; at the end, every operation that only reads must have succeeded at least
once, and so must all others but those listed here with the reason.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import http
import http.client
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import placement_gabbi

HOOKS = pathlib.Path(__file__).with_name("openapi_hooks.py")
# A 5xx is one that is not described, as nothing but 501 is, for what a hypervisor cannot do.
CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance"
ADMIN = {
    "X-Auth-User": "admin",
    "X-Auth-Project-Id": "6f70656e737461636b20342065766572",
    "X-Roles": "admin,member,reader,service",
    # Placement's way to say the same.
    "X-Auth-Token": "admin",
}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBmmiosE0sOkMoLZsNpGm9QDJzhJQtN1CZ5lO7jmPwM"
IMAGE = "155d900f-4e14-4e4c-a73d-069cbf4541e6"
# What is done to one cloud after another. Reading comes again after changing: what is in odd states must be shown all the
# same.
CLOUDS = (("GET",), ("POST,PUT,PATCH", "GET"), ("DELETE",))

# Operations of which made-up requests need not ever succeed.
MAY_FAIL = {
    "GET /servers/{server_id}/migrations/{migration_id}": "a live migration has to be under way",
    "DELETE /servers/{server_id}/migrations/{migration_id}": "a live migration has to be under way",
    "POST /servers/{server_id}/migrations/{migration_id}/action": "a live migration has to be under way",
    "POST /servers/{server_id}/remote-consoles": "no hypervisor here serves consoles",
    "GET /os-hypervisors/{hypervisor_id}/uptime": "no driver here tells it",
    "GET /trace": "needs --trace",
    # Placement's own suite has these; here a made-up body would have to name a provider, its generation and its classes.
    "GET /allocation_candidates": "needs amounts of classes that there are",
    "POST /allocations": "needs providers with room, and the consumer's generation",
    "POST /reshaper": "needs the generations of providers",
    "POST /resource_providers/{uuid}/inventories": "needs a class that the provider has not",
    "PUT /resource_providers/{uuid}/inventories": "needs the provider's generation",
    "PUT /resource_providers/{uuid}/inventories/{resource_class}": "needs the provider's generation",
    "DELETE /resource_providers/{uuid}/inventories/{resource_class}": "two names have to fit one another",
    "DELETE /os-services/{service_id}": "there are servers on its host",
    "PUT /servers/{server_id}/os-volume_attachments/{volume_id}": "three ids have to fit one another",
}

# What leaves nothing for others to find, and comes last.
LAST = {"/reset"}
# Bodies that have to fit their paths, or name what there is.
EXAMPLES = {
    "PUT /flavors/{flavor_id}/os-extra_specs/{spec}": {"hw:mem_page_size": "large"},
    "PUT /servers/{server_id}/metadata/{key}": {"meta": {"colour": "blue"}},
    "PUT /images/{image_id}/metadata/{image_key}": {"meta": {"colour": "blue"}},
    "POST /servers": {"server": {"name": "made", "flavorRef": "1", "imageRef": IMAGE, "networks": []}},
    "PUT /os-services/{service_action}": {"host": "host1", "binary": "nova-compute", "disabled_reason": "tried"},
    "POST /fixtures": {"name": "NeutronFixture"},
    "POST /services": {"name": "compute", "host": "extra", "driver": "fake"},
    "PUT /hosts/{host}/driver": {"stack": "fake"},
    "POST /os-aggregates/{aggregate_id}/images": {"cache": [{"id": IMAGE}]},
}


class Cloud:
    """A served cloud with something of everything in it."""

    def __init__(self, server):
        self.server = server

    def send(self, method, path, body=None, version=None, status=None):
        headers = dict(ADMIN)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if version:
            headers["OpenStack-API-Version"] = version
        connection = http.client.HTTPConnection(placement_gabbi.HOST, self.server.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status >= 300:
            sys.exit(f"the cloud cannot be filled: {method} {path} gave {answer.status}: {text[:500]!r}")
        return json.loads(text) if text else None

    def fill(self, version):
        """Makes what requests at this microversion are to find; returns proposals for the names in paths."""
        nova = "/compute/v2.1"
        latest = "compute 2.104"
        made = collections.defaultdict(list)
        for number in range(4):
            made["flavor_id"].append(self.send("POST", f"{nova}/flavors", {"flavor": {
                "name": f"seed{number}", "id": f"seed{number}", "ram": 64, "vcpus": 1, "disk": 0,
                "os-flavor-access:is_public": number != 1}}, latest)["flavor"]["id"])
            self.send("POST", f"{nova}/flavors/seed{number}/os-extra_specs", {"extra_specs": {"hw:mem_page_size": "small"}})
        made["spec"] = ["hw:mem_page_size"]
        for number in range(6):
            group = self.send("POST", f"{nova}/os-server-groups", {"server_group": {
                "name": f"group{number}", "policy": "soft-affinity"}}, latest)
            made["group_id"].append(group["server_group"]["id"])
            made["aggregate_id"].append(str(self.send("POST", f"{nova}/os-aggregates", {"aggregate": {
                "name": f"aggregate{number}"}}, latest)["aggregate"]["id"]))
            self.send("POST", f"{nova}/os-keypairs", {"keypair": {"name": f"key{number}"}})
            made["keypair"].append(f"key{number}")
        volumes = [self.send("POST", "/volume/v3/volumes", {"volume": {"size": 1}})["volume"]["id"] for _ in range(6)]
        for number in range(4):
            server = {
                "name": f"server{number}", "flavorRef": "1", "imageRef": IMAGE, "networks": "auto", "tags": ["a"],
                "metadata": {"colour": "red"}, "key_name": "key0",
            }
            found = self.send("POST", f"{nova}/servers", {"server": server}, latest)
            made["server_id"].append(found["server"]["id"])
        for identifier in made["server_id"]:
            self.wait(f"{nova}/servers/{identifier}")
        for identifier, volume in zip(made["server_id"], volumes):
            attachment = {"volumeAttachment": {"volumeId": volume}}
            self.send("POST", f"{nova}/servers/{identifier}/os-volume_attachments", attachment)
        for identifier in made["server_id"]:
            actions = self.send("GET", f"{nova}/servers/{identifier}/os-instance-actions")["instanceActions"]
            made["request_id"] += [action["request_id"] for action in actions]
            ports = self.send("GET", f"{nova}/servers/{identifier}/os-interface")["interfaceAttachments"]
            made["port_id"] += [port["port_id"] for port in ports]
        made["volume_id"] = volumes[:len(made["server_id"])]
        made["tag"], made["key"], made["network"] = ["a"], ["colour"], ["private"]
        made["migration_id"] = ["1", "2"]
        images = self.send("GET", "/image/v2/images")["images"]
        made["image_id"] = [image["id"] for image in images]
        self.send("POST", f"{nova}/images/{IMAGE}/metadata", {"metadata": {"colour": "red"}})
        made["image_key"] = ["colour"]
        made["project_id"] = [ADMIN["X-Auth-Project-Id"]]
        made["class"] = ["default"]
        for node in self.send("GET", f"{nova}/os-hypervisors", version=version)["hypervisors"]:
            made["hypervisor_id"].append(str(node["id"]))
            made["hypervisor_name"].append(node["hypervisor_hostname"])
        services = self.send("GET", f"{nova}/os-services?binary=nova-compute", version=version)["services"]
        made["service_id"] = [str(service["id"]) for service in services]
        made["service_action"] = ["enable", "disable", "disable-log-reason"]
        self.fill_placement(made)
        made["server"] = made["server_id"]
        made["host"], made["name"], made["verb"] = ["host1"], ["compute"], ["start", "stop", "kill", "restart"]
        made["bodies"] = {
            "imageRef": [IMAGE], "flavorRef": ["1", "2", "seed0"], "volumeId": volumes, "public_key": [PUBLIC_KEY],
            "net_id": [network["id"] for network in self.send("GET", "/networking/v2.0/networks")["networks"]],
            "server_uuid": made["server_id"], "hypervisor_hostname": ["host1", "host2"], "key_name": ["key0"],
            "tenant": made["project_id"], "uuid": [self.send("GET", "/networking/v2.0/networks")["networks"][0]["id"]],
        }
        return made

    def fill_placement(self, made):
        placement = "placement 1.39"
        providers = self.send("GET", "/placement/resource_providers", version=placement)["resource_providers"]
        hosts = [provider["uuid"] for provider in providers]
        for number in range(4):
            body = {"name": f"provider{number}"}
            providers.append(self.send("POST", "/placement/resource_providers", body, placement))
            self.send("PUT", f"/placement/resource_classes/CUSTOM_SEED{number}", version=placement)
            self.send("PUT", f"/placement/traits/CUSTOM_SEED{number}", version=placement)
        made["uuid"] = [provider["uuid"] for provider in providers]
        # Of these every host has an inventory, so that one is found whichever two names are drawn.
        made["resource_class"] = ["VCPU", "MEMORY_MB"]
        made["/resource_providers/{uuid}/inventories/{resource_class} uuid"] = hosts
        made["resource_classes name"] = ["VCPU", "CUSTOM_SEED0", "CUSTOM_SEED1", "CUSTOM_SEED2", "CUSTOM_SEED3"]
        made["traits name"] = ["CUSTOM_SEED0", "CUSTOM_SEED1", "CUSTOM_SEED2", "CUSTOM_SEED3", "HW_CPU_X86_SGX"]
        made["consumer_uuid"] = made["server_id"]

    def wait(self, path):
        deadline = time.monotonic() + 30
        while self.send("GET", path)["server"]["status"] == "BUILD":
            if time.monotonic() > deadline:
                sys.exit(f"{path} is not built within 30 s")
            time.sleep(0.05)


def propose_in_bodies(schema, proposals):
    """Proposes what there is for the names in bodies."""
    if isinstance(schema, list):
        for part in schema:
            propose_in_bodies(part, proposals)
    elif isinstance(schema, dict):
        for name, part in (schema.get("properties") or {}).items():
            if name in proposals and "string" in str(part.get("type")):
                schema["properties"][name] = {"type": "string", "enum": sorted(set(proposals[name]))}
        for part in schema.values():
            propose_in_bodies(part, proposals)


def proposing(document, proposals):
    """The document, with what there is proposed for the names in its paths; and the headers that say which microversion it
    describes, which are then no longer to be made up."""
    headers = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method == "parameters":
                continue
            versions = [of for of in operation.get("parameters", []) if of["name"] == "OpenStack-API-Version"]
            headers.update({version["name"]: version["schema"]["enum"][0] for version in versions})
            operation["parameters"] = [of for of in operation.get("parameters", []) if of not in versions]
            propose_in_bodies(operation.get("requestBody"), proposals["bodies"])
            example = EXAMPLES.get(f"{method.upper()} {path}")
            if example:
                operation["requestBody"]["content"]["application/json"]["example"] = example
            for parameter in [*shared, *operation["parameters"]]:
                places = (f"{path} ", f"{path.split('/')[1]} ", "")
                known = next(filter(None, (proposals.get(place + parameter["name"]) for place in places)), None)
                if parameter["in"] == "path" and known:
                    parameter["schema"] = {"type": "string", "enum": sorted(set(known))}
    return document, headers


def by_depth(document, wanted, last):
    """The document with the operations of these methods, those on parts of things before those on the things themselves,
    which may end them; either without what comes last, or that alone."""
    paths = sorted(document["paths"].items(), key=lambda pair: -pair[0].count("/"))
    kept = ((path, {key: of for key, of in item.items() if key in wanted or key == "parameters"}) for path, item in paths)
    return {**document, "paths": {path: item for path, item in kept if set(item) & wanted and (path in LAST) == last}}


def run(server, folder, base, document, headers, options, phases):
    """One run of schemathesis; returns what it says when something is wrong."""
    (folder / "openapi.json").write_text(json.dumps(document))
    command = [
        str(pathlib.Path(sys.executable).with_name("schemathesis")), "run", "openapi.json",
        "--url", f"http://{placement_gabbi.HOST}:{server.port}{base}", "--checks", CHECKS, "--phases", phases,
        "--max-examples", str(options.examples if "coverage" in phases else 4 * options.examples), "--seed", str(options.seed), "--no-color", "--warnings", "off",
        "--continue-on-failure", "--suppress-health-check", "all", "--generation-database", "none", "--no-shrink",
        *(word for key, value in {**ADMIN, **headers}.items() for word in ("--header", f"{key}: {value}")),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "NOVARIG_CALLS": "calls"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    return [] if done.returncode == 0 else [f"{done.stdout}\n{done.stderr}"]


def fuzz(name, source, base, phases, options):
    """Sends requests that one document describes; returns how often its operations answered with which status, and what is
    wrong."""
    counts, failed, described = collections.defaultdict(collections.Counter), [], set()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for rounds in CLOUDS:
            server = placement_gabbi.Server(options.server)
            with server.running("APIFixture"):
                cloud = Cloud(server)
                version = "compute 2.1" if name == "compute-2.1" else "compute 2.104"
                document, headers = proposing(cloud.send("GET", source), cloud.fill(version))
                for methods, last in itertools.product(rounds, (False, True)):
                    part = by_depth(document, set(methods.lower().split(",")), last)
                    described |= {f"{method.upper()} {path}" for path, item in part["paths"].items()
                                  for method in item if method != "parameters"}
                    if part["paths"]:
                        wrong = run(server, folder, base, part, headers, options, phases)
                        failed += [f"{name}, {methods}:\n{text}" for text in wrong]
        for line in (folder / "calls").read_text().splitlines():
            method, path, status = line.split("\t")
            counts[f"{method} {path}"][int(status)] += 1
    for operation, statuses in counts.items():
        if any(status >= 500 and status != http.HTTPStatus.NOT_IMPLEMENTED for status in statuses):
            failed.append(f"{name}: {operation} gave a 5xx: {dict(statuses)}")
    for operation in sorted(described - set(MAY_FAIL)):
        if not any(status < 300 for status in counts[operation]):
            failed.append(f"{name}: {operation} never succeeded, only {dict(counts[operation])}")
    return {operation: counts[operation] for operation in described}, failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--examples", type=int, default=5, help="how many requests are made up for an operation")
    arguments.add_argument("--seed", type=int, default=1, help="another seed makes up other requests")
    arguments.add_argument("--only", help="one document: compute-2.1, compute-2.104, placement, control")
    options = arguments.parse_args()
    # What the newest microversion has is tried at its edges too; the oldest differs in little.
    thoroughly, quickly = "examples,coverage,fuzzing", "examples,fuzzing"
    documents = {
        "compute-2.104": ("/_novarig/v1/openapi/compute.json", "/compute/v2.1", thoroughly),
        "compute-2.1": ("/_novarig/v1/openapi/compute.json?microversion=2.1", "/compute/v2.1", quickly),
        "placement": ("/placement/openapi.json", "/placement", thoroughly),
        "control": ("/_novarig/v1/openapi.json", "/_novarig/v1", thoroughly),
    }
    chosen = {name: of for name, of in documents.items() if options.only in (None, name)}
    failed = []
    # Each has clouds of its own; threads, for the work is in processes that they wait for.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda item: timed(fuzz, item[0], *item[1], options), chosen.items())
        for name, ((counts, wrong), passed) in zip(chosen, results):
            sent = sum(sum(statuses.values()) for statuses in counts.values())
            good = sum(many for statuses in counts.values() for status, many in statuses.items() if status < 300)
            print(f"{name}: {len(counts)} operations, {sent} requests, {good} of them fulfilled, {passed:.0f} s", flush=True)
            print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr, flush=True)
            failed += wrong
    sys.exit(1 if failed else 0)


def timed(work, *arguments):
    began = time.monotonic()
    return work(*arguments), time.monotonic() - began


if __name__ == "__main__":
    main()
