"""Deadlines, retries and statuses, on a peer that does what a test says."""

from __future__ import annotations

import contextlib
import inspect
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from serving import StartPeer

import sidecart
from sidecart import calls, errors
from sidecart.v1 import (
    admin_pb2,
    catalog_pb2,
    embeddings_pb2,
    events_pb2,
    models_pb2,
    profiles_pb2,
    scoring_pb2,
)
from sidecart.wire.frames import DATA_BYTES_MAX, HEADER, FrameReader, payload_of, request_frame
from sidecart.wire.ttrpc_pb2 import Request, Response, Status

OK = Response()


def failing(code: int, message: str = "no") -> Response:
    return Response(status=Status(code=code, message=message))


@pytest.mark.parametrize("code", list(sidecart.Code))
def test_each_status_is_an_exception(peer: StartPeer, code: sidecart.Code) -> None:
    policy = sidecart.RetryPolicy(attempts=1)
    with sidecart.Client(peer(lambda *_: failing(code, "why")).path, retry=policy) as client:
        with pytest.raises(sidecart.SidecartError) as caught:
            client.status()
        assert caught.value.code == code
        assert caught.value.message == "why"
        assert caught.value.origin == "server"
        assert str(caught.value) == f"{code.name}: why"


def test_a_status_without_a_code_is_unknown(peer: StartPeer) -> None:
    with sidecart.Client(peer(lambda *_: failing(99)).path) as client:
        with pytest.raises(sidecart.SidecartError) as caught:
            client.status()
        assert caught.value.code is sidecart.Code.UNKNOWN


def test_a_call_without_an_answer_ends_at_its_deadline(peer: StartPeer) -> None:
    silent = peer(lambda *_: None)
    with sidecart.Client(silent.path, timeout=0.05) as client:
        with pytest.raises(sidecart.DeadlineExceeded, match=r"0\.05 s"):
            client.status()
        with pytest.raises(sidecart.DeadlineExceeded):
            client.status(timeout=0)
    assert 0 < silent.calls[0].timeout_nano <= 50_000_000
    assert len(silent.calls) == 1


def test_a_late_answer_is_no_answer_to_the_next_call(peer: StartPeer) -> None:
    def answer(request: Request, number: int) -> Response | None:
        if number == 1:
            time.sleep(0.1)
        return Response(payload=admin_pb2.StatusResponse(pid=number).SerializeToString())

    with sidecart.Client(peer(answer).path) as client:
        with pytest.raises(sidecart.DeadlineExceeded):
            client.status(timeout=0.02)
        assert client.status().pid == 2


def test_what_reads_is_asked_again_where_the_server_is_away(peer: StartPeer) -> None:
    flaky = peer(lambda _, number: failing(14) if number < 3 else OK)
    with sidecart.Client(flaky.path) as client:
        client.status()
    assert len(flaky.calls) == 3


def test_attempts_end(peer: StartPeer) -> None:
    away = peer(lambda *_: failing(14))
    with sidecart.Client(away.path, retry=sidecart.RetryPolicy(attempts=2)) as client:
        with pytest.raises(sidecart.Unavailable):
            client.status()
    assert len(away.calls) == 2


def test_other_statuses_are_not_asked_again_unless_named(peer: StartPeer) -> None:
    full = peer(lambda _, number: failing(8) if number < 3 else OK)
    policy = sidecart.RetryPolicy(codes=frozenset({sidecart.Code.RESOURCE_EXHAUSTED}))
    with sidecart.Client(full.path) as client, pytest.raises(sidecart.ResourceExhausted):
        client.status()
    with sidecart.Client(full.path, retry=policy) as client:
        client.status()
    assert len(full.calls) == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.forget("u"),
        lambda client: client.roll_back_model(),
        lambda client: client.promote_model(),
        lambda client: client.load_model("b"),
        lambda client: client.drain(),
    ],
)
def test_what_must_not_be_done_twice_is_sent_once(
    peer: StartPeer, call: Callable[[sidecart.Client], object]
) -> None:
    breaking = peer(lambda *_: "hang up")
    with sidecart.Client(breaking.path) as client, pytest.raises(sidecart.Unavailable):
        call(client)
    assert len(breaking.calls) == 1


def test_record_is_sent_again_with_the_same_ids(peer: StartPeer) -> None:
    breaking = peer(lambda _, number: "hang up" if number < 6 else OK)
    with sidecart.Client(breaking.path, timeout=10) as client:
        client.record([sidecart.Event(user_id="u", item_id="i", kind="VIEW")])
    payloads = {call.payload for call in breaking.calls}
    assert len(breaking.calls) == 6
    assert len(payloads) == 1
    (event,) = events_pb2.RecordRequest.FromString(payloads.pop()).events
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event.event_id)


