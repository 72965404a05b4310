import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sknames import (
    GroupedClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    estimate_shares,
    load_pretrained,
)
from sknames.datasets import load_nationalities

GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


def test_fitted_estimator_needs_no_fit(tiny, small_names):
    names = small_names[0]
    model = GroupedClassifier(tiny, GROUPS)
    assert model.classes_.tolist() == ["Asia", "Europe"]
    of = dict(zip(tiny.classes_, tiny.predict_proba(names).T, strict=True))
    asia = of["Turkish"] + of["Japanese"]
    np.testing.assert_allclose(model.predict_proba(names).T, [asia, 1 - asia], atol=1e-6)
    assert (model.predict(names) == np.where(asia > 0.5, "Asia", "Europe")).all()
    np.testing.assert_allclose(model.class_prior_, [0.5, 0.5])


def test_bits_of_a_row_do_not_depend_on_the_others(tiny, small_names):
    names, model = small_names[0], GroupedClassifier(tiny, "country")
    together = model.predict_proba(names)
    np.testing.assert_array_equal(together[7:8], model.predict_proba(names[7:8]))


def test_labels_without_a_group_stay(tiny):
    series = pd.Series({"Greek": "Europe", "Polish": "Europe"})
    for groups in (series, series.to_dict()):
        model = GroupedClassifier(tiny, groups)
        assert model.classes_.tolist() == ["Europe", "Japanese", "Turkish"]
    model = GroupedClassifier(LogisticRegression(), {0: 7, 2: 7})
    assert model.fit(*make_blobs(random_state=0)).classes_.tolist() == [1, 7]
    assert not hasattr(GroupedClassifier(LogisticRegression()), "classes_")


@pytest.mark.parametrize(
    "groups, words",
    [
        (
            {"Greek": "Europe", "Spanish": "Europe"},
            "Expected groups of Greek.*; got 'Spanish'",
        ),
        ({"Greek": 1}, "all strings, or all numbers, got .1, 'Japanese'"),
        ("continent", "'groups' parameter"),
    ],
)
def test_wrong_groups_raise(tiny, small_names, groups, words):
    with pytest.raises(ValueError, match=words):
        GroupedClassifier(FrozenEstimator(tiny), groups).fit(*small_names)


def test_level_of_other_labels_raises():
    with pytest.raises(ValueError, match="nationalities of load_nationalities, got 0, 1, 2"):
        GroupedClassifier(LogisticRegression(), "region").fit(*make_blobs(random_state=0))


def test_countries_share_a_nationality_by_bearers():
    model, table = load_pretrained(), load_nationalities()
    grouped = GroupedClassifier(model, "country")
    names = ["João Silva", "Mehmet Yılmaz"]
    found = pd.DataFrame(grouped.predict_proba(names), columns=grouped.classes_)
    given = pd.DataFrame(model.predict_proba(names), columns=model.classes_)
    portuguese = dict(zip(table.nationality, table.millions, strict=True))["Portuguese"]
    home, brazil = map(float, portuguese.split())
    expected = given["Portuguese"] * brazil / (home + brazil)
    np.testing.assert_allclose(found["BR"], expected, rtol=1e-5)
    np.testing.assert_allclose(found["GB"], expected_of_gb(given, table), rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(grouped.class_prior_.sum(), 1)


def expected_of_gb(given, table):
    """A country of several nationalities."""
    total = 0
    for name, *columns in zip(table.nationality, table.alpha_2, table.millions, strict=True):
        countries, millions = (column.split() for column in columns)
        millions = np.array(millions, dtype=float)
        if "GB" in countries:
            total += given[name] * millions[countries.index("GB")] / millions.sum()
    return total


def test_regions_are_those_of_the_table():
    table = load_nationalities()
    region = dict(zip(table.nationality, table.region, strict=True))
    model, names = load_pretrained(), ["Wanjiru Kamau", "Nguyễn Văn An", "Erik Johansson"]
    by_level, by_dict = GroupedClassifier(model, "region"), GroupedClassifier(model, region)
    np.testing.assert_array_equal(by_level.predict_proba(names), by_dict.predict_proba(names))
    assert by_level.predict(names).tolist() == ["Africa", "Asia", "Europe"]


def test_fit_fits_a_clone_and_routes_weights():
    X, y = make_blobs(random_state=0)
    weights = np.where(y == 0, 0.01, 1.0)
    inner = LogisticRegression()
    model = GroupedClassifier(inner, {0: 1}).fit(X, y, sample_weight=weights)
    expected = LogisticRegression().fit(X, y, weights).predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X)[:, 0], expected[:, :2].sum(axis=1))
    with pytest.raises(NotFittedError):
        inner.predict(X)
    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression().set_fit_request(sample_weight=True)
        routed = GroupedClassifier(inner, {0: 1}).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(routed.predict_proba(X), model.predict_proba(X))


def test_other_classifiers_take_it(tiny, small_names):
    names, labels = small_names
    groups = [GROUPS[label] for label in labels]
    model = GroupedClassifier(tiny, GROUPS)
    adapted = PriorShiftClassifier(model).fit(names[:120])
    shares = estimate_shares(model, names[:120], random_state=0)
    assert sorted(shares.nationality) == adapted.classes_.tolist() == ["Asia", "Europe"]
    selective = SelectiveClassifier(FrozenEstimator(model), coverage=0.5).fit(names, groups)
    assert {*selective.predict(names)} <= {"Asia", "Europe", "unknown"}
    np.testing.assert_array_equal(selective.class_prior_, model.class_prior_)
