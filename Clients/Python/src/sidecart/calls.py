"""Every method of the contract, once: what it takes, what it sends and what it gives back.

Each function here makes a :class:`Call`. The clients turn all of them into methods of their own, so that
``Client.recommend`` and ``AsyncClient.recommend`` take exactly the arguments of :func:`recommend`.

All take ``timeout``: seconds from the call to the answer, over all attempts; None takes the client's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar, cast

from google.protobuf.message import DecodeError, Message

from .errors import Internal
from .v1 import (
    admin_pb2,
    catalog_pb2,
    embeddings_pb2,
    events_pb2,
    models_pb2,
    profiles_pb2,
    scoring_pb2,
)
from .wire import health_pb2

R = TypeVar("R")
M = TypeVar("M", bound=Message)
SpaceName = Literal["items", "users"]
RelationName = Literal["complement", "similar", "substitute", "rebuy"]
HealthStatus = Literal["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]


@dataclass(frozen=True)
class Call(Generic[R]):
    """One call to be made.

    Attributes:
        service: such as ``sidecart.v1.Scoring``.
        method: such as ``Recommend``.
        payload: the encoded request.
        result: reads the encoded response.
        timeout: in seconds; None for the client's.
        may_repeat: whether making it twice is as good as once.
        until_deadline: whether it is made again until the timeout is over, however often.
    """

    service: str
    method: str
    payload: bytes
    result: Callable[[bytes], R]
    timeout: float | None
    may_repeat: bool
    until_deadline: bool = False


def _call(
    service: str,
    method: str,
    request: Message,
    response: type[M],
    timeout: float | None,
    *,
    may_repeat: bool = True,
) -> Call[M]:
    def read(payload: bytes) -> M:
        message = response()
        try:
            message.ParseFromString(payload)
        except DecodeError:
            raise Internal(
                f"{service}/{method}: the answer is no {response.DESCRIPTOR.name}"
            ) from None
        return message

    payload: bytes = request.SerializeToString()
    return Call(service, method, payload, read, timeout, may_repeat)


def _then(call: Call[M], result: Callable[[M], R]) -> Call[R]:
    """The same call with something made of its response."""
    return Call(
        call.service,
        call.method,
        call.payload,
        lambda payload: result(call.result(payload)),
        call.timeout,
        call.may_repeat,
    )


def _ids(ids: Iterable[str], name: str) -> Iterable[str]:
    """Refuses one id where several are meant: a string is an iterable of strings too."""
    if isinstance(ids, (str, bytes)):
        raise TypeError(f"{name} is one id, {ids!r}; it must be a list of ids")
    return ids


# Scoring


def score(
    items: Sequence[str],
    *,
    user: str = "",
    basket: Iterable[str] = (),
    history: Iterable[str] = (),
    timeout: float | None = None,
) -> Call[scoring_pb2.ScoreResponse]:
    """Scores the items for a shopper.

    Args:
        items: 1 to 1,000 ids.
        user: the shopper's id; one that the server does not know is no error.
        basket: items in the basket now.
        history: items the shopper took before, oldest first; replaces what the server knows of ``user``.
        timeout: in seconds; None takes the client's.

    Returns:
        ``scores`` has one float an item, in the order of ``items``; NaN for those the model does not know.
    """
    request = scoring_pb2.ScoreRequest(
        context=_context(user, basket, history), items=_ids(items, "items")
    )
    return _call("sidecart.v1.Scoring", "Score", request, scoring_pb2.ScoreResponse, timeout)


def recommend(
    *,
    user: str = "",
    basket: Iterable[str] = (),
    history: Iterable[str] = (),
    k: int = 0,
    exclude: Iterable[str] = (),
    allow: Iterable[str] = (),
    include_purchased: bool = False,
    include_due: bool = False,
    include_out_of_stock: bool = False,
    per_category_max: int = 0,
    category_level: int = 0,
    per_basket_item_max: int = 0,
    new_items_max: int = 0,
    leave_out_new_items: bool = False,
    price_min: float = 0,
    price_max: float = 0,
    basket_budget: float = 0,
    support_min: int = 0,
    categories: Iterable[str] = (),
    exclude_categories: Iterable[str] = (),
    leave_out_substitutes: bool = False,
    boosts: Iterable[scoring_pb2.Boost] = (),
    margin_weight: float = 0,
    diversity: float = 0,
    rule_set: str = "",
    explore: scoring_pb2.Exploration | None = None,
    why_not: Iterable[str] = (),
    score_parts: bool = False,
    ids_only: bool = False,
    timeout: float | None = None,
) -> Call[scoring_pb2.RecommendResponse]:
    """Finds, ranks, filters and explains items to offer to a shopper.

    All that says who asks may be empty, and every rule is off by default. Each argument is the field of its name in
    ``RecommendRequest`` (``proto/sidecart/v1/scoring.proto``), which says more.

    Args:
        user: the shopper's id; one that the server does not know is no error.
        basket: items in the basket now.
        history: items the shopper took before, oldest first; replaces what the server knows of ``user``.
        k: how many items to return, up to 1,000; 0 leaves it to the server, which takes 10.
        exclude: items never to return.
        allow: where not empty, the only items to return.
        include_purchased: also return what the shopper bought before.
        include_due: also return what she bought before and is due to buy again.
        include_out_of_stock: also return what is known to be out of stock.
        per_category_max: at most so many items of one category.
        category_level: how many steps of a category's path count for that.
        per_basket_item_max: at most so many items that the same basket item speaks loudest for.
        new_items_max: at most so many items that nobody took yet.
        leave_out_new_items: leave those out.
        price_min: only items that cost at least this.
        price_max: only items that cost at most this.
        basket_budget: only items that cost no more than this together with the basket.
        support_min: only items that at least so many baskets held in the training data.
        categories: only items of these, as paths such as ``"Kitchen > Tea"``.
        exclude_categories: no items of these.
        leave_out_substitutes: leave out the substitutes of basket items.
        boosts: multiply scores before items are ranked.
        margin_weight: how much it counts what the shop earns on an item, 0 to 1.
        diversity: how much it counts against an item that it is like others on the slate, 0 to below 1.
        rule_set: rules that the server keeps under this name.
        explore: try other items now and then.
        why_not: items of which ``why_not`` in the answer says why they are not on the slate.
        score_parts: say of each item what its score adds up from; ``k`` is at most 100 then.
        ids_only: leave titles, prices, categories and reasons out.
        timeout: in seconds; None takes the client's.
    """
    request = scoring_pb2.RecommendRequest(
        context=_context(user, basket, history),
        k=k,
        exclude=_ids(exclude, "exclude"),
        allow=_ids(allow, "allow"),
        include_purchased=include_purchased,
        include_due=include_due,
        include_out_of_stock=include_out_of_stock,
        per_category_max=per_category_max,
        category_level=category_level,
        per_basket_item_max=per_basket_item_max,
        new_items_max=new_items_max,
        leave_out_new_items=leave_out_new_items,
        price_min=price_min,
        price_max=price_max,
        basket_budget=basket_budget,
        support_min=support_min,
        categories=_ids(categories, "categories"),
        exclude_categories=_ids(exclude_categories, "exclude_categories"),
        leave_out_substitutes=leave_out_substitutes,
        boosts=boosts,
        margin_weight=margin_weight,
        diversity=diversity,
        rule_set=rule_set,
        explore=explore,
        why_not=_ids(why_not, "why_not"),
        score_parts=score_parts,
        ids_only=ids_only,
    )
    return _call(
        "sidecart.v1.Scoring", "Recommend", request, scoring_pb2.RecommendResponse, timeout
    )


def related(
    item: str,
    *relations: RelationName,
    k: int = 0,
    timeout: float | None = None,
) -> Call[scoring_pb2.RelatedResponse]:
    """Lists an item's neighbors, those of each relation strongest first.

    Args:
        item: one that the model knows; any other is NOT_FOUND.
        relations: ``"complement"``, ``"similar"``, ``"substitute"`` or ``"rebuy"``, each at most once; none leaves it to the
            server, which takes complements.
        k: how many of each, up to 1,000; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    names = [relation.upper() for relation in relations]
    request = scoring_pb2.RelatedRequest(item_id=item, relations=names, k=k)
    return _call("sidecart.v1.Scoring", "Related", request, scoring_pb2.RelatedResponse, timeout)