def test_a_call_waits_for_a_connection_within_its_deadline(peer: StartPeer) -> None:
    silent = peer(lambda *_: None)
    with sidecart.Client(silent.path, connections_max=1) as client:

        def wait() -> None:
            with contextlib.suppress(sidecart.DeadlineExceeded):
                client.status(timeout=0.3)

        thread = threading.Thread(target=wait)
        thread.start()
        while not silent.calls:
            time.sleep(0.001)
        with pytest.raises(sidecart.DeadlineExceeded):
            client.status(timeout=0.05)
        thread.join()
    assert len(silent.calls) == 1


def test_connections_are_used_again(peer: StartPeer) -> None:
    sound = peer(lambda _, number: OK if number % 2 else failing(5))
    with sidecart.Client(sound.path) as client:
        for _ in range(5):
            client.status()
            with pytest.raises(sidecart.NotFound):
                client.status()
    assert sound.connections == 1


def test_what_is_no_answer_is_an_internal_error(peer: StartPeer) -> None:
    with sidecart.Client(peer(lambda *_: Response(payload=b"\xff\xff")).path) as client:
        with pytest.raises(sidecart.Internal, match="no StatusResponse"):
            client.status()


def test_a_request_over_the_frame_limit_is_refused_unsent(peer: StartPeer) -> None:
    sound = peer(lambda *_: OK)
    with sidecart.Client(sound.path) as client, pytest.raises(sidecart.ResourceExhausted):
        client.recommend(basket=["x" * DATA_BYTES_MAX])
    assert not sound.calls


def test_a_socket_path_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    with sidecart.Client(str(tmp_path / "nobody")) as client:
        with pytest.raises(sidecart.Unavailable, match="nobody: cannot connect: No such file"):
            client.recommend()
    with sidecart.Client("x" * 200) as client, pytest.raises(sidecart.Unavailable):
        client.recommend()


def test_frames_are_read_however_they_are_cut() -> None:
    responses = [Response(payload=b"x" * n) for n in (0, 1, 300)]
    data = b"".join(
        HEADER.pack(len(body), 2 * n + 1, 2, 0) + body
        for n, body in enumerate(response.SerializeToString() for response in responses)
    )
    for cut in range(len(data) + 1):
        reader = FrameReader()
        found = [*reader.feed(data[:cut]), *reader.feed(data[cut:])]
        assert found == list(zip((1, 3, 5), responses, strict=True))


def test_what_is_no_ttrpc_is_told() -> None:
    with pytest.raises(sidecart.Internal, match="no ttrpc"):
        list(FrameReader().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(sidecart.Internal, match="envelope"):
        list(FrameReader().feed(HEADER.pack(2, 1, 2, 0) + b"\xff\xff"))


def test_a_request_frame_is_what_ttrpc_says() -> None:
    frame = request_frame(7, "a.B", "C", b"payload", 0.5)
    assert HEADER.unpack(frame[:10]) == (len(frame) - 10, 7, 1, 0)
    request = Request.FromString(frame[10:])
    assert (request.service, request.method, request.payload) == ("a.B", "C", b"payload")
    assert request.timeout_nano == 500_000_000


def test_both_clients_have_every_method_of_the_contract() -> None:
    modules = (calls.scoring, calls.shop, calls.serving)
    source = re.sub(r"\s+", " ", "".join(map(inspect.getsource, modules)))
    for file in (
        admin_pb2,
        catalog_pb2,
        embeddings_pb2,
        events_pb2,
        models_pb2,
        profiles_pb2,
        scoring_pb2,
    ):
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                assert f'"{service.full_name}", "{method.name}"' in source
    made = {name for name in calls.__all__ if name not in ("Call", "describe")}
    assert len(made) >= 25
    for name in made:
        assert hasattr(sidecart.Client, name)
        assert hasattr(sidecart.AsyncClient, name)


@pytest.mark.parametrize("kind", [sidecart.Client, sidecart.AsyncClient])
def test_help_tells_arguments_and_results(kind: type) -> None:
    signature = inspect.signature(kind.related)  # type: ignore[attr-defined]
    assert list(signature.parameters) == ["self", "item", "relations", "k", "timeout"]
    assert signature.return_annotation == "scoring_pb2.RelatedResponse"
    assert kind.related.__doc__.startswith("Lists an item's neighbors")  # type: ignore[attr-defined]


def test_every_code_has_one_exception() -> None:
    kinds = errors.SidecartError.__subclasses__()
    assert sorted(kind.code for kind in kinds if kind.code != 2) == [
        c for c in sidecart.Code if c != 2
    ]


def test_random_bytes_are_no_more_than_an_internal_error() -> None:
    random = np.random.default_rng(1)
    told = 0
    for _ in range(2000):
        body = random.bytes(int(random.integers(0, 40)))
        data = HEADER.pack(len(body), 1, 2, 0) + body if random.random() < 0.8 else body
        try:
            for _, response in FrameReader().feed(data):
                payload_of(response)
        except sidecart.SidecartError:
            told += 1
    assert told > 500
