"""Why a bundle cannot be read or written."""

from __future__ import annotations


class BundleError(ValueError):
    """Nothing under the bundle's name has changed.

    Attributes:
        path: the file or folder at fault.
        tensor: the tensor at fault, where it is one.
        message: the cause, with the position or the limit that tells where to look.
    """

    def __init__(self, path: str, message: str, tensor: str | None = None) -> None:
        """Makes an error."""
        place = f"{path}: tensor {tensor}" if tensor else path
        super().__init__(f"{place}: {message}")
        self.path, self.tensor, self.message = path, tensor, message
