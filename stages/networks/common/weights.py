"""Loading published weights into a network, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor, nn

from stages.core.errors import UserError
from stages.networks.common.containers import read_weights

COUNTER = "num_batches_tracked"  # a counter of batch norms that older files lack; no output depends on it
SHOWN = 3


@dataclass(frozen=True)
class Report:
    """Names of tensors that were loaded, that the file lacks, and that the network has no place for."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.matched)} tensors matched, {_listed(self.missing, 'missing')}, " + _listed(
            self.unexpected, "unexpected"
        )

    def counts(self) -> dict[str, int]:
        """How many of each, for a model card."""
        return {kind: len(names) for kind, names in asdict(self).items()}


def load_weights(
    model: nn.Module,
    tensors: dict[str, Tensor],
    *,
    source: Path | str = "weights",
    allow_missing: Sequence[str] = (),
    allow_unexpected: Sequence[str] = (),
    file_name: Callable[[str], str] = str,
) -> Report:
    """Copy `tensors` into `model`; names that start with an allowed prefix may be missing or unexpected.

    Counters of batch norms may always be missing. Nothing is copied unless all else fits.
    `file_name` turns a name of the network into that of the file, which report and errors use.
    Errors: UserError with the counts and the first names of what does not fit, after `source`, the file.
    """
    own = {file_name(name): tensor for name, tensor in model.state_dict().items()}
    report = Report(
        tuple(name for name in own if name in tensors),
        tuple(name for name in own if name not in tensors),
        tuple(name for name in tensors if name not in own),
    )
    _check_names(report, source, allow_missing, allow_unexpected)
    _check_shapes(own, tensors, report.matched, source)
    for name in report.matched:
        own[name].copy_(tensors[name])
    return report


def load_file_into(
    model: nn.Module, path: Path, allow_missing: Sequence[str] = (), allow_unexpected: Sequence[str] = ()
) -> Report:
    """`read_weights`, then `load_weights`, with the file's name in every error."""
    return load_weights(
        model,
        read_weights(path),
        source=path,
        allow_missing=allow_missing,
        allow_unexpected=allow_unexpected,
    )


def _check_names(
    report: Report, source: Path | str, allow_missing: Sequence[str], allow_unexpected: Sequence[str]
) -> None:
    missing = [
        name
        for name in report.missing
        if not name.startswith(tuple(allow_missing)) and not name.endswith(COUNTER)
    ]
    unexpected = [name for name in report.unexpected if not name.startswith(tuple(allow_unexpected))]
    if missing or unexpected:
        raise UserError(
            f"{source}: does not fit the network: {len(report.matched)} tensors matched, "
            f"{_listed(missing, 'missing')}, {_listed(unexpected, 'unexpected')}; "
            "name a whole file of this network"
        )


def _check_shapes(
    own: dict[str, Tensor], tensors: dict[str, Tensor], names: Sequence[str], source: Path | str
) -> None:
    wrong = [name for name in names if own[name].shape != tensors[name].shape]
    if wrong:
        name = wrong[0]
        raise UserError(
            f"{source}: {_listed(wrong, 'of another shape')}; {name} is {_shape(tensors[name])} "
            f"in the file and {_shape(own[name])} in the network, which has the published "
            "size; name another file"
        )


def _listed(names: Sequence[str], what: str) -> str:
    if not names:
        return f"0 {what}"
    dots = ", …" if len(names) > SHOWN else ""
    return f"{len(names)} {what} ({', '.join(names[:SHOWN])}{dots})"


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"
