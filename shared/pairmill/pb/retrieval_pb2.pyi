from pairmill.pb import records_pb2 as _records_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HitView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HIT_VIEW_UNSPECIFIED: _ClassVar[HitView]
    HIT_VIEW_BASIC: _ClassVar[HitView]
    HIT_VIEW_FULL: _ClassVar[HitView]
HIT_VIEW_UNSPECIFIED: HitView
HIT_VIEW_BASIC: HitView
HIT_VIEW_FULL: HitView

class SearchRequest(_message.Message):
    __slots__ = ("image", "text", "k", "exclude_query", "view", "gallery", "version")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_QUERY_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    GALLERY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    image: _records_pb2.Image
    text: str
    k: int
    exclude_query: bool
    view: HitView
    gallery: str
    version: str
    def __init__(self, image: _Optional[_Union[_records_pb2.Image, _Mapping]] = ..., text: _Optional[str] = ..., k: _Optional[int] = ..., exclude_query: _Optional[bool] = ..., view: _Optional[_Union[HitView, str]] = ..., gallery: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("hits", "served_by", "timings")
    HITS_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[_records_pb2.Hit]
    served_by: _records_pb2.ServedBy
    timings: _records_pb2.Timings
    def __init__(self, hits: _Optional[_Iterable[_Union[_records_pb2.Hit, _Mapping]]] = ..., served_by: _Optional[_Union[_records_pb2.ServedBy, _Mapping]] = ..., timings: _Optional[_Union[_records_pb2.Timings, _Mapping]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("item_id", "image", "text", "caption")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CAPTION_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    image: bytes
    text: str
    caption: str
    def __init__(self, item_id: _Optional[str] = ..., image: _Optional[bytes] = ..., text: _Optional[str] = ..., caption: _Optional[str] = ...) -> None: ...

class UpsertStart(_message.Message):
    __slots__ = ("gallery",)
    GALLERY_FIELD_NUMBER: _ClassVar[int]
    gallery: str
    def __init__(self, gallery: _Optional[str] = ...) -> None: ...

class UpsertItem(_message.Message):
    __slots__ = ("sequence", "item")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    item: Item
    def __init__(self, sequence: _Optional[int] = ..., item: _Optional[_Union[Item, _Mapping]] = ...) -> None: ...

class UpsertItemsRequest(_message.Message):
    __slots__ = ("start", "item")
    START_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    start: UpsertStart
    item: UpsertItem
    def __init__(self, start: _Optional[_Union[UpsertStart, _Mapping]] = ..., item: _Optional[_Union[UpsertItem, _Mapping]] = ...) -> None: ...

class ItemError(_message.Message):
    __slots__ = ("code", "reason", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    message: str
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class UpsertItemsResponse(_message.Message):
    __slots__ = ("sequence", "item_id", "error")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    item_id: str
    error: ItemError
    def __init__(self, sequence: _Optional[int] = ..., item_id: _Optional[str] = ..., error: _Optional[_Union[ItemError, _Mapping]] = ...) -> None: ...

class DeleteItemsRequest(_message.Message):
    __slots__ = ("item_ids", "gallery")
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    GALLERY_FIELD_NUMBER: _ClassVar[int]
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    gallery: str
    def __init__(self, item_ids: _Optional[_Iterable[str]] = ..., gallery: _Optional[str] = ...) -> None: ...

class DeleteItemsResponse(_message.Message):
    __slots__ = ("num_deleted",)
    NUM_DELETED_FIELD_NUMBER: _ClassVar[int]
    num_deleted: int
    def __init__(self, num_deleted: _Optional[int] = ...) -> None: ...

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ServerLimits(_message.Message):
    __slots__ = ("max_message_bytes", "max_in_flight", "max_image_pixels", "max_text_chars", "max_k", "max_delete", "max_item_id_chars")
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_IMAGE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_TEXT_CHARS_FIELD_NUMBER: _ClassVar[int]
    MAX_K_FIELD_NUMBER: _ClassVar[int]
    MAX_DELETE_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEM_ID_CHARS_FIELD_NUMBER: _ClassVar[int]
    max_message_bytes: int
    max_in_flight: int
    max_image_pixels: int
    max_text_chars: int
    max_k: int
    max_delete: int
    max_item_id_chars: int
    def __init__(self, max_message_bytes: _Optional[int] = ..., max_in_flight: _Optional[int] = ..., max_image_pixels: _Optional[int] = ..., max_text_chars: _Optional[int] = ..., max_k: _Optional[int] = ..., max_delete: _Optional[int] = ..., max_item_id_chars: _Optional[int] = ...) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("served_by", "num_items", "dimensions", "limits", "encoder_id", "release")
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    NUM_ITEMS_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ENCODER_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    served_by: _records_pb2.ServedBy
    num_items: int
    dimensions: int
    limits: ServerLimits
    encoder_id: str
    release: str
    def __init__(self, served_by: _Optional[_Union[_records_pb2.ServedBy, _Mapping]] = ..., num_items: _Optional[int] = ..., dimensions: _Optional[int] = ..., limits: _Optional[_Union[ServerLimits, _Mapping]] = ..., encoder_id: _Optional[str] = ..., release: _Optional[str] = ...) -> None: ...
