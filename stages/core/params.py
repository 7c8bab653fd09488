"""Parameters of a stage: what dvc.yaml declares for it, capped by the scale, checked by a typed model."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stages.core.errors import UserError


class Strict(BaseModel):
    """Base of every front door's `Params`: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


P = TypeVar("P", bound=Strict)
NAMES = ("system", "step")  # what a run is called, in its section; the command line tells its front door


def load(model: type[P], block: str, stage: str | None = None, run: str | None = None) -> P:
    """Read the parameters that the running stage declares in dvc.yaml.

    `block` is the dotted section whose keys the model holds flat ("mel", "jin2021.finetune"); declared
    top-level values (seed, threads, lr, …) join it. `run` is the section of one of several runs of the block
    ("finetune.jin2021-visual"): its keys stand in place of the block's. `stage` names the stage of dvc.yaml
    when the front door runs outside DVC; by default it is the block, as `verb@system` for a system's block.
    Errors: UserError naming the key that is unknown, missing or of the wrong type.
    """
    system, _, verb = block.rpartition(".")
    stage = stage or (f"{verb}@{system}" if system else verb)
    declared = _declared(os.environ.get("DVC_STAGE") or stage)
    return check(model, flatten(declared, block, run), block, set(declared))


def load_run(model: type[P], verb: str, system: str, step: str) -> P:
    """Parameters of the run `system`-`step` of the training stage `verb`; see `load`."""
    name = f"{system}-{step}"
    return load(model, f"{system}.{verb}", f"{verb}@{name}", f"{verb}.{name}")


def _declared(stage: str) -> dict[str, Any]:
    from dvc.api import params_show
    from dvc.exceptions import DvcException

    try:
        return params_show(stages=stage.split(":")[-1], deps=True)
    except DvcException as error:
        raise UserError(f"params.yaml or dvc.yaml, stage {stage}: {error}") from None


def flatten(declared: dict[str, Any], block: str, run: str | None = None) -> dict[str, Any]:
    """Top-level values and the block's keys as one flat dict; a block's `null` inherits the top level."""
    caps = dig(declared, f"scales.{declared.get('scale')}.{block}")
    sections = {"scales", "scale", block.split(".")[0], (run or "").split(".")[0]}
    top = {key: value for key, value in declared.items() if key not in sections}
    own = dig(declared, block) | (dig(declared, run) if run else {})
    capped = cap({key: value for key, value in own.items() if key not in NAMES}, caps)
    return top | {key: value for key, value in capped.items() if value is not None or key not in top}


def cap(published: dict[str, Any], caps: dict[str, Any]) -> dict[str, Any]:
    """A scale lowers the published numbers to its caps; its other values stand in place of the block's."""
    capped = published | caps
    for key, limit in caps.items():
        value = published.get(key)
        if _is_number(value) and _is_number(limit):
            capped[key] = min(value, limit)
    return capped


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def dig(values: dict[str, Any], path: str) -> dict[str, Any]:
    """The section at a dotted path, empty where there is none."""
    for key in path.split("."):
        values = values.get(key) or {}
    return values


def check(model: type[P], values: dict[str, Any], block: str, top: Collection[str] = ()) -> P:
    """Validate `values`; errors name the key as in params.yaml (`top`: the keys outside the block)."""
    try:
        return model(**values)
    except ValidationError as error:
        # A misspelt key is both unknown and missing: tell the unknown one.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        where = key if first["loc"][0] in top else f"{block}.{key}"
        raise UserError(f"params.yaml, key {where}: {_sentence(first)}") from None


def _sentence(problem: Any) -> str:
    texts = {"missing": "is missing; add it", "extra_forbidden": "is not a parameter; check the spelling"}
    return texts.get(problem["type"], f"{problem['msg']} (got {problem['input']!r})")
