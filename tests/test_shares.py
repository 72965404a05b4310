"""estimate_shares: the mix of a list, its intervals, and what is counted apart."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binomtest, norm
from scipy.stats import t as student
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sknames import (
    GroupedClassifier,
    JoinNames,
    PriorShiftClassifier,
    estimate_rates,
    estimate_shares,
    load_pretrained,
)
from sknames._shares.comparison import hold_together
from sknames._shares.draws import Draws
from sknames._shares.mix import distinct_names, estimate_mix
from sknames._shares.name_list import check_clusters
from sknames._shares.shares import confused_pairs
from sknames.datasets import make_names
from sknames.pretrained._load_pretrained import BIAS, TARGETS, read_columns
from tests.conftest import CLASSES, Known, draw_people, shares_of
from tools.measuring import shares_of_rows

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

UNIFORM = np.full(5, 0.2)
MIX = [0.4, 0.3, 0.2, 0.1, 0]


@pytest.fixture(scope="module")
def names():
    drawn = []
    for nationality, n in {"Turkish": 150, "Dutch": 60, "Norwegian": 40}.items():
        names, _ = make_names(n, nationalities=[nationality], random_state=0)
        drawn.append(names)
    return np.concatenate(drawn)


def draw(mix, n=500, seed=0, twins=False):
    """Probabilities of n people of a mix, which are right where priors are uniform."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, n, p=mix)
    seen = np.where(twins & (labels == 3), 0, labels)
    logits = rng.normal(size=(n, 5)) + 3 * np.eye(5)[seen]
    # Of normal logits with these means, 3 x the logit is the logarithm of the
    # likelihood ratio.
    ratios = np.exp(3 * logits)
    if twins:  # Danish and Norwegian people have the same names, but for a little
        side = rng.choice([-1, 1], n)
        side[labels == 0] = -1
        side[labels == 3] = 1
        odds = np.exp(0.3 * (0.15 * side + rng.normal(size=n)))
        ratios[:, 3] = ratios[:, 0] * 2 * odds / (1 + odds)
        ratios[:, 0] *= 2 / (1 + odds)
    return ratios / ratios.sum(axis=1, keepdims=True)


def shares_of_model(proba, classes=CLASSES, clusters=None, counts=None, **params):
    """Estimate the shares of names of a model with an error, or people, of its own."""
    given = {}
    if counts is not None:
        given["counts"] = counts
    if clusters is not None:
        given["clusters"] = check_clusters(clusters, np.full(len(proba), True))
    asked = {"n_draws": 200}
    for name in ("n_draws", "groups", "confidence_level"):
        if name in params:
            asked[name] = params.pop(name)
    return shares_of_rows(proba, classes, given, asked, **params)


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_sharpness_is_a_power_of_likelihood_ratios():
    proba = draw(MIX, 60)
    assumed = np.array([0.1, 0.2, 0.2, 0.2, 0.3])
    sharp = (proba / assumed) ** 1.5 * assumed
    sharp /= sharp.sum(axis=1, keepdims=True)
    found = shares_of_model(proba, assumed_prior=assumed, sharpness=1.5)
    expected = shares_of(sharp, assumed_prior=assumed)
    assert (
        abs(found.share - shares_of(proba, assumed_prior=assumed).share).max() > 0.001
    )
    assert_allclose(found.share, expected.share, atol=1e-9)


def test_shares_of_real_names_are_near_their_mix(shipped, names):
    shares = estimate_shares(shipped, names, random_state=0)
    assert shares.label[:3].tolist() == ["Turkish", "Dutch", "Norwegian"]
    assert_allclose(shares.share[:3], [0.6, 0.24, 0.16], atol=0.04)
    assert (np.diff(shares.share) <= 0).all()
    assert shares.share.sum() == pytest.approx(1)
    assert shares.draws.shape == (1000, 74)
    assert_allclose(shares.draws.sum(axis=1), 1)
    assert (shares.n_names, shares.n_not_names) == (250, 0)
    assert type(shares.n_names) is int  # not of numpy, which JSON cannot hold


def test_shares_and_pseudo_names_are_the_priors_of_the_classifier(shipped, names):
    adapted = PriorShiftClassifier(shipped).fit(names)
    assumed = shipped["classify"].class_prior_
    shares = estimate_shares(shipped, names, assumed_prior=assumed, n_draws=2)
    found = np.array([shares[label].share for label in adapted.classes_])
    pull = (
        (assumed - found)
        @ (adapted.class_prior_ - found)
        / ((assumed - found) ** 2).sum()
    )
    assert_allclose(adapted.class_prior_, found + pull * (assumed - found), atol=1e-9)
    assert 3 / 253 < pull < 4 / 254


@pytest.mark.parametrize("given", [{}, {"model_error": 0.3}])
def test_intervals_hold_an_error_of_the_model_in_each_class(given):
    """Chance adds little to a long list; two classes have the error * sqrt(2)."""

    def row_of_a(odds):
        rows = np.column_stack([odds, np.ones(len(odds))]) / (1 + odds)[:, None]
        return shares_of_model(rows, np.array(["a", "b"]), n_draws=1000, **given)["a"]

    odds = np.exp(np.random.default_rng(0).normal(0.4, 3, 5_000))
    more = row_of_a(odds * np.exp(0.1)).share
    slope = (more - row_of_a(odds / np.exp(0.1)).share) / 0.2
    row = row_of_a(odds)
    width = row.high - row.low
    error = given.get("model_error", 0.5)
    assert width == pytest.approx(2 * 1.96 * error * 2**0.5 * slope, rel=0.15)


def test_order_and_counts_of_distinct_names_do_not_matter(shipped, names):
    names = [*names, *names[:20], "", "7", "7"]
    distinct = pd.Series(names).value_counts().astype(np.uint16)
    params = {"n_draws": 50}
    expected = estimate_shares(shipped, names, random_state=0, **params)
    every = [names[::-1], pd.Series(names), iter(names), distinct.index]
    for X, counts in zip(every, [None, None, None, distinct], strict=True):
        found = estimate_shares(shipped, X, counts=counts, random_state=0, **params)
        for column in ("label", "share", "low", "high", "draws"):
            assert_array_equal(getattr(found, column), getattr(expected, column))
        assert (found.n_names, found.n_distinct, found.n_not_names) == (270, 250, 3)


def test_last_bits_hardly_matter():
    """They differ from processor to processor, and must not decide who is drawn."""
    proba = draw(MIX, 40)
    noise = 1 + 1e-12 * np.random.default_rng(0).standard_normal(proba.shape)
    one = shares_of(proba)
    other = shares_of(proba * noise)
    assert_allclose(one.draws, other.draws, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "name, first", [("Anna Müller", "German"), ("John Smith", "English")]
)
def test_one_name_twenty_times_gets_the_answer_of_the_model(shipped, name, first):
    shares = estimate_shares(shipped, [name] * 20, random_state=0)
    assert shares.label[0] == first
    assumed = shares.assumed_prior
    answer = (shipped.predict_proba([name])[0] / assumed) ** shares.sharpness * assumed
    share = [shares[label].share for label in shipped.classes_]
    assert share == pytest.approx(answer / answer.sum(), abs=1e-6)
    assert shares.low[0] < 0.03
    assert shares.high[0] > 0.97


