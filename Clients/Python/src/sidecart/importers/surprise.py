"""SVD++ and SVD of Surprise. Their ids and ratings come with them."""

from __future__ import annotations

import argparse

import numpy as np

from ..bundle import Bundle
from .core import Given, factors, library, must_exist
from .failure import ImportFailure
from .ids import texts
from .interactions import Interactions

EXAMPLE = """\
  surprise.dump.dump("svdpp.dump", algo=algo)
  python -m sidecart import surprise svdpp.dump --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: all is in the file."""


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of what ``surprise.dump.dump`` wrote, which may run any code: import only what you trust."""
    must_exist(path)
    surprise = library("surprise", "scikit-surprise")
    _, model = surprise.dump.load(path)
    if not isinstance(model, surprise.SVDpp | surprise.SVD):
        raise ImportFailure(f"{path}: holds a {type(model).__name__}, not an SVDpp or SVD")
    ratings = model.trainset
    users = np.array(model.pu, np.float64)
    rows = [ratings.ur[user] for user in range(ratings.n_users)]
    if isinstance(model, surprise.SVDpp):
        for user, row in enumerate(rows):
            users[user] += model.yj[[item for item, _ in row]].sum(axis=0) / np.sqrt(len(row))
    is_biased = isinstance(model, surprise.SVDpp) or model.biased
    raw_users = texts(map(ratings.to_raw_uid, range(ratings.n_users)), f"{path}: users")
    raw_items = texts(map(ratings.to_raw_iid, range(ratings.n_items)), f"{path}: items")
    for ids, found, option in (
        (given.user_ids, raw_users, "--user-ids"),
        (given.item_ids, raw_items, "--item-ids"),
    ):
        if ids is not None and ids != found:
            raise ImportFailure(f"{option} differs from the ids that {path} has; leave it out")
    if given.interactions is None:
        given.interactions = Interactions(
            offsets=np.cumsum([0] + [len(row) for row in rows], dtype=np.int64),
            items=np.array([item for row in rows for item, _ in row], np.int32),
            values=np.ones(ratings.n_ratings, np.float32),
            shape=(ratings.n_users, ratings.n_items),
        )
    return factors(
        f"surprise-{type(model).__name__.lower()}",
        given,
        user_ids=raw_users,
        item_ids=raw_items,
        users=users,
        items=model.qi,
        user_biases=model.bu if is_biased else None,
        item_biases=model.bi if is_biased else None,
        offset=ratings.global_mean if is_biased else 0,
    )
