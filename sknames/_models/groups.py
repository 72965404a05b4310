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

from .._base.labels_and_weights import is_missing

M49 = ("subregion", "region")  # names of the UN, by label in regions.csv
REGIONS = Path(__file__).parent / "regions.csv"
BLOCK = 8192  # rows that stay in the cache

Groups: TypeAlias = Literal["subregion", "region"] | Mapping[Any, Any]


def members_of(groups, classes, name="groups"):
    """Return the classes in each group, as lists by group.

    Groups may have any form that users give. "subregion" and "region" must have all
    classes in their table. A dict or Series has the group of each label, or the labels
    of each group. A label may be in several groups, or in none. Errors show `name`.
    """
    members = {}
    for label, group in _known_pairs(groups, classes, name, may_lack=False):
        members.setdefault(group, []).append(label)
    return members


def group_of_each(groups, classes, name="groups", *, may_lack=False):
    """Return the one group of each class, (n_classes,).

    Groups are as in `members_of`, but may not overlap. A class without a group is its
    own. If classes `may_lack` labels, these are left out.
    """
    pairs = _known_pairs(groups, classes, name, may_lack=may_lack)
    if not pairs:
        return classes.copy()
    group_of = dict(pairs)
    for label, group in pairs:
        if group_of[label] != group:
            raise ValueError(
                f"Expected each label in one group of {name}, got {label!r} in "
                f"{group!r} and {group_of[label]!r}. Only estimate_shares sums groups "
                "that overlap."
            )
    for group in {*group_of.values()}:
        if group_of.get(group, group) != group:
            raise ValueError(
                "A group may not be named like a label in another group: got "
                f"{group!r}, which is in the group {group_of[group]!r}. Rename the "
                "group."
            )
    group_of_class = [group_of.get(label, label) for label in classes.tolist()]
    hint = " A label that is in no group is a group of its own."
    check_alike(group_of_class, name, hint)
    return array_of_labels(group_of_class)


def _known_pairs(groups, classes, name, *, may_lack):
    """Return pairs of a class and a group that it is in; raise if they are wrong."""
    labels = dict.fromkeys(classes.tolist())
    known = []
    unknown = []
    for label, group in _pairs(groups, labels, name):
        try:
            is_known = label in labels
        except TypeError:  # a list, which cannot be looked up
            is_known = False
        (known if is_known else unknown).append((label, group))
    for label, group in unknown:
        if is_missing(label):
            raise _missing(label, group, name)
    first_label_of = {group: label for label, group in reversed(known + unknown)}
    for group, label in first_label_of.items():
        if is_missing(group):
            raise _missing(label, group, name)
    if unknown and not (may_lack and known):
        first_of = {group: label for label, group in reversed(unknown)}
        got = [f"{first_of[group]!r} in {group!r}" for group in reversed(first_of)]
        raise ValueError(
            f"Expected {name} of {', '.join(map(str, labels))}, the labels of the "
            f"model; got {', '.join(got)}."
        )
    check_alike(first_label_of, name)
    return known


def _missing(label, group, name):
    return ValueError(f"{name} has {label!r} in the group {group!r}. Leave it out.")


def check_alike(groups, name, hint=""):
    """Raise ValueError unless groups are all strings, all booleans or all numbers."""
    kinds = {_kind(group_type) for group_type in set(map(type, groups))}
    if len(kinds) > 1 or None in kinds:
        raise ValueError(
            f"Expected {name} that are all strings, or all numbers, got "
            f"{[*dict.fromkeys(groups)]}.{hint}"
        )


def _kind(group_type):
    """Return which type of labels a type is one of, None if of none."""
    if issubclass(group_type, bool | np.bool_):
        return bool
    for kind in (str, Real):
        if issubclass(group_type, kind):
            return kind
    return None


def _pairs(groups, labels, name):
    """Return pairs of a label and a group that it is in."""
    if isinstance(groups, str) and groups in M49:
        group_of = _groups_of_regions(groups)
        unknown = [label for label in labels if label not in group_of]
        if unknown:
            raise ValueError(
                f"{name}={groups!r} expects nationalities of load_nationalities or "
                f"codes of load_countries, got {', '.join(map(repr, unknown))}. Give "
                "the groups as a dict."
            )
        return [(label, group_of[label]) for label in labels]
    if not hasattr(groups, "items"):
        raise ValueError(
            f"Expected {name} 'region', 'subregion', or a dict: the group of each "
            f"label, or the labels of each group; got {groups!r:.100}. To predict "
            "countries, take load_pretrained('country')."
        )
    pairs = [*groups.items()]
    if not any(_is_list(value) for _, value in pairs):
        return pairs
    for group, some in pairs:
        if not (_is_list(some) and len(some)):
            raise ValueError(
                f"Expected a list of labels for each group in {name}, got {some!r} for "
                f"{group!r}."
            )
    return [(label, group) for group, some in pairs for label in some]


