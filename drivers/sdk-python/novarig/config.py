"""The compute service's own configuration, as far as it concerns a driver (``nova.conf``)."""

from __future__ import annotations

from novarig import _host
from novarig.types import ComputeConfig


def get() -> ComputeConfig:
    """The configuration in force."""
    return _host.current().config()
