"""TensorFlow: what two towers and Keras embeddings score is what is served."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparing import Shop, by_id, compare, slates, top
from serving import StartServer

import sidecart

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")

LEGACY = os.environ | {"TF_USE_LEGACY_KERAS": "1"}


@pytest.fixture(scope="module")
def towers(data: Shop) -> Path:
    """Both towers, and what TensorFlow Recommenders' index finds with them."""
    # Importing it here would fail: this process has chosen Keras 3.
    for name in ("tensorflow_recommenders", "tf_keras"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    program = Path(__file__).parent / "two_towers.py"
    subprocess.run([sys.executable, str(program), str(data.folder)], env=LEGACY, check=True)
    return data.folder


@pytest.mark.parametrize("form", ["Keras files", "SavedModel folders"])
def test_users_get_what_the_index_of_two_towers_finds(
    form: str, towers: Path, data: Shop, start_server: StartServer, tmp_path: Path
) -> None:
    names = (
        ("users.keras", "items.keras") if form == "Keras files" else ("users-saved", "items-saved")
    )
    out = str(tmp_path / "bundle")
    arguments = [str(towers / names[0]), "--item-tower", str(towers / names[1]), "--out", out]
    if form != "Keras files":
        arguments += [
            "--user-ids",
            str(towers / "users.txt"),
            "--item-ids",
            str(towers / "items.txt"),
        ]
    command = [sys.executable, "-m", "sidecart", "import", "tensorflow", *arguments]
    subprocess.run(command, env=LEGACY, check=True)
    with np.load(towers / "own.npz") as file:
        ids, scores = file["ids"], file["scores"].astype(np.float64)
    own = {user: ids[row, :10].tolist() for row, user in enumerate(data.users[:100])}
    known = {
        user: dict(zip(ids[row].tolist(), scores[row], strict=True))
        for row, user in enumerate(data.users[:100])
    }
    with sidecart.Client(start_server(out).socket) as client:
        compare(f"tensorflow-recommenders, {form}", own, known.__getitem__, slates(client))


def test_an_id_that_a_tower_does_not_know_is_named(towers: Path, tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("user-0\nnobody")
    command = [
        sys.executable,
        "-m",
        "sidecart",
        "import",
        "tensorflow",
        str(towers / "users.keras"),
    ]
    command += ["--item-tower", str(towers / "items.keras"), "--out", str(tmp_path / "out")]
    run = subprocess.run(
        [*command, "--user-ids", str(tmp_path / "users.txt")],
        env=LEGACY,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "does not know 1 of the user ids, such as 'nobody'" in run.stderr


def keras_model(data: Shop, has_lookup: bool) -> Any:
    """A factorization with biases, by ids or by numbers."""
    layers = tf.keras.layers
    tf.keras.utils.set_random_seed(1)
    inputs, products, biases = [], [], []
    for side, ids in (("user", data.users), ("item", data.items)):
        given = layers.Input((), dtype="string" if has_lookup else "int32", name=side)
        numbers = given
        if has_lookup:
            numbers = layers.StringLookup(vocabulary=ids, name=f"{side}_lookup")(given)
        inputs.append(given)
        count = len(ids) + has_lookup
        products.append(layers.Embedding(count, 12, name=f"{side}s")(numbers))
        biases.append(layers.Embedding(count, 1, name=f"{side}_bias")(numbers))
    score = layers.Add()([layers.Dot(1)(products), *biases])
    model = tf.keras.Model(inputs, score)
    model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True))
    users, items = np.indices(data.taken.shape).reshape(2, -1)
    if has_lookup:
        users, items = np.array(data.users)[users], np.array(data.items)[items]
    pairs = [tf.constant(users), tf.constant(items)]
    model.fit(pairs, data.taken.toarray().reshape(-1), batch_size=1024, epochs=2, verbose=0)
    return model, model.predict(pairs, batch_size=10_000, verbose=0).reshape(data.taken.shape)


@pytest.mark.parametrize("has_lookup", [True, False])
def test_users_get_what_a_keras_model_scores(
    has_lookup: bool, data: Shop, start_server: StartServer
) -> None:
    model, scores = keras_model(data, has_lookup)
    path = data.folder / f"factors-{has_lookup}.keras"
    model.save(path)
    options = ["--user-layer", "users", "--item-layer", "items"]
    options += ["--user-bias-layer", "user_bias", "--item-bias-layer", "item_bias"]
    if has_lookup:
        options += ["--user-lookup", "user_lookup", "--item-lookup", "item_lookup"]
    bundle = data.import_model("tensorflow", path, *options, *data.interactions, ids=not has_lookup)
    own = {data.users[user]: top(data, scores[user], user) for user in range(100)}
    name = "with StringLookup" if has_lookup else "by numbers"
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(f"keras embeddings {name}", own, by_id(data, scores), slates(client))
        served = client.score(data.items, user=data.users[0]).scores
        np.testing.assert_allclose(served, scores[0], rtol=1e-3, atol=1e-5)


def test_layers_that_are_missing_are_named(data: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    path = data.folder / "layers.keras"
    tf.keras.Sequential(
        [tf.keras.layers.Input((1,)), tf.keras.layers.Embedding(3, 2, name="e")]
    ).save(path)
    for options, cause in (
        ((), "has the embedding layers e"),
        (("--user-layer", "e", "--item-layer", "f"), "has no layer 'f'; there are e"),
    ):
        with pytest.raises(AssertionError):
            data.import_model("tensorflow", path, *options)
        assert cause in capsys.readouterr().err
