"""Products of small matrices in vector registers, for the compiled kernels.

Two loops carry all the work of a block. Both keep a tile of sums in registers, which a compiler's automatic
vectorisation does not do (seen: 4 GFLOP/s for the plain loops, 100 and more for these, one core):

    contract    C[r, :] += sum_k A[r, k] B[k, :]            lanes run along the columns of B and C
    dots        C[r, c] += sum_j A[r, j] B[c, j]            lanes run along j; lane sums are folded later

Matrices are slices of one-dimensional arrays: an offset and a stride between rows. Importing this loads
numba.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic

__all__ = ["COMPILE", "apart", "contract", "dots", "fold", "kernel", "lanes", "turn"]

COMPILE = {"nogil": True, "boundscheck": False, "error_model": "numpy", "fastmath": {"contract", "nsz"}}
"""How every kernel is compiled; NaN and infinities keep their meaning, since divergence shows by them."""
kernel = njit(**COMPILE)


def _registers() -> tuple[int, int]:
    """Bytes of a vector register and how many there are, of the processor compiled for."""
    features = config.CPU_FEATURES
    if features is None:
        features = llvm.get_host_cpu_features().flatten()
    if "+avx512f" in features:
        return 64, 32
    if "+avx" in features:
        return 32, 16
    return 16, 32 if "+neon" in features else 16


_BYTES, _REGISTERS = _registers()
_ROWS = 8 if _REGISTERS == 32 else 6  # rows of a tile of `contract`, two vectors wide
_SIDE = 5 if _REGISTERS == 32 else 3  # sides of a tile of `dots`


class _Slice:
    """A one-dimensional array argument while IR is built: vectors and scalars at element offsets."""

    def __init__(self, context: Any, builder: Any, kind: types.Array, value: Any) -> None:
        self.builder = builder
        self.element = context.get_data_type(kind.dtype)
        self.bytes = kind.dtype.bitwidth // 8
        self.vector = ir.VectorType(self.element, _BYTES // self.bytes)
        self.data = context.make_array(kind)(context, builder, value).data

    def load(self, offset: Any) -> Any:
        return self.builder.load(self._at(offset), align=self.bytes)

    def store(self, value: Any, offset: Any) -> None:
        self.builder.store(value, self._at(offset), align=self.bytes)

    def spread(self, offset: Any) -> Any:
        """One element in all lanes."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        zero = ir.Constant(ir.IntType(32), 0)
        first = self.builder.insert_element(
            undefined, self.builder.load(self.builder.gep(self.data, [offset])), zero
        )
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.vector.count), [0] * self.vector.count)
        return self.builder.shuffle_vector(first, undefined, mask)

    def _at(self, offset: Any) -> Any:
        pointer = self.builder.gep(self.data, [offset])
        return self.builder.bitcast(pointer, self.vector.as_pointer())


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c: fused where the processor does that in one instruction."""
    kind = c.type
    suffix = "f32" if isinstance(kind.element, ir.FloatType) else "f64"
    name = f"llvm.fmuladd.v{kind.count}{suffix}"
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
    return builder.call(function, [a, b, c])


def _loop(
    builder: Any, count: Any, start: list[Any], body: Callable[[Any, list[Any]], list[Any]]
) -> list[Any]:
    """``count`` >= 1 turns of ``body(index, values)``, which gives the next values: those after the last."""
    before = builder.block
    turn = builder.append_basic_block("turn")
    after = builder.append_basic_block("after")
    builder.branch(turn)
    builder.position_at_end(turn)
    index = builder.phi(count.type)
    index.add_incoming(ir.Constant(count.type, 0), before)
    values = [builder.phi(value.type) for value in start]
    for phi, value in zip(values, start, strict=True):
        phi.add_incoming(value, before)
    following = body(index, values)
    stepped = builder.add(index, ir.Constant(count.type, 1))
    end = builder.block
    index.add_incoming(stepped, end)
    for phi, value in zip(values, following, strict=True):
        phi.add_incoming(value, end)
    builder.cbranch(builder.icmp_signed("<", stepped, count), turn, after)
    builder.position_at_end(after)
    return following


@intrinsic
def lanes(typing: Any, array: Any) -> Any:
    """Elements of the array's type in a vector register."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, _BYTES // (array.dtype.bitwidth // 8))

    return types.intp(array), build


