"""Evaluate a model on names with known nationalities, in a report of one screen."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import precision_recall_fscore_support

from .._base import validate_params
from .._base.codes import index_in
from .._base.counts import counted
from .._base.labels_and_weights import (
    check_labels,
    check_some_known,
    check_weights,
    effective_number,
)
from .._base.sklearn_private import HasMethods
from .._models.frames import to_frame
from .._models.predict_names import answers_of, predict_list
from .._models.stack import most_probable, resolve
from .._text.names import read_names

N_CLASSES_PRINTED = 20  # nationalities, so that all fits on one screen
N_CONFUSIONS = 5  # confusions that are printed
TOP = 3  # labels for top_3
UNKNOWN = -1  # column of a label that the model does not know
N_RESAMPLES = 1000  # bootstrap samples for the interval of macro-F1
N_BINS = 15  # bins of the calibration error, as in Guo et al. (2017)
Z = 1.959963984540054  # standard deviations; the half width of 95 % intervals


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Evaluation of a model on names with known nationalities.

    :func:`scorecard` returns this object.

    Parameters
    ----------
    n, is_right : int, ndarray of shape (n,) of bool
        The number of rows, and whether each prediction is right, in their order.
    accuracy, accuracy_interval : float, (low, high)
        The accuracy, and its 95 % interval (Wilson 1927).
    macro_f1, macro_f1_interval : float, (low, high)
        The mean F1 of the nationalities in `y` or predicted, with an interval from a
        bootstrap.
    best_accuracy, n_ambiguous : float, int
        The highest accuracy that is possible from names alone, and the number of names
        that occur with several labels.
    unknown_labels : dict of label to int
        The number of rows of each label that the model does not know.
    by_class : dict of str to ndarray of shape (n_labels,)
        Columns label, n, recall, recall_low, recall_high, precision, precision_low,
        precision_high, n_predicted.
    confusions : list of (label, predicted, int)
        Label, wrong prediction and number of rows, the most frequent pair first.
    log_loss : float or None
        The log loss. This and the following figures are None for a model without
        `predict_proba`.
    top_3, top_3_interval : float, (low, high), or None
        The share of rows whose label is among the three most probable labels.
    calibration_error, calibration_by_chance : float or None
        The expected calibration error: the mean difference between the probability of
        the most probable label and the accuracy, over 15 bins of equal width (Guo et
        al. 2017); and the error that a calibrated model is expected to have by chance.

    See Also
    --------
    scorecard : Measure a model.

    References
    ----------
    - Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017.

    Examples
    --------
    >>> from sknames import load_pretrained
    >>> from sknames.metrics import scorecard
    >>> names = ["Mehmet Yılmaz", "Ayşe Demir", "Kowalski", "Lee"]
    >>> labels = ["Turkish", "Turkish", "Polish", "Chinese"]
    >>> card = scorecard(load_pretrained(), names, labels)
    >>> card.accuracy, card.confusions
    (0.75, [('Chinese', 'Korean', 1)])
    """

    __module__ = "sknames.metrics"

    n: int
    is_right: NDArray[np.bool_]
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    best_accuracy: float
    n_ambiguous: int
    unknown_labels: dict[Any, int]
    by_class: dict[str, NDArray[Any]]
    confusions: list[tuple[Any, Any, int]]
    log_loss: float | None = None
    top_3: float | None = None
    top_3_interval: tuple[float, float] | None = None
    calibration_error: float | None = None
    calibration_by_chance: float | None = None

    def to_frame(self) -> Any:
        """Return the figures by nationality as a pandas DataFrame.

        If only polars is installed, it is a polars DataFrame.

        Returns
        -------
        DataFrame
            The columns of `by_class`.
        """
        return to_frame(self.by_class)

    def to_text(self, n_classes: int | None = None) -> str:
        """Return the printed report, optionally with more nationalities.

        Parameters
        ----------
        n_classes : int or None, default=None
            Maximum number of nationalities; the most frequent are shown. None shows
            all.

        Returns
        -------
        str
            The text.
        """
        lines = [
            f"accuracy  {self.accuracy:.4f} ({_interval(self.accuracy_interval)})",
            f"macro-F1  {self.macro_f1:.4f} ({_interval(self.macro_f1_interval)})",
        ]
        if self.log_loss is None:
            lines.append(
                "log loss, top-3 and ECE need predict_proba, which the model lacks"
            )
        else:
            lines += [
                f"top-3     {self.top_3:.4f} ({_interval(self.top_3_interval)})",
                f"log loss  {self.log_loss:.4f}",
                f"ECE       {self.calibration_error:.4f} "
                f"({self.calibration_by_chance:.4f} by chance)",
            ]
        lines.append(f"{counted(self.n, 'row')}; {self._text_on_labels()}")
        lines.append("")
        lines += self._lines_by_class(n_classes)
        lines += self._lines_of_confusions()
        return "\n".join(lines)

    def __repr__(self):
        return self.to_text(N_CLASSES_PRINTED)

    def _lines_of_confusions(self):
        """Return an empty line and the most frequent confusions, if there are any."""
        shown = self.confusions[:N_CONFUSIONS]
        if not shown:
            return []
        texts = [f"{true} taken for {predicted}" for true, predicted, _ in shown]
        width = max(map(len, texts))
        lines = [""]
        for text, (_, _, n) in zip(texts, shown, strict=True):
            lines.append(f"{text:{width}}  {n:>10,}")
        return lines

    def _text_on_labels(self):
        """Return the notes on ambiguous names and on labels unknown to the model."""
        text = f"best accuracy possible {self.best_accuracy:.4f}"
        if self.n_ambiguous:
            text += f" (names with several labels: {self.n_ambiguous:,})"
        if self.unknown_labels:
            n = sum(self.unknown_labels.values())
            named = ", ".join(map(str, list(self.unknown_labels)[:3]))
            text += f"; rows with labels that the model lacks: {n:,} ({named}"
            text += ", ...)" if len(self.unknown_labels) > 3 else ")"
        return text

    def _lines_by_class(self, n_classes):
        """Yield the lines of a table of the most frequent classes."""
        columns = self.by_class
        n_all = len(columns["n"])
        shown = np.argsort(-columns["n"], kind="stable")[:n_classes]
        if len(shown) == n_all:
            shown = np.arange(n_all)
        width = max(len(str(label)) for label in ["label", *columns["label"][shown]])
        titles = f"{'recall (95 %)':22}  {'precision (95 %)':22}"
        yield f"{'label':{width}}  {'rows':>8}  {titles}  predicted"
        for k in shown:
            row = {name: column[k] for name, column in columns.items()}
            recall = _cell(row, "recall", row["n"])
            precision = _cell(row, "precision", row["n_predicted"])
            yield (
                f"{row['label']!s:{width}}  {row['n']:>8,}  {recall:22}  "
                f"{precision:22}  {row['n_predicted']:>9,}"
            )
        if len(shown) < n_all:
            yield f"{counted(n_all - len(shown), 'other')}: see by_class"


