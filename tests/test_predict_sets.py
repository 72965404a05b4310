import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

import sknames
from sknames import (
    GroupedClassifier,
    JoinNames,
    NameNationalityClassifier,
    PriorShiftClassifier,
)
from sknames.datasets import load_nationalities, make_names
from sknames.pretrained import predict_sets
from sknames.pretrained._predict_sets import set_thresholds as set_thresholds_of
from sknames.pretrained._predict_sets import sets_of
from tools.retrain import risk_coverage
from tools.retrain.risk_coverage import (
    LEAST_OF_SOURCE,
    calibrate_sets,
    common_thresholds,
)

CLASSES = np.array(["a", "b", "c"])


def test_set_ends_where_its_probability_exceeds_the_threshold():
    probabilities = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]])
    assert sets_of(CLASSES, probabilities, 0.8) == [["b", "c"], ["c", "a", "b"], ["c"]]
    assert sets_of(CLASSES, probabilities, 0.0) == [["b"], ["c"], ["c"]]
    by_class = np.array([0.95, 0.0, 0.6])
    assert sets_of(CLASSES, probabilities, by_class) == [["b", "a"], ["c", "a"], ["c"]]


def test_threshold_is_the_score_of_the_rank_that_conformal_prediction_asks_for():
    """Of nine, half is the fifth: ceil(.5 * (9 + 1)); of more than all, the last."""
    above = 1 - np.arange(1, 10) / 20  # of the other label
    probabilities = np.column_stack([above, 1 - above])
    places = np.ones(9, dtype=int)
    found = calibrate_sets(probabilities, places, np.ones(9), [0.5, 0.51, 0.95])
    assert found.tolist() == np.sort(above)[[4, 5, 8]].tolist()
    # The first, which has the largest score, does not count.
    weights = np.append(0, np.ones(8))
    found = calibrate_sets(probabilities, places, weights, [0.5, 0.6])
    assert found.tolist() == np.sort(above)[[4, 5]].tolist()


