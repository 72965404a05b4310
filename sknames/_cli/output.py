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
from .files import STDOUT, atomic_output, check_output
from .tables import (
    COMPRESSIONS,
    FORMATS,
    check_for_csv,
    suffix_of,
    to_text,
)

NOT_WRITTEN = {".xlsx", ".xls", ".ods", ".zip", ".bz2", ".xz"}
NOT_WRITTEN |= {".json", ".jsonl", ".ndjson"}
FORMULA = r"^([=+\-@])"  # Excel evaluates such cells, except numbers.
NUMBER = r"^[+-][\d.,]*\d([eE][+-]?\d+)?%?$"
DIGITS = 6  # digits of shares and probabilities: the precision of float32


def to_arrow(values, type_=None):
    """Return a column as an Arrow array for the output, null for missing values."""
    if values.dtype.kind == "f":
        values = values.round(DIGITS)
    if type_ == pa.string():
        values = [value if value is None else str(value) for value in values.tolist()]
    return pa.array(values, type_, from_pandas=True)


def model_metadata(stack):
    """Return the metadata about the model for Parquet, under the key "sknames"."""
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
        Output file, or "-" for standard output.
    format : str or None
        "csv" or "parquet"; None to derive it from the file extension.
    excel : bool
        Whether CSV is for Excel: with a byte order mark, and without formulas.
    delimiter : str
        Delimiter of CSV.
    """

    path: str
    format: str | None
    excel: bool
    delimiter: str = ","

    @property
    def is_terminal(self):
        """Whether the output is shown on a terminal."""
        return self.path in STDOUT and sys.stdout.isatty()

    def for_table(self, table, format):
        """Return the output for the results of a table, with its delimiter.

        `format` is used if the file extension does not determine it. Raise UsageError
        for incompatible options, ValueError if the file cannot be written.
        """
        check_output(self.path)
        suffix = Path(self.path).suffix.lower()
        if suffix in NOT_WRITTEN:
            raise click.UsageError(
                f"--output {self.path}: {suffix} is not supported. Use .csv (with "
                "--excel for Excel), .tsv or .parquet"
            )
        format = self.format or FORMATS.get(suffix_of(self.path), format)
        if format == "parquet" and suffix in COMPRESSIONS:
            raise click.UsageError(
                f"--output {self.path}: Parquet is already compressed: use a name "
                f"without {suffix}"
            )
        if format == "parquet" and self.is_terminal:
            raise click.UsageError(
                "Parquet cannot be shown on a terminal: use --output"
            )
        check_for_csv({"--excel": self.excel}, format)
        delimiter = table.delimiter or ","
        if suffix_of(self.path) == ".tsv":
            delimiter = "\t"
        return replace(self, format=format, delimiter=delimiter)

    def write(self, chunks, metadata):
        """Write each (chunk, new columns) of `chunks`; see `atomic_output`.

        Only Parquet stores the metadata, a dict of bytes.
        """
        compression = COMPRESSIONS.get(Path(self.path).suffix.lower())
        with (
            atomic_output(self.path) as file,
            pa.output_stream(file, compression=compression) as sink,
        ):
            if self.excel:
                sink.write(codecs.BOM_UTF8)
            self._write_batches(sink, self._batches(chunks), metadata)

    def _write_batches(self, sink, batches, metadata):
        """Write CSV or Parquet with the columns of the first batch."""
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
                f"--output {self.path}: {error}: use --format parquet"
            ) from error

    def _batches(self, chunks):
        """Yield chunks with their new columns, in types that the format supports."""
        for chunk, new in chunks:
            self._check_column_names(chunk.column_names, new.column_names)
            for name, values in zip(new.column_names, new.columns, strict=True):
                chunk = chunk.append_column(name, values)
            if self.format == "csv":
                chunk = self._as_csv(chunk)
            yield chunk

    def _check_column_names(self, given, new):
        """Raise ValueError for duplicate column names.

        CSV may have duplicate names in the input, but not among the new columns.
        """
        names = [*given, *new]
        for name in new if self.format == "csv" else names:
            if names.count(name) > 1:
                raise ValueError(
                    f"two columns are named {name!r}: rename one, or use --prefix"
                )

    def _as_csv(self, chunk):
        """Return a chunk with text for types that CSV does not support."""
        for k, field in enumerate(chunk.schema):
            values = chunk.column(k)
            is_duration = pa.types.is_duration(field.type)  # would lose its unit
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
    """Return cells with an apostrophe in front of formulas."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type not in (pa.string(), pa.large_string()):
        return values
    is_number = pc.match_substring_regex(values, NUMBER)
    as_text = pc.replace_substring_regex(values, FORMULA, r"'\1")
    return pc.if_else(is_number, values, as_text)
