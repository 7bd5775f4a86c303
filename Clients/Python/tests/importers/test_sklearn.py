"""scikit-learn: products of its factors, and its neighbors, are what is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import Shop, by_id, compare, slates, top
from serving import StartServer

import sidecart

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

import joblib
from sklearn.decomposition import NMF, MiniBatchNMF, TruncatedSVD
from sklearn.neighbors import NearestNeighbors

MODELS = {
    "NMF": NMF(16, random_state=1),
    "MiniBatchNMF": MiniBatchNMF(16, random_state=1),
    "TruncatedSVD": TruncatedSVD(16, random_state=1),
}


@pytest.mark.parametrize("name", MODELS)
def test_users_get_the_largest_products_of_the_factors(
    name: str, data: Shop, start_server: StartServer
) -> None:
    model = MODELS[name].fit(data.taken)
    path = data.folder / f"{name}.joblib"
    joblib.dump(model, path)
    bundle = data.import_model("scikit-learn", path, *data.interactions)
    scores = model.inverse_transform(model.transform(data.taken))
    own = {data.users[user]: top(data, scores[user], user) for user in range(100)}
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(f"scikit-learn {name}", own, by_id(data, scores), slates(client))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_items_get_their_nearest_neighbors(
    metric: str, data: Shop, start_server: StartServer
) -> None:
    model = NearestNeighbors(n_neighbors=20, metric=metric).fit(data.taken.T.tocsr())
    path = data.folder / f"{metric}.joblib"
    joblib.dump(model, path)
    bundle = data.import_model("scikit-learn", path, *data.interactions)
    distances, neighbors = model.kneighbors()
    weights: Any = 1 - distances if metric == "cosine" else 1 / (1 + distances)
    own, scores = {}, {}
    for item in range(100):
        names = [data.items[other] for other in neighbors[item]]
        own[data.items[item]] = names[:10]
        scores[data.items[item]] = dict(zip(names, weights[item], strict=True))
    sums = np.zeros((100, len(data.items)))
    for user in range(100):
        for item in data.taken[user].indices:
            sums[user, neighbors[item]] += weights[item]
    own_sums = {data.users[user]: top(data, sums[user], user) for user in range(100)}
    with sidecart.Client(start_server(bundle).socket) as client:

        def ask(item: str) -> list[str]:
            return [other.item_id for other in client.related(item, "similar", k=10).items]

        name = f"scikit-learn NearestNeighbors, {metric}"
        compare(f"{name}, neighbors of items", own, scores.__getitem__, ask)
        compare(f"{name}, sums over users' items", own_sums, by_id(data, sums), slates(client))


def test_a_model_of_another_kind_is_named(data: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    from sklearn.linear_model import Ridge

    path = data.folder / "ridge.joblib"
    joblib.dump(Ridge(), path)
    with pytest.raises(AssertionError):
        data.import_model("scikit-learn", path)
    assert "holds a Ridge, not an NMF" in capsys.readouterr().err
