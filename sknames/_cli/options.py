"""Options of several commands. Related options become one argument."""

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
    "--groups",
    type=click.Choice(M49),
    help="Sum the labels of each region.",
)


# Options that name a column, with their help text, by the parameter in Python.
LIST_COLUMNS = {
    "clusters": ("--cluster", "Column of clusters, such as papers or families."),
    "sample_weight": ("--weight", "Column of weights, such as 1 / number of authors."),
    "checked": ("--checked", "Column of checked labels, blank in other rows."),
    "outcome": ("--outcome", "Column of outcomes."),
}


def reject_empty(context, option, value):
    """Return the value of an option; raise UsageError if it is empty.

    A script passes an empty value if a variable is not set.
    """
    if value is not None and not value.strip():
        raise click.UsageError(
            f"{option.opts[0]} is empty: give a value or omit the option"
        )
    return value


def column_option(name, **attributes):
    """Return the option for one of `LIST_COLUMNS`."""
    option, text = LIST_COLUMNS[name]
    return click.option(option, name, help=text, callback=reject_empty, **attributes)


@dataclass(frozen=True)
class Model:
    """Values of the options --model and --trust-pickle.

    Parameters
    ----------
    source : str
        Name of a shipped model, or a model file.
    trust_pickle : bool
        Whether a pickle may be loaded.
    """

    source: str
    trust_pickle: bool

    def load(self, **options):
        """Load the model; `options` of `load_pretrained` apply to shipped ones."""
        if self.source in TARGETS:
            return load_pretrained(self.source, **options)
        if self.source in M49:
            raise ValueError(
                f"--model {self.source}: expected nationality, country or a file. To "
                f"predict regions, use --groups {self.source}."
            )
        if not os.path.exists(self.source):
            raise ValueError(
                f"--model {self.source}: no such file: check the path. The shipped "
                "models are nationality and country"
            )
        return load_model(self.source, trust_pickle=self.trust_pickle)


def combine_options(argument, make, **options):
    """Return a decorator of commands that combines several options in one argument.

    `make` receives the values of the options under the same names.
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


model_options = combine_options(
    "model",
    Model,
    source=click.option(
        "--model",
        "source",
        default="nationality",
        help="Model: nationality, country or a model file.",
    ),
    trust_pickle=click.option(
        "--trust-pickle",
        is_flag=True,
        help="Load a pickle file, which can run any code.",
    ),
)


def read_input(input, column, delimiter, encoding, no_header):
    """Return the table INPUT; raise ValueError for a name instead of a file."""
    if " " in input and not os.path.exists(input):
        raise ValueError(
            f"{input}: no such file: check the path, or, for a single name, run "
            f"echo {shlex.quote(input)} | sknames predict - --no-header"
        )
    if delimiter in ("tab", r"\t"):
        delimiter = "\t"
    elif delimiter and not (len(delimiter) == 1 and delimiter.isascii()):
        raise click.UsageError(
            f"--delimiter {delimiter!r}: use one ASCII character or tab"
        )
    table = InputTable(input, column, delimiter or None, encoding, not no_header)
    options = {"--encoding": encoding, "--delimiter": delimiter}
    check_for_csv(options | {"--no-header": no_header}, table.format)
    return table


table_options = combine_options(
    "table",
    read_input,
    input=click.argument("input"),
    column=click.option(
        "--column",
        callback=reject_empty,
        help="Column of names, or columns to join: given,family.  [default: name]",
    ),
    delimiter=click.option(
        "--delimiter",
        help="Delimiter of CSV: one ASCII character or tab.  [default: detected]",
    ),
    encoding=click.option(
        "--encoding", help="Encoding of CSV.  [default: UTF-8, or UTF-16 with a mark]"
    ),
    no_header=click.option("--no-header", is_flag=True, help="CSV has no header row."),
)
output_options = combine_options(
    "output",
    Output,
    path=click.option(
        "-o",
        "--output",
        "path",
        default="-",
        help="Output file, or - for standard output.",
    ),
    format=click.option(
        "--format",
        type=click.Choice(["csv", "parquet"]),
        help="Output format.  [default: by file extension, or as INPUT]",
    ),
    excel=click.option(
        "--excel",
        is_flag=True,
        help="Write CSV for Excel: byte order mark, ' before formulas.",
    ),
)
list_options = combine_options(
    "columns",
    dict,
    clusters=column_option("clusters"),
    sample_weight=column_option("sample_weight"),
    checked=column_option("checked"),
)
