"""What is served and how it does: vectors, models, status, health."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, cast

from ..v1 import admin_pb2, embeddings_pb2, models_pb2
from ..wire import health_pb2
from .call import Call, call, several, then

SpaceName = Literal["items", "users"]
HealthStatus = Literal["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]


def embeddings(
    ids: Iterable[str], space: SpaceName = "items", *, timeout: float | None = None
) -> Call[embeddings_pb2.GetEmbeddingsResponse]:
    """Reads the vectors of 1 to 1,000 ids; ``unknown`` has the positions of those without one."""
    request = embeddings_pb2.GetEmbeddingsRequest(space=space.upper(), ids=several(ids, "ids"))
    return call(
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
    return call(
        "sidecart.v1.Embeddings", "Put", request, embeddings_pb2.PutEmbeddingsResponse, timeout
    )


def delete_embeddings(
    ids: Iterable[str], space: SpaceName = "items", *, timeout: float | None = None
) -> Call[int]:
    """Deletes vectors. Returns how many there were."""
    request = embeddings_pb2.DeleteEmbeddingsRequest(space=space.upper(), ids=several(ids, "ids"))
    made = call(
        "sidecart.v1.Embeddings",
        "Delete",
        request,
        embeddings_pb2.DeleteEmbeddingsResponse,
        timeout,
    )
    return then(made, lambda response: response.deleted)


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
    made = call(
        "sidecart.v1.Embeddings", "Nearest", request, embeddings_pb2.NearestResponse, timeout
    )
    return then(made, lambda response: response.neighbors)


def models(*, timeout: float | None = None) -> Call[models_pb2.ListModelsResponse]:
    """Lists the models that the server has in memory, and what it failed to load lately."""
    request = models_pb2.ListModelsRequest()
    return call("sidecart.v1.Models", "List", request, models_pb2.ListModelsResponse, timeout)


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
    made = call(
        "sidecart.v1.Models",
        "Load",
        request,
        models_pb2.LoadModelResponse,
        timeout,
        may_repeat=False,
    )
    return then(made, lambda response: response.model)


def promote_model(version: str = "", *, timeout: float | None = None) -> Call[models_pb2.Model]:
    """Has a model serve that is ready, or the previous one. Needs the role admin.

    Args:
        version: empty takes the one that is ready.
        timeout: in seconds; None takes the client's.
    """
    request = models_pb2.PromoteModelRequest(version=version)
    made = call(
        "sidecart.v1.Models",
        "Promote",
        request,
        models_pb2.PromoteModelResponse,
        timeout,
        may_repeat=False,
    )
    return then(made, lambda response: response.model)


def roll_back_model(*, timeout: float | None = None) -> Call[models_pb2.Model]:
    """Has the previous model serve again. Needs the role admin."""
    request = models_pb2.RollbackModelRequest()
    made = call(
        "sidecart.v1.Models",
        "Rollback",
        request,
        models_pb2.RollbackModelResponse,
        timeout,
        may_repeat=False,
    )
    return then(made, lambda response: response.model)


def status(*, timeout: float | None = None) -> Call[admin_pb2.StatusResponse]:
    """Asks what is running and how it does."""
    return call(
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
    made = call("sidecart.v1.Admin", "Metrics", request, admin_pb2.MetricsResponse, timeout)
    return then(made, lambda response: response.text)


def outcomes(*, timeout: float | None = None) -> Call[admin_pb2.OutcomesResponse]:
    """Asks what was shown since the server started, and what came of it."""
    return call(
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
    made = call(
        "sidecart.v1.Admin", "Drain", request, admin_pb2.DrainResponse, timeout, may_repeat=False
    )
    return then(made, lambda response: None)


def health(service: str = "", *, timeout: float | None = None) -> Call[HealthStatus]:
    """Asks whether the server, or one service of it, takes calls.

    Args:
        service: a full name, such as ``sidecart.v1.Scoring``; empty for the server as a whole. One that the server does
            not have is NOT_FOUND.
        timeout: in seconds; None takes the client's.

    Returns:
        ``"SERVING"`` or ``"NOT_SERVING"``.
    """
    made = call(
        "grpc.health.v1.Health",
        "Check",
        health_pb2.HealthCheckRequest(service=service),
        health_pb2.HealthCheckResponse,
        timeout,
    )
    return then(made, _status_name)


def _status_name(response: health_pb2.HealthCheckResponse) -> HealthStatus:
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
    return cast(HealthStatus, name)


def wait_until_ready(*, timeout: float | None = None) -> Call[HealthStatus]:
    """Asks for the server's health until somebody answers, or the timeout is over."""
    return replace(health(timeout=timeout), until_deadline=True)
