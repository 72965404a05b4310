"""scorecard: how good a model is on names whose nationalities are known, on one screen."""

from collections import Counter
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods, validate_params

from ._calibration_error import N_BINS, calibration_error, calibration_sums
from ._labels_and_weights import check_labels
from ._read_names import read_names
from ._spelling import fold, spellings
from ._spelling_groups import spelling_groups

N_PRINTED = 20  # nationalities
N_CONFUSIONS = 5


class Scorecard(Bunch):
    """What `scorecard` gives: a Bunch that prints on one screen."""

    def to_frame(self):
        """The figures by nationality as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.by_class)

    def to_text(self, n_classes=None):
        """All that is printed, with so many nationalities at most, the most frequent ones."""
        lines = [f"accuracy  {self.accuracy:.4f}", f"macro-F1  {self.macro_f1:.4f}"]
        if self.log_loss is None:
            lines.append("log loss, top-3 and ECE need predict_proba, which the model lacks")
        else:
            low, high = self.calibration_interval
            lines += [
                f"log loss  {self.log_loss:.4f}",
                f"top-3     {self.top_3:.4f}",
                f"ECE       {self.calibration_error:.4f} (95 % {low:.4f} to {high:.4f}; "
                f"{self.calibration_by_chance:.4f} by chance)",
            ]
        lines += [
            f"{name}: accuracy {row['accuracy']:.4f}, macro-F1 {row['macro_f1']:.4f}"
            for name, row in self.baselines.items()
        ]
        lines += [f"{self.n:,} rows; {self._of_labels()}", self._of_leak(), ""]
        lines += self._table(n_classes)
        if self.confusions:
            taken = [f"{true} taken for {found}" for true, found, _ in self.confusions]
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
            return "whether the model has learned these names is not known: pass its training names"
        text = f"{self.n_seen:,} rows ({self.n_seen / self.n:.1%}) have a name that it has learned"
        return f"{text}, {self.n_seen_exactly:,} of them in this very spelling"

    def _table(self, n_classes):
        rows = self.by_class
        order = np.argsort(-rows["n"], kind="stable")[:n_classes]
        if n_classes is None or len(order) == len(rows["n"]):
            order = np.arange(len(rows["n"]))
        width = max(len(str(rows["label"][k])) for k in order)
        width = max(width, len("nationality"))
        yield f"{'nationality':{width}}  {'rows':>10}  recall  precision   predicted"
        for k in order:
            label, n, n_predicted = (rows[key][k] for key in ("label", "n", "n_predicted"))
            precision = f"{rows['precision'][k]:.4f}" if n_predicted else "-"
            recall = f"{rows['recall'][k]:.4f}" if n else "-"
            yield f"{label!s:{width}}  {n:>10,}  {recall:>6}  {precision:>9}  {n_predicted:>10,}"
        if len(order) < len(rows["n"]):
            yield f"{len(rows['n']) - len(order)} others: see by_class"


@validate_params(
    {
        "model": [HasMethods("predict")],
        "groups": ["array-like", None],
        "cv": ["cv_object", None],
        "train": [tuple, list, None],
    },
    prefer_skip_nested_validation=True,
)
def scorecard(model, names, labels, *, groups=None, cv=None, train=None):
    """Measure how good a model is on names whose nationalities are known.

    Parameters
    ----------
    model : classifier of names
        Fitted, and then `names` are some that it has not learned; or with `cv`, and then clones of
        it are fitted. Whatever needs probabilities is left out if it has no `predict_proba`.
    names : iterable of str, or table of one column
    labels : array-like of shape (n_names,)
        Their nationalities, written as those of the model. One that the model lacks counts as
        wrong, and not in the log loss.
    groups : array-like of shape (n_names,) or None, default=None
        With `cv`: rows of one group are kept on one side of each split. None stands for
        :func:`~sknames.spelling_groups` if `cv` is a number.
    cv : int, cross-validation generator, iterable or None, default=None
        How `names` are split, each part being predicted by a clone that has learned the others. An
        int is the number of folds of a shuffled
        :class:`~sklearn.model_selection.StratifiedGroupKFold`. None: the model is fitted.
    train : tuple (names, labels) or None, default=None
        What a fitted model has learned, for the leak and the baselines. With `cv` it is known.

    Returns
    -------
    Scorecard
        A Bunch that prints on one screen, with

        - n: the number of rows,
        - accuracy, and macro_f1, the mean over the nationalities that are true or predicted,
        - log_loss, top_3, and calibration_error, the expected calibration error of the most
          probable nationality in 15 bins of equal width, with calibration_interval (low, high), of
          95 %, and calibration_by_chance, the error that a model whose probabilities are right has
          on as many names; None without probabilities,
        - best_accuracy: what a model can reach at most that knows nothing but the name, since
          n_ambiguous names have several labels here,
        - unknown_labels: {label: number of rows} of those that the model lacks,
        - n_seen, n_seen_exactly: the rows whose name is among those learned, in any spelling and in
          this very one; None if these are not known,
        - baselines: {name: {"accuracy", "macro_f1"}} of models that have learned the same: the most
          frequent label, and a LinearSVC on TF-IDF values of n-grams; empty if it is not known,
        - by_class: dict of arrays label, n, recall, precision, n_predicted,
        - confusions: tuples (label, predicted, number of rows), the most frequent first.

        Its method `to_frame` makes a DataFrame of by_class, `to_text` a longer text.

    Raises
    ------
    NotFittedError
        If the model is not fitted and there is no `cv`.
    ValueError
        If the labels are all unknown to the model, `groups` come without `cv`, or both `cv` and
        `train` are given.

    See Also
    --------
    sknames.spelling_groups : Names that differ in their spelling only.

    Notes
    -----
    Of several splits all predictions count together.

    The interval of the calibration error comes from a bootstrap over the names, with what chance
    adds taken off; it begins at 0 where the error may be chance alone.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", 2017.

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
    names, _ = read_names(names)
    labels = check_labels(labels, len(names))
    if cv is None:
        if groups is not None:
            raise ValueError("groups say how cv splits the names: pass cv, too, or leave them out.")
        return _of_fitted(model, names, labels, train)
    if train is not None:
        raise ValueError("With cv, what each model has learned is known: leave train out.")
    tally = Tally()
    for learned, tested in _splits(names, labels, groups, cv):
        part = [names[k] for k in learned]
        fitted = clone(model).fit(part, labels[learned])
        _predict(fitted, [names[k] for k in tested], labels[tested], tally, (part, labels[learned]))
    return tally.scorecard()


