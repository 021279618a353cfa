"""The unit z = (u, v): its activation, preactivations, contribution and update."""

from resviz.block.activation import Activation, activation
from resviz.block.register import register_activation

__all__ = ["Activation", "activation", "register_activation"]
