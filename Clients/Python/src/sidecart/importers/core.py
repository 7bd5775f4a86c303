"""What importers share: what the command line gives, and the two kinds of models that they make bundles of."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ..bundle import Bundle, FoldIn, Histories, ItemLists
from .failure import ImportFailure
from .interactions import Interactions

Vectors = npt.NDArray[np.floating[Any]]

# Biases lie in a dimension of the items' vectors in so small a unit that they hardly count where the vector of a basket
# is the mean of its items'. A power of two, so that scaling loses no bit.
BIAS_UNIT = 0.125


@dataclass
class Given:
    """What the command line gives beside the model.

    Attributes:
        user_ids: one a row; None where the model brings them.
        item_ids: likewise.
        interactions: who took what; None where that is not given.
        version: of the bundle.
        similar_max: the longest list of similar items; 0 for none.
        notes: receives what the user should know, a sentence each.
    """

    user_ids: list[str] | None = None
    item_ids: list[str] | None = None
    interactions: Interactions | None = None
    version: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
    similar_max: int = 50
    notes: list[str] = field(default_factory=list)

    def need_user_ids(self) -> list[str]:
        """Those, or an error that says how to give them."""
        return self._need(self.user_ids, "--user-ids", "users")

    def need_item_ids(self) -> list[str]:
        """Those, or an error that says how to give them."""
        return self._need(self.item_ids, "--item-ids", "items")

    def need_interactions(self, why: str) -> Interactions:
        """Those, or an error that says how to give them and why."""
        if self.interactions is None:
            raise ImportFailure(f"--interactions FILE.npz is required: {why}")
        return self.interactions

    @staticmethod
    def _need(ids: list[str] | None, option: str, what: str) -> list[str]:
        if ids is None:
            raise ImportFailure(
                f"{option} FILE is required: the model knows its {what} by number alone; one id a line, in the order of"
                " its rows"
            )
        return ids


def library(name: str, package: str) -> Any:
    """Imports a library, or says how to install it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportFailure(
            f"this needs {error.name}, which is not installed: pip install {package}"
        ) from None


def factors(
    kind: str,
    given: Given,
    *,
    user_ids: Sequence[str],
    item_ids: Sequence[str],
    users: Vectors,
    items: Vectors,
    user_biases: Vectors | None = None,
    item_biases: Vectors | None = None,
    offset: float = 0,
    fold_in: FoldIn | None = None,
) -> Bundle:
    """A bundle of a model whose score is ``users . items + user bias + item bias + offset``.

    Biases become two dimensions more, so that the inner products that are served are the model's scores.

    Args:
        kind: such as ``"implicit-als"``.
        given: what the command line gave.
        user_ids: ``[U]``.
        item_ids: ``[I]``.
        users: ``[U, D]``.
        items: ``[I, D]``.
        user_biases: ``[U]``.
        item_biases: ``[I]``.
        offset: added to every score.
        fold_in: how shoppers without a vector get one.
    """
    _expect(users, user_ids, "user")
    _expect(items, item_ids, "item")
    if users.shape[1] != items.shape[1]:
        raise ImportFailure(
            f"the users' vectors have {users.shape[1]} dimensions, the items' {items.shape[1]}"
        )
    if item_biases is not None or user_biases is not None or offset:
        mine = _biases(item_biases, item_ids, "item") * BIAS_UNIT
        theirs = (_biases(user_biases, user_ids, "user") + offset) / BIAS_UNIT
        items = np.column_stack([items, mine, np.full(len(mine), BIAS_UNIT)])
        users = np.column_stack([users, np.full(len(theirs), 1 / BIAS_UNIT), theirs])
    bundle = Bundle(
        version=given.version,
        kind=kind,
        item_ids=item_ids,
        user_ids=user_ids,
        item_embeddings=_single(items, item_ids, "item"),
        user_embeddings=_single(users, user_ids, "user"),
        fold_in=fold_in,
    )
    if given.similar_max:
        bundle.neighbors["similar"] = similar(bundle.item_embeddings, given.similar_max)
    add_interactions(bundle, given)
    return bundle