def _context(user: str, basket: Iterable[str], history: Iterable[str]) -> scoring_pb2.Context:
    return scoring_pb2.Context(
        user_id=user, basket=_ids(basket, "basket"), history=_ids(history, "history")
    )


# Profiles


def user_profile(
    user: str, *, k: int = 0, timeout: float | None = None
) -> Call[profiles_pb2.UserProfile]:
    """Says what the model knows of a shopper.

    Args:
        user: one that the model knows; any other is NOT_FOUND.
        k: how many of her items and categories; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    request = profiles_pb2.UserProfileRequest(user_id=user, k=k)
    return _call("sidecart.v1.Profiles", "User", request, profiles_pb2.UserProfile, timeout)


def item_profile(item: str, *, timeout: float | None = None) -> Call[profiles_pb2.ItemProfile]:
    """Says what the model knows of an item; one that it does not know is NOT_FOUND."""
    request = profiles_pb2.ItemProfileRequest(item_id=item)
    return _call("sidecart.v1.Profiles", "Item", request, profiles_pb2.ItemProfile, timeout)


# Events


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
    call = _call("sidecart.v1.Events", "Record", request, events_pb2.RecordResponse, timeout)
    return replace(call, until_deadline=True)


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
    call = _call("sidecart.v1.Events", "History", request, events_pb2.HistoryResponse, timeout)
    return _then(call, lambda response: response.events)


def forget(user: str, *, timeout: float | None = None) -> Call[events_pb2.ForgetResponse]:
    """Removes a user and all her events for good; the answer is a receipt. Never made again by itself."""
    request = events_pb2.ForgetRequest(user_id=user)
    return _call(
        "sidecart.v1.Events",
        "Forget",
        request,
        events_pb2.ForgetResponse,
        timeout,
        may_repeat=False,
    )


# Catalog


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
    return _call("sidecart.v1.Catalog", "Put", request, catalog_pb2.PutItemsResponse, timeout)


def remove_items(items: Iterable[str], *, timeout: float | None = None) -> Call[int]:
    """Removes items from the catalog; their events stay. Returns how many there were."""
    request = catalog_pb2.RemoveItemsRequest(item_ids=_ids(items, "items"))
    call = _call("sidecart.v1.Catalog", "Remove", request, catalog_pb2.RemoveItemsResponse, timeout)
    return _then(call, lambda response: response.removed)


def items(
    items: Iterable[str], *, timeout: float | None = None
) -> Call[catalog_pb2.GetItemsResponse]:
    """Reads what the catalog says of 1 to 1,000 items; ``unknown`` has the positions of those it does not have."""
    request = catalog_pb2.GetItemsRequest(item_ids=_ids(items, "items"))
    return _call("sidecart.v1.Catalog", "Get", request, catalog_pb2.GetItemsResponse, timeout)


# Embeddings


def embeddings(
    ids: Iterable[str], space: SpaceName = "items", *, timeout: float | None = None
) -> Call[embeddings_pb2.GetEmbeddingsResponse]:
    """Reads the vectors of 1 to 1,000 ids; ``unknown`` has the positions of those without one."""
    request = embeddings_pb2.GetEmbeddingsRequest(space=space.upper(), ids=_ids(ids, "ids"))
    return _call(
        "sidecart.v1.Embeddings", "Get", request, embeddings_pb2.GetEmbeddingsResponse, timeout
    )


def put_embeddings(
    vectors: Mapping[str, Iterable[float]],
    space: SpaceName = "items",
    *,
    timeout: float | None = None,
) -> Call[embeddings_pb2.PutEmbeddingsResponse]:
    """Adds or replaces vectors: all of them, or none where one is refused.

    Args:
        vectors: 1 to 1,000 by id, each finite and as long as the model has dimensions.
        space: of which table.
        timeout: in seconds; None takes the client's.
    """
    request = embeddings_pb2.PutEmbeddingsRequest(
        space=space.upper(),
        embeddings=(
            embeddings_pb2.Embedding(id=id, vector=vector) for id, vector in vectors.items()
        ),
    )
    return _call(
        "sidecart.v1.Embeddings", "Put", request, embeddings_pb2.PutEmbeddingsResponse, timeout
    )


def delete_embeddings(
    ids: Iterable[str], space: SpaceName = "items", *, timeout: float | None = None
) -> Call[int]:
    """Deletes vectors. Returns how many there were."""
    request = embeddings_pb2.DeleteEmbeddingsRequest(space=space.upper(), ids=_ids(ids, "ids"))
    call = _call(
        "sidecart.v1.Embeddings",
        "Delete",
        request,
        embeddings_pb2.DeleteEmbeddingsResponse,
        timeout,
    )
    return _then(call, lambda response: response.deleted)


def nearest(
    vector: Iterable[float], space: SpaceName = "items", *, k: int = 0, timeout: float | None = None
) -> Call[Sequence[embeddings_pb2.Neighbor]]:
    """Finds the vectors with the largest inner product with a given one; exact, best first.

    Args:
        vector: finite, as many numbers as the model has dimensions.
        space: in which table.
        k: up to 1,000; 0 leaves it to the server, which takes 10.
        timeout: in seconds; None takes the client's.
    """
    request = embeddings_pb2.NearestRequest(space=space.upper(), vector=vector, k=k)
    call = _call(
        "sidecart.v1.Embeddings", "Nearest", request, embeddings_pb2.NearestResponse, timeout
    )
    return _then(call, lambda response: response.neighbors)


# Models


def models(*, timeout: float | None = None) -> Call[models_pb2.ListModelsResponse]:
    """Lists the models that the server has in memory, and what it failed to load lately."""
    request = models_pb2.ListModelsRequest()
    return _call("sidecart.v1.Models", "List", request, models_pb2.ListModelsResponse, timeout)


def load_model(
    path: str, *, promote: bool = False, timeout: float | None = None
) -> Call[models_pb2.Model]:
    """Has the server load a bundle in the background, and returns at once. Needs the role admin.

    Args:
        path: the bundle's folder, absolute or below the server's folder of models.
        promote: have it serve as soon as it is ready.
        timeout: in seconds; None takes the client's.
    """
    request = models_pb2.LoadModelRequest(path=path, promote=promote)
    call = _call(
        "sidecart.v1.Models",
        "Load",
        request,
        models_pb2.LoadModelResponse,
        timeout,
        may_repeat=False,
    )
    return _then(call, lambda response: response.model)


def promote_model(version: str = "", *, timeout: float | None = None) -> Call[models_pb2.Model]:
    """Has a model serve that is ready, or the previous one. Needs the role admin.

    Args:
        version: empty takes the one that is ready.
        timeout: in seconds; None takes the client's.
    """
    request = models_pb2.PromoteModelRequest(version=version)
    call = _call(
        "sidecart.v1.Models",
        "Promote",
        request,
        models_pb2.PromoteModelResponse,
        timeout,
        may_repeat=False,
    )
    return _then(call, lambda response: response.model)


def roll_back_model(*, timeout: float | None = None) -> Call[models_pb2.Model]:
    """Has the previous model serve again. Needs the role admin."""
    request = models_pb2.RollbackModelRequest()
    call = _call(
        "sidecart.v1.Models",
        "Rollback",
        request,
        models_pb2.RollbackModelResponse,
        timeout,
        may_repeat=False,
    )
    return _then(call, lambda response: response.model)


# Admin and health


def status(*, timeout: float | None = None) -> Call[admin_pb2.StatusResponse]:
    """Asks what is running and how it does."""
    return _call(
        "sidecart.v1.Admin",
        "Status",
        admin_pb2.StatusRequest(),
        admin_pb2.StatusResponse,
        timeout,
    )


def metrics(
    format: Literal["prometheus", "openmetrics"] = "prometheus", *, timeout: float | None = None
) -> Call[str]:
    """Asks for all counters, gauges and histograms, as Prometheus reads them."""
    request = admin_pb2.MetricsRequest(format=f"{format.upper()}_TEXT")
    call = _call("sidecart.v1.Admin", "Metrics", request, admin_pb2.MetricsResponse, timeout)
    return _then(call, lambda response: response.text)


def outcomes(*, timeout: float | None = None) -> Call[admin_pb2.OutcomesResponse]:
    """Asks what was shown since the server started, and what came of it."""
    return _call(
        "sidecart.v1.Admin",
        "Outcomes",
        admin_pb2.OutcomesRequest(),
        admin_pb2.OutcomesResponse,
        timeout,
    )


def drain(*, hand_over: bool = False, timeout: float | None = None) -> Call[None]:
    """Tells the server to stop accepting, finish what is in flight and end. Needs the role admin.

    Args:
        hand_over: a successor has taken the socket's path; clients are let go at once, so that they turn to it.
        timeout: in seconds; None takes the client's.
    """
    request = admin_pb2.DrainRequest(hand_over=hand_over)
    call = _call(
        "sidecart.v1.Admin", "Drain", request, admin_pb2.DrainResponse, timeout, may_repeat=False
    )
    return _then(call, lambda response: None)


def health(service: str = "", *, timeout: float | None = None) -> Call[HealthStatus]:
    """Asks whether the server, or one service of it, takes calls.

    Args:
        service: a full name, such as ``sidecart.v1.Scoring``; empty for the server as a whole. One that the server does
            not have is NOT_FOUND.
        timeout: in seconds; None takes the client's.

    Returns:
        ``"SERVING"`` or ``"NOT_SERVING"``.
    """
    call = _call(
        "grpc.health.v1.Health",
        "Check",
        health_pb2.HealthCheckRequest(service=service),
        health_pb2.HealthCheckResponse,
        timeout,
    )
    return _then(call, _status_name)


def _status_name(response: health_pb2.HealthCheckResponse) -> HealthStatus:
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
    return cast(HealthStatus, name)


def wait_until_ready(*, timeout: float | None = None) -> Call[HealthStatus]:
    """Asks for the server's health until somebody answers, or the timeout is over."""
    return replace(health(timeout=timeout), until_deadline=True)
