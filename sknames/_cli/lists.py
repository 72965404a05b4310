"""What the commands on lists share: options, input and output."""

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
from .._models.groups import members_of
from .._models.stack import Stack, resolve
from .._results.parts import estimate_by
from .._results.table import counts_of_rows
from .._text.names import Names
from .files import print_message
from .models import predict_distinct, run_summary
from .options import (
    LIST_COLUMNS,
    Model,
    groups_option,
    list_options,
    model_options,
    output_options,
    reject_empty,
    table_options,
)
from .output import Output, model_metadata, to_arrow
from .tables import CodedTexts, InputTable

# The settings of all estimates, with the seed of random_state=0.
QUESTION = Question(seed=check_random_state(0).randint(2**31))
sample_option = click.option(
    "--sample",
    type=click.IntRange(2),
    help="Only write this many random rows, for you to check their labels.",
)


@dataclass(frozen=True)
class PredictedRows:
    """The rows of a table whose distinct texts have been predicted.

    Parameters
    ----------
    stack : Stack
        The model.
    names : NameList
        The names of all rows.
    by : dict of str to list
        The columns of --by, None where a value is blank.
    groups : dict of str to list or None
        The labels of each group of --groups.
    """

    stack: Stack
    names: NameList
    by: dict[str, list[str | None]]
    groups: dict[str, list[str]] | None

    def estimate(self, estimate_list):
        """Return what a function estimates from all rows, or from each part of --by.

        The function gets a `NameList` and the seeds. Its estimates are summed over the
        groups.
        """
        result = estimate_by(self.names, self.by or None, QUESTION, estimate_list)
        return result if self.groups is None else result.sums(self.groups)