def test_thresholds_are_those_of_the_smallest_stored_coverage_that_is_enough():
    folder = Path(sknames.__file__).parent / "pretrained" / "nationality"
    text = (folder / "set_thresholds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    stored = {float(row["coverage"]): float(row["all"]) for row in rows}
    for coverage, row in [(0.8, 0.8), (0.9, 0.9), (0.1 * 9, 0.9), (0.901, 0.91)]:
        assert set_thresholds_of(coverage) == stored[row]
    assert set_thresholds_of(0.99) == stored[0.99] != stored[0.98]


def test_sets_by_class_have_thresholds_of_their_own(shipped):
    names = make_names(300, random_state=0)[0]
    common = predict_sets(shipped, names, by_class=False).sets
    own = predict_sets(shipped, names, by_class=True).sets
    assert common != own
    assert [found[0] for found in own] == [found[0] for found in common]
    thresholds = set_thresholds_of(0.9, shipped.classes_)
    for found, row in zip(own, shipped.predict_proba(names), strict=True):
        sum_above = np.array([row[row > p].sum() for p in row])
        assert {*found} == {*shipped.classes_[sum_above <= thresholds]}


def test_sets_of_countries_have_thresholds_of_countries():
    model = sknames.load_pretrained("country")
    names = ["Mehmet Yılmaz", "Kim Min-jun", "Anna", "Maria García"]
    threshold = set_thresholds_of(0.9, target="country")
    assert threshold != set_thresholds_of(0.9)
    proba = model.predict_proba(names)
    sets = predict_sets(model, names).sets
    assert sets == sets_of(model.classes_, proba, threshold)


def test_thresholds_of_a_class_come_from_its_people_if_these_are_enough():
    labels = np.repeat(["a", "b", "c"], [5, 200, 200])
    rng = np.random.RandomState(0)
    probabilities = rng.dirichlet([1, 1, 1], size=405)
    probabilities[205:, 2] += 1  # c is clear
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    equal = np.full(3, 1 / 3)
    table = risk_coverage.sets_thresholds(
        probabilities, labels, np.full(405, "a source"), CLASSES, equal
    )
    rows = dict(zip(["coverage", "all", *"abc"], np.array([*table]).T, strict=True))
    few = rows["coverage"] > 5 / 6
    assert (rows["a"] == rows["all"])[few].all()
    assert (rows["a"] != rows["all"])[~few].all()
    assert (rows["c"] < rows["all"]).all()
    of_b = probabilities[labels == "b"]
    scores = np.sort(np.where(of_b > of_b[:, [1]], of_b, 0).sum(axis=1))
    (at,) = rows["b"][rows["coverage"] == 0.9]
    assert at == pytest.approx(scores[int(np.ceil(0.9 * 201)) - 1], abs=1e-6)


@pytest.mark.parametrize(
    ("n_hard", "is_held"), [(LEAST_OF_SOURCE + 2, True), (LEAST_OF_SOURCE - 2, False)]
)
def test_common_threshold_holds_in_each_source_with_enough_people(n_hard, is_held):
    n = 2_000
    sources = np.repeat(["easy", "hard"], [n, n_hard])
    labels = np.resize(["a", "b"], n + n_hard)
    # Of the hard source, the label of everybody has another one above it.
    true = np.where(np.arange(n + n_hard) % 10 < 2, 0.1, 0.3)
    true[:n] = 0.8
    probabilities = np.column_stack([true, 0.9 - true, np.full(len(true), 0.1)])
    is_b = labels == "b"
    probabilities[is_b] = probabilities[is_b][:, [1, 0, 2]]
    threshold = common_thresholds(
        probabilities, labels, sources, CLASSES, np.array([0.5, 0.5, 0]), [0.9]
    )
    sets = sets_of(CLASSES, probabilities, threshold)
    pairs = zip(labels, sets, strict=True)
    is_in = np.array([label in found for label, found in pairs])
    assert is_in[sources == "easy"].all()
    assert (is_in[sources == "hard"].mean() >= 0.9) == is_held


@pytest.mark.parametrize("by_class", [False, True])
def test_sets_of_groups_have_the_groups_of_the_nationalities(shipped, by_class):
    names = [*make_names(100, random_state=0)[0], "Lee"]
    table = load_nationalities()
    region = dict(zip(table.nationality, table.region, strict=True))
    sets = predict_sets(shipped, names, by_class=by_class).sets
    expected = [[*dict.fromkeys(region[label] for label in found)] for found in sets]
    inside = make_pipeline(JoinNames(), FrozenEstimator(shipped))
    grouped = GroupedClassifier(inside, groups="region")
    found = predict_sets(grouped, iter(names), by_class=by_class)
    assert found.sets == expected
    assert found.labels[:, 0].tolist() == [labels[0] for labels in expected]
    assert 1 < max(map(len, expected)) < max(map(len, sets))


def test_sets_under_other_priors_raise(shipped, shipped_uniform, tiny):
    around = PriorShiftClassifier(shipped, priors={"Irish": 0.5, "Polish": 0.5})
    around.fit(None)
    back = PriorShiftClassifier(shipped_uniform, priors="population").fit(None)
    assert predict_sets(back, ["Lee"]).sets == predict_sets(shipped, ["Lee"]).sets
    # As of a training of one's own.
    network = replace(shipped[-1].network_, fingerprint=None)
    own = NameNationalityClassifier._from_network(
        network, shipped.classes_, n_features_in=64
    )
    for model, got in [
        (make_pipeline(shipped[0], own), "another model"),
        (shipped_uniform, "other priors"),
        (around, "other priors"),
        (GroupedClassifier(around, groups="region"), "other priors"),
        (tiny, "another model"),
    ]:
        with pytest.raises(ValueError, match=f"default priors, .* got {got}. Take"):
            predict_sets(model, ["Lee"])


OUT_OF_RANGE = "confidence_level of sets from 0.8 to 0.99, got"


@pytest.mark.parametrize("params, message", [
    ({"confidence_level": 0.5}, OUT_OF_RANGE),
    ({"confidence_level": 0.999}, OUT_OF_RANGE),
    ({"confidence_level": np.nan}, OUT_OF_RANGE),
    ({"confidence_level": "0.9"}, "The 'confidence_level' parameter"),
    ({"by_class": "no"}, "The 'by_class' parameter"),
])  # fmt: skip
def test_wrong_parameter_raises(shipped, params, message):
    with pytest.raises(ValueError, match=message):
        predict_sets(shipped, ["Lee"], **params)


def test_text_that_is_no_name_has_the_empty_set_and_a_reason(shipped):
    careful = sknames.load_pretrained(abstain=True)
    for model in (shipped, careful):
        found = predict_sets(model, ["Mehmet Yılmaz", None, "123", "Lee"])
        assert found.sets[:3] == [["Turkish"], [], []]
        assert {"Chinese", "Korean"} <= {*found.sets[3]}
        assert found.reasons.tolist() == ["", "missing name", "no known letter", ""]
        columns = found.columns()
        assert [*columns] == ["predicted", "probability", "set", "reason"]
        assert columns["set"][0] == "Turkish"
