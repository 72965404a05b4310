"""Abstain when a classifier is unsure of a name."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils import Bunch, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from .._base import warn
from .._base.estimators import is_frozen
from .._base.labels_and_weights import (
    check_labels,
    check_some_known,
    check_weights,
)
from .._base.parameters import NumberInterval
from .._base.sklearn_private import (
    HasMethods,
    Interval,
    check_method_params,
    num_samples,
    safe_indexing,
)
from .._models.groups import FallbackLevel, Groups, read_fallback
from .._models.layers import Threshold
from .._models.predict_names import answers_of, predict_list, predict_names
from .._models.priors import assumed_priors
from .._models.stack import resolve
from .risk_coverage import (
    confidence_and_hits,
    risk_coverage_curve,
    row_of_coverage,
    row_of_risk,
)
from .wrapper import Wrapper


class SelectiveClassifier(Wrapper):
    """Predict only where the model is sure enough, and where the input is a name.

    The model predicts a label if the probability of the most probable class is above a
    threshold, and abstains otherwise. `fit` chooses the threshold on held-out names, so
    that the model predicts a given share of the names (`coverage`) or that the share of
    wrong predictions stays below a limit (`risk`). With a given `threshold` and a
    fitted estimator, `fit` is not needed.

    With a `fallback`, the model predicts a group when it is unsure of the label, for
    example the subregion of a country or else its region. It predicts the first group
    whose probability, the sum over its labels, is above the threshold.

    `fit` fits clones of the estimator unless it is frozen, that is, a shipped model or
    scikit-learn's `FrozenEstimator`.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba`.
    coverage : float or None, default=None
        The share of inputs for which the model predicts a label, above 0. With 1, it
        abstains only for inputs that are not names.
    risk : float or None, default=None
        The maximum share of wrong predictions among all predictions made.
    threshold : float or None, default=None
        The threshold itself, at least 0 and below 1. With 0.9, the model predicts
        labels with a probability above 0.9. `fit` then holds out no names, and a
        threshold that is changed after `fit` takes effect immediately. Set exactly one
        of `coverage`, `risk` and `threshold`.
    fallback : list or None, default=None
        Groups to fall back on, from fine to coarse, such as ``["subregion",
        "region"]``. Each item has a form of `groups` in :class:`GroupedClassifier`.
        Each group must be contained in one group of the next item.
    abstain_label : str, default="auto"
        The output of `predict` when the model abstains: a string that is neither a
        label nor a group. "auto" is "unknown" for labels that are strings or booleans,
        and -1 for numbers, for which no other value is allowed.
    cv : int, cross-validation generator, iterable or None, default=5
        How names are held out, as in scikit-learn; None means 5. An int creates
        stratified folds, which keep the `groups` of `fit` together. With a frozen
        estimator, nothing is held out, so the names passed to `fit` must not be in its
        training data.
    confidence_level : float, default=0.95
        Probability with which the risk stays below the limit. Ignored with `coverage`.
    n_jobs : int or None, default=None
        Number of processes for the folds.

    Attributes
    ----------
    estimator_ : classifier
        The classifier fitted on all names, or the given estimator if it is frozen.
    classes_ : ndarray of shape (n_classes,)
        The labels, without the abstain label.
    abstain_label_ : str or int
        The output of `predict` when the model abstains.
    threshold_ : float
        The model abstains unless the probability is larger than this threshold.
    coverage_ : float
        The share of held-out names for which the model predicts. This attribute and the
        next two are only present if `threshold` is None.
    risk_ : float
        The share of these predictions that are wrong.
    risk_coverage_curve_ : Bunch
        Curve on the held-out names: arrays `threshold`, `coverage`, `risk` and
        `n_answered`, in descending order of the threshold. With weights, `n_answered`
        is the effective number of names (Kish 1965).
    class_prior_ : ndarray of shape (n_classes,)
        The priors that the probabilities assume: the estimator's `class_prior_`, or
        uniform.
    n_features_in_, feature_names_in_ : int, ndarray of shape (`n_features_in_`,)
        Number and names of the columns, if the estimator has these attributes.

    See Also
    --------
    load_pretrained : Load a shipped model; ``abstain=True`` makes it selective.

    Notes
    -----
    With `risk`, the threshold is chosen by selection with guaranteed risk (Geifman and
    El-Yaniv 2017). The candidates are the thresholds at which the model predicts for
    2 %, 4 %, ... 100 % of the held-out names, and a bisection tries at most six of
    them. It accepts a threshold if the exact upper bound of its risk (Clopper and
    Pearson 1934) is at most `risk`; each bound may fail with a sixth of the probability
    1 - `confidence_level`. The guarantee applies to names drawn from the same
    population as the held-out names, and to all of them together, not to each
    nationality. It is exact for a frozen estimator and names without weights. With a
    `fallback`, a predicted group counts as correct if it contains the true label, so
    the risk covers predicted labels and groups together.

    Inputs that are not names (see :meth:`reasons`) get no prediction, but count as
    inputs in `coverage`. `score` counts abstentions as wrong.

    References
    ----------
    - Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the
      Case of the Binomial", 1934.
    - Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017.
    - Goren, Galil and El-Yaniv, "Hierarchical Selective Classification", 2024, for the
      fallback.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknames import SelectiveClassifier
    >>> from sknames.datasets import make_names
    >>> labels = ["Greek", "Japanese", "Polish"]
    >>> names, nationalities = make_names(300, nationalities=labels, random_state=0)
    >>> ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))
    >>> pipeline = make_pipeline(ngrams, LogisticRegression())
    >>> model = SelectiveClassifier(pipeline, coverage=0.9)
    >>> model.fit(names, nationalities).predict(["Papadopoulos", "Tanaka", "123"])
    array(['Greek', 'Japanese', 'unknown'], dtype=object)
    >>> model.reasons(["Papadopoulos", "", "123", "a@b.org"]).tolist()
    ['', 'missing name', 'no known letter', 'address']
    """

    __module__ = "sknames"

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "coverage": [Interval(Real, 0, 1, closed="right"), None],
        "risk": [Interval(Real, 0, 1, closed="neither"), None],
        "threshold": [NumberInterval(Real, 0, 1, closed="left"), None],
        "fallback": [list, None],
        "abstain_label": [str],
        "cv": ["cv_object"],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float | None = None,
        risk: float | None = None,
        threshold: float | None = None,
        fallback: list[Groups] | None = None,
        abstain_label: str = "auto",
        cv: Any = 5,
        confidence_level: float = 0.95,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.risk = risk
        self.threshold = threshold
        self.fallback = fallback
        self.abstain_label = abstain_label
        self.cv = cv
        self.confidence_level = confidence_level
        self.n_jobs = n_jobs

    def fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None, **params: Any
    ) -> Self:
        """Find the threshold, unless it is given, and fit the estimator.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,)
            Their labels. A label that a frozen estimator does not know counts as an
            error. If the estimator is a :class:`GroupedClassifier`, both labels and
            groups are accepted.
        sample_weight : array-like of shape (n_samples,), float or None, default=None
            Weights of the names, for the threshold and for the estimator, if it takes
            any.
        **params
            `groups`, array-like of shape (n_samples,), to hold out all names of a group
            together, and parameters of the estimator's `fit`. If scikit-learn's
            metadata routing is enabled, pass the metadata that the splitter and the
            estimator request.

        Returns
        -------
        self : SelectiveClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If no threshold limits the risk as required.
        """
        self._validate_params()
        if isinstance(X, Iterator):
            X = list(X)  # read more than once below
        (X,) = indexable(X)
        y = check_labels(y, num_samples(X))
        weights = check_weights(sample_weight, len(y))
        routed = self._route(sample_weight, params)
        _check_abstain_label(self.abstain_label, y)
        frozen = is_frozen(self.estimator)
        estimator = clone(self.estimator).fit(X, y, **routed.estimator.fit)
        inner = resolve(estimator)
        check_some_known(inner.as_predicted(y), inner.classes)
        abstain_label, fallback = self._read_answers(inner, may_lack=not frozen)
        if self.threshold is not None:
            curve = None
        elif frozen:
            confidence, hits = _answers(inner, X, y, fallback)
            curve = risk_coverage_curve(confidence, hits, weights)
        else:
            curve = self._cross_validated_curve(X, y, weights, routed, fallback)
        return self._store(estimator, abstain_label, fallback, curve)

    @classmethod
    def _around(cls, estimator, curve=None, **params):
        """Return a fitted wrapper around a fitted estimator.

        The threshold is given, or found on a stored curve.
        """
        self = cls(estimator, **params)
        self._validate_params()
        abstain_label, fallback = self._read_answers(resolve(estimator))
        return self._store(estimator, abstain_label, fallback, curve)

    def _read_answers(self, inner, *, may_lack=False):
        """Return the abstain label and the levels of the fallback around a stack.

        Raise ValueError if they contradict the classes. With `may_lack`, the fallback
        may contain labels that are not among the classes.
        """
        fallback = ()
        if self.fallback is not None:
            if inner.members is not None:
                raise ValueError(
                    "Expected an estimator of labels with a fallback, got a "
                    "GroupedClassifier, which sums their probabilities. Put in the "
                    "classifier that is inside it."
                )
            fallback = read_fallback(self.fallback, inner.classes, may_lack=may_lack)
        groups = [level.groups for level in fallback]
        abstain_label = _check_abstain_label(self.abstain_label, inner.classes, *groups)
        return abstain_label, fallback

    def _validate_params(self):
        super()._validate_params()
        if (self.coverage, self.risk, self.threshold).count(None) != 2:
            raise ValueError(
                f"Expected one of coverage, risk and threshold, got coverage="
                f"{self.coverage}, risk={self.risk} and threshold={self.threshold}. "
                "Give one of them."
            )

    def _cross_validated_curve(self, X, y, weights, routed, fallback):
        """Return the curve of predictions by clones that were fitted on other folds."""
        # Imported here because it takes two fifths of the time of `import sknames`.
        from sklearn.model_selection import StratifiedGroupKFold, check_cv

        cv = 5 if self.cv is None else self.cv
        if "groups" in routed.splitter.split and isinstance(cv, Integral):
            splitter = StratifiedGroupKFold(cv)
        else:
            splitter = check_cv(cv, y, classifier=True)
        folds = list(splitter.split(X, y, **routed.splitter.split))
        answers = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_and_answer)(
                self.estimator, X, y, train, test, routed.estimator.fit, fallback
            )
            for train, test in folds
        )
        confidence = np.concatenate([confidence for confidence, _ in answers])
        hits = np.concatenate([hits for _, hits in answers])
        # A splitter may also give masks.
        rows = np.concatenate([np.arange(len(y))[test] for _, test in folds])
        curve = risk_coverage_curve(confidence, hits, weights[rows])
        # Rows in several test folds count once.
        curve.n_answered *= len(np.unique(rows)) / len(rows)
        return curve

    def _store(self, estimator, abstain_label, fallback, curve):
        """Set the fitted attributes; without a curve, the threshold is given."""
        if curve is None:
            for name in ("risk_coverage_curve_", "coverage_", "risk_"):
                vars(self).pop(name, None)  # from an earlier fit
            self._threshold = float(self.threshold)
        else:
            if self.risk is None:
                row = row_of_coverage(curve, self.coverage)
            else:
                row = row_of_risk(curve, self.risk, self.confidence_level)
            self.risk_coverage_curve_ = curve
            self._threshold = float(curve.threshold[row])
            self.coverage_ = float(curve.coverage[row])
            self.risk_ = float(curve.risk[row])
        self.estimator_ = estimator
        self.abstain_label_ = abstain_label
        # Plain tuples, because skops files must not name a private class.
        self._levels = [tuple(level) for level in fallback]
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the best label of each name, one of its groups, or the abstain label.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`, groups of `fallback`, or `abstain_label_` if
            :meth:`reasons` gives a reason. For boolean or uint64 labels, and with a
            `fallback`, the array has the dtype object.
        """
        return self._predict(self._stack(), X)

    def _predict(self, stack, X):
        """Return the predictions of a stack with this wrapper on top."""
        return answers_of(stack, predict_list(stack, X))

    def reasons(self, X: Any) -> NDArray[np.object_]:
        """Return why each name gets no prediction.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names. For anything else, such as numbers, the only reason is "unsure".

        Returns
        -------
        ndarray of shape (n_samples,) of str objects
            One of these reasons for each name:

            - "" if the name gets a prediction,
            - "missing name" if it is missing or has only white space, quotation marks
              and invisible characters,
            - "address" for an email or web address,
            - "organization" for a text with a legal form, such as Ltd, or with a word
              that is common in organizations but rare in names, such as University,
            - "several names" for names joined by "and", its equivalent in another
              language, "&", "/" or ";", and for lists of people, families, and texts
              of 500 characters or more,
            - "placeholder" for a text that stands for a missing name, such as n/a or
              see above,
            - "broken letters" for letters that were decoded with a wrong encoding, such
              as MÃ¼ller,
            - "no known letter" if it has no letter that the estimator's
              :class:`CharEncoder` knows, as in digits, symbols or an unknown script,
            - "unsure" if neither the probability of the most probable label nor that
              of any of its groups is above `threshold_`.
        """
        return predict_names(self, X).reasons

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        return assumed_priors(self._stack())

    def _layer(self, inner):
        """Return the layer that this wrapper adds to a stack."""
        if super().__sklearn_is_fitted__():
            abstain_label = self.abstain_label_
            fallback = tuple(FallbackLevel(*stored) for stored in self._levels)
        else:
            self._validate_params()
            abstain_label, fallback = self._read_answers(inner)
        return Threshold(self.threshold_, fallback, abstain_label)

    @property
    def threshold_(self) -> float:
        """The model abstains unless the probability is larger than this threshold."""
        if self.threshold is None:
            return self._threshold
        if self.threshold != vars(self).get("_threshold", self.threshold):
            # The parameter was changed after `fit`, which validated another value.
            self._validate_params()
        return float(self.threshold)

    def __sklearn_is_fitted__(self):
        is_given = self.threshold is not None and self._is_around_fitted()
        return super().__sklearn_is_fitted__() or is_given

    def _route(self, sample_weight, params):
        """Return the parameters of `fit` for the estimator and for the splitter."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", sample_weight=sample_weight, **params)
        groups = params.pop("groups", None)
        if sample_weight is not None and not is_frozen(self.estimator):
            if has_fit_parameter(self.estimator, "sample_weight"):
                params["sample_weight"] = sample_weight
            else:
                warn(
                    f"{type(self.estimator).__name__} takes no sample_weight in fit, "
                    "so the weights affect the threshold only. For a step of a "
                    "pipeline, enable metadata routing and call its "
                    "set_fit_request(sample_weight=True).",
                )
        of_splitter = {}
        if groups is not None:
            of_splitter["groups"] = groups
        return Bunch(estimator=Bunch(fit=params), splitter=Bunch(split=of_splitter))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of `fit`.

        Returns
        -------
        MetadataRouter
            The metadata routing.
        """
        from sklearn.model_selection import StratifiedGroupKFold

        splitter = self.cv
        if splitter is None or isinstance(splitter, Integral):
            splitter = StratifiedGroupKFold()
        mapping = MethodMapping().add(caller="fit", callee="split")
        return (
            super()
            .get_metadata_routing()
            .add(splitter=splitter, method_mapping=mapping)
        )


