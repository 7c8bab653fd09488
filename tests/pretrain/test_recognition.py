from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric

from stages.networks.common.architecture import Architecture
from stages.pretrain.recognition import identity_batches
from stages.training.samples.augment import Augment
from stages.training.samples.still_sets import read_stills


def test_batches_hold_training_people_alone_each_under_a_number_of_its_own(tmp_path: Path) -> None:
    """Two stills of each of five people, of one shade; those of people held out are bright."""
    shades = {"ann": 200, "bob": 40, "cat": 220, "dan": 60, "eve": 20}
    people = np.repeat(list(shades), 2)
    pixels = np.repeat(list(shades.values()), 2).astype(np.uint8)
    np.save(tmp_path / "images.npy", np.broadcast_to(pixels[:, None, None, None], (10, 112, 112, 3)))
    split = np.where(pixels > 100, "validation", "train")
    pd.DataFrame({"identity": people, "split": split}).to_parquet(tmp_path / "labels.parquet")
    front_end = Architecture("iresnet", 18, 0.25, 32).build().front_end
    machine = Fabric(accelerator="cpu", devices=1)
    drawn = list(identity_batches(read_stills(tmp_path), Augment(), front_end, 2, 1, machine)(1))
    seen = torch.cat([batch.images.mean(dim=(1, 2, 3)) for batch in drawn])
    numbers = torch.cat([batch.identity for batch in drawn])
    said = sorted(
        {(int(number), round(float(127.5 * (mean + 1)))) for number, mean in zip(numbers, seen, strict=True)}
    )
    assert len(seen) == 6 and said == [(0, 40), (1, 60), (2, 20)]
