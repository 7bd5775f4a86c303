from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
MODEL_STATE_FAILED: ModelState
MODEL_STATE_LOADING: ModelState
MODEL_STATE_PREVIOUS: ModelState
MODEL_STATE_READY: ModelState
MODEL_STATE_SERVING: ModelState
MODEL_STATE_UNSPECIFIED: ModelState

class ListModelsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ["bytes", "bytes_max", "folder", "models", "retraining"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    RETRAINING_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    bytes_max: int
    folder: str
    models: _containers.RepeatedCompositeFieldContainer[Model]
    retraining: Retraining
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., bytes: _Optional[int] = ..., bytes_max: _Optional[int] = ..., folder: _Optional[str] = ..., retraining: _Optional[_Union[Retraining, _Mapping]] = ...) -> None: ...

class LoadModelRequest(_message.Message):
    __slots__ = ["path", "promote"]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROMOTE_FIELD_NUMBER: _ClassVar[int]
    path: str
    promote: bool
    def __init__(self, path: _Optional[str] = ..., promote: bool = ...) -> None: ...

class LoadModelResponse(_message.Message):
    __slots__ = ["model"]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: Model
    def __init__(self, model: _Optional[_Union[Model, _Mapping]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ["bytes", "digest", "dimensions", "failure", "items", "kind", "load_milliseconds", "loaded_at_milliseconds", "number", "path", "promoted_at_milliseconds", "state", "users", "version", "warm_up"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LOADED_AT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    LOAD_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_AT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    WARM_UP_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    digest: str
    dimensions: int
    failure: str
    items: int
    kind: str
    load_milliseconds: int
    loaded_at_milliseconds: int
    number: int
    path: str
    promoted_at_milliseconds: int
    state: ModelState
    users: int
    version: str
    warm_up: WarmUp
    def __init__(self, number: _Optional[int] = ..., state: _Optional[_Union[ModelState, str]] = ..., path: _Optional[str] = ..., version: _Optional[str] = ..., kind: _Optional[str] = ..., items: _Optional[int] = ..., users: _Optional[int] = ..., dimensions: _Optional[int] = ..., bytes: _Optional[int] = ..., loaded_at_milliseconds: _Optional[int] = ..., load_milliseconds: _Optional[int] = ..., promoted_at_milliseconds: _Optional[int] = ..., digest: _Optional[str] = ..., failure: _Optional[str] = ..., warm_up: _Optional[_Union[WarmUp, _Mapping]] = ...) -> None: ...

class PromoteModelRequest(_message.Message):
    __slots__ = ["version"]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    def __init__(self, version: _Optional[str] = ...) -> None: ...

class PromoteModelResponse(_message.Message):
    __slots__ = ["model"]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: Model
    def __init__(self, model: _Optional[_Union[Model, _Mapping]] = ...) -> None: ...

class Retraining(_message.Message):
    __slots__ = ["next_at_milliseconds", "schedule", "started_at_milliseconds", "verdicts"]
    NEXT_AT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    next_at_milliseconds: int
    schedule: str
    started_at_milliseconds: int
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    def __init__(self, schedule: _Optional[str] = ..., started_at_milliseconds: _Optional[int] = ..., next_at_milliseconds: _Optional[int] = ..., verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ...) -> None: ...

class RollbackModelRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class RollbackModelResponse(_message.Message):
    __slots__ = ["model"]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    model: Model
    def __init__(self, model: _Optional[_Union[Model, _Mapping]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ["against", "at_milliseconds", "candidate", "high", "low", "measure", "path", "promoted", "queries", "reason", "running", "version"]
    AGAINST_FIELD_NUMBER: _ClassVar[int]
    AT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROMOTED_FIELD_NUMBER: _ClassVar[int]
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    against: str
    at_milliseconds: int
    candidate: float
    high: float
    low: float
    measure: str
    path: str
    promoted: bool
    queries: int
    reason: str
    running: float
    version: str
    def __init__(self, at_milliseconds: _Optional[int] = ..., promoted: bool = ..., reason: _Optional[str] = ..., version: _Optional[str] = ..., path: _Optional[str] = ..., against: _Optional[str] = ..., measure: _Optional[str] = ..., queries: _Optional[int] = ..., candidate: _Optional[float] = ..., running: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class WarmUp(_message.Message):
    __slots__ = ["microseconds", "refusal", "refused", "requests", "same_first", "serving_microseconds", "shared"]
    MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    SAME_FIRST_FIELD_NUMBER: _ClassVar[int]
    SERVING_MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    microseconds: float
    refusal: str
    refused: int
    requests: int
    same_first: float
    serving_microseconds: float
    shared: float
    def __init__(self, requests: _Optional[int] = ..., refused: _Optional[int] = ..., refusal: _Optional[str] = ..., shared: _Optional[float] = ..., same_first: _Optional[float] = ..., microseconds: _Optional[float] = ..., serving_microseconds: _Optional[float] = ...) -> None: ...

class ModelState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
