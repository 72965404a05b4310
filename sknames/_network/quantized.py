"""Quantize weights to one byte each, with a scale and a zero point for each row."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Quantized:
    """Array of quantized numbers, with a scale and a zero point for each row.

    ``number = (level - zero_point) * scale``, which is exact in float32 (Jacob et al.
    2018).
    """

    levels: np.ndarray  # (n, k), uint8, at most 15
    scale: np.ndarray  # (n,), float16
    zero_point: np.ndarray  # (n,), uint8

    def take(self, rows, axis=0):
        """Return the rows at indices, like `numpy.ndarray.take`."""
        return Quantized(
            levels=self.levels.take(rows, axis),
            scale=self.scale.take(rows, axis),
            zero_point=self.zero_point.take(rows, axis),
        )


def dequantize(array):
    """Return a Quantized array or an array of floats as float32 numbers."""
    if not isinstance(array, Quantized):
        return array.astype(np.float32, copy=False)
    # Negative differences of unsigned bytes wrap around; the int8 view restores them.
    from_zero = array.levels - array.zero_point[..., None]
    return from_zero.view(np.int8) * array.scale[..., None].astype(np.float32)


def to_plain(arrays):
    """Replace each Quantized array in a dict by levels, scale and zero point."""
    plain = dict(arrays)
    for name, array in arrays.items():
        if isinstance(array, Quantized):
            plain[name] = array.levels
            plain[f"{name}.scale"] = array.scale
            plain[f"{name}.zero_point"] = array.zero_point
    return plain


def from_plain(arrays):
    """Return a dict with Quantized arrays, the inverse of `to_plain`."""
    weights = dict(arrays)
    for name, array in arrays.items():
        if f"{name}.scale" in arrays:
            scale = weights.pop(f"{name}.scale")
            zero_point = weights.pop(f"{name}.zero_point")
            weights[name] = Quantized(array, scale, zero_point)
    return weights
