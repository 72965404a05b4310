"""Predict the names in a folder of Parquet files with Spark.

Run ``python examples/predict_with_spark.py INPUT OUTPUT [--column name] [--model FILE]``, where
INPUT is a folder of Parquet files and OUTPUT one that does not exist yet. It needs Java and
``pip install pyspark pandas pyarrow``, and runs in two threads on this machine. On a real cluster
one line changes, the one marked below; its workers need sknames, pandas and pyarrow. They run the
`python3` on their path, or the one that the environment variable `PYSPARK_PYTHON` names.

Every row comes out once, with the columns that `sknames predict` adds to its own. Spark reads
the files in an order of its own: sort by a column if order matters.
"""

import argparse
from collections.abc import Iterator

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf

import sknames

# A name is missing if it is null, or white space, quotation marks, apostrophes and invisible
# characters only. The ranges at the end are invisible, though Unicode calls them letters or marks.
NO_NAME = (
    r'^[\s\p{Z}\p{Cc}\p{Cf}"“”„‟«»‹›「」『』〝〞〟＂״'
    r"'`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\x{1fbd}\x{1fbf}\x{1fef}\x{1ffd}"
    r"\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{3164}\x{ffa0}"
    r"\x{fe00}-\x{fe0f}\x{e0100}-\x{e01ef}]*$"
)
NEW = ["predicted", "probability", "reason"]


def answers(model, names):
    """A row for each name; a name that is missing has a reason instead."""
    names = pa.array(names, pa.string(), from_pandas=True)
    named = ~np.asarray(pc.match_substring_regex(names, NO_NAME).fill_null(True))
    new = np.full((len(names), len(NEW)), None, dtype=object)
    new[~named, 2] = "missing name"
    if named.any():
        probabilities = model.predict_proba(names.filter(pa.array(named)).to_pylist())
        new[named, 0] = model.classes_[probabilities.argmax(axis=1)]
        new[named, 1] = probabilities.max(axis=1).round(6)
    return pd.DataFrame(new, columns=NEW)


def main():
    """Predict, and say where the answers are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--column", default="name")
    parser.add_argument("--model", help="a joblib file: a pickle, so of somebody you trust")
    arguments = parser.parse_args()
    model = joblib.load(arguments.model) if arguments.model else sknames.load_pretrained()

    # The one line that changes: without .master("local[2]"), spark-submit says where to run.
    spark = SparkSession.builder.master("local[2]").getOrCreate()

    model = spark.sparkContext.broadcast(model)  # each worker gets and keeps one

    @pandas_udf("predicted string, probability double, reason string")
    def tell(parts: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        for names in parts:
            yield answers(model.value, names)

    table = spark.read.parquet(arguments.input)
    if arguments.column not in table.columns:
        parser.error(f"no column {arguments.column!r}: give --column, one of {table.columns}")
    if not set(NEW).isdisjoint(table.columns):
        parser.error(f"rename the columns of the input that {NEW} would replace: {table.columns}")
    # Only names go to Python and back: the other columns stay in Spark, as they are.
    found = table.select("*", tell(table[arguments.column].cast("string")).alias("_found"))
    found.select("*", "_found.*").drop("_found").write.parquet(arguments.output)
    spark.stop()
    print(arguments.output)


if __name__ == "__main__":
    main()
