from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VectorEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VECTOR_ENCODING_UNSPECIFIED: _ClassVar[VectorEncoding]
    VECTOR_ENCODING_F32_LE: _ClassVar[VectorEncoding]
    VECTOR_ENCODING_F16_LE: _ClassVar[VectorEncoding]
    VECTOR_ENCODING_I8: _ClassVar[VectorEncoding]
VECTOR_ENCODING_UNSPECIFIED: VectorEncoding
VECTOR_ENCODING_F32_LE: VectorEncoding
VECTOR_ENCODING_F16_LE: VectorEncoding
VECTOR_ENCODING_I8: VectorEncoding

class Vector(_message.Message):
    __slots__ = ("encoding", "dimensions", "data", "normalized", "scale")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    NORMALIZED_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    encoding: VectorEncoding
    dimensions: int
    data: bytes
    normalized: bool
    scale: float
    def __init__(self, encoding: _Optional[_Union[VectorEncoding, str]] = ..., dimensions: _Optional[int] = ..., data: _Optional[bytes] = ..., normalized: _Optional[bool] = ..., scale: _Optional[float] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("data", "item_id", "uri")
    DATA_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    item_id: str
    uri: str
    def __init__(self, data: _Optional[bytes] = ..., item_id: _Optional[str] = ..., uri: _Optional[str] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("item_id", "key", "caption", "score", "rank", "vector")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    key: str
    caption: str
    score: float
    rank: int
    vector: Vector
    def __init__(self, item_id: _Optional[str] = ..., key: _Optional[str] = ..., caption: _Optional[str] = ..., score: _Optional[float] = ..., rank: _Optional[int] = ..., vector: _Optional[_Union[Vector, _Mapping]] = ...) -> None: ...

class ServedBy(_message.Message):
    __slots__ = ("model", "version", "gallery", "run")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    GALLERY_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    model: str
    version: str
    gallery: str
    run: str
    def __init__(self, model: _Optional[str] = ..., version: _Optional[str] = ..., gallery: _Optional[str] = ..., run: _Optional[str] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("decode_ms", "queue_ms", "encode_ms", "search_ms", "total_ms")
    DECODE_MS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_MS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_MS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    decode_ms: float
    queue_ms: float
    encode_ms: float
    search_ms: float
    total_ms: float
    def __init__(self, decode_ms: _Optional[float] = ..., queue_ms: _Optional[float] = ..., encode_ms: _Optional[float] = ..., search_ms: _Optional[float] = ..., total_ms: _Optional[float] = ...) -> None: ...