def test_few_distinct_names_are_warned_of(shipped, names):
    message = "expected at least 100 distinct names, got 99. Read the intervals"
    with pytest.warns(UserWarning, match=message):
        estimate_shares(shipped, [*names[:99], *names[:50]], n_draws=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate_shares(shipped, [*names[:100]], n_draws=2)


def test_few_names_among_other_texts_warn_of_these(shipped, names):
    X = [*names[:2], "Anna Kim and Jan Nowak", "Ida & Bo Berg", "7", "8"]
    message = (
        r"got 2 \(306 of 308 rows are not names: 302 several names, 4 no known letter\)"
    )
    with pytest.warns(UserWarning, match=message):
        estimate_shares(shipped, X, counts=[1, 1, 300, 2, 4, 0], n_draws=2)


def test_lists_of_initials_are_warned_of(shipped, names):
    words = [name.split() for name in names[:120]]
    forms = [f"{first[0]}. {last}" for first, *_, last in words[:30]]
    forms += [f"{last}, {first[0]}.-P. K." for first, *_, last in words[30:61]]
    most = [*forms, *names[61:120], "7"]
    half = [*forms[:60], *names[60:120]]
    adapted = PriorShiftClassifier(shipped)
    with pytest.warns(UserWarning, match="Most of these names have initials"):
        estimate_shares(shipped, most)
    with pytest.warns(UserWarning, match="Most of these names have initials"):
        adapted.fit(most)
    estimate_shares(shipped, half)  # a warning is an error
    adapted.fit(half)


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_wide_intervals_say_what_helps():
    rows = np.full((200, 2), 0.5)
    classes = np.array(["US", "CA"])
    note = "US has a wide interval, since others"
    assert note in repr(shares_of(rows, classes))
    assert "wide" not in repr(shares_of(rows[:90], classes))  # they are warned of
    assert "wide" not in repr(shares_of(np.eye(2).repeat(100, axis=0), classes))


def test_counts_of_a_census_take_no_memory():
    """All names in one array would be 8 TB."""
    shares = shares_of(np.eye(5), counts=np.full(5, 2 * 10**11), n_draws=50)
    assert shares.n_names == 10**12
    assert_allclose(shares.share, 0.2)
    assert shares.n_distinct == 5
    assert (shares.high > 0.5).all()


@pytest.mark.parametrize("counts", [[1], [1, -1], [1.5, 2], [[1], [2]]], ids=str)
def test_wrong_counts_raise(shipped, counts):
    message = "Expected counts of 2 names, integers from 0; got "
    with pytest.raises(ValueError, match=message):
        estimate_shares(shipped, ["Niamh", "Emre"], counts=counts)


def test_weights_give_the_shares_of_counts():
    proba = draw([0.5, 0.2, 0.1, 0.1, 0.1], 60)
    weights = np.arange(60) % 4
    weighted = shares_of(proba, sample_weight=weights)
    counted = shares_of(proba, counts=weights)
    for column in ("label", "share", "low", "high"):
        found = getattr(weighted, column)
        assert_array_equal(found, getattr(counted, column))
    assert (weighted.n_names, counted.n_names) == (60, 90)
    for scale in (1e-9, 1e9):
        scaled = shares_of(proba, sample_weight=scale * weights)
        assert_allclose(scaled.low, weighted.low, atol=1e-7)


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA], ids=str)
def test_what_is_no_name_needs_no_weight(shipped, names, blank):
    weights = 1 + np.arange(120) % 2
    params = {"n_draws": 2, "random_state": 0}
    expected = estimate_shares(shipped, names[:120], sample_weight=weights, **params)
    X = [*names[:120], "", "7"]
    given = [*weights, blank, blank]
    found = estimate_shares(shipped, X, sample_weight=given, **params)
    assert_array_equal(found.share, expected.share)
    with pytest.raises(ValueError, match="sample_weight"):
        estimate_shares(shipped, X, sample_weight=given[::-1])


def test_bias_of_the_model_on_people_is_taken_out_of_shares(shipped, names):
    """People of a label with a bias get too small a probability."""
    columns = read_columns(BIAS, "nationality")
    bias = dict(zip(columns["label"], map(float, columns["bias"]), strict=True))
    bias = np.array([bias[label] for label in shipped.classes_])
    shares = estimate_shares(shipped, names, n_draws=2)
    prior = shipped["classify"].class_prior_
    expected = prior * np.exp(-bias)
    assert_allclose(shares.assumed_prior, expected / expected.sum())


# ---- Intervals


def test_resamples_agree_with_starting_anew():
    """One step from the list's shares, against an estimate of each resample."""
    names = distinct_names(draw(MIX, 300), np.ones(300), UNIFORM)
    proba = names.ratios / names.ratios.sum(axis=1, keepdims=True)
    shares = shares_of_model(proba, n_draws=500, model_error=0)
    resamples = shares.draws
    rng = np.random.default_rng(0)
    anew = []
    for drawn in rng.integers(300, size=(500, 300)):
        again = replace(names, ratios=names.ratios[drawn])
        anew.append(estimate_mix(again, UNIFORM).shares)
    order = np.searchsorted(CLASSES, shares.label)
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        found = np.quantile(resamples, q, axis=0)
        expected = np.quantile(anew, q, axis=0)[order]
        assert_allclose(found, expected, atol=0.01)
    half = shares_of(proba, confidence_level=0.5)
    common = half.share > 0.05
    quarter = np.quantile(half.draws, 0.25, axis=0)
    assert_allclose(half.low[common], quarter[common])


def test_mean_of_resamples_is_the_estimate():
    """The gradient at the estimate is not 0, and would move every resample."""
    shares = shares_of_model(draw(MIX, 60), model_error=0, n_draws=5_000)
    error = shares.draws.std(axis=0) / 5_000**0.5
    assert 60 * shares.share[3] > 1
    assert (abs(shares.draws.mean(axis=0) - shares.share) <= 4 * error)[:4].all()


def test_intervals_cover():
    """In a world where the model is right: of 60 lists, with 5 shares each."""
    mix = np.array([0.4, 0.3, 0.2, 0.09, 0.01])
    covered = []
    for seed in range(60):
        shares = shares_of(draw(mix, 200, seed))
        true = mix[np.searchsorted(CLASSES, shares.label)]
        covered += ((shares.low <= true) & (true <= shares.high)).tolist()
    assert 0.91 < np.mean(covered) < 0.99


def test_table_shows_the_level_as_it_is():
    text = repr(shares_of(draw(UNIFORM, 50), confidence_level=0.975))
    assert text.splitlines()[0].endswith("97.5 % interval (coverage not measured)")


def test_nationality_of_no_one_has_the_exact_upper_limit():
    """The upper limit of 0 of n is exact: 1 - .025 ** (1 / n)."""
    rows = np.eye(5)[[1] * 60 + [2] * 40]
    shares = shares_of(rows)
    for row in (shares[label] for label in ("Danish", "Norwegian", "Turkish")):
        assert (row.share, row.low) == (0, 0)
        assert row.high == pytest.approx(1 - 0.025**0.01)
    half = shares_of(rows, confidence_level=0.5)
    assert half["Danish"].high == pytest.approx(1 - 0.25**0.01)
    # These weights tell as much as (60 + 80)^2 / (60 + 160) names.
    weighted = shares_of(rows, sample_weight=np.repeat([1, 2], [60, 40]))
    assert weighted["Irish"].high > weighted["Irish"].share > 0.4
    assert weighted["Danish"].high == pytest.approx(1 - 0.025 ** (220 / 140**2))


def test_random_state_decides_the_resamples():
    proba = draw(MIX, 100)
    one, again, other = (shares_of(proba, random_state=seed).low for seed in (0, 0, 1))
    assert_array_equal(one, again)
    assert (one != other).any()
    given = shares_of(proba, random_state=np.random.RandomState(0)).low
    assert_array_equal(one, given)
    two = shares_of(proba, n_draws=2)  # between which the shares need not be
    assert ((two.low <= two.share) & (two.share <= two.high)).all()


def test_resamples_do_not_depend_on_chunks(monkeypatch):
    proba = draw(MIX, 100)
    expected = shares_of(proba).draws
    for chunk in (700, 70):  # of 7 resamples, and of one
        monkeypatch.setattr("sknames._shares.resampling.CHUNK", chunk)
        assert_allclose(shares_of(proba).draws, expected, atol=1e-10)


# ---- Two lists


OTHER = [0.4, 0.05, 0.2, 0.1, 0.25]
NORTH = {"North": ["Danish", "Norwegian"], "Ireland": ["Irish"]}


def test_compare_gives_differences_by_label():
    here = shares_of(draw(MIX), groups=NORTH)
    there = shares_of(draw(OTHER, 300), groups=NORTH)
    found = here.compare(there)
    assert found.label[:2].tolist() == ["Turkish", "Dutch"]
    assert found.sure.tolist() == [True, True, False, False, False]
    assert (np.diff(abs(found.difference)) <= 0).all()
    for row in (found[label] for label in CLASSES):
        assert (row.share, row.other) == (here[row.label].share, there[row.label].share)
        assert row.difference == row.share - row.other
        assert row.low <= row.difference <= row.high
    assert found.groups.label.tolist() == ["Ireland", "North"]
    assert not found.groups.sure.any()
    expected = vars(found["Irish"]) | {"label": "Ireland", "sure": False}
    assert vars(found.groups["Ireland"]) == expected
    assert found.n_names == 500
    assert found.n_names_of_other == 300
    assert found.confidence_level == 0.95
    lines = repr(found).splitlines()
    assert lines[1].startswith("Turkish")
    assert [line.endswith("   sure") for line in lines[1:4]] == [True, True, False]
    interval = f"{found.low[1]:+.1%} to {found.high[1]:+.1%}"
    assert f"  {found.difference[1]:+.1%}   {interval}" in lines[2]
    assert lines[-1] == "500 names against 300"


@pytest.mark.parametrize("same_source", [False, True])
@pytest.mark.parametrize("n_draws", [200, 201])
def test_comparisons_of_two_lists_mirror_each_other(same_source, n_draws):
    here = shares_of(draw(MIX), n_draws=n_draws)
    there = shares_of(draw(OTHER, 300), n_draws=n_draws)
    found = here.compare(there, same_source=same_source)
    back = there.compare(here, same_source=same_source)
    for label in CLASSES:
        assert back[label].difference == -found[label].difference
        assert back[label].low == -found[label].high
        assert back[label].high == -found[label].low
        assert back[label].sure == found[label].sure


def test_compare_shows_all_that_is_sure():
    classes = np.array([f"c{k}" for k in range(30)])
    here = ([40] * 15 + [0] * 15, [0] * 15 + [40] * 15)
    there = [1] * 30
    lists = [shares_of(np.eye(30).repeat(n, axis=0), classes) for n in (*here, there)]
    assert lists[0].compare(lists[1]).sure.all()
    assert len(repr(lists[0].compare(lists[1])).splitlines()) == 32
    assert repr(lists[0].compare(lists[0])).splitlines()[1] == "30 others: none is sure"


