"""Where per-video work runs: in processes of this machine, or on a Dask or Ray cluster.

    EXECUTOR=loky                                  processes of this machine, WORKERS of them (the default)
    EXECUTOR=dask SCHEDULER=tcp://head:8786        the workers of a Dask cluster
    EXECUTOR=ray SCHEDULER=head:6379               those of a Ray cluster (SCHEDULER=auto: the one of this machine)

Workers need this project's environment and must see its folder under the same path: that is checked before any work
starts. The bytes are the same everywhere, and the work of a worker that fails is done again by others.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from stages.core.errors import UserError
from stages.core.runtime import log

EXECUTORS = ("loky", "dask", "ray")
T = TypeVar("T")


def results(calls: Sequence[Callable[[], T]], shared: Path, jobs: int) -> Iterator[T]:
    """What the calls return, in the order in which they end.

    `shared`: the folder that they write to; `jobs`: processes on this machine (a cluster has its own number).
    Errors: UserError where EXECUTOR is unknown, the cluster does not answer, or its workers do not see the folder.
    """
    name = executor()
    if not calls:
        return
    if name == "loky":
        yield from _joblib(calls, os.environ.get("JOBLIB_BACKEND", "loky"), max(1, min(jobs, len(calls))))
        return
    cluster = {"dask": _dask, "ray": _ray}[name]
    with _token(shared) as token:
        yield from cluster(calls, os.environ.get("SCHEDULER", ""), str(Path.cwd()), token)


def shown(found: Iterable[T], title: str, total: int) -> Iterator[T]:
    """The same, with a bar of progress and time left on a terminal."""
    from rich.progress import track

    return iter(track(found, title, total, console=log, transient=True, disable=not log.is_terminal))


def executor() -> str:
    """EXECUTOR of the environment. Errors: UserError for one that there is not."""
    name = os.environ.get("EXECUTOR", "loky")
    if name not in EXECUTORS:
        raise UserError(f"EXECUTOR={name}: there is no such executor; set one of {', '.join(EXECUTORS)}")
    return name


def _joblib(calls: Sequence[Callable[[], T]], backend: str, count: int) -> Iterator[T]:
    """By a backend of joblib; JOBLIB_BACKEND takes the place of processes, e.g. `sequential` to debug."""
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend=backend):
        parallel = Parallel(n_jobs=count, return_as="generator_unordered")
        yield from parallel(delayed(call)() for call in calls)


@contextmanager
def _token(shared: Path) -> Iterator[str]:
    """A file in the folder, by which a worker tells whether it sees it."""
    shared.mkdir(parents=True, exist_ok=True)
    token = shared.resolve() / f".seen-{uuid4().hex}"
    token.touch()
    try:
        yield str(token)
    finally:
        token.unlink(missing_ok=True)


def _dask(calls: Sequence[Callable[[], T]], address: str, root: str, token: str) -> Iterator[T]:
    try:
        from distributed import Client
    except ImportError:
        raise _missing("distributed", "dask") from None
    if not address:
        raise UserError("SCHEDULER is not set; EXECUTOR=dask wants its address, e.g. tcp://head:8786")
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise _silent("dask", address, error) from None
    with client:
        client.register_plugin(_at_root(root))
        seen = client.run(_sight(), token)
        _check_seen([worker for worker, sees in seen.items() if not sees], root, len(seen), address)
        yield from _joblib(calls, "dask", -1)


def _at_root(root: str) -> Any:
    """Brings every worker, a restarted one as well, to the project's root. Local, so that it travels by value."""
    from distributed import WorkerPlugin

    class AtRoot(WorkerPlugin):
        name = "project root"

        def setup(self, worker: Any) -> None:
            import os
            import sys

            if os.path.isdir(root):  # noqa: PTH112 - what travels by value has no imports
                os.chdir(root)
                sys.path.insert(0, root)

    return AtRoot()


def _sight() -> Callable[[str], bool]:
    """Whether a worker sees a file; a function that travels by value."""
    return lambda path: __import__("os").path.exists(path)


def _ray(calls: Sequence[Callable[[], T]], address: str, root: str, token: str) -> Iterator[T]:
    """Its tasks, since Ray's backend of joblib returns nothing before all is done."""
    try:
        import ray
    except ImportError:
        raise _missing("ray", "ray") from None
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        ray.init(address=address or "auto", runtime_env={"env_vars": {"PYTHONPATH": root}}, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise _silent("ray", address or "auto", error) from None
    try:
        nodes = [node for node in ray.nodes() if node["Alive"]]
        look = ray.remote(_sight())
        seen = ray.get([look.options(resources=_on(node)).remote(token) for node in nodes])
        blind = [node["NodeManagerAddress"] for node, sees in zip(nodes, seen, strict=True) if not sees]
        _check_seen(blind, root, len(nodes), address)
        task = ray.remote(_call_at(root))
        waiting = [task.remote(call) for call in calls]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    finally:
        ray.shutdown()


def _call_at(root: str) -> Callable[[Callable[[], T]], T]:
    """Makes a call in the project's root; local, so that it travels by value."""

    def at_root(call: Callable[[], T]) -> T:
        __import__("os").chdir(root)
        return call()

    return at_root


def _on(node: dict[str, Any]) -> dict[str, float]:
    """The resource that pins a task to a node."""
    return {f"node:{node['NodeManagerAddress']}": 0.001}


def _check_seen(blind: Sequence[str], root: str, count: int, address: str) -> None:
    if not count:
        raise UserError(f"SCHEDULER={address}: has no workers; start some in {root}")
    if blind:
        raise UserError(
            f"{root}: is not seen by {len(blind)} of {count} workers (e.g. {blind[0]}); put the project on a folder "
            "that all machines mount under the same path"
        )


def _missing(package: str, name: str) -> UserError:
    return UserError(
        f"EXECUTOR={name}: the package {package} is missing; pip install -r requirements-cluster.txt"
    )


def _silent(name: str, address: str, error: Exception) -> UserError:
    first = " ".join(str(error).split())[:200]
    return UserError(f"SCHEDULER={address}: no {name} scheduler answers there ({first}); check the address")
