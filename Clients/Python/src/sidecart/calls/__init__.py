"""Every method of the contract, once: what it takes, what it sends and what it gives back.

Each function here makes a :class:`Call`. The clients turn all of them into methods of their own, so that
``Client.recommend`` and ``AsyncClient.recommend`` take exactly the arguments of :func:`recommend`.

All take ``timeout``: seconds from the call to the answer, over all attempts; None takes the client's.
"""

from .call import Call, describe
from .scoring import item_profile, recommend, related, score, user_profile
from .serving import (
    delete_embeddings,
    drain,
    embeddings,
    health,
    load_model,
    metrics,
    models,
    nearest,
    outcomes,
    promote_model,
    put_embeddings,
    roll_back_model,
    status,
    wait_until_ready,
)
from .shop import forget, history, items, put_items, record, remove_items

__all__ = [
    "Call",
    "delete_embeddings",
    "describe",
    "drain",
    "embeddings",
    "forget",
    "health",
    "history",
    "item_profile",
    "items",
    "load_model",
    "metrics",
    "models",
    "nearest",
    "outcomes",
    "promote_model",
    "put_embeddings",
    "put_items",
    "recommend",
    "record",
    "related",
    "remove_items",
    "roll_back_model",
    "score",
    "status",
    "user_profile",
    "wait_until_ready",
]