def test_printed_comparison_shows_all_groups_and_its_level():
    groups = {f"group {k}": ["Danish", "Irish"] for k in range(12)}
    params = {"groups": groups, "confidence_level": 0.975}
    compared = shares_of(draw(MIX), **params).compare(
        shares_of(draw(MIX, 50), **params)
    )
    lines = repr(compared).splitlines()
    assert lines[0].endswith(" share    other  difference   97.5 % interval")
    assert sum(line.startswith("group ") for line in lines) == 12
    assert len(repr(compared.groups).splitlines()) == 14  # with header and counts


def test_compare_of_one_name_is_not_sure_within_its_interval():
    found = shares_of(np.array([[0.02, 0.02, 0.9, 0.03, 0.03]])).compare(
        shares_of(draw(MIX))
    )
    assert not (found.sure & (found.low < 0) & (found.high > 0)).any()


def test_chance_of_two_lists_is_their_own_and_errors_are_not():
    for error, least, most in [(0, -0.2, 0.2), (2, 0.5, 1)]:
        lists = [
            shares_of_model(draw(MIX, 200, seed), model_error=error) for seed in (0, 1)
        ]
        one, other = (shares.draws[:, 1] for shares in lists)
        assert least < np.corrcoef(one, other)[0, 1] < most
    # Equal lists have equal chance, so a list is paired with other resamples of itself.
    shares = shares_of(draw(MIX))
    assert shares.compare(shares, same_source=True).high.max() < 0.02
    assert shares.compare(shares).high.max() > 0.05


@pytest.mark.parametrize("same_source", [False, True])
def test_interval_of_a_difference_keeps_the_floor_of_each_share(same_source):
    here, there = (shares_of(np.eye(5)[np.arange(n) % 2]) for n in (100, 300))
    found = here.compare(there, same_source=same_source)["Irish"]
    assert (found.share, found.other, found.sure) == (0, 0, False)
    assert found.high == pytest.approx(1 - 0.025**0.01)
    assert found.low == pytest.approx(-(1 - 0.025 ** (1 / 300)))


def test_difference_of_all_and_nobody_has_the_limits_of_both():
    """Without any other variance, the p-value is that of a normal error so large."""
    here = shares_of(np.eye(5)[[1] * 4])
    there = shares_of(np.eye(5)[[2] * 12])
    reach = np.hypot(1 - 0.025 ** (1 / 4), 1 - 0.025 ** (1 / 12))
    found = here.compare(there)
    dutch = found["Dutch"]
    irish = found["Irish"]
    assert (dutch.difference, dutch.low) == (1, pytest.approx(1 - reach))
    assert (irish.difference, irish.high) == (-1, pytest.approx(reach - 1))
    assert found.p_value[0] == pytest.approx(2 * norm.sf(1.96 / reach), rel=1e-3)


def test_sure_holds_for_all_labels_together():
    """Some of 500 intervals miss the difference of like lists; few pairs are sure."""
    n_sure = n_missed = 0
    for seed in range(0, 200, 2):
        one, other = (
            shares_of_model(draw(UNIFORM, 150, seed + k), model_error=0) for k in (0, 1)
        )
        found = one.compare(other)
        n_sure += found.sure.any()
        n_missed += (found.low * found.high > 0).sum()
    assert 5 < n_missed < 50
    assert n_sure < 12


@pytest.mark.parametrize(
    "params, name",
    [
        ({"n_draws": 100}, "n_draws, got 200 and 100"),
        ({"confidence_level": 0.9}, "confidence_level, got 0.95 and 0.9"),
        (
            {"model_error": 0.2},
            r"error of the model, got 0.5 and 0.2",
        ),
        ({"assumed_prior": [0.1, 0.2, 0.2, 0.2, 0.3]}, "priors of the model"),
        ({"classes": np.array([*"abcde"])}, "labels"),
        (
            {"groups": NORTH},
            r"groups, got None and {'North': \['Danish', 'Norw",
        ),
    ],
    ids=str,
)
def test_lists_that_were_not_estimated_alike_are_not_compared(params, name):
    proba = draw(MIX)
    other = shares_of_model(proba, **params)
    with pytest.raises(ValueError, match=f"Expected results with the same {name}"):
        shares_of(proba).compare(other)
    with pytest.raises(TypeError, match="or a dict of known shares, got list"):
        other.compare([0.5])


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_results_of_two_models_with_the_same_labels_are_not_compared():
    rows, labels = draw_people(MIX, 400)
    y = CLASSES[labels]
    one, other = (
        estimate_shares(LogisticRegression(C=c).fit(rows, y), rows, n_draws=2)
        for c in (1, 0.01)
    )
    with pytest.raises(ValueError, match="same model, got LogisticRegression-"):
        one.compare(other)


def test_rates_and_shares_are_not_compared_with_each_other():
    rows, labels = draw_people(MIX, 200)
    shares = shares_of(rows)
    rates = estimate_rates(Known(), rows, outcome=labels == 0, n_draws=200)
    with pytest.raises(TypeError, match="dict of known shares, got Rates"):
        shares.compare(rates)
    with pytest.raises(TypeError, match="two lists are compared by estimate_statistic"):
        rates.compare(rates)


def test_compare_of_groups_with_other_members_raises():
    proba = draw(MIX)
    here = shares_of(proba, groups=NORTH)
    there = shares_of(proba, groups=NORTH | {"North": ["Danish", "Dutch"]})
    message = (
        r"the same groups, got {'North': \['Danish', 'Norwegian'\]} and {'North': "
        r"\['Danish', 'Dutch'\]}\. Estimate both"
    )
    for one, other in [(here, there), (here.groups, there.groups)]:
        with pytest.raises(ValueError, match=message):
            one.compare(other)
    other_order = {"Ireland": ("Irish",), "North": ["Norwegian", "Danish", "Danish"]}
    again = shares_of(proba, groups=other_order)
    assert not here.compare(again, same_source=True).groups.sure.any()


@pytest.mark.parametrize("assumed_prior", [None, "uniform"])
def test_compare_around_grouped_classifiers_with_other_members_raises(
    shipped, names, assumed_prior
):
    joined = {"A": ["Turkish", "Dutch"], "B": ["Norwegian", "Danish"]}
    swapped = {"A": ["Turkish", "Norwegian"], "B": ["Dutch", "Danish"]}
    params = {"assumed_prior": assumed_prior, "n_draws": 2}
    grouped = GroupedClassifier(shipped, groups=joined)
    mine = estimate_shares(grouped, names, **params)
    grouped = GroupedClassifier(make_pipeline(shipped), groups=joined)
    again = estimate_shares(grouped, names, **params)
    grouped = GroupedClassifier(shipped, groups=swapped)
    theirs = estimate_shares(GroupedClassifier(grouped, groups={}), names, **params)
    with pytest.raises(ValueError, match="same groups in the model, got {'B': .*'A'"):
        mine.compare(theirs)
    assert mine.compare(again).share[0] == mine.compare(again).other[0]


def test_compare_without_any_group_compares_labels():
    here = shares_of(draw(MIX), groups={})
    there = shares_of(draw(OTHER), groups={})
    found = here.compare(there)
    assert found.sure.any()
    assert len(found.groups.label) == 0
    assert "of groups" not in repr(here) + repr(found)


# ---- What cannot be distinguished


def test_nationalities_with_the_same_names_are_confused_pairs():
    proba = draw([0.2, 0.3, 0.2, 0.2, 0.1], twins=True)
    groups = {"Scandinavian": ["Danish", "Norwegian"], "Western": ["Dutch", "Irish"]}
    shares = shares_of(proba, groups=groups)
    ((one, other, correlation),) = shares.confused_pairs
    assert {one, other} == {"Danish", "Norwegian"}
    assert correlation < -0.7
    assert type(correlation) is float  # not of numpy, which JSON cannot hold
    columns = [shares.label.tolist().index(label) for label in (one, other)]
    pair = shares.draws[:, columns]
    assert correlation == pytest.approx(np.corrcoef(pair, rowvar=False)[0, 1])
    assert "hard to tell apart here: Danish and Norwegian; sum them" in repr(shares)
    assert shares.groups.label.tolist() == list(groups)
    pair = shares.groups["Scandinavian"]
    assert pair.low < 0.4 < pair.high
    width = width_of(shares, one) + width_of(shares, other)
    assert pair.high - pair.low < 0.5 * width


def test_confused_pairs_begin_with_the_least_certain():
    rows = np.kron(np.eye(2), [0.5, 0.5]).repeat([10, 190], axis=0)
    shares = shares_of(rows, np.array([*"abcd"]), n_draws=1000)
    assert [pair[:2] for pair in shares.confused_pairs] == [("c", "d"), ("a", "b")]


