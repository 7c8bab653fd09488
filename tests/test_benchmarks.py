from __future__ import annotations

import importlib

import pytest

from benchmarks.__main__ import names


@pytest.mark.parametrize("name", names())
def test_every_benchmark_still_fits_the_code_that_it_measures(name: str) -> None:
    """As far as can be told without timing: it loads, and has what `make benchmarks` runs."""
    assert callable(importlib.import_module(f"benchmarks.{name}").rows)
