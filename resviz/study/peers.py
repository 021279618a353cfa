"""What a user would otherwise write for the same gradient step, plainly: numpy, torch's autograd, JAX.

Each takes one step of gradient descent on half the reported loss, at the raw rate eta D L M / alpha^2 of
mathematics.md 1 with alpha = eta = 1, tanh, from the same starts as ours: all end in the same network
(tested). None is tuned beyond what its documentation tells everyone to do.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.fields.starts import unit_starts

__all__ = ["Peer", "Sizes", "peers"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sizes:
    """L, M, D, N of a step."""

    L: int
    M: int
    D: int
    N: int

    def __str__(self) -> str:
        plain = f"{self.L}x{self.M}"
        return plain if self.D == self.N == 10 else f"{plain}, D={self.D}, N={self.N}"

    def data(self) -> tuple[Array, Array]:
        """Gaussian samples and targets, each (N, D)."""
        from resviz.data.gaussian import gaussian

        return gaussian(self.N, self.D, 2)

    def units(self, seed: int = 11) -> tuple[Array, Array]:
        """Starts u, v, each (L, M, D)."""
        z = np.stack([unit_starts(seed, layer, self.M, self.D) for layer in range(self.L)])
        u, v = np.sqrt(self.D) * z.transpose(1, 0, 3, 2)
        return u, v


@dataclass(frozen=True)
class Peer:
    """Another way to the same step.

    Attributes:
        name: as the report prints it.
        step: one gradient step.
        units: (u, v) now, each (L, M, D).
    """

    name: str
    step: Callable[[], None]
    units: Callable[[], tuple[Any, Any]]


def numpy_float64(sizes: Sizes) -> Peer:
    """The published update, line by line, in numpy's own precision."""
    (x, y), (u, v) = sizes.data(), sizes.units()
    scale = 1.0 / (sizes.L * sizes.M)

    def step() -> None:
        h = [x]
        for layer in range(sizes.L):
            h.append(h[-1] + scale * np.tanh(h[-1] @ u[layer].T / sizes.D) @ v[layer])
        b = (h[-1] - y) / sizes.N
        for layer in reversed(range(sizes.L)):
            a = np.tanh(h[layer] @ u[layer].T / sizes.D)  # (N, M)
            g = (1.0 - a**2) * (b @ v[layer].T / sizes.D)
            below = b + scale * g @ u[layer]
            u[layer] -= g.T @ h[layer]
            v[layer] -= a.T @ b
            b = below

    return Peer("numpy float64", step, lambda: (u, v))


def autograd(sizes: Sizes, threads: int, device: str = "cpu") -> Peer:
    """Eager torch in float32: a list of parameters, backward(), torch's own SGD."""
    import torch
    from torch import nn

    pairs = (sizes.data(), sizes.units())
    (x, y), (u, v) = (
        tuple(torch.tensor(a, dtype=torch.float32, device=device) for a in pair) for pair in pairs
    )
    us, vs = (nn.ParameterList(nn.Parameter(layer.clone()) for layer in units) for units in (u, v))
    del u, v
    on_cpu = device == "cpu"
    rate = float(sizes.D * sizes.L * sizes.M)
    optimiser = torch.optim.SGD([*us, *vs], lr=rate)
    scale = 1.0 / (sizes.L * sizes.M)

    def step() -> None:
        if on_cpu:
            torch.set_num_threads(threads)
        h = x
        for a, c in zip(us, vs, strict=True):
            h = h + scale * torch.tanh(h @ a.T / sizes.D) @ c
        loss = 0.5 * (h - y).square().sum() / (sizes.N * sizes.D)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if not on_cpu:
            torch.cuda.synchronize(device)

    def units() -> tuple[Any, Any]:
        a, c = (np.stack([p.detach().cpu().numpy() for p in units]) for units in (us, vs))
        return a, c

    name = f"autograd, {threads} thread{'s' * (threads > 1)}" if on_cpu else "autograd"
    return Peer(name, step, units)


def jax_scan(sizes: Sizes, platform: str = "cpu") -> Peer | None:
    """JAX: one jitted, donated step of two scans over layers, the published update in float32.

    None where JAX has no ``platform``.
    """
    # else it takes three quarters of a card's memory at its first call
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax
    import jax.numpy as jnp

    try:
        device = jax.devices(platform)[0]
    except RuntimeError:
        return None
    x, y = (jax.device_put(jnp.asarray(a, dtype=jnp.float32), device) for a in sizes.data())
    state = tuple(jax.device_put(jnp.asarray(a, dtype=jnp.float32), device) for a in sizes.units())
    scale = 1.0 / (sizes.L * sizes.M)

    def whole(u: Any, v: Any) -> Any:
        def up(h: Any, z: Any) -> Any:
            return h + scale * jnp.tanh(h @ z[0].T / sizes.D) @ z[1], h

        end, h = jax.lax.scan(up, x, (u, v))

        def down(b: Any, z: Any) -> Any:
            h, u, v = z
            a = jnp.tanh(h @ u.T / sizes.D)
            g = (1.0 - a**2) * (b @ v.T / sizes.D)
            return b + scale * g @ u, (u - g.T @ h, v - a.T @ b)

        return jax.lax.scan(down, (end - y) / sizes.N, (h, u, v), reverse=True)[1]

    compiled = jax.jit(whole, donate_argnums=(0, 1))

    def step() -> None:
        nonlocal state
        with jax.default_matmul_precision("float32"):  # on a GPU its products would be tf32
            state = compiled(*state)
        state[0].block_until_ready()

    return Peer("jax jit + scan", step, lambda: (np.asarray(state[0]), np.asarray(state[1])))


def peers(sizes: Sizes, threads: int, device: str = "cpu") -> list[Peer]:
    """All that are installed and know the device; JAX comes with the extra ``bench``."""
    if device == "cpu":
        found = [numpy_float64(sizes), autograd(sizes, threads)]
        if threads > 1:
            found.append(autograd(sizes, 1))
    else:
        found = [autograd(sizes, threads, device)]
    if importlib.util.find_spec("jax") is not None:
        scan = jax_scan(sizes, "cpu" if device == "cpu" else "cuda")
        if scan is not None:
            found.append(scan)
    return found
