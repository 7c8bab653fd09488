"""The values of params.yaml that are in force.

    python -m stages.params                             lists the stages and runs
    python -m stages.params RUN [--scale SCALE]         prints the values of one, e.g. finetune@jin2021-visual
    python -m stages.params --write                     writes them all to data/values, for DVC to compare
    python -m stages.params --record                    writes the published ones anew, after params.yaml was edited

Behind each value stands where it comes from: the name of the scale (a mapping in params.yaml), `set` (a plain
value there, or one that -S has put in place) or `default` (what the code has where params.yaml says nothing).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stages.core.files import write_json, write_text
from stages.core.params import SCALES, Values, leaves, read_params
from stages.core.paths import DEPARTURES, DRAWN, VALUES
from stages.core.runtime import atomic_dir, main
from stages.params import record
from stages.params.departures import of_system
from stages.params.origins import origins
from stages.params.places import in_force, stages
from stages.params.starts import check_starts, drawn, watched


def run() -> None:
    """Read the command line; list, print or write."""
    options = parse()
    values = read_params()
    if options.write:
        write_all(values, VALUES)
    elif options.record:
        write_text(record.FILE, record.as_text(record.published_of(values)))
    elif options.run:
        scaled = values | ({"scale": options.scale} if options.scale else {})
        print("\n".join(lines(scaled, options.run)))
    else:
        print("\n".join(stages(values)))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.params", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("run", nargs="?", help="a stage, or stage@run")
    parser.add_argument("--scale", choices=SCALES, help="another scale than that of params.yaml")
    parser.add_argument("--write", action="store_true", help="write the values of all stages to data/values")
    parser.add_argument(
        "--record", action="store_true", help=f"write the published values to {record.FILE.name}"
    )
    return parser.parse_args()


def lines(values: Values, stage: str) -> Iterator[str]:
    """`key: value   # origin`, one dotted key a line: YAML again."""
    for key, (value, origin) in origins(values, stage).items():
        yield f"{key}: {text(value)}   # {origin}"


def text(value: Any) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1 << 20).removesuffix("...\n").strip()


def write_all(values: Values, out: Path) -> None:
    """One file a stage or run, `<verb>.yaml` or `<verb>/<run>.yaml`: what DVC compares. Beside them what departs from
    the papers, for `compare`, and what is to be drawn, for `synthesize`.

    Errors: UserError where a listed system starts from what is not there.
    """
    check_starts(values)
    with atomic_dir(out) as folder:
        for stage in stages(values):
            found = in_force(values, stage) | watched(values, stage)
            told = [f"{key}: {text(value)}" for key, value in leaves(found)]
            write_text(folder / f"{stage.replace('@', '/')}.yaml", "\n".join([*told, ""]))
        write_json(folder / DEPARTURES.name, told_departures(values), digits=None)
        write_json(folder / DRAWN.name, drawn(values))


def told_departures(values: Values) -> dict[str, list[dict[str, str]]]:
    """Of each listed system what is not as published: key, value in force and published value, as text."""
    return {
        system: [
            {"key": key, "value": text(value), "published": text(published)}
            for key, value, published in of_system(values, system)
        ]
        for system in values["systems"]
    }


if __name__ == "__main__":
    main(run)
