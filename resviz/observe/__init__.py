"""What is looked at: observables of units, their densities, and distances between the two."""

from resviz.observe.density import Density
from resviz.observe.distance import Distance, distance
from resviz.observe.observables import OBSERVABLES, Observable, observable
from resviz.observe.passage import Passage
from resviz.observe.series import Series

__all__ = ["OBSERVABLES", "Density", "Distance", "Observable", "Passage", "Series", "distance", "observable"]
