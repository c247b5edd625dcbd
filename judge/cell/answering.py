"""Answers one job inside a cell: reads it, loads the candidate's file, runs the exam, writes result frames."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import struct
import sys
import types
from typing import Any

import numpy
import torch

from judge.cell import norms, rules, source, wire
from judge.cell.driver import Complaint, Observed, Roles, find_roles, run_scenario

_CODES = {getattr(torch, name): code for code, name in enumerate(wire.DTYPES)}
_SCENARIOS_A_WRITE = 16
"""Each write wakes the trusted side, which then takes the processor from the cell: one for each scenario cost 5 ms of
an exam of 15. By count and not by time, so that what a process that dies early leaves behind does not hang on speed."""
_writing: list[bool] = []
"""Not empty while a frame is being written."""
_NUMPY_LACKS = {torch.bfloat16: torch.int16}


def answer(channel: int) -> None:
    """Reads the job, writes LOOKED, then FATAL or a SCENARIO frame for each scenario, then NORMS and END.

    There is a NORMS frame before the large scenarios too, in which a limit may end the cell. A WHERE frame comes
    between them when it was asked for.
    """
    _tell_where_when_asked(channel)
    header, tensors, text_bytes = _read_job(channel)
    _seed(header["random"])
    try:
        text = source.decode(text_bytes)
        named = [[one.name, one.line, one.quiet, one.reached] for one in rules.look(text, header["class_names"])]
        _send(channel, wire.Kind.LOOKED, 0, json.dumps(named).encode())
        build, roles = _prepare(text, header)
    except source.CannotLoad as error:
        stage = 0 if not isinstance(error, _CannotBuild) else 1
        _send(channel, wire.Kind.FATAL, stage, wire.pack_error(error.kind, error.line, error.message, 0))
    else:
        _run_exam(channel, header, tensors, build, roles)
    _flush()
    _send(channel, wire.Kind.END, 0, b"")


def _tell_where_when_asked(channel: int) -> None:
    """Has SIGUSR1, which the trusted side sends when a limit was passed, answered with the line that was running.

    What was printed leaves with it. A candidate may take the signal for itself; then nothing is told, and the end is
    the same.
    """

    def tell(_number: int, frame: types.FrameType | None) -> None:
        _flush()
        while frame is not None and frame.f_code.co_filename != norms.SOURCE_NAME:
            frame = frame.f_back
        if not _writing:  # else a frame is half out, and it is not the candidate's code that is running
            _send(channel, wire.Kind.WHERE, 0, wire.pack_where(None if frame is None else frame.f_lineno))

    signal.signal(signal.SIGUSR1, tell)
    for stream in (sys.stdout, sys.stderr):  # what was printed must not end with the process that is killed
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def _seed(number: int) -> None:
    """Where Python, NumPy and torch begin to draw; every fork has the zygote's random state."""
    random.seed(number)
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed(number & 0xFFFFFFFF)
    torch.default_generator.manual_seed(number)  # torch.manual_seed asks after every kind of accelerator: 9 ms


class _CannotBuild(source.CannotLoad):
    """The file is fine, but the layer's constructor raises."""


def _prepare(text: str, header: dict[str, Any]) -> tuple[Any, Roles]:
    """The candidate's class and its parameters' roles; the first build, so a broken constructor is told once."""
    build = source.find_class(source.load(text), header["class_names"])
    norms.watch()
    if (base := norms.inherited(build)) is not None:
        norms.note(base, None)
    try:
        return build, find_roles(build, rank=header["rank"])
    except BaseException as error:
        try:
            build(5)
        except BaseException:
            raise _CannotBuild(*source.describe(error)) from None
        return build, Roles(None, None)


def _run_exam(channel: int, header: dict[str, Any], tensors: list[Any], build: Any, roles: Roles) -> None:
    kept = bytearray()
    for index, scenario in enumerate(header["scenarios"], start=1):
        if index - 1 == header["large"]:
            _write(channel, kept + _ran(0))
            kept = bytearray()
        given = [tensors[number] for number in scenario["tensors"]]
        observed = run_scenario(build, roles, scenario["steps"], given, header["device"])
        kept += wire.frame(wire.Kind.SCENARIO, index - 1, pack_observed(observed))
        if index % _SCENARIOS_A_WRITE == 0 or index > header["large"]:  # a limit may end the cell in the next of these
            _write(channel, kept)
            kept = bytearray()
    _write(channel, kept + _ran(1))


