"""Tests of estimate_shares: intervals, comparisons, clusters and checked rows."""

import warnings
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binomtest, linregress, norm
from scipy.stats import t as student
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sknames import (
    GroupedClassifier,
    JoinNames,
    estimate_rates,
    estimate_shares,
    estimate_statistic,
    load_pretrained,
)
from sknames._draws.mix import distinct_names, estimate_mix
from sknames.datasets import make_names
from tests.conftest import (
    CLASSES,
    Known,
    assert_prints,
    distinct,
    draw_people,
    shares_of,
)
from tools.measuring import list_of_rows, shares_of_rows

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

UNIFORM = np.full(5, 0.2)
MIX = [0.4, 0.3, 0.2, 0.1, 0]
NOTE_ON_SPARSE = "fewer than 20 held-out people have shown how the model errs"


@pytest.fixture(scope="module")
def names():
    drawn = []
    for nationality, n in {"Turkish": 150, "Dutch": 60, "Norwegian": 40}.items():
        names, _ = make_names(n, nationalities=[nationality], random_state=0)
        drawn.append(names)
    return np.concatenate(drawn)


def draw(mix, n=500, seed=0):
    """Return calibrated probabilities, with uniform priors, of n people of a mix."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, n, p=mix)
    # For normal logits with these means, 3 times the logit is the log-likelihood ratio.
    ratios = np.exp(3 * (rng.normal(size=(n, 5)) + 3 * np.eye(5)[labels]))
    return ratios / ratios.sum(axis=1, keepdims=True)


def shares_of_model(proba, classes=CLASSES, clusters=None, counts=None, **params):
    """Estimate shares with a model whose error or held-out people are given."""
    given = {}
    if counts is not None:
        given["counts"] = counts
    if clusters is not None:
        given["clusters"] = clusters
    asked = {"n_draws": 200}
    for name in ("n_draws", "confidence_level"):
        if name in params:
            asked[name] = params.pop(name)
    return shares_of_rows(proba, classes, given, asked, **params)


@pytest.mark.parametrize(
    "confidence_level, least", [(0.5, 20), (0.95, 200), (0.99, 1000), (0.9999, 100_000)]
)
@pytest.mark.parametrize(
    "estimate", [estimate_shares, partial(estimate_rates, outcome=[0, 1])]
)
def test_too_few_draws_for_confidence_level_raise(estimate, confidence_level, least):
    params = {"confidence_level": confidence_level, "random_state": 0}
    message = (
        f"^Expected n_draws={least:,} or more for a confidence_level of "
        f"{confidence_level:g}, .* got {least - 1:,}. Raise n_draws, or lower the level"
    )
    with pytest.raises(ValueError, match=message):
        estimate(Known(), np.eye(5)[:2], n_draws=least - 1, **params)
    if least <= 1000:
        estimate(Known(), np.eye(5)[:2], n_draws=least, **params)


def test_estimated_shares_of_generated_names_are_near_true_shares(shipped, names):
    shares = estimate_shares(shipped, names, random_state=0)
    assert shares.label[:3].tolist() == ["Turkish", "Dutch", "Norwegian"]
    assert_allclose(shares.share[:3], [0.6, 0.24, 0.16], atol=0.04)
    assert (np.diff(shares.share) <= 0).all()
    assert shares.draws.shape == (1000, 74)
    assert_allclose(shares.draws.sum(axis=1), 1)
    assert (shares.n_names, shares.n_not_names) == (250, 0)
    assert type(shares.n_names) is int  # not a numpy integer, which JSON cannot hold


@pytest.mark.parametrize(
    "given, deviation",
    [({}, 0.5 * 2**0.5), ({"model_error": np.array([0.3, 0.4])}, 0.5)],
)
def test_intervals_of_long_list_include_model_error_of_each_class(given, deviation):
    """In a long list, sampling error is small. Model errors add in quadrature."""

    def row_of_a(odds):
        rows = np.column_stack([odds, np.ones(len(odds))]) / (1 + odds)[:, None]
        return shares_of_model(rows, np.array(["a", "b"]), n_draws=1000, **given)["a"]

    odds = np.exp(np.random.default_rng(0).normal(0.4, 3, 5_000))
    row = row_of_a(odds)
    slope = (row_of_a(odds * np.exp(0.1)).share - row.share) / 0.1
    width = row.high - row.low
    assert width == pytest.approx(2 * 1.96 * deviation * slope, rel=0.15)


def test_shares_of_reordered_or_counted_names_are_identical(shipped, names):
    names = [*names, *names[:20], "", "7", "7"]
    counts = pd.Series(names).value_counts().astype(np.uint16)
    params = {"n_draws": 200, "random_state": 0}
    expected = estimate_shares(shipped, names, **params)
    moved = estimate_shares(shipped, iter(names[::-1]), **params)
    counted = estimate_shares(shipped, counts.index, counts=counts, **params)
    for found in (moved, counted):
        for column in ("label", "share", "low", "high", "draws"):
            assert_array_equal(getattr(found, column), getattr(expected, column))
        assert (found.n_names, found.n_distinct, found.n_not_names) == (270, 250, 3)


def test_draws_hardly_change_with_rounding_errors_in_probabilities():
    """The last bits differ between processors and must not decide who is drawn."""
    proba = draw(MIX, 40)
    noise = 1 + 1e-12 * np.random.default_rng(0).standard_normal(proba.shape)
    given = {"keys": np.arange(40)}
    one = shares_of_rows(proba, CLASSES, given, {"n_draws": 200})
    other = shares_of_rows(proba * noise, CLASSES, given, {"n_draws": 200})
    assert_allclose(one.draws, other.draws, rtol=0, atol=1e-6)


def test_shares_of_single_repeated_name_equal_its_corrected_probabilities(shipped):
    shares = estimate_shares(shipped, ["Anna Müller"] * 20, random_state=0)
    measured = shipped[-1].network_.measured
    assumed = shipped.class_prior_ * np.exp(-measured.class_bias)
    (proba,) = shipped.predict_proba(["Anna Müller"])
    answer = (proba / assumed) ** measured.sharpness * assumed
    found = [shares[label].share for label in shipped.classes_]
    assert_allclose(found, answer / answer.sum(), atol=1e-6)
    assert shares.low[0] < 0.03
    assert shares.high[0] > 0.97


def test_fewer_than_100_distinct_names_warn(shipped, names):
    message = "expected at least 100 distinct names, got 99. Read the intervals"
    with pytest.warns(UserWarning, match=message):
        estimate_shares(shipped, [*names[:99], *names[:50]], n_draws=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate_shares(shipped, [*names[:100]], n_draws=200)


def test_warning_of_few_names_counts_texts_that_are_not_names(shipped, names):
    X = [*names[:2], "Anna Kim and Jan Nowak", "Ida & Bo Berg", "7", "8"]
    message = (
        r"got 2 \(306 of 308 rows are not names: 302 several names, 4 no known letter\)"
    )
    with pytest.warns(UserWarning, match=message):
        estimate_shares(shipped, X, counts=[1, 1, 300, 2, 4, 0], n_draws=200)


def test_list_with_mostly_initials_warns(shipped, names):
    full = names[:120].tolist()
    short = []
    for name in full:
        first, *_, last = name.split()
        short += [f"{first[0]}. {last}", f"{last}, {first[0]}.-P. K."]
    with pytest.warns(UserWarning, match="Most of these names have initials"):
        estimate_shares(shipped, [*short[:61], *full[:59], "7"])
    estimate_shares(shipped, [*short[:60], *full[:60]])  # a warning is an error


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_note_on_wide_interval_is_omitted_for_groups_and_few_names():
    rows = np.full((200, 2), 0.5)
    classes = np.array(["US", "CA"])
    shares = shares_of(rows, classes)
    note = "US has a wide interval, because other labels have similar names: sum"
    assert note in repr(shares)
    assert "wide" not in repr(shares.sums({"America": ["US"]}))
    assert "wide" not in repr(shares_of(rows[:90], classes))  # a warning covers these
    assert "wide" not in repr(shares_of(np.eye(2).repeat(100, axis=0), classes))


def test_counts_summing_to_a_trillion_are_accepted():
    """An array of all names would take 8 TB."""
    shares = shares_of(np.eye(5), counts=np.full(5, 2 * 10**11), n_draws=200)
    assert shares.n_names == 10**12
    assert_allclose(shares.share, 0.2)
    assert shares.n_distinct == 5
    assert (shares.high > 0.5).all()


def test_sample_weight_and_counts_give_same_shares():
    proba = draw([0.5, 0.2, 0.1, 0.1, 0.1], 60)
    weights = np.arange(60) % 4
    weighted = shares_of(proba, sample_weight=weights)
    counted = shares_of(proba, counts=weights)
    for column in ("label", "share", "low", "high"):
        assert_array_equal(getattr(weighted, column), getattr(counted, column))
    assert (weighted.n_names, counted.n_names) == (60, 90)
    for scale in (1e-9, 1e9):
        scaled = shares_of(proba, sample_weight=scale * weights)
        assert_allclose(scaled.low, weighted.low, atol=1e-7)


@pytest.mark.filterwarnings("ignore:Only 60 rows")
@pytest.mark.parametrize(
    "name, values",
    [
        ("sample_weight", [1, 2]),
        ("clusters", range(40)),
        ("checked", ["Turkish", None]),
    ],
)
def test_texts_that_are_not_names_need_no_weight_cluster_or_checked_label(
    shipped, names, name, values
):
    values = np.resize(np.array(values, dtype=object), 120).tolist()
    params = {"n_draws": 200, "random_state": 0}
    expected = estimate_shares(shipped, names[:120], **{name: values}, **params)
    X = [*names[:120], "", "7", pd.NA]
    given = [*values, None, np.nan, pd.NA]
    found = estimate_shares(shipped, X, **{name: given}, **params)
    assert_array_equal(found.share, expected.share)
    assert_array_equal(found.low, expected.low)
    assert (found.n_names, found.n_not_names) == (120, 3)


@pytest.mark.parametrize(
    "params, message",
    [
        ({"counts": [1]}, "Expected counts of 3 names, integers from 0; got "),
        ({"counts": [1, -1, 2]}, "Expected counts of 3 names"),
        ({"counts": [1.5, 2, 1]}, "Expected counts of 3 names"),
        ({"counts": [2**70, 1, 1]}, "Expected counts of 3 names, integers from 0"),
        ({"counts": np.array([2**63, 1, 1], np.uint64)}, r"sum to less than 2 \*\* 63"),
        ({"counts": [2**62, 2**62, 1]}, r"sum to less than 2 \*\* 63"),
        ({"counts": [1, 2, 1], "clusters": [1, 2, 3]}, "Expected clusters or counts, "),
        ({"counts": [1, 2, 1], "checked": ["Irish"] * 3}, "Expected checked or counts"),
        ({"sample_weight": [-1, 1, 1]}, "Expected sample_weight of zero or more"),
        ({"sample_weight": [None, 1, 1]}, "sample_weight"),
        ({"clusters": [1, 2]}, r"a cluster for each of 3 names, got shape \(2,\)"),
        ({"clusters": [1, None, 2]}, "for each name, got None at position 1. Give a n"),
        ({"clusters": [np.nan, 1, 2]}, "for each name, got None at position 0"),
        ({"clusters": ["a", "a", "a"]}, "Expected two or more clusters, got one"),
    ],
    ids=str,
)
def test_invalid_counts_weights_or_clusters_raise(params, message):
    with pytest.raises(ValueError, match=message):
        estimate_shares(Known(), np.eye(5)[:3], **params)


def test_sample_weight_accepts_decimal_numbers():
    """Databases return amounts as decimals."""
    proba = draw(MIX, 60)
    weights = np.arange(60) % 4 / 2
    decimals = [Decimal(str(weight)) for weight in weights]
    expected = shares_of(proba, sample_weight=weights)
    assert_array_equal(shares_of(proba, sample_weight=decimals).low, expected.low)


@pytest.mark.parametrize(
    "weights", [["1_0", 1, 1], ["1", 1, 1], np.array(["1", 1, 1], dtype=object)]
)
def test_text_as_sample_weight_raises(weights):
    """Python would read some texts as other numbers: float("1_0") is 10."""
    with pytest.raises(TypeError, match="weights that are numbers, got '1"):
        estimate_shares(Known(), np.eye(5)[:3], sample_weight=weights)


# ---- Intervals


def test_bootstrap_draws_match_estimates_of_resampled_lists():
    """Draws, which take one step from the shares, match complete EM estimates."""
    names = distinct_names(draw(MIX, 300), np.ones(300), UNIFORM)
    proba = names.ratios / names.ratios.sum(axis=1, keepdims=True)
    shares = shares_of_model(proba, n_draws=500, model_error=0)
    rng = np.random.default_rng(0)
    anew = []
    for drawn in rng.integers(300, size=(500, 300)):
        again = replace(names, ratios=names.ratios[drawn])
        anew.append(estimate_mix(again, UNIFORM).shares)
    order = np.searchsorted(CLASSES, shares.label)
    levels = (0.025, 0.25, 0.5, 0.75, 0.975)
    expected = np.quantile(anew, levels, axis=0)[:, order]
    assert_allclose(np.quantile(shares.draws, levels, axis=0), expected, atol=0.01)


def test_mean_of_draws_is_close_to_estimated_share():
    """The gradient at the estimate is not 0. Uncorrected, it would move every draw."""
    shares = shares_of_model(draw(MIX, 60), model_error=0, n_draws=5_000)
    assert 60 * shares.share[3] > 1
    bias = abs(shares.draws.mean(axis=0) - shares.share)[:4]
    # Because shares stop at 0, the mean moves by .05 of a standard deviation.
    assert (bias <= 0.1 * shares.draws.std(axis=0)[:4]).all()


def test_label_with_share_0_has_exact_binomial_upper_limit():
    """The upper limit of 0 of n is exact: 1 - .025 ** (1 / n)."""
    rows = np.eye(5)[[1] * 60 + [2] * 40]
    danish = shares_of(rows)["Danish"]
    assert (danish.share, danish.low) == (0, 0)
    assert danish.high == pytest.approx(1 - 0.025**0.01)
    half = shares_of(rows, confidence_level=0.5)
    assert half["Danish"].high == pytest.approx(1 - 0.25**0.01)
    # Kish: the effective number of names is (60 + 80)^2 / (60 + 160).
    weighted = shares_of(rows, sample_weight=np.repeat([1, 2], [60, 40]))
    assert weighted["Danish"].high == pytest.approx(1 - 0.025 ** (220 / 140**2))


def test_random_state_determines_intervals():
    proba = draw(MIX, 100)
    low = shares_of(proba, random_state=0).low
    assert (shares_of(proba, random_state=1).low != low).any()
    given = shares_of(proba, random_state=np.random.RandomState(0)).low
    assert_array_equal(given, low)


# ---- Two lists


OTHER = [0.4, 0.05, 0.2, 0.1, 0.25]
NORTH = {"North": ["Danish", "Norwegian"], "Ireland": ["Irish"]}


def test_compare_returns_differences_by_label_largest_first():
    here = shares_of(draw(MIX))
    there = shares_of(draw(OTHER, 300))
    found = here.compare(there)
    assert found.label[:2].tolist() == ["Turkish", "Dutch"]
    assert found.sure.tolist() == [True, True, False, False, False]
    assert (np.diff(abs(found.difference)) <= 0).all()
    assert_array_equal(found.difference, found.share - found.other)
    assert_array_equal(found.share, [here[label].share for label in found])
    assert_array_equal(found.other, [there[label].share for label in found])
    assert (found.n_names, found.n_names_of_other) == (500, 300)
    assert found.confidence_level == 0.95


def test_p_values_of_groups_are_adjusted_for_number_of_groups():
    here = shares_of(draw(MIX))
    there = shares_of(draw(OTHER, 300))
    irish = vars(here.compare(there)["Irish"])
    found = here.sums(NORTH).compare(there.sums(NORTH))
    assert found.label.tolist() == ["Ireland", "North"]
    ireland = vars(found["Ireland"])
    p_value = ireland["p_value"]  # adjusted for two groups, not for five labels
    assert 0.05 < p_value < irish["p_value"]
    assert ireland == irish | {"label": "Ireland", "p_value": p_value}


def test_printed_comparison_shows_intervals_and_marks_sure_differences():
    params = {"confidence_level": 0.975, "n_draws": 400}
    there = shares_of(draw(OTHER, 300), **params)
    found = shares_of(draw(MIX), **params).compare(there)
    header, *rows = repr(found).splitlines()
    assert header.endswith(" share    other  difference   97.5 % interval")
    row = found["Dutch"]
    interval = f"{row.low:+.1%} to {row.high:+.1%}"
    assert rows[1].startswith("Dutch")
    assert rows[1].endswith(f"  {row.difference:+.1%}   {interval}   sure")
    assert not rows[2].endswith("sure")
    assert rows[-1] == "500 names against 300"


@pytest.mark.parametrize("same_source", [False, True])
def test_swapping_compared_lists_negates_differences(same_source):
    here = shares_of(draw(MIX), n_draws=201)
    there = shares_of(draw(OTHER, 300), n_draws=201)
    found = here.compare(there, same_source=same_source)
    back = there.compare(here, same_source=same_source)
    for label in CLASSES:
        one = found[label]
        other = back[label]
        ends = (other.difference, other.low, other.high, other.sure)
        assert ends == (-one.difference, -one.high, -one.low, one.sure)


def test_printed_comparison_shows_every_sure_difference():
    classes = np.array([f"c{k}" for k in range(30)])
    is_early = np.arange(30) < 15
    early, late = (
        shares_of(np.eye(30)[is_in].repeat(40, axis=0), classes)
        for is_in in (is_early, ~is_early)
    )
    assert early.compare(late).sure.all()
    assert len(repr(early.compare(late)).splitlines()) == 32
    assert repr(early.compare(early)).splitlines()[1] == "30 others: none is sure"


def test_difference_of_two_shares_of_0_has_exact_limits_of_both_lists():
    here, there = (shares_of(np.eye(5)[np.arange(n) % 2]) for n in (100, 300))
    found = here.compare(there)["Irish"]
    assert (found.share, found.other, found.sure) == (0, 0, False)
    assert found.high == pytest.approx(1 - 0.025**0.01)
    assert found.low == pytest.approx(-(1 - 0.025 ** (1 / 300)))


def test_difference_between_shares_of_1_and_0_combines_exact_limits():
    """Lists with so few names have intervals, but no p-values."""
    here = shares_of(np.eye(5)[[1] * 4])
    there = shares_of(np.eye(5)[[2] * 12])
    reach = np.hypot(1 - 0.025 ** (1 / 4), 1 - 0.025 ** (1 / 12))
    found = here.compare(there)
    dutch = found["Dutch"]
    assert (dutch.difference, dutch.low) == (1, pytest.approx(1 - reach))
    assert np.isnan(found.p_value).all()
    assert not found.sure.any()


def test_p_value_for_certain_predictions_equals_pooled_z_test():
    """The standard deviation is that of the pooled share of both lists."""
    here, there = (
        shares_of_model(
            np.eye(5).repeat([n - k, k, 0, 0, 0], axis=0), model_error=0, n_draws=1000
        )
        for n, k in ((400, 12), (1200, 66))
    )
    pooled = 78 / 1600
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / 400 + 1 / 1200))
    for found in (here.compare(there)["Dutch"], there.compare(here)["Dutch"]):
        expected = 2 * norm.sf(abs(found.difference) / deviation)
        assert found.p_value == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    "params, name",
    [
        ({"n_draws": 300}, "n_draws, got 200 and 300"),
        ({"confidence_level": 0.9}, "confidence_level, got 0.95 and 0.9"),
        ({"model_error": 0.2}, r"error of the model, got 0.5 and 0.2"),
        ({"sharpness": 1.2}, r"sharpness of the model, got 1.0 and 1.2"),
        ({"assumed_prior": [0.1, 0.2, 0.2, 0.2, 0.3]}, "priors of the model"),
        ({"classes": np.array([*"abcde"])}, "labels"),
    ],
    ids=str,
)
def test_compare_with_differently_estimated_list_raises(params, name):
    proba = draw(MIX)
    other = shares_of_model(proba, **params)
    with pytest.raises(ValueError, match=f"Expected results with the same {name}"):
        shares_of(proba).compare(other)


def test_compare_of_groups_with_different_members_raises():
    proba = draw(MIX)
    shares = shares_of(proba)
    here = shares.sums(NORTH)
    there = shares.sums(NORTH | {"North": ["Danish", "Dutch"]})
    message = r"got {'North': \['Danish', 'Norwegian'\]} and {'North': \['Danish', 'Du"
    with pytest.raises(ValueError, match=message):
        here.compare(there)
    with pytest.raises(
        ValueError, match=r"groups, got None and {'North': \['Danish', "
    ):
        shares.compare(here)
    other_order = {"Ireland": ("Irish",), "North": ["Norwegian", "Danish", "Danish"]}
    assert not here.compare(shares.sums(other_order)).difference.any()


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_compare_of_results_from_different_models_raises():
    rows, labels = draw_people(MIX, 400)
    y = CLASSES[labels]
    one, other = (
        estimate_shares(LogisticRegression(C=c).fit(rows, y), rows, n_draws=200)
        for c in (1, 0.01)
    )
    with pytest.raises(ValueError, match="same model, got LogisticRegression-"):
        one.compare(other)


def test_compare_of_shares_with_rates_raises():
    rows, labels = draw_people(MIX, 200)
    shares = shares_of(rows)
    rates = estimate_rates(Known(), rows, outcome=labels == 0, n_draws=200)
    with pytest.raises(TypeError, match="dict of known shares, got Rates"):
        shares.compare(rates)
    with pytest.raises(TypeError, match="two lists are compared by estimate_statistic"):
        rates.compare(rates)


def test_compare_of_grouped_classifiers_with_different_members_raises(shipped, names):
    joined = {"A": ["Turkish", "Dutch"], "B": ["Norwegian", "Danish"]}
    swapped = {"A": ["Turkish", "Norwegian"], "B": ["Dutch", "Danish"]}

    def estimate(model, groups):
        grouped = GroupedClassifier(model, groups=groups)
        return estimate_shares(grouped, names, n_draws=200)

    mine = estimate(shipped, joined)
    again = estimate(make_pipeline(shipped), joined)
    theirs = estimate(GroupedClassifier(shipped, groups=swapped), {})
    with pytest.raises(ValueError, match="same groups in the model, got {'B': .*'A'"):
        mine.compare(theirs)
    assert not mine.compare(again, same_source=True).difference.any()


def test_shares_summed_by_empty_dict_of_groups_have_no_rows():
    here = shares_of(draw(MIX)).sums({})
    found = here.compare(shares_of(draw(OTHER)).sums({}))
    assert len(here) == len(found) == 0
    _, counts = repr(here).splitlines()
    assert counts == "500 rows: 500 names (500 distinct), 0 not names"


# ---- What cannot be distinguished


def test_sums_distinguish_integer_labels_above_2_to_the_53():
    """As floats, neighbouring integers would be equal."""
    labels = [2**53 + k for k in range(4)]
    classes = np.array(labels, dtype=np.uint64)
    groups = {"even": labels[::2], "first": labels[:2], "last": labels[2:]}
    proba = np.eye(4)[np.arange(200) % 2]
    shares = shares_of(proba, classes, n_draws=200)
    assert_allclose(shares.sums(groups).share, [0.5, 1, 0], atol=1e-6)
    for names in ([2**63 + 1, 5], [0.5, 2]):
        groups = dict.fromkeys(names, labels[:2])
        assert shares.sums(groups).label.tolist() == names


def test_sums_with_column_instead_of_groups_raise():
    shares = shares_of(draw(MIX))
    for groups in ([2000, 2001], pd.Series([2000, 2001]), 3):
        with pytest.raises(TypeError, match=r"parts of the rows, .* as by=df\["):
            shares.sums(groups)
    with pytest.raises(ValueError, match="'Welsh'"):
        shares.sums({"British": ["Welsh"]})


def test_sums_of_grouped_shares_sum_original_labels():
    shares = shares_of(draw(MIX))
    again = shares.sums(NORTH).sums({"Benelux": ["Dutch"]})
    assert vars(again["Benelux"]) == vars(shares["Dutch"]) | {"label": "Benelux"}


# ---- What it is


def test_printed_shares_show_shares_and_intervals():
    shares = shares_of(np.eye(5)[[1] * 300 + [2] * 100])
    printed = """\
