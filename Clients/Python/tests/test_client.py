"""The client for threads, on a real server."""

from __future__ import annotations

import math
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from serving import Server, StartServer

import sidecart
from sidecart.bundle import Bundle
from sidecart.v1.scoring_pb2 import TIER_FULL


@pytest.fixture
def client(served: Server) -> sidecart.Client:
    return sidecart.Client(served.socket, timeout=10)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bundle of four items and two users on the plane."""
    path = str(tmp_path_factory.mktemp("vectors") / "b")
    Bundle(
        version="plane",
        kind="test",
        item_ids=["east", "north", "west", "south"],
        user_ids=["up", "right"],
        item_embeddings=np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], np.float32),
        user_embeddings=np.array([[0, 2], [3, 1]], np.float32),
    ).write(path)
    return path


def test_a_basket_gets_a_slate_with_reasons(client: sidecart.Client) -> None:
    slate = client.recommend(basket=["teapot-0001"], k=4)
    assert len(slate.items) == 4
    assert "teapot-0001" not in {item.item_id for item in slate.items}
    assert slate.tier == TIER_FULL
    first = slate.items[0]
    assert first.title
    assert first.reasons[0].item_id == "teapot-0001"


def test_rules_and_why_not_are_asked(client: sidecart.Client) -> None:
    best = client.recommend(basket=["teapot-0001"], k=2).items
    slate = client.recommend(
        basket=["teapot-0001"],
        k=2,
        exclude=[best[0].item_id],
        why_not=[best[0].item_id, "nothing"],
        boosts=[sidecart.Boost(item_id=best[1].item_id, factor=2)],
        score_parts=True,
    )
    assert slate.items[0].item_id == best[1].item_id
    assert [answer.outcome for answer in slate.why_not] == [
        sidecart.WhyNot.BY_RULE,
        sidecart.WhyNot.UNKNOWN,
    ]
    assert slate.why_not[0].rule == sidecart.Rule.Value("EXCLUDED")
    assert slate.items[0].parts


def test_scores_are_in_the_order_asked(client: sidecart.Client) -> None:
    answer = client.score(["tea-0071", "nothing", "cup-0041"], basket=["teapot-0001"])
    assert list(answer.unknown) == [1]
    assert math.isnan(answer.scores[1])
    assert answer.scores[0] > answer.scores[2]


def test_relations_come_in_the_order_asked(client: sidecart.Client) -> None:
    answer = client.related("teapot-0001", "substitute", "complement", k=2)
    names = [sidecart.Relation.Name(item.relation) for item in answer.items]
    assert names == sorted(names, reverse=True)
    assert set(names) == {"SUBSTITUTE", "COMPLEMENT"}


def test_profiles_tell_of_shoppers_and_items(client: sidecart.Client) -> None:
    assert client.item_profile("teapot-0001").title
    shopper = client.user_profile("shopper-00017", k=3)
    assert shopper.baskets > 0
    assert len(shopper.own) == 3


def test_what_the_server_does_not_know_is_not_found(client: sidecart.Client) -> None:
    with pytest.raises(sidecart.NotFound, match="nothing") as caught:
        client.related("nothing")
    assert caught.value.origin == "server"
    assert caught.value.code is sidecart.Code.NOT_FOUND


def test_a_broken_rule_names_field_and_limit(client: sidecart.Client) -> None:
    with pytest.raises(sidecart.InvalidArgument, match="1000"):
        client.recommend(k=1001)


def test_events_are_kept_once_and_forgotten(client: sidecart.Client) -> None:
    event = sidecart.Event(event_id="e-1", user_id="ann", item_id="tea-0071", kind="PURCHASE")
    other = sidecart.Event(user_id="ann", item_id="cup-0041", kind="VIEW")
    assert client.record([event, other]).recorded == 2
    assert not other.event_id, "the caller's events stay as they are"
    again = client.record([event])
    assert (again.recorded, list(again.duplicates)) == (0, [0])
    history = client.history("ann")
    assert [event.item_id for event in history] == ["cup-0041", "tea-0071"]
    assert all(event.event_id for event in history)
    assert client.forget("ann").events == 2
    with pytest.raises(sidecart.NotFound):
        client.history("ann")


def test_the_catalog_is_put_and_told(client: sidecart.Client) -> None:
    item = sidecart.CatalogItem(item_id="tea-0071", price=0, stock=3, title="Assam")
    client.put_items([item, sidecart.CatalogItem(item_id="new-1", category=["A", "B"])])
    answer = client.items(["tea-0071", "nothing", "new-1"])
    assert answer.items[0].HasField("price")
    assert answer.items[0].price == 0
    assert not answer.items[1].HasField("price")
    assert list(answer.items[1].category) == ["A", "B"]
    assert list(answer.unknown) == [1]
    assert client.remove_items(["new-1", "nothing"]) == 1


def test_vectors_are_read_put_searched_and_deleted(start_server: StartServer, vectors: str) -> None:
    with sidecart.Client(start_server(vectors).socket) as client:
        assert next(item.item_id for item in client.recommend(user="right").items) == "east"
        found = client.embeddings(["north", "nowhere"])
        assert list(found.embeddings[0].vector) == [0, 1]
        assert list(found.unknown) == [1]
        counts = client.put_embeddings({"north": [0, 5], "up": np.ones(2, np.float32)})
        assert (counts.added, counts.replaced) == (1, 1)
        best = client.nearest([0, 1], k=2)
        assert [(neighbor.id, neighbor.score) for neighbor in best] == [("north", 5), ("up", 1)]
        assert client.delete_embeddings(["up", "nowhere"]) == 1
        assert client.nearest([1, 0], "users")[0].id == "right"
        with pytest.raises(sidecart.InvalidArgument):
            client.put_embeddings({"north": [1, 2, 3]})


def test_models_are_loaded_promoted_and_rolled_back(
    start_server: StartServer, vectors: str, tmp_path: Path
) -> None:
    bundle = Bundle.read(vectors)
    bundle.write(tmp_path / "first")
    bundle.version = "second"
    bundle.write(tmp_path / "second")
    server = start_server(str(tmp_path / "first"))
    with sidecart.Client(server.socket, timeout=10) as client:
        number = client.load_model("second").number
        ready = threading.Event()
        while not ready.wait(0.01):
            states = {model.number: model.state for model in client.models().models}
            if states[number] != 1:
                ready.set()
        assert client.promote_model().version == "second"
        assert client.recommend().model_version == "second"
        assert client.roll_back_model().version == "plane"
        assert client.recommend().model_version == "plane"


def test_operators_are_told(client: sidecart.Client) -> None:
    assert client.health() == "SERVING"
    assert client.health("sidecart.v1.Scoring") == "SERVING"
    with pytest.raises(sidecart.NotFound):
        client.health("sidecart.v9.Nothing")
    # Those of the shop, and what another test may have told the server of.
    assert client.status().items >= 600
    assert "sidecart_calls_total" in client.metrics()
    assert client.metrics("openmetrics").endswith("# EOF\n")
    client.recommend(basket=["teapot-0001"])
    assert client.outcomes().slates > 0


def test_threads_share_a_client_and_get_their_own_answers(served: Server, shop: Path) -> None:
    ids = list(Bundle.read(shop / "bundle").item_ids)[:16]
    wrong: list[str] = []
    with sidecart.Client(served.socket, connections_max=4, timeout=30) as client:
        expected = {
            id: [item.item_id for item in client.recommend(basket=[id]).items] for id in ids
        }

        def ask(id: str) -> None:
            for _ in range(50):
                if [item.item_id for item in client.recommend(basket=[id]).items] != expected[id]:
                    wrong.append(id)

        threads = [threading.Thread(target=ask, args=(id,)) for id in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert client.status().connections <= 5


def test_calls_go_on_after_the_server_was_started_again(
    start_server: StartServer, vectors: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "s")
    server = start_server(vectors, socket=path)
    with sidecart.Client(path, timeout=10) as client:
        client.status()
        assert server.end() == 0
        with pytest.raises(sidecart.Unavailable, match="cannot connect"):
            client.status()
        start_server(vectors, socket=path)
        # Also a call that is never made again by itself: it was not sent on the old connection.
        assert client.status().version
        with pytest.raises(sidecart.FailedPrecondition):
            client.roll_back_model()


def test_record_waits_for_a_server_to_come_back(
    start_server: StartServer, vectors: str, tmp_path: Path
) -> None:
    path, journal = str(tmp_path / "s"), str(tmp_path / "events.db")
    start_server(vectors, "--events-db", journal, socket=path).end(signal.SIGKILL)
    receipts = []
    with sidecart.Client(path, timeout=30) as client:

        def record() -> None:
            receipts.append(
                client.record([sidecart.Event(user_id="u", item_id="east", kind="VIEW")])
            )

        thread = threading.Thread(target=record)
        thread.start()
        start_server(vectors, "--events-db", journal, socket=path)
        thread.join()
        assert receipts[0].recorded == 1
        assert len(client.history("u")) == 1


def test_drain_ends_a_server(start_server: StartServer, vectors: str) -> None:
    server = start_server(vectors)
    with sidecart.Client(server.socket) as client:
        client.drain()
    assert server.process.wait(timeout=30) == 0


def test_a_forked_process_has_connections_of_its_own(client: sidecart.Client) -> None:
    client.status()
    child = os.fork()
    if child == 0:
        os._exit(0 if client.recommend(basket=["teapot-0001"]).items else 1)
    slates = [client.recommend(basket=["cup-0041"]).items[0].item_id for _ in range(50)]
    assert os.waitpid(child, 0)[1] == 0
    assert len(set(slates)) == 1


def test_a_closed_client_says_so(served: Server) -> None:
    client = sidecart.Client(served.socket)
    client.status()
    client.close()
    with pytest.raises(sidecart.Unavailable, match="closed"):
        client.status()


def test_one_id_is_not_taken_for_a_list(client: sidecart.Client) -> None:
    with pytest.raises(TypeError, match="basket is one id, 'tea'"):
        client.recommend(basket="tea")


def test_arguments_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="timeout is 0"):
        sidecart.Client("s", timeout=0)
    with pytest.raises(ValueError, match="connections_max"):
        sidecart.Client("s", connections_max=0)
    with pytest.raises(ValueError, match="attempts"):
        sidecart.RetryPolicy(attempts=0)
