"""What all tests share: what each needs, in which order they go, and how Hypothesis looks for counterexamples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from judge.sandbox.box import Box

# Hypothesis fails a slow example by default; here no test fails by the clock.
settings.register_profile("handcode", deadline=None)
settings.load_profile("handcode")

NEEDS = {
    "jail": {"jail", "cells", "judge", "served", "server", "start_worker"},
    "browser": {"browser"},
    "postgres": {"postgres"},
}
"""A marker, and the fixtures of which a test with it has at least one."""

LONGEST_FIRST = ("journeys", "test_verify.py", "test_diagnosis.py", "test_hostile.py", "test_worker.py")
"""So that the processes that share the work end together."""


@pytest.fixture(scope="session")
def jail() -> None:
    """For a test that makes real cells itself, or has another process make them."""


@pytest.fixture(autouse=True)
def _no_cell_without_the_mark(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """``make check`` runs what has no such mark, also where no cell can be made."""
    if not request.node.get_closest_marker("jail"):

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("This test makes a cell and does not say so: give it the fixture `jail`.")

        monkeypatch.setattr(Box, "__init__", refuse)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not Path("/dev/nvidiactl").exists():
        pytest.skip("needs an NVIDIA GPU")


def pytest_itemcollected(item: pytest.Item) -> None:
    for marker, fixtures in NEEDS.items():
        if fixtures & _asked_for(item):
            item.add_marker(marker)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _asked_for(item: pytest.Item) -> set[str]:
    """The names of its fixtures, and of the database where it is given one by name."""
    names = set(getattr(item, "fixturenames", ()))
    parameters = getattr(item, "callspec", None)
    if parameters is not None and "postgresql" in parameters.params.values():
        names.add("postgres")
    return names


ABOUT_LIMITS = {"test_cells_limits.py", "test_evidence.py", "test_hostile.py"}
"""One crowds the processors, and what the others measure would be disturbed."""


class OneProcessAFile(LoadScopeScheduling):
    """What one process does, one after the other: the tests of a file share its cells, journeys share their server.

    xdist's own marks for this (``--dist loadgroup``) do nothing beside pytest 9.2, silently.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        if test.startswith("test_every_problem_is_proven"):
            return nodeid  # the longest tests of all, one for each problem
        name = Path(path).name
        if name in ABOUT_LIMITS:
            return "limits"
        return "journeys" if "journeys" in path else name


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return OneProcessAFile(config, log)


def _place(item: pytest.Item) -> int:
    part = next((part for part in item.path.parts[-2:] if part in LONGEST_FIRST), None)
    return LONGEST_FIRST.index(part) if part else len(LONGEST_FIRST)
