"""What plan takes for a step's inputs and batches is what training is given: networks, shapes, counts."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from stages.audio import model as audio
from stages.clips import model as clips
from stages.clips.augment import ClipAugment
from stages.core.card import kind_named, read_card, save_card
from stages.core.params import read_params
from stages.core.paths import INDEX, MODELS
from stages.finetune import model as finetune
from stages.networks.common.architecture import Architecture
from stages.params.places import in_force
from stages.plan.counts import Count, Counts, indexed
from stages.plan.networks.finetune import outline, steps
from stages.plan.outline import Made, Outline
from stages.sequence import model as sequence
from stages.training.footage import read_split
from stages.training.samples.augment import Augment
from stages.training.samples.faces import Labels
from stages.training.samples.sampling import sampler
from stages.training.trained import Models
from tests.learning_world import build_windows
from tests.world import NETWORK, build_world

PARAMS = Path(__file__).resolve().parents[2] / "params.yaml"
FEW = Counts(
    {(task, split): Count(1, 400) for task in ("AU", "EXPR") for split in ("train", "validation")},
    1,
    400,
    1.0,
    "",
)
FABRIC = Fabric(accelerator="cpu", devices=1)
COMMON: dict[str, Any] = {
    "seed": 1,
    "threads": 1,
    "system": "x",
    "tasks": ("AU", "EXPR", "VA"),
    "epochs": 2,
    "lr": 0.1,
}
EMBEDDED: dict[str, Any] = {"embeddings": Path("data/embeddings/x/visual")}
AUDIO = audio.Params(
    **COMMON, step="audio", reads=Path("models/x/visual"), **EMBEDDED, front_end="jin2021", features=32, window=20,
    mel_steps=80, stride=2, predict_stride=5, inherit_heads=False, batch=8,
)  # fmt: skip


class Seen(Exception):
    """What a loss gives its model."""


def given(kind: str, params: Any) -> tuple[tuple[Any, ...], int, Any]:
    """Inputs of the first step, how many samples an epoch has, and the model as its training starts."""
    module = kind_named(kind)
    card = module.describe(params)
    seen = read_split(pd.read_parquet(INDEX), "train", Models(MODELS, torch.device("cpu")), Path("scratch"))
    batches = list(module.batches(params, card, seen, FABRIC)(1))

    def model(*inputs: Any) -> None:
        raise Seen(*inputs)

    with pytest.raises(Seen) as caught:
        module.loss(params)(model, batches[0])
    samples = sum(len(next(iter(batch.targets.values()))) for batch in batches)
    save_card(MODELS / params.system / params.step, card)
    return caught.value.args, samples, module.build(card, params)


def planned(kind: str, params: Any, made: Made) -> Outline:
    """What plan makes of the same parameters."""
    network = import_module(f"stages.plan.networks.{kind}")
    with torch.device("meta"):
        return network.outline(f"{kind}@x-{params.step}", params.model_dump(), made, indexed())


def agree(kind: str, params: Any, made: Made) -> tuple[int, int]:
    """Samples of an epoch, as they are and as they were planned; all else is alike."""
    inputs, samples, model = given(kind, params)
    outline = planned(kind, params, made)
    tensors = [each for each in inputs if isinstance(each, Tensor)]
    with torch.device("meta"):
        expected = outline.inputs(len(tensors[0]))
    assert [each.shape for each in tensors][: len(expected)] == [each.shape for each in expected]
    same_network(outline.model, model)
    assert outline.seen is not None
    return samples, outline.seen


def same_network(one: nn.Module, other: nn.Module) -> None:
    own, theirs = (
        {name: tensor.shape for name, tensor in model.state_dict().items()} for model in (one, other)
    )
    assert own == theirs


RUNS = {"finetune": ["visual"], "clips": ["clips"], "audio": ["audio"], "sequence": ["gru", "transformer"]}


def made() -> Made:
    """Nothing but a backbone, and the runs of a system x."""
    runs = {
        kind: {f"x-{step}": {"system": "x", "step": step} for step in steps} for kind, steps in RUNS.items()
    }
    values = {"scale": "smoke", "runs": runs, "x": {kind: {} for kind in RUNS}}
    return Made(values, backbones={Path("models/pretrain/tiny"): NETWORK})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_visual_model() -> None:
    build_world(Path())
    params = finetune.Params(
        **COMMON, step="visual", network="pyramid", backbone=Path("models/pretrain/tiny"), sampling="batch",
        attention=True, fpn=True, ssh=True, hidden=8, extra=False, batch=8, batches=None, augment=Augment(),
    )  # fmt: skip
    samples, seen = agree("finetune", params, made())
    assert samples == pytest.approx(seen, rel=0.2)  # plan knows of no frames without a face


def test_a_visual_model_of_another_input_than_its_backbones() -> None:
    """Thinh et al. train VGGFace2's network at 112 pixels where Cao et al. have 224."""
    values = {**read_params(PARAMS), "scale": "paper"}
    built = Made(values, backbones={Path("models/pretrain/vggface2"): Architecture("vggface2", 50, 1.0, 224)})
    with torch.device("meta"):
        own = in_force(values, "finetune@thinh2021-fold1")
        found = outline("finetune@thinh2021-fold1", own, built, FEW)
    assert found.inputs(1)[0].shape == (1, 3, 112, 112)


