"""ttrpc frames: ten bytes of header, then an envelope. No I/O; both clients use it.

The header is the length of the data that follows (four bytes, big-endian, at most 4 MiB), the stream (four bytes,
odd for what a client opens), the kind (1 request, 2 response) and flags.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from ..errors import Internal, ResourceExhausted, server_error
from .ttrpc_pb2 import Request, Response

HEADER = struct.Struct(">IIBB")
DATA_BYTES_MAX = 4 << 20
STREAM_MAX = 0x7FFF_FFFF
_REQUEST, _RESPONSE = 1, 2


def request_frame(stream: int, service: str, method: str, payload: bytes, timeout: float) -> bytes:
    """One call as a frame.

    Args:
        stream: odd, and above those of the connection's earlier calls.
        service: such as ``sidecart.v1.Scoring``.
        method: such as ``Recommend``.
        payload: the encoded request.
        timeout: seconds that are left, above 0.

    Raises:
        ResourceExhausted: the request is larger than a frame may be.
    """
    data: bytes = Request(
        service=service,
        method=method,
        payload=payload,
        timeout_nano=max(1, int(timeout * 1e9)),
    ).SerializeToString()
    if len(data) > DATA_BYTES_MAX:
        raise ResourceExhausted(
            f"{service}/{method}: a request of {len(data)} bytes, but a frame has at most {DATA_BYTES_MAX}"
        )
    return HEADER.pack(len(data), stream, _REQUEST, 0) + data


def payload_of(response: Response) -> bytes:
    """What the method answered.

    Raises:
        SidecartError: the status that the server answered with.
    """
    if response.HasField("status") and response.status.code != 0:
        raise server_error(response.status.code, response.status.message)
    return response.payload


class FrameReader:
    """Cuts what came from a socket into responses."""

    def __init__(self) -> None:
        """At the start of a connection."""
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, Response]]:
        """Gives each response that is whole now, with its stream.

        Raises:
            Internal: the bytes are no ttrpc; the connection cannot be used further.
        """
        self._bytes += data
        while len(self._bytes) >= HEADER.size:
            length, stream, kind, _ = HEADER.unpack_from(self._bytes)
            if length > DATA_BYTES_MAX:
                raise Internal(f"a frame of {length} bytes: what answers at the socket is no ttrpc")
            end = HEADER.size + length
            if len(self._bytes) < end:
                return
            frame = bytes(self._bytes[HEADER.size : end])
            del self._bytes[:end]
            if kind != _RESPONSE:
                continue
            try:
                yield stream, Response.FromString(frame)
            except DecodeError:
                raise Internal("a response that is no ttrpc envelope") from None
