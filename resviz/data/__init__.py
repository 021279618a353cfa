"""The data of a session, and the problem they pose."""

from resviz.data.problem import Problem, make_problem
from resviz.data.reduce import Span, endless, reduced

__all__ = ["Problem", "Span", "endless", "make_problem", "reduced"]
