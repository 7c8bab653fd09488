"""Train a sequence model on frozen features. Run: python -m stages.sequence RUN, of section `runs.sequence`."""

from __future__ import annotations

from stages.core.runtime import main
from stages.sequence.model import KIND
from stages.training.step import run

if __name__ == "__main__":
    main(lambda: run(KIND))
