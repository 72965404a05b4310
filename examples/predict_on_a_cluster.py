"""Predict the names in a folder of Parquet files on a Dask cluster.

Run ``python examples/predict_on_a_cluster.py INPUT OUTPUT [--column name] [--model FILE]``, where
INPUT is a folder of Parquet files and OUTPUT one that does not exist yet or is empty. It needs
``pip install 'dask[dataframe,distributed]'`` and starts two processes on this machine as a small
cluster. On a real cluster one line changes, the one marked below; its workers need sknames, and
find both folders under the same names (on a shared disk, or as s3://...).

Every row comes out once, in order, with the columns that `sknames predict` adds to its own.
"""

import argparse

import dask.dataframe as dd
import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from distributed import Client, WorkerPlugin, get_worker
from fsspec.core import url_to_fs

import sknames

# A name is missing if it is null, or white space, quotation marks, apostrophes and invisible
# characters only. The ranges at the end are invisible, though Unicode calls them letters or marks.
NO_NAME = (
    r'^[\s\p{Z}\p{Cc}\p{Cf}"“”„‟«»‹›「」『』〝〞〟＂״'
    r"'`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\x{1fbd}\x{1fbf}\x{1fef}\x{1ffd}"
    r"\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{3164}\x{ffa0}"
    r"\x{fe00}-\x{fe0f}\x{e0100}-\x{e01ef}]*$"
)
TEXT, NUMBER = pd.ArrowDtype(pa.string()), pd.ArrowDtype(pa.float64())
NEW = {"predicted": TEXT, "probability": NUMBER, "reason": TEXT}


class Model(WorkerPlugin):
    """Sends the model to each worker once, also to one that comes later."""

    name = "model"

    def __init__(self, model):
        self.model = model

    def setup(self, worker):
        worker.model = self.model


def add_predictions(part, column):
    """A part of the table with new columns; a row without a name has a reason instead."""
    model, names = get_worker().model, part[column].astype(TEXT)
    named = ~np.asarray(pc.match_substring_regex(pa.array(names), NO_NAME).fill_null(True))
    new = np.full((len(part), len(NEW)), None, dtype=object)
    new[~named, 2] = "missing name"
    if named.any():
        probabilities = model.predict_proba(names[named].tolist())
        new[named, 0] = model.classes_[probabilities.argmax(axis=1)]
        new[named, 1] = probabilities.max(axis=1).round(6)
    new = pd.DataFrame(new, index=part.index, columns=[*NEW]).astype(NEW)
    return pd.concat([part, new], axis=1)


def main():
    """Predict, and say where the answers are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--column", default="name")
    parser.add_argument("--model", help="a joblib file: a pickle, so of somebody you trust")
    arguments = parser.parse_args()
    files, folder = url_to_fs(arguments.output)
    if files.exists(folder) and files.ls(folder):
        parser.error(f"{arguments.output} is not empty: give another output")
    # Columns keep their types, as integers with gaps would not in numpy; none is an index.
    types = {"types_mapper": pd.ArrowDtype}
    table = dd.read_parquet(arguments.input, index=False, categories=[], arrow_to_pandas=types)
    columns = ", ".join(table.columns)
    if arguments.column not in table.columns:
        parser.error(f"no column {arguments.column!r}: give --column, one of {columns}")
    if not set(NEW).isdisjoint(table.columns):
        parser.error(f"rename the columns of the input that {[*NEW]} would replace: {columns}")
    model = joblib.load(arguments.model) if arguments.model else sknames.load_pretrained()

    # The one line that changes: for a real cluster, Client("tcp://its-scheduler:8786").
    client = Client(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0")

    with client:
        client.register_plugin(Model(model))
        meta = table.dtypes.to_dict() | NEW
        table.map_partitions(add_predictions, arguments.column, meta=meta).to_parquet(
            arguments.output,
            write_index=False,
            name_function=lambda i: f"part-{i:06d}.parquet",  # whose alphabetical order is theirs
        )
    print(f"{arguments.output}: {table.npartitions} parts")


# The processes of a local cluster import this file: without the guard each would start a cluster.
if __name__ == "__main__":
    main()
