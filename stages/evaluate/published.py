"""What a paper published: its tasks, its steps in order, and its figures of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from stages.core.errors import UserError
from stages.core.params import Strict
from stages.scoring.step_scores import ENSEMBLE, SMOOTH
from stages.scoring.tables import labelled

Task = Literal["AU", "EXPR", "VA"]
MEASURES = {"macro F1": labelled.macro_f1}  # of papers that do not have the ABAW2 measures


class Figures(Strict):
    """A paper's figures of one step, and what they are of; a task that it does not tell has none."""

    AU: float | None = None
    EXPR: float | None = None
    VA: float | None = None
    note: str = ""


class Published(Strict):
    """Section `<system>.published` of params.yaml; tasks and steps that do not stand here are this project's own."""

    tasks: list[Task]
    measure: Literal["ABAW2", "macro F1"] = "ABAW2"
    steps: dict[str, Figures]
    source: str
    note: str = ""


def check_steps(published: Published, system: str, networks: Sequence[str]) -> None:
    """Errors: UserError for a step that is neither one of the system's networks, the ensemble nor smoothing."""
    known = [*networks, ENSEMBLE, SMOOTH]
    for step in published.steps:
        if step not in known:
            raise UserError(
                f"params.yaml, key {system}.published.steps: there is no step {step!r}; steps are "
                f"{', '.join(known)}"
            )
