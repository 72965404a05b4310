"""Represent a fitted model as a stack of layers.

Steps join and encode names, a base predicts probabilities, and each layer changes the
probabilities or the predictions. Only this module depends on how scikit-learn's
estimators are nested. The wrappers of this package add layers in their method `_stack`.
"""

import pickle
from dataclasses import dataclass, field, replace
from typing import Any

import joblib
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, column_or_1d

from .._base.codes import array_of_labels
from .._base.digits import MODEL_DIGITS, digits_of
from .._base.parameters import in_short
from .._encoding.char_encoder import CharEncoder
from .._encoding.join_names import JoinNames
from .._text.names import BY_DEFAULT
from .groups import labels_by_group
from .layers import Assumed, Layer, Sum, Threshold

CALIBRATED = "calibrated_classifiers_"  # of CalibratedClassifierCV, one per fold
# The attributes in which scikit-learn stores the fitted estimator that predicts:
# best_estimator_ in searches, estimator_ in other meta-estimators, and estimator in
# FrozenEstimator and in meta-estimators that are not fitted themselves.
INNER_ESTIMATOR = ("best_estimator_", "estimator_", "estimator")
# Not imported, because importing them takes two fifths of the time of `import sknames`.
THRESHOLD_CLASSIFIERS = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")


@dataclass(frozen=True)
class Stack:
    """The parts of a fitted model; each call creates a new stack.

    Parameters
    ----------
    steps : tuple of transformers
        The steps before the base: a JoinNames, if any, the encoder and others.
    base : estimator
        The estimator that predicts the probabilities. It may contain another estimator:
        for example, a calibration changes the probabilities of the model inside it.
    base_assumes : Assumed
        The assumptions of the base's probabilities.
    inner : Stack or None
        The stack of the estimator inside the base, if any.
    layers : tuple of Layer
        The changes of the base's predictions, from the inside out.
    """

    steps: tuple[Any, ...] = ()
    base: Any = None
    base_assumes: Assumed = field(default_factory=Assumed)
    inner: "Stack | None" = None
    layers: tuple[Layer, ...] = ()

    def add(self, layer):
        """Return the stack with one more layer."""
        return replace(self, layers=(*self.layers, layer))

    # The parts of the model.

    @property
    def join(self):
        """The JoinNames at the start of the stack, or None."""
        return self._all_steps[0] if _n_joins(self._all_steps) else None

    @property
    def encoder(self):
        """The fitted CharEncoder at the start, possibly after a JoinNames, or None."""
        first = self._behind_join[0] if self._behind_join else None
        is_encoder = isinstance(first, CharEncoder) and hasattr(first, "alphabet_")
        return first if is_encoder else None

    @property
    def rules(self):
        """The rules by which the model reads names."""
        return BY_DEFAULT if self.encoder is None else self.encoder._rules

    @property
    def network(self):
        """The network that predicts from codes of the encoder, if any, or None."""
        n_known = 0 if self.encoder is None else 1
        if len(self._behind_join) > n_known:
            return None
        if self.inner is not None:
            return self.inner.network
        return getattr(self.base, "network_", None)

    @property
    def _all_steps(self):
        """The steps, followed by those of the inner stack."""
        if self.inner is None:
            return self.steps
        return self.steps + self.inner._all_steps

    @property
    def _behind_join(self):
        """The steps without those that join names."""
        return self._all_steps[_n_joins(self._all_steps) :]

    # Predictions.

    def transform(self, X):
        """Return the base's features of the model's input."""
        for step in self.steps:
            X = step.transform(X)
        return X

    def predict_proba(self, X):
        """Return the probabilities of the model's input, (n, n_classes)."""
        return self.change(np.asarray(self.base.predict_proba(self.transform(X))))

    def predict_names(self, names):
        """Return the probabilities of `Names` that are joined and possibly tidied."""
        return self._behind(_n_joins(self.steps)).predict_proba(names)

    def predict_codes(self, codes):
        """Return the probabilities of rows of codes, the output of the encoder step."""
        behind_encoder = self._behind(_n_joins(self.steps) + 1)
        return behind_encoder.predict_proba(self.encoder._as_output(codes))

    def _behind(self, n_steps):
        """Return the stack without the first steps."""
        return replace(self, steps=self.steps[n_steps:])

    def change(self, probabilities, n_below=0):
        """Apply the layers, except the first `n_below`, which were applied already."""
        for layer in self.layers[n_below:]:
            probabilities = layer.change(probabilities)
        return probabilities

    # Properties of the predictions.

    @property
    def fingerprint(self):
        """The short name of the trained model, followed by the change of each layer."""
        check_is_fitted(self.base)
        network = getattr(self.base, "network_", None)
        if network is None:
            digits = _hash_of_estimator((self.steps, self.base))[:MODEL_DIGITS]
            name = f"{type(self.base).__name__}-{digits}"
        elif network.fingerprint is not None:
            name = network.fingerprint
        else:
            learned = (network.to_arrays(), self.base.classes_)
            name = f"network-{digits_of(learned, MODEL_DIGITS)}"
        names = [name, *(layer.fingerprint for layer in self.layers)]
        if self.inner is not None:
            names.insert(0, self.inner.fingerprint)
        return "+".join(names)

    @property
    def probability_key(self):
        """A key of the predicted probabilities, or None without a fingerprint.

        Two models with the same key predict the same probabilities. The key does not
        depend on thresholds, but depends on how names are read.
        """
        try:
            name = self.without_thresholds().fingerprint
        except TypeError:  # a part such as a lambda has no fingerprint
            return None
        if self.encoder is None:
            return name
        return f"{name}, clean={self.encoder.clean}, tidy={self.encoder.tidy_}"

    @property
    def classes(self):
        """The labels of the probabilities' columns."""
        _check_one_label(self.base)
        classes = self.base.classes_
        for layer in self.layers:
            classes = layer.labels(classes)
        return classes

    @property
    def assumed(self):
        """The assumptions of the probabilities."""
        assumed = self.base_assumes
        for layer in self.layers:
            assumed = layer.assume(assumed)
        return assumed

    @property
    def sharpness(self):
        """The power to which likelihood ratios are raised in estimates of a list."""
        measured = self.assumed.measured
        return 1.0 if measured is None else measured.sharpness

    def without_thresholds(self):
        """Return the stack without thresholds, which never abstains."""
        layers = [layer for layer in self.layers if not isinstance(layer, Threshold)]
        return replace(self, layers=tuple(layers))

    def without_groups(self):
        """Return the stack without its outermost groups, and each class's group index.

        The index is None if the stack has no groups, or if a layer above the groups
        shifts the priors.
        """
        n_kept = len(self.layers)
        index = None
        for k in reversed(range(len(self.layers))):
            layer = self.layers[k]
            if isinstance(layer, Sum):
                n_kept = k
                index = layer.index if index is None else index[layer.index]
            elif layer.changes_probabilities:
                break
        if index is None:
            return self, None
        return replace(self, layers=self.layers[:n_kept]), index

    @property
    def members(self):
        """The innermost labels in each predicted group, or None without groups."""
        return labels_by_group(self._group_of_label.items()) or None

    @property
    def _group_of_label(self):
        """The predicted group of each innermost label, as a dict; empty without groups.

        Groups may be below a calibration.
        """
        group_of = {}
        for estimator in _inner_estimators(self.base)[:1]:
            group_of = resolve(estimator)._group_of_label
        for layer in self.layers:
            if isinstance(layer, Sum):
                group_of = layer.regroup(group_of)
        return group_of

    @property
    def threshold(self):
        """The last threshold, which decides whether the model abstains, or None.

        A threshold is invalid if a layer above it changes the probabilities.
        """
        for layer in reversed(self.layers):
            if isinstance(layer, Threshold):
                return layer
            if layer.changes_probabilities:
                return None
        return None

    def check_threshold(self):
        """Raise ValueError if a layer changes the probabilities above a threshold.

        Only the threshold on top has to be valid.
        """
        if self.threshold is not None or not self.has_threshold:
            return
        changed_by = type(self.base).__name__
        for layer in self.layers:
            if isinstance(layer, Threshold):
                changed_by = None
            elif layer.changes_probabilities and changed_by is None:
                changed_by = layer.owner
        raise ValueError(
            f"{changed_by} changes probabilities, so the threshold of the "
            "SelectiveClassifier in it does not hold. Put in the classifier that is "
            "inside the SelectiveClassifier, and the SelectiveClassifier around the "
            "whole."
        )

    @property
    def has_threshold(self):
        """Whether a layer or an estimator inside the base has a threshold."""
        if any(isinstance(layer, Threshold) for layer in self.layers):
            return True
        estimators = _inner_estimators(self.base)
        return any(resolve(estimator).has_threshold for estimator in estimators)

    def as_predicted(self, y):
        """Return the true labels as groups, if the model predicts groups.

        Other values are kept.
        """
        group_of = self._group_of_label
        if not group_of:
            return y
        values = [group_of.get(label, label) for label in column_or_1d(y).tolist()]
        if len({isinstance(value, str) for value in values}) > 1:
            return np.array(values, dtype=object)
        return array_of_labels(values)

    def as_labels(self, predicted, y):
        """Return predictions, with each correct group replaced by the true label."""
        if self.threshold is not None:
            for level in self.threshold.fallback:
                is_right = predicted == level.group_of(y)
                predicted = np.where(is_right, y, predicted)
        return predicted


