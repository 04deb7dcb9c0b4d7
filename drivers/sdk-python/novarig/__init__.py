"""Hypervisor drivers and layers for novarig, in Python.

A driver is a class with the methods of Nova's ``ComputeDriver``, by the same names; what it does not write does what Nova's
base class does. A layer stands over a driver; what it does not write goes to that driver::

    from novarig import Layer, exception, log
    from novarig.types import SpawnRequest


    class ShyHost(Layer):
        \"\"\"Does not build servers whose name begins with big.\"\"\"

        name = "shy-host"

        async def spawn(self, request: SpawnRequest) -> None:
            if request.instance.display_name.startswith("big"):
                log.info("that one is too big")
                raise exception.ComputeResourcesUnavailable("too big")
            await self.below.spawn(request)

A file has one class with a ``name``: it is what ``novarig driver build`` makes a component of. Its documentation's first line
is what lists say of it.

What there is: the types of the contract (``types``), Nova's exceptions (``exception``), settings (``text``, ``integer``,
``boolean``, ``one_of``), and what the host gives a driver: ``log``, ``clock``, ``random``, ``durable``, ``config``,
``virtapi``. ``testing`` has a driver below and a host for unit tests.
"""

from __future__ import annotations

from novarig import clock, config, durable, exception, log, random, types, virtapi
from novarig._below import Below
from novarig._driver import Driver
from novarig._layer import Layer
from novarig._settings import boolean, integer, one_of, text

__all__ = [
    "Below",
    "Driver",
    "Layer",
    "boolean",
    "clock",
    "config",
    "durable",
    "exception",
    "integer",
    "log",
    "one_of",
    "random",
    "text",
    "types",
    "virtapi",
]
