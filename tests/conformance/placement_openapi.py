#!/usr/bin/env python3
"""Compares the OpenAPI document that this project's placement service serves with what the real one takes.

    placement_openapi.py --server 'novarig placement --listen {address}'

Shown is that the document has every route and method of the real service and no others, every key of a query string, and
for every body which keys it has, which of them it must have, and of which types they are, at the newest microversion.
"""

import argparse
import http.client
import json
import sys
import unittest

import placement_gabbi

from placement import handler
from placement.schemas import (
    aggregate,
    allocation,
    allocation_candidate,
    inventory,
    reshaper,
    resource_class,
    resource_provider,
    trait,
    usage,
)

# The document itself is not a path of the real service.
OWN_PATH = "/openapi.json"

BODIES = {
    ("POST", "/resource_providers"): resource_provider.POST_RP_SCHEMA_V1_14,
    ("PUT", "/resource_providers/{uuid}"): resource_provider.PUT_RP_SCHEMA_V1_14,
    ("POST", "/resource_providers/{uuid}/inventories"): inventory.POST_INVENTORY_SCHEMA,
    ("PUT", "/resource_providers/{uuid}/inventories"): inventory.PUT_INVENTORY_SCHEMA,
    # The real service demands the generation only when it uses it, and fails with 500 without it.
    ("PUT", "/resource_providers/{uuid}/inventories/{resource_class}"):
        inventory.PUT_INVENTORY_RECORD_SCHEMA | {"required": ["total", "resource_provider_generation"]},
    ("PUT", "/resource_providers/{uuid}/aggregates"): aggregate.PUT_AGGREGATES_SCHEMA_V1_19,
    ("PUT", "/resource_providers/{uuid}/traits"): trait.SET_TRAITS_FOR_RP_SCHEMA,
    ("POST", "/allocations"): allocation.POST_ALLOCATIONS_V1_38,
    ("PUT", "/allocations/{consumer_uuid}"): allocation.ALLOCATION_SCHEMA_V1_38,
    ("POST", "/reshaper"): reshaper.POST_RESHAPER_SCHEMA_V1_38,
    ("POST", "/resource_classes"): resource_class.POST_RC_SCHEMA_V1_2,
}

QUERIES = {
    ("GET", "/resource_providers"): resource_provider.GET_RPS_SCHEMA_1_18,
    ("GET", "/traits"): trait.LIST_TRAIT_SCHEMA,
    ("GET", "/allocation_candidates"): allocation_candidate.GET_SCHEMA_1_36,
    ("GET", "/usages"): usage.GET_USAGES_SCHEMA_V1_38,
}


def shape(schema):
    """What of a schema says which keys there are and of which types."""
    kinds = schema.get("type")
    kinds = sorted([kinds] if isinstance(kinds, str) else kinds or [])
    parts = {"type": kinds}
    if "object" in kinds:
        parts["required"] = sorted(schema.get("required", []))
        parts["keys"] = {name: shape(of) for name, of in schema.get("properties", {}).items()}
        patterns = [shape(of) for of in schema.get("patternProperties", {}).values()]
        parts["patterns"] = sorted(patterns, key=lambda of: json.dumps(of, sort_keys=True))
        parts["others"] = schema.get("additionalProperties", True)
    if "array" in kinds:
        parts["items"] = shape(schema.get("items", {}))
    return parts


def keys_of_query(schema):
    """Each key of a query string, and whether it must be there; of those with a suffix, the name without."""
    keys = {name: name in schema.get("required", []) for name in schema.get("properties", {})}
    return keys | {pattern.removeprefix("^").split("(")[0]: False for pattern in schema.get("patternProperties", {})}


class OpenApiTest(unittest.TestCase):
    maxDiff = None
    document = None

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters" and path != OWN_PATH:
                    yield (method.upper(), path), operation

    def test_the_routes_and_methods_are_those_of_the_real_service(self):
        real = {(method, path or "/") for path, methods in handler.ROUTE_DECLARATIONS.items() for method in methods}
        self.assertEqual({operation for operation, _ in self.operations()}, real)

    def test_the_bodies_are_those_of_the_real_service(self):
        described = {
            name: shape(operation["requestBody"]["content"]["application/json"]["schema"])
            for name, operation in self.operations() if "requestBody" in operation
        }
        self.assertEqual(described, {name: shape(schema) for name, schema in BODIES.items()})

    def test_the_query_strings_are_those_of_the_real_service(self):
        described = {}
        for name, operation in self.operations():
            query = {of["name"]: of.get("required", False) for of in operation["parameters"] if of["in"] == "query"}
            if query:
                described[name] = query
        self.assertEqual(described, {name: keys_of_query(schema) for name, schema in QUERIES.items()})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    options = arguments.parse_args()
    server = placement_gabbi.Server(options.server)
    with server.running("APIFixture"):
        connection = http.client.HTTPConnection(placement_gabbi.HOST, server.port, timeout=60)
        connection.request("GET", OWN_PATH)
        OpenApiTest.document = json.loads(connection.getresponse().read())
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(OpenApiTest))
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
