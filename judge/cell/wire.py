"""The bytes between the trusted side and a cell: one job in, result frames out; no pickle, every length capped.

A job is ``u32 length`` and then ``u32 header length``, a JSON header, tensor bytes, source bytes. A result frame is
a fixed header (magic, kind, index, payload length) and its payload. All numbers are little-endian. What comes out
of a cell is untrusted: the reader holds at most ``MAX_CHANNEL_BYTES`` and answers nonsense with ``Malformed``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

MAGIC = b"HCf1"
HEADER = struct.Struct("<4sB3xII")

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
"""8 MiB: the largest honest scenario result is a few hundred KiB."""
MAX_CHANNEL_BYTES = 64 * 1024 * 1024
MAX_FRAMES = 4096
MAX_JOB_BYTES = 64 * 1024 * 1024
MAX_RANK = 8
MAX_OBSERVATIONS = 64
MAX_ELEMENTS = 1_000_000
"""One observed tensor; the largest honest one has some ten thousand elements."""


class Kind(IntEnum):
    """What a result frame holds."""

    LOOKED = 1  # what the static look found, sent before any candidate code runs
    SCENARIO = 2  # what one scenario observed; index = its place in the exam
    NORMS = 3  # which built-in normalisations ran
    FATAL = 4  # the code could not be loaded or the layer not built: a candidate's error
    WHERE = 5  # asked for when a limit was passed: the line of the candidate's file that was running
    END = 9


class Status(IntEnum):
    """How one scenario ended in the cell."""

    OBSERVED = 0
    RAISED = 1
    COMPLAINT = 2


_KINDS = frozenset(int(kind) for kind in Kind)
_STATUSES = frozenset(int(status) for status in Status)

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
ITEM_BYTES = (4, 8, 2, 2, 8, 4, 2, 1, 1, 1)
ABSENT = 255
"""The dtype byte of an observation that is not there: a gradient that is None."""
STRANGE = 254
"""The dtype byte of something that is no plain tensor of a known dtype: sparse, complex, meta, too large, no tensor."""


class Malformed(Exception):  # noqa: N818 - a fact about bytes
    """Bytes from a cell that no honest driver sends."""


def frame(kind: int, index: int, payload: bytes) -> bytes:
    """One result frame, ready to be written."""
    return HEADER.pack(MAGIC, kind, index, len(payload)) + payload


@dataclass
class FrameReader:
    """Cuts a stream of untrusted bytes into frames; raises ``Malformed`` at the first byte that cannot be one."""

    _buffer: bytearray = field(default_factory=bytearray)
    _received: int = 0
    _frames: int = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Takes the next bytes; yields ``(kind, index, payload)`` for each frame that is now whole."""
        self._received += len(data)
        if self._received > MAX_CHANNEL_BYTES:
            raise Malformed("more bytes than a cell may send")
        self._buffer += data
        at = 0
        while len(self._buffer) >= at + HEADER.size:
            magic, kind, index, length = HEADER.unpack_from(self._buffer, at)
            padding = self._buffer[at + 5 : at + 8]
            if magic != MAGIC or length > MAX_PAYLOAD_BYTES or kind not in _KINDS or padding != b"\0\0\0":
                raise Malformed("not a frame header")
            end = at + HEADER.size + length
            if len(self._buffer) < end:
                break
            self._frames += 1
            if self._frames > MAX_FRAMES:
                raise Malformed("more frames than a cell may send")
            yield kind, index, bytes(self._buffer[at + HEADER.size : end])
            at = end
        del self._buffer[:at]

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun and not ended."""
        return len(self._buffer)


class RawTensor(NamedTuple):
    """One observation as it came over the wire: ``dtype`` is a name of ``DTYPES``, ``"absent"`` or ``"strange"``."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class RawError(NamedTuple):
    """An exception of the candidate's code as the cell told it."""

    type: str
    line: int | None
    message: str
    step: int


class RawResult(NamedTuple):
    """What one scenario sent: observations in the order of its steps, and why it stopped, if it did."""

    status: Status
    observations: tuple[RawTensor, ...]
    error: RawError | None


MAX_NAME_BYTES = 200
MAX_MESSAGE_BYTES = 2000
MAX_LINES = 1_000_000
"""More than a file of 64 KiB can have."""


