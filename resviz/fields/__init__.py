"""Fields of a step, and the starts of the units that are pushed through them."""

from resviz.fields.fields import Fields, LimitFields
from resviz.fields.starts import ghost_start, limit_starts, unit_starts

__all__ = ["Fields", "LimitFields", "ghost_start", "limit_starts", "unit_starts"]
