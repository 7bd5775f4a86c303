"""``manifest.json``: what is told about a model, and what identifies the tensors beside it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from .errors import BundleError
from .model import Bundle, FoldIn

FORMAT = "sidecart-bundle"
FORMAT_VERSION = 2
BYTES_MAX = 1 << 20
_REQUIRED = ("version", "kind", "tensors_sha256")
_INFO: dict[str, type | tuple[type, ...]] = {
    "version": str,
    "kind": str,
    "hyperparameters": dict,
    "seed": int,
    "created": str,
    "data": dict,
    "metrics": dict,
    "notes": dict,
    "folds_item_case": bool,
    "composes_ids": bool,
}
_OTHER: dict[str, type] = {
    "format": str,
    "format_version": int,
    "tensors_sha256": str,
    "counts": dict,
    "fold_in": dict,
}


@dataclass
class Manifest:
    """What a manifest says.

    Attributes:
        info: the fields of :class:`Bundle` that are told and not computed.
        fold_in: as there.
        digest: SHA-256 of the tensors' file, in hexadecimal.
        counts: items, users, dimensions and interactions, where the manifest has them.
    """

    info: dict[str, Any]
    fold_in: FoldIn | None
    digest: str
    counts: dict[str, int] | None


def counts_of(bundle: Bundle) -> dict[str, int]:
    """What ``"counts"`` of a bundle's manifest says."""
    vectors, histories = bundle.item_embeddings, bundle.histories
    return {
        "items": len(bundle.item_ids),
        "users": len(bundle.user_ids),
        "dimensions": 0 if vectors is None else int(vectors.shape[-1]),
        "interactions": 0 if histories is None else len(histories.items),
    }


def manifest_of(bundle: Bundle, digest: str, path: str) -> Manifest:
    """The manifest of a bundle, checked."""
    info = {name: getattr(bundle, name) for name in _INFO}
    manifest = Manifest(info, bundle.fold_in, digest, counts_of(bundle))
    _check(manifest, path)
    return manifest


def encode(manifest: Manifest, path: str) -> bytes:
    """The file: keys ascend, so that equal manifests have equal bytes."""
    values: dict[str, Any] = {
        name: value
        for name, value in manifest.info.items()
        if name in ("version", "kind", "hyperparameters", "metrics")
        or value not in (None, {}, False)
    }
    values |= {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "tensors_sha256": manifest.digest,
    }
    values["counts"] = manifest.counts
    if manifest.fold_in:
        values["fold_in"] = asdict(manifest.fold_in)
    try:
        text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BundleError(path, f"cannot write the manifest: {error}") from None
    data = (text + "\n").encode()
    if len(data) > BYTES_MAX:
        raise BundleError(path, f"a manifest of {len(data)} bytes, more than {BYTES_MAX}")
    return data


def parse(data: bytes, path: str) -> Manifest:
    """Refuses what is not a bundle before what is a newer one, and that before any detail."""
    if len(data) > BYTES_MAX:
        raise BundleError(path, f"has more than {BYTES_MAX} bytes")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(path, f"is not valid JSON: {error}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BundleError(path, f'"format" is not "{FORMAT}": no Sidecart bundle')
    version = values.get("format_version")
    if version != FORMAT_VERSION:
        raise BundleError(path, f"format version {version}, but this one reads {FORMAT_VERSION}")
    for name in _REQUIRED:
        if name not in values:
            raise BundleError(path, f'"{name}" is missing')
    for name, value in values.items():
        kind = _INFO.get(name) or _OTHER.get(name)
        if kind is None:
            raise BundleError(path, f'"{name}": is no key of a manifest')
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise BundleError(path, f'"{name}" has the wrong type')
    info = {name: values[name] for name in _INFO if name in values}
    fold_in = None
    if "fold_in" in values:
        try:
            fold_in = FoldIn(**values["fold_in"])
        except TypeError as error:
            raise BundleError(path, f'"fold_in": {error}') from None
    manifest = Manifest(info, fold_in, values["tensors_sha256"], values.get("counts"))
    if len(manifest.digest) != 64:
        raise BundleError(path, '"tensors_sha256" must be 64 hexadecimal digits')
    _check(manifest, path)
    return manifest


def _check(manifest: Manifest, path: str) -> None:
    """The rules that hold on both ways."""
    for name in ("version", "kind"):
        text = manifest.info[name].encode()
        if not 1 <= len(text) <= 128 or any(byte < 0x20 or byte == 0x7F for byte in text):
            raise BundleError(path, f'"{name}" must be 1 to 128 bytes without control characters')
    seed = manifest.info.get("seed")
    if seed is not None and not 0 <= seed < 2**64:
        raise BundleError(path, '"seed" is not a whole number below 2^64')
    tables = [(name, manifest.info.get(name, {})) for name in ("hyperparameters", "metrics")]
    tables += [(f'notes"."{name}', table) for name, table in manifest.info.get("notes", {}).items()]
    for name, table in tables:
        if not isinstance(table, dict):
            raise BundleError(path, f'"{name}" has the wrong type')
        for key, value in table.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BundleError(path, f'"{name}"."{key}" has the wrong type')
            if not math.isfinite(value):
                raise BundleError(path, f'"{name}"."{key}" is not finite')
    fold_in = manifest.fold_in
    if fold_in and not (
        0 < fold_in.unobserved_weight < math.inf
        and 0 < fold_in.regularization < math.inf
        and 0 <= fold_in.regularization_exponent <= 1
    ):
        raise BundleError(
            path,
            '"fold_in" needs unobserved_weight > 0, regularization > 0 and regularization_exponent within 0...1',
        )
