"""Digits of what an object holds."""

import json
import pickle

import numpy as np
import pytest

from sknames._base.digits import digits_of

LABELS = ["Greek", "Polish"]


class Holder:
    """Something with a state."""

    def __init__(self, value):
        self.value = value


def fields(between):
    """Return a row of two numbers, with bytes of some value between them."""
    dtype = np.dtype({"names": "ab", "formats": ["u1", "u1"], "offsets": [0, 2]})
    return np.frombuffer(bytes([1, between, 2]), dtype=dtype)


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
        (fields(0), fields(7)),
        (set(LABELS), frozenset(LABELS)),
        (Holder(1), Holder(1)),
    ],
)
def test_digits_of_what_files_do_not_tell_apart_are_the_same(one, other):
    assert digits_of(one, 6) == digits_of(other, 6)


@pytest.mark.parametrize(
    "one, other",
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        (["a", "b"], ["a b"]),
        ([[1], 2], [[1, 2]]),
        (1, "1"),
        (np.zeros(2, dtype=np.int32), np.zeros(1, dtype=np.int64)),
        (np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (fields(0), fields(0)[["a"]]),
        ({1, 2}, {1, 3}),
        ({1}, ["1"]),
        (json.dumps, json.loads),
        (json.dumps, pickle.dumps),
        (str.lower, str.upper),
        (Holder(1), Holder(2)),
        (Holder(1), {"value": 1}),
    ],
)
def test_digits_of_different_values_differ(one, other):
    assert digits_of(one, 6) != digits_of(other, 6)


def test_digits_of_an_object_are_without_the_version_that_saved_it():
    expected = digits_of(Holder(1), 6)
    for stamp in ("_sklearn_version", "_sknames_version", "_format"):
        holder = Holder(1)
        setattr(holder, stamp, 7)
        assert digits_of(holder, 6) == expected
