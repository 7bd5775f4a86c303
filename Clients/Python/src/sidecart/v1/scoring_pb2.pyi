from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

BASKET_ITEM_PLACES: Rule
BUDGET: Rule
CATEGORY: Rule
CATEGORY_PLACES: Rule
COMPLEMENT: Relation
DESCRIPTOR: _descriptor.FileDescriptor
EXCLUDED: Rule
IN_BASKET: Rule
NEW_ITEM_PLACES: Rule
NOT_ALLOWED: Rule
OUT_OF_STOCK: Rule
PRICE: Rule
PURCHASED_BEFORE: Rule
REBUY: Relation
RELATION_UNSPECIFIED: Relation
RULE_UNSPECIFIED: Rule
SIMILAR: Relation
SUBSTITUTE: Relation
SUBSTITUTE_OF_BASKET: Rule
SUPPORT: Rule
TIER_FULL: Tier
TIER_LINEAR: Tier
TIER_NEIGHBORS: Tier
TIER_POPULAR: Tier
TIER_UNSPECIFIED: Tier
UNAVAILABLE: Rule
VARIANT: Rule

class Boost(_message.Message):
    __slots__ = ["category", "factor", "item_id"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    category: str
    factor: float
    item_id: str
    def __init__(self, item_id: _Optional[str] = ..., category: _Optional[str] = ..., factor: _Optional[float] = ...) -> None: ...

class Context(_message.Message):
    __slots__ = ["basket", "history", "user_id"]
    BASKET_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    basket: _containers.RepeatedScalarFieldContainer[str]
    history: _containers.RepeatedScalarFieldContainer[str]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ..., basket: _Optional[_Iterable[str]] = ..., history: _Optional[_Iterable[str]] = ...) -> None: ...

