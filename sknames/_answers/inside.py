"""Look inside a model: the one place that knows how scikit-learn's estimators hold each other.

Ours describe themselves: a classifier and a wrapper by `_describe`, which returns what is inside
them, and a step in front of a classifier by `_add_to`, which adds itself to what is behind it.
"""

from collections.abc import Callable
from copy import copy
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import column_or_1d

# Where scikit-learn keeps the one fitted estimator that predicts: calibrations by fold,
# searches, thresholds and our wrappers, and what is frozen, or not fitted itself.
HELD = ("calibrated_classifiers_", "best_estimator_", "estimator_", "estimator")


class Inside(NamedTuple):
    """What is inside a model, None for what it lacks."""

    encoder: Any = None  # the fitted encoder at its start
    classifier: Any = None  # what has a `network_` and takes the codes of that encoder
    join: Callable[[Any], Any] | None = None  # what joins the columns of names before
    class_prior: Any = None  # (n_classes,), the priors that the probabilities assume, unchecked
    class_bias: Any = None  # (n_classes,), the bias on people in log odds, see `Network`
    model_error: Any = None  # (1,), what that leaves, see `Network`
    sharpness: Any = None  # (1,), the power of likelihood ratios that shares take
    # How wrappers change the probabilities of the classifier, from the inside out: floats are
    # factors, (n_classes,), ints the indices of groups that are summed; None is any other way.
    changes: tuple = ()
    group_of: tuple = ()  # the group of each label, from the inside out: dicts
    ungrouped: Any = None  # the model without its outer groups, if it has any,
    groups: Any = None  # and the index of the group of each of its classes
    threshold: float | None = None  # the largest probability that gets no answer
    levels: tuple = ()  # of groups to fall back on, see `levels_of`
    last: Any = None  # the innermost estimator, which predicts,
    steps: tuple = ()  # and the steps in front of it
    misplaced: str | None = None  # what changes the probabilities that a threshold was for

    def changed(self, change, class_prior, class_bias, by):
        """Return what is inside a model, `by`, that changes the probabilities of this one."""
        abstains = self.threshold is not None
        return self._replace(
            class_prior=class_prior,
            class_bias=class_bias,
            changes=(*self.changes, change),
            ungrouped=None,
            groups=None,
            threshold=None,
            levels=(),
            misplaced=type(by).__name__ if abstains else self.misplaced,
        )

    def check_threshold(self):
        """Raise ValueError if something in a model that always answers may abstain."""
        if self.misplaced is not None:
            raise ValueError(
                f"{self.misplaced} changes probabilities, so the threshold of the classifier in "
                "it, which abstains, does not hold. Put in one that does not, such as "
                "load_pretrained(), and SelectiveClassifier around the whole."
            )

    def as_predicted(self, y):
        """Return labels as the model predicts them: as groups, if it groups them."""
        for group_of in self.group_of:
            grouped = [group_of.get(label, label) for label in column_or_1d(y).tolist()]
            is_text = {isinstance(group, str) for group in grouped}
            y = np.array(grouped, dtype=object if len(is_text) > 1 else None)
        return y

    def as_labels(self, predicted, y):
        """Return predictions, with the label in place of a group that holds it."""
        for level in self.levels:
            predicted = np.where(predicted == level.group_of(y), y, predicted)
        return predicted


def unwrap(model: Any) -> Inside:
    """Return what is inside pipelines, searches, calibrated, frozen and our models."""
    if hasattr(type(model), "_describe"):
        described = model._describe()
        return described if isinstance(described, Inside) else Inside(**described)
    if isinstance(model, Pipeline):
        *before, last = [step for _, step in model.steps]
        inside = unwrap(last)
        for step in reversed([step for step in before if step not in (None, "passthrough")]):
            inside = inside._replace(steps=(step, *inside.steps))
            if hasattr(type(step), "_add_to"):
                inside = step._add_to(inside)
            else:  # it changes what the others take
                inside = inside._replace(encoder=None, classifier=None, join=None)
        if inside.ungrouped is not None:
            steps = [*model.steps[:-1], (model.steps[-1][0], inside.ungrouped)]
            inside = inside._replace(ungrouped=Pipeline(steps))
        return inside
    inner = _held(model)[1]
    inside = Inside(last=model) if inner is None else unwrap(inner)
    if not hasattr(model, "calibrators"):
        return inside._replace(class_prior=getattr(model, "class_prior_", inside.class_prior))
    # A temperature is a power of the odds; other methods learn the labels' frequencies.
    power, prior, bias = getattr(model.calibrators[0], "beta_", None), None, None
    if power is not None and inside.class_prior is not None:
        prior = inside.class_prior**power / (inside.class_prior**power).sum()
        bias = None if inside.class_bias is None else inside.class_bias * power
    if inside.sharpness is not None:
        inside = inside._replace(sharpness=None if prior is None else inside.sharpness / power)
    return inside.changed(None, prior, bias, model)


def split(model: Any) -> tuple[Any, Any]:
    """Return the encoder at the start of a model, or None, and a copy of the rest for codes."""
    if isinstance(model, Pipeline):
        steps = [step for step in model.steps if _added_by(step[1]).join is None]
        encoder, *others = steps or [("", None)]
        if not others:
            return split(encoder[1])
        is_encoder = _added_by(encoder[1]).encoder is not None
        return (encoder[1], Pipeline(others)) if is_encoder else (None, model)
    name, inner = _held(model)
    encoder, rest = (None, None) if inner is None else split(inner)
    if encoder is None:
        return None, model
    copied = copy(model)
    setattr(copied, name, [rest] if isinstance(getattr(model, name), list) else rest)
    return encoder, copied


def ungroup(model: Any) -> tuple[Any, Any]:
    """Return a model as it is without groups, and the index of each class's group, or None."""
    inside = unwrap(model)
    return (model if inside.ungrouped is None else inside.ungrouped), inside.groups


def refusal(
    model: Any, expected: str, step: str, wrappers: str = "the wrappers of sknames"
) -> TypeError:
    """Return the error for a model that lacks what is needed inside; `step` is what to do."""
    got = shorten(repr(model), 200, placeholder=" ...")
    return TypeError(
        f"Expected {expected}, such as load_pretrained(), also inside pipelines with JoinNames, "
        f"searches, FrozenEstimator and {wrappers}; got {got}. {step}"
    )


def _added_by(step):
    """Return what a step of a pipeline adds to what is inside."""
    return step._add_to(Inside()) if hasattr(type(step), "_add_to") else Inside()


def _held(model):
    """Return the attribute and the one estimator that a model predicts with, or None and None."""
    own = getattr(model, "__dict__", {})  # FrozenEstimator shows what is inside it as its own
    name = next((name for name in HELD if name in own and "estimators_" not in own), None)
    inner = own.get(name)
    if isinstance(inner, list):
        inner = inner[0] if len(inner) == 1 else None
    return name, inner
