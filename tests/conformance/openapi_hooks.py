"""What openapi_conformance.py adds to schemathesis: it writes down which operation was answered with which status."""

import os

import schemathesis


@schemathesis.hook
def after_call(_context, case, response):
    with open(os.environ["NOVARIG_CALLS"], "a", encoding="utf-8") as calls:
        calls.write(f"{case.operation.method.upper()}\t{case.operation.path}\t{response.status_code}\n")