class Exploration(_message.Message):
    __slots__ = ["places", "pool", "seed", "share"]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    places: int
    pool: int
    seed: int
    share: float
    def __init__(self, share: _Optional[float] = ..., places: _Optional[int] = ..., pool: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class ItemShare(_message.Message):
    __slots__ = ["contribution", "item_id", "title"]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    contribution: float
    item_id: str
    title: str
    def __init__(self, item_id: _Optional[str] = ..., title: _Optional[str] = ..., contribution: _Optional[float] = ...) -> None: ...

class LeftOut(_message.Message):
    __slots__ = ["items", "rule"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    items: int
    rule: Rule
    def __init__(self, rule: _Optional[_Union[Rule, str]] = ..., items: _Optional[int] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ["age_days", "confidence", "contribution", "interval_days", "item_id", "kind", "lift", "times", "title"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    AGE_DAYS_FIELD_NUMBER: _ClassVar[int]
    BOUGHT_BEFORE: Reason.Kind
    BOUGHT_TOGETHER: Reason.Kind
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_UNSPECIFIED: Reason.Kind
    LIFT_FIELD_NUMBER: _ClassVar[int]
    NEW: Reason.Kind
    POPULAR: Reason.Kind
    TASTE: Reason.Kind
    TIMES_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    age_days: float
    confidence: float
    contribution: float
    interval_days: float
    item_id: str
    kind: Reason.Kind
    lift: float
    times: float
    title: str
    def __init__(self, kind: _Optional[_Union[Reason.Kind, str]] = ..., item_id: _Optional[str] = ..., title: _Optional[str] = ..., contribution: _Optional[float] = ..., lift: _Optional[float] = ..., confidence: _Optional[float] = ..., times: _Optional[float] = ..., interval_days: _Optional[float] = ..., age_days: _Optional[float] = ...) -> None: ...

class RecommendRequest(_message.Message):
    __slots__ = ["allow", "basket_budget", "boosts", "categories", "category_level", "context", "diversity", "exclude", "exclude_categories", "explore", "ids_only", "include_due", "include_out_of_stock", "include_purchased", "k", "leave_out_new_items", "leave_out_substitutes", "margin_weight", "new_items_max", "per_basket_item_max", "per_category_max", "price_max", "price_min", "rule_set", "score_parts", "support_min", "why_not"]
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    BASKET_BUDGET_FIELD_NUMBER: _ClassVar[int]
    BOOSTS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    EXPLORE_FIELD_NUMBER: _ClassVar[int]
    IDS_ONLY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DUE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OUT_OF_STOCK_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PURCHASED_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    LEAVE_OUT_NEW_ITEMS_FIELD_NUMBER: _ClassVar[int]
    LEAVE_OUT_SUBSTITUTES_FIELD_NUMBER: _ClassVar[int]
    MARGIN_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    NEW_ITEMS_MAX_FIELD_NUMBER: _ClassVar[int]
    PER_BASKET_ITEM_MAX_FIELD_NUMBER: _ClassVar[int]
    PER_CATEGORY_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_MIN_FIELD_NUMBER: _ClassVar[int]
    RULE_SET_FIELD_NUMBER: _ClassVar[int]
    SCORE_PARTS_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_MIN_FIELD_NUMBER: _ClassVar[int]
    WHY_NOT_FIELD_NUMBER: _ClassVar[int]
    allow: _containers.RepeatedScalarFieldContainer[str]
    basket_budget: float
    boosts: _containers.RepeatedCompositeFieldContainer[Boost]
    categories: _containers.RepeatedScalarFieldContainer[str]
    category_level: int
    context: Context
    diversity: float
    exclude: _containers.RepeatedScalarFieldContainer[str]
    exclude_categories: _containers.RepeatedScalarFieldContainer[str]
    explore: Exploration
    ids_only: bool
    include_due: bool
    include_out_of_stock: bool
    include_purchased: bool
    k: int
    leave_out_new_items: bool
    leave_out_substitutes: bool
    margin_weight: float
    new_items_max: int
    per_basket_item_max: int
    per_category_max: int
    price_max: float
    price_min: float
    rule_set: str
    score_parts: bool
    support_min: int
    why_not: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[Context, _Mapping]] = ..., k: _Optional[int] = ..., exclude: _Optional[_Iterable[str]] = ..., include_purchased: bool = ..., include_out_of_stock: bool = ..., per_category_max: _Optional[int] = ..., ids_only: bool = ..., price_min: _Optional[float] = ..., price_max: _Optional[float] = ..., categories: _Optional[_Iterable[str]] = ..., exclude_categories: _Optional[_Iterable[str]] = ..., rule_set: _Optional[str] = ..., allow: _Optional[_Iterable[str]] = ..., include_due: bool = ..., basket_budget: _Optional[float] = ..., support_min: _Optional[int] = ..., leave_out_substitutes: bool = ..., category_level: _Optional[int] = ..., per_basket_item_max: _Optional[int] = ..., boosts: _Optional[_Iterable[_Union[Boost, _Mapping]]] = ..., diversity: _Optional[float] = ..., why_not: _Optional[_Iterable[str]] = ..., explore: _Optional[_Union[Exploration, _Mapping]] = ..., score_parts: bool = ..., margin_weight: _Optional[float] = ..., new_items_max: _Optional[int] = ..., leave_out_new_items: bool = ...) -> None: ...

class RecommendResponse(_message.Message):
    __slots__ = ["items", "left_out", "model_version", "slate_id", "tier", "unknown", "why_not"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SLATE_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    WHY_NOT_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[SlateItem]
    left_out: _containers.RepeatedCompositeFieldContainer[LeftOut]
    model_version: str
    slate_id: int
    tier: Tier
    unknown: _containers.RepeatedScalarFieldContainer[str]
    why_not: _containers.RepeatedCompositeFieldContainer[WhyNot]
    def __init__(self, items: _Optional[_Iterable[_Union[SlateItem, _Mapping]]] = ..., tier: _Optional[_Union[Tier, str]] = ..., model_version: _Optional[str] = ..., unknown: _Optional[_Iterable[str]] = ..., left_out: _Optional[_Iterable[_Union[LeftOut, _Mapping]]] = ..., why_not: _Optional[_Iterable[_Union[WhyNot, _Mapping]]] = ..., slate_id: _Optional[int] = ...) -> None: ...

class RelatedItem(_message.Message):
    __slots__ = ["category", "confidence", "interval_days", "item_id", "lift", "price", "relation", "score", "spread_days", "title"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    LIFT_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SPREAD_DAYS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    category: str
    confidence: float
    interval_days: float
    item_id: str
    lift: float
    price: float
    relation: Relation
    score: float
    spread_days: float
    title: str
    def __init__(self, item_id: _Optional[str] = ..., score: _Optional[float] = ..., title: _Optional[str] = ..., category: _Optional[str] = ..., price: _Optional[float] = ..., lift: _Optional[float] = ..., confidence: _Optional[float] = ..., relation: _Optional[_Union[Relation, str]] = ..., interval_days: _Optional[float] = ..., spread_days: _Optional[float] = ...) -> None: ...

class RelatedRequest(_message.Message):
    __slots__ = ["item_id", "k", "relations"]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    RELATIONS_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    k: int
    relations: _containers.RepeatedScalarFieldContainer[Relation]
    def __init__(self, item_id: _Optional[str] = ..., relations: _Optional[_Iterable[_Union[Relation, str]]] = ..., k: _Optional[int] = ...) -> None: ...

class RelatedResponse(_message.Message):
    __slots__ = ["items", "model_version"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RelatedItem]
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[RelatedItem, _Mapping]]] = ..., model_version: _Optional[str] = ...) -> None: ...

class ScorePart(_message.Message):
    __slots__ = ["contribution", "feature", "items", "value"]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    contribution: float
    feature: str
    items: _containers.RepeatedCompositeFieldContainer[ItemShare]
    value: float
    def __init__(self, feature: _Optional[str] = ..., value: _Optional[float] = ..., contribution: _Optional[float] = ..., items: _Optional[_Iterable[_Union[ItemShare, _Mapping]]] = ...) -> None: ...

class ScoreRequest(_message.Message):
    __slots__ = ["context", "items"]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    context: Context
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[Context, _Mapping]] = ..., items: _Optional[_Iterable[str]] = ...) -> None: ...

