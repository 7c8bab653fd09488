"""What a GPU did, as a Markdown page, and what of it is off."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from typing import Any

import torch

Table = Mapping[str, Any]

# How far apart two ways to compute the same may be, as shares; TF32, which torch lets convolutions use, has 10 bits of
# mantissa, bf16 has 7.
PREDICTIONS = 0.01  # of the outputs' range
GRADIENTS = {"fp32": 0.05, "bf16": 0.5}  # ‖Δ gradient‖ / ‖gradient‖
# Where the CPU's own fp32 gradient is further than this from fp64's, rounding alone decides it: a few motionless clips
# through twenty batch norms have a gradient of 9 % error. Such a first gradient is shown and not judged.
EXACT_ENOUGH = 0.01
LOSSES = {"fp32": 0.01, "bf16": 0.05}  # of the first step
TRAINED = 0.5  # of a loss after training, in which a GPU draws other numbers than a CPU
PROCESSES = 0.01  # of the outputs' range
# Saved for the backward pass in fp32, MB an image, measured on a CPU.
KNOWN = {"pretrain@iresnet": 112.0, "finetune@jin2021-visual": 112.0, "finetune@jiang2022-recognition": 123.5}


def machine() -> dict[str, str]:
    """What it ran on."""
    card = torch.cuda.get_device_properties(0)
    return {
        "GPU": f"{torch.cuda.device_count()} × {card.name}, {card.total_memory / 2**30:.0f} GiB",
        "processor": f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}",
        "software": f"Python {platform.python_version()}, torch {torch.__version__},"
        f" cuDNN {torch.backends.cudnn.version()}",
    }


def off(table: Table) -> list[str]:
    """A line for all that is further apart than it may be."""
    return [
        *_off_runs(table.get("runs")),
        *_off_agreement(table.get("agreement")),
        *_off_steps(table.get("published")),
    ]


def _off_runs(runs: Any) -> Iterable[str]:
    if runs:
        yield from runs["differ"]
        for path, losses in runs["losses"].items():
            for name, loss in losses.items():
                if not abs(loss - losses["cpu"]) <= TRAINED * abs(losses["cpu"]):
                    yield f"{path}: loss {loss} on {name}, {losses['cpu']} on cpu"


def _off_agreement(found: Any) -> Iterable[str]:
    if found:
        for step, apart in found["predictions"].items():
            if not apart <= PREDICTIONS:
                yield f"{step}: predictions differ by {apart:.1%} of their range"
        for name in GRADIENTS:
            for stage, (loss, gradient) in found[name].items():
                judged = found["own"][stage][1] <= EXACT_ENOUGH
                if not (loss <= LOSSES[name] and (gradient <= GRADIENTS[name] or not judged)):
                    yield f"{stage} in {name}: loss differs by {loss:.1%}, gradient by {gradient:.1%}"
        if not found["processes"]["apart"] <= PROCESSES:
            yield f"two processes: predictions differ by {found['processes']['apart']:.1%} of their range"


def _off_steps(rows: Any) -> Iterable[str]:
    for row in rows or ():
        if not row["same_bytes"]:
            yield f"{row['stage']}: the same step gives other bytes the second time"


def page(table: Table) -> str:
    """The table as Markdown."""
    lines = ["# On a GPU", "", "Written by `make check-gpu`; every figure is measured, there.", ""]
    lines += [f"- {key}: {value}" for key, value in table["machine"].items()]
    if "runs" in table:
        lines += ["", *_runs(table["runs"])]
    if "agreement" in table:
        lines += ["", *_agreement(table["agreement"])]
    if "published" in table:
        lines += ["", *_published(table["published"])]
    return "\n".join([*lines, ""])


def _runs(runs: Table) -> list[str]:
    same = runs["files"] - len(runs["differ"])
    head = (
        f"Two runs on the GPU: {same} of {runs['files']} files have the same bytes. Loss in the last epoch:"
    )
    rows = [[path.removeprefix("metrics/"), *losses.values()] for path, losses in runs["losses"].items()]
    return [
        "## The pipeline at smoke scale",
        "",
        head,
        "",
        *_table(["", *next(iter(runs["losses"].values()))], rows),
    ]


def _agreement(found: Table) -> list[str]:
    both = found["processes"]
    rows = [
        [
            stage,
            *(
                f"{share:.2%}"
                for name in ("own", *GRADIENTS)
                for share in found[name][stage][name == "own" :]
            ),
        ]
        for stage in found["fp32"]
    ]
    predicted = [[step, f"{apart:.3%}"] for step, apart in found["predictions"].items()]
    return [
        "## The same as on a CPU",
        "",
        "Predictions of the same weights, largest difference as a share of the outputs' range:",
        "",
        *_table(["", "GPU to CPU"], predicted),
        "",
        "First step on the same batch, nothing drawn: difference from the CPU's in fp32, of the loss and of the",
        "gradient (norm of the difference over the norm). Convolutions are TF32, as torch has it. own: the gradient in",
        f"fp64 on the CPU; where fp32's own error is above {EXACT_ENOUGH:.0%}, the gradient is not judged.",
        "",
        *_table(["", "own, fp64", "loss", "gradient", "loss, bf16", "gradient, bf16"], rows),
        "",
        f"Two processes ({both['on']}) against one, fan2021's GRU trained whole: predictions differ by at most"
        f" {both['apart']:.3%} of their range.",
    ]


def _published(rows: Iterable[Table]) -> list[str]:
    columns = [
        "", "batch", "run", "fp32, ms", "images/s", "peak, GiB", "saved, MB/image", "known", "bf16, run", "ms",
        "images/s", "peak, GiB", "fed, images/s (fp32)", "predicted, faces/s", "same bytes",
    ]  # fmt: skip
    return [
        "## Steps of the published sizes",
        "",
        "One step of training, scale `paper`, random weights; images are faces, clips or windows. run: the batch, or",
        "the largest half of it that fits. saved: kept for the backward pass; known: measured on a CPU. fed: with",
        "reading, augmentation and labels.",
        "",
        *_table(columns, [_step(row) for row in rows]),
    ]


def _step(row: Table) -> list[Any]:
    fp32, bf16 = row["fp32"], row["bf16"]
    own = [fp32[key] for key in ("images", "ms", "per_second", "peak_gib", "saved_mb_an_image")]
    other = [bf16[key] for key in ("images", "ms", "per_second", "peak_gib")]
    rest = [row.get("fed_per_second", ""), row.get("predicted_per_second", "")]
    return [
        row["stage"],
        row["batch"],
        *own,
        KNOWN.get(row["stage"], ""),
        *other,
        *rest,
        "yes" if row["same_bytes"] else "no",
    ]


def _table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> list[str]:
    lines = [list(map(str, line)) for line in (head, *rows)]
    lines.insert(1, ["---", *["--:"] * (len(lines[0]) - 1)])
    return [f"| {' | '.join(line)} |" for line in lines]
