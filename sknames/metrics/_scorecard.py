"""Report how good a model is on names with known nationalities, on one screen."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import precision_recall_fscore_support
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._base.labels_and_weights import check_labels, check_some_known, check_weights
from .._models.predict_names import predict_list, predictions_of
from .._models.stack import resolve
from .._text.names import read_names
from .._text.spelling import fold
from ._calibration import calibration_error
from ._top_label import Z, effective_number, wilson_interval

if TYPE_CHECKING:
    import pandas as pd

N_PRINTED = 20  # nationalities
N_CONFUSIONS = 5
TOP = 3
# Figures that need probabilities or known words, and are None otherwise.
NOT_ALWAYS = [
    "log_loss",
    "top_3",
    "top_3_interval",
    "calibration_error",
    "calibration_interval",
]
NOT_ALWAYS += ["calibration_by_chance", "by_known_words"]
KNOWN_WORDS = "0", "1", "2 or more"
DENOMINATORS = {"recall": "n", "precision": "n_predicted"}
ENDS = "", "_low", "_high"


class Scorecard(Bunch):
    """The result of `scorecard`: a Bunch that prints on one screen."""

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures by nationality as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.by_class)

    def to_text(self, n_classes: int | None = None) -> str:
        """Return the printed text, with at most `n_classes` nationalities.

        The most frequent come first.
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
                f"({_interval(self.calibration_interval)}; "
                f"{self.calibration_by_chance:.4f} by chance)",
            ]
        lines.append(f"{self.n:,} rows; {self._of_labels()}")
        if self.by_known_words:
            rows = self.by_known_words.items()
            figures = (
                f"{n}: {row['accuracy']:.4f} ({row['n']:,} rows)" for n, row in rows
            )
            lines.append(f"accuracy by known words: {', '.join(figures)}")
        lines.append("")
        lines += self._table(n_classes)
        if self.confusions:
            taken = [
                f"{true} taken for {predicted}"
                for true, predicted, _ in self.confusions
            ]
            rows = [*zip(taken, self.confusions, strict=True)][:N_CONFUSIONS]
            width = max(len(text) for text, _ in rows)
            lines += ["", *(f"{text:{width}}  {n:>10,}" for text, (_, _, n) in rows)]
        return "\n".join(lines)

    def __repr__(self):
        return self.to_text(N_PRINTED)

    def _of_labels(self):
        text = f"best accuracy possible {self.best_accuracy:.4f}"
        if self.n_ambiguous:
            text += f" (names with several labels: {self.n_ambiguous:,})"
        if self.unknown_labels:
            n = sum(self.unknown_labels.values())
            named = ", ".join(map(str, list(self.unknown_labels)[:3]))
            text += f"; {n:,} rows are of labels that the model lacks ({named}"
            text += ", ...)" if len(self.unknown_labels) > 3 else ")"
        return text

    def _table(self, n_classes):
        rows = self.by_class
        order = np.argsort(-rows["n"], kind="stable")[:n_classes]
        if len(order) == len(rows["n"]):
            order = np.arange(len(rows["n"]))
        width = max(len(str(label)) for label in ["label", *rows["label"][order]])
        cells = f"{'recall (95 %)':22}  {'precision (95 %)':22}"
        yield f"{'label':{width}}  {'rows':>8}  {cells}  predicted"
        for k in order:
            row = {key: values[k] for key, values in rows.items()}
            cells = [
                "{:.3f} ({:.3f} to {:.3f})".format(*(row[figure + end] for end in ENDS))
                if row[n]
                else "-"
                for figure, n in DENOMINATORS.items()
            ]
            yield (
                f"{row['label']!s:{width}}  {row['n']:>8,}  {cells[0]:22}  "
                f"{cells[1]:22}  {row['n_predicted']:>9,}"
            )
        if len(order) < len(rows["n"]):
            yield f"{len(rows['n']) - len(order)} others: see by_class"


def _interval(limits):
    return "95 % {:.4f} to {:.4f}".format(*limits)


