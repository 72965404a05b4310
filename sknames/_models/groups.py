"""Read groups of labels, sum their probabilities, and fall back on them."""

import csv
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels
from .._base.labels_and_weights import is_missing, shorten

M49 = ("subregion", "region")  # of the UN's M49 standard; columns of regions.csv
SUMMED_ROWS = 8192  # rows summed at a time, so that they stay in the cache

Groups: TypeAlias = Literal["subregion", "region"] | Mapping[Any, Any]


def members_of(groups, classes):
    """Return the classes in each group, as lists by group.

    Groups may have any form that users can pass. With "subregion" or "region", all
    classes must be in the table of regions. A dict or Series maps each label to its
    group, or each group to its labels. A label may be in several groups, or in none.
    """
    return labels_by_group(_known_pairs(groups, classes, "groups", may_lack=False))


def labels_by_group(pairs):
    """Return a dict with a list of labels for each group, from pairs (label, group)."""
    labels = {}
    for label, group in pairs:
        labels.setdefault(group, []).append(label)
    return labels


def group_of_each(groups, classes, name="groups", *, may_lack=False, others=None):
    """Return the group of each class, (n_classes,).

    Groups are as in `members_of`, but may not overlap. A class without a group is a
    group of its own, or belongs to the group `others`. With `may_lack`, labels in
    `groups` that are not among the classes are ignored.
    """
    pairs = _known_pairs(groups, classes, name, may_lack=may_lack)
    group_of = dict(pairs)
    for label, group in pairs:
        if group_of[label] != group:
            raise ValueError(
                f"Expected each label in one group of {name}, got {label!r} in "
                f"{group!r} and {group_of[label]!r}. Only sums of shares have groups "
                "that overlap."
            )
    if others is not None:
        for label in classes.tolist():
            group_of.setdefault(label, others)
    for group in {*group_of.values()}:
        is_label_elsewhere = group_of.get(group, group) != group
        if is_label_elsewhere:
            raise ValueError(
                "A group may not be named like a label in another group: got "
                f"{group!r}, which is in the group {group_of[group]!r}. Rename the "
                "group."
            )
    group_of_class = [group_of.get(label, label) for label in classes.tolist()]
    check_alike(
        group_of_class, name, " A label that is in no group is a group of its own."
    )
    return array_of_labels(group_of_class)


def _known_pairs(groups, classes, name, *, may_lack):
    """Return pairs of a class and a group that it is in; raise if any is invalid."""
    labels = dict.fromkeys(classes.tolist())
    pairs = _pairs(groups, labels, name)
    for label, group in pairs:
        if is_missing(label) or is_missing(group):
            raise ValueError(
                f"{name} has {label!r} in the group {group!r}. Leave it out."
            )
    known = [(label, group) for label, group in pairs if label in labels]
    unknown = [(label, group) for label, group in pairs if label not in labels]
    if unknown and not (may_lack and known):
        label, group = unknown[0]
        raise unknown_label(name, label, [*labels], f" in {group!r}")
    check_alike([group for _, group in pairs], name)
    return known


def unknown_label(name, got, labels, where=""):
    """Return the error for an unknown label, with the model's label for it if any."""
    names_of = column_by_label("names")
    meant = []
    for label in labels:
        names = f"{label};{names_of.get(label, '')}".casefold().split(";")
        if str(got).casefold() in names:
            meant.append(label)
    return ValueError(
        f"{name} got {got!r:.80}{where}, but the model's labels are such as "
        f"{shorten(meant or labels)}: see classes_. load_nationalities and "
        "load_countries have the label of a country."
    )


def check_alike(groups, name, hint=""):
    """Raise ValueError unless groups are all strings, all booleans or all numbers."""
    for kind in (bool | np.bool_, str, Real):  # a boolean is also a Real
        is_of_kind = {isinstance(group, kind) for group in groups}
        if False not in is_of_kind:
            return
        if True in is_of_kind:
            break
    raise ValueError(
        f"Expected {name} that are all strings, or all numbers, got "
        f"{[*dict.fromkeys(groups)]}.{hint}"
    )


def _pairs(groups, labels, name):
    """Return pairs of a label and a group that it is in."""
    if isinstance(groups, str) and groups in M49:
        group_of = column_by_label(groups)
        unknown = [label for label in labels if label not in group_of]
        if unknown:
            raise ValueError(
                f"{name}={groups!r} expects nationalities of load_nationalities or "
                f"codes of load_countries, got {', '.join(map(repr, unknown)):.80}. "
                "Give the groups as a dict."
            )
        return [(label, group_of[label]) for label in labels]
    if not hasattr(groups, "items"):
        raise ValueError(
            f"Expected {name} 'region', 'subregion', or a dict: the group of each "
            f"label, or the labels of each group; got {groups!r:.80}. To predict "
            "countries, take load_pretrained('country')."
        )
    has_lists = any(_is_list(value) for _, value in groups.items())
    if not has_lists:
        return [*groups.items()]
    pairs = []
    for group, members in groups.items():
        if not (_is_list(members) and len(members)):
            raise ValueError(
                f"Expected a list of labels for each group in {name}, got "
                f"{members!r:.80} for {group!r}."
            )
        pairs += [(label, group) for label in members]
    return pairs