def _is_list(value):
    return hasattr(value, "__len__") and not isinstance(value, str)


@cache
def _groups_of_regions(column):
    """Return the region or subregion of each nationality and country."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        return {row["label"]: row[column] for row in csv.DictReader(file)}


def array_of_labels(labels):
    """Return labels as an array; large integers stay integers."""
    array = np.array(labels)
    if array.dtype.kind == "f" and all(isinstance(label, int) for label in labels):
        return np.array(labels, dtype=np.uint64)
    return array


def summed(probabilities, index):
    """Sum probabilities (n, n_classes) by the index of each class's group."""
    n_groups = index.max() + 1
    sums = np.zeros((len(probabilities), n_groups), dtype=probabilities.dtype)
    # The bits of a matrix product would depend on the number of rows. One dimension is
    # faster.
    for start in range(0, len(probabilities), BLOCK):
        rows = slice(start, start + BLOCK)
        block = probabilities[rows]
        cells = np.arange(len(block))[:, None] * n_groups + index
        np.add.at(sums[rows].ravel(), cells.ravel(), block.ravel())
    return sums


class FallbackLevel(NamedTuple):
    """Hold groups to fall back on, where a label or a finer group is unsure."""

    name: str
    classes: NDArray[Any]
    groups: NDArray[Any]  # (n_classes,), the group of each class,
    group_index: NDArray[np.intp]  # and its index

    @classmethod
    def of(cls, name, classes, groups):
        """Return the level of the groups of some classes."""
        return cls(name, classes, groups, np.unique(groups, return_inverse=True)[1])

    def as_dict(self):
        """Return the group of each class."""
        return dict(zip(self.classes.tolist(), self.groups.tolist(), strict=True))

    def group_of(self, labels):
        """Return the groups of labels, None for what is no class."""
        group_of, labels = self.as_dict(), np.asarray(labels).tolist()
        return np.array([group_of.get(label) for label in labels], dtype=object)

    def among(self, classes):
        """Return the same groups of some of the classes."""
        return self.of(
            self.name, classes, self.groups[np.searchsorted(self.classes, classes)]
        )


def read_fallback(fallback, classes, *, may_lack=False):
    """Return levels of groups, from fine to coarse; raise if they do not nest."""
    levels = [FallbackLevel.of("label", classes, classes)]
    for k, groups in enumerate(fallback):
        name = f"fallback[{k}]"
        each = group_of_each(groups, classes, name, may_lack=may_lack)
        levels.append(
            FallbackLevel.of(groups if isinstance(groups, str) else name, classes, each)
        )
    for fine, coarse in pairwise(levels):
        above = {}
        for one, other in zip(
            fine.groups.tolist(), coarse.groups.tolist(), strict=True
        ):
            if above.setdefault(one, other) != other:
                raise ValueError(
                    "Expected groups from fine to coarse, each within one of the next, "
                    f"got {fine.name} {one!r} in {above[one]!r} and {other!r} of "
                    f"{coarse.name}. Change the groups or their order."
                )
    members = {}
    for level in levels:
        of_level = {}
        for label, group in zip(classes.tolist(), level.groups.tolist(), strict=True):
            of_level.setdefault(group, set()).add(label)
        for group, some in of_level.items():
            if members.setdefault(group, some) != some:
                raise ValueError(
                    "Expected names that stand for the same labels at all levels, got "
                    f"{group!r} of {level.name} for others than before. Rename it."
                )
    return tuple(levels[1:])


def fallback_probabilities(proba, best, levels):
    """Return the probability of a label of each row, and of its group at each level.

    `best` (n,) has the index of the label. The result (n, 1 + n_levels) never falls
    along a row (the rule "climbing" of Goren et al. 2024, without its calibration).
    """
    rows = np.arange(len(proba))
    columns = [proba[rows, best]]
    columns += [
        summed(proba, level.group_index)[rows, level.group_index[best]]
        for level in levels
    ]
    return np.column_stack(columns)
