"""Predict the names in a folder of Parquet files on a Dask cluster.

Run ``python examples/predict_on_a_cluster.py INPUT OUTPUT [--column given,family]
[--model FILE]``. INPUT is a folder of Parquet files, and OUTPUT is a folder that is
empty or does not exist. The script needs ``pip install 'dask[dataframe,distributed]'``
and starts two processes on this machine as a small cluster. For a real cluster, change
the line that is marked below. Its workers need sknames, and access to both folders
under the same names (on a shared disk, or as s3://...).

The output has all rows in the same order, and in addition to their columns those that
`sknames predict` adds.
"""

import argparse

import dask.dataframe as dd
import joblib
import pandas as pd
import pyarrow as pa
from distributed import Client, WorkerPlugin, get_worker
from fsspec.core import url_to_fs

import sknames

TEXT = pd.ArrowDtype(pa.string())
NUMBER = pd.ArrowDtype(pa.float64())
NEW = {"predicted": TEXT, "probability": NUMBER, "reason": TEXT}


class Model(WorkerPlugin):
    """Send the model once to each worker, including workers that join later."""

    name = "model"

    def __init__(self, model):
        self.model = model

    def setup(self, worker):
        worker.model = self.model


def add_predictions(part, columns):
    """Add the predictions to a part of the table.

    If there is no prediction, the column "reason" says why.
    """
    model = get_worker().model
    names = part[columns].astype(TEXT)
    table = sknames.predict_table(model, names, column=columns)
    found = table[[*NEW]].round(6)
    found = found.assign(reason=found["reason"].replace({"": None})).astype(NEW)
    return pd.concat([part, found], axis=1)


def name_of_part(i):
    return f"part-{i:06d}.parquet"  # alphabetical order is the order of parts


def main():
    """Predict all names, and print the output folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument(
        "--column",
        default="name",
        help="column of names, or columns of their parts: given,family (default: name)",
    )
    parser.add_argument(
        "--model",
        help="joblib file of a model; it is a pickle, so use only files that you trust",
    )
    arguments = parser.parse_args()
    files, folder = url_to_fs(arguments.output)
    if files.exists(folder) and files.ls(folder):
        parser.error(f"{arguments.output} is not empty: give another output")
    # Arrow types are kept, because numpy would turn integers with missing values into
    # floats. No column becomes an index.
    types = {"types_mapper": pd.ArrowDtype}
    table = dd.read_parquet(
        arguments.input, index=False, categories=[], arrow_to_pandas=types
    )
    columns = arguments.column.split(",")
    listed = ", ".join(table.columns)
    for column in columns:
        if column not in table.columns:
            parser.error(f"no column {column!r}: give --column, of {listed}")
    if not set(NEW).isdisjoint(table.columns):
        parser.error(
            f"rename the columns of the input that {[*NEW]} would replace: {listed}"
        )
    if arguments.model:
        model = joblib.load(arguments.model)
    else:
        model = sknames.load_pretrained()

    # Change this line for a real cluster: Client("tcp://its-scheduler:8786").
    client = Client(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0")

    with client:
        client.register_plugin(Model(model))
        meta = table.dtypes.to_dict() | NEW
        predicted = table.map_partitions(add_predictions, columns, meta=meta)
        predicted.to_parquet(
            arguments.output, write_index=False, name_function=name_of_part
        )
    print(f"{arguments.output}: {table.npartitions} parts")


# The processes of a local cluster import this file. Without this condition, each of
# them would start a cluster.
if __name__ == "__main__":
    main()