def _is_list(value):
    """Return whether a value is a list, a tuple, an array or similar, but not text."""
    return hasattr(value, "__len__") and not isinstance(value, str)


@cache
def column_by_label(column, table="regions.csv"):
    """Return a column of a table in this folder, by nationality or country."""
    path = Path(__file__).with_name(table)
    with path.open(encoding="utf-8", newline="") as file:
        return {row["label"]: row[column] for row in csv.DictReader(file)}


def sum_by_group(probabilities, index):
    """Sum probabilities, (n, n_classes), by group: (n, n_groups), of the same dtype.

    `index`, (n_classes,), has the index of each class's group.
    """
    n_groups = index.max() + 1
    sums = np.zeros((len(probabilities), n_groups), dtype=probabilities.dtype)
    # The last bits of a matrix product would depend on the number of rows. np.add.at is
    # faster on one dimension than on two.
    for start in range(0, len(probabilities), SUMMED_ROWS):
        rows = slice(start, start + SUMMED_ROWS)
        block = probabilities[rows]
        cells = np.arange(len(block))[:, None] * n_groups + index
        np.add.at(sums[rows].ravel(), cells.ravel(), block.ravel())
    return sums


class FallbackLevel(NamedTuple):
    """Groups to fall back on when the model is unsure of a label or a finer group.

    A fallback is a tuple of levels, from fine to coarse. Estimators store a level as a
    plain tuple.
    """

    name: str  # the level of a prediction, such as "region"
    classes: NDArray[Any]  # (n_classes,), sorted
    groups: NDArray[Any]  # (n_classes,), the group of each class
    group_index: NDArray[np.intp]  # (n_classes,), the index of each class's group

    @classmethod
    def from_groups(cls, name, classes, groups):
        """Create a level from the classes and the group of each class, (n_classes,)."""
        _, group_index = np.unique(groups, return_inverse=True)
        return cls(name, classes, groups, group_index)

    def group_by_class(self):
        """Return a dict with the group of each class."""
        return dict(zip(self.classes.tolist(), self.groups.tolist(), strict=True))

    def group_of(self, labels):
        """Return the group of each label, (n,), or None if it is not a class."""
        group_by_class = self.group_by_class()
        groups = [group_by_class.get(label) for label in np.asarray(labels).tolist()]
        return np.array(groups, dtype=object)

    def among(self, classes):
        """Return the same groups of a sorted subset of the classes."""
        rows = np.searchsorted(self.classes, classes)
        return self.from_groups(self.name, classes, self.groups[rows])


def read_fallback(fallback, classes, *, may_lack=False):
    """Return the levels of a fallback, given as a list of groups.

    Each item has a form as in `group_of_each`. Raise ValueError if a group is not
    contained in one group of the next level.
    """
    levels = [FallbackLevel.from_groups("label", classes, classes)]
    for k, groups in enumerate(fallback):
        name = f"fallback[{k}]"
        groups_of_classes = group_of_each(groups, classes, name, may_lack=may_lack)
        if isinstance(groups, str):
            name = groups
        levels.append(FallbackLevel.from_groups(name, classes, groups_of_classes))
    for fine, coarse in pairwise(levels):
        _check_nested(fine, coarse)
    _check_names(levels)
    return tuple(levels[1:])


def _check_nested(fine, coarse):
    """Raise ValueError if a group overlaps with two groups of the next level."""
    above = {}
    pairs = zip(fine.groups.tolist(), coarse.groups.tolist(), strict=True)
    for group, group_above in pairs:
        if above.setdefault(group, group_above) != group_above:
            raise ValueError(
                "Expected groups from fine to coarse, each within one of the next, "
                f"got {fine.name} {group!r} in {above[group]!r} and {group_above!r} of "
                f"{coarse.name}. Change the groups or their order."
            )


def _check_names(levels):
    """Raise ValueError if a group has different labels at two levels."""
    labels_by_name = {}
    for level in levels:
        labels_of_level = labels_by_group(level.group_by_class().items())
        for group, labels in labels_of_level.items():
            if labels_by_name.setdefault(group, labels) != labels:
                raise ValueError(
                    "Expected names that stand for the same labels at all levels, got "
                    f"{group!r} of {level.name} for others than before. Rename it."
                )


def fallback_probabilities(proba, best, fallback):
    """Return the probability of each row's label, and of its group at each level.

    `proba`, (n, n_classes), contains the probabilities, and `best`, (n,), the index of
    each row's label. The result, (n, 1 + n_levels), never decreases along a row.
    Predicting the first level above a threshold is the "climbing" rule of Goren et al.
    (2024), without its calibration.
    """
    rows = np.arange(len(proba))
    columns = [proba[rows, best]]
    for level in fallback:
        sums = sum_by_group(proba, level.group_index)
        columns.append(sums[rows, level.group_index[best]])
    return np.column_stack(columns)
