"""Rows: what training reads. Equal ones are one, some may be held out, heavy ones drawn often."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from .._network.prefixes import row_keys


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of codes with what training needs to know of them.

    Parameters
    ----------
    codes : ndarray of shape (n, length), unsigned integers
    labels : ndarray of shape (n,), int64
        Numbers of classes.
    weights : ndarray of shape (n,)
    ngrams : tuple (features, starts, values) or None, default=None
        As `torch.nn.functional.embedding_bag` reads them; row i owns the entries starts[i] to
        starts[i + 1].
    words : ndarray of shape (n, n_classes) or None, default=None
        What the rows' words add to their logits, of rows to predict.
    """

    codes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    ngrams: tuple | None = None
    words: np.ndarray | None = None

    @classmethod
    def merged(cls, codes, labels, weights):
        """Distinct (codes, label) pairs in lexicographic order, with the sum of their weights.

        Weights are part of the order: equal rows are then summed in the same order whatever order
        they came in.
        """
        order = np.lexsort([weights, labels, *row_keys(codes)[::-1]])
        codes, labels, weights = codes[order], labels[order], weights[order]
        new = _differs_from_above(codes)
        new[1:] |= labels[1:] != labels[:-1]
        weights = np.add.reduceat(weights, np.flatnonzero(new))
        return cls(codes[new], labels[new].astype(np.int64), weights)

    def __len__(self):
        return len(self.codes)

    def take(self, index):
        """The given rows as Rows of their own."""
        ngrams = None
        if self.ngrams is not None:
            features, starts, values = self.ngrams
            first, counts = starts[index], starts[index + 1] - starts[index]
            new_starts = np.concatenate([[0], np.cumsum(counts)])
            entries = np.repeat(first - new_starts[:-1], counts) + np.arange(new_starts[-1])
            ngrams = features[entries], new_starts, values[entries]
        words = None if self.words is None else self.words[index]
        return Rows(self.codes[index], self.labels[index], self.weights[index], ngrams, words)

    def split(self, fraction, rng):
        """Split merged rows in those to train on and those to validate on, None where none is left.

        Rows of equal codes stay on one side, and of each class a row stays in training; if nothing
        is then left to validate on, a warning says so.
        """
        group = np.cumsum(_differs_from_above(self.codes)) - 1
        order = rng.permutation(group[-1] + 1)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        held_out = rank[group] < max(1, round(fraction * len(order)))
        for label in np.unique(self.labels[held_out]):
            of_label = self.labels == label
            if held_out[of_label].all():
                held_out[group == group[np.flatnonzero(of_label)[0]]] = False
        if held_out.any():
            return self.take(np.flatnonzero(~held_out)), self.take(np.flatnonzero(held_out))
        warnings.warn(
            "early_stopping=True found no rows to hold out, since each class has only one distinct "
            "row; training takes all epochs. Give more rows, or set early_stopping=False.",
            UserWarning,
            stacklevel=4,
        )
        return self, None

    def class_shares(self, n_classes):
        """The share of each class in the weights, (n_classes,)."""
        share = np.bincount(self.labels, weights=self.weights, minlength=n_classes)
        return share / share.sum()

    def drawn(self):
        """The rows of an epoch.

        A row whose weight is a multiple of the mean is drawn so often, each time with its part of
        the weight: small steps in many batches train better than one large step in one, which
        clipping would cut. The first draws of all rows come first, then the second ones.
        """
        repeats = np.maximum(1, np.rint(self.weights / self.weights.mean())).astype(np.int64)
        index = np.arange(len(self)).repeat(repeats)
        draw = np.arange(len(index)) - (repeats.cumsum() - repeats)[index]
        order = np.argsort(draw, kind="stable")
        return replace(self, weights=self.weights / repeats).take(index[order])

    def weighed(self):
        """The same with weights of mean 1, float32, so that losses are weighted means."""
        return replace(self, weights=(self.weights / self.weights.mean()).astype(np.float32))

    def with_ngrams(self, network):
        """The same with the n-grams that count in a network, if any do."""
        if network.ngrams is None:
            return self
        return replace(self, ngrams=network.ngrams.tfidf(self.codes, network.weights["ngram_idf"]))

    def with_words(self, network, n_classes):
        """The same with the words that a network knows, if any."""
        if network.words is None:
            return self
        words = np.zeros((len(self), n_classes), dtype=np.float32)
        network.words.add_to(words, self.codes, network.separator)
        return replace(self, words=words)


def _differs_from_above(codes):
    """Whether each row differs from the one before, bool of shape (n,)."""
    new = np.ones(len(codes), dtype=bool)
    new[1:] = (codes[1:] != codes[:-1]).any(axis=1)
    return new
