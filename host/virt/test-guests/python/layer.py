"""A layer in Python that does what the name of the server says."""

from __future__ import annotations

import asyncio
import datetime
import random
import time
import uuid

from novarig import Layer, clock, durable, exception, integer, log
from novarig import random as simulated
from novarig.types import (
    Instance,
    LiveMigrationOutcome,
    LiveMigrationOutcome_RolledBack,
    LiveMigrationRequest,
    RollbackStatus,
    SpawnRequest,
)


class Snake(Layer):
    """Does what the name of the server says."""

    name = "snake"
    seconds = integer(2, "How long it waits")

    def __init__(self) -> None:
        self.aborted = asyncio.Event()
        self.spawned = 0

    async def spawn(self, request: SpawnRequest) -> None:
        what = request.instance.display_name
        self.spawned += 1
        if what == "refuse":
            raise exception.ComputeResourcesUnavailable("too big")
        if what == "abort":
            raise exception.BuildAbortException(instance=request.instance.uuid, reason="no")
        if what == "not-here":
            raise NotImplementedError
        if what == "defect":
            self.defect(request)
        if what == "loop":
            while True:
                pass
        if what == "memory":
            hoard = []
            while True:
                hoard.append(bytearray(1 << 20))
        if what == "recursion":
            self.deeper(0)
        if what == "system":
            open("/etc/passwd")
        if what == "late":
            import colorsys  # noqa: F401
        if what == "wait":
            before = clock.microseconds()
            await asyncio.sleep(self.seconds)
            await clock.sleep(0.5)
            try:
                await asyncio.wait_for(asyncio.sleep(100), 5)
            except TimeoutError:
                log.info("timed out")
            log.info(f"waited {(clock.microseconds() - before) / 1e6} s")
        if what == "world":
            print(f"{time.time()} {time.monotonic_ns()} {datetime.datetime.now()} {datetime.date.today()}")
            print(f"{random.random()} {uuid.uuid4()} {random.SystemRandom().random()} {simulated.below(1000)}")
        if what == "background":
            task = asyncio.create_task(asyncio.sleep(3))
            task.cancel()
            asyncio.create_task(asyncio.sleep(3))
        if what == "undo":
            try:
                await self.below.get_info(request.instance, False)
            except exception.InstanceNotFound as error:
                log.info(f"{error} {error.code}")
        durable.store(f"seen/{what}", request.instance)
        await self.below.spawn(request)
        if what == "undo":
            log.info((await self.below.get_info(request.instance, False)).state.name)

    def defect(self, request: SpawnRequest) -> None:
        dict[str, str]()[request.instance.uuid]

    def deeper(self, depth: int) -> int:
        return self.deeper(depth + 1) + 1

    async def live_migration(self, request: LiveMigrationRequest) -> LiveMigrationOutcome:
        await self.aborted.wait()
        return LiveMigrationOutcome_RolledBack(RollbackStatus.CANCELLED)

    async def live_migration_abort(self, instance: Instance) -> None:
        self.aborted.set()

    async def get_host_uptime(self) -> str:
        kept = durable.load("seen/plain")
        return f"{self.spawned} {durable.keys('seen/')} {kept.display_name if kept else None}"
