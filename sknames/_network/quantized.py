"""Hold rows of numbers as levels of a byte each."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Quantized:
    """Hold rows of numbers as levels, with a scale and a zero point a row.

    ``number = (level - zero_point) * scale``, which float32 holds exactly (Jacob et al.
    2018).
    """

    levels: np.ndarray  # (n, k), uint8, at most 15
    scale: np.ndarray  # (n,), float16
    zero_point: np.ndarray  # (n,), uint8

    def take(self, rows, axis=0):
        """Return the rows at indices, as a numpy array does."""
        return Quantized(
            levels=self.levels.take(rows, axis),
            scale=self.scale.take(rows, axis),
            zero_point=self.zero_point.take(rows, axis),
        )


def dequantize(array):
    """Return the float32 numbers of a Quantized array, or of one of floats."""
    if not isinstance(array, Quantized):
        return array.astype(np.float32, copy=False)
    from_zero = array.levels - array.zero_point[..., None]  # below 0 they wrap around
    return from_zero.view(np.int8) * array.scale[..., None].astype(np.float32)


def to_plain(arrays):
    """Return arrays by name; a Quantized one as levels, scale and zero point."""
    plain = dict(arrays)
    for name, array in arrays.items():
        if isinstance(array, Quantized):
            plain[name] = array.levels
            plain[f"{name}.scale"] = array.scale
            plain[f"{name}.zero_point"] = array.zero_point
    return plain


def from_plain(arrays):
    """Undo `to_plain`."""
    weights = dict(arrays)
    for name, array in arrays.items():
        if f"{name}.scale" in arrays:
            scale = weights.pop(f"{name}.scale")
            zero_point = weights.pop(f"{name}.zero_point")
            weights[name] = Quantized(array, scale, zero_point)
    return weights
