"""Define layers: what each wrapper changes in the predictions of the model inside it.

Each layer is added by one estimator, whose class is its `owner`. Layers are created
whenever a model is read; estimators store only arrays, texts and tuples.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .._base.digits import LAYER_DIGITS, digits_of
from .groups import FallbackLevel, sum_by_group
from .priors import check_priors, exchange_priors, factors_of


@dataclass(frozen=True)
class Assumed:
    """What a model's probabilities assume; None where it is unknown.

    Parameters
    ----------
    class_prior : object
        Priors of the classes, in any form that `check_priors` accepts.
    measured : Measured or None
        Statistics on held-out people, see `Network`.
    is_recalibrated : bool, default=False
        Whether a calibration has learned other priors, which it does not store.
    """

    class_prior: Any = None
    measured: Any = None
    is_recalibrated: bool = False

    def checked_prior(self, classes):
        """Return the priors, (n_classes,); uniform ones if they are unknown."""
        prior = "uniform" if self.class_prior is None else self.class_prior
        return check_priors(prior, classes, "assumed_prior")

    def tempered(self, power):
        """Return the assumptions of probabilities raised to a power and rescaled."""
        if self.class_prior is None:
            return Assumed()
        prior = self.class_prior**power
        measured = self.measured
        if measured is not None:
            measured = replace(
                measured,
                class_bias=measured.class_bias * power,
                sharpness=measured.sharpness / power,
            )
        return Assumed(prior / prior.sum(), measured)


@dataclass(frozen=True)
class Layer:
    """A layer that changes nothing, the base class of the others."""

    # Whether it changes probabilities, which invalidates a threshold below it.
    changes_probabilities: ClassVar[bool] = False

    def change(self, probabilities):
        """Return the changed probabilities, (n, n_classes)."""
        return probabilities

    def labels(self, classes):
        """Return the labels of the changed probabilities' columns."""
        return classes

    def assume(self, assumed):
        """Return what the changed probabilities assume."""
        return assumed


@dataclass(frozen=True)
class Shift(Layer):
    """Replace the assumed priors of probabilities by new ones, all (n_classes,)."""

    stated_prior: NDArray[np.float64]  # the priors that the layers below state
    assumed_prior: NDArray[np.float64]
    class_prior: NDArray[np.float64]
    changes_probabilities = True
    owner = "PriorShiftClassifier"

    def change(self, probabilities):
        """Return the probabilities under the new priors."""
        in_float64 = probabilities.astype(np.float64)
        return exchange_priors(in_float64, self.assumed_prior, self.class_prior)

    def assume(self, assumed):
        """Return the assumptions with the new priors."""
        return replace(assumed, class_prior=self.class_prior)

    @property
    def factors(self):
        """The factors of the probabilities before they are normalized, (n_classes,)."""
        return factors_of(self.assumed_prior, self.class_prior)

    @property
    def fingerprint(self):
        """The part of a fingerprint for the new priors.

        It includes the assumed priors if they differ from those that the layers below
        state.
        """
        priors = [self.class_prior]
        if not np.allclose(self.assumed_prior, self.stated_prior, rtol=1e-6, atol=0):
            priors.append(self.assumed_prior)
        return priors_fingerprint(*priors)


def priors_fingerprint(*priors):
    """Return the part of a fingerprint that identifies the given class priors."""
    # The last bits of the priors may differ between processors.
    rounded = np.array(priors, dtype=np.float32)
    return f"priors-{digits_of(rounded, LAYER_DIGITS)}"


@dataclass(frozen=True)
class Sum(Layer):
    """Sum the probabilities of the classes in each group."""

    classes: NDArray[Any]  # (n_classes,), the labels below
    groups: NDArray[Any]  # (n_groups,), sorted
    index: NDArray[np.intp]  # (n_classes,), the index of each class's group
    changes_probabilities = True
    owner = "GroupedClassifier"

    def change(self, probabilities):
        """Return the sums, (n, n_groups)."""
        return sum_by_group(probabilities, self.index)

    def labels(self, classes):
        """Return the groups."""
        return self.groups

    def assume(self, assumed):
        """Return the assumptions for groups: the prior and mean bias of each group."""
        prior = assumed.checked_prior(self.classes)
        sums = np.bincount(self.index, prior)
        measured = assumed.measured
        if measured is not None:
            prior_of_people = prior * np.exp(-measured.class_bias)
            sums_of_people = np.bincount(self.index, prior_of_people)
            ratio = np.ones_like(sums)  # 1 for groups whose classes all have prior 0
            np.divide(sums_of_people, sums, out=ratio, where=sums > 0)
            measured = replace(
                measured,
                class_bias=-np.log(ratio),
                n_people=np.bincount(self.index, measured.n_people),
            )
        return replace(assumed, class_prior=sums, measured=measured)

    def regroup(self, group_of):
        """Return a dict with the group of each innermost label.

        `group_of` maps the innermost labels to the classes below this layer. If it is
        empty, the classes below are the innermost labels.
        """
        groups_of_classes = self.groups[self.index].tolist()
        group_of_class = dict(
            zip(self.classes.tolist(), groups_of_classes, strict=True)
        )
        if not group_of:
            return group_of_class
        return {label: group_of_class[group] for label, group in group_of.items()}

    @property
    def fingerprint(self):
        """The part of a fingerprint that identifies the labels in each group."""
        grouping = (self.classes, self.groups, self.index)
        return f"groups-{digits_of(grouping, LAYER_DIGITS)}"


@dataclass(frozen=True)
class Threshold(Layer):
    """Abstain unless the probability of a label or its group is above the threshold."""

    least: float
    fallback: tuple[FallbackLevel, ...]  # from fine to coarse
    abstain_label: Any  # predicted when the model abstains

    @property
    def fingerprint(self):
        """The part of a fingerprint for the threshold, groups and abstain label."""
        settings = (self.least, self.fallback, self.abstain_label)
        return f"threshold-{digits_of(settings, LAYER_DIGITS)}"
