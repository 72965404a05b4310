"""What all commands share: options, names out of a table, a bar."""

import sys
from contextlib import contextmanager

import click
import pyarrow.compute as pc

from .._spelling import PLAIN

# Cleaning leaves nothing of such a name, or only control characters.
OF_NO_NAME = "".join(character for character, plain in PLAIN.items() if plain != "-")
NO_NAME = rf"""^[\s\p{{Z}}\p{{Cc}}\p{{Cf}}"'{OF_NO_NAME}]*$"""


trust_pickle_option = click.option(
    "--trust-pickle", is_flag=True, help="Load a pickle, which can run any code."
)


def table_options(function):
    """Add the options of all commands that read a table."""
    for option in (
        click.option("--encoding", help="Encoding of CSV. [default: UTF-8, or UTF-16 if marked]"),
        click.option(
            "--delimiter", help="Delimiter of CSV: one character, or tab. [default: detected]"
        ),
        click.option(
            "--column", help='Column that holds the names. [default: "name", or the only column]'
        ),
        click.argument("input"),
    ):
        function = option(function)
    return function


def model_options(function):
    """Add the options of all commands that use a fitted model."""
    for option in (
        trust_pickle_option,
        click.option(
            "--jobs",
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="Number of processes.",
        ),
    ):
        function = option(function)
    return function


def with_names(reader, column, label=None):
    """Yield, for each chunk: (the chunk, which rows have no name), the names of the other rows.

    The columns, including that of labels if there is one, must be in the first chunk.
    """
    chosen = None
    for chunk in reader:
        if chosen is None:
            default = chunk.columns[0] if len(chunk.columns) == 1 else "name"
            chosen = choose(chunk, default if column is None else column, "--column", reader.name)
            if label is not None:
                choose(chunk, label, "--label", reader.name)
        with reader.errors_name_the_file():
            names = chunk.texts(chosen)
        missing = pc.fill_null(pc.match_substring_regex(names, NO_NAME), True)
        missing = missing.to_numpy(zero_copy_only=False)
        yield (chunk, missing), names.to_numpy(zero_copy_only=False)[~missing].tolist()


def labels_beside(reader, chunk, label, missing):
    """The labels of the rows with a name, without white space around them; "" is none."""
    with reader.errors_name_the_file():
        labels = pc.utf8_trim_whitespace(chunk.texts(label, convert=True))
    return pc.fill_null(labels, "").to_numpy(zero_copy_only=False)[~missing]


def choose(chunk, column, option, name):
    """Return the column, if there is one of this name."""
    columns = chunk.columns
    n = columns.count(column)
    if n == 1:
        return column
    if n > 1:
        raise click.UsageError(f"{name} has {n} columns {column!r}: rename one of them")
    listed = ", ".join(map(repr, columns[:20])) + ", ..." * (len(columns) > 20)
    raise click.UsageError(f"{name} has no column {column!r}: give {option}, one of {listed}")


def character(delimiter):
    if delimiter is None:
        return None
    delimiter = {"tab": "\t", r"\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
        raise click.UsageError(
            f"--delimiter {delimiter!r}: give one character of ASCII, or tab, and no quotation "
            "mark or line end"
        )
    return delimiter


@contextmanager
def progress(n_rows):
    """Give a function to call with numbers of finished rows; a terminal shows a bar."""
    if not sys.stderr.isatty():
        yield lambda n: None
        return
    try:
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        raise ImportError("The bar needs tqdm. Install it: pip install 'sknames[cli]'") from error
    with tqdm(total=n_rows, unit=" rows", unit_scale=True, leave=False) as bar:
        yield bar.update


def show(text):
    """Write to standard output what people read."""
    # A pipe or an old terminal may know few characters.
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def say(text):
    click.echo(text, err=True)
