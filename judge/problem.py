"""A problem as plain data, read from its folder: texts, limits, groups, starter. Needs no torch.

``judge/problems/<slug>/`` with a ``problem.toml`` is a problem; a folder or module without one is shared code.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from judge.report import Text

LANGUAGES = ("en", "zh")

PROBLEMS_FOLDER = Path(__file__).parent / "problems"

MAX_SOURCE_BYTES = 64 * 1024
"""64 KiB: the longest honest answer in our corpus is a few KiB; beyond this a reviewer would not read it."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; the reasons stand beside the numbers in ``problem.toml``."""

    wall_seconds: float
    cpu_seconds: float
    memory_bytes: int
    processes: int
    output_bytes: int
    file_bytes: int
    files: int

    def on(self, device: str) -> Limits:
        """These limits, with more time on a GPU, where the driver spends up to 50 ms on each kernel's first use."""
        if device == "cpu":
            return self
        wall, cpu = self.wall_seconds + _DRIVER_SECONDS, self.cpu_seconds + _DRIVER_SECONDS
        return replace(self, wall_seconds=wall, cpu_seconds=cpu)


_DRIVER_SECONDS = 8.0
"""Twice what the exam of any honest layer needed to load every one of its kernels on an H100: 4.1 s."""


@dataclass(frozen=True)
class Group:
    """A named part of the exam with its points; ``message`` tells a candidate what failed without giving it away.

    ``tests_convention`` says whether a convention that is not accepted fails here; elsewhere a layer is taken by the
    one it follows, so that what only follows from the convention costs nothing twice.
    """

    id: str
    title: Text
    message: Text
    points: float
    tests_convention: bool = False


@dataclass(frozen=True)
class Convention:
    """One of several right forms: what the statement says where it alone is accepted, and ``asked``, that in short.

    ``heading`` stands above the numbers that follow it.
    """

    id: str
    sentence: Text
    asked: Text
    heading: Text


@dataclass(frozen=True)
class Problem:
    """One problem: everything about it that needs no torch."""

    slug: str
    title: Text
    summary: Text
    class_names: tuple[str, ...]
    accept: tuple[str, ...]
    groups: tuple[Group, ...]
    limits: Limits
    template: Text
    conventions: tuple[Convention, ...]
    either: Text
    starter: Text
    version: str
    folder: Path

    def __hash__(self) -> int:
        return hash((self.slug, self.version, self.folder))

    def statement(self, accept: Sequence[str] | None = None) -> Text:
        """What a candidate reads, true of the conventions that are accepted; by default those the problem accepts."""
        alone = self.alone(accept)
        sentence = self.either if alone is None else alone.sentence
        return {language: text.replace(_CONVENTION, sentence[language]) for language, text in self.template.items()}

    def alone(self, accept: Sequence[str] | None = None) -> Convention | None:
        """The convention that is asked for, where no other is accepted."""
        accepted = accept or self.accept
        found = [one for one in self.conventions if one.id in accepted]
        return found[0] if len(found) == 1 < len(self.conventions) else None

    @property
    def max_score(self) -> float:
        return sum(group.points for group in self.groups)


_CONVENTION = "{convention}"
"""Stands in a statement where the sentence about the conventions goes."""


class UnknownProblem(LookupError):  # noqa: N818 - a fact about a request, named as one
    """No problem folder of that name."""


def slugs() -> tuple[str, ...]:
    """The names of all problems, sorted."""
    return tuple(sorted(path.parent.name for path in PROBLEMS_FOLDER.glob("*/problem.toml")))


@cache
def load(slug: str) -> Problem:
    """The problem of that name; raises ``UnknownProblem``."""
    if slug not in slugs():
        raise UnknownProblem(slug)
    folder = PROBLEMS_FOLDER / slug
    with (folder / "problem.toml").open("rb") as file:
        data = tomllib.load(file)
    either, conventions = _conventions(folder.parent / data["shared"])
    return Problem(
        slug=slug,
        title=data["title"],
        summary=data["summary"],
        class_names=tuple(data["class_names"]),
        accept=tuple(data["accept"]),
        groups=tuple(Group(**entry) for entry in data["groups"]),
        limits=Limits(**data["limits"]),
        template={language: (folder / f"statement.{language}.md").read_text("utf-8") for language in LANGUAGES},
        conventions=conventions,
        either=either,
        starter={language: (folder / f"starter.{language}.py").read_text("utf-8") for language in LANGUAGES},
        version=_version(folder),
        folder=folder,
    )


def _conventions(folder: Path) -> tuple[Text, tuple[Convention, ...]]:
    """The sentence where every convention is accepted, and the conventions."""
    with (folder / "conventions.toml").open("rb") as file:
        words: dict[str, Any] = tomllib.load(file)
    either = words.pop("either")
    return either, tuple(
        Convention(name, {language: entry[language] for language in LANGUAGES}, entry["asked"], entry["heading"])
        for name, entry in words.items()
    )


def load_all() -> tuple[Problem, ...]:
    """Every problem, by name."""
    return tuple(load(slug) for slug in slugs())


_DECIDING = (
    "exam.py",
    "key.py",
    "comparing.py",
    "tolerance.py",
    "points.py",
    "telling.py",
    "grading.py",
    "diagnosis.py",
    "cell/driver.py",
)


def _version(folder: Path) -> str:
    """A hash of everything that decides a verdict: the problem, the code problems share, the driver and the grading."""
    judge = folder.parent.parent
    files = [
        folder / "problem.toml",
        *sorted(folder.glob("*.py")),
        *sorted(path for path in folder.parent.glob("*/*.py") if not (path.parent / "problem.toml").exists()),
        *(judge / name for name in _DECIDING),
        *sorted((judge / "naming").glob("*.py")),
    ]
    digest = hashlib.sha256()
    for file in files:
        if file.exists():
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
