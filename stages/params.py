"""Parameters of a stage: what dvc.yaml declares for it, capped by the scale, checked by a typed model."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stages.errors import UserError


class Strict(BaseModel):
    """Base of every front door's `Params`: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


P = TypeVar("P", bound=Strict)


def load(model: type[P], block: str, stage: str | None = None) -> P:
    """Read the parameters that the running stage declares in dvc.yaml.

    `block` is the dotted section whose keys the model holds flat ("mel", "jin2021.finetune"); declared
    top-level values (seed, threads, lr, …) join it. `stage` names the stage of dvc.yaml when the front door
    runs outside DVC; by default it is the block, as `verb@system` for a system's block.
    Errors: UserError naming the key that is unknown, missing or of the wrong type.
    """
    system, _, verb = block.rpartition(".")
    stage = stage or (f"{verb}@{system}" if system else verb)
    declared = _declared(os.environ.get("DVC_STAGE") or stage)
    return check(model, flatten(declared, block), block, set(declared))


def _declared(stage: str) -> dict[str, Any]:
    from dvc.api import params_show
    from dvc.exceptions import DvcException

    try:
        return params_show(stages=stage.split(":")[-1], deps=True)
    except DvcException as error:
        raise UserError(f"params.yaml or dvc.yaml, stage {stage}: {error}") from None


def flatten(declared: dict[str, Any], block: str) -> dict[str, Any]:
    """Top-level values and the block's keys as one flat dict; a block's `null` inherits the top level."""
    scale = declared.get("scale")
    caps = dig(declared, f"scales.{scale}.{block.rpartition('.')[2]}")
    sections = {"scales", "scale", block.split(".")[0]}
    top = {key: value for key, value in declared.items() if key not in sections}
    own = cap(dig(declared, block), caps)
    return top | {key: value for key, value in own.items() if value is not None or key not in top}


def cap(published: dict[str, Any], caps: dict[str, Any]) -> dict[str, Any]:
    """A scale lowers the published numbers to its caps; keys that only the scale has are added."""
    capped = dict(published)
    for key, limit in caps.items():
        value = published.get(key)
        capped[key] = limit if value is None else min(value, limit)
    return capped


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
