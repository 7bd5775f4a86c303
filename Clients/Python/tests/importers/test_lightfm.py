"""LightFM: what its models predict, with features and without, is what is served."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from comparing import Shop, by_id, compare, slates, top
from serving import StartServer

import sidecart

lightfm = pytest.importorskip("lightfm", reason="lightfm is not installed")


def features(data: Shop, side: str, seed: int) -> str:
    """Saves a matrix of some features of each user or item; gives its path."""
    from scipy.sparse import csr_matrix, eye, hstack, save_npz

    count = len(getattr(data, f"{side}s"))
    random = np.random.default_rng(seed)
    described = csr_matrix((random.random((count, 12)) < 0.2).astype(np.float32))
    path = str(data.folder / f"{side}-features.npz")
    save_npz(path, hstack([eye(count), described]).tocsr().astype(np.float32))
    return path


@pytest.mark.parametrize("loss", ["warp", "bpr", "logistic", "warp-kos"])
@pytest.mark.parametrize("has_features", [True, False])
def test_users_get_what_lightfm_predicts(
    loss: str, has_features: bool, data: Shop, start_server: StartServer
) -> None:
    from scipy.sparse import load_npz

    options: list[str] = []
    given: dict[str, Any] = {}
    if has_features:
        for seed, side in enumerate(("user", "item")):
            described = features(data, side, seed)
            options += [f"--{side}-features", described]
            given[f"{side}_features"] = load_npz(described)
    model = lightfm.LightFM(no_components=16, loss=loss, random_state=1)
    model.fit(data.taken.tocoo(), epochs=5, **given)
    path = data.folder / f"{loss}-{has_features}.pkl"
    path.write_bytes(pickle.dumps(model))
    bundle = data.import_model("lightfm", path, *options, *data.interactions)
    everything = np.arange(len(data.items))
    scores = {user: model.predict(user, everything, **given) for user in range(100)}
    own = {data.users[user]: top(data, scores[user], user) for user in range(100)}
    name = f"lightfm {loss}, {'with' if has_features else 'without'} features"
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(name, own, by_id(data, scores), slates(client))
        served = client.score(data.items, user=data.users[0]).scores
        np.testing.assert_allclose(served, scores[0], rtol=1e-4, atol=1e-5)
