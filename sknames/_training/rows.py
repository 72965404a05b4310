"""Merge, hold out and repeat training rows."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from .._base import warn
from .._network.prefixes import differs_from_above, row_keys


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of codes with their labels, weights, n-grams and words."""

    codes: np.ndarray  # (n, length), unsigned
    labels: np.ndarray  # (n,), int64, indices of classes
    weights: np.ndarray  # (n,)
    ngrams: csr_array | None = None  # (n, n_features), see `NGrams.tfidf`
    # (n, n_classes), float32, the logits of words, only for rows to predict
    words: np.ndarray | None = None

    @classmethod
    def merged(cls, codes, labels, weights):
        """Merge equal (codes, label) pairs, and sum their weights.

        The result is in lexicographic order. Sorting by weight as well makes the bits
        of each sum independent of the order of the rows.
        """
        order = np.lexsort([weights, labels, *row_keys(codes)])
        codes = codes[order]
        labels = labels[order]
        is_new = differs_from_above(codes)
        is_new[1:] |= labels[1:] != labels[:-1]
        sums = np.add.reduceat(weights[order], np.flatnonzero(is_new))
        return cls(codes[is_new], labels[is_new].astype(np.int64), sums)

    def __len__(self):
        return len(self.codes)

    def select(self, index):
        """Return the rows at indices."""
        return Rows(
            self.codes[index],
            self.labels[index],
            self.weights[index],
            None if self.ngrams is None else self.ngrams[index],
            None if self.words is None else self.words[index],
        )

    def split(self, fraction, rng):
        """Split merged rows into training and held-out rows.

        Rows with equal codes stay together, and each class keeps at least one training
        row. If no row can be held out, warn, and return None for the held-out rows.
        """
        group = np.cumsum(differs_from_above(self.codes)) - 1  # rows of equal codes
        n_groups = group[-1] + 1
        order = rng.permutation(n_groups)
        rank = np.empty_like(order)
        rank[order] = np.arange(n_groups)
        is_held_out = rank[group] < max(1, round(fraction * n_groups))
        for label in np.unique(self.labels[is_held_out]):
            has_label = self.labels == label
            if is_held_out[has_label].all():
                first_row = np.flatnonzero(has_label)[0]
                is_held_out[group == group[first_row]] = False
        if not is_held_out.any():
            warn(
                "early_stopping=True found no rows to hold out, because each class has "
                "only one distinct row. Training runs for all epochs. Pass more rows, "
                "or set early_stopping=False.",
            )
            return self, None
        train = self.select(np.flatnonzero(~is_held_out))
        return train, self.select(np.flatnonzero(is_held_out))

    def class_shares(self, n_classes):
        """Return the share of each class in the total weight, (n_classes,)."""
        share = np.bincount(self.labels, weights=self.weights, minlength=n_classes)
        return share / share.sum()

    def for_training(self, network):
        """Return the rows of an epoch, with the n-grams of a network.

        A row with k times the mean weight is repeated k times with 1 / k of its weight,
        because small steps in many batches train better than one large step, which
        gradient clipping would shorten. All rows come once, followed by their
        repetitions.
        """
        relative = self.weights / self.weights.mean()
        n_draws = np.maximum(1, np.rint(relative)).astype(np.int64)
        row = np.arange(len(self)).repeat(n_draws)
        first_draw = n_draws.cumsum() - n_draws
        draw = np.arange(len(row)) - first_draw[row]  # 0, 1, ... for each row
        order = np.argsort(draw, kind="stable")
        rows = replace(self, weights=self.weights / n_draws).select(row[order])
        return rows._ready(network)

    def for_scoring(self, network, n_classes):
        """Return the rows with the n-grams of a network and the logits of its words."""
        words = None
        if network.words is not None:
            words = np.zeros((len(self), n_classes), dtype=np.float32)
            network.words.add_to(words, self.codes, network.separator)
        return replace(self._ready(network), words=words)

    def _ready(self, network):
        """Scale weights to mean 1, so that losses are weighted means; add n-grams."""
        weights = (self.weights / self.weights.mean()).astype(np.float32)
        ngrams = None
        if network.ngrams is not None:
            ngrams = network.ngrams.tfidf(self.codes, network.weights["ngram_idf"])
        return replace(self, weights=weights, ngrams=ngrams)
