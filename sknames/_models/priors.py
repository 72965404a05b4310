"""Check and replace class priors, and find those that a model assumes."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .groups import column_by_label, unknown_label

# The exponent of "tempered". It was tuned on held-out people, on the sum of two log
# losses: one weights all labels equally, the other by population. This sum is smallest
# near .2 for nationalities and .1 for countries. For countries, .25 increases the sum
# by 1 %, but classifies more common surnames correctly.
TEMPERED_EXPONENT = 0.25
OTHERS = "others"  # key for all labels that priors or known shares do not name
ROUNDING = 0.01  # how far a sum of priors may be from 1, since users round to percent

NAMED_PRIORS = ("tempered", "population", "uniform")
Priors: TypeAlias = (
    Literal["tempered", "population", "uniform"] | Mapping[Any, float] | ArrayLike
)


def check_priors(priors, classes, name="priors", own="uniform"):
    """Return priors in any accepted form as float64, in the order of the classes.

    "population" is proportional to the approximate number of people in the world who
    have names of this nationality, or to the population of a country. "tempered" is
    the fourth root of this number, a compromise between "population" and "uniform".
    Labels that a dict or Series leaves out get 0, unless it has the key "others": then
    they share this prior in proportion to the model's `own` priors, in any accepted
    form. If a class is called "others", the key is the prior of this class. Error
    messages call the priors `name`.
    """
    if priors is None or isinstance(priors, str):
        values = _by_name(priors, classes, name)
        return values / values.sum()
    labels = classes.tolist()
    if hasattr(priors, "items"):  # a Series, too, because its order may differ
        by_label = dict(priors.items())
    else:
        values = np.asarray(priors, dtype=np.float64)
        if values.shape != (len(labels),):
            raise ValueError(
                f"Expected {name} of shape ({len(labels)},), in the order of classes_, "
                f"got shape {values.shape}. Give a dict to name only some."
            )
        by_label = dict(zip(labels, values.tolist(), strict=True))
    values = _by_label(by_label, classes, name, own)
    rest = 1 - values.sum()
    if is_not_one(values.sum()):
        step = "Divide them by their sum."
        leaves_out = len(by_label) < len(labels)
        if rest > 0 and leaves_out and OTHERS not in [*by_label, *labels]:
            step = (
                "Labels that are left out get 0 and are never predicted: give them "
                f"{OTHERS!r}: {rest:.6g}, or divide by the sum if there are none."
            )
        raise ValueError(f"{name} sum to {values.sum():.6g}; expected 1. {step}")
    return values / values.sum()


def is_not_one(total):
    """Return whether a sum of priors or known shares is too far from 1."""
    return round(abs(1 - total), 9) > ROUNDING


def _by_label(by_label, classes, name, own):
    """Return the priors of all labels, including those that are not named."""
    labels = classes.tolist()
    known = {*labels, OTHERS}
    for label, value in by_label.items():
        if label not in known:
            raise unknown_label(name, label, labels)
        is_number = isinstance(value, int | float | np.number)
        if not (is_number and 0 <= value < np.inf):
            raise ValueError(
                f"{name} of {label!r} is {value!r:.80}; expected a number of 0 or more."
            )
    values = np.array([by_label.get(label, 0) for label in labels], dtype=np.float64)
    share_of_others = by_label.get(OTHERS, 0)
    if share_of_others > 0 and OTHERS not in labels:
        values += share_of_others * _priors_of_others(by_label, classes, name, own)
    return values


def _priors_of_others(by_label, classes, name, own):
    """Return the `own` priors of the labels not in `by_label`, scaled to sum to 1."""
    is_other = np.array([label not in by_label for label in classes.tolist()])
    priors = check_priors(own, classes) * is_other
    if not priors.any():
        raise ValueError(
            f"{name} of {OTHERS!r} is {by_label[OTHERS]!r}, and no label is left that "
            "the model predicts. Leave it out, and divide the rest by its sum."
        )
    return priors / priors.sum()


def _by_name(priors, classes, name):
    """Return the priors for a keyword such as "population", not scaled to sum to 1."""
    if priors == "uniform":
        return np.ones(len(classes))
    if priors not in NAMED_PRIORS:
        step = ""
        if priors in classes.tolist():
            step = f" For people of one place, give {{{priors!r}: 0.5, 'others': 0.5}}."
        raise ValueError(
            f"Expected {name} 'tempered', 'population' or 'uniform', or numbers by "
            f"label, got {priors!r:.80}.{step}"
        )
    exponent = TEMPERED_EXPONENT if priors == "tempered" else 1
    millions = column_by_label("millions", "population.csv")
    unknown = [str(label) for label in classes.tolist() if label not in millions]
    if unknown:
        raise ValueError(
            f"{name}={priors!r} has no number of bearers for {', '.join(unknown)}. "
            f"Give {name} as a dict."
        )
    return np.array([float(millions[label]) ** exponent for label in classes.tolist()])


def assumed_priors(stack, given=None, *, of_people=False):
    """Return the priors that a model's probabilities assume, in the order of classes_.

    Given priors take precedence over those that the model states; without either, the
    priors are uniform. With `of_people`, stated priors are corrected by the bias of
    each class that was measured on held-out people, and ValueError is raised if the
    model has a calibration that learned other priors.
    """
    if of_people and given is None:
        check_prior_is_known(stack)
    classes = stack.classes
    assumed = stack.assumed
    priors = assumed.checked_prior(classes)
    if given is not None:
        return check_priors(given, classes, "assumed_prior", priors)
    if of_people and assumed.measured is not None:
        priors = priors * np.exp(-assumed.measured.class_bias)
        priors /= priors.sum()
    return priors


def check_prior_is_known(stack):
    """Raise ValueError if a calibration has learned priors that it does not store."""
    if stack.assumed.is_recalibrated:
        raise ValueError(
            "Expected a model whose priors are known, got a calibrated one: sigmoid "
            "and isotonic calibration learn those of their labels. Give them as "
            "assumed_prior, such as the frequencies of the labels, or calibrate by "
            'method="temperature".'
        )


def factors_of(assumed, priors):
    """Return the factors that exchange assumed priors for new ones, all (n_classes,).

    Classes with an assumed prior of 0 have the factor 0.
    """
    return np.divide(priors, assumed, out=np.zeros_like(priors), where=assumed > 0)


def exchange_priors(probabilities, assumed, priors):
    """Return probabilities, (n, n_classes), under new priors.

    If all classes with a positive probability in a row have the new prior 0, the
    probabilities of the row are the new priors.
    """
    factors = factors_of(assumed, priors)
    largest = factors.max()
    if largest > 0:
        factors /= largest
    shifted = probabilities * factors
    total = shifted.sum(axis=1, keepdims=True)
    without_class = np.tile(priors, (len(shifted), 1))
    return np.divide(shifted, total, out=without_class, where=total > 0)
