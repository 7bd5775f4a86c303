"""A real server process for tests: the environment's SIDECART_BINARY names the program."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Answer, Peer, Server, StartPeer, StartServer


@pytest.fixture(scope="session")
def binary() -> str:
    path = os.environ.get("SIDECART_BINARY")
    if not path:
        pytest.fail(
            "SIDECART_BINARY must name the sidecart program, such as .build/release/sidecart"
        )
    return path


@pytest.fixture
def start_server(binary: str, tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers that end with the test."""
    servers: list[Server] = []

    def start(bundle: str, *more: str, socket: str | None = None) -> Server:
        path = socket or str(tmp_path / f"s{len(servers)}")
        servers.append(Server(binary, bundle, path, *more))
        return servers[-1]

    yield start
    for server in servers:
        server.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def shop(binary: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample shop with a bundle trained on it."""
    folder = tmp_path_factory.mktemp("shop") / "demo"
    subprocess.run([binary, "demo", "--keep", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def served(binary: str, shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the sample shop with a journal of events."""
    folder = tmp_path_factory.mktemp("served")
    server = Server(
        binary, str(shop / "bundle"), str(folder / "s"), "--events-db", str(folder / "events.db")
    )
    yield server
    server.end(signal.SIGKILL)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[StartPeer]:
    peers: list[Peer] = []

    def start(answer: Answer) -> Peer:
        peers.append(Peer(str(tmp_path / f"peer{len(peers)}"), answer))
        return peers[-1]

    yield start
    for one in peers:
        one.close()
