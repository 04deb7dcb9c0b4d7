"""What drivers and layers have in common: a name, one line, settings."""

from __future__ import annotations

import re
import types as builtin
from typing import ClassVar

from novarig._settings import Setting

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Component:
    """The base of ``Driver`` and ``Layer``."""

    kind: ClassVar[str]
    """``driver`` or ``layer``."""
    name: ClassVar[str] = ""
    """Its name: lower case letters, digits and single ``-``."""


def settings_of(of: type[Component]) -> list[Setting[object]]:
    """The settings of a class, those of its bases first."""
    found: dict[str, Setting[object]] = {}
    for base in reversed(of.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Setting):
                found[name] = value
    return list(found.values())


def metadata(of: type[Component]) -> str:
    """What the host reads of the built file without running it."""
    if not _NAME.fullmatch(of.name):
        raise ValueError(f"{of.name!r} cannot be a name: lower case letters, digits and single `-` are expected")
    summary = " ".join((of.__doc__ or "").strip().split("\n\n")[0].split())
    lines = [f"name\t{of.name}", f"kind\t{of.kind}", f"summary\t{summary.removesuffix('.')}"]
    for setting in settings_of(of):
        lines.append(f"setting\t{setting.name}\t{setting.kind}\t{setting.default}\t{setting.doc}")
    return "\n".join(lines) + "\n"


def component_in(module: builtin.ModuleType) -> type[Component]:
    """The class of a module that is to be the component: the one with a name."""
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Component)
        and value.__module__ == module.__name__
        and "name" in vars(value)
    ]
    if len(found) == 1:
        return found[0]
    named = ", ".join(of.__name__ for of in found) or "none has"
    raise ValueError(f"one class in {module.__name__}.py has to have a `name`, as Driver or Layer; there: {named}")
