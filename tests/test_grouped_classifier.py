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
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sknames import (
    GroupedClassifier,
    SelectiveClassifier,
)
from sknames.datasets import load_countries, load_nationalities
from sknames.metrics import scorecard
from tests.conftest import Given

GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


def test_fit_of_grouped_classifier_with_missing_label_raises():
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    with pytest.raises(
        ValueError, match=r"missing label \(nan\) at position 1. Drop such rows"
    ):
        GroupedClassifier(ngrams, groups={}).fit(["Anna", "Bo"], ["a", np.nan])


def test_labels_without_group_remain_classes(tiny):
    series = pd.Series({"Greek": "Europe", "Polish": "Europe"})
    for groups in (series, series.to_dict(), {"Europe": ("Greek", "Polish")}):
        model = GroupedClassifier(tiny, groups=groups)
        assert model.classes_.tolist() == ["Europe", "Japanese", "Turkish"]
    model = GroupedClassifier(LogisticRegression(), groups={0: 7, 2: 7})
    assert model.fit(*make_blobs(random_state=0)).classes_.tolist() == [1, 7]
    assert not hasattr(GroupedClassifier(LogisticRegression()), "classes_")


@pytest.mark.parametrize(
    "group, others", [("a", "others"), ("a", "Greek"), (1, 0), (True, False)]
)
def test_others_parameter_groups_all_remaining_labels(tiny, small_names, group, others):
    names = small_names[0]
    frozen = FrozenEstimator(tiny)
    model = GroupedClassifier(frozen, groups={group: ["Polish"]}, others=others)
    polish = tiny.predict_proba(names)[:, 2]
    for fitted in (model, clone(model).fit(*small_names)):
        column = fitted.classes_.tolist().index(group)
        assert fitted.classes_[1 - column] == others
        found = fitted.predict_proba(names)
        assert_allclose(found[:, column], polish)
        assert_allclose(found[:, 1 - column], 1 - polish, atol=1e-6)
    groups = np.where(small_names[1] == "Polish", group, others)
    assert model.score(*small_names) == model.score(names, groups)


def test_others_group_is_omitted_if_no_label_remains(small_names):
    """As in a fold that lacks rare labels."""
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = GroupedClassifier(ngrams, groups=GROUPS, others="others")
    assert model.fit(*small_names).classes_.tolist() == ["Asia", "Europe"]


@pytest.mark.parametrize(
    "groups, others, classes",
    [
        (GROUPS, "others", ["Asia", "Europe"]),
        ({"Asia": ["Turkish"]}, "Asia", ["Asia"]),
        ({}, "others", ["others"]),
    ],
)
def test_remaining_labels_join_existing_group_named_by_others(
    tiny, groups, others, classes
):
    model = GroupedClassifier(tiny, groups=groups, others=others)
    assert model.classes_.tolist() == classes
    assert_allclose(model.predict_proba(["Ana"]).sum(), 1, rtol=1e-5)


def test_grouped_classifier_distinguishes_large_integer_labels():
    X, y = make_blobs(centers=3, random_state=0)
    labels = np.array([2**63, 2**63 + 1, 5], dtype=np.uint64)
    model = GroupedClassifier(GaussianNB().fit(X, labels[y]), groups={7: [5]})
    assert model.classes_.tolist() == [7, 2**63, 2**63 + 1]
    score = model.estimator.score(X, labels[y])
    assert model.score(X, labels[y]) == score > 0.8


def test_fit_ignores_groups_of_unseen_labels(tiny, small_names):
    names, y = small_names
    groups = {"Europe": ["Greek", "Polish", "Danish"], "Oceania": ["Fijian"]}
    ngrams = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = GroupedClassifier(ngrams, groups=groups)
    assert model.fit(names, y).classes_.tolist() == ["Europe", "Japanese", "Turkish"]
    with pytest.raises(ValueError, match="got 'Danish' in 'Europe'"):
        GroupedClassifier(FrozenEstimator(tiny), groups=groups).fit(names)
    with pytest.raises(ValueError, match="got 'Fijian' in 'Oceania'"):
        model.set_params(groups={"Oceania": ["Fijian"]}).fit(names, y)


def test_changed_groups_take_effect_at_next_fit(tiny, small_names):
    model = GroupedClassifier(tiny, groups=GROUPS).fit(*small_names)
    model.set_params(groups={})
    assert model.classes_.tolist() == ["Asia", "Europe"]
    assert model.predict_proba(["Ana"]).shape == (1, 2)
    model.classes_[:] = "?"  # a copy
    assert model.classes_.tolist() == ["Asia", "Europe"]
    assert GroupedClassifier(tiny).classes_.tolist() == ["Asia", "Europe"]
    assert len(model.fit(*small_names).classes_) == 4


def test_fit_of_frozen_model_with_group_names_as_labels_does_not_warn(shipped):
    model = GroupedClassifier(shipped).fit(["Ana", "Kim"], ["Europe", "Asia"])
    assert model.score(["Anna Müller"], ["Europe"]) == 1


def test_fit_of_grouped_classifier_around_selective_classifier_raises():
    X, y = make_blobs(random_state=0)
    inner = SelectiveClassifier(LogisticRegression(), threshold=0.5)
    with pytest.raises(ValueError, match="^GroupedClassifier changes probabilities"):
        GroupedClassifier(inner, groups={0: 1}).fit(X, y)