label       share   95 % interval (coverage not measured)
Dutch       75.0%   71.0% to 79.0%
Irish       25.0%   21.0% to 29.0%
3 others: 0.0% together
400 rows: 400 names (400 distinct), 0 not names"""
    assert_prints(repr(shares), printed, abs=1)


@pytest.mark.parametrize(
    "counts, n_shown, others",
    [
        (2 ** np.arange(13)[::-1], 10, "3 others: 0.1% together"),
        ([9990, 6, 4, *[0] * 10], 2, "11 others: 0.0% together"),
    ],
)
def test_printed_shares_show_at_most_ten_labels_and_omit_tiny_shares(
    counts, n_shown, others
):
    classes = np.array(["longer than the header", *"bcdefghijklm"])
    shares = shares_of(np.eye(13), classes, counts=counts, n_draws=200)
    _, *rows = repr(shares).splitlines()
    assert rows[n_shown] == others
    assert len({row.index("%") for row in rows[:n_shown]}) == 1


def test_printed_shares_of_groups_show_all_groups():
    groups = {f"group {k}": ["Danish"] for k in range(11)}
    shares = shares_of(draw([0, 0, 0, 0.5, 0.5]))
    _, *lines = repr(shares.sums(groups)).splitlines()
    assert [line.split("  ")[0] for line in lines[:-1]] == [*groups]


def test_printed_comparison_of_groups_shows_ten_largest_differences():
    groups = {"equal": ["Irish"], "more": ["Danish"], "fewer": ["Dutch"]}
    groups |= {f"few {k}": ["Danish", "Dutch"] for k in range(11)}
    here = shares_of(np.eye(5).repeat([50, 50, 30, 0, 0], axis=0)).sums(groups)
    there = shares_of(np.eye(5).repeat([59, 40, 30, 0, 0], axis=0)).sums(groups)
    _, *lines, others, _ = repr(here.compare(there)).splitlines()
    assert [line.split("  ")[0] for line in lines[:2]] == ["fewer", "more"]
    assert len(lines) == 10
    assert others == "4 others: none is sure"
    _, others, _ = repr(here.compare(here, same_source=True)).splitlines()
    assert others == "14 others: none is sure"


def test_draws_of_groups_are_computed_once_and_cached():
    of_groups = shares_of(draw(MIX, 60)).sums({"pair": ["Danish", "Dutch"]})
    assert np.shares_memory(of_groups.draws, of_groups.draws)


@pytest.mark.parametrize("join", [False, True])
def test_missing_names_in_table_are_counted_as_not_names(shipped, names, join):
    model = make_pipeline(JoinNames(), shipped) if join else shipped
    column = pd.Series([*names[:120], None, np.nan, pd.NA, ""], dtype=object)
    expected = estimate_shares(shipped, names[:120], n_draws=200)
    found = estimate_shares(model, column.to_frame("name"), n_draws=200)
    assert (found.n_names, found.n_not_names) == (120, 4)
    assert_array_equal(found.share, expected.share)


def test_estimate_shares_without_usable_names_raises(shipped):
    with pytest.raises(ValueError, match="No usable names: .* got 2 without"):
        estimate_shares(shipped, ["", "12"])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        estimate_shares(shipped, [])


def test_tested_coverage_is_reported_only_for_default_settings(shipped, names):
    frozen = FrozenEstimator(shipped)
    calibrated = CalibratedClassifierCV(frozen, method="temperature", cv=2)
    calibrated.fit(np.resize(names, 148), np.resize(shipped.classes_, 148))

    def estimate(model=shipped, **params):
        return estimate_shares(model, names[:120], n_draws=200, **params)

    held = shipped[-1].network_.measured.coverage
    shares = estimate()
    assert shares.coverage == held
    of_regions = shares.sums("region")
    for other in (
        of_regions,
        estimate(confidence_level=0.9),
        estimate(assumed_prior="uniform"),
        estimate(GroupedClassifier(shipped, groups="region")),
        estimate(calibrated),
        estimate(checked=np.resize(["Turkish", "Dutch"], 120)),
    ):
        assert other.coverage is None
    header, *_ = repr(shares).splitlines()
    assert header.endswith(f"share   interval (coverage {100 * held:.0f} % in tests)")
    header, *_ = repr(of_regions).splitlines()
    assert header.endswith("   share   95 % interval (coverage not measured)")


def people(**n_of_label):
    """Return the number of held-out people of each label, 500 unless given."""
    return np.array([n_of_label.get(label, 500) for label in CLASSES])


def test_sparse_labels_have_note_and_no_interval_unless_grouped():
    shares = shares_of_model(draw(MIX), n_people=people(Dutch=20, Irish=19))
    assert shares.sparse_labels == ["Irish"]
    for end in (shares.low, shares.high):
        assert_array_equal(np.isnan(end), shares.label == "Irish")
    assert f"{shares['Irish'].share:.1%}   -\n" in repr(shares)
    assert NOTE_ON_SPARSE in repr(shares)
    of_groups = shares.sums({"Atlantic": ["Dutch", "Irish"]})
    assert not np.isnan([of_groups.low, of_groups.high]).any()
    assert NOTE_ON_SPARSE not in repr(of_groups)
    assert shares_of(draw(MIX)).sparse_labels == []


def test_group_with_half_its_share_in_sparse_labels_has_no_interval():
    """The sparse label has 40 names; the other labels have 60, 20 and 40."""
    groups = {"two thirds": ["Dutch", "Norwegian"], "half": ["Dutch", "Turkish"]}
    groups |= {"less": ["Danish", "Dutch"], "without": ["Danish", "Turkish"]}
    proba = np.eye(5)[np.repeat([0, 1, 3, 4], [60, 40, 20, 40])]
    n_people = people(Dutch=19)
    shares = shares_of_model(proba, n_people=n_people)
    of_groups = shares.sums(groups)
    for end in (of_groups.low, of_groups.high):
        assert np.isnan(end).tolist() == [True, True, False, False]
    known = {"Danish": 0.3, "Irish": 0.1, "Turkish": 0.3, "others": 0.3}
    assert np.isnan(shares.compare(known)["others"].low)  # Dutch and Norwegian


def test_group_with_fewer_than_20_held_out_people_is_sparse():
    groups = {"19": ["Irish", "Turkish"], "20": ["Irish", "Norwegian"]}
    n_people = np.array([500, 500, 9, 11, 10])
    proba = np.eye(5)[np.repeat([0, 1], 100)]  # neither label is in the list
    shares = shares_of_model(proba, n_people=n_people)
    assert shares.sparse_labels == ["Irish", "Norwegian", "Turkish"]
    of_groups = shares.sums(groups)
    assert of_groups.sparse_labels == ["19"]
    assert np.isnan(of_groups.high).tolist() == [True, False]


@pytest.mark.parametrize("target", ["nationality", "country"])
def test_grouped_classifier_and_sums_withhold_same_intervals(target, names):
    model = load_pretrained(target)
    params = {"n_draws": 200, "random_state": 0}
    grouped = GroupedClassifier(model, groups="subregion")
    inside = estimate_shares(grouped, names, **params)
    outside = estimate_shares(model, names, **params).sums("subregion")
    withheld = {*outside.label[np.isnan(outside.low)]}
    assert withheld == {*inside.label[np.isnan(inside.low)]}
    assert 0 < len(withheld) < len(outside.label)


def test_difference_of_sparse_label_is_never_sure():
    shares = shares_of_model(draw([0.4, 0.2, 0.4, 0, 0], 400))
    rows = draw([0.4, 0.5, 0.1, 0, 0], 400, 1)
    assert shares.compare(shares_of_model(rows))["Irish"].sure
    other = shares_of_model(rows, n_people=people(Irish=19))
    compared = shares.compare(other, same_source=True)
    irish = compared["Irish"]
    assert irish.difference > 0.2
    assert not irish.sure
    assert np.isnan([irish.low, irish.high]).all()
    assert np.isnan(irish.p_value)
    assert compared["Dutch"].sure
    known = other.compare({"Irish": 0.6, "others": 0.4})
    assert [known["Irish"].sure, known["others"].sure] == [False, True]


@pytest.mark.parametrize("n, is_noted", [(3, True), (0, False)])
def test_note_on_sparse_labels_lists_only_labels_above_one_percent(n, is_noted):
    counts = np.array([100, 50, n, 0, 50])
    sparse = people(Irish=19, Norwegian=19)
    shares = shares_of_model(np.eye(5), counts=counts, n_people=sparse)
    notes = [line for line in repr(shares).splitlines() if NOTE_ON_SPARSE in line]
    step = ': sum labels with similar names, as by sums("subregion")'
    assert notes == [f"{NOTE_ON_SPARSE} about Irish{step}"] * is_noted


def test_shares_with_checked_rows_have_no_sparse_labels(names):
    countries = load_pretrained("country")
    assert "MC" in estimate_shares(countries, names, n_draws=200).sparse_labels
    y = np.full(len(names), None)
    y[::2] = "MC"
    shares = estimate_shares(countries, names, checked=y, n_draws=200)
    assert shares.sparse_labels == []
    assert NOTE_ON_SPARSE not in str(shares)


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_notes_on_custom_labels_do_not_suggest_subregions():
    """The table of subregions lacks these labels: sums("subregion") would raise."""
    classes = np.array(["x", "y"])
    proba = np.full((200, 2), 0.5)  # uninformative names
    n_people = np.array([19, 500])
    shares = shares_of_model(proba, classes, n_people=n_people)
    with pytest.raises(ValueError, match="'x'"):
        shares.sums("subregion")
    text = str(shares)
    assert "wide interval" in text
    assert NOTE_ON_SPARSE in text
    assert text.count("sums({...})") == 2
    assert "subregion" not in text


# ---- Clusters


def width_of(shares, label="Turkish"):
    return shares[label].high - shares[label].low


def test_clusters_of_four_identical_rows_double_interval_width():
    rows = draw(MIX, 100).repeat(4, axis=0)
    params = {"model_error": 0, "n_draws": 1000}
    independent = shares_of_model(rows, **params)
    clustered = shares_of_model(rows, clusters=np.arange(100).repeat(4), **params)
    assert_array_equal(independent.share, clustered.share)
    ratio = width_of(clustered, "Dutch") / width_of(independent, "Dutch")
    assert ratio == pytest.approx(2, rel=0.15)
    # 100 clusters of equal weight hold as much information as 100 names.
    assert clustered.high.min() == pytest.approx(1 - 0.025**0.01, rel=0.02)
    assert "in 100 clusters" in repr(clustered)
    assert clustered.n_clusters == 100


def test_names_recurring_in_ten_clusters_do_not_narrow_intervals(shipped, names):
    """Ten papers by the same authors do not have ten times as many authors."""
    authors = names[::5]
    clusters = np.arange(10 * len(authors))
    params = {"n_draws": 4000, "random_state": 0}
    alone = estimate_shares(shipped, authors, **params)
    recurring = estimate_shares(
        shipped, np.tile(authors, 10), clusters=clusters, **params
    )
    assert width_of(recurring) == pytest.approx(width_of(alone), rel=0.05)
    assert np.nanmin(recurring.high) == pytest.approx(np.nanmin(alone.high))


def test_name_repeated_in_a_cluster_equals_weighted_name(shipped, names):
    clusters = np.arange(len(names)) // 2
    twice = np.arange(len(names)).repeat(1 + (np.arange(len(names)) < 150))
    params = {"n_draws": 200, "random_state": 0}
    found = estimate_shares(shipped, names[twice], clusters=clusters[twice], **params)
    weights = np.bincount(twice)
    expected = estimate_shares(
        shipped, names, clusters=clusters, sample_weight=weights, **params
    )
    assert_allclose(found["Turkish"].share, expected["Turkish"].share, atol=1e-9)
    assert (found.n_names, found.n_distinct) == (400, 250)


def test_intervals_with_clusters_do_not_depend_on_row_order():
    rows = draw(MIX, 180)
    clusters = np.array([f"paper {k // 3}" for k in range(180)])
    order = np.random.default_rng(0).permutation(180)
    params = {"n_draws": 200, "random_state": 0}
    expected = estimate_shares(Known(), rows, clusters=clusters, **params)
    found = estimate_shares(Known(), rows[order], clusters=clusters[order], **params)
    for column in ("share", "low", "high"):
        values = getattr(expected, column)
        assert_allclose(getattr(found, column), values, atol=1e-9)


@pytest.mark.filterwarnings("ignore:There are 10 clusters")
def test_variance_over_clusters_divides_by_number_of_clusters_minus_1():
    """A share of .5 among 10 clusters has the standard deviation sqrt(.25 / 9)."""
    rows = np.eye(5)[np.arange(10) % 2]
    clusters = np.arange(10)
    shares = shares_of_model(rows, model_error=0, n_draws=10_000, clusters=clusters)
    deviation = shares.draws[:, 0].std()
    assert deviation == pytest.approx(np.sqrt(0.25 / 9), rel=0.02)


def test_fewer_than_30_clusters_warn():
    rows = draw(MIX, 120)
    with pytest.warns(UserWarning, match="There are 29 clusters: expected at least 30"):
        shares_of(rows, clusters=np.arange(120) % 29, n_draws=200)
    shares_of(rows, clusters=np.arange(120) % 30, n_draws=200)  # a warning is an error


# ---- Checked rows


def checked_list(n=1000, n_checked=200, seed=0, mix=(0.4, 0.3, 0.2, 0.09, 0.01)):
    """Return probabilities that favour the first class, labels and checked labels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, n, p=mix)
    rows = np.exp(1.5 * (rng.normal(size=(n, 5)) + 2 * np.eye(5)[labels]))
    rows[:, 0] *= 3
    rows /= rows.sum(axis=1, keepdims=True)
    y = np.full(n, None, dtype=object)
    checked = rng.choice(n, n_checked, replace=False)
    y[checked] = CLASSES[labels[checked]]
    return rows, CLASSES[labels], y


