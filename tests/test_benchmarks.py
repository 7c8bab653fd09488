from __future__ import annotations

import importlib

import pytest

from benchmarks.__main__ import names
from benchmarks.measure import Row


@pytest.mark.parametrize("name", names())
def test_every_benchmark_still_fits_the_code_that_it_measures(name: str) -> None:
    """As far as can be told without timing: it loads, and has what `make benchmarks` runs."""
    assert callable(importlib.import_module(f"benchmarks.{name}").rows)


@pytest.mark.parametrize(
    ("ours", "goal", "reached"), [(3, "≤ 1 ×", True), (5, "≤ 1 ×", False), (5, "≥ 4", True)]
)
def test_goals_are_floors_or_ceilings(ours: float, goal: str, reached: bool) -> None:
    assert Row("memory", "GiB", ours, "goal", 4, goal).reached is reached