def _check_abstain_label(label, classes, *taken):
    """Return the abstain label; raise if `predict` cannot return it with the classes.

    The label may not be one of the classes, nor one of the values in `taken`.
    """
    are_numbers = not isinstance(np.asarray(classes).tolist()[0], str | bool)
    if are_numbers and label != "auto":
        raise ValueError(
            f"Expected abstain_label='auto' next to labels that are numbers, for which "
            f"it is -1; got {label!r:.80}. Leave it out, or convert the labels, e.g. "
            "y.astype(str)."
        )
    if label == "auto":
        label = -1 if are_numbers else "unknown"
    for values in (classes, *taken):
        if label in np.asarray(values).tolist():
            step = "Choose another abstain_label."
            if are_numbers:
                step = "Convert the labels, e.g. y.astype(str)."
            raise ValueError(
                "Expected an abstain label that is neither a label nor a group, got "
                f"{label!r:.80}. {step}"
            )
    return label


def _fit_and_answer(estimator, X, y, train, test, params, fallback):
    """Fit a clone on the rows `train`; return `_answers` for the rows `test`."""
    params = check_method_params(X, params, indices=train)
    fitted = clone(estimator).fit(safe_indexing(X, train), y[train], **params)
    return _answers(resolve(fitted), safe_indexing(X, test), y[test], fallback)


def _answers(stack, X, y, fallback):
    """Return the `confidence_and_hits` of a stack for names X with labels y."""
    predicted = predict_list(stack, X)
    classes = stack.classes
    # A fold may not contain a rare label.
    fallback = [level.among(classes) for level in fallback]
    is_name = predicted.reasons == ""
    y = stack.as_predicted(y)
    return confidence_and_hits(predicted.proba, is_name, y, classes, fallback)
