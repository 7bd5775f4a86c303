"""Surprise: what SVD++ and SVD estimate is what is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import Shop, compare, slates
from serving import StartServer

import sidecart

surprise = pytest.importorskip("surprise", reason="scikit-surprise is not installed")

MODELS = {
    "SVDpp": lambda: surprise.SVDpp(n_factors=12, n_epochs=4, random_state=1),
    "SVD": lambda: surprise.SVD(n_factors=12, n_epochs=4, random_state=1),
    "SVD without biases": lambda: surprise.SVD(
        n_factors=12, n_epochs=4, biased=False, random_state=1
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_users_get_what_surprise_estimates(
    name: str, data: Shop, start_server: StartServer
) -> None:
    import pandas

    random = np.random.default_rng(3)
    users, items = data.taken.nonzero()
    ratings = pandas.DataFrame(
        {
            "user": [data.users[user] for user in users],
            "item": [data.items[item] for item in items],
            "rating": random.integers(1, 6, size=len(users)),
        }
    )
    reader = surprise.Reader(rating_scale=(1, 5))
    trainset = surprise.Dataset.load_from_df(ratings, reader).build_full_trainset()
    model: Any = MODELS[name]()
    model.fit(trainset)
    path = data.folder / f"{name.replace(' ', '-')}.dump"
    surprise.dump.dump(str(path), algo=model)
    bundle = data.import_model("surprise", path, ids=False)
    rated = [trainset.to_raw_iid(item) for item in range(trainset.n_items)]
    own, scores = {}, {}
    for user in data.users[:100]:
        # Clipped to the scale, many would be equal.
        row = {item: model.predict(user, item, clip=False).est for item in rated}
        taken = {trainset.to_raw_iid(item) for item, _ in trainset.ur[trainset.to_inner_uid(user)]}
        own[user] = sorted(set(rated) - taken, key=lambda item: -row[item])[:10]
        scores[user] = row
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(f"surprise {name}", own, scores.__getitem__, slates(client))
        user = data.users[0]
        served = client.score(rated, user=user).scores
        np.testing.assert_allclose(
            served, [scores[user][item] for item in rated], rtol=1e-4, atol=1e-6
        )
