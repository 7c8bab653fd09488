"""Mel-spectrograms beside librosa: of a whole sound, and of all windows that a sequence model reads."""

from __future__ import annotations

import tempfile
import time
import warnings
from fractions import Fraction
from pathlib import Path

import av
import librosa
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measure import Row, seconds
from stages.mel.sound import RATE, load_sound, open_sound
from stages.mel.spectrogram import FRONT_ENDS, mel, mel_rows
from stages.training.samples.mels import MelTrack, mel_segment

SECONDS, FPS = 120, 25
WINDOW, STRIDE, STEPS = 30, 10, 100  # frames of a window, between windows; rows of a window (Jin et al. 2021)
FRONT_END = FRONT_ENDS["jin2021"]
UNIT = "× real time a core"


def rows() -> list[Row]:
    """Seconds of sound a second of one core's work."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "Empty filters")  # the lowest of 64 filters over 257 frequencies
    samples = _speech()
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder) / "sound.mp4", samples)
        return [_whole(samples), _windows(path)]


def _whole(samples: NDArray[np.float32]) -> Row:
    ours, theirs = seconds(
        lambda: mel(FRONT_END, samples), lambda: _librosa(samples), clock=time.process_time
    )
    return Row("mel of a sound", UNIT, SECONDS / ours, "librosa", SECONDS / theirs)


def _windows(path: Path) -> Row:
    """From the file to windows of 30 frames every 10 frames: one mel, cut; or one mel a window."""
    starts = range(0, SECONDS * FPS - WINDOW + 1, STRIDE)

    def cut() -> None:
        sound = open_sound(path)
        assert sound is not None
        track = MelTrack(np.concatenate(list(mel_rows(FRONT_END, sound.blocks))), FRONT_END.seconds, 0.0)
        for start in starts:
            mel_segment(track, (start + np.arange(WINDOW)) / FPS, STEPS)

    def clip_by_clip() -> None:
        loaded = load_sound(path)
        assert loaded is not None
        for start in starts:
            _librosa(loaded[0][start * RATE // FPS : (start + WINDOW) * RATE // FPS])

    ours, theirs = seconds(cut, clip_by_clip, repeat=3, clock=time.process_time)
    return Row("AAC file to mels of its windows", UNIT, SECONDS / ours, "librosa a clip", SECONDS / theirs)


def _librosa(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=FRONT_END.n_fft,
        win_length=FRONT_END.window,
        hop_length=FRONT_END.hop,
        n_mels=64,
        htk=True,
        norm=None,
    )
    return librosa.power_to_db(power)


def _speech() -> NDArray[np.float32]:
    """Noise that comes and goes four times a second."""
    time_ = np.arange(SECONDS * RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.2, len(time_))
    return np.clip(noise * np.abs(np.sin(4 * np.pi * time_)), -1, 1).astype(np.float32)


def _write(path: Path, samples: NDArray[np.float32]) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
            frame.rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
