"""A connection to one of the brokers, owned by one thread, made anew whenever it is lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from pika import exceptions

from airavata_adapters.rabbitmq.channel import BrokerChannel
from airavata_adapters.rabbitmq.failures import connection_error, reason_of
from airavata_adapters.rabbitmq.options import Broker, BrokerOptions
from airavata_adapters.rabbitmq.pika_classes import PikaConnection
from airavata_workload.domain.errors import AuthenticationError, DeniedError, StoreUnavailableError, WorkloadError

FIRST_BACK_OFF_S = 0.1
MAX_BACK_OFF_S = 5.0
_CLOSE_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class BrokerLink:
    """One connection and the thread that owns it.

    ``run`` carries out a coroutine on that thread, where channels may be used.
    When the connection is lost, the brokers are tried in turn with growing,
    jittered delays until one answers; there is no end to that, because a
    service whose broker is away has nothing else to do, but every caller
    waits for its own limited time only.

    ``on_connect`` is awaited on the thread after each connection, the first
    included, before anybody else gets a channel; ``on_disconnect`` is called
    there after each loss. A failing ``on_connect`` drops the connection.
    """

    def __init__(
        self,
        options: BrokerOptions,
        *,
        name: str,
        on_connect: Callable[[], Awaitable[None]] | None = None,
        on_disconnect: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.options = options
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._closing = False
        self._supervisor: asyncio.Task[None] | None = None
        self._connection: PikaConnection | None = None
        self._broker = options.brokers[0]
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._trouble: WorkloadError | None = None
        self._first: concurrent.futures.Future[None] = concurrent.futures.Future()

    # -- for any thread ------------------------------------------------------------
    def open(self) -> None:
        """Connect. If no broker can be had now, nothing is left running.

        Raises ``AuthenticationError``, ``DeniedError``, ``SettingsError`` or ``StoreUnavailableError``.
        """
        self._thread.start()
        try:
            self._first.result()
        except BaseException:
            self.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._up.is_set()

    def run(self, work: Coroutine[Any, Any, _Result], *, timeout_s: float | None = None) -> _Result:
        """Carry the coroutine out on the thread; its result.

        Raises what it raises, and ``StoreUnavailableError`` after ``timeout_s``
        (three times the option ``answer_timeout_s`` by default) or when closed.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("BrokerLink.run would wait for its own thread: await the coroutine instead.")
        future = self.submit(work)
        limit_s = 3 * self.options.answer_timeout_s if timeout_s is None else timeout_s
        try:
            return future.result(limit_s)
        except concurrent.futures.CancelledError:
            raise self._closed_error() from None
        except TimeoutError:
            future.cancel()
            raise StoreUnavailableError(f"{self._broker.name} has not answered for {limit_s:g} s.") from None

    def submit(self, work: Coroutine[Any, Any, _Result]) -> concurrent.futures.Future[_Result]:
        """Begin the coroutine on the thread. Raises ``StoreUnavailableError`` when closed."""
        try:
            if not self._closing:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # closed by another thread just now
            pass
        work.close()
        raise self._closed_error()

    def post(self, work: Callable[..., object], *arguments: Any) -> None:
        """Call the function on the thread soon, without waiting; nothing happens once closed."""
        if not self._closing:
            with contextlib.suppress(RuntimeError):  # closed by another thread just now
                self._loop.call_soon_threadsafe(work, *arguments)

    def close(self) -> None:
        """Close the connection and end the thread. Closing twice is not an error."""
        if self._closing:
            return
        self._closing = True
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end)
            self._thread.join(2 * _CLOSE_TIMEOUT_S)

    def _closed_error(self) -> StoreUnavailableError:
        return StoreUnavailableError(f"The connection to {self._broker.name} has been closed.", remedy="Open it again.")

    # -- for coroutines on the thread -------------------------------------------------
    async def channel(self, *, confirm: bool = False, prefetch: int = 0, wait_s: float | None = None) -> BrokerChannel:
        """A new channel. Waits up to ``wait_s`` (option ``connect_timeout_s``) for a connection, if there is none."""
        if asyncio.current_task() is not self._supervisor:  # what on_connect does comes before the link counts as up
            await self.wait_connected(self.options.connect_timeout_s if wait_s is None else wait_s)
        if self._connection is None:
            raise self._unavailable()
        return await BrokerChannel.open(
            self._connection,
            self._broker.name,
            answer_timeout_s=self.options.answer_timeout_s,
            confirm=confirm,
            prefetch=prefetch,
        )

    async def wait_connected(self, wait_s: float) -> None:
        """Raises ``StoreUnavailableError`` if there is no connection within that time."""
        if self._up.is_set():
            return
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._up.wait()
        except TimeoutError:
            raise self._unavailable() from None

    def _unavailable(self) -> StoreUnavailableError:
        why = f" {self._trouble}" if self._trouble else ""
        return StoreUnavailableError(f"There is no connection to {self._broker.name} now.{why}")

    # -- the thread --------------------------------------------------------------------
    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._supervisor = self._loop.create_task(self._supervise())
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._supervisor)
        finally:
            self._finish()

    def _end(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()

    def _finish(self) -> None:
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        # A look-up of a host name may hang in there.
        with contextlib.suppress(TimeoutError):
            self._loop.run_until_complete(asyncio.wait_for(self._loop.shutdown_default_executor(), _CLOSE_TIMEOUT_S))
        self._loop.close()

    async def _supervise(self) -> None:
        """Connect, wait for the loss, connect again."""
        try:
            await self._connect()
        except WorkloadError as error:
            self._first.set_exception(error)
            return
        except BaseException as error:  # the thread that opens must not wait for ever
            self._first.set_exception(error)
            raise
        try:
            self._first.set_result(None)
            while True:
                await self._watch()
                await self._reconnect()
        finally:
            await self._disconnect()

    async def _watch(self) -> None:
        """Return when the connection is lost, and drop it when it has been silent for two heartbeats.

        pika looks itself, but only whether anything has come in each span of
        the heartbeat and five seconds, of which two may pass.
        """
        connection, received = self._connection, -1
        silent_since_s = self._loop.time()
        while connection is not None and not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.options.heartbeat_s / 2):
                    await self._lost.wait()
            if connection.bytes_received != received:
                received, silent_since_s = connection.bytes_received, self._loop.time()
            elif self._loop.time() - silent_since_s >= 2 * self.options.heartbeat_s and not self._lost.is_set():
                connection.drop()

    async def _reconnect(self) -> None:
        delay_s = FIRST_BACK_OFF_S
        while True:
            try:
                await self._connect()
            except WorkloadError as error:
                self._trouble = error
                pause_s = delay_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients out, guards nothing
                _log.warning("%s: no broker, next attempt in %.1f s: %s", self.name, pause_s, error)
                await asyncio.sleep(pause_s)
                delay_s = min(MAX_BACK_OFF_S, delay_s * 2)
            else:
                _log.info("%s: connected to %s again", self.name, self._broker.name)
                return

    async def _connect(self) -> None:
        """One round over the brokers."""
        errors: list[WorkloadError] = []
        start = self.options.brokers.index(self._broker)
        for broker in self.options.brokers[start:] + self.options.brokers[:start]:
            try:
                self._connection = await self._connection_to(broker)
                self._broker = broker
                if self._on_connect is not None:
                    await self._on_connect()
                if self._lost.is_set():
                    raise StoreUnavailableError(f"{broker.name} dropped the new connection.")
            except WorkloadError as error:
                errors.append(error)
                await self._disconnect()
            else:
                self._trouble = None
                self._up.set()
                return
        raise _summary(errors)

    async def _connection_to(self, broker: Broker) -> PikaConnection:
        """A connection to this broker; ``_lost`` is set when it ends."""
        opened: asyncio.Future[None] = self._loop.create_future()
        self._lost = asyncio.Event()
        lost = self._lost

        def on_open(_connection: object) -> None:
            if not opened.done():
                opened.set_result(None)

        def on_open_error(_connection: object, error: BaseException) -> None:
            if not opened.done():
                opened.set_exception(connection_error(broker, error))

        def on_close(_connection: object, error: BaseException) -> None:
            lost.set()
            if lost is self._lost:
                self._on_loss(broker, error)

        connection = PikaConnection(
            self.options.parameters(broker, connection_name=self.name),
            on_open_callback=on_open,
            on_open_error_callback=on_open_error,
            on_close_callback=on_close,
            custom_ioloop=self._loop,
        )
        try:
            async with asyncio.timeout(2 * self.options.connect_timeout_s):
                await opened
        except TimeoutError:
            with contextlib.suppress(exceptions.AMQPError):
                connection.close()
            raise StoreUnavailableError(f"{broker.name} cannot be reached: no answer in time.") from None
        connection.watch_blocking()
        return connection

    def _on_loss(self, broker: Broker, error: BaseException) -> None:
        was_up = self._up.is_set()
        self._up.clear()
        self._connection = None
        if was_up and not self._closing:
            self._trouble = StoreUnavailableError(f"{broker.name}: the connection was lost: {reason_of(error)}.")
            _log.warning("%s: %s", self.name, self._trouble)
        if was_up and self._on_disconnect is not None:
            self._on_disconnect()

    async def _disconnect(self) -> None:
        """Close the present connection, if any; channels end with it."""
        connection, self._connection = self._connection, None
        if connection is None or not connection.is_open:
            return
        with contextlib.suppress(exceptions.AMQPError, TimeoutError):
            connection.close()
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._lost.wait()


def _summary(errors: list[WorkloadError]) -> WorkloadError:
    """One error for all brokers; that the login is wrong is said only if nothing but that is wrong."""
    if len(errors) == 1 or all(isinstance(error, AuthenticationError | DeniedError) for error in errors):
        return errors[0]
    return StoreUnavailableError("No broker can be had. " + " ".join(map(str, errors)))
