"""Why a call has no answer: an exception for each of gRPC's status codes."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Literal


class Code(IntEnum):
    """The status codes of gRPC, with its numbers."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class SidecartError(Exception):
    """A call that failed.

    Attributes:
        code: what kind of fault it is; stable, to be branched on, as are the subclasses.
        message: one sentence for people; not stable.
        origin: ``"server"`` where the server answered with it, else ``"client"``.
    """

    code: ClassVar[Code] = Code.UNKNOWN

    def __init__(self, message: str, origin: Literal["client", "server"] = "client") -> None:
        """Makes an error, as this library and tests of its users need."""
        super().__init__(message)
        self.message = message
        self.origin = origin

    def __str__(self) -> str:
        """Such as ``NOT_FOUND: no item "x"``."""
        return f"{self.code.name}: {self.message}"


class Cancelled(SidecartError):  # noqa: N818
    """The server cancelled the call."""

    code = Code.CANCELLED


class InvalidArgument(SidecartError):  # noqa: N818
    """The request breaks a rule; the message names the field and the limit."""

    code = Code.INVALID_ARGUMENT


class DeadlineExceeded(SidecartError):  # noqa: N818
    """No answer within the call's timeout."""

    code = Code.DEADLINE_EXCEEDED


class NotFound(SidecartError):  # noqa: N818
    """What was asked for does not exist."""

    code = Code.NOT_FOUND


class AlreadyExists(SidecartError):  # noqa: N818
    """What was to be made exists."""

    code = Code.ALREADY_EXISTS


class PermissionDenied(SidecartError):  # noqa: N818
    """The caller's role does not allow the method."""

    code = Code.PERMISSION_DENIED


class ResourceExhausted(SidecartError):  # noqa: N818
    """A limit was reached: calls in flight, message size or memory."""

    code = Code.RESOURCE_EXHAUSTED


class FailedPrecondition(SidecartError):  # noqa: N818
    """The server is not in the state the call needs, such as having a journal of events."""

    code = Code.FAILED_PRECONDITION


class Aborted(SidecartError):  # noqa: N818
    """The call was given up for another one."""

    code = Code.ABORTED


class OutOfRange(SidecartError):  # noqa: N818
    """A position is past the end."""

    code = Code.OUT_OF_RANGE


class Unimplemented(SidecartError):  # noqa: N818
    """The server does not offer this method."""

    code = Code.UNIMPLEMENTED


class Internal(SidecartError):  # noqa: N818
    """One side broke its own rules; a bug."""

    code = Code.INTERNAL


class Unavailable(SidecartError):  # noqa: N818
    """Nobody answers at the socket, the connection broke, the server drains or the client is closed.

    Trying again later may help; the call may or may not have taken effect.
    """

    code = Code.UNAVAILABLE


class DataLoss(SidecartError):  # noqa: N818
    """Data was lost."""

    code = Code.DATA_LOSS


class Unauthenticated(SidecartError):  # noqa: N818
    """The caller is not known."""

    code = Code.UNAUTHENTICATED


_BY_CODE: dict[int, type[SidecartError]] = {
    int(kind.code): kind for kind in SidecartError.__subclasses__()
}


def server_error(code: int, message: str) -> SidecartError:
    """The exception for a status that a server answered with; a code without one is UNKNOWN."""
    return _BY_CODE.get(code, SidecartError)(message, "server")
