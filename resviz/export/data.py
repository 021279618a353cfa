"""Numbers behind the pictures, as tables: CSV for every program, NPZ for NumPy."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import RequestError
from resviz.export.frames import series_of
from resviz.export.options import Options
from resviz.export.provenance import Provenance

if TYPE_CHECKING:
    from resviz.fields import LimitFields
    from resviz.observe import Series
    from resviz.recording import Recording

Columns = Mapping[str, NDArray[Any]]
"""Columns of equal length by name; in a .npz of a figure also arrays of any shape."""

Making = Generator[int, None, Columns]
"""Yields the number of steps done, returns the columns."""

_FIGURE = "figure"


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of table: how it is made, what it holds, and whether it is of all steps or of one."""

    make: Callable[[Recording, Options, Sequence[int]], Making]
    holds: str
    every_step: bool = True


def _loss(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    yield len(steps)
    twin = recording.contrast
    return {
        "step": np.array(steps),
        "net": _at(recording.loss, steps),
        "limit": _at(_limit(recording.limit, "loss"), steps),
        "twin": _at(None if twin is None else twin.loss, steps),
        "twin_limit": _at(None if twin is None else _limit(twin.limit, "loss"), steps),
        "lazy": _at(_limit(recording.lazy, "loss"), steps),
    }


def _error(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    yield len(steps)
    net, limit = recording.output, _limit(recording.limit, "output")
    apart = None
    if limit is not None:
        both = min(len(net), len(limit))
        apart = np.sqrt(np.mean((net[:both] - limit[:both]) ** 2, axis=(1, 2)))
    return {
        "step": np.array(steps),
        "output_error": _at(apart, steps),
        "limit_error": _at(_limit(recording.limit, "output_error"), steps),
    }


def _output(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    yield len(steps)
    target = recording.problem.y
    samples, width = target.shape
    step, sample, coordinate = (
        axis.ravel() for axis in np.meshgrid(steps, range(samples), range(width), indexing="ij")
    )
    return {
        "step": step,
        "sample": sample,
        "coordinate": coordinate,
        "target": np.broadcast_to(target, (len(steps), *target.shape)).ravel(),
        "net": _at(recording.output, steps).ravel(),
        "limit": _at(_limit(recording.limit, "output"), steps, shape=target.shape).ravel(),
    }


def _distance(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    series = series_of(recording, options)
    rows: list[tuple[float, ...]] = []
    for step in _visited((series,), steps):
        for place, layer in enumerate(series.layers):
            rows.append((step, layer, series.depths[place], *series.distance(step, place)))
        yield len(rows) // len(series.layers)
    return _columns(rows, ("step", "layer", "s", "w1", "ks"))


def _travel(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    twin = recording.contrast
    net = series_of(recording, options, "travel_u")
    lazy = None if recording.lazy is None else series_of(recording, options, "travel_u", recording.lazy)
    other = None if twin is None else series_of(twin, options, "travel_u")
    rows: list[tuple[float, ...]] = []
    for step in _visited([one for one in (net, other, lazy) if one is not None], steps):
        for place, layer in enumerate(net.layers):
            means = (_mean(net, step, place), _limit_mean(net, step, place), _mean(other, step, place))
            rows.append((step, layer, net.depths[place], *means, _limit_mean(lazy, step, place)))
        yield len(rows) // len(net.layers)
    return _columns(rows, ("step", "layer", "s", "net", "limit", "twin", "lazy"))


def _values(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    series = series_of(recording, options)
    parts: list[NDArray[np.float64]] = []
    for done, step in enumerate(_visited((series,), steps)):
        for place, layer in enumerate(series.layers):
            values = np.asarray(series.finite(step, place), np.float64)
            where = np.broadcast_to((step, layer, series.depths[place]), (values.size, 3))
            parts.append(np.column_stack((where, values)))
        yield done + 1
    return _columns(np.concatenate(parts), ("step", "layer", "s", "value"))


def _density(recording: Recording, options: Options, steps: Sequence[int]) -> Making:
    series = series_of(recording, options)
    parts = [np.empty((0, 6))]
    for done, step in enumerate(_visited((series,), steps)):
        for place, layer in enumerate(series.layers):
            density = series.density(step, place)
            if density is not None:
                where = np.broadcast_to((step, layer, series.depths[place]), (density.x.size, 3))
                parts.append(np.column_stack((where, density.x, density.pdf, density.error)))
        yield done + 1
    return _columns(np.concatenate(parts), ("step", "layer", "s", "x", "pdf", "error"))


NUMBERS: Mapping[str, Table] = {
    "loss": Table(_loss, "losses of net, limit, twin and lazy limit"),
    "error": Table(_error, "RMS output error of the net against its limit, and the limit's own"),
    "output": Table(_output, "outputs of net and limit, by sample and coordinate"),
    "distance": Table(_distance, "W1 and KS of the units from the limit, by layer"),
    "travel": Table(_travel, "mean travel of u, by layer"),
    "values": Table(_values, "the finite units' values, by layer", every_step=False),
    "density": Table(_density, "the limit's density, by layer", every_step=False),
}
NAMES = (_FIGURE, *NUMBERS)


def check_data(data: str, recordings: int) -> None:
    """Refuse a table that does not exist.

    Raises:
        RequestError: naming those that do.
    """
    from resviz.export.finish import one_of

    one_of("data", data, NAMES)
    if recordings > 1 and data != _FIGURE:
        raise RequestError(f"data {data!r} is of one recording", remedy="Export them one by one.")


def every_step(data: str) -> bool:
    """Whether a table holds all steps where none were chosen; else the newest."""
    return data != _FIGURE and NUMBERS[data].every_step


def table_bytes(suffix: str, columns: Columns, provenance: Provenance) -> bytes:
    """Columns as a .csv file, behind comment lines that say where they come from, or as a .npz file."""
    if suffix == ".npz":
        arrays: dict[str, Any] = {"session": np.array(provenance.text()), **columns}
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        return packed.getvalue()
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in provenance.text().splitlines())
    text.write(",".join(columns) + "\n")
    for row in zip(*(_written(column) for column in columns.values()), strict=True):
        text.write(",".join(row) + "\n")
    return text.getvalue().encode("utf-8")


def _written(column: NDArray[Any]) -> Iterator[str]:
    if column.dtype.kind == "f":
        # digits enough to bring every number back; nothing stands for NaN
        return ("" if value != value else repr(value) for value in column.tolist())
    return (f'"{value}"' if "," in value else value for value in map(str, column.tolist()))


def _columns(rows: Any, names: tuple[str, ...]) -> Columns:
    table = np.asarray(rows, np.float64).reshape(-1, len(names))
    return {
        name: column.astype(np.int64) if name in ("step", "layer") else column
        for name, column in zip(names, table.T, strict=True)
    }


def _visited(every: Sequence[Series], steps: Sequence[int]) -> Iterator[int]:
    """The steps one by one, each held by every series that reaches it."""
    for step in steps:
        for series in every:
            if step <= series.passage.newest:
                series.visit(step)
        yield step
        for series in every:
            series.forget(step)


def _mean(series: Series | None, step: int, place: int) -> float:
    values = None if series is None else series.finite(step, place)
    return float("nan") if values is None else float(np.mean(values))


def _limit_mean(series: Series | None, step: int, place: int) -> float:
    return float("nan") if series is None else series.limit_mean_at(step, place)


def _limit(fields: LimitFields | None, name: str) -> NDArray[Any] | None:
    return None if fields is None else np.asarray(getattr(fields, name))


def _at(values: NDArray[Any] | None, steps: Sequence[int], shape: tuple[int, ...] = ()) -> NDArray[Any]:
    """Values at some steps; NaN where there are none."""
    found = np.full((len(steps), *(shape if values is None else values.shape[1:])), np.nan)
    for row, step in enumerate(steps):
        if values is not None and step < len(values):
            found[row] = values[step]
    return found
