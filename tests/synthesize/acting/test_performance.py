from __future__ import annotations

import numpy as np
import pytest

from stages.core.labels import EXPRESSIONS, MISSING
from stages.synthesize.acting.performance import PITCH, ROLL, YAW, Performance, perform
from stages.synthesize.acting.repertoire import NEUTRAL
from stages.synthesize.acting.script import GESTURE, Act
from stages.synthesize.acting.speech import Speaker
from stages.synthesize.face import UNITS
from stages.synthesize.face.names import INDEX

TIMES = np.arange(0, 6, 1 / 30)
SPEAKER = Speaker(120.0, 1.0)


def play(*kinds: str, seed: int = 0, phrases: tuple[tuple[float, float], ...] = ()) -> Performance:
    return perform(np.random.default_rng(seed), [Act(kind) for kind in kinds], phrases, TIMES, SPEAKER)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_jumps_but_lids_and_gaze(seed: int) -> None:
    show = play("Surprise", "Happiness", "Anger", seed=seed, phrases=((0.5, 2.0), (3.0, 4.5)))
    steps = np.abs(np.diff(show.units, axis=0)).max(axis=(0, 1))
    quick = {"AU43", "AU5"}  # lids
    spoken = {"AU18", "AU20", "AU25", "AU26"}  # a lip crosses its way in a tenth of a second
    assert all(steps[INDEX[name]] < 0.5 for name in spoken)
    assert all(step < 0.2 for name, step in zip(UNITS, steps, strict=True) if name not in quick | spoken)
    for track, limit in ((show.yaw, YAW), (show.pitch, PITCH), (show.roll, ROLL)):
        assert np.abs(np.diff(track)).max() < 4
        assert np.abs(track).max() <= limit


def test_labels_follow_the_script() -> None:
    show = play("Happiness", NEUTRAL, GESTURE, "Sadness")
    runs = show.expression[np.flatnonzero(np.diff(show.expression, prepend=99))].tolist()
    happy, sad = EXPRESSIONS.index("Happiness"), EXPRESSIONS.index("Sadness")
    assert [label for label in runs if label != 0] == [happy, MISSING, sad]


def test_the_face_does_what_the_label_says() -> None:
    show = play("Happiness", NEUTRAL, NEUTRAL)
    smile = show.units[:, :, INDEX["AU12"]].max(axis=1)
    happy = show.expression == EXPRESSIONS.index("Happiness")
    assert smile[happy].max() > 0.4
    assert smile[~happy].min() < 0.15


@pytest.mark.parametrize(
    ("kind", "valence", "arousal"),
    [("Happiness", 1, 1), ("Anger", -1, 1), ("Sadness", -1, -1), ("Fear", -1, 1)],
)
def test_affect_follows_the_expression(kind: str, valence: int, arousal: int) -> None:
    shows = [play(kind, NEUTRAL, seed=seed) for seed in range(6)]
    told = [show.expression == EXPRESSIONS.index(kind) for show in shows]
    felt = np.array([[s.valence[t].mean(), s.arousal[t].mean()] for s, t in zip(shows, told, strict=True)])
    assert (np.sign(felt.mean(axis=0)) == [valence, arousal]).all()


def test_affect_is_smooth_and_bounded() -> None:
    show = play("Anger", "Happiness", "Fear", "Sadness")
    for track in (show.valence, show.arousal):
        assert np.abs(np.diff(track)).max() < 0.15
        assert np.abs(track).max() <= 1


def test_the_mouth_moves_only_in_phrases() -> None:
    show = play(NEUTRAL, NEUTRAL, phrases=((1.0, 2.5),))
    opening = show.units[:, :, INDEX["AU25"]].max(axis=1)
    assert opening[(TIMES > 1.1) & (TIMES < 2.4)].max() > 0.3
    assert opening[(TIMES < 0.8) | (TIMES > 2.9)].max() < 0.05
