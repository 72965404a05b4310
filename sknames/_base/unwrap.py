"""Look inside a model: the one place that knows how estimators hold each other."""

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

# Attributes of the fitted estimator that predicts for another; a search's `estimator` is unfitted.
HOLDERS = ("best_estimator_", "calibrated_classifiers_", "estimator_", "estimator")


class Inside(NamedTuple):
    """What is inside a model, None for what it lacks."""

    encoder: Any = None  # the fitted encoder at its start
    classifier: Any = None  # what has a `network_` and takes the codes of that encoder
    class_prior: Any = None  # (n_classes,), the priors that the probabilities assume, unchecked
    class_bias: Any = None  # (n_classes,), the bias on people in log odds, see `Network`
    # How wrappers change the probabilities of the classifier, from the inside out: factors,
    # (n_classes,), sums, (n_classes, n_groups), or None for any other way.
    changes: tuple = ()
    threshold: float | None = None  # the largest probability that gets no answer


def unwrap(model: Any) -> Inside:
    """Return what is inside pipelines, searches, calibrated, frozen and our wrappers."""
    state = _attributes(model)
    if "network_" in state:
        network = model.network_
        return Inside(None, model, network.class_prior, network.class_bias)
    if isinstance(model, Pipeline):
        first, *others = _steps(model)
        if not others:
            return unwrap(first)
        inside, encoder = unwrap(others[-1]), first if hasattr(first, "alphabet_") else None
        takes_codes = encoder is not None and len(others) == 1
        return inside._replace(
            encoder=encoder, classifier=inside.classifier if takes_codes else None
        )
    inner = _held(model)[1]
    inside = Inside() if inner is None else unwrap(inner)
    prior, bias, change = inside.class_prior, inside.class_bias, []
    if "calibrators" in state:
        # A temperature is a power of the odds; other methods learn the labels' frequencies.
        power, change = getattr(model.calibrators[0], "beta_", None), [None]
        prior = None if power is None or prior is None else prior**power / (prior**power).sum()
        bias = None if power is None or bias is None else bias * power
    elif hasattr(type(model), "_shares_of_groups"):
        shares = model._shares_of_groups
        if bias is not None:
            sums = prior @ shares
            odds = (prior * np.exp(-bias)) @ shares
            bias = -np.log(np.divide(odds, sums, out=np.ones_like(sums), where=sums > 0))
        change = [shares]
    elif "_assumed" in state:
        factors = np.zeros_like(model.priors_)
        change = [np.divide(model.priors_, model._assumed, out=factors, where=model._assumed > 0)]
    prior, threshold = getattr(model, "class_prior_", prior), None if change else inside.threshold
    if "abstain_label_" in state:
        threshold = model.threshold_
    changes = *inside.changes, *change
    return Inside(inside.encoder, inside.classifier, prior, bias, changes, threshold)


def split(model: Any) -> tuple[Any, Any]:
    """Return the encoder at the start of a model, or None, and a copy of the rest for codes."""
    if isinstance(model, Pipeline):
        first, *others = _steps(model)
        if not others:
            return split(first)
        is_encoder = hasattr(first, "alphabet_")
        return (first, Pipeline(model.steps[-len(others) :])) if is_encoder else (None, model)
    name, inner = _held(model)
    encoder, rest = (None, None) if inner is None else split(inner)
    if encoder is None:
        return None, model
    copied = copy(model)
    setattr(copied, name, [rest] if isinstance(getattr(model, name), list) else rest)
    return encoder, copied


def ungroup(model: Any) -> tuple[Any, Any]:
    """Return a model as it is without groups, and the share of each class in each, or None."""
    if hasattr(type(model), "_shares_of_groups"):
        inner, shares = ungroup(_held(model)[1])
        own = model._shares_of_groups
        return inner, own if shares is None else shares @ own
    if isinstance(model, Pipeline):
        inner, shares = ungroup(model[-1])
        name = model.steps[-1][0]
        return (model if shares is None else Pipeline([*model.steps[:-1], (name, inner)])), shares
    # Only these predict just as what they hold.
    if isinstance(model, FrozenEstimator) or _attributes(model).keys() & {
        "best_estimator_",
        "abstain_label_",
    }:
        inner, shares = ungroup(_held(model)[1])
        return (model if shares is None else inner), shares
    return model, None


def join(model: Any, X: Any) -> Any:
    """Return the names that a model joins from the columns of X, or X if it joins none."""
    if isinstance(model, Pipeline):
        return model[0].transform(X) if hasattr(model[0], "_joins_names") else X
    inner = _held(model)[1]
    return X if inner is None else join(inner, X)


def labels_as_predicted(model: Any, y: Any) -> Any:
    """Return labels as a model predicts them: as groups, if it groups them."""
    inner = _steps(model)[-1] if isinstance(model, Pipeline) else _held(model)[1]
    y = y if inner is None else labels_as_predicted(inner, y)
    return model._groups_of(y) if hasattr(type(model), "_groups_of") else y


def check_answers(model: Any) -> None:
    """Raise ValueError if something in a model that always answers may abstain."""
    inner = _steps(model)[-1] if isinstance(model, Pipeline) else _held(model)[1]
    if hasattr(inner, "abstain_label_"):
        raise ValueError(
            f"{type(model).__name__} changes probabilities, so the threshold of the classifier in "
            "it, which abstains, does not hold. Put in one that does not, such as load_pretrained()"
            ", and SelectiveClassifier around the whole."
        )
    if inner is not None:
        check_answers(inner)


def refusal(
    model: Any, expected: str, step: str, wrappers: str = "the wrappers of sknames"
) -> TypeError:
    """Return the error for a model that lacks what is needed inside; `step` is what to do."""
    got = " ".join(repr(model).split())
    return TypeError(
        f"Expected {expected}, such as load_pretrained(), also inside pipelines with JoinNames, "
        f"searches, FrozenEstimator and {wrappers}; got {got:.200}. {step}"
    )


def _attributes(model):
    return getattr(model, "__dict__", {})  # a frozen estimator has those of what it holds


def _steps(pipeline):
    """Return the steps without those that only join columns of names."""
    return [step for _, step in pipeline.steps if not hasattr(step, "_joins_names")] or [None]


def _held(model):
    """Return the attribute and the estimator that a model predicts with, or None and None."""
    name = next((name for name in HOLDERS if name in _attributes(model)), None)
    inner = None if name is None else getattr(model, name)
    if isinstance(inner, list):  # of a calibration, by fold
        inner = inner[0] if len(inner) == 1 else None
    return name, inner
