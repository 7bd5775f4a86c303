"""The command line and what importers share, without the libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import StartServer

import sidecart
from sidecart.__main__ import main
from sidecart.bundle import Bundle
from sidecart.importers.core import Given, factors, similar
from sidecart.importers.failure import ImportFailure
from sidecart.importers.ids import read_ids, texts
from sidecart.importers.interactions import Interactions

RANDOM = np.random.default_rng(7)
USERS: Any = RANDOM.normal(size=(6, 4)).astype(np.float32)
ITEMS: Any = RANDOM.normal(size=(9, 4)).astype(np.float32)
USER_IDS = [f"u{n}" for n in range(6)]
ITEM_IDS = [f"i{n}" for n in range(9)]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """What implicit's ALS saves, with ids and interactions beside it."""
    np.savez(
        tmp_path / "als.npz",
        user_factors=USERS,
        item_factors=ITEMS,
        alpha=np.array(3.0),
        regularization=np.array(0.5),
    )
    (tmp_path / "users.txt").write_text("\n".join(USER_IDS))
    (tmp_path / "items.txt").write_text("".join(f"{id}\r\n" for id in ITEM_IDS))
    np.savez(
        tmp_path / "taken.npz",
        format=np.array(b"csr"),
        shape=np.array([6, 9]),
        indptr=np.array([0, 2, 2, 3, 3, 3, 4]),
        indices=np.array([8, 1, 4, 8]),
        data=np.ones(4),
    )
    return tmp_path


def arguments(saved: Path, **changed: str | None) -> list[str]:
    options = {
        "user-ids": "users.txt",
        "item-ids": "items.txt",
        "interactions": "taken.npz",
    } | changed
    made = ["import", "implicit", str(saved / "als.npz"), "--out", str(saved / "out")]
    for name, value in options.items():
        if value is not None:
            made += [f"--{name}", value if name == "similar" else str(saved / value)]
    return made


def test_an_imported_model_ranks_by_its_own_scores(
    saved: Path, start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(saved)) == 0
    assert "9 items, 6 users, 4 dimensions" in capsys.readouterr().out
    bundle = Bundle.read(saved / "out")
    assert bundle.fold_in is not None
    assert (bundle.fold_in.unobserved_weight, bundle.fold_in.regularization) == (0.5, 0.25)
    assert bundle.popularity is not None
    assert bundle.popularity.tolist() == [0, 1, 0, 0, 1, 0, 0, 0, 2]
    with sidecart.Client(start_server(str(saved / "out")).socket) as client:
        for user, vector in zip(USER_IDS, USERS, strict=True):
            order = [ITEM_IDS[item] for item in np.argsort(-(ITEMS @ vector))]
            taken = {"u0": {"i8", "i1"}, "u2": {"i4"}, "u5": {"i8"}}.get(user, set())
            slate = [item.item_id for item in client.recommend(user=user, k=9).items]
            assert slate == [item for item in order if item not in taken]


def test_biases_are_part_of_the_scores_that_are_served(
    tmp_path: Path, start_server: StartServer
) -> None:
    user_biases, item_biases = RANDOM.normal(size=6), RANDOM.normal(size=9)
    given = Given(version="v", similar_max=3)
    factors(
        "test",
        given,
        user_ids=USER_IDS,
        item_ids=ITEM_IDS,
        users=USERS,
        items=ITEMS,
        user_biases=user_biases,
        item_biases=item_biases[:, None],
        offset=3.5,
    ).write(tmp_path / "b")
    scores = USERS @ ITEMS.T + user_biases[:, None] + item_biases + 3.5
    with sidecart.Client(start_server(str(tmp_path / "b")).socket) as client:
        for user, expected in zip(USER_IDS, scores, strict=True):
            found = client.score(ITEM_IDS, user=user).scores
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_similar_items_are_those_of_the_largest_cosine() -> None:
    lists = similar(ITEMS, 3)
    units = ITEMS / np.linalg.norm(ITEMS, axis=1)[:, None]
    for item in range(9):
        cosines = units @ units[item]
        cosines[item] = -1
        best = [other for other in np.argsort(-cosines)[:3] if cosines[other] > 0]
        found, scores = lists.row(item)
        assert found.tolist() == best
        np.testing.assert_allclose(scores, cosines[best], rtol=1e-5)


WRONG: list[tuple[dict[str, str | None], str, str]] = [
    ({"user-ids": None}, "", "--user-ids FILE is required"),
    ({"item-ids": "none.txt"}, "", "none.txt: cannot read"),
    ({"item-ids": "short.txt"}, "a\nb", "the model has 9 item vectors, but there are 2 item ids"),
    ({"user-ids": "twice.txt"}, "a\nb\na", "twice.txt: ids 1 and 3 are both 'a'"),
    ({"user-ids": "empty.txt"}, "a\n\nb", "empty.txt: id 2 is empty"),
    ({"user-ids": "no.json"}, "{}", "no.json: is no JSON array"),
    ({"user-ids": "floats.json"}, "[1.5]", "floats.json: id 1 is 1.5, no text or whole number"),
    ({"interactions": "als.npz"}, "", "holds no sparse matrix in CSR form"),
    ({"interactions": "users.txt"}, "", "users.txt: cannot read"),
    ({"similar": "-1"}, "", "--similar is -1"),
]


