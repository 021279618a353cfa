"""The data of a session, and the problem they pose."""

from resviz.data.problem import Problem, make_problem

__all__ = ["Problem", "make_problem"]
