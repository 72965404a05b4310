"""Merge, hold out and draw the rows of training."""

from dataclasses import dataclass, replace

import numpy as np

from .._base import warn
from .._network.prefixes import row_keys


@dataclass(frozen=True, eq=False)
class Rows:
    """Hold rows of codes with their labels, weights, n-grams and words."""

    codes: np.ndarray  # (n, length), unsigned
    labels: np.ndarray  # (n,), int64, indices of classes
    weights: np.ndarray  # (n,)
    # (features, starts, values) for `embedding_bag`: row i owns entries starts[i] to
    # starts[i + 1].
    ngrams: tuple | None = None
    words: np.ndarray | None = (
        None  # (n, n_classes), logits of the words, for rows to predict
    )

    @classmethod
    def merged(cls, codes, labels, weights):
        """Return distinct (codes, label) pairs in lexicographic order; sum weights.

        Sorting by weight, too, makes each sum independent of the order of the rows.
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
        """Return the rows at an index."""
        ngrams = None
        if self.ngrams is not None:
            features, starts, values = self.ngrams
            first, counts = starts[index], starts[index + 1] - starts[index]
            new_starts = np.concatenate([[0], np.cumsum(counts)])
            entries = np.repeat(first - new_starts[:-1], counts) + np.arange(
                new_starts[-1]
            )
            ngrams = features[entries], new_starts, values[entries]
        words = None if self.words is None else self.words[index]
        return Rows(
            self.codes[index], self.labels[index], self.weights[index], ngrams, words
        )

    def split(self, fraction, rng):
        """Split merged rows into training and held-out rows.

        Rows of equal codes stay on one side, and each class keeps a row in training. If
        no row is held out, warn, and return None for held-out rows.
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
            return self.take(np.flatnonzero(~held_out)), self.take(
                np.flatnonzero(held_out)
            )
        warn(
            "early_stopping=True found no rows to hold out, since each class has only "
            "one distinct row; training takes all epochs. Give more rows, or set "
            "early_stopping=False.",
        )
        return self, None

    def class_shares(self, n_classes):
        """Return the share of each class in the weights, (n_classes,)."""
        share = np.bincount(self.labels, weights=self.weights, minlength=n_classes)
        return share / share.sum()

    def for_training(self, network):
        """Return the rows of an epoch, with the n-grams of a network.

        A row with k times the mean weight is drawn k times, each with a k-th of its
        weight: small steps in many batches train better than one large step, which
        clipping would cut. The first draws of all rows come first, then the second
        ones.
        """
        repeats = np.maximum(1, np.rint(self.weights / self.weights.mean())).astype(
            np.int64
        )
        index = np.arange(len(self)).repeat(repeats)
        draw = np.arange(len(index)) - (repeats.cumsum() - repeats)[index]
        order = np.argsort(draw, kind="stable")
        return (
            replace(self, weights=self.weights / repeats)
            .take(index[order])
            ._ready(network)
        )

    def for_scoring(self, network, n_classes):
        """Return the rows with the n-grams of a network and the logits of its words."""
        words = None
        if network.words is not None:
            words = np.zeros((len(self), n_classes), dtype=np.float32)
            network.words.add_to(words, self.codes, network.separator)
        return replace(self._ready(network), words=words)

    def _ready(self, network):
        """Scale weights to mean 1, so losses are weighted means, and add n-grams."""
        weights, ngrams = (self.weights / self.weights.mean()).astype(np.float32), None
        if network.ngrams is not None:
            ngrams = network.ngrams.tfidf(self.codes, network.weights["ngram_idf"])
        return replace(self, weights=weights, ngrams=ngrams)


def _differs_from_above(codes):
    """Return whether each row differs from the one before, bool of shape (n,)."""
    new = np.ones(len(codes), dtype=bool)
    new[1:] = (codes[1:] != codes[:-1]).any(axis=1)
    return new