def _check_one_label(model):
    """Raise TypeError if an estimator predicts several labels for each name."""
    has_lists = isinstance(getattr(model, "classes_", None), list)
    if has_lists or getattr(model, "multilabel_", False):
        name = type(model).__name__
        raise TypeError(
            f"Expected a classifier of one label for each name, got the {name} of "
            "several. Fit one classifier for each column of y."
        )


def _n_joins(steps):
    """Return how many steps at the start join names; only the first reads columns."""
    n = 0
    while n < len(steps) and isinstance(steps[n], JoinNames):
        n += 1
    return n


def resolve(model: Any) -> Stack:
    """Return the stack of a fitted model.

    The stack is never stored, because the parameters of an unfitted wrapper may change.
    """
    if hasattr(type(model), "_stack"):
        return model._stack()
    if isinstance(model, Pipeline):
        *before, (_, last) = model.steps
        steps = [step for _, step in before if hasattr(step, "transform")]
        inner = resolve(last)
        return replace(inner, steps=(*steps, *inner.steps))
    estimators = _inner_estimators(model)
    if len(estimators) != 1 or "estimators_" in vars(model):
        return Stack(base=model, base_assumes=_assumed_by(model))
    if type(model).__name__ in THRESHOLD_CLASSIFIERS:
        raise TypeError(
            "Expected a classifier whose answer is the most probable label, got a "
            f"{type(model).__name__}. Call its own predict, or give its estimator_, "
            "and compare the probabilities of the label with the threshold."
        )
    inner = resolve(estimators[0])
    if isinstance(model, FrozenEstimator) or "best_estimator_" in vars(model):
        return inner
    return Stack(base=model, base_assumes=_assumed_around(model, inner), inner=inner)