@pytest.mark.parametrize(
    "n, doubt, cancelling, is_pair",
    [
        (100, 0.0026, 0.0025, True),
        (100, 0.0024, 0.0023, False),  # less doubt than drawing, of variance .0025
        (100, 0.004, 0.0021, True),
        (100, 0.004, 0.0019, False),  # of which less than half cancels
        (40_000, 0.0051**2 - 0.25 / 40_000, 1.5e-5, True),
        (40_000, 0.0049**2 - 0.25 / 40_000, 1.5e-5, False),  # small deviations
    ],
)
def test_pair_near_a_bound_is_confused_only_above_it(n, doubt, cancelling, is_pair):
    """Resamples of two halves of a list, of n names, have exactly these variances."""
    drawing = 0.25 / n
    variance = drawing + doubt
    shared = -drawing - cancelling
    covariance = np.array([[variance, shared], [shared, variance]])
    noise = np.random.default_rng(0).normal(size=(500, 2))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False)).T)
    resamples = 0.5 + noise @ np.linalg.cholesky(covariance).T
    halves = np.full(2, 0.5)
    drawn = Draws(labels=CLASSES[:2], estimate=halves, draws=resamples, n_effective=n)
    pairs = confused_pairs(drawn)
    assert [pair[:2] for pair in pairs] == [("Danish", "Dutch")] * is_pair
    if is_pair:
        assert pairs[0][2] == pytest.approx(shared / variance)


def test_groups_of_large_integers_are_summed_apart():
    """As floats, neighbours would be one label."""
    labels = [2**53 + 2**40 * pair + k for pair in range(20) for k in range(2)]
    classes = np.array(labels, dtype=np.uint64)
    proba = np.eye(40)[np.arange(200) % 20]
    groups = {"even": labels[::2], "first": labels[:20], "last": labels[20:]}
    shares = shares_of(proba, classes, groups=groups, n_draws=2)
    assert_allclose(shares.groups.share, [0.5, 1, 0], atol=1e-6)
    groups = {2**63 + 1: labels[:20], 5: labels[20:]}
    shares = shares_of(proba, classes, groups=groups, n_draws=2)
    assert shares.groups.label.tolist() == [2**63 + 1, 5]
    groups = {0.5: labels[:20], 2: labels[20:]}
    shares = shares_of(proba, classes, groups=groups, n_draws=2)
    assert shares.groups.label.tolist() == [0.5, 2]


# ---- What it is


def test_table_shows_shares_intervals_and_groups(names, shipped):
    groups = {"Low Countries": ["Dutch"]}
    shares = estimate_shares(shipped, names, groups=groups, random_state=0)
    lines = repr(shares).splitlines()
    assert lines[0].split()[:3] == ["label", "share", "interval"]
    row = f"{shares.share[0]:.1%}   {shares.low[0]:.1%} to {shares.high[0]:.1%}"
    assert lines[1].startswith("Turkish")
    assert lines[1].endswith(f" {row}")
    (group,) = (line for line in lines if line.startswith("Low Countries"))
    assert "of groups:" in lines
    assert group.index("%") == lines[1].index("%")
    assert "250 rows: 250 names (250 distinct), 0 not names" in lines
    assert repr(shares.groups).splitlines()[1].startswith("Low Countries")


@pytest.mark.parametrize(
    "counts, n_shown, others",
    [
        (2 ** np.arange(13)[::-1], 10, "3 others: 0.1% together"),
        ([9990, 6, 4, *[0] * 10], 2, "11 others: 0.0% together"),
    ],
)
def test_table_shows_ten_at_most_and_none_of_next_to_nothing(counts, n_shown, others):
    classes = np.array(["longer than the header", *"bcdefghijklm"])
    shares = shares_of(np.eye(13), classes, counts=counts, n_draws=2)
    _, first, *more = repr(shares).splitlines()
    assert more[n_shown - 1] == others
    shown = more[: n_shown - 1]
    assert [line.split()[0] for line in shown] == classes[1:n_shown].tolist()
    assert {line.index("%") for line in shown} == {first.index("%")}


def test_table_of_groups_has_them_all():
    groups = {
        label: [label] for label in ["Danish", "Norwegian", "Turkish", "Dutch", "Irish"]
    }
    groups |= {f"again {k}": ["Dutch", "Turkish"] for k in range(10)}
    lines = repr(
        shares_of(draw([0, 0, 0, 0.5, 0.5]), groups=groups).groups
    ).splitlines()
    assert [line.split("  ")[0] for line in lines[1:-1]] == [*groups]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, ""], ids=str)
def test_missing_names_are_no_names(shipped, names, missing):
    joined = make_pipeline(JoinNames(), shipped)
    column = pd.Series([*names[:120], missing, missing], dtype=object, name="name")
    expected = estimate_shares(shipped, names[:120], random_state=0)
    for model, X in [
        (shipped, column),
        (shipped, column.to_frame()),
        (joined, column.to_frame()),
    ]:
        shares = estimate_shares(model, X, random_state=0)
        assert (shares.n_names, shares.n_not_names) == (120, 2)
        assert_array_equal(shares.share, expected.share)
        assert_array_equal(shares.low, expected.low)


def test_wrong_lists_raise(shipped):
    with pytest.raises(ValueError, match="No usable names: .* got 2 without"):
        estimate_shares(shipped, ["", "12"])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        estimate_shares(shipped, [])


@pytest.mark.parametrize("labels", TARGETS)
def test_error_of_the_model_is_larger_where_few_people_have_shown_it(labels, names):
    model = load_pretrained(labels)
    measured = model[-1].network_.measured
    # Half of the people have shown the bias, with a variance of 2 / half.
    n_people = np.maximum(measured.n_people, 1)
    expected = np.hypot(measured.model_error, 2 / np.sqrt(n_people))
    found = estimate_shares(model, names[:120], n_draws=2).model_error
    assert_allclose(found, expected)


def test_error_of_one_class_widens_its_interval():
    rows = draw([0.4, 0.3, 0.2, 0.1, 0], 2000)
    equal = shares_of_model(rows, model_error=np.full(5, 0.3))
    assert_array_equal(equal.draws, shares_of_model(rows, model_error=0.3).draws)
    unequal = shares_of_model(rows, model_error=np.array([0.3, 0.3, 1, 0.3, 0.3]))
    wider = CLASSES[2]
    assert width_of(unequal, wider) > 1.5 * width_of(equal, wider)


def test_table_says_what_intervals_of_a_shipped_model_held(shipped, names):
    def title(**params):
        shares = estimate_shares(shipped, names[:120], n_draws=2, **params)
        return repr(shares).splitlines()[0].split("   ", 2)[-1].strip()

    held = shipped[-1].network_.measured.coverage
    assert title().endswith(f"interval (held {100 * held:.0f} % when tested)")
    not_measured = "interval (coverage not measured)"
    assert title(confidence_level=0.9).endswith(f"90 % {not_measured}")
    assert title(assumed_prior="uniform").endswith(f"95 % {not_measured}")


def test_a_calibration_of_a_shipped_model_has_no_measured_coverage(shipped, names):
    y = np.resize(shipped.classes_, 148)
    frozen = FrozenEstimator(shipped)
    calibrated = CalibratedClassifierCV(frozen, method="temperature", cv=2)
    calibrated.fit(np.resize(names, 148), y)
    shares = estimate_shares(calibrated, names[:120], n_draws=2)
    assert shares.coverage is None


@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_a_sigmoid_calibration_of_a_shipped_model_assumes_nothing(shipped, names):
    y = np.resize(shipped.classes_, 148)
    frozen = FrozenEstimator(shipped)
    calibrated = CalibratedClassifierCV(frozen, method="sigmoid", cv=2)
    calibrated.fit(np.resize(names, 148), y)
    shares = estimate_shares(calibrated, names[:120], n_draws=2)
    assert_allclose(shares.assumed_prior, 1 / 74)
    assert (shares.model_error, shares.sharpness) == (0.5, 1)
    assert shares.few_held_out == []


def test_intervals_of_groups_have_no_measured_coverage(shipped, names):
    given = {"n_draws": 2, "random_state": 0}
    shares = estimate_shares(shipped, names[:120], groups="region", **given)
    header = f"{'label':{11}}   share   95 % interval (coverage not measured)"
    assert header in repr(shares).splitlines()
    assert shares.coverage > 0.5
    assert shares.groups.coverage is None
    grouped = GroupedClassifier(shipped, groups="region")
    assert estimate_shares(grouped, names[:120], **given).coverage is None


def test_table_of_checked_rows_has_their_level():
    rows, _, y = checked_list()
    shares = estimate_checked(rows, y)
    assert repr(shares).splitlines()[0].endswith("   95 % interval")


def test_labels_of_few_held_out_people_have_an_interval_only_in_a_group():
    rows = draw([0.4, 0.3, 0.2, 0.1, 0])
    n_people = np.array([500, 20, 19, 500, 500])  # of Danish, Dutch, Irish, ...
    groups = {"Atlantic": ["Dutch", "Irish"]}
    shares = shares_of_model(rows, n_people=n_people, groups=groups)
    is_missing = shares.label == "Irish"
    assert np.isnan([shares.low[is_missing], shares.high[is_missing]]).all()
    assert not np.isnan([shares.low[~is_missing], shares.high[~is_missing]]).any()
    assert not np.isnan([shares.groups.low, shares.groups.high]).any()
    (line,) = [text for text in repr(shares).split("\n") if text.startswith("Irish")]
    assert line.endswith(f"{shares['Irish'].share:.1%}   -")


