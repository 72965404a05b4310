"""Make tables of pandas or polars from columns."""

from contextlib import suppress
from importlib import import_module


def to_frame(columns, labels=(), prefix=""):
    """Return columns as a DataFrame of pandas, of polars if only that is installed.

    Labels and prefix are as in `polars_frame`.
    """
    with suppress(ImportError):
        return import_module("pandas").DataFrame(columns)
    with suppress(ImportError):
        polars = import_module("polars")
        return polars_frame(polars.DataFrame, columns, labels, prefix)
    raise ImportError(
        "Expected pandas or polars for a table. Install one, or take its arrays."
    )


def polars_frame(frame_type, columns, labels, prefix):
    """Return columns as a DataFrame of polars, with null for what is missing.

    Objects are text or, in columns of predictions, of the type of the model's labels.
    Of numpy's objects, polars would make a column that no expression takes.
    """
    values = {}
    types = {}
    for name, column in columns.items():
        if column.dtype != object:
            values[name] = column
            continue
        answers = column.tolist()
        values[name] = answers
        is_prediction = name.startswith(f"{prefix}predicted")
        if is_prediction and _are_alike(labels, answers):
            types[name] = frame_type({"label": labels})["label"].dtype
        else:
            types[name] = str
    return frame_type(values, schema_overrides=types, nan_to_null=True, strict=False)


def _are_alike(labels, answers):
    """Return whether answers are of the type of labels: groups may be of another."""
    types = {type(value) for value in [*labels.tolist(), *answers]}
    types.discard(type(None))
    return len(types) == 1
