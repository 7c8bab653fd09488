"""Table 1 of Wang & Wang 2021, supervised beside mean teacher, and what labels and masks do to both."""

from __future__ import annotations

from pathlib import Path

from repro.study import FRAMES, INDEX, Changes, Study, Variant
from stages.scoring.tables import labelled

NOTE = """ABAW2 measures of AU, EXPR and VA, of the last epoch (`stands`). Both models train on the same number
of batches. Half of the labels: those of half of the training videos, drawn for each task anew. Published is the AU
measure of Table 1, whose split is a random one of frames, so that it does not compare; EXPR and VA there: TSAV 0.508
and 0.537, mean teacher 0.517 and 0.562. Masks: none is black, lines are TSAV's, filled are the paper's."""

MODELS = (("supervised", "supervised", False, 0.623), ("teacher", "mean teacher", True, 0.782))
CONDITIONS: tuple[tuple[str, str, Changes], ...] = (
    ("all", "all labels, filled masks", {}),
    ("half", "half of the labels", {"hide": 0.5}),
    ("lines", "masks of lines", {"mask": "lines"}),
    ("none", "no masks", {"mask": "none"}),
)


WANG2021 = Study(
    verb="clips",
    system="wang2021",
    step="teacher",
    variants=tuple(
        Variant(
            f"{model}-{name}",
            {"teacher": teacher, **changes},
            f"{says}, {condition}",
            published if name == "all" else None,
        )
        for name, condition, changes in CONDITIONS
        for model, says, teacher, published in MODELS
    ),
    figures=labelled.official,
    note=NOTE,
    inputs=(INDEX, FRAMES, Path("data/masks"), Path("data/mel/wang2021")),
)
