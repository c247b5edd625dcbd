"""Finding the class in a candidate's file: what a file without it is told, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from judge.cell import source
from judge.cell.source import CannotLoad, find_class
from judge.words import cannot_load

NAMES = ["MyBatchNorm1d"]
IMPORT = "from torch import nn\n"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    source.unload()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", "MissingClass", "the starter shows its signature. It defines no class at all."),
        (
            IMPORT + "class Config: pass\nclass MyBatchnorm1d(nn.Module): pass\n",
            "MissingClass",
            "Classes found: Config (no nn.Module), MyBatchnorm1d.",
        ),
        ("".join(f"class C{n}: pass\n" for n in range(11)), "MissingClass", "C7 (no nn.Module) and 3 more."),
        (IMPORT, "MissingClass", "It defines no class at all."),
        (
            "class MyBatchNorm1d: pass\n",
            "NotAModule",
            "MyBatchNorm1d is no nn.Module: write class MyBatchNorm1d(nn.Module).",
        ),
        (
            IMPORT + "class Layer(nn.Module): pass\nMyBatchNorm1d = Layer()\n",
            "NotAClass",
            "MyBatchNorm1d is not a class. Classes found: Layer.",
        ),
    ],
)
def test_a_file_without_the_class_is_told_what_it_has(text: str, kind: str, message: str) -> None:
    with pytest.raises(CannotLoad) as told:
        find_class(source.load(text), NAMES)
    assert told.value.kind == kind
    said = cannot_load(kind, told.value.message)
    assert said is not None
    assert said["en"].endswith(message)


def test_a_file_without_the_class_is_told_so_in_chinese() -> None:
    with pytest.raises(CannotLoad) as told:
        find_class(source.load(IMPORT + "class Config: pass\nclass Layer(nn.Module): pass\n"), NAMES)
    said = cannot_load(told.value.kind, told.value.message)
    assert said is not None
    assert said["zh"] == (
        "文件中没有名为 MyBatchNorm1d 的类；起始代码里有它的签名。文件中定义的类：Config（不是 nn.Module）、Layer。"
    )


@pytest.mark.parametrize("facts", ["", "No such class.", "[1]", '["a", {}, 2]', '["a", [], "2"]'])
def test_what_no_honest_cell_says_is_no_sentence(facts: str) -> None:
    assert cannot_load("MissingClass", facts) is None
    assert cannot_load("ValueError", facts) is None


def test_a_class_of_its_own_base_is_found() -> None:
    text = IMPORT + "class Base(nn.Module): pass\nclass MyBatchNorm1d(Base): pass\n"
    assert find_class(source.load(text), NAMES).__name__ == "MyBatchNorm1d"
