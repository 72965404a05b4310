"""Errors say what to write instead of arguments that a function does not take."""

import inspect
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

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


def public_calls():
    """Return the functions and class methods that are public, by name."""
    calls = {}
    modules = ["datasets", "inspection", "metrics", "onnx", "pretrained"]
    for module in (sknames, *(getattr(sknames, name) for name in modules)):
        for name in module.__all__:
            public = getattr(module, name)
            if inspect.isfunction(public):
                calls[name] = public
            elif inspect.isclass(public):
                for method in dir(public):
                    if method.startswith("from_"):
                        calls[f"{name}.{method}"] = getattr(public, method)
    return calls


CALLS = public_calls()


@pytest.mark.parametrize("name", CALLS)
def test_error_of_swapped_arguments_is_short(shipped, name):
    people = [f"Anna Nowak {k}" for k in range(1000)]
    given = {"estimator": shipped, "model": shipped, "name": "Anna"}
    by_position = []
    by_name = {}
    for parameter in inspect.signature(CALLS[name]).parameters.values():
        value = given.get(parameter.name, people)
        if parameter.default is parameter.empty:
            if parameter.kind == parameter.KEYWORD_ONLY:
                by_name[parameter.name] = value
            else:
                by_position.append(value)
    if len(by_position) < 2:  # the other one, more often than there are parameters
        by_position = [people if shipped in by_position else shipped] * 9
    with pytest.raises((TypeError, ValueError, AttributeError)) as error:
        CALLS[name](*by_position[::-1], **by_name)
    message = " ".join(str(error.value).split())
    assert len(message) < 500
    if message.startswith("The '") and "." not in name:
        assert f" parameter of {name} must" in message
    if "'estimator' parameter" in message:
        assert message.endswith(" instead. A model comes first.")
    assert repr(people)[:81] not in message
    assert " ".join(repr(shipped).split())[:81] not in message


@pytest.mark.parametrize(
    "wrap",
    [
        sknames.GroupedClassifier,
        sknames.PriorShiftClassifier,
        sknames.SelectiveClassifier,
        sknames.NameEncoder,
    ],
)
def test_wrapper_of_a_list_says_little_of_it(wrap):
    people = [f"Anna Nowak {k}" for k in range(1000)]
    with pytest.raises((TypeError, ValueError)) as error:
        wrap(people).fit(people, people)
    assert len(str(error.value)) < 500


PEOPLE = ["Anna Nowak", "Jan Kowalski", "Mehmet Yılmaz", "Ayşe Kaya"] * 3
LABELS = ["Polish", "Polish", "Turkish", "Turkish"] * 3


def rows_in_each_call(model, X, y, weight):
    """Yield calls that take values for each row, by the name of one of these."""
    frozen = FrozenEstimator(model)
    shares = partial(sknames.estimate_shares, model, X, n_draws=2)
    rates = partial(sknames.estimate_rates, model, X, n_draws=2)
    yield "y", partial(shares, y=y)
    yield "outcome", partial(rates, outcome=y)
    yield "clusters", partial(rates, outcome=LABELS, clusters=y)
    yield "sample_weight", partial(shares, sample_weight=weight)
    yield "y", partial(scorecard, model, X, y)
    yield "y", partial(sknames.SelectiveClassifier(frozen, coverage=1).fit, X, y)
    yield "y", partial(sknames.SelectiveClassifier(model, threshold=0).score, X, y)
    grouped = sknames.GroupedClassifier(model)
    yield "sample_weight", partial(grouped.score, X, LABELS, weight)
    shift = sknames.PriorShiftClassifier(frozen)
    yield "sample_weight", partial(shift.fit, X, sample_weight=weight)


def test_rows_with_the_same_index_in_another_order_are_warned_of(shipped):
    X = pd.Series(PEOPLE)
    for order, n_warned in [(X.index[::-1], 1), (X.index + 1, 0), (X.index, 0)]:
        y = pd.Series(LABELS, index=order)
        weight = pd.Series(1.0, index=order)
        for name, call in rows_in_each_call(shipped, X, y, weight):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("ignore")
                warnings.filterwarnings("always", f"X and {name} have the same index")
                call()
            assert [w.filename for w in caught] == [__file__] * n_warned


@pytest.mark.filterwarnings("ignore:Only 9 rows|The shares are rough")
def test_masked_entries_are_missing_ones(shipped):
    masked = np.arange(12) % 4 == 1
    y = np.ma.array(LABELS, mask=masked)
    weight = np.ma.array(np.ones(12), mask=masked)
    (_, checked), *others = rows_in_each_call(shipped, PEOPLE, y, weight)
    assert checked().n_checked == 9
    counts = np.ma.array([1] * 12, mask=masked)
    net = sknames.NameNationalityClassifier()
    raising = [call for _, call in others]
    raising.append(partial(sknames.estimate_shares, shipped, PEOPLE, counts=counts))
    raising.append(partial(net.fit, [[1]] * 12, y))
    raising.append(partial(net.fit, [[1]] * 12, LABELS, weight))
    for call in raising:
        with pytest.raises(ValueError, match="NaN|None|of 12 names, integers"):
            call()


@pytest.mark.filterwarnings("ignore:Only 12 rows|The shares are rough")
def test_checked_row_without_a_name_needs_no_weight(shipped):
    y = [*LABELS, "Turkish"]
    weight = [1.0] * 12 + [np.nan]
    with pytest.warns(UserWarning, match="1 checked rows are not names"):
        shares = sknames.estimate_shares(
            shipped, [*PEOPLE, ""], y=y, checked_weight=weight, n_draws=2
        )
    assert shares.n_checked == 12


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
