"""Trains a two-tower model with TensorFlow Recommenders, and saves its towers and what it recommends.

Run as a program: TensorFlow Recommenders needs Keras 2, which a process chooses once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

folder = Path(sys.argv[1])
tf.keras.utils.set_random_seed(1)
users = (folder / "users.txt").read_text().splitlines()
items = (folder / "items.txt").read_text().splitlines()
with np.load(folder / "taken.npz") as file:
    rows = np.repeat(np.arange(len(users)), np.diff(file["indptr"]))
    columns = file["indices"]
data = tf.data.Dataset.from_tensor_slices(
    {"user": np.array(users)[rows], "item": np.array(items)[columns]}
)


def tower(ids: list[str]) -> tf.keras.Model:
    return tf.keras.Sequential(
        [
            tf.keras.layers.StringLookup(vocabulary=ids, mask_token=None),
            tf.keras.layers.Embedding(len(ids) + 1, 16),
            tf.keras.layers.Dense(24, activation="relu"),
            tf.keras.layers.Dense(12),
        ]
    )


class TwoTowers(tfrs.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.user_model, self.item_model = tower(users), tower(items)
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, features: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        return self.task(
            self.user_model(features["user"]),
            self.item_model(features["item"]),
            compute_metrics=False,
        )


model = TwoTowers()
model.compile(optimizer=tf.keras.optimizers.Adagrad(0.1))
model.fit(data.shuffle(10_000, seed=1).batch(512), epochs=3, verbose=0)
index = tfrs.layers.factorized_top_k.BruteForce(model.user_model, k=len(items))
index.index_from_dataset(
    tf.data.Dataset.from_tensor_slices(items)
    .batch(100)
    .map(lambda ids: (ids, model.item_model(ids)))
)
scores, ids = index(tf.constant(users[:100]))
model.user_model.save(folder / "users.keras")
model.item_model.save(folder / "items.keras")
tf.saved_model.save(model.user_model, str(folder / "users-saved"))
tf.saved_model.save(model.item_model, str(folder / "items-saved"))
np.savez(folder / "own.npz", scores=scores.numpy(), ids=ids.numpy().astype(str))
