"""Read the labels of checked rows."""

import numpy as np

from .._base import warn
from .._base.codes import code_values, index_in
from .._base.counts import counted
from .._base.labels_and_weights import check_some_known
from .._models.groups import check_alike
from .columns import values_of

FEW_CHECKED = 100  # rows; fewer raise a warning


def read_checked(checked, stack, is_name):
    """Read the labels of checked rows, as passed by the user.

    Labels of rows that are not names raise a warning. They do not count, because these
    rows have no weight. If the model predicts groups, a label counts as its group.

    Returns
    -------
    label_index : ndarray of shape (n_rows,) of int
        The index of each row's label among the classes of the model, followed by the
        new labels; -1 if the row was not checked.
    new_labels : list
        Sorted labels that are not classes of the model.
    """
    values = values_of(checked, len(is_name), "a label or None", "checked")
    classes = stack.classes.tolist()
    predicted_for = _read_labels(values, stack)
    new_labels = sorted({*predicted_for.values()} - {*classes})
    labels = [predicted_for.get(label) for label in values]
    label_index = index_in([*classes, *new_labels], labels, otherwise=-1)
    n_without_name = int(((label_index >= 0) & ~is_name).sum())
    if n_without_name:
        warn(
            f"Left out {counted(n_without_name, 'checked row')} without a name. Check "
            "rows that are names.",
            kind="checked without name",
        )
    return label_index, new_labels


def _read_labels(values, stack):
    """Return a dict with the label that the model predicts for each checked label."""
    labels = [label for label in code_values(values)[0] if label is not None]
    if "" in labels:
        raise ValueError(
            "Expected None in checked for rows that were not, got ''. A row that "
            'nobody could decide is "unknown".'
        )
    if len(labels) == 0:
        raise ValueError(
            "Expected labels of some rows in checked, got none. Leave it out."
        )
    predicted = stack.as_predicted(np.array(labels, dtype=object)).tolist()
    check_some_known(predicted, stack.classes)
    check_alike(
        [*stack.classes.tolist(), *predicted], "labels in checked and of the model"
    )
    return dict(zip(labels, predicted, strict=True))