def test_sum_that_labels_of_few_held_out_people_decide_has_no_interval():
    rows = draw([0.4, 0.3, 0.2, 0.1, 0])
    n_people = np.array([500, 500, 19, 500, 500])
    groups = {"half": ["Irish", "Turkish"], "rest": ["Danish", "Dutch", "Irish"]}
    shares = shares_of_model(rows, n_people=n_people, groups=groups)
    ends = {label: shares_of_model(rows)[label].high for label in CLASSES}
    for name, members in groups.items():
        is_decided = 2 * ends["Irish"] >= sum(ends[label] for label in members)
        assert np.isnan(shares.groups[name].low) == is_decided
    assert np.isnan(shares.groups["half"].high)
    other = shares_of_model(draw(OTHER), n_people=n_people, groups=groups)
    compared = shares.compare(other).groups
    assert np.isnan(compared["half"].low)
    assert not np.isnan(compared["rest"].low)
    known = shares.compare(
        {"Danish": 0.3, "Dutch": 0.3, "Norwegian": 0.1, "others": 0.3}
    )
    assert np.isnan(known["others"].low)  # Irish and Turkish


def test_labels_of_few_held_out_people_are_never_sure_to_differ():
    shares = shares_of_model(draw([0.4, 0.2, 0.4, 0, 0], 400))
    others = draw([0.4, 0.5, 0.1, 0, 0], 400, 1)
    n_people = np.array([500, 500, 19, 500, 500])
    other = shares_of_model(others, n_people=n_people)
    compared = shares.compare(other, same_source=True)
    assert compared["Dutch"].sure
    assert shares.compare(shares_of_model(others))["Irish"].sure
    (irish,) = np.flatnonzero(compared.label == "Irish")
    assert compared.difference[irish] > 0.2
    assert not compared.sure[irish]
    assert compared.p_value[irish] == 1
    assert np.isnan([compared.low[irish], compared.high[irish]]).all()
    known = other.compare({"Irish": 0.6, "others": 0.4})
    assert [known["Irish"].sure, known["others"].sure] == [False, True]


def test_labels_of_few_held_out_people_are_listed_and_noted():
    rows = draw(MIX)
    n_people = np.array([19, 20, 0, 500, 21])
    shares = shares_of_model(rows, n_people=n_people)
    assert shares.few_held_out == ["Danish", "Irish"]
    note = "hard to tell apart here: Danish and Irish; sum them, as by"
    assert note in str(shares)
    assert 'groups="subregion"' in str(shares)
    grouped = shares_of_model(rows, n_people=n_people, groups={"all": [*CLASSES]})
    assert grouped.few_held_out == ["Danish", "Irish"]
    assert note not in str(grouped)
    many = shares_of_model(rows, n_people=n_people + 20)
    assert many.few_held_out == []
    assert "hard to tell" not in str(many)
    assert shares_of(rows).few_held_out == []


@pytest.mark.parametrize(
    "few, counts, pair",
    [
        ("Norwegian", [2, 49, 0, 0, 49], "Danish and Norwegian"),
        ("Norwegian", [0, 49, 0, 2, 49], "Danish and Norwegian"),
        ("Norwegian", [0, 50, 0, 0, 50], None),
        ("Irish", [5, 50, 0, 15, 50], "Irish and Norwegian"),  # the larger neighbour
        ("Dutch", [50, 0, 0, 0, 50], None),  # of another subregion
        ("Dutch", [50, 2, 0, 0, 48], "Dutch"),
    ],
)
def test_few_held_out_people_are_noted_if_the_label_or_a_neighbour_is_there(
    few, counts, pair
):
    n_people = np.where(CLASSES == few, 19, 500)
    shares = shares_of_model(np.eye(5), counts=np.array(counts), n_people=n_people)
    assert shares.few_held_out == [few]
    notes = [line for line in repr(shares).splitlines() if "hard to tell" in line]
    expected = []
    if pair is not None:
        expected.append(
            f'hard to tell apart here: {pair}; sum them, as by groups="subregion"'
        )
    assert notes == expected


def test_checked_rows_show_labels_of_few_held_out_people(names):
    countries = load_pretrained("country")
    y = np.full(len(names), None)
    y[::2] = "MC"
    shares = estimate_shares(countries, names, checked=y, n_draws=2)
    assert shares.few_held_out == []
    assert "hard to tell" not in str(shares)


def test_groups_of_a_model_have_the_held_out_people_of_their_countries(names):
    countries = load_pretrained("country")
    few = estimate_shares(countries, names, n_draws=2).few_held_out
    assert {"AG", "MC", "VU"} < {*few}
    assert not {"DE", "PL", "FR"} & {*few}
    others = [label for label in countries.classes_ if label != few[0]]
    two = GroupedClassifier(countries, groups={"Few": few[:1], "Many": others})
    assert estimate_shares(two, names, n_draws=2).few_held_out == ["Few"]


def test_label_of_no_known_region_has_no_neighbour():
    classes = np.array(["x", "y"])
    counts = np.array([1, 499])
    people = np.array([19, 500])
    shares = shares_of_model(np.eye(2), classes, counts=counts, n_people=people)
    assert shares.few_held_out == ["x"]
    assert "hard to tell" not in repr(shares)


# ---- Clusters


def papers(mix, n_papers=60, seed=0, n_authors=3):
    """Probabilities and papers of authors who all are of one nationality."""
    first = draw(mix, n_papers, seed)
    rng = np.random.default_rng(seed)
    authors = first.repeat(n_authors, axis=0)
    authors = authors * np.exp(rng.normal(scale=0.1, size=authors.shape))
    authors /= authors.sum(axis=1, keepdims=True)
    return authors, np.repeat(np.arange(n_papers), n_authors)


def width_of(shares, label="Turkish"):
    return shares[label].high - shares[label].low


def test_clusters_of_alike_names_widen_intervals_by_root_of_their_size():
    rows, clusters = papers(MIX, 100, n_authors=4)
    independent = shares_of_model(rows, model_error=0, n_draws=1000)
    clustered = shares_of_model(rows, model_error=0, n_draws=1000, clusters=clusters)
    assert_array_equal(independent.share, clustered.share)
    ratio = width_of(clustered, "Dutch") / width_of(independent, "Dutch")
    assert ratio == pytest.approx(2, rel=0.15)
    # 100 clusters of equal weight hold as much information as 100 names.
    assert clustered.floor == pytest.approx(1 - 0.025**0.01)
    assert "in 100 clusters" in repr(clustered)
    assert clustered.n_clusters == 100


@pytest.mark.parametrize("n_papers", [2, 10])
def test_names_in_many_clusters_take_the_wider_resamples(shipped, names, n_papers):
    """The authors of ten papers are no ten times as many authors."""
    authors = names[::5]
    clusters = np.arange(n_papers).repeat(len(authors)) * 100
    clusters += np.tile(np.arange(len(authors)), n_papers)
    recurring = estimate_shares(
        shipped, np.tile(authors, n_papers), clusters=clusters, random_state=0
    )
    alone = estimate_shares(shipped, authors, random_state=0)
    assert width_of(recurring) == pytest.approx(width_of(alone), rel=0.05)
    assert recurring.floor == alone.floor


@pytest.mark.parametrize(
    "clusters, message",
    [
        ([1, 2, 3], r"Expected a cluster for each of 2 names, got shape \(3,\)"),
        ([1, None], "a cluster for each name, got None at position 1. Give a name"),
        ([np.nan, 1], "a cluster for each name, got nan at position 0"),
        (["a", "a"], "Expected two or more clusters, got one. With"),
    ],
    ids=str,
)
def test_wrong_clusters_raise(shipped, clusters, message):
    with pytest.raises(ValueError, match=message):
        estimate_shares(shipped, ["Niamh", "Emre"], clusters=clusters)


@pytest.mark.parametrize(
    "name, value", [("clusters", [1, 2]), ("checked", ["Irish", None])]
)
def test_clusters_or_labels_with_counts_raise(shipped, name, value):
    with pytest.raises(ValueError, match=f"Expected {name} or counts, got both"):
        estimate_shares(shipped, ["Niamh", "Emre"], counts=[1, 2], **{name: value})


def test_rows_in_another_order_give_the_same_intervals_with_clusters():
    rows, clusters = papers(MIX)
    labels = [f"paper {k}" for k in clusters]
    order = np.random.default_rng(0).permutation(len(rows))
    params = {"n_draws": 50, "random_state": 0}
    expected = estimate_shares(Known(), rows, clusters=labels, **params)
    moved = [labels[k] for k in order]
    found = estimate_shares(Known(), rows[order], clusters=moved, **params)
    for column in ("label", "share", "low", "high"):
        assert getattr(found, column).tolist() == pytest.approx(
            getattr(expected, column).tolist()
        )


