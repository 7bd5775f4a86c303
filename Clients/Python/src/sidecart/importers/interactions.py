"""Who took what, as a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .failure import ImportFailure


@dataclass
class Interactions:
    """Who took what: a sparse matrix, users x items, by rows.

    Attributes:
        offsets: ``[U + 1]``, where each user's entries start, and where the last ones end.
        items: ``[E]``, columns.
        values: ``[E]``, not 0.
        shape: users, items.
        path: the file, for errors.
    """

    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    shape: tuple[int, int]
    path: str = "the interactions"

    @classmethod
    def read(cls, path: str) -> Interactions:
        """Reads what ``scipy.sparse.save_npz`` wrote of a CSR or COO matrix."""
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except (OSError, ValueError) as error:
            raise ImportFailure(f"{path}: cannot read: {error}") from None
        form = bytes(found["format"]).decode() if "format" in found else "unknown"
        if form not in ("csr", "coo"):
            raise ImportFailure(
                f"{path}: holds no sparse matrix in CSR form; write it with scipy.sparse.save_npz(path, matrix.tocsr())"
            )
        users, items = (int(side) for side in found["shape"])
        values = found["data"]
        if form == "csr":
            rows = np.repeat(np.arange(users), np.diff(found["indptr"]))
            columns = found["indices"]
        else:
            order = np.argsort(found["row"], kind="stable")
            rows, columns, values = found["row"][order], found["col"][order], values[order]
        if not np.isfinite(values).all():
            place = int(np.argmax(~np.isfinite(values)))
            raise ImportFailure(
                f"{path}: row {rows[place]}, column {columns[place]} is {values[place]}"
            )
        kept = values != 0
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=users))])
        return cls(
            offsets.astype(np.int64),
            columns[kept].astype(np.int32),
            values[kept].astype(np.float32),
            (users, items),
            path,
        )

    def select(self, users: npt.NDArray[np.int64], items: npt.NDArray[np.int64]) -> Interactions:
        """Some rows and columns, in ascending order.

        Raises:
            ImportFailure: there are not so many.
        """
        for side, chosen, what in ((0, users, "rows"), (1, items, "columns")):
            if len(chosen) and chosen[-1] >= self.shape[side]:
                raise ImportFailure(
                    f"{self.path}: has {self.shape[side]} {what}, but the model has number {chosen[-1]}"
                )
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self.offsets))
        kept = np.isin(rows, users) & np.isin(self.items, items)
        counts = np.bincount(np.searchsorted(users, rows[kept]), minlength=len(users))
        return Interactions(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.searchsorted(items, self.items[kept]).astype(np.int32),
            self.values[kept],
            (len(users), len(items)),
            self.path,
        )

    def scipy(self) -> Any:
        """The same as scipy has it."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.values, self.items, self.offsets), shape=self.shape)