def lists(
    kind: str, given: Given, item_ids: Sequence[str], user_ids: Sequence[str], weights: ItemLists
) -> Bundle:
    """A bundle of a model whose score is the sum, over the items that a shopper took, of their weights.

    Args:
        kind: such as ``"implicit-item-item"``.
        given: what the command line gave.
        item_ids: ``[I]``.
        user_ids: of those whose interactions are known.
        weights: a list for each item: what having taken it speaks for.
    """
    if len(weights.offsets) != len(item_ids) + 1:
        raise ImportFailure(
            f"the model has lists of {len(weights.offsets) - 1} items, but there are {len(item_ids)} item ids"
        )
    bundle = Bundle(
        version=given.version,
        kind=kind,
        item_ids=item_ids,
        user_ids=user_ids,
        item_weights=weights,
        neighbors={"similar": _without_self(weights)},
    )
    add_interactions(bundle, given)
    values = given.interactions.values if given.interactions else np.zeros(0)
    if values.size and (values != values[0]).any():
        given.notes.append(
            "the interactions have different values, but each item of a history counts once when it is served"
        )
    return bundle


def add_interactions(bundle: Bundle, given: Given) -> None:
    """Histories and popularity from what users took."""
    found = given.interactions
    if found is None:
        given.notes.append(
            "without --interactions, shoppers are recommended what they took, and unknown ones get no best sellers"
        )
        return
    for side, ids, what in (
        (0, bundle.user_ids, "users (rows)"),
        (1, bundle.item_ids, "items (columns)"),
    ):
        if found.shape[side] != len(ids):
            raise ImportFailure(
                f"{found.path}: has {found.shape[side]} {what}, but there are {len(ids)} ids"
            )
    bundle.histories = Histories(found.offsets, found.items)
    bundle.popularity = np.bincount(found.items, minlength=len(bundle.item_ids)).astype(np.float32)


def item_lists(
    rows: npt.NDArray[Any], columns: npt.NDArray[Any], scores: npt.NDArray[Any], count: int
) -> ItemLists:
    """Lists from entries in any order, strongest first and by number among equals."""
    order = np.lexsort((columns, -scores, rows))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    return ItemLists(
        offsets.astype(np.int64), columns[order].astype(np.int32), scores[order].astype(np.float32)
    )


def similar(items: Vectors | None, longest: int) -> ItemLists:
    """For each item those whose vectors have the largest cosine with its own, above 0; not itself."""
    assert items is not None
    norms = np.linalg.norm(items, axis=1)
    units = items / np.where(norms > 0, norms, 1)[:, None]
    longest = min(longest, len(items) - 1)
    rows, columns, scores = [], [], []
    for start in range(0, len(items), 1024):
        cosines = units[start : start + 1024] @ units.T
        own = np.arange(start, start + len(cosines))
        cosines[own - start, own] = -np.inf
        best = np.argpartition(-cosines, max(longest - 1, 0), axis=1)[:, :longest]
        found = np.take_along_axis(cosines, best, axis=1)
        kept = found > 0
        rows.append(np.repeat(own, kept.sum(axis=1)))
        columns.append(best[kept])
        scores.append(found[kept])
        if sys.stderr.isatty():
            print(f"\rsimilar items: {own[-1] + 1:,} of {len(items):,}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return item_lists(
        np.concatenate(rows), np.concatenate(columns), np.concatenate(scores), len(items)
    )


def _without_self(weights: ItemLists) -> ItemLists:
    rows = np.repeat(np.arange(len(weights.offsets) - 1), np.diff(weights.offsets))
    kept = rows != weights.items
    return item_lists(
        rows[kept], weights.items[kept], weights.scores[kept], len(weights.offsets) - 1
    )


def _expect(vectors: Vectors, ids: Sequence[str], what: str) -> None:
    if vectors.ndim != 2:
        raise ImportFailure(f"the {what}s' vectors have shape {vectors.shape}, not 2 dimensions")
    if len(vectors) != len(ids):
        raise ImportFailure(
            f"the model has {len(vectors)} {what} vectors, but there are {len(ids)} {what} ids"
        )


def _biases(biases: Vectors | None, ids: Sequence[str], what: str) -> Vectors:
    if biases is None:
        return np.zeros(len(ids))
    biases = np.asarray(biases, np.float64).reshape(-1)
    if len(biases) != len(ids):
        raise ImportFailure(f"the model has {len(biases)} {what} biases, but {len(ids)} {what}s")
    return biases


def _single(vectors: Vectors, ids: Sequence[str], what: str) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(vectors, np.float32)
    if not np.isfinite(single).all():
        row, column = np.argwhere(~np.isfinite(single))[0]
        raise ImportFailure(
            f"the vector of {what} {ids[row]!r} (row {row}) has {vectors[row, column]} at dimension {column}"
        )
    return single


def must_exist(path: str) -> None:
    """Refuses a model that is not there before a library says so in its own way."""
    if not os.path.exists(path):
        raise ImportFailure(f"{path}: no such file or folder")
