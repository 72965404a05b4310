"""What the commands on lists share: their options, the names they read, their rows."""

import re
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from itertools import chain

import click
import pyarrow as pa

from .._models.stack import Stack, resolve
from .._shares.name_list import GivenRows, read_list
from .._shares.question import Question
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import say
from .models import DistinctTexts, closing_words, predict_distinct
from .options import (
    LIST_COLUMNS,
    Model,
    groups_option,
    jobs_option,
    list_options,
    model_options,
    output_options,
    table_options,
)
from .output import Output, to_arrow
from .tables import InputTable

QUESTION = Question(random_state=0)  # what is asked of each list
# Groups that may each get a line of their own; more that say the same get one.
FEW_GROUPS = 3
# What messages on groups differ in: brackets, values in quotes, numbers and labels.
DETAILS = re.compile(r"\(.*?\)|'[^']*'|\b\w*[A-Z0-9]\w*")


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
    columns : list of str
        The parameters of Python that take these columns.
    """

    stack: Stack
    distinct: DistinctTexts
    texts_of_key: dict[tuple[tuple[str, str], ...], Counter]
    columns: list[str]

    def is_name(self, entry):
        """Return whether an entry is a name."""
        return self.distinct.is_name(entry[0] if self.columns else entry)

    def has(self, column, entries):
        """Return whether a column has a value in one of the entries."""
        k = 1 + self.columns.index(column)
        return any(entry[k] for entry in entries)

    def name_list(self, entries):
        """Return entries as a `NameList`, and their outcomes, if they have any."""
        if not self.columns:
            listed = self.distinct.take(entries)
            given = GivenRows(counts=[*entries.values()])
            return read_list(self.stack, listed, given), None
        names, *columns = zip(*entries.elements(), strict=True)
        listed = self.distinct.take(names)
        parameters = {}
        for parameter, texts in zip(self.columns, columns, strict=True):
            parameters[parameter] = [text or None for text in texts]
        if "sample_weight" in parameters:
            pairs = zip(parameters["sample_weight"], listed.reasons, strict=True)
            parameters["sample_weight"] = [_weight(*pair) for pair in pairs]
        if "y" in parameters and not any(parameters["y"]):
            del parameters["y"]
        outcomes = parameters.pop("outcome", None)
        return read_list(self.stack, listed, GivenRows(**parameters)), outcomes


def _weight(text, reason):
    """Return the weight of a row, which may lack one if it is no name."""
    if text is None and reason:
        return 0.0
    try:
        return float(text or "")
    except ValueError:
        raise click.UsageError(
            f"--weight: expected numbers, got {text or ''!r}. Give 0 to leave a row out"
        ) from None


@dataclass(frozen=True)
class ListInput:
    """The table of a list, the model, and where the rows go.

    Parameters
    ----------
    table : InputTable
    model : Model
    groups : str or None
        Groups of labels to add up.
    columns : dict of str to str or None
        Columns next to the names, by the parameter of Python that takes each.
    output : Output
    jobs : int
        Processes to use.
    """

    table: InputTable
    model: Model
    groups: str | None
    columns: dict[str, str | None]
    output: Output
    jobs: int

    def predict_rows(self, by=None):
        """Predict the table, by groups of rows."""
        fitted = self.model.load()
        if self.groups is not None:
            fitted = GroupedClassifier(fitted, groups=self.groups)
        stack = resolve(fitted)
        below, _ = stack.without_groups()
        texts_of_key = defaultdict(Counter)
        parameters = [name for name, column in self.columns.items() if column]
        columns = [(self.columns[name], LIST_COLUMNS[name][0]) for name in parameters]
        chunks = self.table.count_names(texts_of_key, by, columns)
        distinct = predict_distinct(below, chunks, self.jobs, self.table)
        predicted = PredictedTable(stack, distinct, texts_of_key, parameters)
        if "y" in parameters and not predicted.has("y", chain(*texts_of_key.values())):
            raise ValueError(
                f"--label {self.columns['y']}: no row of {self.table.name} has a "
                "label: fill in those of some rows, or leave --label out"
            )
        return predicted

    def write(self, table, metadata):
        """Write a table of answers; see `Output.write`."""
        (batch,) = table.combine_chunks().to_batches()
        self.output.write([(batch, pa.record_batch([], []))], metadata)


def list_command(function):
    """Give a command the options of `ListInput`, which it gets as `listed`."""

    @wraps(function)
    def command(table, model, groups, columns, output, jobs, **options):
        output = output.for_table(table, "csv")
        listed = ListInput(table, model, groups, columns, output, jobs)
        return function(listed, **options)

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
def caught_warnings(title, messages):
    """Add the warnings of a block to messages: pairs of the title and a text."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    messages += [(title, str(warning.message)) for warning in caught]


def say_alike(kind, messages):
    """Say messages, pairs of the title of a group and a text.

    If many groups have texts that differ only in details, the first is an example.
    """
    alike_texts = defaultdict(list)
    for title, text in messages:
        words = re.findall(r"\w+", DETAILS.sub("", text))
        alike_texts[" ".join(words)].append((title, text))
    for alike in alike_texts.values():
        n_groups = len(alike)
        if n_groups > FEW_GROUPS:
            title, text = alike[0]
            alike = [(f"{n_groups:,} groups alike; the first ({title})", text)]
        for title, text in alike:
            of_group = f"{title}: " if title else ""
            say(f"sknames: {kind}: {of_group}{text}")


def table_of(estimated):
    """Return shares, rates or comparisons as they are written, null where unknown."""
    names = estimated._columns
    return pa.table({name: to_arrow(getattr(estimated, name)) for name in names})


def say_counts(n_names, n_not_names, stack, start):
    """Say how many rows there are, the seconds since, and the model."""
    say(
        f"{n_names + n_not_names:,} rows: {n_names:,} names, {n_not_names:,} not "
        f"names; {closing_words(stack, start)}"
    )
