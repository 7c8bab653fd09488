"""Parameters of a stage: the values of params.yaml that are in force at the scale that runs, typed.

A value that differs between scales is a mapping, {smoke: 2, demo: 8, paper: 15}; a plain one holds at every
scale, so that what `dvc exp run -S` puts in its place is what runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stages.core.errors import UserError
from stages.core.plain import SCALES as SCALES
from stages.core.plain import require_plain
from stages.core.runtime import log
from stages.core.stand_ins import is_drawn

FILE = Path("params.yaml")
Values = dict[str, Any]


class Strict(BaseModel):
    """Base of every front door's `Params`: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


P = TypeVar("P", bound=Strict)


def load(model: type[P], block: str, run: str | None = None) -> P:
    """Values in force of the dotted section `block` ("" for none), as `model` wants them.

    Keys of the section `run` stand in place of the block's; what neither has, or has as null, comes from the
    top level, if `model` knows it and it stands there.
    Errors: UserError naming the key that is unknown, missing, of the wrong type, or without a value at the
    scale.
    """
    values = read_params()
    own = own_values(values, block, run)
    top = top_values(values, [name for name in model.model_fields if own.get(name) is None])
    return check(model, settled(values, block, run, own | top), block, top)


def load_training(model: type[P], block: str, run: str | None = None) -> P:
    """As `load`; the log then begins with the values that differ from the published ones."""
    params = load(model, block, run)
    differing = departures(read_params(), block, run, list(model.model_fields))
    told = [f"  {key}: {now}   # published: {published}" for key, (now, published) in differing.items()]
    log.print("\n".join([f"{block}: {len(told)} values are not the published ones", *told]))
    return params


def load_run(model: type[P], verb: str, run: str) -> P:
    """As `load_training`, of a run of the stage `verb`: the system's block, its run's keys in front."""
    return load_training(model, block_of(read_params(), verb, run), f"runs.{verb}.{run}")


def block_of(values: Mapping[str, Any], verb: str, run: str) -> str:
    """The section that a run belongs to, `<system>.<verb>`. Errors: UserError where there is no such run."""
    runs = dig(values, f"runs.{verb}") or {}
    if run not in runs:
        known = ", ".join(runs) or "none"
        raise UserError(f"params.yaml, key runs.{verb}: there is no run {run!r}; its runs are {known}")
    return f"{runs[run].get('system')}.{verb}"


def read_params(path: Path | None = None) -> Values:
    """All of params.yaml, read as DVC reads it (YAML 1.2: 1e-4 is a number).

    Errors: UserError for a file that is missing or no YAML, or whose `scale` there is not.
    """
    from ruamel.yaml import YAML

    path = path or FILE
    try:
        values: Values = YAML(typ="safe").load(path) or {}
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run from the project's root") from None
    except Exception as error:  # its own, and those of dates and numbers that there are not
        first = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read ({first}); write YAML") from None
    require_plain(values, path)
    if values.get("scale") not in SCALES:
        raise UserError(
            f"{path}, key scale: there is no {values.get('scale')!r}; choose one of {', '.join(SCALES)}"
        )
    return values


def own_values(values: Mapping[str, Any], block: str, run: str | None = None) -> Values:
    """The block's keys, the run's in front, at the scale that runs.

    Errors: UserError where there is no such section.
    """
    found: Values = {}
    for path in filter(None, (block, run)):
        section = dig(values, path)
        if section is None:
            raise UserError(f"params.yaml: there is no section {path}; check the name")
        found |= at_scale(section, values["scale"], path)
    return found


def top_values(values: Mapping[str, Any], names: Iterable[str]) -> Values:
    """What stands at the top level under `names`, at the scale that runs."""
    return at_scale({name: values[name] for name in names if name in values}, values["scale"], "")


def settled(values: Mapping[str, Any], block: str, run: str | None, found: Values) -> Values:
    """`found`, the values of a section, as they can be had.

    With `stand_ins`, a file that `weights` names for a scale and that is not there is null; one that is set at every
    scale has to be there. Without them, the drawn stills are no `extra`.
    """
    allowed, weights = stand_ins(values), found.get("weights")
    if allowed and weights and _scaled(values, block, run, "weights") and not Path(weights).exists():
        return found | {"weights": None}
    if not allowed and found.get("extra") and is_drawn(values.get("extra", "")):
        return found | {"extra": False if found["extra"] is True else None}
    return found


def stand_ins(values: Mapping[str, Any]) -> bool:
    """Whether what is drawn or trained here may stand in for what is published; true where nothing is said.

    Errors: UserError for another value than true or false.
    """
    found = top_values(values, ["stand_ins"]).get("stand_ins", True)
    if not isinstance(found, bool):
        raise UserError(f"{FILE}, key stand_ins: there is no {found!r}; set true or false")
    return found


def _scaled(values: Mapping[str, Any], block: str, run: str | None, key: str) -> bool:
    sections = [dig(values, path) or {} for path in (run, block) if path]
    return by_scale(next((section[key] for section in sections if key in section), None))


def departures(
    values: Mapping[str, Any], block: str, run: str | None, names: Iterable[str]
) -> dict[str, tuple[Any, Any]]:
    """Dotted key → value in force and published value, where they differ and params.yaml tells both."""

    def found(scale: str) -> Values:
        scaled = {**values, "scale": scale}
        own = own_values(scaled, block, run)
        return own | top_values(scaled, [name for name in names if own.get(name) is None])

    now = dict(leaves(settled(values, block, run, found(values["scale"]))))
    published = dict(leaves(found("paper")))
    keys = [key for key in now if key in published and now[key] != published[key]]
    return {key: (now[key], published[key]) for key in keys}


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values of nested sections."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def at_scale(values: Mapping[str, Any], scale: str, path: str) -> Values:
    """`values` with every mapping from scales replaced by its value at `scale`.

    Errors: UserError for a mapping that lacks the scale, or names one that there is not.
    """
    return {key: _chosen(value, scale, f"{path}.{key}".lstrip(".")) for key, value in values.items()}


def _chosen(value: Any, scale: str, path: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    if not by_scale(value):
        return at_scale(value, scale, path)
    unknown = [key for key in value if key not in SCALES]
    if unknown:
        raise UserError(
            f"params.yaml, key {path}: {unknown[0]!r} is no scale; scales are {', '.join(SCALES)}"
        )
    if scale not in value:
        raise UserError(f"params.yaml, key {path}: has no value for the scale {scale}; add one")
    return value[scale]


def by_scale(value: Any) -> bool:
    """Whether a value of params.yaml is a mapping from scales."""
    return isinstance(value, Mapping) and any(key in SCALES for key in value)


def dig(values: Mapping[str, Any], path: str) -> Values | None:
    """The section at a dotted path, None where there is none."""
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else None


def check(model: type[P], values: Values, block: str, top: Collection[str] = ()) -> P:
    """Validate `values`; errors name the key as in params.yaml (`top`: the keys outside the block)."""
    try:
        return model(**values)
    except ValidationError as error:
        # A misspelt key is both unknown and missing: tell the unknown one.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        where = key if first["loc"][:1] and first["loc"][0] in top else f"{block}.{key}".strip(".")
        raise UserError(f"params.yaml, key {where}: {_sentence(first)}") from None


def _sentence(problem: Any) -> str:
    texts = {"missing": "is missing; add it", "extra_forbidden": "is not a parameter; check the spelling"}
    return texts.get(problem["type"], f"{problem['msg']} (got {problem['input']!r})")
