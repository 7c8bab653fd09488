"""What a run will take, before it starts: frames, memory of a step and what fits, disk, hours, what is missing.

    python -m stages.plan                                            the corpus, scale and machine at hand
    python -m stages.plan finetune@jin2021-visual --measure          one stage, a few steps of it timed here
    python -m stages.plan --scale paper --counts affwild2 --memory 24GB --rate 30

Nothing is trained, and no weights are made. The exit code is 2 where a step cannot fit.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from stages.core.errors import UserError
from stages.core.params import SCALES, read_params
from stages.core.runtime import device, main, micro_batch
from stages.params.places import sections
from stages.plan.counts import affwild2, indexed
from stages.plan.disk import artifacts, cache_links
from stages.plan.memory import memory_of
from stages.plan.missing import missing
from stages.plan.outline import Made, outlines
from stages.plan.page import page
from stages.plan.steps import Step, micro_batches, misfit, plan_step, rate_of, with_hours

UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12}


def run() -> None:
    """Read the command line; print the plan. Errors: UserError for what cannot fit."""
    options = parse()
    values = read_params()
    values |= {"scale": options.scale} if options.scale else {}
    counts = affwild2() if options.counts == "affwild2" else indexed()
    room = memory(options.memory) if options.memory else memory_here()
    made = Made(values)
    trained = dict(outlines(made, counts))
    wanted = chosen(values, options.stage, trained)
    steps = [plan_step(stage, trained[stage], memory_of(trained[stage]), room, devices()) for stage in wanted]
    steps = [timed(step, options) for step in steps]
    disk = artifacts(values, counts, made, trained.values())
    print("\n".join(page(counts, room, steps, disk, cache_links())))
    tell(values, steps, room)


def chosen(values: Mapping[str, Any], stages: Sequence[str], trained: Collection[str]) -> Sequence[str]:
    """The stages to plan, by default all that train. Errors: UserError for one that does not."""
    for stage in stages:
        if sections(values, stage) and stage not in trained:
            raise UserError(
                f"{stage}: trains no network at scale {values['scale']}; name one of {', '.join(trained)}"
            )
    return stages or [*trained]


def timed(step: Step, options: argparse.Namespace) -> Step:
    """The step with its hours, where a rate is given or is to be measured."""
    if options.measure and step.fitting:
        return with_hours(step, rate_of(step, device()), devices())
    return with_hours(step, options.rate, devices()) if options.rate else step


def tell(values: Mapping[str, Any], steps: Sequence[Step], room: float) -> None:
    """Print what is missing and what to set. Errors: UserError for the first step that cannot fit."""
    for path in missing(values):
        print(f"missing: {path}")
    size = micro_batch()
    problems = [told for step in steps if (told := misfit(step, room, size, sections(values, step.stage)[0]))]
    if problems:
        raise UserError("; ".join(problems))
    if found := micro_batches(steps, size):
        print(f"Not every batch fits whole: MICRO_BATCH={found} in the environment fits all of them")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m stages.plan", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "stage", nargs="*", help="a stage that trains, e.g. finetune@jin2021-visual; else all"
    )
    parser.add_argument("--scale", choices=SCALES, help="another scale than that of params.yaml")
    parser.add_argument("--counts", choices=("index", "affwild2"), default="index", help="count these frames")
    parser.add_argument("--memory", help="of a device, e.g. 24GB; else that of the machine at hand")
    rates = parser.add_mutually_exclusive_group()
    rates.add_argument("--rate", type=rate, help="operations a second of a device in training, in 10^12")
    rates.add_argument("--measure", action="store_true", help="time a few samples of each network here")
    return parser.parse_args()


def rate(told: str) -> float:
    """Operations a second of "30", in 10^12."""
    if float(told) <= 0:
        raise argparse.ArgumentTypeError(f"{told}: is no rate; give a number above 0")
    return float(told) * 1e12


def memory(told: str) -> float:
    """Bytes of "24GB". Errors: UserError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([MGT]B)", told, re.IGNORECASE)
    if not match or not float(match[1]):
        raise UserError(f"--memory {told}: is no amount of memory; write it like 24GB")
    return float(match[1]) * UNITS[match[2].upper()]


def memory_here() -> float:
    """Bytes of the device that would train here: a GPU's, else the machine's."""
    if device().type == "cuda":
        return float(torch.cuda.get_device_properties(device()).total_memory)
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def devices() -> int:
    """Devices that share a batch: WORLD_SIZE under a launcher, else DEVICES."""
    told = os.environ.get("WORLD_SIZE") or os.environ.get("DEVICES") or "1"
    return int(told) if told.isdecimal() and int(told) else 1


if __name__ == "__main__":
    main(run)
