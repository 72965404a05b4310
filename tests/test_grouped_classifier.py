import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    f1_score,
    make_scorer,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sknames import (
    GroupedClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    predict_names,
)
from sknames.datasets import load_countries, load_nationalities
from sknames.metrics import RiskCoverageDisplay, scorecard
from tests.conftest import Given

GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


def test_missing_label_raises_around_any_estimator():
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    with pytest.raises(
        ValueError, match=r"missing label \(nan\) at position 1. Drop such rows"
    ):
        GroupedClassifier(ngrams, groups={}).fit(["Anna", "Bo"], ["a", np.nan])


def test_bits_of_a_row_do_not_depend_on_the_others(tiny, small_names, monkeypatch):
    names = small_names[0]
    model = GroupedClassifier(tiny, groups="subregion")
    together = model.predict_proba(names)
    monkeypatch.setattr("sknames._models.groups.SUMMED_ROWS", 7)
    assert_array_equal(model.predict_proba(names), together)
    assert_array_equal(together[7:8], model.predict_proba(names[7:8]))


def test_labels_without_a_group_stay(tiny):
    series = pd.Series({"Greek": "Europe", "Polish": "Europe"})
    for groups in (series, series.to_dict(), {"Europe": ("Greek", "Polish")}):
        model = GroupedClassifier(tiny, groups=groups)
        assert model.classes_.tolist() == ["Europe", "Japanese", "Turkish"]
    model = GroupedClassifier(LogisticRegression(), groups={0: 7, 2: 7})
    assert model.fit(*make_blobs(random_state=0)).classes_.tolist() == [1, 7]
    assert not hasattr(GroupedClassifier(LogisticRegression()), "classes_")


@pytest.mark.parametrize("group, others", [("a", "others"), (1, 0), (True, False)])
def test_others_are_one_group_of_all_other_labels(tiny, small_names, group, others):
    names = small_names[0]
    priors = [0.4, 0.3, 0.2, 0.1]
    shifted = PriorShiftClassifier(FrozenEstimator(tiny), priors=priors)
    model = GroupedClassifier(shifted, groups={group: ["Polish"]}, others=others)
    for fitted in (model, clone(model).fit(*small_names)):
        column = fitted.classes_.tolist().index(group)
        assert fitted.classes_[1 - column] == others
        polish = fitted._inner().predict_proba(names)[:, 2]
        found = fitted.predict_proba(names)
        assert_allclose(found[:, column], polish)
        assert_allclose(found[:, 1 - column], 1 - polish)
    assert model.class_prior_[column] == pytest.approx(0.2)
    groups = np.where(small_names[1] == "Polish", group, others)
    assert model.score(*small_names) == model.score(names, groups)


def test_others_may_be_a_label_without_a_group(tiny):
    model = GroupedClassifier(tiny, groups={"Asia": ["Japanese"]}, others="Greek")
    assert model.classes_.tolist() == ["Asia", "Greek"]


def test_fit_may_learn_no_other_label(small_names):
    """As in a fold that lacks rare labels."""
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = GroupedClassifier(ngrams, groups=GROUPS, others="others")
    assert model.fit(*small_names).classes_.tolist() == ["Asia", "Europe"]


@pytest.mark.parametrize("groups, others, words", [
    ({}, "others", "groups of some labels, not of all, .* got 0 of 4 labels"),
    (GROUPS, "others", "groups of some labels, not of all, .* got 4 of 4 labels"),
    ({"Asia": ["Turkish"]}, "Asia", "others that is none of the groups, got 'Asia'"),
    ({"Asia": ["Turkish"]}, "Turkish", "a label in another group: got 'Turkish'"),
    ({"Asia": ["Turkish"]}, 0, "groups and others that are all strings, or all num"),
    ({"Asia": ["Turkish"]}, ["Greek"], r"name of a group, or None, got \['Greek'\]"),
    ({"Asia": []}, "others", "a list of labels for each group in groups, got "),
    ({"A": ["Greek"], "B": ["Greek"]}, "others", "one group of groups, got 'Greek'"),
])  # fmt: skip
def test_wrong_others_raise(tiny, groups, others, words):
    model = GroupedClassifier(tiny, groups=groups, others=others)
    with pytest.raises(ValueError, match=words):
        model.predict(["Ana"])


