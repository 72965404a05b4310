"""Check and exchange the priors of classes, and say which a model assumes."""

import csv
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array

POPULATION = Path(__file__).parent / "population.csv"

Priors: TypeAlias = Literal["uniform", "population"] | Mapping[Any, float] | ArrayLike


def check_priors(priors, classes, name="priors"):
    """Return priors in any accepted form as float64, in the order of the classes.

    "population" is the square root of a rough number of bearers in the world, or the
    fourth root of a country's inhabitants: compromises between the world's people and
    equal shares. A dict or Series may leave labels out, which get 0. Errors show
    `name`.
    """
    if priors is None or isinstance(priors, str):
        if priors not in ("uniform", "population"):
            raise ValueError(
                f"Expected {name} 'uniform' or 'population', or numbers by label, got "
                f"{priors!r}."
            )
        values = (
            np.ones(len(classes))
            if priors == "uniform"
            else _by_population(classes, name)
        )
        return values / values.sum()
    labels = classes.tolist()
    # A Series is read by label, too: its order may differ.
    by_label = priors.to_dict() if hasattr(priors, "to_dict") else priors
    if not isinstance(by_label, Mapping):
        values = check_array(priors, ensure_2d=False, dtype=np.float64, input_name=name)
        if values.shape != (len(labels),):
            raise ValueError(
                f"Expected {name} of shape ({len(labels)},), in the order of classes_, "
                f"got shape {values.shape}. Give a dict to name only some."
            )
        by_label = dict(zip(labels, values.tolist(), strict=True))
    for label, value in by_label.items():
        if label not in labels or not isinstance(value, Real) or not value >= 0:
            raise ValueError(
                f"{name} of {label!r} is {value!r}; expected a number of 0 or more for "
                f"one of the classes_ {', '.join(map(str, labels))}."
            )
    values = np.array([by_label.get(label, 0) for label in labels], dtype=np.float64)
    if not abs(values.sum() - 1) < 1e-4:  # 203 shares of six digits
        step = "Divide them by their sum."
        if values.sum() < 1 and len(by_label) < len(labels):
            step = (
                "Labels that are left out get 0 and are never predicted: give the "
                "rest to them, or divide by the sum if there are no others."
            )
        raise ValueError(f"{name} sum to {values.sum():.6g}; expected 1. {step}")
    return values / values.sum()


def _by_population(classes, name):
    with open(POPULATION, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        weights = {
            row["label"]: float(row["millions"]) ** (1 / int(row["root"]))
            for row in rows
        }
    unknown = [str(label) for label in classes.tolist() if label not in weights]
    if unknown:
        raise ValueError(
            f"{name}='population' has no number of bearers for {', '.join(unknown)}. "
            f"Give {name} as a dict."
        )
    return np.array([weights[label] for label in classes.tolist()])


def assumed_priors(inside, given=None, *, of_people=False):
    """Return the priors that a model's probabilities assume, in the order of classes_.

    They are the given ones, or those that are `inside` it, or uniform. `of_people`
    corrects the bias by class that the shipped model has on people.
    """
    found = inside.class_prior if given is None else given
    found = "uniform" if found is None else found
    priors = check_priors(found, inside.model.classes_, "assumed_prior")
    if of_people and given is None and inside.class_bias is not None:
        priors = priors * np.exp(-inside.class_bias)
        priors /= priors.sum()
    return priors


def exchange_priors(probabilities, assumed, priors):
    """Return probabilities under other priors than those that they assume.

    A row gets the priors themselves if all its possible classes have prior 0.
    """
    factor = np.divide(priors, assumed, out=np.zeros_like(priors), where=assumed > 0)
    shifted = probabilities * (factor / (factor.max() or 1))
    total = shifted.sum(axis=1, keepdims=True)
    return np.divide(
        shifted, total, out=np.tile(priors, (len(shifted), 1)), where=total > 0
    )
