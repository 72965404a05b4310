"""Tables written to files in chunks of rows: CSV, JSON lines and Parquet, by pyarrow."""

import io
import os
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ._table_chunks import ArrowChunk, check_names, has_binary
from ._table_reader import COMPRESSIONS, format_of, suffix_of
from ._whole_files import whole_file

STDOUT = 1


class TableWriter:
    """A table in a file, "-" for standard output, which has its name when it is whole.

    Parameters
    ----------
    path : str
    format : {"csv", "jsonl", "parquet"} or None
        None goes by the name of the file, and where that says nothing, by `reader`.
    reader : TableReader
        Whose rows are written.
    """

    def __init__(self, path, format, reader):
        self.format = format or format_of(path) or reader.format
        self.path, self._delimiter = path, reader.delimiter or ","
        if suffix_of(path) == ".tsv":
            self._delimiter = "\t"
        self._errors_name_the_input = reader.errors_name_the_file
        self._closing = ExitStack()
        self._writer = None

    def __enter__(self):
        with self._closing:
            part = self._closing.enter_context(whole_file(self.path))
            sink = self._file = self._closing.enter_context(_Sink(part))
            method = COMPRESSIONS.get(Path(self.path).suffix.lower())
            if method is not None:
                sink = pa.CompressedOutputStream(pa.PythonFile(sink, mode="w"), method)
                self._closing.enter_context(sink)
            self._sink = sink
            self._closing = self._closing.pop_all()
        return self

    def __exit__(self, *exception):
        # The end of a format would let what is cut off look whole.
        self._file.is_cut = exception[0] is not None
        return self._closing.__exit__(*exception)

    def write(self, chunk, new):
        """Write rows, and new columns (a pyarrow.Table) beside them."""
        clash = [column for column in new.column_names if column in chunk.columns]
        if clash:
            raise ValueError(
                f"the input has a column {clash[0]!r} already: give a --prefix for the new columns"
            )
        if self.format == "jsonl":
            with self._errors_name_the_input():
                rows = chunk.json_lines()
            pairs = zip(rows, ArrowChunk(new).json_lines(), strict=True)
            lines = (f"{old}{', ' if len(old) > 1 else ''}{more[1:]}}}\n" for old, more in pairs)
            self._sink.write("".join(lines).encode())
            return
        with self._errors_name_the_input():
            table = chunk.table()
            if self.format == "csv":
                table = _flat(table)
            else:
                check_names(table.column_names)
        for name, values in zip(new.column_names, new.columns, strict=True):
            table = table.append_column(name, values)
        if self.format == "csv":
            options = pa.csv.WriteOptions(
                include_header=self._writer is None, delimiter=self._delimiter
            )
            pa.csv.write_csv(table, self._sink, options)
            self._writer = True
            return
        if self._writer is None:
            self._writer = pa.parquet.ParquetWriter(self._sink, table.schema)
            self._closing.enter_context(self._writer)
        self._writer.write_table(table)


def _flat(table):
    """A table whose columns CSV can hold: an error names one that it cannot."""
    for i, field in enumerate(table.schema):
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        is_binary = has_binary(plain)
        is_extension = isinstance(plain, pa.BaseExtensionType)
        # pyarrow writes durations as numbers, without their unit.
        is_duration = pa.types.is_duration(plain)
        if pa.types.is_nested(plain) or is_binary or is_extension or is_duration:
            formats = "parquet" if is_binary else "jsonl or parquet"
            raise ValueError(
                f"the column {field.name!r} holds {field.type!s:.60}, which CSV has no way to "
                f"write: give --format {formats}"
            )
        if plain == pa.string_view():
            plain = pa.large_string()
        if plain != field.type:
            table = table.set_column(i, field.name, table.column(i).cast(plain))
    return table


class _Sink(io.RawIOBase):
    """Bytes into a file, none held back, so that an error comes from a write."""

    def __init__(self, path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._fd = STDOUT if path == "-" else os.open(path, flags, 0o666)
        self._size, self.is_cut = 0, False

    def writable(self):
        return True

    def write(self, data):
        data = memoryview(data).cast("B")
        rest = data
        while rest and not self.is_cut:
            rest = rest[os.write(self._fd, rest) :]
        self._size += len(data)
        return len(data)

    def tell(self):
        return self._size

    def close(self):
        if not self.closed and self._fd != STDOUT:
            os.close(self._fd)
        super().close()
