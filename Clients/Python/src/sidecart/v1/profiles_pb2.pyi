from sidecart.v1 import scoring_pb2 as _scoring_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CategoryShare(_message.Message):
    __slots__ = ["category", "share"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    category: str
    share: float
    def __init__(self, category: _Optional[str] = ..., share: _Optional[float] = ...) -> None: ...

class ItemProfile(_message.Message):
    __slots__ = ["category", "item_id", "model_version", "month_rate", "price", "rank", "relations", "repeat_interval_days", "repeat_rate", "repeat_spread_days", "share", "stock", "taken", "title", "week_rate"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MONTH_RATE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    REPEAT_INTERVAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    REPEAT_RATE_FIELD_NUMBER: _ClassVar[int]
    REPEAT_SPREAD_DAYS_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    WEEK_RATE_FIELD_NUMBER: _ClassVar[int]
    category: str
    item_id: str
    model_version: str
    month_rate: float
    price: float
    rank: int
    relations: _containers.RepeatedCompositeFieldContainer[RelationCount]
    repeat_interval_days: float
    repeat_rate: float
    repeat_spread_days: float
    share: float
    stock: int
    taken: float
    title: str
    week_rate: float
    def __init__(self, item_id: _Optional[str] = ..., model_version: _Optional[str] = ..., title: _Optional[str] = ..., category: _Optional[str] = ..., price: _Optional[float] = ..., stock: _Optional[int] = ..., taken: _Optional[float] = ..., share: _Optional[float] = ..., rank: _Optional[int] = ..., week_rate: _Optional[float] = ..., month_rate: _Optional[float] = ..., repeat_rate: _Optional[float] = ..., repeat_interval_days: _Optional[float] = ..., repeat_spread_days: _Optional[float] = ..., relations: _Optional[_Iterable[_Union[RelationCount, _Mapping]]] = ...) -> None: ...

class ItemProfileRequest(_message.Message):
    __slots__ = ["item_id"]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    def __init__(self, item_id: _Optional[str] = ...) -> None: ...

class OwnItem(_message.Message):
    __slots__ = ["age_days", "due", "interval_days", "item_id", "times", "title"]
    AGE_DAYS_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    age_days: float
    due: bool
    interval_days: float
    item_id: str
    times: int
    title: str
    def __init__(self, item_id: _Optional[str] = ..., title: _Optional[str] = ..., times: _Optional[int] = ..., interval_days: _Optional[float] = ..., age_days: _Optional[float] = ..., due: bool = ...) -> None: ...

class RelationCount(_message.Message):
    __slots__ = ["items", "relation"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    items: int
    relation: _scoring_pb2.Relation
    def __init__(self, relation: _Optional[_Union[_scoring_pb2.Relation, str]] = ..., items: _Optional[int] = ...) -> None: ...

class UserProfile(_message.Message):
    __slots__ = ["age_days", "basket_items", "baskets", "categories", "interval_days", "items", "model_version", "own", "price_high", "price_low", "price_median", "spend", "user_id"]
    AGE_DAYS_FIELD_NUMBER: _ClassVar[int]
    BASKETS_FIELD_NUMBER: _ClassVar[int]
    BASKET_ITEMS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    PRICE_HIGH_FIELD_NUMBER: _ClassVar[int]
    PRICE_LOW_FIELD_NUMBER: _ClassVar[int]
    PRICE_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    SPEND_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    age_days: float
    basket_items: float
    baskets: int
    categories: _containers.RepeatedCompositeFieldContainer[CategoryShare]
    interval_days: float
    items: int
    model_version: str
    own: _containers.RepeatedCompositeFieldContainer[OwnItem]
    price_high: float
    price_low: float
    price_median: float
    spend: float
    user_id: str
    def __init__(self, user_id: _Optional[str] = ..., model_version: _Optional[str] = ..., items: _Optional[int] = ..., baskets: _Optional[int] = ..., basket_items: _Optional[float] = ..., age_days: _Optional[float] = ..., interval_days: _Optional[float] = ..., spend: _Optional[float] = ..., price_low: _Optional[float] = ..., price_median: _Optional[float] = ..., price_high: _Optional[float] = ..., categories: _Optional[_Iterable[_Union[CategoryShare, _Mapping]]] = ..., own: _Optional[_Iterable[_Union[OwnItem, _Mapping]]] = ...) -> None: ...

class UserProfileRequest(_message.Message):
    __slots__ = ["k", "user_id"]
    K_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    k: int
    user_id: str
    def __init__(self, user_id: _Optional[str] = ..., k: _Optional[int] = ...) -> None: ...
