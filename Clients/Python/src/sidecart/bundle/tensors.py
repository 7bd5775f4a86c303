"""A bundle as tensors and back. The names and shapes are those of ``Sources/Bundles/ModelBundle+Tensors.swift``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import BundleError
from .manifest import Manifest
from .model import Array, Bundle, Catalog, Histories, ItemLists
from .tensor_set import TensorSet

RELATIONS = ("complement", "similar", "substitute", "rebuy")
INT32_MAX = 2**31 - 1

# What is carried along without being looked into: by name and type.
_OTHER: tuple[tuple[str, Any], ...] = (
    (r"ranker\.((linear|trees)\.)?features\.bytes", np.uint8),
    (r"ranker\.((linear|trees)\.)?features\.offsets|ranker\.trees\.starts", np.int64),
    (r"ranker\.(wide|bias|history_share|linear\.(weights|bias))", np.float32),
    (r"ranker\.layers\.[0-9]\.(weights|biases)|ranker\.trees\.(thresholds|values)", np.float32),
    (r"ranker\.trees\.(splits|children)|habits\.items", np.int32),
    (r"profiles\.((month|week)_sales|repeat_(rates|intervals|spreads))", np.float32),
    (r"habits\.offsets", np.int64),
    (r"habits\.(counts|lately|recently|ages|intervals|basket_counts)", np.float32),
)


def tensors_of(bundle: Bundle, path: str) -> dict[str, Array]:
    """All tensors of a bundle, unchecked but for their types."""
    tensors: dict[str, Array] = {}

    def put(name: str, values: Any, dtype: npt.DTypeLike) -> None:
        if values is None:
            return
        try:
            with np.errstate(over="ignore"):
                tensors[name] = np.ascontiguousarray(values, dtype=dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise BundleError(
                path, f"is no array of {np.dtype(dtype).name}: {error}", name
            ) from None

    def put_texts(name: str, texts: Iterable[str] | None) -> None:
        if texts is None:
            return
        try:
            parts = [text.encode() for text in texts]
        except (AttributeError, UnicodeEncodeError) as error:
            raise BundleError(path, f"holds what is no text: {error}", f"{name}.bytes") from None
        tensors[f"{name}.bytes"] = np.frombuffer(b"".join(parts), np.uint8)
        lengths = [0, *(len(part) for part in parts)]
        tensors[f"{name}.offsets"] = np.cumsum(lengths, dtype=np.int64)

    def put_text_lists(name: str, lists: Sequence[Sequence[str]] | None) -> None:
        if lists is None:
            return
        put_texts(name, [text for row in lists for text in row])
        put(f"{name}.rows", np.cumsum([0, *(len(row) for row in lists)]), np.int64)

    def put_lists(name: str, lists: ItemLists | None) -> None:
        if lists is None:
            return
        put(f"{name}.offsets", lists.offsets, np.int64)
        put(f"{name}.items", lists.items, np.int32)
        put(f"{name}.scores", lists.scores, np.float32)
        put(f"{name}.lifts", lists.lifts, np.float32)
        put(f"{name}.confidences", lists.confidences, np.float32)

    put_texts("item_ids", bundle.item_ids)
    if len(bundle.user_ids):
        put_texts("user_ids", bundle.user_ids)
    put("item_embeddings", bundle.item_embeddings, np.float32)
    put("user_embeddings", bundle.user_embeddings, np.float32)
    put("popularity", bundle.popularity, np.float32)
    for relation, lists in bundle.neighbors.items():
        put_lists(f"neighbors.{relation}", lists)
    put_lists("item_weights", bundle.item_weights)
    put_lists("user_lists", bundle.user_lists)
    put_lists("new_items", bundle.new_items)
    if bundle.histories is not None:
        put("histories.offsets", bundle.histories.offsets, np.int64)
        put("histories.items", bundle.histories.items, np.int32)
        put("histories.values", bundle.histories.values, np.float32)
    catalog = bundle.catalog
    put_texts("catalog.titles", catalog.titles)
    put_text_lists("catalog.categories", catalog.categories)
    put_text_lists("catalog.attributes", catalog.attributes)
    put("catalog.prices", catalog.prices, np.float32)
    put("catalog.stocks", catalog.stocks, np.int32)
    put_texts("catalog.groups", catalog.groups)
    put("catalog.available_from", catalog.available_from, np.int64)
    put("catalog.discontinued", catalog.discontinued, np.uint8)
    if catalog.margins is not None:
        margins = np.asarray(catalog.margins, np.float32)
        put("catalog.margins", np.nan_to_num(margins, nan=0), np.float32)
        put("catalog.margins_known", ~np.isnan(margins), np.uint8)
    for name, tensor in bundle.other.items():
        if name in tensors:
            raise BundleError(path, "is among the other tensors and has a field too", name)
        tensors[name] = tensor
    return tensors


def bundle_of(tensors: dict[str, Array], manifest: Manifest, path: str) -> Bundle:
    """The bundle that tensors and manifest make, everything checked.

    Raises:
        BundleError: which names the tensor and the element at fault.
    """
    found = TensorSet(tensors, path)
    items = found.take_ids("item_ids")
    users = found.take_ids("user_ids") if "user_ids.bytes" in found else []
    bundle = Bundle(**manifest.info, item_ids=items, user_ids=users, fold_in=manifest.fold_in)
    if "item_embeddings" in found:
        bundle.item_embeddings = vectors = found.take_matrix("item_embeddings", len(items))
        if "user_embeddings" in found:
            bundle.user_embeddings = found.take_matrix("user_embeddings", len(users))
            columns = bundle.user_embeddings.shape[1]
            if columns != vectors.shape[1]:
                raise found.problem(
                    "user_embeddings",
                    f"has {columns} columns, but item_embeddings {vectors.shape[1]}",
                )
    elif manifest.fold_in is not None:
        raise found.problem("item_embeddings", 'is missing, though the manifest has "fold_in"')
    if "popularity" in found:
        bundle.popularity = found.take_floats("popularity", len(items), low=0)
    for relation in RELATIONS:
        lists = _lists(found, f"neighbors.{relation}", len(items), len(items), has_lifts=True)
        if lists:
            bundle.neighbors[relation] = lists
    bundle.item_weights = _lists(found, "item_weights", len(items), len(items))
    bundle.new_items = _lists(found, "new_items", len(items), len(items))
    bundle.user_lists = _lists(found, "user_lists", len(users), len(items))
    if "histories.offsets" in found:
        offsets = found.take_offsets("histories.offsets", len(users))
        count = int(offsets[-1])
        bundle.histories = Histories(
            offsets,
            found.take_indices("histories.items", count, 0, len(items)),
            found.take_floats("histories.values", count) if "histories.values" in found else None,
        )
    bundle.catalog = _catalog(found, len(items))
    bundle.other = _others(found)
    found.refuse_leftovers()
    lists_of_all = (bundle.item_weights, bundle.user_lists, bundle.neighbors or None)
    if bundle.item_embeddings is None and bundle.popularity is None and not any(lists_of_all):
        raise found.problem("item_embeddings", "is missing, and all lists and popularity are too")
    return bundle


def _lists(
    found: TensorSet, name: str, rows: int, items: int, has_lifts: bool = False
) -> ItemLists | None:
    if f"{name}.offsets" not in found:
        return None
    offsets = found.take_offsets(f"{name}.offsets", rows)
    count = int(offsets[-1])
    scores = found.take_floats(f"{name}.scores", count)
    if count:
        rises = scores[1:] > scores[:-1]
        starts = offsets[1:-1]
        rises[starts[(starts > 0) & (starts < count)] - 1] = False
        if rises.any():
            row = int(np.searchsorted(offsets, np.argmax(rises), side="right")) - 1
            raise found.problem(f"{name}.scores", f"list {row} is not sorted, strongest first")
    lists = ItemLists(offsets, found.take_indices(f"{name}.items", count, 0, items), scores)
    if has_lifts and f"{name}.lifts" in found:
        lists.lifts = found.take_floats(f"{name}.lifts", count, low=0)
    if has_lifts and f"{name}.confidences" in found:
        lists.confidences = found.take_floats(f"{name}.confidences", count, low=0, high=1)
    return lists


def _catalog(found: TensorSet, items: int) -> Catalog:
    catalog = Catalog()
    if "catalog.titles.bytes" in found:
        catalog.titles = found.take_texts("catalog.titles", items)
    if "catalog.categories.bytes" in found:
        catalog.categories = found.take_text_lists("catalog.categories", items)
    if "catalog.attributes.bytes" in found:
        catalog.attributes = found.take_text_lists("catalog.attributes", items)
    if "catalog.prices" in found:
        catalog.prices = found.take_floats("catalog.prices", items, low=0)
    if "catalog.stocks" in found:
        catalog.stocks = found.take_indices("catalog.stocks", items, -1, INT32_MAX)
    if "catalog.groups.bytes" in found:
        catalog.groups = found.take_texts("catalog.groups", items)
    if "catalog.available_from" in found:
        times: npt.NDArray[np.int64] = found.take("catalog.available_from", np.int64, items)  # type: ignore[assignment]
        catalog.available_from = times
    if "catalog.discontinued" in found:
        catalog.discontinued = found.take_flags("catalog.discontinued", items)
    if "catalog.margins" in found:
        margins = found.take_floats("catalog.margins", items)
        known = found.take_flags("catalog.margins_known", items)
        catalog.margins = np.where(known == 1, margins, np.float32(np.nan))
    return catalog


def _others(found: TensorSet) -> dict[str, Array]:
    others: dict[str, Array] = {}
    for name in found.names():
        for pattern, dtype in _OTHER:
            if re.fullmatch(pattern, name):
                dimensions = 2 if re.fullmatch(r"ranker\.layers\..\.weights", name) else 1
                tensor = found.take(name, dtype, dimensions=dimensions)
                if tensor.dtype == np.float32 and not np.isfinite(tensor).all():
                    raise found.problem(name, "has an element that is not finite")
                others[name] = tensor
    return others