@pytest.mark.filterwarnings("ignore:There are 10 clusters")
def test_few_clusters_vary_as_their_number_minus_1():
    """A share of .5 of 10 has the deviation sqrt(.25 / 9) in a population."""
    rows = np.eye(5)[np.arange(10) % 2]
    clusters = np.arange(10)
    shares = shares_of_model(rows, model_error=0, n_draws=4000, clusters=clusters)
    deviation = shares.draws[:, 0].std()
    assert deviation == pytest.approx(np.sqrt(0.25 / 9), rel=0.02)


def test_few_clusters_are_warned_of(shipped, names):
    with pytest.warns(UserWarning, match="There are 29 clusters: expected at least 30"):
        estimate_shares(shipped, names[:120], clusters=np.arange(120) % 29, n_draws=2)


# ---- Checked rows


def checked_list(n=1000, n_checked=200, seed=0, mix=(0.4, 0.3, 0.2, 0.09, 0.01)):
    """A model that favours the first class, labels, and those that were checked."""
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


def test_intervals_of_checked_rows_cover_small_shares_too():
    covered = {"large": [], "small": []}
    for seed in range(60):
        rows, labels, y = checked_list(seed=seed)
        shares = estimate_checked(rows, y)
        true = true_shares(labels, shares)
        covers = (shares.low <= true) & (true <= shares.high)
        covered["large"] += covers[true > 0.02].tolist()
        covered["small"] += covers[true <= 0.02].tolist()
    assert np.mean(covered["large"]) > 0.92
    assert np.mean(covered["small"]) > 0.9


def test_label_that_the_model_lacks_gets_the_share_of_checked_rows():
    rows, _, y = checked_list()
    checked = np.flatnonzero(y != None)  # noqa: E711
    y[checked[:50]] = "American"
    shares = estimate_checked(rows, y, groups={"New World": ["American", "Irish"]})
    american = shares["American"]
    assert american.share == pytest.approx(0.25, abs=0.01)
    assert 0.18 < american.low < 0.22
    assert 0.28 < american.high < 0.32
    assert shares.groups["New World"].share == pytest.approx(
        american.share + shares["Irish"].share
    )
    assert shares.share.sum() == pytest.approx(1)


def test_checked_rows_that_contradict_the_names_are_told():
    rows, _, y = checked_list()
    checked = y != None  # noqa: E711
    y[checked] = np.where(y[checked] == "Danish", "Turkish", y[checked])
    text = repr(estimate_checked(rows, y))
    assert "200 of the names are checked" in text
    assert "without the checked rows, Danish would have" in text


def test_all_rows_checked_gives_counts_with_exact_intervals():
    rows, labels, _ = checked_list(200)
    shares = estimate_checked(rows, labels)
    assert_allclose(shares.share, true_shares(labels, shares))
    expected = binomtest(int((labels == shares.label[0]).sum()), 200).proportion_ci()
    assert shares.low[0] == pytest.approx(expected.low)
    assert shares.high[0] == pytest.approx(expected.high)
    assert "all names are checked: these are counts" in repr(shares)


def test_no_interval_of_checked_rows_is_narrower_than_they_allow():
    rows = np.eye(5)[[1] * 900 + [2] * 100]
    y = np.full(1000, None, dtype=object)
    y[::10] = CLASSES[rows[::10].argmax(axis=1)]
    shares = estimate_checked(rows, y)
    limit = 1 - 0.025 ** (0.9 / 100)  # of 100 of 1000, without the correction 1 / 100
    assert shares["Turkish"].high == pytest.approx(limit)
    assert shares["Turkish"].low == shares["Turkish"].share == 0


def test_checked_weights_mend_unequal_draws():
    """Danes were checked four times as often as the others."""
    rows, labels, _ = checked_list(4000, mix=(0.5, 0.5, 0, 0, 0))
    rng = np.random.default_rng(5)
    probability = np.where(labels == "Danish", 0.4, 0.1)
    rows = np.full_like(rows, 0.2) + 0.01 * rows  # which hardly help
    rows /= rows.sum(axis=1, keepdims=True)
    y = np.where(rng.random(4000) < probability, labels, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weighted = estimate_checked(rows, y, checked_weight=1 / probability)
        plain = estimate_checked(rows, y)
    assert weighted["Danish"].share == pytest.approx(0.5, abs=0.04)
    assert plain["Danish"].share > 0.7


@pytest.mark.parametrize("in_clusters", [False, True])
def test_checked_weights_of_1_are_for_rows_that_are_all_checked(in_clusters):
    rows, labels, y = checked_list(600, 120)
    params = {"checked_weight": np.ones(600)}
    if in_clusters:
        params["clusters"] = np.arange(600) // 5
    message = "checked_weight above 1, since 480 names are not checked; got only 1"
    with pytest.raises(ValueError, match=message):
        estimate_checked(rows, y, **params)
    complete = estimate_checked(rows, labels, **params)
    assert_allclose(complete.share, true_shares(labels, complete))
    params["checked_weight"] = np.append(np.ones(599), 2)
    with pytest.raises(ValueError, match="checked_weight of 1, since all names are c"):
        estimate_checked(rows, labels, **params)


@pytest.mark.parametrize("factor, is_warned", [(1, False), (0.6, True), (1.5, True)])
def test_checked_weights_sum_to_about_the_number_of_names(factor, is_warned):
    """Of 600 names, 120 are checked: 1 / 5. Within three deviations, all is chance."""
    rows, _, y = checked_list(600, 120)
    deviation = np.sqrt(120 * 5 * factor * (5 * factor - 1))
    assert is_warned == (abs(600 * factor - 600) > 3 * deviation)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimate_checked(rows, y, checked_weight=np.full(600, 5 * factor))
    message = f"number of names, 600, but sum to {600 * factor:,.6g}. Weights are 1 /"
    assert [message in str(warning.message) for warning in caught] == [True] * is_warned


def say_nothing(n):
    """Return predictions that are next to no information, of distinct names."""
    rows = 0.2 + 1e-6 * np.random.default_rng(0).random((n, 5))
    return rows / rows.sum(axis=1, keepdims=True)


UNSURE = pytest.mark.filterwarnings(
    "ignore:The model is unsure", "ignore:Only [12]. rows"
)


@UNSURE
@pytest.mark.parametrize("in_clusters, part", [(False, 1 - 12 / 600), (True, 1)])
def test_few_checked_rows_have_the_interval_of_a_mean_of_so_many(in_clusters, part):
    """The list is complete, and clusters come from a population without an end."""
    y = np.full(600, None, dtype=object)
    y[::50] = ["Danish", "Dutch"] * 6
    params = {"clusters": np.arange(600)} if in_clusters else {}
    params["n_draws"] = 3000
    row = estimate_checked(say_nothing(600), y, **params)["Danish"]
    deviation = np.sqrt(0.25 / 11 * part)
    assert row.share == pytest.approx(0.5, abs=1e-3)
    # That of t of 11; a normal distribution has 1.960.
    assert row.high - row.low == pytest.approx(2 * 2.201 * deviation, rel=0.05)


@UNSURE
def test_weighted_checked_rows_have_the_interval_of_a_weighted_mean():
    y = np.full(600, None, dtype=object)
    y[::30] = ["Danish", "Dutch"] * 10
    weights = np.ones(600)
    weights[::120] = 3  # of half of those who are Danish
    row = estimate_checked(say_nothing(600), y, sample_weight=weights, n_draws=3000)[
        "Danish"
    ]
    of_checked = weights[::30] / weights[::30].sum()
    errors = (y[::30] == "Danish") - 2 / 3
    variance = ((of_checked * errors) ** 2).sum() * 20 / 19 * (1 - 20 / 600)
    assert row.share == pytest.approx(2 / 3, abs=1e-3)
    # Satterthwaite: as 8.6 rows of equal weight have.
    n_equal = (of_checked**2).sum() ** 2 / (of_checked**4).sum()
    t = student.ppf(0.975, n_equal - 1)
    assert row.high - row.low == pytest.approx(2 * t * np.sqrt(variance), rel=0.05)


def test_predictions_narrow_the_intervals_of_checked_rows_as_a_regression_does():
    """The variance is that of what is left of labels, given predictions."""
    rng = np.random.default_rng(1)
    labels = np.arange(4000) % 2
    rows = np.full((4000, 5), 1e-9)
    rows[:, 0] = 1 / (1 + np.exp(rng.normal(3 * labels - 1.5, 2)))
    rows[:, 1] = 1 - rows[:, 0]
    y = np.where(rng.random(4000) < 0.1, CLASSES[labels], None)
    shares = estimate_checked(rows, y, n_draws=3000)
    is_checked = y != None  # noqa: E711
    predicted = rows[:, 0]
    slope, intercept = np.polyfit(predicted[is_checked], labels[is_checked] == 0, 1)
    left = (labels == 0) - slope * predicted - intercept
    n = is_checked.sum()
    deviation = left[is_checked].std(ddof=1) * np.sqrt((1 - n / 4000) / n)
    row = shares["Danish"]
    assert row.high - row.low == pytest.approx(2 * 1.966 * deviation, rel=0.05)
    assert 0.1 < slope < 0.9  # it matters: 1 would be another estimate


def test_clusters_widen_the_intervals_of_checked_rows():
    rows, labels, _ = checked_list(100, 50)
    rows = rows.repeat(4, axis=0)
    y = np.where(np.arange(400) % 8 < 4, labels.repeat(4), None)
    clusters = np.arange(100).repeat(4)
    with warnings.catch_warnings():  # of rows that were not drawn one by one
        warnings.simplefilter("ignore")
        independent = estimate_checked(rows, y)
        clustered = estimate_checked(rows, y, clusters=clusters)
    assert width_of(clustered, "Danish") > 1.7 * width_of(independent, "Danish")


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA], ids=str)
def test_unlabelled_rows_may_be_any_missing_value(blank):
    rows, _, y = checked_list()
    expected = estimate_checked(rows, y).share
    given = [blank if label is None else label for label in y]
    assert_array_equal(estimate_checked(rows, given).share, expected)


