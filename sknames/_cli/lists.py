"""What the commands on lists share: their options, the names they read, their rows."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from itertools import compress

import click
import numpy as np
import pyarrow as pa
from sklearn.utils import check_random_state

from .._lists.name_list import NameList, read_list
from .._lists.question import Question
from .._lists.split import TAKEN
from .._models.stack import Stack, resolve
from .._results.parts import estimate_parts
from .._text.names import Names
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
draw_option = click.option(
    "--draw",
    type=click.IntRange(2),
    help="Write so many random rows, for you to check. Estimate nothing.",
)


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

    def estimate(self, of_list):
        """Return what a function estimates of all rows, or of the parts of --by.

        It gets a `NameList`, the index of its rows, and seeds or None.
        """
        if not self.by:
            return of_list(self.names, slice(None), None)
        return estimate_parts(self.names, self.by, QUESTION, of_list)


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

    def write_draw(self, n_drawn, outcome=None, has_others=False):
        """Write random rows of names, with an empty column of labels.

        With a column of outcomes, as many rows of each are drawn. The numbers of rows
        begin with 0, as in pandas.
        """
        if has_others or self.by or any(self.columns.values()):
            raise click.UsageError(
                "--draw only writes rows to check: leave the other options out"
            )
        self.table.skips_blank_lines = True
        people = {"row": [], "name": [], "checked": []}
        if outcome is not None:
            people["outcome"] = []
        n_rows = 0
        for chunk, names in self.table.names():
            is_name = Names(names).reasons == ""
            people["row"] += (n_rows + np.flatnonzero(is_name)).tolist()
            people["name"] += compress(names, is_name)
            people["checked"] += [""] * is_name.sum()
            if outcome is not None:
                texts = self.table.texts(chunk, outcome, "--outcome")
                people["outcome"] += compress(texts, is_name)
            n_rows += len(names)
        n_names = len(people["name"])
        if n_names < n_drawn:
            raise ValueError(
                f"--draw {n_drawn}: {self.table.name} has only {n_names:,} names: give "
                "fewer"
            )
        rng = np.random.default_rng(0)
        if outcome is None:
            drawn = rng.choice(n_names, n_drawn, replace=False)
        else:
            drawn = _draw_of_each(np.array(people["outcome"]), n_drawn, rng)
        self.write(pa.table(people).take(np.sort(drawn)), metadata={})
        say(
            f"{n_drawn} of {n_names:,} names: fill in the label of each, without "
            'reading it off the name; "unknown" where nobody can decide'
        )


def _as_options(text):
    """Return a text of Python with the options of the commands."""
    text = text.replace('groups="subregion"', "--groups subregion")
    return text.replace("groups={...}", "groups={...} in Python")


def _draw_of_each(outcomes, n_drawn, rng):
    """Return rows, the same number of each outcome where there are enough."""
    distinct, counts = np.unique(outcomes, return_counts=True)
    if n_drawn < len(distinct):
        raise click.UsageError(
            f"--draw {n_drawn}: there are {len(distinct)} outcomes: give at least one "
            "row of each"
        )
    drawn = []
    n_left = n_drawn
    # The rarest first, so that the others make up for what it lacks.
    for k, place in enumerate(np.argsort(counts, kind="stable")):
        (rows,) = np.nonzero(outcomes == distinct[place])
        n = min(len(rows), n_left // (len(distinct) - k))
        drawn.append(rng.choice(rows, n, replace=False))
        n_left -= n
    return np.concatenate(drawn)


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
