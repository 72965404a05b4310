"""Tables in files, read in chunks of rows: CSV, JSON lines and Parquet, by pyarrow."""

import codecs
import csv
import io
import json
import os
import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ._table_chunks import CHUNK_ROWS, ArrowChunk, JsonChunk, JsonTables

# A row must be shorter. pyarrow reads some thirty of them ahead.
BLOCK_BYTES = 1 << 20
HEAD_BYTES = 1 << 20  # What is looked at to find out the dialect; a header must be shorter.
STDIN = 0
EMPTY = "the file is empty"
NO_DELIMITER = "\x1f"  # Splits nothing, also where a list of names has its first comma late.
DELIMITERS = ",;\t|"
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET = b"PAR1"
OTHERS = {
    rb"PK\x03\x04": "a zip or Excel file: unpack it, or save the sheet as CSV",
    rb"BZh\d1AY&SY": "compressed by bzip2: give what bunzip2 makes of it",
    rb"\xfd7zXZ": "compressed by xz: give what unxz makes of it",
}
JSON_ARRAY = re.compile(rb'\s*\[\s*[{\["\]]')


class TableReader:
    """A table in a file, "-" for standard input: an iterator of chunks of CHUNK_ROWS rows.

    Parameters
    ----------
    path : str
    delimiter : str or None, default=None
        Of CSV; None finds it out.
    encoding : str or None, default=None
        Of CSV; None stands for UTF-8, or UTF-16 where a byte order mark says so.

    Attributes
    ----------
    format : {"csv", "jsonl", "parquet"}
    name : str
        Of the file, for messages.
    delimiter : str or None
        Of CSV of several columns.
    n_rows : int or None
        If the file says how many there are.

    Raises
    ------
    ValueError
        If the file is not as its format has it; also when a chunk is taken. It names the file, the
        place and the next step.
    OSError
        If it cannot be read.
    """

    def __init__(self, path, delimiter=None, encoding=None):
        self.path, self.delimiter, self.n_rows = path, delimiter, None
        self.name = "standard input" if path == "-" else path
        with self.errors_name_the_file(), ExitStack() as closing:
            file = open(STDIN if path == "-" else path, "rb", closefd=path != "-")
            self._stream, head, is_plain = _decompress(closing.enter_context(file))
            if not head.strip():
                raise ValueError(EMPTY)
            for start, what in OTHERS.items():
                if re.match(start, head):
                    raise ValueError(f"this is {what}")
            self.format = format_of(path) or _guess_format(head)
            if self.format == "csv":
                self._chunks = self._read_csv(closing, head, encoding)
            elif self.format == "jsonl":
                self._chunks = self._read_json(head)
            else:
                is_plain = is_plain and path != "-" and Path(path).is_file()
                self._chunks = self._read_parquet(closing, head, is_plain)
            self._closing = closing.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._closing.close()

    def __iter__(self):
        return self

    def __next__(self):
        with self.errors_name_the_file():
            return next(self._chunks)

    def _read_csv(self, closing, head, encoding):
        marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = encoding or ("utf-16" if marked else "utf-8")
        text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        n_blank = len(text) - len(text.lstrip("\n"))
        text = text[n_blank:]
        if not text:
            raise ValueError(EMPTY)
        if "\0" in text.partition("\n")[0]:
            raise ValueError(
                f"the header, read as {encoding}, holds NUL characters: give the file's "
                "--encoding, e.g. --encoding utf-16-le or utf-32"
            )
        delimiter = self.delimiter
        if delimiter is None:
            is_tsv = suffix_of(self.path) == ".tsv"
            delimiter = "\t" if is_tsv else _sniff(text, len(head) < HEAD_BYTES)
        n_columns = len(next(csv.reader(io.StringIO(text), delimiter=delimiter)))
        if n_columns > 1:
            self.delimiter = delimiter
        # Of our own, since names in a header may be equal, and only named columns take a type.
        names = [str(i) for i in range(n_columns)]
        stream = pa.PythonFile(self._stream, mode="r")
        stream = _WholeLineEnds(pa.transcoding_input_stream(stream, encoding, "utf-8"))
        batches = pa.csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            pa.csv.ReadOptions(
                use_threads=False,  # else errors do not say in which row
                block_size=BLOCK_BYTES,
                column_names=names,
                skip_rows=n_blank,
            ),
            pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=n_columns > 1,  # else it is a row with an empty value
            ),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        closing.enter_context(batches)
        batches = _with_closed_quotes(batches, stream)
        first = next(batches)
        header = [values[0].as_py() for values in first.columns]
        tables = _regroup(chain([first.slice(1)], batches), first.schema)
        return (ArrowChunk(table.rename_columns(header)) for table in tables)

    def _read_json(self, head):
        if JSON_ARRAY.match(head.removeprefix(codecs.BOM_UTF8)):
            raise ValueError("this is a JSON array: write one object a line, e.g. with jq -c '.[]'")
        to_table, n_rows, numbers = JsonTables(), 0, count(1)
        while lines := list(islice(self._stream, CHUNK_ROWS)):
            parsed = [_parse(line, number) for line, number in zip(lines, numbers, strict=False)]
            parsed = [pair for pair in parsed if pair is not None]
            lines, rows = ([pair[i] for pair in parsed] for i in (0, 1))
            yield JsonChunk(lines, rows, n_rows + 1, to_table)
            n_rows += len(parsed)

    def _read_parquet(self, closing, head, is_plain):
        if not head.startswith(PARQUET):
            raise ValueError("this is no Parquet file: rename it for what it is")
        if is_plain:
            file = closing.enter_context(pa.OSFile(os.fsencode(self.path)))  # a str must be UTF-8
        else:  # a Parquet file is read from its end
            file = closing.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(self._stream, file)
        reader = closing.enter_context(pa.parquet.ParquetFile(file))
        self.n_rows = reader.metadata.num_rows
        batches = reader.iter_batches(CHUNK_ROWS, use_threads=False)
        return map(ArrowChunk, _regroup(batches, reader.schema_arrow))

    @contextmanager
    def errors_name_the_file(self):
        """Let what is wrong in the file say which file that is, and what to do."""
        try:
            yield
        except (ValueError, pa.ArrowException, LookupError, csv.Error) as error:
            raise ValueError(f"{self.name}: {error}{_next_step(error)}") from error
        except OSError as error:
            if error.errno is None:  # of pyarrow
                raise ValueError(f"{self.name}: {error}{_next_step(error)}") from error
            raise


