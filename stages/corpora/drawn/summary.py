"""What a drawn corpus holds: positives of each AU and rows of each expression, per split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from stages.corpora.drawn.videos.annotations import FOLDERS
from stages.corpora.labels import AU_NAMES, EXPRESSIONS, MISSING


def label_counts(corpus: Path, stills: Path) -> pd.DataFrame:
    """Rows: AUs and expressions; columns: videos' and affect stills' splits; values: count of labels.

    Row "AU rows" and "EXPR rows" hold how many frames are annotated at all.
    """
    columns = {f"videos {split}": _video_counts(corpus, folder) for split, folder in FOLDERS.items()}
    labels = pd.read_parquet(stills / "affect" / "labels.parquet")
    columns |= {f"stills {split}": _still_counts(labels[labels["split"] == split]) for split in FOLDERS}
    return pd.DataFrame(columns).fillna(0).astype(int).reindex([*AU_NAMES, "AU rows", *EXPRESSIONS, "EXPR rows"])


def _video_counts(corpus: Path, folder: str) -> Counter[str]:
    read = lambda task: [_read(path) for path in sorted((corpus / f"annotations/{task}_Set/{folder}").glob("*.txt"))]  # noqa: E731, E501
    return _counts(np.concatenate(read("AU")), np.concatenate(read("EXPR")).ravel())


def _still_counts(labels: pd.DataFrame) -> Counter[str]:
    return _counts(labels[list(AU_NAMES)].to_numpy(), labels["expression"].to_numpy())


def _counts(aus: np.ndarray, expressions: np.ndarray) -> Counter[str]:
    known = aus[(aus != MISSING).all(axis=1)]
    told = expressions[expressions != MISSING].astype(int)
    counts = Counter(dict(zip(AU_NAMES, (known == 1).sum(axis=0).tolist(), strict=True)))
    counts.update({EXPRESSIONS[label]: count for label, count in Counter(told.tolist()).items()})
    counts.update({"AU rows": len(known), "EXPR rows": len(told)})
    return counts


def _read(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def as_table(counts: pd.DataFrame) -> Table:
    """The counts for the terminal, each with its share of the annotated frames."""
    table = Table("label", *counts.columns, title="labels drawn")
    for name, row in counts.iterrows():
        whole = counts.loc["AU rows" if str(name).startswith("AU") else "EXPR rows"]
        shares = [f"{value} ({value / max(total, 1):.0%})" for value, total in zip(row, whole, strict=True)]
        table.add_row(str(name), *shares)
    return table
