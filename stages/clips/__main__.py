"""Train an aural-visual model on clips. Run: python -m stages.clips RUN, of section `runs.clips`."""

from __future__ import annotations

from stages.clips.model import KIND
from stages.core.runtime import main
from stages.training.step import run

if __name__ == "__main__":
    main(lambda: run(KIND))
