"""What a scorecard follows from, added up over parts of the names."""

from collections import Counter

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from ._calibration_error import N_BINS, calibration_error, calibration_sums
from ._spelling import fold, spellings


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
    """Names, their labels and what a model says of them, added up."""

    def __init__(self):
        self.learned, self.n_seen, self.n_seen_exactly = None, 0, 0
        self.pairs, self.of_baselines = Counter(), {}
        self.classes, self.unknown_labels = [], Counter()
        self.has_proba, self.loss, self.n_known, self.n_top_3 = False, 0.0, 0, 0
        self.calibration, self.n_repeats = np.zeros((3, N_BINS)), 1
        self.numbers, self.keys = {}, [np.empty((0, 2), dtype=np.int64)]

    def learn(self, train):
        """What the model of the next parts has learned: (names, labels), or None."""
        self.learned = None if train is None else Learned(*train)

    def add(self, names, labels, predicted, classes, proba):
        """Add names with their labels, lists, and what a model says of them."""
        self.pairs.update(zip(labels, predicted, strict=True))
        self.classes = classes
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

    def figures(self):
        """The items of a Scorecard."""
        n = sum(self.pairs.values())
        best, n_ambiguous = self._best()
        found = _figures(self.pairs)
        found |= {
            "n": n,
            "log_loss": None,
            "top_3": None,
            "calibration_error": None,
            "calibration_interval": None,
            "calibration_by_chance": None,
            "best_accuracy": best / n,
            "n_ambiguous": n_ambiguous,
            "unknown_labels": dict(self.unknown_labels.most_common()),
            "n_seen": None if self.learned is None else self.n_seen,
            "n_seen_exactly": None if self.learned is None else self.n_seen_exactly,
            "baselines": {name: _headline(pairs) for name, pairs in self.of_baselines.items()},
            "confusions": [
                (*pair, k) for pair, k in self.pairs.most_common() if pair[0] != pair[1]
            ],
        }
        if self.has_proba:
            error, low, high, chance = calibration_error(self.calibration, n, self.n_repeats)
            found |= {
                "log_loss": float(self.loss / self.n_known),
                "top_3": self.n_top_3 / n,
                "calibration_error": error,
                "calibration_interval": (low, high),
                "calibration_by_chance": chance,
            }
        return found

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
