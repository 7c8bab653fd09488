"""params.yaml spoilt, as text and value by value, and what stages read of it."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from stages.core.params import check, own_values, read_params, settled, top_values
from stages.params.__main__ import lines, write_all
from stages.params.origins import params_of
from stages.params.places import sections, stages
from stages.params.starts import check_starts
from tests.fuzz.spoiling import spoilt

ROOT = Path(__file__).parents[2]
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 10**9, 10**400, 2**31, -0.0, 1e-320, float("nan"), float("inf"), "",
    "a" * 300, "..", "/", "\0", "\ud83d",
    "1e-4", "paper", "${lr}", [], {}, [[]], {"smoke": 1}, {"smoke": 1, "other": 2}, {"demo": [1]},
    [None], "\n", {"": ""}, {"1": 1},
)  # fmt: skip
TEXTS = (
    "", "[]", "5", "a", "a: &a [*a]\nscale: demo", "a: &a {b: *a}\nscale: demo", "? [a]\n: b", "{",
    "a: 2026-99-99", "a: !!python/object:os.system x",
    "a: !!binary x", "a: 1\na: 2", "scale: [demo]", "scale: demo", "a: " + "[" * 3000, "scale: demo\n" + "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}' if n else '1'] * 9)}]\n" for n in range(12)
    ),
)  # fmt: skip


def read_all(folder: Path, text: bytes, chosen: int) -> None:
    """Every stage's values, those of one as its `Params`,
    and what the stage `values` writes. Errors: as theirs."""
    path = folder / "params.yaml"
    path.write_bytes(text)
    before = Path.cwd()
    os.chdir(folder)
    try:
        values = read_params(path)
        names = list(stages(values))
        for name in names[chosen % len(names) :][:4]:
            block, run, _ = sections(values, name)
            model = params_of(name.partition("@")[0])
            own = own_values(values, block, run)
            top = top_values(values, [field for field in model.model_fields if own.get(field) is None])
            check(model, settled(values, block, run, own | top), block, top)
            list(lines(values, name))
        check_starts(values)
        if chosen == 0:
            write_all(values, folder / "values")
    finally:
        os.chdir(before)


def whole() -> dict[str, Any]:
    """The project's own values."""
    return read_params(ROOT / "params.yaml")


def as_text(values: Any) -> str:
    """As YAML."""
    text = io.StringIO()
    YAML(typ="safe").dump(values, text)
    return text.getvalue()


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A params.yaml with faults."""
    kind = draw(st.sampled_from(["value", "value", "value", "value", "bytes", "text", "any"]))
    if kind == "text":
        return draw(st.sampled_from(TEXTS)).encode()
    if kind == "any":
        return draw(st.text(max_size=60)).encode() + b"\nscale: demo\n"
    values = whole()
    if kind == "bytes":
        return draw(spoilt(as_text(values).encode(), most=2))
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, values)
    return as_text(values).encode("utf-8", "surrogatepass")


def _change(draw: st.DrawFn, values: Any) -> None:
    """Another value, another name, or none, at some place."""
    table = values
    while True:
        keys = list(table) if isinstance(table, dict) else list(range(len(table)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inner = table[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.integers(0, 3)) == 0:
            break
        table = inner
    way = draw(st.sampled_from(["set", "set", "set", "drop", "rename"]))
    if way == "set":
        table[key] = draw(st.sampled_from(ODD))
    elif way == "drop":
        del table[key]
    elif isinstance(table, dict):
        table[draw(st.sampled_from(["x", "system", "a.b", "..", "", "smoke"]))] = table.pop(key)


def cases(folder: Path) -> st.SearchStrategy[tuple[bytes, int]]:
    """The file, and which stages read it."""
    return st.tuples(texts(), st.integers(0, 59))


def file_of(case: tuple[bytes, int]) -> str:
    """What a sentence has to name."""
    return "params.yaml"
