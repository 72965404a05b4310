"""Predict a list of names, and estimate its priors."""

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from sklearn.utils import check_array

from .._base.labels_and_weights import check_weights
from .._base.unwrap import join, unwrap
from .._encoding.not_names import why_not_names
from .._encoding.read_names import ids_of_names, read_names
from .priors import distinct_names, estimate_mix


def predict_list(estimator, X, sample_weight=None, name="sample_weight"):
    """Return probabilities and weights of texts, equal ids of equal ones, and which are names."""
    if isinstance(X, Iterator):
        X = list(X)  # read more than once below
    names = join(estimator, X)
    with suppress(TypeError, ValueError):  # input of another kind of model
        texts = read_names(names, handle_missing="empty")[0]
        if "" in texts:  # perhaps missing, which a model need not take
            X = names = texts
    probabilities = check_array(
        estimator.predict_proba(X), dtype=np.float64, input_name="predict_proba's probabilities"
    )
    n = len(probabilities)
    weights = check_weights(sample_weight, n, name)
    are_names = why_not_names(names, n, unwrap(estimator).encoder) == ""
    return probabilities, weights, ids_of_names(names, n), are_names


def priors_of_probabilities(probabilities, weights, assumed, ids=None, **limits):
    """Estimate priors as `estimate_mix` does; return them and the number of steps."""
    names = distinct_names(probabilities, weights, assumed, ids)
    return estimate_mix(*names, assumed, **limits)[1:]