def estimate_checked(rows, y, **params):
    params = {"n_draws": 200, "random_state": 0} | params
    return estimate_shares(Known(), rows, checked=y, **params)


def true_shares(labels, shares):
    return np.array([np.mean(labels == label) for label in shares.label])


def test_checked_label_unknown_to_model_has_share_of_checked_rows():
    rows, _, y = checked_list()
    y[np.flatnonzero(y != None)[:50]] = "American"  # noqa: E711
    shares = estimate_checked(rows, y)
    american = shares["American"]
    assert american.share == pytest.approx(0.25, abs=0.01)
    assert 0.18 < american.low < 0.22
    assert 0.28 < american.high < 0.32
    group = shares.sums({"New World": ["American", "Irish"]})["New World"]
    assert group.share == pytest.approx(american.share + shares["Irish"].share)


def test_fully_checked_list_gives_counts_with_exact_intervals():
    rows, labels, _ = checked_list(200)
    shares = estimate_checked(rows, labels)
    assert_allclose(shares.share, true_shares(labels, shares))
    expected = binomtest(int((labels == shares.label[0]).sum()), 200).proportion_ci()
    assert shares.low[0] == pytest.approx(expected.low)
    assert shares.high[0] == pytest.approx(expected.high)
    assert "all names are checked: these are counts" in repr(shares)


