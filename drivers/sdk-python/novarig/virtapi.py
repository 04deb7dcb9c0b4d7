"""What a driver may ask of the compute manager (``nova/virt/virtapi.py``)."""

from __future__ import annotations

from types import TracebackType
from typing import Optional

from novarig import _host
from novarig.types import (
    BlockDeviceInfo,
    DriverTask,
    Instance,
    InstanceEvent,
    LifecycleEvent,
)


class EventFailed(Exception):
    """The event came and said that its cause failed."""

    def __init__(self, event: InstanceEvent) -> None:
        super().__init__(f"{event.name} of {event.tag} failed")
        self.event = event


class wait_for_instance_event:
    """Waits at the end of the block for all of these events; those that come during the block count::

        async with virtapi.wait_for_instance_event(instance, events, 300):
            plug_the_interfaces()

    ``TimeoutError`` if they do not all come in so many seconds after the block; ``EventFailed`` if one says so.
    """

    def __init__(self, instance: Instance, events: list[InstanceEvent], timeout_seconds: int) -> None:
        self._wait = _host.current().event_wait(instance, events, timeout_seconds)

    async def __aenter__(self) -> wait_for_instance_event:
        return self

    def exit_early(self, events: list[InstanceEvent]) -> None:
        """These events are not needed after all."""
        self._wait.exit_early(events)

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            if error is None:
                await self._wait.wait()
        finally:
            self._wait.close()


async def update_compute_provider_status(provider: str, enabled: bool) -> None:
    """Marks a provider as usable by the scheduler or not (``COMPUTE_STATUS_DISABLED``)."""
    await _host.current().virtapi("update_compute_provider_status", provider, enabled)


def emit_event(event: LifecycleEvent) -> None:
    """Tells the compute manager what has become of a guest. Returns at once; is dropped if nobody listens."""
    _host.current().emit_event(event)


async def update_task_state(instance: str, task: DriverTask, expected: Optional[DriverTask] = None) -> None:
    """Sets the task of a server, within ``snapshot`` and ``rebuild``. ``expected``: the task it must have; none: the one it
    had when the method was called."""
    await _host.current().virtapi("update_task_state", instance, task, expected)


async def detach_block_devices(instance: str) -> None:
    """Takes the volumes of a server off it, within ``rebuild``."""
    await _host.current().virtapi("detach_block_devices", instance)


async def attach_block_devices(instance: str) -> BlockDeviceInfo:
    """Connects the volumes of a server anew, within ``rebuild``, and answers its disks."""
    answer: BlockDeviceInfo = await _host.current().virtapi("attach_block_devices", instance)
    return answer


async def bad_volumes(instance: str, devices: list[str]) -> None:
    """Within ``reboot``: these devices had to be taken off for the guest to start."""
    await _host.current().virtapi("bad_volumes", instance, devices)
