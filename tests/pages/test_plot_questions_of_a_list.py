"""The statistics of shares and rates in plot_questions_of_a_list.py."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.pages.conftest import functions_of

# Joint shares of labels (rows) and of fields with outcomes (columns): arts and not
# invited, arts and invited, law and not invited, law and invited.
JOINT = np.array([[0.2, 0.1, 0.02, 0.08], [0.15, 0.05, 0.1, 0.3]])


@pytest.fixture
def example():
    return functions_of("plot_questions_of_a_list.py")


def test_simpson_index_is_probability_that_two_people_differ(example):
    share = np.array([0.6, 0.3, 0.1])
    index = example["simpson"](share)
    assert index == pytest.approx(1 - 0.36 - 0.09 - 0.01)
    thirds = np.full(3, 1 / 3)
    assert example["effective_number"](example["simpson"](thirds)) == pytest.approx(3)
    assert example["less_diverse"](share, thirds) == pytest.approx(2 / 3 - index)


def test_over_representation_is_ratio_of_observed_to_expected_share(example):
    share = np.array([0.1])
    assert example["over_representation"](share) == pytest.approx(0.1 / 0.04)


def test_slope_per_decade_equals_covariance_over_variance_of_years(example):
    example["years"] = np.array([0, 1, 3, 4])
    share = np.array([0.2, 0.4, 0.3, 0.6])
    covariance = np.cov(example["years"], share)
    in_ten_years = 10 * covariance[0, 1] / covariance[0, 0]
    slope = example["slope"](*share[:, None])
    assert slope == pytest.approx(in_ten_years)


def test_standardised_rates_weight_fields_as_in_whole_list(example):
    """In the whole list, 5 of 10 people are in arts."""
    expected = [(0.1 / 0.3 + 0.08 / 0.1) / 2, (0.05 / 0.2 + 0.3 / 0.4) / 2]
    assert_allclose(example["standardised"](JOINT), expected)
    example |= {"first": 0, "second": 1}
    difference = example["difference"](JOINT)
    assert difference == pytest.approx(expected[0] - expected[1])


def test_ratio_of_rates_pools_fields_of_each_label(example):
    example |= {"first": 0, "second": 1}
    ratio = example["ratio"](JOINT)
    assert ratio == pytest.approx((0.18 / 0.4) / (0.35 / 0.6))
