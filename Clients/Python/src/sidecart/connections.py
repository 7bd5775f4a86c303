"""Blocking connections, and the pool that threads take them from."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

from .calls import Call
from .errors import DeadlineExceeded, Unavailable
from .wire.frames import STREAM_MAX, FrameReader, payload_of, request_frame


class NotSentError(Exception):
    """The connection was closed before the call could be sent: the server has not seen it."""


def _left(timeout: float, deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded(f"no answer within {timeout:g} s")
    return left


class Connection:
    """One socket with at most one call under way; used by one thread at a time."""

    def __init__(self, path: str, timeout: float, deadline: float) -> None:
        """Connects."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reader = FrameReader()
        self._stream = -1
        try:
            self._socket.settimeout(_left(timeout, deadline))
            self._socket.connect(path)
        except TimeoutError:
            self.close()
            raise DeadlineExceeded(f"{path}: not connected within {timeout:g} s") from None
        except OSError as error:
            self.close()
            raise Unavailable(f"{path}: cannot connect: {error.strerror or error}") from None
        except BaseException:
            self.close()
            raise

    @property
    def is_used_up(self) -> bool:
        """Whether there are no more streams."""
        return self._stream >= STREAM_MAX

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def exchange(self, call: Call[Any], timeout: float, deadline: float) -> bytes:
        """Sends a call and waits for its answer.

        Raises:
            NotSentError: the server closed the connection before.
            SidecartError: the server's answer is one, or there is none. Unless the server answered, the connection
                cannot be used further.
        """
        self._stream += 2
        left = _left(timeout, deadline)
        frame = request_frame(self._stream, call.service, call.method, call.payload, left)
        try:
            self._socket.settimeout(left)
            self._socket.sendall(frame)
        except TimeoutError:
            raise DeadlineExceeded(f"not sent within {timeout:g} s") from None
        except OSError as error:
            # A frame that is not whole is never looked at.
            raise NotSentError(error.strerror or str(error)) from None
        try:
            while True:
                self._socket.settimeout(_left(timeout, deadline))
                data = self._socket.recv(65_536)
                if not data:
                    raise Unavailable("the server closed the connection without an answer")
                for stream, response in self._reader.feed(data):
                    if stream == self._stream:
                        return payload_of(response)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer within {timeout:g} s") from None
        except OSError as error:
            raise Unavailable(f"the connection broke: {error.strerror or error}") from None


class Pool:
    """Up to ``connections_max`` connections to one socket, each lent to one call at a time.

    ``len(idle) <= open <= connections_max``. A process that was forked starts with none: the sockets are its parent's.
    """

    def __init__(self, path: str, connections_max: int) -> None:
        """Opens nothing yet."""
        self._path = path
        self._connections_max = connections_max
        self._changed = threading.Condition()
        self._idle: list[Connection] = []
        self._open = 0
        self._is_closed = False
        self._process = os.getpid()

    def exchange(self, call: Call[Any], timeout: float, deadline: float) -> bytes:
        """Makes one attempt at a call, on a connection that is open or a new one."""
        while True:
            connection, is_new = self._take(timeout, deadline)
            is_sound = False
            try:
                payload = connection.exchange(call, timeout, deadline)
                is_sound = True
                return payload
            except NotSentError as error:
                if is_new:
                    raise Unavailable(f"{self._path}: cannot send: {error}") from None
            except Exception as error:
                is_sound = getattr(error, "origin", "") == "server"
                raise
            finally:
                self._give_back(connection, is_sound)

    def close(self) -> None:
        """Closes what is idle now, and what is lent when it comes back."""
        with self._changed:
            self._is_closed = True
            for connection in self._idle:
                connection.close()
            self._open -= len(self._idle)
            self._idle.clear()
            self._changed.notify_all()

    def _take(self, timeout: float, deadline: float) -> tuple[Connection, bool]:
        if self._process != os.getpid():
            self._start_in_child()
        with self._changed:
            while not self._is_closed and not self._idle and self._open >= self._connections_max:
                if not self._changed.wait(_left(timeout, deadline)):
                    raise DeadlineExceeded(
                        f"all {self._connections_max} connections were taken for {timeout:g} s"
                    )
            if self._is_closed:
                raise Unavailable("the client is closed")
            if self._idle:
                return self._idle.pop(), False
            self._open += 1
        try:
            return Connection(self._path, timeout, deadline), True
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise

    def _give_back(self, connection: Connection, is_sound: bool) -> None:
        with self._changed:
            if is_sound and not self._is_closed and not connection.is_used_up:
                self._idle.append(connection)
            else:
                connection.close()
                self._open -= 1
            self._changed.notify()

    def _start_in_child(self) -> None:
        # Another thread of the parent may have held the lock. Closing here leaves the parent's sockets open.
        self._changed = threading.Condition()
        for connection in self._idle:
            connection.close()
        self._idle, self._open, self._process = [], 0, os.getpid()
