"""Rehearses a whole job before any cell is forked, from the bytes that come in to the frames that go out.

Torch imports and builds much on first use (sympy alone takes 0.2 s), and Python's interpreter adapts code to what it
has met; what the zygote has done, no cell pays for.
"""

from __future__ import annotations

import array
import json
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from judge.cell import answering, norms, pages, source, wire

_SOURCE = """
import torch
from torch import nn


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 2 * x * upstream


class Layer(nn.Module):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(features))
        self.shift = nn.Parameter(torch.zeros(features))
        self.register_buffer("seen", torch.zeros(features))

    def forward(self, x):
        axes = tuple(i for i in range(x.dim()) if i != 1)
        shape = [1, -1] + [1] * (x.dim() - 2)
        if self.training:
            variance, mean = torch.var_mean(x, axes, unbiased=False)
            with torch.no_grad():
                self.seen.lerp_(mean, 0.5)
                self.seen.mul_(0.5).add_(x.mean(axes) + x.std(axes), alpha=0.5)
                self.seen = self.seen + x.var(axes, unbiased=False)
        else:
            mean, variance = self.seen, self.seen
        centred = x - mean.view(shape)
        spread = Square.apply(centred).mean(axes) + torch.einsum("n...,n...->...", centred, centred).sum() + variance
        y = centred * torch.rsqrt(spread + self.eps).view(shape) / torch.sqrt(variance + self.eps).view(shape)
        return torch.addcmul(self.shift.view(shape), y, self.scale.view(shape))
"""


_BUILD: list[Any] = [
    ["build", {"layer": "a", "args": [4], "kwargs": {"eps": 1e-3}}],
    ["build", {"layer": "b", "args": [4]}],
]
_STEPS: list[Any] = [
    ["parameters", {"layer": "a"}],
    ["affine", {"layer": "a", "scale": 1, "shift": 2}],
    ["train", {"layer": "a"}],
    ["forward", {"layer": "a", "x": 0, "grad": True, "keeps_input": True}],
    ["backward", {"layer": "a", "upstream": 0}],
    ["sgd", {"layer": "a", "rate": 0.1}],
    ["forward", {"layer": "a", "x": 0, "no_grad": True, "layout": "strided"}],
    ["forward", {"layer": "a", "x": 0, "layout": "transposed"}],
    ["parent", {"layer": "a", "mode": "eval"}],
    ["deepcopy", {"layer": "c", "source": "a"}],
    ["load", {"layer": "b", "source": "a"}],
    ["double", {"layer": "c"}],
    ["eval", {"layer": "b"}],
    ["forward", {"layer": "b", "x": 0}],
    ["buffers_free", {"layer": "b"}],
]

_TILE = [3, 2, 1, 1]
_LARGE: list[Any] = [
    ["build", {"layer": "a", "args": [8]}],
    ["affine", {"layer": "a", "scale": 1, "shift": 2, "tile": _TILE[1]}],
    ["forward", {"layer": "a", "x": 0, "grad": True, "tile": _TILE}],
    ["backward", {"layer": "a", "upstream": 0, "tile": _TILE}],
]

_SCENARIOS_OF_A_SHAPE = 4
"""With two shapes as many steps as half an exam has."""


def run(device: str) -> None:
    """Loads, builds, trains, copies, saves, loads, casts and differentiates layers, in one thread."""
    with _job_on_a_channel(device) as channel:
        answering.answer(channel)
        source.unload()
        norms.forget()
    nn.Sequential(nn.Linear(3, 3), nn.ReLU())


def learn_pages() -> None:
    """Rehearses once more, in a child and nothing but the answer: those are the pages a job meets."""
    with _job_on_a_channel("cpu") as channel:
        pages.learn(lambda: answering.answer(channel))


@contextmanager
def _job_on_a_channel(device: str) -> Iterator[int]:
    """A file that holds a job, and must hold its whole answer in the end."""
    channel = os.memfd_create("rehearsal")
    try:
        job = _job(device)
        os.write(channel, struct.pack("<I", len(job)) + job)
        os.lseek(channel, 0, os.SEEK_SET)
        yield channel
        _check(channel, len(job) + 4)
    finally:
        os.close(channel)


def _job(device: str) -> bytes:
    """A job such as the trusted side sends, with two shapes of input."""
    names: list[tuple[str, list[int]]] = []
    values = b""
    scenarios = []
    kinds = [("float32", "f", _BUILD + _STEPS)] * _SCENARIOS_OF_A_SHAPE
    if device != "cpu":  # there a kernel for each
        kinds.append(("float64", "d", [*_BUILD, *(["double", {"layer": layer}] for layer in "ab"), *_STEPS]))
    for shape in ([6, 4], [2, 4, 2, 2]):
        for dtype, code, steps in kinds:
            scenarios.append({"steps": steps, "tensors": list(range(len(names), len(names) + 3))})
            for size in (shape, [4], [4]):  # an even count of float32 fills whole 8 bytes
                names.append((dtype, size))
                values += array.array(code, (0.25 + place % 3 for place in range(math.prod(size)))).tobytes()
    scenarios.append({"steps": _LARGE, "tensors": scenarios[-1]["tensors"]})
    header = {
        "class_names": ["Layer"],
        "device": device,
        "rank": 2,
        "random": 1,
        "tensors": names,
        "scenarios": scenarios,
        "large": len(scenarios) - 1,
    }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-(len(encoded) + 4) % 8)
    return struct.pack("<I", len(encoded)) + encoded + values + _SOURCE.encode()


def _check(channel: int, start: int) -> None:
    """A rehearsal that did not reach its end would leave every cell slow without a word."""
    os.lseek(channel, start, os.SEEK_SET)
    with os.fdopen(os.dup(channel), "rb") as file:
        frames = list(wire.FrameReader().feed(file.read()))
    stopped = [payload for kind, _, payload in frames if kind == wire.Kind.SCENARIO and payload[0]]
    if stopped or not frames or frames[-1][0] != wire.Kind.END:
        raise RuntimeError(f"the rehearsal stopped: {(stopped or frames)[:1]}")
