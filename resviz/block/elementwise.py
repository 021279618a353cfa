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
from numba import types
from numba.extending import intrinsic, overload

from resviz.block.lanes import COMPILE, apart, kernel

__all__ = ["CODES", "slopes", "values"]

CODES = {"tanh": 0, "erf": 1, "relu": 2, "gelu": 3, "softplus": 4, "identity": 5}
"""Numbers by which the kernels know the activations: one compilation serves all."""

TANH, ERF, RELU, GELU, SOFTPLUS = range(5)

_ONE, _TWO, _HALF = (np.float32(x) for x in (1.0, 2.0, 0.5))  # exact, and narrow enough for either dtype
_ZERO, _HUNDRED = np.float32(0.0), np.float32(100.0)


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


@overload(_expm1, jit_options=COMPILE)
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


@overload(_erfcx, jit_options=COMPILE)
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


@overload(_log1p, jit_options=COMPILE)
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


@kernel
def _tanh(p):
    e = _expm1(_TWO * p)
    return e / (e + _TWO)


@kernel
def _gauss(x):
    """e^(-x^2)."""
    return _expm1(-x * x) + _ONE


@kernel
def _erf(p, gauss):
    """erf(p), given e^(-p^2)."""
    tail = _ONE - gauss * _erfcx(abs(p))
    return tail if p >= _ZERO else -tail


@kernel
def values(code, w, p, count):
    """sigma in place of p: ``count`` numbers from w[p]."""
    apart()
    a = w[p : p + count]
    if code == TANH:
        for i in range(count):
            a[i] = _tanh(a[i])
    elif code == ERF:
        for i in range(count):
            x = a[i]
            a[i] = _erf(x, _gauss(x))
    elif code == RELU:
        for i in range(count):
            x = a[i]
            a[i] = _ZERO if x < _ZERO else x
    elif code == GELU:
        for i in range(count):
            x = a[i]
            z = x * _root_half(x)
            a[i] = x * _HALF * (_ONE + _erf(z, _gauss(z)))
    elif code == SOFTPLUS:
        for i in range(count):
            x = a[i]
            e = _expm1(-abs(x)) + _ONE
            a[i] = (_ZERO if x < _ZERO else x) + _log1p(e)


@kernel
def slopes(code, w, p, q, count):
    """sigma in place of p and sigma' times q in place of q."""
    apart()
    a = w[p : p + count]
    g = w[q : q + count]
    if code == TANH:
        for i in range(count):
            t = _tanh(a[i])
            a[i] = t
            g[i] *= _ONE - t * t
    elif code == ERF:
        for i in range(count):
            x = a[i]
            e = _gauss(x)
            a[i] = _erf(x, e)
            g[i] *= _two_over_root_pi(x) * e
    elif code == RELU:
        for i in range(count):
            x = a[i]
            a[i] = _ZERO if x < _ZERO else x
            g[i] = g[i] if x > _ZERO else _ZERO * x
    elif code == GELU:
        for i in range(count):
            x = a[i]
            z = x * _root_half(x)
            e = _gauss(z)
            cdf = _HALF * (_ONE + _erf(z, e))
            a[i] = x * cdf
            g[i] *= cdf + x * e * _normal_peak(x)
    elif code == SOFTPLUS:
        for i in range(count):
            x = a[i]
            e = _expm1(-abs(x)) + _ONE
            a[i] = (_ZERO if x < _ZERO else x) + _log1p(e)
            g[i] *= (e if x < _ZERO else _ONE) / (_ONE + e)
