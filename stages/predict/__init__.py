"""Stage `predict`; from Python: `from stages.predict import predict_video`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def predict_video(
    video: str | Path, system: str | None = None, side: str = "", people: int | None = None
) -> pd.DataFrame:
    """What a trained system says of a video or image, one row a frame: the columns of `python -m stages.predict`.

    To be called from the project's root. `system`: by default the combined one, or what comes with the project.
    `people`: a row a frame and person, of so many people, 0: of everybody.
    Errors: UserError for a file that cannot be read, or a system that is not there.
    """
    from stages.core.params import load
    from stages.core.runtime import setup_torch, workers
    from stages.frames.search import Params, search_of
    from stages.predict.films import SEED, Look, frames_of, trained

    setup_torch(workers(), SEED)
    look = Look(search_of(load(Params, "frames")), side, people=people)
    return frames_of(Path(video), {Path(): trained(system)}, look)[Path()]
