"""A bundle for other tools: Parquet tables, NumPy arrays, or matrices that faiss takes.

Ids travel with everything: as columns of tables, or as ``items.txt`` and ``users.txt``, a line a row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from .bundle import Bundle, ItemLists
from .bundle.errors import BundleError
from .bundle.tensors import tensors_of

Format = Literal["parquet", "numpy", "faiss"]


def export(bundle: Bundle, folder: str, format: Format = "parquet") -> list[str]:
    """Writes a bundle's contents to a new folder.

    - ``parquet``: ``items`` (id, title, category, price, popularity, vector and the rest of the catalog), ``users`` (id,
      vector), ``histories`` (user_id, item_id, value), and for each kind of lists a table (id, item_id, score). Needs pyarrow.
    - ``numpy``: each tensor as a file of its name, with ``items.txt`` and ``users.txt``.
    - ``faiss``: ``items.npy`` and ``users.npy``, float32 and contiguous, for an index of inner products
      (``faiss.IndexFlatIP``), with ``items.txt`` and ``users.txt``.

    Returns:
        The files written.

    Raises:
        BundleError: the folder exists, or the bundle has no vectors for faiss.
        ModuleNotFoundError: pyarrow is not installed; the message says how.
    """
    write: Callable[[Bundle, str], Iterator[str]] = {
        "parquet": _parquet,
        "numpy": _numpy,
        "faiss": _faiss,
    }[format]
    if format == "faiss" and bundle.item_embeddings is None:
        raise BundleError(folder, "the bundle has no vectors")
    if format == "parquet":
        _pyarrow()
    try:
        os.mkdir(folder)
    except OSError as error:
        raise BundleError(folder, f"cannot create: {error.strerror}") from None
    return list(write(bundle, folder))


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Parquet needs pyarrow: pip install 'sidecart[parquet]'", name="pyarrow"
        ) from None
    return pyarrow


def _parquet(bundle: Bundle, folder: str) -> Iterator[str]:
    pyarrow = _pyarrow()

    def table(name: str, columns: dict[str, Any]) -> str:
        path = os.path.join(folder, f"{name}.parquet")
        there = {column: values for column, values in columns.items() if values is not None}
        pyarrow.parquet.write_table(pyarrow.table(there), path)
        return path

    def vectors(matrix: Any) -> Any:
        if matrix is None:
            return None
        flat = pyarrow.array(np.ascontiguousarray(matrix, np.float32).reshape(-1))
        return pyarrow.FixedSizeListArray.from_arrays(flat, matrix.shape[1])

    def texts(values: Any) -> Any:
        return None if values is None else pyarrow.array(list(values), pyarrow.string())

    def text_lists(values: Any) -> Any:
        return (
            None if values is None else pyarrow.array(list(values), pyarrow.list_(pyarrow.string()))
        )

    catalog = bundle.catalog
    yield table(
        "items",
        {
            "id": texts(bundle.item_ids),
            "title": texts(catalog.titles),
            "category": text_lists(catalog.categories),
            "attributes": text_lists(catalog.attributes),
            "price": catalog.prices,
            "stock": catalog.stocks,
            "group": texts(catalog.groups),
            "available_from": catalog.available_from,
            "discontinued": catalog.discontinued,
            "margin": catalog.margins,
            "popularity": bundle.popularity,
            "vector": vectors(bundle.item_embeddings),
        },
    )
    items, users = np.array(bundle.item_ids, object), np.array(bundle.user_ids, object)
    if len(users):
        yield table("users", {"id": texts(users), "vector": vectors(bundle.user_embeddings)})
    if bundle.histories is not None:
        found = bundle.histories
        yield table(
            "histories",
            {
                "user_id": texts(users.repeat(np.diff(found.offsets))),
                "item_id": texts(items[found.items]),
                "value": found.values,
            },
        )
    for name, lists in _all_lists(bundle):
        owners = users if name == "user_lists" else items
        yield table(
            name,
            {
                "id": texts(owners.repeat(np.diff(lists.offsets))),
                "item_id": texts(items[lists.items]),
                "score": lists.scores,
                "lift": lists.lifts,
                "confidence": lists.confidences,
            },
        )


def _all_lists(bundle: Bundle) -> Iterator[tuple[str, ItemLists]]:
    yield from bundle.neighbors.items()
    for name in ("item_weights", "user_lists", "new_items"):
        found: ItemLists | None = getattr(bundle, name)
        if found is not None:
            yield name, found


def _numpy(bundle: Bundle, folder: str) -> Iterator[str]:
    for name, tensor in tensors_of(bundle, folder).items():
        if not name.startswith(("item_ids.", "user_ids.")):
            path = os.path.join(folder, f"{name}.npy")
            np.save(path, tensor)
            yield path
    yield from _ids(bundle, folder)


def _faiss(bundle: Bundle, folder: str) -> Iterator[str]:
    for name, matrix in (("items", bundle.item_embeddings), ("users", bundle.user_embeddings)):
        if matrix is not None:
            path = os.path.join(folder, f"{name}.npy")
            np.save(path, np.ascontiguousarray(matrix, np.float32))
            yield path
    yield from _ids(bundle, folder)


def _ids(bundle: Bundle, folder: str) -> Iterator[str]:
    """One id a line; as JSON where an id holds a line break."""
    for name, ids in (("items", bundle.item_ids), ("users", bundle.user_ids)):
        if not len(ids):
            continue
        has_breaks = any("\n" in id or "\r" in id for id in ids)
        path = os.path.join(folder, f"{name}.json" if has_breaks else f"{name}.txt")
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            if has_breaks:
                json.dump(list(ids), file, ensure_ascii=False)
            else:
                file.writelines(f"{id}\n" for id in ids)
        yield path
