"""Models of LightFM, with features of users and items or without."""

from __future__ import annotations

import argparse
import pickle
from typing import Any

from ..bundle import Bundle
from .core import Given, factors, library, must_exist
from .failure import ImportFailure
from .interactions import Interactions

EXAMPLE = """\
  pickle.dump(model, open("model.pkl", "wb")); scipy.sparse.save_npz("item-features.npz", item_features)
  python -m sidecart import lightfm model.pkl --user-ids users.txt --item-ids items.txt --item-features item-features.npz --interactions user-items.npz --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The feature matrices."""
    for side in ("user", "item"):
        parser.add_argument(
            f"--{side}-features",
            metavar="FILE.npz",
            help=f"{side}s x features in CSR form, as the model was trained with",
        )


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of a pickled model, whose pickle may run any code: import only what you trust."""
    must_exist(path)
    lightfm = library("lightfm", "lightfm")
    with open(path, "rb") as file:
        model = pickle.load(file)
    if not isinstance(model, lightfm.LightFM):
        raise ImportFailure(f"{path}: holds a {type(model).__name__}, not a LightFM")
    user_biases, users = model.get_user_representations(_features(options.user_features))
    item_biases, items = model.get_item_representations(_features(options.item_features))
    return factors(
        f"lightfm-{model.loss}",
        given,
        user_ids=given.need_user_ids(),
        item_ids=given.need_item_ids(),
        users=users,
        items=items,
        user_biases=user_biases,
        item_biases=item_biases,
    )


def _features(path: str | None) -> Any:
    return None if path is None else Interactions.read(path).scipy()
