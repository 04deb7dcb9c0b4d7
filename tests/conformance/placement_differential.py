#!/usr/bin/env python3
"""Sends the same random requests to this project's placement service and to the real one, and compares the answers.

    placement_differential.py --server 'novarig placement --listen {address}' [--seed N] [--requests N]

The requests are about few providers, consumers and names, so that they meet. Compared are the status, the error code and
the body, without what may differ: ids of requests, and the order of lists that have none. The first differences are
shown, and make the exit status 1.

One kind of request is left out: several groups that ask for the same class, without `group_policy=none`. There the real
service adds the amounts of one candidate to others as well, which ones depending on the order of its hash tables. And where
a group may be spread and there are other groups besides, the real service forgets some candidates in which sharing
providers alone supply the spread group, again by the order of its hash tables: there it may know fewer candidates.
"""

import argparse
import http.client
import json
import pathlib
import random
import sys

import placement_gabbi

PROVIDERS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(6)]
CONSUMERS = [f"c0000000-0000-4000-8000-00000000000{n}" for n in range(4)]
AGGREGATES = [f"a0000000-0000-4000-8000-00000000000{n}" for n in range(2)]
CLASSES = ["VCPU", "MEMORY_MB", "DISK_GB", "CUSTOM_A"]
TRAITS = ["HW_CPU_X86_AVX2", "STORAGE_DISK_SSD", "MISC_SHARES_VIA_AGGREGATE", "CUSTOM_T"]
MOST_SHOWN = 10


