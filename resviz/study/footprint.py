"""Peak memory of training, in a process of its own: nothing else has been freed or kept there."""

from __future__ import annotations

import json
import subprocess
import sys

__all__ = ["memory_peak"]

_CHILD = """
import json, sys
def peak():
    if sys.platform == "darwin":
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # a child begins with its parent's ru_maxrss, but with a VmHWM of its own
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
L, M, D, N = map(int, sys.argv[1:])
from resviz.study.benchmark import training_step
training_step(1, 1, D, N)()
base = peak()
step = training_step(L, M, D, N)
drawn = peak()
step()
print(json.dumps([drawn - base, peak() - base]))
"""


def memory_peak(L: int, M: int, D: int, N: int) -> dict[str, float]:
    """Bytes at the peak of drawing units and of training, and their ratio to (U, V) and to the bound.

    bound: 1.3 (U, V) and L N max(M, D) words, the room that a step with kept activations would need; ours
    computes them again. Empty where the system does not tell.
    """
    command = [sys.executable, "-c", _CHILD, *map(str, (L, M, D, N))]
    try:
        drawn, trained = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    except subprocess.CalledProcessError:  # Windows counts in another way
        return {}
    units = 2.0 * L * M * D * 4
    return {
        "units": units,
        "drawing": float(drawn),
        "training": float(trained),
        "over units": trained / units,
        "over bound": trained / (1.3 * units + 4.0 * L * N * max(M, D)),
    }
