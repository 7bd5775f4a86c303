from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

CART: EventKind
CLICK: EventKind
DESCRIPTOR: _descriptor.FileDescriptor
EVENT_KIND_UNSPECIFIED: EventKind
PURCHASE: EventKind
RATING: EventKind
RETURN: EventKind
VIEW: EventKind

class Event(_message.Message):
    __slots__ = ["basket_id", "event_id", "item_id", "kind", "price", "slate_id", "time", "user_id", "value"]
    BASKET_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SLATE_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    basket_id: str
    event_id: str
    item_id: str
    kind: EventKind
    price: float
    slate_id: int
    time: int
    user_id: str
    value: float
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., kind: _Optional[_Union[EventKind, str]] = ..., value: _Optional[float] = ..., time: _Optional[int] = ..., basket_id: _Optional[str] = ..., slate_id: _Optional[int] = ..., price: _Optional[float] = ...) -> None: ...

class ForgetRequest(_message.Message):
    __slots__ = ["user_id"]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class ForgetResponse(_message.Message):
    __slots__ = ["events", "log_emptied", "newest_time", "oldest_time", "remains", "user_id"]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LOG_EMPTIED_FIELD_NUMBER: _ClassVar[int]
    NEWEST_TIME_FIELD_NUMBER: _ClassVar[int]
    OLDEST_TIME_FIELD_NUMBER: _ClassVar[int]
    REMAINS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    events: int
    log_emptied: bool
    newest_time: int
    oldest_time: int
    remains: _containers.RepeatedScalarFieldContainer[str]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ..., events: _Optional[int] = ..., oldest_time: _Optional[int] = ..., newest_time: _Optional[int] = ..., log_emptied: bool = ..., remains: _Optional[_Iterable[str]] = ...) -> None: ...

class HistoryRequest(_message.Message):
    __slots__ = ["k", "user_id"]
    K_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    k: int
    user_id: str
    def __init__(self, user_id: _Optional[str] = ..., k: _Optional[int] = ...) -> None: ...

class HistoryResponse(_message.Message):
    __slots__ = ["events"]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class RecordRequest(_message.Message):
    __slots__ = ["events"]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class RecordResponse(_message.Message):
    __slots__ = ["duplicates", "recorded", "watermark"]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    duplicates: _containers.RepeatedScalarFieldContainer[int]
    recorded: int
    watermark: int
    def __init__(self, recorded: _Optional[int] = ..., duplicates: _Optional[_Iterable[int]] = ..., watermark: _Optional[int] = ...) -> None: ...

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
