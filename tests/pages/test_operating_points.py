"""Operating points of the model card: thresholds, recall and false-positive rates."""

import numpy as np
import pytest
from scipy.special import expit

from tools.retrain.operating_points import (
    LEAST_PEOPLE,
    Predicted,
    operating_points,
    points_by_label,
)

CLASSES = np.array(["Dutch", "Polish", "Turkish"])
PRIORS = np.array([0.5, 0.3, 0.2])
N_PEOPLE = np.array([150, 120, 100])


def people(n_of_class, seed):
    """Return predictions for people of two sources, one of which is harder."""
    rng = np.random.default_rng(seed)
    columns = np.repeat(np.arange(3), n_of_class)
    sources = np.where(np.arange(len(columns)) % 3 == 0, "players", "biographies")
    scale = np.where(sources == "players", 1.5, 2.5)[:, None]
    noise = rng.normal(size=(len(columns), 3))
    logits = noise + scale * np.eye(3)[columns]
    odds = np.exp(logits) * PRIORS
    return Predicted(odds / odds.sum(axis=1, keepdims=True), columns, sources)


@pytest.fixture(scope="module")
def halves():
    return people([90, 70, 60], 0), people([80, 60, 50], 1)


@pytest.fixture(scope="module")
def points(halves):
    return points_by_label(operating_points(*halves, CLASSES, PRIORS, N_PEOPLE))


def taken_by(point, people, column):
    return people.probabilities[:, column] >= expit(point["threshold"])


def test_operating_point_thresholds_reach_recall_on_choosing_half(halves, points):
    choosing, _ = halves
    for column, label in enumerate(CLASSES):
        own = choosing.columns == column
        for recall, point in points[label].items():
            found = taken_by(point, choosing, column)[own].mean()
            assert float(recall) <= found < float(recall) + 1 / own.sum()


def test_operating_point_recall_and_false_positive_rate_use_reported_half(
    halves, points
):
    _, reported = halves
    for column, label in enumerate(CLASSES):
        for point in points[label].values():
            is_taken = taken_by(point, reported, column)
            shares = np.zeros(3)
            for k in range(3):
                shares[k] = is_taken[reported.columns == k].mean()
            others = np.arange(3) != column
            taken = np.average(shares[others], weights=PRIORS[others])
            assert point["n"] == (reported.columns == column).sum()
            assert point["recall"] == pytest.approx(shares[column], abs=1e-6)
            assert point["others_taken"] == pytest.approx(taken, abs=1e-6)


def test_operating_point_predictive_values_follow_from_prevalence(points):
    point = points["Turkish"]["0.8"]
    for percent in (1, 5, 20):
        odds = percent / (100 - percent) * point["recall"] / point["others_taken"]
        assert point[f"ppv_{percent}"] == pytest.approx(odds / (1 + odds), abs=1e-4)


def test_operating_point_intervals_match_stratified_normal_approximation(
    halves, points
):
    """For predictive values, only the order of limits is checked."""
    _, reported = halves
    point = points["Polish"]["0.8"]
    is_taken = taken_by(point, reported, 1)
    variances = np.zeros(3)
    for k in range(3):
        is_of_label = reported.columns == k
        for source in ("players", "biographies"):
            stratum = is_taken[is_of_label & (reported.sources == source)]
            variances[k] += len(stratum) * stratum.var() / is_of_label.sum() ** 2
    variance_of_others = (0.5**2 * variances[0] + 0.2**2 * variances[2]) / 0.7**2
    variance_of = {"recall": variances[1], "others_taken": variance_of_others}
    for name, variance in variance_of.items():
        reach = 1.96 * variance**0.5 * np.array([-1, 1])
        found = [point[f"{name}_low"], point[f"{name}_high"]]
        assert found == pytest.approx(point[name] + reach, abs=0.02)
    assert point["ppv_5_low"] < point["ppv_5"] < point["ppv_5_high"]


def test_operating_point_bootstrap_resamples_within_each_source():
    """All biographies are above the threshold, and no players, in each resample."""
    columns = np.repeat(np.arange(3), 40)
    sources = np.where(np.arange(120) % 2 == 0, "players", "biographies")
    is_sure = (sources == "biographies")[:, None]
    probabilities = np.where(is_sure, np.eye(3)[columns], 1 / 3)
    reported = Predicted(probabilities, columns, sources)
    choosing = Predicted(np.eye(3)[columns], columns, sources)
    n_people = np.full(3, 80)
    rows = operating_points(choosing, reported, CLASSES, PRIORS, n_people)
    point = points_by_label(rows)["Dutch"]["0.8"]
    assert point["recall"] == point["recall_low"] == point["recall_high"] == 0.5


def test_operating_point_intervals_without_errors_equal_exact_binomial_limits():
    columns = np.repeat(np.arange(3), 40)
    probabilities = np.eye(3)[columns]
    sources = np.full(120, "players")
    people = Predicted(probabilities, columns, sources)
    n_people = np.full(3, 80)
    priors = np.array([0.5, 0.25, 0.25])
    rows = operating_points(people, people, CLASSES, priors, n_people)
    point = points_by_label(rows)["Dutch"]["0.8"]
    assert (point["recall"], point["others_taken"], point["ppv_1"]) == (1, 0, 1)
    assert point["recall_low"] == pytest.approx(0.025 ** (1 / 40), abs=1e-6)
    none_of_80 = 1 - 0.025 ** (1 / 80)
    assert point["others_taken_high"] == pytest.approx(none_of_80, abs=1e-6)
    lowest = 0.01 / (0.01 + 0.99 * none_of_80)
    assert point["ppv_1_low"] == pytest.approx(lowest, abs=1e-6)
    assert point["ppv_1_high"] == 1
    assert point["taken_most"] == {}


def test_labels_with_too_few_people_have_no_operating_point(halves):
    assert LEAST_PEOPLE == {0.8: 30, 0.95: 100}
    rows = operating_points(*halves, CLASSES, PRIORS, np.array([29, 30, 100]))
    found = [(row["label"], row["for_recall"]) for row in rows]
    assert found == [("Polish", "0.8"), ("Turkish", "0.8"), ("Turkish", "0.95")]


def test_most_confused_labels_are_ranked_by_false_positives_without_sparse_labels():
    """The label with the lowest prior is not among the five, nor is a sparse label."""
    n_classes = 8
    columns = np.repeat(np.arange(n_classes), 40)
    classes = np.array([*"abcdefgh"])
    # Half of the people of each label are taken for "a", except nobody of "h".
    is_taken = np.arange(len(columns)) % 40 < 20
    is_taken[columns == 7] = False
    is_taken[columns == 0] = True
    probabilities = np.full((len(columns), n_classes), 0.01)
    probabilities[:, 0] = np.where(is_taken, 0.9, 0.1)
    people = Predicted(probabilities, columns, np.full(len(columns), "players"))
    priors = np.array([1, 2, 7, 5, 6, 4, 3, 8]) / 36
    n_people = np.array([80, 80, 80, 80, 80, 80, 80, 80])
    rows = operating_points(people, people, classes, priors, n_people)
    assert [*rows[0]["taken_most"].items()] == [(k, 0.5) for k in "cedfg"]
    rows = operating_points(
        people, people, classes, priors, np.where(classes == "c", 19, n_people)
    )
    assert [*rows[0]["taken_most"]] == [*"edfgb"]
