"""Read names from tables in chunks of rows: CSV and Parquet."""

import codecs
import csv
import io
import json
import os
import re
import tempfile
from contextlib import contextmanager
from functools import partial
from itertools import chain, compress, islice
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from tqdm import tqdm

from .._base.labels_and_weights import is_missing
from .._encoding.join_names import find_column, join_parts
from .._text.names import Names
from .files import is_special, print_message, unfinished

ROWS_OF_CHUNK = 32_768  # twice as many are 4 % faster and take 25 MB more
BYTES_OF_CHUNK = 1 << 24  # a line must be shorter
BYTES_OF_BLOCK = 1 << 20  # a value of CSV must be shorter
csv.field_size_limit(BYTES_OF_BLOCK)
NO_DELIMITER = "\x1f"  # for a single column, in which names may contain a comma
DELIMITERS = ",;\t|"
FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
UTF_16_MARKS = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
PARQUET = b"PAR1"
# Patterns of the first bytes of files: compressions, and unsupported formats.
MAGIC = {rb"\x1f\x8b": "gzip", rb"\x28\xb5\x2f\xfd": "zstd"}
NOT_READ = {
    rb"PK\x03\x04|\xd0\xcf\x11\xe0": (
        "a zip or Excel file: unpack it, or save the sheet as CSV"
    ),
    rb"BZh\d1AY&SY|\xfd7zXZ": "compressed by bzip2 or xz: unpack it first",
    rb'\{\s*["}]|\[\s*[{\["\]]': (
        "JSON: convert it first, e.g. with DuckDB: "
        "COPY (FROM 'people.json') TO 'people.parquet'"
    ),
    b"$": "an empty file",
}
ENCODING_HINT = "specify the --encoding of the file, e.g. cp1252"
UTF_16_HINT = "use --encoding utf-16-le or utf-16-be"
LINE_BREAK = r"\S\s*[\r\n]\s*\S"
# Known headers of a single column; any other header may be a name.
HEADER = r"(?i)names?$|\b(customer|person|people|first|last|given|family|text)\b"


def local_file(path):
    """Return the path of a file that can be read twice.

    Standard input or a pipe is copied.
    """
    if not is_special(path):
        return path
    copy = click.get_current_context().with_resource(tempfile.NamedTemporaryFile())
    unfinished[Path(copy.name)] = None
    is_stdin = path == "-"
    source = 0 if is_stdin else path
    # Wait in an unbuffered file of Python: pyarrow and buffers may ignore Ctrl-C.
    with open(source, "rb", buffering=0, closefd=not is_stdin) as file:
        copy.writelines(iter(partial(file.read, BYTES_OF_BLOCK), b""))
    copy.flush()
    return copy.name


def check_for_csv(options, format):
    """Raise UsageError if an option that only CSV has is given for another format."""
    for option, is_given in options.items():
        if is_given and format != "csv":
            raise click.UsageError(f"{option} is for CSV, not for {format}: omit it")


