"""Transport: units pushed from their starts through recorded fields.

One push serves the histogram of any layer at any past step, the limit's density, the ideal twin of a finite
unit, the tracked ghost and the lazy displacement.
"""

from resviz.transport.cohort import Cohort, LazyCohort, cohort
from resviz.transport.places import Places, limit_places, net_places

__all__ = ["Cohort", "LazyCohort", "Places", "cohort", "limit_places", "net_places"]
