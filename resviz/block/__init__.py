"""The unit z = (u, v): its activation, preactivations, contribution and update."""
