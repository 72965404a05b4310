"""Multiply matrices so that a row's bits depend on that row alone."""

import math

import numpy as np

PRODUCT_ROWS = 8  # in a product of several names; others may give other bits
FEW_ROWS = 4  # in the product of one name
# The most multiplications in one product. Up to so many, OpenBLAS uses one thread, and
# its AVX-512 kernels do not copy the operands.
PRODUCT_SIZE = 1 << 18


def rows_to_multiply(n, has_few):
    """Return the number of rows that fixed products take for n rows, rounded up."""
    n_rows = FEW_ROWS if has_few and n <= FEW_ROWS else PRODUCT_ROWS
    return -(-n // n_rows) * n_rows


def aligned_zeros(shape, dtype):
    """Return zeros that start at a cache line, where products take 25 % less time."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + 64, dtype=np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def aligned(array):
    """Return a copy that starts at a cache line."""
    copy = aligned_zeros(array.shape, array.dtype)
    copy[...] = array
    return copy


class Product:
    """Multiply rows by weights (gates, depth, width).

    Multiply PRODUCT_ROWS at a time if `is_fixed`. BLAS chooses a kernel by the number
    of rows, and in some kernels (AVX2) the order of a sum depends on the row's
    position. A trial shows whether PRODUCT_ROWS give the same bits at all positions,
    and whether FEW_ROWS give them, too.
    """

    def __init__(self, weights):
        _, depth, width = weights.shape
        step = max(16, PRODUCT_SIZE // (PRODUCT_ROWS * depth) // 16 * 16)
        self.slices = []
        for start in range(0, width, step):
            columns = slice(start, start + step)
            self.slices.append((columns, aligned(weights[:, None, :, columns])))
        self.is_fixed = False
        self.has_few = False
        if weights.dtype == np.float32:
            self.is_fixed, self.has_few = self._bits_agree(weights.shape)

    def __call__(self, x, out):
        """Multiply x (n, depth) into out (gates, n, width)."""
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

    def _bits_agree(self, shape):
        """Return whether rows keep their bits elsewhere, and FEW_ROWS at a time."""
        n_gates, depth, width = shape
        n = PRODUCT_ROWS * (8 + 256 // width)
        rng = np.random.default_rng(0)
        x = rng.random((n, depth), dtype=np.float32) - 0.5
        order = rng.permutation(n)
        out, moved, few = np.empty((3, n_gates, n, width), dtype=np.float32)
        self._multiply(x, out, PRODUCT_ROWS)
        self._multiply(x[order], moved, PRODUCT_ROWS)
        self._multiply(x, few, FEW_ROWS)
        return np.array_equal(out[:, order], moved), np.array_equal(out, few)
