"""What a reproduction gives: settings, published values beside ours, a verdict with its rule, a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from resviz.scene.error import LIMITED

if TYPE_CHECKING:
    from resviz.scene.model import Scene

__all__ = [
    "Check",
    "Result",
    "SharedRuns",
    "Table",
    "close",
    "inside",
    "limited",
    "near_curve",
    "within_factor",
]

Array = NDArray[np.float64]
Cell = float | int | str
_SHARE = 0.9


@dataclass(frozen=True)
class Check:
    """One comparison with what was published.

    Attributes:
        what: the quantity, and where it was read.
        published: as the paper or its notebooks have it, in words or digits.
        ours: likewise.
        rule: what ``passed`` means.
        counts: whether it is part of the verdict, or shown alone.
    """

    what: str
    published: str
    ours: str
    rule: str
    passed: bool
    counts: bool = True


@dataclass(frozen=True)
class Table:
    """Numbers for a CSV file; ``name`` is empty for a result's main table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    name: str = ""


@dataclass(frozen=True)
class SharedRuns:
    """Runs that another experiment of the family has made.

    Attributes:
        by: its name.
        seconds: its wall time.
    """

    by: str
    seconds: float


@dataclass(frozen=True, eq=False)
class Result:
    """A finished reproduction.

    Attributes:
        name, title, source: of the experiment.
        quick: on a reduced grid.
        settings: what was run, in order.
        checks: the verdict's parts.
        tables: the numbers of the figure.
        scene: the figure.
        notes: what a reader should know, in sentences.
        seconds: wall time, on ``machine``.
        runs: what it did not train itself; None: it trained all that it shows.
        limited: where the reference's own error is no longer small, in words; empty if nowhere.
    """

    name: str
    title: str
    source: str
    quick: bool
    settings: dict[str, str]
    checks: tuple[Check, ...]
    tables: tuple[Table, ...]
    scene: Scene
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    machine: str = ""
    runs: SharedRuns | None = None
    limited: str = ""

    @property
    def reproduced(self) -> bool:
        """Whether every check that counts has passed."""
        return all(check.passed for check in self.checks if check.counts)

    @property
    def verdict(self) -> str:
        """In one line."""
        counted = [check for check in self.checks if check.counts]
        passed = sum(check.passed for check in counted)
        limited = f"; limited by the reference {self.limited}" if self.limited else ""
        if self.reproduced:
            return f"reproduced: {passed} of {len(counted)} checks hold{limited}"
        failed = "; ".join(check.what for check in counted if not check.passed)
        differs = f"{len(counted) - passed} of {len(counted)} checks"
        return f"differs from the published values in {differs}: {failed}{limited}"

    @property
    def _wall(self) -> str:
        if self.runs is None:
            return f"{self.seconds:.1f} s"
        return f"{self.seconds:.1f} s, and runs shared with {self.runs.by}, {self.runs.seconds:.1f} s,"

    def text(self) -> str:
        """All of it for people, as plain lines."""
        grid = " (reduced grid)" if self.quick else ""
        lines = [f"{self.name}: {self.title}{grid}", f"source   {self.source}"]
        lines += [
            f"{'settings' if i == 0 else '':<9}{key}: {value}"
            for i, (key, value) in enumerate(self.settings.items())
        ]
        rows = [("", "what", "published", "ours", "rule")]
        rows += [
            ("ok" if c.passed else "DIFFERS" if c.counts else "(no)", c.what, c.published, c.ours,
             c.rule if c.counts else f"{c.rule} (not part of the verdict)")
            for c in self.checks
        ]  # fmt: skip
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        lines.append("")
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.append("")
        lines += [f"note     {note}" for note in self.notes]
        lines.append(f"verdict  {self.verdict}")
        lines.append(f"wall     {self._wall} on {self.machine}")
        return "\n".join(lines)


def limited(reference: float, errors: Mapping[tuple[int, int], Array], names: str) -> str:
    """Where a reference's own error exceeds `LIMITED` times the RMS of what was measured against it.

    Args:
        errors: (R,) by point.
        names: of a point's two numbers, as in "L, M".
    """
    rms = {point: float(np.sqrt(np.mean(row**2))) for point, row in errors.items()}
    points = [point for point, error in rms.items() if reference > LIMITED * error]
    if not points:
        return ""
    least = min(rms.values())
    shown = ", ".join(f"({a}, {b})" for a, b in points[:3]) + (", ..." if len(points) > 3 else "")
    return (
        f"at {len(points)} of {len(rms)} points ({names}) = {shown}: its own error is {reference:.1e}, "
        f"the smallest measured {least:.1e}"
    )


def within_factor(what: str, published: float, ours: float, factor: float, *, counts: bool = True) -> Check:
    """published / factor <= ours <= published factor."""
    passed = bool(published / factor <= ours <= published * factor)
    return Check(what, f"{published:.3g}", f"{ours:.3g}", f"within a factor {factor:g}", passed, counts)


def close(
    what: str, published: float, ours: float, tolerance: float, *, relative: bool = False, counts: bool = True
) -> Check:
    """|ours - published| <= tolerance, of the published value if ``relative``."""
    allowed = tolerance * abs(published) if relative else tolerance
    passed = bool(abs(ours - published) <= allowed)
    digits = 6 if tolerance < 0.01 else 3
    rule = f"within {tolerance:g}" + (" of it" if relative else "")
    return Check(what, f"{published:.{digits}g}", f"{ours:.{digits}g}", rule, passed, counts)


def inside(
    what: str, low: float, high: float, ours: float, factor: float = 1.0, *, counts: bool = True
) -> Check:
    """ours lies between the published bounds, each moved outward by ``factor``."""
    passed = bool(low / factor <= ours <= high * factor)
    rule = "inside" if factor == 1 else f"inside, bounds moved by a factor {factor:g}"
    return Check(what, f"{low:.3g} to {high:.3g}", f"{ours:.3g}", rule, passed, counts)


def near_curve(
    what: str,
    published: Array | Sequence[float],
    ours: Array | Sequence[float],
    factor: float,
    *,
    share: float = _SHARE,
    counts: bool = True,
) -> Check:
    """At least ``share`` of the points of a curve lie within ``factor`` of the published ones."""
    ratio = np.asarray(ours, dtype=np.float64) / np.asarray(published, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        hits = int(np.sum((ratio <= factor) & (ratio >= 1 / factor)))
    passed = bool(hits >= share * ratio.size)
    good = ratio[np.isfinite(ratio) & (ratio > 0)]
    middle = float(np.exp(np.median(np.log(good)))) if good.size else float("nan")
    return Check(
        what,
        f"{ratio.size} points",
        f"{hits} near, ratio {middle:.2f}",
        f"{share:.0%} of the points within a factor {factor:g}",
        passed,
        counts,
    )
