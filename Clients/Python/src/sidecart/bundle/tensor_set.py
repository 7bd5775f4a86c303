"""The tensors of one file, taken by name with the shape and the content that the taker expects."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from .errors import BundleError
from .model import Array, Floats

DIMENSIONS_MAX = 4096
NORM_MAX = 1e18
VALUE_MAX = np.float32(1e12)
ID_BYTES_MAX = 256
_NAMES = {"uint8": "U8", "int32": "I32", "int64": "I64", "float32": "F32"}


class TensorSet:
    """What is left at the end is unknown, and refused: it may be a misspelled optional tensor."""

    def __init__(self, tensors: dict[str, Array], path: str) -> None:
        """Takes the tensors of the file at ``path``."""
        self._tensors = dict(tensors)
        self._path = path

    def __contains__(self, name: str) -> bool:
        """Whether the tensor is there."""
        return name in self._tensors

    def names(self) -> list[str]:
        """What is left."""
        return sorted(self._tensors)

    def problem(self, name: str, message: str) -> BundleError:
        """An error that names a tensor."""
        return BundleError(self._path, message, name)

    def refuse_leftovers(self) -> None:
        """Refuses what nobody took."""
        for name in self.names():
            raise self.problem(name, "is no tensor of a bundle")

    def take(
        self, name: str, dtype: npt.DTypeLike, count: int | None = None, dimensions: int = 1
    ) -> Array:
        """The tensor, of this type and, where it is given, this length."""
        if name not in self._tensors:
            raise self.problem(name, "is missing")
        tensor = self._tensors.pop(name)
        expected = np.dtype(dtype)
        if tensor.dtype != expected:
            found = _NAMES.get(tensor.dtype.name, tensor.dtype.name)
            raise self.problem(name, f"has dtype {found}, not {_NAMES[expected.name]}")
        if tensor.ndim != dimensions:
            raise self.problem(name, f"has shape {list(tensor.shape)}, not {dimensions} dimensions")
        if count is not None and tensor.size != count:
            raise self.problem(name, f"has {tensor.size} elements, not {count}")
        return tensor

    def take_floats(
        self, name: str, count: int | None, low: float = -1e12, high: float = 1e12
    ) -> Floats:
        """Shape ``[count]``, each element finite and within the range."""
        tensor: Floats = self.take(name, np.float32, count)  # type: ignore[assignment]
        self._refuse_first(
            name,
            tensor,
            ~((tensor >= np.float32(low)) & (tensor <= np.float32(high))),
            f"not within {low:g} to {high:g}",
        )
        return tensor

    def take_matrix(self, name: str, rows: int) -> Floats:
        """Shape ``[rows, D]``, finite, no row longer than ``NORM_MAX``."""
        tensor: Floats = self.take(name, np.float32, dimensions=2)  # type: ignore[assignment]
        self._refuse_first(name, tensor.reshape(-1), ~np.isfinite(tensor.reshape(-1)), "not finite")
        if tensor.shape[0] != rows:
            raise self.problem(name, f"has {tensor.shape[0]} rows, not {rows}, one for each id")
        if not 1 <= tensor.shape[1] <= DIMENSIONS_MAX:
            raise self.problem(name, f"has {tensor.shape[1]} columns, not 1 to {DIMENSIONS_MAX}")
        norms = np.sqrt(np.einsum("ij,ij->i", tensor, tensor, dtype=np.float64))
        if rows and norms.max() > NORM_MAX:
            row = int(np.argmax(norms > NORM_MAX))
            raise self.problem(name, f"row {row} has a norm of {norms[row]:g}, above {NORM_MAX:g}")
        return tensor

    def take_indices(self, name: str, count: int, low: int, end: int) -> npt.NDArray[np.int32]:
        """Shape ``[count]``, each from ``low`` to below ``end``."""
        tensor: npt.NDArray[np.int32] = self.take(name, np.int32, count)  # type: ignore[assignment]
        self._refuse_first(
            name, tensor, (tensor < low) | (tensor >= end), f"not within {low}..<{end}"
        )
        return tensor

    def take_flags(self, name: str, count: int) -> npt.NDArray[np.uint8]:
        """Shape ``[count]``, each 0 or 1."""
        tensor: npt.NDArray[np.uint8] = self.take(name, np.uint8, count)  # type: ignore[assignment]
        self._refuse_first(name, tensor, tensor > 1, "not 0 or 1")
        return tensor

    def take_offsets(
        self, name: str, rows: int | None, total: int | None = None
    ) -> npt.NDArray[np.int64]:
        """Shape ``[rows + 1]``, from 0, not descending, ``total`` at the end."""
        offsets: npt.NDArray[np.int64] = self.take(name, np.int64)  # type: ignore[assignment]
        if not offsets.size or offsets[0] != 0:
            raise self.problem(name, "does not start with 0")
        if rows is not None and offsets.size != rows + 1:
            raise self.problem(name, f"has {offsets.size} elements, not {rows + 1}")
        falls = np.flatnonzero(np.diff(offsets) < 0)
        if falls.size:
            row = int(falls[0]) + 1
            raise self.problem(name, f"element {row} is {offsets[row]}, after {offsets[row - 1]}")
        if total is not None and offsets[-1] != total:
            raise self.problem(name, f"ends with {offsets[-1]}, but there are {total} elements")
        return offsets

    def take_texts(self, name: str, rows: int | None) -> list[str]:
        """Texts one after the other in ``.bytes``, which start where ``.offsets`` says."""
        data = self.take(f"{name}.bytes", np.uint8).tobytes()
        offsets = self.take_offsets(f"{name}.offsets", rows, total=len(data)).tolist()
        texts = []
        for start, end in itertools.pairwise(offsets):
            try:
                texts.append(data[start:end].decode())
            except UnicodeDecodeError:
                raise self.problem(
                    f"{name}.bytes", f"text {len(texts)} is not valid UTF-8"
                ) from None
        return texts

    def take_ids(self, name: str) -> list[str]:
        """Ids: 1 to 256 bytes each, without NUL, no two alike."""
        ids = self.take_texts(name, None)
        seen: set[str] = set()
        for place, text in enumerate(ids):
            fault = id_fault(text)
            if fault or text in seen:
                raise self.problem(f"{name}.bytes", f"id {place} {fault or 'occurs twice'}")
            seen.add(text)
        return ids

    def take_text_lists(self, name: str, rows: int) -> list[list[str]]:
        """A list of texts for each row, which start where ``.rows`` says."""
        texts = self.take_texts(name, None)
        starts = self.take_offsets(f"{name}.rows", rows, total=len(texts)).tolist()
        return [texts[start:end] for start, end in itertools.pairwise(starts)]

    def _refuse_first(self, name: str, tensor: Array, bad: npt.NDArray[np.bool_], why: str) -> None:
        if bad.any():
            place = int(np.argmax(bad))
            raise self.problem(name, f"element {place} is {tensor[place]}, {why}")


def id_fault(text: str) -> str | None:
    """What is wrong with an id; None where nothing is."""
    if not text:
        return "is empty"
    if "\0" in text:
        return f"has a NUL at byte {text.encode().index(0)}"
    length = len(text.encode(errors="surrogatepass"))
    return f"has {length} bytes, more than {ID_BYTES_MAX}" if length > ID_BYTES_MAX else None
