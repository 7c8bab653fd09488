"""Sweeps by name; `python -m repro.ablation NAME` runs one."""

from __future__ import annotations

from repro.studies.extra import EXTRA
from repro.studies.jiang2022 import JIANG2022
from repro.studies.wang2021 import WANG2021
from repro.study import Study

STUDIES: dict[str, Study] = {"jiang2022": JIANG2022, "extra": EXTRA, "wang2021": WANG2021}
