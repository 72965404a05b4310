"""Predict the names in a folder of Parquet files with Spark.

Run ``python examples/predict_with_spark.py INPUT OUTPUT [--column given,family]
[--model FILE]``, where INPUT is a folder of Parquet files and OUTPUT one that does not
exist yet. It needs Java and ``pip install pyspark pandas pyarrow``, and runs in two
threads on this machine. On a real cluster one line changes, the one marked below; its
workers need sknames, pandas and pyarrow. They run the `python3` on their path, or the
one that the environment variable `PYSPARK_PYTHON` names.

Every row comes out once, with the columns that `sknames predict` adds to its own. Spark
reads the files in an order of its own: sort by a column if order matters.
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
    """Return a row for each name; one that has no prediction has a reason."""
    columns = names.columns.tolist()
    found = sknames.predict_table(model, names, column=columns)[NEW].round(6)
    return found.assign(reason=found["reason"].replace({"": None}))


def main():
    """Predict, and say where the answers are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument(
        "--column", default="name", help="of names, or of their parts: given,family"
    )
    parser.add_argument(
        "--model", help="a joblib file: a pickle, so of somebody you trust"
    )
    arguments = parser.parse_args()
    model = (
        joblib.load(arguments.model) if arguments.model else sknames.load_pretrained()
    )

    # The one line that changes: without .master("local[2]"), spark-submit says where to
    # run.
    spark = SparkSession.builder.master("local[2]").getOrCreate()

    model = spark.sparkContext.broadcast(model)  # each worker gets and keeps one

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
    # Only names go to Python and back: the other columns stay in Spark, as they are.
    names = struct(*(table[c].cast("string").alias(c) for c in columns))
    found = table.select("*", tell(names).alias("_found"))
    found.select("*", "_found.*").drop("_found").write.parquet(arguments.output)
    spark.stop()
    print(arguments.output)


if __name__ == "__main__":
    main()