def test_checked_rows_that_were_not_drawn_at_random_are_warned_of():
    rows, labels, y = checked_list()
    estimate_checked(rows, y)  # a warning is an error
    y = np.where(np.arange(1000) < 200, labels, None)
    with pytest.warns(UserWarning, match="checked rows are the first ones of the list"):
        estimate_checked(rows, y)
    rows, _, y = checked_list(n_checked=99)
    with pytest.warns(UserWarning, match="Only 99 rows are checked: expected at least"):
        estimate_checked(rows, y)


@pytest.fixture(scope="module")
def register(shipped):
    """Probabilities of 900 names, in households of three, and where they live.

    In the small stratum, 100 rows, most are Turkish; in the other, few are.
    """
    labels = ["Turkish", "Dutch", "German", "Polish", "English"]
    rng = np.random.default_rng(0)
    is_small = np.arange(900) < 99
    turkish = np.where(is_small, 0.7, 0.05)
    label_index = np.where(rng.random(900) < turkish, 0, rng.integers(1, 5, 900))
    label_index = np.sort(label_index + 10 * ~is_small) % 10
    names = np.empty(900, dtype=object)
    for k, label in enumerate(labels):
        rows = label_index == k
        drawn, _ = make_names(rows.sum(), nationalities=[label], random_state=k)
        names[rows] = drawn
    columns = [shipped.classes_.tolist().index(label) for label in labels]
    rows = shipped.predict_proba(names)[:, columns] + 1e-6
    rows /= rows.sum(axis=1, keepdims=True)
    households = np.arange(900) // 3
    order = rng.permutation(900)
    classes = np.array(labels)
    y = classes[label_index]
    return rows[order], y[order], households[order], is_small[order]