GIVE_ENCODING = "give the file's --encoding, e.g. --encoding latin-1"
OTHER_ENCODING = "give another --encoding, e.g. --encoding latin-1"
# By what is in messages of pyarrow and Python.
NEXT_STEPS = {
    "UTF8": GIVE_ENCODING,
    "codec can't decode": GIVE_ENCODING,
    "unknown encoding": OTHER_ENCODING,
    "is not a text encoding": OTHER_ENCODING,
    "does not start with BOM": "give --encoding utf-16-le, utf-16-be, utf-32-le or utf-32-be",
    "CSV parse error": "correct the row, or give the --delimiter",
    "larger than field limit": "is a quotation mark open in the header?",
    "straddling": f"is a quotation mark open, or a row longer than {BLOCK_BYTES >> 20} MB?",
}


def _next_step(error):
    if type(error) is ValueError:  # of ours, which say it
        return ""
    steps = (step for words, step in NEXT_STEPS.items() if words in str(error))
    return f": {next(steps, 'the file is damaged or not whole; copy it again')}"


class _Prepended(io.RawIOBase):
    """A stream whose start has been read already."""

    def __init__(self, head, rest):
        self._head, self._rest = memoryview(head), rest

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


class _WholeLineEnds(io.RawIOBase):
    """A stream of which no block ends between CR and LF: pyarrow drops the LF, also of a value.

    Its tail is its last byte but white space.
    """

    def __init__(self, stream):
        self._stream, self._held, self.tail = stream, b"", b""

    def readable(self):
        return True

    def read(self, size):
        data, self._held = self._held + self._stream.read(size - len(self._held)), b""
        while data.endswith(b"\r") and (more := self._stream.read(1)):
            if len(data) == size:
                data, self._held = data[:-1], b"\r" + more
                break
            data += more  # of a pipe, which may give a CR alone: an empty block would be the end
        self.tail = data.rstrip(b" \t\r\n\0")[-1:] or self.tail
        return data


