"""The kind of an exception, told from what the installed torch and Python really say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from judge.raising import KINDS, kind_of, raised
from judge.report import CandidateError


def _leaf_in_place() -> None:
    leaf = torch.ones(2, requires_grad=True)
    leaf += 1


def _overwritten() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.mul_(2)
    y.sum().backward()


def _forgotten_self() -> None:
    torch.nn.Identity().gamma  # noqa: B018 - the attribute that is not there


def _undefined() -> None:
    gamma  # type: ignore[name-defined]  # noqa: B018, F821


def _unpacked() -> None:
    _n, _c, _h, _w = torch.ones(2, 3).shape


def _called(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: function(*args, **kwargs)


def _of_no_argument() -> None: ...


X = torch.ones(4, 3)


@pytest.mark.parametrize(
    ("kind", "raises"),
    [
        ("in_place", _leaf_in_place),
        ("in_place", _overwritten),
        ("missing_name", _forgotten_self),
        ("missing_name", _undefined),
        ("dtype", _called(torch.mm, X, X.double().T)),
        ("dtype", _called(torch.mean, X.long())),
        ("dtype", _called(X.long().add_, 0.5)),
        ("device", _called(torch.cat, [X, X.to("meta")])),
        ("shape", _called(torch.add, X, torch.ones(4))),
        ("shape", _called(torch.mm, X, X)),
        ("shape", _called(X.reshape, 5)),
        ("shape", _called(X.mean, 2)),
        ("shape", _called(X.copy_, torch.ones(5, 5))),
        ("shape", _unpacked),
        ("call", _called(_of_no_argument, 1)),
        ("call", _called(_of_no_argument, eps=1)),
        ("other", _called(int, "a")),
    ],
)
def test_an_exception_is_told_by_its_kind(kind: str, raises: Callable[[], Any]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which it is, torch decides
        raises()
    error = CandidateError(type(caught.value).__name__, 7, str(caught.value))
    assert kind_of(error).id == kind, error.message
    told = raised(error, ("a.b",))
    assert told.sentence["en"].startswith(f"Line 7 raises {error.type}")
    assert told.sentence["zh"].startswith(f"第 7 行抛出 {error.type}")
    assert told.question["en"].endswith("?")


def test_every_kind_is_told_apart() -> None:
    assert len({kind.id for kind in KINDS}) == len({kind.sentence["en"] for kind in KINDS}) == len(KINDS)
    assert raised(CandidateError("KeyError", None, ""), ()).sentence["en"] == "The code raises KeyError."
