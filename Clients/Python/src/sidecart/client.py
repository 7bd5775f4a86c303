"""The client for threads: each call blocks until it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

from . import calls
from .calls import Call, describe
from .connections import Pool
from .errors import DeadlineExceeded, SidecartError
from .retries import RetryPolicy

P = ParamSpec("P")
R = TypeVar("R")


def _method(make: Callable[P, Call[R]]) -> Callable[Concatenate[Client, P], R]:
    """A call as a method that makes it and waits for its answer."""

    def method(client: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return client.perform(make(*args, **kwargs))

    describe(method, make)
    return method


class Client:
    """Asks a Sidecart server on this host.

    Threads may share a client. Each call takes a connection of the pool for itself, opened when it is needed; where all
    are taken it waits, within its timeout, for one.

    Every call raises a :class:`~sidecart.SidecartError`. One that finds its connection closed before it could be sent is
    made on a new one; see :class:`~sidecart.RetryPolicy` for what is made again after it may have been sent.

    Args:
        path: the server's socket.
        timeout: seconds that a call may take where it does not say itself, over all attempts.
        connections_max: the most connections that are open at once.
        retry: when a call that failed is made again.
    """

    def __init__(
        self,
        path: str,
        *,
        timeout: float = 1.0,
        connections_max: int = 8,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Makes a client. Nothing is connected before the first call."""
        if timeout <= 0:
            raise ValueError(f"timeout is {timeout}; it must be above 0")
        if connections_max < 1:
            raise ValueError(f"connections_max is {connections_max}; it must be 1 or more")
        self.path = path
        self.timeout = timeout
        self.retry = retry or RetryPolicy()
        self._pool = Pool(path, connections_max)

    def __enter__(self) -> Client:
        """For ``with``, which closes the client at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the client."""
        self.close()

    def close(self) -> None:
        """Closes the connections, each once its call is answered. Later calls raise ``Unavailable``."""
        self._pool.close()

    def perform(self, call: Call[R]) -> R:
        """Makes a call, again where that is allowed and may help, and waits for its answer."""
        timeout = self.timeout if call.timeout is None else call.timeout
        deadline = time.monotonic() + timeout
        pauses = self.retry.pauses(call.until_deadline)
        while True:
            try:
                if time.monotonic() >= deadline:
                    raise DeadlineExceeded(f"no answer within {timeout:g} s")
                return call.result(self._pool.exchange(call, timeout, deadline))
            except SidecartError as error:
                pause = next(pauses, None) if call.may_repeat else None
                if pause is None or error.code not in self.retry.codes:
                    raise
                if time.monotonic() + pause >= deadline:
                    raise
                time.sleep(pause)

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
