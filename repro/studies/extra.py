"""What labelled stills change: Jin et al. 2021, 4.1 adds BP4D for the scarce AU15, AU23 and AU24."""

from __future__ import annotations

from repro.study import Study, Variant, times
from stages.core.labels import AU_LOGITS, AU_NAMES
from stages.scoring.tables import measures
from stages.scoring.tables.labelled import Scored

SCARCE = ("AU15", "AU23", "AU24")
SEEDS = (1, 2, 3)
# As many batches of AUs as half of the pipeline's run, where they take every second turn.
SHORT = {"tasks": ("AU",), "turns": None, "epochs": times(1 / 2), "batches": times(1 / 2)}

NOTE = """The visual model of jin2021 with its AU head alone and half of the pipeline's AU batches, with and
without the stills that the key `extra` names, three seeds of each. The paper has no such comparison. F1 of
presence, of the last epoch (`stands`)."""


def scarce_units(scored: Scored) -> dict[str, float]:
    """F1 of all AUs and of those that the paper adds data for."""
    found = measures.action_units(scored.units, scored.predicted[list(AU_LOGITS)].to_numpy())
    return {"f1": found.f1, **{name: float(found.unit_f1[AU_NAMES.index(name)]) for name in SCARCE}}


EXTRA = Study(
    verb="finetune",
    system="jin2021",
    step="visual",
    variants=tuple(
        Variant(f"{name}-{seed}", {**SHORT, **changes, "seed": seed}, f"{says}, seed {seed}")
        for seed in SEEDS
        for name, says, changes in (
            ("videos", "frames of videos alone", {"extra": False}),
            ("stills", "and stills", {}),
        )
    ),
    figures=scarce_units,
    note=NOTE,
)
