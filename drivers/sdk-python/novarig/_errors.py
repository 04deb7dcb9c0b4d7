"""How Nova's exceptions and the contract's errors become each other."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Optional

from novarig import types


class NovaException(Exception):
    """Nova's base class, and every exception of Nova's that the compute manager does not treat in a way of its own."""

    code = 500
    """As for HTTP."""
    msg_fmt = "An unknown exception occurred."
    """The text, with the names of the fields in braces."""

    def __init__(self, message: Optional[str] = None, /, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.msg_fmt.format(**fields) if message is None else message)

    def format_message(self) -> str:
        """The text."""
        return str(self.args[0])


class OtherNovaException(NovaException):
    """An exception of Nova's that the contract has no error for, with its class and code."""

    def __init__(self, class_name: str, message: str, code: int = 500) -> None:
        super().__init__(message, class_name=class_name)
        self.class_name = class_name
        self.code = code


class InstanceFaultRollback(NovaException):
    """The driver has undone what it did: the server can go back to the state it had."""

    def __init__(self, inner_exception: Exception) -> None:
        super().__init__(f"Instance rollback performed due to: {inner_exception}")
        self.inner_exception = inner_exception


class UnexpectedException(Exception):
    """What a driver below raised that is no exception of Nova's."""

    def __init__(self, class_name: str, message: str) -> None:
        super().__init__(f"{class_name}: {message}")
        self.class_name = class_name
        self.message = message


_CASE_OF: dict[type[BaseException], tuple[str, Optional[type]]] = {}
"""For each class its case of the contract's errors, and the record it carries, if it carries one."""
_CLASS_OF: dict[str, type[BaseException]] = {}


def common(case: str, of: type[NovaException], record: Optional[type]) -> None:
    """Makes known an exception whose fields are what the contract's error carries."""
    _CASE_OF[of] = (case, record)
    _CLASS_OF[case] = of


def special(case: str, of: type[BaseException]) -> None:
    """Makes known an exception of another kind."""
    _CASE_OF[of] = (case, None)
    _CLASS_OF[case] = of


def case_and_payload(error: BaseException) -> tuple[str, Any]:
    """The case of the contract's errors that an exception is, and what it carries."""
    if isinstance(error, OtherNovaException):
        return "Nova", _flat(error)
    if isinstance(error, InstanceFaultRollback):
        return "InstanceFaultRollback", _flat(error.inner_exception)
    if isinstance(error, UnexpectedException):
        return "Unexpected", types.UnexpectedError(error.class_name, error.message)
    if isinstance(error, NotImplementedError):
        return "NotImplemented", None
    if isinstance(error, NovaException):
        # A class of the author's own is what it is derived from.
        for of in type(error).__mro__:
            known = _CASE_OF.get(of)
            if known is not None and of is not NovaException:
                case, record = known
                if record is not None:
                    return case, record(**error.fields)
                value = next(iter(error.fields.values()), None)
                return case, value if value is None or isinstance(value, int) else str(value)
        return "Other", error.format_message()
    return "Unexpected", types.UnexpectedError(type(error).__name__, unexpected(error))


def record_of(case: str) -> Optional[type]:
    """The record that an error carries, if it carries one."""
    known = _CASE_OF.get(_CLASS_OF[case])
    return None if known is None else known[1]


def exception_of(case: str, payload: Any) -> BaseException:
    """The exception that an error of the driver below is."""
    if case == "Nova":
        return OtherNovaException(payload.class_name, payload.message, payload.code)
    if case == "InstanceFaultRollback":
        return InstanceFaultRollback(OtherNovaException(payload.class_name, payload.message, payload.code))
    if case == "Unexpected":
        return UnexpectedException(payload.class_name, payload.message)
    if case == "NotImplemented":
        return NotImplementedError()
    if case == "Other":
        return NovaException(payload)
    of: Callable[..., BaseException] = _CLASS_OF[case]
    if payload is None:
        return of()
    if isinstance(payload, (str, int)):
        return of(payload)
    return of(**vars(payload))


def _flat(error: BaseException) -> types.FlatError:
    if isinstance(error, OtherNovaException):
        return types.FlatError(error.class_name, error.format_message(), error.code)
    code = error.code if isinstance(error, NovaException) else 500
    return types.FlatError(type(error).__name__, str(error), code)


FRAMES = 50
"""Of a traceback, the last of which so many are shown."""


def unexpected(error: BaseException) -> str:
    """An exception that is a defect: its text, where it was raised, and the traceback from the driver's own code on."""
    # The lines of the code are not shown: the file is not there any more.
    walked = ((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__))
    frames = [
        f"{_file(code.co_filename)}, line {line}, in {code.co_name}"
        for code, line in walked
        if not _is_ours(code.co_filename)
    ]
    where = f" ({frames[-1]})" if frames else ""
    lines = [f"{error}{where}", "Traceback (most recent call last):"]
    lines.extend(f"  {frame}" for frame in frames[-FRAMES:])
    lines.append("".join(traceback.format_exception_only(type(error), error)).strip())
    return "\n".join(lines)


def _is_ours(path: str) -> bool:
    return "/novarig/" in path or "componentize_py" in path


def _file(path: str) -> str:
    # What stands before is where the driver was built.
    return path.rsplit("/", 1)[-1]