def _ran(index: int) -> bytes:
    """The NORMS frame of that index: what was found by now."""
    return wire.frame(wire.Kind.NORMS, index, json.dumps(norms.findings()).encode())


def pack_observed(observed: Observed) -> bytes:
    """The payload of a SCENARIO frame."""
    with torch._C.DisableTorchFunctionSubclass():
        packed = [pack_tensor(tensor) for tensor in observed.tensors[: wire.MAX_OBSERVATIONS]]
    error = observed.stopped
    status = wire.Status.OBSERVED
    if error is not None:
        status = wire.Status.COMPLAINT if type(error) is Complaint else wire.Status.RAISED
    payload = wire.pack_forms(status, [form for form, _ in packed]) + b"".join([numbers for _, numbers in packed])
    return payload if error is None else payload + wire.pack_error(*source.describe(error), observed.step)


def pack_tensor(value: Any) -> tuple[bytes, bytes]:
    """A tensor's form and its raw bytes; whatever is no plain dense tensor becomes STRANGE."""
    if value is None:
        return wire.pack_form(wire.ABSENT), b""
    try:
        return _pack_plain(value)
    except BaseException:  # a lying subclass may raise anything
        return wire.pack_form(wire.STRANGE), b""


def _pack_plain(value: torch.Tensor) -> tuple[bytes, bytes]:
    tensor = value if type(value) is torch.Tensor else value.as_subclass(torch.Tensor)
    kind, shape = tensor.dtype, tensor.shape
    code = _CODES.get(kind)
    plain = tensor.layout is torch.strided and tensor.device.type in ("cpu", "cuda") and not tensor.is_nested
    if code is None or not plain or tensor.numel() > wire.MAX_ELEMENTS or len(shape) > wire.MAX_RANK:
        return wire.pack_form(wire.STRANGE), b""
    if kind in _NUMPY_LACKS:
        tensor = tensor.detach().contiguous().view(_NUMPY_LACKS[kind])
    numbers = tensor.numpy(force=True).tobytes()
    if len(numbers) != tensor.numel() * wire.ITEM_BYTES[code]:
        return wire.pack_form(wire.STRANGE), b""
    return wire.pack_form(code, shape), numbers


def _read_job(channel: int) -> tuple[dict[str, Any], list[torch.Tensor], bytes]:
    (size,) = struct.unpack("<I", _read(channel, 4))
    job = bytearray(_read(channel, size))
    (header_size,) = struct.unpack_from("<I", job)
    start = 4 + header_size
    header = json.loads(job[4:start])
    tensors, end = _cut(job, start, header["tensors"])
    if header["device"] != "cpu":
        tensors = [tensor.to(header["device"]) for tensor in tensors]
    return header, tensors, bytes(job[end:])


def _cut(job: bytearray, start: int, forms: list[tuple[str, list[int]]]) -> tuple[list[torch.Tensor], int]:
    """The tensors that lie in the job from ``start`` on, each at a multiple of 8 bytes, and where they end."""
    tensors, at = [], start
    for dtype, shape in forms:
        array = numpy.ndarray(shape, dtype, job, at)
        tensors.append(torch.from_numpy(array))
        at += array.nbytes
        at += -at % 8
    return tensors, at


def _read(channel: int, size: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < size:
        piece = os.read(channel, size - len(pieces))
        if not piece:
            os._exit(0)  # the trusted side closed its end: nobody wants this cell any more
        pieces += piece
    return bytes(pieces)


def _send(channel: int, kind: wire.Kind, index: int, payload: bytes) -> None:
    _write(channel, wire.frame(kind, index, payload))


def _write(channel: int, data: bytes | bytearray | memoryview) -> None:
    data = memoryview(data)
    _writing.append(True)
    while data:
        data = data[os.write(channel, data) :]
    _writing.pop()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):  # the candidate may have put anything there
            stream.flush()
