"""``implicit``: what its models recommend is what is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import Shop, compare, slates
from serving import StartServer

import sidecart
from sidecart.bundle import Bundle

pytest.importorskip("implicit", reason="implicit is not installed")

from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.lmf import LogisticMatrixFactorization
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

MODELS = {
    "als": AlternatingLeastSquares(factors=24, alpha=10, random_state=1, num_threads=1),
    "bpr": BayesianPersonalizedRanking(factors=24, random_state=1, num_threads=1),
    "lmf": LogisticMatrixFactorization(factors=24, random_state=1, num_threads=1),
    "cosine": CosineRecommender(K=30, num_threads=1),
    "bm25": BM25Recommender(K=30, num_threads=1),
}


def trained(name: str, data: Shop) -> Any:
    model = MODELS[name]
    model.fit(data.taken, show_progress=False)
    model.save(str(data.folder / f"{name}.npz"))
    return model


@pytest.mark.parametrize("name", MODELS)
def test_users_get_what_implicit_recommends(
    name: str, data: Shop, start_server: StartServer
) -> None:
    model = trained(name, data)
    bundle = data.import_model("implicit", data.folder / f"{name}.npz", *data.interactions)
    own, scores = {}, {}
    for user in range(100):
        ids, _ = model.recommend(user, data.taken[user], N=10)
        own[data.users[user]] = [data.items[item] for item in ids]
        ids, values = model.recommend(user, data.taken[user], N=250)
        scores[data.users[user]] = {
            data.items[item]: float(value) for item, value in zip(ids, values, strict=True)
        }
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(f"implicit {name}", own, scores.__getitem__, slates(client))


def test_baskets_are_folded_in_as_als_does_it(data: Shop, start_server: StartServer) -> None:
    model = trained("als", data)
    bundle = data.import_model("implicit", data.folder / "als.npz", *data.interactions, "--replace")
    assert Bundle.read(bundle).fold_in is not None
    own: dict[str, list[str]] = {}
    scores: dict[str, dict[str, float]] = {}
    baskets: dict[str, list[str]] = {}
    for user in range(100, 200):
        row, name = data.taken[user], data.users[user]
        baskets[name] = [data.items[item] for item in row.indices]
        ids, values = model.recommend(0, row, N=250, recalculate_user=True)
        names = [data.items[item] for item in ids]
        own[name] = names[:10]
        scores[name] = dict(zip(names, values.astype(np.float64), strict=True))
    with sidecart.Client(start_server(bundle).socket) as client:

        def ask(name: str) -> list[str]:
            slate = client.recommend(basket=baskets[name], k=10, timeout=30)
            return [item.item_id for item in slate.items]

        compare("implicit als, baskets folded in", own, scores.__getitem__, ask)


def test_similar_items_are_those_of_als(data: Shop, start_server: StartServer) -> None:
    model = trained("als", data)
    bundle = data.import_model("implicit", data.folder / "als.npz", *data.interactions, "--replace")
    own, scores = {}, {}
    taken = np.flatnonzero(np.diff(data.taken.tocsc().indptr))
    for item in taken[:100]:
        ids, values = model.similar_items(item, N=250)
        kept = (ids != item) & (values > 0)
        names = [data.items[other] for other in ids[kept]]
        own[data.items[item]] = names[:10]
        scores[data.items[item]] = dict(zip(names, values[kept].astype(np.float64), strict=True))
    with sidecart.Client(start_server(bundle).socket) as client:

        def ask(item: str) -> list[str]:
            return [other.item_id for other in client.related(item, "similar", k=10).items]

        compare("implicit als, similar items", own, scores.__getitem__, ask)
