"""Tests of the hash digits of arrays and settings."""

import numpy as np
import pytest

from sknames._base.digits import digits_of

LABELS = ["Greek", "Polish"]


@pytest.mark.parametrize(
    "one, other",
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (1.5, np.float64(1.5)),
        (True, np.True_),
        (np.array(LABELS), np.array([*LABELS, "Cambodian"])[:2]),
        (np.array(LABELS), np.array(LABELS, dtype=object)),
        (np.eye(3)[:, :2], np.eye(3)[:, :2].copy()),
        (np.eye(3)[:, 1:], np.asfortranarray(np.eye(3)[:, 1:])),
        ((1, 2), [1, 2]),
    ],
)
def test_hash_digits_ignore_dict_order_scalar_type_and_memory_layout(one, other):
    assert digits_of(one, 6) == digits_of(other, 6)


@pytest.mark.parametrize(
    "one, other",
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        (["a", "b"], ["a b"]),
        ([[1], 2], [[1, 2]]),
        (1, "1"),
        (None, "None"),
        (np.zeros(2, dtype=np.int32), np.zeros(1, dtype=np.int64)),
        (np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
    ],
)
def test_hash_digits_of_different_values_differ(one, other):
    assert digits_of(one, 6) != digits_of(other, 6)
