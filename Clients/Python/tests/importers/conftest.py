"""One data set for all libraries.

A library that is not installed skips its tests, and the summary at the end says so, beside how many users get the same
from each library and from the server.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import FIGURES, Shop


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """400 users of eight tastes, 250 items of which some sell far better than others."""
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    random = np.random.default_rng(1)
    tastes, kinds = random.integers(8, size=400), random.integers(8, size=250)
    sales = random.pareto(1.2, size=250) + 0.1
    taken = np.zeros((400, 250), np.float32)
    for user, taste in enumerate(tastes):
        chances = sales * np.where(kinds == taste, 6.0, 1.0)
        count = int(random.integers(5, 30))
        taken[user, random.choice(250, count, replace=False, p=chances / chances.sum())] = 1
    folder = tmp_path_factory.mktemp("data")
    users, items = [f"user-{n}" for n in range(400)], [f"item-{n}" for n in range(250)]
    (folder / "users.txt").write_text("\n".join(users))
    (folder / "items.txt").write_text("\n".join(items))
    matrix = sparse.csr_matrix(taken)
    sparse.save_npz(folder / "taken.npz", matrix)
    return Shop(folder, users, items, matrix)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints what was compared."""
    terminalreporter.section("recommendations of the library and of the server")
    for line in FIGURES:
        terminalreporter.line(line)
