"""Trained models as ``sidecart serve`` takes them: read, checked, made and written.

    from sidecart.bundle import Bundle

    shop = Bundle(version="2024-05-01", kind="mine", item_ids=["tea", "cup"], item_embeddings=vectors)
    shop.write("shop")
    print(Bundle.read("shop").item_embeddings.shape)

A bundle is a folder with ``manifest.json`` and ``tensors.safetensors``. Needs NumPy and safetensors:
``pip install 'sidecart[bundle]'``.
"""

try:
    import numpy  # noqa: F401
    import safetensors  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"sidecart.bundle needs {error.name}: pip install 'sidecart[bundle]'", name=error.name
    ) from None

from .errors import BundleError
from .model import Bundle, Catalog, FoldIn, Histories, ItemLists

__all__ = ["Bundle", "BundleError", "Catalog", "FoldIn", "Histories", "ItemLists"]
