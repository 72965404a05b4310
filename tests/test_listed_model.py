"""The properties of a model that the shares of a list depend on."""

import numpy as np
from numpy.testing import assert_allclose

from sknames._lists.listed_model import errors_by_class


def test_model_error_is_larger_for_classes_with_few_held_out_people():
    """The bias was measured on half of the people, with a variance of 2 / half."""
    found = errors_by_class(0.3, np.array([0, 1, 100]))
    assert_allclose(found, [np.hypot(0.3, 2), np.hypot(0.3, 2), np.hypot(0.3, 0.2)])