@validate_params({"estimator": [HasMethods("predict")]})
def scorecard(
    estimator: Any, X: Any, y: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> Scorecard:
    """Measure how good a model is on names with known nationalities.

    Parameters
    ----------
    estimator : classifier of names
        Classifier, fitted on other names. Without `predict_proba`, the figures that
        need probabilities are None.
    X : iterable of str, or table of one column
        Names.
    y : array-like of shape (n_names,)
        Their nationalities, spelled as in the model. A label that the model lacks
        counts as an error, and is left out of the log loss.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names, not negative. Intervals are those of the effective number
        of names (Kish 1965). Counts are of names.

    Returns
    -------
    Scorecard
        A Bunch that prints on one screen, with

        - n: the number of rows; is_right: array of shape (n,), whether each prediction
          is right, in the order of the names,
        - accuracy, with its 95 % accuracy_interval (low, high) (Wilson 1927),
        - macro_f1, the mean F1 of the nationalities in `y` or predicted, with
          macro_f1_interval from a bootstrap,
        - log_loss, top_3 with top_3_interval, and calibration_error, see
          :func:`expected_calibration_error`, with calibration_interval, and
          calibration_by_chance, the error of a calibrated model on as many names; None
          without probabilities,
        - best_accuracy: the highest accuracy that names alone allow, since n_ambiguous
          names have several labels here,
        - unknown_labels: {label: number of rows} of labels that the model lacks,
        - by_known_words: {"0", "1" or "2 or more": {"n", "accuracy"}} by how many words
          of the name were in training; None if the model does not know,
        - by_class: dict of arrays label, n, recall, recall_low, recall_high, precision,
          precision_low, precision_high, n_predicted,
        - confusions: tuples (label, predicted, number of rows), the most frequent
          first.

        Its method `to_frame` makes a DataFrame of by_class, `to_text` a longer text.

    Raises
    ------
    ValueError
        If the model knows none of the labels.

    See Also
    --------
    sknames.spelling_groups : Group names that differ only in spelling.

    Notes
    -----
    The interval of the calibration error is from a bootstrap over the names, corrected
    for the error that chance adds. Do not measure on training names, or on other
    spellings of them: :func:`~sknames.spelling_groups` keeps spellings together in a
    split.

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
    predicted = estimator.predict(names)
    proba = None
    known = None
    stack = resolve(estimator)
    if hasattr(estimator, "predict_proba"):
        listed = predict_list(stack, names)
        proba = listed.proba
        known = predictions_of(stack, listed, known_words=True).known_words
    labels = stack.as_predicted(labels)
    predicted = stack.as_labels(predicted, labels)
    return scorecard_from(
        names, labels, predicted, proba, estimator.classes_, known, weights
    )


def scorecard_from(names, labels, predicted, proba, classes, known=None, weights=None):
    """Return the scorecard of predictions.

    `classes` are the columns of `proba`, which may be None; `known` are counts of known
    words, or None.
    """
    labels, classes = np.asarray(labels, dtype=object).tolist(), classes.tolist()
    check_some_known(labels, classes)
    weights = check_weights(weights, len(names))
    index = {label: k for k, label in enumerate(classes)}
    column = np.array([index.get(label, -1) for label in labels])
    is_known = column >= 0
    unknown = Counter(label for label in labels if label not in index)
    card = Scorecard(
        **figures(labels, predicted, weights),
        **{"n": len(names), "unknown_labels": dict(unknown.most_common())},
        **_best(names, labels, weights),
        **dict.fromkeys(NOT_ALWAYS),
    )
    if proba is not None:
        of_label = proba[np.arange(len(column)), column][:, None]
        # The first of equal probabilities ranks higher, as in argmax.
        is_before = np.arange(proba.shape[1]) < column[:, None]
        rank = ((proba > of_label) | ((proba == of_label) & is_before)).sum(axis=1)
        # Without a column of its own, a label has read that of the last class.
        is_first, is_in_top = is_known & (rank == 0), is_known & (rank < TOP)
        losses = -np.log(np.maximum(of_label[:, 0], np.finfo(proba.dtype).eps))
        card.log_loss = float(np.average(losses[is_known], weights=weights[is_known]))
        card.top_3, card.top_3_interval = _share(is_in_top, weights)
        error, *interval, chance = calibration_error(
            is_first, proba.max(axis=1), weights
        )
        card.calibration_error, card.calibration_interval = error, tuple(interval)
        card.calibration_by_chance = chance
    if known is not None:
        some = [np.minimum(known, 2) == n for n in range(3)]
        card.by_known_words = {
            name: {
                "n": int(rows.sum()),
                "accuracy": _share(card.is_right[rows], weights[rows])[0],
            }
            for name, rows in zip(KNOWN_WORDS, some, strict=True)
            if rows.any()
        }
    return card


def ngram_svm():
    """Return a LinearSVC on TF-IDF values of n-grams, as yet unfitted."""
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), preprocessor=fold)
    return make_pipeline(ngrams, LinearSVC(random_state=0))


def accuracy_gain(is_right, is_right_of_other):
    """Return the gain in accuracy on the same rows, and its 95 % interval."""
    gain = np.subtract(is_right, is_right_of_other, dtype=float)
    reach = Z * gain.std() / np.sqrt(len(gain))
    return gain.mean(), gain.mean() - reach, gain.mean() + reach


def figures(labels, predicted, weights=1.0):
    """Return the figures that need no probabilities."""
    weights = check_weights(weights, len(labels))
    labels, predicted = (
        np.asarray(x, dtype=object).tolist() for x in (labels, predicted)
    )
    # Labels may be numbers and text, as a model of numbers may abstain by a word:
    # numbers first.
    values = sorted(
        {*labels, *predicted}, key=lambda label: (isinstance(label, str), label)
    )
    codes = {label: k for k, label in enumerate(values)}
    true, answer = (
        np.array([codes[x] for x in column]) for column in (labels, predicted)
    )
    precision, recall, f1, _ = precision_recall_fscore_support(
        true,
        answer,
        labels=range(len(values)),
        zero_division=np.nan,
        sample_weight=weights,
    )
    is_right = true == answer
    accuracy, interval = _share(is_right, weights)
    pairs = Counter(
        pair for pair in zip(labels, predicted, strict=True) if pair[0] != pair[1]
    )
    by_class = {"label": np.array(values, dtype=object)}
    for key, figure, codes in (
        ("recall", recall, true),
        ("precision", precision, answer),
    ):
        by_class[DENOMINATORS[key]] = np.bincount(codes, minlength=len(values))
        # Without rows there is no figure.
        with np.errstate(invalid="ignore", divide="ignore"):
            limits = wilson_interval(
                figure, effective_number(weights, codes, len(values))
            )
        by_class |= dict(
            zip([key + end for end in ENDS], [figure, *limits], strict=True)
        )
    return {
        "is_right": is_right,
        "accuracy": accuracy,
        "accuracy_interval": interval,
        "macro_f1": float(np.nanmean(f1)),
        "macro_f1_interval": _macro_f1_interval(true, answer, weights),
        "by_class": by_class,
        "confusions": [(*pair, k) for pair, k in pairs.most_common()],
    }


def _share(is_so, weights):
    """Return the share of rows, and its 95 % interval."""
    share = np.average(is_so, weights=weights)
    return float(share), tuple(
        map(float, wilson_interval(share, effective_number(weights)))
    )


def _macro_f1_interval(true, answer, weights):
    """Return percentiles of macro-F1 in resamples of the rows."""
    n_values, n = (
        max(true.max(), answer.max()) + 1,
        round(float(effective_number(weights))),
    )
    cells, index = np.unique(true * n_values + answer, return_inverse=True)
    true, answer = (np.eye(n_values)[values] for values in divmod(cells, n_values))
    shares = np.bincount(index, weights=weights) / weights.sum()
    drawn = np.random.RandomState(0).multinomial(n, shares, size=1000)
    n_of = drawn @ (true + answer)
    # A label that is only predicted counts as 0, in the figure as well; one that is not
    # drawn does not count.
    f1 = np.tile(np.where(true.any(axis=0), np.nan, 0), (len(drawn), 1))
    np.divide(2 * drawn @ (true * answer), n_of, out=f1, where=n_of > 0)
    return tuple(np.quantile(np.nanmean(f1, axis=1), [0.025, 0.975]).tolist())


def _best(names, labels, weights):
    """Return the accuracy of each name's most frequent label.

    Also count the names that have several labels.
    """
    totals = defaultdict(Counter)
    for name, label, weight in zip(names, labels, weights, strict=True):
        totals[name][label] += weight
    best = sum(max(of_name.values()) for of_name in totals.values())
    n_ambiguous = sum(len(of_name) > 1 for of_name in totals.values())
    return {"best_accuracy": float(best / weights.sum()), "n_ambiguous": n_ambiguous}
