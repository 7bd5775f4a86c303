"""What the tests of importers share: who took what, and the comparison of two recommenders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import sidecart
from sidecart.__main__ import main

FIGURES: list[str] = []


@dataclass
class Shop:
    """Who took what.

    Attributes:
        folder: has ``users.txt``, ``items.txt`` and ``taken.npz``.
        users: ids.
        items: ids.
        taken: users x items, a scipy CSR matrix of ones.
    """

    folder: Path
    users: list[str]
    items: list[str]
    taken: Any

    def import_model(self, library: str, model: Path, *options: str, ids: bool = True) -> str:
        """Runs ``python -m sidecart import``; gives the bundle's folder."""
        out = str(self.folder / f"bundle-{model.name}")
        given = [
            "--user-ids",
            str(self.folder / "users.txt"),
            "--item-ids",
            str(self.folder / "items.txt"),
        ]
        assert (
            main(["import", library, str(model), "--out", out, *(given if ids else []), *options])
            == 0
        )
        return out

    @property
    def interactions(self) -> tuple[str, str]:
        """The option that gives them."""
        return "--interactions", str(self.folder / "taken.npz")


def compare(
    name: str,
    own: Mapping[str, list[str]],
    scores: Callable[[str], Mapping[str, float]],
    ask: Callable[[str], list[str]],
) -> None:
    """Fails where a list differs by more than the order of ties.

    Args:
        name: of the library and its model.
        own: the library's ten best of each of 100 shoppers, best first.
        scores: the library's own scores of a shopper's items.
        ask: the server's ten best.
    """
    assert len(own) == 100
    identical, differing = 0, []
    for shopper, mine in own.items():
        served = ask(shopper)
        assert len(mine) == len(served) > 0, shopper
        if mine == served:
            identical += 1
            continue
        known = scores(shopper)
        expected = np.array([known[item] for item in mine])
        found = np.array([known[item] for item in served])
        if len(set(served)) < len(served) or not np.allclose(expected, found, rtol=2e-5, atol=1e-6):
            differing.append((shopper, mine, served))
    FIGURES.append(
        f"{name}: {100 - len(differing)} of 100 equal, {identical} of them in the very same order"
    )
    assert not differing


def slates(client: sidecart.Client) -> Callable[[str], list[str]]:
    """Asks for the slate of a user."""
    return lambda user: [
        item.item_id for item in client.recommend(user=user, k=10, timeout=30).items
    ]


def top(shop: Shop, row: Any, user: int, leave_out_taken: bool = True) -> list[str]:
    """The ids of the ten best scores of a user's row."""
    row = np.array(row, np.float64)
    if leave_out_taken:
        row[shop.taken[user].indices] = -np.inf
    return [shop.items[item] for item in np.argsort(-row, kind="stable")[:10]]


def by_id(shop: Shop, matrix: Any) -> Callable[[str], Mapping[str, float]]:
    """A user's row of scores by the items' ids."""
    return lambda user: dict(zip(shop.items, matrix[shop.users.index(user)], strict=True))
