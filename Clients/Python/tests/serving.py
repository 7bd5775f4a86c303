"""Real servers, and peers that do what a test says."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from sidecart.wire.frames import HEADER
from sidecart.wire.ttrpc_pb2 import Request, Response


class Server:
    """``sidecart serve``, until it is ended."""

    def __init__(self, binary: str, bundle: str, socket: str, *more: str) -> None:
        self.socket = socket
        self.process = subprocess.Popen(
            [binary, "serve", "--bundle", bundle, "--socket", socket, *more],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        self.log: list[str] = []
        for line in self.process.stderr:
            self.log.append(line)
            if line.rstrip().endswith("ready"):
                break
        else:
            pytest.fail(f"the server ended: {''.join(self.log)}")
        # Or it would stall once the pipe is full.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def end(self, by: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(timeout=30)


StartServer = Callable[..., Server]


# What a scripted peer does with a call: answers, hangs up, or says nothing.
Answer = Callable[[Request, int], Response | str | None]


class Peer:
    """A server that does what a test says, for what a real one cannot be made to do."""

    def __init__(self, path: str, answer: Answer) -> None:
        self.path = path
        self.calls: list[Request] = []
        self.connections = 0
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # The client may have given up and hung up.
        with suppress(BrokenPipeError), connection, connection.makefile("rb") as file:
            while header := file.read(HEADER.size):
                length, stream, _, _ = HEADER.unpack(header)
                request = Request.FromString(file.read(length))
                self.calls.append(request)
                answer = self._answer(request, len(self.calls))
                if answer == "hang up":
                    return
                if isinstance(answer, Response):
                    data: bytes = answer.SerializeToString()
                    connection.sendall(HEADER.pack(len(data), stream, 2, 0) + data)

    def close(self) -> None:
        self._listener.close()


StartPeer = Callable[[Answer], Peer]
