"""Table 1 of Jiang et al. 2022: what each part of their system adds, one row after another."""

from __future__ import annotations

from pathlib import Path

import torch

from repro.study import Study, Variant, times, unchanged
from stages.core.card import read_as, save_model
from stages.networks.common.pretrained import BackboneCard
from stages.scoring.tables.labelled import Scored, action_units, macro_f1

UNTRAINED = Path(".state/ablation/untrained")
SMALL = 96 / 256  # batch before "bs256" (code: 12 · 6 + 24), as a share of the block's

NOTE = """Published is the macro F1 over both classes of each AU, of a checkpoint chosen on the videos
that it is scored on. Ours (`macro_f1`) is the same measure, of the last epoch (`stands`); `f1` is that of
presence alone. The paper does not explain `sa`, and its text gives the 4.8 % of that row to label smoothing: it is
read as the batch sampling of section 3.1, and `bal` as ML-ROS. Each row trains on about as many images: a smaller
batch takes more steps where the scale caps them."""


def untrained(backbone: str) -> Path:
    """A folder like that of a pretrained backbone, with the network's random start."""
    card = read_as(BackboneCard, Path(backbone))
    torch.manual_seed(0)
    save_model(UNTRAINED, card.network.build().network.state_dict(), card)
    return UNTRAINED


def both_classes(scored: Scored) -> dict[str, float]:
    """Mean over the AUs of the F1 of presence and absence, and of presence alone."""
    return {"macro_f1": macro_f1(scored)["AU"], "f1": action_units(scored).f1}


BARE = {
    "backbone": untrained,
    "ml_ros": 0.0,
    "unit_loss": "bce",
    "attention": False,
    "sampling": "batch",
    "label_smoothing": "none",
    "fpn": False,
    "batch": times(SMALL),
    "batches": times(1 / SMALL),
    "ssh": False,
    "extra": False,
}

JIANG2022 = Study(
    verb="finetune",
    system="jiang2022",
    step="recognition",
    variants=(
        Variant("r100", BARE, "IResNet, untrained", 0.390),
        Variant("glint", {"backbone": unchanged}, "pretrained on identities", 0.534),
        Variant("bal", {"ml_ros": unchanged}, "ML-ROS", 0.549),
        Variant("mll", {"unit_loss": "multi_label"}, "multi-label loss in place of BCE", 0.570),
        Variant("ca", {"attention": True}, "coordinate attention", 0.614),
        Variant("sa", {"sampling": unchanged}, "batches with all AUs", 0.662),
        Variant("ls", {"label_smoothing": "multi_label"}, "label smoothing", 0.673),
        Variant(
            "b+m", {"unit_loss": "both", "label_smoothing": unchanged}, "BCE and multi-label loss", 0.690
        ),
        Variant("fpn", {"fpn": True}, "feature pyramid", 0.709),
        Variant("bs256", {"batch": unchanged, "batches": unchanged}, "larger batch", 0.712),
        Variant("ssh", {"ssh": True}, "SSH modules", 0.715),
        Variant("data", {"extra": unchanged}, "stills with AUs", 0.721),
    ),
    figures=both_classes,
    note=NOTE,
    cumulative=True,
)
