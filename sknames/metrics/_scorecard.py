"""Report how good a model is on names with known nationalities, on one screen."""

from collections import Counter
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._answers.inside import answers_as_labels, labels_as_predicted
from .._answers.predict_names import predict_names
from .._base import validate_params
from .._base.labels_and_weights import check_labels, check_some_known
from .._encoding.read_names import Names, read_names
from .._encoding.spelling import fold
from .._encoding.spelling_groups import spelling_groups
from .._encoding.tidy import spellings
from ._calibration import calibration_error
from ._top_label import Z, wilson_interval

if TYPE_CHECKING:
    import pandas as pd

N_PRINTED = 20  # nationalities
N_CONFUSIONS = 5
TOP = 3
# Figures that need probabilities or the training data, and are None otherwise.
NOT_ALWAYS = ["log_loss", "top_3", "top_3_interval", "calibration_error", "calibration_interval"]
NOT_ALWAYS += ["calibration_by_chance", "n_seen", "n_seen_exactly", "by_known_words"]
KNOWN_WORDS = "0", "1", "2 or more"
BASELINES = "majority", "n-gram LinearSVC"
OF_BASELINES = "accuracy", "accuracy_interval", "macro_f1", "is_right"
DENOMINATORS = {"recall": "n", "precision": "n_predicted"}
ENDS = "", "_low", "_high"


class Scorecard(Bunch):
    """The result of `scorecard`: a Bunch that prints on one screen."""

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures by nationality as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.by_class)

    def to_text(self, n_classes: int | None = None) -> str:
        """Return the printed text, with at most `n_classes` nationalities, most frequent first."""
        lines = [
            f"accuracy  {self.accuracy:.4f} ({_interval(self.accuracy_interval)})",
            f"macro-F1  {self.macro_f1:.4f} ({_interval(self.macro_f1_interval)})",
        ]
        if self.log_loss is None:
            lines.append("log loss, top-3 and ECE need predict_proba, which the model lacks")
        else:
            lines += [
                f"top-3     {self.top_3:.4f} ({_interval(self.top_3_interval)})",
                f"log loss  {self.log_loss:.4f}",
                f"ECE       {self.calibration_error:.4f} ({_interval(self.calibration_interval)}; "
                f"{self.calibration_by_chance:.4f} by chance)",
            ]
        lines += [
            f"{name}: accuracy {row['accuracy']:.4f}, macro-F1 {row['macro_f1']:.4f}"
            for name, row in self.baselines.items()
        ]
        lines += [f"{self.n:,} rows; {self._of_labels()}", self._of_leak()]
        if self.by_known_words:
            rows = self.by_known_words.items()
            figures = (f"{n}: {row['accuracy']:.4f} ({row['n']:,} rows)" for n, row in rows)
            lines.append(f"accuracy by known words: {', '.join(figures)}")
        lines.append("")
        lines += self._table(n_classes)
        if self.confusions:
            taken = [f"{true} taken for {predicted}" for true, predicted, _ in self.confusions]
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

    def _of_leak(self):
        if self.n_seen is None:
            return "overlap with training names: unknown; pass its training names"
        text = f"{self.n_seen:,} rows ({self.n_seen / self.n:.1%}) have a name that it has learned"
        return f"{text}, {self.n_seen_exactly:,} of them spelled identically"

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
                f"{row['label']!s:{width}}  {row['n']:>8,}  {cells[0]:22}  {cells[1]:22}  "
                f"{row['n_predicted']:>9,}"
            )
        if len(order) < len(rows["n"]):
            yield f"{len(rows['n']) - len(order)} others: see by_class"


def _interval(limits):
    return "95 % {:.4f} to {:.4f}".format(*limits)


