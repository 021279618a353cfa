"""Sweeps: a session varied along axes, run by dask.distributed, streaming into one table.

::

    from resviz.study.sweep import load_sweep, read_table, run_sweep

    for state in run_sweep(load_sweep("sweep.toml"), "results"):
        print(state.done, state.total)
    rows = read_table("results")
"""

from resviz.study.sweep.model import Axis, Point, Sweep, load_sweep
from resviz.study.sweep.run import SweepProgress, run_sweep
from resviz.study.sweep.table import limited_rows, read_table

__all__ = [
    "Axis",
    "Point",
    "Sweep",
    "SweepProgress",
    "limited_rows",
    "load_sweep",
    "read_table",
    "run_sweep",
]