def _with_closed_quotes(batches, stream):
    """Batches; an error at their end, if pyarrow read to it for an open quotation mark."""
    n_rows, last = 0, ""
    for batch in batches:
        if len(batch):
            n_rows += len(batch)
            last = batch.columns[-1][-1].as_py()
        yield batch
    if re.search(r"[\r\n]", last) and stream.tail != b'"':
        raise ValueError(
            f"Row #{n_rows}: a quotation mark stays open, before {last[:20]!r}: close it, or "
            "double it and put the value in quotation marks"
        )


def _decompress(file):
    """A stream of decompressed bytes, its first ones, which it will give again, if it was plain."""
    start = file.read(4)
    stream = io.BufferedReader(_Prepended(start, file))
    method = next((m for magic, m in MAGIC.items() if start.startswith(magic)), None)
    if method is not None:
        stream = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), method)
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    return io.BufferedReader(_Prepended(head, stream), HEAD_BYTES), head, method is None


def suffix_of(path):
    """The ending of a file's name without that of compression: ".csv" of names.CSV.gz."""
    path = Path(path.lower())
    return (path.with_suffix("") if path.suffix in COMPRESSIONS else path).suffix


def format_of(path):
    """The format that the name of a file tells, or None."""
    return FORMATS.get(suffix_of(path))


def _guess_format(head):
    if head.startswith(PARQUET):
        return "parquet"
    text = head.removeprefix(codecs.BOM_UTF8)
    return "jsonl" if text.lstrip().startswith(b"{") or JSON_ARRAY.match(text) else "csv"


def _sniff(text, is_whole):
    """The delimiter that gives most rows as many columns as the header has."""

    def score(delimiter):
        lines = csv.reader(io.StringIO(text), delimiter=delimiter)
        rows = []
        with suppress(csv.Error):  # a value is longer than csv likes, or its end lies beyond
            rows.extend(len(row) for row in islice(lines, 1000) if row)
        if not is_whole and len(rows) > 1:
            rows.pop()
        if not rows:
            return False, 0, 0
        return rows[0] > 1, rows.count(rows[0]), rows[0]

    return max(NO_DELIMITER + DELIMITERS, key=score)  # the first of equal ones


def _regroup(batches, schema):
    """Tables of CHUNK_ROWS rows, the last one of what is left; one at least."""
    held, n_held, n_tables = [], 0, 0
    for batch in chain(batches, [None]):
        if batch is not None:
            held.append(batch)
            n_held += len(batch)
        while n_held >= CHUNK_ROWS or batch is None and (n_held or not n_tables):
            table = pa.Table.from_batches(held, schema)
            yield table.slice(0, CHUNK_ROWS)
            n_tables += 1
            held = table.slice(CHUNK_ROWS).to_batches()
            n_held = max(0, n_held - CHUNK_ROWS)


def _parse(line, number):
    """A line of JSON, and the object in it; None for a blank line."""
    try:
        text = line.decode().removeprefix("\ufeff").strip()
        row = json.loads(text) if text else {}
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number} is not UTF-8: convert the file to it") from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"line {number} is no JSON ({error.msg} at character {error.colno}): correct it, "
            "with one object a line"
        ) from error
    except (RecursionError, ValueError) as error:  # of depth, and of digits
        raise ValueError(
            f"line {number} is beyond what can be read ({error}): simplify it, or take it out"
        ) from error
    if not isinstance(row, dict):
        raise ValueError(f'line {number} is {text:.20}, not an object: write {{"name": ...}}')
    return (text, row) if text else None
