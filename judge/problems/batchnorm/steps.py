"""What the scenarios of BatchNorm1d and BatchNorm2d are written with: batches of either rank, and steps.

Batches are drawn with exactly known statistics: noise is standardised per channel, then scaled and moved, so that the
distance between a right and a wrong layer does not hang on luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from judge.exam import Array, Draw, Scenario, Steps
from judge.problems.batchnorm.named import for_rank
from judge.report import Text

ONE_D, TWO_D = 2, 4
"""Ranks of the inputs ``[N, D]`` and ``[N, C, H, W]``."""


COPIES = 32
"""Exams of an edition. No channel of a batch norm knows of another: theirs lie side by side in one wide layer."""


def split(array: Array, copies: int) -> Array:
    """An array whose channels, its axis 1 or only axis, are those of ``copies`` exams, as ``[copies, …]``."""
    if array.ndim == 1:
        return array.reshape(copies, -1)
    samples, channels, *image = array.shape
    return np.ascontiguousarray(array.reshape(samples, copies, channels // copies, *image).swapaxes(0, 1))


@dataclass
class Script:
    """Steps being written for one scenario, with the shapes its batches take.

    Shapes are those of one exam; what is drawn is wide, with the channels of all exams of the edition side by side.
    """

    draw: Draw
    rank: int
    channels: int
    steps: Steps = field(default_factory=list)
    tile: tuple[int, ...] | None = None
    """How many times every batch is repeated along each axis; scale and shift are with the channels."""

    # Drawing

    def number(self, low: float, high: float) -> float:
        """A setting with two significant digits, as a person would type it."""
        return float(f"{self.draw.uniform(low, high, 1)[0]:.2g}")

    def shape(self, samples: int | None = None, image: tuple[int, int] | None = None) -> tuple[int, ...]:
        """A batch shape with 4 to 8 values per channel in 1d and 8 to 27 in 2d: few enough that n and n - 1 differ."""
        if self.rank == ONE_D:
            return (samples or self.draw.integer(4, 8), self.channels)
        height, width = image or (self.draw.integer(2, 3), self.draw.integer(2, 3))
        return (samples or self.draw.integer(2, 3), self.channels, height, width)

    def large_shape(self) -> tuple[int, ...]:
        """A batch of more than 256 samples: statistics of every 32, 64 or 128 of them ("ghost batches") show."""
        return self.shape(self.draw.integer(257, 264), (1, 1))

    def large_image_shape(self) -> tuple[int, ...]:
        """One image of more than a hundred pixels: everywhere else a few will do."""
        return self.shape(1, (11, 13))

    def values(self, low: float, high: float, *, signs: bool = False) -> Array:
        """One number per channel, between ``low`` and ``high`` in size; with ``signs`` half of them negative."""
        drawn = self.draw.uniform(low, high, self.draw.copies * self.channels)
        if signs:
            drawn[self.draw.integer(0, 1) :: 2] *= -1.0
        return drawn

    def batch(
        self,
        *,
        mean: tuple[float, float] = (0.5, 3.0),
        std: tuple[float, float] = (0.5, 2.5),
        shape: tuple[int, ...] | None = None,
    ) -> Array:
        """A batch whose channels have exactly means of mixed sign and standard deviations drawn from these ranges."""
        samples, channels, *image = self._wide(shape or self.shape())
        noise = self.draw.normal(channels, samples * math.prod(image))
        noise -= noise.sum(axis=1, keepdims=True) / noise.shape[1]
        noise *= (self.values(*std) / np.sqrt((noise * noise).sum(axis=1) / noise.shape[1]))[:, None]
        noise += self.values(*mean, signs=True)[:, None]
        return np.ascontiguousarray(noise.reshape(channels, samples, *image).swapaxes(0, 1))

    def each(self, channel: int) -> slice:
        """This channel of every exam, as an index of a wide axis."""
        return slice(channel, None, self.channels)

    def _wide(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (shape[0], shape[1] * self.draw.copies, *shape[2:])

    # Writing

    def do(self, operation: str, **arguments: Any) -> Script:
        self.steps.append((operation, {"layer": "layer", **arguments}))
        return self

    def build(self, *places: float, layer: str = "layer", **settings: float) -> Script:
        """Builds a layer; ``places`` are eps and momentum by place, ``settings`` the same by name."""
        features = self.channels * (self.tile[1] if self.tile else 1)
        return self.do("build", layer=layer, args=[features, *places], kwargs=settings)

    def affine(self, layer: str = "layer") -> Script:
        """Gives scale and shift random values of mixed sign."""
        scale = self.draw.tensor(self.values(0.5, 2.0, signs=True))
        shift = self.draw.tensor(self.values(0.5, 2.0, signs=True))
        tiled = {"tile": self.tile[1]} if self.tile else {}
        return self.do("affine", layer=layer, scale=scale, shift=shift, **tiled)

    def call(self, batch: Array, out: str = "y", **arguments: Any) -> Script:
        """One forward on a batch, whatever the mode."""
        return self.do("forward", x=self.draw.tensor(batch), out=out, **self._tiled(), **arguments)

    def learn(self, batch: Array | None = None, **arguments: Any) -> Script:
        """A forward in training mode for the sake of the running statistics: its output is not looked at."""
        return self.call(self.batch() if batch is None else batch, "learnt", observe=False, **arguments)

    def probe(self, batch: Array | None = None, out: str = "eval", layer: str = "layer") -> Script:
        """Turns to evaluation and looks at the output of a fresh batch: mean and variance both show in it."""
        return self.do("eval", layer=layer).call(self.batch() if batch is None else batch, out, layer=layer)

    def backward(self, shape: tuple[int, ...], out: str = "y", **arguments: Any) -> Script:
        """Backward of an output of this shape, that of a batch or of one exam's, from a random upstream gradient."""
        upstream = self.draw.normal(*self._wide((shape[0], self.channels, *shape[2:])))
        return self.do("backward", upstream=self.draw.tensor(upstream), out=out, **self._tiled(), **arguments)

    def _tiled(self) -> dict[str, Any]:
        return {"tile": self.tile} if self.tile else {}


Write = Callable[[Script], Any]


@dataclass(frozen=True)
class Entry:
    """A scenario before it is tied to a rank; ``ranks`` says where it applies."""

    name: str
    group: str
    title: Text
    write: Write
    options: dict[str, Any]
    ranks: tuple[int, ...]


class Book:
    """The scenarios of one module, in the order they are written down."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def scenario(
        self, group: str, en: str, zh: str, *, ranks: Sequence[int] = (ONE_D, TWO_D), **options: Any
    ) -> Callable[[Write], Write]:
        """Enters the decorated function under its own name; ``options`` are ``Scenario``'s dtype, weight, sample."""

        def enter(write: Write) -> Write:
            name = str(getattr(write, "__name__", ""))
            self.entries.append(Entry(name, group, {"en": en, "zh": zh}, write, options, tuple(ranks)))
            return write

        return enter

    def of_rank(self, rank: int) -> tuple[Scenario, ...]:
        """The scenarios for inputs of this rank."""
        return tuple(
            Scenario(
                entry.name,
                entry.group,
                for_rank(entry.title, rank),
                partial(_written, entry.write, rank),
                **entry.options,
            )
            for entry in self.entries
            if rank in entry.ranks
        )


def _written(write: Write, rank: int, draw: Draw) -> Steps:
    script = Script(draw, rank, draw.integer(3, 5))
    write(script)
    return script.steps