def test_binary_tools_of_scikit_learn_take_a_group_and_the_others(tiny, small_names):
    names = small_names[0]
    y = np.where(small_names[1] == "Greek", "Greek", "others")
    frozen = FrozenEstimator(tiny)
    model = GroupedClassifier(frozen, groups={"Greek": ["Greek"]}, others="others")
    greek = tiny.predict_proba(names)[:, 0]
    scoring = make_scorer(f1_score, pos_label="Greek")
    tuned = TunedThresholdClassifierCV(model, cv="prefit", refit=False, scoring=scoring)
    tuned.fit(names, y)
    fixed = FixedThresholdClassifier(
        model,
        threshold=tuned.best_threshold_,
        pos_label="Greek",
        response_method="predict_proba",
    )
    expected = np.where(greek >= tuned.best_threshold_, "Greek", "others")
    for decided in (tuned, fixed, clone(fixed).fit(names, y)):
        assert decided.predict(names).tolist() == expected.tolist()
        assert predict_names(decided, names).labels[:, 0].tolist() == expected.tolist()


@pytest.mark.parametrize("group", [("a", 1), 1, True])
def test_groups_that_are_no_labels_or_mixed_raise(tiny, group):
    groups = {group: ["Greek", "Polish"]}
    message = "groups that are all strings, or all numbers, got "
    with pytest.raises(ValueError, match=message):
        GroupedClassifier(tiny, groups=groups).predict(["Nowak"])
    groups = {("a", 1): ["Greek", "Polish"], ("b", 2): ["Japanese", "Turkish"]}
    with pytest.raises(ValueError, match=message):
        GroupedClassifier(tiny, groups=groups).predict(["Nowak"])


def test_labels_of_large_integers_stay_apart():
    X, y = make_blobs(centers=3, random_state=0)
    labels = np.array([2**63, 2**63 + 1, 5], dtype=np.uint64)
    model = GroupedClassifier(GaussianNB().fit(X, labels[y]), groups={7: [5]})
    assert model.classes_.tolist() == [7, 2**63, 2**63 + 1]
    score = model.estimator.score(X, labels[y])
    assert model.score(X, labels[y]) == score > 0.8


def test_fit_ignores_groups_of_labels_that_it_has_not_seen(tiny, small_names):
    names, y = small_names
    groups = {"Europe": ["Greek", "Polish", "Danish"], "Oceania": ["Fijian"]}
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = GroupedClassifier(ngrams, groups=groups)
    assert model.fit(names, y).classes_.tolist() == ["Europe", "Japanese", "Turkish"]
    with pytest.raises(ValueError, match="got 'Danish' in 'Europe'"):
        GroupedClassifier(FrozenEstimator(tiny), groups=groups).fit(names)
    with pytest.raises(ValueError, match="got 'Fijian' in 'Oceania'"):
        model.set_params(groups={"Oceania": ["Fijian"]}).fit(names, y)
    selective = SelectiveClassifier(ngrams, coverage=1, fallback=[groups], cv=2)
    found = predict_names(selective.fit(names, y), names, threshold=0.6)
    of_groups = {*found.labels[found.levels == "fallback[0]", 0]}
    assert "Europe" in of_groups
    assert of_groups <= {"Europe", "Japanese", "Turkish"}


def test_fit_learns_labels_and_not_groups(tiny, small_names):
    names = small_names[0]
    around = GroupedClassifier(tiny, groups=GROUPS)
    learned = clone(around).fit(*small_names)
    assert_array_equal(learned.predict_proba(names), around.predict_proba(names))


def test_groups_are_those_of_fit_until_the_next(tiny, small_names):
    model = GroupedClassifier(tiny, groups=GROUPS).fit(*small_names)
    model.set_params(groups={})
    assert model.classes_.tolist() == ["Asia", "Europe"]
    assert model.predict_proba(["Ana"]).shape == (1, 2)
    GroupedClassifier(tiny).classes_[:] = "?"
    assert GroupedClassifier(tiny).classes_.tolist() == ["Asia", "Europe"]
    assert len(model.fit(*small_names).classes_) == 4