def _cell(row, figure, n):
    """Return a figure of a row and its interval as text, or "-" if `n` is 0."""
    if not n:
        return "-"
    low = row[f"{figure}_low"]
    high = row[f"{figure}_high"]
    return f"{row[figure]:.3f} ({low:.3f} to {high:.3f})"


def _interval(limits):
    """Return an interval as text."""
    return "95 % {:.4f} to {:.4f}".format(*limits)


@validate_params({"estimator": [HasMethods("predict")]})
def scorecard(
    estimator: Any, X: Any, y: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> Scorecard:
    """Evaluate a model on names with known nationalities.

    Parameters
    ----------
    estimator : classifier of names
        Classifier that was fitted on other names. If it has no `predict_proba`, figures
        that need probabilities are None.
    X : iterable of str, or table of one column
        Names.
    y : array-like of shape (n_names,)
        Their nationalities, spelled as in the model. Labels that the model does not
        know count as errors, and are excluded from the log loss.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names, not negative. Intervals are based on the effective number
        of names (Kish 1965). Counts are unweighted.

    Returns
    -------
    Scorecard
        The evaluation. Its printed report fits on one screen.

    Raises
    ------
    ValueError
        If the model knows none of the labels.

    See Also
    --------
    sknames.spelling_groups : Group names that differ only in spelling.

    Notes
    -----
    Do not evaluate on training names or on other spellings of training names. Split
    data by :func:`~sknames.spelling_groups` to keep spellings together.

    Examples
    --------
    >>> import sknames
    >>> from sknames.metrics import scorecard
    >>> model = sknames.load_pretrained()
    >>> names = ["Mehmet Yılmaz", "Ayşe Demir", "Kowalski", "Νίκος Παππάς"]
    >>> card = scorecard(model, names, ["Turkish", "Turkish", "Polish", "Greek"])
    >>> card.accuracy, card.top_3
    (1.0, 1.0)
    """
    names = read_names(X)
    labels = check_labels(y, len(names))
    weights = check_weights(sample_weight, len(names))
    stack = resolve(estimator)
    if stack.layers or hasattr(stack.base, "network_"):
        predictions = predict_list(stack, names)
        proba = predictions.proba
        predicted = answers_of(stack, predictions)
    else:
        # Some classifiers predict a label that is not the most probable one.
        features = stack.transform(names)
        predicted = stack.base.predict(features)
        proba = None
        if hasattr(stack.base, "predict_proba"):
            proba = np.asarray(stack.base.predict_proba(features))
    labels = stack.as_predicted(labels)
    predicted = stack.as_labels(predicted, labels)
    return scorecard_from(names, labels, predicted, proba, estimator.classes_, weights)


def scorecard_from(names, labels, predicted, proba, classes, weights=None):
    """Return the scorecard of predictions.

    `classes` are the columns of `proba`, which may be None.
    """
    labels = np.asarray(labels, dtype=object).tolist()
    classes = classes.tolist()
    check_some_known(labels, classes)
    weights = check_weights(weights, len(names))
    columns = index_in(classes, labels, UNKNOWN)
    unknown = Counter(labels[row] for row in np.flatnonzero(columns == UNKNOWN))
    measured = figures(labels, predicted, weights) | _best(names, labels, weights)
    if proba is not None:
        measured |= _figures_of_probabilities(proba, columns, weights)
    return Scorecard(
        n=len(names), unknown_labels=dict(unknown.most_common()), **measured
    )


def _figures_of_probabilities(proba, columns, weights):
    """Return the figures that need probabilities, (n, n_classes).

    `columns`, (n,), has the column of each row's label, or UNKNOWN.
    """
    is_hit = most_probable(proba, TOP) == columns[:, None]
    top_3, top_3_interval = _share(is_hit.any(axis=1), weights)
    error, by_chance = calibration_error(is_hit[:, 0], proba.max(axis=1), weights)
    known = np.flatnonzero(columns != UNKNOWN)
    of_label = proba[known, columns[known]]
    losses = -np.log(np.maximum(of_label, np.finfo(proba.dtype).eps))
    return {
        "log_loss": float(np.average(losses, weights=weights[known])),
        "top_3": top_3,
        "top_3_interval": top_3_interval,
        "calibration_error": error,
        "calibration_by_chance": by_chance,
    }


def figures(labels, predicted, weights):
    """Return the figures that do not need probabilities."""
    labels = np.asarray(labels, dtype=object).tolist()
    predicted = np.asarray(predicted, dtype=object).tolist()
    # Labels may be numbers and text, because a model of numbers may abstain with a
    # word. Numbers come first.
    values = sorted(
        {*labels, *predicted}, key=lambda label: (isinstance(label, str), label)
    )
    true = index_in(values, labels, UNKNOWN)
    answer = index_in(values, predicted, UNKNOWN)
    precision, recall, f1, _ = precision_recall_fscore_support(
        true,
        answer,
        labels=range(len(values)),
        zero_division=np.nan,
        sample_weight=weights,
    )
    is_right = true == answer
    accuracy, interval = _share(is_right, weights)
    confused = Counter((labels[k], predicted[k]) for k in np.flatnonzero(~is_right))
    return {
        "is_right": is_right,
        "accuracy": accuracy,
        "accuracy_interval": interval,
        "macro_f1": float(np.nanmean(f1)),
        "macro_f1_interval": _macro_f1_interval(true, answer, weights),
        "by_class": {
            "label": np.array(values, dtype=object),
            "n": np.bincount(true, minlength=len(values)),
            **_with_interval("recall", recall, true, weights),
            "n_predicted": np.bincount(answer, minlength=len(values)),
            **_with_interval("precision", precision, answer, weights),
        },
        "confusions": [(*pair, n) for pair, n in confused.most_common()],
    }


def _with_interval(name, figure, codes, weights):
    """Return columns of a figure by class, with the limits of its intervals.

    `codes`, (n,), has the class to which each row belongs.
    """
    sums = np.bincount(codes, weights, minlength=len(figure))
    squares = np.bincount(codes, weights**2, minlength=len(figure))
    # The figure of a class without rows is NaN.
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = wilson_interval(figure, sums**2 / squares)  # Kish's number
    return {name: figure, f"{name}_low": low, f"{name}_high": high}


def calibration_error(is_right, confidence, weights):
    """Return the expected calibration error, and its mean for a calibrated model.

    `confidence`, (n,), is the probability of the most probable label. By chance, the
    error of a calibrated model is not 0. Its mean for these probabilities is computed
    from a normal approximation of the sums in the bins.
    """
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, weights * (confidence - is_right))
    variances = np.bincount(bins, weights**2 * confidence * (1 - confidence))
    # |x| of a normal x with mean 0 is sqrt(2 / pi) times its standard deviation.
    by_chance = np.sqrt(2 / np.pi * np.maximum(variances, 0)).sum()
    total = weights.sum()
    return float(np.abs(gaps).sum() / total), float(by_chance / total)