def count_alarms(register, draw_rows, n=25):
    """Count draws of checked rows that look as if they were not drawn by chance."""
    rows, labels, _, _ = register
    model = Known(["Turkish", "Dutch", "German", "Polish", "English"])
    n_alarms = 0
    for seed in range(n):
        is_drawn, params = draw_rows(np.random.default_rng(seed))
        y = np.where(is_drawn, labels, None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            estimate_shares(model, rows, checked=y, n_draws=2, **params)
        n_alarms += any("differ from the others" in str(w.message) for w in caught)
    return n_alarms


def by_stratum(rng, is_small, n_small, n_large):
    """Return which rows are drawn, so many of each stratum, and 1 / their chance."""
    is_drawn = np.zeros(len(is_small), dtype=bool)
    weights = np.zeros(len(is_small))
    for stratum, n in ((is_small, n_small), (~is_small, n_large)):
        is_drawn[rng.choice(np.flatnonzero(stratum), n, replace=False)] = True
        weights[stratum] = stratum.sum() / n
    return is_drawn, weights


def test_fair_draws_of_checked_rows_are_rarely_warned_of(register):
    _, _, households, is_small = register

    def of_rows(rng):
        return rng.permutation(900) < 200, {}

    def of_rows_in_households(rng):
        return rng.permutation(900) < 200, {"clusters": households}

    def of_households(rng):
        is_drawn = rng.permutation(300) < 60
        return is_drawn[households], {"clusters": households}

    def of_strata(rng):
        is_drawn, weights = by_stratum(rng, is_small, 80, 120)
        return is_drawn, {"checked_weight": weights}

    for draw_rows in (of_rows, of_rows_in_households, of_households, of_strata):
        assert count_alarms(register, draw_rows) <= 2, draw_rows.__name__


@pytest.mark.parametrize("clusters", ["none", "rows", "households"])
def test_draw_by_stratum_without_weights_is_warned_of(register, clusters):
    """Of 12 % who are Turkish, the checked rows would make 27 %."""
    _, _, households, is_small = register
    params = {
        "rows": {"clusters": np.arange(900)},
        "households": {"clusters": households},
    }

    def draw_rows(rng):
        is_drawn, _ = by_stratum(rng, is_small, 66, 134)
        return is_drawn, params.get(clusters, {})

    assert count_alarms(register, draw_rows, 10) == 10


def test_draw_of_households_by_stratum_is_warned_of_without_weights_only(register):
    _, _, households, is_small = register
    is_small_household = np.zeros(300, dtype=bool)
    is_small_household[households] = is_small
    with_weights = [False, True]

    def draw_rows(rng):
        is_drawn, weights = by_stratum(rng, is_small_household, 30, 30)
        params = {"clusters": households}
        if with_weights[0]:
            params["checked_weight"] = weights[households]
        return is_drawn[households], params

    assert count_alarms(register, draw_rows, 10) >= 9
    with_weights.reverse()
    assert count_alarms(register, draw_rows, 10) <= 1


def test_draw_of_most_rows_is_compared_with_the_few_that_are_left(register):
    """Dutch people only are left: of 810 rows, two deviations, or six among 900."""
    _, labels, _, _ = register
    dutch = np.flatnonzero(labels == "Dutch")

    def draw_rows(rng):
        is_drawn = np.full(900, True)
        is_drawn[rng.choice(dutch, 60, replace=False)] = False
        return is_drawn, {}

    assert count_alarms(register, draw_rows, 5) == 5


def test_name_in_a_cluster_takes_the_label_of_any_of_its_rows():
    rows, labels, _ = checked_list(200)
    rows = rows.repeat(3, axis=0)
    clusters = np.arange(200).repeat(3)
    y = np.full(600, None, dtype=object)
    y[2::3][:120] = labels[:120]  # of the third row of a name
    order = np.random.default_rng(0).permutation(600)
    with warnings.catch_warnings():  # of the first rows
        warnings.simplefilter("ignore")
        found = estimate_checked(rows, y, clusters=clusters)
        moved = estimate_checked(rows[order], y[order], clusters=clusters[order])
    assert found.n_checked == 120
    for column in ("share", "low", "high"):
        assert getattr(moved, column).tolist() == pytest.approx(
            getattr(found, column).tolist()
        )


def test_name_in_a_cluster_keeps_the_weight_with_which_it_was_drawn():
    rows, labels, _ = checked_list(300)
    is_danish = labels == "Danish"
    drawn = np.random.default_rng(2).random(300) < np.where(is_danish, 0.8, 0.4)
    weights = np.where(drawn, np.where(is_danish, 1 / 0.8, 1 / 0.4), 0)
    y = np.where(drawn, labels, None)
    params = {"clusters": np.arange(300), "checked_weight": weights}
    expected = estimate_checked(rows, y, **params)
    nobody = np.full(300, None)
    params["clusters"] = np.tile(np.arange(300), 2)
    params["checked_weight"] = np.concatenate([nobody, weights])
    twice = np.vstack([rows, rows])
    found = estimate_checked(twice, np.concatenate([nobody, y]), **params)
    assert_allclose(found.share, expected.share, atol=1e-9)
    assert found.n_checked == expected.n_checked


def test_two_labels_of_a_name_in_a_cluster_raise(shipped, names):
    X = [*names[:3], names[0]]
    message = "got 'Irish' and 'Dutch' for "
    with pytest.raises(ValueError, match=f"{message}'{names[0]}'"):
        estimate_shares(
            shipped, X, clusters=[1, 2, 3, 1], checked=["Irish", None, "Dutch", "Dutch"]
        )
    rows = np.eye(5)[[0, 1, 0]]
    with pytest.raises(ValueError, match=f"{message}the name at position 0"):
        estimate_shares(
            Known(), rows, clusters=[1, 2, 1], checked=["Irish", None, "Dutch"]
        )


def test_labels_that_the_model_lacks_are_listed_and_like_ones_warned_of():
    rows, _, y = checked_list()
    checked = np.flatnonzero(y != None)  # noqa: E711
    y[checked[:2]] = ["American", "unknown"]
    assert "labels that the model lacks: American, unknown" in repr(
        estimate_checked(rows, y)
    )
    y[checked[:4]] = ["dānish", "Nor wegian", "IRISH", "Turkisch"]
    with pytest.warns(UserWarning, match="The labels of checked rows have ") as caught:
        shares = estimate_checked(rows, y)
    message = str(caught[0].message)
    assert "'IRISH' for 'Irish', 'Nor wegian' for 'Norwegian', 'dānish' for " in message
    assert "Turkisch" not in message
    assert "Turkisch" in shares.new_labels


def test_regions_leave_out_a_label_that_the_model_lacks(shipped, names):
    y = np.full(len(names), None, dtype=object)
    y[::2] = "American"
    y[1] = "Dutch"
    shares = estimate_shares(shipped, names, checked=y, groups="region", n_draws=2)
    members = {label for labels in shares.groups.members.values() for label in labels}
    assert members == {*shipped.classes_}
    assert shares["American"].share > 0.9


@pytest.mark.parametrize(
    "params, message",
    [
        (
            {"checked": ["Irish"]},
            "Expected 3 labels in checked, one for each name and None",
        ),
        (
            {"checked": [None] * 3},
            "Expected labels of some rows in checked, got none. Leave",
        ),
        (
            {"checked": ["Irish", "", None]},
            "Expected None in checked for rows that were not",
        ),
        ({"checked": ["irish", "x", None]}, "None of the labels is one of the model's"),
        (
            {"checked": [1, "Irish", None]},
            "labels in checked and of the model that are all str",
        ),
        (
            {"checked": ["Irish", None, None]},
            "Expected two or more names that are checked, got",
        ),
        (
            {"checked_weight": [1, 1, 1]},
            "Got checked_weight without checked. Give checked",
        ),
        (
            {"checked": ["Irish", "Irish", None], "checked_weight": [0.5, 1, None]},
            "checked_weight of 1 or more, 1 / the probability .* got 0.5",
        ),
        (
            {"checked": ["Irish", "Irish", None], "checked_weight": [-1, 1, None]},
            "Expected checked_weight of zero or more",
        ),
        ({"sample_weight": [-1, 1, 1]}, "Expected sample_weight of zero or more"),
    ],
    ids=str,
)
def test_wrong_checked_rows_raise(params, message):
    with pytest.raises(ValueError, match=message):
        estimate_shares(Known(), np.eye(5)[:3], **params)


def test_checked_rows_that_are_not_names_are_left_out(shipped, names):
    listed = ["", *names[:120], "7"]
    y = [None, None, *["Turkish"] * 110, *[None] * 9, "Turkish"]
    with pytest.warns(UserWarning, match="1 checked rows are not names"):
        shares = estimate_shares(shipped, listed, checked=y, n_draws=2)
    assert (shares.n_checked, shares.n_not_names) == (110, 2)


def test_compare_accepts_a_label_that_one_list_lacks():
    rows, _, y = checked_list()
    checked = np.flatnonzero(y != None)  # noqa: E711
    without = estimate_checked(rows, y)
    alone = estimate_shares(Known(), rows, n_draws=200, random_state=0)
    y[checked[:50]] = "American"
    shares = estimate_checked(rows, y)
    found = shares.compare(without)["American"]
    assert (found.other, found.sure) == (0, True)
    assert 0.1 < found.low < found.difference < found.high < 0.4
    back = without.compare(shares)["American"]
    assert back.difference == -found.difference
    assert back.sure
    unknown = alone.compare(shares)
    assert np.isnan(unknown["American"].difference)
    assert (unknown["American"].low, unknown["American"].high) == (-1, 1)
    assert not unknown["American"].sure
    assert "nan" not in repr(unknown)


# ---- A known mix


def test_compare_with_a_known_mix_sums_the_others():
    shares = shares_of(draw(MIX))
    known = {"Turkish": 0, "Dutch": 0.05, "others": 0.95}
    found = shares.compare(known)
    assert found.label.tolist() == ["others", "Dutch", "Turkish"]
    assert found["others"].other == 0.95
    assert found["Dutch"].sure
    assert not found["Turkish"].sure
    assert "a census counts birth or citizenship, and this counts names" in repr(found)
    assert shares.compare(pd.Series(known)).label.tolist() == found.label.tolist()
    only = shares.compare({"Dutch": 0.3})
    assert only.label.tolist() == ["Dutch"]
    assert not only.sure.any()


def test_interval_of_a_label_that_one_list_lacks_holds_its_limit():
    """Distances to the ends add up as squares; 0 of so many reaches up to the floor."""
    rows, _, y = checked_list()
    without = estimate_checked(rows, y)
    y[np.flatnonzero(y != None)[:50]] = "American"  # noqa: E711
    shares = estimate_checked(rows, y)
    row = shares["American"]
    found = shares.compare(without)["American"]
    down = np.hypot(row.share - row.low, without.floor)
    assert found.low == pytest.approx(row.share - down)
    assert found.high == pytest.approx(row.high)


def test_checked_rows_without_errors_vary_as_the_model_expects():
    """All rows have the likelier label, of .97."""
    rows = np.zeros((900, 5))
    rows[:, 0] = np.where(np.arange(900) % 3, 0.97, 0.03)
    rows[:, 1] = 1 - rows[:, 0]
    rows += 1e-6 * np.random.default_rng(0).random((900, 5))
    rows /= rows.sum(axis=1, keepdims=True)
    y = np.full(900, None, dtype=object)
    drawn = np.random.default_rng(1).choice(900, 150, replace=False)
    y[drawn] = CLASSES[rows[drawn].argmax(axis=1)]
    row = estimate_checked(rows, y, n_draws=3000)["Danish"]
    deviation = np.sqrt(0.97 * 0.03 / 150 * (1 - 150 / 900))
    t = student.ppf(0.975, 149)
    assert row.high - row.low == pytest.approx(2 * t * deviation, rel=0.1)


def test_draws_of_checked_rows_are_shares_around_the_estimate():
    rows, _, y = checked_list(1000, 200)
    shares = estimate_checked(rows, y, n_draws=1000)
    assert shares.draws.min() >= 0
    assert_allclose(shares.draws.sum(axis=1), 1)
    off = shares.draws.mean(axis=0) - shares.share
    assert (np.abs(off) < 0.15 * shares.draws.std(axis=0)).all()


@pytest.mark.parametrize(
    "known, message",
    [
        (
            {"Elvish": 0.1},
            "shares of the labels .*, or of 'others', got 'Elvish'",
        ),
        ({"Dutch": -0.1}, "Expected known shares from 0 to 1, got -0.1 of 'Dutch'"),
        ({"Dutch": "all"}, "Expected known shares from 0 to 1, got 'all' of 'Dutch'"),
        ({"Dutch": 0.8, "Irish": 0.5}, "known shares that sum to 1, got 1.3"),
        ({"Dutch": 0.3, "others": 0.3}, "known shares that sum to 1, got 0.6"),
        ({}, "Expected known shares of some labels, got none"),
    ],
    ids=str,
)
def test_wrong_known_mix_raises(known, message):
    with pytest.raises(ValueError, match=message):
        shares_of(draw(MIX)).compare(known)


def test_known_mix_of_groups_has_no_others():
    shares = shares_of(draw(MIX), groups=NORTH)
    assert shares.groups.compare({"North": 0.5}).label.tolist() == ["North"]
    with pytest.raises(ValueError, match="groups may overlap"):
        shares.groups.compare({"North": 0.5, "others": 0.5})


# ---- Several comparisons


def test_clear_difference_stays_sure_among_many_groups():
    here = shares_of(draw(MIX))
    compared = [here.compare(shares_of(draw(MIX, 300, seed))) for seed in range(20)]
    clear = here.compare(shares_of(draw(OTHER, 300)))
    expected = clear.label[clear.sure].tolist()
    *_, clear = hold_together([*compared, clear])
    assert clear.label[clear.sure].tolist() == expected
    assert (clear.p_value[clear.sure] < 0.05 / 21).all()


def test_several_comparisons_are_judged_by_holm():
    """Of three, 5 % / 3 for the least p-value, then 5 % / 2 and 5 % (Holm 1979)."""
    here = shares_of(draw(MIX), groups=NORTH)
    there = shares_of(draw(OTHER), groups=NORTH)

    def with_p_value(table, smallest):
        p_values = np.append(smallest, np.ones(len(table.label) - 1))
        columns = table._columns | {"sure": p_values < 0.05}
        return replace(table, p_value=p_values, _columns=columns)

    def judged(*smallest, in_groups=False):
        tables = []
        for p_value in smallest:
            table = here.compare(there)
            if in_groups:
                table = replace(table, groups=with_p_value(table.groups, p_value))
            else:
                table = with_p_value(table, p_value)
            tables.append(table)
        held = hold_together(tables)
        judged = [table.groups if in_groups else table for table in held]
        return [bool(table.sure[0]) for table in judged]

    for in_groups in (False, True):
        assert judged(0.03, 0.01, 0.02, in_groups=in_groups) == [True, True, True]
        assert judged(0.03, 0.03, 0.01, in_groups=in_groups) == [False, False, True]
        assert judged(0.001, 0.02, 0.06, in_groups=in_groups) == [True, True, False]
        assert judged(0.017, 0.02, 0.02, in_groups=in_groups) == [False] * 3
