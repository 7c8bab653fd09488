"""Train an audio stream beside a frozen visual one. Run: python -m stages.audio RUN, of section `runs.audio`."""

from __future__ import annotations

from stages.audio.model import KIND
from stages.core.runtime import main
from stages.training.step import run

if __name__ == "__main__":
    main(lambda: run(KIND))
