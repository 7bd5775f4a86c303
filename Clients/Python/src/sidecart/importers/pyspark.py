"""ALSModel of Spark ML: both tables of factors, and the labels of both StringIndexers.

Reads the folders that Spark saved, with pyarrow; it needs neither Spark nor Java. ``MODEL`` is a PipelineModel that holds
the indexers and the ALSModel, or an ALSModel, with the indexers' folders beside it.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from ..bundle import Bundle
from .core import Given, Vectors, factors, library, must_exist
from .failure import ImportFailure
from .ids import texts

EXAMPLE = """\
  Pipeline(stages=[StringIndexer(...), StringIndexer(...), ALS(...)]).fit(ratings).write().save("pipeline")
  python -m sidecart import pyspark pipeline --out shop
  python -m sidecart import pyspark als --user-labels user-indexer --item-labels item-indexer --out shop"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The indexers."""
    for side in ("user", "item"):
        parser.add_argument(
            f"--{side}-labels",
            metavar="FOLDER",
            help=f"the StringIndexerModel of the {side}s, where MODEL is an ALSModel",
        )


def load(path: str, given: Given, options: argparse.Namespace) -> Bundle:
    """Makes a bundle of saved folders. Rows of the interactions are users by their label's place, as columns are items."""
    must_exist(path)
    library("pyarrow.dataset", "'sidecart[parquet]'")
    labels: dict[str, list[str]] = {}
    folder, metadata = path, _metadata(path)
    if _class(metadata) == "PipelineModel":
        models = []
        for stage in sorted(glob.glob(os.path.join(path, "stages", "*"))):
            found = _metadata(stage)
            if _class(found) == "StringIndexerModel":
                labels |= _labels(stage, found)
            if _class(found) == "ALSModel":
                models.append((stage, found))
        if len(models) != 1:
            raise ImportFailure(f"{path}: is a pipeline with {len(models)} ALSModels, not one")
        folder, metadata = models[0]
    if _class(metadata) != "ALSModel":
        raise ImportFailure(f"{path}: is a {_class(metadata)}, not an ALSModel or a PipelineModel")
    user_numbers, users = _factors(folder, "userFactors")
    item_numbers, items = _factors(folder, "itemFactors")

    def ids(side: str, numbers: npt.NDArray[np.int64], given_ids: list[str] | None) -> list[str]:
        column = _parameter(metadata, f"{side}Col")
        indexer = getattr(options, f"{side}_labels")
        known = given_ids or labels.get(str(column))
        where = f"--{side}-ids" if given_ids else f"the labels of {column}"
        if indexer is not None:
            must_exist(indexer)
            all_labels = _labels(indexer, _metadata(indexer))
            known = all_labels.get(str(column)) or next(iter(all_labels.values()))
            where = indexer
        if known is None:
            given.notes.append(f"the numbers of {column} are taken for the {side}s' ids")
            return texts(numbers.tolist(), folder)
        if len(numbers) and numbers[-1] >= len(known):
            raise ImportFailure(
                f"{folder}: has {side} {numbers[-1]}, but {where} has {len(known)} ids"
            )
        return [known[number] for number in numbers]

    user_ids = ids("user", user_numbers, given.user_ids)
    item_ids = ids("item", item_numbers, given.item_ids)
    if given.interactions is not None:
        given.interactions = given.interactions.select(user_numbers, item_numbers)
    return factors(
        "pyspark-als", given, user_ids=user_ids, item_ids=item_ids, users=users, items=items
    )


def _metadata(folder: str) -> dict[str, Any]:
    files = glob.glob(os.path.join(folder, "metadata", "part-*"))
    if not files:
        raise ImportFailure(f"{folder}: has no metadata: Spark ML saved no model there")
    with open(files[0], encoding="utf-8") as file:
        found: dict[str, Any] = json.loads(file.readline())
    return found


def _class(metadata: dict[str, Any]) -> str:
    return str(metadata["class"]).rpartition(".")[2]


def _parameter(metadata: dict[str, Any], name: str) -> Any:
    return metadata["paramMap"].get(name, metadata["defaultParamMap"].get(name))


def _table(folder: str) -> Any:
    if not os.path.isdir(folder):
        raise ImportFailure(f"{folder}: no such folder")
    return library("pyarrow.dataset", "pyarrow").dataset(folder, format="parquet").to_table()


def _factors(folder: str, name: str) -> tuple[npt.NDArray[np.int64], Vectors]:
    """The numbers of a table's rows, ascending, and their vectors."""
    table = _table(os.path.join(folder, name))
    numbers = table["id"].to_numpy().astype(np.int64)
    lengths = {len(features) for features in table["features"].to_pylist()}
    if len(lengths) > 1:
        raise ImportFailure(f"{folder}: {name} has vectors of different lengths, {sorted(lengths)}")
    vectors = np.array(table["features"].to_pylist(), np.float32).reshape(len(numbers), -1)
    order = np.argsort(numbers)
    repeated = np.flatnonzero(np.diff(numbers[order]) == 0)
    if repeated.size:
        raise ImportFailure(f"{folder}: {name} has {numbers[order][repeated[0]]} twice")
    return numbers[order], vectors[order]


def _labels(folder: str, metadata: dict[str, Any]) -> dict[str, list[str]]:
    """The labels by the column that they are the numbers of."""
    if _class(metadata) != "StringIndexerModel":
        raise ImportFailure(f"{folder}: is a {_class(metadata)}, not a StringIndexerModel")
    table = _table(os.path.join(folder, "data"))
    if "labelsArray" in table.column_names:
        lists = table["labelsArray"].to_pylist()[0]
    else:
        lists = [table["labels"].to_pylist()[0]]
    columns = metadata["paramMap"].get("outputCols") or [_parameter(metadata, "outputCol")]
    return {
        column: texts(labels, f"{folder}: {column}")
        for column, labels in zip(columns, lists, strict=True)
    }