class InputTable:
    """A table that can be iterated over several times, in chunks of type RecordBatch.

    `done` of `total` bytes (None if unknown) have been read. Errors begin with the
    `name` of the file. `first_row` is 1, or 2 below a header.

    Parameters
    ----------
    path : str
        File, or "-" for standard input.
    column : str or None
        Name column, or several separated by commas; None for "name" or the only column.
    given_delimiter : str or None
        One character; None to detect it.
    encoding : str or None
        An encoding of Python; None for UTF-8, or UTF-16 with a byte order mark.
    has_header : bool
        Whether the first row of CSV has the column names.
    """

    def __init__(
        self, path, column=None, given_delimiter=None, encoding=None, has_header=True
    ):
        self.name = "standard input" if path == "-" else path
        self.column = column
        self.given_delimiter = given_delimiter
        self.encoding = encoding
        self.has_header = has_header
        # Whether a table of one column skips blank lines, as pandas does.
        self.skips_blank_lines = False
        self.format = "csv"  # or "parquet"
        self.delimiter = None  # of CSV with several columns
        self.first_row = 1
        self.done = 0
        self.total = None
        self._has_warned = False
        self._path = local_file(path)
        with self._errors_name_the_file(), open(self._path, "rb") as file:
            self._compression = _value_of_start(MAGIC, file.read(4))
        if self._compression is None:
            self.total = os.path.getsize(self._path)
        self._start()

    def __iter__(self):
        chunks = self._start()
        with self._errors_name_the_file():
            yield from chunks

    def _start(self):
        """Return the chunks; detect the format, the delimiter and the header."""
        self.done = 0
        with self._errors_name_the_file():
            head = self._open().read(BYTES_OF_BLOCK)
            text = head.removeprefix(codecs.BOM_UTF8).lstrip()
            problem = _value_of_start(NOT_READ, text)
            if problem is not None:
                raise ValueError(f"this is {problem}")
            self.format = FORMATS.get(suffix_of(self.name), "csv")
            if text.startswith(PARQUET):
                self.format = "parquet"
            if self.format == "parquet":
                return self._read_parquet()
            return self._read_csv(head)

    def names(self):
        """Yield each chunk and its names, "" for a missing name.

        A terminal shows a progress bar.
        """
        columns = None
        row = self.first_row
        with tqdm(
            total=self.total, unit="B", unit_scale=True, leave=False, disable=None
        ) as bar:
            for chunk in self:
                columns = columns or self._name_columns(chunk.column_names)
                parts = [self._part(chunk, column, row) for column in columns]
                names = pc.fill_null(parts[0], "").to_pylist()
                if len(parts) > 1:
                    rows = zip(*(part.to_pylist() for part in parts), strict=True)
                    names = [name or "" for name in join_parts(rows)]
                row += len(chunk)
                bar.update(min(self.done, self.total or self.done) - bar.n)
                yield chunk, names

    def _part(self, chunk, column, row):
        """Return a column of names, null for missing ones; `row` is its first row."""
        values = chunk.column(column)
        if not _is_text(values.type):
            raise TypeError(
                f"{self.name}: expected names of type str, and the column {column!r} "
                f"has {values.type}: use a --column of text"
            )
        values = to_text(values)
        k = pc.index(pc.match_substring_regex(values, LINE_BREAK), True).as_py()
        if k >= 0 and not self._has_warned:
            self._has_warned = True
            print_message(
                f"sknames: warning: {self.name}: the name in row {row + k} has a line "
                f"break, {values[k].as_py()[:60]!r}: check that every quotation mark "
                "is closed."
            )
        return values

    def texts(self, chunk, column, option):
        """Return the column named by an option, without surrounding white space.

        The result is an array of str of shape (n_rows,), "" for missing values.
        """
        column = self._choose_one(chunk.column_names, column, option)
        texts = to_text(chunk.column(column)).fill_null("")
        return pc.utf8_trim_whitespace(texts).to_numpy(zero_copy_only=False)

    def labelled_names(self, label):
        """Return the names and labels of complete rows, and the number of all rows."""
        all_names = []
        all_labels = []
        n_rows = 0
        for chunk, names in self.names():
            labels = self.texts(chunk, label, "--label")
            is_complete = (labels != "") & (Names(names).reasons == "")
            all_names += compress(names, is_complete)
            all_labels += compress(labels, is_complete)
            n_rows += len(chunk)
        if not all_names:
            raise ValueError(
                f"no row of {self.name} has a name and a label: check --label"
            )
        return all_names, all_labels, n_rows

    def _name_columns(self, columns):
        """Return the columns that hold the names or their parts."""
        if self.column is not None or len(columns) != 1:
            return self.choose(columns, self.column or "name", "--column")
        (header,) = columns
        is_header = re.search(HEADER, header.replace("_", " ")) is not None
        may_be_name = not is_header and Names([header]).reasons[0] == ""
        if self.has_header and may_be_name:
            print_message(
                f"sknames: using {header!r} as the header: if it is a name, use "
                "--no-header."
            )
        return columns

    def choose(self, columns, wanted, option):
        """Return the columns of an option: one, or several separated by commas."""
        parts = [wanted] if wanted in columns else wanted.split(",")
        return [self._choose_one(columns, part.strip(), option) for part in parts]

    def _choose_one(self, columns, wanted, option):
        """Return the column named `wanted`, ignoring case if no name is equal."""
        matches = find_column(columns, wanted)
        if len(matches) == 1:
            return matches[0]
        problem = "no column"
        step = ""
        if matches:
            problem = f"{len(matches)} columns"
            step = "rename one, or "
        listed = ", ".join(map(repr, columns[:20]))
        if len(columns) > 20:
            listed += ", ..."
        raise click.UsageError(
            f"{self.name} has {problem} {wanted!r}: {step}set {option} to one of "
            f"{listed}"
        )

    def _open(self):
        """Open the decompressed bytes.

        A file of Python would not do, because pyarrow may still read it when Python
        exits.
        """
        file = pa.OSFile(os.fsencode(self._path))  # a str would have to be UTF-8
        if self._compression is None:
            return file
        return pa.CompressedInputStream(file, self._compression)

    def _read_parquet(self):
        """Yield batches of rows."""
        if self._compression is not None:
            raise ValueError(f"Parquet in {self._compression}: unpack it first")
        reader = pa.parquet.ParquetFile(self._open())
        n_rows = reader.metadata.num_rows
        if not n_rows:
            yield pa.RecordBatch.from_pylist([], reader.schema_arrow)
        for batch in reader.iter_batches(ROWS_OF_CHUNK, use_threads=False):
            self.done += self.total * len(batch) // n_rows
            yield batch

    def _read_csv(self, head):
        """Return the chunks of CSV with the first bytes `head`; read the header."""
        text, lines = self._decode(head)
        given = self.given_delimiter
        delimiter = given
        if given is None:
            delimiter = "\t" if suffix_of(self.name) == ".tsv" else _sniff(text)
        rows = self._csv_rows(lines, delimiter)
        first = next(rows, [""])
        if len(first) > 1:
            self.delimiter = delimiter
        elif given is not None:
            others = [character for character in first[0] if character in DELIMITERS]
            if others:
                raise ValueError(
                    f"the first row, {first[0][:60]!r}, has no {given!r}: use another "
                    f"--delimiter, perhaps {others[0]!r}"
                )
        if self.has_header:
            names = first
            self.first_row = 2
        else:
            rows = chain([first], rows)
            names = ["name"]
            if len(first) > 1:
                names = [str(k) for k in range(1, len(first) + 1)]
        return self._chunks(rows, names)

    def _decode(self, head):
        """Return the first bytes as text without leading blank lines, and all lines."""
        encoding = self.encoding or "utf-8"
        if self.encoding is None and head.startswith(UTF_16_MARKS):
            encoding = "utf-16"
        try:
            file = io.TextIOWrapper(
                io.BufferedReader(self._open()), encoding, newline=""
            )
        except LookupError as error:  # also for zip, a codec of bytes
            raise ValueError(f"unknown encoding {encoding}: {ENCODING_HINT}") from error
        # Check this here, because the error depends on the release of Python.
        is_utf_16 = codecs.lookup(encoding).name == "utf-16"
        if is_utf_16 and not head.startswith(UTF_16_MARKS):
            raise ValueError(f"no byte order mark: {UTF_16_HINT}")
        text = head.decode(encoding, errors="replace")
        text = text.lstrip("\ufeff\r\n").replace("\r\n", "\n").replace("\r", "\n")
        if "\0" in text.partition("\n")[0]:
            raise ValueError(f"NUL characters in the first row: {UTF_16_HINT}")
        lines = self._lines(file, encoding)
        first_line = next(lines, "").removeprefix("\ufeff")
        return text, chain([first_line], lines)

    def _lines(self, file, encoding):
        """Yield the lines of a file, and count the characters read.

        Raise ValueError for a line that cannot be decoded or is too long.
        """
        number = 0
        try:
            while line := file.readline(BYTES_OF_CHUNK):
                number += 1
                if len(line) == BYTES_OF_CHUNK:
                    raise ValueError(f"line {number} is too long: is this CSV?")
                self.done += len(line)
                yield line
        except UnicodeDecodeError as error:
            # The bytes read ahead contain complete lines before the invalid one.
            before = error.object[: error.start].decode(encoding, errors="ignore")
            number += 1 + len(re.findall(r"\r\n?|\n", before))
            around = error.object[max(0, error.start - 20) : error.end + 20]
            raise ValueError(
                f"line {number} is not {encoding}, {around}: {ENCODING_HINT}"
            ) from error

    def _csv_rows(self, lines, delimiter):
        """Yield rows, starting with the first that is not blank.

        In a table of one column, a blank line is a row. Python's reader is strict, so
        that an open quotation mark raises an error instead of merging rows.
        """
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        n_columns = 0
        line = 1  # where the row begins
        try:
            for row in reader:
                n_columns = n_columns or len(row)
                if n_columns == 1 and row != [""]:
                    is_blank = not "".join(row).strip()
                    if is_blank and self.skips_blank_lines:
                        row = []
                    else:
                        row = row or [""]
                if row and len(row) != n_columns:
                    raise ValueError(
                        f"line {line} has {len(row)} columns, not {n_columns}: "
                        "correct the row, or specify the --delimiter"
                    )
                if row:
                    yield row
                line = reader.line_num + 1
        except csv.Error as error:
            problem = str(error).replace(NO_DELIMITER, "end of line")
            raise ValueError(
                f"the row in line {line} cannot be read ({problem}): close "
                "each quotation mark, or double it inside a quoted value"
            ) from error

    def _chunks(self, rows, names):
        """Yield chunks of limited size, at least one, with these column names."""
        rows_of_chunk = []
        start = self.done
        is_first = True
        for row in rows:
            rows_of_chunk.append(row)
            n_bytes = self.done - start
            if len(rows_of_chunk) == ROWS_OF_CHUNK or n_bytes >= BYTES_OF_CHUNK:
                yield _to_batch(rows_of_chunk, names)
                rows_of_chunk = []
                start = self.done
                is_first = False
        if rows_of_chunk or is_first:
            yield _to_batch(rows_of_chunk, names)

    @contextmanager
    def _errors_name_the_file(self):
        """Add the name of the file and the next step to errors."""
        try:
            yield
        except (ValueError, pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            message = str(error)
            if type(error) is not ValueError:  # messages of sknames say what to do
                message += ": the file is damaged or incomplete: copy it again"
            raise ValueError(f"{self.name}: {message}") from error


def _to_batch(rows, names):
    """Return rows of text as a RecordBatch with named columns."""
    columns = [*zip(*rows, strict=True)] or [()] * len(names)
    return pa.record_batch([pa.array(values, pa.string()) for values in columns], names)


class CodedTexts:
    """Texts of a column as codes, so that each distinct text is stored once.

    Attributes
    ----------
    code_of : dict of str to int
        The code of each distinct text, in order of appearance.
    """

    def __init__(self):
        self.code_of = {}
        self._chunks = []

    def add(self, texts):
        """Add the texts of some rows, and return those that are new."""
        n_before = len(self.code_of)
        codes = [self.code_of.setdefault(text, len(self.code_of)) for text in texts]
        self._chunks.append(np.array(codes, dtype=np.int32))
        return [*islice(self.code_of, n_before, None)]

    @property
    def distinct(self):
        """The distinct texts, as a list."""
        return [*self.code_of]

    @property
    def index(self):
        """The code of each row's text, shape (n_rows,)."""
        return np.concatenate(self._chunks)

    def values(self):
        """Return the text of each row, None for a blank cell."""
        values = np.array([text or None for text in self.distinct], dtype=object)
        return values[self.index].tolist()


def _is_text(type_):
    """Return whether a column of this type contains text or only nulls."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return type_ in (pa.string(), pa.large_string(), pa.string_view(), pa.null())


def to_text(values):
    """Return a column as an array of str, null for missing values."""
    if _is_text(values.type):
        return values.cast(pa.string())
    texts = []
    for value in values.to_pylist():
        if is_missing(value):
            texts.append(None)
        else:
            # Lists become JSON; dates and decimals become what str() returns.
            text = json.dumps(value, ensure_ascii=False, default=str)
            texts.append(text.strip('"'))
    return pa.array(texts, pa.string())


def _value_of_start(value_of_pattern, text):
    """Return the value of the first pattern that matches the start of a text."""
    for pattern, value in value_of_pattern.items():
        if re.match(pattern, text):
            return value
    return None


def suffix_of(path):
    """Return the suffix without that of compression: ".csv" for names.CSV.gz."""
    path = Path(path.lower())
    if path.suffix in COMPRESSIONS:
        path = path.with_suffix("")
    return path.suffix


def _sniff(text):
    """Return the delimiter with which most rows have as many columns as the header."""

    def score(delimiter):
        lines = csv.reader(io.StringIO(text), delimiter=delimiter)
        n_columns = [len(row) for row in islice(lines, 1000) if row]
        if not n_columns:
            return False, 0, 0
        n_of_header = n_columns[0]
        return n_of_header > 1, n_columns.count(n_of_header), n_of_header

    return max(NO_DELIMITER + DELIMITERS, key=score)  # the first of ties
