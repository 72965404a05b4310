"""What must hold of any list: a question maps its draws, and loses nothing."""

import numpy as np
import pytest

from sknames import estimate_rates, estimate_shares
from sknames._shares.draws import Draws
from sknames._shares.intervals import interval

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

CLASSES = np.array(["Danish", "Dutch", "Irish", "Norwegian", "Turkish"])
GROUPS = {"one": ["Dutch"], "pair": ["Danish", "Irish"], "all": [*CLASSES]}


class Known:
    """Probabilities are the names."""

    classes_ = CLASSES

    def predict_proba(self, X):
        return np.asarray(X)


def draw(n, seed=0):
    """Return probabilities of names that are right, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, n, p=[0.3, 0.3, 0.2, 0.2, 0])
    ratios = np.exp(3 * (rng.normal(size=(n, 5)) * 0.7 + np.eye(5)[labels]))
    return ratios / ratios.sum(axis=1, keepdims=True), CLASSES[labels]


def estimate(n=300, seed=0, *, is_checked=False, **params):
    rows, labels = draw(n, seed)
    if is_checked:
        is_drawn = np.random.default_rng(seed + 1).random(n) < 0.5
        params["y"] = np.where(is_drawn, labels, None)
    return estimate_shares(Known(), rows, n_draws=100, random_state=0, **params)


CHECKED = pytest.mark.parametrize("is_checked", [False, True])


@CHECKED
def test_draws_of_a_group_are_the_sums_of_those_of_its_labels(is_checked):
    shares = estimate(is_checked=is_checked, groups=GROUPS)
    column = {label: k for k, label in enumerate(shares.label.tolist())}
    for k, members in enumerate(GROUPS.values()):
        columns = [column[label] for label in members]
        expected = shares.draws[:, columns].sum(axis=1)
        np.testing.assert_allclose(shares.groups.draws[:, k], expected)
        expected = shares.share[columns].sum()
        assert shares.groups.share[k] == pytest.approx(expected)


@CHECKED
def test_group_of_one_label_has_the_interval_of_the_label(is_checked):
    shares = estimate(is_checked=is_checked, groups=GROUPS)
    expected = vars(shares["Dutch"]) | {"label": "one"}
    assert vars(shares.groups["one"]) == pytest.approx(expected)


@CHECKED
def test_group_of_every_label_is_the_whole_list(is_checked):
    everyone = estimate(is_checked=is_checked, groups=GROUPS).groups["all"]
    assert everyone.share == pytest.approx(1)
    assert everyone.high == pytest.approx(1)


@CHECKED
def test_list_does_not_differ_from_itself(is_checked):
    shares = estimate(is_checked=is_checked, groups=GROUPS)
    found = shares.compare(shares, same_source=True)
    for table in (found, found.groups):
        assert not table.difference.any()
        assert not table.sure.any()
        assert (table.low <= 0).all()
        assert (table.high >= 0).all()
        np.testing.assert_allclose(table.p_value, 1)


def test_known_mix_is_an_estimate_without_variance():
    mix = {"Dutch": 0.7, "Irish": 0.3, "Turkish": 0.0}
    known = Draws.known(mix, 10)
    for end in (known.estimate, *interval(known, 0.95), *known.draws):
        assert end.tolist() == [*mix.values()]
    swapped = known.at(np.array(["Irish", "Dutch"]))
    assert swapped.estimate.tolist() == [0.3, 0.7]


def test_joint_shares_sum_to_the_share_of_the_outcome():
    rows, labels = draw(400)
    outcome = np.random.default_rng(1).random(400) < np.where(
        labels == "Irish", 0.8, 0.3
    )
    params = {"outcome": outcome, "n_draws": 100, "random_state": 0}
    rates = estimate_rates(Known(), rows, groups=GROUPS, **params)
    rate = rates.rate.reshape(-1, 2)[:, 1]
    n_people = rates.n_people.reshape(-1, 2)[:, 1]
    is_known = ~np.isnan(rate)
    joint = (rate * n_people)[is_known].sum() / 400
    assert joint == pytest.approx(outcome.mean(), abs=1e-3)
    everyone = rates.groups["all"]
    assert everyone.rate[1] == pytest.approx(outcome.mean())
    assert everyone.n_people == pytest.approx(400)


def test_counts_are_repeated_rows():
    rows, _ = draw(100)
    counts = np.arange(100) % 4
    params = {"n_draws": 50, "random_state": 0}
    counted = estimate_shares(Known(), rows, counts=counts, **params)
    repeated = estimate_shares(Known(), rows.repeat(counts, axis=0), **params)
    for column in ("label", "share", "low", "high", "draws"):
        expected = getattr(repeated, column)
        np.testing.assert_array_equal(getattr(counted, column), expected)


def test_label_that_nobody_has_reaches_up_to_the_exact_limit_with_checked_rows():
    """Of n people none: 1 - .025 ** (1 / n), and without checked rows it is unknown."""
    checked = estimate(is_checked=True)
    missing = np.array(["Elvish"])
    low, high = interval(checked._draws.at(missing), 0.95)
    assert (low[0], high[0]) == (0, pytest.approx(checked.floor))
    unknown = estimate()._draws.at(missing)
    low, high = interval(unknown, 0.95)
    assert np.isnan(unknown.estimate[0])
    assert (low[0], high[0]) == (0, 1)
