"""Options of several commands. Those of one thing become one argument."""

import os
import shlex
from functools import reduce, wraps
from inspect import signature
from typing import NamedTuple

import click

from .._models.groups import M49
from ..pretrained._load_pretrained import TARGETS, load_pretrained
from ..pretrained._model_files import load_model
from .output import Output
from .tables import Table

label_option = click.option(
    "--label", default="nationality", help="Column that holds the labels."
)
jobs_option = click.option(
    "--jobs", type=click.IntRange(1), default=1, help="Processes to use."
)
groups_option = click.option(
    "--groups", type=click.Choice(M49), help="Add up labels by group."
)


class Model(NamedTuple):
    """--model and --trust-pickle."""

    source: str  # a name or a file
    trust_pickle: bool

    def load(self, **options):
        """Load the model; `options` of `load_pretrained` are for one that ships."""
        if self.source in TARGETS:
            return load_pretrained(self.source, **options)
        return load_model(self.source, trust_pickle=self.trust_pickle)


def as_one(name, make, *options):
    """Return a decorator of commands.

    `make` gets the options, and the command gets what `make` returns, as `name`.
    """

    def decorate(function):
        @wraps(function)
        def command(**given):
            its = {key: given.pop(key) for key in signature(make).parameters}
            return function(**{name: make(**its)}, **given)

        return reduce(
            lambda command, option: option(command), reversed(options), command
        )

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


def read_input(
    input, column=None, delimiter=None, encoding=None, no_header=False
) -> Table:
    """Return the table INPUT; raise ValueError for a name in place of a file."""
    if " " in input and not os.path.exists(input):
        raise ValueError(
            f"{input}: no such file: check the path, or, for a single name, run "
            f"sknames explain {shlex.quote(input)}"
        )
    return Table(input, column, delimiter, encoding, no_header)


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
