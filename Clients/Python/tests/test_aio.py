"""The client for asyncio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from serving import Server, StartPeer, StartServer

import sidecart
from sidecart.bundle import Bundle
from sidecart.v1 import events_pb2
from sidecart.wire.ttrpc_pb2 import Request, Response, Status


def test_calls_of_many_tasks_share_connections(served: Server, shop: Path) -> None:
    ids = list(Bundle.read(shop / "bundle").item_ids)[:100]

    async def ask() -> None:
        async with sidecart.AsyncClient(served.socket, connections=2, timeout=30) as client:
            slates = await asyncio.gather(*(client.recommend(basket=[id], k=5) for id in ids * 3))
            for id, slate, again in zip(ids, slates, slates[100:], strict=False):
                assert id not in {item.item_id for item in slate.items}
                assert [item.item_id for item in slate.items] == [
                    item.item_id for item in again.items
                ]
            assert (await client.status()).connections == 2

    asyncio.run(ask())


def test_answers_are_those_of_the_client_for_threads(served: Server) -> None:
    async def ask() -> list[float]:
        async with sidecart.AsyncClient(served.socket) as client:
            return list((await client.score(["tea-0071"], basket=["teapot-0001"])).scores)

    with sidecart.Client(served.socket) as client:
        assert asyncio.run(ask()) == list(client.score(["tea-0071"], basket=["teapot-0001"]).scores)


def test_a_client_outlives_an_event_loop(served: Server) -> None:
    client = sidecart.AsyncClient(served.socket)

    async def ask() -> str:
        return await client.health()

    assert asyncio.run(ask()) == "SERVING"
    assert asyncio.run(ask()) == "SERVING"
    client.close()


def test_errors_and_closing_are_told(served: Server) -> None:
    async def ask() -> None:
        client = sidecart.AsyncClient(served.socket)
        with pytest.raises(sidecart.NotFound, match="nothing"):
            await client.item_profile("nothing")
        client.close()
        with pytest.raises(sidecart.Unavailable, match="closed"):
            await client.status()
        with pytest.raises(sidecart.Unavailable, match="cannot connect"):
            await sidecart.AsyncClient(served.socket + "-not").status()

    asyncio.run(ask())


def test_a_deadline_and_a_cancelled_task_leave_the_connection_to_others(peer: StartPeer) -> None:
    def answer(request: Request, number: int) -> Response | None:
        return None if number <= 2 else Response()

    silent = peer(answer)

    async def ask() -> None:
        async with sidecart.AsyncClient(silent.path) as client:
            with pytest.raises(sidecart.DeadlineExceeded, match=r"0\.02 s"):
                await client.status(timeout=0.02)
            task = asyncio.create_task(client.forget("u"))
            while len(silent.calls) < 2:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.status()

    asyncio.run(ask())
    assert silent.connections == 1


def test_retries_are_those_of_the_client_for_threads(peer: StartPeer) -> None:
    away = Response(status=Status(code=14, message="away"))
    flaky = peer(lambda _, number: away if number < 3 else Response())
    breaking = peer(lambda _, number: "hang up" if number < 6 else Response())

    async def ask() -> None:
        async with sidecart.AsyncClient(flaky.path) as client:
            await client.status()
            assert len(flaky.calls) == 3
        async with sidecart.AsyncClient(breaking.path, timeout=10) as client:
            await client.record([sidecart.Event(user_id="u", item_id="i", kind="VIEW")])

    asyncio.run(ask())
    ids = {
        events_pb2.RecordRequest.FromString(call.payload).events[0].event_id
        for call in breaking.calls
    }
    assert len(breaking.calls) == 6
    assert len(ids) == 1
    hung_up = peer(lambda *_: "hang up")

    async def forget() -> None:
        async with sidecart.AsyncClient(hung_up.path) as client:
            await client.forget("u")

    with pytest.raises(sidecart.Unavailable):
        asyncio.run(forget())
    assert len(hung_up.calls) == 1


def test_calls_go_on_after_the_server_was_started_again(
    start_server: StartServer, shop: Path, tmp_path: Path
) -> None:
    path, bundle = str(tmp_path / "s"), str(shop / "bundle")

    async def ask() -> None:
        async with sidecart.AsyncClient(path, timeout=10) as client:
            await client.status()
            assert await asyncio.to_thread(first.end) == 0
            await asyncio.to_thread(start_server, bundle, socket=path)
            assert await client.wait_until_ready() == "SERVING"
            assert (await client.recommend(basket=["teapot-0001"])).items

    first = start_server(bundle, socket=path)
    asyncio.run(ask())
