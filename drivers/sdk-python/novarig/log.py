"""What a driver has to say to the operator; it appears in the trace, with host and driver. ``print`` ends up here too."""

from __future__ import annotations

from novarig import _host
from novarig.types import Level


def debug(message: str) -> None:
    """For whoever works on the driver."""
    _host.current().log(Level.DEBUG, message)


def info(message: str) -> None:
    """An ordinary event."""
    _host.current().log(Level.INFO, message)


def warning(message: str) -> None:
    """Something is not as it should be."""
    _host.current().log(Level.WARNING, message)


def error(message: str) -> None:
    """Something failed."""
    _host.current().log(Level.ERROR, message)
