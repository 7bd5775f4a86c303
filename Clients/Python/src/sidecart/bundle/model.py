"""A trained model in memory.

Shapes: I items, U users, D dimensions, E entries of lists.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.generic]


@dataclass
class ItemLists:
    """A list of items with scores for each row, strongest first.

    Attributes:
        offsets: ``[rows + 1]``, where each list starts, and where the last one ends.
        items: ``[E]``, positions in the bundle's ``item_ids``.
        scores: ``[E]``, not ascending within a list.
        lifts: ``[E]`` or None; of neighbors alone.
        confidences: ``[E]`` or None, 0 to 1; of neighbors alone.
    """

    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    scores: Floats
    lifts: Floats | None = None
    confidences: Floats | None = None

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[int, float]]) -> ItemLists:
        """Lists from the scores of each row's items, in any order."""
        ordered = [sorted(row.items(), key=lambda entry: -entry[1]) for row in rows]
        return cls(
            offsets=np.cumsum([0] + [len(row) for row in ordered], dtype=np.int64),
            items=np.array([item for row in ordered for item, _ in row], np.int32),
            scores=np.array([score for row in ordered for _, score in row], np.float32),
        )

    def row(self, row: int) -> tuple[npt.NDArray[np.int32], Floats]:
        """The items and the scores of one list."""
        start, end = self.offsets[row], self.offsets[row + 1]
        return self.items[start:end], self.scores[start:end]


@dataclass
class Histories:
    """Who took what, oldest first.

    Attributes:
        offsets: ``[U + 1]``, where each user's items start, and where the last ones end.
        items: ``[E]``, positions in the bundle's ``item_ids``; may repeat.
        values: ``[E]`` quantities, 0 for what was rated low; None for ones.
    """

    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    values: Floats | None = None


@dataclass
class Catalog:
    """What the shop says of its items, each column by item; None where nothing is said.

    Attributes:
        titles: ``""`` where not known.
        categories: paths, from the broadest to the finest.
        attributes: texts such as ``"color=blue"``.
        prices: not negative; 0 where not known.
        stocks: pieces at hand; -1 where nobody tracks them.
        groups: what an item is a variant of; ``""`` for none.
        available_from: seconds since 1970; -2**63 for always.
        discontinued: 0 or 1.
        margins: what is earned on one piece; NaN where not known.
    """

    titles: Sequence[str] | None = None
    categories: Sequence[Sequence[str]] | None = None
    attributes: Sequence[Sequence[str]] | None = None
    prices: Floats | None = None
    stocks: npt.NDArray[np.int32] | None = None
    groups: Sequence[str] | None = None
    available_from: npt.NDArray[np.int64] | None = None
    discontinued: npt.NDArray[np.uint8] | None = None
    margins: Floats | None = None


@dataclass(frozen=True)
class FoldIn:
    """How a shopper's vector is found from her items, as iALS does it.

    It solves ``(sum over H of y y' + a G + r (|H| + a I)^n E) x = sum over H of y``, with H her items, G the sum of
    ``y y'`` over all items and E the identity.

    Attributes:
        unobserved_weight: a, above 0.
        regularization: r, above 0.
        regularization_exponent: n, 0 to 1.
    """

    unobserved_weight: float
    regularization: float
    regularization_exponent: float


@dataclass
class Bundle:
    """A trained model with all that serving it takes.

    Only ``item_ids`` and one of vectors, lists and popularity are required. What the server ranks by is, where no ranker
    is among ``other``, the one thing that the bundle has: inner products of vectors, or sums of ``item_weights`` over a
    shopper's items, or ``user_lists``.

    Attributes:
        version: names this bundle among others; 1 to 128 bytes without control characters.
        kind: the algorithm, such as ``"als"``; likewise.
        item_ids: each 1 to 256 bytes of UTF-8 without NUL, no two alike.
        user_ids: likewise.
        item_embeddings: ``[I, D]``, D at most 4,096.
        user_embeddings: ``[U, D]``; a row of zeros says nothing of its user.
        popularity: ``[I]``, how often each was taken; not negative.
        neighbors: by relation (``complement``, ``substitute``, ``similar``, ``rebuy``), a list for each item.
        item_weights: a list for each item: what having taken it speaks for.
        user_lists: a list for each user.
        new_items: for each item that nobody took, what it is described like.
        histories: who took what; what shoppers are not shown again.
        catalog: what the shop says of its items.
        fold_in: how shoppers without a vector get one; None takes the mean of their items' vectors.
        hyperparameters: written for people.
        seed: of the training, 0 to 2**64 - 1.
        created: when it was trained, such as ``"2024-05-01T12:00:00Z"``.
        data: of the events that it was trained on: events, users, items, baskets, digest, newest_event_seconds.
        metrics: such as ``{"ndcg@10": 0.44}``.
        notes: named tables of figures.
        folds_item_case: whether ids that differ in case were one when events were read.
        composes_ids: whether ids in NFC and NFD were.
        other: the tensors of ranker and profiles by their names, as they lie in the file.
    """

    version: str
    kind: str
    item_ids: Sequence[str]
    user_ids: Sequence[str] = ()
    item_embeddings: Floats | None = None
    user_embeddings: Floats | None = None
    popularity: Floats | None = None
    neighbors: dict[str, ItemLists] = field(default_factory=dict)
    item_weights: ItemLists | None = None
    user_lists: ItemLists | None = None
    new_items: ItemLists | None = None
    histories: Histories | None = None
    catalog: Catalog = field(default_factory=Catalog)
    fold_in: FoldIn | None = None
    hyperparameters: dict[str, float] = field(default_factory=dict)
    seed: int | None = None
    created: str | None = None
    data: dict[str, int | str] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    notes: dict[str, dict[str, float]] = field(default_factory=dict)
    folds_item_case: bool = False
    composes_ids: bool = False
    other: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Bundle:
        """Reads a folder; everything in it is checked.

        Raises:
            BundleError: a file is missing, damaged, foreign or of another format version.
        """
        from .files import read_bundle

        return read_bundle(os.fspath(path))

    def write(self, path: str | os.PathLike[str], *, replace: bool = False) -> str:
        """Writes a folder: all of it, on the disk, or nothing. What would be refused when read is refused here.

        Args:
            path: the folder to become.
            replace: take the place of the bundle that is there already, in one step; a server that has it goes on.

        Returns:
            The SHA-256 of the tensors' file, in hexadecimal.

        Raises:
            BundleError: the bundle cannot be served, or not be written there.
        """
        from .files import write_bundle

        return write_bundle(self, os.fspath(path), replace)

    def with_half_vectors(self) -> Bundle:
        """The same with vectors rounded to half-precision numbers, which a server keeps in half the memory.

        Raises:
            ValueError: an element is above 65,504, the largest half.
        """
        from dataclasses import replace

        def halves(vectors: Floats | None) -> Floats | None:
            if vectors is None:
                return None
            with np.errstate(over="ignore"):
                rounded = vectors.astype(np.float16).astype(np.float32)
            if not np.isfinite(rounded).all():
                raise ValueError("an element of the vectors is above 65,504, the largest half")
            return rounded

        return replace(
            self,
            item_embeddings=halves(self.item_embeddings),
            user_embeddings=halves(self.user_embeddings),
        )
