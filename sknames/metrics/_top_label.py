"""Compare the most probable label with the truth."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, column_or_1d

from .._base.labels_and_weights import check_labels, check_some_known
from .._base.plotting import DisplayMixin
from .._models.stack import resolve

Z = 1.959963984540054  # standard deviations; the half width of 95 % intervals


def top_label(y_true, y_proba, labels=None):
    """Return whether the most probable label of each row is right, and its probability.

    Both are of shape (n,), `y_proba` of shape (n, n_classes).

    `labels` are those of the columns; None takes the labels in `y_true`, sorted.
    """
    if np.ndim(y_proba) != 2:
        raise ValueError(
            "Expected y_proba with a row for each name and a column for each label, "
            f"got shape {np.shape(y_proba)}. Give what predict_proba returns."
        )
    y_proba = check_array(y_proba, input_name="y_proba")
    y_true = check_labels(y_true, len(y_proba))
    labels = np.unique(y_true) if labels is None else column_or_1d(labels)
    are_distinct = len(np.unique(labels)) == len(labels)
    if not are_distinct or len(labels) != y_proba.shape[1]:
        raise ValueError(
            f"Expected distinct labels, one for each of {y_proba.shape[1]} columns of "
            f"y_proba, got {len(labels)}: {labels!s:.80}. Give labels, such as the "
            "classes_ of the classifier."
        )
    if y_proba.min() < 0 or y_proba.max() > 1 + 1e-6:
        raise ValueError(
            f"Expected y_proba from 0 to 1, got {y_proba.min():.3g} to "
            f"{y_proba.max():.3g}. Give probabilities, as predict_proba does."
        )
    check_some_known(y_true, labels)
    predicted = labels[y_proba.argmax(axis=1)]
    return predicted == y_true, y_proba.max(axis=1)


def effective_number(weights, index=None, n=1):
    """Return how many rows of equal weight say as much, by group, (n,) (Kish 1965).

    `index` has the group of each row. Without it, all rows are one group, and a number
    returns.
    """
    if index is None:
        one_group = np.zeros(len(weights), dtype=int)
        return effective_number(weights, one_group)[0]
    sums = np.bincount(index, weights=weights, minlength=n)
    squares = np.bincount(index, weights=weights**2, minlength=n)
    return np.divide(sums**2, squares, out=np.zeros(n), where=squares > 0)


def wilson_interval(share, n):
    """Return the ends of 95 % intervals of a share among n (Wilson 1927)."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return np.maximum(middle - reach, 0), np.minimum(middle + reach, 1)


class TopLabelDisplay(DisplayMixin):
    """Make a display of a fitted classifier."""

    from_predictions: Any

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw it for a fitted classifier on names outside its training data.

        Parameters
        ----------
        estimator : classifier
            Fitted classifier with `predict_proba`.
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,)
            Their labels.
        name : str or None, default=None
            Name of the model, for the legend. None takes that of its class.
        **kwargs
            Parameters of :meth:`from_predictions`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        if name is None:
            name = type(estimator).__name__
        proba = estimator.predict_proba(X)
        labels = estimator.classes_
        y = resolve(estimator).as_predicted(y)
        return cls.from_predictions(y, proba, labels=labels, name=name, **kwargs)