def test_intervals_of_checked_rows_without_errors_have_minimum_width():
    rows = np.eye(5)[[1] * 900 + [2] * 100]
    y = np.full(1000, None, dtype=object)
    y[::10] = CLASSES[rows[::10].argmax(axis=1)]
    shares = estimate_checked(rows, y)
    limit = 1 - 0.025 ** (0.9 / 100)  # .9: 100 of 1000 rows are checked
    assert shares["Turkish"].high == pytest.approx(limit)
    assert shares["Turkish"].low == shares["Turkish"].share == 0
    large = shares[CLASSES[1]]
    assert large.low == pytest.approx(large.share - limit / 2)
    assert large.high == pytest.approx(large.share + limit / 2)


def uninformative_names(n):
    """Return distinct names for which all labels are equally probable."""
    return distinct(np.full((n, 5), 0.2))


UNSURE = pytest.mark.filterwarnings(
    "ignore:The model is unsure", "ignore:Only [12]. rows"
)


@UNSURE
@pytest.mark.parametrize("in_clusters, part", [(False, 1 - 12 / 600), (True, 1)])
def test_interval_of_few_checked_rows_equals_t_interval_of_mean(in_clusters, part):
    """The rows are a finite population, but clusters come from an infinite one."""
    y = np.full(600, None, dtype=object)
    y[::50] = ["Danish", "Dutch"] * 6
    params = {"clusters": np.arange(600)} if in_clusters else {}
    params["n_draws"] = 3000
    row = estimate_checked(uninformative_names(600), y, **params)["Danish"]
    deviation = np.sqrt(0.25 / 11 * part)
    assert row.share == pytest.approx(0.5, abs=1e-3)
    # The quantile of t with 11 degrees of freedom; a normal distribution has 1.960.
    assert row.high - row.low == pytest.approx(2 * 2.201 * deviation, rel=0.05)


