"""The model card of an export: Markdown with front matter, as model hubs read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stages.core.card import ModelCard
from stages.core.paths import SCORES
from stages.export.onnx_file import OPSET
from stages.export.portable import NAMES, Portable

DRAWN = "data/synthetic"
LIMITS = """\
For research on how such systems work. An expression label is how a face looks to somebody, not what its owner feels;
do not decide on people by it. Ranks within a film can be trusted more than levels; no group of people was tested by
itself. Faces have to be aligned as the pipeline does it: five points on the ArcFace template of 112 by 112 pixels."""


@dataclass(frozen=True)
class File:
    """An ONNX file that was written: what it holds, its model's card, and how far it is from the original."""

    path: Path
    exported: Portable
    card: ModelCard
    difference: float
    frames: int


def page(system: str, files: Sequence[File], corpus: str, root: Path = Path()) -> str:
    """The card: data, use, contract, scores, limits."""
    parts = [_matter(system, files), f"# {system}", _data(corpus), "## Use", _use(files[0]), "## Files"]
    parts += [_file(each) for each in files]
    parts += ["## Scores", *_scores(system, files, root / SCORES / f"{system}.json"), "## Limits", LIMITS]
    return "\n\n".join(parts) + "\n"


def _matter(system: str, files: Sequence[File]) -> str:
    tasks = {task for each in files for task in each.exported.tasks}
    told = {
        "license": "other",
        "license_name": "by-training-data",
        "library_name": "onnx",
        "pipeline_tag": "image-classification",
        "tags": ["action-units", "facial-expressions", "valence-arousal", system, *sorted(tasks)],
    }
    return f"---\n{yaml.safe_dump(told, sort_keys=False)}---"


def _data(corpus: str) -> str:
    if corpus == DRAWN:
        return (
            "Trained on drawn faces alone: no person's picture is in it, and it may be used as the project may (MIT). "
            "What is known of it on real faces is in the project's README."
        )
    return f"Trained on the corpus `{corpus}`, whose terms bind this model too."


def _use(first: File) -> str:
    name, given = next(iter(first.exported.inputs.items()))
    arrays = ", ".join(f'"{name}": {name}' for name in first.exported.inputs)
    return f"""    import onnxruntime
    session = onnxruntime.InferenceSession("{first.path.name}")
    {", ".join(first.exported.tasks)}{"," if len(first.exported.tasks) == 1 else ""} = session.run(None, {{{arrays}}})

with `{name}` a NumPy array {_type(given.dtype)} [N, {", ".join(map(str, given.shape))}]."""


def _type(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


def _file(each: File) -> str:
    """Contract of one file."""
    card, rows = each.card, []
    for name, given in each.exported.inputs.items():
        shape = ", ".join(map(str, given.shape))
        rows.append(f"| in | `{name}` | {_type(given.dtype)} [N, {shape}] | {given.meaning} |")
    for task in each.exported.tasks:
        names = NAMES[task]
        rows.append(f"| out | `{task}` | float32 [N, {len(names)}] | {', '.join(names)} |")
    table = "\n".join(["| | name | type | meaning |", "| --- | --- | --- | --- |", *rows])
    return (
        f"### {each.path.name}\n\nONNX, opset {OPSET}: step {card.step}, {card.chosen}; data {card.data}, code "
        f"{card.code}. Action units and expressions are probabilities (present from 0.5 up; the highest), valence and "
        f"arousal lie in [-1, 1].\n\n{table}\n\nLargest difference from the original on {each.frames} frames: "
        f"{each.difference:.1e}."
    )


def _scores(system: str, files: Sequence[File], path: Path) -> list[str]:
    """Scores of the files' steps by `evaluate`, where it has run."""
    if not path.is_file():
        return ["Not evaluated."]
    steps: list[dict[str, Any]] = json.loads(path.read_text())["steps"]
    exported = {each.card.step for each in files}
    rows = [_row(step) for step in steps if step["step"] in {"majority", *exported}]
    return [
        "ABAW2 measures (AU: 0.5 F1 + 0.5 accuracy; EXPR: 0.67 F1 + 0.33 accuracy; VA: mean CCC) on the validation "
        "videos, each scored by what was chosen on others, with 95 % intervals over videos.",
        "\n".join(["| step | AU | EXPR | VA |", "| --- | --: | --: | --: |", *rows]),
    ]


def _row(step: dict[str, Any]) -> str:
    cells = [_cell(step, task) for task in NAMES]
    return f"| {step['step']} | {' | '.join(cells)} |"


def _cell(step: dict[str, Any], task: str) -> str:
    if task not in step["score"]:
        return ""
    ends = f" ({step['low'][task]:.3f} to {step['high'][task]:.3f})" if task in step["low"] else ""
    return f"{step['score'][task]:.3f}{ends}"
