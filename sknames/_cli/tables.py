"""Read names from tables in chunks of rows: CSV, JSON lines and Parquet."""

import codecs
import csv
import io
import json
import os
import re
import tempfile
from collections import Counter
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from reprlib import repr as shorten

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from tqdm import tqdm

from .._base.labels_and_weights import is_missing
from .._encoding.join_names import find_column, join_parts
from .._text.names import Names
from .files import is_special, say, unfinished

CHUNK_ROWS = 32_768  # Twice as many are predicted 4 % faster, and take 25 MB more.
CHUNK_BYTES = 1 << 24  # A line of JSON must be shorter.
BLOCK_BYTES = 1 << 20  # A value of CSV must be shorter.
csv.field_size_limit(BLOCK_BYTES)
NO_DELIMITER = "\x1f"  # of a list of names, whose later rows may hold a comma
DELIMITERS = ",;\t|"
FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}
FORMATS |= dict.fromkeys([".json", ".jsonl", ".ndjson"], "jsonl")
STARTS = {rb'\{\s*["}]': "jsonl", b"PAR1": "parquet"}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
UTF_16_MARKS = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
MAGIC = {rb"\x1f\x8b": "gzip", rb"\x28\xb5\x2f\xfd": "zstd"}
NOT_READ = {
    rb"PK\x03\x04|\xd0\xcf\x11\xe0": (
        "a zip or Excel file: unpack it, or save the sheet as CSV"
    ),
    rb"BZh\d1AY&SY|\xfd7zXZ": "compressed by bzip2 or xz: unpack it first",
    rb"\[\s*[{\[\"\]]": "a JSON array: write one object a line (jq -c '.[]')",
    b"$": "an empty file",
}
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
BYTE_OF = {
    ord(x): k for k in range(128, 160) for x in bytes([k]).decode("cp1252", "ignore")
}
ENCODING = "give the file's --encoding, e.g. --encoding {}"
# Of Western and Central Europe, and of MS-DOS.
ENCODINGS = "cp1252", "cp1250", "cp850"
WITHOUT_BOM = "give --encoding utf-16-le or utf-16-be"
# By what is in messages of pyarrow and Python.
NEXT_STEPS = {
    ".*BOM": WITHOUT_BOM,
    ".*field larger": "is a quotation mark open, or a value longer than 1 MB?",
    "": "the file is damaged or not whole; copy it again",
}
IN_JSON = (bool, int, float, list, dict)  # types of values, besides str
LINE_BREAK = r"\S\s*[\r\n]\s*\S"
# Headers of a list; any other header may be a name.
HEADER = r"(?i)names?$|\b(customer|person|people|first|last|given|family|text)\b"


def local_file(path):
    """Return the path of a file that can be read twice.

    Standard input or a pipe is copied.
    """
    if not is_special(path):
        return path
    # Python waits for the input, since pyarrow ignores Ctrl-C, as Python's buffer may.
    with open(
        0 if path == "-" else path, "rb", buffering=0, closefd=path != "-"
    ) as file:
        copy = click.get_current_context().with_resource(tempfile.NamedTemporaryFile())
        unfinished[Path(copy.name)] = None
        copy.writelines(iter(partial(file.read, BLOCK_BYTES), b""))
    copy.flush()
    return copy.name


