"""Time; in a simulation the simulated one. ``asyncio.sleep``, ``time.time`` and ``time.monotonic`` are the same."""

from __future__ import annotations

import datetime

from novarig import _host


def now() -> datetime.datetime:
    """What time it is, in UTC."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(microseconds=microseconds())


def microseconds() -> int:
    """Microseconds since 1970-01-01 00:00 UTC."""
    return _host.current().now()


async def sleep(seconds: float) -> None:
    """Waits, while other calls go on."""
    await _host.current().sleep(max(0, round(seconds * 1_000_000)))