def _of_fitted(model, names, labels, train):
    tally = Tally()
    if train is not None:
        known, of_known = train
        known = read_names(known)[0]
        train = known, check_labels(of_known, len(known))
    try:
        _predict(model, names, labels, tally, train)
    except NotFittedError as error:
        raise NotFittedError(
            f"{error} Fit it first, or pass cv, which fits clones of it."
        ) from error
    if tally.n_known:
        return tally.scorecard()
    raise ValueError(
        f"None of the labels is one of the model's: expected some of "
        f"{_some(model.classes_.tolist())}, got {_some(tally.unknown_labels)}."
    )


def _some(labels):
    return ", ".join(map(repr, [*labels][:5])) + ", ..." * (len(labels) > 5)


def _splits(names, labels, groups, cv):
    if isinstance(cv, Integral):
        groups = spelling_groups(names) if groups is None else groups
        cv = StratifiedGroupKFold(cv, shuffle=True, random_state=0)
    yield from check_cv(cv, labels, classifier=True).split(names, labels, groups)


def _predict(model, names, labels, tally, train):
    predicted = np.asarray(model.predict(names), dtype=object).tolist()
    proba = model.predict_proba(names) if hasattr(model, "predict_proba") else None
    tally.learn(train)
    tally.add(names, labels.tolist(), predicted, model.classes_.tolist(), proba)


class Learned:
    """What a model has learned: to find its names again, and what plain models make of it."""

    def __init__(self, names, labels):
        self.names, self.spellings = set(names), set(spellings(names))
        self.baselines = {"majority": DummyClassifier()}
        if len(set(labels.tolist())) > 1:
            self.baselines["n-gram LinearSVC"] = make_pipeline(
                TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), preprocessor=fold),
                LinearSVC(random_state=0),
            )
        for baseline in self.baselines.values():
            baseline.fit(names, labels)