def pack_text(text: str, most: int) -> bytes:
    """``u16`` length and UTF-8; cut to ``most`` bytes."""
    data = text.encode("utf-8", "replace")[:most]
    return struct.pack("<H", len(data)) + data


def pack_error(type_name: str, line: int | None, message: str, step: int) -> bytes:
    """An exception: type, line in the candidate's file (−1: none), message, index of the step."""
    place = struct.pack("<iH", -1 if line is None else line, step)
    return place + pack_text(type_name, MAX_NAME_BYTES) + pack_text(message, MAX_MESSAGE_BYTES)


_LENGTH, _PLACE, _RESULT, _TENSOR, _LINE = map(struct.Struct, ("<H", "<iH", "<BH", "<BB", "<i"))
_SIZES = tuple(struct.Struct(f"<{rank}I") for rank in range(MAX_RANK + 1))


class _Cursor:
    """Reads a payload from its start and never past its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise Malformed("a payload ends early")
        piece = self.data[self.at : self.at + size]
        self.at += size
        return piece

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        if self.at + form.size > len(self.data):
            raise Malformed("a payload ends early")
        values: tuple[int, ...] = form.unpack_from(self.data, self.at)
        self.at += form.size
        return values

    def text(self, most: int) -> str:
        (size,) = self.unpack(_LENGTH)
        if size > most:
            raise Malformed("a text too long")
        return self.take(size).decode("utf-8", "replace")


def pack_where(line: int | None) -> bytes:
    """The payload of a ``WHERE`` frame."""
    return _LINE.pack(-1 if line is None else line)


def read_where(payload: bytes) -> int | None:
    """The line in a ``WHERE`` frame, if it may be one; raises ``Malformed``."""
    (line,) = _Cursor(payload).unpack(_LINE)
    return line if 0 < line < MAX_LINES else None


def read_error(payload: bytes) -> RawError:
    """The payload of a ``FATAL`` frame, or the tail of a scenario's; raises ``Malformed``."""
    cursor = _Cursor(payload)
    error = _error(cursor)
    if cursor.at != len(payload):
        raise Malformed("bytes after the end")
    return error


def _error(cursor: _Cursor) -> RawError:
    line, step = cursor.unpack(_PLACE)
    type_name, message = cursor.text(MAX_NAME_BYTES), cursor.text(MAX_MESSAGE_BYTES)
    return RawError(type_name, line if line >= 0 else None, message, step)


def pack_forms(status: Status, forms: Sequence[bytes]) -> bytes:
    """How a ``SCENARIO`` payload begins: status, count, and the form of each tensor; their numbers follow."""
    return _RESULT.pack(status, len(forms)) + b"".join(forms)


def pack_form(code: int, shape: Sequence[int] = ()) -> bytes:
    """The form of a tensor: its dtype as a place in ``DTYPES`` (or ``ABSENT``, ``STRANGE``), its rank, its sizes."""
    return _TENSOR.pack(code, len(shape)) + _SIZES[len(shape)].pack(*shape)


def read_result(payload: bytes) -> RawResult:
    """The payload of a ``SCENARIO`` frame; raises ``Malformed``."""
    cursor = _Cursor(payload)
    status_byte, count = cursor.unpack(_RESULT)
    if status_byte not in _STATUSES or count > MAX_OBSERVATIONS:
        raise Malformed("no such status, or too many observations")
    forms = [_form(cursor) for _ in range(count)]
    observations = tuple(RawTensor(dtype, shape, cursor.take(size)) for dtype, shape, size in forms)
    status = Status(status_byte)
    error = _error(cursor) if status is not Status.OBSERVED else None
    if cursor.at != len(payload):
        raise Malformed("bytes after the end")
    return RawResult(status, observations, error)


def _form(cursor: _Cursor) -> tuple[str, tuple[int, ...], int]:
    """Dtype, shape, and how many bytes its numbers take."""
    code, rank = cursor.unpack(_TENSOR)
    if code in (ABSENT, STRANGE):
        if rank:
            raise Malformed("dimensions of something absent")
        return "absent" if code == ABSENT else "strange", (), 0
    if code >= len(DTYPES) or rank > MAX_RANK:
        raise Malformed("no such dtype or rank")
    shape = cursor.unpack(_SIZES[rank])
    elements = 1
    for size in shape:
        elements *= size
        if elements > MAX_ELEMENTS:
            raise Malformed("a tensor too large")
    return DTYPES[code], shape, elements * ITEM_BYTES[code]