@pytest.mark.parametrize("groups, words", [
    ({"Greek": "Europe", "Spanish": "Europe"},
     "groups got 'Spanish' in .* labels are such as .'Greek'"),
    ({"Greek": 1}, "all strings, or all numbers, got .1, 'Japanese'"),
    ({"Europe": ["Greek", "Spanish"]}, "got 'Spanish' in 'Europe'"),
    ({"Europe": [["Greek"]]}, r"got \['Greek'\] in 'Europe'"),
    ({"Asia": ["Japan", "China"]}, r"'Japan' in 'Asia', .* such as \['Japanese'\]"),
    ({"Europe": []},
     r"a list of labels for each group in groups, got \[\] for 'Europe'"),
    ({"Europe": ["Greek"], "Asia": "Turkish"}, "got 'Turkish' for 'Asia'"),
    ({"A": ["Greek", "Polish"], "B": ["Greek"]},
     "one group of groups, got 'Greek' in 'A' and"),
    ({"Greek": "Polish", "Polish": "Europe"},
     "a label in another group: got 'Polish'.* 'Europe'"),
    ({"Greek": None}, "groups has 'Greek' in the group None. Leave it out"),
    ({"Europe": ["Greek", np.nan]}, "groups has nan in the group 'Europe'"),
    ("country", r"countries, take load_pretrained\('country'\)"),
    (["Greek"], "'region', 'subregion', or a dict"),
])  # fmt: skip
def test_wrong_groups_raise(tiny, groups, words):
    with pytest.raises(ValueError, match=words):
        GroupedClassifier(tiny, groups=groups).predict(["Ana"])
    blobs = LogisticRegression().fit(*make_blobs(random_state=0))
    with pytest.raises(ValueError, match="codes of load_countries, got 0, 1, 2"):
        GroupedClassifier(blobs, groups="region").predict([[0, 0]])


def test_scores_take_labels_and_groups(small_names, tiny):
    names, labels = small_names
    groups = np.array([GROUPS[label] for label in labels])
    model = GroupedClassifier(tiny, groups=GROUPS)
    hits = model.predict(names) == groups
    assert 0.7 < hits.mean() < 1
    shifted = PriorShiftClassifier(model, priors="uniform")
    for wrapped in (model, FrozenEstimator(model), make_pipeline(model), shifted):
        for y in (labels, groups, labels.tolist(), np.where(hits, labels, groups)):
            score = wrapped.score(names, y)
            assert score == wrapped.score(names, groups)
            assert score >= hits.mean() - 0.1
    weights = np.where(hits, 3, 1)
    assert model.score(names, labels, weights) == np.average(hits, weights=weights)
    unknown = np.where(labels == "Greek", "Elvish", labels)
    assert model.score(names, unknown) == np.mean(hits & (labels != "Greek"))
    for y in (labels, groups):
        selective = SelectiveClassifier(FrozenEstimator(model), coverage=1)
        selective.fit(names, y)
        assert selective.risk_ == pytest.approx(1 - hits.mean())
        assert selective.score(names, labels) == hits.mean()  # none is withheld
        card = scorecard(model, names, y)
        assert card.accuracy == hits.mean()
        assert card.by_class["label"].tolist() == ["Asia", "Europe"]
        curve = RiskCoverageDisplay.from_estimator(model, names, y)
        assert curve.risk[-1] == pytest.approx(1 - hits.mean())


@pytest.mark.parametrize("level", ["region", "subregion"])
def test_levels_group_nationalities_and_countries(shipped, level):
    table = load_countries()
    some = np.isin(table.alpha_2, ["BR", "PT", "TR", "XK"])
    for rows in (some, np.ones_like(some)):
        codes = table.alpha_2[rows]
        sure = np.eye(len(codes))
        countries = Given().fit(sure, codes)
        found = GroupedClassifier(countries, groups=level).predict(sure)
        order = np.argsort(codes)  # of the classes
        assert found.tolist() == table[level][rows][order].tolist()
    names = ["João Silva"]
    grouped = GroupedClassifier(shipped, groups=level)
    proba = pd.Series(shipped.predict_proba(names)[0], index=shipped.classes_)
    of = load_nationalities(as_frame=True).frame.set_index("nationality")[level]
    expected = proba.groupby(of).sum()
    assert_allclose(grouped.predict_proba(names)[0], expected, rtol=1e-5)
    assert expected.index.tolist() == grouped.classes_.tolist()


def test_groups_of_equal_labels_keep_their_type():
    for labels in ([0, 1], [False, True], [0.0, 1.0]):
        model = DummyClassifier().fit([[0], [0]], labels)
        groups = GroupedClassifier(model, groups={}).classes_
        assert groups.dtype == model.classes_.dtype


def test_memory_does_not_grow_with_labels_times_groups():
    labels = np.arange(3000)
    inner = FrozenEstimator(DummyClassifier().fit(labels[:, None], labels))
    tracemalloc.start()
    model = GroupedClassifier(inner, groups={0: 1}).fit(labels[:2, None])
    assert model.predict_proba(labels[:1, None]).shape == (1, 2999)
    assert len(model.class_prior_) == 2999
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # a table of both would take 72 MB
