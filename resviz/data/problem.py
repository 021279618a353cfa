"""The learning problem: samples, targets, and the fixed maps into and out of the residual stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from resviz.config.session import Session
from resviz.data.digits import digits
from resviz.data.file import from_file
from resviz.data.gaussian import gaussian
from resviz.data.standardise import Array
from resviz.data.streams import stream
from resviz.data.toys import circles, moons, sine, spirals
from resviz.errors import DataError, SessionError

DEFAULT_DIMENSION = 64
"""D of an embedding where the session leaves it out."""

_TOYS = {"sine": sine, "circles": circles, "moons": moons, "spirals": spirals}


@dataclass(frozen=True, eq=False)
class Problem:
    """N pairs (x, y) with the fixed read-in and read-out; numpy float64, read-only.

    Attributes:
        x: (N, d_in) samples.
        y: (N, d_out) targets.
        read_in: (D, d_in) W_in, entries N(0, 1/d_in); None without an embedding.
        read_out: (D, d_out) W_out, entries N(0, d_out); None without an embedding.
    """

    x: Array
    y: Array
    read_in: Array | None = None
    read_out: Array | None = None

    @property
    def samples(self) -> int:
        """N."""
        return len(self.x)

    @property
    def d_in(self) -> int:
        """Columns of x."""
        return int(self.x.shape[1])

    @property
    def d_out(self) -> int:
        """Columns of y."""
        return int(self.y.shape[1])

    @property
    def dimension(self) -> int:
        """D, the width of the residual stream."""
        return self.d_in if self.read_in is None else len(self.read_in)

    @property
    def h0(self) -> Array:
        """(N, D) start of the residual stream: x, or x W_in^T."""
        return self.x if self.read_in is None else self.x @ self.read_in.T

    @property
    def principal_direction(self) -> Array:
        """(D,) top right singular vector of h0, uncentred: where the data are largest."""
        direction: Array = np.linalg.svd(self.h0, full_matrices=False)[2][0]
        return direction

    def output(self, h: Array) -> Array:
        """f of the last h: (..., N, D) -> (..., N, d_out); h itself, or h W_out / D."""
        return h if self.read_out is None else h @ self.read_out / self.dimension

    def loss(self, output: Array) -> Array:
        """||f - y||^2 / (N d_out): (..., N, d_out) -> (...)."""
        loss: Array = np.mean((output - self.y) ** 2, axis=(-2, -1))
        return loss

    def pull(self, output: Array) -> Array:
        """b^L of the last output: (..., N, d_out) -> (..., N, D).

        (f - y)/N without an embedding, (f - y) W_out^T / (N d_out) with one.
        """
        residual = (output - self.y) / self.samples
        return residual if self.read_out is None else residual @ self.read_out.T / self.d_out


def make_problem(session: Session) -> Problem:
    """The problem of a session: data, W_in and W_out drawn from data.seed as three independent streams.

    Raises:
        DataError: the data cannot be used as they are.
        SessionError: dimensions of the session that the data contradict.
    """
    x, y = _arrays(session)
    d_in, d_out = x.shape[1], y.shape[1]
    data, network = session.data, session.network
    if data.dimension is not None and (d_in, d_out) != (data.dimension, data.dimension):
        raise SessionError(
            f"session: data.dimension = {data.dimension}: the data have d_in = {d_in} and d_out = {d_out}",
            remedy="Leave data.dimension out: the data decide.",
        )
    d = network.dimension
    if d is None:
        d = d_in if d_in == d_out else DEFAULT_DIMENSION
    fits = d_in == d_out == d
    if network.embedding == "none" and not fits:
        raise SessionError(
            f'session: network.embedding = "none": needs d_in = d_out = D, found {d_in}, {d_out} and {d}',
            remedy='Set network.embedding to "auto" or "random".',
        )
    if network.embedding == "random" or not fits:
        read_in = stream(data.seed, "read-in").standard_normal((d, d_in)) / np.sqrt(d_in)
        read_out = stream(data.seed, "read-out").standard_normal((d, d_out)) * np.sqrt(d_out)
        return Problem(_frozen(x), _frozen(y), _frozen(read_in), _frozen(read_out))
    return Problem(_frozen(x), _frozen(y))


def _arrays(session: Session) -> tuple[Array, Array]:
    data = session.data
    if data.kind == "digits":
        return digits(data.samples, data.seed)
    if data.kind == "file":
        if session.data_path is None:
            raise DataError('session: data.path is missing (data.kind = "file")')
        return from_file(session.data_path, data.targets, data.samples, data.seed)
    if data.samples is None:  # cannot happen in a validated session
        raise DataError(f"session: data.samples is missing (data.kind = {data.kind!r})")
    if data.kind == "gaussian":
        return gaussian(data.samples, data.dimension or 1, data.seed)
    return _TOYS[data.kind](data.samples, data.seed)


def _frozen(array: Array) -> Array:
    array = np.array(array, dtype=np.float64)  # a copy: views keep their base alive and writable
    array.flags.writeable = False
    return array
