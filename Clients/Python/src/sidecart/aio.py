"""The client for asyncio: calls share connections, any number at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from . import calls
from .calls import Call, describe
from .errors import DeadlineExceeded, SidecartError, Unavailable
from .retries import RetryPolicy
from .wire.frames import STREAM_MAX, FrameReader, payload_of, request_frame
from .wire.ttrpc_pb2 import Response

P = ParamSpec("P")
R = TypeVar("R")


def _method(
    make: Callable[P, Call[R]],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]:
    """A call as a coroutine that makes it."""

    async def method(client: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await client.perform(make(*args, **kwargs))

    describe(method, make)
    return method


class _Connection(asyncio.Protocol):
    """One socket, and the calls that wait for answers on it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader()
        self._stream = -1
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._loop = asyncio.get_running_loop()
        self._failure: SidecartError | None = None

    @property
    def is_usable(self) -> bool:
        """Whether calls can be made on it, in the running loop."""
        return (
            self._transport is not None
            and not self._transport.is_closing()
            and self._stream < STREAM_MAX
            and self._loop is asyncio.get_running_loop()
        )

    async def exchange(self, call: Call[Any], deadline: float) -> bytes:
        """Sends a call and waits for its answer."""
        await self._may_write.wait()
        if self._transport is None or self._transport.is_closing():
            raise self._failure or Unavailable("the connection is closed")
        self._stream += 2
        stream = self._stream
        left = deadline - time.monotonic()
        frame = request_frame(stream, call.service, call.method, call.payload, left)
        answer: asyncio.Future[Response] = self._loop.create_future()
        self._waiting[stream] = answer
        try:
            self._transport.write(frame)
            return payload_of(await answer)
        finally:
            self._waiting.pop(stream, None)

    def close(self) -> None:
        """Fails the calls that wait, and closes the socket."""
        self._fail(Unavailable("the client is closed"))
        if self._transport and not self._loop.is_closed():
            self._transport.abort()

    def _fail(self, error: SidecartError) -> None:
        self._failure = self._failure or error
        waiting, self._waiting = self._waiting, {}
        self._may_write.set()
        for answer in waiting.values():
            if not answer.done() and not self._loop.is_closed():
                answer.set_exception(type(error)(error.message, error.origin))

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for stream, response in self._reader.feed(data):
                answer = self._waiting.get(stream)
                # Of a call that was given up meanwhile there is none.
                if answer is not None and not answer.done():
                    answer.set_result(response)
        except SidecartError as error:
            self._fail(error)
            if self._transport:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(
            Unavailable(
                "the server closed the connection without an answer"
                if exc is None
                else f"the connection broke: {exc}"
            )
        )

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()


class AsyncClient:
    """Asks a Sidecart server on this host, from any task of one event loop at a time.

    Calls are spread over ``connections`` sockets, each opened when it is needed; one carries any number of calls at once.
    A task that is cancelled stops waiting at once; the answer, should it still come, is dropped.

    Every call raises a :class:`~sidecart.SidecartError`; see :class:`~sidecart.RetryPolicy` for what is made again.

    Args:
        path: the server's socket.
        timeout: seconds that a call may take where it does not say itself, over all attempts.
        connections: how many sockets; more than one helps where large answers would hold up small ones.
        retry: when a call that failed is made again.
    """

    def __init__(
        self,
        path: str,
        *,
        timeout: float = 1.0,
        connections: int = 1,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Makes a client. Nothing is connected before the first call."""
        if timeout <= 0:
            raise ValueError(f"timeout is {timeout}; it must be above 0")
        if connections < 1:
            raise ValueError(f"connections is {connections}; it must be 1 or more")
        self.path = path
        self.timeout = timeout
        self.retry = retry or RetryPolicy()
        self._connections: list[_Connection | None] = [None] * connections
        self._opening: dict[int, asyncio.Task[_Connection]] = {}
        self._next = 0
        self._is_closed = False

    async def __aenter__(self) -> AsyncClient:
        """For ``async with``, which closes the client at its end."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the client."""
        self.close()

    def close(self) -> None:
        """Fails the calls in flight and closes the connections. Later calls raise ``Unavailable``."""
        self._is_closed = True
        for connection in self._connections:
            if connection:
                connection.close()

    async def perform(self, call: Call[R]) -> R:
        """Makes a call, again where that is allowed and may help."""
        timeout = self.timeout if call.timeout is None else call.timeout
        deadline = time.monotonic() + timeout
        pauses = self.retry.pauses(call.until_deadline)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    try:
                        connection = await self._connection()
                        return call.result(await connection.exchange(call, deadline))
                    except SidecartError as error:
                        pause = next(pauses, None) if call.may_repeat else None
                        if pause is None or error.code not in self.retry.codes:
                            raise
                        if self._is_closed or time.monotonic() + pause >= deadline:
                            raise
                        await asyncio.sleep(pause)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer within {timeout:g} s") from None

    async def _connection(self) -> _Connection:
        """The connection whose turn it is, opened where it is not; calls that want the same one open it together."""
        if self._is_closed:
            raise Unavailable("the client is closed")
        place = self._next = (self._next + 1) % len(self._connections)
        current = self._connections[place]
        if current is not None and current.is_usable:
            return current
        loop = asyncio.get_running_loop()
        opening = self._opening.get(place)
        if opening is None or opening.get_loop() is not loop:
            opening = self._opening[place] = loop.create_task(self._open(place))
            # Where all who wait have given up, nobody asks for its failure.
            opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        # Whoever gives up leaves the others their connection.
        return await asyncio.shield(opening)

    async def _open(self, place: int) -> _Connection:
        try:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_unix_connection(_Connection, self.path)
        except OSError as error:
            raise Unavailable(f"{self.path}: cannot connect: {error.strerror or error}") from None
        finally:
            self._opening.pop(place, None)
        if self._is_closed:
            connection.close()
            raise Unavailable("the client is closed")
        self._connections[place] = connection
        return connection

    score = _method(calls.score)
    recommend = _method(calls.recommend)
    related = _method(calls.related)
    user_profile = _method(calls.user_profile)
    item_profile = _method(calls.item_profile)
    record = _method(calls.record)
    history = _method(calls.history)
    forget = _method(calls.forget)
    put_items = _method(calls.put_items)
    remove_items = _method(calls.remove_items)
    items = _method(calls.items)
    embeddings = _method(calls.embeddings)
    put_embeddings = _method(calls.put_embeddings)
    delete_embeddings = _method(calls.delete_embeddings)
    nearest = _method(calls.nearest)
    models = _method(calls.models)
    load_model = _method(calls.load_model)
    promote_model = _method(calls.promote_model)
    roll_back_model = _method(calls.roll_back_model)
    status = _method(calls.status)
    metrics = _method(calls.metrics)
    outcomes = _method(calls.outcomes)
    drain = _method(calls.drain)
    health = _method(calls.health)
    wait_until_ready = _method(calls.wait_until_ready)