@dataclass(frozen=True)
class ListInput:
    """The input table, model, options and output of a command on a list.

    Parameters
    ----------
    table : InputTable
    model : Model
    groups : str or None
        The value of --groups: label groups for which estimates are summed.
    columns : dict of str to str or None
        Name of the column that holds each optional array, such as `sample_weight`.
        The keys are the parameter names of the Python functions.
    by : str or None
        The value of --by: columns that split the rows into parts, separated by commas.
    output : Output
    """

    table: InputTable
    model: Model
    groups: str | None
    columns: dict[str, str | None]
    by: str | None
    output: Output

    def predict_rows(self):
        """Read the table, predict its names, and return its rows."""
        stack = resolve(self.model.load())
        groups = None
        if self.groups is not None:  # labels without a region raise before reading
            groups = members_of(self.groups, stack.classes)
        ungrouped, _ = stack.without_groups()
        columns = {name: CodedTexts() for name in self.columns if self.columns[name]}
        by = {}
        distinct = predict_distinct(ungrouped, self._chunks(columns, by), self.table)
        given = {name: texts.values() for name, texts in columns.items()}
        rows = distinct.texts.index
        is_name = (distinct.predicted.reasons == "")[rows]
        if "sample_weight" in given:
            weights = columns["sample_weight"]
            given["sample_weight"] = _to_weights(weights, is_name)
        names = read_list(stack, distinct.predicted, rows=rows, **given)
        by = {column: texts.values() for column, texts in by.items()}
        return PredictedRows(stack, names, by, groups)

    def _chunks(self, columns, by):
        """Yield the names in chunks; add the other columns to `columns` and `by`."""
        for chunk, names in self.table.names():
            for name, texts in columns.items():
                option = LIST_COLUMNS[name][0]
                texts.add(self.table.texts(chunk, self.columns[name], option))
            if self.by:
                chosen = self.table.choose(chunk.column_names, self.by, "--by")
                for column in chosen:
                    if chosen.count(column) > 1:
                        raise click.UsageError(
                            f"--by has {column!r} twice: name each column once"
                        )
                    if column in TAKEN:
                        raise click.UsageError(
                            f"--by {column}: rename it, because the output has a "
                            f"column {column}, too"
                        )
                    texts = by.setdefault(column, CodedTexts())
                    texts.add(self.table.texts(chunk, column, "--by"))
            yield names

    def show(self, result, stack):
        """Show a result as text on a terminal; else write it, and print its notes."""
        if self.output.is_terminal:
            click.echo(_as_options(str(result)))
        else:
            columns = {}
            for name, values in result._columns.items():
                columns[name] = to_arrow(values)
            self.write(pa.record_batch(columns), model_metadata(stack))
            for kind, note in result._notes():
                if kind == "counts":
                    continue  # which print_counts prints
                print_message(f"sknames: note: {_as_options(note)}")

    def write(self, batch, metadata):
        """Write a table of results; see `Output.write`."""
        self.output.write([(batch, pa.record_batch([], []))], metadata)

    def write_sample(self, n_sampled, outcome=None, has_others=False):
        """Write a random sample of rows with names, and an empty column for labels.

        With a column of outcomes, the same number of rows is sampled for each outcome.
        Row numbers start at 0, as in pandas.
        """
        if has_others or self.by or any(self.columns.values()):
            raise click.UsageError(
                "--sample only writes rows to check: omit the other options"
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
        if n_names < n_sampled:
            raise ValueError(
                f"--sample {n_sampled}: {self.table.name} has only {n_names:,} names: "
                "sample fewer"
            )
        rng = np.random.default_rng(0)
        if outcome is None:
            sampled = rng.choice(n_names, n_sampled, replace=False)
        else:
            sampled = _sample_by_outcome(np.array(people["outcome"]), n_sampled, rng)
        self.write(pa.record_batch(people).take(np.sort(sampled)), metadata={})
        print_message(
            f"{n_sampled} of {n_names:,} names: fill in the labels from other sources "
            'than the name, and "unknown" where there is none'
        )


def _as_options(text):
    """Return a message in which options of the command line replace those of Python."""
    text = text.replace('sums("subregion")', "--groups subregion")
    return text.replace("sums({...})", "sums({...}) in Python")


def _sample_by_outcome(outcomes, n_sampled, rng):
    """Return random rows, the same number per outcome where there are enough."""
    distinct, counts = np.unique(outcomes, return_counts=True)
    if n_sampled < len(distinct):
        raise click.UsageError(
            f"--sample {n_sampled}: there are {len(distinct)} outcomes: sample at "
            "least one row of each"
        )
    sampled = []
    n_left = n_sampled
    # Start with the rarest outcome: if it has too few rows, the others get more.
    for k, place in enumerate(np.argsort(counts, kind="stable")):
        (rows,) = np.nonzero(outcomes == distinct[place])
        n = min(len(rows), n_left // (len(distinct) - k))
        sampled.append(rng.choice(rows, n, replace=False))
        n_left -= n
    return np.concatenate(sampled)


def _to_weights(texts, is_name):
    """Return a column of weights as numbers. Rows without a name may lack a weight."""
    distinct = texts.distinct
    is_used = np.full(len(distinct), False)
    is_used[texts.index[is_name]] = True
    numbers = np.zeros(len(distinct))
    for code in np.flatnonzero(is_used):
        text = distinct[code]
        try:
            numbers[code] = float(text)
        except ValueError as error:
            raise click.UsageError(
                f"--weight: expected numbers, got {text!r}. Use 0 to exclude a row"
            ) from error
    return numbers[texts.index]


def list_command(function):
    """Decorate a command that takes `list_input` with the options of `ListInput`."""

    @wraps(function)
    def command(table, model, groups, columns, by, output, **options):
        output = output.for_table(table, "csv")
        list_input = ListInput(table, model, groups, columns, by, output)
        return function(list_input, **options)

    by_option = click.option(
        "--by",
        callback=reject_empty,
        help="Columns that split the rows: region,year. Each part is estimated.",
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
def print_warnings():
    """Print the warnings of a block, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        print_message(f"sknames: warning: {message}")


def print_counts(names, stack, start):
    """Print how many rows there are, the elapsed time, and the model."""
    counts = counts_of_rows(names.n_names, names.n_not_names)
    print_message(f"{counts}; {run_summary(stack, start)}")
