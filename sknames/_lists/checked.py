"""Read the labels of checked rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base import warn
from .._base.codes import array_of_labels, code_values, index_in
from .._base.labels_and_weights import (
    check_some_known,
)
from .._base.saved import Saved
from .._models.groups import check_alike
from .columns import values_of

FEW_CHECKED = 100  # rows: with fewer, a warning


@dataclass(frozen=True)
class CheckedRows(Saved):
    """Hold the labels of checked rows.

    Parameters
    ----------
    label_index : ndarray of shape (n_rows,) of int
        The column of each row's label, -1 where it was not checked.
    classes : ndarray of shape (n_classes,)
        The labels of the model.
    new_labels : list
        Labels that it lacks; their columns follow.
    """

    label_index: NDArray[np.integer]
    classes: NDArray[Any]
    new_labels: list[Any]

    @property
    def labels(self):
        """The labels of the model, and the new ones."""
        if not self.new_labels:
            return self.classes
        return array_of_labels([*self.classes.tolist(), *self.new_labels])

    def __getitem__(self, rows):
        """Return some of the rows."""
        return replace(self, label_index=self.label_index[rows])


def read_checked(checked, stack, is_name):
    """Return labels of checked rows, as given to `estimate_shares`, as `CheckedRows`.

    Rows that are not names are not checked. Labels are those that the model predicts:
    the group that has a label, if it groups labels.
    """
    given = values_of(checked, len(is_name), "a label or None", "checked")
    classes = stack.classes.tolist()
    label_of = _read_labels(given, stack)
    new_labels = sorted({*label_of.values()} - {*classes})
    labels = [label_of.get(label) for label in given]
    label_index = index_in([*classes, *new_labels], labels, otherwise=-1)
    n_without_name = int(((label_index >= 0) & ~is_name).sum())
    if n_without_name:
        warn(
            f"{n_without_name:,} checked rows are not names, and are left out. Check "
            "rows that are names.",
            kind="checked without name",
        )
        label_index[~is_name] = -1
    return CheckedRows(label_index, stack.classes, new_labels)


def _read_labels(given, stack):
    """Return the label that the model predicts for each label that was given."""
    known = [label for label in code_values(given)[0] if label is not None]
    if "" in known:
        raise ValueError(
            "Expected None in checked for rows that were not, got ''. A row that "
            'nobody could decide is "unknown".'
        )
    if len(known) == 0:
        raise ValueError(
            "Expected labels of some rows in checked, got none. Leave it out."
        )
    predicted = stack.as_predicted(np.array(known, dtype=object)).tolist()
    check_some_known(predicted, stack.classes)
    check_alike(
        [*stack.classes.tolist(), *predicted], "labels in checked and of the model"
    )
    return dict(zip(known, predicted, strict=True))
