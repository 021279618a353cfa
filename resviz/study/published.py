"""The published experiments by name; what they do is in `resviz.study.reproduce`, which loads torch."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PUBLISHED", "Published"]

_HW, _AS = "HW, arXiv 2509.10167", "AS, arXiv 2603.18168"


@dataclass(frozen=True)
class Published:
    """An experiment's name, title, and paper."""

    name: str
    title: str
    source: str


PUBLISHED = (
    Published("reference-loss", "Loss of the reference network", _HW),
    Published("unit-paths", "One unit's path in every layer", _HW),
    Published("error-vs-L", "Output error against depth", _HW),
    Published("error-vs-M", "Output error against width", _HW),
    Published("output-std-vs-alpha", "Deviation of the output over seeds", _HW),
    Published("loss-vs-alpha", "Loss against the branch scale", _HW),
    Published("lazy-travel", "Travel of units against the branch scale", _HW),
    Published("phase-diagram", "Phase diagram, measured", _HW + " v2"),
    Published("shape-embedding-error", "Embedding error of all shapes", _AS),
    Published("shape-output-error", "Output error of all shapes", _AS),
    Published("density-grid", "Densities of a wide linear network", _AS),
)
