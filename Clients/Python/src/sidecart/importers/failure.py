"""Why no bundle can be made."""

from __future__ import annotations


class ImportFailure(ValueError):  # noqa: N818
    """A model that no bundle can be made of; the message says what to do."""
