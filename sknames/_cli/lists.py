"""What the commands on lists share: their options, the names they read, their rows."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps

import click
import numpy as np
import pyarrow as pa
from sklearn.utils import check_random_state

from .._models.stack import Stack, resolve
from .._shares.name_list import NameList, read_list
from .._shares.question import Question
from .._shares.split import TAKEN
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import say
from .models import closing_words, predict_distinct
from .options import (
    LIST_COLUMNS,
    Model,
    groups_option,
    list_options,
    model_options,
    not_empty,
    output_options,
    table_options,
)
from .output import Output, metadata_of, to_arrow
from .tables import CodedTexts, InputTable

# What is asked of each list, with random_state=0.
QUESTION = Question(seed=check_random_state(0).randint(2**31))


@dataclass(frozen=True)
class PredictedRows:
    """The rows of a table whose distinct texts were predicted.

    Parameters
    ----------
    stack : Stack
        The model.
    names : NameList
        The list of the rows.
    outcome : list of str or None
        The outcome of each row, None where it has none.
    by : dict of str to list
        The columns of --by, None where a value is blank.
    """

    stack: Stack
    names: NameList
    outcome: list[str | None] | None
    by: dict[str, list[str | None]]


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
    by : str or None
        Columns that split the rows, between commas.
    output : Output
    """

    table: InputTable
    model: Model
    groups: str | None
    columns: dict[str, str | None]
    by: str | None
    output: Output

    def predict_rows(self):
        """Read and predict the table, and return its rows."""
        fitted = self.model.load()
        if self.groups is not None:
            fitted = GroupedClassifier(fitted, groups=self.groups)
        stack = resolve(fitted)
        below, _ = stack.without_groups()
        columns = {name: CodedTexts() for name in self.columns if self.columns[name]}
        by = {}
        distinct = predict_distinct(below, self._chunks(columns, by), self.table)
        given = {name: texts.values() for name, texts in columns.items()}
        outcome = given.pop("outcome", None)
        if "checked" in given and not any(given["checked"]):
            raise ValueError(
                f"--checked {self.columns['checked']}: no row of {self.table.name} has "
                "a label: fill in those of some rows, or leave --checked out"
            )
        rows = distinct.texts.index
        is_name = (distinct.listed.reasons == "")[rows]
        if "sample_weight" in given:
            weights = columns["sample_weight"]
            given["sample_weight"] = _to_weights(weights, is_name)
        names = read_list(stack, distinct.listed, given, rows)
        by = {column: texts.values() for column, texts in by.items()}
        return PredictedRows(stack, names, outcome, by)

    def _chunks(self, columns, by):
        """Yield names by chunks; add what stands next to them to `columns` and `by`."""
        for chunk, names in self.table.names():
            for name, texts in columns.items():
                option = LIST_COLUMNS[name][0]
                texts.add(self.table.texts(chunk, self.columns[name], option))
            if self.by:
                chosen = self.table.choose(chunk.column_names, self.by, "--by")
                for column in chosen:
                    if chosen.count(column) > 1:
                        raise click.UsageError(
                            f"--by has {column!r} twice: give each column once"
                        )
                    if column in TAKEN:
                        raise click.UsageError(
                            f"--by {column}: rename it, the output has another"
                        )
                    texts = by.setdefault(column, CodedTexts())
                    texts.add(self.table.texts(chunk, column, "--by"))
            yield names

    def show(self, result, stack):
        """Show a result as text on a terminal, or write it and say its notes."""
        if self.output.is_terminal:
            click.echo(_as_options(str(result)))
        else:
            columns = {}
            for name, values in result._columns.items():
                columns[name] = to_arrow(values)
            self.write(pa.table(columns), metadata_of(stack))
            for _, note in result._notes():
                say(f"sknames: note: {_as_options(note)}")

    def write(self, table, metadata):
        """Write a table of answers; see `Output.write`."""
        (batch,) = table.combine_chunks().to_batches()
        self.output.write([(batch, pa.record_batch([], []))], metadata)


def _as_options(text):
    """Return a text of Python with the options of the commands."""
    text = text.replace('groups="subregion"', "--groups subregion")
    return text.replace("groups={...}", "groups={...} in Python")


def _to_weights(texts, is_name):
    """Return a column as numbers; rows that are not names may lack one."""
    numbers = []
    for text in texts.distinct:
        try:
            numbers.append(float(text) if text else np.nan)
        except ValueError:
            raise _wrong_weight(text) from None
    weights = np.array(numbers)[texts.index]
    if np.isnan(weights[is_name]).any():
        raise _wrong_weight("")
    return weights


def _wrong_weight(text):
    """Return the error for a text that is no weight."""
    return click.UsageError(
        f"--weight: expected numbers, got {text!r}. Give 0 to leave a row out"
    )


def list_command(function):
    """Give a command the options of `ListInput`, which it gets as `listed`."""

    @wraps(function)
    def command(table, model, groups, columns, by, output, **options):
        output = output.for_table(table, "csv")
        listed = ListInput(table, model, groups, columns, by, output)
        return function(listed, **options)

    by_option = click.option(
        "--by",
        callback=not_empty,
        help="Columns that split the rows: region,year. Each part has an estimate.",
    )
    for add_options in (
        by_option,
        list_options,
        output_options,
        groups_option,
        model_options,
        table_options,
    ):
        command = add_options(command)
    return command


@contextmanager
def warnings_said():
    """Say the warnings of a block, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        say(f"sknames: warning: {message}")


def say_counts(names, stack, start):
    """Say how many rows there are, the seconds since, and the model."""
    n_not_names = sum(names.n_of_reason.values())
    say(
        f"{names.n_names + n_not_names:,} rows: {names.n_names:,} names, "
        f"{n_not_names:,} not names; {closing_words(stack, start)}"
    )
