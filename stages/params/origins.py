"""Where each value in force comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from stages.core.params import Strict, Values, by_scale, dig, leaves
from stages.params.places import in_force, sections

Told = dict[str, tuple[Any, str]]  # dotted key → value and origin


def origins(values: Mapping[str, Any], stage: str) -> Told:
    """Every value that a stage reads, with the name of the scale, "set" or "default" behind it."""
    block, run, _ = sections(values, stage)
    given = [dict(leaves_with_scales(dig(values, path) or {})) for path in (run, block) if path]
    given.append(dict(leaves_with_scales(values)))
    told: Told = {}
    for key, value in leaves(in_force(values, stage)):
        mapped = next((found[key] for found in given if found.get(key, (None, False))[0] is not None), None)
        told[key] = value, str(values["scale"]) if mapped and mapped[1] else "set"
    return told | {key: (value, "default") for key, value in defaults(stage).items() if not _has(told, key)}


def leaves_with_scales(values: Mapping[str, Any], path: str = "") -> Any:
    """Dotted keys with their raw value and whether it is a mapping from scales."""
    for key, value in values.items():
        if isinstance(value, Mapping) and not by_scale(value):
            yield from leaves_with_scales(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", (value, by_scale(value))


def defaults(stage: str) -> Values:
    """What the stage's `Params` has where params.yaml says nothing."""
    fields = params_of(stage.partition("@")[0]).model_fields
    found = {name: field.get_default() for name, field in fields.items() if not field.is_required()}
    whole = {name: asdict(value) if is_dataclass(value) else value for name, value in found.items()}
    return dict(leaves(whole))


def params_of(verb: str) -> type[Strict]:
    """The typed parameters of a stage: of its model, where it trains one, or of its front door."""
    name = "model" if find_spec(f"stages.{verb}.model") else "__main__"
    found: type[Strict] = import_module(f"stages.{verb}.{name}").Params
    return found


def _has(told: Told, key: str) -> bool:
    return any(known == key or known.startswith(f"{key}.") for known in told)
