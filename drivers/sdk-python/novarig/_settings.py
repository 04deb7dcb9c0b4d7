"""Settings: what may stand in brackets after the component's name in a stack, ``my-driver(vcpus=8)``.

A setting is an attribute of the class::

    class Small(Driver):
        vcpus = integer(8, "Processors of the host")

In a method ``self.vcpus`` is the number. The host checks what is given before the driver runs.
"""

from __future__ import annotations

from typing import Any, Callable, Generic, Optional, TypeVar, Union, overload

from novarig import _host

T = TypeVar("T")


class Setting(Generic[T]):
    """A setting with its kind, default and documentation."""

    def __init__(self, kind: str, default: str, doc: str, read: Callable[[str], T]) -> None:
        for part in (kind, default, doc):
            if "\t" in part or "\n" in part:
                raise ValueError(f"the text {part!r} of a setting may have no tab and no line break in it")
        self.kind = kind
        self.default = default
        self.doc = doc
        self.name = ""
        self._read = read

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: Optional[object], owner: type) -> Union[Setting[T], T]:
        if instance is None:
            return self
        # Settings do not change in the life of an instance, so each is asked for once.
        known: dict[str, Any] = instance.__dict__.setdefault("_settings", {})
        if self.name not in known:
            given = _host.current().setting(self.name)
            known[self.name] = self._read(self.default if given is None else given)
        value: T = known[self.name]
        return value


def text(default: str, doc: str) -> Setting[str]:
    """Any text."""
    return Setting("text", default, doc, str)


def integer(default: int, doc: str) -> Setting[int]:
    """A whole number, not negative."""
    return Setting("integer", str(default), doc, int)


def boolean(default: bool, doc: str) -> Setting[bool]:
    """``true`` or ``false``."""
    return Setting("boolean", "true" if default else "false", doc, lambda given: given == "true")


def one_of(words: list[str], default: str, doc: str) -> Setting[str]:
    """One of these words."""
    if default not in words:
        raise ValueError(f"{default!r} is none of {words}")
    return Setting("one of " + "|".join(words), default, doc, str)
