"""One video's sound → one mel file: what the per-video store runs in its workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stages.core.store import Note
from stages.mel.sound import RATE, open_sound
from stages.mel.spectrogram import FRONT_ENDS, mel_rows, write_mel


@dataclass(frozen=True)
class MakeMel:
    """Writes `<video>.npy` and tells its place in time; `videos` maps names to files, None for none.

    `on_error`: "skip" makes silence of sound that cannot be decoded.
    """

    videos: Mapping[str, Path | None]
    front_end: str
    on_error: Literal["fail", "skip"] = "fail"

    def __call__(self, name: str, folder: Path) -> Note:
        """Note: rows (0 and no file without sound), offset of row 0 from the first video frame in seconds.

        `problem`: the first thing in the sound that cannot be decoded, if there is one.
        """
        import torch

        torch.set_num_threads(1)  # a worker a core
        path = self.videos[name]
        sound = open_sound(path, RATE, tolerant=self.on_error == "skip") if path else None
        if sound is None:
            return {"rows": 0, "offset": 0.0}
        rows = write_mel(folder / f"{name}.npy", mel_rows(FRONT_ENDS[self.front_end], sound.blocks))
        note = {"rows": rows, "offset": sound.offset}
        return note | {"problem": sound.problems[0]} if sound.problems else note
