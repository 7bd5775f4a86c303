"""Spark ML's ALSModel: what it recommends is what is served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from comparing import Shop, compare, slates
from serving import StartServer

import sidecart

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("pyspark needs Java, which is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    yield session
    session.stop()


def recommendations(model: Any, users: list[str], items: list[str]) -> tuple[Any, Any]:
    """The ten best and all scores of the first 100 users, by what their numbers stand for."""
    own, scores = {}, {}
    for row in model.recommendForAllUsers(len(items)).collect():
        user = users[row[0]]
        pairs = [(items[number], score) for number, score in row["recommendations"]]
        scores[user] = dict(pairs)
        own[user] = [item for item, _ in pairs[:10]]
    first = sorted(own, key=lambda user: int(user.rpartition("-")[2]))[:100]
    return {user: own[user] for user in first}, scores


def test_users_get_what_spark_recommends(
    spark: Any, data: Shop, start_server: StartServer, tmp_path: Path
) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import StringIndexer
    from pyspark.ml.recommendation import ALS

    pairs = zip(*data.taken.nonzero(), strict=True)
    rows = [(data.users[user], data.items[item], 1.0) for user, item in pairs]
    ratings = spark.createDataFrame(rows, ["user", "item", "rating"]).coalesce(1)
    stages = [
        StringIndexer(inputCol="user", outputCol="user_number"),
        StringIndexer(inputCol="item", outputCol="item_number"),
        ALS(
            userCol="user_number",
            itemCol="item_number",
            ratingCol="rating",
            rank=12,
            maxIter=3,
            seed=1,
            implicitPrefs=True,
            numUserBlocks=2,
            numItemBlocks=2,
        ),
    ]
    pipeline = Pipeline(stages=stages).fit(ratings)
    users, items, als = pipeline.stages
    folders = {name: tmp_path / name for name in ("pipeline", "als", "users", "items")}
    for model, folder in zip((pipeline, als, users, items), folders.values(), strict=True):
        model.write().save(str(folder))
    own, scores = recommendations(als, users.labels, items.labels)
    bundles = {
        "labels of the pipeline": data.import_model("pyspark", folders["pipeline"], ids=False),
        "labels of both indexers": data.import_model(
            "pyspark",
            folders["als"],
            *("--user-labels", str(folders["users"]), "--item-labels", str(folders["items"])),
            ids=False,
        ),
    }
    for name, bundle in bundles.items():
        with sidecart.Client(start_server(bundle).socket) as client:
            compare(f"pyspark ALSModel, {name}", own, scores.__getitem__, slates(client))


def test_numbers_are_ids_where_there_are_no_labels(
    spark: Any, data: Shop, start_server: StartServer, tmp_path: Path
) -> None:
    from pyspark.ml.recommendation import ALS

    rows = [
        (1000 + int(user), 2 * int(item), 1.0)
        for user, item in zip(*data.taken.nonzero(), strict=True)
    ]
    ratings = spark.createDataFrame(rows, ["user", "item", "rating"]).coalesce(1)
    model = ALS(rank=8, maxIter=2, seed=1, numUserBlocks=1, numItemBlocks=1).fit(ratings)
    model.write().save(str(tmp_path / "numbers"))
    bundle = data.import_model("pyspark", tmp_path / "numbers", ids=False)
    own, scores = {}, {}
    for row in model.recommendForAllUsers(250).collect():
        if row["user"] < 1100:
            pairs = [(str(number), score) for number, score in row["recommendations"]]
            own[str(row["user"])] = [item for item, _ in pairs[:10]]
            scores[str(row["user"])] = dict(pairs)
    with sidecart.Client(start_server(bundle).socket) as client:
        compare("pyspark ALSModel, numbers as ids", own, scores.__getitem__, slates(client))


def test_labels_that_are_too_few_are_named(
    spark: Any, data: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pyspark.ml.recommendation import ALS

    ratings = spark.createDataFrame([(0, 0, 1.0), (7, 300, 2.0)], ["user", "item", "rating"])
    ALS(rank=2, maxIter=1).fit(ratings).write().save(str(tmp_path / "few"))
    with pytest.raises(AssertionError):
        data.import_model("pyspark", tmp_path / "few")
    assert "has item 300, but --item-ids has 250 ids" in capsys.readouterr().err