class Author:
    """Makes up requests from a seed, minding what it has seen of generations so that many succeed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.generations = {}

    def rarely(self, chance=0.1):
        return self.random.random() < chance

    def version(self):
        return "1.39" if not self.rarely(0.3) else f"1.{self.random.randint(0, 38)}"

    def some(self, names, most):
        return self.random.sample(names, self.random.randint(0, min(most, len(names))))

    def provider(self):
        return self.random.choice(PROVIDERS)

    def generation(self, key):
        known = self.generations.get(key)
        if self.rarely(0.05):
            return self.random.randint(0, 9)
        return known

    def inventory(self):
        record = {"total": self.random.choice([1, 4, 8, 16])}
        extra = {
            "reserved": self.random.choice([0, 1, 4, 20]),
            "min_unit": self.random.choice([1, 2]),
            "max_unit": self.random.choice([2, 4, 100]),
            "step_size": self.random.choice([1, 2]),
            "allocation_ratio": self.random.choice([0.5, 1.0, 1.5, 16.0]),
        }
        record.update({key: value for key, value in extra.items() if self.rarely(0.25)})
        if self.rarely(0.03):
            record["total"] = self.random.choice([0, -1, "4", None])
        return record

    def inventories(self, provider):
        classes = self.some(CLASSES, 4)
        return {
            "resource_provider_generation": self.generation(provider) or 0,
            "inventories": {name: self.inventory() for name in classes},
        }

    def resources(self):
        classes = self.some(CLASSES, 2) or ["VCPU"]
        return {name: self.random.choice([1, 1, 2, 4, 5]) for name in classes}

    def consumer(self, consumer, version):
        minor = int(version.split(".")[1])
        chosen = self.some(PROVIDERS, 2)
        if minor < 12:
            listed = [{"resource_provider": {"uuid": p}, "resources": self.resources()} for p in chosen]
            body = {"allocations": listed}
        else:
            body = {"allocations": {p: {"resources": self.resources()} for p in chosen}}
        if minor >= 8:
            body.update(project_id=self.random.choice(["red", "blue"]), user_id=self.random.choice(["ann", "bob"]))
        if minor >= 28:
            body["consumer_generation"] = self.generation(consumer)
        if minor >= 38:
            body["consumer_type"] = self.random.choice(["INSTANCE", "MIGRATION"])
        return body

    def trait_term(self):
        kind = self.random.random()
        if kind < 0.6:
            return ",".join(("!" if self.rarely(0.3) else "") + name for name in self.some(TRAITS, 2) or TRAITS[:1])
        return "in:" + ",".join(self.some(TRAITS, 3) or TRAITS[:1])

    def aggregate_term(self):
        return self.random.choice(["", "", "!", "in:", "!in:"]) + self.random.choice(AGGREGATES)

    def group(self, suffix):
        terms = [f"resources{suffix}=" + ",".join(f"{name}:{amount}" for name, amount in self.resources().items())]
        if self.rarely(0.3):
            terms.append(f"required{suffix}={self.trait_term()}")
        if self.rarely(0.2):
            terms.append(f"member_of{suffix}={self.aggregate_term()}")
        if self.rarely(0.1):
            terms.append(f"in_tree{suffix}={self.provider()}")
        return terms

    def candidates(self):
        suffixes = self.random.choice([[""], [""], ["", "1"], ["1", "2"], ["", "1", "2"]])
        terms = [term for suffix in suffixes for term in self.group(suffix)]
        granular = [suffix for suffix in suffixes if suffix]
        if len(suffixes) > 1:
            # Groups whose providers differ, as isolated ones do, cannot add up.
            policy = self.random.choice(["none", "isolate"]) if "" not in suffixes else "none"
            terms.append(f"group_policy={policy}")
        if granular and self.rarely(0.3):
            terms.append(f"same_subtree={','.join(granular)}")
        if self.rarely():
            terms.append(f"root_required={self.random.choice(['', '!'])}{self.random.choice(TRAITS)}")
        return "/allocation_candidates?" + "&".join(terms)

    def request(self):
        """(method, path, body, version)"""
        version = self.version()
        provider, consumer = self.provider(), self.random.choice(CONSUMERS)
        path = f"/resource_providers/{provider}"
        parent = self.random.choice([None, None, self.provider()])
        name = self.random.choice(["CUSTOM_A", "CUSTOM_B", "CUSTOM_T", "VCPU", "HW_CPU_X86_AVX2", "bad"])
        makers = [
            (8, lambda: ("POST", "/resource_providers", {"name": f"p{PROVIDERS.index(provider)}", "uuid": provider}
                         | ({"parent_provider_uuid": parent} if parent else {}))),
            (2, lambda: ("PUT", path, {"name": f"p{PROVIDERS.index(provider)}", "parent_provider_uuid": parent})),
            (1, lambda: ("DELETE", path, None)),
            (2, lambda: ("GET", path, None)),
            (10, lambda: ("PUT", f"{path}/inventories", self.inventories(provider))),
            (2, lambda: ("POST", f"{path}/inventories", self.inventory() | {"resource_class": self.random.choice(CLASSES)})),
            (1, lambda: ("DELETE", f"{path}/inventories/{self.random.choice(CLASSES)}", None)),
            (1, lambda: ("DELETE", f"{path}/inventories", None)),
            (2, lambda: ("GET", f"{path}/inventories", None)),
            (2, lambda: ("GET", f"{path}/usages", None)),
            (2, lambda: ("GET", f"{path}/allocations", None)),
            (4, lambda: ("PUT", f"{path}/traits", {
                "traits": self.some(TRAITS, 2), "resource_provider_generation": self.generation(provider) or 0})),
            (1, lambda: ("DELETE", f"{path}/traits", None)),
            (4, lambda: ("PUT", f"{path}/aggregates", {
                "aggregates": self.some(AGGREGATES, 2), "resource_provider_generation": self.generation(provider) or 0})),
            (12, lambda: ("PUT", f"/allocations/{consumer}", self.consumer(consumer, version))),
            (4, lambda: ("POST", "/allocations", {c: self.consumer(c, version) for c in self.some(CONSUMERS, 2)})),
            (2, lambda: ("DELETE", f"/allocations/{consumer}", None)),
            (4, lambda: ("GET", f"/allocations/{consumer}", None)),
            (2, lambda: ("POST", "/reshaper", {
                "inventories": {p: self.inventories(p) for p in self.some(PROVIDERS, 2)},
                "allocations": {c: self.consumer(c, version) for c in self.some(CONSUMERS, 2)}})),
            (20, lambda: ("GET", self.candidates(), None)),
            (4, lambda: ("GET", "/resource_providers?" + "&".join(self.group("")), None)),
            (2, lambda: ("GET", f"/usages?project_id={self.random.choice(['red', 'blue'])}", None)),
            (1, lambda: (self.random.choice(["PUT", "GET", "DELETE"]), f"/traits/{name}", None)),
            (1, lambda: (self.random.choice(["PUT", "GET", "DELETE"]), f"/resource_classes/{name}", None)),
        ]
        (maker,) = self.random.choices([maker for _, maker in makers], [weight for weight, _ in makers])
        return *maker(), version

    def observe(self, ask):
        """Reads the generations there are, so that the next requests can name them."""
        listed = ask("GET", "/resource_providers", None, "1.39")[1]
        self.generations = {p["uuid"]: p["generation"] for p in listed["resource_providers"]}
        for consumer in CONSUMERS:
            self.generations[consumer] = ask("GET", f"/allocations/{consumer}", None, "1.39")[1].get("consumer_generation")


def asker(port):
    """A function that sends one request to the service at this port and gives the status and the JSON of its answer."""

    def ask(method, path, body, version):
        connection = http.client.HTTPConnection(placement_gabbi.HOST, port, timeout=60)
        # Without the role of a service, whether an administrator may reshape depends on the configuration.
        headers = {
            "X-Auth-Token": "admin",
            "X-Roles": "admin,service",
            "OpenStack-API-Version": f"placement {version}",
        }
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    return ask


def comparable(value):
    """The value with its lists sorted, and of errors only what clients decide by."""
    if isinstance(value, dict):
        if set(value) == {"errors"}:
            return [error.get("code") for error in value["errors"]]
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((comparable(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def agree(path, theirs, ours):
    """Whether two answers to the same request say the same."""
    (their_status, their_body), (our_status, our_body) = theirs, ours
    if their_status >= 500:
        # The real service has died of the request, so that it says nothing about the answer.
        return our_status < 500
    if their_status != our_status:
        return False
    their_body, our_body = comparable(their_body), comparable(our_body)
    if their_status == 200 and path.startswith("/allocation_candidates?resources=") and "group_policy" in path:
        known = our_body["allocation_requests"]
        return all(candidate in known for candidate in their_body["allocation_requests"])
    return their_body == our_body


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--server", required=True, help="the command; {address} in it becomes host:port")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--requests", type=int, default=500)
    options = arguments.parse_args()
    real_program = pathlib.Path(__file__).with_name("real_placement.py")
    real = placement_gabbi.Server(f"exec {sys.executable} {real_program} {{address}}")
    ours = placement_gabbi.Server(options.server)
    author = Author(options.seed)
    differences, statuses = 0, {}
    with real.running("APIFixture"), ours.running("APIFixture"):
        ask_real, ask_ours = asker(real.port), asker(ours.port)
        for name in ("/traits/CUSTOM_T", "/resource_classes/CUSTOM_A"):
            ask_real("PUT", name, None, "1.39"), ask_ours("PUT", name, None, "1.39")
        for number in range(options.requests):
            author.observe(ask_ours)
            request = author.request()
            theirs, answer = ask_real(*request), ask_ours(*request)
            statuses[theirs[0]] = statuses.get(theirs[0], 0) + 1
            if not agree(request[1], theirs, answer):
                differences += 1
                print(f"#{number} {request}\n  real:    {theirs}\n  novarig: {answer}", flush=True)
                if differences >= MOST_SHOWN:
                    break
    print(f"{number + 1} requests, {differences} differences; statuses of the real service: {statuses}")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
