"""Random numbers that are the same in every run with the same seed. The functions of Python's ``random`` draw from a
generator that is seeded from here when the driver starts."""

from __future__ import annotations

import uuid as _uuid

from novarig import _host


def next_u64() -> int:
    """64 bits, all equally probable."""
    return _host.current().next_u64()


def below(limit: int) -> int:
    """A whole number from 0 up to, and without, ``limit``."""
    if limit <= 0:
        raise ValueError("the limit has to be positive")
    # What is too large to be shared out evenly is drawn again.
    even = (1 << 64) - (1 << 64) % limit
    while (drawn := next_u64()) >= even:
        pass
    return drawn % limit


def uuid() -> str:
    """A random identifier."""
    return str(_uuid.UUID(int=next_u64() << 64 | next_u64(), version=4))
