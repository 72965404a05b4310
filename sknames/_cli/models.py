"""Predict the distinct texts of a table."""

import time
from dataclasses import dataclass

import numpy as np

from .._base.version import __version__
from .._models.predict_names import PredictedList, predict_list
from .._models.stack import Stack
from .._text.names import Names
from .._text.not_names import SEVERAL
from .files import print_message
from .tables import CodedTexts


def run_summary(stack, start):
    """Return the end of a command's last message: the elapsed time and the model."""
    seconds = time.perf_counter() - start
    return f"{seconds:.1f} s; sknames {__version__}, {stack.fingerprint}"


@dataclass(frozen=True)
class DistinctTexts:
    """The distinct texts of a table, each read and predicted once.

    Parameters
    ----------
    stack : Stack
        The model that predicted the texts.
    texts : CodedTexts
        The distinct texts, in the order of `predicted`, and the index of each row's
        text.
    predicted : PredictedList
        The distinct texts, read as names, and their probabilities.
    """

    stack: Stack
    texts: CodedTexts
    predicted: PredictedList

    @property
    def counts(self):
        """The number of rows with each text, shape (n_texts,)."""
        return np.bincount(self.texts.index, minlength=len(self.texts.code_of))

    def take(self, texts):
        """Return the predictions of some texts, which may repeat."""
        return self.predicted.take([self.texts.code_of[text] for text in texts])


def predict_distinct(stack, chunks, table):
    """Read and predict the distinct texts of a table, which come in chunks."""
    texts = CodedTexts()
    tidied = []
    reasons = []
    proba = np.empty((0, 0))
    for chunk in chunks:
        predicted = predict_list(stack, texts.add(chunk))
        tidied += predicted.names.tidy
        reasons.append(predicted.names.reasons)
        proba = _append_rows(proba, predicted.proba)
    names = Names.already_read(texts.distinct, tidied, np.concatenate(reasons))
    distinct = DistinctTexts(stack, texts, PredictedList(None, names, proba))
    _check_reasons(names.reasons, distinct.counts, table)
    return distinct


def _append_rows(table, rows):
    """Return a table with more rows; resize it, as two copies may not fit in memory."""
    if not len(table):
        return rows.copy()
    n_before = len(table)
    table.resize((n_before + len(rows), table.shape[1]), refcheck=False)
    table[n_before:] = rows
    return table


def _check_reasons(reasons, counts, table):
    """Raise ValueError if no row has a name; warn if most rows have several names."""
    n_rows = counts.sum()
    n_names = counts[reasons == ""].sum()
    n_several = counts[reasons == SEVERAL].sum()
    if n_names and n_several <= n_names:
        return
    problem = f"no row of {table.name} has a name: check --column"
    if n_several > n_names:
        problem = (
            f"{table.name}: several names in {n_several:,} of {n_rows:,} rows: "
            "split them into one name per row"
        )
    if not n_names:
        raise ValueError(problem)
    print_message(f"sknames: warning: {problem}.")
