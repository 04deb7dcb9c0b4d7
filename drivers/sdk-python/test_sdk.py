"""The parts of the SDK that do not follow from the contract. ``python3 -m unittest``, in this folder."""

from __future__ import annotations

import asyncio
import dataclasses
import unittest
from typing import Optional

from novarig import Driver, Layer, clock, durable, exception, integer, log, random, testing, text, types, virtapi
from novarig import _check, _contract, _errors
from novarig._component import metadata


class Small(Driver):
    """A small host. It is for tests.

    With more to say.
    """

    name = "small"
    vcpus = integer(8, "Processors of the host")

    async def get_available_nodes(self, refresh: bool) -> list[str]:
        return ["new"] if refresh else ["old"]

    async def list_instances(self) -> list[str]:
        return ["instance-web"]

    async def get_host_uptime(self) -> str:
        return f"{self.vcpus} processors"

    async def capabilities(self) -> list[types.Capability]:
        return [types.Capability.SUPPORTS_MULTIATTACH]


class Slow(Layer):
    """Waits before it builds"""

    name = "slow-build"
    who = text("", "Who")

    async def spawn(self, request: types.SpawnRequest) -> None:
        log.info("waits")
        await clock.sleep(10)
        await self.below.spawn(request)


class Defaults(testing.DriverTest):
    async def test_what_a_driver_does_not_write_does_what_novas_base_class_does(self) -> None:
        driver = self.driver(Small)
        await driver.init_host("host1")
        self.assertTrue(await driver.node_is_available("new"))
        self.assertEqual(await driver.get_num_instances(), 1)
        self.assertTrue(await driver.instance_exists(testing.instance("web")))
        self.assertIn(("COMPUTE_VOLUME_MULTI_ATTACH", True), await driver.capabilities_as_traits())
        with self.assertRaises(NotImplementedError):
            await driver.spawn(testing.spawn_request())

    async def test_what_a_layer_does_not_write_goes_to_the_driver_below(self) -> None:
        layer = self.layer(Slow)
        self.below.answers("get_host_uptime", "up")
        self.assertEqual(await layer.get_host_uptime(), "up")
        self.assertEqual(self.below.called, ["get_host_uptime"])

    async def test_the_traits_of_a_layer_follow_from_its_own_capabilities(self) -> None:
        layer = self.layer(Slow)
        self.below.answers("capabilities", [types.Capability.SUPPORTS_EXTEND_VOLUME])
        self.assertIn(("COMPUTE_VOLUME_EXTEND", True), await layer.capabilities_as_traits())

    async def test_every_method_of_the_contract_is_there(self) -> None:
        driver, methods = self.driver(Small), [m for of in _contract.METHODS.values() for m in of]
        self.assertEqual(len(methods), 111)
        for method in methods:
            self.assertTrue(callable(getattr(driver, method)), method)


class Settings(testing.DriverTest):
    async def test_a_setting_is_what_was_given_or_its_default(self) -> None:
        self.assertEqual(await self.driver(Small).get_host_uptime(), "8 processors")
        self.assertEqual(await self.driver(Small, vcpus=2).get_host_uptime(), "2 processors")
        with self.assertRaisesRegex(ValueError, "has no setting 'vcpu'"):
            self.driver(Small, vcpu=2)

    def test_the_file_says_what_it_is(self) -> None:
        self.assertEqual(
            metadata(Small),
            "name\tsmall\nkind\tdriver\nsummary\tA small host. It is for tests\n"
            "setting\tvcpus\tinteger\t8\tProcessors of the host\n",
        )


class Time(testing.DriverTest):
    async def test_time_passes_while_everybody_waits(self) -> None:
        layer = self.layer(Slow)
        self.below.answers("spawn", None)
        await asyncio.gather(*(layer.spawn(testing.spawn_request()) for _ in range(2)))
        self.assertEqual(clock.microseconds(), 10_000_000)
        self.assertEqual(self.host.logged, ["info: waits", "info: waits"])

    def test_a_call_that_waits_for_nothing_is_told(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "never comes"):
            testing.run(asyncio.Event().wait())


