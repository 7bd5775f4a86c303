"""Models of scikit-learn: NMF and TruncatedSVD of users x items, and NearestNeighbors among items."""

from __future__ import annotations

import argparse

import numpy as np

from ..bundle import Bundle
from .core import Given, factors, item_lists, library, lists, must_exist
from .failure import ImportFailure

EXAMPLE = """\
  joblib.dump(NMF(32).fit(user_items), "nmf.joblib")
  python -m sidecart import scikit-learn nmf.joblib --user-ids users.txt --item-ids items.txt --interactions user-items.npz --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many neighbors."""
    parser.add_argument(
        "--neighbors",
        type=int,
        metavar="N",
        help="of NearestNeighbors, how many of each item to take; default: as many as the model was made for",
    )


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of what ``joblib.dump`` or pickle wrote, which may run any code: import only what you trust."""
    must_exist(path)
    library("sklearn", "scikit-learn")
    model = library("joblib", "joblib").load(path)
    kind = type(model).__name__
    if kind in ("NMF", "MiniBatchNMF", "TruncatedSVD"):
        found = given.need_interactions("it is what the model's transform makes users' vectors of")
        if found.shape[1] != model.components_.shape[1]:
            raise ImportFailure(
                f"{found.path}: has {found.shape[1]} items (columns), but the model was fitted to {model.components_.shape[1]}"
            )
        return factors(
            f"scikit-learn-{kind.lower()}",
            given,
            user_ids=given.need_user_ids(),
            item_ids=given.need_item_ids(),
            users=model.transform(found.scipy()),
            items=model.components_.T,
        )
    if kind != "NearestNeighbors":
        raise ImportFailure(
            f"{path}: holds a {kind}, not an NMF, MiniBatchNMF, TruncatedSVD or NearestNeighbors"
        )
    item_ids = given.need_item_ids()
    found = given.need_interactions("the score of an item is the sum over what a user took")
    if model.n_samples_fit_ != len(item_ids):
        raise ImportFailure(
            f"{path}: was fitted to {model.n_samples_fit_} rows, but there are {len(item_ids)} item ids; it must be fitted to items"
        )
    # Without rows of its own to ask for, it leaves each item out of its own list.
    distances, columns = model.kneighbors(n_neighbors=options.neighbors or model.n_neighbors)
    if model.effective_metric_ == "cosine":
        scores = 1 - distances
    else:
        scores = 1 / (1 + distances)
        given.notes.append(
            f"a neighbor at the {model.effective_metric_} distance d has the weight 1 / (1 + d)"
        )
    rows = np.repeat(np.arange(len(item_ids)), columns.shape[1])
    weights = item_lists(rows, columns.reshape(-1), scores.reshape(-1), len(item_ids))
    return lists("scikit-learn-neighbors", given, item_ids, given.need_user_ids(), weights)
