"""What is learnt is kept on disk: found again whole, and never believed when it is damaged or another's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from judge.naming import memory, rehearsal
from judge.naming.memory import Trait
from judge.problem import load

PROBLEM = load("batchnorm1d")
TRAITS: list[Trait | None] = [Trait((0, 3, 70), (3,), {70: ("leaf", 2)}), None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "FOLDER", tmp_path / "cache")
    return tmp_path / "cache"


def test_what_was_kept_is_recalled(folder: Path) -> None:
    assert memory.recall(PROBLEM, 2) is None
    memory.keep(PROBLEM, TRAITS)
    assert memory.recall(PROBLEM, 2) == TRAITS
    assert [file.name for file in folder.iterdir()] == ["batchnorm1d.habits"], "nothing half written is left"
    assert (folder / "batchnorm1d.habits").stat().st_mode & 0o777 == 0o644


def _other(data: bytes) -> bytes:
    body = data[32:].replace(b"x86_64", b"x86_65")
    return hashlib.sha256(body).digest() + body


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: hashlib.sha256(b"\xc1").digest() + b"\xc1",
        lambda data: hashlib.sha256(b"\x90").digest() + b"\x90",
        _other,
    ],
    ids=["empty", "cut", "a bit turned", "no msgpack", "another form", "another processor's"],
)
def test_a_damaged_or_foreign_file_is_not_believed(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    memory.keep(PROBLEM, TRAITS)
    file = folder / "batchnorm1d.habits"
    data = file.read_bytes()
    assert damage(data) != data
    file.write_bytes(damage(data))
    assert memory.recall(PROBLEM, 2) is None
    memory.keep(PROBLEM, TRAITS)
    assert memory.recall(PROBLEM, 2) == TRAITS


def test_what_another_version_or_torch_learnt_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    memory.keep(PROBLEM, TRAITS)
    assert memory.recall(replace(PROBLEM, version="another"), 2) is None
    assert memory.recall(PROBLEM, 3) is None, "of another number of variants"
    monkeypatch.setattr(memory.torch, "__version__", "0.1")
    assert memory.recall(PROBLEM, 2) is None


def test_where_nothing_can_be_written_nothing_is_lost_but_time(folder: Path) -> None:
    folder.write_text("a file stands where the folder would")
    memory.keep(PROBLEM, TRAITS)
    assert memory.recall(PROBLEM, 2) is None


@pytest.fixture
def unlearnt() -> Iterator[None]:
    rehearsal._learnt.cache_clear()
    yield
    rehearsal._learnt.cache_clear()


def test_hypotheses_that_were_recalled_are_those_that_were_learnt(
    unlearnt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = rehearsal.hypotheses(PROBLEM.slug)
    rehearsal._learnt.cache_clear()
    monkeypatch.setattr(rehearsal, "_trait", None)  # nothing is learnt now
    assert rehearsal.hypotheses(PROBLEM.slug) == learnt
