#!/usr/bin/env python3
"""Reads and changes the directory of a served cloud with the LDAP tools of the distribution.

    directory_client.py --server 'novarig serve --listen {address} --hosts 0 --ldap {directory}'

The tools are those of OpenLDAP (`ldapsearch` and so on): the package ldap-utils (Debian, Ubuntu) or openldap-clients (Fedora).
"""

import argparse
import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import unittest

import placement_gabbi

BASE = "dc=novarig"
ADMIN = f"uid=admin,ou=users,{BASE}"
EVE = f"uid=eve,ou=users,{BASE}"
TOOLS = ("ldapsearch", "ldapadd", "ldapmodify", "ldapmodrdn", "ldapdelete", "ldapcompare", "ldapwhoami")
NO_SUCH_OBJECT, INVALID_CREDENTIALS, INSUFFICIENT_ACCESS, SIZE_LIMIT = 32, 49, 50, 4


class DirectoryTest(unittest.TestCase):
    maxDiff = None
    server = None
    directory = None

    def tool(self, program, *arguments, user=ADMIN, password="secret", text="", expect=0):
        """Runs a tool; returns what it prints."""
        bind = ["-D", user, "-w", password] if user else []
        line = [program, "-x", "-H", f"ldap://{self.directory}", *bind, *arguments]
        done = subprocess.run(line, input=text, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, expect, f"{' '.join(line)}: {done.stderr}{done.stdout}")
        return done.stdout

    def search(self, *arguments, expect=0, **user):
        """The entries found: their attributes by name, with the entry's own as `dn`."""
        printed = self.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", *arguments, expect=expect, **user)
        entries = []
        for block in printed.strip().split("\n\n"):
            entry = {}
            for line in block.splitlines():
                name, value = line.split(":", 1)
                entry.setdefault(name, []).append(value.strip())
            if entry:
                entries.append(entry)
        return entries

    def log_in(self, user, password, project):
        """Logs in at the identity service; returns the status."""
        who = {"name": user, "domain": {"id": "default"}, "password": password}
        scope = {"project": {"name": project, "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": who}}
        connection = http.client.HTTPConnection(placement_gabbi.HOST, self.server.port, timeout=30)
        with contextlib.closing(connection):
            body = json.dumps({"auth": {"identity": identity, "scope": scope}})
            connection.request("POST", "/identity/v3/auth/tokens", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        return answer.status, answer.headers.get("X-Subject-Token")

    def test_searches_reach_as_far_as_they_are_told(self):
        self.assertEqual([entry["dn"] for entry in self.search("-b", BASE, "-s", "base")], [[BASE]])
        below = {entry["dn"][0] for entry in self.search("-b", BASE, "-s", "one")}
        self.assertEqual(below, {f"ou={name},{BASE}" for name in ("users", "projects", "roles")})
        found = self.search("-b", BASE, "(&(objectClass=inetOrgPerson)(uid=demo*)(!(uid=demo)))", "uid")
        self.assertEqual(found, [{"dn": [f"uid=demo_reader,ou=users,{BASE}"], "uid": ["demo_reader"]}])
        found = self.search("-b", f"ou=projects,{BASE}", f"(member=uid=demo,ou=users,{BASE})", "cn")
        self.assertEqual([entry["cn"] for entry in found], [["demo"]])
        self.search("-b", BASE, "-z", "2", expect=SIZE_LIMIT)
        self.search("-b", f"ou=none,{BASE}", expect=NO_SUCH_OBJECT)
        root = self.search("-b", "", "-s", "base", "+", user=None)
        self.assertEqual(root[0]["namingContexts"], [BASE])

    def test_who_one_is_decides_what_one_sees(self):
        self.assertEqual(self.tool("ldapwhoami").strip(), f"dn:{ADMIN}")
        self.tool("ldapwhoami", password="wrong", expect=INVALID_CREDENTIALS)
        demo = f"uid=demo,ou=users,{BASE}"
        self.assertEqual([entry["dn"] for entry in self.search("-b", BASE, user=demo)], [[demo]])
        self.search("-b", BASE, user=None, expect=INSUFFICIENT_ACCESS)
        self.tool("ldapdelete", ADMIN, user=demo, expect=INSUFFICIENT_ACCESS)

    def test_a_user_is_added_changed_renamed_and_deleted_and_logs_in_meanwhile(self):
        self.tool("ldapadd", text=f"dn: {EVE}\nobjectClass: inetOrgPerson\nuid: eve\ncn: Eve\nsn: Example\nuserPassword: apple\n")
        self.assertEqual(self.log_in("eve", "apple", "demo")[0], 401)
        self.tool("ldapmodify", text=(
            f"dn: cn=demo,ou=projects,{BASE}\nchangetype: modify\nadd: member\nmember: {EVE}\n\n"
            f"dn: {EVE}\nchangetype: modify\nreplace: mail\nmail: eve@example.org\n-\nadd: description\ndescription: first\n"))
        self.assertEqual(self.log_in("eve", "apple", "demo")[0], 201)
        self.assertEqual(self.search("-b", BASE, "(mail=EVE@example.org)", "description")[0]["description"], ["first"])
        self.tool("ldapcompare", EVE, "sn:example", expect=6)
        self.tool("ldapmodrdn", "-r", EVE, "uid=eva")
        self.assertEqual(self.log_in("eva", "apple", "demo")[0], 201)
        eva = f"uid=eva,ou=users,{BASE}"
        self.tool("ldapmodify", user=eva, password="apple",
                  text=f"dn: {eva}\nchangetype: modify\nreplace: userPassword\nuserPassword: pear\n")
        self.assertEqual(self.log_in("eva", "pear", "demo")[0], 201)
        self.tool("ldapdelete", eva)
        self.assertEqual(self.log_in("eva", "pear", "demo")[0], 401)
        self.tool("ldapdelete", eva, expect=NO_SUCH_OBJECT)

    def test_a_user_made_by_the_api_binds(self):
        _, token = self.log_in("admin", "secret", "admin")
        connection = http.client.HTTPConnection(placement_gabbi.HOST, self.server.port, timeout=30)
        with contextlib.closing(connection):
            body = json.dumps({"user": {"name": "bob", "password": "plum"}})
            headers = {"Content-Type": "application/json", "X-Auth-Token": token}
            connection.request("POST", "/identity/v3/users", body, headers)
            self.assertEqual(connection.getresponse().status, 201)
        bob = f"uid=bob,ou=users,{BASE}"
        self.assertEqual(self.tool("ldapwhoami", user=bob, password="plum").strip(), f"dn:{bob}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument(
        "--server", required=True, help="the command; {address} and {directory} in it become host:port each"
    )
    options = arguments.parse_args()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        sys.exit(f"{', '.join(missing)}: not found; install ldap-utils (Debian, Ubuntu) or openldap-clients (Fedora)")
    DirectoryTest.directory = f"{placement_gabbi.HOST}:{placement_gabbi.free_port()}"
    command = options.server.replace("{directory}", DirectoryTest.directory)
    server = DirectoryTest.server = placement_gabbi.Server(command)
    with server.running(""):
        tests = unittest.defaultTestLoader.loadTestsFromTestCase(DirectoryTest)
        result = unittest.TextTestRunner(verbosity=2).run(tests)
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