class Table:
    """INPUT and its options, read in each pass in chunks: a RecordBatch or `JsonRows`.

    `done` of `total` bytes (None if unknown) are read. Errors begin with the `name`.
    The first row is 1, or 2 below a header.
    """

    def __init__(
        self, input, column=None, delimiter=None, encoding=None, no_header=False
    ):
        delimiter = {"tab": "\t", r"\t": "\t"}.get(delimiter, delimiter)
        if delimiter and len(delimiter) > 1:
            raise click.UsageError(
                f"--delimiter {delimiter!r}: give one character, or tab"
            )
        self.name = "standard input" if input == "-" else input
        self.column, self.dialect = column, (delimiter, encoding, no_header)
        self._path, self._has_warned = local_file(input), False
        self._start()

    def __iter__(self):
        chunks = self._start()
        with self._errors_name_the_file():
            yield from chunks

    def _start(self):
        """Return the chunks; set `format`, `delimiter`, `first_row` and `total`."""
        self.delimiter, self.first_row, self.done = None, 1, 0
        with self._errors_name_the_file():
            with open(self._path, "rb") as file:
                self._compression = _find(MAGIC, file.read(4))
            self.total = None if self._compression else os.path.getsize(self._path)
            head = self._open().read(BLOCK_BYTES)
            text = head.removeprefix(codecs.BOM_UTF8).lstrip()
            if what := _find(NOT_READ, text):
                raise ValueError(f"this is {what}")
            self.format = _find(STARTS, text) or FORMATS.get(
                suffix_of(self.name), "csv"
            )
            return getattr(self, f"_read_{self.format}")(head)

    def names(self):
        """Yield each chunk, and its names, "" for a missing one.

        On a terminal, a bar shows how much has been read.
        """
        chosen, row, total = None, self.first_row, self.total
        with tqdm(
            total=total, unit="B", unit_scale=True, leave=False, disable=None
        ) as bar:
            for chunk in self:
                chosen = chosen or self._columns(chunk.column_names)
                parts = [self._part(chunk, column, row) for column in chosen]
                names = pc.fill_null(parts[0], "").to_pylist()
                if len(parts) > 1:
                    rows = zip(*(part.to_pylist() for part in parts), strict=True)
                    names = [name or "" for name in join_parts(rows)]
                row += len(chunk)
                bar.update(min(self.done, total or self.done) - bar.n)
                yield chunk, names

    def _part(self, chunk, column, row):
        """Return a column of names, null where one is missing, from this row on."""
        values = values_of(chunk, column)
        if not isinstance(values, pa.Array):
            for k, value in enumerate(values):
                if not (isinstance(value, str) or is_missing(value)):
                    raise TypeError(
                        f"{self.name}: expected names of type str and got "
                        f"{type(value).__name__} ({shorten(value)}) in row {row + k}: "
                        "give a --column of text"
                    )
            values = to_text(values)
        k = pc.index(pc.match_substring_regex(values, LINE_BREAK), True).as_py()
        if k >= 0 and not self._has_warned:
            self._has_warned = True
            say(
                f"sknames: warning: {self.name}: the name in row {row + k} has a line "
                f"break, {values[k].as_py()[:60]!r}: check that no quotation mark "
                "stays open."
            )
        return values

    def texts(self, chunk, column, option):
        """Return the column that an option gives as str without white space around."""
        values = to_text(
            values_of(chunk, self._choose(chunk.column_names, column, option))
        )
        return pc.utf8_trim_whitespace(values.fill_null("")).to_numpy(
            zero_copy_only=False
        )

    def count_names(self, n_of, by=None):
        """Yield chunks of names, and count the names in `n_of`.

        It has a Counter for each group of the columns `by`. A group is a tuple of pairs
        (column, value).
        """
        for chunk, names in self.names():
            columns = self.choose(chunk.column_names, by, "--by") if by else []
            pairs = [
                [(key, text) for text in self.texts(chunk, key, "--by")]
                for key in columns
            ]
            for name, *group in zip(names, *pairs, strict=True):
                n_of[tuple(group)][name] += 1
            yield names

    def labelled_names(self, label):
        """Return names, their labels, and the number of all rows, complete or not."""
        pairs, n_rows = [], 0
        for chunk, names in self.names():
            labels, why = self.texts(chunk, label, "--label"), Names(names).reasons
            rows = zip(names, labels, why, strict=True)
            pairs += [
                (name, label) for name, label, reason in rows if label and not reason
            ]
            n_rows += len(chunk)
        if not pairs:
            raise ValueError(
                f"no row of {self.name} has a name and a label: check --label"
            )
        return *map(list, zip(*pairs, strict=True)), n_rows

    def _columns(self, columns):
        wanted = self.column
        if wanted is None and len(columns) == 1:
            is_header = self.dialect[2] or re.search(
                HEADER, columns[0].replace("_", " ")
            )
            if not (is_header or Names(columns).reasons[0]):
                say(
                    f"sknames: took {columns[0]!r} for the header: if it is a name, "
                    "--no-header."
                )
            return columns
        return self.choose(columns, wanted or "name", "--column")

    def choose(self, columns, wanted, option):
        """Return the columns that an option gives: one, or several between commas."""
        parts = [wanted] if wanted in columns else wanted.split(",")
        return [self._choose(columns, part.strip(), option) for part in parts]

    def _choose(self, columns, wanted, option):
        """Return the column called `wanted`, in the same case or else in any."""
        same = find_column(columns, wanted)
        if len(same) == 1:
            return same[0]
        what, step = (
            (f"{len(same)} columns", "rename one, or ") if same else ("no column", "")
        )
        listed = ", ".join(map(repr, columns[:20])) + ", ..." * (len(columns) > 20)
        raise click.UsageError(
            f"{self.name} has {what} {wanted!r}: {step}give {option}, one of {listed}"
        )

    def _open(self):
        """Open the decompressed bytes.

        This is no Python file, because pyarrow may still read when Python ends.
        """
        file = pa.OSFile(os.fsencode(self._path))  # a str would have to be UTF-8
        return (
            pa.CompressedInputStream(file, self._compression)
            if self._compression
            else file
        )

    def _read_parquet(self, head):
        if self._compression:
            raise ValueError(f"Parquet in {self._compression}: unpack it first")
        reader = pa.parquet.ParquetFile(self._open())
        if not reader.metadata.num_rows:
            yield pa.RecordBatch.from_pylist([], reader.schema_arrow)
        for batch in reader.iter_batches(CHUNK_ROWS, use_threads=False):
            self.done += self.total * len(batch) // reader.metadata.num_rows
            yield batch

    def _read_csv(self, head):
        given, encoding, no_header = self.dialect
        if encoding in (None, "auto") and head.startswith(UTF_16_MARKS):
            encoding = "utf-16"
        file = io.BufferedReader(self._open())
        if encoding == "auto":
            text, lines = (
                head.decode(errors="replace"),
                self._lines_of_two_encodings(file),
            )
        else:
            try:
                lines = io.TextIOWrapper(file, encoding or "utf-8", newline="")
            except LookupError as error:  # also of zip, which is of bytes
                step = ENCODING.format(ENCODINGS[0])
                raise ValueError(f"unknown encoding {encoding}: {step}") from error
            text = head.decode(lines.encoding, errors="replace")
        text = text.lstrip("\ufeff\r\n").replace("\r\n", "\n").replace("\r", "\n")
        if "\0" in text.partition("\n")[0]:
            raise ValueError(f"NUL characters in the first row: {WITHOUT_BOM}")
        delimiter = given or ("\t" if suffix_of(self.name) == ".tsv" else _sniff(text))
        rows = self._csv_rows(lines, delimiter)
        first = next(rows, [""])
        if len(first) == 1 and given and (others := {*first[0]} & {*DELIMITERS}):
            what = f"the first row, {first[0][:60]!r}, has no {delimiter!r}"
            raise ValueError(
                f"{what}: give another --delimiter, perhaps {others.pop()!r}"
            )
        self.delimiter, names = delimiter if len(first) > 1 else None, first
        if no_header:
            names = (
                [str(k) for k, _ in enumerate(first, 1)] if len(first) > 1 else ["name"]
            )
            rows = chain([first], rows)
        else:
            self.first_row = 2

        def to_batch(rows):
            columns = [*zip(*rows, strict=True)] or [()] * len(names)
            return pa.record_batch(
                [pa.array(values, pa.string()) for values in columns], names
            )

        return self._chunks(rows, to_batch)

    def _csv_rows(self, lines, delimiter):
        """Yield rows, from the first that is not blank.

        Raise ValueError if a quotation mark stays open until that of a later value:
        rows would merge. In a table of one column, an empty line is a row.
        """
        kept, n_columns = [], 0

        def keep():
            for line in lines:
                kept.append(line if self.done else line.removeprefix("\ufeff"))
                self.done += len(line)
                yield kept[-1]

        reader = csv.reader(keep(), delimiter=delimiter)
        for row in reader:
            if len(kept) > 1:
                try:
                    [*csv.reader(kept, delimiter=delimiter, strict=True)]
                except csv.Error as error:
                    what = (
                        "a quotation mark stays open in line "
                        f"{reader.line_num - len(kept) + 1}"
                    )
                    step = "close it, or double it and quote the value"
                    raise ValueError(f"{what}: {step}") from error
            kept.clear()
            n_columns = n_columns or len(row)
            row = row or [""] * (n_columns == 1)
            if row and len(row) != n_columns:
                what = f"line {reader.line_num} has {len(row)} columns, not {n_columns}"
                raise ValueError(f"{what}: correct the row, or give the --delimiter")
            if row:
                yield row

    def _chunks(self, rows, make):
        """Yield what is made of few rows and few bytes, at least once."""
        part, start, is_first = [], self.done, True
        for row in rows:
            part.append(row)
            if len(part) == CHUNK_ROWS or self.done - start >= CHUNK_BYTES:
                yield make(part)
                part, start, is_first = [], self.done, False
        if part or is_first:
            yield make(part)

    def _lines_of_two_encodings(self, file):
        """Yield lines, decoded as UTF-8 or else as cp1252, and repaired.

        Say how many were not plain UTF-8.
        """
        n_of = Counter()
        first = {}
        n_lines = 0
        # Latin-1 has a character for each byte, and its lines may also end in CR.
        for characters in io.TextIOWrapper(file, "latin-1", newline=""):
            n_lines += 1
            line = characters.encode("latin-1")
            try:
                text = line.decode()
                kind = "had broken letters, repaired"
            except UnicodeDecodeError:
                text = line.decode("cp1252")
                kind = "are not UTF-8, read as cp1252"
            text = NOT_ASCII.sub(_repaired, text)
            if text.encode() != line:
                n_of[kind] += 1
                first.setdefault(kind, text.strip()[:60])
            yield text
        for kind, text in first.items():
            said = f"{n_of[kind]:,} of {n_lines:,} lines {kind}: {text!r}"
            say(f"sknames: warning: {self.name}: {said}.")

    def _read_jsonl(self, head):
        return self._chunks(self._json_rows(), JsonRows)

    def _json_rows(self):
        stream = io.BufferedReader(self._open())
        for number, line in enumerate(
            iter(partial(stream.readline, CHUNK_BYTES), b""), 1
        ):
            self.done += len(line)
            yield from _parse(line, number)

    @contextmanager
    def _errors_name_the_file(self):
        """Add the name of the file and the next step to errors."""
        try:
            yield
        except (ValueError, pa.ArrowException, csv.Error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            said = str(error)
            if isinstance(error, UnicodeDecodeError):
                said = _say_not_decoded(error)
            elif type(error) is not ValueError:  # ours say what to do
                said += f": {_find(NEXT_STEPS, said)}"
            raise ValueError(f"{self.name}: {said}") from error


def _say_not_decoded(error):
    """Say which bytes an encoding lacks, and which has them."""
    around = error.object[max(0, error.start - 20) : error.end + 20]
    said = f"{error.encoding} can't decode {around} ({error.reason})"
    if "BOM" in error.reason:
        return f"{said}: {WITHOUT_BOM}"
    if error.encoding == "utf-8":
        return f"{said}: give --encoding auto, or that of the file"
    others = [encoding for encoding in ENCODINGS if _can_decode(encoding, around)]
    return f"{said}: {ENCODING.format(' or '.join(others))}"


def _can_decode(encoding, content):
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class JsonRows(list):
    """Rows of JSON lines, each a dict; they may have different keys.

    pyarrow's reader of JSON would change large numbers, and raise for a key of two
    types.
    """

    @property
    def column_names(self):
        return list(dict.fromkeys(chain.from_iterable(self)))

    def to_table(self, names):
        """Return the rows as columns of text; other values are written as JSON."""
        new = [name for name in self.column_names if name not in names]
        if new:
            raise ValueError(
                f"a row has {new[0]!r}, which the first {CHUNK_ROWS} rows lack: give "
                "--format jsonl"
            )
        return pa.record_batch({name: to_text(values_of(self, name)) for name in names})


def _parse(line, number):
    """Return a list of the object in a line of JSON, empty for a blank line."""
    if len(line) == CHUNK_BYTES:
        raise ValueError(f"line {number} is too long: write one object a line")
    try:
        rows = [json.loads(line)] if line.strip() else []
    except (ValueError, RecursionError) as error:  # of UTF-8, syntax, digits and depth
        why = getattr(
            error, "msg", error
        )  # without the position, which begins with "line 1"
        raise ValueError(
            f"line {number} is not JSON ({why}): write one object a line"
        ) from error
    if rows and not isinstance(rows[0], dict):
        raise ValueError(
            f"line {number} is {line.decode().strip():.20}, not an object: "
            'write {"name": ...}'
        )
    return rows


def values_of(chunk, column):
    """Return a column: an array if all its values are text or missing, else a list."""
    if isinstance(chunk, JsonRows):
        return [row.get(column) for row in chunk]
    values = chunk.column(column)
    is_text = values.type in (pa.string(), pa.large_string())
    return values.cast(pa.string()) if is_text else values.to_pylist()


def to_text(values):
    """Return an array of str: null for missing values, as in JSON for all but text."""
    if isinstance(values, pa.Array):
        return values
    values = [_to_text(value) for value in values]
    # JSON can hold half of a surrogate pair, which UTF-8 cannot.
    values = [v if v is None else v.encode(errors="replace").decode() for v in values]
    return pa.array(values, pa.string())


def _to_text(value):
    """Return a value as text, None if it is missing."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        return None
    if isinstance(value, IN_JSON):
        return dumps(value)
    return _to_json(value)  # which JSON has in quotation marks


def _to_json(value):
    """Return dates, times and decimals as text."""
    if isinstance(value, bytes):
        raise TypeError(
            f"JSON cannot hold bytes ({value[:9]!r}): give --format parquet"
        )
    return str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_to_json).encode


def dumps(value):
    """Return a value as JSON, with null for NaN and infinity, which JSON lacks."""
    try:
        return _encode(value)
    except ValueError:
        text = json.dumps(value, default=_to_json)
        return _encode(json.loads(text, parse_constant=lambda constant: None))


def _repaired(found):
    """Decode UTF-8 that was once read as Windows-1252.

    Return what was found if it may be right.
    """
    try:
        text = found[0].translate(BYTE_OF).encode("latin-1").decode()
    except UnicodeError:
        return found[0]
    # Two such characters may stand in a text; more of them are hardly ever valid UTF-8.
    return text if len(found[0]) > 3 or "À" <= text <= "ɏ" else found[0]


def _find(table, text):
    """Return the value of the first pattern that a text starts with, or None."""
    return next(
        (value for start, value in table.items() if re.match(start, text)), None
    )


def suffix_of(path):
    """Return the suffix before that of compression: ".csv" for names.CSV.gz."""
    path = Path(path.lower())
    return (path.with_suffix("") if path.suffix in COMPRESSIONS else path).suffix


def _sniff(text):
    """Return the delimiter that gives most rows as many columns as the header has."""

    def score(delimiter):
        lines = csv.reader(io.StringIO(text), delimiter=delimiter)
        rows = [len(row) for row in islice(lines, 1000) if row]
        return (rows[0] > 1, rows.count(rows[0]), rows[0]) if rows else (False, 0, 0)

    return max(NO_DELIMITER + DELIMITERS, key=score)  # the first of equal ones