WRONG = [
    (GROUPS | {"Spanish": "Europe"}, None, "got 'Spanish' in .* are such as .'Greek'"),
    ({"Asia": ["Japan"]}, None, r"'Japan' in 'Asia', .* such as \['Japanese'\]"),
    ({"Greek": 1}, None, "all strings, or all numbers, got .1, 'Japanese'"),
    ({True: ["Greek", "Polish"], 2: ["Japanese", "Turkish"]}, None, "or all numbers"),
    ({(0, 1): [*GROUPS]}, None, "all strings, or all numbers, got "),
    ({"Europe": []}, None, r"for each group in groups, got \[\] for 'Europe'"),
    ({"Europe": ["Greek"], "Asia": "Turkish"}, None, "got 'Turkish' for 'Asia'"),
    ({"A": ["Greek", "Polish"], "B": ["Greek"]}, None, "got 'Greek' in 'A' and"),
    ({"Greek": "Polish", "Polish": "Europe"}, None, "another group: got 'Polish'"),
    ({"Greek": None}, None, "'Greek' in the group None. Leave it out"),
    ({"Europe": ["Greek", np.nan]}, None, "groups has nan in the group 'Europe'"),
    ("country", None, r"countries, take load_pretrained\('country'\)"),
    (["Greek"], None, "'region', 'subregion', or a dict"),
    ({"Asia": ["Turkish"]}, "Turkish", "another group: got 'Turkish'"),
    ({"Asia": ["Turkish"]}, 0, "groups that are all strings, or all numbers, got .0,"),
]


@pytest.mark.parametrize("groups, others, message", WRONG)
def test_invalid_groups_or_others_raise(tiny, groups, others, message):
    with pytest.raises(ValueError, match=message):
        GroupedClassifier(tiny, groups=groups, others=others).predict(["Ana"])


def test_grouping_labels_without_region_by_region_raises():
    blobs = LogisticRegression().fit(*make_blobs(random_state=0))
    with pytest.raises(ValueError, match="codes of load_countries, got 0, 1, 2"):
        GroupedClassifier(blobs, groups="region").predict([[0, 0]])


def test_grouped_score_accepts_labels_and_groups(small_names, tiny):
    names, labels = small_names
    groups = np.array([GROUPS[label] for label in labels])
    model = GroupedClassifier(tiny, groups=GROUPS)
    hits = model.predict(names) == groups
    accuracy = hits.mean()
    assert 0.7 < accuracy < 1
    for y in (labels, groups.tolist(), np.where(hits, labels, groups)):
        assert model.score(names, y) == accuracy
        selective = SelectiveClassifier(FrozenEstimator(model), coverage=1)
        selective.fit(names, y)
        assert selective.risk_ == pytest.approx(1 - accuracy)
        assert selective.score(names, y) == accuracy  # none is withheld
        card = scorecard(model, names, y)
        assert card.accuracy == accuracy
        assert card.by_class["label"].tolist() == ["Asia", "Europe"]
    weights = np.where(hits, 3, 1)
    assert model.score(names, labels, weights) == np.average(hits, weights=weights)
    unknown = np.where(labels == "Greek", "Elvish", labels)
    assert model.score(names, unknown) == np.mean(hits & (labels != "Greek"))


def test_grouped_score_counts_unknown_label_as_error_with_numeric_groups(
    tiny, small_names
):
    names, labels = small_names
    model = GroupedClassifier(tiny, groups={1: ["Polish"]}, others=0)
    careful = SelectiveClassifier(model, threshold=0)
    is_known = labels != "Greek"
    is_right = careful.predict(names) == (labels == "Polish")
    unknown = np.where(is_known, labels, "Elvish")
    assert careful.score(names, unknown) == np.mean(is_right & is_known)


def test_group_probabilities_do_not_depend_on_other_rows(tiny, small_names):
    names = np.resize(small_names[0], 8200)  # more than one chunk of 8,192
    model = GroupedClassifier(tiny, groups="subregion")
    together = model.predict_proba(names)
    assert_array_equal(together[8190:], model.predict_proba(names[8190:]))


@pytest.mark.parametrize("level", ["region", "subregion"])
def test_region_and_subregion_group_nationalities_and_countries(level):
    for table, column in [
        (load_countries(), "alpha_2"),
        (load_nationalities(), "nationality"),
    ]:
        labels = table[column][::2]  # some labels may be missing
        sure = np.eye(len(labels))
        model = GroupedClassifier(Given().fit(sure, labels), groups=level)
        order = np.argsort(labels)  # of the classes
        assert model.predict(sure).tolist() == table[level][::2][order].tolist()


def test_classes_without_groups_keep_dtype_of_labels():
    for labels in ([0, 1], [False, True], [0.0, 1.0]):
        model = DummyClassifier().fit([[0], [0]], labels)
        groups = GroupedClassifier(model, groups={}).classes_
        assert groups.dtype == model.classes_.dtype


def test_memory_of_grouping_does_not_grow_with_labels_times_groups():
    labels = np.arange(3000)
    inner = FrozenEstimator(DummyClassifier().fit(labels[:, None], labels))
    tracemalloc.start()
    model = GroupedClassifier(inner, groups={0: 1}).fit(labels[:2, None])
    assert model.predict_proba(labels[:1, None]).shape == (1, 2999)
    assert len(model.class_prior_) == 2999
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # a table of both would take 72 MB