@validate_params(
    {
        "estimator": [HasMethods("predict")],
        "groups": ["array-like", None],
        "cv": ["cv_object", None],
        "train": [tuple, list, None],
    }
)
def scorecard(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    train: tuple[Names, ArrayLike] | None = None,
) -> Scorecard:
    """Measure how good a model is on names with known nationalities.

    Parameters
    ----------
    estimator : classifier of names
        Classifier, fitted on other names. With `cv`, clones of it are fitted instead. Without
        `predict_proba`, the figures that need probabilities are None.
    X : iterable of str, or table of one column
        Names.
    y : array-like of shape (n_names,)
        Their nationalities, spelled as in the model. A label that the model lacks counts as an
        error, and is left out of the log loss.
    groups : array-like of shape (n_names,) or None, default=None
        Groups of rows that `cv` keeps on one side of each split; not without `cv`. None takes
        :func:`~sknames.spelling_groups` if `cv` is an int.
    cv : int, cross-validation generator, iterable or None, default=None
        Splits of `X` for cross-validation, which test a row once at most. An int is the number
        of folds of a shuffled :class:`~sklearn.model_selection.StratifiedGroupKFold`. None takes
        the model as fitted.
    train : tuple (X, y) or None, default=None
        Training data of a fitted model, for the leak and the baselines. Not with `cv`.

    Returns
    -------
    Scorecard
        A Bunch that prints on one screen, with

        - n: the number of rows; is_right: array of shape (n,), whether each prediction is right, in
          the order of the names,
        - accuracy, with its 95 % accuracy_interval (low, high) (Wilson 1927),
        - macro_f1, the mean over true and predicted nationalities, with macro_f1_interval from a
          bootstrap,
        - log_loss, top_3 with top_3_interval, and calibration_error, see
          :func:`expected_calibration_error`, with calibration_interval, and calibration_by_chance,
          the error of a calibrated model on as many names; None without probabilities,
        - best_accuracy: the highest accuracy that names alone allow, since n_ambiguous names have
          several labels here,
        - unknown_labels: {label: number of rows} of labels that the model lacks,
        - n_seen, n_seen_exactly: the number of rows with a training name, in any spelling and in
          the same spelling; None without training data,
        - by_known_words: {"0", "1" or "2 or more": {"n", "accuracy"}} by how many words of the name
          were in training; None if the model does not know,
        - baselines: {name: {"accuracy", "accuracy_interval", "macro_f1", "is_right"}} of models
          with the same training data: the most frequent label, and a LinearSVC on TF-IDF values of
          n-grams; empty without that data,
        - by_class: dict of arrays label, n, recall, recall_low, recall_high, precision,
          precision_low, precision_high, n_predicted,
        - confusions: tuples (label, predicted, number of rows), the most frequent first.

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
    The predictions of all splits count together. The interval of the calibration error is from a
    bootstrap over the names, corrected for the error that chance adds.

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
    if (groups if cv is None else train) is not None:
        raise ValueError(
            "Expected groups with cv, and train without cv, got "
            f"{'groups without cv' if cv is None else 'train with cv'}. Add cv, or leave one out."
        )
    if cv is None:
        try:
            rows = _judge_model(estimator, names, labels, _check_train(train))
            return _card(rows, estimator.classes_)
        except NotFittedError as error:
            raise NotFittedError(
                f"{error} Fit it first, or pass cv, which fits clones of it."
            ) from error
    folds = [*_splits(names, labels, groups, cv)]
    tested = np.concatenate([rows for _, rows in folds])
    n_tests = np.bincount(tested)
    if n_tests.max() > 1:
        raise ValueError(
            f"Expected cv to test a row once at most, got row {n_tests.argmax()} in "
            f"{n_tests.max()} tests, which are no new evidence. Give splits that do not repeat."
        )
    judged = []
    for learned, held_out in folds:
        train = [names[k] for k in learned], labels[learned]
        fitted = clone(estimator).fit(*train)
        test = [names[k] for k in held_out]
        judged.append(_judge_model(fitted, test, labels[held_out], train))
    order = np.argsort(tested)
    rows = {key: np.concatenate([fold[key] for fold in judged])[order] for key in judged[0]}
    return _card(rows, fitted.classes_)


def scorecard_from(names, labels, predicted, proba, classes, train=None, known=None):
    """Return the scorecard of predictions.

    `classes` are the columns of `proba`, which may be None; `train` is a tuple (names, labels) or
    None; `known` are counts of known words, or None.
    """
    return _card(_judge(names, labels, predicted, proba, classes, train, known), classes)


def _check_train(train):
    if train is None:
        return None
    if len(train) != 2:
        raise ValueError(f"Expected train to be (names, labels), got {len(train)} items.")
    names = read_names(train[0])
    return names, check_labels(train[1], len(names))


def _splits(names, labels, groups, cv):
    if isinstance(cv, Integral):
        groups = spelling_groups(names) if groups is None else groups
        cv = StratifiedGroupKFold(cv, shuffle=True, random_state=0)
    rows = np.arange(len(names))  # a fold may be a mask
    for learned, held_out in check_cv(cv).split(names, labels, groups):
        yield rows[learned], rows[held_out]


def _judge_model(model, names, labels, train):
    """Judge the predictions of a fitted model, in groups if it groups its labels."""
    predicted, classes, proba, known = model.predict(names), model.classes_, None, None
    if hasattr(model, "predict_proba"):
        found = predict_names(model, names, threshold=None, known_words=True)
        proba, known = found.proba, found.known_words
    labels = labels_as_predicted(model, labels)
    predicted = answers_as_labels(model, predicted, labels)
    if train is not None:
        train = train[0], labels_as_predicted(model, train[1])
    return _judge(names, labels, predicted, proba, classes, train, known)


def _judge(names, labels, predicted, proba, classes, train, known):
    """Compare predictions with labels; return arrays with a value for each name."""
    rows = {"name": names, "label": labels, "predicted": predicted}
    rows = {key: np.asarray(values, dtype=object) for key, values in rows.items()}
    index = {label: k for k, label in enumerate(classes.tolist())}
    column = np.array([index.get(label, -1) for label in rows["label"]])
    rows["is_known"] = column >= 0
    if proba is not None:
        of_label = proba[np.arange(len(column)), column][:, None]
        # The first of equal probabilities ranks higher, as in argmax.
        is_before = np.arange(proba.shape[1]) < column[:, None]
        rank = ((proba > of_label) | ((proba == of_label) & is_before)).sum(axis=1)
        # Without a column of its own, a label has read that of the last class.
        rows["is_first"] = rows["is_known"] & (rank == 0)
        rows["is_in_top"] = rows["is_known"] & (rank < TOP)
        rows["confidence"] = proba.max(axis=1)
        rows["loss"] = -np.log(np.maximum(of_label[:, 0], np.finfo(proba.dtype).eps))
    if known is not None:
        rows["n_known_words"] = known
    if train is not None:
        learned, spelt = set(train[0]), set(spellings(train[0]))
        exactly = np.array([name in learned for name in names])
        rows["is_seen_exactly"] = exactly
        rows["is_seen"] = exactly | [spelling in spelt for spelling in spellings(names)]
        for name, baseline in _baselines(train[1]).items():
            rows[name] = baseline.fit(*train).predict(names)
    return rows


def ngram_svm():
    """Return a LinearSVC on TF-IDF values of n-grams, as yet unfitted."""
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), preprocessor=fold)
    return make_pipeline(ngrams, LinearSVC(random_state=0))


def _baselines(labels):
    # An SVM cannot learn a single label, but would always predict it.
    ngrams = ngram_svm() if len(np.unique(labels)) > 1 else DummyClassifier()
    return dict(zip(BASELINES, (DummyClassifier(), ngrams), strict=True))


def _card(rows, classes):
    n, labels = len(rows["name"]), rows["label"].tolist()
    unknown = Counter(rows["label"][~rows["is_known"]])
    check_some_known(labels, classes)
    figures = _figures(labels, rows["predicted"].tolist())
    figures |= {"n": n, "unknown_labels": dict(unknown.most_common())} | _best(rows["name"], labels)
    card = Scorecard(**figures, **dict.fromkeys(NOT_ALWAYS), baselines={})
    if "loss" in rows:
        error, *interval, chance = calibration_error(rows["is_first"], rows["confidence"])
        card.log_loss = float(rows["loss"][rows["is_known"]].mean())
        card.top_3 = float(rows["is_in_top"].mean())
        card.top_3_interval = tuple(map(float, wilson_interval(card.top_3, n)))
        card.calibration_error, card.calibration_interval = error, tuple(interval)
        card.calibration_by_chance = chance
    if "is_seen" in rows:
        card.n_seen = int(rows["is_seen"].sum())
        card.n_seen_exactly = int(rows["is_seen_exactly"].sum())
    if "n_known_words" in rows:
        some = [np.minimum(rows["n_known_words"], 2) == n for n in range(3)]
        card.by_known_words = {
            name: {"n": int(chosen.sum()), "accuracy": float(card.is_right[chosen].mean())}
            for name, chosen in zip(KNOWN_WORDS, some, strict=True)
            if chosen.any()
        }
    for name in BASELINES:
        if name in rows:
            of_baseline = _figures(labels, rows[name].tolist())
            card.baselines[name] = {key: of_baseline[key] for key in OF_BASELINES}
    return card


def accuracy_gain(is_right, is_right_of_other):
    """Return how much more often a model is right on the same rows, and the 95 % interval."""
    gain = np.subtract(is_right, is_right_of_other, dtype=float)
    reach = Z * gain.std() / np.sqrt(len(gain))
    return gain.mean(), gain.mean() - reach, gain.mean() + reach


def _figures(labels, predicted):
    """Return the figures that need no probabilities."""
    # Labels may be numbers and text, as a model of numbers may abstain by a word: numbers first.
    values = sorted({*labels, *predicted}, key=lambda label: (isinstance(label, str), label))
    codes = {label: k for k, label in enumerate(values)}
    true, answer = (np.array([codes[x] for x in column]) for column in (labels, predicted))
    precision, recall, f1, n = precision_recall_fscore_support(
        true, answer, labels=range(len(values)), zero_division=np.nan
    )
    is_right = true == answer
    accuracy = float(is_right.mean())
    pairs = Counter(pair for pair in zip(labels, predicted, strict=True) if pair[0] != pair[1])
    by_class = {"label": np.array(values, dtype=object), "n": n}
    by_class["n_predicted"] = np.bincount(answer, minlength=len(values))
    for key, figure in (("recall", recall), ("precision", precision)):
        with np.errstate(invalid="ignore", divide="ignore"):  # without rows there is no figure
            limits = wilson_interval(figure, by_class[DENOMINATORS[key]])
        by_class |= dict(zip([key + end for end in ENDS], [figure, *limits], strict=True))
    return {
        "is_right": is_right,
        "accuracy": accuracy,
        "accuracy_interval": tuple(map(float, wilson_interval(accuracy, len(true)))),
        "macro_f1": float(f1.mean()),
        "macro_f1_interval": _macro_f1_interval(true, answer),
        "by_class": by_class,
        "confusions": [(*pair, k) for pair, k in pairs.most_common()],
    }


def _macro_f1_interval(true, answer):
    """Return percentiles of macro-F1 in resamples of the rows."""
    n_values = max(true.max(), answer.max()) + 1
    cells, counts = np.unique(true * n_values + answer, return_counts=True)
    true, answer = (np.eye(n_values)[values] for values in divmod(cells, n_values))
    n = counts.sum()
    drawn = np.random.RandomState(0).multinomial(n, counts / n, size=1000)
    n_of = drawn @ (true + answer)
    # A label that is only predicted counts as 0, in the figure as well; one that is not drawn does
    # not count.
    f1 = np.tile(np.where(true.any(axis=0), np.nan, 0), (len(drawn), 1))
    np.divide(2 * drawn @ (true * answer), n_of, out=f1, where=n_of > 0)
    return tuple(np.quantile(np.nanmean(f1, axis=1), [0.025, 0.975]).tolist())


def _best(names, labels):
    """Return the accuracy of each name's most frequent label, and how many names have several."""
    pairs, most, several = Counter(zip(names, labels, strict=True)), {}, set()
    for (name, _), n in pairs.items():
        if name in most:
            several.add(name)
        most[name] = max(n, most.get(name, 0))
    return {"best_accuracy": sum(most.values()) / len(labels), "n_ambiguous": len(several)}
