"""Options of several commands. Those of one thing become one argument."""

import os
import shlex
from dataclasses import dataclass
from functools import wraps
from inspect import signature

import click

from .._models.groups import M49
from ..pretrained._load_pretrained import TARGETS, load_pretrained
from ..pretrained._model_files import load_model
from .output import Output
from .tables import Dialect, InputTable

label_option = click.option(
    "--label", default="nationality", help="Column that holds the labels."
)
jobs_option = click.option(
    "--jobs", type=click.IntRange(1), default=1, help="Processes to use."
)
groups_option = click.option(
    "--groups", type=click.Choice(M49), help="Add up labels by group."
)


# Columns of a list next to its names: their options, by the parameter of Python.
LIST_COLUMNS = {
    "clusters": "--cluster",
    "sample_weight": "--weight",
    "y": "--label",
    "outcome": "--outcome",
}


@dataclass(frozen=True)
class Model:
    """--model and --trust-pickle.

    Parameters
    ----------
    source : str
        Name of a shipped model, or a file.
    trust_pickle : bool
        Whether to load a pickle.
    """

    source: str
    trust_pickle: bool

    def load(self, **options):
        """Load the model; `options` of `load_pretrained` are for one that ships."""
        if self.source in TARGETS:
            return load_pretrained(self.source, **options)
        if self.source in M49:
            raise ValueError(
                f"--model {self.source}: expected nationality, country or a file. To "
                f"sum their labels, give --groups {self.source}."
            )
        return load_model(self.source, trust_pickle=self.trust_pickle)


def as_one(name, make, *options):
    """Return a decorator of commands.

    `make` gets the values of its parameters, and the command gets what it returns, as
    `name`. Options may also be given by other decorators.
    """

    def decorate(function):
        @wraps(function)
        def command(**values):
            arguments = {key: values.pop(key) for key in signature(make).parameters}
            return function(**{name: make(**arguments)}, **values)

        for option in reversed(options):
            command = option(command)
        return command

    return decorate


model_options = as_one(
    "model",
    Model,
    click.option(
        "--model",
        "source",
        default="nationality",
        help="Model: nationality, country or a file.",
    ),
    click.option(
        "--trust-pickle", is_flag=True, help="Load a pickle: it can run code."
    ),
)


def read_input(input, column, delimiter, encoding, no_header):
    """Return the table INPUT; raise ValueError for a name in place of a file."""
    if " " in input and not os.path.exists(input):
        raise ValueError(
            f"{input}: no such file: check the path, or, for a single name, run "
            f"sknames explain {shlex.quote(input)}"
        )
    if delimiter in ("tab", r"\t"):
        delimiter = "\t"
    elif delimiter and len(delimiter) > 1:
        raise click.UsageError(f"--delimiter {delimiter!r}: give one character, or tab")
    dialect = Dialect(delimiter or None, encoding, has_header=not no_header)
    return InputTable(input, column, dialect)


table_options = as_one(
    "table",
    read_input,
    click.argument("input"),
    click.option(
        "--column", help="Names or parts: given,family. [default: name, or the only]"
    ),
    click.option("--delimiter", help="One character, or tab. [default: detected]"),
    click.option(
        "--encoding", help="Encoding of CSV, or auto. [default: UTF-8, or as marked]"
    ),
    click.option(
        "--no-header", is_flag=True, help="The first row of CSV is no header."
    ),
)
output_options = as_one(
    "output",
    Output,
    click.option("-o", "--output", "path", default="-", help="File to write, or -."),
    click.option(
        "--format", type=click.Choice(["csv", "jsonl", "parquet"]), help="Its format."
    ),
    click.option("--excel", is_flag=True, help="Mark CSV as UTF-8, as Excel needs it."),
    click.option(
        "--decimal", type=click.Choice(".,"), default=".", help="Decimal mark of CSV."
    ),
)


def given_columns(clusters, sample_weight, y):
    """Return the columns that are given, by the parameter of Python."""
    columns = {"clusters": clusters, "sample_weight": sample_weight, "y": y}
    return {name: column for name, column in columns.items() if column}


list_options = as_one(
    "columns",
    given_columns,
    click.option(
        "--cluster", "clusters", help="Column of the paper, family or household."
    ),
    click.option(
        "--weight",
        "sample_weight",
        help="Column of weights, as 1 / number of authors.",
    ),
    click.option(
        "--label", "y", help="Column of labels that were checked, else blank."
    ),
)
