"""The Sweep tab: design a sweep, run it in a process of its own, watch its results arrive."""
