"""Two-tower models of TensorFlow (TensorFlow Recommenders), and embedding layers of Keras models.

Either ``MODEL`` is the users' tower and ``--item-tower`` the items': both are asked for the vector of every id. Or
``--user-layer`` and ``--item-layer`` name embedding layers of one model, whose weights are the vectors.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..bundle import Bundle
from .core import Given, factors, library, must_exist
from .failure import ImportFailure
from .ids import texts

EXAMPLE = """\
  model.user_model.save("users.keras"); model.item_model.save("items.keras")
  python -m sidecart import tensorflow users.keras --item-tower items.keras --out shop
  python -m sidecart import tensorflow ncf.keras --user-layer users --item-layer items --item-bias-layer item_bias --user-ids users.txt --item-ids items.txt --out shop"""

_BATCH = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The towers, or the layers."""
    parser.add_argument(
        "--item-tower",
        metavar="FILE",
        help="the items' tower: a Keras file or a SavedModel folder; MODEL is the users' one then",
    )
    parser.add_argument(
        "--tower-input",
        choices=["ids", "rows"],
        default="ids",
        help="what the towers take: the ids themselves, or the places of their lines, from 0 on; default: ids",
    )
    for side in ("user", "item"):
        parser.add_argument(
            f"--{side}-layer", metavar="NAME", help=f"the embedding layer of the {side}s"
        )
        parser.add_argument(
            f"--{side}-bias-layer", metavar="NAME", help=f"that of the {side}s' biases"
        )
        parser.add_argument(
            f"--{side}-lookup",
            metavar="NAME",
            help=f"the StringLookup layer that the {side}s' ids are taken from, in place of --{side}-ids",
        )


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of saved Keras models."""
    must_exist(path)
    # It would tell at length which processors it was built for.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    tensorflow = library("tensorflow", "tensorflow")
    if options.item_tower is not None:
        must_exist(options.item_tower)
        user_ids, users = _ask_tower(tensorflow, path, given.user_ids, "user", options)
        item_ids, items = _ask_tower(
            tensorflow, options.item_tower, given.item_ids, "item", options
        )
        return factors(
            "tensorflow-towers",
            given,
            user_ids=user_ids,
            item_ids=item_ids,
            users=users,
            items=items,
        )
    layers = {layer.name: layer for layer in _layers(_load(tensorflow, path))}
    if options.user_layer is None or options.item_layer is None:
        names = ", ".join(
            name for name, layer in layers.items() if type(layer).__name__ == "Embedding"
        )
        raise ImportFailure(
            f"give --item-tower, or --user-layer and --item-layer; {path} has the embedding layers {names or '(none)'}"
        )
    user_ids, users, user_biases = _tables(layers, path, given.user_ids, "user", options)
    item_ids, items, item_biases = _tables(layers, path, given.item_ids, "item", options)
    return factors(
        "tensorflow-embeddings",
        given,
        user_ids=user_ids,
        item_ids=item_ids,
        users=users,
        items=items,
        user_biases=user_biases,
        item_biases=item_biases,
    )


def _load(tensorflow: Any, path: str) -> Any:
    try:
        if os.path.isdir(path):
            return tensorflow.saved_model.load(path)
        return tensorflow.keras.models.load_model(path, compile=False)
    except Exception as error:
        raise ImportFailure(f"{path}: cannot load: {str(error).splitlines()[0]}") from None


def _layers(model: Any) -> Iterator[Any]:
    """The model's layers, with those of models within it."""
    for layer in getattr(model, "layers", []):
        yield layer
        yield from _layers(layer)


def _vocabulary(lookup: Any) -> tuple[list[str], int]:
    """The ids of a StringLookup, and how many rows come before theirs."""
    ids = texts(lookup.get_vocabulary(include_special_tokens=False), f"layer {lookup.name}")
    return ids, len(lookup.get_vocabulary()) - len(ids)


def _ask_tower(
    tensorflow: Any, path: str, ids: list[str] | None, side: str, options: argparse.Namespace
) -> tuple[list[str], Any]:
    tower = _load(tensorflow, path)
    lookup = next(
        (layer for layer in _layers(tower) if type(layer).__name__ == "StringLookup"), None
    )
    if lookup is not None and options.tower_input == "ids":
        known, _ = _vocabulary(lookup)
        ids = known if ids is None else ids
        unknown = set(ids).difference(known)
        if unknown:
            raise ImportFailure(
                f"{path}: does not know {len(unknown)} of the {side} ids, such as {min(unknown)!r}"
            )
    if ids is None:
        raise ImportFailure(f"--{side}-ids FILE is required: {path} has no StringLookup layer")
    if not callable(tower):
        signature = tower.signatures["serving_default"]
        name = next(iter(signature.structured_input_signature[1]))

        def ask(batch: Any) -> Any:
            return next(iter(signature(**{name: batch}).values()))
    else:
        ask = tower
    inputs = np.array(ids) if options.tower_input == "ids" else np.arange(len(ids))
    batches = [inputs[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
    vectors = [np.asarray(ask(tensorflow.constant(batch))) for batch in batches]
    return ids, np.concatenate(vectors).reshape(len(ids), -1)


def _tables(
    layers: dict[str, Any], path: str, ids: list[str] | None, side: str, options: argparse.Namespace
) -> tuple[list[str], Any, Any]:
    def layer(option: str) -> Any:
        name = getattr(options, f"{side}_{option}")
        if name is None:
            return None
        if name not in layers:
            raise ImportFailure(f"{path}: has no layer {name!r}; there are {', '.join(layers)}")
        return layers[name]

    skipped = 0
    lookup = layer("lookup")
    if lookup is not None:
        ids, skipped = _vocabulary(lookup)
    if ids is None:
        raise ImportFailure(f"--{side}-ids FILE or --{side}-lookup NAME is required")
    embedding, bias = layer("layer"), layer("bias_layer")
    return (
        ids,
        np.asarray(embedding.get_weights()[0])[skipped:],
        None if bias is None else np.asarray(bias.get_weights()[0])[skipped:],
    )
