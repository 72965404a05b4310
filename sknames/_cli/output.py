"""Write tables in chunks of rows: CSV and Parquet."""

import codecs
import json
import sys
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from .._base.version import __version__
from .._models.priors import assumed_priors
from .files import STDOUT, check_output, whole_file
from .tables import (
    COMPRESSIONS,
    FORMATS,
    check_for_csv,
    suffix_of,
    to_text,
)

NOT_WRITTEN = {".xlsx", ".xls", ".ods", ".zip", ".bz2", ".xz"}
NOT_WRITTEN |= {".json", ".jsonl", ".ndjson"}
FORMULA = r"^([=+\-@])"  # what Excel calculates, unless it is a number
NUMBER = r"^[+-][\d.,]*\d([eE][+-]?\d+)?%?$"
DIGITS = 6  # of shares and probabilities: those that float32 has


def to_arrow(values, type_=None):
    """Return a column of answers as it is written, null for what is missing."""
    if values.dtype.kind == "f":
        values = values.round(DIGITS)
    if type_ == pa.string():
        values = [value if value is None else str(value) for value in values.tolist()]
    return pa.array(values, type_, from_pandas=True)


def metadata_of(stack):
    """Return what Parquet says of the model that answers, under "sknames"."""
    priors = assumed_priors(stack).tolist()
    model = {
        "version": __version__,
        "fingerprint": stack.fingerprint,
        "priors": dict(zip(map(str, stack.classes.tolist()), priors, strict=True)),
    }
    return {b"sknames": json.dumps(model, ensure_ascii=False).encode()}


@dataclass(frozen=True)
class Output:
    """--output and its options.

    Parameters
    ----------
    path : str
        File, or "-" for standard output.
    format : str or None
        "csv" or "parquet"; None for what the name of the file says.
    excel : bool
        Whether CSV begins with a mark, as Excel needs it, and has no formulas.
    delimiter : str
        Between the columns of CSV.
    """

    path: str
    format: str | None
    excel: bool
    delimiter: str = ","

    @property
    def is_terminal(self):
        """Whether a terminal shows it."""
        has_stdout = self.path in STDOUT and sys.stdout is not None
        return has_stdout and sys.stdout.isatty()

    def for_table(self, table, format):
        """Return the output for what is made of a table, with its delimiter.

        The format is for an output whose name does not tell. Raise UsageError for
        options that do not go together, ValueError if the file cannot be written.
        """
        check_output(self.path)
        suffix = Path(self.path).suffix.lower()
        if suffix in NOT_WRITTEN:
            raise click.UsageError(
                f"--output {self.path}: {suffix} is not written. Give a name in .csv "
                "(Excel: --excel), .tsv or .parquet"
            )
        format = self.format or FORMATS.get(suffix_of(self.path), format)
        if format == "parquet" and suffix in COMPRESSIONS:
            raise click.UsageError(
                f"--output {self.path}: Parquet is compressed by itself: give a name "
                f"without {suffix}"
            )
        if format == "parquet" and self.is_terminal:
            raise click.UsageError("Parquet is not for a terminal: give --output")
        check_for_csv({"--excel": self.excel}, format)
        delimiter = table.delimiter or ","
        if suffix_of(self.path) == ".tsv":
            delimiter = "\t"
        return replace(self, format=format, delimiter=delimiter)

    def write(self, chunks, metadata):
        """Write (chunk, its new columns) for each of `chunks`; see `whole_file`.

        Parquet holds the metadata, bytes by key.
        """
        compression = COMPRESSIONS.get(Path(self.path).suffix.lower())
        with (
            whole_file(self.path) as file,
            pa.output_stream(file, compression=compression) as sink,
        ):
            if self.excel:
                sink.write(codecs.BOM_UTF8)
            chunks = _with_different_names(chunks, self.format)
            self._write_batches(sink, self._batches(chunks), metadata)

    def _write_batches(self, sink, batches, metadata):
        """Write CSV or Parquet, whose columns are those of the first batch."""
        first = next(batches)
        schema = first.schema.with_metadata((first.schema.metadata or {}) | metadata)
        try:
            if self.format == "parquet":
                writer = pa.parquet.ParquetWriter(sink, schema)
            else:
                options = pa.csv.WriteOptions(delimiter=self.delimiter)
                writer = pa.csv.CSVWriter(sink, schema, write_options=options)
            with writer:
                for batch in chain([first], batches):
                    writer.write_batch(batch)
        except pa.ArrowException as error:
            raise ValueError(
                f"--output {self.path}: {error}: give --format parquet"
            ) from error

    def _batches(self, chunks):
        """Yield chunks with their new columns, as CSV or Parquet holds them."""
        for chunk, new in chunks:
            for name, values in zip(new.column_names, new.columns, strict=True):
                chunk = chunk.append_column(name, values)
            if self.format == "csv":
                chunk = self._as_csv(chunk)
            yield chunk

    def _as_csv(self, chunk):
        """Return a chunk with text for what CSV does not hold."""
        for k, field in enumerate(chunk.schema):
            values = chunk.column(k)
            is_duration = pa.types.is_duration(field.type)  # else without its unit
            is_view = field.type == pa.string_view()
            if pa.types.is_nested(field.type) or is_duration or is_view:
                values = to_text(values)
            if self.excel:
                values = _without_formulas(values)
            chunk = chunk.set_column(k, field.name, values)
        if self.excel:
            names = _without_formulas(pa.array(chunk.column_names))
            chunk = chunk.rename_columns(names.to_pylist())
        return chunk


def _without_formulas(values):
    """Return cells with an apostrophe before what Excel would calculate."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type not in (pa.string(), pa.large_string()):
        return values
    is_number = pc.match_substring_regex(values, NUMBER)
    as_text = pc.replace_substring_regex(values, FORMULA, r"'\1")
    return pc.if_else(is_number, values, as_text)


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