@UNSURE
def test_interval_of_weighted_checked_rows_equals_t_interval_of_weighted_mean():
    y = np.full(600, None, dtype=object)
    y[::30] = ["Danish", "Dutch"] * 10
    weights = np.ones(600)
    weights[::120] = 3  # for half of the Danish rows
    params = {"sample_weight": weights, "n_draws": 3000}
    row = estimate_checked(uninformative_names(600), y, **params)["Danish"]
    of_checked = weights[::30] / weights[::30].sum()
    errors = (y[::30] == "Danish") - 2 / 3
    variance = ((of_checked * errors) ** 2).sum() * 20 / 19 * (1 - 20 / 600)
    assert row.share == pytest.approx(2 / 3, abs=1e-3)
    # Satterthwaite: the degrees of freedom are those of 8.6 rows of equal weight.
    n_equal = (of_checked**2).sum() ** 2 / (of_checked**4).sum()
    t = student.ppf(0.975, n_equal - 1)
    assert row.high - row.low == pytest.approx(2 * t * np.sqrt(variance), rel=0.05)


def test_interval_of_checked_rows_equals_regression_estimator_interval():
    """The variance is that of the residuals of labels regressed on predictions."""
    rng = np.random.default_rng(1)
    is_danish = np.arange(4000) % 2 == 0
    rows = np.full((4000, 5), 1e-9)
    rows[:, 0] = 1 / (1 + np.exp(rng.normal(1.5 - 3 * is_danish, 2)))
    rows[:, 1] = 1 - rows[:, 0]
    is_checked = rng.random(4000) < 0.1
    y = np.where(is_checked, np.where(is_danish, "Danish", "Dutch"), None)
    row = estimate_checked(rows, y, n_draws=3000)["Danish"]
    fit = linregress(rows[is_checked, 0], is_danish[is_checked])
    assert 0.1 < fit.slope < 0.9  # a slope of 1 would give another estimate
    left = is_danish - fit.slope * rows[:, 0]
    n = is_checked.sum()
    deviation = left[is_checked].std(ddof=1) * np.sqrt((1 - n / 4000) / n)
    assert row.high - row.low == pytest.approx(2 * 1.966 * deviation, rel=0.05)


