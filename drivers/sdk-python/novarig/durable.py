"""What outlives the driver's agent. Guests and disks belong here: after a crash of the agent, or a restart of the compute
service, a new instance of the component finds what was written, and all else it knew is gone."""

from __future__ import annotations

import pickle
from typing import Any, Optional

from novarig import _host


def get(key: str) -> Optional[bytes]:
    """The bytes of a key; none if there are none."""
    return _host.current().durable_get(key)


def set(key: str, value: bytes) -> None:  # noqa: A001
    """Writes bytes. They are kept whatever happens next."""
    _host.current().durable_set(key, value)


def delete(key: str) -> None:
    """Forgets a key; it need not exist."""
    _host.current().durable_delete(key)


def keys(prefix: str = "") -> list[str]:
    """All keys that begin so, in order."""
    return _host.current().durable_keys(prefix)


def store(key: str, value: Any) -> None:
    """Writes a value of any type that ``pickle`` knows, those of the contract among them."""
    set(key, pickle.dumps(value, protocol=5))


def load(key: str) -> Any:
    """What ``store`` wrote; None if there is nothing."""
    value = get(key)
    return None if value is None else pickle.loads(value)
