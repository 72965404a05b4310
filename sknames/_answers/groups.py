"""Groups of labels, such as regions: sums of probabilities, and answers that climb to them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Level(NamedTuple):
    """Hold the groups of labels."""

    name: str
    classes: NDArray[Any]
    groups: NDArray[Any]  # (n_classes,), the group of each class
    shares: NDArray[np.float64]  # (n_classes, n_groups), 1 where a class is in a group

    def group_of(self, labels):
        """Return the groups of labels, None for what is no class."""
        group_of = dict(zip(self.classes.tolist(), self.groups.tolist(), strict=True))
        labels = np.asarray(labels).tolist()
        return np.array([group_of.get(label) for label in labels], dtype=object)

    def among(self, classes):
        """Return the same groups of some of the classes."""
        rows = np.searchsorted(self.classes, classes)
        return self._replace(classes=classes, groups=self.groups[rows], shares=self.shares[rows])


def summed(probabilities, shares):
    """Return the sums of probabilities (n, n_classes) by group, (n, n_groups)."""
    sums = np.zeros((len(probabilities), shares.shape[1]), dtype=probabilities.dtype)
    # The bits of a matrix product would depend on the number of rows.
    for k, group in zip(*np.nonzero(shares), strict=True):
        sums[:, group] += probabilities[:, k]
    return sums


def climb(proba, best, levels):
    """Return the probability of a label of each row, and of its group at each level.

    `best` (n,) has the index of the label. The result (n, 1 + n_levels) never falls along a row
    (the rule "climbing" of Goren et al. 2024, without its calibration).
    """
    rows = np.arange(len(proba))
    columns = [proba[rows, best]]
    for level in levels:
        columns.append(summed(proba, level.shares)[rows, level.shares.argmax(axis=1)[best]])
    return np.column_stack(columns)
