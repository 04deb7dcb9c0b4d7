"""Unit tests of drivers and layers, with no more than Python and its ``unittest``.

``DriverTest`` gives each test a host of its own: settings are what the test says, durable data are in memory, log lines are
collected, and time passes while everybody waits. The driver below a layer answers what the test says::

    class ShyHostTest(testing.DriverTest):
        async def test_a_big_server_is_refused(self) -> None:
            layer = self.layer(ShyHost)
            with self.assertRaises(exception.ComputeResourcesUnavailable):
                await layer.spawn(testing.spawn_request(testing.instance("big")))
            self.assertEqual(self.below.called, [])
"""

from __future__ import annotations

import asyncio
import inspect
import selectors
import unittest
from typing import Any, Callable, Coroutine, Mapping, Optional, TypeVar

from novarig import _host
from novarig._below import Below
from novarig._component import Component, settings_of
from novarig._driver import Driver
from novarig._layer import Layer
from novarig.types import (
    BlockDeviceInfo,
    ComputeConfig,
    Flavor,
    ImageMeta,
    Instance,
    InstanceEvent,
    InventoryPolicy,
    Level,
    LifecycleEvent,
    Migration,
    MigrationType,
    PowerState,
    SpawnRequest,
    VmState,
)

D = TypeVar("D", bound=Driver)
L = TypeVar("L", bound=Layer)
T = TypeVar("T")


class Host:
    """What a driver finds in the place of its host."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.durable: dict[str, bytes] = {}
        self.logged: list[str] = []
        """``level: message`` of each line."""
        self.microseconds = 0
        """What time it is. It passes while everybody waits."""
        self.events: list[LifecycleEvent] = []
        """What was told to the compute manager."""
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        """What was asked of the compute manager: function and arguments."""
        self.answers: dict[str, Any] = {}
        """What it answers, by function; an exception is raised, and None is answered where nothing is said."""
        self.compute_config = config()
        self._random = 0

    def log(self, level: Level, message: str) -> None:
        self.logged.append(f"{level.name.lower()}: {message}")

    def now(self) -> int:
        return self.microseconds

    async def sleep(self, microseconds: int) -> None:
        await asyncio.sleep(microseconds / 1_000_000)

    def next_u64(self) -> int:
        # Any sequence will do that is the same in every run: a linear congruence (Knuth's constants).
        self._random = (self._random * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return self._random

    def setting(self, key: str) -> Optional[str]:
        return self.settings.get(key)

    def setting_keys(self) -> list[str]:
        return sorted(self.settings)

    def config(self) -> ComputeConfig:
        return self.compute_config

    def durable_get(self, key: str) -> Optional[bytes]:
        return self.durable.get(key)

    def durable_set(self, key: str, value: bytes) -> None:
        self.durable[key] = value

    def durable_delete(self, key: str) -> None:
        self.durable.pop(key, None)

    def durable_keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.durable if key.startswith(prefix))

    async def virtapi(self, function: str, *arguments: Any) -> Any:
        self.asked.append((function, arguments))
        return _answer(self.answers.get(function))

    def emit_event(self, event: LifecycleEvent) -> None:
        self.events.append(event)

    def event_wait(self, instance: Instance, events: list[InstanceEvent], timeout: int) -> _EventWait:
        self.asked.append(("wait_for_instance_event", (instance, events, timeout)))
        return _EventWait(self.answers.get("wait_for_instance_event"))


class _EventWait:
    """A wait that ends at once, as the test has said."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def wait(self) -> None:
        _answer(self._answer)

    def exit_early(self, events: list[InstanceEvent]) -> None:
        pass

    def close(self) -> None:
        pass


def _answer(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


class SimulatedBelow(Below):
    """The driver below a layer. It answers what it was told to; of what it was told nothing it raises
    ``NotImplementedError``."""

    def __init__(self) -> None:
        self.called: list[str] = []
        """The methods that were called, in order."""
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        """The same with the arguments."""
        self._answers: dict[str, list[Any]] = {}

    def answers(self, method: str, *answers: Any) -> None:
        """The calls of a method get these answers one after the other, the last for ever. An exception is raised; a function
        is called with the arguments, and may be a coroutine's."""
        if not answers:
            raise ValueError(f"answers({method!r}) needs an answer")
        if not hasattr(Below, method):
            raise ValueError(f"the contract has no method {method!r}")
        self._answers[method] = list(answers)

    async def call(self, interface: str, method: str, *arguments: Any) -> Any:
        self.called.append(method)
        self.calls.append((method, arguments))
        answers = self._answers.get(method)
        if answers is None:
            raise NotImplementedError(method)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer) and not isinstance(answer, BaseException):
            answer = answer(*arguments)
            if inspect.isawaitable(answer):
                answer = await answer
        return _answer(answer)


