"""What the commands on lists share: their options, the names they read, their rows."""

import time
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from .._models.stack import Stack, resolve
from .._shares.shares import read_list
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import say
from .models import DistinctTexts, predict_distinct
from .options import (
    ListColumns,
    Model,
    as_one,
    groups_option,
    jobs_option,
    list_options,
    model_options,
    output_options,
    table_options,
)
from .output import Output, rounded
from .tables import InputTable


@dataclass(frozen=True)
class PredictedTable:
    """A table whose distinct texts were predicted.

    Parameters
    ----------
    stack : Stack
        The model.
    distinct : DistinctTexts
        The texts.
    texts_of_key : dict of tuple to Counter
        How often each entry occurs in each group of rows: a text, or a tuple of it and
        the values of columns.
    options : tuple of str
        The options of these columns.
    more : ListColumns
        Which of them there are.
    """

    stack: Stack
    distinct: DistinctTexts
    texts_of_key: dict[tuple[tuple[str, str], ...], Counter]
    options: tuple[str, ...]
    more: ListColumns

    def is_name(self, entry):
        """Return whether an entry is a name."""
        return self.distinct.is_name(entry[0] if self.options else entry)

    def read(self, entries):
        """Return entries as a `NameList`, and the values of the columns by option."""
        if not self.options:
            listed = self.distinct.take(entries)
            counts = [*entries.values()]
            return read_list(self.stack, listed, counts=counts, random_state=0), {}
        names, *columns = zip(*entries.elements(), strict=True)
        values = dict(zip(self.options, columns, strict=True))
        listed = self.distinct.take(names)
        parameters = self.more.parameters(values)
        return read_list(self.stack, listed, random_state=0, **parameters), values


@dataclass(frozen=True)
class ListInput:
    """The table of a list, the model, and where the rows go.

    Parameters
    ----------
    table : InputTable
    model : Model
    groups : str or None
        Groups of labels to add up.
    more : ListColumns
        Columns next to the names.
    output : Output
    jobs : int
        Processes to use.
    """

    table: InputTable
    model: Model
    groups: str | None
    more: ListColumns
    output: Output
    jobs: int

    def predict(self, by=None, columns=None):
        """Predict the table, by groups of rows; `columns` has others by option."""
        fitted = self.model.load()
        if self.groups is not None:
            fitted = GroupedClassifier(fitted, groups=self.groups)
        stack = resolve(fitted)
        below, _ = stack.without_groups()
        texts_of_key = defaultdict(Counter)
        columns = (columns or {}) | self.more.columns
        chunks = self.table.count_names(texts_of_key, by, columns)
        distinct = predict_distinct(below, chunks, self.jobs, self.table)
        return PredictedTable(stack, distinct, texts_of_key, (*columns,), self.more)

    def write(self, rows):
        """Write rows, dicts of the values by column."""
        batch = pa.Table.from_pylist([*rows]).to_batches()[0]
        chunks = [(batch, pa.record_batch([], []))]
        self.output.write(chunks, "csv", self.table.delimiter)


def list_command(function):
    """Give a command the options of `ListInput`, which it gets as `listed`."""
    command = as_one("listed", ListInput)(function)
    for add_options in (
        jobs_option,
        list_options,
        output_options,
        groups_option,
        model_options,
        table_options,
    ):
        command = add_options(command)
    return command


@contextmanager
def said_warnings(title=""):
    """Say the warnings of a block, behind the title of a group."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    where = f"{title}: " if title else ""
    for warning in caught:
        say(f"sknames: warning: {where}{warning.message}")


def rows_of(table):
    """Yield the rows of shares, rates or comparisons, None where nothing is known."""
    columns = [rounded(table[name]).tolist() for name in table._columns]
    for values in zip(*columns, strict=True):
        row = {}
        for name, value in zip(table._columns, values, strict=True):
            row[name] = value if value == value else None
        yield row


def say_counts(n_names, n_not_names, start):
    """Say how many rows there are, and how many seconds have gone by."""
    say(
        f"{n_names + n_not_names:,} rows: {n_names:,} names, {n_not_names:,} not "
        f"names; {time.perf_counter() - start:.1f} s"
    )
