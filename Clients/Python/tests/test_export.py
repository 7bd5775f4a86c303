"""What is exported is what the bundle holds, with its ids."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from test_bundle import full

from sidecart.__main__ import main
from sidecart.bundle import Bundle, BundleError
from sidecart.export import export


def test_parquet_tables_carry_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full().write(tmp_path / "b")
    assert main(["export", str(tmp_path / "b"), "--out", str(tmp_path / "out")]) == 0
    written = capsys.readouterr().out.split()
    assert sorted(Path(path).name for path in written) == [
        "histories.parquet",
        "item_weights.parquet",
        "items.parquet",
        "similar.parquet",
        "user_lists.parquet",
        "users.parquet",
    ]

    def rows(name: str) -> list[dict[str, object]]:
        table = pyarrow.parquet.read_table(tmp_path / "out" / f"{name}.parquet")
        found: list[dict[str, object]] = table.to_pylist()
        return found

    assert rows("items")[2]["id"] == "grüner-tee"
    assert rows("items")[2]["vector"] == [5, 6]
    assert rows("items")[0]["category"] == ["A", "B"]
    assert rows("users")[1] == {"id": "bob", "vector": [0, 1]}
    assert rows("histories") == [
        {"user_id": "ann", "item_id": "grüner-tee"},
        {"user_id": "ann", "item_id": "tea"},
        {"user_id": "bob", "item_id": "cup"},
    ]
    assert rows("similar")[0] == {"id": "tea", "item_id": "grüner-tee", "score": 0.75}
    assert rows("user_lists") == [{"id": "ann", "item_id": "tea", "score": 1}]


def test_faiss_matrices_are_contiguous_and_lines_are_rows(tmp_path: Path) -> None:
    bundle = full()
    files = export(bundle, str(tmp_path / "out"), "faiss")
    assert [Path(path).name for path in files] == [
        "items.npy",
        "users.npy",
        "items.txt",
        "users.txt",
    ]
    matrix = np.load(tmp_path / "out" / "items.npy")
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, bundle.item_embeddings)
    lines = (tmp_path / "out" / "items.txt").read_text().splitlines()
    assert lines == list(bundle.item_ids)


def test_numpy_arrays_have_the_tensors_names(shop: Path, tmp_path: Path) -> None:
    bundle = Bundle.read(shop / "bundle")
    export(bundle, str(tmp_path / "out"), "numpy")
    found = np.load(tmp_path / "out" / "popularity.npy")
    np.testing.assert_array_equal(found, bundle.popularity)
    assert (tmp_path / "out" / "ranker.trees.values.npy").exists()
    assert (tmp_path / "out" / "items.txt").read_text().splitlines() == list(bundle.item_ids)


def test_ids_with_line_breaks_are_written_as_json(tmp_path: Path) -> None:
    bundle = full()
    bundle.item_ids = ["a\nb", "c", "d", "e"]
    files = export(bundle, str(tmp_path / "out"), "faiss")
    assert str(tmp_path / "out" / "items.json") in files


def test_what_cannot_be_exported_is_told(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BundleError, match="no vectors"):
        export(Bundle.read(shop / "bundle"), str(tmp_path / "out"), "faiss")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with pytest.raises(BundleError, match="cannot create: File exists"):
        export(full(), str(tmp_path / "out"), "numpy")
    assert main(["export", str(tmp_path / "none"), "--out", "x"]) == 1
    assert "none: cannot open" in capsys.readouterr().err


def test_without_pyarrow_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    full().write(tmp_path / "b")
    code = "import sys; sys.modules['pyarrow'] = None; from sidecart.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", code, "export", str(tmp_path / "b"), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "pip install 'sidecart[parquet]'" in run.stderr
    assert not (tmp_path / "out").exists()
