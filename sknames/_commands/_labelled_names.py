"""The names of a table with their labels, all of which fit into memory."""

from .._table_reader import TableReader
from ._common import character, labels_beside, with_names


def labelled_names(input, column, label, delimiter, encoding):
    """Names, their labels and the number of rows; rows without a name or a label are left out."""
    names, labels, n_rows = [], [], 0
    with TableReader(input, character(delimiter), encoding) as reader:
        for (chunk, missing), some in with_names(reader, column, label):
            truth = labels_beside(reader, chunk, label, missing)
            names += [name for name, value in zip(some, truth, strict=True) if value]
            labels += [value for value in truth if value]
            n_rows += len(chunk)
    if not names:
        raise ValueError(f"no row of {input} has a name and a label: check --column and --label")
    return names, labels, n_rows
