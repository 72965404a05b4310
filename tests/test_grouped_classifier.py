import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sknames import (
    GroupedClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    load_pretrained,
)
from sknames.datasets import load_nationalities
from sknames.metrics import RiskCoverageDisplay, scorecard
from tests.conftest import tiny_pipeline

GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


def test_fitted_estimator_needs_no_fit(tiny, small_names):
    names = small_names[0]
    model = GroupedClassifier(tiny, GROUPS)
    assert model.classes_.tolist() == ["Asia", "Europe"]
    of = dict(zip(tiny.classes_, tiny.predict_proba(names).T, strict=True))
    asia = of["Turkish"] + of["Japanese"]
    np.testing.assert_allclose(model.predict_proba(names).T, [asia, 1 - asia], atol=1e-6)
    assert (model.predict(names) == np.where(asia > 0.5, "Asia", "Europe")).all()
    prior = PriorShiftClassifier(tiny, priors=[0.4, 0.3, 0.2, 0.1]).fit(None)
    np.testing.assert_allclose(GroupedClassifier(prior, GROUPS).class_prior_, [0.4, 0.6])


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


def test_group_with_the_name_of_another_groups_label_raises(tiny):
    """Else it would not be clear which of the two a label is."""
    with pytest.raises(ValueError, match="no label of another group, got 'Polish'.* 'Europe'"):
        GroupedClassifier(tiny, {"Greek": "Polish", "Polish": "Europe"}).predict(["Ana"])


def test_scores_take_labels_and_groups(small_names, tiny):
    names, labels = small_names
    groups = np.array([GROUPS[label] for label in labels])
    model = GroupedClassifier(tiny, GROUPS)
    hits = model.predict(names) == groups
    assert 0.7 < hits.mean() < 1
    shifted = PriorShiftClassifier(model, priors="uniform").fit(None)
    for wrapped in (model, FrozenEstimator(model), make_pipeline(model), shifted):
        for y in (labels, groups, labels.tolist(), np.where(hits, labels, groups)):
            assert wrapped.score(names, y) == wrapped.score(names, groups) >= hits.mean() - 0.1
    weights = np.where(hits, 3, 1)
    assert model.score(names, labels, weights) == np.average(hits, weights=weights)
    unknown = np.where(labels == "Greek", "Elvish", labels)
    assert model.score(names, unknown) == np.mean(hits & (labels != "Greek"))
    for y in (labels, groups):
        selective = SelectiveClassifier(FrozenEstimator(model), coverage=1).fit(names, y)
        assert selective.risk_ == pytest.approx(1 - hits.mean())
        assert selective.score(names, labels) == hits.mean()  # none is withheld
        card = scorecard(model, names, y, train=(names, y))
        assert card.accuracy == hits.mean() and card.baselines["n-gram LinearSVC"]["accuracy"] > 0.9
        assert card.by_class["label"].tolist() == ["Asia", "Europe"]
        curve = RiskCoverageDisplay.from_estimator(model, names, y)
        assert curve.risk[-1] == pytest.approx(1 - hits.mean())


def test_groups_are_cross_validated_as_the_page_shows(small_names):
    """Against folds by hand, which learn nationalities and are asked for groups."""
    names, labels = small_names
    model = GroupedClassifier(tiny_pipeline(), GROUPS)
    cv = StratifiedKFold(2, shuffle=True, random_state=0)
    expected = []
    for train, test in cv.split(names, labels):
        predicted = tiny_pipeline().fit(names[train], labels[train])
        predicted = GroupedClassifier(predicted, GROUPS).predict(names[test])
        expected.append(np.mean(predicted == [GROUPS[label] for label in labels[test]]))
    np.testing.assert_array_equal(cross_val_score(model, names, labels, cv=cv), expected)
    card = scorecard(model, names, labels, cv=cv)
    assert card.accuracy == np.mean(expected) > 0.7
    selective = SelectiveClassifier(model, coverage=1, cv=cv).fit(names, labels)
    assert selective.risk_ == pytest.approx(1 - card.accuracy)
    with config_context(enable_metadata_routing=True):
        weighted = model.set_score_request(sample_weight=True)
        weights = {"sample_weight": np.ones(len(names))}
        weighted.estimator[-1].set_fit_request(sample_weight=True)
        found = cross_val_score(weighted, names, labels, cv=cv, params=weights)
    np.testing.assert_array_equal(found, expected)


def test_labels_divided_among_groups_raise(shipped):
    model = GroupedClassifier(shipped, "country")
    names = ["João Silva", "Jan Nowak"]
    assert model.score(names, ["BR", "PL"]) == model.score(names, ["BR", "Polish"]) == 1
    with pytest.raises(ValueError, match="groups, such as BR, got 'Portuguese', which is divided"):
        model.score(names, ["Portuguese", "Polish"])


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
