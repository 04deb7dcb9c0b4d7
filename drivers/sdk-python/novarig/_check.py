"""Is an answer what the contract says? A wrong one could not cross to the host, and would end the driver without a word."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, Callable, Optional

from novarig import types

Check = Callable[[Any, str], Optional[str]]
"""Takes a value and where it is; answers what is wrong with it, if something is."""

_checks: dict[Any, Check] = {}


def check_of(hint: Any) -> Check:
    """The check for a type hint."""
    if hint not in _checks:
        # A record may be a part of itself only through this, and none is in the contract.
        _checks[hint] = _made(hint)
    return _checks[hint]


def answer_of(method: Callable[..., Any]) -> Check:
    """The check for what a method of ``Driver`` answers."""
    return check_of(typing.get_type_hints(method, {**vars(types), "Optional": Optional})["return"])


def _made(hint: Any) -> Check:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        return _one_of([check_of(argument) for argument in arguments], hint)
    if origin is list:
        return _list(check_of(_resolved(arguments[0])))
    if origin is tuple:
        return _tuple([check_of(argument) for argument in arguments])
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return _record(hint, [(field.name, check_of(hints[field.name])) for field in dataclasses.fields(hint)])
    if hint is float:
        return _plain((float, int), "float")
    return _plain((hint,), "None" if hint is type(None) else hint.__name__)


def _resolved(hint: Any) -> Any:
    # Within `list["Vif"]` the name is still a text.
    name = hint if isinstance(hint, str) else getattr(hint, "__forward_arg__", None)
    return hint if name is None else vars(types)[name]


def _found(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r}"[:200]


def _plain(wanted: tuple[type, ...], name: str) -> Check:
    def check(value: Any, where: str) -> Optional[str]:
        return None if isinstance(value, wanted) else f"{where} has to be {name} and is {_found(value)}"

    return check


def _list(element: Check) -> Check:
    def check(value: Any, where: str) -> Optional[str]:
        if not isinstance(value, list):
            return f"{where} has to be list and is {_found(value)}"
        for number, each in enumerate(value):
            problem = element(each, f"{where}[{number}]")
            if problem:
                return problem
        return None

    return check


def _tuple(elements: list[Check]) -> Check:
    def check(value: Any, where: str) -> Optional[str]:
        if not isinstance(value, tuple) or len(value) != len(elements):
            return f"{where} has to be tuple of {len(elements)} and is {_found(value)}"
        for number, (element, each) in enumerate(zip(elements, value)):
            problem = element(each, f"{where}[{number}]")
            if problem:
                return problem
        return None

    return check


def _record(of: type, fields: list[tuple[str, Check]]) -> Check:
    def check(value: Any, where: str) -> Optional[str]:
        if not isinstance(value, of):
            return f"{where} has to be {of.__name__} and is {_found(value)}"
        for name, field in fields:
            problem = field(getattr(value, name), f"{where}.{name}")
            if problem:
                return problem
        return None

    return check


def _one_of(checks: list[Check], hint: Any) -> Check:
    def check(value: Any, where: str) -> Optional[str]:
        problems = [each(value, where) for each in checks]
        if None in problems:
            return None
        # What is of the right class and wrong inside says more.
        inside = [problem for problem in problems if problem and not problem.startswith(f"{where} ")]
        return inside[0] if inside else f"{where} has to be {hint} and is {_found(value)}"

    return check