class HostFunctions(testing.DriverTest):
    async def test_durable_data_are_kept(self) -> None:
        durable.store("guest/web", testing.instance("web"))
        durable.set("other", b"1")
        self.assertEqual(durable.load("guest/web"), testing.instance("web"))
        self.assertEqual(durable.keys("guest/"), ["guest/web"])
        durable.delete("guest/web")
        self.assertIsNone(durable.load("guest/web"))

    def test_random_numbers_are_the_same_in_every_run(self) -> None:
        async def draw() -> list[int]:
            return [random.below(6) for _ in range(5)]

        self.assertEqual(testing.run(draw()), testing.run(draw()))

    async def test_an_event_that_does_not_come_ends_the_wait(self) -> None:
        self.host.answers["wait_for_instance_event"] = TimeoutError()
        with self.assertRaises(TimeoutError):
            async with virtapi.wait_for_instance_event(testing.instance(), [], 300):
                pass
        self.assertEqual(self.host.asked[0][0], "wait_for_instance_event")


class Errors(unittest.TestCase):
    def test_every_error_of_the_contract_becomes_an_exception_and_comes_back(self) -> None:
        for case, of in _errors._CLASS_OF.items():
            record = _errors._CASE_OF[of][1] if of in _errors._CASE_OF else None
            if case in ("Nova", "InstanceFaultRollback"):
                payload: object = types.FlatError("Class", "text", 400)
            elif case == "Unexpected":
                payload = types.UnexpectedError("Class", "text")
            elif record is not None:
                payload = record(*("x" for _ in dataclasses.fields(record)))
            elif case == "NotImplemented" or of.__init__.__code__.co_argcount == 1:
                payload = None
            else:
                payload = "text"
            error = _errors.exception_of(case, payload)
            self.assertEqual(_errors.case_and_payload(error), (case, payload), case)

    def test_exceptions_speak_as_novas_do(self) -> None:
        self.assertEqual(str(exception.InstanceNotFound("web")), "Instance web could not be found.")
        self.assertEqual(exception.InstanceNotFound("web").code, 404)
        self.assertEqual(
            str(exception.BuildAbortException(instance="web", reason="full")), "Build of instance web aborted: full"
        )
        self.assertEqual(str(exception.VirtualInterfaceCreateException()), "Virtual Interface creation failed")

    def test_an_authors_own_class_is_what_it_is_derived_from(self) -> None:
        class Full(exception.ComputeResourcesUnavailable):
            pass

        self.assertEqual(_errors.case_and_payload(Full("no room")), ("ComputeResourcesUnavailable", "no room"))

    def test_a_defect_says_where_it_is(self) -> None:
        try:
            dict[str, str]()["nope"]
        except KeyError as error:
            case, payload = _errors.case_and_payload(error)
        self.assertEqual((case, payload.class_name), ("Unexpected", "KeyError"))
        self.assertRegex(payload.message, r"^'nope' \(test_sdk.py, line \d+, in test_a_defect_says_where_it_is\)\nTraceback")


class Answers(unittest.TestCase):
    def problem(self, method: str, answer: object) -> Optional[str]:
        return _check.answer_of(getattr(Driver, method))(answer, "the answer")

    def test_an_answer_that_is_not_the_contracts_is_told_with_its_place(self) -> None:
        self.assertIsNone(self.problem("get_info", types.InstanceInfo(types.PowerState.RUNNING)))
        self.assertEqual(
            self.problem("get_info", types.InstanceInfo(1)),  # type: ignore[arg-type]
            "the answer.state has to be PowerState and is int 1",
        )
        self.assertEqual(self.problem("list_instances", ["a", None]), "the answer[1] has to be str and is None")
        self.assertEqual(self.problem("spawn", True), "the answer has to be None and is bool True")
        self.assertIsNone(self.problem("get_available_resource", None))
        outcome = types.LiveMigrationOutcome_RolledBack(types.RollbackStatus.FAILED)
        self.assertIsNone(self.problem("live_migration", outcome))
        self.assertIsNotNone(self.problem("live_migration", types.RollbackStatus.FAILED))
        self.assertIsNotNone(self.problem("get_nodenames_by_uuid", [("uuid",)]))

    def test_every_method_has_a_check(self) -> None:
        for methods in _contract.METHODS.values():
            for method in methods:
                self.assertTrue(callable(_check.answer_of(getattr(Driver, method))), method)


if __name__ == "__main__":
    unittest.main()