class Tally:
    """What a scorecard follows from, added up over parts of the names."""

    def __init__(self):
        self.learned, self.n_seen, self.n_seen_exactly = None, 0, 0
        self.pairs, self.of_baselines = Counter(), {}
        self.unknown_labels = Counter()
        self.has_proba, self.loss, self.n_known, self.n_top_3 = False, 0.0, 0, 0
        self.calibration = np.zeros((3, N_BINS))
        self.numbers, self.keys = {}, [np.empty((0, 2), dtype=np.int64)]

    def learn(self, train):
        """What the model of the next parts has learned: (names, labels), or None."""
        self.learned = None if train is None else Learned(*train)

    def add(self, names, labels, predicted, classes, proba):
        """Add names with their labels, lists, and what a model says of them."""
        self.pairs.update(zip(labels, predicted, strict=True))
        columns = {label: k for k, label in enumerate(classes)}
        places = np.array([columns.get(label, -1) for label in labels], dtype=np.intp)
        self.unknown_labels.update(label for label in labels if label not in columns)
        self.n_known += int((places >= 0).sum())
        if proba is not None and len(names):
            self._add_proba(proba, places)
        # Of a name, a number of 8 bytes stays: a table may be larger than memory.
        numbers = [self.numbers.setdefault(label, len(self.numbers)) for label in labels]
        keys = np.array([list(map(hash, names)), numbers], dtype=np.int64)
        self.keys.append(keys.T)
        if self.learned is not None:
            self._add_learned(names, labels)

    def _add_proba(self, proba, places):
        self.has_proba = True
        rows = np.flatnonzero(places >= 0)
        of_label = proba[rows, places[rows]]
        self.loss -= np.log(np.clip(of_label, 1e-15, 1)).sum()
        # Of equal ones the first is the more probable, as for argmax.
        is_before = np.arange(proba.shape[1]) < places[rows, None]
        ahead = proba[rows] > of_label[:, None]
        ahead |= is_before & (proba[rows] == of_label[:, None])
        self.n_top_3 += int((ahead.sum(axis=1) < 3).sum())
        self.calibration += calibration_sums(proba.argmax(axis=1) == places, proba.max(axis=1))

    def _add_learned(self, names, labels):
        exactly = [name in self.learned.names for name in names]
        self.n_seen_exactly += sum(exactly)
        self.n_seen += sum(
            same or spelling in self.learned.spellings
            for same, spelling in zip(exactly, spellings(names), strict=True)
        )
        for name, baseline in self.learned.baselines.items():
            found = baseline.predict(names).tolist() if names else []
            pairs = self.of_baselines.setdefault(name, Counter())
            pairs.update(zip(labels, found, strict=True))

    def scorecard(self):
        """The figures."""
        n = sum(self.pairs.values())
        figures = _figures(self.pairs)
        best, n_ambiguous = self._best()
        card = Scorecard(
            n=n,
            accuracy=figures["accuracy"],
            macro_f1=figures["macro_f1"],
            log_loss=None,
            top_3=None,
            calibration_error=None,
            calibration_interval=None,
            calibration_by_chance=None,
            best_accuracy=best / n,
            n_ambiguous=n_ambiguous,
            unknown_labels=dict(self.unknown_labels.most_common()),
            n_seen=None if self.learned is None else self.n_seen,
            n_seen_exactly=None if self.learned is None else self.n_seen_exactly,
            baselines={name: _headline(pairs) for name, pairs in self.of_baselines.items()},
            by_class=figures["by_class"],
            confusions=[(*pair, k) for pair, k in self.pairs.most_common() if pair[0] != pair[1]],
        )
        if self.has_proba:
            error, low, high, chance = calibration_error(self.calibration, n)
            card.log_loss, card.top_3 = float(self.loss / self.n_known), self.n_top_3 / n
            card.calibration_error, card.calibration_interval = error, (low, high)
            card.calibration_by_chance = chance
        return card

    def _best(self):
        """How many rows could be right, and how many names have several labels."""
        distinct, counts = np.unique(np.concatenate(self.keys), axis=0, return_counts=True)
        first = np.flatnonzero(np.append(True, distinct[1:, 0] != distinct[:-1, 0]))
        n_labels = np.diff(np.append(first, len(distinct)))
        return int(np.maximum.reduceat(counts, first).sum()), int((n_labels > 1).sum())


def _figures(pairs):
    """Figures of {(label, predicted): number of rows}."""
    n_of, n_of_predicted = Counter(), Counter()
    for (label, predicted), n in pairs.items():
        n_of[label] += n
        n_of_predicted[predicted] += n
    # Of numbers and text together, as where a model of numbers abstains by a word, numbers first.
    labels = sorted({*n_of, *n_of_predicted}, key=lambda label: (isinstance(label, str), label))
    n, n_predicted, right = (
        np.array(values)
        for values in zip(
            *((n_of[label], n_of_predicted[label], pairs[label, label]) for label in labels),
            strict=True,
        )
    )
    with np.errstate(invalid="ignore"):  # of nothing there is no share
        recall, precision = right / n, right / n_predicted
    return {
        "accuracy": float(right.sum() / n.sum()),
        "macro_f1": float(np.mean(2 * right / (n + n_predicted))),
        "by_class": {
            "label": np.array(labels, dtype=object),
            "n": n,
            "recall": recall,
            "precision": precision,
            "n_predicted": n_predicted,
        },
    }


def _headline(pairs):
    figures = _figures(pairs)
    return {"accuracy": figures["accuracy"], "macro_f1": figures["macro_f1"]}
