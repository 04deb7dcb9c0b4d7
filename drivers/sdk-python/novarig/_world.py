"""What Python takes from the operating system elsewhere: in a component it is the simulation's, or is refused.

A component has no operating system below it: a function that would ask one ends the driver. So the functions that drivers
have a use for ask the host instead: time is simulated time, randomness comes from the run's seed, and what is printed is
logged.
"""

from __future__ import annotations

import builtins
import datetime
import importlib
import importlib.machinery
import io
import os
import random
import sys
import time
import uuid  # noqa: F401  (it asks the system while it is imported)
from typing import Any, Callable

from novarig import _contract, _host, types


_FILE_FUNCTIONS = ("open", "stat", "lstat", "listdir", "scandir", "mkdir", "remove", "rename", "rmdir", "unlink")


def modules() -> dict[str, Any]:
    """The contract's imports by interface. A driver has none of those of a driver below."""
    found = {}
    names = [*_contract.METHODS, *_contract.TYPES, "clock", "random", "settings", "durable"]
    for interface in names:
        try:
            found[interface] = importlib.import_module(f"wit_world.imports.{interface}")
        except ImportError:
            if interface not in _contract.METHODS:
                raise
    return found


def _seconds() -> float:
    return _host.current().now() / 1_000_000


def _nanoseconds() -> int:
    return _host.current().now() * 1000


def _bytes(count: int) -> bytes:
    drawn = b""
    while len(drawn) < count:
        drawn += _host.current().next_u64().to_bytes(8, "little")
    return drawn[:count]


def _no_sleep(_seconds: float) -> None:
    raise RuntimeError("time.sleep would stop every call of this driver; use `await clock.sleep(...)`")


class _Datetime(datetime.datetime):
    """``datetime`` with the simulation's clock."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fromtimestamp(_seconds(), tz if tz is not None else datetime.timezone.utc).replace(tzinfo=tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class _Date(datetime.date):
    """``date`` with the simulation's clock."""

    @classmethod
    def today(cls) -> Any:
        return _Datetime.now().date()


class Words(io.TextIOBase):
    """Lines that are written become lines of the log."""

    def __init__(self, level: types.Level, log: Callable[[types.Level, str], None]) -> None:
        self._level = level
        self._log = log
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._log(self._level, line)
        return len(text)


def install() -> None:
    """Replaces what asks the system. It can be asked when the driver runs, and not while it is imported."""
    time.time = time.monotonic = time.perf_counter = time.process_time = _seconds
    time.time_ns = time.monotonic_ns = time.perf_counter_ns = time.process_time_ns = _nanoseconds
    time.sleep = _no_sleep
    datetime.datetime = _Datetime  # type: ignore[misc]
    datetime.date = _Date  # type: ignore[misc]
    os.urandom = _bytes
    random._urandom = _bytes  # type: ignore[attr-defined]


def _no_files(*_arguments: Any, **_named: Any) -> Any:
    raise PermissionError("a driver has no files; what outlives it belongs in `durable`")


class _NothingMore:
    """Comes after the finders of what is there."""

    @staticmethod
    def find_spec(name: str, _path: Any = None, _target: Any = None) -> Any:
        raise ModuleNotFoundError(f"{name} is not in the component; import it where driver.py begins", name=name)


def begins(log: Callable[[types.Level, str], None]) -> None:
    """The first call has come: the host can be asked, and there are no files any more."""
    random.seed(_host.current().next_u64())
    sys.stdout = Words(types.Level.INFO, log)
    builtins.open = io.open = _no_files
    for name in _FILE_FUNCTIONS:
        setattr(os, name, _no_files)
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter, _NothingMore]
