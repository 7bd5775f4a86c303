"""PyTorch: the scores of embeddings with biases are what is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import Shop, by_id, compare, slates, top
from serving import StartServer

import sidecart

torch = pytest.importorskip("torch", reason="torch is not installed")


def trained(data: Shop) -> Any:
    """A factorization with biases and a row of padding, as trained in a few steps."""
    torch.manual_seed(1)

    class Factors(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            for side, count in (("user", 401), ("item", 251)):
                setattr(self, f"{side}s", torch.nn.Embedding(count, 16))
                setattr(self, f"{side}_bias", torch.nn.Embedding(count, 1))
            self.offset = torch.nn.Parameter(torch.tensor(-2.0))

        def forward(self, user: Any, item: Any) -> Any:
            product = self.users(user) @ self.items(item).T
            return product + self.user_bias(user) + self.item_bias(item).T + self.offset

    model = Factors()
    target = torch.from_numpy(data.taken.toarray())
    users, items = torch.arange(1, 401), torch.arange(1, 251)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(30):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(users, items), target)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return model, model(users, items).numpy()


KEYS = [
    *("--user-key", "users.weight", "--item-key", "items.weight", "--skip-rows", "1"),
    *("--user-bias-key", "user_bias.weight", "--item-bias-key", "item_bias.weight"),
    *("--offset-key", "offset"),
]


@pytest.mark.parametrize("form", ["pt", "ckpt", "safetensors"])
def test_users_get_what_the_module_scores(form: str, data: Shop, start_server: StartServer) -> None:
    model, scores = trained(data)
    path = data.folder / f"model.{form}"
    if form == "safetensors":
        from safetensors.torch import save_file

        save_file(model.state_dict(), path)
    else:
        state = model.state_dict()
        torch.save({"epoch": 3, "state_dict": state} if form == "ckpt" else state, path)
    bundle = data.import_model("torch", path, *KEYS, *data.interactions)
    own = {data.users[user]: top(data, scores[user], user) for user in range(100)}
    with sidecart.Client(start_server(bundle).socket) as client:
        compare(f"torch, {form}", own, by_id(data, scores), slates(client))
        served = client.score(data.items, user=data.users[0]).scores
        np.testing.assert_allclose(served, scores[0], rtol=1e-4, atol=1e-5)


def test_keys_that_are_missing_are_named(data: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    path = data.folder / "keys.pt"
    torch.save({"a.weight": torch.zeros(3, 2)}, path)
    for options, cause in (
        ((), "--user-key and --item-key are required; "),
        (("--user-key", "b", "--item-key", "a.weight"), "has no 'b'; there are a.weight [3, 2]"),
    ):
        with pytest.raises(AssertionError):
            data.import_model("torch", path, *options)
        assert cause in capsys.readouterr().err
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(AssertionError):
        data.import_model("torch", path, "--user-key", "a", "--item-key", "b")
    assert "is no state dict" in capsys.readouterr().err
