"""Reproductions, sweeps and benchmarks of the engine."""
