"""Adapt predictions to the mix of nationalities in a list."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._base.estimators import check_is_frozen
from .._base.labels_and_weights import check_weights
from .._base.sklearn_private import HasMethods, StrOptions
from .._draws.mix import distinct_names, estimate_mix
from .._models.layers import Shift
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import (
    NAMED_PRIORS,
    Priors,
    assumed_priors,
    check_prior_is_known,
    check_priors,
)
from .._models.stack import resolve
from .wrapper import Wrapper


class PriorShiftClassifier(Wrapper):
    """Adapt predictions to a list's mix of nationalities, estimated from its names.

    A classifier's probabilities assume that each class has a certain frequency, its
    prior. In a list of people, the frequencies of the nationalities (the mix) can
    differ from these priors. If only the mix differs, but not the distribution of names
    within each nationality (label shift), the names alone are enough to estimate the
    mix, and to adapt the predictions to it:

    1. Estimate the mix by expectation maximisation over the classifier's probabilities
       (Saerens et al. 2002), with two changes for short lists: each name is predicted
       under the mix of the other names, and some pseudo-names with the assumed priors
       are added (Asuncion et al. 2009). The probabilities should be calibrated
       (Alexandari et al. 2020).
    2. Multiply the probabilities by the ratio of the new priors to the assumed ones,
       and scale them to sum to 1.

    Because `fit` gets no labels, it accepts only frozen estimators: a shipped model, or
    scikit-learn's `FrozenEstimator`. With given `priors`, it predicts without `fit`
    around any fitted estimator.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`, such as :func:`load_pretrained`, or any
        scikit-learn classifier in a `FrozenEstimator`.
    priors : {"estimate", "tempered", "population", "uniform"}, dict or array-like of \
shape (n_classes,), default="estimate"
        Mix of the list. "estimate" finds it in `fit`. A known mix is given as numbers
        that sum to 1, by label or in the order of `classes_`; or as "tempered",
        "population" or "uniform", as in :func:`load_pretrained`. Labels that are left
        out get 0, and are never predicted. With "others", as in ``{"Turkish": 0.02,
        "others": 0.98}``, they share the prior of "others" in proportion to the priors
        that the estimator assumes.
    assumed_prior : {"tempered", "population", "uniform"}, dict, array-like of shape \
(n_classes,) or None, default=None
        Priors that the estimator's probabilities assume. None takes its `class_prior_`,
        an attribute of all classifiers of sknames, or else "uniform". Most classifiers
        of scikit-learn assume the class frequencies of their training labels: pass
        these.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels of the estimator.
    estimator_ : classifier
        The estimator.
    class_prior_ : ndarray of shape (n_classes,)
        The mix of the list, in the order of `classes_`: the priors that the
        probabilities assume. Only present after `fit`.
    n_iter_ : int
        Number of steps of the estimate; 0 if nothing was estimated.
    n_features_in_, feature_names_in_ : int, ndarray of shape (`n_features_in_`,)
        Number and names of the columns, if the estimator has these attributes.

    See Also
    --------
    estimate_shares : Estimate the mix itself, with intervals.
    load_pretrained : Load a shipped model, whose `priors` are for single names.

    Notes
    -----
    If the new priors of all classes that are possible for a name are 0, the
    probabilities of this name are the new priors.

    The estimate counts each distinct name once, with its weights summed, and leaves out
    missing names and texts that are not names, see :meth:`SelectiveClassifier.reasons`.
    It helps from about 100 names on. A `UserWarning` is issued if the model is unsure
    of the names, because an underconfident model leads to a wrong mix. Calibrate it on
    held-out names first, as the FAQ shows.

    References
    ----------
    - Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a
      Priori Probabilities", 2002.
    - Alexandari, Kundaje and Shrikumar, "Maximum Likelihood with Bias-Corrected
      Calibration is Hard-To-Beat at Label Shift Adaptation", 2020.
    - Asuncion, Welling, Smyth and Teh, "On Smoothing and Inference for Topic Models",
      2009.

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

    class_prior_: NDArray[np.float64]
    n_iter_: int

    _parameter_constraints = {
        "estimator": [HasMethods(["predict_proba"])],
        "priors": [
            StrOptions({"estimate", *NAMED_PRIORS}),
            dict,
            "array-like",
        ],
        "assumed_prior": [StrOptions({*NAMED_PRIORS}), dict, "array-like", None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        priors: Literal["estimate"] | Priors = "estimate",
        assumed_prior: Priors | None = None,
    ) -> None:
        self.estimator = estimator
        self.priors = priors
        self.assumed_prior = assumed_prior

    def fit(
        self, X: Any, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Estimate the mix of a list of names, or use the given priors.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names, without labels.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), float or None, default=None
            Weights of the names, not negative.

        Returns
        -------
        self : PriorShiftClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If none of the texts is a name, if the estimator is not frozen, or if a
            given prior is positive although the estimator assumes a prior of 0.
        """
        self._validate_params()
        check_is_frozen(self.estimator, self)
        inner = resolve(self.estimator)
        if self.assumed_prior is None:
            check_prior_is_known(inner)
        assumed = assumed_priors(inner, self.assumed_prior)
        # Any shift, even to the same priors, invalidates a threshold of the estimator.
        inner.add(self._shift(inner, assumed, assumed)).check_threshold()
        if self._estimates:
            predicted = predict_list(inner, X)
            priors, n_iter = priors_of_list(inner, predicted, assumed, sample_weight)
        else:
            priors = self._given_priors(inner, assumed)
            n_iter = 0
        self.estimator_ = self.estimator
        self._assumed = assumed
        self.class_prior_ = priors
        self.n_iter_ = n_iter
        return self

    def _shift(self, inner, assumed, priors):
        """Return the layer that replaces the assumed priors of a stack."""
        return Shift(assumed_priors(inner), assumed, priors)

    @property
    def _estimates(self):
        """Whether `fit` estimates the mix."""
        return isinstance(self.priors, str) and self.priors == "estimate"

    def _given_priors(self, inner, assumed):
        """Return the given priors.

        Raise ValueError if one is positive for a class that is never predicted.
        """
        classes = inner.classes
        priors = check_priors(self.priors, classes, own=assumed)
        never = classes[(priors > 0) & (assumed == 0)]
        if len(never):
            raise ValueError(
                f"Expected priors of 0 for {', '.join(map(str, never))}, which the "
                "estimator never predicts, got positive ones. Set them to 0, or take "
                "another estimator."
            )
        return priors

    def _layer(self, inner):
        """Return the layer that this wrapper adds to a stack."""
        if super().__sklearn_is_fitted__():
            return self._shift(inner, self._assumed, self.class_prior_)
        assumed = assumed_priors(inner, self.assumed_prior)
        return self._shift(inner, assumed, self._given_priors(inner, assumed))

    def __sklearn_is_fitted__(self):
        is_given = not self._estimates and self._is_around_fitted()
        return super().__sklearn_is_fitted__() or is_given

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def priors_of_list(stack, predicted, assumed, sample_weight):
    """Return the estimated priors of a predicted list, and the number of steps."""
    proba = check_probabilities(predicted)
    weights = check_weights(sample_weight, len(proba)) * (predicted.reasons == "")
    names = distinct_names(proba, weights, assumed, predicted.ids, stack.sharpness)
    mix = estimate_mix(names, assumed)
    return mix.priors, mix.n_iter