def wilson_interval(share, n):
    """Return the limits of 95 % confidence intervals of a share of n (Wilson 1927)."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return np.maximum(middle - reach, 0), np.minimum(middle + reach, 1)


def _share(is_counted, weights):
    """Return the share of True rows, and its 95 % interval."""
    share = np.average(is_counted, weights=weights)
    low, high = wilson_interval(share, effective_number(weights))
    return float(share), (float(low), float(high))


def _macro_f1_interval(true, answer, weights):
    """Return a bootstrap interval of macro-F1."""
    n_classes = max(true.max(), answer.max()) + 1
    n_drawn = round(effective_number(weights))
    cells, index = np.unique(true * n_classes + answer, return_inverse=True)
    is_true = np.eye(n_classes)[cells // n_classes]  # (n_cells, n_classes)
    is_answer = np.eye(n_classes)[cells % n_classes]
    shares = np.bincount(index, weights=weights) / weights.sum()
    drawn = np.random.RandomState(0).multinomial(n_drawn, shares, size=N_RESAMPLES)
    n_either = drawn @ (is_true + is_answer)
    # Labels that are only predicted have an F1 of 0, as in the estimate. Labels that do
    # not occur in a resample are ignored.
    f1 = np.tile(np.where(is_true.any(axis=0), np.nan, 0), (len(drawn), 1))
    np.divide(2 * drawn @ (is_true * is_answer), n_either, out=f1, where=n_either > 0)
    return tuple(np.quantile(np.nanmean(f1, axis=1), [0.025, 0.975]).tolist())


def _best(names, labels, weights):
    """Return the accuracy of predicting the most frequent label of each name.

    Also return the number of names with several labels.
    """
    weights_by_name = defaultdict(Counter)
    for name, label, weight in zip(names, labels, weights, strict=True):
        weights_by_name[name][label] += weight
    best = 0.0
    n_ambiguous = 0
    for weights_by_label in weights_by_name.values():
        best += max(weights_by_label.values())
        n_ambiguous += len(weights_by_label) > 1
    return {"best_accuracy": float(best / weights.sum()), "n_ambiguous": n_ambiguous}