@pytest.mark.parametrize(("changed", "text", "cause"), WRONG, ids=[cause for *_, cause in WRONG])
def test_mismatches_are_named(
    saved: Path,
    changed: dict[str, str | None],
    text: str,
    cause: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if text:
        (saved / str(next(iter(changed.values())))).write_text(text)
    assert main(arguments(saved, **changed)) == 1
    assert cause in capsys.readouterr().err
    assert not (saved / "out").exists()


def test_interactions_of_another_shape_are_named(saved: Path) -> None:
    found = Interactions.read(str(saved / "taken.npz"))
    for shape, cause in (((5, 9), "5 users"), ((6, 8), "8 items")):
        given = Given(interactions=Interactions(found.offsets, found.items, found.values, shape))
        with pytest.raises(ImportFailure, match=rf"has {cause} \(.*\), but there are"):
            factors("t", given, user_ids=USER_IDS, item_ids=ITEM_IDS, users=USERS, items=ITEMS)


def test_vectors_that_cannot_be_are_named() -> None:
    def make(users: Any = USERS, items: Any = ITEMS, **more: Any) -> Bundle:
        return factors(
            "t", Given(), user_ids=USER_IDS, item_ids=ITEM_IDS, users=users, items=items, **more
        )

    broken = ITEMS.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ImportFailure, match=r"item 'i3' \(row 3\) has nan at dimension 1"):
        make(items=broken)
    with pytest.raises(ImportFailure, match="the model has 5 user vectors, but there are 6"):
        make(users=USERS[:5])
    with pytest.raises(ImportFailure, match="have 4 dimensions, the items' 3"):
        make(items=ITEMS[:, :3])
    with pytest.raises(ImportFailure, match="not 2 dimensions"):
        make(items=ITEMS.reshape(-1))
    with pytest.raises(ImportFailure, match="8 item biases, but 9 items"):
        make(item_biases=np.zeros(8))


def test_ids_are_texts_or_whole_numbers(tmp_path: Path) -> None:
    assert texts(["a", 7, np.int64(8), b"c"], "x") == ["a", "7", "8", "c"]
    np.save(tmp_path / "ids.npy", np.array([30, 10, 20]))
    assert read_ids(str(tmp_path / "ids.npy")) == ["30", "10", "20"]
    (tmp_path / "ids.json").write_text('["a\\nb", 7]')
    assert read_ids(str(tmp_path / "ids.json")) == ["a\nb", "7"]


def test_interactions_are_read_from_both_forms(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "coo.npz",
        format=np.array(b"coo"),
        shape=np.array([3, 2]),
        row=np.array([2, 0, 2]),
        col=np.array([1, 0, 0]),
        data=np.array([5, 0, 2]),
    )
    found = Interactions.read(str(tmp_path / "coo.npz"))
    assert found.offsets.tolist() == [0, 0, 0, 2]
    assert (found.items.tolist(), found.values.tolist()) == ([1, 0], [5, 2])
    part = found.select(np.array([1, 2]), np.array([1]))
    assert (part.offsets.tolist(), part.items.tolist(), part.shape) == ([0, 0, 1], [0], (2, 1))
    with pytest.raises(ImportFailure, match="number 3"):
        found.select(np.array([3]), np.array([1]))


def test_an_existing_bundle_is_replaced_only_when_asked(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(saved)) == 0
    assert main(arguments(saved)) == 1
    assert "exists already" in capsys.readouterr().err
    again = [*arguments(saved), "--replace", "--half", "--model-version", "second"]
    assert main(again) == 0
    bundle = Bundle.read(saved / "out")
    assert bundle.version == "second"
    assert bundle.item_embeddings is not None
    np.testing.assert_array_equal(
        bundle.item_embeddings, ITEMS.astype(np.float16).astype(np.float32)
    )


def test_a_library_that_is_missing_is_named(saved: Path) -> None:
    (saved / "model.pkl").write_bytes(b"")
    code = "import sys; sys.modules['lightfm'] = None; from sidecart.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "import",
            "lightfm",
            str(saved / "model.pkl"),
            "--out",
            str(saved / "out"),
        ],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "this needs lightfm, which is not installed: pip install lightfm" in run.stderr


def test_the_servers_program_runs_the_same_code(saved: Path, binary: str) -> None:
    run = subprocess.run(
        [binary, *arguments(saved)],
        env={"SIDECART_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert len(Bundle.read(saved / "out").item_ids) == 9
    export = [
        binary,
        "export",
        str(saved / "out"),
        "--out",
        str(saved / "faiss"),
        "--format",
        "faiss",
    ]
    subprocess.run(export, env={"SIDECART_PYTHON": sys.executable}, check=True)
    np.testing.assert_array_equal(np.load(saved / "faiss" / "items.npy"), ITEMS)
    usage = subprocess.run(
        [binary, "import", "implicit", "--help"],
        env={"SIDECART_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert "sidecart import implicit als.npz" in usage.stdout
    assert "python -m" not in usage.stdout


def test_the_servers_program_says_how_to_install_the_package(saved: Path, binary: str) -> None:
    bare = saved / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    run = subprocess.run(
        [binary, *arguments(saved)],
        env={"SIDECART_PYTHON": str(bare)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "'sidecart import' needs the Python package sidecart" in run.stderr
    assert "pip install" in run.stderr


def test_without_numpy_there_is_the_client_and_a_word_on_the_rest(saved: Path) -> None:
    code = "import sys; sys.modules['numpy'] = None; import sidecart; sidecart.Client('s'); "
    code += "from sidecart.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments(saved)], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stderr == "error: sidecart.bundle needs numpy: pip install 'sidecart[bundle]'\n"


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for library in (
        "implicit",
        "lightfm",
        "scikit-learn",
        "torch",
        "tensorflow",
        "pyspark",
        "surprise",
    ):
        with pytest.raises(SystemExit) as caught:
            main(["import", library, "--help"])
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert f"python -m sidecart import {library} " in out
        assert "--out BUNDLE" in out
