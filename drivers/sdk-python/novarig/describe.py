"""``python -m novarig.describe``: says what the driver in ``driver.py`` is, as the built file will."""

from __future__ import annotations

import importlib
import sys
import traceback

from novarig._component import component_in, metadata


def main() -> int:
    """Prints it; a problem goes to the other output."""
    sys.path.insert(0, "")
    try:
        print(metadata(component_in(importlib.import_module("driver"))), end="")
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    except Exception:
        print(f"driver.py cannot be imported:\n{traceback.format_exc().strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
