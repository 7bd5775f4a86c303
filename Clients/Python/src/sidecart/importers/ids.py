"""Ids of users and items, from files and from models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..bundle.tensor_set import id_fault
from .failure import ImportFailure


def read_ids(path: str) -> list[str]:
    """Ids from a file: one a line, a JSON array (``.json``) or a NumPy array (``.npy``)."""
    try:
        if path.endswith(".npy"):
            values: Iterable[Any] = np.load(path, allow_pickle=False).tolist()
        elif path.endswith(".json"):
            with open(path, encoding="utf-8") as file:
                values = json.load(file)
            if not isinstance(values, list):
                raise ImportFailure(f"{path}: is no JSON array of ids")
        else:
            with open(path, encoding="utf-8", newline="\n") as file:
                values = [line.rstrip("\r\n") for line in file]
    except (OSError, ValueError) as error:
        if isinstance(error, ImportFailure):
            raise
        raise ImportFailure(f"{path}: cannot read: {error}") from None
    return texts(values, path)


def texts(values: Iterable[Any], where: str) -> list[str]:
    """Ids as texts: texts stay, whole numbers are written in decimal; each once."""
    ids: list[str] = []
    places: dict[str, int] = {}
    for place, value in enumerate(values):
        if isinstance(value, bytes):
            value = value.decode()
        if isinstance(value, bool) or not isinstance(value, str | int | np.integer):
            raise ImportFailure(f"{where}: id {place + 1} is {value!r}, no text or whole number")
        text = str(value)
        fault = id_fault(text)
        if fault:
            raise ImportFailure(f"{where}: id {place + 1} {fault}")
        if text in places:
            raise ImportFailure(
                f"{where}: ids {places[text] + 1} and {place + 1} are both {text!r}"
            )
        places[text] = place
        ids.append(text)
    return ids