def _inner_estimators(model):
    """Return the estimators that a model predicts with; several for an ensemble."""
    # FrozenEstimator exposes the attributes of the estimator inside it.
    attributes = getattr(model, "__dict__", {})
    if CALIBRATED in attributes:
        return [calibrated.estimator for calibrated in attributes[CALIBRATED]]
    if "estimators_" in attributes:
        return [*attributes["estimators_"]]
    for name in INNER_ESTIMATOR:
        if name in attributes:
            return [attributes[name]]
    return []


def _assumed_by(model):
    """Return the assumptions of an estimator that contains no other."""
    network = getattr(model, "network_", None)
    return Assumed(
        class_prior=getattr(model, "class_prior_", None),
        measured=getattr(network, "measured", None),
    )


def _assumed_around(model, inner):
    """Return the assumptions of a model that changes another's probabilities."""
    if CALIBRATED in vars(model):
        # A temperature is a power of the odds; other calibrations learn new priors.
        power = getattr(model.calibrated_classifiers_[0].calibrators[0], "beta_", None)
        if power is None:
            return Assumed(is_recalibrated=True)
        return inner.assumed.tempered(power)
    class_prior = getattr(model, "class_prior_", inner.assumed.class_prior)
    return replace(inner.assumed, class_prior=class_prior)


def _hash_of_estimator(estimator):
    """Return joblib's hash of an estimator; raise TypeError if it cannot be saved."""
    try:
        # The hash depends on the memory layout, and reloaded arrays are contiguous.
        return joblib.hash(pickle.loads(pickle.dumps(estimator)))
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise TypeError(
            f"Expected a model that joblib can save, got one that it cannot ({error}). "
            "Take functions and classes of a module, not those of a function or lambda."
        ) from error


def most_probable(probabilities, top):
    """Return the columns of the `top` most probable classes, (n, top).

    Ties are in the order of the columns. For small `top`, this is faster than sorting.
    """
    rest = np.array(probabilities)
    rows = np.arange(len(rest))
    best = np.empty((len(rest), top), dtype=np.intp)
    for k in range(top):
        best[:, k] = rest.argmax(axis=1)
        rest[rows, best[:, k]] = -1
    return best


def unsupported_model_error(
    model: Any, expected: str, step: str, wrappers: str = "the wrappers of sknames"
) -> TypeError:
    """Return the error for a model that does not meet the requirements.

    `expected` describes the requirements, and `step` tells users what to do.
    """
    got = in_short(repr(model))
    return TypeError(
        f"Expected {expected}, such as load_pretrained(), also inside pipelines with "
        f"JoinNames, searches, FrozenEstimator and {wrappers}; got {got}. {step}"
    )