def _switch(builder: Any, value: Any, cases: dict[int, Callable[[], None]]) -> None:
    """Build the case that ``value`` names, and go on after it."""
    after = builder.append_basic_block("after")
    choice = builder.switch(value, after)
    for number, case in cases.items():
        block = builder.append_basic_block(f"case{number}")
        choice.add_case(ir.Constant(value.type, number), block)
        builder.position_at_end(block)
        case()
        builder.branch(after)
    builder.position_at_end(after)


def _offsets(builder: Any, start: Any, step: Any, count: int) -> list[Any]:
    """start, start + step, ..."""
    found = [start]
    while len(found) < count:
        found.append(builder.add(found[-1], step))
    return found


@intrinsic
def apart(typing: Any) -> Any:
    """Keeps its caller a function of its own, which would compile for long if copied into every caller."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), build


@intrinsic
def _tile(
    typing: Any, c: Any, c0: Any, cs: Any, a: Any, a0: Any, ar: Any, ak: Any, b: Any, b0: Any, bk: Any,
    rows: Any, vectors: Any, depth: Any, fresh: Any,
) -> Any:  # fmt: skip
    """`contract` for rows <= _ROWS and one or two vectors of columns."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        out, left, right = (_Slice(context, builder, kinds[i], arguments[i]) for i in (0, 3, 7))
        _, c0, cs, _, a0, ar, ak, _, b0, bk, rows, vectors, depth, fresh = arguments
        step = ir.Constant(c0.type, out.vector.count)

        def case(height: int, width: int) -> None:
            places = [
                place
                for row in _offsets(builder, c0, cs, height)
                for place in _offsets(builder, row, step, width)
            ]
            begins = _offsets(builder, a0, ar, height)
            zero = ir.Constant(out.vector, None)
            start = [builder.select(fresh, zero, out.load(place)) for place in places]

            def body(k: Any, sums: list[Any]) -> list[Any]:
                at = builder.add(b0, builder.mul(k, bk))
                columns = [right.load(place) for place in _offsets(builder, at, step, width)]
                down = builder.mul(k, ak)
                factors = [left.spread(builder.add(begin, down)) for begin in begins]
                return [
                    _multiply_add(builder, factors[i // width], columns[i % width], total)
                    for i, total in enumerate(sums)
                ]

            for value, place in zip(_loop(builder, depth, start, body), places, strict=True):
                out.store(value, place)

        shapes = [(height, width) for height in range(1, _ROWS + 1) for width in (1, 2)]
        number = builder.add(builder.mul(rows, ir.Constant(rows.type, 2)), vectors)
        _switch(builder, number, {2 * h + w: partial(case, h, w) for h, w in shapes})
        return context.get_dummy_value()

    i = types.intp
    return types.void(c, i, i, a, i, i, i, b, i, i, i, i, i, types.boolean), build


@intrinsic
def _patch(
    typing: Any, c: Any, c0: Any, cs: Any, a: Any, a0: Any, ar: Any, b: Any, b0: Any, br: Any,
    rows: Any, columns: Any, vectors: Any,
) -> Any:  # fmt: skip
    """`dots` for rows, columns <= _SIDE."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        out, left, right = (_Slice(context, builder, kinds[i], arguments[i]) for i in (0, 3, 6))
        _, c0, cs, _, a0, ar, _, b0, br, rows, columns, vectors = arguments
        step = ir.Constant(c0.type, out.vector.count)

        def case(height: int, width: int) -> None:
            places = [
                place
                for row in _offsets(builder, c0, cs, height)
                for place in _offsets(builder, row, step, width)
            ]

            def body(j: Any, sums: list[Any]) -> list[Any]:
                along = builder.mul(j, step)
                down = [left.load(at) for at in _offsets(builder, builder.add(a0, along), ar, height)]
                across = [right.load(at) for at in _offsets(builder, builder.add(b0, along), br, width)]
                return [
                    _multiply_add(builder, down[i // width], across[i % width], total)
                    for i, total in enumerate(sums)
                ]

            start = [out.load(place) for place in places]
            for value, place in zip(_loop(builder, vectors, start, body), places, strict=True):
                out.store(value, place)

        shapes = [(height, width) for height in range(1, _SIDE + 1) for width in range(1, _SIDE + 1)]
        number = builder.add(builder.mul(rows, ir.Constant(rows.type, _SIDE + 1)), columns)
        _switch(builder, number, {(_SIDE + 1) * h + w: partial(case, h, w) for h, w in shapes})
        return context.get_dummy_value()

    i = types.intp
    return types.void(c, i, i, a, i, i, b, i, i, i, i, i), build


@intrinsic
def turn(typing: Any, c: Any, c0: Any, cs: Any, a: Any, a0: Any, ar: Any, rows: Any, columns: Any) -> Any:
    """C[j, :W] = A[:, j], zeros behind row ``rows`` of A: rows, columns <= W, the lanes of a vector.

    Whole vectors are read and written, the rows of C in their order: one overwrites what the one before it
    wrote past its end. Loops over single numbers take three times as long at ten rows of ten.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        out, left = (_Slice(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        _, c0, cs, _, a0, ar, rows, columns = arguments
        width = out.vector.count
        zero = ir.Constant(out.vector, None)
        found = []
        for k, at in enumerate(_offsets(builder, a0, ar, width)):
            there = builder.icmp_signed("<", ir.Constant(rows.type, k), rows)
            found.append(builder.select(there, left.load(builder.select(there, at, a0)), zero))
        for j, row in enumerate(_turned_about(builder, found)):
            with builder.if_then(builder.icmp_signed("<", ir.Constant(columns.type, j), columns)):
                out.store(row, builder.add(c0, builder.mul(cs, ir.Constant(cs.type, j))))
        return context.get_dummy_value()

    i = types.intp
    return types.void(c, i, i, a, i, i, i, i), build


def _turned_about(builder: Any, rows: list[Any]) -> list[Any]:
    """The transposed square of vectors: blocks of 1, 2, 4, ... lanes change places with those across."""
    width, size = len(rows), 1
    word = ir.VectorType(ir.IntType(32), width)
    while size < width:
        first = [lane if not lane & size else width + lane - size for lane in range(width)]
        second = [lane + size if not lane & size else width + lane for lane in range(width)]
        for i in range(width):
            if not i & size:
                pair = rows[i], rows[i + size]
                rows[i] = builder.shuffle_vector(*pair, ir.Constant(word, first))
                rows[i + size] = builder.shuffle_vector(*pair, ir.Constant(word, second))
        size *= 2
    return rows


@intrinsic
def _sum(typing: Any, array: Any, offset: Any) -> Any:
    """Sum of the lanes of the vector at an offset."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = _Slice(context, builder, signature.args[0], arguments[0])
        return _summed(builder, source.load(arguments[1]))

    return array.dtype(array, types.intp), build


def _summed(builder: Any, value: Any) -> Any:
    """Sum of a vector's lanes, halves on halves."""
    count = value.type.count
    while count > 1:
        count //= 2
        word = ir.VectorType(ir.IntType(32), count)
        halves = [
            builder.shuffle_vector(value, value, ir.Constant(word, list(range(first, first + count))))
            for first in (0, count)
        ]
        value = builder.fadd(*halves)
    return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))


@kernel
def contract(c, c0, cs, a, a0, ar, ak, b, b0, bk, rows, columns, depth, fresh):
    """C[r, :] += sum over k < depth of A[r, k] B[k, :], or = where ``fresh``.

    C[r, j] = c[c0 + r cs + j], A[r, k] = a[a0 + r ar + k ak], B[k, j] = b[b0 + k bk + j]. Whole vectors of
    columns are read and written, so rows of B and C need room for ``columns`` rounded up.
    """
    apart()
    width = lanes(c)
    blocks = (rows + _ROWS - 1) // _ROWS
    for j in range(0, columns, 2 * width):
        vectors = 2 if j + width < columns else 1
        first = 0
        for block in range(blocks):
            stop = rows * (block + 1) // blocks  # of nearly equal height
            _tile(
                c, c0 + first * cs + j, cs, a, a0 + first * ar, ar, ak, b, b0 + j, bk,
                stop - first, vectors, depth, fresh,
            )  # fmt: skip
            first = stop


@kernel
def dots(c, c0, a, a0, ar, b, b0, br, rows, columns, vectors):
    """Lane sums c[c0 + (r columns + s) W + lane] += sum_j A[r, j W + lane] B[s, j W + lane], j < vectors."""
    apart()
    width = lanes(c)
    down = (rows + _SIDE - 1) // _SIDE
    across = (columns + _SIDE - 1) // _SIDE
    top = 0
    for i in range(down):
        bottom = rows * (i + 1) // down
        left = 0
        for j in range(across):
            right = columns * (j + 1) // across
            _patch(
                c, c0 + (top * columns + left) * width, columns * width, a, a0 + top * ar, ar,
                b, b0 + left * br, br, bottom - top, right - left, vectors,
            )  # fmt: skip
            left = right
        top = bottom


@kernel
def fold(sums, s0, index):
    """Sum of the lanes of entry ``index`` of lane sums."""
    return _sum(sums, s0 + index * lanes(sums))
