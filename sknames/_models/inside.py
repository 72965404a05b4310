"""Look inside a model.

Only this module knows how scikit-learn's estimators hold each other. Our wrappers
describe themselves: `_describe` returns what is inside them.
"""

from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import column_or_1d

from .._encoding.char_encoder import CharEncoder
from .._encoding.join_names import JoinNames
from .groups import Level, array_of_labels

# Where scikit-learn keeps the one fitted estimator that predicts: calibrations by fold,
# searches, thresholds and our wrappers, and what is frozen, or not fitted itself.
HELD = ("calibrated_classifiers_", "best_estimator_", "estimator_", "estimator")


class Inside(NamedTuple):
    """Hold what is inside a model, None for what it lacks.

    It is made once, and handed down.
    """

    model: Any = None  # the model itself
    join: JoinNames | None = None  # what joins the columns of names at its start
    steps: tuple = ()  # the other steps in front of
    last: Any = None  # the innermost estimator, which predicts
    # The priors that the probabilities assume, (n_classes,), unchecked.
    class_prior: Any = None
    # The bias on people in log odds, (n_classes,), see `Network`.
    class_bias: Any = None
    sharpness: Any = None  # (1,), the power of likelihood ratios that shares take
    # How the probabilities of `last` are changed, from the inside out: arrays are
    # factors, (n_classes,), a Level has the groups that are summed; None is any other
    # way.
    changes: tuple = ()
    # What is inside without the outer groups, and the index of the group of each class
    # there.
    ungrouped: Any = None
    threshold: float | None = None  # the largest probability that gets no answer
    levels: tuple = ()  # of groups to fall back on, see `levels_of`
    # What changes the probabilities that a threshold was for.
    misplaced: str | None = None

    @property
    def encoder(self):
        """The fitted encoder at its start, or None."""
        first = self.steps[0] if self.steps else None
        return (
            first
            if isinstance(first, CharEncoder) and hasattr(first, "alphabet_")
            else None
        )

    @property
    def network(self):
        """The network that predicts from codes, or None.

        The codes are those of the encoder if there is one.
        """
        takes_codes = len(self.steps) == (self.encoder is not None)
        return getattr(self.last, "network_", None) if takes_codes else None

    def without_groups(self):
        """Return what is inside without outer groups, and each class's group index."""
        return self.ungrouped or (self, None)  # None: it has no groups

    def changed(self, change, class_prior, class_bias, by):
        """Return what is inside a model `by` that changes these probabilities."""
        abstains = self.threshold is not None
        return self._replace(
            class_prior=class_prior,
            class_bias=class_bias,
            changes=(*self.changes, change),
            ungrouped=None,
            threshold=None,
            levels=(),
            misplaced=type(by).__name__ if abstains else self.misplaced,
        )

    def check_threshold(self):
        """Raise ValueError if something in a model that always answers may abstain."""
        if self.misplaced is not None:
            raise ValueError(
                f"{self.misplaced} changes probabilities, so the threshold of the "
                "classifier in it, which abstains, does not hold. Put in one that does "
                "not, such as load_pretrained(), and SelectiveClassifier around the "
                "whole."
            )

    def as_predicted(self, y):
        """Return labels as the model predicts them: as groups, if it groups them."""
        for change in self.changes:
            if isinstance(change, Level):
                group_of = change.as_dict()
                found = [
                    group_of.get(label, label) for label in column_or_1d(y).tolist()
                ]
                is_text = {isinstance(group, str) for group in found}
                if len(is_text) > 1:
                    y = np.array(found, dtype=object)
                else:
                    y = array_of_labels(found)
        return y

    def as_labels(self, predicted, y):
        """Return predictions, with the label in place of a group that holds it."""
        for level in self.levels:
            predicted = np.where(predicted == level.group_of(y), y, predicted)
        return predicted


def unwrap(model: Any) -> Inside:
    """Return what is inside pipelines, searches, calibrated, frozen and our models."""
    return _look(model)._replace(model=model)


def _look(model):
    if hasattr(type(model), "_describe"):
        return model._describe()
    if isinstance(model, Pipeline):
        *before, (name, last) = model.steps
        inside = unwrap(last)
        steps = [step for _, step in before if step not in (None, "passthrough")]
        first = steps[0] if steps else inside.join
        if inside.ungrouped is not None:
            below, index = inside.ungrouped
            ungrouped = unwrap(Pipeline([*before, (name, below.model)])), index
            inside = inside._replace(ungrouped=ungrouped)
        return inside._replace(
            join=first if isinstance(first, JoinNames) else None,
            steps=(
                *(step for step in steps if not isinstance(step, JoinNames)),
                *inside.steps,
            ),
        )
    held = _held(model)
    if held is None:
        network = getattr(model, "network_", None)
        bias, sharpness = (
            getattr(network, name, None) for name in ("class_bias", "sharpness")
        )
        inside = Inside(last=model, class_bias=bias, sharpness=sharpness)
    else:
        inside = unwrap(held)
    if not hasattr(model, "calibrators"):
        return inside._replace(
            class_prior=getattr(model, "class_prior_", inside.class_prior)
        )
    # A temperature is a power of the odds; other methods learn the labels' frequencies.
    power, prior, bias = getattr(model.calibrators[0], "beta_", None), None, None
    if power is not None and inside.class_prior is not None:
        prior = inside.class_prior**power / (inside.class_prior**power).sum()
        bias = None if inside.class_bias is None else inside.class_bias * power
    if inside.sharpness is not None:
        inside = inside._replace(
            sharpness=None if prior is None else inside.sharpness / power
        )
    return inside.changed(None, prior, bias, model)


def _held(model):
    """Return the one estimator that a model predicts with, or None."""
    # FrozenEstimator shows what is inside it as its own.
    own = getattr(model, "__dict__", {})
    held = [own[name] for name in HELD if name in own and "estimators_" not in own]
    if held and isinstance(held[0], list):
        held = held[0] if len(held[0]) == 1 else []
    return held[0] if held else None


def refusal(
    model: Any, expected: str, step: str, wrappers: str = "the wrappers of sknames"
) -> TypeError:
    """Return the error for a model without what is needed; `step` is what to do."""
    got = shorten(repr(model), 200, placeholder=" ...")
    return TypeError(
        f"Expected {expected}, such as load_pretrained(), also inside pipelines with "
        f"JoinNames, searches, FrozenEstimator and {wrappers}; got {got}. {step}"
    )
