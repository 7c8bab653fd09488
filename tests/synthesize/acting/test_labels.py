from __future__ import annotations

import numpy as np

from stages.core.labels import AU_NAMES
from stages.synthesize.acting.labels import VISIBLE, intensities, occurrence
from stages.synthesize.face import UNITS, lips_apart, state


def labels(**units: float) -> set[str]:
    coded = occurrence(state(units).units)
    return {name for name, present in zip(AU_NAMES, coded, strict=True) if present}


def test_a_unit_is_coded_from_slight_evidence_on() -> None:
    assert labels(AU4=VISIBLE - 0.02) == set()
    assert labels(AU4=VISIBLE + 0.02) == {"AU4"}


def test_one_side_is_enough() -> None:
    units = state({"AU12": 0.6}).units
    units[0] = 0
    assert occurrence(units)[AU_NAMES.index("AU12")] == 1


def test_a_stretched_mouth_is_a_dropped_jaw_with_parted_lips() -> None:
    assert labels(AU25=0.9, AU27=0.8) == {"AU25", "AU26"}


def test_helpers_are_not_labels() -> None:
    assert labels(AU5=1.0, AU9=1.0, AU14=1.0, AU43=1.0) == set()


def test_lips_visibly_apart_are_au25_whatever_parts_them() -> None:
    units = np.random.default_rng(0).uniform(0, 1, (300, 2, len(UNITS))).astype(np.float32)
    units *= np.random.default_rng(1).random((300, 1, len(UNITS))) < 0.2
    coded = occurrence(units)[:, AU_NAMES.index("AU25")]
    assert coded.tolist() == [int(lips_apart(each)) for each in units]
    assert 0 < coded.mean() < 1


def test_parted_lips_are_not_pressed() -> None:
    assert labels(AU24=0.5) == {"AU24"}
    assert labels(AU24=0.5, AU26=0.9, AU25=0.9) == {"AU25", "AU26"}


def test_intensities_keep_leading_dimensions() -> None:
    assert intensities(np.zeros((3, 4, 2, len(UNITS)), np.float32)).shape == (3, 4, 12)
