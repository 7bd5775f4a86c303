"""Asks a Sidecart server which items go with a basket, for a shopper, now.

    import sidecart

    with sidecart.Client("/run/sidecart/sidecart.sock") as client:
        slate = client.recommend(user="shopper-00017", basket=["teapot-0001"], k=5, timeout=0.02)
        for item in slate.items:
            print(item.item_id, item.title, item.score)

:class:`AsyncClient` has the same calls for asyncio. Answers are the messages of the contract,
``proto/sidecart/v1``. ``sidecart.bundle`` reads and writes trained models, ``sidecart.importers`` makes them from
those of other libraries; both need NumPy and safetensors.
"""

from .aio import AsyncClient
from .client import Client
from .errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
    Code,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    SidecartError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from .retries import RetryPolicy
from .v1.catalog_pb2 import CatalogItem
from .v1.events_pb2 import Event, EventKind
from .v1.scoring_pb2 import Boost, Exploration, Reason, Relation, Rule, Tier, WhyNot

__version__ = "0.1.0"

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncClient",
    "Boost",
    "Cancelled",
    "CatalogItem",
    "Client",
    "Code",
    "DataLoss",
    "DeadlineExceeded",
    "Event",
    "EventKind",
    "Exploration",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "Reason",
    "Relation",
    "ResourceExhausted",
    "RetryPolicy",
    "Rule",
    "SidecartError",
    "Tier",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "WhyNot",
]
