"""Activations sigma as small scriptable modules: value, slope, curvature.

Each is elementwise and knows its first two derivatives; the second is needed by the lazy limit alone. They
are `torch.nn.Module`s because TorchScript compiles a sweep together with the module it calls, and a compiled
sweep holds no GIL. `resviz.block.register` adds those of a user.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

from resviz.config.activations import activation_names
from resviz.errors import RequestError

__all__ = ["ACTIVATIONS", "Activation", "activation"]

# TorchScript takes module constants only as `Final`; written here as globals they are inlined when compiled.
TWO_OVER_ROOT_PI: Final = 1.1283791670955126
ROOT_HALF: Final = 0.7071067811865476
ROOT_TWO_PI: Final = 2.5066282746310002
HALF_WIDTH: Final = 0.01


class Activation(nn.Module):
    """Base: an elementwise sigma. Subclasses give `value` and `slope` of tensors of any shape.

    They are stateless (no arguments, parameters or buffers), and may be written in any torch that autograd
    would take: what TorchScript can compile runs without the GIL, anything else runs too.

    What else a subclass may give:
        value_slope: both at once, where they share work.
        curvature: for the lazy limit by particles (``limit.engine = "particles"``, a long run, or a sigma
            with kinks); left out, a difference quotient of the slope.
        kernel: for the exact lazy limit; left out, dual kernels are tabulated from value and slope.
    """

    def value(self, p: Tensor) -> Tensor:
        """sigma(p)."""
        raise NotImplementedError

    def slope(self, p: Tensor) -> Tensor:
        """sigma'(p)."""
        raise NotImplementedError

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """(sigma(p), sigma'(p)); cheaper together where they share work."""
        return self.value(p), self.slope(p)

    def curvature(self, p: Tensor) -> Tensor:
        """sigma''(p), here the mean of sigma'' over p +- 0.01: at a kink, a peak of the right mass.

        Averages over units are off by O(0.01^2); a narrower quotient would miss kinks between the units.
        """
        return (self.slope(p + HALF_WIDTH) - self.slope(p - HALF_WIDTH)) * (0.5 / HALF_WIDTH)

    def kernel(self, rate_v: float, rate_u: float) -> Any:
        """The dual kernel W in closed form, a `resviz.engine.kernels.Kernel`; None where there is none."""
        return None


class Tanh(Activation):
    """sigma(p) = tanh p."""

    def value(self, p: Tensor) -> Tensor:
        return torch.tanh(p)

    def slope(self, p: Tensor) -> Tensor:
        return 1.0 - torch.tanh(p).square()

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        t = torch.tanh(p)
        return t, 1.0 - t.square()

    def curvature(self, p: Tensor) -> Tensor:
        t = torch.tanh(p)
        return -2.0 * t * (1.0 - t.square())


class Erf(Activation):
    """sigma(p) = erf p, of slope 2/sqrt(pi) at 0 (the kernels of mathematics.md 3 use this scale)."""

    def value(self, p: Tensor) -> Tensor:
        return torch.erf(p)

    def slope(self, p: Tensor) -> Tensor:
        return TWO_OVER_ROOT_PI * torch.exp(-p.square())

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(p), self.slope(p)

    def curvature(self, p: Tensor) -> Tensor:
        return -2.0 * p * self.slope(p)


class Relu(Activation):
    """sigma(p) = max(p, 0), slope 0 at 0.

    Its curvature is a delta function, here a Gaussian of width 0.01: averages over units are off by
    O(0.01^2). (Width 0.1 left an error of 1.5e-2 in a lazy limit by particles, against 3.5e-4.)
    """

    def value(self, p: Tensor) -> Tensor:
        return torch.relu(p)

    def slope(self, p: Tensor) -> Tensor:
        return (p > 0).to(p.dtype)

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(p), self.slope(p)

    def curvature(self, p: Tensor) -> Tensor:
        return torch.exp(-0.5 * (100.0 * p).square()) * (100.0 / ROOT_TWO_PI)


class Gelu(Activation):
    """sigma(p) = p Phi(p), Phi the standard normal distribution function."""

    def value(self, p: Tensor) -> Tensor:
        return p * 0.5 * (1.0 + torch.erf(p * ROOT_HALF))

    def slope(self, p: Tensor) -> Tensor:
        density = torch.exp(-0.5 * p.square()) / ROOT_TWO_PI
        return 0.5 * (1.0 + torch.erf(p * ROOT_HALF)) + p * density

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        cdf = 0.5 * (1.0 + torch.erf(p * ROOT_HALF))
        return p * cdf, cdf + p * torch.exp(-0.5 * p.square()) / ROOT_TWO_PI

    def curvature(self, p: Tensor) -> Tensor:
        return (2.0 - p.square()) * torch.exp(-0.5 * p.square()) / ROOT_TWO_PI


class Softplus(Activation):
    """sigma(p) = log(1 + e^p)."""

    def value(self, p: Tensor) -> Tensor:
        return torch.relu(p) + torch.log1p(torch.exp(-p.abs()))

    def slope(self, p: Tensor) -> Tensor:
        return torch.sigmoid(p)

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(p), self.slope(p)

    def curvature(self, p: Tensor) -> Tensor:
        s = torch.sigmoid(p)
        return s * (1.0 - s)


class Identity(Activation):
    """sigma(p) = p: the case with an exact solution (mathematics.md 2.3)."""

    def value(self, p: Tensor) -> Tensor:
        return p

    def slope(self, p: Tensor) -> Tensor:
        return torch.ones_like(p)

    def value_slope(self, p: Tensor) -> tuple[Tensor, Tensor]:
        return p, torch.ones_like(p)

    def curvature(self, p: Tensor) -> Tensor:
        return torch.zeros_like(p)


ACTIVATIONS: dict[str, type[Activation]] = {
    "tanh": Tanh,
    "erf": Erf,
    "relu": Relu,
    "gelu": Gelu,
    "softplus": Softplus,
    "identity": Identity,
}


def activation(name: str) -> Activation:
    """The activation called ``name``.

    Raises:
        RequestError: no activation has that name.
    """
    try:
        return ACTIVATIONS[name]()
    except KeyError:
        raise RequestError(
            f"activation = {name!r} is not known to this process",
            remedy=f"register it first (resviz.register_activation({name!r}, ...)), or choose one of: "
            + ", ".join(activation_names()),
        ) from None