class ScoreResponse(_message.Message):
    __slots__ = ["model_version", "scores", "tier", "unknown"]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    scores: _containers.RepeatedScalarFieldContainer[float]
    tier: Tier
    unknown: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, scores: _Optional[_Iterable[float]] = ..., unknown: _Optional[_Iterable[int]] = ..., tier: _Optional[_Union[Tier, str]] = ..., model_version: _Optional[str] = ...) -> None: ...

class SlateItem(_message.Message):
    __slots__ = ["category", "item_id", "parts", "price", "propensity", "reasons", "score", "title"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    category: str
    item_id: str
    parts: _containers.RepeatedCompositeFieldContainer[ScorePart]
    price: float
    propensity: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    score: float
    title: str
    def __init__(self, item_id: _Optional[str] = ..., score: _Optional[float] = ..., title: _Optional[str] = ..., category: _Optional[str] = ..., price: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., propensity: _Optional[float] = ..., parts: _Optional[_Iterable[_Union[ScorePart, _Mapping]]] = ...) -> None: ...

class WhyNot(_message.Message):
    __slots__ = ["item_id", "missing", "outcome", "parts", "rank", "reasons", "rule", "score"]
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    BY_RULE: WhyNot.Outcome
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    NOT_FOUND: WhyNot.Outcome
    ON_SLATE: WhyNot.Outcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_UNSPECIFIED: WhyNot.Outcome
    PARTS_FIELD_NUMBER: _ClassVar[int]
    RANKED_LOWER: WhyNot.Outcome
    RANK_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN: WhyNot.Outcome
    item_id: str
    missing: float
    outcome: WhyNot.Outcome
    parts: _containers.RepeatedCompositeFieldContainer[ScorePart]
    rank: int
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    rule: Rule
    score: float
    def __init__(self, item_id: _Optional[str] = ..., outcome: _Optional[_Union[WhyNot.Outcome, str]] = ..., rule: _Optional[_Union[Rule, str]] = ..., rank: _Optional[int] = ..., score: _Optional[float] = ..., missing: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., parts: _Optional[_Iterable[_Union[ScorePart, _Mapping]]] = ...) -> None: ...

class Tier(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Rule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Relation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
