"""Mel-spectrograms of whole sounds, hours long in bounded memory.

Values are decibels, (dB + 14.8) / 19.895 (TSAV's normalisation, Kuhnke et al. 2020, released code). As in
torchaudio, which both systems use: power (not amplitude) spectrum, periodic Hann window, HTK mel scale
without area normalisation, rows centred on their time. Beyond its ends a sound is silent.
Rows have no `top_db` floor here: it belongs to the windows that are cut from them (`samples.mels`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from stages.training.samples.mels import FLOOR_DB, MEAN, MELS, STD

if TYPE_CHECKING:
    from torchaudio.transforms import MelSpectrogram

Rows = NDArray[np.float32]

RATE = 44_100  # Hz
BLOCK = 4096  # rows made at once: 20 s and some 20 MB


@dataclass(frozen=True)
class MelFrontEnd:
    """Sizes in samples at 44.1 kHz; `window` ≤ `n_fft`, padded with zeros on both sides."""

    n_fft: int
    window: int
    hop: int

    @property
    def seconds(self) -> float:
        """Time from one row to the next."""
        return self.hop / RATE


FRONT_ENDS = {
    # Jin et al. 2021, 4.2: 64 mels, window 10 ms, stride 5 ms (220.5 samples, cut to 220). n_fft is the next
    # power of 2: its lowest filters hold no frequency and stay silent.
    "jin2021": MelFrontEnd(n_fft=512, window=441, hop=220),
    # TSAV's released code, used by Wang & Wang 2021: window 20 ms, stride 10 ms.
    "wang2021": MelFrontEnd(n_fft=1024, window=882, hop=441),
}


def mel(front_end: MelFrontEnd, samples: Rows) -> Rows:
    """Mel-spectrogram of a whole sound [samples] → float32 [1 + samples // hop, 64]."""
    return np.concatenate([np.zeros((0, MELS), np.float32), *mel_rows(front_end, [samples])])


def mel_rows(front_end: MelFrontEnd, blocks: Iterable[Rows], block: int = BLOCK) -> Iterator[Rows]:
    """Mel-spectrogram of a sound that comes in blocks [n] of any size, in bounded memory.

    Yields float32 [n, 64], in all 1 + samples // hop rows (none for no samples); row r is centred on r × hop.
    Rows are made `block` at a time, so the blocks' sizes do not matter.
    """
    edge = np.zeros(front_end.n_fft // 2, np.float32)
    step = block * front_end.hop
    enough = step - front_end.hop + front_end.n_fft
    buffer: Rows = edge
    total = 0
    for samples in chain(_gather(blocks, step), [edge]):
        total += len(samples)
        buffer = np.concatenate([buffer, samples])
        while len(buffer) >= enough:
            yield _transform(front_end, buffer[:enough])
            buffer = buffer[step:]
    rest = 1 + (len(buffer) - front_end.n_fft) // front_end.hop
    if rest > 0 and total > len(edge):
        # As long as the others: a matrix product of one row may differ in its last bits from one of many.
        yield _transform(front_end, np.pad(buffer, (0, enough - len(buffer))))[:rest]


def _gather(blocks: Iterable[Rows], size: int) -> Iterator[Rows]:
    """The same samples in blocks of at least `size`, but for the last: decoders give a thousand at a time."""
    waiting: list[Rows] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= size:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _transform(front_end: MelFrontEnd, samples: Rows) -> Rows:
    """Rows of samples that are already padded, normalised."""
    import torch

    with torch.inference_mode():
        power = _spectrogram(front_end)(torch.from_numpy(samples)).T
        decibels = 10.0 * torch.log10(power.clamp_min(10 ** (FLOOR_DB / 10)))
        rows: Rows = ((decibels - MEAN) / STD).contiguous().numpy()
    return rows


@lru_cache
def _spectrogram(front_end: MelFrontEnd) -> MelSpectrogram:
    from torchaudio.transforms import MelSpectrogram

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "At least one mel filterbank has all zero values")
        return MelSpectrogram(
            sample_rate=RATE,
            n_fft=front_end.n_fft,
            win_length=front_end.window,
            hop_length=front_end.hop,
            n_mels=MELS,
            center=False,
        )


def write_mel(path: Path, rows: Iterable[Rows]) -> int:
    """Write rows to a new .npy as they come and return their number; no rows, no file."""
    total = 0
    with path.open("w+b") as file:
        _write_header(file, 0)
        for block in rows:
            file.write(block.astype("<f4").tobytes())
            total += len(block)
        file.seek(0)
        _write_header(file, total)
    if not total:
        path.unlink()
    return total


def _write_header(file: IO[bytes], rows: int) -> None:
    """NumPy pads a header so that its first axis can grow in place."""
    npy.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, MELS)})
