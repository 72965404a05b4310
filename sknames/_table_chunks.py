"""Rows of a table in memory: of one with a schema, or of JSON lines."""

import json
import math
from collections import Counter
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

CHUNK_ROWS = 65_536  # A prediction is faster with more rows at once, and takes more memory.
TIME_NS = pa.time64("ns")
EMPTY = pa.struct([])
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode  # dumps makes one a call


class ArrowChunk:
    """Rows of a table that has a schema."""

    def __init__(self, table):
        self._table = table
        self.columns = table.column_names

    def __len__(self):
        return len(self._table)

    def texts(self, column, convert=False):
        """The values of a column as strings, null where one is missing.

        Values of other types are an error, or are converted.
        """
        values = self._table.column(self.columns.index(column))
        type_ = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        is_text = type_ in (pa.string(), pa.large_string(), pa.string_view(), pa.null())
        if not (is_text or convert):
            raise ValueError(
                f"the column {column!r} holds {type_}, and names are text: choose another --column"
            )
        if pa.types.is_nested(type_) or has_binary(type_):
            raise ValueError(
                f"the column {column!r} holds {type_!s:.60}, and labels are text: choose another "
                "--label"
            )
        texts = values.cast(pa.string()).combine_chunks()
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid as error:
            raise ValueError(
                f"the column {column!r} holds text that is not UTF-8: write it as UTF-8"
            ) from error
        return texts

    def table(self):
        """The rows as a pyarrow.Table."""
        return self._table

    def json_lines(self):
        """Each row as a JSON object without its closing brace."""
        check_names(self.columns)
        for name, values in zip(self.columns, self._table.columns, strict=True):
            if has_binary(values.type) or _loses_nanoseconds(values.type):
                raise ValueError(
                    f"the column {name!r} holds {values.type!s:.60}, which JSON has no way to "
                    "write: give --format parquet"
                )
        columns = []
        for name, values in zip(self.columns, self._table.columns, strict=True):
            key = _encode(name)
            columns.append([f"{key}: {value}" for value in _to_json(name, values)])
        return ["{" + ", ".join(row) for row in zip(*columns, strict=True)]


class JsonChunk:
    """JSON objects in lines, which come out as they are."""

    def __init__(self, lines, rows, first, to_table):
        self._lines, self._rows, self._first, self._to_table = lines, rows, first, to_table
        self.columns = list(dict.fromkeys(chain.from_iterable(rows)))

    def __len__(self):
        return len(self._lines)

    def texts(self, column, convert=False):
        """See `ArrowChunk.texts`; of a column that no row has, all are missing."""
        values = [row.get(column) for row in self._rows]
        if convert:
            kept = (str, list, dict, type(None))
            values = [value if isinstance(value, kept) else str(value) for value in values]
        what, option = ("labels", "--label") if convert else ("names", "--column")
        for number, value in enumerate(values, self._first):
            if not isinstance(value, str | None):
                raise ValueError(
                    f"{column!r} of row {number} is {json.dumps(value):.40}, and {what} are text: "
                    f"put it in quotation marks, or choose another {option}"
                )
        try:
            return pa.array(values, pa.string())
        except UnicodeEncodeError:  # half of a character, which JSON can escape
            values = [v if v is None else v.encode(errors="replace").decode() for v in values]
            return pa.array(values, pa.string())

    def table(self):
        """The rows as a pyarrow.Table."""
        return self._to_table(self.columns, self._rows)

    def json_lines(self):
        """See `ArrowChunk.json_lines`."""
        return [line[:-1].rstrip() for line in self._lines]


class JsonTables:
    """Rows of JSON as tables, whose columns are those of the first rows."""

    schema = None

    def __call__(self, columns, rows):
        if self.schema is None:
            table = pa.table([_array(column, rows) for column in columns], columns)
            self.schema = pa.schema(
                [
                    (field.name, pa.string() if pa.types.is_null(field.type) else field.type)
                    for field in table.schema
                ]
            )
            return table.cast(self.schema)
        new = [column for column in columns if column not in self.schema.names]
        if new:
            raise ValueError(
                f"a row has {new[0]!r}, which the first {CHUNK_ROWS} rows lack: give --format "
                "jsonl, where rows may differ"
            )
        return pa.table(
            [_array(field.name, rows, field.type) for field in self.schema], schema=self.schema
        )


def _array(column, rows, type_=None):
    """A column of JSON objects in one type, None for that of these values."""
    values = [row.get(column) for row in rows]
    try:
        column.encode()  # a key, too, may hold half of a character
        if {bool, float} <= set(map(type, values)):
            raise pa.ArrowInvalid("numbers, and true or false")
        array = pa.array(values, type_)
        if any(part == EMPTY for _, part in _parts(array.type)):  # which no Parquet file holds
            raise pa.ArrowInvalid("objects without keys")
        if type_ is not None and type_ != pa.string():  # pyarrow makes no text of anything else
            _check_kept(pa.array(values).type, dict(_parts(type_)))
        return array
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(
            f"the column {column!r} does not fit one type ({error}): give --format jsonl, where "
            "values may differ"
        ) from error


def _check_kept(type_, known):
    """Raise an error for what pyarrow converts to known parts of a type and loses."""
    for keys, part in _parts(type_):
        if keys not in known:
            raise pa.ArrowInvalid(f"an object has a new key, {keys[-1]!r}")
        if pa.types.is_floating(part) and pa.types.is_integer(known[keys]):
            raise pa.ArrowInvalid("integers, and later a fraction")
        if pa.types.is_boolean(part) and not pa.types.is_boolean(known[keys]):
            raise pa.ArrowInvalid("numbers, and later true or false")


def _parts(type_):
    """A type and all that it is made of, at any depth, each with the keys that lead to it."""
    parts = [((), type_)]
    for keys, part in parts:  # which grows: a type may be deeper than Python's stack
        if pa.types.is_dictionary(part):
            parts.append((keys, part.value_type))
        fields = map(part.field, range(part.num_fields))
        parts += [((*keys, field.name), field.type) for field in fields]
    return parts


def has_binary(type_):
    """Whether values of a type hold bytes, which need be no text, at any depth."""
    kinds = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_binary_view,
    )
    return any(is_kind(part) for _, part in _parts(type_) for is_kind in kinds)


def check_names(columns):
    """Raise an error for equal names, of which whoever reads JSON or Parquet drops some."""
    name, n = Counter(columns).most_common(1)[0]
    if n > 1:
        raise ValueError(
            f"{n} columns are {name!r}, and JSON or Parquet holds one of a name: rename the "
            "others, or give --format csv"
        )


def _loses_nanoseconds(type_):
    """Whether times are within other values, where they end at microseconds."""
    return any(keys and part == TIME_NS for keys, part in _parts(type_))


def _to_json(name, values):
    type_ = values.type
    if pa.types.is_floating(type_):
        values = pc.if_else(pc.is_finite(values), values, None)  # JSON has no NaN
    elif type_ == TIME_NS:  # Python's times end at microseconds
        values = values.cast(pa.string())
    try:
        values = values.to_pylist()
    except (OverflowError, ValueError) as error:  # years beyond 9999; nanoseconds without pandas
        raise ValueError(
            f"the column {name!r} holds {type_!s:.60}, and a value that is not written to JSON "
            f"({error}): give --format parquet"
        ) from error
    if pa.types.is_nested(type_):
        values = map(_finite, values)
    return map(_encode, values)


def _finite(value):
    """A value with null for NaN and infinity at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return list(map(_finite, value))
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return value
