"""Options of several commands, names from a table, and messages."""

import re
from functools import partial, wraps
from reprlib import repr as shorten

import click
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from .._base.labels_and_weights import is_missing
from .._encoding.join_names import join_parts
from .._encoding.not_names import why_not_names
from .tables import TableReader, local_file, to_text, values_of

LINE_BREAK = r"\S\s*[\r\n]\s*\S"
# Headers of a list; any other header may be a name.
HEADER = r"(?i)names?$|\b(customer|person|people|first|last|given|family|text)\b"

say = partial(click.echo, err=True)
label_option = click.option("--label", default="nationality", help="Column that holds the labels.")
jobs_option = click.option("--jobs", type=click.IntRange(1), default=1, help="Processes to use.")


def model_options(function):
    """Give a command the options of its model, as one argument `model`: what `load` takes."""

    @click.option("--trust-pickle", is_flag=True, help="Load a pickle: it can run code.")
    @click.option(
        "--model",
        default="pretrained",
        show_default=False,
        help="A file, or country. [default: nationalities]",
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


class Table:
    """INPUT and its options."""

    def __init__(self, input, column=None, delimiter=None, encoding=None, no_header=False):
        delimiter = {"tab": "\t", r"\t": "\t"}.get(delimiter, delimiter)
        if delimiter and len(delimiter) > 1:
            raise click.UsageError(f"--delimiter {delimiter!r}: give one character, or tab")
        self.name = "standard input" if input == "-" else input
        self.column, self.dialect = column, (delimiter, encoding, no_header)
        self.open = partial(TableReader, local_file(input), self.name, *self.dialect)
        self._has_warned = False

    def names(self, reader):
        """Yield each chunk, and its names, "" for a missing one.

        On a terminal, a bar shows how much has been read.
        """
        chosen, row, total = None, reader.first_row, reader.total
        with tqdm(total=total, unit="B", unit_scale=True, leave=False, disable=None) as bar:
            for chunk in reader:
                chosen = chosen or self._columns(chunk.column_names)
                parts = [self._part(chunk, column, row) for column in chosen]
                names = pc.fill_null(parts[0], "").to_pylist()
                if len(parts) > 1:
                    rows = zip(*(part.to_pylist() for part in parts), strict=True)
                    names = [name or "" for name in join_parts(rows)]
                row += len(chunk)
                bar.update(min(reader.done, total or reader.done) - bar.n)
                yield chunk, names

    def _part(self, chunk, column, row):
        """Return a column of names, null where one is missing; its first one is in this row."""
        values = values_of(chunk, column)
        if not isinstance(values, pa.Array):
            for k, value in enumerate(values):
                if not (isinstance(value, str) or is_missing(value)):
                    raise TypeError(
                        f"{self.name}: expected names of type str and got {type(value).__name__} "
                        f"({shorten(value)}) in row {row + k}: give a --column of text"
                    )
            values = to_text(values)
        k = pc.index(pc.match_substring_regex(values, LINE_BREAK), True).as_py()
        if k >= 0 and not self._has_warned:
            self._has_warned = True
            say(
                f"sknames: warning: {self.name}: the name in row {row + k} has a line break, "
                f"{values[k].as_py()[:60]!r}: check that no quotation mark stays open."
            )
        return values

    def texts(self, chunk, column, option):
        """Return the column that an option gives as str without white space around."""
        values = to_text(values_of(chunk, self._choose(chunk.column_names, column, option)))
        return pc.utf8_trim_whitespace(values.fill_null("")).to_numpy(zero_copy_only=False)

    def labelled_names(self, label):
        """Return the names, their labels, and the number of rows, of which some lack either."""
        pairs, n_rows = [], 0
        for chunk, names in self.names(self.open()):
            labels, why = self.texts(chunk, label, "--label"), why_not_names(names, len(names))
            rows = zip(names, labels, why, strict=True)
            pairs += [(name, label) for name, label, reason in rows if label and not reason]
            n_rows += len(chunk)
        if not pairs:
            raise ValueError(f"no row of {self.name} has a name and a label: check --label")
        return *map(list, zip(*pairs, strict=True)), n_rows

    def _columns(self, columns):
        wanted = self.column
        if wanted is None and len(columns) == 1:
            is_header = self.dialect[2] or re.search(HEADER, columns[0].replace("_", " "))
            if not (is_header or why_not_names(columns, 1)[0]):
                say(f"sknames: took {columns[0]!r} for the header: if it is a name, --no-header.")
            return columns
        parts = [wanted or "name"] if not wanted or wanted in columns else wanted.split(",")
        return [self._choose(columns, part.strip(), "--column") for part in parts]

    def _choose(self, columns, wanted, option):
        """Return the column that is called `wanted`, in the same case or else in any."""
        same = [column for column in columns if column == wanted]
        same = same or [column for column in columns if column.lower() == wanted.lower()]
        if len(same) == 1:
            return same[0]
        what, step = (f"{len(same)} columns", "rename one, or ") if same else ("no column", "")
        listed = ", ".join(map(repr, columns[:20])) + ", ..." * (len(columns) > 20)
        raise click.UsageError(
            f"{self.name} has {what} {wanted!r}: {step}give {option}, one of {listed}"
        )
