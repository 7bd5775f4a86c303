"""What the shop tells: events and the catalog."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..v1 import catalog_pb2, events_pb2
from .call import Call, call, several, then


def record(
    events: Iterable[events_pb2.Event], *, timeout: float | None = None
) -> Call[events_pb2.RecordResponse]:
    """Records a batch of events: all of them, or none where one is refused. They are durable once this returns.

    While nobody answers at the socket, or the connection breaks, the batch is sent again with the same event ids until the
    timeout is over, so that a server that is started again loses and doubles nothing. Where this raises ``Unavailable`` or
    ``DeadlineExceeded`` the events may have been recorded; recording them again with the same ids is safe.

    Args:
        events: 1 to 1,000; those without an ``event_id`` get a random one.
        timeout: in seconds, over all attempts; None takes the client's.

    Returns:
        ``recorded`` counts those that are new, ``duplicates`` has the positions of those that were known.
    """
    request = events_pb2.RecordRequest(events=events)
    for event in request.events:
        event.event_id = event.event_id or str(uuid.uuid4())
    made = call("sidecart.v1.Events", "Record", request, events_pb2.RecordResponse, timeout)
    return replace(made, until_deadline=True)


def history(
    user: str, *, k: int = 0, timeout: float | None = None
) -> Call[Sequence[events_pb2.Event]]:
    """Lists a user's newest events, newest first.

    Args:
        user: one who has events; any other is NOT_FOUND.
        k: up to 1,000; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    request = events_pb2.HistoryRequest(user_id=user, k=k)
    made = call("sidecart.v1.Events", "History", request, events_pb2.HistoryResponse, timeout)
    return then(made, lambda response: response.events)


def forget(user: str, *, timeout: float | None = None) -> Call[events_pb2.ForgetResponse]:
    """Removes a user and all her events for good; the answer is a receipt. Never made again by itself."""
    request = events_pb2.ForgetRequest(user_id=user)
    return call(
        "sidecart.v1.Events",
        "Forget",
        request,
        events_pb2.ForgetResponse,
        timeout,
        may_repeat=False,
    )


def put_items(
    items: Iterable[catalog_pb2.CatalogItem], *, timeout: float | None = None
) -> Call[catalog_pb2.PutItemsResponse]:
    """Adds items to the catalog, or replaces what is given of them: all of them, or none where one is refused.

    Price and stock act on the next call, everything else on the next training.

    Args:
        items: 1 to 1,000.
        timeout: in seconds; None takes the client's.
    """
    request = catalog_pb2.PutItemsRequest(items=items)
    return call("sidecart.v1.Catalog", "Put", request, catalog_pb2.PutItemsResponse, timeout)


def remove_items(items: Iterable[str], *, timeout: float | None = None) -> Call[int]:
    """Removes items from the catalog; their events stay. Returns how many there were."""
    request = catalog_pb2.RemoveItemsRequest(item_ids=several(items, "items"))
    made = call("sidecart.v1.Catalog", "Remove", request, catalog_pb2.RemoveItemsResponse, timeout)
    return then(made, lambda response: response.removed)


def items(
    items: Iterable[str], *, timeout: float | None = None
) -> Call[catalog_pb2.GetItemsResponse]:
    """Reads what the catalog says of 1 to 1,000 items; ``unknown`` has the positions of those it does not have."""
    request = catalog_pb2.GetItemsRequest(item_ids=several(items, "items"))
    return call("sidecart.v1.Catalog", "Get", request, catalog_pb2.GetItemsResponse, timeout)