class _Over(Below):
    """A driver of the author's as the driver below."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def call(self, interface: str, method: str, *arguments: Any) -> Any:
        return await getattr(self._driver, method)(*arguments)


class _Selector(selectors.SelectSelector):
    """Waits by moving the host's clock."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def select(self, timeout: Optional[float] = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("the call waits for something that never comes")
        self._host.microseconds += max(1, round(timeout * 1_000_000))
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, host: Host) -> None:
        super().__init__(_Selector(host))
        self._host = host

    def time(self) -> float:
        return self._host.microseconds / 1_000_000


def run(call: Coroutine[Any, Any, T], host: Optional[Host] = None) -> T:
    """Runs a call to its end, in simulated time."""
    host = host or Host()
    loop = _Loop(host)
    try:
        _host.use(host)
        return loop.run_until_complete(call)
    finally:
        _host.use(None)
        loop.close()


class DriverTest(unittest.TestCase):
    """A test case whose ``test_`` methods may be coroutines, each with a host of its own."""

    host: Host
    below: SimulatedBelow

    def run(self, result: Optional[unittest.TestResult] = None) -> Optional[unittest.TestResult]:
        self.host = Host()
        self.below = SimulatedBelow()
        _host.use(self.host)
        try:
            return super().run(result)
        finally:
            _host.use(None)

    def _callTestMethod(self, method: Callable[[], Any]) -> None:
        answer = method()
        if inspect.iscoroutine(answer):
            loop = _Loop(self.host)
            try:
                loop.run_until_complete(answer)
            finally:
                loop.close()

    def driver(self, of: type[D], **settings: object) -> D:
        """A driver with these settings."""
        self._set(of, settings)
        return of()

    def layer(self, of: type[L], *, over: Optional[Driver] = None, **settings: object) -> L:
        """A layer with these settings, over ``self.below`` or over another driver."""
        self._set(of, settings)
        layer = of()
        layer.below = self.below if over is None else _Over(over)
        return layer

    def _set(self, of: type[Component], settings: Mapping[str, object]) -> None:
        known = {setting.name for setting in settings_of(of)}
        for key, value in settings.items():
            if key not in known:
                raise ValueError(f"{of.__name__} has no setting {key!r}; it has {', '.join(sorted(known)) or 'none'}")
            self.host.settings[key] = str(value).lower() if isinstance(value, bool) else str(value)


def flavor(name: str = "m1.small", vcpus: int = 1, memory_mb: int = 2048, root_gb: int = 20) -> Flavor:
    """A flavor: processors, MiB of memory, GiB of root disk."""
    return Flavor(name, name, vcpus, memory_mb, root_gb, ephemeral_gb=0, swap=0)


def instance(name: str = "web", of: Optional[Flavor] = None) -> Instance:
    """An active server of this name, on host ``host1``. Its identifier is its name."""
    return Instance(
        uuid=name,
        name=f"instance-{name}",
        display_name=name,
        hostname=name,
        project_id="project",
        user_id="user",
        host="host1",
        node="host1",
        vm_state=VmState.ACTIVE,
        task_state=None,
        power_state=PowerState.RUNNING,
        flavor=of or flavor(),
        image_ref=None,
        root_device_name=None,
        metadata=[],
        system_metadata=[],
        availability_zone=None,
        config_drive=False,
        user_data=None,
        key_name=None,
        key_data=None,
        numa_topology=None,
        pci_devices=[],
    )


def no_image() -> ImageMeta:
    """The image of a server that boots from a volume."""
    return ImageMeta(None, None, None, None, None, 0, 0, None, [])


def no_disks() -> BlockDeviceInfo:
    """No disks."""
    return BlockDeviceInfo(None, [])


def spawn_request(of: Optional[Instance] = None) -> SpawnRequest:
    """What ``spawn`` is called with for a server of nothing but its flavor."""
    return SpawnRequest(
        instance=of or instance(),
        image_meta=no_image(),
        injected_files=[],
        admin_password=None,
        allocations=[],
        network_info=[],
        block_device_info=no_disks(),
        power_on=True,
        accel_info=[],
    )


def resize(source: str, dest: str, old: Optional[Flavor] = None, new: Optional[Flavor] = None) -> Migration:
    """A resize from one host to another."""
    return Migration(
        uuid="migration",
        migration_type=MigrationType.RESIZE,
        status="migrating",
        source_compute=source,
        source_node=source,
        dest_compute=dest,
        dest_node=dest,
        dest_host=dest,
        old_flavor=old or flavor(),
        new_flavor=new or flavor("m1.medium", 2, 4096, 40),
    )


def config() -> ComputeConfig:
    """The configuration that tests see: Nova's defaults, on host ``host1``."""

    def policy(initial_allocation_ratio: float, reserved: int) -> InventoryPolicy:
        return InventoryPolicy(None, initial_allocation_ratio, reserved)

    return ComputeConfig(
        host="host1",
        my_ip="192.168.0.1",
        my_block_storage_ip="192.168.0.1",
        vcpu=policy(4.0, 0),
        memory_mb=policy(1.0, 512),
        disk_gb=policy(1.0, 0),
        image_type_exclude_list=[],
        live_migration_wait_for_vif_plug=True,
        vif_plugging_timeout=300,
        vif_plugging_is_fatal=True,
    )
