"""Little corpora in Aff-Wild2's layout, written row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import av
import numpy as np

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES

FOLDERS = {
    "ABAW1": ("{}_Set", "Training_Set"),
    "ABAW2": ("{}_Set", "Train_Set"),
    "ABAW3": ("{}_Challenge", "Train_Set"),
    "ABAW5": ("{}_Challenge", "Train_Set"),
}
TASK_NAMES = {
    "ABAW3": {"AU": "AU_Detection", "EXPR": "EXPR_Classification", "VA": "VA_Estimation"},
    "ABAW5": {"AU": "AU_Detection", "EXPR": "EXPR_Recognition", "VA": "VA_Estimation"},
}
HEADERS = {"AU": ",".join(AU_NAMES), "EXPR": ",".join(EXPRESSIONS), "VA": ",".join(VA_NAMES)}
HEADER_2022 = HEADERS["EXPR"] + ",Other"
HEADER_2020 = "AU1,AU2,AU4,AU6,AU12,AU15,AU20,AU25"


def au(*active: int) -> str:
    """A row of twelve: the AUs at these places are active."""
    return ",".join("1" if place in active else "0" for place in range(12))


class Tree:
    """Builder of a corpus; every method writes one thing and returns its path."""

    def __init__(self, root: Path, edition: str = "ABAW2", inside: str = "annotations") -> None:
        self.root, self.edition, self.home = root, edition, root / inside
        root.mkdir(parents=True, exist_ok=True)

    def labels(
        self, task: str, split: str, trial: str, rows: Sequence[str], header: str | None = None
    ) -> Path:
        pattern, train = FOLDERS[self.edition]
        name = TASK_NAMES.get(self.edition, {}).get(task, task)
        folder = self.home / pattern.format(name) / (train if split == "train" else "Validation_Set")
        path = folder / f"{trial}.txt"
        return self.file(path, "\n".join([header or HEADERS[task], *rows]) + "\n")

    def file(self, path: Path, text: str | bytes) -> Path:
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def video(self, name: str, frames: int = 3, folder: str = "batch1") -> Path:
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 32
            for _ in range(frames):
                image = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                container.mux(stream.encode(image))
            container.mux(stream.encode(None))
        return path

    def crops(self, trial: str, numbers: Iterable[int], folder: str = "cropped_aligned") -> None:
        for number in numbers:
            self.file(self.root / folder / trial / f"{number:05d}.jpg", b"jpeg")


def small_tree(root: Path, edition: str = "ABAW2") -> Tree:
    """Two trials a task, one a split, three frames each: a corpus without a trap."""
    tree = Tree(root, edition)
    expressions = HEADER_2022 if edition in ("ABAW3", "ABAW5") else None
    for split, trial in (("train", "video1"), ("validation", "video2")):
        tree.labels("EXPR", split, trial, ["0", "4", "6"], expressions)
        tree.labels("VA", split, trial, ["0.1,0.2", "-0.5,0", "1,-1"])
        if edition == "ABAW1":
            tree.labels("AU", split, trial, ["0,0,0,0,1,0,1,1"] * 3, HEADER_2020)
        else:
            tree.labels("AU", split, trial, [au(), au(6), au(0, 1)])
        tree.video(f"{trial}.mp4")
    return tree
