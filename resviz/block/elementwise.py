"""Activations for the compiled kernels: sigma, sigma' and sigma'' of many numbers at a time.

All rest on one function, e^x - 1 by reduction to |r| <= ln(2)/2 and its Taylor polynomial, without branches,
so that the loops below run in vector registers. Absolute errors, seen over |x| <= 30 against exact values:
float32 1.8e-7, float64 4e-16 (erf 3e-15). NaN stays NaN. Importing this loads numba.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from resviz.block.lanes import COMPILE, apart, kernel

__all__ = ["bends", "slopes", "values"]

# by their places among the built-in names: one compilation serves all; the last, identity, is left alone
TANH, ERF, RELU, GELU, SOFTPLUS = range(5)

# a loop runs in vector registers only if all that it calls is copied into it
_INSIDE = {**COMPILE, "forceinline": True}
inside = njit(**_INSIDE)

_ONE, _TWO, _HALF = (np.float32(x) for x in (1.0, 2.0, 0.5))  # exact, and narrow enough for either dtype
_ZERO = np.float32(0.0)


def _polynomial(coefficients: Any) -> Any:
    """An intrinsic: sum_n coefficients[n] x^n by Horner's rule, in the precision of x."""

    @intrinsic
    def polynomial(typing: Any, x: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (value,) = arguments
            found = ir.Constant(value.type, float(coefficients[-1]))
            for c in coefficients[-2::-1]:
                found = builder.fadd(
                    builder.fmul(found, value, flags=("contract",)),
                    ir.Constant(value.type, float(c)),
                    flags=("contract",),
                )
            return found

        return x(x), build

    return polynomial


# constants in the precision of their argument
_two_over_root_pi = _polynomial(np.array([2.0 / math.sqrt(math.pi)]))
_root_half = _polynomial(np.array([math.sqrt(0.5)]))
_hundred_root_half = _polynomial(np.array([100.0 * math.sqrt(0.5)]))
_hundred_peak = _polynomial(np.array([100.0 / math.sqrt(2.0 * math.pi)]))
_normal_peak = _polynomial(np.array([1.0 / math.sqrt(2.0 * math.pi)]))


@intrinsic
def _two_to(typing: Any, x: Any) -> Any:
    """2^n of a number whose lowest bits are n."""
    mantissa = 23 if x is types.float32 else 52
    one = (2 ** (x.bitwidth - 2 - mantissa) - 1) << mantissa  # the bits of 1.0

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(x.bitwidth)
        raw = builder.bitcast(arguments[0], word)
        shifted = builder.shl(raw, ir.Constant(word, mantissa))
        return builder.bitcast(builder.add(shifted, ir.Constant(word, one)), arguments[0].type)

    return x(x), build


def _expm1(x: Any) -> Any:
    """e^x - 1."""
    raise NotImplementedError


def _erfcx(x: Any) -> Any:
    """e^(x^2) erfc(x) for x >= 0."""
    raise NotImplementedError


def _log1p(x: Any) -> Any:
    """log(1 + x) for 0 <= x <= 1."""
    raise NotImplementedError


@overload(_expm1, jit_options=_INSIDE)
def _(x):
    number = np.float32 if x is types.float32 else np.float64
    mantissa, terms, largest = (23, 8, 88.0) if x is types.float32 else (52, 14, 709.0)
    # (e^r - 1 - r) / r^2: what is left out is below half a unit in the last place
    rest = _polynomial(np.array([1.0 / math.factorial(n) for n in range(2, terms)]))
    shift = number(1.5 * 2.0**mantissa)  # adding it rounds to a whole number, kept in the lowest bits
    inverse = number(1.0 / math.log(2.0))
    # ln 2 in two parts, the first with few digits, so that n times it is exact
    high = number(0.693359375) if x is types.float32 else number(0.6931471803691238)
    low = number(math.log(2.0) - float(high)) if x is types.float32 else number(1.9082149292705877e-10)
    top, bottom = number(largest), number(-largest)
    one = number(1.0)

    def expm1(x):
        x = top if x > top else x  # in this order NaN passes
        x = bottom if x < bottom else x
        shifted = x * inverse + shift
        n = shifted - shift
        r = (x - n * high) - n * low
        small = r + r * r * rest(r)
        power = _two_to(shifted)
        return power * small + (power - one)

    return expm1


@overload(_erfcx, jit_options=_INSIDE)
def _(x):
    from scipy.special import erfcx

    number = np.float32 if x is types.float32 else np.float64
    degree = 12 if x is types.float32 else 20
    # (1 + 2x) erfcx(x) is smooth in t = (x - a)/(x + a), which maps [0, inf) to [-1, 1)
    a = 1.5 if x is types.float32 else 3.75
    fit = np.polynomial.Chebyshev.interpolate(lambda t: _smooth(t, a, erfcx), degree)
    smooth = _polynomial(fit.convert(kind=np.polynomial.Polynomial).coef)
    centre, one, two = number(a), number(1.0), number(2.0)

    def erfcx_(x):
        return smooth((x - centre) / (x + centre)) / (one + two * x)

    return erfcx_


def _smooth(t: Any, a: float, erfcx: Any) -> Any:
    """(1 + 2x) erfcx(x) at x = a (1 + t)/(1 - t)."""
    x = a * (1.0 + t) / np.maximum(1.0 - t, 1e-12)
    return (1.0 + 2.0 * x) * erfcx(x)


@overload(_log1p, jit_options=_INSIDE)
def _(x):
    number = np.float32 if x is types.float32 else np.float64
    terms = 8 if x is types.float32 else 17
    # 2 artanh(z) with z = x/(2 + x) <= 1/3
    series = _polynomial(np.array([2.0 / (2 * n + 1) for n in range(terms)]))
    two = number(2.0)

    def log1p(x):
        z = x / (two + x)
        return z * series(z * z)

    return log1p


@inside
def _tanh(p):
    e = _expm1(_TWO * p)
    return e / (e + _TWO)


@inside
def _gauss(x):
    """e^(-x^2)."""
    return _expm1(-x * x) + _ONE


@inside
def _erf(p, gauss):
    """erf(p), given e^(-p^2)."""
    tail = _ONE - gauss * _erfcx(abs(p))
    return tail if p >= _ZERO else -tail


# each gives (sigma, sigma', sigma'')(x); what a caller does not use is not computed


@inside
def _of_tanh(x):
    t = _tanh(x)
    slope = _ONE - t * t
    return t, slope, -_TWO * t * slope


@inside
def _of_erf(x):
    e = _gauss(x)
    slope = _two_over_root_pi(x) * e
    return _erf(x, e), slope, -_TWO * x * slope


@inside
def _of_relu(x):
    z = _hundred_root_half(x) * x
    # its curvature is a narrow Gaussian, as in `block.activation`; 0 x keeps NaN
    return _ZERO if x < _ZERO else x, (_ONE if x > _ZERO else _ZERO) + _ZERO * x, _hundred_peak(x) * _gauss(z)


@inside
def _of_gelu(x):
    z = x * _root_half(x)
    e = _gauss(z)
    cdf = _HALF * (_ONE + _erf(z, e))
    density = _normal_peak(x) * e
    return x * cdf, cdf + x * density, (_TWO - x * x) * density


@inside
def _of_softplus(x):
    e = _expm1(-abs(x)) + _ONE
    slope = (e if x < _ZERO else _ONE) / (_ONE + e)
    return (_ZERO if x < _ZERO else x) + _log1p(e), slope, slope * (_ONE - slope)


@kernel
def values(code, w, p, count):
    """sigma in place of p: ``count`` numbers from w[p]."""
    apart()
    a = w[p : p + count]
    if code == TANH:
        for i in range(count):
            a[i] = _of_tanh(a[i])[0]
    elif code == ERF:
        for i in range(count):
            a[i] = _of_erf(a[i])[0]
    elif code == RELU:
        for i in range(count):
            a[i] = _of_relu(a[i])[0]
    elif code == GELU:
        for i in range(count):
            a[i] = _of_gelu(a[i])[0]
    elif code == SOFTPLUS:
        for i in range(count):
            a[i] = _of_softplus(a[i])[0]


@kernel
def slopes(code, w, p, q, count):
    """sigma in place of p and sigma' q in place of q."""
    apart()
    a = w[p : p + count]
    g = w[q : q + count]
    if code == TANH:
        for i in range(count):
            a[i], slope, _ = _of_tanh(a[i])
            g[i] *= slope
    elif code == ERF:
        for i in range(count):
            a[i], slope, _ = _of_erf(a[i])
            g[i] *= slope
    elif code == RELU:
        for i in range(count):
            a[i], slope, _ = _of_relu(a[i])
            g[i] *= slope
    elif code == GELU:
        for i in range(count):
            a[i], slope, _ = _of_gelu(a[i])
            g[i] *= slope
    elif code == SOFTPLUS:
        for i in range(count):
            a[i], slope, _ = _of_softplus(a[i])
            g[i] *= slope


@kernel
def bends(code, w, p, q, dp, dq, count):
    """sigma in place of p, sigma' q in place of q, and sigma' dq + sigma'' dp q in place of dq."""
    apart()
    a = w[p : p + count]
    g = w[q : q + count]
    r = w[dp : dp + count]
    t = w[dq : dq + count]
    if code == TANH:
        for i in range(count):
            a[i], slope, bent = _of_tanh(a[i])
            t[i] = slope * t[i] + bent * r[i] * g[i]
            g[i] *= slope
    elif code == ERF:
        for i in range(count):
            a[i], slope, bent = _of_erf(a[i])
            t[i] = slope * t[i] + bent * r[i] * g[i]
            g[i] *= slope
    elif code == RELU:
        for i in range(count):
            a[i], slope, bent = _of_relu(a[i])
            t[i] = slope * t[i] + bent * r[i] * g[i]
            g[i] *= slope
    elif code == GELU:
        for i in range(count):
            a[i], slope, bent = _of_gelu(a[i])
            t[i] = slope * t[i] + bent * r[i] * g[i]
            g[i] *= slope
    elif code == SOFTPLUS:
        for i in range(count):
            a[i], slope, bent = _of_softplus(a[i])
            t[i] = slope * t[i] + bent * r[i] * g[i]
            g[i] *= slope
