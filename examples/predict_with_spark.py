"""Predict the names in a folder of Parquet files with Spark.

Run ``python examples/predict_with_spark.py INPUT OUTPUT [--column given,family]
[--model FILE]``. INPUT is a folder of Parquet files, and OUTPUT is a folder that does
not exist. The script needs Java and ``pip install pyspark pandas pyarrow``, and runs in
two threads on this machine. For a real cluster, change the line that is marked below.
Its workers need sknames, pandas and pyarrow. They run the `python3` on their path, or
the interpreter in the environment variable `PYSPARK_PYTHON`.

The output has all rows, and in addition to their columns those that `sknames predict`
adds. Spark does not keep the order of files, so sort by a column if the order matters.
"""

import argparse
from collections.abc import Iterator

import joblib
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf, struct

import sknames

NEW = ["predicted", "probability", "reason"]


def answers(model, names):
    """Return predicted label, probability and reason for each name.

    If there is no prediction, the column "reason" says why.
    """
    columns = names.columns.tolist()
    found = sknames.predict_table(model, names, column=columns)[NEW].round(6)
    return found.assign(reason=found["reason"].replace({"": None}))


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
    model = (
        joblib.load(arguments.model) if arguments.model else sknames.load_pretrained()
    )

    # Change this line for a real cluster: without .master("local[2]"), spark-submit
    # determines the cluster.
    spark = SparkSession.builder.master("local[2]").getOrCreate()

    model = spark.sparkContext.broadcast(model)  # sent to each worker only once

    @pandas_udf("predicted string, probability double, reason string")
    def tell(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for names in parts:
            yield answers(model.value, names)

    table = spark.read.parquet(arguments.input)
    columns = arguments.column.split(",")
    for column in columns:
        if column not in table.columns:
            parser.error(f"no column {column!r}: give --column, of {table.columns}")
    if not set(NEW).isdisjoint(table.columns):
        parser.error(
            f"rename the columns of the input that {NEW} would replace: {table.columns}"
        )
    # Only the names are passed to Python. The other columns stay in Spark.
    names = struct(*(table[c].cast("string").alias(c) for c in columns))
    found = table.select("*", tell(names).alias("_found"))
    found.select("*", "_found.*").drop("_found").write.parquet(arguments.output)
    spark.stop()
    print(arguments.output)


if __name__ == "__main__":
    main()