@pytest.mark.filterwarnings("ignore:The checked rows differ", "ignore:Only 50 rows")
def test_clusters_widen_intervals_of_checked_rows():
    rows, labels, _ = checked_list(100, 50)
    rows = rows.repeat(4, axis=0)
    y = np.where(np.arange(400) % 8 < 4, labels.repeat(4), None)
    independent = estimate_checked(rows, y)
    clustered = estimate_checked(rows, y, clusters=np.arange(100).repeat(4))
    assert width_of(clustered, "Danish") > 1.7 * width_of(independent, "Danish")


def test_unequal_clusters_have_exact_limit_of_effective_cluster_number():
    clusters = np.maximum(np.arange(100) - 59, 0)  # 60 names, and 40 times one name
    shares = shares_of_model(np.eye(5)[[1] * 100], clusters=clusters)
    n_effective = 100**2 / (60**2 + 40)
    assert shares["Irish"].high == pytest.approx(1 - 0.025 ** (1 / n_effective))


@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_rows_with_weight_0_do_not_count_as_checked_or_as_clusters():
    weights = np.repeat([1, 0], [60, 10])
    index = np.arange(70) % 2
    params = {"sample_weight": weights, "clusters": np.arange(70)}
    shares = estimate_checked(np.eye(5)[index], CLASSES[index], **params)
    assert (shares.n_checked, shares.n_clusters) == (60, 60)


