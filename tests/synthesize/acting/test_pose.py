from __future__ import annotations

import numpy as np
import pytest

from stages.core.labels import AU_NAMES, EXPRESSIONS
from stages.synthesize.acting.pose import pose, yielding
from stages.synthesize.acting.repertoire import GESTURES, OPPOSED, PROTOTYPES
from stages.synthesize.face import UNITS, state
from stages.synthesize.face.names import INDEX


def test_every_movement_names_units_of_the_face() -> None:
    movements = [*GESTURES, *(variant for variants in PROTOTYPES.values() for variant in variants)]
    assert {name for movement in movements for name in movement} <= set(UNITS)
    assert {name for pair in OPPOSED for name in pair[:2]} <= set(UNITS)


def test_every_expression_but_neutral_has_several_variants() -> None:
    assert set(PROTOTYPES) == set(EXPRESSIONS) - {"Neutral"}
    assert min(len(variants) for variants in PROTOTYPES.values()) >= 3


def test_every_labelled_unit_moves_alone_or_nearly_so() -> None:
    small = {name for movement in GESTURES if len(movement) <= 2 for name in movement}
    assert set(AU_NAMES) <= small


@pytest.mark.parametrize("seed", range(5))
def test_a_pose_keeps_the_strongest_unit_and_the_order_of_intensity(seed: int) -> None:
    movement = {"AU6": 0.5, "AU12": 1.0}
    weak, strong = (pose(np.random.default_rng(seed), movement, level) for level in (0.4, 0.8))
    assert strong[:, INDEX["AU12"]].max() > weak[:, INDEX["AU12"]].max() > 0.2
    assert strong[:, INDEX["AU15"]].max() == 0


def test_sides_differ_and_either_may_lead() -> None:
    poses = [pose(np.random.default_rng(seed), {"AU12": 1.0}, 0.8)[:, INDEX["AU12"]] for seed in range(200)]
    gap = np.array([left - right for left, right in poses])
    assert 0.3 < (gap > 0).mean() < 0.7
    assert 0.02 < np.median(np.abs(gap)) < 0.15
    assert (np.abs(gap) > 0.3).any()


def test_pressed_lips_do_not_part() -> None:
    units = yielding(state({"AU24": 1.0, "AU25": 1.0, "AU12": 1.0}).units)
    assert units[:, INDEX["AU25"]].max() == 0
    assert units[:, INDEX["AU12"]].min() == 1
