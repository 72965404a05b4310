"""Write tables in chunks of rows: CSV, JSON lines and Parquet."""

import codecs
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from .files import STDOUT, check_output, whole_file
from .tables import COMPRESSIONS, FORMATS, JsonRows, dumps, suffix_of, to_text

NOT_WRITTEN = {".xlsx", ".xls", ".ods", ".zip", ".bz2", ".xz"}
# Where a comma is the decimal mark, Excel expects a semicolon between columns.
DELIMITERS = {".": ",", ",": ";"}


DIGITS = 6  # of shares and probabilities: those that float32 has


def rounded(values):
    """Return a column of answers with as many digits as are written."""
    return values.round(DIGITS) if values.dtype.kind == "f" else values


class Output:
    """--output and its options."""

    def __init__(self, path, format=None, excel=False, decimal="."):
        self.path, self.format, self.excel, self.decimal = path, format, excel, decimal
        self.is_terminal = (
            path in STDOUT and sys.stdout is not None and sys.stdout.isatty()
        )
        self._suffix = Path(path).suffix.lower()
        if self._suffix in NOT_WRITTEN:
            raise click.UsageError(
                f"--output {path}: {self._suffix} is not written. Give a name in .csv "
                "(Excel: --excel), .tsv, .jsonl or .parquet"
            )
        self._check_compression(format or FORMATS.get(suffix_of(path)))
        check_output(path)

    def _check_compression(self, format):
        """Raise UsageError for Parquet in a compressed file, which nothing reads."""
        if format == "parquet" and self._suffix in COMPRESSIONS:
            raise click.UsageError(
                f"--output {self.path}: Parquet is compressed by itself: give a name "
                f"without {self._suffix}"
            )

    def write(self, chunks, format, delimiter):
        """Write (chunk, its new columns) for each of `chunks`; see `whole_file`.

        Format and delimiter are for an output whose name does not tell.
        """
        format = self.format or FORMATS.get(suffix_of(self.path), format)
        self._check_compression(format)
        if format == "parquet" and self.is_terminal:
            raise click.UsageError("Parquet is not for a terminal: give --output")
        for option in ["--excel"] * self.excel + ["--decimal"] * (self.decimal != "."):
            if format != "csv":
                raise click.UsageError(
                    f"{option} is for CSV, not for {format}: leave it out"
                )
        delimiter = "\t" if suffix_of(self.path) == ".tsv" else delimiter
        options = pa.csv.WriteOptions(delimiter=delimiter or DELIMITERS[self.decimal])
        open_csv = partial(pa.csv.CSVWriter, write_options=options)
        open_writer = pa.parquet.ParquetWriter if format == "parquet" else open_csv
        writer = columns = None
        with whole_file(self.path) as file, ExitStack() as closing:
            compression = COMPRESSIONS.get(self._suffix)
            sink = closing.enter_context(
                pa.output_stream(file, compression=compression)
            )
            if self.excel:
                sink.write(codecs.BOM_UTF8)
            for chunk, new in chunks:
                names = [*chunk.column_names, *new.column_names]
                for name in new.column_names if format == "csv" else names:
                    if names.count(name) > 1:
                        raise ValueError(
                            f"two columns are called {name!r}: rename one, or --prefix"
                        )
                if format == "jsonl":
                    sink.write(_to_jsonl(chunk, new))
                    continue
                if isinstance(chunk, JsonRows):
                    columns = columns or chunk.column_names
                    chunk = chunk.to_table(columns)
                for name, values in zip(new.column_names, new.columns, strict=True):
                    chunk = chunk.append_column(name, values)
                try:
                    chunk = self._as_csv(chunk) if format == "csv" else chunk
                    writer = writer or closing.enter_context(
                        open_writer(sink, chunk.schema)
                    )
                    writer.write_batch(chunk)
                except pa.ArrowException as error:
                    message = f"--output {self.path}: {error}: give --format parquet"
                    raise ValueError(message) from error

    def _as_csv(self, chunk):
        """Return a chunk with text for what CSV does not hold."""
        for k, field in enumerate(chunk.schema):
            values = chunk.column(k)
            if pa.types.is_nested(field.type) or field.type == pa.string_view():
                values = to_text(values.to_pylist())
            elif pa.types.is_floating(field.type) and self.decimal != ".":
                values = pc.replace_substring(
                    values.cast(pa.string()), ".", self.decimal
                )
            chunk = chunk.set_column(k, field.name, values)
        return chunk


def _to_jsonl(chunk, new):
    """Return the bytes of lines.

    Half of a surrogate pair, which UTF-8 cannot hold, is escaped.
    """
    rows = chunk if isinstance(chunk, JsonRows) else chunk.to_pylist()
    pairs = zip(rows, new.to_pylist() or [{}] * len(rows), strict=True)
    text = "".join(dumps(row | more) + "\n" for row, more in pairs)
    return text.encode(errors="backslashreplace")