def test_digest_of_list_depends_on_clusters():
    def digest(clusters):
        return list_of_rows(draw(MIX, 10), CLASSES, {"clusters": clusters}).digest

    assert digest(np.arange(10) // 5) != digest(np.arange(10) % 2)


@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_counts_summing_to_just_below_2_to_the_63_are_accepted():
    shares = estimate_shares(Known(), np.eye(5)[:2], counts=[2**62, 2**62 - 2048])
    assert shares.n_names == 2**63 - 2048


def test_warning_of_few_names_ignores_texts_with_count_0(shipped):
    message = r"got 1 \(2 of 3 rows are not names: 2 [^,0]*\)"
    with pytest.warns(UserWarning, match=message):
        estimate_shares(shipped, ["Anna Müller", "", "123"], counts=[1, 0, 2])


@pytest.mark.filterwarnings("ignore:The checked rows differ", "ignore:There are")
@pytest.mark.parametrize("n_clusters, is_tested", [(9, False), (10, True)])
def test_shares_of_checked_rows_have_p_value_only_from_ten_clusters(
    n_clusters, is_tested
):
    rows, labels, _ = checked_list(360, 360)
    y = np.where(np.arange(360) < 180, labels, None)
    clusters = np.arange(360) % n_clusters
    shares = estimate_checked(rows[::-1], y[::-1], clusters=clusters)
    found = shares.compare({"Danish": 0.2, "others": 0.8})
    assert np.isfinite(found["Danish"].p_value) == is_tested


def test_checked_rows_at_start_of_list_or_fewer_than_100_warn():
    rows, labels, y = checked_list()
    estimate_checked(rows, y)  # a warning is an error
    y = np.where(np.arange(1000) < 200, labels, None)
    with pytest.warns(UserWarning, match="checked rows are the first ones of the list"):
        estimate_checked(rows, y)
    rows, _, y = checked_list(n_checked=99)
    with pytest.warns(UserWarning, match="Only 99 rows are checked: expected at least"):
        estimate_checked(rows, y)


HOUSEHOLDS = np.arange(900) // 3


@pytest.fixture(scope="module")
def register():
    """Return probabilities of 900 people, labels, and who is in the small stratum.

    Most of its 99 people are Turkish, but few of the other people. The members of a
    household are alike.
    """
    rng = np.random.default_rng(0)
    is_small = np.arange(900) < 99
    is_turkish = rng.random(900) < np.where(is_small, 0.9, 0.02)
    labels = np.where(is_turkish, 4, rng.integers(4, size=900))
    labels = np.sort(labels + 10 * ~is_small) % 10
    rows = np.exp(3 * rng.normal(size=(900, 5)) + 9 * np.eye(5)[labels])
    return rows / rows.sum(axis=1, keepdims=True), CLASSES[labels], is_small


def count_alarms(register, draw_rows, n=10, clusters=None):
    """Count draws that warn that checked rows were not drawn at random."""
    rows, labels, _ = register
    n_alarms = 0
    for seed in range(n):
        y = np.where(draw_rows(np.random.default_rng(seed)), labels, None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            estimate_checked(rows, y, n_draws=200, clusters=clusters)
        n_alarms += any("differ from the others" in str(w.message) for w in caught)
    return n_alarms


@pytest.mark.parametrize("clusters", [None, HOUSEHOLDS])
def test_checked_rows_drawn_at_random_rarely_warn(register, clusters):
    def draw_rows(rng):
        return rng.permutation(900) < 200

    assert count_alarms(register, draw_rows, 40, clusters) <= 2


def test_checked_households_drawn_at_random_rarely_warn(register):
    """Members of a household are alike, so drawn households vary more than rows."""

    def draw_rows(rng):
        return (rng.permutation(300) < 60)[HOUSEHOLDS]

    assert count_alarms(register, draw_rows, 40, HOUSEHOLDS) <= 2
    assert count_alarms(register, draw_rows, 40) > 2


@pytest.mark.parametrize("clusters", [None, np.arange(900), HOUSEHOLDS])
def test_checked_rows_oversampled_from_stratum_warn(register, clusters):
    """12 % of the people are Turkish, but 31 % of the checked rows."""
    _, _, is_small = register

    def draw_rows(rng):
        chance = np.where(is_small, 66 / 99, 134 / 801)
        return rng.random(900) < chance

    assert count_alarms(register, draw_rows, clusters=clusters) == 10


def test_checked_rows_with_least_sure_predictions_warn():
    """Their labels are distributed as in the list; only probabilities differ."""
    labels = np.arange(900) % 5
    rng = np.random.default_rng(0)
    rows = np.exp(rng.normal(size=(900, 5)) + 4 * np.eye(5)[labels])
    rows /= rows.sum(axis=1, keepdims=True)
    least_sure_first = rows.max(axis=1).reshape(180, 5).argsort(axis=0)
    is_drawn = least_sure_first.argsort(axis=0).ravel() < 40  # 40 of each label
    y = np.where(is_drawn, CLASSES[labels], None)
    with pytest.warns(UserWarning, match="differ from the others in their probabili"):
        estimate_checked(rows, y)


def test_unchecked_rows_of_single_label_warn(register):
    """Only Dutch people are unchecked, which hardly shows in the 870 checked rows."""
    _, labels, _ = register
    dutch = np.flatnonzero(labels == "Dutch")

    def draw_rows(rng):
        is_drawn = np.full(900, True)
        is_drawn[rng.choice(dutch, 30, replace=False)] = False
        return is_drawn

    assert count_alarms(register, draw_rows, 5) == 5


def test_checked_rows_with_equal_probabilities_do_not_warn():
    rows = np.tile([0.5, 0.3, 0.2, 0, 0], (300, 1))
    is_checked = np.random.default_rng(0).permutation(300) < 150
    y = np.where(is_checked, "Danish", None)
    estimate_checked(rows + 1e-15 * np.arange(300)[:, None], y)  # a warning is an error


def test_sums_by_region_omit_checked_label_unknown_to_model(shipped, names):
    y = np.resize(["American", "Dutch"], len(names))
    shares = estimate_shares(shipped, names, checked=y, n_draws=200)
    members = {*chain(*shares.sums("region").members.values())}
    assert members == {*shipped.classes_}
    assert shares["American"].share > 0.4


@pytest.mark.parametrize(
    "params, message",
    [
        (
            {"checked": ["Irish"]},
            r"label or None for each of 3 names, got shape",
        ),
        ({"checked": [None] * 3}, "Expected labels of some rows in checked, got none."),
        ({"checked": ["Irish", "", None]}, "Expected None in checked for rows that w"),
        ({"checked": ["irish", "x", None]}, "None of the labels is one of the model's"),
        ({"checked": [1, "Irish", None]}, "checked and of the model that are all str"),
        ({"checked": ["Irish", None, None]}, "Expected two or more names that are che"),
    ],
    ids=str,
)
def test_invalid_checked_labels_raise(params, message):
    with pytest.raises(ValueError, match=message):
        estimate_shares(Known(), np.eye(5)[:3], **params)


def test_checked_rows_that_are_not_names_are_ignored_with_warning(shipped, names):
    listed = ["", *names[:120], "7"]
    y = [None, None, *["Turkish"] * 110, *[None] * 9, "Turkish"]
    with pytest.warns(UserWarning, match="Left out 1 checked row without a name"):
        shares = estimate_shares(shipped, listed, checked=y, n_draws=200)
    assert (shares.n_checked, shares.n_not_names) == (110, 2)


def test_printed_shares_list_checked_labels_unknown_to_model():
    rows, _, y = checked_list()
    checked = np.flatnonzero(y != None)  # noqa: E711
    y[checked[:2]] = ["American", "unknown"]
    note = "labels that the model lacks: American, unknown"
    assert note in repr(estimate_checked(rows, y))


def test_compare_accepts_label_missing_from_one_list():
    """Distances to interval ends add in quadrature; a share of 0 has an exact limit."""
    rows, _, y = checked_list()
    other_rows = (rows + 1e-5) / (1 + 5e-5)  # so that these count as other names
    without = estimate_checked(other_rows, y)
    y[np.flatnonzero(y != None)[:50]] = "American"  # noqa: E711
    shares = estimate_checked(rows, y)
    row = shares["American"]
    found = shares.compare(without)["American"]
    assert (found.other, found.difference, found.sure) == (0, row.share, True)
    reach = np.hypot(row.share - row.low, 1 - 0.025 ** (0.8 / 200))
    assert found.low == pytest.approx(row.share - reach)
    compared = estimate_shares(Known(), other_rows, n_draws=200).compare(shares)
    unknown = compared["American"]
    assert np.isnan(unknown.difference)
    assert (unknown.low, unknown.high, unknown.sure) == (-1, 1, False)
    assert "nan" not in repr(compared)


def test_compare_of_different_results_for_same_names_raises():
    """Their draws are paired, so that the sampling error of names would cancel."""
    rows, _, y = checked_list()
    shares = estimate_shares(Known(), rows, n_draws=200)
    checked = estimate_checked(rows, y)
    with pytest.raises(ValueError, match="of different lists, got two of the same na"):
        checked.compare(shares)
    with pytest.raises(ValueError, match="of different lists, got two of the same na"):
        estimate_statistic(np.subtract, shares, checked)
    one, other = (
        estimate_rates(Known(), rows, outcome=np.arange(1000) % k == 0, n_draws=200)
        for k in (2, 3)
    )
    with pytest.raises(ValueError, match="outcomes together, as outcome="):
        estimate_statistic(np.subtract, one, other)
    again = estimate_shares(Known(), rows[::-1], n_draws=200)
    assert not again.compare(shares).difference.any()
    estimate_statistic(np.subtract, shares, again)


@pytest.mark.filterwarnings("ignore:.*checked rows")
def test_parts_with_same_names_and_different_checked_labels_are_compared():
    """Parts of one call have draws of their own."""
    rows, labels, _ = checked_list(200)
    by = np.repeat([1, 2], 200)
    y = np.where(np.arange(400) % 2, np.tile(labels, 2), None)
    y[201::8] = "Irish"
    params = {"checked": y, "by": by, "n_draws": 200}
    parts = estimate_shares(Known(), np.concatenate([rows, rows]), **params)
    assert parts.compare()[1].difference.any()
    estimate_statistic(np.subtract, *parts.values(), same_source=True)


# ---- A known mix


def test_compare_with_known_shares_sums_remaining_labels_as_others():
    shares = shares_of(draw(MIX))
    known = {"Turkish": 0, "Dutch": 0.05, "others": 0.95}
    found = shares.compare(pd.Series(known))
    assert found.label.tolist() == ["others", "Dutch", "Turkish"]
    assert found["others"].other == 0.95
    assert (found["Dutch"].sure, found["Turkish"].sure) == (True, False)
    assert "a census counts birth or citizenship, and this counts names" in repr(found)
    assert shares.compare({"Dutch": 0.3}).label.tolist() == ["Dutch"]


def test_interval_of_checked_rows_without_errors_uses_model_variance():
    """Each row has its most probable label, whose probability is .97."""
    is_danish = np.arange(900) % 3 > 0
    rows = np.where(is_danish[:, None], [0.97, 0.03, 0, 0, 0], [0.03, 0.97, 0, 0, 0])
    is_checked = np.random.default_rng(1).permutation(900) < 150
    y = np.where(is_checked, np.where(is_danish, "Danish", "Dutch"), None)
    row = estimate_checked(distinct(rows), y, n_draws=3000)["Danish"]
    deviation = np.sqrt(0.97 * 0.03 / 150 * (1 - 150 / 900))
    t = student.ppf(0.975, 149)
    assert row.high - row.low == pytest.approx(2 * t * deviation, rel=0.1)


def test_draws_with_checked_rows_sum_to_1_and_average_to_estimate():
    rows, _, y = checked_list(1000, 200)
    shares = estimate_checked(rows, y, n_draws=1000)
    assert shares.draws.min() >= 0
    assert_allclose(shares.draws.sum(axis=1), 1)
    off = shares.draws.mean(axis=0) - shares.share
    assert (np.abs(off) < 0.15 * shares.draws.std(axis=0)).all()


@pytest.mark.parametrize(
    "known, message",
    [
        ({"Elvish": 0.1}, "known got 'Elvish', but .* such as .'others', "),
        ({"Ireland": 0.1}, r"known got 'Ireland', but .* such as \['Irish'\]: see"),
        ({"Dutch": -0.1}, "Expected known shares from 0 to 1, got -0.1 of 'Dutch'"),
        ({"Dutch": "all"}, "Expected known shares from 0 to 1, got 'all' of 'Dutch'"),
        ({"Dutch": 0.8, "Irish": 0.5}, "known shares that sum to 1, got 1.3"),
        ({"Dutch": 0.3, "others": 0.3}, "known shares that sum to 1, got 0.6"),
        ({}, "Expected known shares of some labels, got none"),
    ],
    ids=str,
)
def test_compare_with_invalid_known_shares_raises(known, message):
    with pytest.raises(ValueError, match=message):
        shares_of(draw(MIX)).compare(known)


def test_known_shares_of_groups_with_others_raise():
    shares = shares_of(draw(MIX)).sums(NORTH)
    assert shares.compare({"North": 0.5}).label.tolist() == ["North"]
    with pytest.raises(ValueError, match="groups may overlap"):
        shares.compare({"North": 0.5, "others": 0.5})
