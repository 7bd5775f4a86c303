"""Bundles are read as they were written, by this library and by the server's programs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from serving import StartServer

import sidecart
from sidecart.bundle import Bundle, BundleError, Catalog, FoldIn, Histories, ItemLists


def full() -> Bundle:
    """A bundle that has something of everything."""
    return Bundle(
        version="2024-05-01",
        kind="test",
        item_ids=["tea", "cup", "grüner-tee", "x"],
        user_ids=["ann", "bob"],
        item_embeddings=np.array([[1, 2], [3, 4], [5, 6], [0.1, -8]], np.float32),
        user_embeddings=np.array([[1, 0], [0, 1]], np.float32),
        popularity=np.array([3, 1, 2, 0], np.float32),
        neighbors={"similar": ItemLists.from_rows([{1: 0.5, 2: 0.75}, {0: 0.5}, {}, {}])},
        item_weights=ItemLists.from_rows([{1: 1.0}, {}, {0: -1.0, 3: 2.0}, {}]),
        user_lists=ItemLists.from_rows([{0: 1.0}, {}]),
        histories=Histories(np.array([0, 2, 3]), np.array([2, 0, 1], np.int32)),
        catalog=Catalog(
            titles=["Tea", "", "Grüner Tee", "X"],
            categories=[["A", "B"], [], ["A"], []],
            prices=np.array([1, 2, 0, 4], np.float32),
            margins=np.array([0.5, np.nan, 1, np.nan], np.float32),
        ),
        fold_in=FoldIn(1, 0.5, 1),
        hyperparameters={"factors": 2},
        seed=2**64 - 1,
        created="2024-05-01T12:00:00Z",
        metrics={"ndcg@10": 0.25},
        notes={"cut": {"10": 0.5}},
    )


def assert_same(one: Any, other: Any) -> None:
    """Compares two bundles field by field."""
    for name, value in vars(one).items():
        found = getattr(other, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, found)
        elif hasattr(value, "__dataclass_fields__"):
            assert_same(value, found)
        elif isinstance(value, dict):
            assert value.keys() == found.keys(), name
            for key in value:
                if hasattr(value[key], "__dataclass_fields__"):
                    assert_same(value[key], found[key])
                else:
                    np.testing.assert_array_equal(value[key], found[key])
        elif isinstance(value, list | tuple):
            assert list(value) == list(found), name
        else:
            assert value == found, name


def test_what_was_written_is_read(tmp_path: Path) -> None:
    bundle = full()
    digest = bundle.write(tmp_path / "b")
    assert_same(bundle, Bundle.read(tmp_path / "b"))
    data = (tmp_path / "b" / "tensors.safetensors").read_bytes()
    assert digest == hashlib.sha256(data).hexdigest()
    assert sorted(os.listdir(tmp_path)) == ["b"]


@pytest.mark.parametrize(
    "model", ["lambdamart", "ials", "linear-ranker", "wide-deep", "personal-frequency"]
)
def test_a_trained_bundle_keeps_every_tensor_and_answers_as_before(
    model: str, binary: str, shop: Path, tmp_path: Path, start_server: StartServer
) -> None:
    trained, copy = shop / "bundle", tmp_path / "copy"
    if model != "lambdamart":
        trained = tmp_path / "trained"
        train = [binary, "train", str(shop / "events.csv"), "--catalog", str(shop / "catalog.csv")]
        train += ["--model", model, "--out", str(trained)]
        subprocess.run(train, check=True, capture_output=True)
    bundle = Bundle.read(trained)
    bundle.write(copy)
    before, after = (load_file(path / "tensors.safetensors") for path in (trained, copy))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        assert tensor.dtype == after[name].dtype
        np.testing.assert_array_equal(tensor, after[name])
    manifests = [json.loads((path / "manifest.json").read_text()) for path in (trained, copy)]
    for manifest in manifests:
        del manifest["tensors_sha256"]
    assert manifests[0] == manifests[1]
    clients = [sidecart.Client(start_server(str(path)).socket) for path in (trained, copy)]
    for user, item in zip(bundle.user_ids[:20], bundle.item_ids[:20], strict=True):
        slates = [client.recommend(user=user, basket=[item], timeout=10) for client in clients]
        assert len(slates[0].items) == 10
        assert slates[0].items == slates[1].items


def test_a_server_serves_what_was_written(start_server: StartServer, tmp_path: Path) -> None:
    full().write(tmp_path / "b")
    with sidecart.Client(start_server(str(tmp_path / "b")).socket) as client:
        profile = client.item_profile("grüner-tee")
        assert profile.title == "Grüner Tee"
        assert client.status().users == 2
        assert [item.item_id for item in client.related("tea", "similar").items] == [
            "grüner-tee",
            "cup",
        ]


def test_a_replaced_bundle_is_replaced_in_one_step(tmp_path: Path) -> None:
    bundle = full()
    bundle.write(tmp_path / "b")
    with pytest.raises(BundleError, match="exists already"):
        bundle.write(tmp_path / "b")
    replace(bundle, version="2").write(tmp_path / "b", replace=True)
    assert Bundle.read(tmp_path / "b").version == "2"
    assert sorted(os.listdir(tmp_path)) == ["b"]


def test_a_bundle_that_is_replaced_meanwhile_is_read_as_one(tmp_path: Path) -> None:
    path, ended = tmp_path / "b", threading.Event()

    def make(version: int) -> Bundle:
        return replace(full(), version=str(version), popularity=np.full(4, version, np.float32))

    make(0).write(path)

    def rewrite() -> None:
        version = 0
        while not ended.is_set():
            version += 1
            make(version).write(path, replace=True)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen: set[str] = set()
        while len(seen) < 30:
            bundle = Bundle.read(path)
            assert bundle.popularity is not None
            assert bundle.popularity.tolist() == [float(bundle.version)] * 4
            seen.add(bundle.version)
    finally:
        ended.set()
        writer.join()
    assert os.listdir(tmp_path) == ["b"]


def test_only_a_bundle_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letters.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"another file, letters\.txt"):
        full().write(tmp_path / "b", replace=True)
    with pytest.raises(BundleError, match="does not exist"):
        full().write(tmp_path / "no" / "b")
    (tmp_path / "f").write_text("mine")
    with pytest.raises(BundleError, match="no folder"):
        full().write(tmp_path / "f", replace=True)
    assert sorted(os.listdir(tmp_path)) == ["b", "f"]


def test_vectors_are_rounded_to_halves_once() -> None:
    rounded = full().with_half_vectors().item_embeddings
    assert rounded is not None
    assert rounded.dtype == np.float32
    assert rounded[3, 0] == np.float32(np.float16(0.1)) != np.float32(0.1)
    with pytest.raises(ValueError, match="65,504"):
        replace(full(), item_embeddings=np.full((4, 2), 1e5, np.float32)).with_half_vectors()


def test_other_float_types_are_written_as_single_precision(tmp_path: Path) -> None:
    vectors: Any = np.array([[1, 2], [3, 4], [5, 6], [7, 8]])
    for dtype in (np.float16, np.float64, np.int64):
        path = tmp_path / np.dtype(dtype).name
        replace(full(), item_embeddings=vectors.astype(dtype)).write(path)
        found = Bundle.read(path).item_embeddings
        assert found is not None
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, vectors)


def floats(*values: float) -> Any:
    return np.array(values, np.float32)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"item_ids": ["tea", "tea", "a", "b"]}, r"item_ids\.bytes: id 1 occurs twice"),
    ({"item_ids": ["tea", "", "a", "b"]}, r"item_ids\.bytes: id 1 is empty"),
    ({"item_ids": ["tea", "a\0b", "a", "b"]}, "id 1 has a NUL at byte 1"),
    ({"item_ids": ["tea", "ä" * 129, "a", "b"]}, "id 1 has 258 bytes"),
    ({"item_ids": ["tea", 7, "a", "b"]}, "holds what is no text"),
    ({"item_ids": ["tea", "\ud800", "a", "b"]}, "holds what is no text"),
    ({"item_ids": ["tea", "cup"]}, "item_embeddings: has 4 rows, not 2, one for each id"),
    ({"user_ids": []}, "user_embeddings: has 2 rows, not 0"),
    ({"item_embeddings": np.full((4, 2), np.nan, np.float32)}, "element 0 is nan, not finite"),
    ({"item_embeddings": np.full((4, 2), 1e300)}, "element 0 is inf"),
    ({"item_embeddings": np.full((4, 2), 1e18, np.float32)}, "row 0 has a norm of 1.41421e"),
    ({"item_embeddings": np.zeros((4, 3), np.float32)}, "has 2 columns, but item_embeddings 3"),
    ({"item_embeddings": np.zeros((4, 4097), np.float32)}, "has 4097 columns, not 1 to 4096"),
    ({"item_embeddings": floats(1, 2, 3, 4)}, r"has shape \[4\], not 2 dimensions"),
    ({"item_embeddings": "words"}, "is no array of float32"),
    ({"item_embeddings": None}, 'is missing, though the manifest has "fold_in"'),
    ({"popularity": floats(1, 2)}, "popularity: has 2 elements, not 4"),
    ({"popularity": floats(1, 2, -1, 0)}, r"element 2 is -1.0, not within 0 to 1e\+12"),
    ({"popularity": floats(1, 2, np.inf, 0)}, "element 2 is inf"),
    ({"neighbors": {"friends": ItemLists.from_rows([{}] * 4)}}, "is no tensor of a bundle"),
    ({"item_weights": ItemLists.from_rows([{}] * 3)}, "has 4 elements, not 5"),
    (
        {"item_weights": ItemLists.from_rows([{4: 1.0}, {}, {}, {}])},
        "element 0 is 4, not within 0..<4",
    ),
    (
        {
            "item_weights": ItemLists(
                np.array([0, 1, 3, 3, 3]), np.array([0, 1, 2]), floats(1, 2, 3)
            )
        },
        r"item_weights\.scores: list 1 is not sorted",
    ),
    (
        {
            "item_weights": ItemLists(
                np.array([0, 2, 1, 3, 3]), np.array([0, 1, 2]), floats(3, 2, 1)
            )
        },
        "element 2 is 1, after 2",
    ),
    (
        {"histories": Histories(np.array([0, 1, 1]), np.array([9]))},
        "histories.items: element 0 is 9",
    ),
    ({"catalog": Catalog(prices=floats(1, 2, -1, 0))}, "catalog.prices: element 2 is -1"),
    ({"catalog": Catalog(titles=["one"])}, "catalog.titles.offsets: has 2 elements, not 5"),
    ({"catalog": Catalog(stocks=np.array([0, 0, -2, 0]))}, "element 2 is -2"),
    ({"catalog": Catalog(discontinued=np.array([0, 0, 2, 0]))}, "element 2 is 2, not 0 or 1"),
    ({"other": {"item_embedding": floats(1)}}, "item_embedding: is no tensor of a bundle"),
    ({"other": {"ranker.wide": np.zeros(1)}}, "ranker.wide: has dtype float64, not F32"),
    ({"other": {"ranker.wide": floats(np.nan)}}, "ranker.wide: has an element that is not finite"),
    ({"other": {"popularity": floats(1)}}, "is among the other tensors and has a field too"),
    ({"version": ""}, '"version" must be 1 to 128 bytes'),
    ({"kind": "a\nb"}, '"kind" must be 1 to 128 bytes without control characters'),
    ({"seed": 2**64}, '"seed" is not a whole number below'),
    ({"metrics": {"a": float("nan")}}, '"metrics"."a" is not finite'),
    ({"hyperparameters": {"a": "b"}}, '"hyperparameters"."a" has the wrong type'),
    ({"fold_in": FoldIn(1, 0, 1)}, "regularization > 0"),
]


@pytest.mark.parametrize(("change", "cause"), BAD, ids=[cause for _, cause in BAD])
def test_what_cannot_be_served_is_not_written(
    change: dict[str, Any], cause: str, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=cause):
        replace(full(), **change).write(tmp_path / "b")
    assert not os.listdir(tmp_path)


def test_a_bundle_without_anything_to_rank_by_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="all lists and popularity are too"):
        Bundle(version="v", kind="k", item_ids=["a"]).write(tmp_path / "b")


def edit_manifest(change: dict[str, Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))

    return edit


def edit_tensors(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "tensors.safetensors"
        tensors = load_file(path)
        change(tensors)
        path.write_bytes(save(tensors))
        edit_manifest({"tensors_sha256": hashlib.sha256(path.read_bytes()).hexdigest()})(folder)

    return edit


DAMAGED: list[tuple[Callable[[Path], Any], str]] = [
    (lambda folder: (folder / "manifest.json").unlink(), r"manifest\.json: cannot read: No such"),
    (lambda folder: (folder / "tensors.safetensors").unlink(), r"tensors\.safetensors: cannot"),
    (lambda folder: (folder / "manifest.json").write_text("{"), "is not valid JSON"),
    (lambda folder: (folder / "manifest.json").write_text("[1]"), "no Sidecart bundle"),
    (
        lambda folder: (folder / "tensors.safetensors").write_bytes(b"x" * 100),
        "damaged: its SHA-256 is",
    ),
    (edit_manifest({"format": "other"}), "no Sidecart bundle"),
    (edit_manifest({"format_version": 3}), "format version 3, but this one reads 2"),
    (edit_manifest({"fold-in": {}}), '"fold-in": is no key of a manifest'),
    (edit_manifest({"fold_in": {"regularization": 1}}), '"fold_in"'),
    (edit_manifest({"seed": "1"}), '"seed" has the wrong type'),
    (edit_manifest({"counts": {"items": 9}}), '"counts" do not agree'),
    (edit_manifest({"tensors_sha256": "abc"}), "64 hexadecimal digits"),
    (edit_tensors(lambda tensors: tensors.pop("item_ids.offsets")), "item_ids.offsets: is missing"),
    (
        edit_tensors(
            lambda tensors: tensors.update({"item_ids.bytes": np.full(18, 255, np.uint8)})
        ),
        "text 0 is not valid UTF-8",
    ),
    (
        edit_tensors(lambda tensors: tensors.update({"popularity": np.zeros(4, np.float64)})),
        "popularity: has dtype float64, not F32",
    ),
]


@pytest.mark.parametrize(("damage", "cause"), DAMAGED, ids=[cause for _, cause in DAMAGED])
def test_damage_is_told(damage: Callable[[Path], Any], cause: str, tmp_path: Path) -> None:
    full().write(tmp_path / "b")
    damage(tmp_path / "b")
    with pytest.raises(BundleError, match=cause):
        Bundle.read(tmp_path / "b")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot open: No such file"):
        Bundle.read(tmp_path / "b")


def test_a_tensors_file_that_is_none_is_told(tmp_path: Path) -> None:
    full().write(tmp_path / "b")
    path = tmp_path / "b" / "tensors.safetensors"
    path.write_bytes(b"x" * 100)
    edit_manifest({"tensors_sha256": hashlib.sha256(path.read_bytes()).hexdigest()})(tmp_path / "b")
    with pytest.raises(BundleError, match="is no safetensors file"):
        Bundle.read(tmp_path / "b")


def test_damaged_bytes_are_refused_or_read_but_never_trip(tmp_path: Path) -> None:
    seed = int(os.environ.get("SIDECART_SEED", "1"))
    print(f"SIDECART_SEED={seed}")
    random = np.random.default_rng(seed)
    full().write(tmp_path / "b")
    files = [tmp_path / "b" / name for name in ("manifest.json", "tensors.safetensors")]
    sound = [path.read_bytes() for path in files]
    refused = 0
    for _ in range(1500):
        which = int(random.integers(2))
        data = bytearray(sound[which])
        # Most of the tensors' file is numbers; what is in its header is more telling.
        end = len(data) if random.random() < 0.3 else min(len(data), 3000)
        for place in random.integers(end, size=random.integers(1, 4)):
            data[place] = random.integers(256)
        if random.random() < 0.1:
            del data[int(random.integers(len(data))) :]
        files[which].write_bytes(data)
        files[1 - which].write_bytes(sound[1 - which])
        if which == 1:
            digest = hashlib.sha256(data).hexdigest()
            told = json.loads(sound[0])["tensors_sha256"]
            files[0].write_bytes(sound[0].replace(told.encode(), digest.encode()))
        try:
            Bundle.read(tmp_path / "b")
        except BundleError as error:
            refused += str(tmp_path) in str(error)
    assert refused > 500
