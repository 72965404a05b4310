"""Write tables in chunks of rows: CSV, JSON lines and Parquet."""

import codecs
import sys
from contextlib import ExitStack
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from .._base.version import __version__
from .._models.priors import assumed_priors
from .files import STDOUT, check_output, whole_file
from .tables import COMPRESSIONS, FORMATS, JsonRows, dumps, suffix_of, to_text

NOT_WRITTEN = {".xlsx", ".xls", ".ods", ".zip", ".bz2", ".xz"}
# Where a comma is the decimal mark, Excel expects a semicolon between columns.
DELIMITER_OF_DECIMAL = {".": ",", ",": ";"}
DIGITS = 6  # of shares and probabilities: those that float32 has


def rounded(values):
    """Return a column of answers with as many digits as are written."""
    return values.round(DIGITS) if values.dtype.kind == "f" else values


def metadata_of(stack):
    """Return what Parquet says of the model that answers, under "sknames"."""
    priors = assumed_priors(stack).tolist()
    model = {
        "version": __version__,
        "fingerprint": stack.fingerprint,
        "priors": dict(zip(map(str, stack.classes.tolist()), priors, strict=True)),
    }
    return {b"sknames": dumps(model).encode()}


class Output:
    """--output and its options."""

    def __init__(self, path, format=None, excel=False, decimal="."):
        self.path = path
        self.format = format or FORMATS.get(suffix_of(path))  # None if unknown
        self.excel = excel
        self.decimal = decimal
        has_stdout = path in STDOUT and sys.stdout is not None
        self.is_terminal = has_stdout and sys.stdout.isatty()
        self._suffix = Path(path).suffix.lower()
        if self._suffix in NOT_WRITTEN:
            raise click.UsageError(
                f"--output {path}: {self._suffix} is not written. Give a name in .csv "
                "(Excel: --excel), .tsv, .jsonl or .parquet"
            )
        self._check_compression(self.format)
        check_output(path)

    def _check_compression(self, format):
        """Raise UsageError for Parquet in a compressed file, which nothing reads."""
        if format == "parquet" and self._suffix in COMPRESSIONS:
            raise click.UsageError(
                f"--output {self.path}: Parquet is compressed by itself: give a name "
                f"without {self._suffix}"
            )

    def write(self, chunks, format, delimiter, metadata=None):
        """Write (chunk, its new columns) for each of `chunks`; see `whole_file`.

        Format and delimiter are for an output whose name does not tell. Parquet holds
        the metadata, bytes by key.
        """
        format = self.format or format
        self._check_format(format)
        compression = COMPRESSIONS.get(self._suffix)
        with (
            whole_file(self.path) as file,
            pa.output_stream(file, compression=compression) as sink,
        ):
            if self.excel:
                sink.write(codecs.BOM_UTF8)
            chunks = _with_different_names(chunks, format)
            if format == "jsonl":
                for chunk, new in chunks:
                    sink.write(_to_jsonl(chunk, new))
            else:
                self._write_tables(sink, chunks, format, delimiter, metadata or {})

    def _check_format(self, format):
        """Raise UsageError for options that a format does not have."""
        self._check_compression(format)
        if format == "parquet" and self.is_terminal:
            raise click.UsageError("Parquet is not for a terminal: give --output")
        is_given = {"--excel": self.excel, "--decimal": self.decimal != "."}
        for option in is_given:
            if is_given[option] and format != "csv":
                raise click.UsageError(
                    f"{option} is for CSV, not for {format}: leave it out"
                )

    def _write_tables(self, sink, chunks, format, delimiter, metadata):
        """Write CSV or Parquet, whose columns are those of the first chunk."""
        columns = None
        writer = None
        with ExitStack() as at_end:
            for chunk, new in chunks:
                if isinstance(chunk, JsonRows):
                    columns = columns or chunk.column_names
                    chunk = chunk.to_table(columns)
                for name, values in zip(new.column_names, new.columns, strict=True):
                    chunk = chunk.append_column(name, values)
                try:
                    if format == "csv":
                        chunk = self._as_csv(chunk)
                    if writer is None:
                        held = (chunk.schema.metadata or {}) | metadata
                        schema = chunk.schema.with_metadata(held)
                        writer = self._open_writer(sink, schema, format, delimiter)
                        at_end.enter_context(writer)
                    writer.write_batch(chunk)
                except pa.ArrowException as error:
                    message = f"--output {self.path}: {error}: give --format parquet"
                    raise ValueError(message) from error

    def _open_writer(self, sink, schema, format, delimiter):
        """Return a writer of CSV or Parquet."""
        if format == "parquet":
            return pa.parquet.ParquetWriter(sink, schema)
        if suffix_of(self.path) == ".tsv":
            delimiter = "\t"
        elif delimiter is None:
            delimiter = DELIMITER_OF_DECIMAL[self.decimal]
        options = pa.csv.WriteOptions(delimiter=delimiter)
        return pa.csv.CSVWriter(sink, schema, write_options=options)

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


def _with_different_names(chunks, format):
    """Yield the chunks; raise ValueError for two columns of one name.

    CSV may have such columns, if none of them is new.
    """
    for chunk, new in chunks:
        names = [*chunk.column_names, *new.column_names]
        for name in new.column_names if format == "csv" else names:
            if names.count(name) > 1:
                raise ValueError(
                    f"two columns are called {name!r}: rename one, or --prefix"
                )
        yield chunk, new


def _to_jsonl(chunk, new):
    """Return the bytes of lines.

    Half of a surrogate pair, which UTF-8 cannot hold, is escaped.
    """
    rows = chunk if isinstance(chunk, JsonRows) else chunk.to_pylist()
    if new.num_columns:
        pairs = zip(rows, new.to_pylist(), strict=True)
        rows = [row | new_values for row, new_values in pairs]
    text = "".join(dumps(row) + "\n" for row in rows)
    return text.encode(errors="backslashreplace")