@pytest.mark.parametrize("teacher", [False, True])
def test_a_clip_model(teacher: bool) -> None:
    build_world(Path())
    params = clips.Params(
        **COMMON, step="clips", weights=None, width=0.25, frames=2, dilation=1, input_size=16,
        mask="none", front_end="jin2021", mel_rows=21, mel_steps=8, extra=False, batch=4, batches=3, hide=0.0,
        teacher=teacher, decay=0.9, consistency=0.1, ramp_up=1, augment=ClipAugment(), predict_stride=None,
    )  # fmt: skip
    samples, seen = agree("clips", params, made())
    assert samples == seen == 12


def test_an_audio_model() -> None:
    build_windows(Path(), lambda labels: labels, heard=True)
    behind = made()
    behind.features[Path("models/x/visual")] = 16
    samples, seen = agree("audio", AUDIO, behind)
    assert samples == pytest.approx(seen, rel=0.35)  # of 60 frames a third is within the last window


@pytest.mark.parametrize(("network", "reads"), [("gru", "visual"), ("transformer", "audio")])
def test_a_sequence_model(network: str, reads: str) -> None:
    build_windows(Path(), lambda labels: labels, heard=True)
    behind = made()
    behind.features[Path("models/x/visual")] = 16
    if reads == "audio":
        agree("audio", AUDIO, behind)
        behind.cards[MODELS / "x/audio"] = read_card(MODELS / "x/audio")
    else:
        behind.cards[MODELS / "x/visual"] = read_card(MODELS / "x/visual")
    params = sequence.Params(
        **COMMON, **EMBEDDED, step=network, network=network, reads=Path("models/x") / reads, window=6, layers=1,
        encoder_dropout=0.0, stride=2, predict_stride=None, batch=8, project=32, positions="sinusoidal",
        attention_heads=2, feed_forward=64, hidden=32,
    )  # fmt: skip
    if reads == "visual":
        samples, seen = agree("sequence", params, behind)
        assert samples == pytest.approx(seen, rel=0.1)
    same_network(planned("sequence", params, behind).model, sequence.build(sequence.describe(params)))


SIZES = {"AU": 400, "EXPR": 150, "VA": 260}


def some_labels() -> Labels:
    """The first rows have a task's labels, as many as it has."""
    rows = np.arange(max(SIZES.values()))
    units = np.where(rows[:, None] < SIZES["AU"], (rows[:, None] % 13 == np.arange(12)).astype(np.int8), -1)
    known = rows < SIZES["VA"]
    return Labels(
        units.astype(np.int8), np.where(rows < SIZES["EXPR"], rows % 7, -1).astype(np.int8),
        np.where(known[:, None], 0.5, np.nan).astype(np.float32).repeat(2, axis=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tasks", "changes"),
    [
        (("AU", "EXPR", "VA"), {"sampling": "batch"}),
        (("AU", "EXPR", "VA"), {"sampling": "batch", "batches": 7}),
        (("AU", "EXPR", "VA"), {"sampling": "batch", "turns": ("AU", "EXPR", "AU", "VA")}),
        (("AU",), {"sampling": "epoch"}),
        (("EXPR", "AU"), {"sampling": "subsets"}),
        (("AU",), {"sampling": "balanced"}),
    ],
)
def test_an_epoch_has_as_many_batches_as_the_sampler_draws(
    tasks: tuple[str, ...], changes: dict[str, Any]
) -> None:
    params = finetune.Params(**{
        **COMMON, "tasks": tasks, "step": "visual", "network": "plain", "backbone": Path("x"), "extra": False,
        "batch": 16, "batches": None, **changes,
    })  # fmt: skip
    labels = some_labels()
    rows = {task: np.arange(size) for task, size in SIZES.items() if task in tasks}
    order = params.turns or params.tasks
    draws = sampler(labels, rows, order, params.sampling, batch=16, steps=params.batches, seed=1)
    counts = Counts({(task, "train"): Count(1, size) for task, size in SIZES.items()}, 1, 400, 1.0, "")
    assert len(list(draws(1))) == steps(params, counts)
