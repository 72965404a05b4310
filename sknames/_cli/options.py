"""Options of several commands. Those of one thing become one argument."""

import os
import shlex
from dataclasses import dataclass
from functools import wraps

import click

from .._models.groups import M49
from ..pretrained._load_pretrained import TARGETS, load_pretrained
from ..pretrained._model_files import load_model
from .output import Output
from .tables import InputTable, check_for_csv

groups_option = click.option(
    "--groups", type=click.Choice(M49), help="Sum the labels of each region."
)


# Columns of a list next to its names, by the parameter of Python that takes them: the
# option, and what it says.
LIST_COLUMNS = {
    "clusters": ("--cluster", "Column of groups of rows, such as papers or families."),
    "sample_weight": ("--weight", "Column of weights, such as 1 / number of authors."),
    "checked": ("--checked", "Column of labels that you checked; blank in other rows."),
    "outcome": ("--outcome", "Column of the outcome."),
}


def not_empty(context, option, value):
    """Return the value of an option; raise UsageError for an empty one.

    A script gives it for a variable that is not set.
    """
    if value is not None and not value.strip():
        raise click.UsageError(
            f"{option.opts[0]} is empty: give a value, or leave the option out"
        )
    return value


def column_option(name, **attributes):
    """Return the option for one of `LIST_COLUMNS`."""
    option, text = LIST_COLUMNS[name]
    return click.option(option, name, help=text, callback=not_empty, **attributes)


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
        if not os.path.exists(self.source):
            raise ValueError(
                f"--model {self.source}: no such file: check the path. The models that "
                "ship are nationality and country"
            )
        return load_model(self.source, trust_pickle=self.trust_pickle)


def as_one(argument, make, **options):
    """Return a decorator of commands that makes one argument of several options.

    `make` gets the values of the options, by the same names.
    """

    def decorate(function):
        @wraps(function)
        def command(**values):
            given = {name: values.pop(name) for name in options}
            return function(**{argument: make(**given)}, **values)

        for option in reversed(options.values()):
            command = option(command)
        return command

    return decorate


model_options = as_one(
    "model",
    Model,
    source=click.option(
        "--model",
        "source",
        default="nationality",
        help="Model: nationality, country or a file.",
    ),
    trust_pickle=click.option(
        "--trust-pickle", is_flag=True, help="Load a pickle, which can run any code."
    ),
)


def read_input(input, column, delimiter, encoding, no_header):
    """Return the table INPUT; raise ValueError for a name in place of a file."""
    if " " in input and not os.path.exists(input):
        raise ValueError(
            f"{input}: no such file: check the path, or, for a single name, run "
            f"echo {shlex.quote(input)} | sknames predict - --no-header"
        )
    if delimiter in ("tab", r"\t"):
        delimiter = "\t"
    elif delimiter and not (len(delimiter) == 1 and delimiter.isascii()):
        raise click.UsageError(
            f"--delimiter {delimiter!r}: give one ASCII character, or tab"
        )
    table = InputTable(input, column, delimiter or None, encoding, not no_header)
    options = {"--encoding": encoding, "--delimiter": delimiter}
    check_for_csv(options | {"--no-header": no_header}, table.format)
    return table


table_options = as_one(
    "table",
    read_input,
    input=click.argument("input"),
    column=click.option(
        "--column",
        callback=not_empty,
        help="Column of names, or of their parts: given,family. [default: name]",
    ),
    delimiter=click.option(
        "--delimiter", help="One ASCII character, or tab. [default: detected]"
    ),
    encoding=click.option(
        "--encoding", help="Encoding of CSV. [default: UTF-8, or by its mark]"
    ),
    no_header=click.option(
        "--no-header", is_flag=True, help="The first row of CSV is not a header."
    ),
)
output_options = as_one(
    "output",
    Output,
    path=click.option(
        "-o",
        "--output",
        "path",
        default="-",
        help="File to write, or - for standard output.",
    ),
    format=click.option(
        "--format",
        type=click.Choice(["csv", "parquet"]),
        help="Format of the output. [default: by its name, or that of INPUT]",
    ),
    excel=click.option(
        "--excel",
        is_flag=True,
        help="Write CSV for Excel: marked as UTF-8, with ' before formulas.",
    ),
)
list_options = as_one(
    "columns",
    dict,
    clusters=column_option("clusters"),
    sample_weight=column_option("sample_weight"),
    checked=column_option("checked"),
)
