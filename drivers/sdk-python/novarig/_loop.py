"""Makes the event loop of components fit for what ``asyncio`` offers.

The loop that the building tool brings runs each call of a component in a task of its own. It has no timers, and what still
waits when a call has answered ends the component. Here timers are the host's clock, so that ``asyncio.sleep``, ``timeout``
and ``wait_for`` work in simulated time, and a call's task lives until all it has asked of the host is answered.

A call that waits for another one, for an ``asyncio.Event`` that the other sets, looks every ``TICK`` microseconds of simulated
time whether it has been woken: components have no way for one call to wake another.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any, Callable, Optional

import componentize_py_async_support as support
import componentize_py_runtime as runtime
from componentize_py_types import Ok

TICK = 100_000


class _Waiter:
    """Takes the host's answer to something a call has asked."""

    def __init__(self, state: Any, promise: int, future: Optional[asyncio.Future[int]]) -> None:
        self._state = state
        self._promise = promise
        self._future = future

    def set_result(self, event: int) -> None:
        self._state.pending_count -= 1
        if self._future is None or self._future.done():
            # Nobody waits for it any more; what it holds has to be given back all the same.
            runtime.promise_get_result(event, self._promise)
        else:
            self._future.set_result(event)


def _expect(state: Any, waitable: int, promise: int, future: Optional[asyncio.Future[int]]) -> None:
    state.futures[waitable] = _Waiter(state, promise, future)
    if state.waitable_set is None:
        state.waitable_set = runtime.waitable_set_new()
    runtime.waitable_join(waitable, state.waitable_set)
    state.pending_count += 1


async def _await_result(result: Any) -> Any:
    if isinstance(result, Ok):
        return result.value
    waitable, promise = result.value
    future: asyncio.Future[int] = support._loop.create_future()
    _expect(support._future_state.get(), waitable, promise, future)
    return runtime.promise_get_result(await future, promise)


def install(clock: Any) -> None:
    """Replaces what the loop lacks."""
    poll = support._poll

    def poll_or_tick(state: Any) -> Any:
        support._loop.poll(state)
        if state.pending_count > 0 and not state.futures:
            # Only another call can wake this one.
            tick(state)
        return poll(state)

    def tick(state: Any) -> None:
        async def sleep() -> None:
            await clock.sleep(TICK)

        context = contextvars.Context()
        context.run(support._future_state.set, state)
        support._loop.create_task(sleep(), context=context)

    def call_at(
        self: Any,
        when: float,
        callback: Callable[..., object],
        *arguments: Any,
        context: Optional[contextvars.Context] = None,
    ) -> asyncio.TimerHandle:
        context = contextvars.copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, arguments, self, context)

        async def fire() -> None:
            end = round(when * 1_000_000)
            while not handle.cancelled():
                left = end - clock.now()
                if left <= 0:
                    handle._run()
                    return
                await clock.sleep(min(left, TICK))

        self.create_task(fire(), context=context.copy())
        return handle

    def call_later(
        self: Any,
        delay: float,
        callback: Callable[..., object],
        *arguments: Any,
        context: Optional[contextvars.Context] = None,
    ) -> asyncio.TimerHandle:
        return call_at(self, self.time() + delay, callback, *arguments, context=context)

    loop = type(support._loop)
    loop.time = lambda self: clock.now() / 1_000_000  # type: ignore[method-assign]
    loop.call_at = call_at  # type: ignore[method-assign, assignment]
    loop.call_later = call_later  # type: ignore[method-assign, assignment]
    loop._timer_handle_cancelled = lambda self, handle: None  # type: ignore[attr-defined]
    support.await_result = _await_result
    support._poll = poll_or_tick
