"""What a drawn corpus holds: positives of each AU and rows of each expression, per split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from stages.core.labels import AU_NAMES, EXPRESSIONS, MISSING
from stages.synthesize.filming.annotations import FOLDERS


def label_counts(corpus: Path | None, affect: Path | None) -> pd.DataFrame:
    """Rows: AUs and expressions; columns: videos' and affect stills' splits; values: count of labels.

    None: was not drawn.

    Row "AU rows" and "EXPR rows" hold how many frames are annotated at all.
    """
    columns: dict[str, Counter[str]] = {}
    if corpus:
        columns |= {f"videos {split}": _video_counts(corpus, folder) for split, folder in FOLDERS.items()}
    if affect:
        labels = pd.read_parquet(affect / "labels.parquet")
        columns |= {f"stills {split}": _still_counts(labels[labels["split"] == split]) for split in FOLDERS}
    rows = [*AU_NAMES, "AU rows", *EXPRESSIONS, "EXPR rows"]
    return pd.DataFrame(columns).reindex(rows).fillna(0).astype(int)


def _video_counts(corpus: Path, folder: str) -> Counter[str]:
    aus, expressions = (_read(corpus / "annotations" / f"{task}_Set" / folder) for task in ("AU", "EXPR"))
    return _counts(aus, expressions.ravel())


def _still_counts(labels: pd.DataFrame) -> Counter[str]:
    return _counts(labels[list(AU_NAMES)].to_numpy(), labels["expression"].to_numpy())


def _counts(aus: np.ndarray, expressions: np.ndarray) -> Counter[str]:
    known = aus[(aus != MISSING).all(axis=1)]
    told = expressions[expressions != MISSING].astype(int)
    counts = Counter(dict(zip(AU_NAMES, (known == 1).sum(axis=0).tolist(), strict=True)))
    counts.update({EXPRESSIONS[label]: count for label, count in Counter(told.tolist()).items()})
    counts.update({"AU rows": len(known), "EXPR rows": len(told)})
    return counts


def _read(folder: Path) -> np.ndarray:
    paths = sorted(folder.glob("*.txt"))
    return np.concatenate([np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2) for path in paths])


def as_table(counts: pd.DataFrame) -> Table:
    """The counts for the terminal, each with its share of the annotated frames."""
    table = Table("label", *counts.columns, title="labels drawn")
    for name, row in counts.iterrows():
        whole = counts.loc["AU rows" if str(name).startswith("AU") else "EXPR rows"]
        shares = [f"{value} ({value / max(total, 1):.0%})" for value, total in zip(row, whole, strict=True)]
        table.add_row(str(name), *shares)
    return table
