from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
JOURNAL_CHECK_FAILED: JournalCheck
JOURNAL_CHECK_NONE: JournalCheck
JOURNAL_CHECK_PASSED: JournalCheck
JOURNAL_CHECK_RUNNING: JournalCheck
OPENMETRICS_TEXT: MetricsFormat
PROMETHEUS_TEXT: MetricsFormat

class DrainRequest(_message.Message):
    __slots__ = ["hand_over"]
    HAND_OVER_FIELD_NUMBER: _ClassVar[int]
    hand_over: bool
    def __init__(self, hand_over: bool = ...) -> None: ...

class DrainResponse(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class MetricsRequest(_message.Message):
    __slots__ = ["format"]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    format: MetricsFormat
    def __init__(self, format: _Optional[_Union[MetricsFormat, str]] = ...) -> None: ...

class MetricsResponse(_message.Message):
    __slots__ = ["text"]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class OutcomeRow(_message.Message):
    __slots__ = ["clicks", "impressions", "items_shown", "items_sold", "name", "purchases", "revenue"]
    CLICKS_FIELD_NUMBER: _ClassVar[int]
    IMPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_SHOWN_FIELD_NUMBER: _ClassVar[int]
    ITEMS_SOLD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PURCHASES_FIELD_NUMBER: _ClassVar[int]
    REVENUE_FIELD_NUMBER: _ClassVar[int]
    clicks: int
    impressions: int
    items_shown: int
    items_sold: int
    name: str
    purchases: int
    revenue: float
    def __init__(self, name: _Optional[str] = ..., impressions: _Optional[int] = ..., clicks: _Optional[int] = ..., purchases: _Optional[int] = ..., revenue: _Optional[float] = ..., items_shown: _Optional[int] = ..., items_sold: _Optional[int] = ...) -> None: ...

class OutcomesRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class OutcomesResponse(_message.Message):
    __slots__ = ["all", "by_exploration", "by_reason", "by_rule_set", "by_tier", "catalog_items", "missed_slates", "not_on_slate_events", "oldest_slate_seconds", "since_seconds", "slates", "unknown_slate_events"]
    ALL_FIELD_NUMBER: _ClassVar[int]
    BY_EXPLORATION_FIELD_NUMBER: _ClassVar[int]
    BY_REASON_FIELD_NUMBER: _ClassVar[int]
    BY_RULE_SET_FIELD_NUMBER: _ClassVar[int]
    BY_TIER_FIELD_NUMBER: _ClassVar[int]
    CATALOG_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MISSED_SLATES_FIELD_NUMBER: _ClassVar[int]
    NOT_ON_SLATE_EVENTS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_SLATE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SINCE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SLATES_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_SLATE_EVENTS_FIELD_NUMBER: _ClassVar[int]
    all: OutcomeRow
    by_exploration: _containers.RepeatedCompositeFieldContainer[OutcomeRow]
    by_reason: _containers.RepeatedCompositeFieldContainer[OutcomeRow]
    by_rule_set: _containers.RepeatedCompositeFieldContainer[OutcomeRow]
    by_tier: _containers.RepeatedCompositeFieldContainer[OutcomeRow]
    catalog_items: int
    missed_slates: int
    not_on_slate_events: int
    oldest_slate_seconds: int
    since_seconds: int
    slates: int
    unknown_slate_events: int
    def __init__(self, since_seconds: _Optional[int] = ..., slates: _Optional[int] = ..., missed_slates: _Optional[int] = ..., oldest_slate_seconds: _Optional[int] = ..., unknown_slate_events: _Optional[int] = ..., not_on_slate_events: _Optional[int] = ..., catalog_items: _Optional[int] = ..., all: _Optional[_Union[OutcomeRow, _Mapping]] = ..., by_tier: _Optional[_Iterable[_Union[OutcomeRow, _Mapping]]] = ..., by_reason: _Optional[_Iterable[_Union[OutcomeRow, _Mapping]]] = ..., by_rule_set: _Optional[_Iterable[_Union[OutcomeRow, _Mapping]]] = ..., by_exploration: _Optional[_Iterable[_Union[OutcomeRow, _Mapping]]] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class StatusResponse(_message.Message):
    __slots__ = ["broken_off_crowded", "broken_off_drained", "broken_off_flooded", "broken_off_foreign", "broken_off_idle", "broken_off_malformed", "broken_off_unfinished", "broken_off_unread", "buffer_bytes", "buffer_bytes_max", "calls", "connections", "cpu_microseconds", "denied_calls", "dimensions", "draining", "failed_calls", "items", "journal_check", "journal_watermark", "model_kind", "model_version", "moved_calls", "online_bytes", "online_bytes_max", "online_events", "online_events_max", "online_items", "online_lag_events", "online_users", "pid", "refused_connections", "refused_frames", "resident_bytes", "store_bytes", "store_bytes_max", "threads", "uptime_milliseconds", "users", "version"]
    BROKEN_OFF_CROWDED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_DRAINED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_FLOODED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_FOREIGN_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_IDLE_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_MALFORMED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_UNFINISHED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_OFF_UNREAD_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    CPU_MICROSECONDS_FIELD_NUMBER: _ClassVar[int]
    DENIED_CALLS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    FAILED_CALLS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_CHECK_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_WATERMARK_FIELD_NUMBER: _ClassVar[int]
    MODEL_KIND_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MOVED_CALLS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ONLINE_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    ONLINE_EVENTS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_EVENTS_MAX_FIELD_NUMBER: _ClassVar[int]
    ONLINE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_LAG_EVENTS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_USERS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    REFUSED_CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FRAMES_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORE_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORE_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    broken_off_crowded: int
    broken_off_drained: int
    broken_off_flooded: int
    broken_off_foreign: int
    broken_off_idle: int
    broken_off_malformed: int
    broken_off_unfinished: int
    broken_off_unread: int
    buffer_bytes: int
    buffer_bytes_max: int
    calls: int
    connections: int
    cpu_microseconds: int
    denied_calls: int
    dimensions: int
    draining: bool
    failed_calls: int
    items: int
    journal_check: JournalCheck
    journal_watermark: int
    model_kind: str
    model_version: str
    moved_calls: int
    online_bytes: int
    online_bytes_max: int
    online_events: int
    online_events_max: int
    online_items: int
    online_lag_events: int
    online_users: int
    pid: int
    refused_connections: int
    refused_frames: int
    resident_bytes: int
    store_bytes: int
    store_bytes_max: int
    threads: int
    uptime_milliseconds: int
    users: int
    version: str
    def __init__(self, version: _Optional[str] = ..., model_version: _Optional[str] = ..., model_kind: _Optional[str] = ..., items: _Optional[int] = ..., users: _Optional[int] = ..., dimensions: _Optional[int] = ..., threads: _Optional[int] = ..., connections: _Optional[int] = ..., calls: _Optional[int] = ..., failed_calls: _Optional[int] = ..., uptime_milliseconds: _Optional[int] = ..., cpu_microseconds: _Optional[int] = ..., resident_bytes: _Optional[int] = ..., store_bytes: _Optional[int] = ..., store_bytes_max: _Optional[int] = ..., draining: bool = ..., pid: _Optional[int] = ..., broken_off_foreign: _Optional[int] = ..., broken_off_unread: _Optional[int] = ..., broken_off_unfinished: _Optional[int] = ..., broken_off_drained: _Optional[int] = ..., moved_calls: _Optional[int] = ..., broken_off_crowded: _Optional[int] = ..., broken_off_idle: _Optional[int] = ..., refused_connections: _Optional[int] = ..., refused_frames: _Optional[int] = ..., denied_calls: _Optional[int] = ..., buffer_bytes: _Optional[int] = ..., buffer_bytes_max: _Optional[int] = ..., broken_off_malformed: _Optional[int] = ..., broken_off_flooded: _Optional[int] = ..., journal_watermark: _Optional[int] = ..., journal_check: _Optional[_Union[JournalCheck, str]] = ..., online_events: _Optional[int] = ..., online_events_max: _Optional[int] = ..., online_users: _Optional[int] = ..., online_items: _Optional[int] = ..., online_bytes: _Optional[int] = ..., online_bytes_max: _Optional[int] = ..., online_lag_events: _Optional[int] = ...) -> None: ...

class JournalCheck(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class MetricsFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
