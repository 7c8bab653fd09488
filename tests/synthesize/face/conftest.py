"""People and light for the tests of the face renderer."""

from __future__ import annotations

import numpy as np
import pytest

from stages.synthesize.face import Face, Light, sample_identity


@pytest.fixture(scope="session")
def faces() -> list[Face]:
    """Four people."""
    return [Face(sample_identity(np.random.default_rng(seed))) for seed in range(4)]


@pytest.fixture(scope="session")
def light() -> Light:
    """Soft light from the upper right."""
    return Light((0.35, -0.45, 0.82), 0.75, 0.4, 0.3, 0.12, 0.0, 0.0, 1.0, 0.6)
