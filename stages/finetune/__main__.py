"""Train a visual model of a system. Run: python -m stages.finetune RUN, of section `runs.finetune`."""

from __future__ import annotations

from stages.core.runtime import main
from stages.finetune.model import KIND
from stages.training.step import run

if __name__ == "__main__":
    main(lambda: run(KIND))
