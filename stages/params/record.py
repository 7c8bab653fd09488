"""The published values, kept where -S does not reach them: published.yaml beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from stages.core.params import Values, at_scale, leaves

FILE = Path(__file__).with_name("published.yaml")
FIGURES = "published"  # section of a system: the paper's figures, which nothing computes with
HEAD = "# What params.yaml has at paper, a dotted key a line; `python -m stages.params --record` writes it anew.\n"


def published_of(values: Mapping[str, Any]) -> Values:
    """Dotted key → value at scale paper, of the systems' blocks, of what they start from and of their runs."""
    starts = ("lr", "frames", "landmarks", "pretrain", "specialise", "runs")
    named = {name: values[name] for name in (*starts, *values["systems"]) if name in values}
    found = leaves(at_scale(named, "paper", ""))
    return {key: value for key, value in found if FIGURES not in key.split(".")}


def as_text(values: Mapping[str, Any]) -> str:
    """The record as YAML, one key a line."""
    return HEAD + yaml.safe_dump(dict(values), default_flow_style=None, sort_keys=False, width=1 << 20)


@cache
def recorded() -> Values:
    """The record. Dotted key → published value."""
    found: Values = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found
