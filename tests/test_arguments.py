"""Errors say what to write instead of arguments that a function does not take."""

import inspect

import pandas as pd
import pytest
from sklearn.base import clone

import sknames
from sknames.datasets import load_names, make_names
from sknames.metrics import scorecard


def test_unknown_keyword_names_what_was_meant():
    calls = {
        "max_epochs": lambda: sknames.NameNationalityClassifier(epochs=3),
        r"load_pretrained\('country'\)": lambda: sknames.load_pretrained(model="x"),
        "make_names": lambda: load_names(nationalities=["Turkish"]),
        "column='name'": lambda: sknames.predict_table(None, None, columns="name"),
        "sample_weight": lambda: sknames.estimate_shares(None, [], weights=[1]),
        "by itself": lambda: sknames.estimate_shares(None, [], by=["a"]),
        "the outcome": lambda: sknames.estimate_rates(None, [], by=["a"]),
        r"predict_names\(...\).proba": lambda: sknames.predict_table(
            None, None, proba=True
        ),
    }
    for meant, call in calls.items():
        with pytest.raises(TypeError, match=meant):
            call()


def test_unknown_keyword_lists_the_arguments():
    with pytest.raises(TypeError, match="'n'. It takes n_samples, full, nationalities"):
        make_names(n=5)
    with pytest.raises(TypeError, match="'group'. It takes estimator, groups, others."):
        sknames.GroupedClassifier(None, group="region")


def test_argument_by_position_is_to_be_named():
    with pytest.raises(TypeError, match="Give 'Turkish' by name, as one of full, nat"):
        make_names(5, "Turkish")
    with pytest.raises(TypeError, match="Give 'region' by name, as one of groups, oth"):
        sknames.GroupedClassifier(None, "region")
    with pytest.raises(TypeError, match="Give 'Turkish' by name, as one of script"):
        load_names("Turkish")


def test_estimator_keeps_its_signature_and_clone():
    model = sknames.GroupedClassifier(sknames.CharEncoder(), groups="subregion")
    assert [*inspect.signature(sknames.GroupedClassifier).parameters] == [
        "estimator",
        "groups",
        "others",
    ]
    assert clone(model).groups == "subregion"


def test_name_of_another_module_says_where_it_is():
    for name, place in {
        "load_card": "sknames.pretrained.load_card",
        "scorecard": "sknames.metrics.scorecard",
        "evaluate": "sknames.metrics.scorecard",
        "explain": "sknames.inspection.feature_contributions",
    }.items():
        with pytest.raises(AttributeError, match=f"Take {place}."):
            getattr(sknames, name)
    assert not hasattr(sknames, "load_table")


def test_labels_of_another_model_name_the_way_to_it(shipped):
    frame = pd.DataFrame({"name": ["Anna Müller", "Mehmet Yılmaz"]})
    with pytest.raises(ValueError, match=r"load_pretrained\('country'\)"):
        scorecard(shipped, frame["name"], ["DE", "TR"])
    with pytest.raises(ValueError, match="others=..."):
        scorecard(shipped, frame["name"], ["other", "TS"])


def test_text_in_place_of_a_list_is_to_be_wrapped():
    with pytest.raises(ValueError, match="Got 'Turkish' instead. Wrap a single one in"):
        make_names(5, nationalities="Turkish")


def test_groups_of_rows_are_told_from_groups_of_labels(shipped):
    for estimate in (sknames.estimate_shares, sknames.estimate_rates):
        outcome = {"outcome": [0, 1]} if estimate is sknames.estimate_rates else {}
        with pytest.raises(TypeError, match="For groups of rows, estimate each by its"):
            estimate(shipped, ["Anna", "Jan"], groups=["a", "b"], **outcome)


@pytest.mark.parametrize("name", [name for name in sknames.__all__ if name[0] != "_"])
def test_signature_in_help_fits_the_screen(name):
    """ArrayLike is shown by its name, not by the types that it stands for."""
    signature = inspect.signature(getattr(sknames, name))
    assert len(str(signature)) < 1000
