#!/usr/bin/env python3
"""Serves the real Placement, from the installed package, on a fresh SQLite database: real_placement.py HOST:PORT

It is what this project's service is measured against. Requests need no more than a token of the form `user:project`.
"""

import os
import pathlib
import sys
import tempfile

CONFIGURATION = """
[DEFAULT]
use_stderr = false
log_file = {folder}/placement.log
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite:///{folder}/placement.db
sync_on_startup = true
"""


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    with tempfile.TemporaryDirectory(prefix="placement-") as folder:
        pathlib.Path(folder, "placement.conf").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
        os.environ["OS_PLACEMENT_CONFIG_DIR"] = folder
        import waitress
        from placement import wsgi

        waitress.serve(wsgi.init_application(), host=host, port=int(port), threads=4, _quiet=True)


if __name__ == "__main__":
    main()
