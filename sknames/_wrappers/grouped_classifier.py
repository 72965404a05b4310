"""Predict regions or other groups of nationalities or countries."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import HasMethods, StrOptions

from .._answers.groups import Level, summed
from .._answers.inside import Inside, unwrap
from .._base.holder import is_fitted
from .._base.labels_and_weights import check_labels
from .._priors.priors import assumed_priors
from .wrapper import Wrapper

LEVELS = ("subregion", "region")


@dataclass(eq=False, repr=False)
class GroupedClassifier(Wrapper):
    """Predict groups of labels: sum the probabilities of a classifier.

    A fitted estimator is used as it is, also by clones, and needs no `fit`; an unfitted one is
    cloned and fitted.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba`.
    groups : dict or {"subregion", "region"}, default="region"
        The group of each label, such as ``{"Danish": "Scandinavian", "Swedish": "Scandinavian"}``;
        other labels form their own groups. Or a column of these tables, if the labels are there:

        - of :func:`~sknames.datasets.load_nationalities`: where names come from. English, Spanish
          and Portuguese names are European.
        - of :func:`~sknames.datasets.load_countries`: where people live.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator. Only present after `fit`.
    classes_ : ndarray of shape (n_groups,)
        The groups, sorted.
    class_prior_ : ndarray of shape (n_groups,)
        The priors that the probabilities assume: sums of the estimator's.
    n_features_in_, feature_names_in_ : int, ndarray of shape (`n_features_in_`,)
        Number and names of the columns, if the estimator has these attributes.

    See Also
    --------
    PriorShiftClassifier : Adapt predictions to a list, most accurately inside this classifier.
    load_pretrained : Load the model that ships, of nationalities or countries.

    Notes
    -----
    `fit` takes labels of the estimator, and `predict` returns groups. `score`, and with it
    `cross_val_score`, takes either. Other metrics of scikit-learn compare labels with groups.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.GroupedClassifier(sknames.load_pretrained(), groups="subregion")
    >>> model.predict(["Novak Djokovic", "Wanjiru Kamau"]).tolist()
    ['Southern Europe', 'Eastern Africa']
    """

    __module__ = "sknames"

    estimator: Any
    _: KW_ONLY
    groups: Mapping[Any, Any] | Literal["subregion", "region"] = "region"

    estimator_: Any = field(init=False)

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "groups": [StrOptions({*LEVELS}), HasMethods(["keys"])],
    }

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit a clone of the estimator, unless it is fitted.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,) or None, default=None
            Labels of the estimator, not groups. A fitted estimator needs none.
        **params
            Parameters of the estimator's `fit`, such as `sample_weight`.

        Returns
        -------
        self : GroupedClassifier
            The fitted classifier.
        """
        self._validate_params()
        if not self._is_frozen:
            check_labels(y)
        self._check_inside(self.estimator)
        estimator = self._fit_estimator(X, y, **params)
        group(self.groups, estimator.classes_)  # raises if they do not match
        self.estimator_ = estimator
        self._groups = self.groups if isinstance(self.groups, str) else dict(self.groups.items())
        return self

    def _change(self, probabilities):
        return summed(probabilities, self._grouping[1])

    @property
    def classes_(self) -> NDArray[Any]:
        """The groups, sorted."""
        return self._grouping[0]

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        return assumed_priors(self._inner()) @ self._grouping[1]

    @property
    def _grouping(self):
        """The groups, and the share of each class in each group, (n_classes, n_groups)."""
        classes = getattr(self, self._holder).classes_
        return group(vars(self).get("_groups", self.groups), classes)

    def _describe(self):
        """Return what is inside, see `unwrap`."""
        if not is_fitted(self):
            return Inside()
        inner, (groups, shares) = self._inner(), self._grouping
        inside, prior = unwrap(inner), assumed_priors(inner)
        bias = inside.class_bias
        if bias is not None:
            sums, odds = prior @ shares, (prior * np.exp(-bias)) @ shares
            bias = -np.log(np.divide(odds, sums, out=np.ones_like(sums), where=sums > 0))
        names = groups[shares.argmax(axis=1)].tolist()
        return inside.changed(shares, prior @ shares, bias, self)._replace(
            group_of=(*inside.group_of, dict(zip(inner.classes_.tolist(), names, strict=True))),
            ungrouped=inner if inside.ungrouped is None else inside.ungrouped,
            groups=shares if inside.groups is None else inside.groups @ shares,
        )

    def __sklearn_is_fitted__(self):
        return is_fitted(vars(self).get("estimator_", self.estimator))


def group(groups, classes):
    """Return the groups, sorted, and which of them each class is in, as 0 or 1."""
    return _group(_hashable(groups), tuple(classes.tolist()), classes.dtype)


def _hashable(groups):
    return groups if isinstance(groups, str) else tuple(groups.items())


@lru_cache(maxsize=32)
def _group(groups, labels, dtype):
    """Return what `group` does, once for equal groups and labels."""
    if isinstance(groups, str):
        group_of = _groups_of_tables(groups)
        unknown = [label for label in labels if label not in group_of]
        if unknown:
            raise ValueError(
                f"groups={groups!r} expects nationalities of load_nationalities or codes of "
                f"load_countries, got {', '.join(map(repr, unknown))}. Give the groups as a dict."
            )
    else:
        group_of = dict(groups)
        unknown = [label for label in group_of if label not in labels]
        if unknown:
            raise ValueError(
                f"Expected groups of {', '.join(map(str, labels))}, the labels of the model; got "
                f"{', '.join(map(repr, unknown))}."
            )
        for name in group_of.values():
            if group_of.get(name, name) != name:
                raise ValueError(
                    "A group may not be named like a label in another group: got "
                    f"{name!r}, which is in the group {group_of[name]!r}. Rename the group."
                )
    names = [group_of.get(label, label) for label in labels]
    if len({isinstance(name, str) for name in names}) > 1:
        raise ValueError(
            f"Expected groups that are all strings, or all numbers, got {[*dict.fromkeys(names)]}. "
            "Labels that groups does not name form their own groups."
        )
    unique, index = np.unique(names, return_inverse=True)
    return unique, np.eye(len(unique))[index]


@cache
def _groups_of_tables(level):
    """Return the group of each nationality and of each country."""
    from ..datasets import load_countries, load_nationalities  # sklearn.datasets is slow to import

    if level not in LEVELS:
        raise ValueError(
            f"Expected groups 'region' or 'subregion', or a dict, got {level!r}. To predict "
            "countries, take load_pretrained('country')."
        )
    group_of = {}
    for table, labels in (load_nationalities(), "nationality"), (load_countries(), "alpha_2"):
        group_of |= zip(table[labels], table[level], strict=True)
    return group_of


def levels_of(groups, classes):
    """Return the levels of a list of groups, from fine to coarse; raise if they do not nest."""
    return _levels_of(tuple(map(_hashable, groups)), tuple(classes.tolist()), classes.dtype)


@lru_cache(maxsize=32)
def _levels_of(groups, labels, dtype):
    """Return what `levels_of` does, once for equal groups and labels."""
    levels, classes = [], np.array(labels, dtype=dtype)
    for k, some in enumerate(groups):
        names, shares = _group(some, labels, dtype)
        name = some if isinstance(some, str) else f"groups[{k}]"
        levels.append(Level(name, classes, names[shares.argmax(axis=1)], shares))
    labels = Level("label", classes, classes, np.eye(len(classes)))
    for fine, coarse in pairwise([labels, *levels]):
        for name in np.unique(fine.groups).tolist():
            above = np.unique(coarse.groups[fine.groups == name])
            if len(above) > 1:
                raise ValueError(
                    f"Expected groups from fine to coarse, each within one of the next, got "
                    f"{fine.name} {name!r} in {', '.join(map(repr, above.tolist()))} of "
                    f"{coarse.name}. Change the groups or their order."
                )
    members = {}
    for level in (labels, *levels):
        for name in np.unique(level.groups).tolist():
            some = frozenset(classes[level.groups == name].tolist())
            if members.setdefault(name, some) != some:
                raise ValueError(
                    f"Expected names that stand for the same labels at all levels, got {name!r} "
                    f"of {level.name} for others than before. Rename it."
                )
    return tuple(levels)
