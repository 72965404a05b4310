"""PriorShiftClassifier: answers that fit the mix of a list."""

from collections.abc import Iterator
from copy import deepcopy
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._labels_and_weights import check_weights
from ._priors import (
    check_priors,
    estimate_priors,
    exchange_priors,
    informative_rows,
    supposed_priors,
)
from ._read_names import are_readable


def predict_readable(estimator, X, sample_weight=None):
    """Probabilities of names, their weights, and which have something to read."""
    if isinstance(X, Iterator):
        X = list(X)  # it is read twice
    probabilities = check_array(
        estimator.predict_proba(X), dtype=np.float64, input_name="predict_proba's probabilities"
    )
    weights = check_weights(sample_weight, len(probabilities))
    return probabilities, weights, are_readable(X, len(probabilities))


def _estimate(probabilities, weights, counts, supposed, **limits):
    ratios, weights, counts = informative_rows(
        probabilities, weights, counts.astype(float), supposed
    )
    if not len(ratios):
        raise ValueError(
            "None of the names tells anything of their mix: expected at least one with a letter "
            f"and a positive weight, got {len(probabilities)} without. Give names, or priors."
        )
    return estimate_priors(ratios, weights * counts, supposed, **limits)


def priors_of_probabilities(probabilities, counts, supposed):
    """The priors that `PriorShiftClassifier` estimates, of probabilities predicted elsewhere.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Of distinct names.
    counts : ndarray of shape (n_rows,), int
        How often each of them occurs; 0 for those that are counted apart.
    supposed : ndarray of shape (n_classes,)
        The priors that the probabilities suppose.
    """
    return _estimate(probabilities, np.ones(len(counts)), counts, supposed)[0]


class PriorShiftClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Answer as fits the mix of nationalities in a list, which the names alone tell.

    A classifier's probabilities suppose how frequent each class is: its priors. A list of people
    has a mix of its own. If only that mix differs, and not how names are borne within a nationality
    (label shift), both the mix and the answers under it follow from the names, without labels:

    1. The mix is estimated as the one under which the names are most likely, by expectation
       maximisation over the classifier's probabilities (Saerens et al. 2002), with Newton's steps
       where these lead further (Kim et al. 2020). Calibrated probabilities matter (Alexandari et
       al. 2020).
    2. The probabilities are multiplied by the ratio of the new priors to those supposed, and scaled
       to sum to 1.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `predict_proba`: a pipeline of ours, :func:`load_pretrained`, or any of
        scikit-learn's. It is never refitted, and a clone shares it.
    priors : {"estimate", "uniform", "population"}, dict or array-like of shape (n_classes,), \
default="estimate"
        The mix of the list. "estimate" finds it in `fit`. It may be known instead: numbers by label
        (those that are not named are 0) or in the order of `classes_`, that sum to 1; "uniform";
        or "population", the square root of a rough number of bearers in the world. A class of prior
        0 is never predicted.
    class_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) or None, \
