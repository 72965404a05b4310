"""Rows of numbers that are few multiples of one number: files hold them in four bits each.

``number = (level - zero_point) * scale``, with levels from 0 to 15 of which one is 0, and a scale
and a zero point of each row (Jacob et al. 2018).
"""

import numpy as np

HIGHEST = 15
CHUNK_ROWS = 4096  # which stay in the cache of the processor


def rounded(numbers):
    """The rows, each number rounded to a level, float32.

    The first and the last level of a row are its smallest and its largest number, or 0.
    """
    lowest, highest = _extremes(numbers)
    exact = (highest - lowest) / np.float32(HIGHEST)
    scale = exact.astype(np.float16)
    # Rounded down, so that a row fills all levels, by which it is known again.
    scale = np.where(
        scale > exact * np.float32(1 + 1e-6), np.nextafter(scale, np.float16(0)), scale
    ).astype(np.float32)
    step = _divisor(scale)
    zero_point = np.floor(-lowest / step + 0.5)[:, None]
    levels = np.rint(numbers / step[:, None] + zero_point).clip(0, HIGHEST).astype(np.uint8)
    return (levels - zero_point) * scale[:, None]


def in_four_bits(numbers):
    """Take rows apart that have so few levels.

    Parameters
    ----------
    numbers : ndarray of shape (n, m), float32

    Returns
    -------
    packed : ndarray of shape (ceil(n / 2), m), uint8
        Levels of two rows in a byte, the first in the lower bits.
    scale : ndarray of shape (n,), float16 if that holds it, otherwise float32
    zero_point : ndarray of shape (n,), uint8
        Or None if a row has more levels.
    """
    levels = np.zeros((len(numbers) + len(numbers) % 2, numbers.shape[1]), dtype=np.uint8)
    scale, zero_point = np.empty(len(numbers), np.float32), np.empty(len(numbers), np.uint8)
    for start in range(0, len(numbers), CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, len(numbers)))
        with np.errstate(all="ignore"):  # what is not finite, or near it, has no levels
            found = _find(numbers[rows])
        if found is None:
            return None
        levels[rows], scale[rows], zero_point[rows] = found
    return levels[::2] | levels[1::2] << 4, in_half(scale), zero_point


def _find(numbers):
    lowest, highest = _extremes(numbers)
    span, largest = highest - lowest, np.maximum(highest, -lowest)
    scale, left = np.zeros_like(span), np.flatnonzero(span)
    # The span of a rounded row is 15 scales; of any, the largest number is up to 15.
    for whole, times in [(span, HIGHEST), *((largest, k) for k in range(1, HIGHEST + 1))]:
        step = whole[left] / np.float32(times)
        multiples = numbers[left] / step[:, None]
        is_exact = (np.abs(multiples - np.rint(multiples)) < 1e-5).all(axis=1) & (step < np.inf)
        scale[left[is_exact]] = step[is_exact]
        left = left[~is_exact]
        if not len(left):
            break
    step = _divisor(scale)
    zero_point = np.rint(-lowest / step)
    levels = np.rint(numbers / step[:, None]) + zero_point[:, None]
    if len(left) or levels.max(initial=0) > HIGHEST:
        return None
    return levels, scale, zero_point


def _extremes(numbers):
    """The smallest and the largest number of each row, or 0."""
    return numbers.min(axis=1, initial=0), numbers.max(axis=1, initial=0)


def _divisor(scale):
    return np.where(scale, scale, np.float32(1))  # all numbers of a row may be 0


def in_half(array):
    """An array in two bytes a number if they hold it, otherwise as it is."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half, array) else array


def numbers_of(packed, scale, zero_point):
    """Put the rows together that `in_four_bits` took apart, float32."""
    zero_point, scale = (part[:, None].astype(np.float32) for part in (zero_point, scale))
    numbers = np.empty((len(scale), packed.shape[1]), dtype=np.float32)
    for start in range(0, len(numbers), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        chunk, pairs = numbers[rows], packed[start // 2 : (start + CHUNK_ROWS) // 2]
        chunk[::2] = pairs & HIGHEST
        chunk[1::2] = (pairs >> 4)[: len(chunk) // 2]
        chunk -= zero_point[rows]
        chunk *= scale[rows]
    return numbers
