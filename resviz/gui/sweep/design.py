"""A design as it stands: its plan, the folder of its results, and the rows that are there already. No Qt."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from resviz.config import Session
from resviz.gui.estimate import memory, size_text, time_text
from resviz.study.machine import cores
from resviz.study.sweep.follow import Follower
from resviz.study.sweep.model import Sweep
from resviz.study.sweep.plan import Plan, plan_sweep
from resviz.study.sweep.results import Results, key_symbol
from resviz.study.sweep.table import takes

_MOST_NUMBERED = 1000


@dataclass(frozen=True, eq=False)
class Design:
    """A sweep that can be run.

    Attributes:
        folder: of its table.
        results, follower: what was read of it, and what reads on; touched by one thread at a time.
    """

    plan: Plan
    folder: Path
    results: Results
    follower: Follower

    @property
    def known(self) -> int:
        """Runs whose rows are there."""
        return len(self.results.rows)

    def session_at(self, point: int) -> Session:
        """The run that a click on a point opens, named after its values."""
        plan, repeat = self.plan, self.plan.sweep.repeat
        session = plan.session(point, self.results.run_at(point))
        values = ", ".join(f"{key_symbol(key)} = {value}" for key, value in plan.values[point].items())
        seed = f", {key_symbol(repeat)} {session.get(repeat)}" if plan.sweep.repetitions > 1 else ""
        return session.with_values({"title": f"{session.title or 'sweep'}: {values}{seed}"[:200]})


def made_design(sweep: Sweep, folder: Path | None) -> Iterator[Design | None]:
    """The design, after None between pieces of work.

    Raises:
        SessionError, DataError: a point that no session allows, data that cannot be used.
        RequestError: the folder's table is another sweep's, or cannot be read.
    """
    for plan in plan_sweep(sweep):
        if plan is None:
            yield None
            continue
        place = folder or free_folder(sweep)
        results, follower = Results(plan), Follower(place, sweep.keys, sweep.columns)
        results.take(follower.news())
        yield Design(plan, place, results, follower)


def free_folder(sweep: Sweep) -> Path:
    """A folder of the program's choice: named after the sweep, without another sweep's table."""
    words = sweep.title or "-".join(key.rpartition(".")[2] for key in sweep.keys)
    name = re.sub(r"[^\w-]+", "-", words.lower()).strip("-")[:60] or "sweep"
    root = Path.home() / "sweeps"
    for number in range(1, _MOST_NUMBERED):
        folder = root / (name if number == 1 else f"{name}-{number}")
        if takes(folder, sweep.keys, sweep.columns):
            return folder
    return root / f"{name}-{os.getpid()}"


def present_base(session: Session) -> dict[str, object]:
    """A session's tables for a sweep file, the path of its data absolute: workers run elsewhere."""
    path = session.data_path
    kept = session if path is None else session.with_values({"data.path": str(path.absolute())})
    return kept.to_mapping()


def workers_of(design: Design, asked: int, speed: float) -> int:
    """Worker processes that will be started; ``asked`` is -1 where the program chooses."""
    return design.plan.cost.workers(cores(), speed) if asked < 0 else asked


def cost_text(design: Design, workers: int, *, remote: bool, speed: float) -> tuple[str, bool]:
    """What a sweep will cost, in words, and whether it fits this machine's memory."""
    cost, known = design.plan.cost, design.known
    left = 1.0 - known / cost.runs if cost.runs else 0.0
    points = len(design.plan.values)
    parts = [f"{_many(points, 'point')}, {_many(cost.runs, 'run')}"]
    if cost.limits:
        parts[0] += f", {_many(cost.limits, 'limit')}"
    if known:
        parts.append(f"{known} there already")
    if remote:
        parts.append(f"{cost.flops * left / 1e9:.3g} Gflop on the cluster")
        return "Estimated: " + " · ".join(parts), True
    if left:
        seconds = cost.seconds(workers, speed=speed, left=left)
        parts.append(f"{duration(seconds)}, {size_text(cost.memory(workers))} in {_processes(workers)}")
    fits = not memory() or cost.memory(workers) <= 0.8 * memory()
    text = "Estimated: " + " · ".join(parts)
    if not fits:
        text += f". Will not fit: this machine has {size_text(memory())} of memory"
        text += "; take fewer workers, units or layers"
    return text, fits


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, 2 digits; "less than a second" below one."""
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return time_text(1e3 * seconds)
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.2g} h"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _processes(workers: int) -> str:
    return "one process" if workers < 2 else f"{workers} processes"
