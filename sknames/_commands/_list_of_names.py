"""The distinct names of a table and their probabilities: all that its mix depends on."""

from collections import Counter

import numpy as np

from .._read_names import are_readable
from .._table_reader import TableReader
from .._workers import answering
from ._common import character, progress, with_names


class ListOfNames:
    """The names of a table, read and predicted.

    Parameters
    ----------
    fitted, load, jobs
        See `answering`.
    input, column, delimiter, encoding
        See `TableReader`.

    Attributes
    ----------
    probabilities : ndarray of shape (n_distinct, n_classes)
        Probabilities of each distinct name, which is predicted once.
    counts : ndarray of shape (n_distinct,), int
        How often each name occurs; 0 if it has no letter.
    n_names, n_unreadable, n_missing : int
        Numbers of rows with a name, of those among them without a letter, and of rows without a
        name.
    """

    def __init__(self, fitted, load, jobs, input, column, delimiter, encoding):
        self._seen, self.n_missing = Counter(), 0
        rows = [np.empty((0, len(fitted.classes_)))]
        with (
            TableReader(input, character(delimiter), encoding) as reader,
            answering(fitted, load, jobs, 1, True) as answer,
            progress(reader.n_rows) as advance,
        ):
            for n_rows, answers in answer(self._new_names(with_names(reader, column))):
                rows.append(answers[2])
                advance(n_rows)
        self.probabilities = np.concatenate(rows)
        counts = np.fromiter(self._seen.values(), dtype=np.int64, count=len(self._seen))
        self.n_names = int(counts.sum())
        if not self.n_names:
            raise ValueError(f"no row of {input} has a name: check --column")
        self.counts = counts * are_readable(list(self._seen), len(counts))
        self.n_unreadable = self.n_names - int(self.counts.sum())
        del self._seen

    def _new_names(self, chunks):
        """Yield, for each chunk, its number of rows and its names that no earlier chunk had."""
        for (chunk, missing), names in chunks:
            new = [name for name in dict.fromkeys(names) if name not in self._seen]
            self._seen.update(names)
            self.n_missing += int(missing.sum())
            yield len(chunk), new
