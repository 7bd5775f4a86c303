"""Embedding weights, with biases where there are any, from a PyTorch state dict."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..bundle import Bundle
from .core import Given, factors, library, must_exist
from .failure import ImportFailure

EXAMPLE = """\
  torch.save(model.state_dict(), "model.pt")
  python -m sidecart import torch model.pt --user-key users.weight --item-key items.weight --item-bias-key item_bias.weight --user-ids users.txt --item-ids items.txt --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The keys of the state dict."""
    parser.add_argument("--user-key", metavar="KEY", help="of the users' vectors, [U, D]")
    parser.add_argument("--item-key", metavar="KEY", help="of the items' vectors, [I, D]")
    parser.add_argument(
        "--user-bias-key", metavar="KEY", help="of the users' biases, [U] or [U, 1]"
    )
    parser.add_argument(
        "--item-bias-key", metavar="KEY", help="of the items' biases, [I] or [I, 1]"
    )
    parser.add_argument("--offset-key", metavar="KEY", help="of one number that is in every score")
    parser.add_argument(
        "--skip-rows",
        type=int,
        default=0,
        metavar="N",
        help="leave out the first N rows of every table, such as one for padding or unknown ids; default: 0",
    )


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of a state dict in a ``.pt`` or ``.safetensors`` file. Runs no code of the file."""
    must_exist(path)
    state = _state(path)

    def table(option: str) -> Any:
        key = getattr(options, option)
        if key is None:
            return None
        if key not in state:
            raise ImportFailure(f"{path}: has no {key!r}; there are {_shapes(state)}")
        return state[key]

    if options.user_key is None or options.item_key is None:
        raise ImportFailure(f"--user-key and --item-key are required; {path} has {_shapes(state)}")

    def rows(option: str) -> Any:
        found = table(option)
        return None if found is None else found[options.skip_rows :]

    offset = table("offset_key")
    if offset is not None and offset.size != 1:
        raise ImportFailure(f"{path}: {options.offset_key!r} has {offset.size} elements, not 1")
    return factors(
        "torch",
        given,
        user_ids=given.need_user_ids(),
        item_ids=given.need_item_ids(),
        users=rows("user_key"),
        items=rows("item_key"),
        user_biases=rows("user_bias_key"),
        item_biases=rows("item_bias_key"),
        offset=0 if offset is None else float(offset.reshape(-1)[0]),
    )


def _state(path: str) -> dict[str, Any]:
    if path.endswith(".safetensors"):
        from safetensors.numpy import load_file

        return dict(load_file(path))
    torch = library("torch", "torch")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ImportFailure(f"{path}: is no state dict: {str(error).splitlines()[0]}") from None
    for name in ("state_dict", "model_state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(name), dict):
            loaded = loaded[name]
    if not isinstance(loaded, dict):
        raise ImportFailure(f"{path}: holds a {type(loaded).__name__}, not a state dict")
    return {
        name: value.detach().to(torch.float32).numpy().astype(np.float32)
        for name, value in loaded.items()
        if isinstance(value, torch.Tensor)
    }


def _shapes(state: dict[str, Any]) -> str:
    return ", ".join(f"{name} {list(value.shape)}" for name, value in state.items()) or "no tensors"