default=None
        The priors that the estimator's probabilities suppose. None stands for its `class_prior_`,
        which ours have, else "uniform". scikit-learn's classifiers mostly suppose the frequencies
        of their training labels: give these.
    tol : float, default=1e-9
        The estimate has converged when the log-likelihood per name is proven to be at most so far
        below its maximum.
    max_iter : int, default=200
        The most steps of the estimate. Some 15 suffice as a rule.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, those of the estimator.
    priors_ : ndarray of shape (n_classes,)
        The priors in force, in the order of `classes_`.
    class_prior_ : ndarray of shape (n_classes,)
        The same: what this classifier's probabilities suppose.
    n_iter_ : int
        Steps of the estimate; 0 where nothing was estimated.
    n_features_in_ : int
        Number of columns, if the estimator tells.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the estimator tells.

    See Also
    --------
    estimate_shares : The mix itself, with intervals.
    load_pretrained : Its `priors` are for single names.

    Notes
    -----
    Equal names are counted once, with their weights, and the result does not depend on the order of
    the names. Names without a letter are left out of the estimate. A list of at least some 100
    names gains as a rule; a single name tells nothing of a mix.

    References
    ----------
    - Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
      Probabilities", 2002.
    - Alexandari, Kundaje and Shrikumar, "Maximum Likelihood with Bias-Corrected Calibration is
      Hard-To-Beat at Label Shift Adaptation", 2020.
    - Kim et al., "A Fast Algorithm for Maximum Likelihood Estimation of Mixture Proportions Using
      Sequential Quadratic Programming", 2020.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> team = ["Niamh Byrne", "Seán Murphy", "John Smith", "Aoife Walsh", "Orla Kelly"]
    >>> adapted = sknames.PriorShiftClassifier(model).fit(team)
    >>> adapted.predict(["Mary Jones"])
    array(['Irish'], dtype='<U11')
    """

    __module__ = "sknames"

    _parameter_constraints = {
        "estimator": [HasMethods(["predict_proba"])],
        "priors": [StrOptions({"estimate", "uniform", "population"}), dict, "array-like"],
        "class_prior": [StrOptions({"uniform", "population"}), dict, "array-like", None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator, *, priors="estimate", class_prior=None, tol=1e-9, max_iter=200):
        self.estimator = estimator
        self.priors = priors
        self.class_prior = class_prior
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X, y=None, sample_weight=None):
        """Estimate the mix of a list of names, or take the given one.

        Parameters
        ----------
        X : what the estimator predicts
            Names, without labels.
        y : ignored
            It is here for the conventions of scikit-learn.
        sample_weight : array-like of shape (n_samples,), float or None, default=None
            Weights of the names, not negative.

        Returns
        -------
        self : PriorShiftClassifier

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If no name has something to read, or the given priors are none of its classes.
        """
        self._validate_params()
        try:
            check_is_fitted(self.estimator)
        except NotFittedError as error:
            raise NotFittedError(
                f"PriorShiftClassifier takes a fitted estimator and never fits it. {error} Fit it "
                "first, or take load_pretrained()."
            ) from error
        supposed = supposed_priors(self.estimator, self.class_prior)
        if isinstance(self.priors, str) and self.priors == "estimate":
            priors, n_iter = _estimate(
                *predict_readable(self.estimator, X, sample_weight),
                supposed,
                tol=self.tol,
                max_iter=self.max_iter,
            )
        else:
            priors, n_iter = check_priors(self.priors, self.estimator.classes_), 0
        self.classes_ = self.estimator.classes_
        self._supposed, self.priors_, self.n_iter_ = supposed, priors, n_iter
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(self.estimator, name):
                setattr(self, name, getattr(self.estimator, name))
        return self

    def predict_proba(self, X):
        """Probabilities of the nationalities under the mix of the list.

        Parameters
        ----------
        X : what the estimator predicts

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1; columns are in the order of `classes_`. A row to whose classes the priors
            give 0 is the priors.
        """
        check_is_fitted(self, "priors_")
        probabilities = np.asarray(self.estimator.predict_proba(X), dtype=np.float64)
        return exchange_priors(probabilities, self._supposed, self.priors_)

    def predict(self, X):
        """The most probable nationality of each name under the mix of the list.

        Parameters
        ----------
        X : what the estimator predicts

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        probabilities = self.predict_proba(X)  # first: it tells whether this is fitted
        return self.classes_[probabilities.argmax(axis=1)]

    @property
    def class_prior_(self):
        """The priors that the probabilities suppose."""
        return self.priors_

    def __sklearn_clone__(self):
        # The estimator is used as it is: a clone of it would not be fitted.
        params = self.get_params(deep=False)
        estimator = params.pop("estimator")
        twin = type(self)(estimator, **{k: clone(v, safe=False) for k, v in params.items()})
        if hasattr(self, "_metadata_request"):
            twin._metadata_request = deepcopy(self._metadata_request)
        return twin

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.target_tags.required = False
        return tags
