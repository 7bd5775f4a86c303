"""A call to be made, and how they are put together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from ..errors import Internal

R = TypeVar("R")
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Call(Generic[R]):
    """One call to be made.

    Attributes:
        service: such as ``sidecart.v1.Scoring``.
        method: such as ``Recommend``.
        payload: the encoded request.
        result: reads the encoded response.
        timeout: in seconds; None for the client's.
        may_repeat: whether making it twice is as good as once.
        until_deadline: whether it is made again until the timeout is over, however often.
    """

    service: str
    method: str
    payload: bytes
    result: Callable[[bytes], R]
    timeout: float | None
    may_repeat: bool
    until_deadline: bool = False


def call(
    service: str,
    method: str,
    request: Message,
    response: type[M],
    timeout: float | None,
    *,
    may_repeat: bool = True,
) -> Call[M]:
    """A call whose result is its response."""

    def read(payload: bytes) -> M:
        message = response()
        try:
            message.ParseFromString(payload)
        except DecodeError:
            raise Internal(
                f"{service}/{method}: the answer is no {response.DESCRIPTOR.name}"
            ) from None
        return message

    payload: bytes = request.SerializeToString()
    return Call(service, method, payload, read, timeout, may_repeat)


def then(made: Call[M], result: Callable[[M], R]) -> Call[R]:
    """The same call with something made of its response."""
    return Call(
        made.service,
        made.method,
        made.payload,
        lambda payload: result(made.result(payload)),
        made.timeout,
        made.may_repeat,
    )


def several(ids: Iterable[str], name: str) -> Iterable[str]:
    """Refuses one id where several are meant: a string is an iterable of strings too."""
    if isinstance(ids, (str, bytes)):
        raise TypeError(f"{name} is one id, {ids!r}; it must be a list of ids")
    return ids


def describe(method: Any, make: Callable[..., Call[Any]]) -> None:
    """Gives a client's method the name, the documentation and the arguments of what makes its call."""
    made = inspect.signature(make)
    client = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    # Annotations are texts here.
    result = str(made.return_annotation).removeprefix("Call[").removesuffix("]")
    method.__signature__ = made.replace(
        parameters=[client, *made.parameters.values()], return_annotation=result
    )
    method.__name__ = method.__qualname__ = make.__name__
    method.__doc__ = make.__doc__
