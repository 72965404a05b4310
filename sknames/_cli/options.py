"""Options of several commands. Those of one thing become one argument."""

from functools import wraps
from typing import NamedTuple

import click

from .._answers.groups import M49
from ..pretrained._load_pretrained import TARGETS, load_pretrained
from ..pretrained._model_files import load_model
from .output import Output
from .tables import Table

label_option = click.option("--label", default="nationality", help="Column that holds the labels.")
jobs_option = click.option("--jobs", type=click.IntRange(1), default=1, help="Processes to use.")
groups_option = click.option("--groups", type=click.Choice(M49), help="Add up labels by group.")


class Model(NamedTuple):
    """--model and --trust-pickle."""

    path: str
    trust_pickle: bool

    def load(self, **options):
        """Load the model; `options` of `load_pretrained` are for one that ships."""
        if self.path in TARGETS:
            return load_pretrained(self.path, **options)
        return load_model(self.path, trust_pickle=self.trust_pickle)


def model_options(function):
    """Give a command the options of its model, as one argument `model`."""

    @click.option("--trust-pickle", is_flag=True, help="Load a pickle: it can run code.")
    @click.option(
        "--model",
        default="nationality",
        show_default=False,
        help="A file, or country. [default: nationality]",
    )
    @wraps(function)
    def command(model, trust_pickle, **others):
        return function(model=Model(model, trust_pickle), **others)

    return command


def table_options(function):
    """Give a command the options of its INPUT, as one argument `table`."""

    @click.argument("input")
    @click.option("--column", help="Names or parts: given,family. [default: name, or the only]")
    @click.option("--delimiter", help="One character, or tab. [default: detected]")
    @click.option(
        "--encoding", help="Encoding of CSV, or auto. [default: UTF-8, or UTF-16 if marked]"
    )
    @click.option("--no-header", is_flag=True, help="The first row of CSV is no header.")
    @wraps(function)
    def command(input, column, delimiter, encoding, no_header, **others):
        return function(table=Table(input, column, delimiter, encoding, no_header), **others)

    return command


def output_options(function):
    """Give a command the options of its output, as one argument `output`."""

    @click.option("-o", "--output", default="-", help="File to write, or - for standard output.")
    @click.option("--format", type=click.Choice(["csv", "jsonl", "parquet"]), help="Output format.")
    @click.option("--excel", is_flag=True, help="Mark CSV as UTF-8, as Excel needs it.")
    @click.option(
        "--decimal", type=click.Choice([".", ","]), default=".", help="Decimal mark of CSV."
    )
    @wraps(function)
    def command(output, format, excel, decimal, **others):
        return function(output=Output(output, format, excel, decimal), **others)

    return command
