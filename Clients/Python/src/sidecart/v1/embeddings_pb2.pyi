from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
ITEMS: Space
SPACE_UNSPECIFIED: Space
USERS: Space

class DeleteEmbeddingsRequest(_message.Message):
    __slots__ = ["ids", "space"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    SPACE_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    space: Space
    def __init__(self, space: _Optional[_Union[Space, str]] = ..., ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteEmbeddingsResponse(_message.Message):
    __slots__ = ["deleted"]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    def __init__(self, deleted: _Optional[int] = ...) -> None: ...

class Embedding(_message.Message):
    __slots__ = ["id", "vector"]
    ID_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    id: str
    vector: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, id: _Optional[str] = ..., vector: _Optional[_Iterable[float]] = ...) -> None: ...

class GetEmbeddingsRequest(_message.Message):
    __slots__ = ["ids", "space"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    SPACE_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    space: Space
    def __init__(self, space: _Optional[_Union[Space, str]] = ..., ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetEmbeddingsResponse(_message.Message):
    __slots__ = ["embeddings", "unknown"]
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    embeddings: _containers.RepeatedCompositeFieldContainer[Embedding]
    unknown: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, embeddings: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ..., unknown: _Optional[_Iterable[int]] = ...) -> None: ...

class NearestRequest(_message.Message):
    __slots__ = ["k", "space", "vector"]
    K_FIELD_NUMBER: _ClassVar[int]
    SPACE_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    k: int
    space: Space
    vector: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, space: _Optional[_Union[Space, str]] = ..., vector: _Optional[_Iterable[float]] = ..., k: _Optional[int] = ...) -> None: ...

class NearestResponse(_message.Message):
    __slots__ = ["neighbors"]
    NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    neighbors: _containers.RepeatedCompositeFieldContainer[Neighbor]
    def __init__(self, neighbors: _Optional[_Iterable[_Union[Neighbor, _Mapping]]] = ...) -> None: ...

class Neighbor(_message.Message):
    __slots__ = ["id", "score"]
    ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    id: str
    score: float
    def __init__(self, id: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class PutEmbeddingsRequest(_message.Message):
    __slots__ = ["embeddings", "space"]
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    SPACE_FIELD_NUMBER: _ClassVar[int]
    embeddings: _containers.RepeatedCompositeFieldContainer[Embedding]
    space: Space
    def __init__(self, space: _Optional[_Union[Space, str]] = ..., embeddings: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ...) -> None: ...

class PutEmbeddingsResponse(_message.Message):
    __slots__ = ["added", "replaced"]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    added: int
    replaced: int
    def __init__(self, added: _Optional[int] = ..., replaced: _Optional[int] = ...) -> None: ...

class Space(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
