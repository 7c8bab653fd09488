from __future__ import annotations

import numpy as np
import pytest

from stages.synthesize.acting.performance import perform
from stages.synthesize.acting.repertoire import NEUTRAL
from stages.synthesize.acting.script import Act
from stages.synthesize.acting.speech import RATE, Speaker, Speech, plan_speech
from stages.synthesize.face import lips_apart
from stages.synthesize.voice.synthesis import BANDWIDTHS, glottis, resonate, room, voice

SAMPLES = 44_100


def speak(valence: float, arousal: float, seed: int = 0) -> Speech:
    affect = np.tile([valence, arousal], (3 * RATE, 1))
    return plan_speech(np.random.default_rng(seed), Speaker(120.0, 1.0), [(0.2, 2.8)], affect)


def syllables(speech: Speech) -> int:
    return int((np.diff(np.sign(np.diff(speech.opening))) < 0).sum())


def test_no_sound_without_an_open_mouth() -> None:
    times = np.arange(0, 4, 1 / 25)
    phrases = [(0.5, 1.5), (2.2, 3.4)]
    show = perform(np.random.default_rng(3), [Act(NEUTRAL)], phrases, times, Speaker(150.0, 1.1))
    sound = voice(np.random.default_rng(0), show.speech, SAMPLES)
    shut = ~np.array([lips_apart(units) for units in show.units])
    loudness = [np.sqrt(np.mean(sound[int(t * SAMPLES) :][: SAMPLES // 100] ** 2)) for t in times]
    loudness = np.array(loudness)
    assert loudness[~shut].mean() > 20 * (loudness[shut].mean() + 1e-9)
    assert loudness[shut].max() < 0.1 * loudness.max()


def test_arousal_raises_pitch_loudness_and_rate() -> None:
    calm, excited = [speak(0.0, -0.4, s) for s in range(8)], [speak(0.0, 0.8, s) for s in range(8)]
    assert np.mean([s.pitch.mean() for s in excited]) > 1.2 * np.mean([s.pitch.mean() for s in calm])
    assert np.mean([s.loudness.mean() for s in excited]) > 1.5 * np.mean([s.loudness.mean() for s in calm])
    assert np.mean([syllables(s) for s in excited]) > 1.15 * np.mean([syllables(s) for s in calm])


def test_valence_brightens_the_voice() -> None:
    assert speak(0.8, 0.0).formants[:, 1].mean() > 1.05 * speak(-0.8, 0.0).formants[:, 1].mean()


def test_glottal_pulses_come_at_the_pitch() -> None:
    source = glottis(np.random.default_rng(0), np.full(SAMPLES, 140.0), SAMPLES)
    spectrum = np.abs(np.fft.rfft(source - source.mean()))
    assert abs(int(spectrum.argmax()) - 140) <= 3


@pytest.mark.parametrize("vowel", [(730, 1090, 2440, 3400, 4500), (270, 2290, 3010, 3600, 4500)])
def test_resonances_lie_at_the_formants(vowel: tuple[int, ...]) -> None:
    click = np.zeros(SAMPLES)
    click[0] = 1
    response = resonate(click, np.tile(np.array(vowel, float), (RATE, 1)), SAMPLES)
    spectrum = np.abs(np.fft.rfft(response))
    peaks = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] > spectrum[2:])) + 1
    for formant, width in zip(vowel[:3], BANDWIDTHS, strict=False):
        assert np.abs(peaks - formant).min() < width / 2


def test_the_room_is_quiet_but_not_dead() -> None:
    still = room(np.random.default_rng(0), np.zeros(SAMPLES, np.float32))
    assert 1e-4 < still.std() < 1e-3
