"""Multiply matrices so that the bits of a row do not depend on other rows."""

import math

import numpy as np

PRODUCT_ROWS = 8  # rows of each product; another number may give other bits
FEW_ROWS = 4  # rows of the product for a single name
# Maximum number of multiplications in a product. Up to this size, OpenBLAS uses one
# thread, and its AVX-512 kernels do not copy the operands.
PRODUCT_SIZE = 1 << 18


def aligned_zeros(shape, dtype):
    """Return zeros aligned to a cache line, which makes products 25 % faster."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + 64, dtype=np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def aligned(array):
    """Return a copy that is aligned to a cache line."""
    copy = aligned_zeros(array.shape, array.dtype)
    copy[...] = array
    return copy


class Product:
    """Multiply rows by weights (gates, depth, width).

    With `is_fixed`, PRODUCT_ROWS rows are multiplied at a time, because BLAS chooses a
    kernel by the number of rows, and in some kernels (AVX2) the order of summation
    depends on the position of a row. A trial at creation determines whether products of
    PRODUCT_ROWS rows give the same bits at all positions, and whether products of
    FEW_ROWS rows give these bits as well.
    """

    def __init__(self, weights):
        self.shape = weights.shape
        _, depth, width = weights.shape
        step = max(16, PRODUCT_SIZE // (PRODUCT_ROWS * depth) // 16 * 16)
        self.slices = []
        for start in range(0, width, step):
            columns = slice(start, start + step)
            self.slices.append((columns, aligned(weights[:, None, :, columns])))
        self.is_fixed = False
        self.has_few = False
        if weights.dtype == np.float32:
            self.is_fixed, self.has_few = self._bits_agree()

    def fill(self, n):
        """Return the number of rows to multiply, of which the first n are wanted."""
        if not self.is_fixed:
            return n
        n_rows = FEW_ROWS if self.has_few and n <= FEW_ROWS else PRODUCT_ROWS
        return -(-n // n_rows) * n_rows

    def of(self, x):
        """Return the products of x (n, depth), (gates, n, width)."""
        n = len(x)
        n_gates, depth, width = self.shape
        rows = aligned_zeros((self.fill(max(1, n)), depth), x.dtype)
        rows[:n] = x
        out = np.empty((n_gates, len(rows), width), dtype=x.dtype)
        self(rows, out)
        return out[:, :n]

    def __call__(self, x, out):
        """Multiply x (n, depth) into out (gates, n, width); see `fill` for n."""
        n_rows = len(x)
        if self.is_fixed:
            n_rows = min(PRODUCT_ROWS, n_rows)
        self._multiply(x, out, n_rows)

    def _multiply(self, x, out, n_rows):
        """Multiply x into out, `n_rows` rows at a time."""
        x = x.reshape(-1, n_rows, x.shape[1])
        out = out.reshape(len(out), len(x), n_rows, out.shape[2])
        for columns, weights in self.slices:
            np.matmul(x, weights, out=out[..., columns])

    def _bits_agree(self):
        """Return whether the bits of rows are the same in two tests.

        In the first test, rows are permuted. In the second, products have FEW_ROWS
        rows instead of PRODUCT_ROWS.
        """
        n_gates, depth, width = self.shape
        n = PRODUCT_ROWS * (8 + 256 // width)
        rng = np.random.default_rng(0)
        x = rng.random((n, depth), dtype=np.float32) - 0.5
        order = rng.permutation(n)
        out, moved, few = np.empty((3, n_gates, n, width), dtype=np.float32)
        self._multiply(x, out, PRODUCT_ROWS)
        self._multiply(x[order], moved, PRODUCT_ROWS)
        self._multiply(x, few, FEW_ROWS)
        return np.array_equal(out[:, order], moved), np.array_equal(out, few)
