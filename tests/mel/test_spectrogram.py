from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest

from stages.mel.spectrogram import (
    FLOOR_DB,
    FRONT_ENDS,
    MEAN,
    RATE,
    STD,
    MelFrontEnd,
    mel,
    mel_rows,
    write_mel,
)
from stages.training.samples.mels import SILENCE

BOTH = pytest.mark.parametrize("front_end", FRONT_ENDS.values(), ids=list(FRONT_ENDS))


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(0).normal(0, 0.2, round(seconds * RATE))
    return np.clip(samples, -1, 1).astype(np.float32)


def librosa_mel(front_end: MelFrontEnd, samples: np.ndarray) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=front_end.n_fft,
        win_length=front_end.window,
        hop_length=front_end.hop,
        n_mels=64,
        htk=True,
        norm=None,
        pad_mode="constant",
    )
    decibels = librosa.power_to_db(power, ref=1.0, amin=10 ** (FLOOR_DB / 10), top_db=None)
    return (decibels.T - MEAN) / STD


@BOTH
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_equals_librosa(front_end: MelFrontEnd) -> None:
    samples = noise(1.5)
    np.testing.assert_allclose(mel(front_end, samples), librosa_mel(front_end, samples), atol=2e-4)


def test_normalisation_of_silence_is_that_of_tsav() -> None:
    rows = mel(FRONT_ENDS["wang2021"], np.zeros(4410, np.float32))
    np.testing.assert_allclose(rows, (-100 + 14.8) / 19.895, rtol=1e-6)
    assert pytest.approx((-100 + 14.8) / 19.895) == SILENCE


@BOTH
@pytest.mark.parametrize("frequency", [1000.0, 4000.0])
def test_a_sine_is_loudest_in_the_band_around_its_frequency(front_end: MelFrontEnd, frequency: float) -> None:
    sine = 0.5 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE).astype(np.float32)
    centres = librosa.mel_frequencies(66, fmax=RATE / 2, htk=True)[1:-1]
    loudest = mel(front_end, sine)[20:-20].mean(0).argmax()
    assert abs(loudest - np.abs(centres - frequency).argmin()) <= 1


@BOTH
@pytest.mark.parametrize("length", [1, 219, 220, 221, 512, 64 * 220, 64 * 441, 64 * 441 + 1, 50_000])
def test_blocks_of_any_size_give_the_same_bytes(front_end: MelFrontEnd, length: int) -> None:
    samples = noise(2)[:length]
    whole = mel(front_end, samples)
    pieces = np.array_split(samples, 7)
    blocked = np.concatenate(list(mel_rows(front_end, pieces, block=64)))
    assert len(whole) == 1 + length // front_end.hop
    np.testing.assert_array_equal(blocked, whole)


@BOTH
def test_no_samples_no_rows(front_end: MelFrontEnd) -> None:
    assert mel(front_end, np.zeros(0, np.float32)).shape == (0, 64)


def test_written_rows_read_back_as_one_array(tmp_path: Path) -> None:
    front_end, samples = FRONT_ENDS["jin2021"], noise(1)
    path = tmp_path / "a.npy"
    count = write_mel(path, mel_rows(front_end, [samples], block=50))
    np.testing.assert_array_equal(np.load(path, mmap_mode="r"), mel(front_end, samples))
    assert count == len(np.load(path))


def test_no_rows_leave_no_file(tmp_path: Path) -> None:
    assert write_mel(tmp_path / "a.npy", []) == 0
    assert not list(tmp_path.iterdir())
