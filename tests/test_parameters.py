"""Tests of parameters of public functions: short errors and masked values."""

import inspect
from functools import partial

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

import sknames
from sknames.metrics import scorecard


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
def test_error_message_for_swapped_arguments_is_short(shipped, name):
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
    if len(by_position) < 2:  # more arguments than there are parameters
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
def test_error_message_for_names_as_wrapped_estimator_is_short(wrap):
    people = [f"Anna Nowak {k}" for k in range(1000)]
    with pytest.raises((TypeError, ValueError)) as error:
        wrap(people).fit(people, people)
    assert len(str(error.value)) < 500


PEOPLE = ["Anna Nowak", "Jan Kowalski", "Mehmet Yılmaz", "Ayşe Kaya"] * 3
LABELS = ["Polish", "Polish", "Turkish", "Turkish"] * 3


def rows_in_each_call(model, X, y, weight):
    """Yield calls that take values for each row, by the name of one of these."""
    frozen = FrozenEstimator(model)
    shares = partial(sknames.estimate_shares, model, X, n_draws=200)
    rates = partial(sknames.estimate_rates, model, X, n_draws=200)
    yield "checked", partial(shares, checked=y)
    yield "outcome", partial(rates, outcome=y)
    yield "clusters", partial(shares, clusters=y)
    yield "sample_weight", partial(shares, sample_weight=weight)
    yield "y", partial(scorecard, model, X, y)
    yield "y", partial(sknames.SelectiveClassifier(frozen, coverage=1).fit, X, y)
    yield "y", partial(sknames.SelectiveClassifier(model, threshold=0).score, X, y)
    grouped = sknames.GroupedClassifier(model)
    yield "sample_weight", partial(grouped.score, X, LABELS, weight)
    shift = sknames.PriorShiftClassifier(frozen)
    yield "sample_weight", partial(shift.fit, X, sample_weight=weight)


@pytest.mark.filterwarnings("ignore:Only 9 rows|The shares are rough")
def test_masked_array_entries_are_treated_as_missing(shipped):
    masked = np.arange(12) % 4 == 1
    y = np.ma.array(LABELS, mask=masked)
    weight = np.ma.array(np.ones(12), mask=masked)
    (_, checked), *others = rows_in_each_call(shipped, PEOPLE, y, weight)
    assert checked().n_checked == 9
    net = sknames.NameNationalityClassifier()
    raising = [call for _, call in others]
    raising.append(partial(net.fit, [[1]] * 12, y))
    raising.append(partial(net.fit, [[1]] * 12, LABELS, weight))
    for call in raising:
        with pytest.raises(ValueError, match="NaN|None"):
            call()
