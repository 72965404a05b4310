"""Options of several commands."""

from functools import wraps

import click

from .tables import Table

label_option = click.option("--label", default="nationality", help="Column that holds the labels.")
jobs_option = click.option("--jobs", type=click.IntRange(1), default=1, help="Processes to use.")


def model_options(function):
    """Give a command the options of its model, as one argument `model`: what `load` takes."""

    @click.option("--trust-pickle", is_flag=True, help="Load a pickle: it can run code.")
    @click.option(
        "--model",
        default="nationality",
        show_default=False,
        help="A file, or country. [default: nationality]",
    )
    @wraps(function)
    def command(model, trust_pickle, **others):
        return function(model=(model, trust_pickle), **others)

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
