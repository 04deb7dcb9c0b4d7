"""The component itself: stands between the contract's functions and the driver. Imported only where a component is built.

The tool that builds components makes modules of the contract (``wit_world``), imports this one, and keeps the state of the
interpreter in the file. So what is imported here is there from the start, and nothing is read when the component runs.
Each method of the contract's interfaces calls the method of that name of the author's class. What that raises becomes the
contract's error; what is no exception of Nova's is logged with its traceback, too.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional

import wit_world.exports
from componentize_py_types import Err

from novarig import _check, _contract, _errors, _host, types

# Both have to come before anything of the author's: what he imports then has the simulation's time and randomness.
from novarig import _loop, _world

wit = _world.modules()
for _interface, _names in _contract.TYPES.items():
    # The values that come and go are of the SDK's classes, whose fields have defaults.
    for _name in _names:
        setattr(wit[_interface], _name, getattr(types, _name))

_loop.install(wit["clock"])
_world.install()

import driver as _module  # noqa: E402

from novarig._below import Below  # noqa: E402
from novarig._component import component_in  # noqa: E402
from novarig._driver import Driver  # noqa: E402

_CLASS = component_in(_module)


class _Host:
    """Asks the real host."""

    log = staticmethod(wit["logging"].log)
    now = staticmethod(wit["clock"].now)
    sleep = staticmethod(wit["clock"].sleep)
    next_u64 = staticmethod(wit["random"].next_u64)
    setting = staticmethod(wit["settings"].get)
    setting_keys = staticmethod(wit["settings"].keys)
    config = staticmethod(wit["config"].get)
    durable_get = staticmethod(wit["durable"].get)
    durable_set = staticmethod(wit["durable"].set)
    durable_delete = staticmethod(wit["durable"].delete)
    durable_keys = staticmethod(wit["durable"].keys)
    emit_event = staticmethod(wit["virtapi"].emit_event)

    async def virtapi(self, function: str, *arguments: Any) -> Any:
        try:
            return await getattr(wit["virtapi"], function)(*arguments)
        except Err as error:
            if isinstance(error.value, str):
                raise _errors.NovaException(error.value) from None
            raise _raised(error) from None

    def event_wait(self, instance: types.Instance, events: list[types.InstanceEvent], timeout: int) -> Any:
        return _EventWait(wit["virtapi"].InstanceEventWait(instance, events, timeout))


class _EventWait:
    """The contract's resource, with exceptions."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        self.exit_early = resource.exit_early

    async def wait(self) -> None:
        from novarig.virtapi import EventFailed

        try:
            await self._resource.wait()
        except Err as error:
            if isinstance(error.value, types.EventError_Timeout):
                raise TimeoutError("not all events came in time") from None
            raise EventFailed(error.value.value) from None

    def close(self) -> None:
        self._resource.__exit__(None, None, None)


_VARIANT = "VirtError_"


def _raised(error: Err[Any]) -> BaseException:
    """The exception that stands for an error of the driver below."""
    case = type(error.value).__name__.removeprefix(_VARIANT)
    return _errors.exception_of(case, getattr(error.value, "value", None))


def _error(method: str, error: Exception) -> Err[Any]:
    """The contract's error for an exception."""
    case, payload = _errors.case_and_payload(error)
    record = _errors.record_of(case)
    problem = None if record is None else _check.check_of(record)(payload, type(error).__name__)
    if problem:
        error = TypeError(problem)
        case, payload = _errors.case_and_payload(error)
    if case == "Unexpected" and not isinstance(error, _errors.UnexpectedException):
        wit["logging"].log(types.Level.ERROR, f"{method}: {type(error).__name__}: {payload.message}")
    of = getattr(wit["errors"], _VARIANT + case)
    return Err(of() if payload is None else of(payload))


class _Below(Below):
    """The driver below, through the contract's imports."""

    async def call(self, interface: str, method: str, *arguments: Any) -> Any:
        try:
            return await getattr(wit[interface], method)(*arguments)
        except Err as error:
            raise _raised(error) from None


_driver: Optional[Any] = None


def _made() -> Any:
    """The author's object, made by the first call: what it asks of the host is then there."""
    global _driver
    if _driver is None:
        _host.use(_Host())
        _world.begins(wit["logging"].log)
        _driver = _CLASS()
        if _CLASS.kind == "layer":
            _driver.below = _Below()
    return _driver


def _answering(method: str) -> Callable[..., Any]:
    """A method that the author has written, or that has a default."""

    check = _check.answer_of(getattr(Driver, method))

    async def call(_interface: Any, *arguments: Any) -> Any:
        try:
            answer = await getattr(_made(), method)(*arguments)
            problem = check(answer, "the answer")
            if problem:
                raise TypeError(f"{_CLASS.__name__}.{method}: {problem}")
            return answer
        except Exception as error:
            raise _error(method, error) from None

    return call


def _forwarding(interface: str, method: str) -> Callable[..., Any]:
    """A method of a layer that its author has not written: arguments, answer and error pass as they are."""
    function = getattr(wit[interface], method)

    async def call(_interface: Any, *arguments: Any) -> Any:
        return await function(*arguments)

    return call


def _is_forwarded(method: str) -> bool:
    from novarig._layer import Layer

    return _CLASS.kind == "layer" and method in vars(Layer) and getattr(_CLASS, method) is getattr(Layer, method)


for _interface, _methods in _contract.METHODS.items():
    # The building tool looks for a class of the interface's name, made of the one that it has written.
    _class_name = "".join(part.capitalize() for part in _interface.split("_"))
    globals()[_class_name] = type(
        _class_name,
        (getattr(wit_world.exports, _class_name),),
        {
            method: _forwarding(_interface, method) if _is_forwarded(method) else _answering(method)
            for method in _methods
        },
    )

# Whatever goes wrong outside of the author's code is said before it ends the agent.
sys.stderr = _world.Words(types.Level.CRITICAL, wit["logging"].log)
