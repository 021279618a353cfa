"""Transport: units pushed from their starts through recorded fields.

One push serves the histogram of any layer at any past step, the limit's density, the ideal twin of a finite
unit, the tracked ghost and the lazy displacement.
"""

from resviz.transport.cohort import Cohort, LazyCohort, cohort
from resviz.transport.frame import Endless, InSpan, Whole
from resviz.transport.places import Places, Seen, limit_places, net_places

__all__ = [
    "Cohort",
    "Endless",
    "InSpan",
    "LazyCohort",
    "Places",
    "Seen",
    "Whole",
    "cohort",
    "limit_places",
    "net_places",
]
