"""Models of ``implicit``: ALS, BPR and logistic factors, and the item-item neighbors.

Reads what ``model.save`` writes, without the library.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..bundle import Bundle, FoldIn
from .core import Given, factors, item_lists, lists
from .failure import ImportFailure

EXAMPLE = """\
  model.save("als.npz"); scipy.sparse.save_npz("user-items.npz", user_items)
  python -m sidecart import implicit als.npz --user-ids users.txt --item-ids items.txt --interactions user-items.npz --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: the file says which model it is."""


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of what ``model.save`` wrote."""
    try:
        with np.load(path, allow_pickle=False) as file:
            saved: dict[str, Any] = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise ImportFailure(f"{path}: cannot read: {error}") from None
    item_ids = given.need_item_ids()
    if "indptr" in saved and "data" in saved:
        given.need_interactions("the score of an item-item model is the sum over what a user took")
        count = int(saved["shape"][0])
        rows = np.repeat(np.arange(count), np.diff(saved["indptr"]))
        weights = item_lists(rows, saved["indices"], saved["data"], count)
        return lists("implicit-item-item", given, item_ids, given.need_user_ids(), weights)
    if "user_factors" not in saved or "item_factors" not in saved:
        raise ImportFailure(f"{path}: was not written by the save method of a model of implicit")
    kind = "als" if "alpha" in saved else "bpr" if "verify_negative_samples" in saved else "factors"
    return factors(
        f"implicit-{kind}",
        given,
        user_ids=given.need_user_ids(),
        item_ids=item_ids,
        users=saved["user_factors"],
        items=saved["item_factors"],
        fold_in=_fold_in(saved, given) if kind == "als" else None,
    )


def _fold_in(saved: dict[str, Any], given: Given) -> FoldIn | None:
    """How ALS solves for a user, where all that was taken has one confidence c above 1.

    ``(Y'Y + (c - 1) sum of y y' + r E) x = c sum of y``, divided by c - 1, is how bundles fold in, but for a factor that
    does not change what is ranked higher.
    """
    values = given.interactions.values if given.interactions else np.ones(1)
    confidence = float(saved["alpha"]) * float(values[0]) if values.size else 0.0
    if (values != values[:1]).any() or confidence <= 1 or saved["item_factors"].shape[1] > 1024:
        given.notes.append(
            "baskets and unknown shoppers get the mean of their items' vectors: folding in needs one confidence above 1 (alpha times the value) and at most 1,024 factors"
        )
        return None
    return FoldIn(
        unobserved_weight=1 / (confidence - 1),
        regularization=float(saved["regularization"]) / (confidence - 1),
        regularization_exponent=0,
    )
