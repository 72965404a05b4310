"""Rows of at most 16 levels: which numbers are rounded to them, and what is taken apart by them."""

import numpy as np
import pytest

from sknames import _four_bits
from sknames._four_bits import in_four_bits, numbers_of, rounded

N_ROWS = [0, 1, 2, 6, 7, 8, 9]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(_four_bits, "CHUNK_ROWS", 4)


def random_rows(n_rows):
    """Some beyond 0, and the last all 0."""
    numbers = np.random.RandomState(0).normal(size=(n_rows, 5)).astype(np.float32)
    numbers[:1] += 10
    numbers[1:2] -= 3
    numbers[-1:] = 0
    return numbers


@pytest.mark.parametrize("n_rows", N_ROWS)
def test_numbers_are_rounded_to_the_nearest_of_sixteen_levels(n_rows):
    """0 is one of them."""
    numbers = random_rows(n_rows)
    all_found = rounded(numbers)
    assert all_found.dtype == np.float32 and all_found.flags.c_contiguous
    for row, found in zip(numbers.astype(float), all_found, strict=True):
        step = (row.max(initial=0) - row.min(initial=0)) / 15
        levels = step * np.arange(-15, 16)
        nearest = levels[np.abs(row[:, None] - levels).argmin(axis=1)]
        # Scales are in half precision, and the outer half of an outermost step may be cut off.
        at_end = np.isin(row, [row.min(), row.max()])
        np.testing.assert_allclose(found[~at_end], nearest[~at_end], atol=5e-3)
        assert (np.abs(found - row) <= step * (0.5 + 0.5 * at_end) + 5e-3).all()


@pytest.mark.parametrize("n_rows", N_ROWS)
def test_rounded_numbers_are_given_back_to_the_bit(n_rows):
    numbers = rounded(random_rows(n_rows))
    packed, scale, zero_point = in_four_bits(numbers)
    assert packed.shape == (-(-n_rows // 2), 5) and scale.shape == zero_point.shape == (n_rows,)
    assert (packed.dtype, scale.dtype, zero_point.dtype) == (np.uint8, np.float16, np.uint8)
    found = numbers_of(packed, scale, zero_point)
    np.testing.assert_array_equal(found, numbers, strict=True)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(rounded(numbers), numbers)


def test_the_first_of_two_rows_is_in_the_lower_bits():
    numbers = np.array([[0, 3, 15], [-1, 0, 14], [0, -4, -30]], dtype=np.float32)
    packed, scale, zero_point = in_four_bits(numbers)
    assert packed.tolist() == [[0, 3 + 16, 15 + 16 * 15], [15, 13, 0]]
    assert scale.tolist() == [1, 1, 2] and zero_point.tolist() == [0, 1, 15]


@pytest.mark.parametrize("scale", [0.25, 0.1])
@pytest.mark.parametrize("largest", range(1, 16))
def test_rows_need_not_fill_all_levels(scale, largest):
    levels = np.array([[largest, 1, 0], [-largest, -1, 0], [largest - 1, -1, 1]])
    numbers = levels.astype(np.float32) * np.float32(scale)
    np.testing.assert_allclose(numbers_of(*in_four_bits(numbers)), numbers, rtol=1e-6)


@pytest.mark.parametrize("row", range(6))
@pytest.mark.parametrize(
    "numbers",
    [[16, 1], [-8, 8, 1], [15, 1.01], [1, np.pi], [np.nan, 1], [np.inf, 1], [-np.inf, 0]],
    ids=str,
)
def test_a_row_of_more_levels(numbers, row):
    rows = np.zeros((6, len(numbers)), dtype=np.float32)
    rows[row] = numbers
    assert in_four_bits(rows) is None


def test_scales_beyond_half_precision():
    numbers = np.array([[1e6, 15e6, 0], [1e-40, 0, 0], [3e38, -3e38, 1e38]], dtype=np.float32)
    packed, scale, zero_point = in_four_bits(numbers)
    assert scale.dtype == np.float32
    np.testing.assert_array_equal(numbers_of(packed, scale, zero_point), numbers)
