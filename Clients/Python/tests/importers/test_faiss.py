"""faiss: an index over exported matrices finds what the server finds."""

from __future__ import annotations

import numpy as np
import pytest
from comparing import Shop, by_id, compare, slates
from serving import StartServer

import sidecart
from sidecart.export import export
from sidecart.importers.core import Given, factors

faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed")


def test_an_index_over_exported_matrices_finds_what_is_served(
    data: Shop, start_server: StartServer
) -> None:
    random = np.random.default_rng(5)
    bundle = factors(
        "random",
        Given(),
        user_ids=data.users,
        item_ids=data.items,
        users=random.normal(size=(400, 24)),
        items=random.normal(size=(250, 24)),
        item_biases=random.normal(size=250),
    )
    bundle.write(data.folder / "random")
    out = data.folder / "faiss"
    export(bundle, str(out), "faiss")
    items, users = np.load(out / "items.npy"), np.load(out / "users.npy")
    ids = (out / "items.txt").read_text().splitlines()
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    _, found = index.search(users[:100], 10)
    own = {data.users[user]: [ids[item] for item in found[user]] for user in range(100)}
    with sidecart.Client(start_server(str(data.folder / "random")).socket) as client:
        compare("faiss IndexFlatIP, exported", own, by_id(data, users @ items.T), slates(client))
