"""What all tests share: which of them this machine can run, and how Hypothesis looks for counterexamples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis fails a slow example by default; here no test fails by the clock.
settings.register_profile("handcode", deadline=None)
settings.load_profile("handcode")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not Path("/dev/nvidiactl").exists():
        pytest.skip("needs an NVIDIA GPU")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys last: their server lives to the end of the session, and others count the processes below this one."""
    items.sort(key=lambda item: "journeys" in item.path.parts)
